"""Whether two expressions have the same value: the tiers, from the cheapest to the dearest."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from hashlib import blake2b
from itertools import pairwise
from typing import Final

from flint import arb, fmpq

from assayoffice.verifiers.base import Effort
from assayoffice.verifiers.numeric import symbolic
from assayoffice.verifiers.numeric.balls import Ball, ball, working_precision
from assayoffice.verifiers.numeric.exact import Exact, exact
from assayoffice.verifiers.numeric.expression import (
    Call,
    Multiply,
    Negate,
    Node,
    Number,
    Operator,
    Power,
    Sequence,
    contains,
    symbols,
    walk,
)
from assayoffice.verifiers.numeric.finding import (
    Finding,
    Method,
    NotScalarError,
    different,
    equal,
    undecided,
)
from assayoffice.verifiers.numeric.limits import MAX_EXACT_BITS, Budget
from assayoffice.verifiers.numeric.modular import PRIMES, Fingerprint

#: Working precision in bits, each tried when the one before left the question open. The first can
#: only tell values apart.
_PRECISIONS: Final = (128, 512, 2048)
_EQUAL_FROM_BITS: Final = 400
_ORDERING_STEPS: Final = 5
#: Points at which expressions with variables must agree.
_MIN_POINTS: Final = 3
#: Where variables are tried, as (lower, upper, sign pattern). Identities between roots, logarithms
#: and the like are meant for positive variables, so those come first; the others tell x from |x|.
_RANGES: Final = ((0, 1, "+"), (1, 4, "+"), (2, 9, "+"), (0, 3, "-"), (0, 5, "+-"))
#: Where functions that are made of pieces are tried as well.
_FAR_RANGES: Final = ((8, 60, "+"), (6, 60, "-"), (100, 9000, "+"), (100, 9000, "-"))
_STEPS: Final = frozenset(("floor", "ceil"))
_PIECEWISE: Final = _STEPS | {"abs", "max", "min", "sgn", "root"}
_INTEGER_POINTS: Final = 8
_INTEGER_NAMES: Final = frozenset("ijklmnpqrstKLMN")
_INTEGER_FUNCTIONS: Final = frozenset(
    ("floor", "ceil", "mod", "gcd", "lcm", "sin", "cos", "tan", "factorial", "binom")
)

Point = Mapping[str, fmpq]
_Pair = tuple[Ball, Ball]


class Values:
    """Compares values within one verdict.

    Sympy is only asked with FULL effort; with QUICK, a finding that is undecided by the method
    SYMPY says that it might help.

    ``seed`` decides at which points expressions are tried. Take it from what is compared, so that
    equal submissions get equal verdicts and no answer can be written for the points it meets.
    """

    __slots__ = ("_effort", "_seed", "budget")

    def __init__(self, seed: bytes, budget: Budget, effort: Effort) -> None:
        self._seed = seed
        self._effort = effort
        self.budget = budget

    def exact(self, node: Node) -> Exact:
        """The value of ``node`` if it is rational and within reach, else None."""
        return exact(node, self.budget)

    def folded(self, node: Node) -> Node:
        """``node``, or the literal of its value if that is a rational number."""
        value = exact(node, self.budget)
        return node if value is None else number(value)

    def key(self, node: Node) -> object:
        """Equal for what is the same up to rational arithmetic; None if unknown.

        A rational number for what is one, a tuple for what has elements.
        """
        if isinstance(node, Sequence):
            return tuple(self.key(item) for item in node.items)
        value = exact(node, self.budget)
        if value is not None:
            return value
        try:
            return Fingerprint(PRIMES[0], self._seed, self.budget).of(node)
        except NotScalarError:
            return None

    def same(self, left: Node, right: Node) -> Finding:
        """Whether both have the same value, for all values of their variables.

        Raises UndefinedError where one has none, NotScalarError for what is no expression,
        TooLargeError when the budget is spent.
        """
        left_value = exact(left, self.budget)
        if left_value is not None:
            right_value = exact(right, self.budget)
            if right_value is not None:
                if left_value == right_value:
                    return equal(Method.EXACT)
                return different(Method.EXACT)
        finding = self._modular(left, right) or self._by_balls(left, right)
        return finding if finding.decided else self._symbolic(left, right)

    def _symbolic(self, left: Node, right: Node) -> Finding:
        names = sorted(symbols(left) | symbols(right))
        operators = contains(left, Operator) or contains(right, Operator)
        # A constant that balls leave open is beyond numbers, and sympy would only take long.
        if not (names or operators) or not all(
            symbolic.expressible(each, self.budget) for each in (left, right)
        ):
            return undecided(Method.BALLS)
        if self._effort is Effort.QUICK:
            return undecided(Method.SYMPY)
        points = self._integer_points(names) if operators else self._points(names)
        return symbolic.decide(left, right, points[:_MIN_POINTS], self.budget)

    def proportional(self, left: Node, right: Node, *, positively: bool = False) -> Finding:
        """Whether ``left`` is ``right`` times a constant other than zero (or above it)."""
        try:
            finding = self._modular_factor(left, right)
            if finding is None or (positively and finding.equal):
                return self._factor_by_balls(left, right, positively=positively)
            return finding
        except NotScalarError:
            return undecided(Method.BALLS)

    def _modular_factor(self, left: Node, right: Node) -> Finding | None:
        """Whether left/right is the same at two points. None if that cannot be told exactly."""
        for prime in PRIMES:
            here = Fingerprint(prime, self._seed, self.budget)
            there = Fingerprint(prime, self._seed[::-1], self.budget)
            left_here, right_here = here.of(left), here.of(right)
            left_there, right_there = there.of(left), there.of(right)
            if not (left_here and right_here):
                return different(Method.MODULAR, "TRIVIAL")
            if (left_here * right_there - left_there * right_here) % prime:
                return different(Method.MODULAR) if here.conclusive else None
        return equal(Method.MODULAR)

    def _factor_by_balls(self, left: Node, right: Node, *, positively: bool) -> Finding:
        names = sorted(symbols(left) | symbols(right))
        points = self._points(names, left, right)
        pairs = list(self._pairs(left, right, points, bits=512))
        usable = _comparable(pairs, _MIN_POINTS if names else 1)
        if not usable or any(each.value.contains(0) for pair in usable for each in pair):
            return undecided(Method.BALLS)
        factors = [left_ball.value / right_ball.value for left_ball, right_ball in usable]
        if not all(one.overlaps(other) for one, other in pairwise(factors)):
            return different(Method.BALLS)
        if positively and not all(each.real > 0 for each in factors):
            return different(Method.BALLS)
        if not all(each.resolves() for pair in usable for each in pair):
            return undecided(Method.BALLS)
        return equal(Method.BALLS)

    def bounds(self, node: Node, bits: int = 128) -> tuple[fmpq, fmpq] | None:
        """Rational bounds of a real constant; the same twice if it is known exactly.

        None if the value is not known to be real and finite.
        """
        value = exact(node, self.budget)
        if value is not None:
            return value, value
        try:
            with working_precision(bits):
                found = ball(node, {}, self.budget)
                if not found.finite or not found.real:
                    return None
                ends = found.value.real.lower(), found.value.real.upper()
        except NotScalarError:
            return None
        if any(abs(int(end.man_exp()[1])) > MAX_EXACT_BITS for end in ends):
            return None
        return _rational(ends[0]), _rational(ends[1])

    def less(self, left: Node, right: Node) -> bool | None:
        """Whether ``left`` < ``right``; None if they are no real constants or cannot be told."""
        self.budget.spend(_ORDERING_STEPS)
        for bits in _PRECISIONS:
            one, other = self.bounds(left, bits), self.bounds(right, bits)
            if one is None or other is None:
                return None
            if one[1] < other[0]:
                return True
            if other[1] <= one[0]:
                return False
        return False if self.same(left, right).equal else None

    def within(self, left: Node, right: Node, radius: Node) -> bool | None:
        """Whether |left - right| <= radius; None if that cannot be told."""
        for bits in _PRECISIONS:
            bounds = [self.bounds(each, bits) for each in (left, right, radius)]
            if None in bounds:
                return None
            one, other, most = (each for each in bounds if each is not None)
            furthest = max(one[1] - other[0], other[1] - one[0])
            nearest = max(one[0] - other[1], other[0] - one[1])
            if furthest <= most[0]:
                return True
            if nearest > most[1]:
                return False
        return None

    def _modular(self, left: Node, right: Node) -> Finding | None:
        try:
            for prime in PRIMES:
                fingerprint = Fingerprint(prime, self._seed, self.budget)
                if fingerprint.of(left) != fingerprint.of(right):
                    return different(Method.MODULAR) if fingerprint.conclusive else None
        except NotScalarError:
            return None
        return equal(Method.MODULAR)

    def _by_balls(self, left: Node, right: Node) -> Finding:
        names = sorted(symbols(left) | symbols(right))
        counted = names and (contains(left, Operator) or contains(right, Operator))
        try:
            if counted:
                return self._agree_on_integers(left, right, names)
            finding = self._agree_at(left, right, self._points(names, left, right))
            if finding.different and names and _means_integers(names, left, right):
                over_integers = self._agree_on_integers(left, right, names)
                return over_integers if over_integers.equal else finding
            return finding
        except NotScalarError:
            return undecided(Method.BALLS)

    def _agree_on_integers(self, left: Node, right: Node, names: list[str]) -> Finding:
        finding = self._agree_at(left, right, self._integer_points(names))
        return finding.flagged("INTEGER_ASSUMED") if finding.equal else finding

    def _agree_at(self, left: Node, right: Node, points: list[Point]) -> Finding:
        wanted = _MIN_POINTS if len(points) > 1 else 1
        for bits in _PRECISIONS:
            pairs = []
            for pair in self._pairs(left, right, points, bits):
                if _apart(pair):
                    return different(Method.BALLS)
                pairs.append(pair)
            usable = _comparable(pairs, wanted)
            if any(not one.value.overlaps(other.value) for one, other in usable):
                return different(Method.BALLS)
            if (
                bits >= _EQUAL_FROM_BITS
                and usable
                and all(each.resolves() for pair in usable for each in pair)
            ):
                return equal(Method.BALLS)
        return undecided(Method.BALLS)

    def _pairs(self, left: Node, right: Node, points: list[Point], bits: int) -> Iterator[_Pair]:
        with working_precision(bits):
            for point in points:
                yield ball(left, point, self.budget), ball(right, point, self.budget)

    def _points(self, names: list[str], *nodes: Node) -> list[Point]:
        """Where expressions in ``names`` are tried; further out for ``nodes`` in pieces."""
        if not names:
            return [{}]
        pieces = {
            part.name
            for node in nodes
            for part in walk(node)
            if isinstance(part, Call) and part.name in _PIECEWISE
        }
        points: list[Point] = [
            {
                name: self._random(lower, upper, f"{row}{name}") * _sign(pattern, column)
                for column, name in enumerate(names)
            }
            for row, (lower, upper, pattern) in enumerate(
                _RANGES + _FAR_RANGES if pieces else _RANGES
            )
        ]
        if pieces & _STEPS:
            points.append({name: fmpq(self._random(5, 50, name).floor()) for name in names})
        return points

    def _integer_points(self, names: list[str]) -> list[Point]:
        return [
            {name: fmpq(self._random(1, 60, f"{row}{name}").floor()) for name in names}
            for row in range(_INTEGER_POINTS)
        ]

    def _random(self, lower: int, upper: int, name: str) -> fmpq:
        digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=6, key=self._seed)
        return lower + fmpq((upper - lower) * int.from_bytes(digest.digest()), 1 << 48)


def number(value: fmpq) -> Number:
    """``value`` as a literal."""
    return Number(Fraction(int(value.p), int(value.q)))


def _sign(pattern: str, column: int) -> int:
    return -1 if pattern[(column + 1) % len(pattern)] == "-" else 1


def _apart(pair: _Pair) -> bool:
    """Whether the two are real and certainly different."""
    one, other = pair
    return one.real and other.real and not one.value.overlaps(other.value)


def _comparable(pairs: list[_Pair], wanted: int) -> list[_Pair]:
    """The pairs that count: the real ones if there are enough, else all. Empty if too few."""
    finite = [pair for pair in pairs if pair[0].finite and pair[1].finite]
    real = [pair for pair in finite if pair[0].real and pair[1].real]
    usable = real if len(real) >= wanted else finite
    return usable if len(usable) >= wanted else []


def _means_integers(names: list[str], *nodes: Node) -> bool:
    """Whether the variables look like integers: n, k ... in an expression made for integers."""
    if not all(name[:1] in _INTEGER_NAMES for name in names):
        return False
    return any(
        (isinstance(part, Call) and part.name in _INTEGER_FUNCTIONS)
        or (isinstance(part, Power) and isinstance(part.base, Negate | Number | Multiply))
        for node in nodes
        for part in walk(node)
    )


def _rational(value: arb) -> fmpq:
    mantissa, exponent = value.man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)
