"""Searches boxes for solutions, with proofs: narrows, splits, and applies Newton's step with balls.

What is found is proved to exist, and to be all where no box stayed undecided.
"""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from flint import arb

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.rewrites.premises import balls, rationals
from assayoffice.verifiers.rewrites.premises.definitions import Reduced, factored, reduced
from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Formula,
    Node,
    Number,
    Relation,
    mapped,
    number,
    size,
    substituted,
    terms,
)
from assayoffice.verifiers.rewrites.premises.fields import near, rational, rational_value
from assayoffice.verifiers.rewrites.premises.intervals import REALS, Interval
from assayoffice.verifiers.rewrites.premises.monotony import Monotony
from assayoffice.verifiers.rewrites.premises.newton import Existence, Functions, Zero
from assayoffice.verifiers.rewrites.premises.outcomes import (
    Budget,
    Found,
    Method,
    Outcome,
    TooMuchError,
    Value,
)
from assayoffice.verifiers.rewrites.premises.polynomials import cases
from assayoffice.verifiers.rewrites.premises.propagation import Box, Propagation
from assayoffice.verifiers.rewrites.premises.regions import tried
from assayoffice.verifiers.rewrites.premises.systems import System, integers_of

_BITS: Final = 256
_STEPS: Final = 2_000
_SIZE: Final = 60
#: For boxes with fewer equations than unknowns, of which there may be one for each value tried.
_OPEN_STEPS: Final = 300
_OPEN_COST: Final = 30
_MAX_FOUND: Final = 24
_MAX_UNKNOWNS: Final = 5
#: Boxes within it are searched first, those beyond the other not at all.
_REACH: Final = 1e4
_FARTHEST: Final = 1e12
_SMALL: Final = 1e-10
_MAX_SMALL: Final = 40
_TRIES: Final = 40
_MAX_DENOMINATOR: Final = 1_000


