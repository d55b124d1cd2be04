"""Narrows boxes to where conditions can hold (forward and backward, "HC4").

Source: F. Benhamou, F. Goualard, L. Granvilliers, J.-F. Puget, "Revising hull and box consistency",
ICLP 1999. Nothing that holds anywhere in a box is ever cut away.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from assayoffice.verifiers.rewrites.premises import intervals
from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Constant,
    Every,
    Formula,
    Name,
    Node,
    Number,
    Property,
    Relation,
    Some,
)
from assayoffice.verifiers.rewrites.premises.intervals import INF, REALS, Interval

Box: TypeAlias = dict[str, Interval]
_CONSTANTS: Final[dict[str, Interval]] = {
    name: (intervals.down(value), intervals.up(value))
    for name, value in (("pi", math.pi), ("e", math.e))
}
_CONTINUOUS: Final = frozenset(
    ("", "name", "+", "*", "neg", "exp", "sin", "cos", "atan", "cbrt", "abs", "max", "min")
)
_GAIN: Final = 0.02
_FORWARD: Final = {
    "sqrt": lambda a: intervals.root(a, 2),
    "cbrt": lambda a: intervals.root(a, 3),
    "abs": intervals.absolute,
    "exp": intervals.exponential,
    "sin": intervals.sine,
    "cos": intervals.cosine,
    "tan": intervals.tangent,
    "asin": intervals.arcsine,
    "acos": intervals.arccosine,
    "atan": intervals.arctangent,
    "floor": intervals.floor,
    "ceil": intervals.ceiling,
    "neg": intervals.negate,
    "/": intervals.divide,
    "mod": intervals.remainder,
}


class EmptyError(Exception):
    """Nothing holds in the box."""


class Tape:
    """Terms in an order in which each comes after its parts, each once."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self.arguments: list[tuple[int, ...]] = []
        self.exponents: list[int | None] = []
        self.fixed: list[Interval | None] = []
        self.names: dict[str, int] = {}
        self._known: dict[Node, int] = {}

    def index(self, node: Node) -> int:
        """Where ``node`` is, added if need be."""
        if node in self._known:
            return self._known[node]
        arguments: tuple[int, ...] = ()
        exponent: int | None = None
        fixed: Interval | None = None
        operation = ""
        match node:
            case Number(value=value):
                fixed = intervals.enclosing(value)
            case Constant(name=name):
                fixed = _CONSTANTS[name]
            case Name(name=name):
                operation = "name"
            case Apply(operation=operation, arguments=parts):
                if operation == "**":
                    exponent = _exponent(parts[1])
                    parts = parts[:1] if exponent is not None else parts
                arguments = tuple(self.index(each) for each in parts)
        place = len(self.operations)
        self.operations.append(operation)
        self.arguments.append(arguments)
        self.exponents.append(exponent)
        self.fixed.append(fixed)
        self._known[node] = place
        if isinstance(node, Name):
            self.names[node.name] = place
        return place

    def forward(self, box: Mapping[str, Interval]) -> list[Interval]:
        """Enclosures of all terms over the box. Raises EmptyError."""
        values: list[Interval] = []
        named = {place: box[name] for name, place in self.names.items()}
        for place, operation in enumerate(self.operations):
            value = self.fixed[place]
            if value is None:
                if operation == "name":
                    value = named[place]
                else:
                    parts = [values[each] for each in self.arguments[place]]
                    value = self._applied(operation, parts, self.exponents[place])
            if value is None:
                raise EmptyError
            values.append(value)
        return values

    def _applied(
        self, operation: str, parts: list[Interval], exponent: int | None
    ) -> Interval | None:
        if operation in ("+", "*"):
            function = intervals.add if operation == "+" else intervals.multiply
            total = parts[0]
            for part in parts[1:]:
                total = function(total, part)
            return total
        if operation == "**":
            if exponent is not None:
                return intervals.power(parts[0], exponent)
            if parts[1][0] == parts[1][1] and parts[1][0].is_integer():
                return (
                    intervals.power(parts[0], int(parts[1][0])) if abs(parts[1][0]) < 1e6 else REALS
                )
            return intervals.fractional_power(*parts) if parts[0][0] >= 0 else REALS
        if operation == "log":
            above = intervals.logarithm(parts[0])
            if above is None or len(parts) == 1:
                return above
            base = intervals.logarithm(parts[1])
            return None if base is None else intervals.divide(above, base)
        if operation in ("max", "min"):
            choose = max if operation == "max" else min
            return choose(p[0] for p in parts), choose(p[1] for p in parts)
        rule = _FORWARD.get(operation)
        if rule is not None:
            return rule(*parts)  # type: ignore[no-any-return, operator]
        return intervals.of_integers(operation, parts)

    def continuous(self, values: Sequence[Interval]) -> bool:
        """Whether all terms, of these ``values``, are defined and continuous all over the box."""
        for place, operation in enumerate(self.operations):
            parts = [values[each] for each in self.arguments[place]]
            exponent = self.exponents[place]
            if operation in _CONTINUOUS or (operation == "sqrt" and parts[0][0] >= 0):
                continue
            if operation == "/" and not _has_zero(parts[1]):
                continue
            if operation == "log" and parts[0][0] > 0 and len(parts) == 1:
                continue
            if operation == "**" and (
                parts[0][0] > 0
                or (exponent is not None and (exponent >= 0 or not _has_zero(parts[0])))
            ):
                continue
            return False
        return True

    def backward(self, values: list[Interval]) -> None:
        """Narrows the parts of terms to what these need. Raises EmptyError."""
        for place in range(len(values) - 1, -1, -1):
            arguments = self.arguments[place]
            if not arguments:
                continue
            operation, value = self.operations[place], values[place]
            if operation == "+":
                self._back_sum(values, value, arguments)
            elif operation == "*":
                self._back_product(values, value, arguments)
            elif operation == "neg":
                _narrow(values, arguments[0], intervals.negate(value))
            elif operation == "/":
                over, under = arguments
                _narrow(values, over, intervals.multiply(value, values[under]))
                if not (_has_zero(value) and _has_zero(values[over])):
                    _narrow(values, under, intervals.divide(values[over], value), maybe=True)
            elif operation == "**":
                exponent = self.exponents[place]
                if exponent is None:
                    self._back_exponent(values, value, arguments)
                elif exponent > 0:
                    _narrow(
                        values, arguments[0], _power_back(value, exponent, values[arguments[0]])
                    )
            elif operation in ("sqrt", "cbrt"):
                inside = intervals.power(value, 2 if operation == "sqrt" else 3)
                _narrow(values, arguments[0], inside)
            elif operation == "abs":
                _narrow(values, arguments[0], _abs_back(value, values[arguments[0]]))
            elif operation == "exp":
                _narrow(values, arguments[0], intervals.logarithm(value))
            elif operation == "log" and len(arguments) == 1:
                _narrow(values, arguments[0], intervals.exponential(value))
            elif operation == "floor":
                _narrow(values, arguments[0], (value[0], intervals.up(value[1] + 1)))
            elif operation == "ceil":
                _narrow(values, arguments[0], (intervals.down(value[0] - 1), value[1]))
            elif operation in ("lcm", "factorial", "binomial"):
                self._back_discrete(values, operation, value, arguments)
            elif operation == "max":
                for each in arguments:
                    _narrow(values, each, (-INF, value[1]))
            elif operation == "min":
                for each in arguments:
                    _narrow(values, each, (value[0], INF))

    def _back_sum(self, values: list[Interval], value: Interval, arguments: Sequence[int]) -> None:
        before = [values[arguments[0]]]
        for each in arguments[1:-1]:
            before.append(intervals.add(before[-1], values[each]))
        total = value
        for position in range(len(arguments) - 1, 0, -1):
            place = arguments[position]
            _narrow(values, place, intervals.subtract(total, before[position - 1]))
            total = intervals.subtract(total, values[place])
        _narrow(values, arguments[0], total)

    def _back_exponent(
        self, values: list[Interval], value: Interval, arguments: Sequence[int]
    ) -> None:
        base, exponent = arguments
        if values[base][0] > 0:
            size = intervals.logarithm(values[base])
            if size is not None and not _has_zero(size):
                above = intervals.logarithm(value)
                _narrow(values, exponent, None if above is None else intervals.divide(above, size))

    def _back_discrete(
        self, values: list[Interval], operation: str, value: Interval, arguments: Sequence[int]
    ) -> None:
        if value[0] <= 0:
            return
        if operation == "lcm":
            for each in arguments:
                _narrow(values, each, (-value[1], value[1]))
        elif operation == "factorial":
            largest = next((n for n in range(1, 171) if math.factorial(n) > value[1]), INF)
            _narrow(values, arguments[0], (0.0, float(largest)))
        elif values[arguments[1]][0] >= 1:
            # For 1 <= k <= n there are at least n - k + 1 ways.
            most = intervals.up(value[1] + values[arguments[1]][1])
            _narrow(values, arguments[0], (0.0, most))

    def _back_product(
        self, values: list[Interval], value: Interval, arguments: Sequence[int]
    ) -> None:
        for position, place in enumerate(arguments):
            others = (1.0, 1.0)
            for other, each in enumerate(arguments):
                if other != position:
                    others = intervals.multiply(others, values[each])
            if _has_zero(others) and _has_zero(value):
                continue
            _narrow(values, place, intervals.divide(value, others), maybe=True)


