"""Shows that a function of one unknown has no zero in an interval, which may be unbounded."""

import math
from collections.abc import Sequence

from flint import arb

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.rewrites.premises import balls
from assayoffice.verifiers.rewrites.premises.derivatives import derivative
from assayoffice.verifiers.rewrites.premises.expression import Node
from assayoffice.verifiers.rewrites.premises.intervals import Interval
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError
from assayoffice.verifiers.rewrites.premises.propagation import EmptyError, Tape


class Monotony:
    """Of each of ``terms``, by its derivative; of those that have one."""

    def __init__(self, terms: Sequence[Node], name: str) -> None:
        self._name = name
        self._functions: list[tuple[Node, Tape, Tape]] = []
        for term in terms:
            try:
                slope = derivative(term, name)
            except TooMuchError:
                continue
            tapes = []
            for node in (term, slope):
                tape = Tape()
                tape.index(node)
                tapes.append(tape)
            self._functions.append((term, tapes[0], tapes[1]))

    def excludes(self, interval: Interval) -> bool:
        """Whether one of the functions is monotone on the interval and has no zero there."""
        return any(self._excludes(*each, interval) for each in self._functions)

    def _excludes(self, term: Node, values: Tape, slopes: Tape, interval: Interval) -> bool:
        box = {self._name: interval}
        try:
            if not values.continuous(values.forward(box)):
                return False
            low, high = slopes.forward(box)[-1]
        except EmptyError:
            return False
        if low < 0 < high:
            return False
        # It is farthest from zero on one side at one end: from there it only goes away.
        rising = low >= 0
        start, end = interval
        return (math.isfinite(start) and self._sign(term, start) == (1 if rising else -1)) or (
            math.isfinite(end) and self._sign(term, end) == (-1 if rising else 1)
        )

    def _sign(self, term: Node, at: float) -> int:
        with working_precision(128):
            ball = balls.ball(term, {self._name: arb(at)})
            return 1 if ball > 0 else -1 if ball < 0 else 0
