"""What becomes of a set whose work is too much, dies or speaks nonsense: the workers are faked."""

import asyncio
from collections.abc import Callable

import pytest
from groups_served import boxed, error, groups, numeric, silent

from assayoffice.server import convert
from assayoffice.server.admission import Admission
from assayoffice.server.calls import Call
from assayoffice.server.catalog import Catalog
from assayoffice.server.grouping import digests
from assayoffice.server.grouping.by_verdict import by_verdict
from assayoffice.server.grouping.groupings import Groupings
from assayoffice.server.jobs import DIGEST_BYTES, Operation, Subject, Tag
from assayoffice.server.judge import Judge
from assayoffice.server.rewrites.responses import Response
from assayoffice.server.work import Failed, Finding, Judged, LimitExceeded, Troubled, Work
from assayoffice.v1 import verdict_pb2, verifier_pb2
from assayoffice.verifiers import registry

BURNING = r"So it is \boxed{burning}."


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge({"numeric": registry.load(carriers=[convert])["numeric"]})


class FakeEngine:
    """Has a judge of this process do all work at once, unless ``ending`` says how it ends."""

    def __init__(self, judge: Judge, ending: Callable[[Work], Finding | None]) -> None:
        self._judge = judge
        self._ending = ending
        self.works: list[Work] = []

    def submit(self, work: Work) -> asyncio.Future[Finding]:
        self.works.append(work)
        finding = self._ending(work)
        if finding is None:
            reply = self._judge(Operation.FULL.value + work.body)
            finding = Judged(reply, 0.0, 0.0, cached=False)
        found: asyncio.Future[Finding] = asyncio.get_running_loop().create_future()
        found.set_result(finding)
        return found


def responses_of(work: Work) -> list[str]:
    """Of a job to group responses; none of others."""
    if work.body[:1] != Subject.GROUP.value:
        return []
    return list(verifier_pb2.ResponseSet.FromString(work.body[1 + DIGEST_BYTES :]).responses)


def no_time(work: Work) -> Finding | None:
    """For more than one response, nor for BURNING."""
    responses = responses_of(work)
    if len(responses) > 1 or BURNING in responses:
        return LimitExceeded("CPU_TIME", "it takes more than there is", 10.0, 0.0, cached=False)
    return None


@pytest.fixture
def answered(judge: Judge):
    """Groups sets in a service whose works end as is said."""

    async def answer(
        ending: Callable[[Work], Finding | None], *sets: verifier_pb2.ResponseSet
    ) -> tuple[list[verifier_pb2.GroupingResult], list[Work]]:
        described = verifier_pb2.ListVerifiersResponse.FromString(judge(Operation.DESCRIBE.value))
        for info in described.verifiers:
            info.state = verifier_pb2.VERIFIER_STATE_SERVING
        catalog = Catalog(described.verifiers, {})
        engine = FakeEngine(judge, ending)
        admission = Admission(engine, catalog)  # type: ignore[arg-type] # what of it is used
        groupings = Groupings(admission, catalog, judge(Operation.GROUPING.value))
        response = verifier_pb2.GroupResponsesResponse()
        request = verifier_pb2.GroupResponsesRequest(sets=sets)
        await groupings.answer(request, response, Call(None))
        return list(response.results), engine.works

    return answer


async def test_only_the_response_that_takes_too_much_pays(answered):
    responses = [BURNING, *boxed("1/2", "3", "0.5"), "none", BURNING, *boxed("3", "3.0", "][")]
    asked = [numeric("1/2", *responses), numeric("", *responses)]
    (with_reference, without), works = await answered(no_time, *asked)
    assert groups(with_reference) == [
        ("(beyond the limits of the verifier)", [0, 5], "LIMIT_EXCEEDED"),
        ("1/2", [1, 3], "CORRECT"),
        ("3", [2, 6], "INCORRECT"),
        ("3.0", [7], "INCORRECT"),  # written otherwise, which is as far as it goes here
    ]
    assert silent(with_reference) == [4, 8]
    assert groups(without) == [
        ("1/2", [1], ""),
        ("3", [2, 6], ""),
        ("0.5", [3], ""),
        ("3.0", [7], ""),
    ]
    assert silent(without) == [0, 4, 5, 8]
    # By itself a response may use what it may when it is judged.
    limits = {len(responses_of(work)): work.limits.cpu_seconds for work in works}
    assert limits == {1: 2.0, len(responses): 5.0}


