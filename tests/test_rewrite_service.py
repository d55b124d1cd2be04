"""What a client of the wire sees of checks of rewrites: reports, errors, digests.

Against a real server whose verifiers include the toy of ``tests/plugins``.
"""

import math
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rewrites_served import (
    SECONDS,
    check,
    checks,
    choice,
    code,
    custom,
    error,
    found,
    numeric,
    premises,
)
from toy_service import call_details, toy_server

from assayoffice.server import stamps
from assayoffice.server.rewrites.report import CHECKS
from assayoffice.v1 import rewrite_pb2, task_pb2, verifier_pb2
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceStub
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

NOTHING = rewrite_pb2.CheckRewritesRequest()
DOUBLE = "```python\nn = int(input())\nprint(2 * n)\n```"
WRONG = "```python\nprint(int(input()) ** 2)\n```"
DOUBLED = task_pb2.CodeTask(
    stdio=[task_pb2.StdioTest(input=f"{n}\n", output=f"{2 * n}\n") for n in (-7, -1, 0, 1, 2, 12)]
)


@pytest.fixture
def channel(server: tuple[str, int]) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server[0]) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> RewriteServiceStub:
    return RewriteServiceStub(channel)


@pytest.fixture
def listed(channel: grpc.Channel) -> dict[str, verifier_pb2.VerifierInfo]:
    """The verifiers in service."""
    request = verifier_pb2.ListVerifiersRequest()
    infos = VerifierServiceStub(channel).ListVerifiers(request, timeout=SECONDS).verifiers
    return {info.name: info for info in infos if info.state == verifier_pb2.VERIFIER_STATE_SERVING}


