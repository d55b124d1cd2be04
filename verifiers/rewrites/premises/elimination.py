"""Takes cases apart until nothing more can be substituted, factored or reduced.

Each step keeps the solutions: a factor that cannot vanish is dropped; where several can, each makes
a case; a variable is replaced by a quotient only where its divisor cannot be zero; a Groebner basis
has the same zeros. What is left of a case is handed to ``points.py`` or ``regions.py``.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import lcm
from typing import Any, Final

from flint import fmpz_mpoly_ctx, fmpz_mpoly_vec

from assayoffice.verifiers.rewrites.premises.constants import Constants
from assayoffice.verifiers.rewrites.premises.outcomes import Budget
from assayoffice.verifiers.rewrites.premises.polynomials import (
    Case,
    Poly,
    Quotient,
    Ring,
    checked,
    coefficients,
    eliminated,
    variables,
    with_zero,
)
from assayoffice.verifiers.rewrites.premises.signs import Known, known
from assayoffice.verifiers.rewrites.premises.squares import summands

#: Groebner bases are given up when they have more polynomials, terms or bits than this.
_BASIS_LIMITS: Final = (80, 150, 1_500)
_MAX_DIVIDED: Final = 24


class Elimination:
    """``letters`` are the variables for ``constants``; ``last`` is the one kept longest."""

    def __init__(self, ring: Ring, constants: Constants, last: int, budget: Budget) -> None:
        self.ring = ring
        self._constants = constants
        self.letters = frozenset(ring.index[name] for name in constants.names)
        self.last = last
        self.budget = budget

    def finished(self, case: Case, *, divided: int = 0) -> Iterator[tuple[Case, bool]]:
        """The cases that ``case`` comes apart into, each as far as it goes.

        With each comes whether its equations are a Groebner basis with finitely many zeros.
        Raises TooMuchError.
        """
        based = False
        while True:
            self.budget.spend()
            signs = known(case, self.letters)
            tidied = _tidied(case, signs)
            if tidied is None:
                return
            case = tidied
            summed = _summed(case, signs)
            if summed is not None:
                case = summed
                continue
            ways = self._factored(case, signs)
            if ways is not None:
                for way in ways:
                    yield from self.finished(way, divided=divided)
                return
            simpler = self._substituted(case, signs)
            if simpler is not None:
                case, based = simpler, False
                continue
            if not case.zero:
                yield case, True
                return
            if not based:
                basis = self._basis(case)
                if basis is not None:
                    case, based = replace(case, zero=basis), True
                    continue
            finite = based and _is_finite(case, self.letters)
            split = None if finite or divided >= _MAX_DIVIDED else self._divided(case)
            if split is None:
                yield case, finite
                return
            coefficient, variable, rest = split
            yield from self.finished(with_zero(case, coefficient), divided=divided + 1)
            case = replace(case, nonzero=(*case.nonzero, coefficient))
            case = eliminated(case, variable, Quotient(-rest, coefficient))
            based, divided = False, divided + 1

    def _factored(self, case: Case, signs: Known) -> list[Case] | None:
        """A case for each factor of the first reducible polynomial; None if there is none."""
        zero = list(case.zero)
        for position, poly in enumerate(zero):
            if poly.total_degree() == 1 and not variables(poly) <= self.letters:
                continue
            factors = [factor for factor, _ in poly.factor()[1]]
            able = [
                each
                for each in factors
                if not self._is_nonzero_constant(each) and not signs.never_zero(each)
            ]
            if not able:
                return []
            if len(able) > 1:
                rest = (*zero[:position], *zero[position + 1 :])
                return [replace(case, zero=(factor, *rest)) for factor in able]
            if able[0] != poly:
                return [replace(case, zero=(*zero[:position], able[0], *zero[position + 1 :]))]
        return None

    def _is_nonzero_constant(self, poly: Poly) -> bool:
        return variables(poly) <= self.letters and self._constants.sign(poly) != 0

    def _substituted(self, case: Case, signs: Known) -> Case | None:
        best: tuple[tuple[int, ...], int, Poly, Poly] | None = None
        for poly in case.zero:
            degrees = poly.degrees()
            for variable, degree in enumerate(degrees):
                if degree != 1 or variable in self.letters:
                    continue
                if variable == self.last and len(variables(poly) - self.letters) > 1:
                    continue
                parts = coefficients(poly, variable)
                divisor = parts[1]
                if not divisor.is_constant() and not (
                    self._is_nonzero_constant(divisor) or signs.never_zero(divisor)
                ):
                    continue
                rank = (not divisor.is_constant(), len(divisor), len(poly), variable == self.last)
                if best is None or rank < best[0]:
                    best = rank, variable, divisor, parts.get(0, poly * 0)
        if best is None:
            return None
        _, variable, divisor, rest = best
        if divisor.is_constant():
            by = Quotient(rest * (-1 / divisor.leading_coefficient()), self.ring.one)
        else:
            by = Quotient(-rest, divisor)
        return eliminated(case, variable, by)

    def _divided(self, case: Case) -> tuple[Poly, int, Poly] | None:
        """The simplest coefficient, variable and rest of an equation linear in that variable."""
        best: tuple[tuple[int, int], Poly, int, Poly] | None = None
        for poly in case.zero:
            for variable, degree in enumerate(poly.degrees()):
                if degree != 1 or variable in self.letters or variable == self.last:
                    continue
                parts = coefficients(poly, variable)
                rank = (len(parts[1]), len(poly))
                if best is None or rank < best[0]:
                    best = rank, parts[1], variable, parts.get(0, poly * 0)
        return None if best is None else best[1:]

    def _basis(self, case: Case) -> tuple[Poly, ...] | None:
        basis = groebner(self.ring, case.zero)
        self.budget.spend(10)
        return basis


def groebner(ring: Ring, polys: tuple[Poly, ...]) -> tuple[Poly, ...] | None:
    """A reduced basis in lexicographic order; None if it grows too large."""
    context = fmpz_mpoly_ctx.get(ring.names, "lex")
    integral = []
    for poly in polys:
        terms = poly.to_dict()
        scale = lcm(*(int(value.q) for value in terms.values()))
        integral.append(
            context.from_dict({each: int((value * scale).p) for each, value in terms.items()})
        )
    basis: Any
    basis, success = fmpz_mpoly_vec(integral, context).buchberger_naive(limits=_BASIS_LIMITS)
    if not success:
        return None
    reduced = basis.autoreduction()
    return tuple(
        ring.context.from_dict({key: int(value) for key, value in each.to_dict().items()})
        for each in reduced
        if not each.is_zero()
    )


def _is_finite(case: Case, constants: frozenset[int]) -> bool:
    """Whether the basis ``case.zero`` has a pure power of each of its variables in front."""
    found = frozenset().union(*(variables(each) for each in case.zero))
    pure = set()
    for poly in case.zero:
        leading = poly.monoms()[0]
        powers = [index for index, power in enumerate(leading) if power]
        if len(powers) == 1:
            pure.add(powers[0])
    return found <= pure and not found & constants


def _summed(case: Case, signs: Known) -> Case | None:
    """``case`` with a sum of what is never negative replaced by its summands, if it has one."""
    for kind in (case.positive, case.nonnegative):
        for poly in kind:
            found = summands(poly, signs)
            if found is not None and found.nowhere_positive:
                kept = tuple(each for each in case.nonnegative if each is not poly)
                zero = (*case.zero, *found.parts)
                if kind is case.positive:
                    zero = (*zero, poly * 0 + 1)
                return replace(case, nonnegative=kept, zero=zero)
    for position, poly in enumerate(case.zero):
        found = summands(poly, signs)
        if found is not None:
            rest = (*case.zero[:position], *case.zero[position + 1 :])
            return replace(case, zero=(*found.parts, *rest))
    return None


def _tidied(case: Case, signs: Known) -> Case | None:
    """``case`` without what is settled; None if it cannot hold."""
    zero: list[Poly] = []
    for poly in case.zero:
        if poly.is_zero():
            continue
        if signs.sign(poly) in (1, -1):
            return None
        if poly not in zero:
            zero.append(poly)
    positive: list[Poly] = []
    for poly in case.positive:
        if signs.sign(poly) in (0, -1):
            return None
        if not poly.is_constant() and poly not in positive:
            positive.append(poly)
    nonnegative: list[Poly] = []
    for poly in case.nonnegative:
        if signs.sign(poly) == -1:
            return None
        if -poly in nonnegative:
            nonnegative.remove(-poly)
            zero.append(poly)
        elif not poly.is_constant() and poly not in nonnegative and poly not in positive:
            nonnegative.append(poly)
    nonzero: list[Poly] = []
    for poly in case.nonzero:
        if poly.is_zero():
            return None
        if not poly.is_constant() and poly not in nonzero:
            nonzero.append(poly)
    for poly in positive:
        if -poly in positive or -poly in nonnegative:
            return None
    return replace(
        case,
        zero=tuple(checked(each) for each in zero),
        positive=tuple(positive),
        nonnegative=tuple(nonnegative),
        nonzero=tuple(nonzero),
    )