def _has_zero(interval: Interval) -> bool:
    return interval[0] <= 0 <= interval[1]


def _exponent(node: Node) -> int | None:
    match node:
        case Number(value=value) if value.denominator == 1 and abs(value) <= 1000:
            return int(value)
    return None


def _narrow(
    values: list[Interval], place: int, to: Interval | None, *, maybe: bool = False
) -> None:
    """``maybe``: an empty quotient is 0/0, of which nothing follows unless 0 is excluded."""
    if to is None:
        if maybe:
            return
        raise EmptyError
    met = intervals.meet(values[place], to)
    if met is None:
        raise EmptyError
    values[place] = met


def _power_back(value: Interval, exponent: int, before: Interval) -> Interval | None:
    roots = intervals.root(value, exponent)
    if roots is None or exponent % 2:
        return roots
    if before[0] >= 0:
        return roots
    if before[1] <= 0:
        return intervals.negate(roots)
    return -roots[1], roots[1]


def _abs_back(value: Interval, before: Interval) -> Interval | None:
    if value[1] < 0:
        return None
    size = max(value[0], 0.0), value[1]
    if before[0] >= 0:
        return size
    if before[1] <= 0:
        return intervals.negate(size)
    return -size[1], size[1]


class Propagation:
    """Narrows boxes with ``formulas``; ``integers`` are names of whole unknowns."""

    def __init__(self, formulas: Sequence[Formula], integers: frozenset[str]) -> None:
        self._tape = Tape()
        self._integers = integers
        self._relations: list[tuple[str, int, int]] = []
        self._properties: list[tuple[Property, tuple[int, ...]]] = []
        self._choices: list[list[Propagation]] = []
        for formula in formulas:
            self._take(formula)

    def _take(self, formula: Formula) -> None:
        match formula:
            case Relation(kind=kind, left=left, right=right):
                sides = self._tape.index(left), self._tape.index(right)
                self._relations.append((kind, *sides))
            case Property(arguments=arguments):
                places = tuple(self._tape.index(each) for each in arguments)
                self._properties.append((formula, places))
            case Every(parts=parts):
                for part in parts:
                    self._take(part)
            case Some(parts=parts):
                self._choices.append([Propagation([part], self._integers) for part in parts])

    def narrowed(self, box: Box, rounds: int = 20) -> Box | None:
        """The part of ``box`` where the conditions can hold; None where they cannot."""
        try:
            for _ in range(rounds):
                narrower = self._once(box)
                if not _gained(box, narrower):
                    return narrower
                box = narrower
        except EmptyError:
            return None
        return box

    def _once(self, box: Box) -> Box:
        values = self._tape.forward(box)
        for kind, left, right in self._relations:
            _compare(values, kind, left, right)
        for formula, places in self._properties:
            _property(values, formula, places)
        self._tape.backward(values)
        new = dict(box)
        for name, place in self._tape.names.items():
            new[name] = values[place]
        for name in self._integers & new.keys():
            narrowed = intervals.whole(new[name])
            if narrowed is None:
                raise EmptyError
            new[name] = narrowed
        for choice in self._choices:
            new = self._chosen(choice, new)
        return new

    def _chosen(self, choice: Sequence["Propagation"], box: Box) -> Box:
        able = [found for each in choice if (found := each.narrowed(box, 3)) is not None]
        if not able:
            raise EmptyError
        return {
            name: (min(each[name][0] for each in able), max(each[name][1] for each in able))
            for name in box
        }


