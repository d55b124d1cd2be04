"""Cases with infinitely many points: which values a variable takes there.

One free variable: the roots of all polynomials cut the line into cells on which no condition
changes, so that a point of each decides it. Linear conditions: elimination. Otherwise values are
tried, which finds points but proves that there are none nowhere.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from typing import Final

from flint import arb, fmpq, fmpq_poly

from assayoffice.verifiers.rewrites.premises.fields import Root, fraction, rational, real_roots
from assayoffice.verifiers.rewrites.premises.linear import Polyhedron, Row
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError
from assayoffice.verifiers.rewrites.premises.polynomials import Case, Poly, dense, variables

_BITS: Final = (64, 256, 1024)
_MAX_WHOLE: Final = 200
_SHOWN_WHOLE: Final = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """An open interval without roots in it; None: no end. Or, with both ends the same, a root."""

    low: Root | None
    high: Root | None

    @property
    def root(self) -> Root | None:
        return self.low if self.low is not None and self.low is self.high else None


def cells(case: Case, variable: int) -> list[Cell]:
    """The cells of the line of ``variable``, the only one in the conditions of ``case``."""
    roots: dict[Root, None] = {}
    polys: list[Poly] = [*case.positive, *case.nonnegative, *case.nonzero]
    polys.extend(each.under for each in case.whole)
    for poly in polys:
        if poly.is_constant():
            continue
        for factor, _ in poly.factor()[1]:
            roots.update(dict.fromkeys(real_roots(fmpq_poly(dense(factor, variable)))))
    ordered = sorted(roots, key=cmp_to_key(_compared))
    found: list[Cell] = []
    for before, after in zip([None, *ordered], [*ordered, None], strict=True):
        found.append(Cell(before, after))
        if after is not None:
            found.append(Cell(after, after))
    return found


def _compared(first: Root, second: Root) -> int:
    if first == second:
        return 0
    for bits in _BITS:
        one, other = first.ball(bits), second.ball(bits)
        if one < other:
            return -1
        if other < one:
            return 1
    raise TooMuchError


def samples(cell: Cell, count: int) -> list[Fraction]:
    """Different rational numbers in an open cell, simple ones where there are."""
    for bits in _BITS:
        low = None if cell.low is None else _dyadic(cell.low.ball(bits).upper())
        high = None if cell.high is None else _dyadic(cell.high.ball(bits).lower())
        if low is None and high is None:
            return [Fraction(each + 1) for each in range(count)]
        if low is None:
            assert high is not None
            return [Fraction(math.ceil(high) - 1 - each) for each in range(count)]
        if high is None:
            return [Fraction(math.floor(low) + 1 + each) for each in range(count)]
        if low < high:
            return _between(low, high, count)
    raise TooMuchError


def _between(low: Fraction, high: Fraction, count: int) -> list[Fraction]:
    least, end = math.floor(low) + 1, math.ceil(high)
    if end - least >= count:
        return [Fraction(least + each) for each in range(count)]
    scale = 1
    while (high - low) * scale < count + 2:
        scale *= 10
    first = math.floor(low * scale) + 1
    return [Fraction(first + each, scale) for each in range(count)]


def whole_values(cell: Cell, slope: Fraction, constant: Fraction) -> tuple[list[Fraction], bool]:
    """Where in and around an open cell slope x + constant is whole; and whether that is all."""
    low = None if cell.low is None else _dyadic(cell.low.ball(256).lower())
    high = None if cell.high is None else _dyadic(cell.high.ball(256).upper())
    ends = [None if each is None else slope * each + constant for each in (low, high)]
    least, most = ends if slope > 0 else reversed(ends)
    first = None if least is None else math.floor(least)
    last = None if most is None else math.ceil(most)
    if first is not None and last is not None and last - first <= _MAX_WHOLE:
        found, complete = range(first, last + 1), True
    elif first is not None:
        found, complete = range(first, first + _SHOWN_WHOLE), False
    elif last is not None:
        found, complete = range(last, last - _SHOWN_WHOLE, -1), False
    else:
        found, complete = range(-_SHOWN_WHOLE // 2, _SHOWN_WHOLE // 2), False
    return [(each - constant) / slope for each in found], complete


def _dyadic(ball: arb) -> Fraction:
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def sign_at(poly: Poly, variable: int, at: Fraction) -> int:
    """The sign of a ``poly`` in this variable alone."""
    value: fmpq = fmpq_poly(dense(poly, variable))(rational(at))
    return int(value > 0) - int(value < 0)


def polyhedron(case: Case, keep: int | None) -> tuple[Polyhedron, bool]:
    """What the linear inequalities of ``case`` leave, and whether they are all of its conditions.

    Conditions that something is not zero do not count. Raises TooMuchError.
    """
    rows, only = [], not case.zero and not case.whole
    for polys, strict in ((case.positive, True), (case.nonnegative, False)):
        for poly in polys:
            if poly.total_degree() > 1:
                only = False
            else:
                rows.append(_row(poly, strict))
    return Polyhedron(rows, keep), only


def _row(poly: Poly, strict: bool) -> Row:
    coefficients, constant = {}, Fraction(0)
    for exponents, value in poly.to_dict().items():
        powers = [index for index, power in enumerate(exponents) if power]
        if powers:
            coefficients[powers[0]] = fraction(value)
        else:
            constant = fraction(value)
    return Row(coefficients, constant, strict)


_TRIED: Final = tuple(
    Fraction(each)
    for each in "1 2 3 5 1/2 4 10 7 0 -1 6 8 12 3/2 20 100 -2 1/3 15 9 30 50 1/10 11 13 2/3".split()
)


def tried(hint: tuple[float, float]) -> Iterator[Fraction]:
    """Numbers worth trying, in an interval that holds what is looked for."""
    low, high = hint
    seen = set()
    if math.isfinite(low) and math.isfinite(high) and high - low < 1e6:
        low_end, high_end = Fraction(low), Fraction(high)
        inside = list(_between(low_end, high_end, 5)) if low < high else [low_end]
        width = high_end - low_end
        inside += [
            (low_end + width * Fraction(k, 16)).limit_denominator(64)
            for k in (8, 4, 12, 2, 14, 6, 10)
        ]
    else:
        inside = []
    for each in (*inside, *_TRIED):
        if each not in seen and low <= each <= high:
            seen.add(each)
            yield each


def free_variables(case: Case, everything: Sequence[int]) -> list[int]:
    """Those of ``everything`` that neither steps nor equations of ``case`` speak of."""
    taken = {step.variable for step in case.steps}
    taken.update(*(variables(each) for each in case.zero))
    return [each for each in everything if each not in taken]
