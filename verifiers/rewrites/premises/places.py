"""Where a case holds: at a point over a number field, or at one made of constants like pi."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Protocol

from flint import fmpq, fmpq_poly

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.rewrites.premises.constants import Constants
from assayoffice.verifiers.rewrites.premises.fields import Root, algebraic_value, decimal, fraction
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError, Value
from assayoffice.verifiers.rewrites.premises.polynomials import Case, Poly, Quotient, Ring

_MAX_TEXT: Final = 80


class Place(Protocol):
    """A point: gives variables values, and polynomials their signs."""

    def sign(self, poly: Poly) -> int:
        """-1, 0 or 1. Raises TooMuchError."""
        ...

    def settle(self, variable: int, quotient: Quotient) -> None:
        """Gives the variable the value of the quotient, whose divisor is not zero here."""

    def value(self, variable: int) -> Value:
        """The value of the variable. Raises TooMuchError."""
        ...

    def rational(self, variable: int) -> Fraction | None:
        """The same where it is known to be rational."""

    def is_whole(self, quotient: Quotient) -> bool:
        """Whether the quotient is a whole number. Raises TooMuchError."""
        ...


class FieldPlace:
    """At a ``root``: ``coordinates`` are polynomials in it."""

    def __init__(self, root: Root, coordinates: Mapping[int, fmpq_poly]) -> None:
        self._root = root
        self._modulus = fmpq_poly(list(root.coefficients))
        self._coordinates = dict(coordinates)

    def _element(self, poly: Poly) -> fmpq_poly:
        total = fmpq_poly([0])
        for exponents, coefficient in poly.to_dict().items():
            term = fmpq_poly([coefficient])
            for index, power in enumerate(exponents):
                for _ in range(int(power)):
                    term = term * self._coordinates[index] % self._modulus
            total += term
        return total % self._modulus

    def sign(self, poly: Poly) -> int:
        return self._root.sign(self._element(poly))

    def _divided(self, quotient: Quotient) -> fmpq_poly:
        over, under = self._element(quotient.over), self._element(quotient.under)
        if under.is_zero():
            raise TooMuchError  # the case has it that it is not zero; its conditions are checked
        if under.degree() == 0:
            return over * (1 / under[0])
        shared, inverse, _ = under.xgcd(self._modulus)
        return over * inverse * (1 / shared[0]) % self._modulus

    def settle(self, variable: int, quotient: Quotient) -> None:
        self._coordinates[variable] = self._divided(quotient)

    def value(self, variable: int) -> Value:
        return algebraic_value(self._coordinates[variable], self._root)

    def rational(self, variable: int) -> Fraction | None:
        element = self._coordinates[variable]
        if element.degree() > 0:
            return None
        return fraction(element[0]) if element.degree() == 0 else Fraction(0)

    def is_whole(self, quotient: Quotient) -> bool:
        element = self._divided(quotient)
        if element.degree() > 0:
            return False
        return bool(element.is_zero() or element[0].q == 1)


@dataclass(slots=True)
class ConstantPlace:
    """Where every variable is a quotient of polynomials in ``constants``."""

    ring: Ring
    constants: Constants
    coordinates: dict[int, Quotient]

    def sign(self, poly: Poly) -> int:
        value = self._quotient(poly)
        return self.constants.sign(value.over) * self.constants.sign(value.under)

    def _quotient(self, poly: Poly) -> Quotient:
        over, under = poly, self.ring.one
        total = Quotient(over * 0, under)
        for exponents, coefficient in poly.to_dict().items():
            top, bottom = self.ring.context.constant(coefficient), self.ring.one
            for index, power in enumerate(exponents):
                if power:
                    top *= self.coordinates[index].over ** int(power)
                    bottom *= self.coordinates[index].under ** int(power)
            total = _lowest(total.over * bottom + top * total.under, total.under * bottom)
        return total

    def _divided(self, quotient: Quotient) -> Quotient:
        over, under = self._quotient(quotient.over), self._quotient(quotient.under)
        if under.over.is_zero():
            raise TooMuchError
        return _lowest(over.over * under.under, over.under * under.over)

    def settle(self, variable: int, quotient: Quotient) -> None:
        self.coordinates[variable] = self._divided(quotient)

    def value(self, variable: int) -> Value:
        quotient = self.coordinates[variable]
        key = str(quotient.over), str(quotient.under)
        top, bottom = (self.constants.ball(p, 256) for p in (quotient.over, quotient.under))
        with working_precision(256):
            ball = top / bottom
        if not ball.is_finite():
            raise TooMuchError
        if not self.constants.transcendental:
            return Value(key, decimal(ball), ball, proper=False)
        over, under = (each.replace("^", "**").replace("_pi_", "pi") for each in key)
        text = over if quotient.under.is_one() else f"({over})/({under})"
        return Value(key, text if len(text) <= _MAX_TEXT else decimal(ball), ball)

    def rational(self, variable: int) -> Fraction | None:
        quotient = self.coordinates[variable]
        if quotient.over.is_zero():
            return Fraction(0)
        if not quotient.over.is_constant() or not quotient.under.is_constant():
            return None
        return fraction(quotient.over.leading_coefficient() / quotient.under.leading_coefficient())

    def is_whole(self, quotient: Quotient) -> bool:
        value = self._divided(quotient)
        if value.over.is_zero():
            return True
        if not value.over.is_constant() or not value.under.is_constant():
            if not self.constants.transcendental:
                raise TooMuchError
            return False
        ratio: fmpq = value.over.leading_coefficient() / value.under.leading_coefficient()
        return bool(ratio.q == 1)


def _lowest(over: Poly, under: Poly) -> Quotient:
    if over.is_zero():
        return Quotient(over, over + 1)
    shared = over.gcd(under)
    over, under = over // shared, under // shared
    scale = 1 / under.leading_coefficient()
    return Quotient(over * scale, under * scale)


def conditions_hold(case: Case, place: Place) -> bool:
    """Whether the inequalities and whole numbers that ``case`` asks for are there at ``place``."""
    return (
        all(place.sign(each) == 0 for each in case.zero)
        and all(place.sign(each) > 0 for each in case.positive)
        and all(place.sign(each) >= 0 for each in case.nonnegative)
        and all(place.sign(each) != 0 for each in case.nonzero)
        and all(place.is_whole(each) for each in case.whole)
    )
