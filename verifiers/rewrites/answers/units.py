"""Quantities: the wrong unit, none at all, and the same in another unit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.plain import plain
from assayoffice.verifiers.rewrites.answers.writing import exact_places, number

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
_MASSES: Final = _KINDS[1]
_MOST_PLACES: Final = 8


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit: factors, of which all but the last are usually none, and what it is per."""

    factors: tuple[Node, ...]
    per: Node | None = None

    @property
    def single(self) -> bool:
        """Whether it is one unit, or a power of one."""
        return len(self.factors) == 1 and self.per is None

    def of(self, value: Node) -> Node:
        """``value`` with this unit behind it."""
        if isinstance(value, Negate):
            return Negate(self.of(value.item))
        items = value.items if isinstance(value, Multiply) else (value,)
        product = Multiply((*items, *self.factors))
        return product if self.per is None else Divide(product, self.per)


def split(node: Node) -> tuple[Node, Measure] | None:
    """A value and the unit behind it, or None if ``node`` is no value with one."""
    match node:
        case Negate(item=item):
            parts = split(item)
            return None if parts is None else (Negate(parts[0]), parts[1])
        case Divide(over=over, under=under) if _is_unit(under):
            parts = split(over)
            if parts is None or parts[1].per is not None:
                return None
            return parts[0], replace(parts[1], per=under)
        case Multiply(items=items):
            values = tuple(item for item in items if not _is_unit(item))
            units = items[len(values) :]
            if units and values and all(map(_is_unit, units)):
                return (values[0] if len(values) == 1 else Multiply(values)), Measure(units)
    return None


def _is_unit(node: Node) -> bool:
    return isinstance(node.base if isinstance(node, Power) else node, Unit)


def changes(value: Node, measure: Measure, task: NumericTask) -> Iterator[Change]:
    """The same number with another unit, or with none where one is asked for."""
    last = measure.factors[-1]
    name = _name(last)
    kind = _kind(name)
    if kind is not None:
        other = next((each for each in kind if kind[each] != kind[name]), name)
        renamed = replace(measure, factors=(*measure.factors[:-1], _renamed(last, other)))
        yield Change("wrong_unit", renamed.of(value))
    if measure.single:
        if name == "degree":
            yield Change("radians_for_degrees", Measure((Unit("rad"),)).of(value))
        stranger = "m" if kind is _MASSES else "kg"
        yield Change("wrong_dimension", Measure((Unit(stranger),)).of(value))
    if isinstance(last, Power) and measure.single:
        yield Change("wrong_dimension", Measure((last.base,)).of(value))
    elif kind is not None and measure.single:
        yield Change("wrong_dimension", Measure((Power(last, _TWO),)).of(value))
    if measure.per is not None:
        yield Change("wrong_dimension", replace(measure, per=None).of(value))
    # Angles in degrees and times of day may lack their sign, percentages unless the task is strict.
    required = task.units is Units.REQUIRED and name not in ("%", "degree", "am", "pm")
    if required or (name == "%" and task.percent is Percent.STRICT):
        yield Change("missing_unit", value)


def equivalents(value: Node, measure: Measure) -> Iterator[Change]:
    """The same quantity in another unit."""
    found = plain(value)
    last = measure.factors[-1]
    name, power = _name(last), _power(last)
    kind = _kind(name)
    if found is None or kind is None or power is None or not measure.single:
        return
    for other, factor in kind.items():
        converted = found.value * (kind[name] / factor) ** power
        places = exact_places(converted, _MOST_PLACES)
        if factor != kind[name] and places is not None:
            written = number(converted, places or -1)
            yield Change("converted_unit", Measure((_renamed(last, other),)).of(written))
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


def kind_and_factor(name: str) -> tuple[int, Fraction] | None:
    """Which kind of unit ``name`` is, as an index, and what one of it is of the first of these."""
    return next(
        ((place, kind[name]) for place, kind in enumerate(_KINDS) if name in kind),
        None,
    )
