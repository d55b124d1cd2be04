"""The conventions: each option, its default, and what it changes."""

import pytest

from assayoffice.verifiers.base import (
    Effort,
    InvalidTaskError,
    NeedsFullEffort,
    Outcome,
    Submission,
    Verdict,
)
from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.numeric import (
    Match,
    NumericTask,
    NumericVerifier,
    Order,
    Percent,
    Unevaluated,
    Units,
)

VERIFIER = NumericVerifier()


def verify(answer: str, task: NumericTask) -> Verdict:
    return VERIFIER.verify(Submission(answer, task), Effort.QUICK)


def accepts(reference: str, answer: str, **options: object) -> bool:
    task = NumericTask(reference, extraction=Extraction.WHOLE, **options)  # type: ignore[arg-type]
    return verify(answer, task).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("reference", "answer", "accepted"),
    [
        ("1/3", "0.333333", True),
        ("1/3", "0.33333", False),
        ("1/3", "0.333334", False),
        (r"\sqrt{2}", "1.414214", True),
        (r"\sqrt{2}", "1.414213", False),
        ("3.14", r"\pi", True),
        ("3.14", "3.1416", True),
        ("3.14", "3.1", False),
        ("3.14159", "3.14", False),
        ("3.1", r"\pi", False),
        ("30.52", r"\frac{1587}{52}", True),
        ("0.50", "0.496", True),
        ("0.5", "0.496", False),
    ],
)
def test_a_decimal_answers_only_as_a_correct_rounding(
    reference: str, answer: str, accepted: bool
) -> None:
    assert accepts(reference, answer) is accepted


def test_how_many_digits_a_rounding_must_show_is_an_option() -> None:
    assert accepts("1/3", "0.333", min_decimal_digits=3)
    assert not accepts("1/3", "0.33", min_decimal_digits=3)


@pytest.mark.parametrize(
    ("reference", "answer", "tolerance", "accepted"),
    [
        ("200", "202", 0.01, True),
        ("200", "202.01", 0.01, False),
        ("-200", "-198", 0.01, True),
        ("0", "0.001", 0.01, False),
        (r"100\pi", "314", 0.001, True),
        (r"100\pi", "313", 0.001, False),
        ("10^{300}", "1.001*10^{300}", 0.01, True),
        (r"(100,200)", "(101,199)", 0.01, True),
        (r"[100,200)", "[101,199)", 0.01, True),
    ],
)
def test_relative_tolerance_is_a_share_of_the_reference(
    reference: str, answer: str, tolerance: float, accepted: bool
) -> None:
    assert accepts(reference, answer, match=Match.RELATIVE, tolerance=tolerance) is accepted


def test_absolute_tolerance_includes_its_end_and_is_the_decimal_it_was_written_as() -> None:
    assert accepts("1", "1.1", match=Match.ABSOLUTE, tolerance=0.1)
    assert not accepts("1", "1.1000000001", match=Match.ABSOLUTE, tolerance=0.1)


def test_significant_digits_round_both_sides() -> None:
    options = {"match": Match.SIGNIFICANT, "significant_digits": 3}
    assert accepts("1234", "1230", **options)
    assert accepts(r"\pi", "3.14", **options)
    assert accepts("0.0012345", "1.23 \\times 10^{-3}", **options)
    assert not accepts("1234", "1240", **options)
    assert not accepts("0.0012345", "0.001", **options)


@pytest.mark.parametrize(
    ("answer", "closed", "simplified"),
    [
        ("1/2", True, True),
        ("0.5", True, True),
        ("2/4", True, False),
        (r"\sqrt{1/4}", True, False),
        ("2^{-1}", True, False),
        ("1/4+1/4", False, False),
        (r"5 \cdot \frac{1}{10}", False, False),
        (r"\int_0^1 x\,dx", False, False),
    ],
)
def test_how_far_an_answer_must_be_worked_out(answer: str, closed: bool, simplified: bool) -> None:
    assert accepts("1/2", answer) is closed
    assert accepts("1/2", answer, unevaluated=Unevaluated.SIMPLIFIED) is simplified
    assert accepts("1/2", answer, unevaluated=Unevaluated.ANY)


def test_a_reference_that_is_no_plain_number_does_not_ask_for_one() -> None:
    assert accepts(r"12\pi", r"20\pi-8\pi")
    assert accepts(r"4\sqrt{2}", r"\sqrt{2}+3\sqrt{2}")


