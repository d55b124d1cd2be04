"""The modular tier: an expression's fingerprint modulo a prime, at a random point.

Rational expressions that differ have different fingerprints except with probability about 2^-60
per prime (Schwartz-Zippel), whatever the size of their coefficients and powers. What is not
rational (a root, a sine, f(x)) is replaced by a random number that depends on the function and on
the fingerprints of its arguments. Equal fingerprints then still prove equality; different ones
prove a difference only if nothing was replaced by less than it means (``conclusive``).
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from hashlib import blake2b
from typing import Any, Final

from assayoffice.verifiers.numeric.exact import exact
from assayoffice.verifiers.numeric.expression import (
    Add,
    Apply,
    Based,
    Call,
    Constant,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Operator,
    Power,
    Symbol,
    Text,
    Unit,
)
from assayoffice.verifiers.numeric.finding import NotScalarError, UndefinedError
from assayoffice.verifiers.numeric.limits import Budget

#: Just below 2^61; congruent to 1 modulo 4, so that -1 has a square root in the field.
PRIMES: Final = (2**61 - 31, 2**61 - 259)
#: Functions whose arguments may change places.
_SYMMETRIC: Final = frozenset(("max", "min", "gcd", "lcm"))
_INVERSION_STEPS: Final = 10
_POWER_STEPS: Final = 20


class Fingerprint:
    """Evaluates expressions modulo one prime, at a point that ``seed`` decides."""

    __slots__ = ("_bound", "_budget", "_prime", "_seed", "_transcendental", "conclusive")

    def __init__(self, prime: int, seed: bytes, budget: Budget) -> None:
        self._prime = prime
        self._seed = seed
        self._budget = budget
        self._bound: list[str] = []
        self._transcendental = ""
        #: Whether different fingerprints of what was evaluated so far prove a difference.
        self.conclusive = True

    def of(self, node: Node) -> int:
        """The fingerprint of ``node``.

        Raises NotScalarError, UndefinedError for a division by zero, TooLargeError when the budget
        is spent.
        """
        self._budget.spend()
        rule = _RULES.get(type(node))
        if rule is None:
            raise NotScalarError(type(node).__name__)
        return rule(self, node)

    def _random(self, *parts: object) -> int:
        text = repr(parts).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=16, key=self._seed).digest()) % self._prime

    def _replaced(self, *parts: object) -> int:
        self.conclusive = False
        return self._random(*parts)

    def _inverse(self, value: int) -> int:
        self._budget.spend(_INVERSION_STEPS)
        if value == 0:
            raise UndefinedError
        return pow(value, -1, self._prime)

    def _ratio(self, over: int, under: int) -> int:
        return over % self._prime if under == 1 else over * self._inverse(under % self._prime)

    def _number(self, node: Number) -> int:
        return self._ratio(node.value.numerator, node.value.denominator) % self._prime

    def _based(self, node: Based) -> int:
        return node.value % self._prime

    def _symbol(self, node: Symbol) -> int:
        if node.name in self._bound:
            # Bound variables are known by how deep they are bound, so that they can be renamed.
            return self._random("bound", self._bound[::-1].index(node.name))
        return self._random("symbol", node.name)

    def _constant(self, node: Constant) -> int:
        if node.name == "i":
            return pow(self._nonresidue(), (self._prime - 1) // 4, self._prime)
        if node.name in ("pi", "e"):
            # Each is transcendental; that they are independent of each other is not known.
            if self._transcendental not in ("", node.name):
                self.conclusive = False
            self._transcendental = node.name
        elif node.name == "...":
            self.conclusive = False
        return self._random("constant", node.name)

    def _nonresidue(self) -> int:
        half = (self._prime - 1) // 2
        return next(k for k in range(2, 100) if pow(k, half, self._prime) != 1)

    def _unit(self, node: Unit) -> int:
        if node.name == "%":
            return self._inverse(100)
        return self._random("unit", node.name)

    def _text(self, node: Text) -> int:
        return self._replaced("text", node.words)

    def _add(self, node: Add) -> int:
        return sum([self.of(item) for item in node.items]) % self._prime

    def _multiply(self, node: Multiply) -> int:
        product = 1
        for item in node.items:
            product = product * self.of(item) % self._prime
        return product

    def _divide(self, node: Divide) -> int:
        return self.of(node.over) * self._inverse(self.of(node.under)) % self._prime

    def _negate(self, node: Negate) -> int:
        return -self.of(node.item) % self._prime

    def _power(self, node: Power) -> int:
        exponent = exact(node.exponent, self._budget)
        if isinstance(node.base, Constant) and node.base.name == "e" and exponent is None:
            return self._replaced("exp", self.of(node.exponent))
        base = self.of(node.base)
        if exponent is None:
            return self._replaced("power", base, self.of(node.exponent))
        if exponent.q != 1:
            base = self._replaced("root", base, int(exponent.q))
        return self._raised(base, int(exponent.p))

    def _raised(self, base: int, exponent: int) -> int:
        self._budget.spend(_POWER_STEPS)
        if base == 0 and exponent <= 0:
            raise UndefinedError
        return pow(base, exponent, self._prime)

    def _call(self, node: Call) -> int:
        value = exact(node, self._budget)
        if value is not None:
            return self._ratio(int(value.p), int(value.q)) % self._prime
        if node.name == "root":
            return self._power(Power(node.arguments[0], _reciprocal(node.arguments[1:])))
        arguments = [self.of(argument) for argument in node.arguments]
        if node.name in _SYMMETRIC:
            arguments.sort()
        return self._replaced(node.name, *arguments)

    def _apply(self, node: Apply) -> int:
        # Nothing is known of f, so where f(x) and f(y) differ they differ for some f.
        return self._random("apply", node.name, *(self.of(each) for each in node.arguments))

    def _operator(self, node: Operator) -> int:
        bounds = [None if each is None else self.of(each) for each in (node.lower, node.upper)]
        self._bound.append(node.variable)
        body = self.of(node.body)
        self._bound.pop()
        return self._replaced(node.kind, *bounds, body)


def _reciprocal(index: Sequence[Node]) -> Node:
    return Divide(Number(_ONE), index[0] if index else Number(_ONE * 2))


_ONE: Final = Fraction(1)
_RULES: Final[dict[type, Callable[[Fingerprint, Any], int]]] = {
    Number: Fingerprint._number,
    Based: Fingerprint._based,
    Symbol: Fingerprint._symbol,
    Constant: Fingerprint._constant,
    Unit: Fingerprint._unit,
    Text: Fingerprint._text,
    Add: Fingerprint._add,
    Multiply: Fingerprint._multiply,
    Divide: Fingerprint._divide,
    Negate: Fingerprint._negate,
    Power: Fingerprint._power,
    Call: Fingerprint._call,
    Apply: Fingerprint._apply,
    Operator: Fingerprint._operator,
}
