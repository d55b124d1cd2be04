"""Sets of real numbers as the places they cover on a line of end points.

The end points of all sets that are compared, in their order, have the odd places 1, 3, 5 ...; what
lies between them and beyond has the even ones. Two sets differ exactly if their places do.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

from assayoffice.verifiers.numeric.expression import (
    Builder,
    Constant,
    Interval,
    Negate,
    Node,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    symbols,
)
from assayoffice.verifiers.rewrites.answers.apart import Apart

Places: TypeAlias = frozenset[int]

_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!=", "=": "="}
_INFINITY: Final = Constant("oo")
_MAX_ENDS: Final = 24


def differ(one: Node, other: Node, apart: Apart) -> bool:
    """Whether both are sets of real numbers, and certainly not the same."""
    line = _line([*ends(one), *ends(other)], apart)
    if line is None:
        return False
    left, right = _places(one, line), _places(other, line)
    return left is not None and right is not None and left != right


def is_set(node: Node, apart: Apart) -> bool:
    """Whether ``node`` is a set of real numbers with end points that can be put in order."""
    line = _line(list(ends(node)), apart)
    return line is not None and _places(node, line) is not None


def ends(node: Node) -> Iterator[Node]:
    """The finite end points in ``node``, as they are written."""
    match node:
        case Interval(lower=lower, upper=upper) | Sequence(items=(lower, upper)) if _is_span(node):
            yield from (each for each in (lower, upper) if not _is_infinite(each))
        case Sequence(items=items):
            for item in items:
                yield from ends(item) if isinstance(item, Relation) else (item,)
        case SetOperation(left=left, right=right):
            yield from ends(left)
            yield from ends(right)
        case Builder(condition=condition):
            yield from ends(condition)
        case Relation(terms=(Symbol(), members), operators=("in",)):
            yield from ends(members)
        case Relation(terms=terms):
            yield from (term for term in terms if not symbols(term) and not _is_infinite(term))


def _is_span(node: Node) -> bool:
    return isinstance(node, Interval) or (
        isinstance(node, Sequence) and node.kind in ("tuple", "bracket") and len(node.items) == 2
    )


def as_interval(node: Node) -> Interval | None:
    """An interval however its ends are written, or None."""
    match node:
        case Interval():
            return node
        case Sequence(kind="tuple" | "bracket" as kind, items=(lower, upper)):
            return Interval(lower, upper, kind == "tuple", kind == "tuple")
    return None


def _is_infinite(node: Node) -> bool:
    return (node.item if isinstance(node, Negate) else node) == _INFINITY


def _line(found: list[Node], apart: Apart) -> dict[Node, int] | None:
    """The place of each end point; None if the order of two is not known."""
    distinct = list(dict.fromkeys(found))
    if len(distinct) > _MAX_ENDS:
        return None
    below = {end: [each for each in distinct if apart.below(each, end)] for end in distinct}
    line: dict[Node, int] = {}
    for end in distinct:
        equal = [each for each in distinct if each not in below[end] and end not in below[each]]
        # Two that cannot be told apart may still be written differently: 2 and 2.0.
        if any(not _same_literal(end, each) for each in equal):
            return None
        line[end] = 2 * len({_literal(each) for each in below[end]}) + 1
    return line


def _same_literal(one: Node, other: Node) -> bool:
    return one == other or (_literal(one) == _literal(other) and _literal(one) != one)


def _literal(node: Node) -> object:
    inner = node.item if isinstance(node, Negate) else node
    value = getattr(inner, "value", None)
    if value is None:
        return node
    return -value if isinstance(node, Negate) else value


def _places(node: Node, line: dict[Node, int]) -> Places | None:
    everything = frozenset(range(2 * len(set(line.values())) + 1))
    match node:
        case Constant(name="R"):
            return everything
        case Constant(name="emptyset"):
            return frozenset()
        case Interval() | Sequence(kind="tuple" | "bracket", items=(_, _)):
            return _span(as_interval(node), line, len(everything))
        case Sequence(kind="set", items=items):
            return None if any(symbols(each) for each in items) else _points(items, line)
        case Sequence(kind="list", items=items, joiner="or") if all(
            isinstance(each, Relation) for each in items
        ):
            parts = [_places(each, line) for each in items]
            known = [each for each in parts if each is not None]
            return frozenset().union(*known) if len(known) == len(parts) else None
        case SetOperation(kind=kind, left=left, right=right):
            one, other = _places(left, line), _places(right, line)
            if one is None or other is None:
                return None
            return {"union": one | other, "intersection": one & other}.get(kind, one - other)
        case Builder(element=Symbol(name=name), condition=condition):
            return _places(condition, line) if symbols(condition) == {name} else None
        case Relation(terms=(Symbol(), members), operators=("in",)):
            return _places(members, line)
        case Relation():
            return _solved(node, line, everything)
    return None


def _points(items: tuple[Node, ...], line: dict[Node, int]) -> Places | None:
    return frozenset(line[each] for each in items) if all(e in line for e in items) else None


def _span(node: Interval | None, line: dict[Node, int], size: int) -> Places | None:
    if node is None:
        return None
    lower = -1 if node.lower == Negate(_INFINITY) else line.get(node.lower)
    upper = size if node.upper == _INFINITY else line.get(node.upper)
    if lower is None or upper is None or lower >= upper:
        return None
    first, last = lower + node.lower_open, upper - node.upper_open
    return frozenset(range(max(first, 0), min(last, size - 1) + 1))


def _solved(node: Relation, line: dict[Node, int], everything: Places) -> Places | None:
    """``1 < x <= 2``: what each comparison of x with an end point leaves."""
    left = everything
    for one, operator, other in zip(node.terms, node.operators, node.terms[1:], strict=False):
        if isinstance(other, Symbol) and not symbols(one):
            one, operator, other = other, _FLIPPED.get(operator, ""), one
        if not isinstance(one, Symbol) or operator not in _FLIPPED:
            return None
        if _is_infinite(other):
            continue
        place = line.get(other)
        if place is None:
            return None
        left &= {
            each
            for each in everything
            if (each < place and operator in ("<", "<=", "!="))
            or (each > place and operator in (">", ">=", "!="))
            or (each == place and operator in ("<=", ">=", "="))
        }
    return left
