"""Reports on rewrites for the clients: against a scripted service, over real sockets."""

from collections.abc import Iterable, Sequence

import grpc
import pytest
from fake_rewrite_service import DIGESTS, FAILED, FakeRewriteService, error, report, serving
from fake_service import DIGEST, MIB, abort, status

from assayoffice import AsyncClient, Client
from assayoffice.rl.batches import MAX_CHUNK_BYTES
from assayoffice.rl.errors import (
    HallmarkMismatchError,
    ServiceError,
    UnavailableError,
)
from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.report_json import report_as_json, report_from_json
from assayoffice.rl.rewrites.reports import CheckState, Report, ReportResult
from assayoffice.rl.rewrites.rewrite import Domain, Key, Premises, Rewrite, Thresholds, Unknown
from assayoffice.rl.submissions import Submission
from assayoffice.v1 import rewrite_pb2

STRICT = Thresholds()


def rewrite(id: str, **more) -> Rewrite:
    return Rewrite(Submission(id, "numeric", "", {"reference": "13"}, "How long is BC?"), **more)


@pytest.fixture(params=["blocking", "asyncio"])
def check(request):
    """Checks rewrites with either client."""

    async def checked(
        endpoint: str,
        rewrites: Iterable[Rewrite],
        thresholds: Thresholds = STRICT,
        **settings,
    ) -> Sequence[ReportResult]:
        if request.param == "blocking":
            with Client(endpoint, **settings) as client:
                return client.check_rewrites(rewrites, thresholds=thresholds, timeout=20)
        async with AsyncClient(endpoint, **settings) as client:
            return await client.check_rewrites(rewrites, thresholds=thresholds, timeout=20)

    return checked


async def test_everything_of_a_rewrite_reaches_the_service(check):
    service = FakeRewriteService()
    premises = Premises(
        (Unknown("BC", Domain.POSITIVE), Unknown("n")), ("BC == 13",), "BC", ("BC == 0",)
    )
    asked = rewrite(
        "a",
        premises=premises,
        solutions=("13", "12"),
        wrong_answers=("14",),
        key=Key("print(13)"),
        reference_solution="x",
    )
    with serving(service) as endpoint:
        (result,) = await check(endpoint, [asked], Thresholds(kill_rate=0.9, agreement=0.0))
    (batch,) = service.batches
    assert batch.thresholds.kill_rate == 0.9
    # 0 was asked for; the others were left to the service.
    assert batch.thresholds.HasField("agreement") and not batch.thresholds.HasField(
        "acceptance_rate"
    )
    (sent,) = batch.rewrites
    assert (sent.submission.prompt, sent.submission.numeric.reference) == ("How long is BC?", "13")
    assert [(each.name, each.domain) for each in sent.premises.unknowns] == [
        ("BC", rewrite_pb2.DOMAIN_POSITIVE),
        ("n", rewrite_pb2.DOMAIN_REAL),
    ]
    assert list(sent.premises.constraints) == ["BC == 13"]
    assert (sent.premises.asked, list(sent.premises.degenerate)) == ("BC", ["BC == 0"])
    assert (list(sent.solutions), list(sent.wrong_answers)) == (["13", "12"], ["14"])
    assert (sent.key.source, sent.key.language) == ("print(13)", "python")
    assert sent.reference_solution == "x"
    assert isinstance(result, Report)


async def test_report_is_read_whole(check):
    service = FakeRewriteService(lambda each: report(each, leak=FAILED))
    with serving(service) as endpoint:
        (found,) = await check(endpoint, [rewrite("a")])
    assert [each.name for each in found.checks][:3] == ["round_trip", "discrimination", "premises"]
    leak = found.check("leak")
    assert leak is not None and leak.state is CheckState.FAILED
    assert (leak.reason, leak.explanation) == ("AS_SCRIPTED", "the script says so of leak")
    assert (leak.evidence[0].label, leak.evidence[0].expected) == ("sign", True)
    assert leak.figures == {"kill_rate": 1.0}
    assert (found.score, found.applicable, found.hallmark.digest) == (0.0, 4, DIGEST)
    assert (found.stamp.hallmark, found.stamp.content) == (DIGEST, "cd" * 32)


async def test_report_survives_json(check):
    service = FakeRewriteService(lambda each: report(each, leak=FAILED))
    with serving(service) as endpoint:
        (found,) = await check(endpoint, [rewrite("a")])
    assert report_from_json("a", report_as_json(found)) == found
    with pytest.raises(ValueError, match="not a report"):
        report_from_json("a", {**report_as_json(found), "checks": "none"})


async def test_batch_is_split_into_calls_of_64_in_order(check):
    service = FakeRewriteService()
    with serving(service) as endpoint:
        results = await check(endpoint, [rewrite(str(each)) for each in range(150)])
    assert [each.id for each in results] == [str(each) for each in range(150)]
    assert sorted(len(each.rewrites) for each in service.batches) == [22, 64, 64]


async def test_calls_are_split_by_bytes(check):
    service = FakeRewriteService()
    big = ("9" * MIB,) * 40
    with serving(service) as endpoint:
        results = await check(endpoint, [rewrite(str(each), solutions=big) for each in range(3)])
    assert len(service.batches) == 3
    assert all(isinstance(each, Report) for each in results)
    assert max(each.ByteSize() for each in service.batches) <= MAX_CHUNK_BYTES


