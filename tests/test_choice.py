"""Which option a response commits to."""

import pytest

from assayoffice.verifiers.base import Effort, InvalidTaskError, Outcome, Submission, Verdict
from assayoffice.verifiers.choice import ChoiceTask, ChoiceVerifier
from assayoffice.verifiers.extract import MAX_RESPONSE_CHARACTERS, Extraction

CITIES = ("Paris", "London", "The river Thames", "All of the above")


def judge(response: str, task: ChoiceTask) -> Verdict:
    return ChoiceVerifier().verify(Submission(response, task), Effort.QUICK)


def boxed(
    answer: str, reference: str, options: tuple[str, ...] = (), multiple: bool = False
) -> Verdict:
    return judge(f"So $\\boxed{{{answer}}}$.", ChoiceTask(reference, options, multiple))


@pytest.mark.parametrize(
    "answer",
    [
        *("B", "b", "(B)", "[B]", "B.", "B)", "**B**", "$B$", "Ｂ", "Ⓑ", "B\u200b", "B or B"),
        *(r"\text{B}", r"\textbf{(B)}", r"\mathrm{B}", r"\text{\textbf{B}}", "Option B"),
        *("choice (B)", "The answer is B", "B is correct", r"\text{The correct option is B}"),
    ],
)
def test_one_letter_is_an_answer_however_it_is_dressed(answer):
    for options in ((), CITIES):
        right = boxed(answer, "B", options)
        assert (right.outcome, right.score, right.reason) == (Outcome.CORRECT, 1.0, "EQUAL")
        assert (right.normalized_answer, right.method) == ("B", "letter")
        wrong = boxed(answer, "C", options)
        assert (wrong.outcome, wrong.score, wrong.reason) == (Outcome.INCORRECT, 0.0, "DIFFERENT")


@pytest.mark.parametrize(
    "answer", ["B) 42", "(B) 42", "B. 42", "B: 42", "B - 42", "B 42", "B (42)", r"\textbf{(B)}\ 42"]
)
def test_a_letter_may_come_with_its_text(answer):
    assert boxed(answer, "B").reason == "EQUAL"
    assert boxed(answer, "B").flags == ("TEXT_IGNORED",)
    known = boxed(answer, "B", ("41", "42"))
    assert (known.reason, known.method, known.flags) == ("EQUAL", "letter_and_text", ())
    assert boxed(answer, "B", ("42", "41")).reason == "CONTRADICTION"


@pytest.mark.parametrize(
    "answer",
    [
        *("A or B", "A, B, C, D", "A and B", "A/B", "either A or B", "(A) or (B)", "AB", "A B"),
        *(r"A \text{ or } B", "B) 42 or C) 43", "B) 42, C) 43", "B, not C", "B) A, C", "B - D"),
    ],
)
def test_naming_several_options_is_hedging(answer):
    for reference in "AB":
        verdict = boxed(answer, reference)
        assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "HEDGED")


def test_two_boxes_on_a_line_are_a_hedge_and_a_corrected_box_is_not():
    assert judge(r"\boxed{B} or \boxed{C}", ChoiceTask("B")).reason == "HEDGED"
    assert judge("\\boxed{C}. No!\n\nSo \\boxed{B}", ChoiceTask("B")).reason == "EQUAL"


@pytest.mark.parametrize(
    "answer",
    ["42", "not B", "B?", "A-D", r"\text{the correct answer}", r"\text{All of the above}", "B\x00"],
)
def test_what_names_no_option_is_no_answer(answer):
    verdict = boxed(answer, "B")
    assert (verdict.outcome, verdict.score) == (Outcome.NO_ANSWER, 0.0)
    assert verdict.reason == "UNREADABLE"


def test_no_committed_answer_is_told_from_an_unreadable_one():
    verdict = judge("London, B, whatever.", ChoiceTask("B"))
    assert (verdict.outcome, verdict.reason) == (Outcome.NO_ANSWER, "NO_COMMITTED_ANSWER")
    verdict = judge("The answer is B.", ChoiceTask("B", extraction=Extraction.BOXED))
    assert verdict.reason == "NO_COMMITTED_ANSWER"


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("London", "B"),
        (r"\text{london.}", "B"),
        ("“London”", "B"),
        ("river Thames", "C"),
        ("all of the above", "D"),
    ],
)
def test_the_text_of_an_option_stands_for_its_letter(answer, letter):
    verdict = boxed(answer, letter, CITIES)
    assert (verdict.reason, verdict.normalized_answer, verdict.method) == ("EQUAL", letter, "text")
    assert boxed(answer, "A", CITIES).reason == "DIFFERENT"


@pytest.mark.parametrize("answer", ["Thames", "Londo", "London or so", "Paris, London"])
def test_a_text_must_be_that_of_an_option(answer):
    assert boxed(answer, "B", CITIES).reason == "UNREADABLE"


