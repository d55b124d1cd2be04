"""Canaries in operation: a verifier that is not what it was any more is taken out of service.

Against a real server with a plug-in whose verdicts change when a file appears beside it.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import grpc
import pytest
from fake_service import spin_until
from google.protobuf import json_format
from grpc_health.v1 import health_pb2, health_pb2_grpc
from process_tree import running_below
from test_server_process import LIST, Serving, announce, serving
from test_service import SECONDS, reason
from test_service_code import program_below

from assayoffice.server.catalog import Catalog
from assayoffice.server.rechecks import Rechecks, spread
from assayoffice.server.selfcheck import Case
from assayoffice.server.work import Work, WorkLimits
from assayoffice.v1 import rewrite_pb2, task_pb2, verifier_pb2
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceStub
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

pytestmark = pytest.mark.heavy  # each test starts a server

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
#: Of two headers, in the order of a file, where those that are alike are next to each other.
WANTED = 4 * ["CORRECT"] + 5 * ["INCORRECT SCREENED"] + 11 * ["INCORRECT OTHER"]
WORK = Work(b"", b"", WorkLimits(1.0, 1.0, 1, 1.0), deadline=0.0, flow="")
OF_TWO_HEADERS = tuple(
    Case(f"{header}/{index}", wanted, with_reason=True, work=WORK)
    for header in ("one", "two")
    for index, wanted in enumerate(WANTED)
)

FICKLE = """
import dataclasses, os, time
from pathlib import Path
from assayoffice.verifiers import (
    Effort, Limits, NeedsFullEffort, Outcome, SandboxFailedError, Verdict, VerifierUnavailableError
)

HERE = Path(__file__).parent

@dataclasses.dataclass(frozen=True)
class Task:
    word: str

class Verifier:
    name = "fickle"
    version = "1"
    summary = "Compares words; changes its mind, as what it relies on may"
    task_type = Task
    limits = Limits(5.0, 60.0, 2**28, 1.0, sandboxed=True)
    decided_by = ()

    def verify(self, submission, effort):
        if effort is Effort.QUICK:
            raise NeedsFullEffort(submission)
        if submission.response == "wait":
            (HERE / "waiting").touch()
            while not (HERE / "released").exists():
                time.sleep(0.01)
        elif (HERE / "lost").exists():
            raise SandboxFailedError("the disk is full")
        elif (HERE / "deadly").exists():
            os._exit(1)
        elif (HERE / "missing").exists():
            times = int((HERE / "missing").read_text())
            if times:
                (HERE / "missing").write_text(str(times - 1))
                raise VerifierUnavailableError("it is not installed")
        right = submission.response == submission.task.word or (HERE / "changed").exists()
        if right:
            return Verdict(Outcome.CORRECT, 1.0, "SAME")
        return Verdict(Outcome.INCORRECT, 0.0, "OTHER")
