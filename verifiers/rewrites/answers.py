"""The answers that a numeric reference is tried with: its forms, and what it is mistaken for.

Which kind of answer the reference is decides what is tried. A mutant is wrong whatever the options
of the task forgive, see ``apart.py``. Left out are answers that the conventions of
docs/verifiers/numeric.md accept: a missing unit, a percent sign that one side lacks, another order
of a list, a closed end at infinity.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Apply,
    Based,
    Builder,
    Call,
    Constant,
    Divide,
    Interval,
    Labelled,
    Matrix,
    Multiply,
    Negate,
    Node,
    Number,
    Ratio,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    Text,
    Unit,
    Where,
    contains,
    symbols,
)
from assayoffice.verifiers.numeric.reference import Reference
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.task import NumericTask, Order
from assayoffice.verifiers.rewrites import (
    expressions,
    forms,
    listings_tried,
    number_line,
    plain,
    regions_tried,
    units_tried,
)
from assayoffice.verifiers.rewrites.apart import Apart
from assayoffice.verifiers.rewrites.change import Change
from assayoffice.verifiers.rewrites.writing import latex
from assayoffice.verifiers.rewrites.trials import Part

_RELATIONAL: Final = frozenset(("<", "<=", ">", ">=", "!=", "in"))
_REVERSED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_STRICT: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_OPPOSITES: Final = tuple(
    tuple(pair.split("/"))
    for pair in "yes/no true/false odd/even increasing/decreasing positive/negative "
    "convergent/divergent converges/diverges rational/irrational left/right red/blue "
    "monday/tuesday".split()
)
#: What arithmetic does nothing with, or other than here.
_NO_VALUES: Final = (Based, Builder, Interval, Labelled, Matrix, Ratio, Relation, Sequence,
                     SetOperation, Text)  # fmt: skip
#: Ways to write a number that do not go with a unit: 1 1/2 degrees, 50 % cm.
_BESIDE_UNITS: Final = frozenset(("mixed_number", "percent"))
_ONE: Final = Number(Fraction(1))
_ZERO: Final = Number(Fraction(0))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to try. ``hedge`` is a second answer beside it, each in a box of its own."""

    part: Part
    label: str
    text: str
    hedge: str = ""


