"""Terms and conditions that premises are made of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    """An exact rational number."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """An unknown."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """``pi`` or ``e``."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation (``+ - * / ** neg``) or function of its arguments."""

    operation: str
    arguments: tuple["Node", ...]


Node: TypeAlias = Number | Name | Constant | Apply


@dataclass(frozen=True, slots=True)
class Relation:
    """``left kind right``. Where a side is undefined it does not hold, whatever its kind."""

    kind: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Property:
    """``divides(a, b)``, ``isprime(n)`` or ``integer(x)``; or, unless ``holds``, their opposite."""

    name: str
    arguments: tuple[Node, ...]
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Every:
    """All of them hold."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of them holds."""

    parts: tuple["Formula", ...]


Formula: TypeAlias = Relation | Property | Every | Some

_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def opposite(formula: Formula) -> Formula:
    """What holds where ``formula`` is defined and does not hold."""
    match formula:
        case Relation(kind=kind, left=left, right=right):
            return Relation(_OPPOSITE[kind], left, right)
        case Property(name=name, arguments=arguments, holds=holds):
            return Property(name, arguments, not holds)
        case Every(parts=parts):
            return Some(tuple(opposite(part) for part in parts))
        case Some(parts=parts):
            return Every(tuple(opposite(part) for part in parts))


def number(value: Fraction | int) -> Number:
    return Number(Fraction(value))


def terms(formula: Formula) -> Iterator[Node]:
    """The outermost terms in ``formula``."""
    match formula:
        case Relation(left=left, right=right):
            yield left
            yield right
        case Property(arguments=arguments):
            yield from arguments
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from terms(part)


def names(node: Node) -> frozenset[str]:
    """The unknowns in ``node``."""
    match node:
        case Name(name=name):
            return frozenset((name,))
        case Apply(arguments=arguments):
            return frozenset().union(*(names(each) for each in arguments))
        case _:
            return frozenset()


def formula_names(formula: Formula) -> frozenset[str]:
    """The unknowns in ``formula``."""
    return frozenset().union(*(names(term) for term in terms(formula)))


def size(formula: Formula) -> int:
    """How many parts all terms in ``formula`` have."""
    return sum(map(_size, terms(formula)))


def _size(node: Node) -> int:
    return 1 + sum(map(_size, node.arguments)) if isinstance(node, Apply) else 1


def rebuilt(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """``node`` with the outermost parts for which ``change`` gives something replaced by that."""
    changed = change(node)
    if changed is not None:
        return changed
    if isinstance(node, Apply):
        return Apply(node.operation, tuple(rebuilt(each, change) for each in node.arguments))
    return node


def mapped(formula: Formula, change: Callable[[Node], Node]) -> Formula:
    """``formula`` with ``change`` applied to its outermost terms."""
    match formula:
        case Relation(kind=kind, left=left, right=right):
            return Relation(kind, change(left), change(right))
        case Property(name=name, arguments=arguments, holds=holds):
            return Property(name, tuple(change(each) for each in arguments), holds)
        case Every(parts=parts):
            return Every(tuple(mapped(part, change) for part in parts))
        case Some(parts=parts):
            return Some(tuple(mapped(part, change) for part in parts))


def substituted(node: Node, values: Mapping[str, Node]) -> Node:
    """``node`` with unknowns replaced."""
    return rebuilt(node, lambda each: values.get(each.name) if isinstance(each, Name) else None)
