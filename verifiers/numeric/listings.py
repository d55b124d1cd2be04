"""Several values: lists, sets, tuples, and what ``±`` stands for."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any, Final

from assayoffice.verifiers.numeric.expression import Negate, Node, PlusMinus, Sequence, walk
from assayoffice.verifiers.numeric.finding import Finding, Method, all_of, different
from assayoffice.verifiers.numeric.limits import TooLargeError
from assayoffice.verifiers.numeric.names import named

#: Most values that the signs in one answer may stand for.
_MAX_VARIANTS: Final = 64

Compare = Callable[[Node, Node], Finding]


@dataclass(frozen=True, slots=True)
class Listing:
    """``kind`` is that of the Sequence. ``names`` are those of the values, if all have one of
    their own, as in ``x = 1, y = 2``."""

    kind: str
    items: tuple[Node, ...]
    names: tuple[Node, ...] = ()


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
    if not any(isinstance(part, PlusMinus) for part in walk(node)):
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


def _signed(tree: Any, sign: int) -> Any:
    if isinstance(tree, tuple):
        return tuple(_signed(each, sign) for each in tree)
    if isinstance(tree, PlusMinus):
        item = _signed(tree.item, sign)
        return item if tree.sign == sign else Negate(item)
    if not hasattr(tree, "__dataclass_fields__"):
        return tree
    changed = {each.name: _signed(getattr(tree, each.name), sign) for each in fields(tree)}
    return replace(tree, **changed)


def compare_in_order(
    reference: tuple[Node, ...], answer: tuple[Node, ...], compare: Compare
) -> Finding:
    if len(reference) != len(answer):
        return different(Method.STRUCTURE, "LENGTH")
    return all_of(compare(one, other) for one, other in zip(reference, answer, strict=True))


def compare_in_any_order(
    reference: tuple[Node, ...], answer: tuple[Node, ...], compare: Compare, *, as_sets: bool
) -> Finding:
    """Whether each element of one has a partner in the other; a partner of its own unless
    ``as_sets``."""
    if len(reference) != len(answer) and not as_sets:
        return different(Method.STRUCTURE, "LENGTH")
    findings: list[Finding] = []
    free = list(answer)
    for wanted in reference:
        partner = _partner(wanted, free if not as_sets else list(answer), compare)
        if partner is None:
            return different(Method.STRUCTURE)
        position, finding = partner
        findings.append(finding)
        if not as_sets:
            free.pop(position)
    if as_sets:
        for given in answer:
            if _partner(given, list(reference), lambda one, other: compare(other, one)) is None:
                return different(Method.STRUCTURE)
    return all_of(findings)


def _partner(wanted: Node, candidates: list[Node], compare: Compare) -> tuple[int, Finding] | None:
    doubtful: tuple[int, Finding] | None = None
    for position, candidate in enumerate(candidates):
        finding = compare(wanted, candidate)
        if finding.equal:
            return position, finding
        if not finding.different:
            doubtful = doubtful or (position, finding)
    return doubtful
