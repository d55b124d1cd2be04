"""Independent solutions, grouped by what they answer as the real verifiers see it."""

import pytest

from assayoffice.verifiers import equivalence
from assayoffice.verifiers.base import Effort, NeedsFullEffort, Outcome, SandboxFailedError, Verdict
from assayoffice.verifiers.choice import ChoiceTask, ChoiceVerifier
from assayoffice.verifiers.numeric.task import Match, NumericTask
from assayoffice.verifiers.numeric.verifier import NumericVerifier
from assayoffice.verifiers.rewrites.rewrite import Rewrite
from assayoffice.verifiers.rewrites.solutions import Comparison, compare, unjudged


def boxed(*answers: str) -> tuple[str, ...]:
    return tuple(rf"So it is \boxed{{{answer}}}." for answer in answers)


def numeric(reference: str, *responses: str, problem: str = "What is it?", **options) -> Comparison:
    task = NumericTask(reference, **options)
    return compare(Rewrite("numeric", task, problem, responses), NumericVerifier())


def counted(comparison: Comparison) -> list[tuple[str, int, bool | None]]:
    return [(group.text, group.count, group.accepted) for group in comparison.groups]


class TestNumeric:
    def test_one_half_is_one_answer_however_written(self):
        found = numeric("2", *boxed("1/2", "0.5", r"\frac{1}{2}", r"50\%", "2", "2.0", "3"))
        assert counted(found) == [("1/2", 4, False), ("2", 2, True), ("3", 1, False)]
        assert [group.first for group in found.groups] == [0, 4, 6]

    def test_right_answers_are_one_group_by_the_rules_of_the_task(self):
        found = numeric(
            "3.14159", *boxed("3.14", r"\pi", "22/7", "3.2"), match=Match.RELATIVE, tolerance=0.01
        )
        assert counted(found) == [("3.14", 3, True), ("3.2", 1, False)]

    def test_who_gives_no_answer_has_no_vote(self):
        found = numeric("7", "I do not know.", "", *boxed("8"))
        assert (found.silent, counted(found)) == (2, [("8", 1, False)])

    def test_unreadable_answers_are_told_apart_by_their_texts(self):
        found = numeric("7", *boxed("][", "][", "]["), *boxed("[]["))
        assert counted(found) == [("][", 3, False), ("[][", 1, False)]

    def test_repeating_an_expression_of_the_problem_is_no_agreement(self):
        """As in training, where it is no answer either."""
        problem = r"What is $\binom{10}{3}$?"
        found = numeric("120", *boxed(r"\binom{10}{3}", "120"), problem=problem)
        assert counted(found) == [(r"\binom{10}{3}", 1, False), ("120", 1, True)]

    def test_many_different_answers_are_compared_only_so_often(self, monkeypatch):
        verified = 0
        real = NumericVerifier.verify

        def verify(self, submission, effort):
            nonlocal verified
            verified += 1
            return real(self, submission, effort)

        monkeypatch.setattr(NumericVerifier, "verify", verify)
        found = numeric("-1", *boxed(*(f"{n}" for n in range(256))))
        assert len(found.groups) == 256
        assert verified <= 256 + equivalence.MAX_COMPARISONS


class FakeSlow:
    """Needs its full effort for whatever is not what it is compared with, letter by letter."""

    name = "numeric"

    def verify(self, submission, effort):
        assert effort is Effort.QUICK
        if submission.response.endswith(rf"\boxed{{{submission.task.reference}}}."):
            return Verdict(Outcome.CORRECT, 1.0, "EQUAL")
        raise NeedsFullEffort


class TestPending:
    def test_what_is_not_quickly_found_out_is_handed_on(self):
        rewrite = Rewrite("numeric", NumericTask("1"), "Which?", boxed("1", "2", "3"))
        found = compare(rewrite, FakeSlow())
        assert counted(found) == [("1", 1, True), ("2", 1, None), ("3", 1, None)]
        [pair] = found.pairs
        assert (pair.first, pair.second, pair.response, pair.task.reference) == (1, 2, "3", "2")

    def test_trouble_of_the_verifier_is_no_difference_between_answers(self):
        class FakeTroubled(FakeSlow):
            def verify(self, submission, effort):
                if submission.task.reference != "1":
                    raise SandboxFailedError("lost")
                return super().verify(submission, effort)

        rewrite = Rewrite("numeric", NumericTask("1"), "Which?", boxed("2", "3"))
        with pytest.raises(SandboxFailedError):
            compare(rewrite, FakeTroubled())

    def test_there_are_only_so_many_pairs(self):
        rewrite = Rewrite("numeric", NumericTask("x"), "", boxed(*(f"{n}" for n in range(100))))
        assert len(compare(rewrite, FakeSlow()).pairs) == equivalence.MAX_PENDING_PAIRS


def test_letters_of_options_are_one_answer_with_their_texts():
    task = ChoiceTask("A", ("one", "two", "three"))
    responses = boxed("B", r"\text{B) two}", r"\text{two}", "(A)", r"\text{A or C}")
    found = compare(Rewrite("choice", task, "Which?", responses), ChoiceVerifier())
    assert [group.count for group in found.groups] == [3, 1, 1]
    assert [group.accepted for group in found.groups] == [False, True, False]


def test_what_only_a_verdict_can_tell_is_grouped_by_its_text():
    found = unjudged(("a", "b", "a"))
    assert not found.by_answer
    assert counted(found) == [("a", 2, None), ("b", 1, None)]
    assert [group.first for group in found.groups] == [0, 1]


@pytest.mark.parametrize("answer", ["", "13"])
def test_no_solutions_are_no_groups(answer):
    assert compare(Rewrite("numeric", NumericTask("13"), answer), NumericVerifier()).groups == ()
