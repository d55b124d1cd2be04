"""Intervals, unions and inequalities: how they are got wrong, and how else they are written."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

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
    walk,
)
from assayoffice.verifiers.numeric.rewriting import rewritten
from assayoffice.verifiers.rewrites.answers import expressions
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.number_line import as_interval, ends
from assayoffice.verifiers.rewrites.answers.plain import plain
from assayoffice.verifiers.rewrites.answers.writing import number

_INFINITY: Final = Constant("oo")
_INFINITE: Final = (_INFINITY, Negate(_INFINITY))
_STRICT: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_REVERSED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE: Final = {"=": "!=", "!=": "="}
#: End points that are moved, and how large those are that are moved by 1.
_MAX_ENDS: Final = 4
_NEAR: Final = 20


def changes(node: Node) -> Iterator[Change]:
    """What a set of numbers is mistaken for. Some may be the same set after all."""
    node = spelled_out(node)
    for part in walk(node):
        if isinstance(part, Interval):
            for changed in _with_other_ends(part):
                yield Change("end_point", _with(node, part, changed))
        elif isinstance(part, Relation):
            yield from _of_relation(node, part)
        elif isinstance(part, SetOperation):
            yield Change("subset", _with(node, part, part.left))
            yield Change("subset", _with(node, part, part.right))
            other = "union" if part.kind == "intersection" else "intersection"
            yield Change("other_operation", _with(node, part, replace(part, kind=other)))
        elif isinstance(part, Sequence) and part.joiner == "or":
            yield Change("subset", _with(node, part, part.items[0]))
    for end in list(dict.fromkeys(ends(node)))[:_MAX_ENDS]:
        for moved in _moved(end):
            yield Change("moved_end", _with(node, end, moved))
    yield from _beyond(node)


def spelled_out(node: Node) -> Node:
    """``node`` with each pair of brackets that is an interval as one."""
    return rewritten(node, as_interval)


def _with(node: Node, part: Node, other: Node) -> Node:
    return rewritten(node, lambda each: other if each is part else None)


def _with_other_ends(node: Interval) -> Iterator[Node]:
    # A closed end at infinity is a slip that is forgiven.
    if node.lower not in _INFINITE:
        yield replace(node, lower_open=not node.lower_open)
    if node.upper not in _INFINITE:
        yield replace(node, upper_open=not node.upper_open)
    if not set(_INFINITE) & {node.lower, node.upper}:
        opened = replace(node, lower_open=not node.lower_open, upper_open=not node.upper_open)
        yield opened


def _of_relation(node: Node, part: Relation) -> Iterator[Change]:
    for place, operator in enumerate(part.operators):
        before, after = part.operators[:place], part.operators[place + 1 :]
        for label, table in (("end_point", _STRICT), ("relation", _OPPOSITE)):
            if operator in table:
                changed = replace(part, operators=(*before, table[operator], *after))
                yield Change(label, _with(node, part, changed))
    if all(operator in _REVERSED for operator in part.operators):
        turned = replace(part, operators=tuple(_REVERSED[each] for each in part.operators))
        if len(part.operators) == 1:
            yield Change("reversed", _with(node, part, turned))
        else:
            first, last = part.terms[:2], part.terms[-2:]
            yield Change("subset", _with(node, part, Relation(first, part.operators[:1])))
            yield Change("subset", _with(node, part, Relation(last, part.operators[-1:])))


def _moved(end: Node) -> Iterator[Node]:
    found = plain(end)
    if found is None:
        yield from (expressions.negated(end), expressions.shifted(end))
        return
    yield number(-found.value, found.places)
    # Of a large number, one more may be what a tolerance forgives.
    further = found.value + 1 if abs(found.value) <= _NEAR else found.value * 2
    yield number(further, found.places)


def _beyond(node: Node) -> Iterator[Change]:
    """One end gone."""
    for part in walk(node):
        if isinstance(part, Interval):
            if part.upper not in _INFINITE:
                changed = replace(part, upper=_INFINITY, upper_open=True)
                yield Change("superset", _with(node, part, changed))
            if part.lower not in _INFINITE:
                changed = replace(part, lower=Negate(_INFINITY), lower_open=True)
                yield Change("superset", _with(node, part, changed))


def equivalents(node: Node) -> Iterator[Change]:
    """The same set, written differently."""
    match node:
        case Interval() | Sequence(kind="bracket"):
            interval = as_interval(node)
            if interval is not None and (relation := inequality(interval)) is not None:
                yield Change("inequality", relation)
                yield Change("set_builder", Builder(Symbol("x"), relation))
                yield Change("membership", Relation((Symbol("x"), node), ("in",)))
        case SetOperation(kind="union" | "intersection", left=left, right=right):
            yield Change("commuted_sets", replace(node, left=right, right=left))
            yield Change("membership", Relation((Symbol("x"), node), ("in",)))
        case Relation(terms=terms, operators=operators) if all(each in _REVERSED
                                                              for each in operators):  # fmt: skip
            turned = tuple(_REVERSED[each] for each in operators[::-1])
            yield Change("turned", Relation(terms[::-1], turned))
            if (written := _interval_of(node)) is not None:
                yield Change("interval", written)
        case Relation(terms=(Symbol(), members), operators=("in",)):
            yield Change("set", members)
        case Builder(condition=Relation() as condition):
            yield from equivalents(condition)


def inequality(node: Interval) -> Relation | None:
    """``node`` as a statement about x; None for all numbers."""
    name = Symbol("x")
    bounded = (node.lower not in _INFINITE, node.upper not in _INFINITE)
    below, above = ("<=", "<")[node.lower_open], ("<=", "<")[node.upper_open]
    match bounded:
        case True, True:
            return Relation((node.lower, name, node.upper), (below, above))
        case True, False:
            return Relation((name, node.lower), (_REVERSED[below],))
        case False, True:
            return Relation((name, node.upper), (above,))
    return None


def _interval_of(node: Relation) -> Node | None:
    terms, operators = node.terms, node.operators
    if all(each in (">", ">=") for each in operators):
        terms, operators = terms[::-1], tuple(_REVERSED[each] for each in operators[::-1])
    if not all(each in ("<", "<=") for each in operators):
        return None
    opened = [each == "<" for each in operators]
    match terms:
        case (lower, Symbol(), upper):
            lower_open, upper_open = opened
        case (Symbol(), upper):
            lower, lower_open, upper_open = Negate(_INFINITY), True, opened[0]
        case (lower, Symbol()):
            upper, lower_open, upper_open = _INFINITY, opened[0], True
        case _:
            return None
    if lower_open and upper_open:
        return Sequence("tuple", (lower, upper))
    if not (lower_open or upper_open):
        return Sequence("bracket", (lower, upper))
    return Interval(lower, upper, lower_open, upper_open)
