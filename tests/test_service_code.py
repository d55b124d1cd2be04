"""Programs through the service: judged in sandboxes, run once for equal ones, killed when unwanted.

Against a real server process and its real sandboxes.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from fake_service import spin_until
from google.rpc import error_details_pb2
from process_tree import is_running, running_below

from assayoffice.rl import Client, ItemError, Outcome, Submission, Verdict
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.v1 import task_pb2, verifier_pb2
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

SECONDS = 60
SQUARE = "print(int(input()) ** 2)"
SQUARES = {"stdio": [{"input": "3", "output": "9"}, {"input": "-4", "output": "16"}]}
FOREVER = "while True: pass"
# What a program has used by then, neither the start of a sandbox nor that of an interpreter has.
BUSY_SECONDS = 0.6
# A lot more than it takes, because everything else on the machine may run in between.
GONE_SECONDS = 2.0


def said(program: str, words: str = "Here you are:") -> str:
    return f"{words}\n```python\n{program}\n```\n"


def code(
    program: str, id: str = "", words: str = "Here you are:", task: dict[str, object] = SQUARES
) -> Submission:
    return Submission(id, "code", said(program, words), task)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """Address and process id of a server."""
    embedded = EmbeddedServer(start_seconds=120)
    with embedded as ready:
        assert ready.verifiers["code"] == "SERVING"
        yield ready.endpoint, embedded._process.pid


@pytest.fixture(scope="module")
def client(server: tuple[str, int]) -> Iterator[Client]:
    with Client(server[0]) as client:
        yield client


@pytest.fixture
def stub(server: tuple[str, int]) -> Iterator[VerifierServiceStub]:
    with grpc.insecure_channel(server[0]) as channel:
        yield VerifierServiceStub(channel)


class TestVerdicts:
    def test_programs_of_a_batch_get_what_they_deserve(self, client):
        results = client.verify_batch(
            [
                code(SQUARE, "right"),
                code("print(9)", "memorised"),
                code("import os; print(9); os._exit(0)", "leaves early"),
                code("raise SystemExit", "silent"),
                code(FOREVER, "endless", task={**SQUARES, "cpu_seconds": 0.2}),
                Submission("no program", "code", "I'd rather not.", SQUARES),
                code(SQUARE, "no tests", task={}),
                code(SQUARE, "no such language", task={**SQUARES, "language": "klingon"}),
                Submission("neighbour", "numeric", r"\boxed{7}", {"reference": "7"}),
            ],
            timeout=SECONDS,
        )
        found = {
            each.id: each.outcome.value if isinstance(each, Verdict) else each.reason
            for each in results
        }
        assert found == {
            "right": "CORRECT",
            "memorised": "INCORRECT",
            "leaves early": "INCORRECT",
            "silent": "INCORRECT",
            "endless": "LIMIT_EXCEEDED",
            "no program": "NO_ANSWER",
            "no tests": "INVALID_TASK",
            "no such language": "INVALID_TASK",
            "neighbour": "CORRECT",
        }

    def test_tests_are_told_one_by_one(self, client):
        task = {**SQUARES, "partial_credit": True}
        result = client.verify(code("print(9)", "half", task=task), timeout=SECONDS)
        assert isinstance(result, Verdict)
        assert (result.score, result.reason, result.integrity) == (0.5, "PARTIAL", "isolated")
        assert [check.passed for check in result.checks] == [True, False]

    def test_defect_of_a_test_names_it(self, client):
        task = {"calls": [{"arguments": "[1]", "expected": "{"}], "entry_point": "f"}
        result = client.verify(code("def f(x): return x", task=task), timeout=SECONDS)
        assert isinstance(result, ItemError) and result.reason == "UNSCORABLE_REFERENCE"
        assert [each.field for each in result.violations] == ["code.calls[0].expected"]

    def test_cpu_time_of_programs_counts(self, client):
        program = f"import time\nwhile time.process_time() < 0.5: pass\n{SQUARE}"
        result = client.verify(code(program), timeout=SECONDS)
        assert isinstance(result, Verdict) and result.outcome is Outcome.CORRECT
        assert result.timing.cpu_seconds > 1.0  # two tests

    def test_languages_and_tools_are_listed(self, client):
        (info,) = [each for each in client.list_verifiers(timeout=SECONDS) if each.name == "code"]
        assert "python" in info.languages
        assert info.hallmark_parts["tool sandbox"] in ("namespaces", "landlock")


class TestEqualPrograms:
    def test_are_run_once_whatever_is_said_around_them(self, client):
        program = f"{SQUARE}  # of a group"
        group = [code(program, f"{n}", f"Attempt {n}: " + "so " * n) for n in range(64)]
        results = client.verify_batch(group, timeout=SECONDS)
        assert [each.id for each in results] == [f"{n}" for n in range(64)]
        verdicts = [each for each in results if isinstance(each, Verdict)]
        assert {each.outcome for each in verdicts} == {Outcome.CORRECT}
        assert Counter(each.timing.cached for each in verdicts) == {False: 1, True: 63}
        assert {each.extracted.strip() for each in verdicts} == {program}

    def test_are_told_apart_by_their_tests(self, client):
        program = f"{SQUARE}  # with two sets of tests"
        other = {"stdio": [{"input": "3", "output": "10"}]}
        results = client.verify_batch(
            [code(program, "a", "One"), code(program, "b", "Two", other)], timeout=SECONDS
        )
        assert [each.outcome for each in results if isinstance(each, Verdict)] == [
            Outcome.CORRECT,
            Outcome.INCORRECT,
        ]


def endless(words: str) -> verifier_pb2.Submission:
    """Different from all others, and with more time than any test waits."""
    task = task_pb2.CodeTask(stdio=[task_pb2.StdioTest(output="9")], cpu_seconds=60)
    return verifier_pb2.Submission(
        id=words, verifier="code", response=said(f"{FOREVER}  # {words}"), code=task
    )


def program_below(server: int, before: dict[int, float]) -> int:
    """The process that has been busy since: the running program."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = [
            pid
            for pid, seconds in running_below(server).items()
            if seconds - before.get(pid, 0.0) > BUSY_SECONDS and pid not in before
        ]
        return bool(found)

    spin_until(is_there)
    (pid,) = found
    return pid


