"""Intervals agree with closed forms and published tables."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assayoffice.rl.statistics.intervals import (
    Tally,
    accuracy,
    mean,
    paired_difference,
    wilson,
)
from assayoffice.rl.statistics.student import student_quantile

Z = 1.959963984540054


class TestWilson:
    def test_published_example(self):
        # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263.
        found = wilson(81, 263)
        assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)

    def test_ends_solve_the_equation_they_come_from(self):
        found = wilson(7, 20)
        for end in (found.low, found.high):
            assert abs(0.35 - end) == pytest.approx(Z * math.sqrt(end * (1 - end) / 20))

    def test_agreement_of_all_is_no_certainty(self):
        assert wilson(0, 10).low == 0 and wilson(0, 10).high == pytest.approx(0.2775, abs=1e-4)
        assert wilson(10, 10).high == 1 and wilson(10, 10).low == pytest.approx(0.7225, abs=1e-4)

    @given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_interval_is_around_the_share_and_within_0_and_1(self, counts):
        found = wilson(*counts)
        assert 0 <= found.low <= found.value <= found.high <= 1


class TestAccuracy:
    def test_samples_that_repeat_each_other_count_once(self):
        # 100 problems whose 8 samples all agree are no more than 100 trials.
        copies = [Tally(8, 8)] * 50 + [Tally(0, 8)] * 50
        single = [Tally(1, 1)] * 50 + [Tally(0, 1)] * 50
        assert accuracy(copies) == accuracy(single)
        assert accuracy(copies).low == pytest.approx(wilson(49.5, 99).low)

    def test_one_sample_per_problem_is_wilson_but_for_one_trial(self):
        problems = [Tally(1, 1)] * 30 + [Tally(0, 1)] * 70
        expected = wilson(0.3 * 99, 99)
        assert accuracy(problems).low == pytest.approx(expected.low)
        assert accuracy(problems).high == pytest.approx(expected.high)

    def test_variance_is_that_of_the_means_of_problems(self):
        # With equal numbers of samples: variance of the problems' shares over their number.
        shares = [0.25, 0.5, 0.5, 1.0]
        middle = sum(shares) / 4
        variance = sum((each - middle) ** 2 for each in shares) / 3 / 4
        trials = middle * (1 - middle) / variance
        found = accuracy([Tally(round(4 * each), 4) for each in shares])
        assert found.value == pytest.approx(middle)
        assert found.low == pytest.approx(wilson(middle * trials, trials).low)

    def test_problems_that_agree_too_well_are_no_more_trials_than_samples(self):
        assert accuracy([Tally(1, 2), Tally(1, 2), Tally(1, 2), Tally(2, 2)]).low >= (
            wilson(5, 8).low
        )
        assert accuracy([Tally(2, 4)] * 20) == wilson(10, 20)

    def test_problem_without_a_verdict_does_not_count(self):
        assert accuracy([Tally(1, 2), Tally(0, 0), Tally(2, 2)]) == accuracy(
            [Tally(1, 2), Tally(2, 2)]
        )
        with pytest.raises(ValueError):
            accuracy([Tally(0, 0)])

    def test_interval_covers_the_truth_as_often_as_it_says(self):
        draw = random.Random(7)
        covered = 0
        for _ in range(400):
            difficulty = [draw.betavariate(1, 2) for _ in range(60)]  # mean 1/3
            problems = [
                Tally(sum(draw.random() < each for _ in range(8)), 8) for each in difficulty
            ]
            found = accuracy(problems)
            covered += found.low <= 1 / 3 <= found.high
        assert 0.92 <= covered / 400 <= 0.98


class TestMeans:
    @pytest.mark.parametrize(
        ("freedom", "table"), [(1, 12.706), (2, 4.303), (9, 2.262), (29, 2.045), (199, 1.972)]
    )
    def test_student_agrees_with_the_tables(self, freedom, table):
        assert student_quantile(freedom) == pytest.approx(table, abs=6e-4)

    def test_mean_of_three_seeds(self):
        found = mean([0.1, 0.2, 0.3])
        assert found.value == pytest.approx(0.2)
        assert found.high - found.value == pytest.approx(4.3027 * 0.1 / math.sqrt(3), abs=1e-4)

    def test_difference_is_paired(self):
        before = [0.1, 0.5, 0.9, 0.3]
        found = paired_difference(before, [each + 0.05 for each in before])
        # Every problem gained the same: how different they are does not matter.
        assert found.value == pytest.approx(0.05)
        assert found.high - found.low == pytest.approx(0, abs=1e-9)

    def test_different_problems_cannot_be_paired(self):
        with pytest.raises(ValueError):
            paired_difference([0.1, 0.2], [0.1, 0.2, 0.3])