class TestReports:
    def test_all_checks_come_in_their_order(self, stub):
        for result in check(stub, numeric(), choice("A", ["1", "2"]), custom("toy", word="gold")):
            assert tuple(each.name for each in result.report.checks) == CHECKS
            states = [each.state for each in result.report.checks]
            assert rewrite_pb2.CHECK_STATE_UNSPECIFIED not in states
            assert result.report.applicable == len(checks(result))

    def test_sound_rewrite_passes_and_is_stamped(self, stub, listed):
        [result] = check(stub, numeric(id="mine"))
        assert result.id == "mine"
        assert found(result) == {
            "round_trip": ("PASSED", "RENDERINGS_ACCEPTED"),
            "discrimination": ("PASSED", "TOLD_APART"),
            "leak": ("PASSED", found(result)["leak"][1]),
            "wording": ("PASSED", found(result)["wording"][1]),
        }
        assert result.report.score == 1
        assert result.report.hallmark == listed["numeric"].hallmark
        digest = bytes.fromhex(listed["numeric"].hallmark.digest)
        assert result.report.stamp == stamps.strike(numeric().submission, digest)

    def test_reference_that_cannot_be_read_is_a_fact_about_the_row(self, stub):
        solved = numeric("][", solutions=["1"])
        contradictory = numeric("13")
        contradictory.submission.numeric.min_decimal_digits = 0
        contradictory.submission.numeric.tolerance = 0.0
        result, other = check(stub, solved, choice("D", ["1", "2"]))
        assert found(result)["round_trip"] == ("FAILED", "REFERENCE_UNREADABLE")
        assert found(result)["discrimination"] == ("UNDECIDED", "NO_TRIALS")
        assert found(result)["solutions"] == ("UNDECIDED", "NO_TRIALS")
        assert result.report.score == 0
        assert found(other)["round_trip"] == ("FAILED", "TASK_INVALID")
        assert "there is no option D" in checks(other)["round_trip"].explanation

    def test_wrong_answer_that_is_right_is_named(self, stub):
        [result] = check(stub, numeric("0.5", wrong_answers=["0.4", r"\frac12"]))
        discrimination = checks(result)["discrimination"]
        assert discrimination.reason == "WRONG_ANSWER_ACCEPTED"
        assert [each.text for each in discrimination.evidence] == [r"\frac12"]
        assert discrimination.figures["wrong_answers"] == 2
        total = discrimination.figures["mutants"] + 2
        assert math.isclose(discrimination.figures["kill_rate"], 1 - 1 / total)

    def test_thresholds_of_a_call_decide(self, stub):
        rewrite = numeric("0.5", wrong_answers=[r"\frac12"], solutions=[r"\boxed{0.5}", "none"])
        lenient = rewrite_pb2.RewriteThresholds(kill_rate=0.5, agreement=0.5)
        strict = rewrite_pb2.RewriteThresholds(agreement=0.9)
        [one] = check(stub, rewrite, thresholds=lenient)
        [other] = check(stub, rewrite, thresholds=strict)
        assert found(one)["discrimination"] == ("PASSED", "TOLD_APART")
        assert found(one)["solutions"] == ("PASSED", "AGREE")
        assert found(other)["discrimination"][0] == "FAILED"
        assert found(other)["solutions"] == ("FAILED", "TOO_FEW_AGREE")
        assert one.report.score == other.report.score < 1

    def test_solutions_are_counted_by_what_they_answer(self, stub):
        solutions = [r"\boxed{0.5}", r"\boxed{\frac12}", r"So 50\% it is: \boxed{\frac{2}{4}}"]
        solutions += [r"\boxed{\sqrt{2}}", r"\boxed{2^{1/2}}", "I do not know."]
        [result] = check(stub, numeric("1/2", solutions=solutions))
        check_ = checks(result)["solutions"]
        assert check_.reason == "AGREE"
        assert [(each.detail, each.expected) for each in check_.evidence] == [
            ("3 of 6 solutions", True),
            ("2 of 6 solutions", False),
        ]
        assert check_.figures["entropy"] == pytest.approx(0.970951)  # of 3/5 and 2/5

    def test_other_consensus_is_told(self, stub):
        answers = [r"\boxed{\text{B) two}}", r"\boxed{B}", "The answer is B.", r"\boxed{A}"]
        [result] = check(stub, choice("A", ["one", "two"], solutions=answers))
        assert found(result)["solutions"] == ("FAILED", "OTHER_CONSENSUS")
        assert checks(result)["solutions"].figures["majority_share"] == 0.75

    def test_key_that_agrees_and_others(self, stub):
        agreeing, other, failing = (
            rewrite_pb2.ExecutableKey(source=source)
            for source in ("print(4 + 9)", "print(4 * 9)", "raise SystemExit('no')")
        )
        results = check(stub, *(numeric(key=each) for each in (agreeing, other, failing)))
        assert [found(result)["key"] for result in results] == [
            ("PASSED", "AGREES"),
            ("FAILED", "DISAGREES"),
            ("FAILED", "PROGRAM_FAILED"),
        ]
        assert [result.report.score for result in results] == [1, 0, 0]
        assert checks(results[1])["key"].evidence[0].text.strip() == "36"

    def test_key_prints_the_bare_answer_whatever_form_a_model_must_give_it(self, stub):
        rewrite = numeric("1/2", key=rewrite_pb2.ExecutableKey(source="print('2/' + '4')"))
        rewrite.submission.numeric.extraction = task_pb2.EXTRACTION_BOXED
        rewrite.submission.numeric.unevaluated = task_pb2.UNEVALUATED_SIMPLIFIED
        [result] = check(stub, rewrite)
        assert found(result)["key"] == ("PASSED", "AGREES")

    def test_program_and_its_mutants_are_run_by_the_tests(self, stub):
        solutions = [DOUBLE, DOUBLE, WRONG, "I cannot program."]
        sound = code(DOUBLED, reference_solution=DOUBLE, wrong_answers=[WRONG], solutions=solutions)
        broken = code(DOUBLED, reference_solution=WRONG)
        one, other = check(stub, sound, broken)
        assert found(one)["tests"][0] == "PASSED"
        assert checks(one)["tests"].figures["mutants"] > 3
        assert found(one)["discrimination"] == ("PASSED", "TOLD_APART")
        assert found(one)["solutions"] == ("PASSED", "AGREE")
        assert checks(one)["solutions"].figures["silent"] == 1
        assert found(other)["tests"] == ("FAILED", "SOLUTION_FAILS")

    def test_verifier_of_another_package_is_tried_with_what_the_row_knows(self, stub):
        plain = custom("toy", word="gold")
        known = custom(
            "toy", word="gold", wrong_answers=["lead", "burn"], solutions=["gold", "gold", "tin"]
        )
        accepted = custom("toy", word="gold", wrong_answers=["gold"])
        nothing, told, fooled = check(stub, plain, known, accepted)
        assert found(nothing)["discrimination"] == ("UNDECIDED", "NO_TRIALS")
        # One of the wrong answers burns its allowance, and is not accepted for that.
        assert found(told)["discrimination"] == ("PASSED", "TOLD_APART")
        assert found(told)["solutions"] == ("PASSED", "AGREE")
        assert found(fooled)["discrimination"] == ("FAILED", "WRONG_ANSWER_ACCEPTED")

    def test_plugin_says_what_is_wrong_with_its_task(self, stub):
        unreadable, contradictory = check(
            stub, custom("toy", word=""), custom("toy", word="gold", loud=True)
        )
        assert found(unreadable)["round_trip"] == ("FAILED", "REFERENCE_UNREADABLE")
        assert found(contradictory)["round_trip"] == ("FAILED", "TASK_INVALID")

    def test_number_that_json_has_not_makes_no_task(self, stub):
        endless, sound = custom("toy", word="gold"), custom("toy", word="gold")
        endless.submission.custom.fields["n"].number_value = math.inf
        bad, good = check(stub, endless, sound)
        assert found(bad)["round_trip"] == ("FAILED", "TASK_INVALID")
        assert good.report.stamp.content != bad.report.stamp.content

    def test_same_batch_gets_the_same_bytes(self, stub):
        rewrites = [
            numeric("1/2", solutions=[r"\boxed{\sin^2(x)+\cos^2(x)}", r"\boxed{0.5}"]),
            numeric("x^2+1", wrong_answers=["x^2", r"\sin(x)"]),
            choice("B", ["1", "2"], solutions=["A"]),
            code(DOUBLED, reference_solution=DOUBLE),
        ]
        first, second = (
            stub.CheckRewrites(
                rewrite_pb2.CheckRewritesRequest(rewrites=rewrites), timeout=SECONDS
            ).SerializeToString(deterministic=True)
            for _ in range(2)
        )
        assert first == second

    def test_batch_is_answered_in_its_order(self, stub):
        rewrites = [numeric(f"{n}", id=f"{n}") for n in range(100, 200)]
        rewrites[::10] = [numeric("][", id=f"{n}") for n in range(0, 100, 10)]
        results = check(stub, *rewrites)
        assert [each.id for each in results] == [each.submission.id for each in rewrites]
        failed = [n for n, each in enumerate(results) if each.report.score == 0]
        assert failed == list(range(0, 100, 10))