def test_order_counts_where_it_is_asked_for_and_in_tuples() -> None:
    assert accepts("1,2", "2,1")
    assert not accepts("1,2", "2,1", order=Order.ORDERED)
    assert accepts(r"\{1,2\}", r"\{2,1\}", order=Order.ORDERED)
    assert not accepts("(1,2)", "(2,1)")


def test_a_missing_unit_is_forgiven_unless_it_is_required() -> None:
    assert accepts("5 cm", "5")
    assert not accepts("5 cm", "5", units=Units.REQUIRED)
    assert accepts("5 cm", "0.05 m", units=Units.REQUIRED)
    assert accepts("5", "5 cm", units=Units.REQUIRED)


@pytest.mark.parametrize(
    ("reference", "answer", "forgiving", "strict"),
    [
        (r"50\%", "0.5", True, True),
        ("0.5", r"50\%", True, True),
        (r"50\%", "50", True, False),
        ("60", r"60\%", True, False),
        ("0.5", "50", False, False),
        ("0.5", r"0.5\%", False, False),
        (r"50\%", r"5000\%", False, False),
    ],
)
def test_a_missing_percent_sign(reference: str, answer: str, forgiving: bool, strict: bool) -> None:
    assert accepts(reference, answer) is forgiving
    assert accepts(reference, answer, percent=Percent.STRICT) is strict


def test_conventions_that_were_applied_are_flagged() -> None:
    def flags(reference: str, answer: str) -> tuple[str, ...]:
        return verify(answer, NumericTask(reference, extraction=Extraction.WHOLE)).flags

    assert flags("5 cm", "5") == ("UNIT_ASSUMED",)
    assert flags("5", "5 cm") == ("UNIT_IGNORED",)
    assert flags(r"50\%", "50") == ("PERCENT_ASSUMED",)
    assert flags("1/3", "0.3333333") == ("APPROXIMATE",)
    assert flags("(1/3, 5 cm)", "(0.3333333, 5)") == ("APPROXIMATE", "UNIT_ASSUMED")
    assert flags("5", "5") == ()


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("tolerance", {"match": Match.RELATIVE}),
        ("tolerance", {"match": Match.ABSOLUTE, "tolerance": -1.0}),
        ("tolerance", {"match": Match.ABSOLUTE, "tolerance": float("nan")}),
        ("tolerance", {"tolerance": 0.1}),
        ("significant_digits", {"match": Match.SIGNIFICANT}),
        ("significant_digits", {"significant_digits": 3}),
        ("min_decimal_digits", {"min_decimal_digits": 0}),
    ],
)
def test_options_that_contradict_each_other_are_an_error_that_names_the_field(
    field: str, options: dict[str, object]
) -> None:
    with pytest.raises(InvalidTaskError, match=f"^{field}: ") as caught:
        verify("5", NumericTask("5", **options))  # type: ignore[arg-type]
    assert caught.value.field == field


def test_work_of_unknown_cost_is_only_done_with_full_effort() -> None:
    task = NumericTask(r"\frac{\pi^2}{6}", unevaluated=Unevaluated.ANY)
    submission = Submission(r"$\boxed{\sum_{k=1}^{\infty} \frac{1}{k^2}}$", task)
    with pytest.raises(NeedsFullEffort):
        VERIFIER.verify(submission, Effort.QUICK)
    verdict = VERIFIER.verify(submission, Effort.FULL)
    assert (verdict.outcome, verdict.method) == (Outcome.CORRECT, "sympy")


@pytest.mark.parametrize(
    ("value", "outcome"), [(r"\frac{\pi^2}{6}", Outcome.CORRECT), ("1.5", Outcome.INCORRECT)]
)
def test_an_equality_in_an_answer_is_checked_with_full_effort_too(
    value: str, outcome: Outcome
) -> None:
    response = rf"$\boxed{{\sum_{{k=1}}^{{\infty}} \frac{{1}}{{k^2}} = {value}}}$"
    submission = Submission(response, NumericTask(value))
    assert VERIFIER.verify(submission, Effort.FULL).outcome is outcome


@pytest.mark.parametrize(
    ("reference", "unevaluated"),
    [
        ("2", r"2^{100} \bmod 7"),
        ("6", r"\gcd(12,18)"),
        ("5", r"\max(3,5)"),
        ("56088", r"123^1 \cdot 456^1"),
        ("56088", "123/(1/456)"),
        ("56088", r"\frac{123}{456^{-1}}"),
        ("4", r"2+2+\pi-\pi"),
    ],
)
def test_dressed_up_arithmetic_is_not_worked_out(reference: str, unevaluated: str) -> None:
    assert verify(unevaluated, NumericTask(reference)).reason == "UNEVALUATED"
