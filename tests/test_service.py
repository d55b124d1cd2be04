"""What a client of the wire sees: verdicts, errors, deadlines, streams, overload.

Against real server processes whose verifiers include the toy of ``tests/plugins``.
"""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from fake_service import spin_until
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from process_tree import is_named_below
from toy_service import Details, call_details, reason, sleeper, toy, toy_server

from assayoffice.server.errors import Reason
from assayoffice.v1 import task_pb2, verdict_pb2, verifier_pb2
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

SECONDS = 30


@pytest.fixture
def channel(server: tuple[str, int]) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server[0]) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> VerifierServiceStub:
    return VerifierServiceStub(channel)


def verify(
    stub: VerifierServiceStub, submission: verifier_pb2.Submission, seconds: float = SECONDS
):
    request = verifier_pb2.VerifyRequest(submission=submission)
    return stub.Verify(request, timeout=seconds).result


def verify_batch(
    stub: VerifierServiceStub, *submissions: verifier_pb2.Submission, seconds: float = SECONDS
):
    request = verifier_pb2.VerifyBatchRequest(submissions=submissions)
    return stub.VerifyBatch(request, timeout=seconds).results


def stream(*submissions: verifier_pb2.Submission) -> Iterator[verifier_pb2.VerifyStreamRequest]:
    return iter([verifier_pb2.VerifyStreamRequest(submission=each) for each in submissions])


class TestVerdicts:
    def test_verdict_carries_the_hallmark_in_service(self, stub):
        result = verify(stub, toy("gold", id="mine"))
        listed = stub.ListVerifiers(verifier_pb2.ListVerifiersRequest(), timeout=SECONDS)
        [info] = [each for each in listed.verifiers if each.name == "toy"]
        assert result.id == "mine"
        assert result.verdict.outcome == verdict_pb2.OUTCOME_CORRECT
        assert result.verdict.hallmark == info.hallmark
        assert len(info.hallmark.digest) == 64

    def test_equal_submissions_are_judged_once_whatever_their_ids(self, stub):
        first = verify(stub, toy("gold dust", id="a")).verdict
        second = verify(stub, toy("gold dust", id="b")).verdict
        assert (first.timing.cached, second.timing.cached) == (False, True)
        first.ClearField("timing")
        second.ClearField("timing")
        assert first == second

    def test_batch_is_answered_in_its_order(self, stub):
        results = verify_batch(stub, *(toy(f"{n}", id=f"{n}", word="7") for n in range(600)))
        assert [result.id for result in results] == [f"{n}" for n in range(600)]
        assert [n for n, result in enumerate(results) if result.verdict.score == 1] == [7]

    def test_empty_batch_gets_an_empty_answer(self, stub):
        assert verify_batch(stub) == []

    def test_slow_submission_is_judged_with_full_effort(self, stub):
        result = verify(stub, toy("slow", word="slow"))
        assert (result.verdict.reason, result.verdict.method) == ("SAME", "FULL")

    def test_submission_that_burns_its_allowance_is_a_fact_about_it(self, stub):
        burnt, grown = verify_batch(stub, toy("burn"), toy("grow"))
        assert (burnt.verdict.reason, grown.verdict.reason) == ("CPU_TIME", "MEMORY")
        for result in burnt, grown:
            assert result.verdict.outcome == verdict_pb2.OUTCOME_LIMIT_EXCEEDED
            assert result.verdict.score == 0
            assert result.verdict.hallmark.verifier == "toy"


class TestItemErrors:
    def test_bad_submissions_harm_no_neighbour(self, stub):
        good = toy("gold")
        submissions = [
            toy("segfault", id="0"),
            verifier_pb2.Submission(id="1"),
            toy("raise", id="2"),
            toy("exit", id="3"),
            toy("gold", id="4", word=""),
            toy("gold", id="5", loud=True),
        ]
        results = verify_batch(stub, good, *submissions, good)
        assert [reason(result) for result in results] == [
            "SAME",
            "WORKER_CRASHED",
            "INVALID_SUBMISSION",
            "VERIFIER_DEFECT",
            "WORKER_CRASHED",
            "UNSCORABLE_REFERENCE",
            "INVALID_TASK",
            "SAME",
        ]

    @pytest.mark.parametrize(
        ("submission", "code", "fields", "said"),
        [
            (
                verifier_pb2.Submission(verifier="toi", choice=task_pb2.ChoiceTask(reference="A")),
                grpc.StatusCode.NOT_FOUND,
                [],
                "did you mean 'toy'?",
            ),
            (
                verifier_pb2.Submission(verifier="toy", choice=task_pb2.ChoiceTask(reference="A")),
                grpc.StatusCode.INVALID_ARGUMENT,
                ["submissions[1].choice"],
                "'toy' reads the task 'custom'",
            ),
            (
                verifier_pb2.Submission(verifier="choice", choice=task_pb2.ChoiceTask()),
                grpc.StatusCode.INVALID_ARGUMENT,
                ["submissions[1].choice.reference"],
                "must match",
            ),
            (
                toy("gold", word=""),
                grpc.StatusCode.INVALID_ARGUMENT,
                ["submissions[1].custom.word"],
                "give a word",
            ),
        ],
    )
    def test_error_names_the_field_and_the_remedy(self, stub, submission, code, fields, said):
        _, result = verify_batch(stub, toy("gold"), submission)
        assert result.error.code == code.value[0]
        assert said in result.error.message
        assert Details(result.error).fields == fields

    def test_wedged_work_is_an_error_not_a_verdict(self, stub):
        result = verify(stub, toy("sleep"))
        assert (reason(result), result.error.code) == ("WALL_TIMEOUT", 13)


