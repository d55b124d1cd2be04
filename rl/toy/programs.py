"""One-line programs that continue examples, for "code": tested by calls in the sandbox.

From ``f(1)=5 f(2)=8`` write ``return 3*x+2``. The functions are a*x+b with a from 1 to 6 and b from
0 to 9, each shown at two or three numbers in a row and tested at others, so that a table of the
examples earns nothing and every program that computes the same is right.
"""

import json
from collections.abc import Callable, Iterable

from assayoffice.rl.toy.problems import Problem

DOMAIN = "toy/programs"
_SLOPES = range(1, 7)
_OFFSETS = range(10)
_STARTS = range(3)
_SHOWN = ((0, 1), (1, 0), (0, 1, 2))  # from the start on
# None is ever shown. Each costs a clean sandbox, and of a*x+b two would tell everything.
_TESTED = (-4, 10, 100)
_CPU_SECONDS = 1  # of a line of arithmetic; what loops need not run for longer


def problems(starts: Iterable[int] = _STARTS) -> list[Problem]:
    """Every problem there is, in a fixed order; ``starts`` are the first numbers shown."""
    starts = tuple(starts)
    return [
        _problem(a, b, start, shown)
        for a in _SLOPES
        for b in _OFFSETS
        for start in starts
        for shown in _SHOWN
    ]


def _problem(a: int, b: int, start: int, shown: tuple[int, ...]) -> Problem:
    """A problem whose work is the slope, what it has added up to, and what was there before."""
    numbers = tuple(start + each for each in shown)
    first, second = a * start + b, a * (start + 1) + b
    grown = a * start
    answers = (f"{a}*x+{b}", f"x*{a}+{b}", f"{b}+{a}*x")
    return Problem(
        domain=DOMAIN,
        verifier="code",
        question=" ".join(f"f({x})={a * x + b}" for x in numbers),
        ground_truth=json.dumps(_task(lambda x: a * x + b)),
        work=f"{second}-{first}={a} {a}*{start}={grown} {first}-{grown}={b}",
        answers=tuple(f"```python\ndef f(x):\n    return {each}\n```" for each in answers),
    )


def _task(function: Callable[[int], int]) -> dict[str, object]:
    """A ``CodeTask`` in its JSON form: calls of f at numbers that are not in the question."""
    return {
        "entry_point": "f",
        "calls": [{"arguments": f"[{x}]", "expected": str(function(x))} for x in _TESTED],
        "cpu_seconds": _CPU_SECONDS,
    }
