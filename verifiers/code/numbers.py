"""Numbers as they are written, compared as what they are: without rounding, in linear time."""

import math
import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Self

_ZERO = Decimal(0)
# What is longer must be equal, whatever the tolerance. No float needs a fifth of it.
_DIGITS = 4000
_MAX_BITS = 13_000
_EXACT = Context(prec=_DIGITS, traps=[Inexact, InvalidOperation, Overflow])
_NUMBER = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")


def decimal(token: str) -> Decimal | None:
    """The number that ``token`` is in ASCII digits, or None: "nan", "1_000" and "٣" are words.

    Nor is a number what has an exponent of more than eighteen digits.
    """
    if not _NUMBER.fullmatch(token):
        return None
    try:
        return Decimal(token)
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be from what was expected: absolute, or as a share of the latter.

    The ends are included, and tolerances are the decimals they are written as.
    """

    absolute: Decimal = _ZERO
    relative: Decimal = _ZERO

    @classmethod
    def of(cls, absolute: float, relative: float) -> Self:
        """From finite floats that are not negative."""
        return cls(Decimal(repr(absolute)), Decimal(repr(relative)))

    def __bool__(self) -> bool:
        return bool(self.absolute or self.relative)

    def covers(self, given: Decimal, expected: Decimal) -> bool:
        """Whether two finite numbers are equal or near enough."""
        if given == expected:
            return True
        if not self:
            return False
        try:
            distance = _EXACT.abs(_EXACT.subtract(given, expected))
            return distance <= self.absolute or distance <= _EXACT.multiply(
                self.relative, _EXACT.abs(expected)
            )
        except (Inexact, InvalidOperation, Overflow):
            return False

    def covers_values(self, given: complex, expected: complex) -> bool:
        """The same of Python numbers. NaN is near nothing, and infinity only itself."""
        if given == expected:
            return True
        one, other = _from_value(given), _from_value(expected)
        return one is not None and other is not None and self.covers(one, other)


def _from_value(number: complex) -> Decimal | None:
    if isinstance(number, float):
        return Decimal(repr(number)) if math.isfinite(number) else None
    if isinstance(number, int):
        return Decimal(number) if number.bit_length() <= _MAX_BITS else None
    return None
