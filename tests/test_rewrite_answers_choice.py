"""Right and wrong answers to multiple-choice questions."""

from dataclasses import replace

import pytest

from assayoffice.verifiers.base import Effort, InvalidTaskError, Outcome, Submission
from assayoffice.verifiers.choice import ChoiceTask, ChoiceVerifier
from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.rewrites.choice_trials import shown_letters, trials
from assayoffice.verifiers.rewrites.trials import Part, Trial

CITIES = ("Paris", "London", "The river Thames", "All of the above")
NUMBERS = "Which is prime?\nA) 1\nB) 2\nC) 4"


def judged(trial: Trial, task: ChoiceTask) -> bool:
    verdict = ChoiceVerifier().verify(Submission(trial.response, task), Effort.QUICK)
    return verdict.outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        (ChoiceTask("B", CITIES), ""),
        (ChoiceTask("B"), NUMBERS),
        (ChoiceTask("h"), ""),
        (ChoiceTask("AC", CITIES, multiple=True), ""),
        (ChoiceTask("B", CITIES, multiple=True), ""),
        (ChoiceTask("AC", multiple=True, extraction=Extraction.WHOLE), ""),
        (ChoiceTask("B", ("41", "42", "forty-two", "$6^2 + 6$")), ""),
        (ChoiceTask("C", ("A and B", "B", "AC", "None")), ""),
        (ChoiceTask("A", ("yes", "Yes!")), ""),
        (ChoiceTask("B", CITIES, extraction=Extraction.BOXED, reasoning_end="<end>"), ""),
    ],
)
def test_the_verifier_tells_right_from_wrong(task, problem):
    made = trials(task, problem, ())
    assert [each for each in made if judged(each, task) is not each.accepted] == []
    assert sum(each.part is Part.RENDERING for each in made) >= 5
    assert sum(each.part is Part.MUTANT for each in made) >= 4


def test_all_options_that_are_shown_and_no_others_are_wrong():
    wrong = [each.text for each in trials(ChoiceTask("B"), NUMBERS, ()) if not each.accepted]
    assert wrong == ["A", "C", "B or A", "B, A", "B or C", "B, C"]
    unknown = {each.text for each in trials(ChoiceTask("B"), "Which?", ()) if not each.accepted}
    assert {"A", "C", "D", "E"} <= unknown


def test_an_option_stands_for_its_letter():
    made = {each.text: each for each in trials(ChoiceTask("B", CITIES), "", ())}
    assert made["London"].accepted and made["B) London"].accepted
    assert not made["Paris"].accepted
    assert made["B) Paris"].label == "contradiction" and not made["B) Paris"].accepted


def test_another_set_of_options_is_wrong_whatever_it_has_in_common():
    made = trials(ChoiceTask("AC", CITIES, multiple=True), "", ())
    labels = {each.label: each.text for each in made if not each.accepted}
    assert labels["subset"] == "A" and labels["superset"] == "A, C, D"
    assert labels["complement"] == "B, D"
    assert {"AC", "A, C", "C, A"} <= {each.text for each in made if each.accepted}


def test_judges_that_are_too_generous_are_found_out():
    task = ChoiceTask("B", CITIES)
    made = trials(task, "", ())

    def fake_that_takes_the_first_letter(trial: Trial) -> bool:
        boxed = trial.response.partition("{")[2].partition("}")[0]
        return judged(replace(trial, response=f"\\boxed{{{boxed[:1]}}}"), task)

    survivors = {
        each.label for each in made if not each.accepted and fake_that_takes_the_first_letter(each)
    }
    assert survivors == {"hedged", "contradiction"}


def test_known_wrong_answers_are_tried_even_if_they_look_right():
    made = trials(ChoiceTask("B"), "", ("B", "A"))
    assert [(each.text, each.accepted) for each in made if each.part is Part.WRONG_ANSWER] == [
        ("B", False),
        ("A", False),
    ]


@pytest.mark.parametrize(
    "task", [ChoiceTask("E", ("1", "2")), ChoiceTask("AB"), ChoiceTask("3"), ChoiceTask("")]
)
def test_tasks_that_contradict_themselves_are_the_verifiers_to_refuse(task):
    with pytest.raises(InvalidTaskError):
        trials(task, "", ())


@pytest.mark.parametrize(
    ("problem", "letters"),
    [
        (NUMBERS, "ABC"),
        ("(A) 1 (B) 2 (C) 3 (D) 4", "ABCD"),
        (r"$\textbf{(A)}\ 1\qquad\textbf{(B)}\ 2$", "AB"),
        ("A. one\nB. two", "AB"),
        ("Let A. be a set. B) is not an option without A.", ""),
        ("Angle A) is right", ""),
    ],
)
def test_options_are_recognised_by_their_labels(problem, letters):
    assert shown_letters(problem) == letters
