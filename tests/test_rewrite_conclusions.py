"""What is concluded from trials, solutions and premises, and how it is scored."""

import asyncio
import math

import pytest
from toy_service import Details

from assayoffice.server.jobs import Subject, Tag
from assayoffice.server.rewrites import agreement, concluding, premises_check, replies
from assayoffice.server.rewrites.agreement import AnswerClass
from assayoffice.server.rewrites.discrimination import discrimination
from assayoffice.server.rewrites.errands import Errands, Opinion, Trouble
from assayoffice.server.rewrites.gate import Gate
from assayoffice.server.rewrites.replies import (
    EXAMINED,
    Change,
    Compared,
    Decided,
    Established,
    Examined,
    Fault,
    Group,
    Pair,
    UnreadableReplyError,
)
from assayoffice.server.rewrites.report import CHECKS, report, shorten
from assayoffice.server.rewrites.round_trip import round_trip
from assayoffice.server.rewrites.texts import MAX_EVIDENCE, quoted
from assayoffice.server.rewrites.tried import Concluded, Tried
from assayoffice.server.rewrites.tries import leaders
from assayoffice.server.service import MAX_MESSAGE_BYTES
from assayoffice.server.work import Judged, Troubled
from assayoffice.v1 import rewrite_pb2

STRICT = {"kill_rate": 1.0, "acceptance_rate": 1.0}


def tried(part: str, outcome: str, text: str = "7") -> Tried:
    expected = part in ("RENDERING", "EQUIVALENT", "SOLUTION")
    return Tried(part, "made", text, expected, outcome, "REASON", "Why.")


def told(found: Concluded) -> tuple[str, str, float]:
    state = rewrite_pb2.CheckState.Name(found.check.state).removeprefix("CHECK_STATE_")
    return state, found.check.reason, found.value


class TestRoundTrip:
    def test_task_that_is_none_is_a_fact_about_the_row(self):
        unreadable = Fault("UNSCORABLE_REFERENCE", "write it in LaTeX")
        assert told(round_trip(unreadable, [])) == ("FAILED", "REFERENCE_UNREADABLE", 0.0)
        assert "write it in LaTeX" in round_trip(unreadable, []).check.explanation
        contradictory = Fault("INVALID_TASK", "tolerance: needs a match")
        assert told(round_trip(contradictory, [])) == ("FAILED", "TASK_INVALID", 0.0)

    def test_rejected_renderings_are_listed(self):
        trials = [tried("RENDERING", "CORRECT"), tried("RENDERING", "NO_ANSWER", "7.0 km")]
        found = round_trip(None, trials)
        assert told(found) == ("FAILED", "RENDERING_REJECTED", 0.5)
        assert [each.text for each in found.check.evidence] == ["7.0 km"]

    def test_what_has_no_renderings_is_not_asked_for_any(self):
        found = round_trip(None, [tried("SOLUTION", "INCORRECT")])
        assert found.check.state == concluding.NOT_APPLICABLE


class TestDiscrimination:
    @pytest.mark.parametrize(
        ("outcomes", "told_of"),
        [
            (["INCORRECT", "INCORRECT", "CORRECT"], ("PASSED", "TOLD_APART", 1.0)),
            (["INCORRECT", "CORRECT", "CORRECT"], ("FAILED", "MUTANT_ACCEPTED", 0.5)),
            (["CORRECT", "LIMIT_EXCEEDED", "CORRECT"], ("FAILED", "WRONG_ANSWER_ACCEPTED", 0.5)),
            (["NO_ANSWER", "INCORRECT", "INCORRECT"], ("FAILED", "EQUIVALENT_REJECTED", 0.0)),
        ],
    )
    def test_each_way_to_fail_has_a_code(self, outcomes, told_of):
        parts = ["WRONG_ANSWER", "MUTANT", "EQUIVALENT"]
        trials = [tried(*each) for each in zip(parts, outcomes, strict=True)]
        assert told(discrimination("numeric", None, trials, **STRICT)) == told_of

    def test_thresholds_say_how_many_may_survive(self):
        trials = [tried("MUTANT", "CORRECT")] + [tried("MUTANT", "INCORRECT")] * 9
        lenient = {"kill_rate": 0.9, "acceptance_rate": 1.0}
        found = discrimination("numeric", None, trials, **lenient)
        assert told(found) == ("PASSED", "TOLD_APART", 0.9)
        assert found.check.figures["kill_rate"] == 0.9
        assert len(found.check.evidence) == 1

    def test_without_trials_nothing_is_known(self):
        found = discrimination("countdown", None, [], **STRICT)
        assert told(found) == ("UNDECIDED", "NO_TRIALS", 0.5)
        other = discrimination("code", None, [tried("SOLUTION", "CORRECT")], **STRICT)
        assert other.check.state == concluding.NOT_APPLICABLE

    def test_long_lists_are_cut_and_say_so(self):
        found = discrimination("numeric", None, [tried("MUTANT", "CORRECT")] * 100, **STRICT)
        assert len(found.check.evidence) == MAX_EVIDENCE
        assert f"Of 100 the first {MAX_EVIDENCE} are listed" in found.check.explanation


