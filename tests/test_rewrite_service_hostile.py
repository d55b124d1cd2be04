"""Rewrites that would cost, or break, whoever checks them. Against a real server."""

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from rewrites_served import check, checks, choice, code, custom, found, numeric, premises, state
from test_server_process import announce, serving

from assayoffice.v1 import rewrite_pb2, task_pb2
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceStub

SECONDS = 60
MEGABYTE = 1 << 20
TOWER = "9" + "^{9" * 30 + "}" * 30
NESTED = "(" * 5000 + "1" + ")" * 5000
# Each takes sympy longer than anybody waits.
BOMBS = [
    TOWER,
    NESTED,
    r"\int_0^1 \frac{\sin(x^{17}+x)}{\cos(x^{13})+x^{11}}\,dx",
    r"\sum_{k=1}^{10^{12}} \frac{1}{k^k+\sin(k)}",
    r"\left(x+y+z+w\right)^{400}",
    r"100000000000!",
    r"\sqrt{" * 500 + "2" + "}" * 500,
]
SAID_BY_NOBODY = ["\u202e31", "\x00", "\ufffd" * 1000, "\\" * 50_000, "{" * 50_000, "$" * 99_999]


@pytest.fixture(scope="module")
def stub(server: tuple[str, int]) -> Iterator[RewriteServiceStub]:
    with grpc.insecure_channel(server[0]) as channel:
        yield RewriteServiceStub(channel)


def size(result: rewrite_pb2.RewriteResult) -> int:
    return result.ByteSize()


@pytest.mark.parametrize(
    "problem",
    ["x" * (MEGABYTE - 1), "13 " * 349_000, "How many? " * 100_000, "\\boxed{13" * 110_000],
)
def test_problem_of_a_megabyte_is_read_like_others(stub, problem):
    start = time.monotonic()
    [result] = check(stub, numeric("13", problem), seconds=SECONDS)
    assert {"leak", "wording", "round_trip"} <= set(checks(result))
    assert size(result) < 100_000
    assert time.monotonic() - start < 30


def test_as_many_and_as_long_solutions_as_fit_a_message(stub):
    solutions = [f"{n} " + "so " * 33_000 + rf"\boxed{{{n % 100}}}" for n in range(256)]
    [result] = check(stub, numeric("13", solutions=solutions), seconds=SECONDS)
    solved = checks(result)["solutions"]
    assert solved.figures["solutions"] == 256
    assert solved.figures["classes"] == 100
    assert state(solved) == "FAILED"
    assert size(result) < 200_000


def test_solutions_without_a_consensus_cost_what_they_may(stub):
    solutions = [rf"\boxed{{x^{n}+\sin({n}x)}}" for n in range(256)]
    [result] = check(stub, numeric("x+1", solutions=solutions), seconds=SECONDS)
    solved = checks(result)["solutions"]
    assert (solved.state, solved.reason) != (rewrite_pb2.CHECK_STATE_PASSED, "AGREE")


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_bomb_is_a_fact_about_its_row_wherever_it_stands(stub, bomb):
    rewrites = [
        numeric(bomb),
        numeric("13", wrong_answers=[bomb, "12"], solutions=[rf"\boxed{{{bomb}}}", r"\boxed{13}"]),
        numeric("14"),
    ]
    as_reference, as_answer, after = check(stub, *rewrites, seconds=SECONDS)
    assert as_reference.HasField("report")
    assert found(as_answer)["discrimination"] in {
        ("PASSED", "TOLD_APART"),
        ("UNDECIDED", "LIMIT"),
    }
    assert after.report.score == 1


@pytest.mark.parametrize("text", SAID_BY_NOBODY, ids=range(len(SAID_BY_NOBODY)))
def test_text_that_is_no_text_is_judged_and_quoted(stub, text):
    rewrites = [
        numeric("13", wrong_answers=[text], solutions=[text, rf"\boxed{{{text}}}"]),
        numeric("13", problem=text or "?"),
        choice("A", ["1", text[:9000]], wrong_answers=[text[:100]], solutions=[text]),
    ]
    for result in check(stub, *rewrites, seconds=SECONDS):
        assert result.HasField("report"), result.error
        assert size(result) < 100_000


@pytest.mark.parametrize(
    ("constraints", "asked"),
    [
        (["x**" * 600 + "2 == 1"], "x"),
        (["(" * 900 + "x" + ")" * 900 + " == 1"], "x"),
        (["2**(2**(2**(2**(2**x)))) == 10**10**10"], "x"),
        (["factorial(factorial(factorial(30))) == x"], "x"),
        (["sin(x)**7 + cos(x*y)**5 == exp(x*y) - log(x + y)", "x**y == y**x + sin(x*y)"], "x*y"),
        (["__import__('os').system('true') == 1"], "x"),
        (["x.__class__ == 1"], "x"),
        (["9" * 1990 + " == x"], "x"),
    ],
)
def test_premises_that_take_too_long_or_are_none_are_a_fact(stub, constraints, asked):
    stated = premises({"x": "positive", "y": "positive", "z": "real"}, constraints, asked)
    bad, after = check(stub, numeric("13", premises=stated), numeric("15"), seconds=SECONDS)
    assert state(checks(bad)["premises"]) in ("FAILED", "UNDECIDED")
    assert after.report.score == 1