def searched(system: System) -> Outcome:
    """What the search finds and proves."""
    outcome = Outcome(method=Method.RIGOROUS)
    # Steps are as long as the conditions are.
    budget = Budget(_STEPS * _SIZE // max(_SIZE, sum(map(size, system.conditions))))
    try:
        ways = cases([factored(each) for each in system.conditions])
    except TooMuchError:
        outcome.complete = False
        return outcome
    far = False
    for way in ways:
        try:
            search = _Search(system, reduced(system.unknowns, tuple(way)), outcome, budget)
            search.run()
            far = far or search.far
        except TooMuchError:
            outcome.complete = False
    if far and len(outcome.found) == 1 and outcome.complete:
        outcome.method = Method.NUMERICAL
    elif far:
        outcome.complete = False
    return outcome


class _Search:
    """``far``: something may be where no float reaches, or near there."""

    def __init__(
        self, system: System, case: Reduced, outcome: Outcome, budget: Budget, depth: int = 0
    ) -> None:
        self._system = system
        self._case = case
        self._outcome = outcome
        self._budget = budget
        self._depth = depth
        self._equations = [
            Apply("+", (each.left, Apply("neg", (each.right,))))
            for each in case.formulas
            if isinstance(each, Relation) and each.kind == "=="
        ]
        self._others = [
            each for each in case.formulas if not (isinstance(each, Relation) and each.kind == "==")
        ]
        self._zeros: list[Zero] = []
        self._monotony: Monotony | None = None
        self.far = False

    def run(self) -> None:
        """Raises TooMuchError when the budget is spent."""
        unknowns = self._case.unknowns
        if not unknowns:
            self._at({}, self._case.formulas)
            return
        if len(unknowns) > _MAX_UNKNOWNS:
            raise TooMuchError
        self._propagation = Propagation(self._case.formulas, integers_of(self._case.formulas))
        start = self._propagation.narrowed(dict.fromkeys(unknowns, REALS))
        if start is None:
            return
        if len(self._equations) < len(unknowns):
            self._open(start)
            return
        if len(unknowns) == 1:
            self._monotony = Monotony(self._equations, unknowns[0])
        functions = Functions(self._equations, unknowns)
        self._pruned(start, functions, self._budget)

    def _open(self, start: Box) -> None:
        """Fewer equations than unknowns: there is nothing, or there is much."""
        self._budget.spend(_OPEN_COST)
        before = len(self._outcome.found)
        complete = self._outcome.complete
        try:
            self._pruned(start, None, Budget(_OPEN_STEPS))
            if self._outcome.complete:
                return
        except TooMuchError:
            pass
        self._outcome.complete = complete
        if self._depth < len(self._case.unknowns) and self._depth < 3:
            name = min(self._case.unknowns, key=lambda each: start[each][1] - start[each][0])
            for position, value in enumerate(tried(start[name])):
                if self._outcome.several or position >= _TRIES >> self._depth:
                    break
                if isinstance(self._system.asked, Number) and (len(self._outcome.found) > before):
                    break
                self._fixed(name, value)
        self._outcome.complete = False

    def _fixed(self, name: str, value: Fraction) -> None:
        change = {name: number(value)}
        formulas = tuple(
            mapped(each, lambda node: substituted(node, change)) for each in self._case.formulas
        )
        meanings = {each: substituted(node, change) for each, node in self._case.meanings.items()}
        meanings[name] = number(value)
        unknowns = tuple(each for each in self._case.unknowns if each != name)
        case = Reduced(unknowns, formulas, meanings)
        try:
            _Search(self._system, case, self._outcome, self._budget, self._depth + 1).run()
        except TooMuchError:
            self._budget.spend()

    def _pruned(self, start: Box, functions: Functions | None, budget: Budget) -> None:
        boxes: list[Box] = [start]
        far: list[Box] = []
        small = 0
        while boxes or far:
            budget.spend()
            # What is near first: there may be endlessly many solutions.
            box = self._propagation.narrowed(boxes.pop() if boxes else far.pop(0))
            if box is None or self._excluded(box):
                continue
            if functions is not None and self._settled(box, functions):
                if len(self._outcome.found) >= _MAX_FOUND:
                    raise TooMuchError
                continue
            extent, name = max((_extent(interval), name) for name, interval in box.items())
            if extent < _SMALL:
                self._outcome.complete = False
                small += 1
                if functions is None or small > _MAX_SMALL:
                    return
                continue
            for part in _halves(box[name]):
                if max(map(abs, part)) <= _REACH:
                    boxes.append({**box, name: part})
                elif min(map(abs, part)) < _FARTHEST:
                    far.append({**box, name: part})
                else:
                    last = self._propagation.narrowed({**box, name: part})
                    self.far = self.far or not (last is None or self._excluded(last))
            if self._outcome.several and not boxes:
                self._outcome.complete = self._outcome.complete and not far
                return

    def _excluded(self, box: Box) -> bool:
        """Whether something certainly does not hold anywhere in the box."""
        if self._monotony is not None and self._monotony.excludes(next(iter(box.values()))):
            return True
        if not all(math.isfinite(x) for each in box.values() for x in each):
            return False
        with working_precision(64):
            point = {name: _ball(each) for name, each in box.items()}
            return any(balls.holds(each, point) is False for each in self._case.formulas)

    def _settled(self, box: Box, functions: Functions) -> bool:
        if not all(math.isfinite(x) for each in box.values() for x in each):
            return False
        with working_precision(_BITS):
            # Wider than the box, so that a zero on its edge is inside.
            wide = [_widened(box[name]) for name in functions.names]
            existence, zero = functions.zero(wide)
        if existence is Existence.ONE and zero is not None:
            self._found(zero, functions)
        return existence is not Existence.OPEN

    def _found(self, zero: Zero, functions: Functions) -> None:
        for known in self._zeros:
            if all(a.contains(b) for a, b in zip(known.alone_in, zero.at, strict=True)):
                return
        self._zeros.append(zero)
        point = dict(zip(functions.names, zero.at, strict=True))
        exact = self._rational(point)
        if exact is not None:
            self._add(exact, {})
            return
        square = len(self._equations) == len(functions.names)
        conditions = self._others if square else self._case.formulas
        self._at(point, conditions)

    def _rational(self, point: dict[str, arb]) -> dict[str, Fraction] | None:
        """The zero, if simple fractions in its place are a solution of all conditions."""
        guessed = {}
        for name, ball in point.items():
            guess = simplest(ball)
            if guess is None:
                return None
            guessed[name] = guess
        try:
            if all(rationals.holds(each, guessed) for each in self._case.formulas):
                return guessed
        except rationals.InexactError:
            pass
        return None

    def _at(self, point: dict[str, arb], conditions: Iterable[Formula]) -> None:
        """Adds the solution at ``point`` if ``conditions`` hold there."""
        with working_precision(_BITS):
            found = [(each, balls.holds(each, point)) for each in conditions]
        if any(holds is False for _, holds in found):
            return
        if any(holds is None for _, holds in found):
            if any(
                holds is None and not (isinstance(each, Relation) and each.kind == "==")
                for each, holds in found
            ):
                raise TooMuchError
            with working_precision(_BITS):
                values = [balls.ball(term, point) for each, _ in found for term in terms(each)]
            if not all(each.is_finite() for each in values):
                raise TooMuchError  # nor is it certain that both sides have values
            # More equations than unknowns: the rest agrees to many digits, which proves nothing.
            self._outcome.method = Method.NUMERICAL
        self._add({}, point)

    def _add(self, exact: dict[str, Fraction], point: dict[str, arb]) -> None:
        values = {}
        for name in self._system.unknowns:
            node = self._case.meanings.get(name)
            if node is not None:
                values[name] = self._value(node, exact, point)
            elif name in exact:
                values[name] = rational_value(exact[name])
            else:
                values[name] = near(point[name])
        asked = self._value(substituted(self._system.asked, self._case.meanings), exact, point)
        texts = tuple((name, value.text) for name, value in values.items())
        self._outcome.add(Found(asked, texts))

    def _value(self, node: Node, exact: dict[str, Fraction], point: dict[str, arb]) -> Value:
        try:
            return rational_value(rationals.value(node, exact))
        except ArithmeticError:
            pass
        with working_precision(_BITS):
            places = {**{name: arb(rational(each)) for name, each in exact.items()}, **point}
            ball = balls.ball(node, places)
        if not ball.is_finite():
            raise TooMuchError
        return near(ball)


def _ball(interval: Interval) -> arb:
    return arb(interval[0]).union(arb(interval[1]))


def _widened(interval: Interval) -> arb:
    low, high = interval
    more = max((high - low) * 0.125, 1e-12 * max(abs(low), abs(high), 1.0))
    return arb(low - more).union(arb(high + more))


def _extent(interval: Interval) -> float:
    """How wide it is, for its size."""
    low, high = interval
    if math.isinf(high - low):
        return math.inf
    return (high - low) / max(1.0, min(abs(low), abs(high)))


def _halves(interval: Interval) -> Sequence[Interval]:
    low, high = interval
    if low == -math.inf:
        middle = 0.0 if high > 0 else min(4 * high, -1.0)
    elif high == math.inf:
        middle = 0.0 if low < 0 else max(4 * low, 1.0)
    else:
        middle = low + (high - low) * 0.4921875  # not where simple solutions are
    if not low < middle < high:
        raise TooMuchError
    return (middle, high), (low, middle)


def simplest(ball: arb) -> Fraction | None:
    """The fraction of small denominator in a small ball."""
    mantissa, exponent = ball.mid().man_exp()
    if abs(int(exponent)) > 4 * _BITS:
        return Fraction(0) if ball.contains(0) else None
    middle = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    guess = middle.limit_denominator(_MAX_DENOMINATOR)
    return guess if ball.contains(rational(guess)) else None
