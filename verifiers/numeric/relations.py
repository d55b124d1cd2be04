"""Equations and inequalities: the same statement, up to a constant factor."""

from typing import Final

from assayoffice.verifiers.numeric.expression import Add, Negate, Node, Relation, symbols
from assayoffice.verifiers.numeric.finding import Finding, Method, different, undecided
from assayoffice.verifiers.numeric.values import Values

#: What a comparison becomes when its sides change places.
FLIPPED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_EQUATIONS: Final = frozenset(("=", "~"))
_COMPARISONS: Final = _EQUATIONS | FLIPPED.keys() | {"!="}


def compare_relations(reference: Relation, answer: Relation, values: Values) -> Finding:
    """Whether two single comparisons state the same of their variables.

    A statement that is always true (y = y) states nothing and is never the same as another.
    Undecided for what is no comparison of values.
    """
    wanted, given = reference.operators[0], answer.operators[0]
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


def _difference(relation: Relation) -> Node:
    left, right = relation.terms
    return Add((left, Negate(right)))


def _surplus(relation: Relation) -> Node:
    """The greater side minus the other."""
    left, right = relation.terms
    return Add((right, Negate(left)) if "<" in relation.operators[0] else (left, Negate(right)))
