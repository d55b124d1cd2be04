"""From a response to a verdict about its program, in real sandboxes."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from assayoffice.sandbox.programs import (
    RunResult,
    SandboxFailure,
    SandboxUnavailable,
    Status,
    Tier,
    toolchains,
)
from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.settings import SandboxSettings, TierChoice
from assayoffice.verifiers.base import (
    Check,
    Effort,
    InvalidTaskError,
    NeedsFullEffort,
    Outcome,
    SandboxFailedError,
    Submission,
    UnscorableReferenceError,
    Verdict,
    VerifierUnavailableError,
)
from assayoffice.verifiers.code import (
    CallTest,
    Checker,
    CodeExtraction,
    CodeTask,
    CodeVerifier,
    Comparator,
    StdioTest,
)
from assayoffice.verifiers.code import verifier as module
from assayoffice.verifiers.code.outcomes import describe, grade_of, limits_of
from assayoffice.verifiers.code.report import Grade
from assayoffice.verifiers.extract import MAX_RESPONSE_CHARACTERS

DOCUMENTATION = Path(__file__).parents[1] / "docs" / "verifiers" / "code.md"
VERIFIER, ANOTHER = CodeVerifier(), CodeVerifier()
SUM = CodeTask(stdio=(StdioTest("1 2", "3"), StdioTest("5 5", "10"), StdioTest("0 0", "0")))
ADD = "print(sum(map(int, input().split())))"
NUMBERS = replace(SUM, comparator=Comparator.NUMBERS)
CALL = CodeTask(calls=(CallTest("[1]", "2"),), entry_point="f")


@pytest.fixture(scope="module", autouse=True)
def sandboxes_end_with_the_tests() -> Iterator[None]:
    yield
    for verifier in (VERIFIER, ANOTHER):
        verifier.close()


def judge(program: str, task: CodeTask, verifier: CodeVerifier = VERIFIER) -> Verdict:
    whole = replace(task, extraction=CodeExtraction.WHOLE)
    return verifier.verify(Submission(program, whole), Effort.FULL)


def needs_namespaces() -> None:
    with Sandbox() as sandbox:
        if sandbox.tier is not Tier.NAMESPACES:
            pytest.skip(f"the tier is {sandbox.tier}")


def test_right_program_passes():
    assert judge(ADD, SUM) == Verdict(
        Outcome.CORRECT,
        1.0,
        "PASSED",
        "3 of 3 tests passed.",
        extracted=ADD,
        method="stdio",
        integrity="isolated",
        checks=(Check("1", True), Check("2", True), Check("3", True)),
    )


def test_program_is_handed_on_in_its_barest_form():
    responses = [
        f"```python\n{ADD}\n```",
        f"<think>\n```python\nprint(3)\n```\n</think>\nAdd them:\n~~~py\n{ADD}\n~~~\nDone.",
    ]
    reduced = []
    for response in responses:
        with pytest.raises(NeedsFullEffort) as asked:
            VERIFIER.verify(Submission(response, SUM, prompt=response), Effort.QUICK)
        reduced.append(asked.value.submission)
    assert reduced[0] == reduced[1]
    assert reduced[0] is not None
    assert reduced[0].response == f"{ADD}\n"
    verdict = VERIFIER.verify(reduced[0], Effort.FULL)
    assert verdict.outcome is Outcome.CORRECT
    for response in responses:
        assert VERIFIER.verify(Submission(response, SUM), Effort.FULL) == verdict
    with pytest.raises(NeedsFullEffort) as again:
        VERIFIER.verify(reduced[0], Effort.QUICK)
    assert again.value.submission == reduced[0]


def test_response_without_a_program_is_not_run():
    verdict = VERIFIER.verify(Submission("It is 3.", SUM), Effort.QUICK)
    assert (verdict.outcome, verdict.reason) == (Outcome.NO_ANSWER, "NO_PROGRAM")


def test_response_beyond_the_cap_is_not_read():
    verdict = VERIFIER.verify(Submission("x" * (MAX_RESPONSE_CHARACTERS + 1), SUM), Effort.QUICK)
    assert (verdict.outcome, verdict.reason) == (Outcome.LIMIT_EXCEEDED, "RESPONSE_LENGTH")


def test_testing_stops_at_the_first_failure():
    verdict = judge("print(3)", SUM)
    assert (verdict.outcome, verdict.score) == (Outcome.INCORRECT, 0.0)
    assert verdict.reason == "WRONG_ANSWER"
    assert verdict.checks == (
        Check("1", True),
        Check("2", False, "WRONG_ANSWER: line 1 differs: '3'"),
        Check("3", False, "not run"),
    )


def test_all_tests_together_have_a_limit_of_their_own(monkeypatch):
    # Long enough for the first tests, and not for the one that waits.
    monkeypatch.setattr(module, "TOTAL_SECONDS", 1.0)
    waits = ADD.replace("input()", "read").replace("print", "read = input()\nprint", 1)
    waits += "\nimport time\ntime.sleep(2 * (read == '5 5'))"
    verdict = judge(waits, replace(SUM, run_all=True))
    assert (verdict.outcome, verdict.reason) == (Outcome.LIMIT_EXCEEDED, "WALL_TIME")
    assert [check.passed for check in verdict.checks] == [True, True, False]
    assert verdict.checks[2].detail.startswith("WALL_TIME: not run: ")
    partial = judge(waits, replace(SUM, partial_credit=True))
    assert (partial.outcome, partial.reason) == (Outcome.INCORRECT, "PARTIAL")
    assert partial.score == 2 / 3
    # Whatever the last test takes, there is none left to leave out.
    assert judge(waits, replace(SUM, stdio=SUM.stdio[:2])).outcome is Outcome.CORRECT


def test_all_tests_are_run_where_that_is_asked_for():
    verdict = judge("print(3)", replace(SUM, run_all=True))
    assert verdict.score == 0.0
    assert [check.detail for check in verdict.checks] == [
        "",
        "WRONG_ANSWER: line 1 differs: '3'",
        "WRONG_ANSWER: line 1 differs: '3'",
    ]


def test_partial_credit_is_the_share_of_all_tests():
    task = replace(SUM, partial_credit=True)
    some = judge("print(3)", task)
    assert (some.outcome, some.reason, some.score) == (Outcome.INCORRECT, "PARTIAL", 1 / 3)
    none = judge("print('x')", task)
    assert (none.outcome, none.reason, none.score) == (Outcome.INCORRECT, "WRONG_ANSWER", 0.0)
    full = judge(ADD, task)
    assert (full.outcome, full.score) == (Outcome.CORRECT, 1.0)


# What the program does in the test whose number it reads.
ENDS = {
    "right": "print(n)",
    "wrong": "print(-1)",
    "fails": "1 / 0",
    "floods": "print('x' * 10_000)",
    "waits": "import time; time.sleep(100)",
    "loops": "while True: pass",
}


@pytest.mark.parametrize(
    ("ends", "outcome", "reason"),
    [
        (("right", "wrong"), Outcome.INCORRECT, "WRONG_ANSWER"),
        (("wrong", "fails", "wrong"), Outcome.INCORRECT, "RUNTIME_ERROR"),
        (("fails", "floods"), Outcome.LIMIT_EXCEEDED, "OUTPUT"),
        (("floods", "waits"), Outcome.LIMIT_EXCEEDED, "WALL_TIME"),
        (("loops", "waits", "fails"), Outcome.LIMIT_EXCEEDED, "CPU_TIME"),
    ],
)
def test_the_gravest_end_decides(ends, outcome, reason):
    branches = (f"if n == {n}:\n    {ENDS[end]}" for n, end in enumerate(ends))
    tests = tuple(StdioTest(str(n), str(n)) for n in range(len(ends)))
    task = CodeTask(stdio=tests, run_all=True, cpu_seconds=0.1, output_bytes=4096)
    program = "\n".join(["n = int(input())", *branches])
    verdict = judge(program, task)
    assert (verdict.outcome, verdict.reason, verdict.score) == (outcome, reason, 0.0)
    partial = judge(program, replace(task, partial_credit=True))
    if "right" in ends:
        assert (partial.reason, partial.score) == ("PARTIAL", 0.5)
    else:
        assert (partial.reason, partial.score) == (reason, 0.0)


def test_limit_leaves_the_credit_for_other_tests():
    task = CodeTask(
        stdio=(StdioTest("1", "1"), StdioTest("0", "0")), partial_credit=True, cpu_seconds=0.2
    )
    verdict = judge("n = int(input())\nwhile not n: pass\nprint(n)", task)
    assert (verdict.outcome, verdict.reason, verdict.score) == (Outcome.INCORRECT, "PARTIAL", 0.5)
    assert verdict.checks[1].detail == "CPU_TIME: used up its CPU time"


def test_tests_are_called_what_the_task_calls_them():
    task = CodeTask(stdio=(StdioTest("", "1", name="one"), StdioTest("", "2")), run_all=True)
    verdict = judge("print(2)", task)
    assert [(check.name, check.passed) for check in verdict.checks] == [("one", False), ("2", True)]
    assert "test one: WRONG_ANSWER" in verdict.explanation


def test_prefix_comes_before_the_program():
    task = replace(CALL, prefix="def f(x):\n")
    assert judge("    return x + 1", task).outcome is Outcome.CORRECT
    assert judge("    return x + 2", task).outcome is Outcome.INCORRECT


def test_exit_code_is_ignored_where_that_is_asked_for():
    program = ADD + "\nraise SystemExit(3)"
    failed = judge(program, SUM)
    assert failed.reason == "RUNTIME_ERROR"
    assert failed.checks[0].detail == "RUNTIME_ERROR: exit code 3"
    assert judge(program, replace(SUM, ignore_exit_code=True)).outcome is Outcome.CORRECT


SEARCH = """
import glob, os, sys
found = []
places = [*glob.glob("/tmp/**", recursive=True), *glob.glob("/proc/self/*"), "/proc/1/environ"]
for place in [*places, *range(16)]:
    try:
        with open(place, "rb", closefd=isinstance(place, str)) as file:
            found.append(file.read(1 << 20))
    except (OSError, ValueError):
        pass
