"""Which responses give the same answer, as the real verifiers see it."""

import itertools
import random

import pytest

from assayoffice.verifiers import equivalence
from assayoffice.verifiers.base import (
    Effort,
    InvalidTaskError,
    NeedsFullEffort,
    Outcome,
    Submission,
    UnscorableReferenceError,
    Verdict,
)
from assayoffice.verifiers.choice import ChoiceTask, ChoiceVerifier
from assayoffice.verifiers.equivalence import Comparison, compare
from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.numeric.task import Match, NumericTask, Units
from assayoffice.verifiers.numeric.verifier import NumericVerifier

NUMERIC = NumericVerifier()
CHOICE = ChoiceVerifier()
OPTIONS = ("red", "blue", "green")


def boxed(*answers: str) -> list[str]:
    return [rf"So it is \boxed{{{answer}}}." for answer in answers]


def numeric(reference: str, *answers: str, prompt: str = "", **options) -> Comparison:
    return compare(NumericTask(reference, **options), boxed(*answers), prompt, NUMERIC)


def choice(reference: str, *answers: str, **options) -> Comparison:
    return compare(ChoiceTask(reference, OPTIONS, **options), boxed(*answers), "", CHOICE)


def places(found: Comparison) -> list[tuple[int, ...]]:
    return [each.responses for each in found.groups]


class TestWithoutReference:
    @pytest.mark.parametrize(
        "answers",
        [
            ("1/2", "0.5", r"\frac12", r"50\%", ".50"),
            ("(1, 2)", "(1,2)", r"\left(1, \frac{4}{2}\right)"),
            (r"\{1, 2\}", r"\{2, 1\}", r"\{2, 1, 1\}"),
            ("1, 2", "2, 1"),
            ("x^2+2x+1", "(x+1)^2"),
            (r"5\text{ m}", r"500\text{ cm}"),
            ("x = 3", "3"),
            (r"\text{red}", "red"),
            ("[1, 2)", r"1 \le x < 2"),
        ],
    )
    def test_same_answers_are_one_group_in_every_order(self, answers):
        for ordered in itertools.islice(itertools.permutations(answers), 6):
            assert places(numeric("", *ordered)) == [tuple(range(len(answers)))]

    @pytest.mark.parametrize(
        "answers",
        [
            ("1/2", "1/3", "2"),
            ("(1, 2)", "(2, 1)"),  # a tuple has an order
            ("0.5", "50"),
            (r"\pi", "3.14"),  # does not answer a question for pi
            ("4", "2+2"),  # leaves the sum to the reader
            ("1", "1, 2"),
            ("5 cm", "5 m"),
            ("[1, 2]", "[1, 2)"),
            ("1/0", "2/0", "3"),
        ],
    )
    def test_different_answers_are_different_groups_in_every_order(self, answers):
        for ordered in itertools.permutations(answers):
            assert places(numeric("", *ordered)) == [(place,) for place in range(len(answers))]

    def test_what_is_alike_by_forgiveness_joins_the_first_it_is_like(self):
        assert places(numeric("", r"50\%", "50", "0.5")) == [(0, 1, 2)]
        assert places(numeric("", "50", "0.5", r"50\%")) == [(0, 2), (1,)]

    def test_rules_of_the_task_hold_between_answers(self):
        answers = ("10", "10.05", "11")
        assert places(numeric("", *answers)) == [(0,), (1,), (2,)]
        found = numeric("", *answers, match=Match.RELATIVE, tolerance=0.01)
        assert places(found) == [(0, 1), (2,)]
        assert places(numeric("", "5 cm", "5")) == [(0, 1)]
        assert places(numeric("", "5 cm", "5", units=Units.REQUIRED)) == [(0,), (1,)]

    def test_nothing_is_right_or_wrong(self):
        found = numeric("", "1", "2", "there is no reference")
        assert [each.outcome for each in found.groups] == [None, None, None]
        assert [each.outcome for each in choice("", "A", "B").groups] == [None, None]

    def test_what_cannot_be_read_is_no_answer(self):
        found = numeric("", "][", "3", "9" * 15_000)
        outcomes = [each.outcome for each in found.groups]
        assert outcomes == [Outcome.NO_ANSWER, None, Outcome.LIMIT_EXCEEDED]

    def test_options_are_named_by_letter_or_text(self):
        found = choice("", "B", r"\text{blue}", "B) blue", "(C)", "green", "A or B", "B or A", "Z")
        assert places(found) == [(0, 1, 2), (3, 4), (5, 6), (7,)]

    def test_letter_with_the_text_of_another_option_is_no_vote_for_it(self):
        assert places(choice("", "B", "B) red")) == [(0,), (1,)]

    def test_sets_of_options_are_answers_where_several_may_be_right(self):
        found = choice("", "A, C", "CA", "A or C", "A", multiple=True)
        assert places(found) == [(0, 1), (2,), (3,)]

    @pytest.mark.parametrize(
        "task",
        [NumericTask("", match=Match.RELATIVE), ChoiceTask("", ("one", "one"))],
        ids=["numeric", "choice"],
    )
    @pytest.mark.parametrize("responses", [[], boxed("1"), ["none"]])
    def test_task_that_contradicts_itself_is_said_to(self, task, responses):
        verifier = NUMERIC if isinstance(task, NumericTask) else CHOICE
        with pytest.raises(InvalidTaskError):
            compare(task, responses, "", verifier)


