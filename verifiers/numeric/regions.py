"""Sets of real numbers: intervals, inequalities in one variable and set builders made alike."""

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
from assayoffice.verifiers.numeric.spans import Region, Span, complement, meet, ordered
from assayoffice.verifiers.numeric.values import Values

_ZERO: Final = Number(Fraction(0))
_ONE: Final = Number(Fraction(1))


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
            return _interval(node, values)
        case Sequence(kind="tuple" | "bracket" as kind, items=(lower, upper)):
            return _interval(Interval(lower, upper, kind == "tuple", kind == "tuple"), values)
        case Sequence(kind="set", items=items):
            return tuple(Span(item, item) for item in items)
        case Constant(name="R"):
            return _EVERYTHING
        case Constant(name="emptyset"):
            return ()
        case Builder(element=Symbol(name=name), condition=condition):
            return region(condition, values) if name in symbols(condition) else None
        case Builder(element=Relation() as membership, condition=condition):
            return meet(region(membership, values), region(condition, values), values)
        case SetOperation():
            return _combined(node, values)
        case Relation():
            return _solved(node, values)
        case Sequence(kind="list", items=items, joiner=joiner):
            if frozenset.intersection(*(symbols(item) for item in items)):
                return _joined([region(item, values) for item in items], joiner, values)
    return None


def compare_regions(reference: Region, answer: Region, setting: Setting) -> Finding:
    """Whether both hold the same numbers."""
    wanted, given = ordered(reference, setting.values), ordered(answer, setting.values)
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


def _interval(node: Interval, values: Values) -> Region | None:
    """None for an interval without a number in it: (1, 1], or one written from right to left."""
    below, above = _infinity(node.lower), _infinity(node.upper)
    if below > 0 or above < 0:
        return None
    if not below and not above:
        ascends = values.less(node.lower, node.upper)
        point = not (node.lower_open or node.upper_open) and not values.less(node.upper, node.lower)
        if ascends is False and not point:
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
            return meet(left, right, values)
        case "difference":
            removed = ordered(right, values)
            return None if removed is None else meet(left, complement(removed), values)
    return None


def _joined(parts: list[Region | None], joiner: str, values: Values) -> Region | None:
    """Alternatives are a union, conditions that hold together an intersection.

    Conditions that cannot hold together were meant as alternatives: ``x < 1, x > 5``.
    """
    regions = [part for part in parts if part is not None]
    if len(regions) < len(parts) or not regions:
        return None
    if joiner == "or":
        return tuple(span for part in regions for span in part)
    result: Region | None = regions[0]
    for part in regions[1:]:
        result = meet(result, part, values)
    return tuple(span for part in regions for span in part) if result == () else result


def _solved(relation: Relation, values: Values) -> Region | None:
    """The numbers for which a chain of linear conditions on one variable holds."""
    named = [term for term in relation.terms if isinstance(term, Symbol)]
    if len(symbols(relation)) != 1 and len(named) != 1:
        return None
    result: Region | None = _EVERYTHING
    pairs = zip(relation.terms, relation.terms[1:], strict=False)
    for operator, (left, right) in zip(relation.operators, pairs, strict=True):
        result = meet(result, _condition(left, operator, right, values), values)
    return result


def _condition(left: Node, operator: str, right: Node, values: Values) -> Region | None:
    if operator in ("in", "notin"):
        described = region(right, values) if isinstance(left, Symbol) else None
        if described is None or operator == "in":
            return described
        removed = ordered(described, values)
        return None if removed is None else complement(removed)
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
        return meet(above, below, values)
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
