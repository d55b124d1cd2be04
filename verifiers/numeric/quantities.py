"""Numbers with units: taking them apart, and converting between units of one dimension.

Pint knows the units. Count nouns (apples) and currencies convert to nothing but themselves.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

import pint

from assayoffice.verifiers.numeric.expression import (
    Add,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    PlusMinus,
    Power,
    Unit,
    walk,
)
from assayoffice.verifiers.numeric.values import Values

PERCENT: Final = "%"
DEGREE: Final = "degree"

#: Names of units -> exponents, in the order of the names.
Units = tuple[tuple[str, int], ...]

_ONE: Final = Number(Fraction(1))


@dataclass(frozen=True, slots=True)
class Quantity:
    magnitude: Node
    units: Units


def has_units(node: Node) -> bool:
    return any(isinstance(part, Unit) for part in walk(node))


def quantity(node: Node, values: Values) -> Quantity:
    """``node`` taken apart. Units stay in the magnitude where they are no factor of the whole."""
    magnitude, units = _parts(node, values)
    return Quantity(magnitude or _ONE, tuple(sorted((k, v) for k, v in units.items() if v)))


def _parts(node: Node, values: Values) -> tuple[Node | None, dict[str, int]]:
    match node:
        case Unit():
            return None, {node.name: 1}
        case Negate() | PlusMinus():
            magnitude, units = _parts(node.item, values)
            inner = magnitude or _ONE
            outer = Negate(inner) if isinstance(node, Negate) else PlusMinus(inner, node.sign)
            return outer, units
        case Power(base=base, exponent=Number(value=times)) if times.denominator == 1:
            magnitude, units = _parts(base, values)
            if magnitude is None and units:
                return None, {name: power * int(times) for name, power in units.items()}
        case Multiply():
            return _product(node, values)
        case Divide():
            over, under = _parts(node.over, values), _parts(node.under, values)
            if over[1] or under[1]:
                units = dict(over[1])
                for name, power in under[1].items():
                    units[name] = units.get(name, 0) - power
                return _ratio(over[0], under[0]), units
        case Add():
            return _sum(node, values)
    return node, {}


def _product(node: Multiply, values: Values) -> tuple[Node | None, dict[str, int]]:
    magnitudes: list[Node] = []
    units: dict[str, int] = {}
    for item in node.items:
        magnitude, its_units = _parts(item, values)
        if magnitude is not None:
            magnitudes.append(magnitude)
        for name, power in its_units.items():
            units[name] = units.get(name, 0) + power
    if not units:
        return node, {}
    if len(magnitudes) <= 1:
        return (magnitudes[0] if magnitudes else None), units
    return Multiply(tuple(magnitudes)), units


def _ratio(over: Node | None, under: Node | None) -> Node | None:
    if under is None:
        return over
    return Divide(over or _ONE, under)


def _sum(node: Add, values: Values) -> tuple[Node | None, dict[str, int]]:
    """1 hour + 31 minutes, in the units of the first summand."""
    quantities = [quantity(item, values) for item in node.items]
    units = quantities[0].units
    magnitudes = [converted(each, units, values) for each in quantities]
    found = tuple(each for each in magnitudes if each is not None)
    if not units or len(found) < len(magnitudes):
        return node, {}
    if len({each.units for each in quantities}) == 1:
        return Add(found), dict(units)
    return values.folded(Add(found)), dict(units)


def converted(given: Quantity, units: Units, values: Values) -> Node | None:
    """The magnitude of ``given`` in ``units``; None if these measure something else."""
    if given.units == units:
        return given.magnitude
    factor = _factor(given.units, units)
    return None if factor is None else values.folded(Multiply((given.magnitude, Number(factor))))


@cache
def registry() -> "pint.UnitRegistry[Fraction]":
    """Pint's registry, with exact factors. Building it takes half a second of CPU."""
    return pint.UnitRegistry(non_int_type=Fraction)


@cache
def _factor(given: Units, wanted: Units) -> Fraction | None:
    try:
        factor = registry().Quantity(Fraction(1), _pint_name(given)).to(_pint_name(wanted))
    except (pint.PintError, ValueError, TypeError, AttributeError):
        return None
    return Fraction(factor.magnitude)


def _pint_name(units: Units) -> str:
    return " * ".join(f"{name}**{power}" for name, power in units)