"""
CASES = """
{"id": "same", "kind": "right", "response": "gold", "task": {"word": "gold"}, "outcome": "CORRECT"}
{"id": "other", "kind": "wrong", "response": "x", "task": {"word": "y"}, "outcome": "INCORRECT"}
"""


def fickle(response: str) -> verifier_pb2.Submission:
    message = verifier_pb2.Submission(verifier="fickle", response=response)
    json_format.ParseDict({"word": "gold"}, message.custom)
    return message


def verify(stub: VerifierServiceStub, submission: verifier_pb2.Submission):
    request = verifier_pb2.VerifyRequest(submission=submission)
    return stub.Verify(request, timeout=SECONDS).result


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """It repeats the two cases of the plug-in, which is in the folder of the log, all the time."""
    announce(tmp_path, "fickle", FICKLE)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "fickle.jsonl").write_text(CASES)
    flags = ["--recheck-seconds", "0.1", "--sandbox-workers", "2"]
    with serving(tmp_path / "log", *flags, plugins=tmp_path) as server:
        yield server


@pytest.fixture
def channel(server: Serving) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.endpoint) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> VerifierServiceStub:
    return VerifierServiceStub(channel)


def watch(channel: grpc.Channel, name: str) -> Iterator[health_pb2.HealthCheckResponse]:
    request = health_pb2.HealthCheckRequest(service=name)
    return health_pb2_grpc.HealthStub(channel).Watch(request, timeout=SECONDS)


def tell(file: Path, text: str) -> None:
    """Write a file that is there with all that is in it or not at all."""
    unseen = file.with_suffix(".new")
    unseen.write_text(text)
    unseen.rename(file)


def logged(server: Serving, event: str) -> list[dict[str, object]]:
    with contextlib.suppress(ValueError):  # a line that is not written to its end
        return [each for each in server.events() if each["event"] == event]
    return []


class TestWrongVerdict:
    def test_takes_the_verifier_out_of_service_and_is_told(self, server, channel, stub, tmp_path):
        health = watch(channel, "fickle")
        assert next(health).status == SERVING
        assert reason(verify(stub, fickle("lead"))) == "OTHER"
        assert verify(stub, fickle("lead")).verdict.timing.cached
        (tmp_path / "changed").touch()
        assert next(health).status == NOT_SERVING
        remembered = verify(stub, fickle("lead"))
        assert reason(remembered) == "VERIFIER_UNAVAILABLE"
        why = "case other: wanted INCORRECT, got CORRECT"
        assert why in remembered.error.message
        (info,) = [
            each
            for each in stub.ListVerifiers(LIST, timeout=SECONDS).verifiers
            if each.name == "fickle"
        ]
        assert info.state == verifier_pb2.VERIFIER_STATE_NOT_SERVING
        assert why in info.state_detail and "restart the server" in info.state_detail
        (error,) = logged(server, "verifier taken out of service")
        assert (error["level"], error["verifier"], error["why"]) == ("ERROR", "fickle", why)

    def test_harms_no_other_verifier(self, server, channel, stub, tmp_path):
        health = watch(channel, "fickle")
        assert next(health).status == SERVING
        (tmp_path / "changed").touch()
        assert next(health).status == NOT_SERVING
        assert next(watch(channel, "")).status == SERVING
        choice = verifier_pb2.Submission(
            verifier="choice", response=r"\boxed{A}", choice=task_pb2.ChoiceTask(reference="A")
        )
        assert verify(stub, choice).verdict.score == 1

    def test_reaches_nobody_who_asked_before_it_was_noticed(self, channel, stub, tmp_path):
        health = watch(channel, "fickle")
        assert next(health).status == SERVING
        request = verifier_pb2.VerifyRequest(submission=fickle("wait"))
        asked = stub.Verify.future(request, timeout=SECONDS)
        spin_until((tmp_path / "waiting").exists)
        (tmp_path / "changed").touch()
        assert next(health).status == NOT_SERVING
        (tmp_path / "released").touch()
        assert reason(asked.result().result) == "VERIFIER_UNAVAILABLE"

    def test_reaches_no_report_that_was_begun_before_it_was_noticed(
        self, server, channel, tmp_path
    ):
        health = watch(channel, "fickle")
        assert next(health).status == SERVING
        before = running_below(server.process.pid)
        key = rewrite_pb2.ExecutableKey(source="while True: pass")
        rewrite = rewrite_pb2.Rewrite(submission=fickle(""), key=key)
        request = rewrite_pb2.CheckRewritesRequest(rewrites=[rewrite])
        asked = RewriteServiceStub(channel).CheckRewrites.future(request, timeout=SECONDS)
        pid = program_below(server.process.pid, before)
        (tmp_path / "changed").touch()
        assert next(health).status == NOT_SERVING
        assert not asked.done()
        os.kill(pid, signal.SIGTERM)  # a key that fails, and no verifier is asked about
        (result,) = asked.result().results
        assert reason(result) == "VERIFIER_UNAVAILABLE"


@pytest.mark.parametrize(
    ("trouble", "why"), [("lost", "SANDBOX_FAILED"), ("deadly", "WORKER_CRASHED")]
)
def test_trouble_is_no_wrong_verdict_and_the_case_is_tried_again(
    server, channel, stub, tmp_path, trouble, why
):
    (tmp_path / trouble).touch()
    event = "case could not be judged again"
    spin_until(lambda: len(logged(server, event)) > 2)
    warning = logged(server, event)[0]
    assert (warning["level"], warning["verifier"]) == ("WARNING", "fickle")
    assert why in str(warning["why"])
    (tmp_path / trouble).unlink()
    assert reason(verify(stub, fickle("gold"))) == "SAME"
    health = watch(channel, "fickle")
    assert next(health).status == SERVING
    (tmp_path / "changed").touch()
    assert next(health).status == NOT_SERVING


def test_tool_that_is_missing_for_a_moment_is_waited_for(server, channel, tmp_path):
    health = watch(channel, "fickle")
    assert next(health).status == SERVING
    tell(tmp_path / "missing", "2")
    event = "case could not be judged again"
    spin_until(lambda: len(logged(server, event)) == 2)
    (tmp_path / "changed").touch()
    assert next(health).status == NOT_SERVING
    (error,) = logged(server, "verifier taken out of service")
    assert error["why"] == "case other: wanted INCORRECT, got CORRECT"


def test_verifier_that_goes_on_lacking_something_is_taken_out_of_service(
    server, channel, stub, tmp_path
):
    health = watch(channel, "fickle")
    assert next(health).status == SERVING
    tell(tmp_path / "missing", "1000")
    assert next(health).status == NOT_SERVING
    assert len(logged(server, "case could not be judged again")) == 3
    refused = verify(stub, fickle("gold"))
    assert reason(refused) == "VERIFIER_UNAVAILABLE"
    assert "got error VERIFIER_UNAVAILABLE" in refused.error.message


class TestSpread:
    def test_comes_back_to_each_kind_of_each_header_about_as_often(self):
        order = spread(OF_TWO_HEADERS)
        for header in ("one", "two"):
            for wanted in set(WANTED):
                at = [
                    index
                    for index, case in enumerate(2 * order)
                    if case.id.startswith(f"{header}/") and case.wanted == wanted
                ]
                fair = len(order) / WANTED.count(wanted)
                gaps = [later - earlier for earlier, later in pairwise(at)]
                assert max(gaps) <= 1.5 * fair, (header, wanted, gaps)

    def test_has_each_case_once_and_is_always_the_same(self):
        order = spread(OF_TWO_HEADERS)
        assert sorted(case.id for case in order) == sorted(case.id for case in OF_TWO_HEADERS)
        assert order == spread(OF_TWO_HEADERS)


async def test_nothing_is_repeated_where_that_is_not_wanted():
    entries = Catalog([], {})
    await Rechecks(None, entries, 0.0, lambda: None).run()
