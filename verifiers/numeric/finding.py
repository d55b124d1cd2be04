"""What a comparison found: equal, different, or that it could not tell; and which tier found it."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace


class Equality(enum.Enum):
    EQUAL = "EQUAL"
    DIFFERENT = "DIFFERENT"
    UNDECIDED = "UNDECIDED"


class Method(enum.Enum):
    """The tier that decided, cheapest first. A verdict names the dearest one it needed."""

    #: Equal after the spelling was made uniform.
    NORMAL_FORM = "normal_form"
    TEXT = "text"
    #: The shape decided: a list is not a number.
    STRUCTURE = "structure"
    #: Rational arithmetic.
    EXACT = "exact"
    #: Evaluation modulo two primes at random points.
    MODULAR = "modular"
    #: Arithmetic with error bounds.
    BALLS = "balls"
    #: Conversion between units.
    UNITS = "units"
    SYMPY = "sympy"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {method: rank for rank, method in enumerate(Method)}


class UndefinedError(Exception):
    """What was written has no value: a division by zero, the logarithm of zero."""


class NotScalarError(Exception):
    """What was written is no expression with a value, or has none that a tier knows how to find."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``reason`` is the verdict's machine-readable code, ``flags`` the conventions applied."""

    equality: Equality
    method: Method
    reason: str
    flags: frozenset[str] = frozenset()

    @property
    def equal(self) -> bool:
        return self.equality is Equality.EQUAL

    @property
    def different(self) -> bool:
        return self.equality is Equality.DIFFERENT

    @property
    def decided(self) -> bool:
        return self.equality is not Equality.UNDECIDED

    def flagged(self, *flags: str) -> "Finding":
        return replace(self, flags=self.flags.union(flags))


def equal(method: Method, *flags: str) -> Finding:
    return Finding(Equality.EQUAL, method, "EQUAL", frozenset(flags))


def different(method: Method, reason: str = "DIFFERENT") -> Finding:
    return Finding(Equality.DIFFERENT, method, reason)


def undecided(method: Method, reason: str = "UNDECIDED") -> Finding:
    return Finding(Equality.UNDECIDED, method, reason)


def all_of(findings: Iterable[Finding]) -> Finding:
    """Equal if all are; the first that is different decides, before any that is undecided.

    Lazy: nothing is computed after the first difference.
    """
    method = Method.STRUCTURE
    flags: frozenset[str] = frozenset()
    doubt: Finding | None = None
    for finding in findings:
        if finding.different:
            return finding
        if not finding.decided:
            doubt = doubt or finding
        method = max(method, finding.method, key=lambda each: each.rank)
        flags |= finding.flags
    return doubt or Finding(Equality.EQUAL, method, "EQUAL", flags)


def any_of(findings: Iterable[Finding]) -> Finding:
    """Equal if one is; else the last that is undecided; else the first difference.

    Lazy: nothing is computed after the first equality.
    """
    verdict: Finding | None = None
    for finding in findings:
        if finding.equal:
            return finding
        if verdict is None or (verdict.different and not finding.different):
            verdict = finding
    return verdict or different(Method.STRUCTURE)
