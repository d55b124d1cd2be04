"""Sums of what is never negative: they are zero only where every summand is."""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq

from assayoffice.verifiers.rewrites.premises.polynomials import Poly, coefficients
from assayoffice.verifiers.rewrites.premises.signs import Known


@dataclass(frozen=True, slots=True)
class Summands:
    """``parts`` all are zero where the sum is; it is nowhere negative, or nowhere positive."""

    parts: Sequence[Poly]
    nowhere_positive: bool


def summands(poly: Poly, signs: Known) -> Summands | None:
    """What ``poly`` adds up; None if it is no sum of at least two such."""
    return _terms(poly, signs) or _squares(poly)


def _terms(poly: Poly, signs: Known) -> Summands | None:
    terms = poly.to_dict()
    if len(terms) < 2:
        return None
    positive = next(iter(terms.values())) > 0
    for exponents, value in terms.items():
        if (value > 0) is not positive:
            return None
        if any(
            power % 2 and index not in signs.nonnegative for index, power in enumerate(exponents)
        ):
            return None
    parts = [poly.context().from_dict({exponents: 1}) for exponents in terms]
    return Summands(parts, nowhere_positive=not positive)


def _squares(poly: Poly) -> Summands | None:
    """The linear forms whose squares a quadratic ``poly`` adds up, by completing squares."""
    if poly.total_degree() != 2:
        return None
    forms: list[Poly] = []
    signs: set[bool] = set()
    rest = poly
    for variable in range(len(poly.degrees())):
        parts = coefficients(rest, variable)
        if 2 not in parts:
            if 1 in parts:
                return None
            continue
        square: fmpq = parts[2].leading_coefficient()
        half = parts.get(1, poly * 0) * (1 / (2 * square))
        generator = poly.context().gens()[variable]
        forms.append(generator + half)
        signs.add(square > 0)
        rest = rest - (generator + half) ** 2 * square
        if len(signs) > 1:
            return None
    if not rest.is_zero():
        # With a constant of the same sign it is never zero; then that constant is a summand.
        if not _same_sign(rest, signs):
            return None
        forms.append(rest)
    return Summands(forms, nowhere_positive=signs == {False}) if len(forms) > 1 else None


def _same_sign(rest: Poly, signs: set[bool]) -> bool:
    """Whether a constant ``rest`` is not zero and has the sign of all squares."""
    if not rest.is_constant() or rest.is_zero():
        return False
    return signs == {bool(rest.leading_coefficient() > 0)}
