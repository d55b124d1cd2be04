"""Which polynomials have a known sign because their variables have one."""

from collections.abc import Iterable
from dataclasses import dataclass

from assayoffice.verifiers.rewrites.premises.polynomials import Case, Poly, variables


@dataclass(frozen=True, slots=True)
class Known:
    """Indices of variables that are positive, that are not negative, and that cannot be zero.

    ``nonzero`` are further polynomials that cannot be zero, up to a factor.
    """

    positive: frozenset[int]
    nonnegative: frozenset[int]
    nonzero: tuple[Poly, ...]

    def sign(self, poly: Poly) -> int | None:
        """1 or -1 where ``poly`` is certainly positive or negative, 0 if zero, None: not known."""
        terms = poly.to_dict()
        if not terms:
            return 0
        sign, strict = 0, False
        for exponents, coefficient in terms.items():
            own = 1 if coefficient > 0 else -1
            if sign not in (0, own):
                return None
            sign = own
            positive = True
            for index, power in enumerate(exponents):
                if power == 0 or index in self.positive:
                    continue
                positive = False
                if power % 2 and index not in self.nonnegative:
                    return None
            strict = strict or positive
        return sign if strict else None

    def never_zero(self, poly: Poly) -> bool:
        """Whether ``poly``, which is a factor of another or small, certainly is not zero."""
        if self.sign(poly) in (1, -1):
            return True
        return any(poly == each or poly == -each for each in self.nonzero)


def known(case: Case, constants: Iterable[int]) -> Known:
    """What the conditions of ``case`` tell; ``constants`` are positive transcendental numbers."""
    positive, nonnegative = set(constants), set(constants)
    for poly in (*case.positive, *case.nonnegative):
        # v - c > 0 with c >= 0, and the like.
        found = variables(poly)
        if len(found) != 1:
            continue
        (index,) = found
        if poly.total_degree() != 1:
            continue
        terms = {exponents[index]: value for exponents, value in poly.to_dict().items()}
        slope, constant = terms[1], terms.get(0, 0)
        if slope < 0 or constant > 0:
            continue
        nonnegative.add(index)
        if any(poly is each for each in case.positive) or constant < 0:
            positive.add(index)
    nonzero: list[Poly] = []
    for poly in (*case.positive, *case.nonzero):
        if not poly.is_constant():
            nonzero.extend(factor for factor, _ in poly.factor()[1])
    return Known(frozenset(positive), frozenset(nonnegative), tuple(nonzero))
