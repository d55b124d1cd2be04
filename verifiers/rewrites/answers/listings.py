"""Lists, sets, tuples and matrices: how they are got wrong, and how else they are written."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from assayoffice.verifiers.numeric.expression import Matrix, Node, Relation, Sequence, Symbol
from assayoffice.verifiers.numeric.limits import TooLargeError
from assayoffice.verifiers.numeric.listings import variants
from assayoffice.verifiers.rewrites.answers.apart import Apart
from assayoffice.verifiers.rewrites.answers.change import Change

#: Elements that are changed or left out: the first ones and the last.
_MAX_ELEMENTS: Final = 4
_CHANGES: Final = 2

ChangesOf = Callable[[Node], Iterator[Change]]


def expanded(node: Node) -> Sequence | None:
    """``node`` as a sequence in which every ± has become two values; None if it is none."""
    if isinstance(node, Sequence) and node.kind in ("tuple", "bracket"):
        return node
    try:
        if isinstance(node, Sequence):
            items = tuple(each for item in node.items for each in _values(item))
            return Sequence(node.kind, items, node.joiner)
        signed = _values(node)
    except TooLargeError:
        return None
    return Sequence("list", tuple(signed)) if len(signed) > 1 else None


def _values(node: Node) -> list[Node]:
    match node:
        case Relation(terms=(Symbol() as name, value), operators=("=",)):
            return [Relation((name, each), ("=",)) for each in variants(value)]
    return variants(node)


def without_common_name(node: Sequence) -> Sequence:
    """``x = 1 or x = 2`` as 1 or 2."""
    names = {item.terms[0] if _is_named(item) else None for item in node.items
             if isinstance(item, Relation)}  # fmt: skip
    if len(names) != 1 or None in names or not all(map(_is_named, node.items)):
        return node
    if len(node.items) < 2:
        return node
    values = tuple(item.terms[1] for item in node.items if isinstance(item, Relation))
    return replace(node, items=values)


def _is_named(node: Node) -> bool:
    match node:
        case Relation(terms=(Symbol(), _), operators=("=",)):
            return True
    return False


def changes(node: Sequence, changes_of: ChangesOf, apart: Apart, *, ordered: bool
            ) -> Iterator[Change]:  # fmt: skip
    """What a listing is mistaken for; all of it is wrong by construction."""
    items = node.items
    if not items:
        return
    last = items[-1]
    places = _some(len(items))
    # Of a list repetitions count, of a set and of solutions that are tuples they do not.
    repeats = node.kind == "list" and not any(isinstance(each, Sequence) for each in items)
    for place in places:
        others = items[:place] + items[place + 1 :]
        alone = ordered or all(apart.differ(items[place], other) for other in others)
        if others and alone:
            yield Change("subset", _shortened(node, others))
        for change in _of_element(items[place], changes_of, apart) if alone or repeats else ():
            if ordered or all(apart.differ(each, change.node, fine=True) for each in items):
                changed = (*items[:place], change.node, *items[place + 1 :])
                yield Change(change.label, replace(node, items=changed), change.fine)
    if ordered:
        yield from _swapped(node, apart)
    elif len(items) > 1 and all(map(_is_named, items)):
        yield from _values_swapped(node, apart)
    for change in _of_element(last, changes_of, apart):
        if ordered or all(apart.differ(each, change.node, fine=True) for each in items):
            yield Change("superset", replace(node, items=(*items, change.node)))
            break
    if node.kind == "tuple" and len(items) == 2 and apart.differ(*items):
        yield Change("other_brackets", replace(node, kind="bracket"))
        yield Change("other_brackets", replace(node, kind="set"))


def _of_element(item: Node, changes_of: ChangesOf, apart: Apart) -> list[Change]:
    found: Iterator[Change]
    if isinstance(item, Sequence) and item.items:
        found = (
            Change(each.label, replace(item, items=(each.node, *item.items[1:])), each.fine)
            for each in changes_of(item.items[0])
        )
    elif isinstance(item, Relation) and _is_named(item):
        found = (
            Change(each.label, replace(item, terms=(item.terms[0], each.node)), each.fine)
            for each in changes_of(item.terms[1])
        )
    else:
        found = changes_of(item)
    wanted = []
    for change in found:
        if apart.differ(item, change.node, fine=change.fine):
            wanted.append(change)
            if len(wanted) == _CHANGES:
                break
    return wanted


def _swapped(node: Sequence, apart: Apart) -> Iterator[Change]:
    items = node.items
    for place in range(min(len(items) - 1, 3)):
        if apart.differ(items[place], items[place + 1]):
            moved = (*items[:place], items[place + 1], items[place], *items[place + 2 :])
            yield Change("swapped_entries", replace(node, items=moved))
    if len(items) > 2 and apart.differ(items[0], items[-1]):
        yield Change("reversed_entries", replace(node, items=items[::-1]))


def _values_swapped(node: Sequence, apart: Apart) -> Iterator[Change]:
    """``x = 1, y = 2`` as ``x = 2, y = 1``."""
    first, second = (item for item in node.items[:2] if isinstance(item, Relation))
    if apart.differ(first.terms[1], second.terms[1]):
        one = replace(first, terms=(first.terms[0], second.terms[1]))
        other = replace(second, terms=(second.terms[0], first.terms[1]))
        yield Change("swapped_entries", replace(node, items=(one, other, *node.items[2:])))


def _shortened(node: Sequence, items: tuple[Node, ...]) -> Node:
    return items[0] if len(items) == 1 and node.kind == "list" else replace(node, items=items)


def _some(count: int) -> list[int]:
    return list(range(count)) if count <= _MAX_ELEMENTS else [*range(_MAX_ELEMENTS - 1), count - 1]


def matrix_changes(node: Matrix, changes_of: ChangesOf, apart: Apart) -> Iterator[Change]:
    """What a matrix is mistaken for."""
    rows = node.rows
    height, width = len(rows), len(rows[0])
    if len({len(row) for row in rows}) > 1:
        return
    for at in dict.fromkeys(((0, 0), (height - 1, width - 1), (0, width - 1))):
        entry = rows[at[0]][at[1]]
        for change in _of_element(entry, changes_of, apart):
            row = (*rows[at[0]][: at[1]], change.node, *rows[at[0]][at[1] + 1 :])
            changed = (*rows[: at[0]], row, *rows[at[0] + 1 :])
            yield Change(change.label, Matrix(changed), change.fine)
    others = {"swapped_rows": rows[::-1]}
    if height == width:
        others["transposed"] = tuple(zip(*rows, strict=True))
    if height > 1:
        others["subset"] = rows[:-1]
    for label, other in others.items():
        if len(other) != height or any(
            apart.differ(one, two)
            for pair in zip(rows, other, strict=True)
            for one, two in zip(*pair, strict=True)
        ):
            yield Change(label, Matrix(other))
