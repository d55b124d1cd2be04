"""Answers to a reference that has several parts: lists, sets, tuples, matrices, ratios."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Labelled,
    Matrix,
    Node,
    Number,
    Ratio,
    Relation,
    Sequence,
    Symbol,
    Unit,
    contains,
)
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.task import Order, Unevaluated
from assayoffice.verifiers.rewrites.answers import listings
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.values import NO_VALUES, Answer, ValueAnswers
from assayoffice.verifiers.rewrites.answers.writing import latex
from assayoffice.verifiers.rewrites.trials import Part

#: What elements are mistaken for first; the others follow.
_LIKELY: Final = {"off_by_one": 0, "sign": 1}


class SeveralAnswers(ValueAnswers):
    """Answers to several values."""

    __slots__ = ()

    def _of_listing(self, node: Node) -> Iterator[Answer]:
        yield Answer(Part.RENDERING, "latex", latex(node))
        yield Answer(Part.RENDERING, "ascii", render(node))
        written = listings.expanded(node)
        if written is None:
            return
        values = listings.without_common_name(written)
        text = latex(values)
        if "\\frac" in text:
            yield Answer(Part.RENDERING, "dfrac", text.replace("\\frac", "\\dfrac"))
        if values.kind in ("list", "set"):
            yield from self._of_rearranged(values)
        for change in self._wrong_listing(values):
            yield Answer(Part.MUTANT, change.label, latex(change.node))

    def _of_rearranged(self, node: Sequence) -> Iterator[Answer]:
        items = node.items
        if any(isinstance(each, Labelled) for each in items) or _is_compound(node):
            return
        named = any(isinstance(each, Relation) for each in items)
        turned = items[::-1]
        if node.kind == "set" or self._unordered:
            yield Answer(Part.RENDERING, "set", latex(Sequence("set", items)))
            yield Answer(Part.EQUIVALENT, "reordered", latex(replace(node, items=turned)))
            yield Answer(Part.EQUIVALENT, "reordered", latex(Sequence("set", turned)))
        if named or len(items) < 2 or any(isinstance(each, Sequence) for each in items):
            return
        if node.kind == "list" and self._unordered:
            joined = Sequence("list", items, "and")
            yield Answer(Part.RENDERING, "joined", latex(joined))
            each = " \\text{ or } ".join(f"x = {latex(item)}" for item in items)
            if not any(contains(item, Symbol, Unit, *NO_VALUES) for item in items):
                yield Answer(Part.EQUIVALENT, "named", each)

    @property
    def _unordered(self) -> bool:
        return self._task.order is Order.UNORDERED

    def _wrong_listing(self, node: Sequence) -> Iterator[Change]:
        named = any(isinstance(each, Relation) for each in node.items)
        ordered = node.kind in ("tuple", "bracket") or (
            node.kind == "list" and not (self._unordered or named or _is_compound(node))
        )
        yield from listings.changes(node, self._changes_of_element, self._apart, ordered=ordered)

    def _changes_of_element(self, node: Node) -> Iterator[Change]:
        found = list(self._changes(node))
        yield from sorted(found, key=lambda change: _LIKELY.get(change.label, len(_LIKELY)))

    def _of_matrix(self, node: Matrix) -> Iterator[Answer]:
        text = render(node)
        for name in ("pmatrix", "bmatrix"):
            yield Answer(Part.RENDERING, name, text.replace("pmatrix", name))
        for change in listings.matrix_changes(node, self._changes_of_element, self._apart):
            yield Answer(Part.MUTANT, change.label, render(change.node))

    def _of_ratio(self, items: tuple[Node, ...]) -> Iterator[Answer]:
        yield Answer(Part.RENDERING, "ascii", render(Ratio(items)))
        numbers = [item.value for item in items if isinstance(item, Number)]
        if len(numbers) < len(items) or not all(numbers):
            yield from self._mutants(iter([Change("superset", Ratio((*items, items[-1])))]))
            return
        doubled = tuple(Number(each * 2) for each in numbers)
        if self._task.unevaluated is not Unevaluated.SIMPLIFIED:
            yield Answer(Part.EQUIVALENT, "unreduced", render(Ratio(doubled)))
        for place, value in enumerate(numbers):
            moved = Number(value + 1)
            changed = Ratio((*items[:place], moved, *items[place + 1 :]))
            if len(items) > 1:
                yield Answer(Part.MUTANT, "off_by_one", render(changed))
        if numbers[0] != numbers[-1]:
            yield Answer(Part.MUTANT, "swapped_operands", render(Ratio(items[::-1])))
        yield Answer(Part.MUTANT, "superset", render(Ratio((*items, Number(Fraction(1))))))


def _is_compound(node: Sequence) -> bool:
    """1 hour and 31 minutes"""
    return node.joiner == "and" and all(contains(item, Unit) for item in node.items)
