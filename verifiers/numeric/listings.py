"""Several values: lists, sets, tuples, and what ``±`` stands for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from flint import fmpq

from assayoffice.verifiers.numeric.expression import (
    Call,
    Negate,
    Node,
    PlusMinus,
    Sequence,
    Symbol,
    contains,
)
from assayoffice.verifiers.numeric.finding import Finding, Method, all_of, different
from assayoffice.verifiers.numeric.limits import MAX_UNORDERED, TooLargeError
from assayoffice.verifiers.numeric.names import named
from assayoffice.verifiers.numeric.rewriting import rewritten

#: Most values that the signs in one answer may stand for.
_MAX_VARIANTS: Final = 64

Compare = Callable[[Node, Node], Finding]


_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Listing:
    """``kind`` is that of the Sequence. ``names`` are those of the values, if all have one of
    their own, as in ``x = 1, y = 2``."""

    kind: str
    items: tuple[Node, ...]
    names: tuple[Node, ...] = ()

    def by_name(self) -> "Listing":
        """The same in the order of the names, if all are variables: x before y."""
        if not all(isinstance(name, Symbol) for name in self.names):
            return self
        order = sorted(range(len(self.names)), key=lambda place: repr(self.names[place]))
        return replace(self, items=tuple(self.items[place] for place in order) or self.items)

    @property
    def coordinates(self) -> bool:
        """Whether the names are neighbours in the alphabet, as x and y: they have one order."""
        letters = sorted(getattr(name, "name", "") for name in self.names)
        return len(letters) > 1 and "".join(letters) in _ALPHABET

    @property
    def numbered(self) -> bool:
        """Whether the names only count, as ``x_1 = 3, x_2 = -8`` counts the roots."""
        stems = {getattr(name, "name", "").partition("_") for name in self.names}
        return len({stem for stem, _, _ in stems}) == 1 and all(mark for _, mark, _ in stems)


def listing(node: Node) -> Listing | None:
    """``node`` as several values, or None if it is a single one.

    Raises TooLargeError (VARIANTS) if it has too many signs that can be either.
    """
    if isinstance(node, Sequence) and node.kind in ("list", "set"):
        return _read(node)
    signed = variants(node)
    if len(signed) > 1:
        return Listing("list", tuple(signed))
    if isinstance(node, Sequence):
        return Listing(node.kind, node.items)
    if isinstance(node, Call) and node.name == "cases":
        return Listing("cases", node.arguments)
    return None


def _read(node: Sequence) -> Listing:
    names: list[Node] = []
    items: list[Node] = []
    for item in node.items:
        value = named(item)
        signed = variants(item if value is None else value.value)
        items += signed
        if value is not None and value.names:
            names += [value.names[0]] * len(signed)
    own = len(names) == len(items) and len(set(names)) == len(names)
    return Listing(node.kind, tuple(items), tuple(names) if own else ())


def variants(node: Node) -> list[Node]:
    """What ``node`` stands for when every ``±`` takes either sign.

    All signs of one expression change together; those of different elements of a tuple do not.
    """
    if not contains(node, PlusMinus):
        return [node]
    if isinstance(node, Sequence):
        choices = [variants(item) for item in node.items]
        count = 1
        for choice in choices:
            count *= len(choice)
        if count > _MAX_VARIANTS:
            raise TooLargeError("VARIANTS")
        return [replace(node, items=items) for items in product(*choices)]
    return [_signed(node, sign) for sign in (1, -1)]


def _signed(node: Node, sign: int) -> Node:
    def rule(part: Node) -> Node | None:
        if not isinstance(part, PlusMinus):
            return None
        item = _signed(part.item, sign)
        return item if part.sign == sign else Negate(item)

    return rewritten(node, rule)


def compare_in_order(
    reference: tuple[Node, ...], answer: tuple[Node, ...], compare: Compare
) -> Finding:
    if len(reference) != len(answer):
        return different(Method.STRUCTURE, "LENGTH")
    return all_of(compare(one, other) for one, other in zip(reference, answer, strict=True))


def compare_in_any_order(
    reference: tuple[Node, ...],
    answer: tuple[Node, ...],
    compare: Compare,
    key: Callable[[Node], object],
    *,
    as_sets: bool,
) -> Finding:
    """Whether each element of one has a partner in the other; one of its own unless ``as_sets``.

    ``key`` gives something that equal elements usually have in common, or None.
    """
    if len(reference) != len(answer) and not as_sets:
        return different(Method.STRUCTURE, "LENGTH")
    wanted = [(key(item), item) for item in reference]
    given = [(key(item), item) for item in answer]
    if max(len(wanted), len(given)) > MAX_UNORDERED and not all(
        _is_rational(name) for name, _ in wanted + given
    ):
        raise TooLargeError("LIST_LENGTH")
    findings = _partners(wanted, given, compare, keep=as_sets)
    if findings is not None and as_sets:
        backwards = _partners(given, wanted, lambda one, other: compare(other, one), keep=True)
        findings = None if backwards is None else findings + backwards
    return different(Method.STRUCTURE) if findings is None else all_of(findings)


def _is_rational(key: object) -> bool:
    if isinstance(key, tuple):
        return all(_is_rational(part) for part in key)
    return isinstance(key, fmpq)


def _partners(
    wanted: list[tuple[object, Node]],
    given: list[tuple[object, Node]],
    compare: Compare,
    *,
    keep: bool,
) -> list[Finding] | None:
    """A finding that is not different for each of ``wanted``, or None if one has no partner."""
    free = dict(enumerate(given))
    findings = []
    for name, item in wanted:
        doubtful: tuple[int, Finding] | None = None
        for position in sorted(free, key=lambda place: name is None or free[place][0] != name):
            finding = compare(item, free[position][1])
            if finding.equal:
                doubtful = position, finding
                break
            if not finding.different:
                doubtful = doubtful or (position, finding)
        if doubtful is None:
            return None
        findings.append(doubtful[1])
        if not keep:
            del free[doubtful[0]]
    return findings
