"""Conditions on polynomials with rational coefficients, and what follows from them term by term."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from flint import fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Every,
    Formula,
    Name,
    Node,
    Number,
    Property,
    Relation,
    Some,
)
from assayoffice.verifiers.rewrites.premises.fields import rational
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError

Poly: TypeAlias = fmpq_mpoly
_MAX_TERMS: Final = 600
_MAX_DEGREE: Final = 60
_MAX_BITS: Final = 3_000
_MAX_CASES: Final = 128


@dataclass(frozen=True, slots=True)
class Quotient:
    """``over / under``."""

    over: Poly
    under: Poly


@dataclass(frozen=True, slots=True)
class Step:
    """The variable of this index was eliminated: it is the quotient, of later variables."""

    variable: int
    quotient: Quotient


@dataclass(frozen=True, slots=True)
class Case:
    """Polynomials that are zero, positive, not negative, not zero; quotients that are whole.

    ``steps`` were taken to get here; ``open`` are conditions that no polynomial states.
    """

    zero: tuple[Poly, ...] = ()
    positive: tuple[Poly, ...] = ()
    nonnegative: tuple[Poly, ...] = ()
    nonzero: tuple[Poly, ...] = ()
    whole: tuple[Quotient, ...] = ()
    steps: tuple[Step, ...] = ()
    open: tuple[Formula, ...] = field(default=())


def checked(poly: Poly) -> Poly:
    """``poly``, unless it is too large: then raises TooMuchError."""
    if len(poly) > _MAX_TERMS or (len(poly) and poly.total_degree() > _MAX_DEGREE):
        raise TooMuchError
    if any(each.height_bits() > _MAX_BITS for each in poly.coeffs()):
        raise TooMuchError
    return poly


class Ring:
    """Polynomials in ``names``; the later ones are eliminated last."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.context = fmpq_mpoly_ctx.get(self.names, "lex")
        self.generators: tuple[Poly, ...] = self.context.gens()
        self.index = {name: position for position, name in enumerate(self.names)}
        self.one: Poly = self.context.constant(1)

    def quotient(self, node: Node, nonzero: list[Poly]) -> Quotient:
        """``node``; the divisors in it go to ``nonzero``. Raises TooMuchError."""
        match node:
            case Number(value=value):
                return Quotient(self.context.constant(rational(value)), self.one)
            case Name(name=name):
                return Quotient(self.generators[self.index[name]], self.one)
            case Apply(operation="neg", arguments=(inside,)):
                part = self.quotient(inside, nonzero)
                return Quotient(-part.over, part.under)
            case Apply(operation="**", arguments=(base, Number(value=exponent))):
                part = self.quotient(base, nonzero)
                power = int(exponent)
                for each in (part.over, part.under):
                    if len(each) > 1 and len(each) ** min(power, 12) > 100_000:
                        raise TooMuchError
                    if len(each) and each.total_degree() * power > _MAX_DEGREE:
                        raise TooMuchError
                    if any(c.height_bits() * power > _MAX_BITS for c in each.coeffs()):
                        raise TooMuchError
                return Quotient(checked(part.over**power), checked(part.under**power))
            case Apply(operation="/", arguments=(over, under)):
                top, bottom = self.quotient(over, nonzero), self.quotient(under, nonzero)
                nonzero.append(bottom.over)
                return Quotient(checked(top.over * bottom.under), checked(top.under * bottom.over))
            case Apply(operation=operation, arguments=arguments):
                parts = [self.quotient(each, nonzero) for each in arguments]
                total = parts[0]
                for part in parts[1:]:
                    total = _sum(total, part) if operation == "+" else _product(total, part)
                return total
        raise TooMuchError

    def case(self, parts: Sequence[Formula]) -> Case:
        """Relations and properties as a case. Raises TooMuchError."""
        zero: list[Poly] = []
        positive: list[Poly] = []
        nonnegative: list[Poly] = []
        nonzero: list[Poly] = []
        whole: list[Quotient] = []
        rest: list[Formula] = []
        for part in parts:
            match part:
                case Relation(kind=kind, left=left, right=right):
                    difference = self.quotient(Apply("+", (left, Apply("neg", (right,)))), nonzero)
                    over, product = difference.over, difference.over * difference.under
                    if kind == "==":
                        zero.append(over)
                    elif kind == "!=":
                        nonzero.append(over)
                    elif kind in ("<", ">"):
                        positive.append(product if kind == ">" else -product)
                    else:
                        nonnegative.append(product if kind == ">=" else -product)
                case Property(name="integer", arguments=(inside,), holds=True):
                    whole.append(self.quotient(inside, nonzero))
                case _:
                    rest.append(part)
        return Case(
            tuple(zero),
            tuple(positive),
            tuple(nonnegative),
            tuple(nonzero),
            tuple(whole),
            open=tuple(rest),
        )


