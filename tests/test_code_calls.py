"""Calls judged by the data they return: right ones, wrong ones, and programs that know better."""

from collections.abc import Iterator
from typing import Any

import pytest

from assayoffice.sandbox.programs import Blob, PythonProgram, Run
from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.toolchains import Toolchains
from assayoffice.verifiers.base import InvalidTaskError, UnscorableReferenceError
from assayoffice.verifiers.code import calls, inside
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.task import CallTest, CodeTask, Comparator


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with Sandbox() as sandbox:
        yield Machine(sandbox, Toolchains(sandbox))


ADD = (CallTest("[1, 2]", "3"), CallTest("[20, 22]", "42", "large"))


def _task(*tests: CallTest, **fields: Any) -> CodeTask:
    return CodeTask(calls=tests, **({"entry_point": "f", "cpu_seconds": 2.0} | fields))


def _reports(machine: Machine, source: str, task: CodeTask) -> list[Report]:
    return list(calls.reports(source, task, machine))


def _report(machine: Machine, source: str, arguments: str, expected: str, **fields: Any) -> Report:
    (report,) = _reports(machine, source, _task(CallTest(arguments, expected), **fields))
    return report


def test_each_call_has_a_report_under_its_name(machine: Machine) -> None:
    task = _task(*ADD)
    assert calls.names(task) == ("1", "large")
    assert _reports(machine, "def f(a, b): return a + b", task) == [
        Report("1", Grade.PASSED),
        Report("large", Grade.PASSED),
    ]
    assert _reports(machine, "def f(a, b): return 3", task) == [
        Report("1", Grade.PASSED),
        Report("large", Grade.WRONG_ANSWER, "the value differs: 3"),
    ]


def test_calls_are_made_only_when_their_report_is_asked_for(machine: Machine) -> None:
    endless = "def f(x):\n    while x: pass\n    return 0"
    task = _task(CallTest("[0]", "0"), CallTest("[1]", "0"), cpu_seconds=60.0)
    assert next(calls.reports(endless, task, machine)).grade is Grade.PASSED


@pytest.mark.parametrize(
    ("entry_point", "source"),
    [
        ("f", "def f(x): return x + 1"),
        ("f", "f = lambda x: x + 1"),
        ("f", "class Solution:\n    def f(self, x): return x + 1"),
        ("Solution.f", "class Solution:\n    def f(self, x): return x + 1"),
        ("Solution().f", "class Solution:\n    def f(self, x): return x + 1"),
        ("Sum.f", "class Sum:\n    @staticmethod\n    def f(x): return x + 1"),
        ("größe", "def größe(x): return x + 1"),
    ],
)
def test_entry_points_are_functions_or_methods(
    machine: Machine, entry_point: str, source: str
) -> None:
    assert _report(machine, source, "[1]", "2", entry_point=entry_point).grade is Grade.PASSED


@pytest.mark.parametrize(
    ("entry_point", "source", "detail"),
    [
        ("f", "def g(x): return 1", "the program defines no function f"),
        ("f", "class Solution: pass", "the program defines no method f of Solution"),
        ("Sum.f", "def f(x): return 1", "the program defines no class Sum"),
        ("f", "f = 1", "TypeError: \"'int' object is not callable\""),
    ],
)
def test_a_missing_entry_point_is_the_programs_error(
    machine: Machine, entry_point: str, source: str, detail: str
) -> None:
    report = _report(machine, source, "[1]", "1", entry_point=entry_point)
    assert report == Report("1", Grade.RUNTIME_ERROR, detail)


