"""Answers to a reference that is one value, with or without a unit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Apply,
    Based,
    Builder,
    Interval,
    Labelled,
    Matrix,
    Node,
    Number,
    Ratio,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    Text,
    contains,
)
from assayoffice.verifiers.numeric.reference import Reference
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.task import Match, NumericTask
from assayoffice.verifiers.rewrites.answers import expressions, forms, plain, units
from assayoffice.verifiers.rewrites.answers.apart import Apart
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.writing import latex
from assayoffice.verifiers.rewrites.trials import Part

#: What arithmetic does nothing with, or other than here.
NO_VALUES: Final = (Based, Builder, Interval, Labelled, Matrix, Ratio, Relation, Sequence,
                     SetOperation, Text)  # fmt: skip
#: Ways to write a number that do not go with a unit: 1 1/2 degrees, 50 % cm.
_BESIDE_UNITS: Final = frozenset(("mixed_number", "percent"))
_ONE: Final = Number(Fraction(1))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to try. ``hedge`` is a second answer beside it, each in a box of its own."""

    part: Part
    label: str
    text: str
    hedge: str = ""


class ValueAnswers:
    """Answers to one value. The other kinds of references are made of values."""

    __slots__ = ("_apart", "_reference", "_task")

    def __init__(self, reference: Reference, task: NumericTask) -> None:
        self._reference = reference
        self._task = task
        self._apart = Apart(task)

    def _of_scalar(self, node: Node) -> Iterator[Answer]:
        parts = units.split(node)
        value, measure = parts if parts else (node, None)
        for label, text in forms.renderings(value, self._task, self._apart):
            written = _with_unit(text, measure)
            yield Answer(Part.RENDERING, label, written)
            if label == "latex" and not contains(node, Symbol, Apply):
                yield Answer(Part.RENDERING, "named", f"x = {written}")
        if not contains(value, *NO_VALUES):
            for label, text in forms.equivalents(value, self._task):
                if measure is None or label not in _BESIDE_UNITS:
                    yield Answer(Part.EQUIVALENT, label, _with_unit(text, measure))
        if measure is not None:
            for change in units.equivalents(value, measure):
                yield Answer(Part.EQUIVALENT, change.label, latex(change.node))
        yield from self._of_wrong_scalar(node)

    def _of_wrong_scalar(self, node: Node) -> Iterator[Answer]:
        found = [change.node for change in self._wrong(node, self._changes(node))]
        for change in self._wrong(node, self._changes(node)):
            yield Answer(Part.MUTANT, change.label, latex(change.node))
        parts = units.split(node)
        if parts:
            for change in units.changes(*parts, self._task):
                yield Answer(Part.MUTANT, change.label, latex(change.node))
        said = latex(node)
        for other in found[:2]:
            yield Answer(Part.MUTANT, "hedged", said, latex(other))

    def _changes(self, node: Node) -> Iterator[Change]:
        """What one value is mistaken for, its unit kept."""
        parts = units.split(node)
        value, measure = parts if parts else (node, None)
        number = plain.plain(value)
        made = expressions.changes(value) if number is None else plain.changes(number)
        for change in made:
            yield change if measure is None else replace(change, node=measure.of(change.node))

    def _wrong(self, node: Node, changes: Iterator[Change]) -> Iterator[Change]:
        """Those of ``changes`` of a value that are certainly wrong."""
        for change in changes:
            # One more is another value even of what cannot be evaluated here.
            shifted = change.label == "off_by_one" and plain.plain(node) is None
            certain = shifted and self._task.match is Match.EXACT
            if certain or self._apart.differ(node, change.node, fine=change.fine):
                yield change

    def _mutants(self, changes: Iterator[Change]) -> Iterator[Answer]:
        for change in changes:
            yield Answer(Part.MUTANT, change.label, latex(change.node))


def _with_unit(text: str, measure: units.Measure | None) -> str:
    if measure is None:
        return text
    behind = render(measure.of(_ONE)).removeprefix("1")
    is_sum = " + " in text or " - " in text
    return f"({text}){behind}" if is_sum else f"{text}{behind}"
