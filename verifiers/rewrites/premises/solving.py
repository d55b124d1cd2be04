"""Decides a system by the ways there are, the strongest first, until one settles it."""

import math
from collections.abc import Callable
from functools import partial
from typing import Final

from assayoffice.verifiers.rewrites.premises import algebra, integers, numeric, search
from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Every,
    Formula,
    Node,
    Number,
    Property,
    Some,
    terms,
)
from assayoffice.verifiers.rewrites.premises.intervals import REALS
from assayoffice.verifiers.rewrites.premises.outcomes import Method, Outcome, TooMuchError
from assayoffice.verifiers.rewrites.premises.propagation import Box, Propagation
from assayoffice.verifiers.rewrites.premises.systems import System

#: So many whole points are tried before algebra; up to so many after it, for all answers.
_FEW: Final = 3_000
_MANY: Final = 1_000_000
#: Of whole numbers: what enumeration sees through and algebra does not.
_DISCRETE = frozenset(("floor", "ceil", "mod", "gcd", "lcm", "factorial", "binomial"))
#: Algebra fails here, or with powers of unknowns.
_TRANSCENDENTAL: Final = frozenset(
    ("sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "**")
)
#: With more unknowns, polynomials are not searched.
_SEARCHED: Final = 3


def solved(system: System) -> Outcome:
    """The solutions of ``system`` and how sure they are all of them."""
    propagation = Propagation(system.conditions, system.integers)
    box = propagation.narrowed(dict.fromkeys(system.unknowns, REALS))
    if box is None:
        # Nothing that can hold is ever cut away.
        return Outcome(method=Method.RIGOROUS)
    whole = bool(system.unknowns) and set(system.unknowns) <= system.integers
    ways: list[Callable[[], Outcome]] = [partial(algebra.decided, system, box)]
    if whole:
        ways.append(partial(integers.enumerated, system, box))
        if _count(box) <= _FEW or any(map(_is_discrete, system.conditions)):
            ways.reverse()
    elif len(system.unknowns) <= _SEARCHED or any(map(_is_transcendental, system.conditions)):
        ways += [partial(search.searched, system), partial(numeric.looked_for, system)]
    outcome = Outcome(complete=False)
    for way in ways:
        try:
            outcome = _better(outcome, way())
        except (TooMuchError, ArithmeticError, RecursionError):
            continue  # numbers beyond all bounds, in one way or another: this way does not decide
        if outcome.complete or (outcome.several and not (whole and _count(box) <= _MANY)):
            break
    return outcome


def _count(box: Box) -> float:
    """How many points with whole coordinates are in ``box``."""
    return math.prod(high - low + 1 for low, high in box.values())


def _better(first: Outcome, second: Outcome) -> Outcome:
    if second.complete and second.method is not Method.NUMERICAL:
        return second
    merged = Outcome(dict(first.found), False, first.endless or second.endless, first.method)
    merged.blurred = first.blurred or second.blurred
    for each in second.found.values():
        merged.add(each)
    if second.complete or len(merged.found) > len(first.found):
        merged.method = second.method
    # A search that came upon one value proves nothing against another that is known.
    merged.complete = second.complete and len(merged.found) <= 1
    return merged


def _is_transcendental(formula: Formula) -> bool:
    if isinstance(formula, Every | Some):
        return any(map(_is_transcendental, formula.parts))
    return any(map(_has_transcendental, terms(formula)))


def _has_transcendental(node: Node) -> bool:
    match node:
        case Apply(operation="**", arguments=(base, Number())):
            return _has_transcendental(base)
        case Apply(operation=operation, arguments=arguments):
            return operation in _TRANSCENDENTAL or any(map(_has_transcendental, arguments))
    return False


def _is_discrete(formula: Formula) -> bool:
    match formula:
        case Property(name=name) if name != "integer":
            return True
        case Every(parts=parts) | Some(parts=parts):
            return any(map(_is_discrete, parts))
    return any(_has(each, _DISCRETE) for each in terms(formula))


def _has(node: Node, operations: frozenset[str]) -> bool:
    if not isinstance(node, Apply):
        return False
    return node.operation in operations or any(_has(each, operations) for each in node.arguments)


def possible(system: System) -> bool | None:
    """Whether the conditions can all hold; None where neither was proved."""
    outcome = solved(system)
    if outcome.found:
        return None if outcome.method is Method.NUMERICAL or outcome.blurred else True
    return False if outcome.complete else None


def refuted(system: System) -> bool:
    """Whether narrowing or algebra proves that the conditions cannot all hold."""
    propagation = Propagation(system.conditions, system.integers)
    box = propagation.narrowed(dict.fromkeys(system.unknowns, REALS))
    if box is None:
        return True
    try:
        outcome = algebra.decided(system, box, refuting=True)
    except (TooMuchError, ArithmeticError, RecursionError):
        return False
    return outcome.complete and not outcome.found
