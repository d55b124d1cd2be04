"""Equations and inequalities: the same statement, up to a constant factor."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.exact import Exact
from assayoffice.verifiers.numeric.expression import (
    Add,
    Call,
    Negate,
    Node,
    Number,
    Relation,
    Symbol,
    symbols,
)
from assayoffice.verifiers.numeric.finding import Finding, Method, different, equal, undecided
from assayoffice.verifiers.numeric.rewriting import rewritten
from assayoffice.verifiers.numeric.values import Values, number

#: What a comparison becomes when its sides change places.
FLIPPED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ZERO: Final = Number(Fraction(0))
_EQUATIONS: Final = frozenset(("=", "~"))
_COMPARISONS: Final = _EQUATIONS | FLIPPED.keys() | {"!="}


def compare_relations(reference: Relation, answer: Relation, values: Values) -> Finding:
    """Whether two single comparisons state the same of their variables.

    A statement that is always true (y = y) states nothing and is never the same as another.
    Undecided for what is no comparison of values.
    """
    wanted, given = reference.operators[0], answer.operators[0]
    moduli = [_modulus(each) for each in (reference, answer)]
    if None not in moduli:
        return _compare_congruences(reference, answer, values)
    if wanted not in _COMPARISONS or given not in _COMPARISONS:
        return undecided(Method.STRUCTURE)
    if symbols(reference) != symbols(answer):
        return different(Method.STRUCTURE)
    if wanted in _EQUATIONS and given in _EQUATIONS or wanted == given == "!=":
        return values.proportional(_difference(reference), _difference(answer))
    if wanted in FLIPPED and given in FLIPPED:
        if ("=" in wanted) != ("=" in given):
            return different(Method.STRUCTURE, "END_POINT")
        return values.proportional(_surplus(reference), _surplus(answer), positively=True)
    return different(Method.STRUCTURE)


def _modulus(relation: Relation) -> Node | None:
    """What the sides of a congruence are taken by; None for any other statement."""
    match relation.terms[-1]:
        case Call(name="mod", arguments=(_, modulus)) if relation.operators[0] in ("equiv", "="):
            return modulus
    return None


def _compare_congruences(reference: Relation, answer: Relation, values: Values) -> Finding:
    """Equal moduli, and differences of the sides that differ by a multiple of the modulus."""
    differences, moduli = [], []
    for relation in (reference, answer):
        left, right = relation.terms
        assert isinstance(right, Call)
        residue, modulus = right.arguments
        differences.append(Add((left, Negate(residue))))
        moduli.append(modulus)
    same_modulus = values.same(*moduli)
    if not same_modulus.equal:
        return same_modulus
    by, apart = values.exact(moduli[0]), _constant(differences, values)
    if by is None or apart is None or by == 0:
        return values.same(*differences)
    return equal(Method.EXACT) if (apart / by).q == 1 else different(Method.EXACT)


def _constant(differences: Sequence[Node], values: Values) -> Exact | None:
    """By how much one exceeds the other, if that is the same rational number everywhere."""
    one, other = (
        values.exact(rewritten(each, lambda part: _ZERO if isinstance(part, Symbol) else None))
        for each in differences
    )
    if one is None or other is None:
        return None
    constant = one - other
    shifted = Add((differences[1], number(constant)))
    return constant if values.same(differences[0], shifted).equal else None


def _difference(relation: Relation) -> Node:
    left, right = relation.terms
    return Add((left, Negate(right)))


def _surplus(relation: Relation) -> Node:
    """The greater side minus the other."""
    left, right = relation.terms
    return Add((right, Negate(left)) if "<" in relation.operators[0] else (left, Negate(right)))