class Answers:
    """The answers to try on one reference."""

    __slots__ = ("_apart", "_reference", "_task")

    def __init__(self, reference: Reference, task: NumericTask) -> None:
        self._reference = reference
        self._task = task
        self._apart = Apart(task)

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
            case Matrix(rows=rows):
                yield from self._of_matrix(node)
            case Ratio(items=items):
                yield from self._of_ratio(items)
            case Based(value=value, base=base):
                yield Answer(Part.RENDERING, "ascii", render(node))
                yield from self._mutants(Change("off_by_one", Based(value + by, base))
                                         for by in (1, 2, base))  # fmt: skip
                yield from self._mutants(iter([Change("other_base", Number(Fraction(value + 1)))]))
            case Labelled(item=item):
                yield Answer(Part.RENDERING, "ascii", render(node))
                yield from self._inside(item, lambda changed: replace(node, item=changed))
            case Where(item=item):
                yield Answer(Part.RENDERING, "ascii", render(node))
                yield from self._inside(item, lambda changed: replace(node, item=changed))
            case _ if listings_tried.expanded(node) is not None:
                yield from self._of_listing(node)
            case _:
                yield from self._of_scalar(node)

    # Values

    def _of_scalar(self, node: Node) -> Iterator[Answer]:
        parts = units_tried.split(node)
        value, measure = parts if parts else (node, None)
        for label, text in forms.renderings(value, self._task, self._apart):
            written = _with_unit(text, measure)
            yield Answer(Part.RENDERING, label, written)
            if label == "latex" and not contains(node, Symbol, Apply):
                yield Answer(Part.RENDERING, "named", f"x = {written}")
        if not contains(value, *_NO_VALUES):
            for label, text in forms.equivalents(value, self._task):
                if measure is None or label not in _BESIDE_UNITS:
                    yield Answer(Part.EQUIVALENT, label, _with_unit(text, measure))
        if measure is not None:
            for change in units_tried.equivalents(value, measure):
                yield Answer(Part.EQUIVALENT, change.label, latex(change.node))
        yield from self._of_wrong_scalar(node)

    def _of_wrong_scalar(self, node: Node) -> Iterator[Answer]:
        found = [change.node for change in self._wrong(node, self._changes(node))]
        for change in self._wrong(node, self._changes(node)):
            yield Answer(Part.MUTANT, change.label, latex(change.node))
        parts = units_tried.split(node)
        if parts:
            for change in units_tried.changes(*parts, self._task):
                yield Answer(Part.MUTANT, change.label, latex(change.node))
        said = latex(node)
        for other in found[:2]:
            yield Answer(Part.MUTANT, "hedged", said, latex(other))

    def _changes(self, node: Node) -> Iterator[Change]:
        """What one value is mistaken for, its unit kept."""
        parts = units_tried.split(node)
        value, measure = parts if parts else (node, None)
        number = plain.plain(value)
        made = expressions.changes(value) if number is None else plain.changes(number)
        for change in made:
            yield change if measure is None else replace(change, node=measure.of(change.node))

    def _wrong(self, node: Node, changes: Iterator[Change]) -> Iterator[Change]:
        """Those of ``changes`` of a value that are certainly wrong."""
        for change in changes:
            by_construction = change.label == "off_by_one" and not change.fine and not plain.plain(
                node
            )  # fmt: skip
            if by_construction or self._apart.differ(node, change.node, fine=change.fine):
                yield change

    def _mutants(self, changes: Iterator[Change]) -> Iterator[Answer]:
        for change in changes:
            yield Answer(Part.MUTANT, change.label, latex(change.node))

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
                    for change in regions_tried.changes(node)
                    if number_line.differ(node, change.node, self._apart)
                )
            case Sequence():
                yield from self._wrong_listing(node)
            case _:
                yield from self._wrong(node, self._changes(node))

    # Several values

    def _of_listing(self, node: Node) -> Iterator[Answer]:
        yield Answer(Part.RENDERING, "latex", latex(node))
        yield Answer(Part.RENDERING, "ascii", render(node))
        written = listings_tried.expanded(node)
        if written is None:
            return
        values = listings_tried.without_common_name(written)
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
            if not any(contains(item, Symbol, Unit, *_NO_VALUES) for item in items):
                yield Answer(Part.EQUIVALENT, "named", each)

    @property
    def _unordered(self) -> bool:
        return self._task.order is Order.UNORDERED

    def _wrong_listing(self, node: Sequence) -> Iterator[Change]:
        named = any(isinstance(each, Relation) for each in node.items)
        ordered = node.kind in ("tuple", "bracket") or (
            node.kind == "list" and not self._unordered and not named
        )
        yield from listings_tried.changes(
            node, self._changes_of_element, self._apart, ordered=ordered
        )

    def _changes_of_element(self, node: Node) -> Iterator[Change]:
        found = list(self._changes(node))
        yield from sorted(found, key=lambda change: change.label not in ("off_by_one", "sign"))

    def _of_matrix(self, node: Matrix) -> Iterator[Answer]:
        text = render(node)
        for name in ("pmatrix", "bmatrix"):
            yield Answer(Part.RENDERING, name, text.replace("pmatrix", name))
        for change in listings_tried.matrix_changes(node, self._changes_of_element, self._apart):
            yield Answer(Part.MUTANT, change.label, render(change.node))

    def _of_ratio(self, items: tuple[Node, ...]) -> Iterator[Answer]:
        yield Answer(Part.RENDERING, "ascii", render(Ratio(items)))
        numbers = [item.value for item in items if isinstance(item, Number)]
        if len(numbers) < len(items) or not all(numbers):
            yield from self._mutants(iter([Change("superset", Ratio((*items, items[-1])))]))
            return
        doubled = tuple(Number(each * 2) for each in numbers)
        yield Answer(Part.EQUIVALENT, "unreduced", render(Ratio(doubled)))
        for place, value in enumerate(numbers):
            moved = Number(value + 1)
            changed = Ratio((*items[:place], moved, *items[place + 1 :]))
            if len(items) > 1:
                yield Answer(Part.MUTANT, "off_by_one", render(changed))
        if numbers[0] != numbers[-1]:
            yield Answer(Part.MUTANT, "swapped_operands", render(Ratio(items[::-1])))
        yield Answer(Part.MUTANT, "superset", render(Ratio((*items, Number(Fraction(1))))))

    # Sets of numbers and statements

    def _is_region(self, node: Sequence) -> bool:
        """Whether two values in square brackets, or alternatives, are a set of numbers."""
        if node.kind == "bracket":
            return len(node.items) == 2 and number_line.is_set(node, self._apart)
        return node.joiner == "or" and number_line.is_set(node, self._apart)

    def _of_region(self, node: Node) -> Iterator[Answer]:
        yield Answer(Part.RENDERING, "latex", latex(node))
        yield Answer(Part.RENDERING, "ascii", render(node))
        if number_line.is_set(node, self._apart):
            for change in regions_tried.equivalents(node):
                yield Answer(Part.EQUIVALENT, change.label, latex(change.node))
        if isinstance(node, Constant):
            yield Answer(Part.MUTANT, "superset", "\\{0\\}")
            yield Answer(Part.MUTANT, "subset", "(0, \\infty)")
            yield Answer(Part.MUTANT, "other_kind", "1")
            return
        for change in regions_tried.changes(node):
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
        whole = _difference(others[0], last)
        for change in self._changes(last):
            given = _difference(others[0], change.node)
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
            moved = Relation((_difference(name, value), _ZERO), ("=",))
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

    # Words

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


def _is_compound(node: Sequence) -> bool:
    """1 hour and 31 minutes"""
    return node.joiner == "and" and all(contains(item, Unit) for item in node.items)


def _difference(one: Node, other: Node) -> Node:
    return expressions.subtracted(one, other)


def _with_unit(text: str, measure: units_tried.Measure | None) -> str:
    if measure is None:
        return text
    behind = render(measure.of(_ONE)).removeprefix("1")
    is_sum = " + " in text or " - " in text
    return f"({text}){behind}" if is_sum else f"{text}{behind}"
