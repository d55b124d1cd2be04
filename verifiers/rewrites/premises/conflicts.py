"""Which conditions contradict each other, and which follow from the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assayoffice.verifiers.rewrites.premises import solving
from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Formula,
    Node,
    Number,
    opposite,
    terms,
)
from assayoffice.verifiers.rewrites.premises.reading import Reading
from assayoffice.verifiers.rewrites.premises.systems import Condition

_MAX_REDUNDANT: Final = 24
#: Terms that are not defined everywhere.
_PARTIAL: Final = frozenset(
    ("sqrt", "tan", "asin", "acos", "log", "mod", "gcd", "lcm", "factorial", "binomial")
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Conditions that cannot all hold; ``minimal``: and of which any can be left out."""

    conditions: tuple[Condition, ...]
    minimal: bool


def conflict(reading: Reading, conditions: Sequence[Condition]) -> Conflict:
    """What is left of contradictory ``conditions`` after leaving out what is not needed for that.

    The first ones are left out with preference.
    """
    kept = list(conditions)
    size = max(1, len(kept) // 4)
    while size > 1:  # many at once first, as most play no part
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if solving.possible(reading.bare(_formulas(rest))) is False:
                kept = rest
                break
        else:
            size //= 2
    minimal = True
    position = 0
    while position < len(kept):
        rest = kept[:position] + kept[position + 1 :]
        possible = solving.possible(reading.bare(_formulas(rest)))
        if possible is False:
            kept = rest
            continue
        minimal = minimal and possible is True
        position += 1
    return Conflict(tuple(kept), minimal)


def redundant(reading: Reading) -> tuple[Condition, ...]:
    """Constraints each of which follows from everything else."""
    if len(reading.constraints) > _MAX_REDUNDANT:
        return ()
    found = []
    for position, each in enumerate(reading.constraints):
        if any(map(_partial, terms(each.formula))):
            continue  # its opposite fails too where it is undefined
        others = (
            *reading.domains,
            *reading.constraints[:position],
            *reading.constraints[position + 1 :],
            *reading.exclusions,
        )
        if solving.refuted(reading.bare((*_formulas(others), opposite(each.formula)))):
            found.append(each)
    return tuple(found)


def _formulas(conditions: Sequence[Condition]) -> tuple[Formula, ...]:
    return tuple(each.formula for each in conditions)


def _partial(node: Node) -> bool:
    match node:
        case Apply(operation="/", arguments=(over, under)):
            return not isinstance(under, Number) or under.value == 0 or _partial(over)
        case Apply(operation="**", arguments=(base, exponent)):
            safe = isinstance(exponent, Number) and exponent.value.denominator == 1
            return not (safe and exponent.value >= 0) or _partial(base)  # type: ignore[union-attr]
        case Apply(operation=operation, arguments=arguments):
            return operation in _PARTIAL or any(map(_partial, arguments))
    return False
