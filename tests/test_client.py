"""The clients against a scripted service, over real sockets."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest
from fake_service import (
    DIGEST,
    MIB,
    FakeVerifierService,
    abort,
    error,
    serving,
    spin_until,
    status,
    verdict,
)

from assayoffice import AsyncClient, Client
from assayoffice.rl import Hallmark, ItemError, Outcome, Submission, Verdict
from assayoffice.rl.batches import Batch
from assayoffice.rl.dialects import VerifierDialect
from assayoffice.rl.errors import (
    AccessError,
    DeadlineError,
    HallmarkMismatchError,
    InvalidRequestError,
    OverloadedError,
    ServiceError,
    UnavailableError,
)
from assayoffice.rl.streams import Exchange
from assayoffice.v1 import task_pb2, verdict_pb2, verifier_pb2

RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def right(id: str) -> Submission:
    return Submission(id, "numeric", "7", {"reference": "7"})


def wrong(id: str) -> Submission:
    return Submission(id, "numeric", "8", {"reference": "7"})


def rejecting(code: grpc.StatusCode, reason: str, *, times: int = 10**9, field: str = ""):
    """A before_call that aborts the first ``times`` calls."""
    left = [times]

    def before_call(context: grpc.ServicerContext) -> None:
        if left[0] > 0:
            left[0] -= 1
            abort(context, status(code, reason, "as scripted", field))

    return before_call


class TestVerify:
    def test_verdict_arrives_typed_and_whole(self):
        with serving(FakeVerifierService()) as endpoint, Client(endpoint) as client:
            result = client.verify(right("a"), timeout=20)
        assert isinstance(result, Verdict)
        assert (result.id, result.outcome, result.score) == ("a", Outcome.CORRECT, 1.0)
        assert (result.reason, result.extracted, result.method) == ("EQUAL", "7", "exact")
        assert result.hallmark == Hallmark("numeric", "1", DIGEST)
        assert str(result.hallmark) == f"numeric@1:{DIGEST}"

    def test_an_error_has_no_score(self):
        crashed = FakeVerifierService(
            lambda each: error(each, grpc.StatusCode.INTERNAL, "WORKER_CRASHED")
        )
        with serving(crashed) as endpoint, Client(endpoint) as client:
            result = client.verify(right("a"), timeout=20)
        assert isinstance(result, ItemError)
        assert (result.code, result.reason) == (grpc.StatusCode.INTERNAL, "WORKER_CRASHED")
        assert not hasattr(result, "score")

    def test_error_names_the_field_without_its_place_in_a_call_the_caller_never_saw(self):
        def judge(submission):
            message = "submissions[1].verifier: unknown"
            wrong = status(grpc.StatusCode.NOT_FOUND, "UNKNOWN", message, "submissions[1].verifier")
            return verdict_pb2.VerifyResult(id=submission.id, error=wrong)

        with serving(FakeVerifierService(judge)) as endpoint, Client(endpoint) as client:
            result = client.verify(right("a"), timeout=20)
        assert isinstance(result, ItemError)
        assert result.message.startswith("verifier: unknown")
        assert result.violations[0].field == "verifier"

    @pytest.mark.parametrize(
        "answer",
        [
            verdict_pb2.VerifyResult(id="a"),
            verdict_pb2.VerifyResult(id="a", verdict=verdict_pb2.Verdict(score=1.0)),
            verdict_pb2.VerifyResult(id="a", verdict=verdict_pb2.Verdict(outcome=77, score=1.0)),
            verdict_pb2.VerifyResult(id="a", verdict=verdict_pb2.Verdict(outcome=1, score=1.5)),
            verdict_pb2.VerifyResult(
                id="a", verdict=verdict_pb2.Verdict(outcome=1, score=float("nan"))
            ),
            verdict_pb2.VerifyResult(id="a", error={}),
        ],
        ids=["empty", "no outcome", "new outcome", "score 1.5", "score nan", "error OK"],
    )
    def test_what_the_contract_forbids_is_an_error_and_no_score(self, answer):
        with serving(FakeVerifierService(lambda _: answer)) as endpoint, Client(endpoint) as client:
            result = client.verify(right("a"), timeout=20)
        assert isinstance(result, ItemError) and result.reason == "BROKEN_CONTRACT"

    def test_deadline_has_no_default_and_reaches_the_server(self):
        service = FakeVerifierService()
        with serving(service) as endpoint, Client(endpoint) as client:
            with pytest.raises(TypeError, match="timeout"):
                client.verify(right("a"))  # type: ignore[call-arg]
            client.verify(right("a"), timeout=50)
        assert 30 < service.seconds_left[0] < 51

    @pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
    def test_senseless_deadline_is_refused(self, timeout):
        with Client("127.0.0.1:1") as client, pytest.raises(ValueError, match="timeout"):
            client.verify(right("a"), timeout=timeout)

    def test_expired_deadline_is_a_deadline_error(self):
        service = FakeVerifierService(wait_for_company=2)
        with serving(service) as endpoint, Client(endpoint) as client:
            with pytest.raises(DeadlineError):
                client.verify_batch([right("a")], timeout=0.3)
            service.release()

    async def test_async_client_agrees(self):
        with serving(FakeVerifierService()) as endpoint:
            async with AsyncClient(endpoint) as client:
                result = await client.verify(wrong("a"), timeout=20)
        assert isinstance(result, Verdict) and result.outcome is Outcome.INCORRECT


def code(task: dict[str, object]) -> Submission:
    return Submission("a", "code", "7", task)


class TestTasks:
    @pytest.mark.parametrize("match", ["MATCH_RELATIVE", "RELATIVE", "relative"])
    def test_enum_names_work_with_and_without_prefix(self, match):
        seen = []
        service = FakeVerifierService(lambda each: seen.append(each) or verdict(each))
        task = {"reference": "7", "match": match, "tolerance": 0.1}
        with serving(service) as endpoint, Client(endpoint) as client:
            client.verify(Submission("a", "numeric", "7", task), timeout=20)
        assert seen[0].numeric.match == task_pb2.MATCH_RELATIVE

    def test_each_kind_of_task_goes_to_its_field(self):
        seen = []
        service = FakeVerifierService(lambda each: seen.append(each) or verdict(each))
        tasks = [
            ("numeric", task_pb2.NumericTask(reference="7")),
            ("choice", task_pb2.ChoiceTask(reference="B")),
            ("choice", {"reference": "B", "options": ["x", "y"]}),
            ("code", task_pb2.CodeTask(asserts="assert f()")),
            ("code", {"stdio": [{"input": "1", "output": "2", "name": None}], "checker": None}),
            ("code", {"calls": [], "checker": {"source": "x"}, "comparator": "tokens"}),
            ("lean", task_pb2.LeanTask(statement=": True")),
            ("lean", {"statement": ": True", "candidate": "file", "trust": "REPLAYED"}),
            ("units", {"nested": {"list": [1, "two", None]}}),
        ]
        with serving(service) as endpoint, Client(endpoint) as client:
            client.verify_batch(
                [Submission("a", name, "7", task) for name, task in tasks], timeout=20
            )
        assert [each.WhichOneof("task") for each in seen] == [
            "numeric",
            "choice",
            "choice",
            "code",
            "code",
            "code",
            "lean",
            "lean",
            "custom",
        ]
        assert seen[4].code == task_pb2.CodeTask(stdio=[task_pb2.StdioTest(input="1", output="2")])
        assert seen[5].code == task_pb2.CodeTask(
            checker=task_pb2.Checker(source="x"), comparator=task_pb2.COMPARATOR_TOKENS
        )
        assert seen[7].lean == task_pb2.LeanTask(
            statement=": True",
            candidate=task_pb2.LEAN_CANDIDATE_FILE,
            trust=task_pb2.LEAN_TRUST_REPLAYED,
        )
        assert seen[8].custom["nested"]["list"][1] == "two"

    @pytest.mark.parametrize(
        ("submission", "message"),
        [
            (Submission("a", "numeric", "7", {"referense": "7"}), "did you mean 'reference'"),
            (Submission("a", "numeric", "7", {"reference": "7", "match": "SORTA"}), "SIGNIFICANT"),
            (Submission("a", "numeric", "7", {"reference": ["7"]}), "reference"),
            (Submission("a", "numeric", "\ud800", {"reference": "7"}), "response: holds half"),
            (Submission("a", "units", "7", {"key": 2**53 + 1}), "task.key: integers above"),
            (Submission("a", "numeric", 7, {"reference": "7"}), "response: must be text"),
            (Submission("a", "numeric", "7", "7"), "task: must be a mapping"),
            (code({"stdio": [{}, {"output": 1}]}), "task.stdio[1].output: must be text, not int"),
            (code({"stdio": [{"inputs": "1"}]}), "task.stdio[0].inputs: StdioTest has no such"),
            (
                code({"calls": [{"arguments": [1]}]}),
                "task.calls[0].arguments: must be text, not list; write it as JSON text",
            ),
            (code({"cpu_seconds": "soon"}), "task.cpu_seconds: "),
            (code({"checker": {"source": 1}}), "task.checker.source: must be text, not int"),
            (code({"calls": {"arguments": "[]"}}), "task.calls: must be a list, not dict"),
            (code({"checker": "x"}), "task.checker: must be an object, not str"),
            (code({"comparator": "FUZZY"}), "task.comparator: 'FUZZY' is none of EXACT"),
            (code({"reference": "7"}), "task.reference: code has no such field"),
            (code({"calls": [{"expected": "\ud800"}]}), "task.calls[0].expected: holds half"),
        ],
    )
    def test_what_cannot_be_sent_is_an_item_error_that_names_field_and_remedy(
        self, submission, message
    ):
        service = FakeVerifierService()
        with serving(service) as endpoint, Client(endpoint) as client:
            before, bad, after = client.verify_batch(
                [right("x"), submission, right("y")], timeout=20
            )
        assert isinstance(before, Verdict) and isinstance(after, Verdict)
        assert isinstance(bad, ItemError) and bad.reason == "INVALID_SUBMISSION"
        assert message in bad.message


class TestVerifyBatch:
    def test_results_come_in_input_order_from_several_calls_at_once(self):
        service = FakeVerifierService(wait_for_company=3)
        submissions = [right(f"{n}") if n % 3 else wrong(f"{n}") for n in range(100)]
        with (
            serving(service) as endpoint,
            Client(endpoint, batch_size=7, calls_in_flight=3) as client,
        ):
            results = client.verify_batch(submissions, timeout=20)
        assert [result.id for result in results] == [each.id for each in submissions]
        assert [result.score for result in results] == [float(n % 3 > 0) for n in range(100)]
        assert len(service.batches) == 15
        assert service.most_at_once == 3

    def test_slow_call_does_not_hold_up_the_sending_of_others(self):
        others_answered = threading.Event()
        answered = []

        def judge(submission):
            if submission.id == "0":
                assert others_answered.wait(20)
            answered.append(submission.id)
            if len(answered) == 9:
                others_answered.set()
            return verdict(submission)

        with (
            serving(FakeVerifierService(judge)) as endpoint,
            Client(endpoint, batch_size=1, calls_in_flight=2) as client,
        ):
            results = client.verify_batch([right(f"{n}") for n in range(10)], timeout=20)
        assert all(isinstance(result, Verdict) for result in results)
        assert answered[-1] == "0"

    async def test_async_client_bounds_and_orders_alike(self):
        service = FakeVerifierService(wait_for_company=3)
        submissions = [right(f"{n}") for n in range(50)]
        with serving(service) as endpoint:
            async with AsyncClient(endpoint, batch_size=7, calls_in_flight=3) as client:
                results = await client.verify_batch(submissions, timeout=20)
        assert [result.id for result in results] == [each.id for each in submissions]
        assert (len(service.batches), service.most_at_once) == (8, 3)

    def test_empty_batch_needs_no_service(self):
        with Client("127.0.0.1:1") as client:
            assert client.verify_batch([], timeout=1) == []

    def test_ids_may_repeat(self):
        with serving(FakeVerifierService()) as endpoint, Client(endpoint) as client:
            results = client.verify_batch([right("a"), wrong("a")], timeout=20)
        assert [result.score for result in results] == [1.0, 0.0]

    def test_more_than_a_message_holds_is_split_by_size(self):
        service = FakeVerifierService()
        text = "7" * MIB
        submissions = [
            Submission(str(n), "numeric", text, {"reference": "7"}, prompt=text) for n in range(35)
        ]
        with serving(service) as endpoint, Client(endpoint) as client:
            results = client.verify_batch(submissions, timeout=60)
        assert [result.id for result in results] == [str(n) for n in range(35)]
        assert all(isinstance(result, Verdict) for result in results)
        assert sorted(len(batch.submissions) for batch in service.batches) == [6, 29]

    def test_submission_beyond_every_limit_is_an_error_of_its_own(self):
        batch = Batch(
            [right("a"), Submission("b", "numeric", "7" * 500, {})], VerifierDialect({}), 256, 200
        )
        (chunk,) = batch.chunks()
        assert [each.id for each in chunk.request.submissions] == ["a"]
        assert batch.results()[1].reason == "INVALID_SUBMISSION"

    def test_failed_call_gives_its_items_errors_and_leaves_the_others_their_verdicts(self):
        service = FakeVerifierService()
        service.before_call = rejecting(grpc.StatusCode.INTERNAL, "BUG", times=1)
        submissions = [right(f"{n}") for n in range(6)]
        with (
            serving(service) as endpoint,
            Client(endpoint, batch_size=2, calls_in_flight=1) as client,
        ):
            results = client.verify_batch(submissions, timeout=20)
        assert [type(result) for result in results] == [ItemError] * 2 + [Verdict] * 4
        assert [result.id for result in results] == [f"{n}" for n in range(6)]
        assert results[0].reason == "BUG"

    def test_batch_nobody_answered_raises(self):
        service = FakeVerifierService(before_call=rejecting(grpc.StatusCode.INTERNAL, "BUG"))
        with serving(service) as endpoint, Client(endpoint, batch_size=2) as client:
            with pytest.raises(ServiceError, match="BUG"):
                client.verify_batch([right(f"{n}") for n in range(6)], timeout=20)

    def test_answers_that_do_not_correspond_are_not_believed(self):
        other = FakeVerifierService(lambda each: verdict_pb2.VerifyResult(id="other"))
        with serving(other) as endpoint, Client(endpoint) as client:
            (result,) = client.verify_batch([right("a")], timeout=20)
        assert isinstance(result, ItemError)
        assert (result.id, result.reason) == ("a", "BROKEN_CONTRACT")

    def test_shed_item_is_sent_again_and_alone(self):
        shed = {"1", "2"}

        def judge(submission):
            if submission.id in shed:
                shed.discard(submission.id)
                return error(submission, RESOURCE_EXHAUSTED, "OVERLOADED")
            return verdict(submission)

        service = FakeVerifierService(judge)
        with serving(service) as endpoint, Client(endpoint) as client:
            results = client.verify_batch([right(f"{n}") for n in range(4)], timeout=20)
        assert all(isinstance(result, Verdict) for result in results)
        assert [[each.id for each in batch.submissions] for batch in service.batches] == [
            ["0", "1", "2", "3"],
            ["1", "2"],
        ]

    @pytest.mark.parametrize("reason", ["DRAINING", "SANDBOX_FAILED"])
    async def test_item_that_stays_shed_stays_an_error(self, reason):
        service = FakeVerifierService(lambda each: error(each, UNAVAILABLE, reason))
        with serving(service) as endpoint:
            async with AsyncClient(endpoint, shed_attempts=3) as client:
                (result,) = await client.verify_batch([right("a")], timeout=20)
                single = await client.verify(right("a"), timeout=20)
        assert isinstance(result, ItemError) and result.reason == reason
        assert isinstance(single, ItemError) and single.reason == reason
        assert service.calls == 6

    def test_verifier_out_of_service_is_not_asked_again(self):
        service = FakeVerifierService(lambda each: error(each, UNAVAILABLE, "VERIFIER_UNAVAILABLE"))
        with serving(service) as endpoint, Client(endpoint) as client:
            (result,) = client.verify_batch([right("a")], timeout=20)
        assert isinstance(result, ItemError) and result.reason == "VERIFIER_UNAVAILABLE"
        assert service.calls == 1

    def test_shed_items_are_not_sent_again_past_the_deadline(self):
        service = FakeVerifierService(lambda each: error(each, UNAVAILABLE, "DRAINING"))
        with serving(service) as endpoint, Client(endpoint, shed_attempts=10_000) as client:
            (result,) = client.verify_batch([right("a")], timeout=1.5)
        assert isinstance(result, ItemError)
        assert 1 < service.calls < 8


class TestRetries:
    @pytest.mark.parametrize("code", [UNAVAILABLE, RESOURCE_EXHAUSTED])
    def test_call_is_retried_until_it_is_answered(self, code):
        service = FakeVerifierService(before_call=rejecting(code, "BUSY", times=2))
        with serving(service) as endpoint, Client(endpoint) as client:
            assert isinstance(client.verify(right("a"), timeout=20), Verdict)
        assert service.calls == 3

    def test_large_batch_is_retried_too(self):
        service = FakeVerifierService(before_call=rejecting(UNAVAILABLE, "BUSY", times=1))
        large = Submission("a", "numeric", "7" * MIB, {"reference": "7"})
        with serving(service) as endpoint, Client(endpoint) as client:
            results = client.verify_batch([large] * 3, timeout=20)
        assert all(isinstance(result, Verdict) for result in results)

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (RESOURCE_EXHAUSTED, OverloadedError),
            (UNAVAILABLE, UnavailableError),
        ],
    )
    def test_retries_end(self, code, kind):
        service = FakeVerifierService(before_call=rejecting(code, "BUSY"))
        with serving(service) as endpoint, Client(endpoint) as client:
            with pytest.raises(kind, match="BUSY"):
                client.verify(right("a"), timeout=30)
        assert service.calls == 5

    def test_pushback_is_honoured(self):
        def before_call(context: grpc.ServicerContext) -> None:
            context.set_trailing_metadata((("grpc-retry-pushback-ms", "-1"),))
            context.abort(RESOURCE_EXHAUSTED, "do not come back")

        service = FakeVerifierService(before_call=before_call)
        with serving(service) as endpoint, Client(endpoint) as client:
            with pytest.raises(OverloadedError):
                client.verify(right("a"), timeout=20)
        assert service.calls == 1

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (grpc.StatusCode.INVALID_ARGUMENT, InvalidRequestError),
            (grpc.StatusCode.UNAUTHENTICATED, AccessError),
            (grpc.StatusCode.FAILED_PRECONDITION, HallmarkMismatchError),
        ],
    )
    def test_refusal_is_not_retried_and_names_field_and_reason(self, code, kind):
        refusal = rejecting(code, "NO_WAY", field="required_hallmarks")
        service = FakeVerifierService(before_call=refusal)
        with serving(service) as endpoint, Client(endpoint) as client:
            with pytest.raises(kind) as caught:
                client.verify(right("a"), timeout=20)
        assert service.calls == 1
        assert caught.value.reason == "NO_WAY"
        assert caught.value.violations[0].field == "required_hallmarks"
        assert "required_hallmarks: must be 64 hexadecimal digits" in str(caught.value)

    def test_refused_batch_raises_though_other_calls_were_answered(self):
        answered = []

        def before_call(context: grpc.ServicerContext) -> None:
            if answered:
                refusal = status(grpc.StatusCode.FAILED_PRECONDITION, "HALLMARK_MISMATCH", "other")
                abort(context, refusal)
            answered.append(True)

        service = FakeVerifierService(before_call=before_call)
        with serving(service) as endpoint, Client(endpoint, batch_size=1) as client:
            with pytest.raises(HallmarkMismatchError, match="HALLMARK_MISMATCH"):
                client.verify_batch([right("a"), right("b")], timeout=20)

    def test_nobody_there_is_unavailable_where_one_does_not_wait(self):
        with Client("127.0.0.1:1", wait_for_ready=False) as client:
            with pytest.raises(UnavailableError):
                client.list_verifiers(timeout=20)


class TestVerifyStream:
    def test_every_submission_is_answered_once(self):
        submissions = [right(f"{n}") for n in range(500)]
        with serving(FakeVerifierService()) as endpoint, Client(endpoint) as client:
            results = list(client.verify_stream(iter(submissions), timeout=60))
        assert sorted(result.id for result in results) == sorted(each.id for each in submissions)

    async def test_results_arrive_while_the_source_is_still_open(self):
        first_answered = asyncio.Event()

        async def source() -> AsyncIterator[Submission]:
            yield right("a")
            await first_answered.wait()
            yield wrong("b")

        scores = {}
        with serving(FakeVerifierService()) as endpoint:
            async with AsyncClient(endpoint) as client:
                async for result in client.verify_stream(source(), timeout=20):
                    scores[result.id] = result.score
                    first_answered.set()
        assert scores == {"a": 1.0, "b": 0.0}

    async def test_plain_iterable_works_for_asyncio_too(self):
        with serving(FakeVerifierService()) as endpoint:
            async with AsyncClient(endpoint) as client:
                stream = client.verify_stream([right("a"), right("b")], timeout=20)
                assert {result.id async for result in stream} == {"a", "b"}

    def test_unsendable_submission_gets_an_error_and_the_stream_goes_on(self):
        bad = Submission("bad", "numeric", "\ud800", {"reference": "7"})
        with serving(FakeVerifierService()) as endpoint, Client(endpoint) as client:
            results = list(client.verify_stream([right("a"), bad, right("b")], timeout=20))
        assert {result.id: type(result) for result in results} == {
            "a": Verdict,
            "bad": ItemError,
            "b": Verdict,
        }

    def test_broken_stream_raises_and_lists_the_unanswered(self):
        def judge(submission):
            assert submission.id == "a"
            return verdict(submission)

        results = []
        with serving(FakeVerifierService(judge)) as endpoint, Client(endpoint) as client:
            with pytest.raises(ServiceError) as caught:
                for result in client.verify_stream([right("a"), right("b")], timeout=20):
                    results.append(result.id)
        assert results == ["a"]
        assert caught.value.unanswered == ("b",)

    def test_failure_of_the_source_is_raised_as_it_is(self):
        def source() -> Iterator[Submission]:
            yield right("a")
            raise LookupError("no more data")

        with serving(FakeVerifierService()) as endpoint, Client(endpoint) as client:
            with pytest.raises(LookupError, match="no more data"):
                list(client.verify_stream(source(), timeout=20))

    async def test_failure_of_an_async_source_is_raised_as_it_is(self):
        async def source() -> AsyncIterator[Submission]:
            yield right("a")
            raise LookupError("no more data")

        with serving(FakeVerifierService()) as endpoint:
            async with AsyncClient(endpoint) as client:
                with pytest.raises(LookupError, match="no more data"):
                    async for _ in client.verify_stream(source(), timeout=20):
                        pass

    async def test_broken_stream_is_reported_while_an_async_source_still_waits(self):
        async def source() -> AsyncIterator[Submission]:
            yield right("a")
            await asyncio.Event().wait()

        def judge(submission):
            raise AssertionError("as scripted")

        with serving(FakeVerifierService(judge)) as endpoint:
            async with AsyncClient(endpoint) as client:
                with pytest.raises(ServiceError) as caught:
                    async for _ in client.verify_stream(source(), timeout=20):
                        pass
        assert caught.value.unanswered == ("a",)

    def test_duplicate_id_under_way_is_an_error(self):
        exchange = Exchange(VerifierDialect({}))
        sent = list(exchange.requests([right("a"), right("b"), wrong("a")]))
        assert [each.submission.id for each in sent] == ["a", "b"]
        response = verifier_pb2.VerifyStreamResponse(result=verdict(sent[0].submission))
        first, duplicate = exchange.take(response)
        assert isinstance(first, Verdict)
        assert isinstance(duplicate, ItemError) and duplicate.reason == "DUPLICATE_ID"
        with pytest.raises(ServiceError, match="1 unanswered"):
            list(exchange.finish())

    def test_answer_that_nobody_waits_for_is_not_believed(self):
        exchange = Exchange(VerifierDialect({}))
        (sent,) = exchange.requests([right("a")])
        other = verdict(sent.submission)
        other.id = "b"
        (strange,) = exchange.take(verifier_pb2.VerifyStreamResponse(result=other))
        assert isinstance(strange, ItemError)
        assert (strange.id, strange.reason) == ("b", "BROKEN_CONTRACT")
        answer = verifier_pb2.VerifyStreamResponse(result=verdict(sent.submission))
        (first,), (again,) = exchange.take(answer), exchange.take(answer)
        assert isinstance(first, Verdict)
        assert isinstance(again, ItemError) and again.reason == "BROKEN_CONTRACT"

    def test_consumer_may_stop_early(self):
        service = FakeVerifierService()
        with serving(service) as endpoint, Client(endpoint) as client:
            for result in client.verify_stream(map(right, map(str, range(10**6))), timeout=60):
                assert isinstance(result, Verdict)
                break
            assert isinstance(client.verify(right("a"), timeout=20), Verdict)
        assert len(service.stream_requests) < 10**5


class TestConnection:
    def test_calls_are_spread_over_all_endpoints(self):
        services = [FakeVerifierService(), FakeVerifierService()]
        with serving(services[0]) as first, serving(services[1]) as second:
            with Client([first, second]) as client:
                spin_until(
                    lambda: (
                        client.verify(right("a"), timeout=20).id == "a"
                        and all(service.calls for service in services)
                    )
                )

    def test_dead_endpoint_among_several_costs_nothing(self):
        service = FakeVerifierService()
        with serving(service) as endpoint, Client([endpoint, "127.0.0.1:1"]) as client:
            for _ in range(10):
                assert isinstance(client.verify(right("a"), timeout=20), Verdict)

    @pytest.mark.parametrize(
        ("endpoints", "target"),
        [
            ("rewards:50051", "dns:///rewards:50051"),
            ("127.0.0.1:1", "ipv4:127.0.0.1:1"),
            (["127.0.0.1:1", "127.0.0.1:2"], "ipv4:127.0.0.1:1,127.0.0.1:2"),
            (["[::1]:1", "[::1]:2"], "ipv6:[::1]:1,[::1]:2"),
            ("dns:///rewards:50051", "dns:///rewards:50051"),
            ("unix:/run/assay.sock", "unix:/run/assay.sock"),
        ],
    )
    def test_endpoints_become_a_target(self, endpoints, target):
        from assayoffice.rl.channel import Connection

        assert Connection(endpoints).target() == target

    def test_service_that_is_back_is_noticed_within_seconds(self):
        from assayoffice.rl.channel import Connection

        # What gRPC would let grow to two minutes.
        options = dict(Connection("10.0.0.7:50051").options())
        assert int(options["grpc.max_reconnect_backoff_ms"]) <= 5000

    @pytest.mark.parametrize("endpoints", [[], "", ["a:1", "b:2"], ["127.0.0.1:1", "[::1]:1"]])
    def test_endpoints_that_cannot_be_one_target_are_refused_at_once(self, endpoints):
        with pytest.raises(ValueError, match="endpoints"):
            Client(endpoints)

    def test_hallmarks_go_with_every_call(self):
        service = FakeVerifierService()
        demanded = {"numeric": DIGEST}
        with (
            serving(service) as endpoint,
            Client(endpoint, required_hallmarks=demanded, batch_size=1) as client,
        ):
            client.verify_batch([right("a"), right("b")], timeout=20)
            list(client.verify_stream([right("a"), right("b")], timeout=20))
        assert [dict(batch.required_hallmarks) for batch in service.batches] == [demanded] * 2
        assert dict(service.stream_requests[0].required_hallmarks) == demanded

    def test_token_goes_with_every_call_and_shows_nowhere(self):
        service = FakeVerifierService()
        with serving(service) as endpoint, Client(endpoint, token="s3cret") as client:
            client.verify(right("a"), timeout=20)
            assert "s3cret" not in repr(vars(client)["_connection"])
        assert ("authorization", "Bearer s3cret") in service.metadata

    def test_token_is_not_sent_over_the_network_in_clear_text(self):
        with pytest.raises(ValueError, match="credentials"):
            Client("rewards:50051", token="s3cret")

    def test_tls(self, tmp_path: Path):
        certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            + ["-nodes", "-days", "2", "-subj", "/CN=rewards", "-keyout", key, "-out", certificate]
            + ["-addext", "subjectAltName=DNS:rewards"],
            check=True,
            capture_output=True,
        )
        pair = (key.read_bytes(), certificate.read_bytes())
        service = FakeVerifierService()
        trusting = grpc.ssl_channel_credentials(certificate.read_bytes())
        with serving(service, grpc.ssl_server_credentials([pair])) as endpoint:
            with Client(
                [endpoint, endpoint], credentials=trusting, token="s3cret", server_name="rewards"
            ) as client:
                assert isinstance(client.verify(right("a"), timeout=20), Verdict)
            stranger = Client(endpoint, credentials=trusting, wait_for_ready=False)
            with stranger as client, pytest.raises(UnavailableError):
                client.verify(right("a"), timeout=20)

    def test_verifiers_are_listed_with_their_state(self):
        with serving(FakeVerifierService()) as endpoint, Client(endpoint) as client:
            lean, numeric = client.list_verifiers(timeout=20)
        assert (lean.name, lean.serving, lean.detail[:7]) == ("lean", False, "no lean")
        assert (numeric.serving, numeric.hallmark.digest) == (True, DIGEST)


def test_importing_the_client_loads_no_verifier_and_no_server():
    heavy = "sympy flint pint pydantic typer rich assayoffice.server assayoffice.verifiers"
    code = f"""
import sys, assayoffice
assert "grpc" not in sys.modules
from assayoffice import Client, AsyncClient
import assayoffice.rl.client
loaded = [name for name in {heavy.split()!r} if name in sys.modules]
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True)