found += [repr((sys.argv, os.environ, sorted(globals().items()))).encode()]
word = b"tenretxuaf"[::-1]
print(*(each for each in found if word in each), "nothing")
"""


def test_what_is_expected_is_nowhere_in_the_sandbox():
    task = CodeTask(stdio=(StdioTest("", "fauxternet"),))
    verdict = judge(SEARCH, task)
    assert verdict.checks == (Check("1", False, "WRONG_ANSWER: line 1 differs: 'nothing'"),)
    call = CodeTask(calls=(CallTest("[]", '"fauxternet"'),), entry_point="f")
    program = SEARCH.replace("print(", "f = lambda: str((").replace('"nothing")', '"nothing"))')
    assert judge(program, call).reason == "WRONG_ANSWER"


CHECKER = Checker(
    "print('read', *(open(name).read().strip() for name in ('input', 'output', 'expected')))\n"
    "raise SystemExit(int(open('output').read()))"
)


def test_checker_decides_and_comments():
    needs_namespaces()
    task = CodeTask(stdio=(StdioTest("in", "want"),), checker=CHECKER)
    accepted = judge("print(0)", task)
    told = "'read in 0 want'"
    assert (accepted.outcome, accepted.checks) == (Outcome.CORRECT, (Check("1", True, told),))
    rejected = judge("print(1)", task)
    assert (rejected.outcome, rejected.reason) == (Outcome.INCORRECT, "WRONG_ANSWER")


@pytest.mark.parametrize(
    "source",
    [
        *("raise SystemExit(2)", "import os; os.abort()", "exit(", "\0", "import nothing_such"),
        "raise SystemExit(open('output').read() == open('expected').read() or 'no'[3])",
    ],
)
def test_checker_that_does_not_decide_is_an_error_of_the_task(source):
    needs_namespaces()
    task = replace(SUM, checker=Checker(source))
    with pytest.raises(UnscorableReferenceError, match="checker") as raised:
        judge(ADD, task)
    assert raised.value.field == "checker"


CLUMSY = Checker(
    "read = lambda name: sorted(map(int, open(name).read().split()))\n"
    "assert read('output') == read('expected')"
)


@pytest.mark.parametrize(
    "program",
    [
        "print(1)",
        "print('one')",
        "import sys; sys.stdout.buffer.write(b'\\xff')",
        "print('9' * 5000)",
    ],
)
def test_output_that_a_checker_cannot_cope_with_is_wrong(program):
    needs_namespaces()
    task = CodeTask(stdio=(StdioTest("", "2 1"),), checker=CLUMSY)
    assert judge("print(1, 2)", task).outcome is Outcome.CORRECT
    verdict = judge(program, task)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "WRONG_ANSWER")


def test_large_output_does_not_cost_a_checker_its_life():
    needs_namespaces()
    task = replace(
        SUM,
        stdio=(StdioTest("", "1 2"),),
        checker=Checker("raise SystemExit(open('output').read().split() != ['1', '2'])"),
        output_bytes=64 << 20,
    )
    verdict = judge("print('1 ' * (16 << 20))", task)
    assert (verdict.reason, verdict.checks[0].detail) == ("WRONG_ANSWER", "WRONG_ANSWER")


def test_checker_is_not_asked_about_a_program_that_failed():
    assert judge("1 / 0", replace(SUM, checker=Checker("1 / 0"))).reason == "RUNTIME_ERROR"


def test_checker_reads_outputs_larger_than_it_may_write_elsewhere():
    needs_namespaces()
    task = replace(
        SUM,
        stdio=(StdioTest("", ""),),
        checker=Checker("raise SystemExit(len(open('output').read()) != 60 << 20)"),
        output_bytes=64 << 20,
    )
    assert judge("print('x' * ((60 << 20) - 1))", task).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("task", "field"),
    [
        (CodeTask(), ""),
        (CodeTask(asserts=" \n"), ""),
        (replace(SUM, script="assert True"), "script"),
        (replace(SUM, calls=CALL.calls, entry_point="f"), "calls"),
        (replace(SUM, language="klingon"), "language"),
        (replace(SUM, language=""), "language"),
        (replace(SUM, checker=Checker("", "klingon")), "checker.language"),
        (replace(SUM, comparator=Comparator.PYTHON), "comparator"),
        (replace(SUM, comparator=Comparator.JSON, checker=CHECKER), "checker"),
        (replace(SUM, absolute_tolerance=0.1), "absolute_tolerance"),
        (replace(SUM, relative_tolerance=0.1, comparator=Comparator.JSON), "relative_tolerance"),
        (
            replace(SUM, absolute_tolerance=-1.0, comparator=Comparator.NUMBERS),
            "absolute_tolerance",
        ),
        (
            replace(SUM, relative_tolerance=float("nan"), comparator=Comparator.NUMBERS),
            "relative_tolerance",
        ),
        (replace(SUM, compare_argument=0), "compare_argument"),
        (replace(SUM, stdio=SUM.stdio * 334), "stdio"),
        (replace(SUM, cpu_seconds=0.0), "cpu_seconds"),
        (replace(SUM, cpu_seconds=60.1), "cpu_seconds"),
        (replace(SUM, cpu_seconds=float("nan")), "cpu_seconds"),
        (replace(SUM, memory_bytes=(16 << 20) - 1), "memory_bytes"),
        (replace(SUM, memory_bytes=(8 << 30) + 1), "memory_bytes"),
        (replace(SUM, output_bytes=1023), "output_bytes"),
        (replace(SUM, output_bytes=(64 << 20) + 1), "output_bytes"),
        (replace(SUM, processes=0), "processes"),
        (replace(SUM, processes=65), "processes"),
        (replace(CALL, entry_point=""), "entry_point"),
        (replace(CALL, entry_point="f()()"), "entry_point"),
        (replace(CALL, comparator=Comparator.TRIMMED), "comparator"),
        (replace(CALL, comparator=Comparator.JSON, absolute_tolerance=0.1), "absolute_tolerance"),
        (replace(CALL, checker=CHECKER), "checker"),
        (CodeTask(asserts="assert f(1)", comparator=Comparator.JSON), "comparator"),
        (CodeTask(script="assert f(1)", absolute_tolerance=0.1), "absolute_tolerance"),
        (CodeTask(script="assert f(1)", ignore_exit_code=True), "ignore_exit_code"),
        (CodeTask(asserts="assert f(1)", ignore_exit_code=True), "ignore_exit_code"),
        (CodeTask(script="assert f(1)", entry_point="f"), "entry_point"),
        (replace(SUM, entry_point="f"), "entry_point"),
    ],
)
def test_contradictory_task_is_refused_before_anything_is_run(task, field):
    with pytest.raises(InvalidTaskError) as raised:
        VERIFIER.verify(Submission("no program", task), Effort.QUICK)
    assert raised.value.field == field
    assert str(raised.value).startswith(field)


def test_calls_and_asserts_are_pythons():
    for task in (CALL, CodeTask(asserts="assert f(1)")):
        for language in toolchains.found():
            if language != "python":
                with pytest.raises(InvalidTaskError, match="language: .* python"):
                    judge("f", replace(task, language=language))


@pytest.mark.parametrize(
    ("language", "remedy"),
    [
        ("klingon", "one of bash, c, cpp, .*python"),
        ("C++", "write 'cpp'"),
        ("Python3", "write 'python'"),
        ("JAVA", "write 'java'"),
    ],
)
def test_unknown_language_is_answered_with_a_known_one(language, remedy):
    for task, field in (
        (replace(SUM, language=language), "language"),
        (replace(SUM, checker=Checker("", language)), "checker.language"),
    ):
        with pytest.raises(InvalidTaskError, match=remedy) as raised:
            judge(ADD, task)
        assert raised.value.field == field


def test_asserts_are_counted_too():
    def task(tests: int) -> CodeTask:
        return CodeTask(asserts="assert f(1) == 2\n" * tests)

    assert judge("def f(x): return x + 1", task(1000)).outcome is Outcome.CORRECT
    with pytest.raises(InvalidTaskError, match="1001 tests are more than 1000") as raised:
        judge("def f(x): return x + 1", task(1001))
    assert raised.value.field == "asserts"


def test_language_without_a_toolchain_is_no_fault_of_the_program():
    for language, remedy in toolchains.missing().items():
        with pytest.raises(VerifierUnavailableError) as raised:
            judge(ADD, replace(SUM, language=language))
        assert remedy in str(raised.value)
        with pytest.raises(VerifierUnavailableError):
            judge(ADD, replace(SUM, checker=Checker("x", language)))


@pytest.mark.parametrize(
    ("task", "field"),
    [
        (CodeTask(stdio=(StdioTest("", "{"),), comparator=Comparator.JSON), "stdio[0].output"),
        (
            CodeTask(stdio=(StdioTest("", "2"), StdioTest("", "NaN")), comparator=Comparator.JSON),
            "stdio[1].output",
        ),
        (replace(CALL, calls=(*CALL.calls, CallTest("[1]", "NaN"))), "calls[1].expected"),
        (replace(CALL, calls=(CallTest("{}", "1"),)), "calls[0].arguments"),
    ],
)
def test_test_that_nothing_can_pass_is_an_error_of_the_task(task, field):
    with pytest.raises(UnscorableReferenceError) as raised:
        judge("print(1)\ndef f(x): return 2", task)
    assert raised.value.field == field


def test_lost_run_is_an_error_and_no_verdict(monkeypatch):
    def lose(*_: object) -> None:
        raise SandboxFailure("the slot was killed")

    monkeypatch.setattr(Sandbox, "run", lose)
    with pytest.raises(SandboxFailedError, match="the slot was killed"):
        judge(ADD, SUM)


def test_host_without_isolation_judges_nothing(monkeypatch):
    def refuse() -> None:
        raise SandboxUnavailable("no isolation")

    monkeypatch.setattr(module, "Sandbox", refuse)
    bare = CodeVerifier()
    with pytest.raises(VerifierUnavailableError, match="no isolation"):
        judge(ADD, SUM, bare)
    with pytest.raises(VerifierUnavailableError, match="no isolation"):
        bare.tools()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[CodeVerifier]:
    less = SandboxSettings(tier=TierChoice.LANDLOCK)
    monkeypatch.setattr(module, "Sandbox", lambda: Sandbox(less))
    with closing(CodeVerifier()) as verifier:
        yield verifier


def test_host_with_less_judges_what_it_can_and_no_more(narrow):
    assert narrow.languages() == ["python"]
    assert narrow.tools()["sandbox"] == "landlock"
    beyond = {
        "checker": replace(SUM, checker=CHECKER),
        "processes": replace(SUM, processes=2),
        "": replace(SUM, language="bash"),
    }
    for field, task in beyond.items():
        with pytest.raises(VerifierUnavailableError, match="landlock") as raised:
            judge(ADD, task, narrow)
        assert raised.value.field == field
    assert judge(ADD, SUM, narrow).outcome is Outcome.CORRECT


def test_what_a_program_says_of_the_sandbox_changes_nothing():
    program = "import sys\nsys.exit('SandboxFailure: Resource temporarily unavailable')"
    verdict = judge(program, SUM)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "RUNTIME_ERROR")


def test_verdicts_hold_no_memory_addresses():
    program = "class A: pass\nraise ValueError(A())"
    assert judge(program, SUM) == judge(program, SUM, ANOTHER)
    assert "A object at 0x...>" in judge(program, SUM).checks[0].detail


def test_packages_that_programs_may_import_are_among_what_decides(monkeypatch, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "extra.py").write_text("VALUE = 1")
    seen = []
    for preload in ((), ("extra",)):
        for value in (1, 2, 1):
            (tmp_path / "extra.py").write_text(f"VALUE = {value}")
            configured = SandboxSettings(packages=tmp_path, preload=preload)
            monkeypatch.setattr(module, "configured", lambda made=configured: made)
            seen.append(VERIFIER.tools()["packages"])
    assert seen[0] == seen[2] != seen[1]
    assert len(set(seen)) == 4


def test_tools_are_what_decides_beside_the_code():
    tools = VERIFIER.tools()
    assert tools == ANOTHER.tools()
    assert {"sandbox", "enforced", "inside", "python"} <= set(tools)
    assert "seccomp" in tools["enforced"].split()
    assert "python" in VERIFIER.languages()


CPP = "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }"


def test_other_languages_are_compiled_and_judged_alike():
    needs_namespaces()
    if "cpp" not in toolchains.found():
        pytest.skip(f"cpp: {toolchains.missing()['cpp']}")
    task = replace(SUM, language="cpp")
    assert judge(CPP, task).outcome is Outcome.CORRECT
    assert judge(CPP.replace("+", "-"), task).reason == "WRONG_ANSWER"
    refused = judge("int main() {", task)
    assert (refused.outcome, refused.reason) == (Outcome.INCORRECT, "COMPILE_ERROR")
    assert refused.checks[0].detail.startswith("COMPILE_ERROR: ")
    assert refused.checks[1:] == (Check("2", False, "not run"), Check("3", False, "not run"))


UNITS = """
import unittest
class TestF(unittest.TestCase):
    {0}
    def test_one(self):
        self.assertEqual(f(1), 2)
    @unittest.skip("not here")
    def test_two(self):
        self.assertEqual(f(1), 3)