# A triangle ABC whose side AB is 13, with M inside AB and N inside BC: the perimeters of AMC and
# CNA are equal, and so are those of ANB and CMB. This forces AB = BC.
LENGTHS = dict.fromkeys(("AB", "BC", "AC", "AM", "CN", "AN", "CM"), "positive")
TRIANGLE = (
    "AB == 13",
    "CM**2 == AC**2 + AM**2 - AM*(AB**2 + AC**2 - BC**2)/AB",
    "AN**2 == AC**2 + CN**2 - CN*(BC**2 + AC**2 - AB**2)/BC",
    "AM + CM + AC == CN + AN + AC",
    "AN + (BC - CN) + AB == CM + (AB - AM) + BC",
    "AM < AB",
    "CN < BC",
    "AB < BC + AC",
    "BC < AB + AC",
    "AC < AB + BC",
)


class TestPremises:
    def test_triangle_that_cannot_be_is_rejected_whatever_solvers_agree_on(self, stub):
        stated = premises(LENGTHS, [*TRIANGLE, "BC == 10"], "AC")
        agreed = [r"\boxed{13}"] * 4
        [result] = check(stub, numeric("13", premises=stated, solutions=agreed))
        assert found(result)["solutions"] == ("PASSED", "AGREE")
        assert found(result)["premises"] == ("FAILED", "CONTRADICTORY")
        assert result.report.score == 0
        named = {each.text for each in checks(result)["premises"].evidence}
        assert {"AB == 13", "BC == 10"} <= named

    def test_repaired_triangle_has_one_answer_and_it_is_the_reference(self, stub):
        stated = premises(LENGTHS, [*TRIANGLE, "AC == 10"], "BC")
        right, wrong = check(stub, *(numeric(each, premises=stated) for each in ("13", "12")))
        assert found(right)["premises"] == ("PASSED", "UNIQUE")
        assert checks(right)["premises"].method
        assert found(wrong)["premises"] == ("FAILED", "OTHER_ANSWER")
        assert checks(wrong)["premises"].evidence[0].text == "13"

    @pytest.mark.parametrize(
        ("reference", "constraints", "asked"),
        [
            (r"2\sqrt{2}", ["x*x == 8"], "x"),
            (r"\frac{1}{3}", ["3*x == 1"], "x"),
            (r"12\text{ cm}", ["x == 12"], "x"),
            (r"25\%", ["4*x == 1"], "x"),
            (r"\frac{\pi}{6}", ["sin(x) == 1/2", "x < 1"], "x"),
        ],
    )
    def test_answer_counts_by_its_value_and_not_its_form(self, stub, reference, constraints, asked):
        stated = premises({"x": "positive"}, constraints, asked)
        [result] = check(stub, numeric(reference, premises=stated))
        assert found(result)["premises"] == ("PASSED", "UNIQUE")

    def test_answer_is_found_among_the_options(self, stub):
        stated = premises({"x": "positive"}, ["x*x == 9"], "x")
        options = ["2", "3", "4"]
        right, wrong = check(
            stub, choice("B", options, premises=stated), choice("A", options, premises=stated)
        )
        assert found(right)["premises"] == ("PASSED", "UNIQUE")
        assert found(wrong)["premises"] == ("FAILED", "OTHER_ANSWER")

    def test_text_that_is_no_premise_is_named(self, stub):
        stated = premises({"x": "real"}, ["x == 13", "x ==== 2"], "x")
        [result] = check(stub, numeric(premises=stated))
        assert found(result)["premises"] == ("FAILED", "UNREADABLE")
        assert "constraints[1]" in checks(result)["premises"].explanation


