"""The task of the ``numeric`` verifier: a reference answer and the conventions to judge by.

Every field but ``reference`` has a default that is defended in docs/verifiers/numeric.md.
"""

import enum
import math
from dataclasses import dataclass

from assayoffice.verifiers.base import InvalidTaskError
from assayoffice.verifiers.extract import Extraction


class Match(enum.Enum):
    """When two numbers are the same number."""

    EXACT = "EXACT"
    #: |answer - reference| <= tolerance * |reference|
    RELATIVE = "RELATIVE"
    #: |answer - reference| <= tolerance
    ABSOLUTE = "ABSOLUTE"
    #: Equal after rounding both to ``significant_digits``.
    SIGNIFICANT = "SIGNIFICANT"


class Unevaluated(enum.Enum):
    """Which unevaluated forms count as an answer to a plain number."""

    #: Fractions, roots, powers, factorials, pi, logarithms ...; not 2+2, not integrals.
    CLOSED_FORM = "CLOSED_FORM"
    #: Anything of the right value.
    ANY = "ANY"
    #: Only the reduced literal: 1/2 but not 2/4.
    SIMPLIFIED = "SIMPLIFIED"


class Order(enum.Enum):
    """Whether the order of the elements of a bare list counts (tuples in parentheses always do)."""

    UNORDERED = "UNORDERED"
    ORDERED = "ORDERED"


class Units(enum.Enum):
    """What happens when only one side carries a unit. Two units must always agree."""

    OPTIONAL = "OPTIONAL"
    #: A reference with a unit demands one in the answer.
    REQUIRED = "REQUIRED"


class Percent(enum.Enum):
    """What a missing percent sign means. x % always equals x/100."""

    #: A sign that only one side has is forgiven as math.md section 7 describes.
    FORGIVING = "FORGIVING"
    STRICT = "STRICT"


@dataclass(frozen=True, slots=True)
class NumericTask:
    """A reference answer and the conventions to compare with.

    ``tolerance`` belongs to RELATIVE and ABSOLUTE, ``significant_digits`` to SIGNIFICANT.
    ``min_decimal_digits`` is how many significant digits a decimal answer to an exact reference
    must show to count as a correct rounding of it (EXACT only).
    ``reasoning_end`` is the delimiter that ends hidden reasoning; text before it is not searched.
    """

    reference: str
    extraction: Extraction = Extraction.BOXED_OR_FINAL
    match: Match = Match.EXACT
    tolerance: float = 0.0
    significant_digits: int = 0
    min_decimal_digits: int = 6
    unevaluated: Unevaluated = Unevaluated.CLOSED_FORM
    order: Order = Order.UNORDERED
    units: Units = Units.OPTIONAL
    percent: Percent = Percent.FORGIVING
    reasoning_end: str = "</think>"


def check_options(task: NumericTask) -> None:
    """Raise InvalidTaskError, which names the field and the remedy, if options contradict."""
    wants_tolerance = task.match in (Match.RELATIVE, Match.ABSOLUTE)
    if not (math.isfinite(task.tolerance) and task.tolerance >= 0):
        raise InvalidTaskError(
            "tolerance: must be a number of at least 0 and finite", field="tolerance"
        )
    if wants_tolerance and not task.tolerance:
        raise InvalidTaskError(
            f"tolerance: match {task.match.value} needs one above 0", field="tolerance"
        )
    if task.tolerance and not wants_tolerance:
        raise InvalidTaskError(
            f"tolerance: has no meaning with match {task.match.value}; "
            "set match to RELATIVE or ABSOLUTE, or leave it out",
            field="tolerance",
        )
    if (task.match is Match.SIGNIFICANT) != (task.significant_digits > 0):
        raise InvalidTaskError(
            "significant_digits: match SIGNIFICANT needs at least 1, any other match none",
            field="significant_digits",
        )
    if task.min_decimal_digits < 1:
        raise InvalidTaskError("min_decimal_digits: must be at least 1", field="min_decimal_digits")
