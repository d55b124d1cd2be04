"""Expressions: how they are got wrong, and how else they are written."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Add,
    Call,
    Constant,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Symbol,
    Unit,
    symbols,
    walk,
)
from assayoffice.verifiers.numeric.rewriting import rewritten
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.writing import number

#: Parts of an expression that are changed, from the outside in.
_MAX_PARTS: Final = 24
#: Numbers in an expression that are changed; the others are changed in some other reference.
_MAX_NUMBERS: Final = 4
_COFUNCTIONS: Final = {"sin": "cos", "cos": "sin", "tan": "cot", "cot": "tan", "sec": "csc",
                       "csc": "sec", "arcsin": "arccos", "arccos": "arcsin", "floor": "ceil",
                       "ceil": "floor", "max": "min", "min": "max", "gcd": "lcm", "lcm": "gcd",
                       "sinh": "cosh", "cosh": "sinh"}  # fmt: skip
#: Changes that may change the value by little.
_FINE: Final = frozenset(
    "sign_of_term dropped_term coefficient exponent swapped_operands other_function other_root "
    "off_by_one".split()
)
_ONE: Final = Number(Fraction(1))
_TWO: Final = Number(Fraction(2))


def shifted(node: Node, by: int = 1) -> Node:
    """``node`` plus a whole number: another value, whatever that of ``node`` is."""
    summand: Node = Number(Fraction(abs(by)))
    items = node.items if isinstance(node, Add) else (node,)
    return Add((*items, Negate(summand) if by < 0 else summand))


def negated(node: Node) -> Node:
    """The negative of ``node``."""
    return node.item if isinstance(node, Negate) else Negate(node)


def multiplied(factor: int, node: Node) -> Node:
    """``factor`` times ``node``, as one product."""
    items = node.items if isinstance(node, Multiply) else (node,)
    if isinstance(items[0], Number):
        return Multiply((Number(items[0].value * factor), *items[1:]))
    return Multiply((Number(Fraction(factor)), *items))


def changes(node: Node) -> Iterator[Change]:
    """What an expression is mistaken for. Some may be no mistake: commuted terms are none."""
    yield Change("sign", negated(node))
    yield Change("off_by_one", shifted(node), fine=True)
    yield Change("factor_2", multiplied(2, node))
    if isinstance(node, Divide):
        yield Change("reciprocal", Divide(node.under, node.over), fine=True)
    numbers = 0
    indices = _indices(node)
    for part in islice(walk(node), _MAX_PARTS):
        if id(part) in indices:
            continue
        if isinstance(part, Number):
            numbers += 1
            if numbers > _MAX_NUMBERS:
                continue
        for label, other in _changed(part):
            yield Change(label, _with(node, part, other), label in _FINE)
    yield from _renamed(node)
    yield Change("factor_10", multiplied(10, node))
    yield Change("factor_100", multiplied(100, node))
    yield Change("off_by_one", shifted(node, -1), fine=True)
    yield Change("off_by_a_tenth", Multiply((number(Fraction(11, 10), 1), node)))


def _with(node: Node, part: Node, other: Node) -> Node:
    return rewritten(node, lambda each: other if each is part else None)


def _changed(part: Node) -> Iterator[tuple[str, Node]]:
    match part:
        case Add(items=items):
            last = items[-1]
            yield "sign_of_term", Add((*items[:-1], negated(last)))
            for place in range(min(len(items), 4)):
                yield "dropped_term", _joined(Add, items[:place] + items[place + 1 :])
        case Multiply(items=items):
            for place, item in enumerate(items[:4]):
                if not _is_unit(item):
                    label = "dropped_pi" if item == Constant("pi") else "dropped_factor"
                    yield label, _joined(Multiply, items[:place] + items[place + 1 :])
        case Divide(over=over, under=under) if not _is_unit(under):
            yield "swapped_operands", Divide(under, over)
            yield "dropped_denominator", over
            yield "product_for_quotient", Multiply((over, under))
        case Power(base=base, exponent=exponent) if not _is_unit(base):
            yield "dropped_exponent", base
            if isinstance(exponent, Number):
                yield "exponent", Power(base, Number(exponent.value + 1))
            yield "swapped_operands", Power(exponent, base)
        case Call(name="root", arguments=(radicand, index)):
            yield "dropped_radical", radicand
            yield "other_root", Call("root", (radicand, shifted_number(index)))
        case Call(name="factorial", arguments=(argument,)):
            yield "dropped_function", argument
        case Call(name="ln" | "log", arguments=(argument, *_)):
            yield "dropped_function", argument
        case Call(name="binom", arguments=(of, choose)):
            yield "swapped_operands", Call("binom", (choose, of))
            yield "off_by_one", Call("binom", (shifted_number(of), choose))
        case Call(name=name, arguments=arguments) if name in _COFUNCTIONS:
            yield "other_function", Call(_COFUNCTIONS[name], arguments)
        case Negate(item=item):
            yield "sign_of_term", item
        case Number(value=value, places=places):
            step = Fraction(1, 10 ** max(places, 0))
            yield "coefficient", number(value + step, places)
            if value > 1:
                yield "coefficient", number(value - step, places)


def shifted_number(node: Node) -> Node:
    """One more than ``node``, as a literal if that is one."""
    if isinstance(node, Number):
        return number(node.value + 1, node.places)
    return shifted(node)


def _joined(kind: type[Add] | type[Multiply], items: tuple[Node, ...]) -> Node:
    return items[0] if len(items) == 1 else kind(items)


def _renamed(node: Node) -> Iterator[Change]:
    """Variables that took each other's place, or the place of which another one took."""
    names = sorted(symbols(node))
    if not names:
        return
    if len(names) > 1:
        swap = {names[0]: names[1], names[1]: names[0]}
        yield Change("swapped_variables", _named(node, swap))
    other = next(each for each in "wqzvu" if each not in names)
    yield Change("renamed_variable", _named(node, {names[0]: other}))


