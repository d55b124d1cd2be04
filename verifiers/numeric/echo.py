"""Whether an answer only repeats the question."""

import re
from fractions import Fraction
from itertools import accumulate

from assayoffice.verifiers.numeric.expression import (
    Add,
    Based,
    Call,
    Divide,
    Multiply,
    Node,
    Number,
    Operator,
    Power,
    Unit,
    contains,
    walk,
)

_SPACING = re.compile(
    r"\\(?:left|right|text|mathrm)(?![a-z])|\\[,;:! ()\[\]]|\\displaystyle|[\s${}]+"
)

#: Places in the prompt at which the answer is looked at.
_MAX_OCCURRENCES = 50


def repeats(prompt: str, text: str, node: Node, reference: Node) -> bool:
    """Whether ``text``, read as ``node``, stands in ``prompt`` as it is and leaves work to do.

    Literals do not: the right number, name or interval may well be mentioned in the question. But
    2.5 hours, 35 %, 6/8 and digits to a base do if ``reference`` is written otherwise: the question
    was how.
    """
    if not prompt or not (
        any(_is_work(part) for part in walk(node)) or _is_converted(node, reference)
    ):
        return False
    answer = "".join(_pieces(text))
    pieces = _pieces(prompt)
    question = "".join(pieces)
    edges = set(accumulate(map(len, pieces), initial=0))
    start = -1
    for _ in range(_MAX_OCCURRENCES):
        start = question.find(answer, start + 1)
        if start < 0:
            break
        end = start + len(answer)
        if (start in edges or not question[start - 1].isalnum()) and (
            end in edges or not question[end].isalnum()
        ):
            return True
    return False


def _pieces(text: str) -> list[str]:
    """The text cut where spacing stood. Between digits some is left: 1 1/2 is not 11/2.

    Braces leave none, for \\frac{1}{2} is \\frac12.
    """
    pieces: list[str] = []
    end = 0
    for spacing in _SPACING.finditer(text):
        pieces.append(text[end : spacing.start()])
        end = spacing.end()
        between_digits = pieces[-1][-1:].isdigit() and text[end : end + 1].isdigit()
        if between_digits and not set("{}") & set(spacing.group()):
            pieces[-1] += " "
    pieces.append(text[end:])
    return pieces


def _is_converted(node: Node, reference: Node) -> bool:
    """Whether ``node`` is a literal, and ``reference`` the same in another form."""
    if node == reference:
        return False
    if isinstance(node, Divide):
        over, under = node.over, node.under
        if not (isinstance(over, Number) and isinstance(under, Number) and under.value):
            return False
        return (over.value / under.value).denominator != under.value
    return isinstance(node, Based) or (
        contains(node, Unit) and _literals(node) != _literals(reference)
    )


def _literals(node: Node) -> list[Fraction]:
    return [part.value for part in walk(node) if isinstance(part, Number)]


def _is_work(node: Node) -> bool:
    match node:
        case Multiply(items=items):
            return sum(not isinstance(item, Unit) for item in items) > 1
        case Divide(over=over, under=under):
            return not isinstance(under, Number | Unit) or not isinstance(over, Number)
        case Power(base=base):
            return not isinstance(base, Unit)
    return isinstance(node, Add | Call | Operator)
