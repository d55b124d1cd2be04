"""What is to be decided: conditions on unknowns, and a quantity that is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from assayoffice.verifiers.rewrites.premises.expression import (
    Formula,
    Name,
    Node,
    Property,
    Relation,
    number,
)
from assayoffice.verifiers.rewrites.rewrite import Domain, Unknown


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
    """The unknowns that one of ``formulas``, which all hold, says to be whole."""
    return frozenset(
        each.arguments[0].name
        for each in formulas
        if isinstance(each, Property)
        and each.name == "integer"
        and each.holds
        and isinstance(each.arguments[0], Name)
    )


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