def _sum(left: Quotient, right: Quotient) -> Quotient:
    if left.under == right.under:
        return Quotient(checked(left.over + right.over), left.under)
    over = left.over * right.under + right.over * left.under
    return Quotient(checked(over), checked(left.under * right.under))


def _product(left: Quotient, right: Quotient) -> Quotient:
    return Quotient(checked(left.over * right.over), checked(left.under * right.under))


def cases(formulas: Sequence[Formula]) -> list[list[Formula]]:
    """The conjunctions that ``formulas`` together are the disjunction of. Raises TooMuchError."""
    found: list[list[Formula]] = [[]]
    for formula in formulas:
        ways = _ways(formula)
        if len(found) * len(ways) > _MAX_CASES:
            raise TooMuchError
        found = [[*each, *way] for each in found for way in ways]
    return found


def _ways(formula: Formula) -> list[list[Formula]]:
    match formula:
        case Every(parts=parts):
            return cases(parts)
        case Some(parts=parts):
            ways = [way for part in parts for way in _ways(part)]
            if len(ways) > _MAX_CASES:
                raise TooMuchError
            return ways
    return [[formula]]


def coefficients(poly: Poly, variable: int) -> dict[int, Poly]:
    """Power of the variable -> what it is multiplied by."""
    grouped: dict[int, dict[tuple[int, ...], fmpq]] = {}
    for exponents, value in poly.to_dict().items():
        rest = (*exponents[:variable], 0, *exponents[variable + 1 :])
        grouped.setdefault(exponents[variable], {})[rest] = value
    context = poly.context()
    return {power: context.from_dict(terms) for power, terms in grouped.items()}


def replaced(poly: Poly, variable: int, by: Quotient, *, even: bool = False) -> Poly:
    """``poly`` with the variable replaced, times the least (``even``) power of ``by.under``."""
    parts = coefficients(poly, variable)
    degree = max(parts, default=0)
    if degree == 0:
        return poly
    if by.under.is_one():
        return checked(sum((part * by.over**power for power, part in parts.items()), poly * 0))
    degree += degree % 2 if even else 0
    terms = (part * by.over**power * by.under ** (degree - power) for power, part in parts.items())
    return checked(sum(terms, poly * 0))


def eliminated(case: Case, variable: int, by: Quotient) -> Case:
    """``case`` with the variable replaced everywhere. ``by.under`` must not vanish in it."""
    return Case(
        tuple(replaced(each, variable, by) for each in case.zero),
        tuple(replaced(each, variable, by, even=True) for each in case.positive),
        tuple(replaced(each, variable, by, even=True) for each in case.nonnegative),
        tuple(replaced(each, variable, by) for each in case.nonzero),
        tuple(replaced_quotient(each, variable, by) for each in case.whole),
        (*case.steps, Step(variable, by)),
        case.open,
    )


def replaced_quotient(quotient: Quotient, variable: int, by: Quotient) -> Quotient:
    """``quotient`` with the variable replaced."""
    over, under = (coefficients(each, variable) for each in (quotient.over, quotient.under))
    degree = max(max(over, default=0), max(under, default=0))
    if degree == 0:
        return quotient

    def lifted(parts: dict[int, Poly]) -> Poly:
        terms = (p * by.over**power * by.under ** (degree - power) for power, p in parts.items())
        return checked(sum(terms, quotient.over * 0))

    top, bottom = lifted(over), lifted(under)
    if bottom.is_constant() and not bottom.is_zero():
        value = bottom.leading_coefficient()
        return Quotient(top * (1 / value), bottom * (1 / value))
    return Quotient(top, bottom)


def with_zero(case: Case, *polys: Poly) -> Case:
    """``case`` where ``polys`` are zero too."""
    return replace(case, zero=(*case.zero, *polys))


def variables(poly: Poly) -> frozenset[int]:
    """The indices of the variables in ``poly``."""
    return frozenset(index for index, degree in enumerate(poly.degrees()) if degree > 0)


def case_variables(case: Case) -> frozenset[int]:
    """The indices of the variables in the conditions of ``case``."""
    polys: Iterator[Poly] = iter((*case.zero, *case.positive, *case.nonnegative, *case.nonzero))
    wholes = (part for each in case.whole for part in (each.over, each.under))
    return frozenset().union(*map(variables, polys), *map(variables, wholes))


def dense(poly: Any, variable: int) -> list[fmpq]:
    """The coefficients of a ``poly`` in this variable alone, from the constant one."""
    found = {exponents[variable]: value for exponents, value in poly.to_dict().items()}
    return [found.get(power, fmpq(0)) for power in range(max(found, default=0) + 1)]