class TestErrors:
    @pytest.mark.parametrize(
        ("rewrite", "reason", "fields"),
        [
            (rewrite_pb2.Rewrite(), "INVALID_SUBMISSION", ["rewrites[1].submission"]),
            (numeric(""), "INVALID_SUBMISSION", ["rewrites[1].submission.numeric.reference"]),
            (
                numeric(reference_solution="x"),
                "INVALID_SUBMISSION",
                ["rewrites[1].reference_solution"],
            ),
            (
                numeric(premises=rewrite_pb2.Premises(asked="x")),
                "INVALID_SUBMISSION",
                ["rewrites[1].premises.unknowns"],
            ),
            (
                numeric(
                    premises=rewrite_pb2.Premises(
                        unknowns=[rewrite_pb2.Unknown(name="x y")], asked="x"
                    )
                ),
                "INVALID_SUBMISSION",
                ["rewrites[1].premises.unknowns[0].name"],
            ),
            (
                numeric(key=rewrite_pb2.ExecutableKey()),
                "INVALID_SUBMISSION",
                ["rewrites[1].key.source"],
            ),
            (custom("toy", word="gold", solutions=["sleep"]), "WALL_TIMEOUT", []),
            (custom("toi"), "UNKNOWN_VERIFIER", []),
            (custom("lean"), "VERIFIER_UNAVAILABLE", []),
            (custom("numeric"), "WRONG_TASK", ["rewrites[1].submission.custom"]),
        ],
    )
    def test_bad_row_gets_its_error_and_harms_no_neighbour(self, stub, rewrite, reason, fields):
        before, bad, after = check(stub, numeric(), rewrite, numeric())
        assert error(bad) == (reason, fields)
        assert before.report.score == after.report.score == 1

    def test_response_belongs_elsewhere(self, stub):
        rewrite = numeric()
        rewrite.submission.response = "13"
        [result] = check(stub, rewrite)
        assert error(result) == ("INVALID_SUBMISSION", ["rewrites[0].submission.response"])
        assert "belong in solutions" in result.error.message

    def test_dead_worker_is_an_error_and_no_finding(self, stub):
        [result] = check(stub, custom("toy", word="gold", wrong_answers=["lead", "segfault"]))
        assert error(result) == ("WORKER_CRASHED", [])

    def test_defect_of_a_verifier_is_an_error_and_no_finding(self, stub):
        [result] = check(stub, custom("toy", word="gold", solutions=["raise"]))
        assert error(result) == ("VERIFIER_DEFECT", [])

    def test_language_that_is_not_here_is_an_error_and_no_finding(self, stub, listed):
        languages = {"rust", "go", "ruby", "julia"} - set(listed["code"].languages)
        key = rewrite_pb2.ExecutableKey(source="print(13)", language=min(languages))
        [result] = check(stub, numeric(key=key))
        if result.HasField("report"):  # a language that nobody knows
            assert found(result)["key"] == ("FAILED", "PROGRAM_FAILED")
        else:
            assert error(result)[0] == "VERIFIER_UNAVAILABLE"

    def test_oversized_batch_is_refused_as_a_whole(self, stub):
        with pytest.raises(grpc.RpcError) as caught:
            check(stub, *[rewrite_pb2.Rewrite()] * 1025)
        assert call_details(caught.value).info.reason == "INVALID_REQUEST"

    def test_thresholds_are_shares(self, stub):
        with pytest.raises(grpc.RpcError) as caught:
            check(stub, thresholds=rewrite_pb2.RewriteThresholds(kill_rate=1.5))
        assert call_details(caught.value).fields == ["thresholds.kill_rate"]


