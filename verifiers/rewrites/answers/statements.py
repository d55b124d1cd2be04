"""Answers to a reference that states something: equations, inequalities, sets of numbers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Apply,
    Builder,
    Constant,
    Interval,
    Matrix,
    Node,
    Number,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    Text,
    symbols,
)
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.rewrites.answers import expressions, forms, number_line, sets
from assayoffice.verifiers.rewrites.answers.change import Change
from assayoffice.verifiers.rewrites.answers.several import SeveralAnswers
from assayoffice.verifiers.rewrites.answers.values import Answer
from assayoffice.verifiers.rewrites.answers.writing import latex
from assayoffice.verifiers.rewrites.trials import Part

_REVERSED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_STRICT: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_ZERO: Final = Number(Fraction(0))


class StatementAnswers(SeveralAnswers):
    """Answers to statements, and to what they hold for."""

    __slots__ = ()

    def _is_region(self, node: Sequence) -> bool:
        """Whether two values in square brackets, or alternatives, are a set of numbers."""
        if node.kind == "bracket":
            return len(node.items) == 2 and number_line.is_set(node, self._apart)
        return node.joiner == "or" and number_line.is_set(node, self._apart)

    def _of_region(self, node: Node) -> Iterator[Answer]:
        yield Answer(Part.RENDERING, "latex", latex(node))
        yield Answer(Part.RENDERING, "ascii", render(node))
        if number_line.is_set(node, self._apart):
            for change in sets.equivalents(node):
                yield Answer(Part.EQUIVALENT, change.label, latex(change.node))
        if isinstance(node, Constant):
            yield Answer(Part.MUTANT, "superset", "\\{0\\}")
            yield Answer(Part.MUTANT, "subset", "(0, \\infty)")
            yield Answer(Part.MUTANT, "other_kind", "1")
            return
        for change in sets.changes(node):
            if number_line.differ(node, change.node, self._apart):
                yield Answer(Part.MUTANT, change.label, latex(change.node))

    def _of_inequality(self, node: Relation) -> Iterator[Answer]:
        if number_line.is_set(node, self._apart):
            yield from self._of_region(node)
            return
        yield Answer(Part.RENDERING, "latex", latex(node))
        yield Answer(Part.RENDERING, "ascii", render(node))
        if node.operators == ("in",) and isinstance(node.terms[1], Sequence):
            yield from self._of_listing_named(node)
            return
        if all(each in _REVERSED for each in node.operators):
            turned = tuple(_REVERSED[each] for each in node.operators[::-1])
            yield Answer(Part.EQUIVALENT, "turned", latex(Relation(node.terms[::-1], turned)))
        for place, operator in enumerate(node.operators):
            before, after = node.operators[:place], node.operators[place + 1 :]
            for label, table in (("reversed", _REVERSED), ("end_point", _STRICT)):
                if operator in table:
                    changed = replace(node, operators=(*before, table[operator], *after))
                    yield Answer(Part.MUTANT, label, latex(changed))
        yield from self._of_other_sides(node)

    def _of_listing_named(self, node: Relation) -> Iterator[Answer]:
        """``x in {1, 2}``"""
        members = node.terms[1]
        if isinstance(members, Sequence):
            yield Answer(Part.RENDERING, "set", latex(members))
            for change in self._wrong_listing(members):
                yield Answer(Part.MUTANT, change.label, latex(change.node))

    def _of_other_sides(self, node: Relation) -> Iterator[Answer]:
        """The last side of a statement changed, so that it is not the same up to a factor."""
        *others, last = node.terms
        if len(others) != 1:
            return
        whole = expressions.subtracted(others[0], last)
        for change in self._changes(last):
            given = expressions.subtracted(others[0], change.node)
            if self._apart.unproportional(whole, given):
                changed = replace(node, terms=(others[0], change.node))
                yield Answer(Part.MUTANT, change.label, latex(changed))

    def _of_equation(self, node: Relation) -> Iterator[Answer]:
        yield Answer(Part.RENDERING, "latex", latex(node))
        yield Answer(Part.RENDERING, "ascii", render(node))
        text = latex(node)
        if "\\frac" in text:
            yield Answer(Part.RENDERING, "dfrac", text.replace("\\frac", "\\dfrac"))
        match node:
            case Relation(terms=(Symbol(name=name) | Apply(name=name) as left, value)):
                if name not in symbols(value) and node.operators == ("=",):
                    yield from self._of_named(left, value)
                    return
        if any(symbols(term) for term in node.terms) and node.operators == ("=",):
            one, other = node.terms
            yield Answer(Part.EQUIVALENT, "turned", latex(Relation((other, one), ("=",))))
            yield from self._of_other_sides(node)
        elif not any(symbols(term) for term in node.terms):
            # A chain such as 2 + 3 = 5, whose value is the last one.
            yield from self._of_wrong_scalar(node.terms[-1])
        else:
            last = node.terms[-1]
            for change in self._wrong(last, self._changes(last)):
                changed = replace(node, terms=(*node.terms[:-1], change.node))
                yield Answer(Part.MUTANT, change.label, latex(changed))

    def _of_named(self, name: Node, value: Node) -> Iterator[Answer]:
        """``x = 3``, ``y = 2x + 1``, ``f(x) = 2x``."""
        if isinstance(value, Sequence | Interval | SetOperation | Matrix | Text):
            yield from self._inside(value, lambda changed: Relation((name, changed), ("=",)))
            return
        yield Answer(Part.RENDERING, "bare", latex(value))
        if symbols(value) and isinstance(name, Symbol):
            moved = Relation((expressions.subtracted(name, value), _ZERO), ("=",))
            yield Answer(Part.EQUIVALENT, "moved_terms", latex(moved))
        elif not symbols(value):
            for label, text in forms.equivalents(value, self._task):
                yield Answer(Part.EQUIVALENT, label, f"{latex(name)} = {text}")
        if not symbols(value) and isinstance(name, Symbol):
            other = next(each for each in "yzw" if each != name.name)
            yield Answer(Part.MUTANT, "other_name", latex(Relation((Symbol(other), value), ("=",))))
        bound = isinstance(name, Apply)
        for change in self._wrong(value, self._changes(value)):
            if not (bound and "variable" in change.label):
                yield Answer(
                    Part.MUTANT, change.label, latex(Relation((name, change.node), ("=",)))
                )

    def _of_statements(self, node: Sequence) -> Iterator[Answer]:
        """Conditions beside values: only what is certain about the first part."""
        yield Answer(Part.RENDERING, "ascii", render(node))
        first, rest = node.items[0], node.items[1:]
        for change in self._of_wrong(first):
            changed = replace(node, items=(change.node, *rest))
            yield Answer(Part.MUTANT, change.label, render(changed))

    def _inside(self, item: Node, rebuilt: Callable[[Node], Node]) -> Iterator[Answer]:
        """The mutants of a value inside of something else."""
        for answer in self._of_wrong(item):
            yield Answer(Part.MUTANT, answer.label, render(rebuilt(answer.node)))

    def _of_wrong(self, node: Node) -> Iterator[Change]:
        match node:
            case Relation(terms=(name, value), operators=("=",)):
                for change in self._wrong(value, self._changes(value)):
                    yield replace(change, node=Relation((name, change.node), ("=",)))
            case Relation() | Interval() | SetOperation() | Builder():
                yield from (
                    change
                    for change in sets.changes(node)
                    if number_line.differ(node, change.node, self._apart)
                )
            case Sequence():
                yield from self._wrong_listing(node)
            case _:
                yield from self._wrong(node, self._changes(node))