async def test_what_has_no_form_on_the_wire_is_an_error_of_its_own(check):
    service = FakeRewriteService()
    half = rewrite("half", key=Key("\ud800"))
    unknown = Rewrite(Submission("field", "numeric", "", {"referense": "1"}))
    with serving(service) as endpoint:
        first, second, third = await check(endpoint, [half, unknown, rewrite("good")])
    assert first.reason == second.reason == "INVALID_SUBMISSION"
    assert "key.source: holds half a surrogate pair" in first.message
    assert "did you mean 'reference'?" in second.message
    assert isinstance(third, Report)


async def test_shed_rewrites_are_sent_again(check):
    seen: list[str] = []

    def shed_once(each: rewrite_pb2.Rewrite) -> rewrite_pb2.RewriteResult:
        seen.append(each.submission.id)
        if each.submission.id == "b" and seen.count("b") == 1:
            return error(each, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        return report(each)

    with serving(FakeRewriteService(shed_once)) as endpoint:
        results = await check(endpoint, [rewrite("a"), rewrite("b")])
    assert all(isinstance(each, Report) for each in results)
    assert seen == ["a", "b", "b"]


async def test_error_of_a_rewrite_names_its_field_and_not_its_place_in_the_call(check):
    def refuse(each: rewrite_pb2.Rewrite) -> rewrite_pb2.RewriteResult:
        message = "rewrites[0].premises.asked: must not be empty"
        return error(each, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SUBMISSION", message)

    with serving(FakeRewriteService(refuse)) as endpoint:
        (found,) = await check(endpoint, [rewrite("a")])
    assert isinstance(found, ItemError)
    assert found.message == "premises.asked: must not be empty"


@pytest.mark.parametrize(
    "answer",
    [
        rewrite_pb2.RewriteResult(id="a"),
        rewrite_pb2.RewriteResult(id="a", report=rewrite_pb2.RewriteReport()),
        rewrite_pb2.RewriteResult(
            id="a",
            report=rewrite_pb2.RewriteReport(checks=[rewrite_pb2.RewriteCheck(name="leak")]),
        ),
        rewrite_pb2.RewriteResult(
            id="a",
            report=rewrite_pb2.RewriteReport(
                checks=[rewrite_pb2.RewriteCheck(name="leak", state=1)], score=float("nan")
            ),
        ),
        rewrite_pb2.RewriteResult(
            id="a",
            report=rewrite_pb2.RewriteReport(
                checks=[rewrite_pb2.RewriteCheck(name="leak", state=1)] * 2
            ),
        ),
    ],
    ids=["empty", "no-checks", "no-state", "no-score", "twice"],
)
async def test_broken_contract_is_no_report(check, answer):
    with serving(FakeRewriteService(lambda each: answer)) as endpoint:
        (found,) = await check(endpoint, [rewrite("a")])
    assert isinstance(found, ItemError) and found.reason == "BROKEN_CONTRACT"


async def test_lost_call_gives_its_own_rewrites_errors(check):
    service = FakeRewriteService()

    def fail_second(context: grpc.ServicerContext) -> None:
        if service.calls == 2:
            context.abort(grpc.StatusCode.INTERNAL, "as scripted")

    service.before_call = fail_second
    with serving(service) as endpoint:
        rewrites = [rewrite(str(each)) for each in range(128)]
        results = await check(endpoint, rewrites, calls_in_flight=1)
    assert all(isinstance(each, Report) for each in results[:64])
    assert {each.code for each in results[64:]} == {grpc.StatusCode.INTERNAL}


async def test_refusal_of_a_call_is_raised(check):
    answer = status(grpc.StatusCode.FAILED_PRECONDITION, "HALLMARK_MISMATCH", "another one")
    service = FakeRewriteService(before_call=lambda context: abort(context, answer))
    with serving(service) as endpoint:
        with pytest.raises(HallmarkMismatchError):
            await check(endpoint, [rewrite("a")], required_hallmarks={"numeric": DIGEST})


async def test_reports_of_another_release_are_errors():
    service = FakeRewriteService()
    with serving(service) as endpoint, Client(endpoint) as client:
        assert client.rewrite_digests(timeout=10) == DIGESTS
        service.digests = {**DIGESTS, "numeric": "ff" * 32}
        choice = Rewrite(Submission("c", "choice", "", {"reference": "A"}, "Which?"))
        first, second = client.check_rewrites([rewrite("a"), choice], timeout=10)
        assert isinstance(first, ItemError) and first.reason == "CHECKS_CHANGED"
        assert isinstance(second, Report)
        with pytest.raises(ServiceError, match="checked by other code now"):
            client.rewrite_digests(timeout=10)


async def test_digests_for_asyncio():
    with serving(FakeRewriteService()) as endpoint:
        async with AsyncClient(endpoint) as client:
            assert await client.rewrite_digests(timeout=10) == DIGESTS


def test_nobody_there_is_said_at_once():
    with Client("127.0.0.1:1", wait_for_ready=False) as client:
        with pytest.raises(UnavailableError):
            client.rewrite_digests(timeout=10)
