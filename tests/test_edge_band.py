"""Which problems are kept, and the figures that decide it."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from assayoffice.rl.edge.band import Band, Decision, Dropped, Kept, Reason, decide
from assayoffice.rl.edge.figures import consensus_of, disagreement, figures
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.results import Outcome

_SILENT = "."


def judged(answers: str, right: str = "r") -> JudgedProblem:
    """A problem whose samples give these answers, a letter each; ``.`` gives none."""
    said = dict.fromkeys(answers.replace(_SILENT, ""))
    classes = {letter: index for index, letter in enumerate(said)}
    return JudgedProblem(
        problem="p",
        domain="sums",
        outcomes=tuple(
            Outcome.NO_ANSWER
            if each == _SILENT
            else Outcome.CORRECT
            if each == right
            else Outcome.INCORRECT
            for each in answers
        ),
        classes=tuple(classes.get(each) for each in answers),
        answers=tuple(classes),
        tokens=tuple(range(1, len(answers) + 1)),
        cut_off=tuple(each == _SILENT for each in answers),
        greedy=None,
        hallmark="a" * 64,
        content="b" * 64,
    )


def verdict(decision: Decision) -> str:
    return "kept" if isinstance(decision, Kept) else decision.reason.value


class TestDecisions:
    @pytest.mark.parametrize(
        ("answers", "expected"),
        [
            ("rrrrrrrr", "solved"),
            ("rrrrrrra", "solved"),
            ("rrrrrraa", "kept"),
            ("rraaaaaa", "kept"),
            ("rrabcdef", "kept"),
            ("rr......", "kept"),
            ("raaaaaaa", "hopeless"),
            ("aaaaaaaa", "hopeless"),
            ("aabbccdd", "hopeless"),
            # Nobody answers: hopeless, as there is nothing to be inconsistent.
            ("........", "hopeless"),
            ("a.......", "hopeless"),
            ("abcdefgh", "inconsistent"),
            ("rabcdefg", "inconsistent"),
            ("ab......", "inconsistent"),
            # A right answer that nobody else gives is in the band, and yet no consensus.
            ("rabc", "inconsistent"),
            ("r...", "kept"),
            ("rraa", "kept"),
            ("rrrra", "kept"),
            ("raaaa", "kept"),
            ("rrrrrrrra", "solved"),
        ],
    )
    def test_default_band(self, answers: str, expected: str) -> None:
        assert verdict(decide(judged(answers), Band())) == expected

    def test_bounds_of_the_solve_rate_are_within_the_band(self) -> None:
        for samples in (5, 10, 15, 35):
            for share in (0.2, 0.8):
                right = round(samples * share)
                answers = "r" * right + "a" * (samples - right)
                assert verdict(decide(judged(answers), Band())) == "kept"

    @pytest.mark.parametrize(
        ("answers", "expected"), [("rrrrrraa", "solved"), ("rraaaaaa", "hopeless")]
    )
    def test_too_little_disagreement_is_solved_or_hopeless(
        self, answers: str, expected: str
    ) -> None:
        decision = decide(judged(answers), Band(min_disagreement=0.3))
        assert verdict(decision) == expected
        assert isinstance(decision, Dropped)
        assert decision.detail == "disagreement 0.27 is not above 0.3"

    def test_too_much_disagreement_is_inconsistent(self) -> None:
        assert verdict(decide(judged("rrabcdef"), Band(max_disagreement=0.9))) == "inconsistent"
        assert verdict(decide(judged("rrraabbc"), Band(max_disagreement=0.9))) == "kept"

    def test_detail_says_the_observed_rate(self) -> None:
        decision = decide(judged("rrrrrrra"), Band())
        assert isinstance(decision, Dropped)
        assert decision.detail == "7 of 8 are right, more than 0.8"
        assert decision.figures is not None
        assert decision.figures.correct == 7

    def test_every_decision_is_kept_or_has_one_reason(self) -> None:
        dice = random.Random(1)
        seen: Counter[str] = Counter()
        for _ in range(2000):
            answers = "".join(dice.choices("rab.", k=dice.randint(2, 9)))
            decision = decide(judged(answers), Band())
            rate = answers.count("r") / len(answers)
            if isinstance(decision, Kept):
                assert 0.2 <= rate <= 0.8
            elif decision.reason is Reason.SOLVED:
                assert rate > 0.8
            elif decision.reason is Reason.HOPELESS:
                assert rate < 0.2
            else:
                said = answers.replace(_SILENT, "")
                assert len(set(said)) == len(said) > 1
            seen[verdict(decision)] += 1
        assert set(seen) == {"kept", "solved", "hopeless", "inconsistent"}

    def test_sample_without_a_verdict_is_no_wrong_answer(self) -> None:
        whole = judged("rraa")
        for outcomes in ((*whole.outcomes[:3], None), ()):
            broken = JudgedProblem(
                **{name: getattr(whole, name) for name in JudgedProblem.__slots__}
                | {"outcomes": outcomes}
            )
            with pytest.raises(ValueError, match="problem p: not every sample has a verdict"):
                decide(broken, Band())


class TestBand:
    @pytest.mark.parametrize(
        "bounds",
        [
            {"min_solve_rate": 0.9},
            {"min_solve_rate": -0.1},
            {"max_solve_rate": 1.1},
            {"min_solve_rate": math.nan},
            {"min_disagreement": 1.0},
            {"min_disagreement": 0.5, "max_disagreement": 0.5},
            {"max_disagreement": 2.0},
        ],
    )
    def test_band_that_nothing_can_lie_in_is_refused(self, bounds: dict[str, float]) -> None:
        with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
            Band(**bounds)

    def test_reach_of_samples(self) -> None:
        assert not Band(0.3, 0.45).reachable(4)
        assert Band(0.3, 0.45).reachable(5)
        assert Band(0.5, 0.5).reachable(2)


class TestFigures:
    def test_of_a_problem(self) -> None:
        found = figures(judged("aarra.a"))
        assert (found.samples, found.correct, found.cut_off) == (7, 2, 1)
        assert found.solve_rate.value == 2 / 7
        # R's binom::binom.confint(2, 7, methods = "wilson").
        assert found.solve_rate.low == pytest.approx(0.0822, abs=1e-4)
        assert found.solve_rate.high == pytest.approx(0.6411, abs=1e-4)
        assert (found.plurality, found.plurality_is_right) == ("a", False)
        assert found.mean_tokens == 4.0
        consensus = found.consensus
        assert (consensus.answers, consensus.silent, consensus.tied) == (2, 1, False)
        assert consensus.agreement == 4 / 7

    def test_of_two_answers_as_frequent_the_first_is_taken(self) -> None:
        found = figures(judged("arra"))
        assert (found.plurality, found.plurality_is_right) == ("a", False)
        assert found.consensus.tied
        assert figures(judged("raar")).plurality_is_right

    def test_no_answer_at_all(self) -> None:
        found = figures(judged("..."))
        assert (found.plurality, found.plurality_is_right) == ("", False)
        assert found.consensus.agreement == 0.0
        assert found.consensus.plurality is None

    def test_disagreement_is_entropy_over_its_largest_value(self) -> None:
        dice = random.Random(2)
        for _ in range(200):
            drawn = [dice.randint(0, 5) for _ in range(dice.randint(2, 20))]
            assert consensus_of(drawn).disagreement == pytest.approx(_entropy(drawn))

    def test_ends_of_disagreement_are_exact(self) -> None:
        for samples in range(1, 70):
            assert disagreement([samples]) == 0.0
            if samples > 1:
                assert disagreement([1] * samples) == 1.0
                assert 0.0 < disagreement([samples, 1]) < 1.0 or samples == 1
        assert disagreement([]) == 0.0

    def test_silent_samples_agree_with_nobody(self) -> None:
        assert (
            consensus_of([0, 0, None, None]).disagreement == consensus_of([0, 0, 1, 2]).disagreement
        )
        assert consensus_of([None] * 4).disagreement == 1.0
        assert consensus_of([0, None]).agreement == 0.5


def _entropy(drawn: Sequence[int]) -> float:
    """By its definition, in bits, where the code computes it in another unit."""
    shares = [count / len(drawn) for count in Counter(drawn).values()]
    return sum(share * math.log2(1 / share) for share in shares) / math.log2(len(drawn))
