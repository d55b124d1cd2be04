"""How far evaluations are from themselves."""

import math
import random
from statistics import fmean, pstdev, stdev, variance

import pytest
from scipy import stats

from assayoffice.rl.statistics.intervals import mean_share, wilson
from assayoffice.rl.statistics.passing import pass_at_k
from assayoffice.rl.statistics.runs import error_over_runs, runs_of


def drawn(chance: random.Random, rates, runs: int) -> list[list[bool]]:
    return [[chance.random() < each for _ in range(runs)] for each in rates]


class TestRuns:
    def test_run_r_is_the_rth_sample_of_each_problem(self):
        runs = runs_of([[True, False, True], [True, False, False], [False, True, False]])
        assert runs.accuracies == pytest.approx((2 / 3, 1 / 3, 1 / 3))
        assert runs.mean == pytest.approx(4 / 9)
        assert runs.sd == pytest.approx(stdev(runs.accuracies))

    def test_interval_is_that_of_scipy(self):
        chance = random.Random(3)
        runs = runs_of(drawn(chance, [0.5] * 40, 5))
        low, high = stats.t.interval(0.95, 4, runs.mean, stats.sem(runs.accuracies))
        assert (runs.interval.low, runs.interval.high) == pytest.approx((low, high))

    def test_only_runs_that_every_problem_has_count(self):
        assert runs_of([[True, True, False], [True]]).accuracies == (1.0,)
        assert runs_of([[True], []]) is None
        assert runs_of([]) is None

    def test_one_run_says_nothing_about_others(self):
        runs = runs_of([[True], [False]])
        assert (runs.sd, runs.interval, runs.repeatability) == (None, None, None)

    def test_intervals_end_where_shares_do(self):
        runs = runs_of([[True, False]])
        assert (runs.interval.low, runs.interval.high) == (0.0, 1.0)

    def test_two_evaluations_differ_by_no_more_than_is_said_19_times_of_20(self):
        chance = random.Random(0)
        rates = [chance.random() for _ in range(30)]
        within = 0
        for _ in range(1000):
            one, other = runs_of(drawn(chance, rates, 5)), runs_of(drawn(chance, rates, 5))
            within += abs(one.mean - other.mean) <= one.repeatability
        assert 0.93 < within / 1000 < 0.97

    def test_a_single_run_spreads_more_than_the_mean_of_several(self):
        runs = runs_of(drawn(random.Random(1), [0.5] * 30, 4))
        assert runs.spread(1) == pytest.approx(2 * runs.repeatability)


class TestErrorOverRuns:
    def test_of_shares_it_is_the_closed_form(self):
        problems = drawn(random.Random(0), [0.1, 0.3, 0.5, 0.9] * 50, 6)
        expected = math.sqrt(sum(variance(map(float, each)) / 6 for each in problems)) / 200
        found = error_over_runs(problems, fmean, seed=1)
        assert found == pytest.approx(expected, rel=0.05)
        assert found == error_over_runs(problems, fmean, seed=1)

    def test_of_pass_at_k_it_is_what_other_luck_would_give(self):
        chance = random.Random(5)
        rates = [chance.random() for _ in range(100)]

        def value(samples) -> float:
            return pass_at_k(len(samples), sum(samples), 2)

        repeated = [fmean(map(value, drawn(chance, rates, 10))) for _ in range(300)]
        found = fmean(
            error_over_runs(drawn(chance, rates, 10), value, seed=each) for each in range(10)
        )
        assert found == pytest.approx(pstdev(repeated), rel=0.15)

    def test_all_right_has_no_error_and_one_sample_none_that_is_known(self):
        assert error_over_runs([[True] * 4] * 3, fmean, seed=0) == 0
        assert error_over_runs([[True] * 4, [True]], fmean, seed=0) is None
        assert error_over_runs([], fmean, seed=0) is None


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