class TestCallErrors:
    def test_oversized_batch_is_refused_as_a_whole(self, stub):
        with pytest.raises(grpc.RpcError) as caught:
            verify_batch(stub, *[toy("gold")] * 4097)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        details = call_details(caught.value)
        assert (details.info.reason, details.fields) == ("INVALID_REQUEST", ["submissions"])

    def test_missing_submission_is_refused(self, stub):
        with pytest.raises(grpc.RpcError) as caught:
            stub.Verify(verifier_pb2.VerifyRequest(), timeout=SECONDS)
        assert call_details(caught.value).fields == ["submission"]

    def test_details_of_a_very_wrong_call_still_fit_into_metadata(self, stub):
        hallmarks = {f"{n}" * 2000: "?" * 2000 for n in range(64)}
        with pytest.raises(grpc.RpcError) as caught:
            stub.VerifyBatch(
                verifier_pb2.VerifyBatchRequest(required_hallmarks=hallmarks), timeout=SECONDS
            )
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert len(call_details(caught.value).fields) == 10


class TestHallmarks:
    def test_demanded_hallmark_in_service_is_no_obstacle(self, stub):
        digest = verify(stub, toy("gold")).verdict.hallmark.digest
        request = verifier_pb2.VerifyRequest(
            submission=toy("gold"), required_hallmarks={"toy": digest}
        )
        assert stub.Verify(request, timeout=SECONDS).result.verdict.score == 1

    @pytest.mark.parametrize("method", ["Verify", "VerifyBatch", "VerifyStream"])
    def test_other_hallmark_fails_the_call_and_says_what_is_in_service(self, stub, method):
        in_service = verify(stub, toy("gold")).verdict.hallmark.digest
        demanded = {"toy": "0" * 64, "absent": "1" * 64}
        with pytest.raises(grpc.RpcError) as caught:
            match method:
                case "Verify":
                    request = verifier_pb2.VerifyRequest(
                        submission=toy("gold"), required_hallmarks=demanded
                    )
                    stub.Verify(request, timeout=SECONDS)
                case "VerifyBatch":
                    batch = verifier_pb2.VerifyBatchRequest(required_hallmarks=demanded)
                    stub.VerifyBatch(batch, timeout=SECONDS)
                case "VerifyStream":
                    first = verifier_pb2.VerifyStreamRequest(required_hallmarks=demanded)
                    list(stub.VerifyStream(iter([first]), timeout=SECONDS))
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert call_details(caught.value).info.reason == "HALLMARK_MISMATCH"
        assert in_service in str(caught.value.details())
        assert "absent: no such verifier" in str(caught.value.details())


class TestDeadlines:
    def test_what_is_finished_at_the_deadline_is_not_lost(self, stub):
        results = verify_batch(stub, toy("gold"), toy("sleep"), toy("lead"), seconds=2)
        assert [reason(result) for result in results] == ["SAME", "DEADLINE_EXCEEDED", "OTHER"]

    def test_deadline_is_no_limit_of_the_submission(self, stub):
        short = verify(stub, toy("burn", word="deadline"), seconds=0.3)
        assert reason(short) == "DEADLINE_EXCEEDED"
        assert reason(verify(stub, toy("burn", word="deadline"))) == "CPU_TIME"

    def test_cancelling_a_call_kills_its_work(self, server, stub):
        request = verifier_pb2.VerifyRequest(submission=sleeper("v-cancelled"))
        call = stub.Verify.future(request, timeout=SECONDS)
        spin_until(lambda: is_named_below(server[1], "v-cancelled"))
        call.cancel()
        spin_until(lambda: not is_named_below(server[1], "v-cancelled"))


