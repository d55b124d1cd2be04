"""Terms and conditions at points whose coordinates are rational: exactly, or not at all."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from flint import fmpz

from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Every,
    Formula,
    Name,
    Node,
    Number,
    Property,
    Relation,
    Some,
)

#: Above these, nothing is computed.
_MAX_BITS: Final = 4_096
_MAX_FACTORIAL: Final = 500


class UndefinedError(ArithmeticError):
    """The term has no value there."""


class InexactError(ArithmeticError):
    """The value is not rational, or too large."""


def value(node: Node, point: Mapping[str, Fraction]) -> Fraction:
    """The value of ``node``. Raises UndefinedError, InexactError."""
    match node:
        case Number(value=each):
            return each
        case Name(name=name):
            if name not in point:
                raise InexactError(name)
            return point[name]
        case Apply(operation=operation, arguments=arguments):
            result = RULES[operation](*(value(each, point) for each in arguments))
            if result.numerator.bit_length() + result.denominator.bit_length() > _MAX_BITS:
                raise InexactError
            return result
    raise InexactError


def holds(formula: Formula, point: Mapping[str, Fraction]) -> bool:
    """Whether ``formula`` holds; it does not where it is undefined. Raises InexactError."""
    match formula:
        case Relation(kind=kind, left=left, right=right):
            try:
                return COMPARE[kind](value(left, point), value(right, point))
            except UndefinedError:
                return False
        case Property(name=name, arguments=arguments, holds=wanted):
            try:
                found = _property(name, [value(each, point) for each in arguments])
            except UndefinedError:
                return False
            return found is wanted
        case Every(parts=parts) | Some(parts=parts):
            every = isinstance(formula, Every)
            inexact = False
            for part in parts:
                try:
                    if holds(part, point) is not every:
                        return not every
                except InexactError:
                    inexact = True
            if inexact:
                raise InexactError
            return every


COMPARE: Final[dict[str, Callable[[Fraction, Fraction], bool]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _property(name: str, arguments: list[Fraction]) -> bool:
    if name == "integer":
        return arguments[0].denominator == 1
    integers = [_integer(each) for each in arguments]
    if name == "isprime":
        # FLINT's is_prime proves what it says.
        return integers[0] > 1 and bool(fmpz(integers[0]).is_prime())
    divisor, of = integers
    if divisor == 0:
        raise UndefinedError
    return of % divisor == 0


def _integer(each: Fraction) -> int:
    if each.denominator != 1:
        raise UndefinedError
    return each.numerator


def _divide(over: Fraction, under: Fraction) -> Fraction:
    if under == 0:
        raise UndefinedError
    return over / under


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if base == 0 and exponent < 0:
        raise UndefinedError
    if exponent.denominator != 1:
        if base < 0:
            raise UndefinedError
        base = _root(base, exponent.denominator)
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if base not in (0, 1, -1) and bits * abs(exponent.numerator) > _MAX_BITS:
        raise InexactError
    if abs(exponent.numerator) > 1 << 62 and base == -1:
        return Fraction(-1 if exponent.numerator % 2 else 1)
    if base in (0, 1):
        return Fraction(1) if exponent.numerator == 0 else base
    return base**exponent.numerator


def _root(base: Fraction, index: int) -> Fraction:
    """The nonnegative root of a nonnegative number."""
    if index > 64:
        raise InexactError
    parts = []
    for part in (base.numerator, base.denominator):
        root = int(fmpz(part).root(index))
        if root**index != part:
            raise InexactError
        parts.append(root)
    return Fraction(parts[0], parts[1])


def _sqrt(base: Fraction) -> Fraction:
    if base < 0:
        raise UndefinedError
    return _root(base, 2)


def _cbrt(base: Fraction) -> Fraction:
    return -_root(-base, 3) if base < 0 else _root(base, 3)


def _mod(over: Fraction, under: Fraction) -> Fraction:
    if under <= 0:
        raise UndefinedError
    return over % under


def _factorial(of: Fraction) -> Fraction:
    number = _integer(of)
    if number < 0:
        raise UndefinedError
    if number > _MAX_FACTORIAL:
        raise InexactError
    return Fraction(math.factorial(number))


def _binomial(of: Fraction, choose: Fraction) -> Fraction:
    top, bottom = _integer(of), _integer(choose)
    if top < 0 or bottom < 0:
        raise UndefinedError
    if bottom > top:
        return Fraction(0)
    if min(bottom, top - bottom) > _MAX_FACTORIAL or top.bit_length() > 64:
        raise InexactError
    return Fraction(math.comb(top, bottom))


def _only_at(at: int, gives: int) -> Callable[[Fraction], Fraction]:
    """A function with one rational argument at which its value is rational (Lindemann)."""

    def rule(argument: Fraction) -> Fraction:
        if argument != at:
            raise InexactError
        return Fraction(gives)

    return rule


def _arc(function: Callable[[Fraction], Fraction]) -> Callable[[Fraction], Fraction]:
    def rule(argument: Fraction) -> Fraction:
        if abs(argument) > 1:
            raise UndefinedError
        return function(argument)

    return rule


def _log(argument: Fraction, base: Fraction | None = None) -> Fraction:
    if argument <= 0 or (base is not None and (base <= 0 or base == 1)):
        raise UndefinedError
    if argument == 1:
        return Fraction(0)
    if base is not None:
        for exponent in range(1, 65):
            if base**exponent == argument:
                return Fraction(exponent)
            if base**-exponent == argument:
                return Fraction(-exponent)
    raise InexactError


RULES: Final[dict[str, Callable[..., Fraction]]] = {
    "+": lambda *each: sum(each, Fraction(0)),
    "*": lambda *each: math.prod(each, start=Fraction(1)),
    "neg": lambda a: -a,
    "/": _divide,
    "**": _power,
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "abs": abs,
    "max": max,
    "min": min,
    "floor": lambda a: Fraction(math.floor(a)),
    "ceil": lambda a: Fraction(math.ceil(a)),
    "mod": _mod,
    "gcd": lambda *each: Fraction(math.gcd(*map(_integer, each))),
    "lcm": lambda *each: Fraction(math.lcm(*map(_integer, each))),
    "factorial": _factorial,
    "binomial": _binomial,
    "sin": _only_at(0, 0),
    "cos": _only_at(0, 1),
    "tan": _only_at(0, 0),
    "asin": _arc(_only_at(0, 0)),
    "acos": _arc(_only_at(1, 0)),
    "atan": _only_at(0, 0),
    "exp": _only_at(0, 1),
    "log": _log,
}
