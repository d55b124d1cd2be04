"""Plain numbers: integers, decimals, fractions and mixed numbers, and how they are got wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import Add, Divide, Negate, Node, Number
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.writing import exact_places, exponent_of, number

#: Up to here a whole number is taken for a count, of which no neighbour is ever right.
_COUNTS: Final = 100
#: Longer numbers are only changed as a whole.
_MAX_DIGITS: Final = 60


@dataclass(frozen=True, slots=True)
class Plain:
    """A number. ``places`` are those of a decimal; -1 if it was not written as one."""

    value: Fraction
    places: int = -1

    @property
    def whole(self) -> bool:
        """Whether it was written as a whole number."""
        return self.places <= 0 and self.value.denominator == 1


def plain(node: Node) -> Plain | None:
    """``node`` as a number, or None if it is anything else."""
    match node:
        case Number(value=value, places=places):
            return Plain(value, places)
        case Negate(item=item):
            inner = plain(item)
            return None if inner is None else Plain(-inner.value, inner.places)
        case Divide(over=over, under=under):
            above, below = plain(over), plain(under)
            if above is None or below is None or not below.value:
                return None
            return Plain(above.value / below.value)
        case Add(items=(Number(value=whole), Divide(over=Number(), under=Number()) as part)):
            rest = plain(part)  # 2 1/3
            return None if rest is None else Plain(whole + rest.value)
    return None


def changes(given: Plain) -> Iterator[Change]:
    """What a number is mistaken for, likeliest first. Some may be no mistake, e.g. -0."""
    value = given.value
    yield _change("sign", -value, given.places)
    if given.whole:
        yield from _of_integer(value)
    elif given.places > 0:
        yield from _of_decimal(value, given.places)
    else:
        yield from _of_fraction(value)
    yield _change("factor_2", value * 2, given.places)
    for factor in (10, 100):
        yield _change(f"factor_{factor}", value * factor, max(given.places, -1))
        smaller = value / factor
        yield _change(f"factor_{factor}", smaller, exact_places(smaller, _MAX_DIGITS) or -1)
    yield _change("half", value / 2, exact_places(value / 2, _MAX_DIGITS) or -1)
    # Whatever a tolerance forgives: one that takes a tenth for nothing is too wide.
    for share in (Fraction(11, 10), Fraction(9, 10)):
        off = value * share
        yield _change("off_by_a_tenth", off, exact_places(off, _MAX_DIGITS) or -1)


def _of_integer(value: Fraction) -> Iterator[Change]:
    fine = abs(value) > _COUNTS
    yield _change("off_by_one", value + 1, fine=fine)
    yield _change("off_by_one", value - 1, fine=fine)
    yield from _by_digits(value, -1)
    yield _change("neighbour", value + 2, fine=fine)
    yield _change("neighbour", value + Fraction(1, 2), 1, fine=True)
    yield _change("neighbour", value + Fraction(1, 1000), 3, fine=True)
    if value:
        yield _change("reciprocal", 1 / value)
    if abs(value) >= 10:
        yield _change("off_by_ten", value + 10, fine=fine)
        yield _change("dropped_digit", _truncated(value / 10))


def _of_decimal(value: Fraction, places: int) -> Iterator[Change]:
    last = Fraction(1, 10**places)
    yield _change("off_by_one", value + last, places, fine=True)
    yield _change("off_by_one", value - last, places, fine=True)
    yield from _by_digits(value, places)
    rounded = Fraction(round(value * 10 ** (places - 1)), 10 ** (places - 1))
    yield _change("coarse", rounded, places - 1, fine=True)
    yield _change("truncated", _truncated(value), fine=True)
    if value:
        yield _change("neighbour", value + (1 if value > 0 else -1), places, fine=abs(value) > 10)


def _of_fraction(value: Fraction) -> Iterator[Change]:
    over, under = value.numerator, value.denominator
    if over:
        yield _change("reciprocal", 1 / value, fine=True)
    yield _change("neighbour", Fraction(over + 1, under), fine=True)
    yield _change("neighbour", Fraction(over - 1, under), fine=True)
    yield _change("neighbour", Fraction(over, under + 1), fine=True)
    if under > 1:
        yield _change("neighbour", Fraction(over, under - 1), fine=True)
        yield _change("dropped_denominator", Fraction(over))
        yield _change("complement", 1 - value, fine=True)
        yield _change("swapped_terms", Fraction(under))
    if value:
        # Of what never ends, one digit is no answer, and another sixth digit is a wrong one.
        yield _rounded("coarse", value, 1)
        yield _rounded("off_by_one", value, 8, 1)


def _by_digits(value: Fraction, places: int) -> Iterator[Change]:
    """Another first digit, and neighbouring digits that changed places."""
    if not value:
        return
    scaled = abs(value) * 10 ** max(places, 0)
    digits = str(scaled.numerator)
    if len(digits) > _MAX_DIGITS:
        return
    sign = 1 if value > 0 else -1

    def read(text: str) -> Fraction:
        return sign * Fraction(int(text), 10 ** max(places, 0))

    if len(digits) > 1 or places > 0:
        first = int(digits[0])
        yield _change("first_digit", read(str(first - 1 if first > 1 else 2) + digits[1:]), places)
    for at in (len(digits) - 2, 0):
        if len(digits) > 1:
            moved = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
            yield _change("transposed_digits", read(moved), places, fine=True)


def _rounded(label: str, value: Fraction, digits: int, off: int = 0) -> Change:
    places = max(digits - 1 - exponent_of(value), 1)
    scaled = round(value * 10**places) + off
    return _change(label, Fraction(scaled, 10**places), places, fine=True)


def _truncated(value: Fraction) -> Fraction:
    return Fraction(int(value))


def _change(label: str, value: Fraction, places: int = -1, *, fine: bool = False) -> Change:
    return Change(label, number(value, places), fine)