"""


def test_tests_that_skip_themselves_neither_pass_nor_fail():
    task = CodeTask(asserts=UNITS.format(""))
    verdict = judge("def f(x): return x + 1", task)
    assert (verdict.outcome, verdict.integrity) == (Outcome.CORRECT, "split")
    assert verdict.explanation == "1 of 2 tests passed, and the others skip themselves."
    assert sorted(check.passed for check in verdict.checks) == [False, True]
    assert judge("def f(x): return x", task).outcome is Outcome.INCORRECT
    none = CodeTask(asserts=UNITS.format("@unittest.skip('nor here')"))
    with pytest.raises(UnscorableReferenceError, match="asserts: "):
        judge("def f(x): return x + 1", none)


def test_each_mode_says_how_far_it_is_from_what_it_judges():
    modes = {
        "calls": (CALL, "isolated"),
        "asserts": (CodeTask(asserts="assert f(1) == 2\nassert f(2) == 3"), "split"),
        "script": (CodeTask(script="assert f(1) == 2"), "in_process"),
    }
    for mode, (task, integrity) in modes.items():
        for program, outcome in (("x + 1", Outcome.CORRECT), ("x", Outcome.INCORRECT)):
            verdict = judge(f"def f(x): return {program}", task)
            assert (verdict.outcome, verdict.method) == (outcome, mode)
            assert verdict.integrity == integrity


def test_examples_of_the_documentation_pass():
    examples = re.findall(r"^```json\n(.*)\n```$", DOCUMENTATION.read_text("utf-8"), re.MULTILINE)
    assert len(examples) == 5
    for example in map(json.loads, examples):
        task = TypeAdapter(CodeTask).validate_python(example["task"])
        verdict = VERIFIER.verify(Submission(example["response"], task), Effort.FULL)
        assert verdict.outcome is Outcome.CORRECT, verdict


def ended(status: Status, **facts: Any) -> RunResult:
    usual: dict[str, Any] = {
        **{"exit_code": 0, "signal": 0, "stdout": b"", "stderr": b"", "answer": b""},
        **{"cpu_seconds": 0.1, "wall_seconds": 0.1, "peak_memory_bytes": 0},
        **{"leaked_processes": 0, "tier": Tier.NAMESPACES, "enforced": ()},
    }
    return RunResult(status, **{**usual, **facts})


def test_memory_error_near_the_limit_is_the_limits():
    said = b"Traceback (most recent call last):\n  ...\nMemoryError\n"
    near = ended(Status.NONZERO_EXIT, exit_code=1, stderr=said, peak_memory_bytes=80)
    far = replace(near, peak_memory_bytes=79)
    other = replace(near, stderr=b"MemoryError\nValueError\n")
    for result, grade in ((near, Grade.MEMORY), (far, Grade.RUNTIME_ERROR)):
        assert grade_of(result, ignore_exit_code=False, memory_bytes=100) is grade
    assert grade_of(near, ignore_exit_code=True, memory_bytes=100) is Grade.MEMORY
    assert grade_of(other, ignore_exit_code=False, memory_bytes=100) is Grade.RUNTIME_ERROR
    assert grade_of(other, ignore_exit_code=True, memory_bytes=100) is None


@pytest.mark.parametrize(
    ("status", "grade"),
    [
        (Status.OK, None),
        (Status.CPU_LIMIT, Grade.CPU_TIME),
        (Status.WALL_LIMIT, Grade.WALL_TIME),
        (Status.MEMORY_LIMIT, Grade.MEMORY),
        (Status.OUTPUT_LIMIT, Grade.OUTPUT),
        (Status.SIGNALED, Grade.RUNTIME_ERROR),
        (Status.NONZERO_EXIT, Grade.RUNTIME_ERROR),
    ],
)
def test_every_end_has_a_grade(status, grade):
    assert grade_of(ended(status), ignore_exit_code=False) is grade


def test_ends_are_described_alike_whenever_they_happen():
    assert describe(ended(Status.SIGNALED, signal=11), Grade.RUNTIME_ERROR) == "killed by SIGSEGV"
    assert describe(ended(Status.SIGNALED, signal=99), Grade.RUNTIME_ERROR) == "killed by signal 99"
    failed = ended(Status.NONZERO_EXIT, exit_code=1, stderr=b"line 1\nA at 0x7f0123456789\n\n")
    assert describe(failed, Grade.RUNTIME_ERROR) == "exit code 1: 'A at 0x...'"


def test_a_run_may_wait_three_times_as_long_as_it_may_compute():
    limits = limits_of(replace(SUM, cpu_seconds=2.0, processes=3))
    assert (limits.cpu_seconds, limits.wall_seconds, limits.processes) == (2.0, 7.0, 3)