def _named(node: Node, names: dict[str, str]) -> Node:
    return rewritten(
        node,
        lambda part: (
            Symbol(names[part.name]) if isinstance(part, Symbol) and part.name in names else None
        ),
    )


def _is_unit(node: Node) -> bool:
    while isinstance(node, Power | Divide):
        node = node.base if isinstance(node, Power) else node.over
    if isinstance(node, Multiply):
        return all(map(_is_unit, node.items))
    return isinstance(node, Unit)


def equivalents(node: Node) -> Iterator[Change]:
    """The same value, written differently: equal by the laws of arithmetic."""
    match node:
        case Add(items=items):
            yield Change("commuted_terms", Add(items[::-1]))
        case Multiply(items=items) if not any(map(_is_unit, items)):
            yield Change("commuted_factors", Multiply(items[::-1]))
            yield from _distributed(items)
        case Divide(over=Add(items=items), under=under):
            yield Change("split_fraction", Add(tuple(_over(item, under) for item in items)))
        case Divide(over=over, under=under) if _is_surd(under):
            radicand = under.arguments[0] if isinstance(under, Call) else under
            yield Change("rationalised", Divide(_times(over, under), radicand))
        case Divide(over=over, under=under) if _is_surd(over) and isinstance(over, Call):
            yield Change("irrational_denominator", Divide(over.arguments[0], _times(under, over)))
        case Power(base=Add(items=(one, other)), exponent=Number(value=times)) if times == 2:
            yield Change(
                "expanded",
                Add((Power(one, _TWO), Multiply((_TWO, one, other)), Power(other, _TWO))),
            )
        case Negate(item=Add(items=items)):
            yield Change("distributed", Add(tuple(map(negated, items))))
    if isinstance(node, Multiply) and len(node.items) == 2:
        factor, surd = node.items
        if isinstance(factor, Number) and isinstance(surd, Call) and _is_surd(surd):
            square = factor.value**2
            inside = surd.arguments[0]
            if isinstance(inside, Number) and square.denominator == 1:
                merged = Number(square * inside.value)
                yield Change("merged_root", Call("root", (merged, surd.arguments[1])))
    if not isinstance(node, Symbol):
        yield Change("unreduced", Divide(multiplied(2, node), _TWO))


def _distributed(items: tuple[Node, ...]) -> Iterator[Change]:
    """a(b + c) as ab + ac, and (a + b)(c + d) as four terms."""
    if len(items) != 2:
        return
    left, right = (each.items if isinstance(each, Add) else (each,) for each in items)
    if 1 < len(left) * len(right) <= 9:
        yield Change("expanded", Add(tuple(_times(one, other) for one in left for other in right)))


def _times(one: Node, other: Node) -> Node:
    """A product with its sign in front."""
    negative = isinstance(one, Negate) != isinstance(other, Negate)
    factors: list[Node] = []
    for each in (one, other):
        each = each.item if isinstance(each, Negate) else each
        factors += each.items if isinstance(each, Multiply) else (each,)
    kept = tuple(each for each in factors if each != _ONE) or (_ONE,)
    product = _joined(Multiply, kept)
    return Negate(product) if negative else product


def _over(item: Node, under: Node) -> Node:
    if isinstance(item, Negate):
        return Negate(Divide(item.item, under))
    return Divide(item, under)


def _is_surd(node: Node) -> bool:
    match node:
        case Call(name="root", arguments=(Number(value=value), Number(value=index))):
            return index == 2 and value > 0
    return False


def subtracted(one: Node, other: Node) -> Node:
    """``one`` less ``other``, term by term."""
    items = one.items if isinstance(one, Add) else (one,)
    others = other.items if isinstance(other, Add) else (other,)
    return Add((*items, *map(negated, others)))


def _indices(node: Node) -> set[int]:
    """The parts that say which root is meant; a square root has no other coefficient."""
    return {
        id(part.arguments[1])
        for part in walk(node)
        if isinstance(part, Call) and part.name == "root"
    }