class TestStream:
    def test_results_come_as_they_finish(self, stub):
        requests = stream(toy("burn", id="slow", word="stream"), toy("gold", id="quick"))
        responses = list(stub.VerifyStream(requests, timeout=SECONDS))
        assert [each.result.id for each in responses] == ["quick", "slow"]

    def test_malformed_submission_gets_an_error_and_the_stream_goes_on(self, stub):
        requests = stream(verifier_pb2.Submission(id="bad"), toy("gold", id="good"))
        responses = list(stub.VerifyStream(requests, timeout=SECONDS))
        assert {each.result.id: reason(each.result) for each in responses} == {
            "bad": "INVALID_SUBMISSION",
            "good": "SAME",
        }

    def test_id_under_way_cannot_be_used_again(self, stub):
        requests = stream(toy("burn", id="x", word="twice"), toy("gold", id="x"))
        responses = list(stub.VerifyStream(requests, timeout=SECONDS))
        assert [reason(each.result) for each in responses] == ["DUPLICATE_ID", "CPU_TIME"]

    def test_long_stream_is_answered_whole(self, stub):
        submissions = [toy(f"{n % 40}", id=f"{n}", word="7") for n in range(3000)]
        responses = list(stub.VerifyStream(stream(*submissions), timeout=SECONDS))
        assert {each.result.id for each in responses} == {f"{n}" for n in range(3000)}
        assert sum(each.result.verdict.score for each in responses) == 75

    def test_cancelled_stream_kills_its_work(self, server, stub):
        requests = stream(sleeper("v-stream", id="1"), toy("gold", id="2"))
        call = stub.VerifyStream(requests, timeout=SECONDS)
        assert next(call).result.id == "2"
        spin_until(lambda: is_named_below(server[1], "v-stream"))
        call.cancel()
        spin_until(lambda: not is_named_below(server[1], "v-stream"))


@pytest.fixture(scope="module")
def narrow() -> Iterator[VerifierServiceStub]:
    """A server with one worker and a queue of two."""
    with toy_server("--workers", "1", "--queue-items", "2") as (endpoint, _):
        with grpc.insecure_channel(endpoint) as channel:
            yield VerifierServiceStub(channel)


def is_shed(call: grpc.Future) -> bool:
    return call.done() and call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.heavy
class TestOverload:
    def test_full_queue_sheds_and_says_when_to_come_back(self, narrow):
        waiting = []
        while not (shed := [call for call in waiting if is_shed(call)]):
            assert len(waiting) < 100
            submission = toy("sleep", word=f"{len(waiting)}")
            request = verifier_pb2.VerifyRequest(submission=submission)
            waiting.append(narrow.Verify.future(request, timeout=SECONDS))
            narrow.ListVerifiers(verifier_pb2.ListVerifiersRequest(), timeout=SECONDS)
        details = call_details(shed[0].exception())
        assert details.info.reason == "OVERLOADED"
        assert details.retry.retry_delay.ToTimedelta().total_seconds() > 0
        assert int(dict(shed[0].trailing_metadata())["grpc-retry-pushback-ms"]) > 0
        for call in waiting:
            call.cancel()

    def test_stream_waits_where_a_call_is_shed(self, narrow):
        submissions = [toy(f"{n}", id=f"{n}") for n in range(50)]
        responses = list(narrow.VerifyStream(stream(*submissions), timeout=SECONDS))
        assert [reason(each.result) for each in responses] == ["OTHER"] * 50


class TestSecondClients:
    def test_client_that_knows_only_reflection_can_verify(self, channel):
        """What grpcurl does."""
        database = ProtoReflectionDescriptorDatabase(channel)
        assert set(database.get_services()) == {
            "assayoffice.v1.RewardService",
            "assayoffice.v1.RewriteService",
            "assayoffice.v1.VerifierService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        pool = descriptor_pool.DescriptorPool(database)
        method = pool.FindServiceByName("assayoffice.v1.VerifierService").FindMethodByName("Verify")
        request = message_factory.GetMessageClass(method.input_type)()
        json_format.ParseDict(
            {"submission": {"verifier": "toy", "response": "au", "custom": {"word": "au"}}},
            request,
            descriptor_pool=pool,
        )
        call = channel.unary_unary(
            "/assayoffice.v1.VerifierService/Verify",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )
        assert call(request, timeout=SECONDS).result.verdict.score == 1

    @pytest.mark.parametrize(
        "service",
        ["", "assayoffice.v1.VerifierService", "assayoffice.v1.RewardService", "toy", "choice"],
    )
    def test_health_of_service_and_verifiers_can_be_asked(self, channel, service):
        request = health_pb2.HealthCheckRequest(service=service)
        answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=SECONDS)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING

    def test_limits_of_a_call_are_listed(self, stub):
        listed = stub.ListVerifiers(verifier_pb2.ListVerifiersRequest(), timeout=SECONDS)
        assert (listed.limits.max_batch_size, listed.limits.max_text_bytes) == (4096, 2**20)
        assert listed.limits.max_message_bytes == 64 * 2**20
        assert listed.service_version


def test_every_reason_is_in_the_wire_manual():
    manual = Path(__file__).parents[1].joinpath("docs/wire.md").read_text()
    for each in Reason:
        assert f"| `{each.name}` | {each.code.name} |" in manual
