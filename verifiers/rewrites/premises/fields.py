"""Real algebraic numbers: elements of Q[t]/m at a real root of the irreducible m.

Equality is decided in the field, signs by enclosures of the root that are refined until they
exclude zero, which a nonzero element cannot be.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd
from typing import Any, Final

from flint import Ordering, arb, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpq_poly, fmpz, fmpz_poly

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError, Value

_BITS: Final = (64, 256, 1024, 4096)
_SHOWN_DIGITS: Final = 25
#: Wider enclosures, for their size, are no value.
_WIDEST: Final = arb(10) ** -30
_MAX_RADICAND_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Root:
    """The real root number ``index`` from below, from 0, of an irreducible integer polynomial."""

    coefficients: tuple[int, ...]
    index: int

    def ball(self, bits: int) -> arb:
        return _real_roots(self.coefficients, bits)[self.index]

    def element(self, element: fmpq_poly, bits: int) -> arb:
        """An enclosure of the element's value."""
        root = self.ball(bits)
        with working_precision(bits):
            total = arb(0)
            for coefficient in reversed(element.coeffs()):
                total = total * root + arb(coefficient)
            return total

    def sign(self, element: fmpq_poly) -> int:
        """-1, 0 or 1, for an ``element`` that is reduced."""
        if element.is_zero():
            return 0
        for bits in _BITS:
            ball = self.element(element, bits)
            if ball > 0:
                return 1
            if ball < 0:
                return -1
        raise TooMuchError


def fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def rational(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def real_roots(polynomial: fmpq_poly) -> list[Root]:
    """The real roots of an irreducible polynomial, from below."""
    coefficients = _primitive(polynomial)
    return [Root(coefficients, index) for index in range(len(_real_roots(coefficients, 64)))]


def _primitive(polynomial: fmpq_poly) -> tuple[int, ...]:
    integers = [int(each) for each in polynomial.numer().coeffs()]
    shared = gcd(*integers) * (1 if integers[-1] > 0 else -1)
    return tuple(each // shared for each in integers)


@lru_cache(maxsize=256)
def _real_roots(coefficients: tuple[int, ...], bits: int) -> tuple[arb, ...]:
    # FLINT isolates all complex roots; it says that a root is real by an imaginary part of 0.
    polynomial: Any = fmpz_poly(list(coefficients))
    with working_precision(bits + 32):
        roots = [root.real for root, _ in polynomial.complex_roots() if root.imag == 0]
    return tuple(sorted(roots, key=lambda root: root.mid()))


_PLANE: Final = fmpq_mpoly_ctx.get(("t", "y"), Ordering.lex)


def minimal_polynomial(element: fmpq_poly, modulus: fmpq_poly) -> fmpq_poly:
    """The irreducible polynomial that ``element`` of Q[t]/modulus is a root of."""
    if element.degree() <= 0:
        return fmpq_poly([-(element[0] if element.degree() == 0 else fmpq(0)), 1])
    y = _PLANE.gens()[1]
    resultant = _in_t(modulus).resultant(y - _in_t(element), "t")
    # In a field it is a power of the minimal polynomial.
    factor = resultant.factor()[1][0][0]
    found = {exponents[1]: value for exponents, value in factor.to_dict().items()}
    return fmpq_poly([found.get(power, fmpq(0)) for power in range(max(found) + 1)])


def _in_t(polynomial: fmpq_poly) -> fmpq_mpoly:
    terms = {(power, 0): value for power, value in enumerate(polynomial.coeffs()) if value != 0}
    return _PLANE.from_dict(terms)


def algebraic_value(element: fmpq_poly, root: Root) -> Value:
    """The number that ``element`` of the field of ``root`` is."""
    if element.degree() <= 0:
        return rational_value(fraction(element[0]) if element.degree() == 0 else Fraction(0))
    own = real_roots(minimal_polynomial(element, fmpq_poly(list(root.coefficients))))
    for bits in _BITS:
        ball = root.element(element, bits)
        meeting = [each for each in own if each.ball(bits).overlaps(ball)]
        if len(meeting) == 1:
            value = meeting[0]
            return Value(value, _radical(value) or decimal(value.ball(192)), value.ball(192))
    raise TooMuchError


def rational_value(value: Fraction) -> Value:
    with working_precision(192):
        return Value(value, str(value), arb(rational(value)))


def near(ball: arb) -> Value:
    """A number of which only the enclosure is known. Raises TooMuchError where that is wide."""
    if not ball.is_finite() or ball.rad() > _WIDEST * (1 + abs(ball.mid())):
        raise TooMuchError  # such as 7^(10^9) modulo 13: its digits would be made up
    return Value(decimal(ball), decimal(ball), ball, named=False, proper=False)


def decimal(ball: arb) -> str:
    """The value to 25 significant digits."""
    with working_precision(256):
        return str(ball.str(_SHOWN_DIGITS, radius=False))


def _radical(value: Root) -> str:
    """The number with square roots and n-th roots, if it can be written so shortly."""
    coefficients = value.coefficients
    degree = len(coefficients) - 1
    if degree == 2:
        return _quadratic(*coefficients, larger=value.index == 1)
    if any(coefficients[1:-1]):
        return ""
    ratio = Fraction(-coefficients[0], coefficients[-1])
    sign = "-" if value.ball(64) < 0 else ""
    return f"{sign}({abs(ratio)})**(1/{degree})"


def _quadratic(constant: int, linear: int, square: int, *, larger: bool) -> str:
    discriminant = linear * linear - 4 * constant * square
    if discriminant.bit_length() > _MAX_RADICAND_BITS:
        return ""
    outside, inside = 1, 1
    for prime, exponent in fmpz(discriminant).factor():
        outside *= int(prime) ** (exponent // 2)
        inside *= int(prime) ** (exponent % 2)
    under = 2 * square
    shared = gcd(linear, outside, under)
    first, outside, under = -linear // shared, outside // shared, under // shared
    root = f"sqrt({inside})" if outside == 1 else f"{outside}*sqrt({inside})"
    sign = "+" if larger else "-"
    over = f"{first} {sign} {root}" if first else f"{'' if larger else '-'}{root}"
    if under == 1:
        return over
    return f"({over})/{under}" if first else f"{over}/{under}"
