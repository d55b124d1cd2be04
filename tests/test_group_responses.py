"""What a client of the wire sees of groups of responses.

Against a real server whose verifiers include the toy of ``tests/plugins``.
"""

import random
import time
from collections.abc import Iterator

import grpc
import pytest
from groups_served import (
    SECONDS,
    boxed,
    choice,
    code,
    error,
    group,
    groups,
    numeric,
    places,
    silent,
    toy,
)
from toy_service import call_details

from assayoffice.server import stamps
from assayoffice.v1 import task_pb2, verdict_pb2, verifier_pb2
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

SQUARED = task_pb2.CodeTask(
    stdio=[
        task_pb2.StdioTest(input="3\n", output="9\n"),
        task_pb2.StdioTest(input="2\n", output="4\n"),
    ],
    run_all=True,
)
TOWER = "9" + "^{9" * 30 + "}" * 30
# Known to be 3 and pi squared sixths to none but sympy.
LIMIT = r"\lim_{x \to 0} \frac{\sin 3x}{x}"
SERIES = r"\sum_{k=1}^{\infty} \frac{1}{k^2}"


@pytest.fixture(scope="module")
def stub(server: tuple[str, int]) -> Iterator[VerifierServiceStub]:
    with grpc.insecure_channel(server[0]) as channel:
        yield VerifierServiceStub(channel)


@pytest.fixture(scope="module")
def hallmarks(stub: VerifierServiceStub) -> dict[str, verdict_pb2.Hallmark]:
    request = verifier_pb2.ListVerifiersRequest()
    infos = stub.ListVerifiers(request, timeout=SECONDS).verifiers
    return {info.name: info.hallmark for info in infos}


class TestAnswers:
    def test_each_response_is_in_a_group_with_its_verdict_or_silent(self, stub):
        responses = boxed("3", "0.5", "1/2", "3.0", r"50\%", "][", "1" * 15_000)
        [result] = group(stub, numeric("1/2", *responses, "I do not know.", "x" * 1_048_576))
        assert groups(result) == [
            ("3", [0, 3], "INCORRECT"),
            ("0.5", [1, 2, 4], "CORRECT"),
            ("1" * 1999 + "…", [6, 8], "LIMIT_EXCEEDED"),
        ]
        assert silent(result) == [5, 7]
        assert result.grouping.by_answer

    def test_without_a_reference_there_are_groups_without_outcomes(self, stub):
        responses = boxed("3", "0.5", "1/2", "3.0", r"50\%", "][", "1" * 15_000)
        [result] = group(stub, numeric("", *responses, "no", "x" * 1_048_576))
        assert groups(result) == [("3", [0, 3], ""), ("0.5", [1, 2, 4], "")]
        assert silent(result) == [5, 6, 7, 8]

    def test_options(self, stub):
        responses = boxed("B", "blue", "(C)", "A or C", "green")
        with_reference, without = group(
            stub,
            choice("B", *responses, options=["red", "blue", "green"]),
            choice("", *responses, options=["red", "blue", "green"]),
        )
        assert groups(with_reference) == [
            ("B", [0, 1], "CORRECT"),
            ("(C)", [2, 4], "INCORRECT"),
            ("A or C", [3], "INCORRECT"),
        ]
        assert [responses for _, responses, _ in groups(without)] == [[0, 1], [2, 4], [3]]

    def test_verdicts_are_those_of_verify(self, stub):
        responses = boxed("12", "12.0", "13", TOWER, "][", r"\sqrt{144}", "", SERIES)
        [result] = group(stub, numeric("12", *responses))
        said = dict.fromkeys(silent(result), "NO_ANSWER")
        said |= {place: outcome for _, where, outcome in groups(result) for place in where}
        for place, response in enumerate(responses):
            submission = numeric("12").submission
            submission.response = response
            request = verifier_pb2.VerifyRequest(submission=submission)
            verdict = stub.Verify(request, timeout=SECONDS).result.verdict
            assert verdict_pb2.Outcome.Name(verdict.outcome) == f"OUTCOME_{said[place]}"

    def test_answers_that_only_symbolic_mathematics_can_compare_are_compared(self, stub):
        asked = numeric("", *boxed(SERIES, "3", r"\frac{\pi^2}{6}", LIMIT, "1.6"))
        asked.submission.numeric.unevaluated = task_pb2.UNEVALUATED_ANY
        [result] = group(stub, asked)
        assert places(result) == [[0, 2], [1, 3], [4]]

    def test_verdict_that_takes_full_effort_is_waited_for(self, stub):
        asked = numeric("3", *boxed("2", LIMIT, SERIES, "3"))
        asked.submission.numeric.unevaluated = task_pb2.UNEVALUATED_ANY
        [result] = group(stub, asked)
        assert groups(result) == [
            ("2", [0], "INCORRECT"),
            (LIMIT, [1, 3], "CORRECT"),
            (SERIES, [2], "INCORRECT"),
        ]

    def test_as_many_responses_as_a_set_may_have(self, stub):
        rng = random.Random(3)
        responses = [boxed(str(rng.randrange(300)))[0] for _ in range(1024)]
        [result] = group(stub, numeric("7", *responses))
        assert sorted(place for each in places(result) for place in each) == list(range(1024))
        assert len(places(result)) == len(set(responses))

    def test_hostile_responses_take_their_own_place_only(self, stub):
        bombs = [TOWER, "(" * 5000 + "1" + ")" * 5000, r"100000000000!", SERIES]
        hostile = ["\x00", "\u202e31", "{" * 50_000, "$" * 99_999, "so " * 340_000, *boxed(*bombs)]
        start = time.monotonic()
        [result, after] = group(stub, numeric("", *hostile, *boxed("5", "5.0")), numeric("5"))
        assert [len(hostile), len(hostile) + 1] in places(result)
        assert after.HasField("grouping")
        assert time.monotonic() - start < 20


