"""The zeros of a Groebner basis that has finitely many, as points over number fields.

The quotient of the ring by the ideal has a finite basis of monomials. If multiplication with a
variable has a reducible minimal polynomial there, its factors make cases; with all of them
irreducible the ideal is radical (Seidenberg), and a primitive element is looked for, whose powers
all variables are polynomials in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeAlias

from flint import fmpq, fmpq_mat, fmpq_poly

from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError
from assayoffice.verifiers.rewrites.premises.polynomials import Poly, Ring, variables

_MAX_DIMENSION: Final = 40
_COMBINATIONS: Final = (1, 2, 3, 5, -1, -2, 7)
Vector: TypeAlias = list[fmpq]


@dataclass(frozen=True, slots=True)
class Field:
    """Q[t]/modulus, and what the variables of the ring are in it."""

    modulus: fmpq_poly
    coordinates: dict[int, fmpq_poly]


class Algebra:
    """The quotient of ``ring`` by a Groebner basis. Raises TooMuchError where it is large."""

    def __init__(self, ring: Ring, basis: Sequence[Poly]) -> None:
        self._ring = ring
        self._basis = basis
        self.variables = sorted(frozenset().union(*(variables(each) for each in basis)))
        leading = [poly.monoms()[0] for poly in basis]
        limits = []
        for variable in self.variables:
            pure = [m[variable] for m in leading if sum(map(int, m)) == m[variable]]
            limits.append(range(int(min(pure))))
        if _size(limits) > 20_000:
            raise TooMuchError
        self._monomials: list[tuple[int, ...]] = []
        for powers in product(*limits):
            exponents = [0] * len(ring.names)
            for variable, power in zip(self.variables, powers, strict=True):
                exponents[variable] = power
            if not any(all(a >= b for a, b in zip(exponents, m, strict=True)) for m in leading):
                self._monomials.append(tuple(exponents))
        if len(self._monomials) > _MAX_DIMENSION:
            raise TooMuchError

    def split(self) -> list[Poly] | Field:
        """Polynomials one of which vanishes at each zero; or, if there are none, the field."""
        for variable in self.variables:
            generator = self._ring.generators[variable]
            factors = self._factors(generator)
            if factors is not None:
                return factors
        for numbers in self._combinations():
            element = self._ring.one * 0
            for n, v in zip(numbers, self.variables, strict=True):
                element = element + n * self._ring.generators[v]
            minimal, powers = self._minimal(element)
            found = minimal.factor()[1]
            if len(found) > 1:
                return [_applied(each, element) for each, _ in found]
            if minimal.degree() == len(self._monomials):
                return self._field(minimal, powers)
        raise TooMuchError

    def _combinations(self) -> list[list[int]]:
        count = len(self.variables)
        single = [[int(i == j) for j in range(count)] for i in range(count)]
        return single + [[each**i for i in range(count)] for each in _COMBINATIONS]

    def _factors(self, element: Poly) -> list[Poly] | None:
        minimal, _ = self._minimal(element)
        found = minimal.factor()[1]
        if len(found) == 1 and found[0][1] == 1:
            return None
        return [_applied(each, element) for each, _ in found]

    def _reduced(self, poly: Poly) -> Poly:
        while True:
            before = poly
            for each in self._basis:
                poly = divmod(poly, each)[1]
            if poly == before:
                return poly

    def _vector(self, reduced: Poly) -> Vector:
        terms = {tuple(map(int, key)): value for key, value in reduced.to_dict().items()}
        return [terms.get(monomial, fmpq(0)) for monomial in self._monomials]

    def _minimal(self, element: Poly) -> tuple[fmpq_poly, list[Vector]]:
        """The minimal polynomial of multiplication with ``element``, and its powers before that."""
        powers: list[Vector] = []
        power = self._ring.one
        while True:
            vector = self._vector(power)
            if powers:
                relation = _combination(powers, vector)
                if relation is not None:
                    return fmpq_poly([-each for each in relation] + [1]), powers
            powers.append(vector)
            power = self._reduced(power * element)

    def _field(self, modulus: fmpq_poly, powers: list[Vector]) -> Field:
        matrix = fmpq_mat([list(row) for row in zip(*powers, strict=True)])
        coordinates = {}
        for variable in self.variables:
            vector = self._vector(self._reduced(self._ring.generators[variable]))
            solved = matrix.solve(fmpq_mat([[each] for each in vector]))
            coordinates[variable] = fmpq_poly([row[0] for row in solved.tolist()])
        return Field(modulus, coordinates)


def _combination(vectors: list[Vector], target: Vector) -> Vector | None:
    """The coefficients with which independent ``vectors`` add up to ``target``, if they can."""
    rows = [[*row, value] for row, value in zip(zip(*vectors, strict=True), target, strict=True)]
    reduced, rank = fmpq_mat(rows).rref()
    table = reduced.tolist()
    count = len(vectors)
    if rank > count:
        return None
    if any(table[i][count] != 0 and all(x == 0 for x in table[i][:count]) for i in range(rank)):
        return None
    return [table[i][count] for i in range(count)]


def _applied(polynomial: fmpq_poly, element: Poly) -> Poly:
    total = element * 0
    for coefficient in reversed(polynomial.coeffs()):
        total = total * element + coefficient
    return total


def _size(limits: list[range]) -> int:
    size = 1
    for each in limits:
        size *= len(each)
    return size
