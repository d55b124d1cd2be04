"""Values with a name: ``x = 3``, ``f(n) = 2n``, ``(x, y) = (1, 2)``, and chains ``2 + 3 = 5``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Apply,
    Call,
    Divide,
    Labelled,
    Multiply,
    Negate,
    Node,
    Number,
    Operator,
    Ratio,
    Relation,
    Sequence,
    Symbol,
    Text,
    symbols,
)
from assayoffice.verifiers.numeric.rewriting import rewritten
from assayoffice.verifiers.numeric.wording import words

_ARITHMETIC = frozenset(("root", "factorial", "factorial2", "binom", "abs", "floor", "ceil", "mod"))

#: Words of a label that make its value another one than what was asked for.
_DENIALS: Final = frozenset(
    "not no never cannot neither nor without except unless excluding besides twice thrice half "
    "double less more fewer greater than below above under over about approximately around roughly "
    "nearly almost between reciprocal inverse opposite negative minus maybe perhaps if".split()
)


@dataclass(frozen=True, slots=True)
class Named:
    """A value and what it is called.

    ``others`` are further expressions it is said to equal, ``approximation`` one it is close to.
    No names: a chain of equal constants.
    """

    names: tuple[Node, ...]
    value: Node
    others: tuple[Node, ...] = ()
    approximation: Node | None = None


def named(node: Node) -> Named | None:
    """``node`` read as a named value, or None if it is something else."""
    if isinstance(node, Labelled):
        before = node.label.partition("_")[0]  # of a sentence; the whole of any other label
        if not _DENIALS.isdisjoint(before.lower().split()):
            return None
        return Named((Text(words(node.label)),), node.item)
    if not isinstance(node, Relation):
        return None
    if node.operators == ("in",) and isinstance(node.terms[0], Symbol):
        members = node.terms[1]
        is_set = isinstance(members, Sequence) and members.kind == "set"
        return Named((node.terms[0],), members) if is_set else None
    if any(operator not in ("=", "~") for operator in node.operators):
        return None
    count = 0
    while count < len(node.terms) - 1 and is_name(node.terms[count]):
        count += 1
    if not count and symbols(node):
        return None
    names, stated = node.terms[:count], node.terms[count:]
    exact = 1
    for operator in node.operators[count:]:
        if operator == "~":
            break
        exact += 1
    equals, close = stated[:exact], stated[exact:]
    value = next((term for term in reversed(equals) if _is_literal(term)), equals[-1])
    others = tuple(term for term in equals if term is not value)
    return Named(names, value, others, close[-1] if close else None)


def is_name(node: Node) -> bool:
    """Whether ``node`` can be what a value is called, rather than an expression with a value."""
    match node:
        case Symbol() | Apply():
            return True
        case Call(name=name, arguments=arguments):
            return name not in _ARITHMETIC and all(isinstance(each, Symbol) for each in arguments)
        case Multiply(items=items):
            first = items[0]
            if isinstance(items[-1], Call) and items[-1].name == "angle":  # m \\angle ABC
                return first == Symbol("m") and len(items) == 2
            return all(isinstance(each, Symbol) for each in items) and (
                first == Symbol("Delta")
                or all(isinstance(each, Symbol) and each.name[:1].isupper() for each in items)
            )
        case Sequence(kind="tuple", items=items) | Ratio(items=items):
            return all(is_name(item) for item in items)
    return False


def bound_names(name: Node) -> tuple[str, ...] | None:
    """The variables x of a name f(x), which may be called anything. None for other names."""
    if isinstance(name, Apply) and all(isinstance(each, Symbol) for each in name.arguments):
        return tuple(each.name for each in name.arguments if isinstance(each, Symbol))
    return None


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """``node`` with its variables called something else."""

    def rule(part: Node) -> Node | None:
        if isinstance(part, Symbol):
            return Symbol(names.get(part.name, part.name))
        return part if isinstance(part, Operator) and part.variable in names else None

    return rewritten(node, rule)


def _is_literal(node: Node) -> bool:
    if isinstance(node, Negate):
        node = node.item
    if isinstance(node, Divide):
        return isinstance(node.over, Number) and isinstance(node.under, Number)
    return isinstance(node, Number)
