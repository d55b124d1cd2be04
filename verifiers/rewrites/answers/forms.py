r"""The usual renderings of a value, and other ways to write it that are accepted.

Renderings say the same at first sight: ``\frac{7}{8}``, ``7/8``, ``0.875``, ``x = 7/8``. What is
written differently takes a step: ``\frac{14}{16}``. Each is equal to the value by arithmetic done
here, and within what docs/verifiers/numeric.md promises for the options of the task.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from flint import acb

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.numeric.expression import Add, Node, symbols
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.task import Match, NumericTask, Unevaluated
from assayoffice.verifiers.rewrites.answers import expressions, writing
from assayoffice.verifiers.rewrites.answers.apart import Apart, rational
from assayoffice.verifiers.rewrites.answers.plain import Plain, plain
from assayoffice.verifiers.rewrites.answers.writing import (
    decimal,
    exact_places,
    exponent_of,
    grouped,
    latex,
    scientific,
)

#: A label and a text.
Form = tuple[str, str]

#: Significant digits of a decimal that stands for what has no last digit.
_DIGITS: Final = 12
#: Where more are asked for, a decimal is no usual rendering.
_MOST_DIGITS: Final = 24
_MOST_PLACES: Final = 12
_LARGEST: Final = 10**_MOST_PLACES
#: Longer numbers are written one way only.
_LONGEST: Final = 60
_LARGEST_ROOT: Final = 10**6


def renderings(node: Node, task: NumericTask, apart: Apart) -> Iterator[Form]:
    """The value ``node`` as it is usually written, without a unit."""
    yield "latex", latex(node)
    yield "ascii", render(node)
    text = latex(node)
    if "\\frac" in text:
        yield "dfrac", text.replace("\\frac", "\\dfrac")
    if text.startswith("-"):
        yield "unicode_minus", "\u2212" + text[1:]
    number = plain(node)
    if number is None:
        yield from _decimals(_real(node, apart), task)
        return
    if number.whole:
        digits = str(number.value.numerator)
        if 4 < len(digits.lstrip("-")) + 1 and len(digits) <= _LONGEST:
            yield "thousands", grouped(digits, ",")
            yield "thousands", grouped(digits, "{,}")
    elif number.places <= 0:
        yield "fraction", latex(_as_fraction(number))
        yield from _decimals((number.value, Fraction(0)), task)


def equivalents(node: Node, task: NumericTask) -> Iterator[Form]:
    """The value ``node`` written differently, without a unit."""
    number = plain(node)
    if number is None:
        for change in expressions.equivalents(node):
            yield change.label, latex(change.node)
        return
    value = number.value
    if max(len(str(value.numerator)), len(str(value.denominator))) > _LONGEST:
        return
    if number.whole:
        yield "decimal", decimal(value, 1)
    elif number.places > 0:
        yield "trailing_zero", decimal(value, number.places + 1)
        yield "fraction", latex(_as_fraction(number))
    if task.unevaluated is not Unevaluated.SIMPLIFIED:
        yield from _unsimplified(number, task)


def _unsimplified(number: Plain, task: NumericTask) -> Iterator[Form]:
    value = number.value
    sign, size = ("-" if value < 0 else ""), abs(value)
    over, under = size.numerator, size.denominator
    if number.places <= 0:
        yield "unreduced", f"{sign}\\frac{{{2 * over}}}{{{2 * under}}}"
    if number.whole and 1 < size <= _LARGEST_ROOT:
        yield "root", f"{sign}\\sqrt{{{over * over}}}"
    whole, rest = divmod(over, under)
    if whole and rest:
        yield "mixed_number", f"{sign}{whole}\\frac{{{rest}}}{{{under}}}"
    if (number.whole and size >= 10) or number.places > 0:
        written = scientific(value) if value and exponent_of(value) else None
        if written:
            yield "scientific", written
    if not number.whole:
        places = exact_places(value * 100, 4)
        if places is not None:
            yield "percent", f"{decimal(value * 100, places)}\\%"
    if task.unevaluated is Unevaluated.ANY and number.whole:
        yield "sum", f"{value.numerator - 1} + 1"


def _as_fraction(number: Plain) -> Node:
    return writing.number(number.value)


def _real(node: Node, apart: Apart) -> tuple[Fraction, Fraction] | None:
    """The value of a real constant and a bound of its error."""
    if symbols(node) or isinstance(node, Add) and plain(node):
        return None
    with working_precision(256):
        value: acb | None = apart.value(node)
        if value is None or not value.imag.is_zero():
            return None
        middle, error = rational(value.real.mid()), rational(value.real.rad())
    return None if middle is None or error is None else (middle, error)


def _decimals(value: tuple[Fraction, Fraction] | None, task: NumericTask) -> Iterator[Form]:
    """The value as a decimal: all of it, or enough digits for the task."""
    if value is None or not value[0]:
        return
    middle, error = value
    if not Fraction(1, _LARGEST) < abs(middle) < _LARGEST:
        return
    exponent = exponent_of(middle)
    if not error and (places := exact_places(middle, _MOST_PLACES)) is not None:
        if places:
            yield "decimal", decimal(middle, places)
        return
    digits = max(_DIGITS, task.min_decimal_digits)
    if task.match is Match.SIGNIFICANT:
        digits = max(digits, task.significant_digits + _DIGITS)
    places = digits - 1 - exponent
    if digits > _MOST_DIGITS or places < 1:
        return
    text = decimal(middle, places)
    unit = Fraction(1, 10**places)
    # Only one decimal may be nearest, and a tolerance must leave room for its rounding.
    rest = abs(abs(Fraction(text) - middle) - unit / 2)
    if rest > error and unit <= _room(task, abs(middle)):
        yield "decimal", text


def _room(task: NumericTask, size: Fraction) -> Fraction:
    match task.match:
        case Match.RELATIVE:
            return Fraction(repr(task.tolerance)) * size
        case Match.ABSOLUTE:
            return Fraction(repr(task.tolerance))
    return size