class TestWithReference:
    def test_all_that_is_right_is_one_group(self):
        found = numeric("1/2", "3", "0.5", "3.0", r"50\%", "2/4")
        assert [(each.responses, each.outcome) for each in found.groups] == [
            ((0, 2), Outcome.INCORRECT),
            ((1, 3, 4), Outcome.CORRECT),
        ]

    @pytest.mark.parametrize(
        ("reference", "prompt"),
        [("1/2", ""), ("12", ""), (r"\pi", ""), ("120", r"What is $\binom{10}{3}$?")],
    )
    def test_outcome_of_a_group_is_the_verdict_on_each_of_it(self, reference, prompt):
        pool = ["1/2", "0.5", r"50\%", "12", "12.0", "2*6", r"\pi", "3.14", "][", r"\binom{10}{3}"]
        rng = random.Random(7)
        answers = [rng.choice([*pool, "120", "9" * 15_000]) for _ in range(60)]
        found = numeric(reference, *answers, prompt=prompt)
        for group in found.groups:
            for place in group.responses:
                submission = Submission(boxed(answers[place])[0], NumericTask(reference), prompt)
                assert NUMERIC.verify(submission, Effort.QUICK).outcome is group.outcome

    @pytest.mark.parametrize("responses", [[], ["none"], boxed("1")])
    def test_reference_that_cannot_be_read_is_said_even_if_nothing_is_judged_by_it(self, responses):
        with pytest.raises(UnscorableReferenceError):
            compare(NumericTask("]["), responses, "", NUMERIC)

    def test_response_too_long_to_be_searched_is_neither_silent_nor_an_answer(self):
        found = compare(NumericTask("1"), ["x" * 1_000_001, *boxed("1"), ""], "", NUMERIC)
        assert (found.oversize, places(found), found.silent) == ((0,), [(1,)], (2,))

    def test_wrong_options_are_told_apart(self):
        found = choice("A", "B", "blue", "C", "A or B", "A")
        assert places(found) == [(0, 1), (2,), (3,), (4,)]


@pytest.mark.parametrize("reference", ["", "3"])
def test_each_response_is_in_one_place(reference):
    pool = ["3", "3.0", r"300\%", "300", "x+1", "1+x", "][", "", r"\{3\}", "9" * 15_000, "1/0"]
    rng = random.Random(11)
    for _ in range(20):
        found = numeric(reference, *(rng.choice(pool) for _ in range(12)))
        everywhere = [*found.silent, *found.oversize, *itertools.chain(*places(found))]
        assert sorted(everywhere) == list(range(12))
        assert all(list(each) == sorted(each) for each in places(found))
        firsts = [each[0] for each in places(found)]
        assert firsts == sorted(firsts)


def test_equal_answers_are_judged_once(monkeypatch):
    verified = 0
    real = NumericVerifier.verify

    def verify(self, submission, effort):
        nonlocal verified
        verified += 1
        return real(self, submission, effort)

    monkeypatch.setattr(NumericVerifier, "verify", verify)
    numeric("", *["7"] * 500)
    assert verified == 1


def test_different_answers_are_compared_only_so_often(monkeypatch):
    verified = 0
    real = NumericVerifier.verify

    def verify(self, submission, effort):
        nonlocal verified
        verified += 1
        return real(self, submission, effort)

    monkeypatch.setattr(NumericVerifier, "verify", verify)
    found = numeric("", *(f"{n}" for n in range(1024)), *(f"{n}.0" for n in range(3)), "+5")
    assert verified <= 1024 + 4 + equivalence.MAX_COMPARISONS
    # The last few are no longer compared, but 0.0 was among the first to be met.
    assert len(found.groups) >= 1024


class FakeSymbolic:
    """Knows equal texts, and needs its full effort for all others."""

    name = "numeric"

    def verify(self, submission, effort):
        assert effort is Effort.QUICK
        text = submission.response.rpartition("boxed{")[2].rstrip("}.")
        if submission.task.reference in (text, equivalence.NO_REFERENCE["numeric"]):
            return Verdict(Outcome.CORRECT, 1.0, "EQUAL")
        raise NeedsFullEffort


class TestPending:
    def test_what_is_not_quickly_found_out_is_handed_on(self):
        found = compare(NumericTask(""), boxed("1", "2"), "", FakeSymbolic())
        assert [each.outcome for each in found.groups] == [None, None]
        [pair] = found.pairs
        assert (pair.first, pair.second, pair.response) == (0, 1, "2")
        assert (pair.task.reference, pair.task.extraction) == ("1", Extraction.WHOLE)

    def test_there_are_only_so_many(self):
        found = compare(NumericTask(""), boxed(*map(str, range(100))), "", FakeSymbolic())
        assert len(found.pairs) == equivalence.MAX_PENDING_PAIRS