@pytest.mark.parametrize("entry_point", ["", "f()", "a.b.c", "f; import os", "f(1)", "1f"])
def test_an_entry_point_that_names_nothing_is_the_tasks_error(
    machine: Machine, entry_point: str
) -> None:
    with pytest.raises(InvalidTaskError, match="entry_point"):
        _report(machine, "def f(x): return 1", "[1]", "1", entry_point=entry_point)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x): return (1, [2.0, None], 'é')", '[1, [2, null], "\\u00e9"]'),
        ("def f(x):\n    yield 1\n    yield 2", "[1, 2]"),
        ("def f(x): return map(str, range(2))", '["0", "1"]'),
        ("def f(x): return range(3)", "[0, 1, 2]"),
        ("def f(x): return {'a': 1}.keys()", '["a"]'),
        ("import collections\ndef f(x): return collections.deque([1])", "[1]"),
        ("import collections\ndef f(x): return collections.Counter('aab')", '{"a": 2, "b": 1}'),
        ("def f(x): return 10 ** 5000 // 10 ** 4990", "10000000000"),
        ("def f(x):\n    print('PASS' * 1000)\n    return x", "7"),
        ("import sys\nsys.stdout.close()\nsys.stdout = None\ndef f(x): return x", "7"),
        (
            "from __future__ import annotations\nfrom dataclasses import dataclass\n"
            "@dataclass\nclass A:\n    x: int\ndef f(x): return A(x).x",
            "7",
        ),
        ("if __name__ == '__main__':\n    input()\ndef f(x): return x", "7"),
        (
            "import threading, time\ndef f(x):\n"
            "    threading.Thread(target=time.sleep, args=[60]).start()\n    return x",
            "7",
        ),
    ],
)
def test_honest_programs_pass_whatever_else_they_do(
    machine: Machine, source: str, expected: str
) -> None:
    assert _report(machine, source, "[7]", expected) == Report("1", Grade.PASSED)


def test_comparators_and_tolerances_apply(machine: Machine) -> None:
    third = "def f(x): return x / 3"
    assert _report(machine, third, "[1]", "0.3333").grade is Grade.WRONG_ANSWER
    near = _report(machine, third, "[1]", "0.3333", absolute_tolerance=1e-3)
    assert near.grade is Grade.PASSED
    truth = "def f(x): return True"
    assert _report(machine, truth, "[1]", "1").grade is Grade.PASSED
    strict = _report(machine, truth, "[1]", "1", comparator=Comparator.JSON)
    assert strict.grade is Grade.WRONG_ANSWER


def test_an_argument_changed_in_place_is_compared_instead(machine: Machine) -> None:
    sort = "def f(x):\n    x.sort()\n    return 'ignored'"
    assert _report(machine, sort, "[[2, 1]]", "[1, 2]", compare_argument=0).grade is Grade.PASSED
    rebind = "def f(x):\n    x = sorted(x)"
    wrong = _report(machine, rebind, "[[2, 1]]", "[1, 2]", compare_argument=0)
    assert wrong.grade is Grade.WRONG_ANSWER
    with pytest.raises(InvalidTaskError, match="compare_argument: call 1 has no argument 1"):
        _report(machine, sort, "[[2, 1]]", "[1, 2]", compare_argument=1)


def test_no_call_sees_what_another_has_left(machine: Machine) -> None:
    counting = "calls = []\ndef f(x):\n    calls.append(x)\n    x.append(0)\n    return calls"
    task = _task(CallTest("[[1]]", "[[1, 0]]"), CallTest("[[1]]", "[[1, 0]]"))
    assert [report.grade for report in _reports(machine, counting, task)] == [Grade.PASSED] * 2


