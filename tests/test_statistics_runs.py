"""How far evaluations are from themselves."""

import math
import random
from statistics import fmean, pstdev, stdev, variance
from typing import Any

import pytest

from assayoffice.rl.statistics.intervals import mean_share, wilson
from assayoffice.rl.statistics.passing import pass_at_k
from assayoffice.rl.statistics.runs import draws_for, error_over_runs, luck
from assayoffice.rl.statistics.runs import runs_of as _runs_of

# Whoever asserts on a figure knows that there is one.
runs_of: Any = _runs_of


def drawn(chance: random.Random, rates, runs: int) -> list[list[bool]]:
    return [[chance.random() < each for _ in range(runs)] for each in rates]


class TestRuns:
    def test_run_r_is_the_rth_sample_of_each_problem(self):
        runs = runs_of([[True, False, True], [True, False, False], [False, True, False]])
        assert runs.accuracies == pytest.approx((2 / 3, 1 / 3, 1 / 3))
        assert runs.mean == pytest.approx(4 / 9)
        assert runs.sd == pytest.approx(stdev(runs.accuracies))

    def test_only_runs_that_every_problem_has_count(self):
        assert runs_of([[True, True, False], [True]]).accuracies == (1.0,)
        assert runs_of([[True], []]) is None
        assert runs_of([]) is None

    def test_one_run_says_nothing_about_others(self):
        runs = runs_of([[True], [False]])
        assert (runs.sd, runs.expected_sd, runs.repeatability(1)) == (None, None, None)

    def test_the_expected_deviation_is_what_runs_have(self):
        chance = random.Random(4)
        runs = runs_of(drawn(chance, [chance.random() for _ in range(50)], 400))
        assert runs.expected_sd == pytest.approx(runs.sd, rel=0.1)

    def test_all_right_repeats_itself(self):
        runs = runs_of([[True] * 5] * 3)
        assert (runs.sd, runs.repeatability(5)) == (0, 0)

    def test_two_evaluations_differ_by_no_more_than_is_said_19_times_of_20(self):
        chance = random.Random(0)
        rates = [chance.random() for _ in range(30)]
        within, said = 0, []
        for _ in range(600):
            one, other = runs_of(drawn(chance, rates, 5)), runs_of(drawn(chance, rates, 5))
            said.append(one.repeatability(5))
            within += abs(one.mean - other.mean) <= said[-1] + 1e-12
        assert 0.925 < within / 600 < 0.975
        # Which the deviation of five runs would tell ten times less surely.
        assert pstdev(said) < 0.1 * fmean(said)

    def test_a_single_run_spreads_more_than_the_mean_of_several(self):
        runs = runs_of(drawn(random.Random(1), [0.5] * 30, 4))
        assert runs.repeatability(1) == pytest.approx(2 * runs.repeatability(4))


def error(problems, value, seed: int) -> float | None:
    draws = draws_for(len(problems))
    return error_over_runs(
        [luck(each, value, draws=draws, seed=f"{seed} {n}") for n, each in enumerate(problems)]
    )


class TestErrorOverRuns:
    def test_of_shares_it_is_the_closed_form(self):
        problems = drawn(random.Random(0), [0.1, 0.3, 0.5, 0.9] * 50, 6)
        expected = math.sqrt(sum(variance(map(float, each)) / 6 for each in problems)) / 200
        found = error(problems, fmean, seed=1)
        assert found == pytest.approx(expected, rel=0.05)
        assert found == error(problems, fmean, seed=1) != error(problems, fmean, seed=2)

    def test_of_pass_at_k_it_is_what_other_luck_would_give(self):
        chance = random.Random(5)
        rates = [chance.random() for _ in range(100)]

        def value(samples) -> float:
            return pass_at_k(len(samples), sum(samples), 2) or 0.0

        repeated = [fmean(map(value, drawn(chance, rates, 10))) for _ in range(300)]
        found = fmean(error(drawn(chance, rates, 10), value, seed=each) for each in range(10))
        assert found == pytest.approx(pstdev(repeated), rel=0.15)

    def test_all_right_has_no_error_and_one_sample_none_that_is_known(self):
        assert error([[True] * 4] * 3, fmean, seed=0) == 0
        assert error([[True] * 4, [True]], fmean, seed=0) is None
        assert error([], fmean, seed=0) is None


class TestMeanShare:
    def test_covers_the_truth_as_often_as_it_says(self):
        # Problems are drawn, then samples of each; what is estimated is the mean of all problems.
        chance = random.Random(2)
        truth = fmean(1 - (1 - (each + 0.5) / 1000) ** 3 for each in range(1000))
        covered = 0
        for _ in range(600):
            rates = [chance.random() for _ in range(40)]
            values = [pass_at_k(6, sum(each), 3) for each in drawn(chance, rates, 6)]
            found = mean_share(values, 240)
            covered += found.low <= truth <= found.high
        assert 0.93 < covered / 600 < 0.98

    def test_agreement_of_all_is_no_certainty(self):
        assert mean_share([1.0] * 10, 80) == wilson(10, 10)
        assert mean_share([0.0] * 10, 80) == wilson(0, 10)
        assert mean_share([0.5], 8) == wilson(0.5, 1)

    def test_shares_that_hardly_vary_are_no_more_trials_than_samples(self):
        found = mean_share([0.5, 0.5, 0.5, 0.5, 0.51], 40)
        assert found.low == pytest.approx(wilson(0.502 * 40, 40).low)

    def test_no_problems_are_refused(self):
        with pytest.raises(ValueError, match="no problems"):
            mean_share([], 0)
