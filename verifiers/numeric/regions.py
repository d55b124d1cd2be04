"""Sets of real numbers: intervals, inequalities in one variable and set builders made alike."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Add,
    Builder,
    Call,
    Constant,
    Divide,
    Interval,
    Multiply,
    Negate,
    Node,
    Number,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    symbols,
)
from assayoffice.verifiers.numeric.finding import Finding, Method, all_of, different
from assayoffice.verifiers.numeric.relations import FLIPPED
from assayoffice.verifiers.numeric.scalars import Setting, compare_scalars
from assayoffice.verifiers.numeric.values import Values

_ZERO: Final = Number(Fraction(0))
_ONE: Final = Number(Fraction(1))


@dataclass(frozen=True, slots=True)
class Span:
    """What lies between two ends; None stands for infinity. A single point has equal ends."""

    lower: Node | None
    upper: Node | None
    lower_open: bool = False
    upper_open: bool = False


#: A union. After ``_ordered``, its spans ascend and neither touch nor overlap.
Region = tuple[Span, ...]

_EVERYTHING: Final[Region] = (Span(None, None, True, True),)


def is_region(node: Node) -> bool:
    """Whether ``node`` can mean nothing but a set of real numbers."""
    match node:
        case Interval() | SetOperation() | Builder():
            return True
        case Constant(name="R"):
            return True
        case Relation(operators=operators):
            return any(operator not in ("=", "~") for operator in operators)
        case Sequence(kind="list", items=items):
            return all(isinstance(item, Relation) and is_region(item) for item in items)
    return False


def region(node: Node, values: Values) -> Region | None:
    """The set of real numbers that ``node`` describes, or None if it describes none."""
    match node:
        case Interval():
            return _interval(node)
        case Sequence(kind="tuple" | "bracket" as kind, items=(lower, upper)):
            return _interval(Interval(lower, upper, kind == "tuple", kind == "tuple"))
        case Sequence(kind="set", items=items):
            return tuple(Span(item, item) for item in items)
        case Constant(name="R"):
            return _EVERYTHING
        case Constant(name="emptyset"):
            return ()
        case Builder(element=Symbol(), condition=condition):
            return region(condition, values)
        case Builder(element=Relation() as membership, condition=condition):
            return _meet(region(membership, values), region(condition, values), values)
        case SetOperation():
            return _combined(node, values)
        case Relation():
            return _solved(node, values)
        case Sequence(kind="list", items=items, joiner=joiner):
            return _joined([region(item, values) for item in items], joiner, values)
    return None


def compare_regions(reference: Region, answer: Region, setting: Setting) -> Finding:
    """Whether both hold the same numbers."""
    wanted, given = _ordered(reference, setting.values), _ordered(answer, setting.values)
    if wanted is not None and given is not None:
        if len(wanted) != len(given):
            return different(Method.STRUCTURE)
        pairs = zip(wanted, given, strict=True)
        return all_of(_compare_spans(one, other, setting) for one, other in pairs)
    # Ends with variables have no order, so no span can be told to touch another.
    return _compare_unordered(reference, answer, setting)


def _compare_unordered(reference: Region, answer: Region, setting: Setting) -> Finding:
    left = list(answer)
    findings = []
    for wanted in reference:
        for given in left:
            finding = _compare_spans(wanted, given, setting)
            if finding.equal:
                left.remove(given)
                findings.append(finding)
                break
        else:
            return different(Method.STRUCTURE)
    return different(Method.STRUCTURE) if left else all_of(findings)


def _compare_spans(reference: Span, answer: Span, setting: Setting) -> Finding:
    if (reference.lower_open, reference.upper_open) != (answer.lower_open, answer.upper_open):
        return different(Method.STRUCTURE, "END_POINT")
    ends = ((reference.lower, answer.lower), (reference.upper, answer.upper))
    return all_of(_compare_ends(one, other, setting) for one, other in ends)


def _compare_ends(reference: Node | None, answer: Node | None, setting: Setting) -> Finding:
    if reference is None or answer is None:
        return all_of(()) if reference is answer else different(Method.STRUCTURE)
    return compare_scalars(reference, answer, setting)


def _interval(node: Interval) -> Region | None:
    below, above = _infinity(node.lower), _infinity(node.upper)
    if below > 0 or above < 0:
        return None
    lower, upper = None if below else node.lower, None if above else node.upper
    return (Span(lower, upper, lower is None or node.lower_open, upper is None or node.upper_open),)


def _infinity(node: Node) -> int:
    """1 and -1 for infinities, 0 for anything else."""
    match node:
        case Constant(name="oo"):
            return 1
        case Negate(item=Constant(name="oo")):
            return -1
    return 0


def _combined(node: SetOperation, values: Values) -> Region | None:
    left, right = region(node.left, values), region(node.right, values)
    if left is None or right is None:
        return None
    match node.kind:
        case "union":
            return left + right
        case "intersection":
            return _meet(left, right, values)
        case "difference":
            ordered = _ordered(right, values)
            return None if ordered is None else _meet(left, _complement(ordered), values)
    return None


def _joined(parts: list[Region | None], joiner: str, values: Values) -> Region | None:
    """Alternatives are a union, conditions that hold together an intersection."""
    regions = [part for part in parts if part is not None]
    if len(regions) < len(parts) or not regions:
        return None
    if joiner == "or":
        return tuple(span for part in regions for span in part)
    result: Region | None = regions[0]
    for part in regions[1:]:
        result = _meet(result, part, values)
    return result


def _solved(relation: Relation, values: Values) -> Region | None:
    """The numbers for which a chain of linear conditions on one variable holds."""
    named = [term for term in relation.terms if isinstance(term, Symbol)]
    if len(symbols(relation)) != 1 and len(named) != 1:
        return None
    result: Region | None = _EVERYTHING
    pairs = zip(relation.terms, relation.terms[1:], strict=False)
    for operator, (left, right) in zip(relation.operators, pairs, strict=True):
        result = _meet(result, _condition(left, operator, right, values), values)
    return result


def _condition(left: Node, operator: str, right: Node, values: Values) -> Region | None:
    if operator in ("in", "notin"):
        described = region(right, values) if isinstance(left, Symbol) else None
        if described is None or operator == "in":
            return described
        ordered = _ordered(described, values)
        return None if ordered is None else _complement(ordered)
    if isinstance(left, Call) and left.name == "abs" and operator in FLIPPED:
        return _within(left.arguments[0], operator, right, values)
    solved = _isolated(left, operator, right, values)
    if solved is None:
        return None
    operator, end = solved
    if _infinity(end):
        return _EVERYTHING if (operator[0] == "<") == (_infinity(end) > 0) else None
    match operator:
        case "<" | "<=":
            return (Span(None, end, True, operator == "<"),)
        case ">" | ">=":
            return (Span(end, None, operator == ">", True),)
        case "!=":
            return (Span(None, end, True, True), Span(end, None, True, True))
        case "=":
            return (Span(end, end),)
    return None


def _within(inside: Node, operator: str, bound: Node, values: Values) -> Region | None:
    """``|inside| < bound``, or ``>``."""
    above = _condition(inside, operator, bound, values)
    below = _condition(inside, FLIPPED[operator], values.folded(Negate(bound)), values)
    if operator[0] == "<":
        return _meet(above, below, values)
    return None if above is None or below is None else below + above


def _isolated(left: Node, operator: str, right: Node, values: Values) -> tuple[str, Node] | None:
    """``(operator, end)`` such that the variable stands in that relation to ``end``."""
    if isinstance(left, Symbol) and left.name not in symbols(right):
        return operator, right
    if isinstance(right, Symbol) and right.name not in symbols(left):
        return FLIPPED.get(operator, operator), left
    names = symbols(left) | symbols(right)
    if len(names) != 1:
        return None
    linear = _linear(Add((left, Negate(right))), next(iter(names)))
    if linear is None:
        return None
    slope, offset = linear
    rises, falls = values.less(_ZERO, slope), values.less(slope, _ZERO)
    if not rises and not falls:
        return None
    return (operator if rises else FLIPPED.get(operator, operator)), values.folded(
        Divide(Negate(offset), slope)
    )


def _linear(node: Node, name: str) -> tuple[Node, Node] | None:
    """``(a, b)`` such that ``node`` is a * name + b."""
    if name not in symbols(node):
        return _ZERO, node
    match node:
        case Symbol():
            return _ONE, _ZERO
        case Negate(item=item):
            parts = _linear(item, name)
            return None if parts is None else (Negate(parts[0]), Negate(parts[1]))
        case Add(items=items):
            terms = [_linear(item, name) for item in items]
            found = [term for term in terms if term is not None]
            if len(found) < len(terms):
                return None
            return Add(tuple(a for a, _ in found)), Add(tuple(b for _, b in found))
        case Multiply(items=items):
            varying = [item for item in items if name in symbols(item)]
            parts = _linear(varying[0], name) if len(varying) == 1 else None
            if parts is None:
                return None
            rest = tuple(item for item in items if item is not varying[0])
            return Multiply((parts[0], *rest)), Multiply((parts[1], *rest))
        case Divide(over=over, under=under) if name not in symbols(under):
            parts = _linear(over, name)
            return None if parts is None else (Divide(parts[0], under), Divide(parts[1], under))
    return None


def _ordered(spans: Region, values: Values) -> Region | None:
    """``spans`` ascending and joined where they touch; None if their ends have no known order."""
    kept: list[Span] = []
    for span in spans:
        shape = _shape(span, values)
        if shape is None:
            return None
        if shape:
            kept.append(span)
    result: list[Span] = []
    for span in _sorted(kept, values) or []:
        if result:
            joined = _union(result[-1], span, values)
            if joined is None:
                return None
            result[-1:] = joined
        else:
            result.append(span)
    return tuple(result) if len(result) or not kept else None


def _shape(span: Span, values: Values) -> bool | None:
    """Whether the span holds anything; None if that is not known."""
    if span.lower is None or span.upper is None:
        return True
    if span.lower is span.upper:
        return not (span.lower_open or span.upper_open)
    if values.less(span.lower, span.upper):
        return True
    below = values.less(span.upper, span.lower)
    if below is None:
        return None
    return not below and not (span.lower_open or span.upper_open)


def _sorted(spans: list[Span], values: Values) -> list[Span] | None:
    """By lower end, an included one first. Insertion, because a comparison can fail."""
    result: list[Span] = []
    for span in spans:
        position = len(result)
        while position:
            before = _begins_before(span, result[position - 1], values)
            if before is None:
                return None
            if not before:
                break
            position -= 1
        result.insert(position, span)
    return result


def _begins_before(one: Span, other: Span, values: Values) -> bool | None:
    if one.lower is None or other.lower is None:
        return one.lower is None and other.lower is not None
    below = values.less(one.lower, other.lower)
    if below is not False:
        return below
    above = values.less(other.lower, one.lower)
    return None if above is None else not above and other.lower_open and not one.lower_open


def _union(one: Span, other: Span, values: Values) -> list[Span] | None:
    """The union of two spans of which ``one`` begins first."""
    if one.upper is None or other.lower is None:
        return [one]
    gap = values.less(one.upper, other.lower)
    if gap is None:
        return None
    if gap or (
        one.upper_open and other.lower_open and values.less(other.lower, one.upper) is False
    ):
        return [one, other]
    if other.upper is None:
        return [Span(one.lower, None, one.lower_open, True)]
    further = values.less(one.upper, other.upper)
    if further is None:
        return None
    if further:
        return [Span(one.lower, other.upper, one.lower_open, other.upper_open)]
    same_end = values.less(other.upper, one.upper) is False
    closed = same_end and not (one.upper_open and other.upper_open)
    return [Span(one.lower, one.upper, one.lower_open, one.upper_open and not closed)]


def _complement(ordered: Region) -> Region:
    """What an ordered region leaves out."""
    result = []
    lower: Node | None = None
    lower_open = True
    reached_end = False
    for span in ordered:
        if span.lower is not None:
            result.append(Span(lower, span.lower, lower_open, not span.lower_open))
        lower, lower_open = span.upper, not span.upper_open
        reached_end = span.upper is None
    if not reached_end:
        result.append(Span(lower, None, lower_open, True))
    return tuple(result)


def _meet(one: Region | None, other: Region | None, values: Values) -> Region | None:
    if one is None or other is None:
        return None
    result = []
    for left in one:
        for right in other:
            shared = _overlap(left, right, values)
            if shared is None:
                return None
            result += shared
    return tuple(result)


def _overlap(one: Span, other: Span, values: Values) -> list[Span] | None:
    lower, lower_open = one.lower, one.lower_open
    if lower is None or (other.lower is not None and values.less(lower, other.lower)):
        lower, lower_open = other.lower, other.lower_open
    elif other.lower is not None:
        above = values.less(other.lower, lower)
        if above is None:
            return None
        lower_open = lower_open or (not above and other.lower_open)
    upper, upper_open = one.upper, one.upper_open
    if upper is None or (other.upper is not None and values.less(other.upper, upper)):
        upper, upper_open = other.upper, other.upper_open
    elif other.upper is not None:
        below = values.less(upper, other.upper)
        if below is None:
            return None
        upper_open = upper_open or (not below and other.upper_open)
    span = Span(lower, upper, lower_open, upper_open)
    shape = _shape(span, values)
    # An overlap that cannot be told to be empty is kept: its ends are compared later.
    return [] if shape is False else [span]
