"""When one value answers another: units, percent, tolerances, rounding, unevaluated forms.

These are conventions, not mathematics; each is an option of the task or documented with them.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import blake2b
from typing import Final

from flint import fmpq

from assayoffice.verifiers.base import Effort
from assayoffice.verifiers.numeric import quantities
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
    Unit,
    contains,
    symbols,
    walk,
)
from assayoffice.verifiers.numeric.finding import (
    Finding,
    Method,
    any_of,
    different,
    equal,
)
from assayoffice.verifiers.numeric.limits import Budget
from assayoffice.verifiers.numeric.quantities import Quantity
from assayoffice.verifiers.numeric.task import Match, NumericTask, Percent, Unevaluated, Units
from assayoffice.verifiers.numeric.values import Values

#: A reference with fewer decimals states a value, not a measurement.
_MIN_PLACES: Final = 2
_ARITHMETIC: Final = (Number, Constant, Negate, Add, Multiply, Divide, Power, Call)
#: Functions of which a number is asked for, not given by naming them.
_QUESTIONS: Final = frozenset("mod gcd lcm max min floor ceil".split())
#: Thousand, million ...: a product with one of them is how such numbers are said.
_MULTIPLES: Final = frozenset(Number(Fraction(10**exponent)) for exponent in (3, 6, 9, 12))
_TEN: Final = Number(Fraction(10))
_HUNDRED: Final = Number(Fraction(100))
_STRAIGHT_ANGLE: Final = Number(Fraction(180))


@dataclass(frozen=True, slots=True)
class Setting:
    """The conventions and the arithmetic of one verdict."""

    task: NumericTask
    values: Values

    @classmethod
    def of(cls, task: NumericTask, answer: str, effort: Effort) -> "Setting":
        """The setting for ``answer``; its random points depend on nothing but the two texts."""
        texts = f"{task.reference}\0{answer}".encode("utf-8", "surrogatepass")
        seed = blake2b(texts, digest_size=16).digest()
        return cls(task, Values(seed, Budget(), effort))


def compare_scalars(reference: Node, answer: Node, setting: Setting) -> Finding:
    """Whether the value ``answer`` answers the value ``reference``."""
    if isinstance(reference, Number) and isinstance(answer, Number):
        return _match(reference, answer, setting)
    match reference, answer:
        case Call(name="mod", arguments=(_, one)), Call(name="mod", arguments=(_, other)):
            same_modulus = setting.values.same(one, other)
            if not same_modulus.equal:
                return same_modulus
    wanted, given = Quantity(reference, ()), Quantity(answer, ())
    if contains(reference, Unit) or contains(answer, Unit):
        wanted = quantities.quantity(reference, setting.values)
        given = quantities.quantity(answer, setting.values)
    if bool(symbols(wanted.magnitude)) != bool(symbols(given.magnitude)):
        return different(Method.STRUCTURE, "FREE_VARIABLE")
    if _leaves_operators(wanted.magnitude, given.magnitude, setting):
        return different(Method.STRUCTURE, "UNEVALUATED")
    if _base(wanted.magnitude) != _base(given.magnitude) and (
        setting.task.unevaluated is not Unevaluated.ANY
    ):
        return different(Method.STRUCTURE, "OTHER_BASE")
    finding = _compare_quantities(wanted, given, setting)
    if finding.equal and not _evaluated(wanted.magnitude, given.magnitude, setting):
        return different(finding.method, "UNEVALUATED")
    return finding


def consistent(one: Node, other: Node, setting: Setting) -> Finding:
    """Whether two sides of a chain of equalities are the same quantity.

    Units that only some sides carry, or that are spelled differently, are not held against it.
    """
    if not (contains(one, Unit) or contains(other, Unit)):
        return setting.values.same(one, other)
    exactly = replace(setting, task=replace(setting.task, match=Match.EXACT))
    wanted, given = (quantities.quantity(each, setting.values) for each in (one, other))
    finding = _compare_quantities(wanted, given, exactly)
    if finding.equal:
        return finding
    return setting.values.same(quantities.without_units(one), quantities.without_units(other))


def _compare_quantities(wanted: Quantity, given: Quantity, setting: Setting) -> Finding:
    if wanted.units == given.units:
        return _match(wanted.magnitude, given.magnitude, setting)
    if not wanted.units:
        return _surplus_unit(wanted, given, setting)
    if not given.units:
        return _missing_unit(wanted, given, setting)
    magnitude = quantities.converted(given, wanted.units, setting.values)
    if magnitude is None:
        return different(Method.UNITS, "UNIT_MISMATCH")
    finding = _match(wanted.magnitude, magnitude, setting)
    return replace(finding, method=Method.UNITS)


def _surplus_unit(wanted: Quantity, given: Quantity, setting: Setting) -> Finding:
    bare = _match(wanted.magnitude, given.magnitude, setting)
    match _only(given):
        case quantities.PERCENT:
            value = _match(wanted.magnitude, _hundredth(given.magnitude), setting)
            if value.equal or not _may_be_percentage(wanted.magnitude, setting):
                return value
            return any_of((bare.flagged("PERCENT_ASSUMED"), value))
        case quantities.DEGREE:
            value = _match(wanted.magnitude, _radians(given.magnitude), setting)
            return any_of((bare.flagged("UNIT_IGNORED"), value))
    return bare.flagged("UNIT_IGNORED")


def _missing_unit(wanted: Quantity, given: Quantity, setting: Setting) -> Finding:
    bare = _match(wanted.magnitude, given.magnitude, setting)
    match _only(wanted):
        case quantities.PERCENT:
            value = _match(_hundredth(wanted.magnitude), given.magnitude, setting)
            if setting.task.percent is Percent.STRICT:
                return value
            return any_of((bare.flagged("PERCENT_ASSUMED"), value))
        case quantities.DEGREE:
            value = _match(_radians(wanted.magnitude), given.magnitude, setting)
            if value.equal:
                return value
    if bare.equal and setting.task.units is Units.REQUIRED:
        return different(Method.UNITS, "UNIT_MISSING")
    return bare.flagged("UNIT_ASSUMED")


def _only(given: Quantity) -> str:
    """The unit of ``given`` if it has one, to the first power."""
    if len(given.units) == 1 and given.units[0][1] == 1:
        return given.units[0][0]
    return ""


def _may_be_percentage(magnitude: Node, setting: Setting) -> bool:
    """Whether a bare reference can be meant as a percentage: 60 can, 0.6 cannot."""
    if setting.task.percent is Percent.STRICT:
        return False
    value = setting.values.exact(magnitude)
    return value is not None and abs(value) >= 1


def _hundredth(node: Node) -> Node:
    return Divide(node, _HUNDRED)


def _radians(node: Node) -> Node:
    return Divide(Multiply((node, Constant("pi"))), _STRAIGHT_ANGLE)


def _match(reference: Node, answer: Node, setting: Setting) -> Finding:
    task, values = setting.task, setting.values
    match task.match:
        case Match.RELATIVE:
            relative = Multiply((_decimal(task.tolerance), Call("abs", (reference,))))
            close = values.within(reference, answer, relative)
            return _approximately(close, reference, answer, values)
        case Match.ABSOLUTE:
            close = values.within(reference, answer, _decimal(task.tolerance))
            return _approximately(close, reference, answer, values)
        case Match.SIGNIFICANT:
            agree = _agree_to(task.significant_digits, reference, answer, values)
            return _approximately(agree, reference, answer, values)
        case Match.EXACT:
            finding = values.same(reference, answer)
            if not finding.equal and _rounds(reference, answer, setting):
                return _approximately(True, reference, answer, values)
            return finding


def _approximately(agree: bool | None, reference: Node, answer: Node, values: Values) -> Finding:
    """What a comparison with a tolerance found; None means that it does not apply."""
    if agree is None:
        return values.same(reference, answer)
    known = all(values.exact(node) is not None for node in (reference, answer))
    method = Method.EXACT if known else Method.BALLS
    return equal(method, "APPROXIMATE") if agree else different(method)


def _decimal(value: float) -> Number:
    """The decimal that ``value`` was written as."""
    return Number(Fraction(repr(value)))


def _agree_to(digits: int, reference: Node, answer: Node, values: Values) -> bool | None:
    rounded = []
    for node in (reference, answer):
        bounds = values.bounds(node, bits=512)
        if bounds is None:
            return None
        ends = {_round_significant(end, digits) for end in bounds}
        if len(ends) > 1:
            return None
        rounded.append(ends.pop())
    return bool(rounded[0] == rounded[1])


def _round_significant(value: fmpq, digits: int) -> fmpq:
    """``value`` with ``digits`` significant digits, halves away from zero."""
    if value == 0:
        return value
    size = abs(value)
    exponent = len(str(size.p)) - len(str(size.q))  # of the first digit, or one above it
    if size < fmpq(10) ** exponent:
        exponent -= 1
    unit = fmpq(10) ** (exponent - digits + 1)
    rounded = (size / unit + fmpq(1, 2)).floor() * unit
    return rounded if value > 0 else -rounded


def _rounds(reference: Node, answer: Node, setting: Setting) -> bool:
    """Whether a decimal on one side is the correct rounding of the other side.

    A decimal answer must show min_decimal_digits. A decimal reference is taken for a measured value
    if it has at least two places; the answer must then be exact or have more places.
    """
    wanted, given = _literal(reference), _literal(answer)
    if wanted is None or wanted.places < 0:
        if given is None or given.significant < setting.task.min_decimal_digits:
            return False
        return _is_rounding(given, answer, reference, setting)
    if wanted.places < _MIN_PLACES or (given is not None and 0 <= given.places <= wanted.places):
        return False
    return _is_rounding(wanted, reference, answer, setting)


def _is_rounding(literal: Number, rounded: Node, value: Node, setting: Setting) -> bool:
    if literal.places < 0:
        return False
    half = Number(Fraction(1, 2 * 10**literal.places))
    return setting.values.within(value, rounded, half) is True


def _literal(node: Node) -> Number | None:
    if isinstance(node, Negate):
        node = node.item
    return node if isinstance(node, Number) else None


def _base(node: Node) -> int:
    """The base a number is written to."""
    if isinstance(node, Negate):
        node = node.item
    return node.base if isinstance(node, Based) else 10


def _leaves_operators(reference: Node, answer: Node, setting: Setting) -> bool:
    """Whether the answer is a sum, integral or the like where the reference is not."""
    if setting.task.unevaluated is Unevaluated.ANY:
        return False
    return contains(answer, Operator) and not contains(reference, Operator)


def _evaluated(reference: Node, answer: Node, setting: Setting) -> bool:
    """Whether ``answer`` is far enough evaluated to answer the plain number ``reference``."""
    if setting.task.unevaluated is Unevaluated.ANY or not _is_plain(reference):
        return True
    if setting.task.unevaluated is Unevaluated.SIMPLIFIED:
        return _is_reduced(answer)
    return not any(_is_open_arithmetic(part) for part in walk(answer))


def _is_plain(node: Node) -> bool:
    """A literal: an integer, a decimal, or a fraction of them."""
    if isinstance(node, Negate):
        node = node.item
    if isinstance(node, Divide):
        return all(isinstance(part, Number) for part in (node.over, node.under))
    return isinstance(node, Number | Based)


def _is_reduced(node: Node) -> bool:
    if isinstance(node, Negate):
        node = node.item
    if not isinstance(node, Divide):
        return isinstance(node, Number | Based)
    over, under = node.over, node.under
    if isinstance(over, Negate):
        over = over.item
    if not (isinstance(over, Number) and isinstance(under, Number)):
        return False
    value = over.value / under.value if under.value else Fraction(0)
    return value.numerator == over.value and value.denominator == under.value


def _is_mixed(node: Add) -> bool:
    """A mixed number such as 2 1/3."""
    return (
        len(node.items) == 2
        and isinstance(node.items[0], Number)
        and isinstance(node.items[1], Divide)
        and _is_plain(node.items[1])
    )


def _is_arithmetic(node: Node) -> bool:
    return all(isinstance(part, _ARITHMETIC) for part in walk(node))


def _is_open_arithmetic(node: Node) -> bool:
    """2 + 2 or 2 * 3: a sum or product of literals that nobody has worked out.

    Roots, powers, factorials and fractions of literals are closed forms: writing them as they are
    is how such numbers are given.
    """
    match node:
        case Add():
            return not _is_mixed(node) and all(_is_arithmetic(item) for item in node.items)
        case Multiply():
            return sum(_is_factor(item) and item not in _MULTIPLES for item in node.items) > 1
        case Divide(over=over, under=under):
            return any(isinstance(part, Divide) or _is_idle(part) for part in (over, under))
        case Call(name=name):
            return name in _QUESTIONS
    return False


def _is_factor(node: Node) -> bool:
    return _is_plain(node) or (_is_idle(node) and isinstance(node, Power) and _is_plain(node.base))


def _is_idle(node: Node) -> bool:
    """A power that only dresses up a number; of ten, it is how numbers are written."""
    if not isinstance(node, Power) or node.base == _TEN:
        return False
    exponent = node.exponent.item if isinstance(node.exponent, Negate) else node.exponent
    return isinstance(exponent, Number) and exponent.value in (0, 1)
