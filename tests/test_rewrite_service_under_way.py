"""Checks of rewrites that end otherwise than by a report: deadlines, cancellation, dead workers.

Against real servers whose verifiers include the toy of ``tests/plugins``.
"""

import os
import signal
from collections.abc import Iterator

import grpc
import pytest
from fake_service import spin_until
from process_tree import is_named_below, running_below
from rewrites_served import SECONDS, check, code, custom, error, found, numeric
from test_service import is_shed
from test_service_code import program_below, seconds_until_gone
from toy_service import call_details, toy_server

from assayoffice.v1 import rewrite_pb2, task_pb2
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceStub

ECHOED = task_pb2.CodeTask(stdio=[task_pb2.StdioTest(output="9\n")], cpu_seconds=60)
ENDLESS = "```python\nwhile True: pass\n```"


@pytest.fixture
def stub(server: tuple[str, int]) -> Iterator[RewriteServiceStub]:
    with grpc.insecure_channel(server[0]) as channel:
        yield RewriteServiceStub(channel)


def asked(*rewrites: rewrite_pb2.Rewrite) -> rewrite_pb2.CheckRewritesRequest:
    return rewrite_pb2.CheckRewritesRequest(rewrites=rewrites)


class TestDeadlines:
    def test_what_is_finished_at_the_deadline_is_not_lost(self, stub):
        waiting = custom("toy", word="deadline", solutions=["sleep"])
        first, late, last = check(stub, numeric("5"), waiting, numeric("6"), seconds=2)
        assert first.report.score == last.report.score == 1
        assert error(late) == ("DEADLINE_EXCEEDED", [])

    def test_deadline_is_no_limit_of_the_rewrite(self, stub):
        burning = custom("toy", word="short", wrong_answers=["burn"])
        [short] = check(stub, burning, seconds=0.4)
        assert error(short) == ("DEADLINE_EXCEEDED", [])
        [long] = check(stub, burning)
        assert found(long)["discrimination"] == ("PASSED", "TOLD_APART")

    def test_more_than_is_under_way_at_once_is_answered_in_time(self, stub):
        rewrites = [custom("toy", word=f"{n}", solutions=["sleep"]) for n in range(200)]
        results = check(stub, *rewrites, numeric("8"), seconds=2)
        assert {error(result)[0] for result in results} <= {"DEADLINE_EXCEEDED", "WALL_TIMEOUT"}
        assert len(results) == 201


class TestCancelling:
    def test_kills_the_programs_of_its_rewrites(self, server, stub):
        before = running_below(server[1])
        call = stub.CheckRewrites.future(asked(code(ECHOED, solutions=[ENDLESS])), timeout=SECONDS)
        pid = program_below(server[1], before)
        call.cancel()
        seconds_until_gone(pid)

    def test_kills_the_keys_of_its_rewrites(self, server, stub):
        before = running_below(server[1])
        key = rewrite_pb2.ExecutableKey(source="while True: pass  # cancelled")
        call = stub.CheckRewrites.future(asked(numeric("7", key=key)), timeout=SECONDS)
        pid = program_below(server[1], before)
        call.cancel()
        seconds_until_gone(pid)

    def test_withdraws_what_waits(self, server, stub):
        rewrites = [custom("patient_toy", word=f"c{n}", solutions=["sleep"]) for n in range(100)]
        call = stub.CheckRewrites.future(asked(*rewrites), timeout=SECONDS)
        spin_until(lambda: is_named_below(server[1], "c0"))
        call.cancel()
        spin_until(lambda: not is_named_below(server[1], "c0"))
        [result] = check(stub, custom("toy", word="after", wrong_answers=["lead"]), seconds=10)
        assert found(result)["discrimination"] == ("PASSED", "TOLD_APART")


def test_program_that_is_killed_from_outside_is_an_error_and_no_finding(server, stub):
    before = running_below(server[1])
    slow = "```python\nimport time\nwhile time.process_time() < 2: pass\nprint(9)\n```"
    request = asked(code(ECHOED, solutions=[slow]))
    call = stub.CheckRewrites.future(request, timeout=SECONDS)
    pid = program_below(server[1], before)
    with open(f"/proc/{pid}/stat") as stat:
        parent = int(stat.read().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    [result] = call.result().results
    assert error(result) == ("SANDBOX_FAILED", [])
    [again] = stub.CheckRewrites(request, timeout=SECONDS).results
    assert found(again)["solutions"] == ("PASSED", "AGREE")


@pytest.mark.heavy
def test_full_queue_sheds_and_says_when_to_come_back():
    with toy_server("--workers", "1", "--queue-items", "2") as (endpoint, _):
        with grpc.insecure_channel(endpoint) as channel:
            stub = RewriteServiceStub(channel)
            waiting: list[grpc.Future] = []
            while not (shed := [call for call in waiting if is_shed(call)]):
                assert len(waiting) < 100
                rewrite = custom("toy", word=f"{len(waiting)}", solutions=["sleep"])
                waiting.append(stub.CheckRewrites.future(asked(rewrite), timeout=SECONDS))
                stub.CheckRewrites.future(asked(), timeout=SECONDS).exception()
            details = call_details(shed[0].exception())
            assert details.info.reason == "OVERLOADED"
            assert details.retry.retry_delay.ToTimedelta().total_seconds() > 0
            for call in waiting:
                call.cancel()


@pytest.mark.heavy
def test_call_with_much_to_do_leaves_room_for_others():
    """It asks for twenty times what the queue takes, and neither it nor another is refused."""
    with toy_server("--queue-items", "100") as (endpoint, _):
        with grpc.insecure_channel(endpoint) as channel:
            stub = RewriteServiceStub(channel)
            rewrites = [
                custom("toy", word=f"{n}", solutions=[f"{m}" for m in range(20)])
                for n in range(100)
            ]
            call = stub.CheckRewrites.future(asked(*rewrites), timeout=SECONDS)
            [result] = check(stub, numeric("99"))
            assert result.report.score == 1
            assert all(each.HasField("report") for each in call.result().results)
