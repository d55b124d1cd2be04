"""The syntax tree of an answer: what was written, before any convention is applied to it.

Nodes are frozen and compare by structure. Nothing here evaluates; a division by zero or a false
equation is representable, because judging it is the business of the tiers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    """A literal. ``places`` counts digits after the point; -1 says it was not a decimal."""

    value: Fraction
    places: int = -1
    significant: int = 0


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable, subscript and primes included in its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """pi, e, i, oo (infinity), an ellipsis, a set such as R, or the empty set."""

    name: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit or count noun written as a factor; ``%``, ``degree`` and currencies included."""

    name: str


@dataclass(frozen=True, slots=True)
class Add:
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Multiply:
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Divide:
    over: "Node"
    under: "Node"


@dataclass(frozen=True, slots=True)
class Negate:
    item: "Node"


@dataclass(frozen=True, slots=True)
class PlusMinus:
    """``±item`` (sign 1) or ``∓item`` (sign -1)."""

    item: "Node"
    sign: int


@dataclass(frozen=True, slots=True)
class Power:
    base: "Node"
    exponent: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function with a known meaning: ``root`` (radicand, index), ``sin``, ``log`` (x, base)..."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """A function whose meaning is not known, as in ``f(x + 1)``."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """An unevaluated ``sum``, ``prod``, ``int`` or ``lim`` over ``variable``."""

    kind: str
    variable: str
    lower: "Node | None"
    upper: "Node | None"
    body: "Node"


@dataclass(frozen=True, slots=True)
class Sequence:
    """Several values: ``tuple`` (), ``bracket`` [], ``set`` {}, or a bare ``list``.

    ``joiner`` is how the elements of a list were joined: ``,``, ``and`` or ``or``.
    """

    kind: str
    items: tuple["Node", ...]
    joiner: str = ","


@dataclass(frozen=True, slots=True)
class Interval:
    lower: "Node"
    upper: "Node"
    lower_open: bool
    upper_open: bool


@dataclass(frozen=True, slots=True)
class SetOperation:
    """``union``, ``intersection`` or ``difference``."""

    kind: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Builder:
    """``{element | condition}``."""

    element: "Node"
    condition: "Node"


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: tuple[tuple["Node", ...], ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A chain ``terms[0] operators[0] terms[1] ...``.

    The operators are = ~ != < <= > >= in notin subset equiv to.
    """

    terms: tuple["Node", ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """A value or statement and what it holds for: ``f(x) = 1 for all x``, a line of ``cases``."""

    item: "Node"
    condition: "Node"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value among words: ``Minimum: 3``; an underscore in the label marks where it stood."""

    label: str
    item: "Node"


@dataclass(frozen=True, slots=True)
class Ratio:
    """``a:b:c``; with two members also a time of day."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Based:
    """Digits with a base as subscript; ``value`` is the number they denote."""

    value: int
    base: int


@dataclass(frozen=True, slots=True)
class Text:
    """Words that are not mathematics."""

    words: str


Node: TypeAlias = (
    Number
    | Symbol
    | Constant
    | Unit
    | Add
    | Multiply
    | Divide
    | Negate
    | PlusMinus
    | Power
    | Call
    | Apply
    | Operator
    | Sequence
    | Interval
    | SetOperation
    | Builder
    | Matrix
    | Relation
    | Where
    | Labelled
    | Ratio
    | Based
    | Text
)


def children(node: Node) -> tuple[Node, ...]:
    """The direct parts of ``node``, in writing order."""
    match node:
        case Number() | Symbol() | Constant() | Unit() | Based() | Text():
            return ()
        case Add() | Multiply() | Sequence() | Ratio():
            return node.items
        case Divide():
            return (node.over, node.under)
        case Negate() | PlusMinus() | Labelled():
            return (node.item,)
        case Power():
            return (node.base, node.exponent)
        case Call() | Apply():
            return node.arguments
        case Operator():
            bounds = tuple(bound for bound in (node.lower, node.upper) if bound is not None)
            return (*bounds, node.body)
        case Interval():
            return (node.lower, node.upper)
        case SetOperation():
            return (node.left, node.right)
        case Builder():
            return (node.element, node.condition)
        case Matrix():
            return tuple(cell for row in node.rows for cell in row)
        case Relation():
            return node.terms
        case Where():
            return (node.item, node.condition)


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything below it, depth first."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def contains(node: Node, *kinds: type) -> bool:
    """Whether ``node`` or anything below it is of one of ``kinds``."""
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, kinds):
            return True
        stack.extend(children(top))
    return False


def symbols(node: Node) -> frozenset[str]:
    """The names of the variables in ``node``, those bound by an operator left out."""
    found: set[str] = set()
    bound: set[str] = set()
    for part in walk(node):
        if isinstance(part, Symbol):
            found.add(part.name)
        elif isinstance(part, Operator):
            bound.add(part.variable)
    return frozenset(found - bound)
