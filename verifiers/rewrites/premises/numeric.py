"""Looks for solutions with many digits from many starts. That proves nothing, and says so.

Newton's method, damped, on the least squares of all equations (Gauss and Newton), from starts that
are the same each time.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Final

from flint import arb, arb_mat

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.rewrites.premises import balls
from assayoffice.verifiers.rewrites.premises.definitions import Reduced, factored, reduced
from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Every,
    Formula,
    Node,
    Number,
    Relation,
    Some,
    names,
    size,
    substituted,
    terms,
)
from assayoffice.verifiers.rewrites.premises.intervals import REALS
from assayoffice.verifiers.rewrites.premises.newton import Functions
from assayoffice.verifiers.rewrites.premises.outcomes import (
    Found,
    Method,
    Outcome,
    TooMuchError,
    Value,
)
from assayoffice.verifiers.rewrites.premises.polynomials import cases
from assayoffice.verifiers.rewrites.premises.propagation import Box, Propagation
from assayoffice.verifiers.rewrites.premises.search import simplest
from assayoffice.verifiers.rewrites.premises.systems import System, integers_of

_BITS: Final = 256
_STARTS: Final = 40
_ROUNDS: Final = 60
_SIZE: Final = 60
_MAX_UNKNOWNS: Final = 8
_MAX_CASES: Final = 8
#: Residuals below count as zero; for inequalities, what is nearer to equality is on neither side.
_ZERO: Final = arb(2) ** -100
_MARGIN: Final = arb(2) ** -30
#: Solutions that agree to so many digits count as one.
_RADIUS: Final = arb(10) ** -12
#: More uncertain values are not taken for simple fractions.
_WIDEST: Final = arb(10) ** -6
#: Steps taken from a zero to see how far it is, by how much they must get shorter (squared), and
#: how many of the last one it may be off.
_MORE_ROUNDS: Final = 9
_SHORTER: Final = arb(0.64)
_STEPS_OFF: Final = 32
_DAMPING: Final = arb(2) ** -140
#: From so many starts the value must have been found.
_AGREEING: Final = 3


def looked_for(system: System) -> Outcome:
    """What many starts find; here, complete means that none led to another value."""
    outcome = Outcome(complete=False, method=Method.NUMERICAL)
    try:
        ways = cases([factored(each) for each in system.conditions])
        if len(ways) > _MAX_CASES:
            return outcome
        for way in ways:
            _look(system, reduced(system.unknowns, tuple(way)), outcome)
    except TooMuchError:
        return outcome
    outcome.complete = len(outcome.found) == 1
    return outcome


def _look(system: System, case: Reduced, outcome: Outcome) -> None:
    """Raises TooMuchError where there is no telling."""
    equations = [
        Apply("+", (each.left, Apply("neg", (each.right,))))
        for each in case.formulas
        if isinstance(each, Relation) and each.kind == "=="
    ]
    unknowns = case.unknowns
    if integers_of(case.formulas) or len(unknowns) > _MAX_UNKNOWNS:
        raise TooMuchError
    box = Propagation(case.formulas, frozenset()).narrowed(dict.fromkeys(unknowns, REALS))
    if box is None:
        return
    spoken_of = frozenset().union(*map(names, equations))
    if not unknowns or len(equations) < len(unknowns) or not spoken_of >= set(unknowns):
        raise TooMuchError
    functions = Functions(equations, unknowns)
    source, hits = random.Random(0), 0
    work = sum(map(size, case.formulas))
    for _ in range(max(4, _STARTS * _SIZE // max(_SIZE, work))):
        start = [arb(each) for each in _start(box, unknowns, source)]
        with working_precision(_BITS):
            point = _descended(functions, start)
            if point is None:
                continue
            around = _error(functions, point)
            if around is None or not all(_holds(e, unknowns, point) for e in case.formulas):
                continue
            asked, texts = _place(system, case, around)
            text = _shown(asked)
        hits += 1
        outcome.add(Found(Value(text, text, asked, named=False, proper=False), texts))
        if len(outcome.found) > 1:
            return
    if 0 < hits < _AGREEING:
        raise TooMuchError


def _start(box: Box, own: Sequence[str], source: random.Random) -> list[float]:
    start = []
    for name in own:
        low, high = box[name]
        if math.isfinite(high - low):
            start.append(source.uniform(low, high))
        else:
            size = 10 ** source.uniform(-2, 3)
            if low > -math.inf:
                start.append(low + size)
            elif high < math.inf:
                start.append(high - size)
            else:
                start.append(source.choice((-1, 1)) * size)
    return start


def _descended(functions: Functions, point: list[arb]) -> list[arb] | None:
    """Where Gauss and Newton's steps from ``point`` end with residuals of zero, if they do."""
    values = _middles(functions.values(point))
    if values is None:
        return None
    for _ in range(_ROUNDS):
        size = _size(values)
        if size < _ZERO * _ZERO:
            return point
        slopes = [_middles(row) for row in functions.slopes(point)]
        if any(row is None for row in slopes):
            return None
        step = _step([row for row in slopes if row is not None], values, _DAMPING)
        if step is None:
            return None
        share = arb(1)
        for _ in range(12):
            tried = [(p + share * s).mid() for p, s in zip(point, step, strict=True)]
            found = _middles(functions.values(tried))
            if found is not None and _size(found) < size:
                point, values = tried, found
                break
            share = share / 4
        else:
            return None
    return None