class TestVerdicts:
    def test_programs_are_grouped_by_what_they_do(self, stub):
        programs = [
            "print(int(input()) ** 2)",
            "n = int(input())\nprint(n * n)",
            "print(int(input()) * 2)",
            "n = int(input())\nprint(n + n)",
            "print(7)",
            "",
        ]
        [result] = group(stub, code(SQUARED, *programs))
        assert groups(result) == [
            ("PASSED", [0, 1], "CORRECT"),
            ("WRONG_ANSWER at 1, 1 of 2 passed", [2, 3], "INCORRECT"),
            ("WRONG_ANSWER at 1, 0 of 2 passed", [4], "INCORRECT"),
        ]
        assert (silent(result), result.grouping.by_answer) == ([5], False)

    def test_verifier_that_does_not_say_what_it_read_is_grouped_by_its_reasons(self, stub):
        [result] = group(stub, toy("lead", "gold", "tin", "", "gold"))
        assert groups(result) == [("OTHER", [0, 2], "INCORRECT"), ("SAME", [1, 4], "CORRECT")]
        assert silent(result) == [3]
        assert not result.grouping.by_answer

    def test_what_burns_its_allowance_is_a_group(self, stub):
        [result] = group(stub, toy("burn", "gold", "grow", word="gold"))
        assert groups(result) == [
            ("CPU_TIME", [0, 2], "LIMIT_EXCEEDED"),
            ("SAME", [1], "CORRECT"),
        ]


