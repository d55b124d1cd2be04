"""Terms and conditions at points given by enclosures of their coordinates (FLINT's arb balls)."""

from collections.abc import Callable, Mapping
from typing import Final

from flint import arb, fmpq

from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Constant,
    Every,
    Formula,
    Name,
    Node,
    Number,
    Property,
    Relation,
    Some,
)

_MAX_EXPONENT: Final = 1 << 20
#: Beyond it, sines are not reduced and exponentials are not taken.
_MAX_ARGUMENT: Final = arb(2) ** 64


def ball(node: Node, point: Mapping[str, arb]) -> arb:
    """An enclosure of the value; not finite where the term may be undefined."""
    match node:
        case Number(value=value):
            return arb(fmpq(value.numerator, value.denominator))
        case Name(name=name):
            return point[name]
        case Constant(name=name):
            return arb.pi() if name == "pi" else arb.const_e()
        case Apply(operation=operation, arguments=arguments):
            rule = _RULES.get(operation)
            values = [ball(each, point) for each in arguments]
            if rule is None or not all(each.is_finite() for each in values):
                return arb("nan")
            return rule(*values)
    return arb("nan")


def holds(formula: Formula, point: Mapping[str, arb]) -> bool | None:
    """Whether ``formula`` certainly holds or certainly does not; None where neither is certain."""
    match formula:
        case Relation(kind=kind, left=left, right=right):
            return _compared(kind, ball(left, point) - ball(right, point))
        case Property(name="integer", arguments=(inside,), holds=wanted):
            value = ball(inside, point)
            if not value.is_finite() or value.contains_integer():
                return None
            return not wanted
        case Every(parts=parts) | Some(parts=parts):
            every = isinstance(formula, Every)
            found = [holds(part, point) for part in parts]
            if any(each is (not every) for each in found):
                return not every
            return None if None in found else every
    return None


def _compared(kind: str, difference: arb) -> bool | None:
    if not difference.is_finite():
        return None
    if difference > 0:
        return kind in (">", ">=", "!=")
    if difference < 0:
        return kind in ("<", "<=", "!=")
    if difference.is_zero():
        return kind in ("==", ">=", "<=")
    if kind == ">=" and difference >= 0:
        return True
    if kind == "<=" and difference <= 0:
        return True
    return None


def _sum(*each: arb) -> arb:
    total = each[0]
    for one in each[1:]:
        total = total + one
    return total


def _product(*each: arb) -> arb:
    total = each[0]
    for one in each[1:]:
        total = total * one
    return total


def _divide(over: arb, under: arb) -> arb:
    return arb("nan") if under.contains(0) else over / under


def _power(base: arb, exponent: arb) -> arb:
    # Only then: 2^(2^60) written out as an integer would take all memory there is.
    small = exponent.is_exact() and abs(exponent) <= _MAX_EXPONENT
    whole = exponent.unique_fmpz() if small else None
    if whole is not None and exponent == whole:
        if whole < 0 and base.contains(0):
            return arb("nan")
        return base ** int(whole)
    if base > 0:
        product = base.log() * exponent
        return product.exp() if abs(product) < _MAX_ARGUMENT else arb("nan")
    return arb("nan")


def _cbrt(of: arb) -> arb:
    if of > 0:
        return of.root(3)
    if of < 0:
        return -((-of).root(3))
    if of.is_zero():
        return of
    # Around zero: the root is increasing.
    size = arb(of.abs_upper()).root(3).upper()
    return arb(0, size)


def _bounded(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    return lambda of: function(of) if abs(of) < _MAX_ARGUMENT else arb("nan")


def _log(of: arb, base: arb | None = None) -> arb:
    if not of > 0 or (base is not None and not base > 0):
        return arb("nan")
    return of.log() if base is None else _divide(of.log(), base.log())


def _mod(over: arb, under: arb) -> arb:
    return over - under * (over / under).floor() if under > 0 else arb("nan")


def _fold(function: Callable[[arb, arb], arb]) -> Callable[..., arb]:
    def rule(first: arb, *rest: arb) -> arb:
        for each in rest:
            first = function(first, each)
        return first

    return rule


_RULES: Final[dict[str, Callable[..., arb]]] = {
    "+": _sum,
    "*": _product,
    "neg": lambda a: -a,
    "/": _divide,
    "**": _power,
    "sqrt": lambda a: a.sqrt() if a >= 0 else arb("nan"),
    "cbrt": _cbrt,
    "abs": lambda a: abs(a),
    "max": _fold(arb.max),
    "min": _fold(arb.min),
    "floor": lambda a: a.floor(),
    "ceil": lambda a: a.ceil(),
    "mod": _mod,
    "sin": _bounded(arb.sin),
    "cos": _bounded(arb.cos),
    "tan": _bounded(arb.tan),
    "asin": arb.asin,
    "acos": arb.acos,
    "atan": arb.atan,
    "exp": _bounded(arb.exp),
    "log": _log,
}
