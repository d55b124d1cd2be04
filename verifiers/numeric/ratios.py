"""What is written with colons: ratios a:b:c, and times of day."""

from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import Divide, Multiply, Node, Number, Ratio, Unit
from assayoffice.verifiers.numeric.finding import Finding, Method, all_of, different, equal
from assayoffice.verifiers.numeric.scalars import Setting, compare_scalars

_HALVES = frozenset(("am", "pm"))
_ZERO: Final = Number(Fraction(0))


def has_colons(node: Node) -> bool:
    return isinstance(node, Ratio) or _half(node) != ""


def compare_ratios(reference: Node, answer: Node, setting: Setting) -> Finding:
    """Whether both are the same ratio or the same time of day.

    A ratio of two may be written as a fraction; am or pm may be missing on one side.
    """
    halves = {half for half in (_half(reference), _half(answer)) if half}
    if halves:
        times = [
            each.items[0] if isinstance(each, Multiply) else each for each in (reference, answer)
        ]
        if len(halves) > 1 or times[0] != times[1]:
            return different(Method.STRUCTURE)
        same = _half(reference) == _half(answer)
        return equal(Method.STRUCTURE) if same else equal(Method.STRUCTURE, "UNIT_ASSUMED")
    wanted, given = _members(reference), _members(answer)
    if wanted is None or given is None or len(wanted) != len(given):
        return different(Method.STRUCTURE, "OTHER_KIND")
    if any(each == _ZERO for each in (*wanted, *given)):  # 12:00, or no ratio at all
        pairs = zip(wanted, given, strict=True)
        return all_of(compare_scalars(one, other, setting) for one, other in pairs)
    return all_of(
        compare_scalars(Divide(wanted[index], wanted[0]), Divide(given[index], given[0]), setting)
        for index in range(1, len(wanted))
    )


def _half(node: Node) -> str:
    match node:
        case Multiply(items=(Ratio(), Unit(name=name))) if name in _HALVES:
            return name
    return ""


def _members(node: Node) -> tuple[Node, ...] | None:
    if isinstance(node, Ratio):
        return node.items
    return (node.over, node.under) if isinstance(node, Divide) else None
