"""The rigorous numeric tier: arithmetic with error bounds (FLINT's arb and acb balls).

Every result is a ball that contains the true value. Disjoint balls prove two values different.
Overlapping ones prove nothing, so equality is only concluded from balls much smaller than
anything that went into them: see ``Ball.resolves``.

A root or power with an odd denominator of a negative real number is the real root.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from flint import acb, arb, ctx, fmpq, fmpz

from assayoffice.verifiers.numeric.ball_functions import FUNCTIONS, MEROMORPHIC, power
from assayoffice.verifiers.numeric.exact import exact
from assayoffice.verifiers.numeric.expression import (
    Add,
    Based,
    Call,
    Constant,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Operator,
    Power,
    Symbol,
    Unit,
    walk,
)
from assayoffice.verifiers.numeric.finding import NotScalarError, UndefinedError
from assayoffice.verifiers.numeric.limits import MAX_TERMS, Budget, TooLargeError

#: FLINT's working precision is global to the process.
_PRECISION_LOCK: Final = threading.Lock()
_FUNCTION_STEPS: Final = 4
#: Bits by which a ball must be smaller than the finest thing that went into it.
_MARGIN_BITS: Final = 64
#: Functions that come exponentially close to a constant.
_SATURATED: Final = frozenset(("tanh", "coth", "sech", "csch"))
_INTEGRAL_EVALUATIONS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Ball:
    """A value with error bounds.

    ``finest`` is the binary exponent of the finest thing met on the way to it (at most 0): of the
    smallest summand, also beside the largest one, and of the smallest argument of a function or the
    reciprocal of the largest.
    """

    value: acb
    finest: int

    @property
    def finite(self) -> bool:
        return bool(self.value.is_finite())

    @property
    def real(self) -> bool:
        return bool(self.value.imag.is_zero())

    def resolves(self) -> bool:
        """Whether the ball is so small that another one overlapping it must be the same value.

        A summand of 2^-n can hide in a ball larger than that; behind a function that is flat
        where it is evaluated (1 - cos x), one of 2^-2n can.
        """
        return max(_exponent(self.value.real.rad()), _exponent(self.value.imag.rad())) < (
            2 * self.finest - _MARGIN_BITS
        )


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Evaluate with ``bits`` of precision; one thread at a time."""
    with _PRECISION_LOCK:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


def ball(node: Node, point: Mapping[str, fmpq], budget: Budget) -> Ball:
    """The value of ``node`` where its variables are as ``point`` says. May not be finite.

    Raises NotScalarError for what has no numeric value or no known way to it, UndefinedError,
    TooLargeError when the budget is spent.
    """
    evaluation = _Evaluation({name: acb(arb(value)) for name, value in point.items()}, budget)
    value = evaluation.of(node)
    return Ball(value, evaluation.finest)


def _exponent(radius: arb) -> int:
    """Least n with radius < 2^n, as far down as anybody cares."""
    mantissa, exponent = radius.mid().man_exp()
    return int(exponent) + int(mantissa).bit_length() if mantissa else -(1 << 62)


def _magnitudes(value: acb) -> list[int]:
    """The binary exponents of the parts of ``value`` that are not zero."""
    found = []
    for part in (value.real, value.imag):
        if not part.is_zero() and part.is_finite():
            mantissa, exponent = part.mid().man_exp()
            if mantissa:
                found.append(int(exponent) + int(mantissa).bit_length())
    return found