@pytest.mark.parametrize(
    ("source", "grade", "detail"),
    [
        ("import sys\nsys.exit(0)", Grade.RUNTIME_ERROR, "SystemExit: '0'"),
        ("def f(x): raise SystemExit", Grade.RUNTIME_ERROR, "SystemExit"),
        ("import os\nos._exit(0)", Grade.RUNTIME_ERROR, "the program ended without returning"),
        ("import os\ndef f(x): os._exit(3)", Grade.RUNTIME_ERROR, "exit code 3"),
        ("import os\ndef f(x): os.abort()", Grade.RUNTIME_ERROR, "killed by SIGABRT"),
        ("def f(x): raise ValueError(x)", Grade.RUNTIME_ERROR, "ValueError: '7'"),
        ("def f(x) return x", Grade.RUNTIME_ERROR, None),
        ("def f(): return 7", Grade.RUNTIME_ERROR, None),
        ("def f(x): raise LookupError(object())", Grade.RUNTIME_ERROR,
         "LookupError: '<object object at 0x...>'"),
        ("class E(Exception):\n    def __str__(self): raise self\ndef f(x): raise E",
         Grade.RUNTIME_ERROR, "E"),
        ("class E(Exception):\n    def __str__(self): return 'x' * 10 ** 8\ndef f(x): raise E",
         Grade.RUNTIME_ERROR, f"E: '{'x' * 80}'..."),
        ("def f(x): return f(x)", Grade.RUNTIME_ERROR, None),
        ("def f(x): return input()", Grade.RUNTIME_ERROR, "EOFError: 'EOF when reading a line'"),
        ("def f(x):\n    while True: pass", Grade.CPU_TIME, "used up its CPU time"),
        ("def f(x): return [0] * 10 ** 11", Grade.RUNTIME_ERROR, "exit code 1: 'MemoryError'"),
        ("def f(x):\n    while True: x = [x, [0] * 10 ** 6]", Grade.MEMORY, "used up its memory"),
        ("def f(x):\n    while True: print('x' * 10 ** 6)", Grade.OUTPUT, None),
        ("def f(x): return object()", Grade.WRONG_ANSWER,
         "what was returned cannot be compared: an object of type object is not data"),
        ("def f(x):\n    while True: yield 1", Grade.WRONG_ANSWER,
         "what was returned cannot be compared: it holds too many values"),
        ("def f(x): return 'x' * 10 ** 8", Grade.WRONG_ANSWER,
         "what was returned cannot be compared: it is too large"),
        ("def f(x):\n    x = []\n    x.append(x)\n    return x", Grade.WRONG_ANSWER,
         "what was returned cannot be compared: it is nested too deeply"),
        ("def f(x):\n    for _ in range(10 ** 6): x = [x]\n    return x", Grade.WRONG_ANSWER,
         "what was returned cannot be compared: it is nested too deeply"),
        ("def f(x): return float('nan')", Grade.WRONG_ANSWER, "the value differs: nan"),
        ("def f(x): return float('inf')", Grade.WRONG_ANSWER, "the value differs: inf"),
        ("def f(x): return {7}", Grade.WRONG_ANSWER, "the value differs: a set"),
        ("import time\ndef f(x): time.sleep(100)", Grade.WALL_TIME, "waited too long"),
    ],
)  # fmt: skip
def test_programs_that_fail_are_told_how(
    machine: Machine, source: str, grade: Grade, detail: str | None
) -> None:
    fields: dict[str, Any] = {"cpu_seconds": 0.5, "output_bytes": 1 << 24}
    if grade in (Grade.WRONG_ANSWER, Grade.MEMORY):
        fields["cpu_seconds"] = 10.0
    report = _report(machine, source, "[7]", "7", **fields)
    assert report.grade is grade
    assert detail is None or report.detail == detail


_FORGED = """
import os, re, sys
def forge(nonce):
    for text in ("3", "42", '["t","returned",3]', '["t","returned",42]'):
        os.write(4, f"{nonce} {text}\\n".encode())
"""


