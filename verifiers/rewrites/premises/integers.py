"""Tries all whole numbers: exact where narrowing leaves finitely many."""

import math
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.rewrites.premises import algebra, rationals
from assayoffice.verifiers.rewrites.premises.expression import Number, number, substituted
from assayoffice.verifiers.rewrites.premises.fields import rational_value
from assayoffice.verifiers.rewrites.premises.outcomes import (
    Budget,
    Found,
    Outcome,
    TooMuchError,
    Value,
)
from assayoffice.verifiers.rewrites.premises.propagation import Box, Propagation
from assayoffice.verifiers.rewrites.premises.systems import System

_MAX_FOUND: Final = 64
#: Narrowings of a box, and of one beyond which all is unbounded.
_STEPS: Final = 30_000
_BEYOND_STEPS: Final = 3_000
_REACHES: Final = (12.0, 120.0, 2_000.0)
_LARGEST: Final = 2.0**52


def enumerated(system: System, box: Box) -> Outcome:
    """The solutions in ``box``, whose unknowns are all whole; where it is unbounded, some."""
    bounded = all(math.isfinite(x) and abs(x) < _LARGEST for each in box.values() for x in each)
    outcome = Outcome()
    search = _Search(system, outcome)
    if bounded:
        search.run(box, _STEPS)
        return outcome
    for reach in _REACHES:
        inside = {
            name: (max(low, min(-reach, high)), min(high, max(reach, low)))
            for name, (low, high) in box.items()
        }
        inside = {
            name: (low, min(high, low + 2 * reach)) if math.isfinite(low) else (low, high)
            for name, (low, high) in inside.items()
        }
        if all(math.isfinite(x) and abs(x) < _LARGEST for each in inside.values() for x in each):
            search.run(inside, _BEYOND_STEPS)
        if outcome.several:
            break
    outcome.complete = False
    return outcome


class _Search:
    def __init__(self, system: System, outcome: Outcome) -> None:
        self._system = system
        self._outcome = outcome
        self._propagation = Propagation(system.conditions, system.integers)

    def run(self, box: Box, steps: int) -> None:
        budget = Budget(steps)
        try:
            self._searched(box, budget)
        except TooMuchError:
            self._outcome.complete = False

    def _searched(self, start: Box, budget: Budget) -> None:
        boxes = [start]
        while boxes:
            budget.spend()
            box = self._propagation.narrowed(boxes.pop())
            if box is None:
                continue
            widths = [(high - low, name) for name, (low, high) in box.items() if low < high]
            if not widths:
                self._tried({name: Fraction(low) for name, (low, _) in box.items()})
                if self._outcome.found and isinstance(self._system.asked, Number):
                    return
                if len(self._outcome.found) >= _MAX_FOUND:
                    raise TooMuchError
                continue
            _, name = min(widths)
            low, high = box[name]
            if high - low <= 8:
                parts = [(low + k, low + k) for k in range(int(high - low) + 1)]
            else:
                middle = float(math.floor(low + (high - low) / 2))
                parts = [(low, middle), (middle + 1, high)]
            boxes.extend({**box, name: part} for part in reversed(parts))

    def _tried(self, point: dict[str, Fraction]) -> None:
        try:
            if not all(rationals.holds(each, point) for each in self._system.conditions):
                return
        except rationals.InexactError:
            self._outcome.complete = False
            return
        try:
            asked = value_at(self._system, point)
        except TooMuchError:
            self._outcome.complete = False
            return
        if asked is not None:
            texts = tuple((name, str(value)) for name, value in point.items())
            self._outcome.add(Found(asked, texts))


def value_at(system: System, point: dict[str, Fraction]) -> Value | None:
    """What is asked, at a point; None where it is undefined. Raises TooMuchError."""
    try:
        return rational_value(rationals.value(system.asked, point))
    except rationals.UndefinedError:
        return None
    except rationals.InexactError:
        pass
    asked = substituted(system.asked, {name: number(value) for name, value in point.items()})
    constant = algebra.decided(System((), (), asked), {})
    if not constant.complete:
        raise TooMuchError
    return next((each.asked for each in constant.found.values()), None)
