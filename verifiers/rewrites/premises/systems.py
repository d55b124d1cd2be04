"""What is to be decided: conditions on unknowns, and a quantity that is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Formula,
    Name,
    Node,
    Property,
    Relation,
    number,
    terms,
)
from assayoffice.verifiers.rewrites.rewrite import Domain, Unknown

#: Functions that are defined for whole numbers alone.
_OF_WHOLE: Final = frozenset(("gcd", "lcm", "factorial", "binomial"))


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, and how people read it."""

    text: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class System:
    """Real unknowns, all conditions on them (also their domains), and what is asked."""

    unknowns: tuple[str, ...]
    conditions: tuple[Formula, ...]
    asked: Node

    @property
    def integers(self) -> frozenset[str]:
        """The unknowns that must be whole by a condition of their own."""
        return integers_of(self.conditions)


def integers_of(formulas: Iterable[Formula]) -> frozenset[str]:
    """The unknowns that must be whole where all of ``formulas`` hold."""
    found: set[str] = set()
    for formula in formulas:
        if isinstance(formula, Property) and (formula.holds or formula.name != "integer"):
            # isprime and divides, and their opposites, are defined for whole numbers alone.
            found.update(each.name for each in formula.arguments if isinstance(each, Name))
        if isinstance(formula, Relation):
            for term in terms(formula):
                _add_discrete(term, found)
    return frozenset(found)


def _add_discrete(node: Node, found: set[str]) -> None:
    if isinstance(node, Apply):
        for each in node.arguments:
            if node.operation in _OF_WHOLE and isinstance(each, Name):
                found.add(each.name)
            _add_discrete(each, found)


def domain_conditions(unknown: Unknown) -> list[Condition]:
    """What the domain of ``unknown`` asks of it."""
    name = Name(unknown.name)
    conditions = []
    if unknown.domain in (Domain.INTEGER, Domain.NATURAL, Domain.POSITIVE_INTEGER):
        whole = Property("integer", (name,))
        conditions.append(Condition(f"{unknown.name} is a whole number", whole))
    match unknown.domain:
        case Domain.POSITIVE:
            conditions.append(Condition(f"{unknown.name} > 0", Relation(">", name, number(0))))
        case Domain.NONNEGATIVE | Domain.NATURAL:
            conditions.append(Condition(f"{unknown.name} >= 0", Relation(">=", name, number(0))))
        case Domain.POSITIVE_INTEGER:
            conditions.append(Condition(f"{unknown.name} >= 1", Relation(">=", name, number(1))))
    return conditions
