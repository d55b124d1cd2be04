"""One-line programs that continue a row of examples, for "code": tested by calls in the sandbox.

From ``f(1)=5 f(2)=8 f(3)=11`` write ``return 3*x+2``. The functions are a*x+b and x*x+b with small
a and b (310 in all), each shown at three numbers in a row (six rows of each) and tested at others,
so that a table of the examples earns nothing and every program that computes the same is right.
"""

import json
from collections.abc import Callable

from assayoffice.rl.toy.problems import Problem

DOMAIN = "toy/programs"
_SLOPES = range(1, 10)
_OFFSETS = range(31)
_STARTS = range(6)
_SHOWN = 3
_TESTED = (-4, 0, 3, 9, 10, 25, 100)
_CPU_SECONDS = 1


def problems() -> list[Problem]:
    """Every problem there is, in a fixed order."""
    return [
        *(_linear(a, b, start) for a in _SLOPES for b in _OFFSETS for start in _STARTS),
        *(_square(b, start) for b in _OFFSETS for start in _STARTS),
    ]


def _linear(a: int, b: int, start: int) -> Problem:
    return _problem(
        lambda x: a * x + b,
        start,
        rate=f"{a}*{start}={a * start}",
        answers=(f"{a}*x+{b}", f"x*{a}+{b}", f"{b}+{a}*x"),
    )


def _square(b: int, start: int) -> Problem:
    return _problem(
        lambda x: x * x + b,
        start,
        rate=f"{start}*{start}={start * start}",
        answers=(f"x*x+{b}", f"{b}+x*x"),
    )


def _problem(
    function: Callable[[int], int], start: int, rate: str, answers: tuple[str, ...]
) -> Problem:
    """A problem whose work is two differences, the part that grows (``rate``), and the rest."""
    shown = range(start, start + _SHOWN)
    first, second, third = map(function, shown)
    offset = function(0)
    steps = f"{second}-{first}={second - first} {third}-{second}={third - second}"
    return Problem(
        domain=DOMAIN,
        verifier="code",
        content=answers[0],
        question=" ".join(f"f({x})={function(x)}" for x in shown),
        ground_truth=json.dumps(_task(function, shown)),
        work=f"{steps} {rate} {first}-{first - offset}={offset}",
        answers=tuple(f"```python\ndef f(x):\n    return {each}\n```" for each in answers),
    )


def _task(function: Callable[[int], int], shown: range) -> dict[str, object]:
    """A ``CodeTask`` in its JSON form: calls of f at numbers that are not in the question."""
    return {
        "entry_point": "f",
        "calls": [
            {"arguments": f"[{x}]", "expected": str(function(x))} for x in _TESTED if x not in shown
        ],
        "cpu_seconds": _CPU_SECONDS,
    }
