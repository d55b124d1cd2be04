"""Whether an answer only repeats the question."""

import re

from assayoffice.verifiers.numeric.expression import (
    Add,
    Call,
    Divide,
    Multiply,
    Node,
    Number,
    Operator,
    Power,
    walk,
)

_SPACING = re.compile(
    r"\\left(?![a-z])|\\right(?![a-z])|\\[,;:! ]|\\displaystyle|\\d(?=frac)|[\s${}]+"
)

#: Places in the prompt at which the answer is looked at.
_MAX_OCCURRENCES = 50


def repeats(prompt: str, text: str, node: Node) -> bool:
    """Whether ``text``, read as ``node``, stands in ``prompt`` as it is and leaves work to do.

    Literals do not: the right number, name or interval may well be mentioned in the question.
    """
    if not prompt or not any(_is_work(part) for part in walk(node)):
        return False
    answer = _SPACING.sub("", text)
    question = _SPACING.sub("", prompt)
    start = -1
    for _ in range(_MAX_OCCURRENCES):
        start = question.find(answer, start + 1)
        if start < 0:
            break
        end = start + len(answer)
        if (
            not question[max(start - 1, 0) : start].isalnum()
            and not question[end : end + 1].isalnum()
        ):
            return True
    return False


def _is_work(node: Node) -> bool:
    if isinstance(node, Divide):
        return not (isinstance(node.over, Number) and isinstance(node.under, Number))
    return isinstance(node, Add | Multiply | Power | Call | Operator)
