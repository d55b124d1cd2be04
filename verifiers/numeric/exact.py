"""The exact tier: rational arithmetic on expressions without variables, within caps.

Roots and powers count when they come out rational. What is not rational, or would have more than
MAX_EXACT_BITS bits, is left to the other tiers.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final, TypeAlias

from flint import fmpq, fmpz

from assayoffice.verifiers.numeric.expression import (
    Add,
    Based,
    Call,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Unit,
)
from assayoffice.verifiers.numeric.finding import UndefinedError
from assayoffice.verifiers.numeric.limits import MAX_EXACT_BITS, MAX_FACTORIAL, Budget

#: Highest index of a root that is tried.
_MAX_INDEX: Final = 64
_PERCENT: Final = fmpq(1, 100)
_TWO: Final = fmpq(2)
#: Longest run of digits that is recognised as what repeats in 0.1212...
_MAX_PERIOD: Final = 6

Exact: TypeAlias = fmpq | None


def exact(node: Node, budget: Budget) -> Exact:
    """The value of ``node`` if it is a rational number this tier can reach, else None.

    Raises UndefinedError for a division by zero, TooLargeError when the budget is spent.
    """
    rule = _RULES.get(type(node))
    return rule(node, budget) if rule else None


def _number(node: Number, budget: Budget) -> Exact:
    value = node.value
    return fmpq(value.numerator, value.denominator)


def _based(node: Based, budget: Budget) -> Exact:
    return fmpq(node.value)


def _unit(node: Unit, budget: Budget) -> Exact:
    return _PERCENT if node.name == "%" else None


def _values(nodes: Sequence[Node], budget: Budget) -> list[fmpq] | None:
    budget.spend(len(nodes))
    values = []
    for node in nodes:
        value = exact(node, budget)
        if value is None:
            return None
        values.append(value)
    return values


def _add(node: Add, budget: Budget) -> Exact:
    values = _values(node.items, budget)
    return None if values is None else _capped(sum(values, fmpq(0)))


def _multiply(node: Multiply, budget: Budget) -> Exact:
    values = _values(node.items, budget)
    if values is None or sum(value.height_bits() for value in values) > MAX_EXACT_BITS:
        return None
    return reduce(lambda left, right: left * right, values)


def _divide(node: Divide, budget: Budget) -> Exact:
    values = _values((node.over, node.under), budget)
    if values is None:
        # 1/0 is undefined whatever stands above it.
        under = exact(node.under, budget)
        if under is not None and under == 0:
            raise UndefinedError
        return None
    over, under = values
    if under == 0:
        raise UndefinedError
    return _capped(over / under)


def _negate(node: Negate, budget: Budget) -> Exact:
    budget.spend()
    value = exact(node.item, budget)
    return None if value is None else -value


def _power(node: Power, budget: Budget) -> Exact:
    values = _values((node.base, node.exponent), budget)
    return None if values is None else power(*values)


def power(base: fmpq, exponent: fmpq) -> Exact:
    """``base ** exponent`` if it is rational and within the caps; real roots where there are any.

    Raises UndefinedError for 0 to the power of 0 or of a negative number.
    """
    if base == 0 and exponent <= 0:
        raise UndefinedError
    if exponent.q != 1:
        root = _root(base, exponent.q)
        if root is None:
            return None
        base = root
    times = exponent.p
    if base in (0, 1):
        return base
    if base == -1:
        return fmpq(-1 if times % 2 else 1)
    if abs(times) * base.height_bits() > MAX_EXACT_BITS:
        return None
    return base ** int(times)


def _root(radicand: fmpq, index: fmpz) -> Exact:
    """The real root, if it is rational."""
    if index > _MAX_INDEX:
        return None
    if radicand < 0:
        if index % 2 == 0:
            return None
        positive = _root(-radicand, index)
        return None if positive is None else -positive
    roots = [part.root(int(index)) for part in (radicand.p, radicand.q)]
    over, under = roots
    if over ** int(index) != radicand.p or under ** int(index) != radicand.q:
        return None
    return fmpq(over, under)


def _capped(value: fmpq) -> Exact:
    return value if value.height_bits() <= MAX_EXACT_BITS else None


def _call(node: Call, budget: Budget) -> Exact:
    if node.name == "truncated":
        return _repeating(node.arguments[0])
    rule = _FUNCTIONS.get(node.name)
    if rule is None:
        return None
    values = _values(node.arguments, budget)
    return None if values is None else rule(*values)


def _nth_root(radicand: fmpq, index: fmpq = _TWO) -> Exact:
    if index == 0:
        raise UndefinedError
    return power(radicand, 1 / index)


def _factorial(value: fmpq) -> Exact:
    if value.q != 1 or value > MAX_FACTORIAL:
        return None
    if value < 0:
        raise UndefinedError
    return fmpq(math.factorial(int(value.p)))


def _double_factorial(value: fmpq) -> Exact:
    if value.q != 1 or not 0 <= value <= MAX_FACTORIAL:
        return None
    return fmpq(reduce(lambda left, right: left * right, range(int(value.p), 1, -2), fmpz(1)))


def _binomial(of: fmpq, choose: fmpq) -> Exact:
    if of.q != 1 or choose.q != 1 or not 0 <= of <= MAX_FACTORIAL:
        return None
    if not 0 <= choose <= of:
        return fmpq(0)
    return fmpq(fmpz.bin_uiui(int(of.p), int(choose.p)))


def _repeating(shown: Node) -> Exact:
    """0.1666... if the digits before the ellipsis show what is repeated, else None."""
    if not isinstance(shown, Number):
        return None
    digits = str(shown.value.numerator * 10**shown.places // shown.value.denominator)
    digits = digits.zfill(shown.places)[-shown.places :]
    for length in range(1, _MAX_PERIOD + 1):
        times = 3 if length == 1 else 2
        cycle = digits[-length:]
        if len(digits) >= times * length and digits.endswith(cycle * times):
            rest = fmpq(int(cycle), 10**shown.places * (10**length - 1))
            return fmpq(shown.value.numerator, shown.value.denominator) + rest
    return None


def _integers(function: Callable[[fmpz, fmpz], fmpz]) -> Callable[..., Exact]:
    def of_all(*values: fmpq) -> Exact:
        if any(value.q != 1 for value in values):
            return None
        return fmpq(reduce(function, (value.p for value in values)))

    return of_all


def _modulo(value: fmpq, modulus: fmpq) -> Exact:
    if modulus == 0:
        raise UndefinedError
    return value - modulus * (value / modulus).floor()


_FUNCTIONS: Final[dict[str, Callable[..., Exact]]] = {
    "root": _nth_root,
    "factorial": _factorial,
    "factorial2": _double_factorial,
    "binom": _binomial,
    "abs": lambda value: abs(value),
    "floor": lambda value: fmpq(value.floor()),
    "ceil": lambda value: fmpq(value.ceil()),
    "sgn": lambda value: fmpq((value > 0) - (value < 0)),
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
    "gcd": _integers(lambda left, right: left.gcd(right)),
    "lcm": _integers(lambda left, right: left.lcm(right)),
    "mod": _modulo,
}
_RULES: Final[dict[type, Callable[[Any, Budget], Exact]]] = {
    Number: _number,
    Based: _based,
    Unit: _unit,
    Add: _add,
    Multiply: _multiply,
    Divide: _divide,
    Negate: _negate,
    Power: _power,
    Call: _call,
}