class TestSolutions:
    @pytest.mark.parametrize(
        ("accepted", "others", "silent", "told_of"),
        [
            (3, [1], 0, ("PASSED", "AGREE", 0.75)),
            (2, [1, 1], 0, ("PASSED", "AGREE", 0.5)),
            (2, [2], 0, ("FAILED", "NO_MAJORITY", 0.5)),
            (1, [3], 0, ("FAILED", "OTHER_CONSENSUS", 0.25)),
            (0, [2, 1, 1], 0, ("FAILED", "OTHER_CONSENSUS", 0.0)),
            (2, [1, 1, 1], 0, ("FAILED", "TOO_FEW_AGREE", 0.4)),
            (1, [], 3, ("FAILED", "TOO_FEW_AGREE", 0.25)),
            (0, [], 3, ("FAILED", "TOO_FEW_AGREE", 0.0)),
        ],
    )
    def test_consensus_is_held_against_the_reference(self, accepted, others, silent, told_of):
        classes = [AnswerClass("right", accepted, True)] if accepted else []
        classes += [AnswerClass(f"other {n}", count, False) for n, count in enumerate(others)]
        found = agreement.solutions(classes, silent, agreement=0.5, one_answer=True)
        assert told(found) == told_of

    def test_programs_that_fail_agree_on_nothing(self):
        classes = [AnswerClass("a", 1, True), AnswerClass("b", 2, False)]
        found = agreement.solutions(classes, 0, agreement=0.5, one_answer=False)
        assert told(found) == ("FAILED", "TOO_FEW_AGREE", pytest.approx(1 / 3))

    def test_figures_are_those_of_the_classes(self):
        classes = [AnswerClass(text, 2, text == "a") for text in "abcd"]
        figures = agreement.solutions(classes, 8, agreement=0.1, one_answer=True).check.figures
        assert dict(figures) == {
            "solutions": 16,
            "silent": 8,
            "classes": 4,
            "agreement": 0.125,
            "majority_share": 0.125,
            "entropy": 2.0,  # four classes, equally large
        }

    def test_pairs_found_equal_are_one_class(self):
        change = Change([], b"")
        pairs = [Pair(2, 3, "", change), Pair(0, 2, "", change), Pair(1, 3, "", change)]
        assert leaders(5, pairs, [True, True, False]) == [0, 1, 0, 0, 4]


class TestPremises:
    UNIQUE = Established("premises", "PASSED", "UNIQUE", "One answer.", "exact", [], {}, 1.0)

    @pytest.mark.parametrize(
        ("outcome", "told_of"),
        [
            ("CORRECT", ("PASSED", "UNIQUE", 1.0)),
            ("INCORRECT", ("FAILED", "OTHER_ANSWER", 0.0)),
            ("NO_ANSWER", ("UNDECIDED", "UNDECIDED", 0.5)),
            ("LIMIT_EXCEEDED", ("UNDECIDED", "UNDECIDED", 0.5)),
            ("ERROR", ("UNDECIDED", "UNDECIDED", 0.5)),
        ],
    )
    def test_answer_of_the_premises_is_held_against_the_reference(self, outcome, told_of):
        opinion = Opinion(outcome, "DIFFERENT", "Another.")
        found = premises_check.premises(Decided(self.UNIQUE, "12"), opinion)
        assert told(found) == told_of
        assert outcome == "CORRECT" or found.check.evidence[0].text == "12"

    def test_contradiction_stays_one_whatever_the_reference_is(self):
        check = Established("premises", "FAILED", "CONTRADICTORY", "None.", "exact", [], {}, 0.0)
        found = premises_check.premises(Decided(check, ""), Opinion("CORRECT", "", ""))
        assert told(found) == ("FAILED", "CONTRADICTORY", 0.0)

    def test_state_that_is_none_is_a_defect_and_no_finding(self):
        check = Established("premises", "PERHAPS", "", "", "", [], {}, 1.0)
        with pytest.raises(ValueError, match="PERHAPS"):
            premises_check.premises(Decided(check, ""), None)


