"""Makes conditions polynomial: roots, absolute values, remainders and the like get names.

A new name stands with what defines it in the very condition that uses it, so that where the
definition fails, as for the square root of a negative number, that condition fails and no other.
"""

import math
from fractions import Fraction
from typing import Final

from flint import fmpz_poly

from assayoffice.verifiers.rewrites.premises import rationals
from assayoffice.verifiers.rewrites.premises.constants import Constants
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
    names,
    number,
)
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError

_MAX_EXPONENT: Final = 48
_MAX_INDEX: Final = 12
#: Denominators of angles, in full turns, whose cosine is rational or quadratic.
_ANGLES: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12)


class Flattening:
    """``names``: those given to parts of terms so far; ``constants``: letters for others."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.constants = Constants()
        self._known: dict[tuple[str, tuple[Node, ...]], tuple[Node, tuple[Formula, ...]]] = {}
        self._side: list[Formula] = []

    def formula(self, formula: Formula) -> Formula:
        """The same over polynomials and quotients. Raises TooMuchError for what cannot be."""
        match formula:
            case Every(parts=parts):
                return Every(tuple(self.formula(part) for part in parts))
            case Some(parts=parts):
                return Some(tuple(self.formula(part) for part in parts))
            case Relation(kind=kind, left=left, right=right):
                sides, definitions = self.defined(left, right)
                return _with(definitions, Relation(kind, *sides))
            case Property(name="integer", arguments=arguments, holds=True):
                sides, definitions = self.defined(*arguments)
                return _with(definitions, Property("integer", sides))
            case Property(name="divides", arguments=arguments, holds=True):
                (divisor, of), definitions = self.defined(*arguments)
                times = self._new()
                parts = (
                    Relation("==", of, Apply("*", (divisor, times))),
                    Relation("!=", divisor, number(0)),
                    *(Property("integer", (each,)) for each in (divisor, of, times)),
                )
                return Every((*definitions, *parts))
        raise TooMuchError

    def defined(self, *nodes: Node) -> tuple[tuple[Node, ...], tuple[Formula, ...]]:
        """``nodes`` over polynomials, and what defines the names in them."""
        outer, self._side = self._side, []
        try:
            return tuple(self._term(node) for node in nodes), tuple(self._side)
        finally:
            self._side = outer

    def _new(self) -> Node:
        self.names.append(f"_{len(self.names)}")
        return Name(self.names[-1])

    def _term(self, node: Node) -> Node:
        match node:
            case Number() | Name():
                return node
            case Constant():
                return self.constants.letter(node)
            case Apply(operation=operation, arguments=arguments):
                if not names(node):
                    try:
                        return number(rationals.value(node, {}))
                    except rationals.InexactError:
                        pass
                    except rationals.UndefinedError:
                        self._side.append(Relation("==", number(0), number(1)))
                        return number(0)
                if operation in ("+", "*", "/", "neg"):
                    return Apply(operation, tuple(self._term(each) for each in arguments))
                try:
                    if operation == "**":
                        return self._power(*arguments)
                    return self._named(operation, arguments)
                except TooMuchError:
                    if names(node):
                        raise
                    return self.constants.letter(node)

    def _power(self, base: Node, exponent: Node) -> Node:
        if not names(exponent):
            try:
                exponent = number(rationals.value(exponent, {}))
            except ArithmeticError:
                raise TooMuchError from None
        if not isinstance(exponent, Number):
            raise TooMuchError
        power = exponent.value
        if abs(power.numerator) > _MAX_EXPONENT or power.denominator > _MAX_INDEX:
            raise TooMuchError
        if power.denominator == 1:
            root = self._term(base)
        else:
            root = self._named("root", (base, number(power.denominator)))
        result = Apply("**", (root, number(abs(power.numerator))))
        return Apply("/", (number(1), result)) if power < 0 else result

    def _named(self, operation: str, arguments: tuple[Node, ...]) -> Node:
        key = (operation, arguments)
        if key not in self._known:
            rule = getattr(self, f"_define_{operation}", None)
            if rule is None:
                raise TooMuchError
            outer, self._side = self._side, []
            try:
                named = rule(*arguments)
                self._known[key] = named, tuple(self._side)
            finally:
                self._side = outer
        named, definitions = self._known[key]
        self._side.extend(definitions)
        return named

    def _define(self, *parts: Formula) -> None:
        self._side.extend(parts)

    def _define_root(self, base: Node, index: Number) -> Node:
        root, under = self._new(), self._term(base)
        power = Apply("**", (root, index))
        self._define(Relation("==", power, under), Relation(">=", root, number(0)))
        return root

    def _define_sqrt(self, base: Node) -> Node:
        return self._define_root(base, number(2))

    def _define_cbrt(self, base: Node) -> Node:
        root, under = self._new(), self._term(base)
        self._define(Relation("==", Apply("**", (root, number(3))), under))
        return root

    def _define_abs(self, of: Node) -> Node:
        size, inside = self._new(), self._term(of)
        squares = (Apply("**", (each, number(2))) for each in (size, inside))
        self._define(Relation("==", *squares), Relation(">=", size, number(0)))
        return size

    def _define_max(self, *of: Node) -> Node:
        return self._extreme(">=", of)

    def _define_min(self, *of: Node) -> Node:
        return self._extreme("<=", of)

    def _extreme(self, kind: str, of: tuple[Node, ...]) -> Node:
        extreme, each = self._new(), [self._term(one) for one in of]
        product = Apply("*", tuple(_difference(extreme, one) for one in each))
        self._define(Relation("==", product, number(0)))
        self._define(*(Relation(kind, extreme, one) for one in each))
        return extreme

    def _define_floor(self, of: Node) -> Node:
        whole, inside = self._new(), self._term(of)
        self._define(
            Property("integer", (whole,)),
            Relation("<=", whole, inside),
            Relation("<", inside, Apply("+", (whole, number(1)))),
        )
        return whole

    def _define_ceil(self, of: Node) -> Node:
        return Apply("neg", (self._named("floor", (Apply("neg", (of,)),)),))

    def _define_mod(self, over: Node, under: Node) -> Node:
        times, rest = self._new(), self._new()
        dividend, divisor = self._term(over), self._term(under)
        self._define(
            Property("integer", (times,)),
            Relation("==", dividend, Apply("+", (Apply("*", (times, divisor)), rest))),
            Relation("<=", number(0), rest),
            Relation("<", rest, divisor),
        )
        return rest

    def _define_cos(self, angle: Node) -> Node:
        turns = _turns(angle) % 1
        return self._cosine(min(turns, 1 - turns))

    def _define_sin(self, angle: Node) -> Node:
        turns = (_turns(angle) - Fraction(1, 4)) % 1
        return self._cosine(min(turns, 1 - turns))

    def _define_tan(self, angle: Node) -> Node:
        return Apply("/", (self._named("sin", (angle,)), self._named("cos", (angle,))))

    def _cosine(self, turns: Fraction) -> Node:
        """The cosine of ``turns`` (at most 1/2) full turns, by its minimal polynomial."""
        if turns.denominator not in _ANGLES:
            raise TooMuchError
        # FLINT's polynomial is that of 2 cos(2 pi/n); its roots are those of all k/n turns.
        coefficients = [int(each) for each in fmpz_poly.cos_minpoly(turns.denominator).coeffs()]
        if len(coefficients) == 2:
            return number(Fraction(-coefficients[0], 2))
        double = self._new()
        powers = (
            Apply("*", (number(each), Apply("**", (double, number(power)))))
            for power, each in enumerate(coefficients)
        )
        self._define(Relation("==", Apply("+", tuple(powers)), number(0)))
        # The cosine falls on [0, 1/2]: between the neighbouring roots there is only this one.
        value = 2 * math.cos(2 * math.pi * turns)
        gap = min(
            abs(value - 2 * math.cos(2 * math.pi * k / turns.denominator))
            for k in range(turns.denominator // 2 + 1)
            if Fraction(k, turns.denominator) != turns
        )
        for kind, bound in ((">", value - gap / 2), ("<", value + gap / 2)):
            self._define(Relation(kind, double, number(Fraction(bound))))
        return Apply("/", (double, number(2)))


def _turns(angle: Node) -> Fraction:
    """``angle`` in full turns, if it is a rational number of them."""
    constant = _multiple_of_pi(angle)
    if constant is None:
        raise TooMuchError
    return constant / 2


def _multiple_of_pi(node: Node) -> Fraction | None:
    """q where ``node`` is q pi."""
    match node:
        case Number(value=value):
            return Fraction(0) if value == 0 else None
        case Constant(name="pi"):
            return Fraction(1)
        case Apply(operation="neg", arguments=(inside,)):
            inner = _multiple_of_pi(inside)
            return None if inner is None else -inner
        case Apply(operation="+", arguments=arguments):
            total = Fraction(0)
            for each in arguments:
                part = _multiple_of_pi(each)
                if part is None:
                    return None
                total += part
            return total
        case Apply(operation="*", arguments=arguments):
            return _product(arguments)
        case Apply(operation="/", arguments=(over, under)):
            top = _multiple_of_pi(over)
            try:
                bottom = rationals.value(under, {})
            except ArithmeticError:
                return None
            return None if top is None or bottom == 0 else top / bottom
    return None


def _product(arguments: tuple[Node, ...]) -> Fraction | None:
    product, multiples = Fraction(1), 0
    for each in arguments:
        try:
            product *= rationals.value(each, {})
        except rationals.UndefinedError:
            return None
        except rationals.InexactError:
            multiple = _multiple_of_pi(each)
            if multiple is None:
                return None
            product *= multiple
            multiples += 1
    return product if multiples == 1 or product == 0 else None


def _difference(left: Node, right: Node) -> Node:
    return Apply("+", (left, Apply("neg", (right,))))


def _with(definitions: tuple[Formula, ...], formula: Formula) -> Formula:
    return Every((*definitions, formula)) if definitions else formula
