"""The last tier: sympy, for what arithmetic left undecided; above all infinite sums and limits.

Expressions are built from our own size-guarded trees with sympy's constructors, never from text.
Sympy may take long, so this runs only where the process can be killed. It may accept, and never
alone: the two sides must also agree numerically at random points, or the verdict is DISPUTED.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from assayoffice.verifiers.numeric.balls import ball, working_precision
from assayoffice.verifiers.numeric.exact import exact
from assayoffice.verifiers.numeric.expression import (
    Add,
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
from assayoffice.verifiers.numeric.limits import MAX_EXACT_BITS, MAX_FACTORIAL, Budget
from assayoffice.verifiers.numeric.rewriting import rewritten

_MAX_NODES: Final = 200
#: Largest power of something other than a number.
_MAX_EXPONENT: Final = 100
_DIGITS: Final = 30
_BITS: Final = 256
#: Sympy's numeric sums and integrals must come this close to the other side.
_TOLERANCE: Final = fmpq(1, 10**12)
#: How far from its limit a variable is set, and how close the value must be there.
_APPROACH: Final = Number(Fraction(1, 10**9))
_APPROACH_TOLERANCE: Final = fmpq(1, 10**6)

_FUNCTIONS: Final = {
    **{name: name for name in "sin cos tan cot sec csc sinh cosh tanh coth exp floor".split()},
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "ln": "log", "log": "log", "abs": "Abs",
    "ceil": "ceiling", "factorial": "factorial", "binom": "binomial", "root": "root",
    "max": "Max", "min": "Min", "Re": "re", "Im": "im", "sgn": "sign",
}  # fmt: skip
_CONSTANTS: Final = {"pi": "pi", "e": "E", "i": "I", "oo": "oo"}
_OPERATORS: Final = {"sum": "Sum", "prod": "Product", "int": "Integral", "lim": "Limit"}


def expressible(node: Node, budget: Budget) -> bool:
    """Whether sympy can be given ``node`` without it growing beyond bounds on the way."""
    parts = list(walk(node))
    return len(parts) <= _MAX_NODES and all(_is_harmless(part, budget) for part in parts)


def _is_harmless(part: Node, budget: Budget) -> bool:
    match part:
        case Number() | Based() | Symbol() | Add() | Multiply() | Divide() | Negate():
            return True
        case Constant(name=name):
            return name in _CONSTANTS
        case Operator(kind=kind, lower=lower, upper=upper):
            return kind in _OPERATORS and lower is not None and (kind == "lim" or upper is not None)
        case Power(base=base, exponent=exponent):
            times, value = exact(exponent, budget), exact(base, budget)
            if times is None:
                # Without variables it is a number too large to be known.
                return bool(symbols(exponent)) or not contains(exponent, Power)
            bits = 1 if value is None else value.height_bits()
            return bool(abs(times) * bits <= (_MAX_EXPONENT if value is None else MAX_EXACT_BITS))
        case Call(name="factorial" | "binom", arguments=arguments):
            values = [exact(each, budget) for each in arguments]
            return all(value is None or abs(value) <= MAX_FACTORIAL for value in values)
        case Call(name=name):
            return name in _FUNCTIONS
    return False


def decide(left: Node, right: Node, points: list[Mapping[str, fmpq]], budget: Budget) -> Finding:
    """Whether sympy finds both equal and numbers at ``points`` bear it out."""
    import sympy

    try:
        sides = [_built(each, {}) for each in (left, right)]
        residue = sympy.simplify(sides[0].doit() - sides[1].doit())
        if residue != 0:
            return undecided(Method.SYMPY)
    except MemoryError:
        raise  # the allowance is used up, which is a fact of its own
    except Exception:  # noqa: BLE001 - whatever sympy stumbles over, the question stays open
        return undecided(Method.SYMPY)
    for point in points:
        agree = _agree(left, right, point, budget)
        if agree is None:
            return undecided(Method.SYMPY)
        if not agree:
            return different(Method.SYMPY, "DISPUTED")
    return equal(Method.SYMPY)


def _built(node: Node, bound: Mapping[str, Any]) -> Any:
    """The sympy expression of ``node``; ``bound`` are the variables of operators around it."""
    import sympy

    def parts(nodes: tuple[Node, ...]) -> list[Any]:
        return [_built(each, bound) for each in nodes]

    match node:
        case Number(value=value):
            return sympy.Rational(value.numerator, value.denominator)
        case Based(value=integer):
            return sympy.Integer(integer)
        case Symbol(name=name):
            return bound[name] if name in bound else sympy.Symbol(name, real=True)
        case Constant(name=name):
            return getattr(sympy, _CONSTANTS[name])
        case Add(items=items):
            return sympy.Add(*parts(items))
        case Multiply(items=items):
            return sympy.Mul(*parts(items))
        case Divide(over=over, under=under):
            return _built(over, bound) / _built(under, bound)
        case Negate(item=item):
            return -_built(item, bound)
        case Power(base=base, exponent=exponent):
            return sympy.Pow(_built(base, bound), _built(exponent, bound))
        case Call(name=name, arguments=arguments):
            return getattr(sympy, _FUNCTIONS[name])(*parts(arguments))
        case Operator():
            return _operator(node, bound)
    raise NotScalarError(type(node).__name__)


def _operator(node: Operator, bound: Mapping[str, Any]) -> Any:
    import sympy

    whole = node.kind in ("sum", "prod")
    assumption = {"integer": True} if whole else {"real": True}
    variable = sympy.Symbol(node.variable, **assumption)
    body = _built(node.body, {**bound, node.variable: variable})
    ends = [_built(each, bound) for each in (node.lower, node.upper) if each is not None]
    if node.kind == "lim":
        return sympy.Limit(body, variable, ends[0], "-" if ends[0].is_infinite else "+-")
    make: Callable[..., Any] = getattr(sympy, _OPERATORS[node.kind])
    return make(body, (variable, *ends))


def _agree(left: Node, right: Node, point: Mapping[str, fmpq], budget: Budget) -> bool | None:
    """Whether both have about the same value at ``point``; None if that cannot be computed."""
    close = _TOLERANCE
    numbers = []
    for node in (left, right):
        if isinstance(node, Operator) and node.kind == "lim":
            node, close = _before_the_limit(node), _APPROACH_TOLERANCE
        number = _number(node, point, budget)
        if number is None:
            return None
        numbers.append(number)
    one, other = numbers
    return bool(abs(one - other) <= arb(close) * (1 + abs(other)))


def _before_the_limit(node: Operator) -> Node:
    """The body of a limit, not quite there yet."""
    end = node.lower or Number(Fraction(0))
    match end:
        case Constant(name="oo"):
            place: Node = Divide(Number(Fraction(1)), _APPROACH)
        case Negate(item=Constant(name="oo")):
            place = Divide(Number(Fraction(-1)), _APPROACH)
        case _:
            place = Add((end, _APPROACH))
    return rewritten(node.body, lambda part: place if part == Symbol(node.variable) else None)


def _number(node: Node, point: Mapping[str, fmpq], budget: Budget) -> arb | None:
    """A real value: by balls or, where they cannot follow, by sympy's numeric methods."""
    try:
        with working_precision(_BITS):
            found = ball(node, point, budget)
        return found.value.real if found.finite and found.real else None
    except NotScalarError:
        return _numeric(node, point)


def _numeric(node: Node, point: Mapping[str, fmpq]) -> arb | None:
    import sympy

    values = {
        sympy.Symbol(name, real=True): sympy.Rational(int(value.p), int(value.q))
        for name, value in point.items()
    }
    try:
        value = _built(node, {}).subs(values).evalf(_DIGITS)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above
        return None
    return arb(str(value)) if value.is_Float and value.is_finite else None
