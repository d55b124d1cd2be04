"""Derivatives of terms."""

from fractions import Fraction

from assayoffice.verifiers.rewrites.premises.expression import Apply, Name, Node, Number, number
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError

_ZERO = number(0)
_ONE = number(1)


def derivative(node: Node, name: str) -> Node:
    """The derivative by the unknown. Raises TooMuchError for what has none everywhere."""
    match node:
        case Name(name=own):
            return _ONE if own == name else _ZERO
        case Apply(operation=operation, arguments=arguments):
            inner = [derivative(each, name) for each in arguments]
            if all(each == _ZERO for each in inner):
                return _ZERO
            return _rule(operation, arguments, inner)
    return _ZERO


def _rule(operation: str, parts: tuple[Node, ...], inner: list[Node]) -> Node:
    first = parts[0]
    match operation:
        case "+":
            return _sum(*inner)
        case "neg":
            return Apply("neg", (inner[0],))
        case "*":
            return _sum(
                *(
                    _product(*parts[:position], each, *parts[position + 1 :])
                    for position, each in enumerate(inner)
                )
            )
        case "/":
            over, under = parts
            top = _sum(_product(inner[0], under), Apply("neg", (_product(over, inner[1]),)))
            return Apply("/", (top, _power(under, 2)))
        case "**":
            return _of_power(parts, inner)
        case "sqrt":
            outer: Node = Apply("/", (number(Fraction(1, 2)), Apply("sqrt", (first,))))
        case "cbrt":
            outer = Apply("/", (number(Fraction(1, 3)), _power(Apply("cbrt", (first,)), 2)))
        case "exp":
            outer = Apply("exp", (first,))
        case "log":
            outer = Apply("/", (_ONE, first))
            if len(parts) == 2:
                if inner[1] != _ZERO:
                    raise TooMuchError
                outer = Apply("/", (outer, Apply("log", (parts[1],))))
        case "sin":
            outer = Apply("cos", (first,))
        case "cos":
            outer = Apply("neg", (Apply("sin", (first,)),))
        case "tan":
            outer = _sum(_ONE, _power(Apply("tan", (first,)), 2))
        case "asin" | "acos":
            root = Apply("sqrt", (_sum(_ONE, Apply("neg", (_power(first, 2),))),))
            outer = Apply("/", (number(1 if operation == "asin" else -1), root))
        case "atan":
            outer = Apply("/", (_ONE, _sum(_ONE, _power(first, 2))))
        case _:
            raise TooMuchError
    return _product(outer, inner[0])


def _of_power(parts: tuple[Node, ...], inner: list[Node]) -> Node:
    base, exponent = parts
    if inner[1] == _ZERO:
        less = (
            number(exponent.value - 1)
            if isinstance(exponent, Number)
            else _sum(exponent, number(-1))
        )
        return _product(exponent, Apply("**", (base, less)), inner[0])
    logarithmic = _product(inner[1], Apply("log", (base,)))
    if inner[0] != _ZERO:
        logarithmic = _sum(logarithmic, Apply("/", (_product(exponent, inner[0]), base)))
    return _product(Apply("**", (base, exponent)), logarithmic)


def _sum(*each: Node) -> Node:
    kept = tuple(one for one in each if one != _ZERO)
    return Apply("+", kept) if len(kept) > 1 else kept[0] if kept else _ZERO


def _product(*each: Node) -> Node:
    if _ZERO in each:
        return _ZERO
    kept = tuple(one for one in each if one != _ONE)
    return Apply("*", kept) if len(kept) > 1 else kept[0] if kept else _ONE


def _power(base: Node, exponent: int) -> Node:
    return Apply("**", (base, number(exponent)))
