"""Groups of responses for the clients: against a scripted service, over real sockets."""

from collections.abc import Iterable

import grpc
import pytest
from fake_service import DIGEST, MIB, FakeVerifierService, abort, grouping, serving, status

from assayoffice import AsyncClient, Client
from assayoffice.rl import Grouping, GroupingResult, ItemError, Outcome, ResponseGroup, ResponseSet
from assayoffice.rl.batches import MAX_CHUNK_BYTES
from assayoffice.rl.errors import HallmarkMismatchError
from assayoffice.rl.stamps import Stamp
from assayoffice.v1 import verdict_pb2, verifier_pb2


def asked(id: str, *responses: str, reference: str = "13") -> ResponseSet:
    return ResponseSet(id, "numeric", {"reference": reference}, responses, "How long is BC?")


@pytest.fixture(params=["blocking", "asyncio"])
def group(request):
    """Groups responses with either client."""

    async def grouped(
        endpoint: str, sets: Iterable[ResponseSet], **settings
    ) -> list[GroupingResult]:
        if request.param == "blocking":
            with Client(endpoint, **settings) as client:
                return client.group_responses(sets, timeout=20)
        async with AsyncClient(endpoint, **settings) as client:
            return await client.group_responses(sets, timeout=20)

    return grouped


async def test_set_reaches_the_service_and_its_groups_the_caller(group):
    service = FakeVerifierService()
    with serving(service) as endpoint:
        (result,) = await group(endpoint, iter([asked("a", "13", "", "12", "13")]))
    ((sent,),) = [each.sets for each in service.groupings]
    submission = sent.submission
    assert (submission.verifier, submission.numeric.reference) == ("numeric", "13")
    assert (submission.prompt, submission.response) == ("How long is BC?", "")
    assert list(sent.responses) == ["13", "", "12", "13"]
    assert isinstance(result, Grouping)
    assert result.groups == (
        ResponseGroup("13", (0, 3), Outcome.CORRECT),
        ResponseGroup("12", (2,), Outcome.INCORRECT),
    )
    assert (result.id, result.silent, result.by_answer) == ("a", (1,), True)
    assert result.hallmark.digest == DIGEST
    assert result.stamp == Stamp(DIGEST, "cd" * 32)


async def test_task_may_lack_its_reference_and_groups_their_outcome(group):
    def without_outcome(each: verifier_pb2.ResponseSet) -> verifier_pb2.GroupingResult:
        result = grouping(each)
        result.grouping.groups[0].ClearField("outcome")
        return result

    service = FakeVerifierService(group=without_outcome)
    with serving(service) as endpoint:
        (result,) = await group(endpoint, [ResponseSet("a", "numeric", {}, ("1",))])
    assert service.groupings[0].sets[0].submission.WhichOneof("task") == "numeric"
    assert isinstance(result, Grouping)
    assert result.groups == (ResponseGroup("1", (0,), None),)


async def test_sets_are_split_into_calls_of_64_in_order(group):
    service = FakeVerifierService()
    with serving(service) as endpoint:
        results = await group(endpoint, [asked(str(each), "1") for each in range(150)])
    assert [each.id for each in results] == [str(each) for each in range(150)]
    assert sorted(len(each.sets) for each in service.groupings) == [22, 64, 64]


async def test_large_sets_travel_apart_and_one_that_is_too_large_not_at_all(group):
    service = FakeVerifierService()
    large = ("9" * MIB,) * 40
    sets = [asked("a", *large), asked("b", *large, *large), asked("c", *large)]
    with serving(service) as endpoint:
        first, second, third = await group(endpoint, sets)
    assert isinstance(first, Grouping) and isinstance(third, Grouping)
    assert isinstance(second, ItemError) and second.reason == "INVALID_SUBMISSION"
    assert f"at most {MAX_CHUNK_BYTES} can be sent" in second.message
    assert max(each.ByteSize() for each in service.groupings) <= MAX_CHUNK_BYTES


async def test_what_has_no_form_on_the_wire_is_an_error_of_its_own(group):
    half = asked("half", "fine", "\ud800")
    number = asked("number", "fine", 7)  # type: ignore[arg-type]
    with serving(FakeVerifierService()) as endpoint:
        first, second, third = await group(endpoint, [half, number, asked("good", "1")])
    assert "responses[1]: holds half a surrogate pair" in first.message
    assert "responses[1]: must be text, not int" in second.message
    assert isinstance(third, Grouping)


