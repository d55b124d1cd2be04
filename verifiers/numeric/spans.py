"""Unions of intervals whose ends are expressions: put in order, joined, met and complemented."""

from dataclasses import dataclass
from typing import TypeAlias

from assayoffice.verifiers.numeric.expression import Node
from assayoffice.verifiers.numeric.values import Values


@dataclass(frozen=True, slots=True)
class Span:
    """What lies between two ends; None stands for infinity. A single point has equal ends."""

    lower: Node | None
    upper: Node | None
    lower_open: bool = False
    upper_open: bool = False


#: A union. After ``ordered``, its spans ascend and neither touch nor overlap.
Region: TypeAlias = tuple[Span, ...]


def ordered(spans: Region, values: Values) -> Region | None:
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


def complement(spans: Region) -> Region:
    """What ``spans``, which are ordered, leave out."""
    result = []
    lower: Node | None = None
    lower_open = True
    reached_end = False
    for span in spans:
        if span.lower is not None:
            result.append(Span(lower, span.lower, lower_open, not span.lower_open))
        lower, lower_open = span.upper, not span.upper_open
        reached_end = span.upper is None
    if not reached_end:
        result.append(Span(lower, None, lower_open, True))
    return tuple(result)


def meet(one: Region | None, other: Region | None, values: Values) -> Region | None:
    """What both hold; None if either is unknown or their ends have no known order."""
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