class TestDigests:
    def test_empty_batch_tells_them_of_all_that_serve(self, stub, listed):
        digests = stub.CheckRewrites(NOTHING, timeout=SECONDS).digests
        assert set(digests) == set(listed)
        assert len(set(digests.values())) == len(digests)
        assert not set(digests.values()) & {each.hallmark.digest for each in listed.values()}

    @pytest.mark.heavy
    def test_are_the_same_in_another_server(self, stub):
        with toy_server() as (endpoint, _), grpc.insecure_channel(endpoint) as channel:
            other = RewriteServiceStub(channel).CheckRewrites(NOTHING, timeout=SECONDS)
        assert other == stub.CheckRewrites(NOTHING, timeout=SECONDS)

    def test_hallmark_that_is_demanded_must_be_in_service(self, stub, listed):
        digest = listed["numeric"].hallmark.digest
        [result] = check(stub, numeric(), required_hallmarks={"numeric": digest})
        assert result.report.hallmark.digest == digest
        with pytest.raises(grpc.RpcError) as caught:
            check(stub, numeric(), required_hallmarks={"numeric": "0" * 64})
        assert call_details(caught.value).info.reason == "HALLMARK_MISMATCH"


def test_health_knows_the_service(channel):
    request = health_pb2.HealthCheckRequest(service="assayoffice.v1.RewriteService")
    status = health_pb2_grpc.HealthStub(channel).Check(request, timeout=SECONDS).status
    assert status == health_pb2.HealthCheckResponse.SERVING