async def test_shed_sets_are_sent_again(group):
    seen: list[str] = []

    def shed_once(each: verifier_pb2.ResponseSet) -> verifier_pb2.GroupingResult:
        id = each.submission.id
        seen.append(id)
        if id == "b" and seen.count("b") == 1:
            answer = status(grpc.StatusCode.UNAVAILABLE, "SANDBOX_FAILED", "lost")
            return verifier_pb2.GroupingResult(id=id, error=answer)
        return grouping(each)

    with serving(FakeVerifierService(group=shed_once)) as endpoint:
        results = await group(endpoint, [asked("a", "1"), asked("b", "1")])
    assert all(isinstance(each, Grouping) for each in results)
    assert seen == ["a", "b", "b"]


async def test_error_names_the_field_and_not_its_place_in_the_call(group):
    message = "sets[3].submission.numeric.match: must be one of ...; sets[3].responses[7]: too long"

    def refuse(each: verifier_pb2.ResponseSet) -> verifier_pb2.GroupingResult:
        answer = status(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SUBMISSION", message)
        return verifier_pb2.GroupingResult(id=each.submission.id, error=answer)

    with serving(FakeVerifierService(group=refuse)) as endpoint:
        (found,) = await group(endpoint, [asked("a")])
    assert isinstance(found, ItemError)
    assert found.message == "numeric.match: must be one of ...; responses[7]: too long"


def _of(silent: list[int] | None = None, **groups: list[int]) -> verifier_pb2.Grouping:
    return verifier_pb2.Grouping(
        silent=silent,
        groups=[
            verifier_pb2.ResponseGroup(answer=name, responses=places)
            for name, places in groups.items()
        ],
    )


@pytest.mark.parametrize(
    "answer",
    [
        None,
        _of(one=[0, 1], other=[1, 2]),
        _of(one=[0, 2]),
        _of([2], one=[0], other=[]),
        _of([0, 1, 2, 3]),
        _of(),
        _of([0, 0, 1, 2]),
        verifier_pb2.Grouping(
            groups=[
                verifier_pb2.ResponseGroup(
                    responses=[0, 1, 2], outcome=verdict_pb2.OUTCOME_NO_ANSWER
                )
            ]
        ),
        verifier_pb2.Grouping(
            groups=[verifier_pb2.ResponseGroup(responses=[0, 1, 2], outcome=9)]  # type: ignore[arg-type]
        ),
    ],
    ids=["nothing", "twice", "gap", "empty", "more", "fewer", "silent", "no-answer", "unknown"],
)
async def test_broken_contract_is_no_grouping(group, answer):
    def respond(each: verifier_pb2.ResponseSet) -> verifier_pb2.GroupingResult:
        return verifier_pb2.GroupingResult(id=each.submission.id, grouping=answer)

    with serving(FakeVerifierService(group=respond)) as endpoint:
        (found,) = await group(endpoint, [asked("a", "1", "2", "3")])
    assert isinstance(found, ItemError) and found.reason == "BROKEN_CONTRACT"


async def test_refusal_of_a_call_is_raised(group):
    answer = status(grpc.StatusCode.FAILED_PRECONDITION, "HALLMARK_MISMATCH", "another one")
    service = FakeVerifierService(before_call=lambda context: abort(context, answer))
    with serving(service) as endpoint:
        with pytest.raises(HallmarkMismatchError):
            await group(endpoint, [asked("a")], required_hallmarks={"numeric": DIGEST})


async def test_demanded_hallmarks_go_with_each_call(group):
    service = FakeVerifierService()
    with serving(service) as endpoint:
        await group(endpoint, [asked("a")], required_hallmarks={"numeric": DIGEST})
    assert dict(service.groupings[0].required_hallmarks) == {"numeric": DIGEST}


def test_client_says_where_others_find_its_service():
    assert Client("127.0.0.1:1").endpoints == ("127.0.0.1:1",)
    assert Client(["127.0.0.1:1", "127.0.0.1:2"]).endpoints == ("127.0.0.1:1", "127.0.0.1:2")
