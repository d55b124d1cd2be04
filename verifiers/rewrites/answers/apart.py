"""Whether two answers are certainly different, found out without the verifier that is tried.

Answers are evaluated here with FLINT's complex balls: disjoint balls prove a difference. Variables
are tried at whole numbers, because two expressions may be told apart by what they are for integers.
Nothing here proves that answers are equal; what cannot be shown to differ is not used as a mutant.

A mutant is wrong whatever the task forgives, with one exception: a small change of a number that
stands for a measurement is no mistake within the task's tolerance. Which changes are small is the
maker's to say (``fine``). So a tolerance that covers the neighbours of a count shows.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Final
from zlib import crc32

from flint import acb, arb, fmpq

from assayoffice.verifiers.numeric.ball_functions import FUNCTIONS, power
from assayoffice.verifiers.numeric.balls import working_precision
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
    Power,
    Relation,
    Sequence,
    Symbol,
    Unit,
    symbols,
)
from assayoffice.verifiers.numeric.finding import NotScalarError, UndefinedError
from assayoffice.verifiers.numeric.task import Match, NumericTask
from assayoffice.verifiers.rewrites.answers.units import split

_BITS: Final = 256
_POINTS: Final = 2
#: Powers beyond it cost more than a mutant is worth.
_MAX_EXPONENT: Final = 10_000
_MAX_EXPONENT_BITS: Final = 8_000
_HUNDREDTH: Final = fmpq(1, 100)
#: A decimal with fewer places states a value and no measurement (docs/verifiers/numeric.md).
_MEASURED_PLACES: Final = 2


class _NoValueError(Exception):
    """It cannot be evaluated here."""


class Apart:
    """Tells answers apart under the options of a task."""

    __slots__ = ("_task", "_values")

    def __init__(self, task: NumericTask) -> None:
        self._task = task
        self._values: dict[tuple[Node, int], acb | None] = {}

    def differ(self, wanted: Node, given: Node, *, fine: bool = False) -> bool:
        """Whether ``given`` is certainly another answer than ``wanted``.

        With ``fine``, one that the task's tolerance forgives is none.
        """
        match wanted, given:
            case Number(), Number():
                gap = abs(wanted.value - given.value)
                return gap > 0 and Fraction(gap) > self._slack(wanted, wanted.value, fine)
            case Sequence(), Sequence():
                pairs = zip(wanted.items, given.items, strict=False)
                return len(wanted.items) != len(given.items) or any(
                    self.differ(one, other, fine=fine) for one, other in pairs
                )
            case Relation(operators=("=",)), Relation(operators=("=",)):
                if wanted.terms[0] == given.terms[0]:
                    return self.differ(wanted.terms[1], given.terms[1], fine=fine)
                return isinstance(wanted.terms[0], Symbol) and isinstance(given.terms[0], Symbol)
        measured, given_measured = split(wanted), split(given)
        if measured and given_measured and measured[1] == given_measured[1]:
            return self.differ(measured[0], given_measured[0], fine=fine)
        fine = fine and not symbols(wanted)  # a tolerance is for numbers
        with working_precision(_BITS):
            return any(self._differ_at(wanted, given, row, fine) for row in range(_POINTS))

    def _differ_at(self, wanted: Node, given: Node, row: int, fine: bool) -> bool:
        one, other = self.value(wanted, row), self.value(given, row)
        if one is None or other is None:
            return False
        gap = abs(one - other)
        if not fine and _literal(wanted) is None:
            return bool(gap > 0)
        size = rational(abs(one).mid())
        if size is None:
            return False
        slack = self._slack(_literal(wanted), size, fine)
        return bool(gap > arb(fmpq(slack.numerator, slack.denominator)))

    def unproportional(self, wanted: Node, given: Node) -> bool:
        """Whether neither is the other times a constant."""
        with working_precision(_BITS):
            pairs = [(self.value(wanted, row), self.value(given, row)) for row in range(2)]
            (one, other), (far_one, far_other) = pairs
            if one is None or other is None or far_one is None or far_other is None:
                return False
            return not (one * far_other - far_one * other).contains(0)

    def below(self, lower: Node, upper: Node) -> bool:
        """Whether both are real constants and ``lower`` is certainly less."""
        with working_precision(_BITS):
            one, other = self.value(lower), self.value(upper)
            if one is None or other is None or not (one.imag.is_zero() and other.imag.is_zero()):
                return False
            return bool(one.real < other.real)

    def value(self, node: Node, row: int = 0) -> acb | None:
        """The value of ``node`` at the point ``row``, or None; in a working precision."""
        key = node, row
        if key not in self._values:
            try:
                found = _value(node, row)
                self._values[key] = found if found.is_finite() else None
            except (_NoValueError, NotScalarError, UndefinedError, ZeroDivisionError, TypeError):
                self._values[key] = None
        return self._values[key]

    def _slack(self, literal: Number | None, size: Fraction, fine: bool) -> Fraction:
        """How far from ``literal``, of about ``size``, an answer may be and still be right."""
        measured = literal is not None and literal.places >= _MEASURED_PLACES
        slack = Fraction(1, 2 * 10**literal.places) if literal and measured else Fraction(0)
        if not fine:
            return slack
        match self._task.match:
            case Match.RELATIVE:
                return max(slack, Fraction(repr(self._task.tolerance)) * abs(size))
            case Match.ABSOLUTE:
                return max(slack, Fraction(repr(self._task.tolerance)))
            case Match.SIGNIFICANT:
                return max(slack, _last_place(abs(size), self._task.significant_digits))
            case Match.EXACT:
                return slack


def rational(value: arb) -> Fraction | None:
    """An exact ``value`` as a fraction, or None if that is of no use for its size."""
    mantissa, exponent = value.man_exp()
    if abs(int(exponent)) > _MAX_EXPONENT_BITS:
        return None
    return int(mantissa) * Fraction(2) ** int(exponent)


def _last_place(size: Fraction, digits: int) -> Fraction:
    """At least one unit in the last of ``digits`` significant digits of ``size``."""
    if not size:
        return Fraction(0)
    exponent = len(str(size.numerator)) - len(str(size.denominator)) + 1 - digits
    return Fraction(10) ** exponent


def _literal(node: Node) -> Number | None:
    node = node.item if isinstance(node, Negate) else node
    return node if isinstance(node, Number) else None


def _value(node: Node, row: int) -> acb:
    match node:
        case Number(value=value):
            return acb(arb(fmpq(value.numerator, value.denominator)))
        case Based(value=number):
            return acb(number)
        case Symbol(name=name):
            return acb(2 + (crc32(name.encode()) >> 7 * row) % 89)
        case Unit(name=name):
            return _unit(name)
        case Constant(name=name):
            return _constant(name)
        case Add(items=items):
            return sum((_value(item, row) for item in items), acb(0))
        case Multiply(items=items):
            product = acb(1)
            for item in items:
                product *= _value(item, row)
            return product
        case Divide(over=over, under=under):
            divisor = _value(under, row)
            if divisor.contains(0):
                raise _NoValueError
            return _value(over, row) / divisor
        case Negate(item=item):
            return -_value(item, row)
        case Power(base=base, exponent=exponent):
            return _power(_value(base, row), exponent, row)
        case Call(name="root", arguments=(radicand, index)):
            return _power(_value(radicand, row), Divide(Number(Fraction(1)), index), row)
        case Call(name=name, arguments=arguments) if name in FUNCTIONS:
            function: Callable[..., acb] = FUNCTIONS[name]
            return function(*(_value(each, row) for each in arguments))
    raise _NoValueError


def _unit(name: str) -> acb:
    """Another number for each unit: two quantities in the same units differ if their values do."""
    match name:
        case "%":
            return acb(_HUNDREDTH)
        case "degree":
            return acb.pi() / 180
    return acb(101 + crc32(name.encode()) % 887)


def _constant(name: str) -> acb:
    match name:
        case "pi":
            return acb.pi()
        case "e":
            return acb(1).exp()
        case "i":
            return acb(0, 1)
    raise _NoValueError


def _power(base: acb, exponent: Node, row: int) -> acb:
    match exponent:
        case Divide(over=Number(value=over), under=Number(value=under)) if under:
            times = over / under
        case Negate(item=Number(value=value)):
            times = -value
        case Number(value=value):
            times = value
        case _:
            raised = _value(exponent, row)
            if not abs(raised) < _MAX_EXPONENT:
                raise _NoValueError
            whole = raised.unique_fmpz() if raised.is_exact() else None
            return base**raised if whole is None else base ** int(whole)
    if abs(times) > _MAX_EXPONENT or (times <= 0 and base.contains(0)):
        raise _NoValueError
    return power(base, fmpq(times.numerator, times.denominator))