class TestTrouble:
    @pytest.mark.parametrize(
        ("asked", "reason"),
        [
            (toy("segfault", "gold"), "WORKER_CRASHED"),
            (toy("raise", "gold"), "VERIFIER_DEFECT"),
            (toy("gold", word=""), "UNSCORABLE_REFERENCE"),
            (toy(word=""), "UNSCORABLE_REFERENCE"),
            (toy(word="gold", loud=True), "INVALID_TASK"),
            (numeric("][", *boxed("1")), "UNSCORABLE_REFERENCE"),
            (numeric("]["), "UNSCORABLE_REFERENCE"),
            (choice("Z", options=["one"]), "INVALID_TASK"),
            (choice("", "B", options=["one", "one"]), "INVALID_TASK"),
        ],
    )
    def test_is_the_error_of_its_set_and_no_group(self, stub, asked, reason):
        before, bad, after = group(stub, numeric("1"), asked, numeric("2", *boxed("2")))
        assert error(bad)[0] == reason
        assert before.HasField("grouping")
        assert groups(after) == [("2", [0], "CORRECT")]

    @pytest.mark.parametrize(
        ("asked", "reason", "fields"),
        [
            (verifier_pb2.ResponseSet(), "INVALID_SUBMISSION", ["sets[0].submission"]),
            (
                verifier_pb2.ResponseSet(submission=verifier_pb2.Submission(verifier="numeric")),
                "INVALID_SUBMISSION",
                ["sets[0].submission.task"],
            ),
            (
                numeric("1", "x" * 1_048_577),
                "INVALID_SUBMISSION",
                ["sets[0].responses[0]"],
            ),
            (numeric("1", *[""] * 1025), "INVALID_SUBMISSION", ["sets[0].responses"]),
            (code(task_pb2.CodeTask(), "x"), "INVALID_TASK", None),
        ],
        ids=["empty", "no-task", "long", "many", "no-tests"],
    )
    def test_malformed_set_names_its_field(self, stub, asked, reason, fields):
        bad, after = group(stub, asked, numeric("2", *boxed("2")))
        assert error(bad)[0] == reason
        assert fields is None or error(bad)[1] == fields
        assert groups(after) == [("2", [0], "CORRECT")]

    def test_response_belongs_in_responses(self, stub):
        asked = numeric("1")
        asked.submission.response = "1"
        [result] = group(stub, asked)
        assert error(result) == ("INVALID_SUBMISSION", ["sets[0].submission.response"])

    def test_task_of_another_verifier(self, stub):
        asked = numeric("", "1")
        asked.submission.verifier = "choice"
        unknown = numeric("1")
        unknown.submission.verifier = "numerik"
        wrong, nobody = group(stub, asked, unknown)
        assert error(wrong) == ("WRONG_TASK", ["sets[0].submission.numeric"])
        assert error(nobody)[0] == "UNKNOWN_VERIFIER"

    def test_what_is_finished_at_the_deadline_is_not_lost(self, stub):
        first, late, last = group(
            stub, numeric("5"), toy("sleep", word="d"), numeric("6", *boxed("6")), seconds=2
        )
        assert first.HasField("grouping")
        assert error(late)[0] == "DEADLINE_EXCEEDED"
        assert groups(last) == [("6", [0], "CORRECT")]


class TestEnvelope:
    def test_answers_come_in_order_with_their_ids(self, stub):
        sets = [numeric(f"{n}", *boxed(f"{n}"), id=f"{n}") for n in range(300)]
        sets[::7] = [numeric("][", id=f"{n}") for n in range(0, 300, 7)]
        results = group(stub, *sets)
        assert [each.id for each in results] == [f"{n}" for n in range(300)]
        assert [each.HasField("error") for each in results] == [n % 7 == 0 for n in range(300)]

    def test_nothing_is_answered_with_nothing(self, stub):
        assert list(group(stub)) == []

    def test_hallmark_and_stamp_are_those_of_the_task(self, stub, hallmarks):
        sets = [numeric("13", *boxed("13")), numeric("13"), numeric(""), toy(), code(SQUARED)]
        for asked, result in zip(sets, group(stub, *sets), strict=True):
            mark = hallmarks[asked.submission.verifier]
            assert result.grouping.hallmark == mark
            digest = bytes.fromhex(mark.digest)
            assert result.grouping.stamp == stamps.strike(asked.submission, digest)

    def test_other_hallmark_than_demanded_fails_the_call(self, stub, hallmarks):
        digest = hallmarks["numeric"].digest
        request = verifier_pb2.GroupResponsesRequest(sets=[numeric("1")])
        request.required_hallmarks["numeric"] = digest
        [result] = stub.GroupResponses(request, timeout=SECONDS).results
        assert result.grouping.hallmark.digest == digest
        request.required_hallmarks["numeric"] = "0" * 64
        with pytest.raises(grpc.RpcError) as raised:
            stub.GroupResponses(request, timeout=SECONDS)
        assert call_details(raised.value).info.reason == "HALLMARK_MISMATCH"

    def test_more_sets_than_a_call_may_have(self, stub):
        with pytest.raises(grpc.RpcError) as raised:
            group(stub, *[numeric("1")] * 4097)
        assert call_details(raised.value).fields == ["sets"]
