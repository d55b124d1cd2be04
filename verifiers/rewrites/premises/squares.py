"""Sums of what is never negative: they are zero only where every summand is."""

from collections.abc import Sequence

from flint import fmpq

from assayoffice.verifiers.rewrites.premises.polynomials import Poly, coefficients
from assayoffice.verifiers.rewrites.premises.signs import Known


def summands(poly: Poly, signs: Known) -> Sequence[Poly] | None:
    """What is zero where ``poly`` is; None if it is no sum of at least two such.

    ``poly`` or its opposite is then nowhere negative.
    """
    return _terms(poly, signs) or _squares(poly)


def nowhere_positive(poly: Poly, signs: Known) -> bool:
    """Whether ``poly`` is the opposite of a sum that ``summands`` finds."""
    found = summands(poly, signs)
    if found is None:
        return False
    # All summands have one sign, that of any coefficient of a square.
    return any(
        value < 0
        for exponents, value in poly.to_dict().items()
        if all(
            power % 2 == 0 or index in signs.nonnegative for index, power in enumerate(exponents)
        )
    )


def _terms(poly: Poly, signs: Known) -> list[Poly] | None:
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
    return [poly.context().from_dict({exponents: 1}) for exponents in terms]


def _squares(poly: Poly) -> list[Poly] | None:
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
    if rest.is_zero():
        return forms if len(forms) > 1 else None
    # With a constant of the same sign it is never zero; then that constant is a summand.
    return [*forms, rest] if _same_sign(rest, signs) else None


def _same_sign(rest: Poly, signs: set[bool]) -> bool:
    """Whether a constant ``rest`` is not zero and has the sign of all squares."""
    if not rest.is_constant() or rest.is_zero():
        return False
    return signs == {bool(rest.leading_coefficient() > 0)}
