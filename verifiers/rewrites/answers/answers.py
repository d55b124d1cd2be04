"""The answers that a numeric reference is tried with: its forms, and what it is mistaken for.

Which kind of answer the reference is decides what is tried. A mutant is wrong whatever the options
of the task forgive, see ``apart.py``. Left out are answers that the conventions of
docs/verifiers/numeric.md accept: a missing unit, a percent sign that one side lacks, another order
of a list, a closed end at infinity.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Based,
    Builder,
    Constant,
    Interval,
    Labelled,
    Matrix,
    Negate,
    Node,
    Ratio,
    Relation,
    Sequence,
    SetOperation,
    Text,
    Where,
)
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.rewrites.answers import listings
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.statements import StatementAnswers
from assayoffice.verifiers.rewrites.answers.values import Answer
from assayoffice.verifiers.rewrites.trials import Part

_RELATIONAL: Final = frozenset(("<", "<=", ">", ">=", "!=", "in"))
_OPPOSITES: Final = tuple(
    tuple(pair.split("/"))
    for pair in "yes/no true/false odd/even increasing/decreasing positive/negative "
    "convergent/divergent converges/diverges rational/irrational left/right red/blue "
    "monday/tuesday".split()
)


class Answers(StatementAnswers):
    """The answers to try on one reference: right ones first."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Answer]:
        node, task = self._reference.node, self._task
        yield Answer(Part.RENDERING, "verbatim", task.reference)
        if self._reference.letter:
            yield from self._of_letter(self._reference.letter)
            return
        if isinstance(node, Text) or self._reference.words:
            yield from self._of_words()
            return
        if self._reference.alternative is not None:
            # One number or several, nobody can say; it is tried as the number.
            yield from self._of_scalar(node)
            return
        yield from self._of(node)

    def _of(self, node: Node) -> Iterator[Answer]:
        match node:
            case Sequence() if self._is_region(node):
                yield from self._of_region(node)
            case Sequence(kind="list", items=items) if any(
                isinstance(each, Relation) and not _is_equation(each) for each in items
            ):
                yield from self._of_statements(node)
            case Sequence():
                yield from self._of_listing(node)
            case Interval() | SetOperation() | Builder() | Constant(name="R" | "emptyset"):
                yield from self._of_region(node)
            case Relation(operators=operators) if not _RELATIONAL.isdisjoint(operators):
                yield from self._of_inequality(node)
            case Relation():
                yield from self._of_equation(node)
            case Matrix():
                yield from self._of_matrix(node)
            case Ratio(items=items):
                yield from self._of_ratio(items)
            case Based():
                yield from self._of_digits(node)
            case Labelled(item=item):
                yield Answer(Part.RENDERING, "ascii", render(node))
                yield from self._inside(item, lambda changed: replace(node, item=changed))
            case Where(item=item):
                yield Answer(Part.RENDERING, "ascii", render(node))
                yield from self._inside(item, lambda changed: replace(node, item=changed))
            case _ if listings.expanded(node) is not None:
                yield from self._of_listing(node)
            case _:
                yield from self._of_scalar(node)

    def _of_digits(self, node: Based) -> Iterator[Answer]:
        """Digits to a base."""
        yield Answer(Part.RENDERING, "ascii", render(node))
        value, base = node.value, node.base
        moved = [Change("off_by_one", Based(value + by, base), fine=True) for by in (1, 2)]
        larger = [Change("factor_of_base", Based(value * base, base)), Change("factor_2",
                  Based(value * 2, base)), Change("sign", Negate(node))]  # fmt: skip
        yield from self._mutants(self._wrong(node, iter(moved + larger)))

    def _of_letter(self, letter: str) -> Iterator[Answer]:
        """A single capital letter: a variable, or an option of which nothing else is known."""
        for label, text in (
            ("text", f"\\text{{{letter}}}"),
            ("brackets", f"({letter})"),
            ("option", f"\\text{{Option {letter}}}"),
        ):
            yield Answer(Part.RENDERING, label, text)
        others = [each for each in "ABCDE" if each != letter]
        for other in others:
            yield Answer(Part.MUTANT, "other_letter", other)
        yield Answer(Part.MUTANT, "hedged", letter, others[0])
        yield Answer(Part.MUTANT, "hedged", f"{letter}, {others[0]}")
        yield Answer(Part.MUTANT, "sign", f"-{letter}")
        yield Answer(Part.MUTANT, "other_kind", "1")

    def _of_words(self) -> Iterator[Answer]:
        said = self._reference.words
        yield Answer(Part.RENDERING, "text", f"\\text{{{said}}}")
        yield Answer(Part.RENDERING, "bold", f"\\textbf{{{said}}}")
        if re.fullmatch(r"[a-z ]+", said):
            yield Answer(Part.RENDERING, "capital", f"\\text{{{said.capitalize()}}}")
        opposite = next((pair[pair[0] == said] for pair in _OPPOSITES if said in pair), "")
        if opposite:
            yield Answer(Part.MUTANT, "opposite", f"\\text{{{opposite}}}")
            yield Answer(Part.MUTANT, "hedged", f"\\text{{{said} or {opposite}}}")
        yield Answer(Part.MUTANT, "denied", f"\\text{{not {said}}}")
        yield Answer(Part.MUTANT, "other_words", "\\text{none of these}")
        yield Answer(Part.MUTANT, "other_kind", "1")
        if " " in said:
            yield Answer(Part.MUTANT, "dropped_word", f"\\text{{{said.rpartition(' ')[0]}}}")


def _is_equation(node: Relation) -> bool:
    return all(operator in ("=", "~") for operator in node.operators)