def test_most_premises_that_may_be_sent(stub):
    unknowns = {f"x{n}": "positive" for n in range(64)}
    steps = ["x0 == 1", *(f"x{n + 1} == x{n} + 1" for n in range(63))]
    stated = premises(unknowns, [*steps, *(f"x{n} < 65" for n in range(64))], "x63")
    [result] = check(stub, numeric("64", premises=stated), seconds=SECONDS)
    assert found(result)["premises"] == ("PASSED", "UNIQUE")


def test_program_of_a_megabyte_with_tests_of_megabytes(stub):
    padding = "# nothing\n" * 90_000
    program = f"```python\n{padding}n = int(input()[0])\nprint(n + 1)\n```"
    tests = [
        task_pb2.StdioTest(input=f"{n}" + " " * 3_000_000, output=f"{n + 1}\n") for n in range(4)
    ]
    task = task_pb2.CodeTask(stdio=tests)
    rewrite = code(task, reference_solution=program, wrong_answers=[program.replace("+ 1", "+ 2")])
    [result] = check(stub, rewrite, seconds=SECONDS)
    assert state(checks(result)["tests"]) in ("PASSED", "UNDECIDED", "FAILED")
    assert found(result)["discrimination"] == ("PASSED", "TOLD_APART")
    assert size(result) < 300_000


@pytest.mark.heavy
def test_tests_of_megabytes_are_held_for_few_of_many_programs_at_once(server, stub):
    status, marks = (Path(f"/proc/{server[1]}/{name}") for name in ("status", "clear_refs"))
    marks.write_text("5")  # forgets the peak so far
    before = peak_megabytes(status)
    task = task_pb2.CodeTask(
        stdio=[task_pb2.StdioTest(output="2"), task_pb2.StdioTest(input="0" * 12 * MEGABYTE)]
    )
    programs = [f"```python\nprint(3)  # {n}\n```" for n in range(40)]
    [result] = check(stub, code(task, wrong_answers=programs), seconds=SECONDS)
    assert checks(result)["discrimination"].figures["wrong_answers"] == 40
    assert peak_megabytes(status) - before < 300  # and not 480


def peak_megabytes(status: Path) -> float:
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize(
    "source",
    ["print('9' * 10_000_000)", "import os\nos.abort()", "print('\\ud800')", "pass"],
    ids=["prints", "aborts", "surrogate", "silent"],
)
def test_hostile_key_is_a_fact_about_its_row(stub, source):
    key = rewrite_pb2.ExecutableKey(source=source)
    bad, after = check(stub, numeric("13", key=key), numeric("16"), seconds=SECONDS)
    assert found(bad)["key"][0] == "FAILED"
    assert after.report.score == 1


#: Takes for ever to say what it thinks of a task.
TARPIT = """
import dataclasses
from assayoffice.verifiers import Limits, Outcome, Verdict

@dataclasses.dataclass(frozen=True)
class Task:
    is_deep: bool

class Verifier:
    name = "tarpit"
    version = "1"
    summary = "Sinks into some tasks"
    task_type = Task
    limits = Limits(1.0, 10.0, 2**28, 0.1)
    decided_by = ()

    def verify(self, submission, effort):
        while submission.task.is_deep:
            pass
        return Verdict(Outcome.CORRECT, 1.0, "OUT")
"""


@pytest.mark.heavy
def test_rewrite_that_burns_what_there_is_for_examining_it_is_undecided(tmp_path):
    announce(tmp_path, "tarpit", TARPIT)
    (tmp_path / "cases").mkdir()
    case = '{"id": "out", "kind": "right", "response": "", "task": {"is_deep": false}'
    (tmp_path / "cases" / "tarpit.jsonl").write_text(case + ', "outcome": "CORRECT"}\n')
    with serving(tmp_path / "log", plugins=tmp_path) as server:
        with grpc.insecure_channel(server.endpoint) as channel:
            deep = custom("tarpit", is_deep=True, solutions=["out"])
            bad, after = check(RewriteServiceStub(channel), deep, numeric("17"), seconds=SECONDS)
    assert found(bad) == {
        name: ("UNDECIDED", "LIMIT")
        for name in ("round_trip", "discrimination", "leak", "wording", "solutions")
    }
    assert "10 s of CPU time" in checks(bad)["round_trip"].explanation
    assert after.report.score == 1
