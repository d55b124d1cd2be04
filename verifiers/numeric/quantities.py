"""Numbers with units: taking them apart, and converting between units of one dimension.

Pint knows the units. Count nouns (apples) and currencies convert to nothing but themselves.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from assayoffice.verifiers.numeric.expression import (
    Add,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    PlusMinus,
    Power,
    Sequence,
    Unit,
)
from assayoffice.verifiers.numeric.limits import TooLargeError
from assayoffice.verifiers.numeric.rewriting import rewritten
from assayoffice.verifiers.numeric.values import Values
from assayoffice.verifiers.numeric.words import UNITS

if TYPE_CHECKING:
    import pint

PERCENT: Final = "%"
DEGREE: Final = "degree"

#: Names of units -> exponents, in the order of the names.
Units = tuple[tuple[str, int], ...]

#: Spellings that pint does not know, or knows as something else.
_ALIASES: Final = {
    **dict.fromkeys(("percent", "pct"), PERCENT),
    **dict.fromkeys(("degrees", "deg"), DEGREE),
    **dict.fromkeys(("$", "dollar", "dollars", "USD", "usd", "buck", "bucks"), "us_dollar"),
    **dict.fromkeys(("cent", "cents", "penny", "pennies"), "us_cent"),
    **dict.fromkeys(("euro", "euros", "EUR"), "€"),
    **dict.fromkeys(("Rs", "rupee", "rupees"), "₹"),
    "lbs": "lb", "mins": "minute", "secs": "second", "hrs": "hour", "yds": "yard", "yrs": "year",
    "yr": "year", "hr": "hour", "sec": "second", "gal": "gallon", "qt": "quart", "pt": "pint",
    "kmh": "kph", "GBP": "£", "sq": "square", "degC": "degree_Celsius", "F": "degree_Fahrenheit",
    "degF": "degree_Fahrenheit", "C": "coulomb",
}  # fmt: skip
#: What pint is asked about. It reads prefixes into any word: cats would be centi-atmospheres.
_MEASURES: Final = UNITS | frozenset(_ALIASES.values())
#: Largest power of a unit; a conversion is raised to it.
_MAX_EXPONENT: Final = 12
#: Shorter names are symbols, and their case tells mW from MW.
_MIN_WORD: Final = 4
#: Conversions that are remembered.
_FACTORS: Final = 1024
_ONE: Final = Number(Fraction(1))


@dataclass(frozen=True, slots=True)
class Quantity:
    magnitude: Node
    units: Units


def quantity(node: Node, values: Values) -> Quantity:
    """``node`` taken apart. Units stay in the magnitude where they are no factor of the whole."""
    magnitude, units = _parts(node, values)
    return Quantity(magnitude or _ONE, tuple(sorted((k, v) for k, v in units.items() if v)))


def _parts(node: Node, values: Values) -> tuple[Node | None, dict[str, int]]:
    match node:
        case Unit():
            return None, {_ALIASES.get(node.name, node.name): 1}
        case Negate() | PlusMinus():
            magnitude, units = _parts(node.item, values)
            inner = magnitude or _ONE
            outer = Negate(inner) if isinstance(node, Negate) else PlusMinus(inner, node.sign)
            return outer, units
        case Power(base=base, exponent=Number(value=times)) if times.denominator == 1:
            magnitude, units = _parts(base, values)
            if magnitude is None and units:
                if abs(times) > _MAX_EXPONENT:
                    raise TooLargeError("UNIT_EXPONENT")
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


def compound(node: Node) -> Node:
    """``1 hour and 31 minutes`` as a sum; anything else as it is."""
    if isinstance(node, Sequence) and node.kind == "list" and node.joiner == "and":
        kinds = [_unit_name(item) for item in node.items]
        if all(kinds) and len(set(kinds)) == len(kinds):
            first = ((kinds[0], 1),)
            if all(_factor(((kind, 1),), first) is not None for kind in kinds):
                return Add(node.items)
    return node


def _unit_name(node: Node) -> str:
    match node:
        case Multiply(items=(_, Unit(name=name))):
            return _ALIASES.get(name, name)
    return ""


def without_units(node: Node) -> Node:
    """``node`` with every unit replaced by 1."""
    return rewritten(node, lambda part: _ONE if isinstance(part, Unit) else None)


def converted(given: Quantity, units: Units, values: Values) -> Node | None:
    """The magnitude of ``given`` in ``units``; None if these measure something else."""
    if given.units == units or _same_noun(given.units, units):
        return given.magnitude
    factor = _factor(given.units, units)
    return None if factor is None else values.folded(Multiply((given.magnitude, Number(factor))))


def _same_noun(one: Units, other: Units) -> bool:
    """Whether both count the same: apples and apple, red apples and apples."""
    if len(one) != 1 or len(other) != 1 or one[0][1] != other[0][1]:
        return False
    shorter, longer = sorted((one[0][0].split(), other[0][0].split()), key=len)
    shorter[-1], longer[-1] = (_singular(name[-1]) for name in (shorter, longer))
    return longer[-len(shorter) :] == shorter


def _singular(word: str) -> str:
    return word.lower().removesuffix("s") if len(word) >= _MIN_WORD else word


@cache
def registry() -> "pint.UnitRegistry[Fraction]":
    """Pint's registry, with exact factors. Building it takes half a second of CPU."""
    import pint  # a quarter of a second of CPU

    # Any number type is accepted; only the annotation says float.
    units: pint.UnitRegistry[Fraction] = pint.UnitRegistry(non_int_type=cast("Any", Fraction))
    units.define("us_dollar = [us_currency]")
    units.define("us_cent = us_dollar / 100")
    return units


@lru_cache(_FACTORS)
def _factor(given: Units, wanted: Units) -> Fraction | None:
    """How many of ``wanted`` one of ``given`` is; None if they measure different things.

    None also where a conversion is no multiplication, as between scales of temperature.
    """
    import pint
    from pint.util import UnitsContainer

    if not all(name in _MEASURES for each in (given, wanted) for name, _ in each):
        return None
    units = registry()
    try:
        # Names go through the dictionary of units, never through pint's parser of expressions.
        source, target = (
            UnitsContainer({units.get_name(name): power for name, power in each})
            for each in (given, wanted)
        )
        if units.convert(Fraction(0), source, target) != 0:
            return None
        return Fraction(units.convert(Fraction(1), source, target))
    except (pint.PintError, ValueError):
        return None
