"""Decides systems of polynomial conditions exactly, as far as that goes.

Cases are taken apart (``elimination.py``) into points (``points.py``, ``places.py``) and regions
(``regions.py``). Every point found is checked against the conditions themselves where its
coordinates are rational, and against those that could not be stated as polynomials.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from flint import fmpq_poly

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.rewrites.premises import balls, rationals
from assayoffice.verifiers.rewrites.premises.elimination import Elimination
from assayoffice.verifiers.rewrites.premises.expression import (
    Every,
    Formula,
    Name,
    Number,
    Relation,
    number,
)
from assayoffice.verifiers.rewrites.premises.fields import (
    Root,
    fraction,
    near,
    rational,
    rational_value,
    real_roots,
)
from assayoffice.verifiers.rewrites.premises.flattening import Flattening
from assayoffice.verifiers.rewrites.premises.outcomes import (
    Budget,
    Found,
    Method,
    Outcome,
    TooMuchError,
    Value,
)
from assayoffice.verifiers.rewrites.premises.places import (
    ConstantPlace,
    FieldPlace,
    Place,
    conditions_hold,
)
from assayoffice.verifiers.rewrites.premises.points import Algebra, Field
from assayoffice.verifiers.rewrites.premises.polynomials import (
    Case,
    Poly,
    Quotient,
    Ring,
    case_variables,
    cases,
    dense,
    eliminated,
    variables,
    with_zero,
)
from assayoffice.verifiers.rewrites.premises.regions import (
    cells,
    free_variables,
    polyhedron,
    samples,
    sign_at,
    tried,
    whole_values,
)
from assayoffice.verifiers.rewrites.premises.systems import System

_STEPS: Final = 3_000
_ASKED: Final = "_asked"
#: Stands for the field Q itself: the root 0 of t.
_ORIGIN: Final = Root((0, 1), 0)
_TRIES: Final = 120
_MAX_FOUND: Final = 64
_WAYS: Final = 6
_EVERYWHERE: Final = (float("-inf"), float("inf"))
Hints: TypeAlias = Mapping[str, tuple[float, float]]


def decided(system: System, hints: Hints, *, refuting: bool = False) -> Outcome:
    """What algebra finds out. ``hints``: for unknowns, an interval with all values that count.

    ``refuting``: no more than whether it shows that there are no solutions.
    """
    return _Decision(system, hints, refuting).outcome


class _Decision:
    def __init__(self, system: System, hints: Hints, refuting: bool) -> None:
        self.outcome = Outcome()
        self._system = system
        self._hints = hints
        self._hits = 0
        self._refuting = refuting
        self._tries = _TRIES
        flattening = Flattening()
        formulas: list[Formula] = []
        self._unstated: list[Formula] = []
        for condition in system.conditions:
            try:
                formulas.append(flattening.formula(condition))
            except TooMuchError:
                self._unstated.append(condition)
        self._asked_stated = True
        try:
            (asked,), definitions = flattening.defined(system.asked)
        except TooMuchError:
            self._asked_stated = False
            (asked,), definitions = (number(0),), ()
        formulas.append(Every((*definitions, Relation("==", Name(_ASKED), asked))))
        self._constants = flattening.constants
        if not self._constants.transcendental:
            self.outcome.method = Method.RIGOROUS
        own = (*flattening.names, *system.unknowns, _ASKED)
        self._ring = Ring((*own, *self._constants.names))
        self._asked = self._ring.index[_ASKED]
        self._letters = frozenset(range(len(own), len(self._ring.names)))
        # What algebra does not see may speak of any variable: none is then free to be anything.
        self._unseen = bool(self._unstated) or not self._asked_stated
        self._elimination = Elimination(self._ring, self._constants, self._asked, Budget(_STEPS))
        self._decide(formulas)

    def _decide(self, formulas: Sequence[Formula]) -> None:
        try:
            ways = cases(formulas)
        except TooMuchError:
            self.outcome.complete = False
            return
        for way in ways:
            if self._done:
                return
            try:
                self._apart(self._ring.case(way))
            except TooMuchError:
                self.outcome.complete = False

    def _apart(self, case: Case) -> None:
        for final, finite in self._elimination.finished(case):
            if self._done:
                return
            if len(self.outcome.found) >= _MAX_FOUND:
                self.outcome.complete = False
                return
            self._final(final, finite)

    @property
    def _done(self) -> bool:
        """Whether more would be of no use: a number that is asked for has but one value."""
        if self._refuting and not self.outcome.complete:
            return True
        return isinstance(self._system.asked, Number) and bool(self.outcome.found)

    def _final(self, case: Case, finite: bool) -> None:
        seen = case_variables(case)
        free = []
        for variable in free_variables(case, range(self._asked + 1)):
            if variable in seen or variable == self._asked or self._unseen:
                free.append(variable)
            else:
                case = eliminated(case, variable, Quotient(self._ring.one, self._ring.one))
        if case.zero and finite:
            found = Algebra(self._ring, case.zero).split()
            if isinstance(found, list):
                for poly in found:
                    self._apart(with_zero(case, poly))
                return
            if not free:
                self._field(case, found)
                return
        if not free and not case.zero:
            self._point(case)
        elif self._letters & case_variables(case) or case.zero or self._unseen:
            self._sampled(case, free)
        elif len(free) == 1:
            self._line(case, free[0])
        else:
            self._flat(case, free)

    def _field(self, case: Case, field: Field) -> None:
        if any(self._letters & _step_variables(step.quotient) for step in case.steps):
            raise TooMuchError
        for root in real_roots(field.modulus):
            self._accept(case, FieldPlace(root, field.coordinates))

    def _point(self, case: Case) -> None:
        polys = [*case.positive, *case.nonnegative, *case.nonzero]
        parts = [each for step in case.steps for each in (step.quotient.over, step.quotient.under)]
        if any(self._letters & variables(each) for each in (*polys, *parts)):
            one = self._ring.one
            letters = {v: Quotient(self._ring.generators[v], one) for v in self._letters}
            self._accept(case, ConstantPlace(self._ring, self._constants, letters))
        else:
            self._accept(case, FieldPlace(_ORIGIN, {}))

    def _accept(self, case: Case, place: Place) -> None:
        if not conditions_hold(case, place):
            return
        for step in reversed(case.steps):
            place.settle(step.variable, step.quotient)
        values = {name: place.value(self._ring.index[name]) for name in self._system.unknowns}
        if not self._verified(values, place):
            return
        self._hits += 1
        asked = place.value(self._asked) if self._asked_stated else self._evaluated(values, place)
        texts = tuple((name, value.text) for name, value in values.items())
        self.outcome.add(Found(asked, texts))

    def _verified(self, values: Mapping[str, Value], place: Place) -> bool:
        """Whether the conditions themselves hold. Raises TooMuchError where that is not certain."""
        point = self._rational(values, place)
        for condition in self._system.conditions:
            certain = None
            if point is not None:
                try:
                    certain = rationals.holds(condition, point)
                except rationals.InexactError:
                    pass
            if certain is None and condition in self._unstated:
                with working_precision(192):
                    certain = balls.holds(condition, {n: v.ball for n, v in values.items()})
                if certain is None:
                    raise TooMuchError
            if certain is False:
                return False
        return True

    def _rational(self, values: Mapping[str, Value], place: Place) -> dict[str, Fraction] | None:
        point = {}
        for name in values:
            coordinate = place.rational(self._ring.index[name])
            if coordinate is None:
                return None
            point[name] = coordinate
        return point

    def _evaluated(self, values: Mapping[str, Value], place: Place) -> Value:
        point = self._rational(values, place)
        if point is not None:
            try:
                return rational_value(rationals.value(self._system.asked, point))
            except ArithmeticError:
                pass
        with working_precision(192):
            ball = balls.ball(self._system.asked, {n: v.ball for n, v in values.items()})
        if not ball.is_finite():
            raise TooMuchError
        return near(ball)

    def _determined(self, case: Case) -> bool:
        """Whether what is asked is the same all over ``case``."""
        if not self._asked_stated:
            return False
        if any(step.variable == self._asked for step in case.steps):
            return True
        own = frozenset((self._asked,))
        for poly in case.zero:
            if variables(poly) == own:
                roots = real_roots(fmpq_poly(dense(poly, self._asked)))
                able = [root for root in roots if self._allowed(case, root)]
                return len(able) == 1
        return False

    def _allowed(self, case: Case, root: Root) -> bool:
        """Whether the inequalities for what is asked alone leave it this value."""
        modulus = fmpq_poly(list(root.coefficients))
        for polys, least in ((case.positive, 1), (case.nonnegative, 0)):
            for poly in polys:
                if variables(poly) == {self._asked}:
                    element = fmpq_poly(dense(poly, self._asked)) % modulus
                    if root.sign(element) < least:
                        return False
        return True

    def _line(self, case: Case, variable: int) -> None:
        """One free variable and inequalities in it alone."""
        points: list[Poly] = []
        for cell in cells(case, variable):
            if cell.root is not None:
                poly = self._made(cell.root, variable)
                if poly not in points:
                    points.append(poly)
                    self._apart(with_zero(case, poly))
                continue
            (sample,) = samples(cell, 1)
            if (
                all(sign_at(each, variable, sample) > 0 for each in case.positive)
                and all(sign_at(each, variable, sample) >= 0 for each in case.nonnegative)
                and all(sign_at(each, variable, sample) != 0 for each in case.nonzero)
            ):
                whole = next((w for w in case.whole if w.under.is_one()), None)
                if whole is not None and whole.over.total_degree() == 1:
                    constant, slope = map(fraction, dense(whole.over, variable))
                    values, all_of_them = whole_values(cell, slope, constant)
                else:
                    values, all_of_them = samples(cell, 20 if case.whole else 2), False
                self._substituted(case, variable, values, all_of_them)

    def _made(self, root: Root, variable: int) -> Poly:
        generator = self._ring.generators[variable]
        total = generator * 0
        for coefficient in reversed(root.coefficients):
            total = total * generator + coefficient
        return total

    def _substituted(
        self, case: Case, variable: int, values: Iterable[Fraction], all_of_them: bool
    ) -> None:
        """Tries ``values``; ``all_of_them`` says that there are no others."""
        determined, before = self._determined(case), self._hits
        for value in values:
            constant = self._ring.context.constant(rational(value))
            self._apart(eliminated(case, variable, Quotient(constant, self._ring.one)))
            if determined and self._hits > before:
                return
        if not all_of_them:
            self.outcome.complete = False

    def _flat(self, case: Case, free: Sequence[int]) -> None:
        """Several free variables and inequalities in them."""
        keep = self._asked if self._asked in free else None
        shape, only = polyhedron(case, keep)
        if not shape.feasible:
            return
        if not only:
            self._sampled(case, free)
            return
        single = keep is None or shape.range.single
        before = self._hits
        for way in range(_WAYS):
            kept = None if keep is None else shape.range.inside(way)
            point = {each: Fraction(0) for each in free} | shape.point(kept, way)
            at = case
            for variable, value in point.items():
                constant = self._ring.context.constant(rational(value))
                at = eliminated(at, variable, Quotient(constant, self._ring.one))
            self._apart(at)
            if single and self._hits > before:
                return
            if self.outcome.several:
                break
        self.outcome.complete = False

    def _sampled(self, case: Case, free: Sequence[int]) -> None:
        if self._refuting:
            self.outcome.complete = False
            return
        able = set(free).union(*(variables(each) for each in case.zero)) - self._letters
        own = able - {self._asked} or able
        variable = min(own, key=lambda each: (each not in free, self._width(each), each))
        determined, before = self._determined(case), self._hits
        for value in tried(self._hint(variable)):
            if self._tries <= 0 or self.outcome.several:
                break
            self._tries -= 1
            constant = self._ring.context.constant(rational(value))
            try:
                self._apart(eliminated(case, variable, Quotient(constant, self._ring.one)))
            except TooMuchError:
                pass
            if determined and self._hits > before:
                return
        self.outcome.complete = False

    def _hint(self, variable: int) -> tuple[float, float]:
        return self._hints.get(self._ring.names[variable], _EVERYWHERE)

    def _width(self, variable: int) -> float:
        low, high = self._hint(variable)
        return high - low


def _step_variables(quotient: Quotient) -> frozenset[int]:
    return variables(quotient.over) | variables(quotient.under)