@pytest.mark.parametrize(
    "source",
    [
        "class Any:\n    def __eq__(self, other): return True\n    __ne__ = None\n"
        "    def __hash__(self): return 0\ndef f(a, b): return Any()",
        "class Any(int):\n    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 3\ndef f(a, b): return Any(5)",
        "class Any(float):\n    def __eq__(self, other): return True\ndef f(a, b): return Any(5)",
        "class Any(list):\n    def __eq__(self, other): return True\ndef f(a, b): return Any([3])",
        "def f(a, b): return {3, 42}",
        "def f(a, b): return [3, 42]",
        "import os\ndef f(a, b): os._exit(0)",
        "import threading, os\nthreading.Thread(target=os._exit, args=[0]).start()\n"
        "def f(a, b):\n    while True: pass",
        "import os\nclass E:\n    def __del__(self): os._exit(0)\nE()\ndef f(a, b): return 0",
        'import json\njson.dumps = lambda *a, **k: \'["t","returned",true]\'\n'
        "def f(a, b): return 0",
        "import builtins\nbuiltins.isinstance = lambda *a: True\ndef f(a, b): return 0",
        "import builtins\nbuiltins.__build_class__ = None\ndef f(a, b): return 0",
        "import sys\nsys.modules.clear()\ndef f(a, b): return 0",
        "import os\ndef f(a, b):\n    os.close(4)\n    return 0",
        "import sys\ndef f(a, b):\n    frame = sys._getframe()\n    while frame:\n"
        "        for name, value in frame.f_locals.items():\n"
        "            if 'expect' in name or 'answer' in name: return value\n"
        "        frame = frame.f_back",
        "import os\ndef f(a, b):\n    return os.pread(3, 10 ** 6, 0).decode()",
        "import random, time\nrandom.seed = time.time = lambda *a: 0\n"
        "def f(a, b): return random.random()",
        _FORGED + "forge('0' * 16)\ndef f(a, b): os._exit(0)",
        _FORGED + "import gc\ndef f(a, b):\n    frame = sys._getframe()\n    while frame:\n"
        "        if 'nonce' in frame.f_locals: forge(frame.f_locals['nonce'])\n"
        "        frame = frame.f_back\n    os._exit(0)",
    ],
)
def test_programs_that_do_not_know_the_answer_do_not_pass(machine: Machine, source: str) -> None:
    reports = _reports(machine, source, _task(*ADD))
    grades = {report.grade for report in reports}
    assert grades <= {Grade.PASSED, Grade.WRONG_ANSWER, Grade.RUNTIME_ERROR, Grade.CPU_TIME}
    # A forged answer is an answer: it may be right once, like any constant.
    assert [report.grade for report in reports].count(Grade.PASSED) <= 1
    assert grades != {Grade.PASSED}


def test_what_is_expected_never_enters_the_sandbox(machine: Machine) -> None:
    search = (
        "import gc, os, sys\ndef f(x):\n"
        "    seen = [repr(o) for o in gc.get_objects() if isinstance(o, (list, dict, tuple))]\n"
        "    seen += [open(f'/proc/self/{n}', errors='replace').read()\n"
        "             for n in ('environ', 'cmdline') if os.access(f'/proc/self/{n}', os.R_OK)]\n"
        "    return any(bytes.fromhex('636f727265637420686f727365').decode() in text\n"
        "               for text in seen)"
    )
    report = _report(machine, search, "[7]", '"correct horse"', cpu_seconds=20.0)
    assert report == Report("1", Grade.WRONG_ANSWER, "the value differs: False")


@pytest.mark.parametrize(
    ("test", "field"),
    [
        (CallTest("[1", "1"), "calls[0].arguments"),
        (CallTest("1", "1"), "calls[0].arguments"),
        (CallTest("[NaN]", "1"), "calls[0].arguments"),
        (CallTest("[1]", "one"), "calls[0].expected"),
        (CallTest("[1]", ""), "calls[0].expected"),
    ],
)
def test_tests_that_are_no_json_are_the_tasks_fault(
    machine: Machine, test: CallTest, field: str
) -> None:
    with pytest.raises(UnscorableReferenceError) as caught:
        _reports(machine, "def f(x): return x", _task(test))
    assert caught.value.field == field


def test_whether_tests_are_in_order_is_not_for_the_program_to_decide(machine: Machine) -> None:
    task = _task(CallTest("[1]", "1"), CallTest("[2]", "two"))
    for source in ("def f(x): return x", "def f(x): return 0"):
        with pytest.raises(UnscorableReferenceError) as caught:
            next(calls.reports(source, task, machine))
        assert caught.value.field == "calls[1].expected"


def test_interpreters_of_other_versions_get_the_harness_as_text() -> None:
    order = {
        "nonce": "n",
        "source": "def f(x): return x",
        "entry_point": "f",
        "arguments": [7],
        "compare_argument": None,
    }
    data = inside.data("codec", "solution", "host", order=order)
    foreign = b"\0\0\0\0" + data[4:]
    with Sandbox() as sandbox, Blob(inside.LOADER) as loader:
        for given in (data, foreign):
            with Blob(given) as blob:
                result = sandbox.run(Run(PythonProgram(loader), data=blob, answer=True))
            assert result.answer == b'n ["t","returned",7]\n'


def test_reports_are_the_same_every_time(machine: Machine) -> None:
    source = "def f(x):\n    raise KeyError(object(), lambda: 0)"
    reports = {_report(machine, source, "[1]", "1") for _ in range(3)}
    assert len(reports) == 1