def _error(functions: Functions, point: list[arb]) -> list[arb] | None:
    """``point`` with radii that hold the zero next to it; None where there is none.

    Steps towards a zero become shorter, if only by 1 - 1/m where it is m-fold; steps towards
    infinity, where a function like exp(-x) vanishes without a zero, do not.
    """
    lengths = []
    for _ in range(_MORE_ROUNDS):
        values = _middles(functions.values(point))
        slopes = [_middles(row) for row in functions.slopes(point)]
        if values is None or any(row is None for row in slopes):
            return None
        step = _step([row for row in slopes if row is not None], values, arb(0))
        if step is None:
            break  # as near as digits go, or nothing fixes some unknown
        lengths.append(_size(step))
        tried = [(p + s).mid() for p, s in zip(point, step, strict=True)]
        if lengths[-1] < _ZERO * _ZERO or _middles(functions.values(tried)) is None:
            break
        point = tried
    length = lengths[-1].sqrt().mid() if lengths else arb(0)
    if length > _ZERO and lengths[-1] > _SHORTER * lengths[0]:
        return None
    return [arb(p, (_STEPS_OFF * length + _RADIUS * (1 + abs(p))).mid()) for p in point]


def _step(slopes: list[list[arb]], values: list[arb], damping: arb) -> list[arb] | None:
    matrix = arb_mat(slopes)
    right = arb_mat([[-each] for each in values])
    turned = matrix.transpose()
    square = turned * matrix
    count = len(slopes[0])
    # A little of the unit matrix, so that unknowns which nothing fixes stay where they start.
    largest = sum((square[i, i].mid() for i in range(count)), arb(0))
    for i in range(count):
        square[i, i] = square[i, i] + damping * (largest + _MARGIN)
    try:
        solved = square.solve(turned * right)
    except ZeroDivisionError:
        return None
    found = [row[0].mid() for row in solved.tolist()]
    return found if all(each.is_finite() for each in found) else None


def _middles(values: Sequence[arb]) -> list[arb] | None:
    return [each.mid() for each in values] if all(each.is_finite() for each in values) else None


def _size(values: Sequence[arb]) -> arb:
    total = arb(0)
    for each in values:
        total = total + each * each
    return total.mid()


def _holds(formula: Formula, own: Sequence[str], point: Sequence[arb]) -> bool:
    """Whether ``formula`` holds as far as digits tell. Raises TooMuchError near an edge."""
    named = dict(zip(own, point, strict=True))
    match formula:
        case Relation(kind=kind, left=left, right=right):
            difference = balls.ball(left, named) - balls.ball(right, named)
            if not difference.is_finite():
                return False
            if kind == "==":
                return bool(abs(difference).mid() < _ZERO)
            if abs(difference).mid() < _MARGIN:
                if kind in ("<=", ">="):
                    return True
                raise TooMuchError
            return balls.holds(formula, named) is True
        case Every(parts=parts):
            return all(_holds(part, own, point) for part in parts)
        case Some(parts=parts):
            return any(_holds(part, own, point) for part in parts)
    raise TooMuchError


def _place(
    system: System, case: Reduced, around: Sequence[arb]
) -> tuple[arb, tuple[tuple[str, str], ...]]:
    """What is asked, with a radius, and the unknowns. Raises TooMuchError near a pole."""
    wide = dict(zip(case.unknowns, around, strict=True))
    asked = substituted(system.asked, case.meanings)
    stated = [term for each in case.formulas for term in terms(each)]
    if any(_near_pole(each, wide) for each in (asked, *stated, *case.meanings.values())):
        raise TooMuchError
    named = {name: arb(each.mid()) for name, each in wide.items()}
    value, spread = balls.ball(asked, named), balls.ball(asked, wide)
    if not value.is_finite():
        raise TooMuchError
    for name, meaning in case.meanings.items():
        named[name] = balls.ball(meaning, named)
        wide[name] = balls.ball(meaning, wide)
    texts = tuple((name, _shown(_blurred(named[name], wide[name]))) for name in system.unknowns)
    return _blurred(value, spread), texts


def _blurred(value: arb, spread: arb) -> arb:
    """``value``, as uncertain as ``spread`` is."""
    # Where a root or the like ends, the value next to it may be undefined.
    radius = spread.rad() if spread.is_finite() else _RADIUS.sqrt()
    return arb(value.mid(), (radius + _RADIUS * (1 + abs(value.mid()))).mid())


def _near_pole(node: Node, point: Mapping[str, arb]) -> bool:
    """Whether the term may divide by zero, or the like, near ``point``."""
    if not isinstance(node, Apply):
        return False
    if any(_near_pole(each, point) for each in node.arguments):
        return True
    critical: tuple[Node, ...]
    match node.operation, node.arguments:
        case ("/", (_, divisor)):
            critical = (divisor,)
        case ("log", logarithms):
            critical = (*logarithms, *(Apply("log", (each,)) for each in logarithms[1:]))
        case ("tan", (angle,)):
            critical = (Apply("cos", (angle,)),)
        case ("**", (base, exponent)) if not (isinstance(exponent, Number) and exponent.value > 0):
            critical = (base,)
        case _:
            return False
    values = [balls.ball(each, point) for each in critical]
    return any(not each.is_finite() or each.contains(0) for each in values)


def _shown(ball: arb) -> str:
    """A fraction that is as near as digits tell, or 15 digits."""
    guess = simplest(ball) if ball.rad() < _WIDEST else None
    return ball.mid().str(15, radius=False) if guess is None else str(guess)