@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        (Failed("WORKER_CRASHED", "it died twice", None), "WORKER_CRASHED"),
        (Failed("OVERLOADED", "the queue is full", 0.5), "OVERLOADED"),
        (Judged(Tag.ANSWER.value + b"{", 0.0, 0.0, cached=False), "VERIFIER_DEFECT"),
        (Judged(Tag.ERROR.value + b"\xff", 0.0, 0.0, cached=False), "VERIFIER_DEFECT"),
        (Troubled(b"\xff"), "VERIFIER_DEFECT"),
        (
            Judged(
                Tag.ANSWER.value
                + b'{"groups": [{"text": "1", "responses": [0, 0], "outcome": "CORRECT", '
                b'"mark": ""}], "pairs": [], "silent": [], "oversize": []}',
                0.0,
                0.0,
                cached=False,
            ),
            "VERIFIER_DEFECT",
        ),
        (
            Judged(
                Tag.ANSWER.value + b'{"groups": [], "pairs": [], "silent": [], "oversize": []}',
                0.0,
                0.0,
                cached=False,
            ),
            "VERIFIER_DEFECT",
        ),
    ],
    ids=["dead", "full", "no-json", "no-status", "no-trouble", "twice", "left-out"],
)
async def test_trouble_is_the_error_of_its_set(answered, finding, reason):
    def ending(work: Work) -> Finding | None:
        return finding if "bad" in responses_of(work) else None

    (bad, good), _ = await answered(ending, numeric("1", "bad"), numeric("1", *boxed("1")))
    assert error(bad)[0] == reason
    assert groups(good) == [("1", [0], "CORRECT")]


class TestWorker:
    def job(
        self, judge: Judge, operation: Operation, *responses: str, digest: bytes = b""
    ) -> bytes:
        asked = numeric("1", *responses)
        made = digest or _digest(judge)
        return judge(operation.value + Subject.GROUP.value + made + asked.SerializeToString())

    def test_groups_nothing_where_submissions_wait_behind_it(self, judge):
        assert self.job(judge, Operation.QUICK, *boxed("1")) == Tag.NEEDS_FULL.value
        assert self.job(judge, Operation.QUICK)[:1] == Tag.ANSWER.value  # looks at the task only
        assert self.job(judge, Operation.FULL, *boxed("1"))[:1] == Tag.ANSWER.value

    def test_refuses_what_was_meant_for_other_code(self, judge):
        with pytest.raises(LookupError, match="has changed on disk"):
            self.job(judge, Operation.FULL, digest=bytes(DIGEST_BYTES))


def _digest(judge: Judge) -> bytes:
    described = verifier_pb2.ListVerifiersResponse.FromString(judge(Operation.DESCRIBE.value))
    mark = bytes.fromhex(described.verifiers[0].hallmark.digest)
    return digests.of_verifier(judge(Operation.GROUPING.value), mark)


class FakeErrands:
    """Knows the verdict on each response."""

    def __init__(self, **verdicts: verdict_pb2.Verdict) -> None:
        self._verdicts = verdicts

    async def verdict(self, entry: object, response: Response) -> verdict_pb2.Verdict:
        return self._verdicts[response.text]


def _said(outcome: int, **said: object) -> verdict_pb2.Verdict:
    return verdict_pb2.Verdict(outcome=outcome, **said)  # type: ignore[arg-type]


async def _by_verdict(errands: FakeErrands, *responses: str) -> verifier_pb2.GroupingResult:
    asked = verifier_pb2.ResponseSet(responses=responses)
    grouping = await by_verdict(asked, None, errands)  # type: ignore[arg-type] # nobody looks
    return verifier_pb2.GroupingResult(grouping=grouping)


class TestByVerdict:
    RIGHT = verdict_pb2.OUTCOME_CORRECT
    WRONG = verdict_pb2.OUTCOME_INCORRECT

    async def test_answers_that_read_the_same_are_one_if_the_verifier_says_how_they_read(self):
        errands = FakeErrands(
            one=_said(self.WRONG, normalized_answer="1", extracted="one", reason="OFF"),
            uno=_said(self.WRONG, normalized_answer="1", extracted="uno", reason="FAR_OFF"),
            two=_said(self.WRONG, normalized_answer="2", extracted="two"),
            three=_said(self.RIGHT, normalized_answer="3"),
            tres=_said(self.RIGHT, normalized_answer="3.0"),
        )
        result = await _by_verdict(errands, "one", "three", "two", "uno", "tres")
        assert groups(result) == [
            ("one", [0, 3], "INCORRECT"),
            ("3", [1, 4], "CORRECT"),
            ("two", [2], "INCORRECT"),
        ]
        assert result.grouping.by_answer

    async def test_what_fails_otherwise_is_another_group(self):
        def checked(reason: str, passed: str) -> verdict_pb2.Verdict:
            checks = [
                verdict_pb2.Check(name=f"{number}", passed=each == "+")
                for number, each in enumerate(passed, 1)
            ]
            return _said(self.WRONG, reason=reason, checks=checks)

        errands = FakeErrands(
            a=checked("WRONG_ANSWER", "+-+"),
            b=checked("WRONG_ANSWER", "+-+"),
            c=checked("WRONG_ANSWER", "+--"),
            d=checked("RUNTIME_ERROR", "+-+"),
        )
        result = await _by_verdict(errands, *"abcd")
        assert groups(result) == [
            ("WRONG_ANSWER at 2, 2 of 3 passed", [0, 1], "INCORRECT"),
            ("WRONG_ANSWER at 2, 1 of 3 passed", [2], "INCORRECT"),
            ("RUNTIME_ERROR at 2, 2 of 3 passed", [3], "INCORRECT"),
        ]
        assert not result.grouping.by_answer
