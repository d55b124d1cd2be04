"""Quantities: the wrong unit, none at all, and the same in another unit."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Unit,
)
from assayoffice.verifiers.numeric.task import NumericTask, Percent, Units
from assayoffice.verifiers.rewrites.change import Change
from assayoffice.verifiers.rewrites.plain import plain
from assayoffice.verifiers.rewrites.writing import exact_places, number

#: What one of each unit is of the first of its kind. Written down here and not asked for, so that
#: a wrong factor of the verifier's shows.
_KINDS: Final[tuple[dict[str, Fraction], ...]] = (
    {"m": Fraction(1), "cm": Fraction(1, 100), "mm": Fraction(1, 1000), "km": Fraction(1000),
     "meters": Fraction(1), "centimeters": Fraction(1, 100), "kilometers": Fraction(1000)},
    {"kg": Fraction(1), "g": Fraction(1, 1000), "mg": Fraction(1, 10**6),
     "kilograms": Fraction(1), "grams": Fraction(1, 1000)},
    {"s": Fraction(1), "minutes": Fraction(60), "hours": Fraction(3600), "days": Fraction(86400),
     "seconds": Fraction(1), "min": Fraction(60), "h": Fraction(3600)},
    {"L": Fraction(1), "mL": Fraction(1, 1000), "ml": Fraction(1, 1000),
     "liters": Fraction(1)},
)  # fmt: skip
_MOST_PLACES: Final = 8


def split(node: Node) -> tuple[Node, tuple[Node, ...]] | None:
    """A value and the unit behind it, or None if ``node`` is no value with one."""
    if isinstance(node, Negate) and (parts := split(node.item)):
        return Negate(parts[0]), parts[1]
    if isinstance(node, Multiply) and isinstance(node.items[0], Unit):
        return None
    if isinstance(node, Multiply):
        values = tuple(item for item in node.items if not _is_unit(item))
        units = node.items[len(values) :]
        if units and values and all(map(_is_unit, units)):
            return (values[0] if len(values) == 1 else Multiply(values)), units
    return None


def attached(value: Node, units: tuple[Node, ...]) -> Node:
    """``value`` with a unit behind it."""
    if isinstance(value, Negate):
        return Negate(attached(value.item, units))
    items = value.items if isinstance(value, Multiply) else (value,)
    return Multiply((*items, *units))


def _is_unit(node: Node) -> bool:
    if isinstance(node, Divide):
        return _is_unit(node.over) and _is_unit(node.under)
    return isinstance(node.base if isinstance(node, Power) else node, Unit)


def changes(value: Node, units: tuple[Node, ...], task: NumericTask) -> Iterator[Change]:
    """The same number with another unit, or with none where one is asked for."""
    last = units[-1]
    name = _name(last)
    kind = _kind(name)
    if kind is not None:
        for other, factor in kind.items():
            if factor != kind[name]:
                changed = (*units[:-1], _renamed(last, other))
                yield Change("wrong_unit", attached(value, changed))
                break
    if name == "degree":
        yield Change("radians_for_degrees", attached(value, (Unit("rad"),)))
    stranger = "kg" if kind is not _KINDS[1] else "m"
    if len(units) == 1:
        yield Change("wrong_dimension", attached(value, (Unit(stranger),)))
    if kind is not None and isinstance(last, Unit):
        yield Change("wrong_dimension", attached(value, (*units[:-1], Power(last, _TWO))))
    elif isinstance(last, Power) and len(units) == 1:
        yield Change("wrong_dimension", attached(value, (last.base,)))
    required = task.units is Units.REQUIRED and name not in ("%", "degree")
    if required or (name == "%" and task.percent is Percent.STRICT):
        yield Change("missing_unit", value)


def equivalents(value: Node, units: tuple[Node, ...]) -> Iterator[Change]:
    """The same quantity in another unit."""
    found = plain(value)
    if found is None or len(units) != 1:
        return
    name, power = _name(units[0]), _power(units[0])
    kind = _kind(name)
    if kind is None or power is None:
        return
    for other, factor in kind.items():
        converted = found.value * (kind[name] / factor) ** power
        places = exact_places(converted, _MOST_PLACES)
        if factor != kind[name] and places is not None:
            written = number(converted, places or -1)
            yield Change("converted_unit", attached(written, (_renamed(units[0], other),)))
            return


_TWO: Final = Number(Fraction(2))


def _name(node: Node) -> str:
    node = node.base if isinstance(node, Power) else node
    return node.name if isinstance(node, Unit) else ""


def _power(node: Node) -> int | None:
    if isinstance(node, Power):
        value = node.exponent.value if isinstance(node.exponent, Number) else Fraction(1, 2)
        return int(value) if value in (2, 3) else None
    return 1


def _renamed(node: Node, name: str) -> Node:
    return Power(Unit(name), node.exponent) if isinstance(node, Power) else Unit(name)


def _kind(name: str) -> dict[str, Fraction] | None:
    return next((kind for kind in _KINDS if name in kind), None)