def test_report_of_a_row_that_is_all_evidence_fits_a_message_with_a_thousand_others():
    evidence = [rewrite_pb2.Evidence(label="sign", text="é" * 2000, detail="é" * 1000)] * 24
    report = rewrite_pb2.RewriteReport(
        checks=[rewrite_pb2.RewriteCheck(name=name, evidence=evidence) for name in CHECKS]
    )
    shorten(report)
    assert 1024 * report.ByteSize() < MAX_MESSAGE_BYTES
    assert all(check.evidence for check in report.checks)
    assert "Not all evidence is listed" in report.checks[0].explanation


def test_reply_that_is_none_is_not_read():
    with pytest.raises(UnreadableReplyError):
        EXAMINED.read(b'{"fault": null}')
    with pytest.raises(UnreadableReplyError):
        EXAMINED.read(b"\xff")


def test_no_check_is_made_by_two():
    check = concluding.undecided("key", "LIMIT", "")
    with pytest.raises(ValueError, match="twice"):
        report([check, check], None, rewrite_pb2.Rewrite().submission)


class FakeAdmission:
    """Has one finding about everything."""

    def __init__(self, finding):
        self.finding = finding

    def ask(self, body, limits, *, deadline, flow):
        found = asyncio.get_running_loop().create_future()
        found.set_result(self.finding)
        return found


class FakeCall:
    deadline = math.inf


@pytest.mark.parametrize(
    "finding",
    [
        Judged(Tag.ANSWER.value + b"{", 0.0, 0.0, False),
        Judged(Tag.ERROR.value + b"\xff", 0.0, 0.0, False),
        Troubled(b"\xff"),
    ],
)
async def test_worker_that_speaks_nonsense_is_a_defect_of_one_row(finding):
    errands = Errands(FakeAdmission(finding), FakeCall(), Gate(1, 1), "rewrites[3]")
    with pytest.raises(Trouble, match="^rewrites.3.: a worker's") as raised:
        await errands.ask(Subject.PREMISES, bytes(32), b"", replies.DECIDED)
    assert Details(raised.value.status).info.reason == "VERIFIER_DEFECT"


def test_groups_travel_as_they_are():
    pair = Pair(0, 1, "x", Change(["reference"], b"\xff"))
    compared = Compared(True, 1, [Group("½", 2, None, 3)], [pair])
    examined = Examined(None, [tried("MUTANT", "CORRECT")], [], compared, [])
    assert EXAMINED.read(EXAMINED.written(examined)) == examined


def test_quotes_are_short_and_can_be_sent():
    assert len(quoted("x" * 10**6)) == 2000
    assert quoted("a\ud800b") == "a?b"


class TestGate:
    async def test_lets_so_many_through_and_then_the_next(self):
        gate, inside, most = Gate(3, 1000), 0, 0

        async def pass_through():
            nonlocal inside, most
            async with gate.through(1):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(pass_through() for _ in range(20)))
        assert (inside, most) == (0, 3)

    async def test_what_is_larger_than_all_goes_alone(self):
        gate = Gate(3, 10)
        order = []

        async def pass_through(name, size):
            async with gate.through(size):
                order.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(
            pass_through("small", 4), pass_through("huge", 99), pass_through("last", 1)
        )
        assert order == ["small", "huge", "last"]

    async def test_those_who_give_up_keep_nobody_waiting(self):
        gate = Gate(1, 10)
        async with gate.through(1):
            gone = asyncio.create_task(_pass(gate))
            patient = asyncio.create_task(_pass(gate))
            await asyncio.sleep(0)
            gone.cancel()
        await asyncio.wait_for(patient, 5)

    async def test_place_given_to_one_who_is_cancelled_goes_to_the_next(self):
        gate = Gate(1, 10)
        async with gate.through(1):
            first, second = (asyncio.create_task(_pass(gate)) for _ in range(2))
            await asyncio.sleep(0)
        first.cancel()  # after it has been given the place, before it knows
        await asyncio.wait_for(second, 5)


async def _pass(gate: Gate) -> None:
    async with gate.through(1):
        pass
