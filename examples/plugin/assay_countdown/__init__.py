"""The Countdown numbers game: reach the target with + - * /, using each number exactly once.

The answer is the last ``<answer>...</answer>`` of the response, e.g. ``<answer>(8-2)*4</answer>``.
"""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from assayoffice.verifiers import Effort, Limits, Outcome, Submission, Verdict

# Cheap to parse whatever it holds: no letters, no quotes, and too short to nest deeply.
_EXPRESSION = re.compile(r"[0-9+*/() -]{1,300}")
_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True, slots=True)
class CountdownTask:
    """The numbers to use and the number to reach."""

    numbers: tuple[int, ...]
    target: int


class CountdownVerifier:
    """Evaluates the expression, since what a response says about its value proves nothing."""

    name: ClassVar[str] = "countdown"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Countdown: reach a target from given numbers"
    task_type: ClassVar[type] = CountdownTask
    limits: ClassVar[Limits] = Limits(
        cpu_seconds=1.0, wall_seconds=10.0, memory_bytes=1 << 30, quick_cpu_seconds=0.5
    )
    decided_by: ClassVar[tuple[str, ...]] = ()

    def verify(self, submission: Submission[CountdownTask], effort: Effort) -> Verdict:
        """Judge an expression; both efforts are the same, since none is expensive."""
        written = _answer(submission.response)
        used: list[int] = []
        try:
            value = _evaluate(ast.parse(written.strip(), mode="eval").body, used)
        except SyntaxError:
            return Verdict(Outcome.NO_ANSWER, 0.0, "UNREADABLE", extracted=written)
        except ZeroDivisionError:
            return Verdict(Outcome.INCORRECT, 0.0, "DIVISION_BY_ZERO", extracted=written)
        if sorted(used) != sorted(submission.task.numbers):
            return Verdict(Outcome.INCORRECT, 0.0, "OTHER_NUMBERS", extracted=written)
        if value != submission.task.target:
            return Verdict(Outcome.INCORRECT, 0.0, "MISSES_TARGET", extracted=written)
        return Verdict(Outcome.CORRECT, 1.0, "REACHES_TARGET", extracted=written)


def _answer(response: str) -> str:
    """What stands in the last answer tag if it looks like an expression, else nothing."""
    _, _, rest = response.rpartition("<answer>")
    written, closed, _ = rest.partition("</answer>")
    return written if closed and _EXPRESSION.fullmatch(written) else ""


def _evaluate(node: ast.expr, used: list[int]) -> Fraction:
    match node:
        case ast.Constant(value=int(number)):
            used.append(number)
            return Fraction(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluate(left, used), _evaluate(right, used))
        case _:
            raise SyntaxError("not a sum, difference, product or quotient of numbers")