def seconds_until_gone(pid: int) -> float:
    start = time.perf_counter()
    while is_running(pid):
        assert time.perf_counter() - start < GONE_SECONDS, "the program still runs"
        time.sleep(0.001)
    return time.perf_counter() - start


class TestLostRuns:
    def test_slot_that_is_killed_from_outside_is_an_error_and_not_remembered(self, server, stub):
        program = "import time\nwhile time.process_time() < 2: pass\nprint(9)"
        submission = endless("lost")
        submission.response = said(program)
        request = verifier_pb2.VerifyRequest(submission=submission)
        before = running_below(server[1])
        call = stub.Verify.future(request, timeout=SECONDS)
        os.kill(parent_of(program_below(server[1], before)), signal.SIGKILL)
        error = call.result().result.error
        info = error_details_pb2.ErrorInfo()
        assert error.details[0].Unpack(info)
        assert (error.code, info.reason) == (grpc.StatusCode.UNAVAILABLE.value[0], "SANDBOX_FAILED")
        assert "9" not in error.message
        again = stub.Verify(request, timeout=SECONDS).result.verdict
        assert (again.reason, again.timing.cached) == ("PASSED", False)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class TestUnwantedPrograms:
    def test_cancelling_a_call_kills_its_program(self, server, stub, record_property):
        before = running_below(server[1])
        request = verifier_pb2.VerifyRequest(submission=endless("call"))
        call = stub.Verify.future(request, timeout=SECONDS)
        pid = program_below(server[1], before)
        call.cancel()
        record_property("seconds", seconds_until_gone(pid))

    def test_cancelling_a_stream_kills_its_program(self, server, stub):
        before = running_below(server[1])
        requests = iter([verifier_pb2.VerifyStreamRequest(submission=endless("stream"))])
        call = stub.VerifyStream(requests, timeout=SECONDS)
        pid = program_below(server[1], before)
        call.cancel()
        seconds_until_gone(pid)

    def test_client_that_is_gone_takes_its_program_along(self, server):
        before = running_below(server[1])
        request = verifier_pb2.VerifyRequest(submission=endless("client"))
        with grpc.insecure_channel(server[0]) as channel:
            call = VerifierServiceStub(channel).Verify.future(request, timeout=SECONDS)
            pid = program_below(server[1], before)
        seconds_until_gone(pid)
        assert call.done()

    def test_deadline_kills_the_program(self, server, stub):
        before = running_below(server[1])
        request = verifier_pb2.VerifyBatchRequest(submissions=[endless("deadline")])
        call = stub.VerifyBatch.future(request, timeout=5)
        pid = program_below(server[1], before)
        (result,) = call.result().results
        assert result.error.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
        seconds_until_gone(pid)

    def test_program_that_another_call_waits_for_goes_on(self, server, stub):
        before = running_below(server[1])
        one, other = endless("shared"), endless("shared")
        other.response += "\nIn other words."
        first, second = (
            stub.Verify.future(verifier_pb2.VerifyRequest(submission=each), timeout=SECONDS)
            for each in (one, other)
        )
        pid = program_below(server[1], before)
        first.cancel()
        # Answered after the cancellation has been heard of.
        request = verifier_pb2.VerifyRequest(submission=verifier_pb2.Submission())
        stub.Verify(request, timeout=SECONDS)
        assert is_running(pid)
        second.cancel()
        seconds_until_gone(pid)
