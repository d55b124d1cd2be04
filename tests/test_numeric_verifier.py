"""The verdicts of NumericVerifier: reasons, hostile input, references, determinism."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assayoffice.verifiers.base import (
    Effort,
    NeedsFullEffort,
    Outcome,
    Submission,
    UnscorableReferenceError,
    Verdict,
    VerifierError,
)
from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.numeric import NumericTask, NumericVerifier

VERIFIER = NumericVerifier()


def verify(reference: str, answer: str, prompt: str = "") -> Verdict:
    task = NumericTask(reference, extraction=Extraction.WHOLE)
    return VERIFIER.verify(Submission(answer, task, prompt), Effort.QUICK)


def test_a_verdict_shows_what_was_understood() -> None:
    response = r"First \boxed{1}. Then I see that it is $\boxed{\dfrac{6}{8}}$."
    verdict = VERIFIER.verify(Submission(response, NumericTask(r"\frac34")), Effort.QUICK)
    assert verdict.outcome is Outcome.CORRECT
    assert verdict.score == 1.0
    assert (verdict.reason, verdict.method) == ("EQUAL", "exact")
    assert verdict.extracted == r"\dfrac{6}{8}"
    assert (verdict.normalized_answer, verdict.normalized_reference) == ("6/8", "3/4")


@pytest.mark.parametrize(
    ("reference", "answer", "outcome", "reason"),
    [
        ("3", "", Outcome.NO_ANSWER, "NO_COMMITTED_ANSWER"),
        ("3", "(3", Outcome.NO_ANSWER, "UNREADABLE"),
        ("3", "4", Outcome.INCORRECT, "DIFFERENT"),
        ("3", "3,4", Outcome.INCORRECT, "HEDGED"),
        ("3,4", "3", Outcome.INCORRECT, "INCOMPLETE"),
        ("3,4", "3,4,5", Outcome.INCORRECT, "LENGTH"),
        ("3", "(3,4]", Outcome.INCORRECT, "OTHER_KIND"),
        ("(3,4)", "[3,4]", Outcome.INCORRECT, "END_POINT"),
        ("x=3", "y=3", Outcome.INCORRECT, "OTHER_NAME"),
        ("3", "x", Outcome.INCORRECT, "FREE_VARIABLE"),
        ("3", "1+2", Outcome.INCORRECT, "UNEVALUATED"),
        ("3", "2=3", Outcome.INCORRECT, "FALSE_STATEMENT"),
        ("x+y=3", "x=x", Outcome.INCORRECT, "DIFFERENT"),
        ("x+y=3", "x+y=x+y", Outcome.INCORRECT, "TRIVIAL"),
        ("3 m", "3 s", Outcome.INCORRECT, "UNIT_MISMATCH"),
        ("3", "3/0", Outcome.INCORRECT, "UNDEFINED"),
        ("x=3", r"x=3 \text{ if } x>1", Outcome.INCORRECT, "CONDITION"),
        ("3", "(" * 100 + "3" + ")" * 100, Outcome.LIMIT_EXCEEDED, "DEPTH"),
        ("3", "3" * 19_000, Outcome.LIMIT_EXCEEDED, "DIGITS"),
        ("3", "3" * 30_000, Outcome.LIMIT_EXCEEDED, "ANSWER_LENGTH"),
        ("3", "3+" * 1_600 + "3", Outcome.LIMIT_EXCEEDED, "TOKENS"),
    ],
)
def test_every_refusal_has_its_reason(
    reference: str, answer: str, outcome: Outcome, reason: str
) -> None:
    verdict = verify(reference, answer)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert verdict.explanation


def test_an_expression_of_the_question_is_no_answer_to_it() -> None:
    prompt = r"What is $\sqrt{6+2\sqrt{5}}$ in simplest form?"
    echoed = verify(r"1+\sqrt{5}", r"\sqrt{6+2\sqrt{5}}", prompt)
    assert (echoed.outcome, echoed.reason) == (Outcome.INCORRECT, "ECHO")
    assert verify(r"1+\sqrt{5}", r"\sqrt{5}+1", prompt).outcome is Outcome.CORRECT


def test_what_the_question_mentions_may_still_be_the_answer() -> None:
    prompt = "Is 5/10 more than 0.4? If 3x = 12 pick x from 4, 5 and 6 apples."
    assert verify("0.5", "5/10", prompt.replace("5/10", "1/2")).outcome is Outcome.CORRECT
    assert verify("6", "6 apples", prompt).outcome is Outcome.CORRECT
    assert verify("3x", "3x", prompt).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("reference", "echoed", "prompt"),
    [
        (r"\frac34", r"\frac68", r"Simplify $\frac68$."),
        ("7/20", r"35\%", r"Write 35\% as a fraction."),
        (r"\frac{\pi}{4}", r"45^\circ", r"Convert $45^\circ$ to radians."),
        (r"150 \text{ minutes}", r"2.5 \text{ hours}", "How many minutes are 2.5 hours?"),
    ],
)
def test_literal_of_the_question_does_not_answer_how_else_it_is_written(
    reference: str, echoed: str, prompt: str
) -> None:
    assert verify(reference, echoed, prompt).reason == "ECHO"
    assert verify(reference, echoed).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        (r"\frac{1}{", "cannot be read"),
        ("3 +", "cannot be read"),
        ("1/0", "no value"),
        ("8 = 7", "not equal to itself"),
        ("x+y = x+y", "not equal to itself"),
        ("3+" * 1_600 + "3", "too large"),
    ],
)
def test_a_reference_nothing_can_be_judged_by_is_an_error_and_no_verdict(
    reference: str, problem: str
) -> None:
    with pytest.raises(UnscorableReferenceError, match=rf"task\.reference .*{problem}") as caught:
        verify(reference, "3")
    assert caught.value.field == "reference"


HOSTILE = [
    "9^{9^{9^{9^{9}}}}",
    "((9!)!)!",
    "2^{-10^{10^{10}}}",
    r"\sin(10^{10^{8}})",
    r"\binom{10^9}{5 \cdot 10^8}",
    r"\sqrt[10^9]{2}",
    r"\lfloor 10^{10^{10}}/3 \rfloor",
    r"\log_2(3^{10^{9}})",
    "x^" * 200 + "x",
    "-" * 5_000 + "1",
    "1e999999999",
    r"\frac" * 5_000,
    r"\sqrt{1+" * 50 + "2" + "}" * 50,
    r"\sum_{k=1}^{10^9} \frac{k^2}{k+1}",
    r"\prod_{k=1}^{900} (1+\frac{1}{k^{k}})",
    ",".join(f"\\sqrt{{{n}}}" for n in range(300)),
    ",".join(r"(\pm 1,\pm 2,\pm 3,\pm 4)" for _ in range(60)),
    r"(\pm 1" + r",\pm 1" * 100 + ")",
    r"\begin{pmatrix}" + r"x+1&x+1\\" * 20 + r"\end{pmatrix}^{9}",
    r"\begin{pmatrix}" + r"x+1&x+2\\" * 2 + r"\end{pmatrix}^{4}",
    r"1\\" * 700,
    "x=" * 700 + "x",
    "\u202e3\u202c",
    "3\x00",
    "\ud800",
    "\uff13\u200b",
    "__import__('os').system('true')",
    "a" * 19_000,
    "5 " * 700,
]  # fmt: skip


@pytest.mark.parametrize("answer", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
@pytest.mark.parametrize("reference", ["1", "x^2+1", "(1,2)", r"\{1,\sqrt{2}\}", "x>1", "5 cm"])
def test_hostile_answers_are_never_correct_and_never_break_anything(
    reference: str, answer: str
) -> None:
    task = NumericTask(reference, extraction=Extraction.WHOLE)
    verdict = VERIFIER.verify(Submission(answer, task), Effort.QUICK)
    assert verdict.outcome is not Outcome.CORRECT


@pytest.mark.parametrize("answer", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_hostile_references_are_errors_or_judged(answer: str) -> None:
    try:
        verdict = verify(answer, "1")
    except NeedsFullEffort:
        pass
    except VerifierError as error:
        assert error.field == "reference"
    else:
        assert verdict.outcome is not Outcome.CORRECT


_TERMS = st.sampled_from(["x", "y", "2", "3", "x^2", "xy", r"\sqrt{2}", r"\pi", "7/3", "k"])


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(_TERMS)
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    shape = draw(
        st.sampled_from(["({})+({})", "({})-({})", "({})({})", r"\frac{{{}}}{{({})^2+1}}"])
    )
    return shape.format(left, right)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(expressions(), expressions(), st.integers(1, 9))
def test_rewritten_expressions_are_accepted_and_changed_ones_refused(
    one: str, other: str, number: int
) -> None:
    reference = f"({one})({other})+{number}z"
    rewritten = f"{number}z+({other})({one})"
    expanded = rf"\frac{{2({one})({other})+{2 * number}z}}{{2}}"
    assert verify(reference, rewritten).outcome is Outcome.CORRECT
    assert verify(reference, expanded).outcome is Outcome.CORRECT
    assert verify(reference, f"{rewritten}+10^{{-30}}").outcome is Outcome.INCORRECT
    assert verify(reference, f"{number + 1}z+({other})({one})").outcome is Outcome.INCORRECT


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.fractions(max_denominator=10**6), st.integers(1, 12))
def test_a_fraction_is_answered_by_every_way_to_write_it_and_by_no_neighbour(
    value: object, factor: int
) -> None:
    over, under = value.numerator, value.denominator  # type: ignore[attr-defined]
    reference = rf"\frac{{{over}}}{{{under}}}"
    assert verify(reference, f"{over * factor}/{under * factor}").outcome is Outcome.CORRECT
    assert verify(reference, rf"-\dfrac{{{-over}}}{{{under}}}").outcome is Outcome.CORRECT
    assert verify(reference, f"{over + 1}/{under}").outcome is Outcome.INCORRECT
    assert verify(reference, f"{over * 10**7 + 1}/{under * 10**7}").outcome is Outcome.INCORRECT


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="0123456789xy+-*/^(){}[]\\,.=<>%$ |!'_&~fracsqrtpi", max_size=40))
def test_any_text_is_judged_and_is_never_another_numbers_answer(text: str) -> None:
    verdict = verify("123456789123456789", text)
    assert verdict.outcome is not Outcome.CORRECT


DETERMINISTIC = [
    (r"\sin^2 x+y", r"y+1-\cos^2 x"),
    (r"\{1,\sqrt{2},\sqrt{3}\}", r"\{\sqrt{3},1,\sqrt{2}\}"),
    ("x^2+y^2=4", "2x^2+2y^2=8"),
    ("(x+y)^{9}", "(x+y)^{9}+1"),
    ("a=1,b=2", "b=2,a=1"),
    ("5 m", "500 cm"),
]


def test_verdicts_are_the_same_in_every_process_and_after_any_history() -> None:
    program = (
        "import sys\n"
        "from assayoffice.verifiers.base import Effort, Submission\n"
        "from assayoffice.verifiers.numeric import NumericTask, NumericVerifier, Extraction\n"
        "verifier = NumericVerifier()\n"
        f"for reference, answer in {DETERMINISTIC!r}:\n"
        "    task = NumericTask(reference, extraction=Extraction.WHOLE)\n"
        "    print(verifier.verify(Submission(answer, task), Effort.QUICK))\n"
    )
    elsewhere = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = "".join(f"{verify(*pair)}\n" for pair in reversed(DETERMINISTIC[::-1]))
    assert elsewhere == {here}


def test_verdicts_do_not_depend_on_what_other_threads_do() -> None:
    alone = [verify(*pair) for pair in DETERMINISTIC]
    with ThreadPoolExecutor(16) as pool:
        for together in pool.map(lambda _: [verify(*pair) for pair in DETERMINISTIC], range(64)):
            assert together == alone


@pytest.mark.parametrize(
    ("reference", "bomb"),
    [
        ("5", "2e5000"),
        (r"5 \text{ m}^{9999999}", r"5 \text{ km}^{9999999}"),
        (r"\sqrt2", r"\tan(\sqrt{10^{4900}+1})"),
    ],
)
def test_what_hung_or_crashed_once_is_turned_away_quickly(reference: str, bomb: str) -> None:
    try:
        assert verify(reference, bomb).outcome is not Outcome.CORRECT
    except UnscorableReferenceError:
        pass


def test_approximation_that_is_far_off_is_a_hedge() -> None:
    assert verify("3", r"3 \approx 7").reason == "FALSE_STATEMENT"