def test_signs_and_case_that_tell_options_apart_are_kept():
    signs = ("$5$", "$-5$", "$5!$")
    assert boxed("-5", "B", signs).reason == "EQUAL"
    assert boxed("5", "B", signs).reason == "DIFFERENT"
    assert boxed("5!", "C", signs).reason == "EQUAL"
    cases = ("pa", "Pa")
    assert boxed("Pa", "B", cases).reason == "EQUAL"
    assert boxed("pa", "B", cases).reason == "DIFFERENT"
    assert boxed("PA", "B", cases).reason == "HEDGED"
    assert boxed("PA", "AB", cases, multiple=True).reason == "HEDGED"
    decimals = ("0.333", "0.333...")
    assert boxed("0.333...", "B", decimals).reason == "EQUAL"
    powers = ("x²", "x2")
    assert boxed("x2", "A", powers).reason == "DIFFERENT"


def test_a_letter_is_a_letter_before_it_is_a_text():
    swapped = ("B", "A", "AC")
    assert boxed("A", "A", swapped).reason == "EQUAL"
    assert boxed("AC", "C", swapped).reason == "EQUAL"
    assert boxed("e", "B", ("a", "e")).reason == "EQUAL"


def test_options_may_carry_their_own_labels():
    labelled = ("A) Paris", "B) London")
    assert boxed("London", "B", labelled).reason == "EQUAL"
    assert boxed("B) London", "B", labelled).reason == "EQUAL"
    assert boxed("A) London", "A", labelled).reason == "CONTRADICTION"


@pytest.mark.parametrize("text", ["Both A and B", "None of A, B and C", "Neither A nor B"])
def test_a_text_about_other_options_does_not_name_them(text):
    assert boxed(f"D) {text}", "D").reason == "EQUAL"
    assert boxed(text, "D", ("x", "y", "z", text)).reason == "EQUAL"


def test_letter_and_text_must_not_disagree():
    verdict = boxed("B) Paris", "B", CITIES)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "CONTRADICTION")
    # A text that is no option's contradicts nothing: it is usually another way of writing.
    assert boxed("B) Greater London", "B", CITIES).flags == ("TEXT_IGNORED",)


def test_a_letter_beyond_the_options_is_a_wrong_answer_not_a_missing_one():
    verdict = boxed("E", "B", CITIES)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "BEYOND_OPTIONS")


@pytest.mark.parametrize(
    "answer",
    [
        "AC",
        "A, C",
        "C and A",
        "Both A and C",
        "(A), (C)",
        "A; C",
        "A) Paris and C) the river Thames",
    ],
)
def test_a_set_is_right_when_it_is_the_whole_set(answer):
    assert boxed(answer, "CA", CITIES, multiple=True).reason == "EQUAL"
    assert boxed(answer, "A", CITIES, multiple=True).reason == "DIFFERENT"
    assert boxed(answer, "ACD", CITIES, multiple=True).reason == "DIFFERENT"


@pytest.mark.parametrize("answer", ["A or C", "A/C", "A) Paris or C) the river Thames"])
def test_a_set_cannot_be_left_open(answer):
    assert boxed(answer, "AC", CITIES, multiple=True).reason == "HEDGED"


@pytest.mark.parametrize(
    ("task", "field"),
    [
        (ChoiceTask(""), "reference"),
        (ChoiceTask("1"), "reference"),
        (ChoiceTask("Б"), "reference"),
        (ChoiceTask("AB"), "reference"),
        (ChoiceTask("E", CITIES), "reference"),
        (ChoiceTask("AE", CITIES, multiple=True), "reference"),
        (ChoiceTask("A", ("5", "$5$")), "options"),
        (ChoiceTask("A", tuple(str(n) for n in range(27))), "options"),
    ],
)
def test_a_task_that_contradicts_itself_is_our_error_and_names_the_field(task, field):
    with pytest.raises(InvalidTaskError) as caught:
        judge(r"\boxed{A}", task)
    assert caught.value.field == field


def test_a_response_beyond_the_caps_is_a_fact_about_the_response():
    verdict = judge("x" * (MAX_RESPONSE_CHARACTERS + 1), ChoiceTask("B"))
    assert (verdict.outcome, verdict.reason) == (Outcome.LIMIT_EXCEEDED, "RESPONSE_LENGTH")


@pytest.mark.parametrize(
    "fragment",
    [
        *("A) ", "A, ", "A or ", "B or C) ", r"\text{", "{", "}", "(", "“", " ", "~", "$", "the "),
        *("option ", "B is correct ", " only", "A - ", "and ", "\u200b", "\x00", "AB"),
    ],
)
def test_long_answers_are_read_in_steps_that_grow_with_the_length(fragment):
    task = ChoiceTask("B", CITIES, extraction=Extraction.WHOLE)
    for before in ("", "B) ", "B "):
        judge(before + fragment * (19_000 // len(fragment)), task)