def _gained(before: Box, after: Box) -> bool:
    for name, (low, high) in before.items():
        new_low, new_high = after[name]
        if (new_low > low and math.isinf(low)) or (new_high < high and math.isinf(high)):
            return True
        if new_high - new_low < (high - low) * (1 - _GAIN):
            return True
    return False


def _compare(values: list[Interval], kind: str, left: int, right: int) -> None:
    first, second = values[left], values[right]
    if kind == "==":
        met = intervals.meet(first, second)
        if met is None:
            raise EmptyError
        values[left] = values[right] = met
    elif kind in ("<", "<="):
        if first[0] > second[1] or (kind == "<" and first[0] == second[1]):
            raise EmptyError
        values[left] = first[0], min(first[1], second[1])
        values[right] = max(first[0], second[0]), second[1]
    elif kind in (">", ">="):
        _compare(values, "<" if kind == ">" else "<=", right, left)
    elif first[0] == first[1] == second[0] == second[1]:
        raise EmptyError


def _property(values: list[Interval], formula: Property, places: tuple[int, ...]) -> None:
    if formula.name == "integer":
        if formula.holds:
            _narrow(values, places[0], intervals.whole(values[places[0]]))
        return
    for place in places:
        # Both are defined for whole numbers alone.
        _narrow(values, place, intervals.whole(values[place]))
    if formula.name == "isprime" and formula.holds:
        _narrow(values, places[0], (2.0, INF))
    if formula.name == "divides" and formula.holds:
        of = values[places[1]]
        if not _has_zero(of):
            most = max(map(abs, of))
            _narrow(values, places[0], (-most, most))
        divisor = values[places[0]]
        if divisor[0] == divisor[1] and divisor[0] != 0 and abs(divisor[0]) < 2**50:
            step = Fraction(abs(divisor[0]))
            low, high = of
            if math.isfinite(low):
                low = intervals.enclosing(math.ceil(Fraction(low) / step) * step)[0]
            if math.isfinite(high):
                high = intervals.enclosing(math.floor(Fraction(high) / step) * step)[1]
            _narrow(values, places[1], (low, high) if low <= high else None)