class _Evaluation:
    __slots__ = ("_budget", "_point", "finest")

    def __init__(self, point: dict[str, acb], budget: Budget) -> None:
        self._point = point
        self._budget = budget
        self.finest = 0

    def of(self, node: Node) -> acb:
        self._budget.spend()
        rule = _RULES.get(type(node))
        if rule is None:
            raise NotScalarError(type(node).__name__)
        return rule(self, node)

    def _noted(self, value: acb) -> acb:
        """``value``, the argument of a function; near zero or far out it may be flat."""
        self.finest = min(self.finest, *(-abs(each) for each in _magnitudes(value)), 0)
        return value

    def _number(self, node: Number) -> acb:
        return acb(arb(fmpq(node.value.numerator, node.value.denominator)))

    def _based(self, node: Based) -> acb:
        return acb(node.value)

    def _symbol(self, node: Symbol) -> acb:
        if node.name not in self._point:
            raise NotScalarError(node.name)
        return self._point[node.name]

    def _constant(self, node: Constant) -> acb:
        match node.name:
            case "pi":
                return acb.pi()
            case "e":
                return acb(1).exp()
            case "i":
                return acb(0, 1)
        raise NotScalarError(node.name)

    def _unit(self, node: Unit) -> acb:
        match node.name:
            case "%":
                return acb(arb(fmpq(1, 100)))
            case "degree":
                return acb.pi() / 180
        raise NotScalarError(node.name)

    def _add(self, node: Add) -> acb:
        summands = [self.of(item) for item in node.items]
        magnitudes = [each for summand in summands for each in _magnitudes(summand)]
        if magnitudes:
            smallest = min(magnitudes)
            self.finest = min(self.finest, smallest, smallest - max(magnitudes))
        return sum(summands, acb(0))

    def _multiply(self, node: Multiply) -> acb:
        product = acb(1)
        for item in node.items:
            product *= self.of(item)
        return product

    def _divide(self, node: Divide) -> acb:
        under = self.of(node.under)
        if under.is_zero():
            raise UndefinedError
        return self.of(node.over) / under

    def _negate(self, node: Negate) -> acb:
        return -self.of(node.item)

    def _power(self, node: Power) -> acb:
        self._budget.spend(_FUNCTION_STEPS)
        if isinstance(node.base, Constant) and node.base.name == "e":
            return self._noted(self.of(node.exponent)).exp()
        base = self.of(node.base)
        exponent = exact(node.exponent, self._budget)
        if exponent is None:
            return base ** self._noted(self.of(node.exponent))
        if base.is_zero() and exponent <= 0:
            raise UndefinedError
        return power(base, exponent)

    def _call(self, node: Call) -> acb:
        self._budget.spend(_FUNCTION_STEPS)
        value = exact(node, self._budget)
        if value is not None:
            return acb(arb(value))
        if node.name == "root":
            return self._root(node)
        rule = FUNCTIONS.get(node.name)
        if rule is None:
            raise NotScalarError(node.name)
        try:
            arguments = [self._noted(self.of(each)) for each in node.arguments]
            if node.name in _SATURATED:
                # e^-2x away from its limit at x < 2^n.
                reach = max((each for x in arguments for each in _magnitudes(x)), default=0)
                self.finest = min(self.finest, -3 << min(max(reach, 0), _MARGIN_BITS))
            return rule(*arguments)
        except TypeError:  # written with a number of arguments the function does not take
            raise NotScalarError(node.name) from None

    def _root(self, node: Call) -> acb:
        radicand = self.of(node.arguments[0])
        if len(node.arguments) == 1:
            return power(radicand, fmpq(1, 2))
        index = exact(node.arguments[1], self._budget)
        if index is None:
            return radicand ** (1 / self.of(node.arguments[1]))
        if index == 0:
            raise UndefinedError
        return power(radicand, 1 / index)

    def _operator(self, node: Operator) -> acb:
        """Finite sums and products term by term; integrals of meromorphic functions."""
        if node.lower is None or node.upper is None:
            raise NotScalarError(node.kind)
        lower, upper = self.of(node.lower), self.of(node.upper)
        outer = self._point.get(node.variable)
        try:
            if node.kind == "int":
                return self._integral(node, lower, upper)
            return self._series(node, lower.unique_fmpz(), upper.unique_fmpz())
        finally:
            if outer is None:
                self._point.pop(node.variable, None)
            else:
                self._point[node.variable] = outer

    def _series(self, node: Operator, first: fmpz | None, last: fmpz | None) -> acb:
        if first is None or last is None or last - first >= MAX_TERMS:
            raise NotScalarError(node.kind)
        total = acb(0 if node.kind == "sum" else 1)
        for index in range(int(first), int(last) + 1):
            self._point[node.variable] = acb(index)
            term = self.of(node.body)
            total = total + self._noted(term) if node.kind == "sum" else total * term
        return total

    def _integral(self, node: Operator, lower: acb, upper: acb) -> acb:
        if not all(_is_meromorphic(part) for part in walk(node.body)):
            raise NotScalarError(node.kind)
        trouble: list[Exception] = []

        def integrand(at: acb, analytic: bool) -> acb:
            # FLINT cannot let exceptions through; a value that is not finite ends its work soon.
            self._point[node.variable] = at
            try:
                return acb("nan") if trouble else self.of(node.body)
            except (TooLargeError, UndefinedError, NotScalarError) as error:
                trouble.append(error)
                return acb("nan")

        value = acb.integral(integrand, lower, upper, eval_limit=_INTEGRAL_EVALUATIONS)
        if trouble:
            raise trouble[0]
        return value


def _is_meromorphic(node: Node) -> bool:
    match node:
        case Number() | Symbol() | Constant() | Add() | Multiply() | Divide() | Negate():
            return True
        case Power(base=base, exponent=exponent):
            return isinstance(exponent, Number) or base == Constant("e")
        case Call(name=name):
            return name in MEROMORPHIC
    return False


_RULES: Final[dict[type, Callable[[_Evaluation, Any], acb]]] = {
    Number: _Evaluation._number,
    Based: _Evaluation._based,
    Symbol: _Evaluation._symbol,
    Constant: _Evaluation._constant,
    Unit: _Evaluation._unit,
    Add: _Evaluation._add,
    Multiply: _Evaluation._multiply,
    Divide: _Evaluation._divide,
    Negate: _Evaluation._negate,
    Power: _Evaluation._power,
    Call: _Evaluation._call,
    Operator: _Evaluation._operator,
}
