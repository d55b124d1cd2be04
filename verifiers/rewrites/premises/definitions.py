"""Simpler conditions that say the same, for the search."""

from dataclasses import dataclass
from typing import Final

from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Every,
    Formula,
    Name,
    Node,
    Number,
    Relation,
    Some,
    mapped,
    names,
    number,
    substituted,
)

_MAX_SIZE: Final = 400
_TOTAL: Final = frozenset("+ * neg abs max min sin cos atan exp cbrt floor ceil".split())


@dataclass(frozen=True, slots=True)
class Reduced:
    """``formulas`` over ``unknowns``; ``meanings``: the others, each by the ones kept."""

    unknowns: tuple[str, ...]
    formulas: tuple[Formula, ...]
    meanings: dict[str, Node]


def reduced(unknowns: tuple[str, ...], formulas: tuple[Formula, ...]) -> Reduced:
    """The same conditions over fewer unknowns. A meaning must be defined where they hold."""
    meanings: dict[str, Node] = {}
    left = list(formulas)
    while (found := _definition(left)) is not None:
        position, name, meaning = found
        if sum(map(_size, meanings.values())) + _size(meaning) > _MAX_SIZE:
            break
        del left[position]
        change = {name: meaning}
        left = [mapped(each, lambda node: substituted(node, change)) for each in left]  # noqa: B023
        meanings = {each: substituted(node, change) for each, node in meanings.items()}
        meanings[name] = meaning
    kept = tuple(each for each in unknowns if each not in meanings)
    return Reduced(kept, tuple(left), meanings)


def _definition(formulas: list[Formula]) -> tuple[int, str, Node] | None:
    for position, formula in enumerate(formulas):
        if isinstance(formula, Relation) and formula.kind == "==":
            sides = (formula.left, formula.right), (formula.right, formula.left)
            for name, meaning in sides:
                if isinstance(name, Name) and name.name not in names(meaning):
                    return position, name.name, meaning
    return None


def _size(node: Node) -> int:
    return 1 + sum(map(_size, node.arguments)) if isinstance(node, Apply) else 1


def factored(formula: Formula) -> Formula:
    """A product or power that is zero has a factor that is zero, where all are defined."""
    match formula:
        case Every(parts=parts):
            return Every(tuple(map(factored, parts)))
        case Some(parts=parts):
            return Some(tuple(map(factored, parts)))
        case Relation(kind="==", left=Apply() as left, right=Number(value=value)) if value == 0:
            if left.operation == "*" and all(map(_total, left.arguments)):
                zero = number(0)
                return Some(tuple(factored(Relation("==", e, zero)) for e in left.arguments))
            if left.operation == "**" and _total(left):
                return factored(Relation("==", left.arguments[0], number(0)))
    return formula


def _total(node: Node) -> bool:
    """Whether the term is defined everywhere."""
    if not isinstance(node, Apply):
        return True
    if node.operation == "**":
        base, exponent = node.arguments
        if not isinstance(exponent, Number) or exponent.value.denominator != 1:
            return isinstance(base, Number) and base.value > 0 and _total(exponent)
        return exponent.value > 0 and _total(base)
    return node.operation in _TOTAL and all(map(_total, node.arguments))
