"""pass@k and majority@k agree with trying all subsets."""

import itertools
import random
from fractions import Fraction
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assayoffice.rl.statistics import majority
from assayoffice.rl.statistics.majority import Counts, counts_of
from assayoffice.rl.statistics.majority import majority_at_k as _majority_at_k
from assayoffice.rl.statistics.passing import pass_at_k

# Classes of samples; of each class, whether it is right.
PROBLEMS = st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=8)
RIGHT = st.sets(st.integers(0, 4), max_size=2)

# Whoever asserts on a figure knows that there is one.
majority_at_k: Any = _majority_at_k


class TestPass:
    @given(st.lists(st.booleans(), min_size=1, max_size=9), st.integers(1, 9))
    def test_is_the_share_of_subsets_with_a_right_sample(self, samples, k):
        found = pass_at_k(len(samples), sum(samples), k)
        if k > len(samples):
            assert found is None
        else:
            assert found == pytest.approx(fmean(map(any, itertools.combinations(samples, k))))

    def test_published_form(self):
        # The numerically stable product of Chen et al., figure 3.
        n, c, k = 200, 13, 100
        product = 1.0
        for each in range(n - c + 1, n + 1):
            product *= 1 - k / each
        assert pass_at_k(n, c, k) == pytest.approx(1 - product)

    def test_is_unbiased(self):
        # Over all outcomes of n samples of a model that is right with probability p.
        n, k, p = 6, 3, 0.3
        expected = sum(
            p ** sum(each) * (1 - p) ** (n - sum(each)) * (pass_at_k(n, sum(each), k) or 0)
            for each in itertools.product((0, 1), repeat=n)
        )
        assert expected == pytest.approx(1 - (1 - p) ** k)

    @pytest.mark.parametrize("k", [1, 5, 1000])
    def test_all_or_none_right_is_exact_however_many(self, k):
        assert pass_at_k(1000, 0, k) == 0.0
        assert pass_at_k(1000, 1000, k) == 1.0

    def test_one_sample_is_the_share(self):
        assert pass_at_k(8, 3, 1) == 3 / 8

    @pytest.mark.parametrize("counts", [(2, 3, 1), (2, -1, 1), (2, 1, 0)])
    def test_contradictions_are_refused(self, counts):
        with pytest.raises(ValueError, match="cannot be right"):
            pass_at_k(*counts)


def subsets(classes, right, k) -> Fraction:
    """majority@k by trying every subset."""
    won = []
    for subset in itertools.combinations(classes, k):
        votes = [each for each in subset if each is not None]
        most = max(map(votes.count, votes), default=0)
        foremost = {each for each in votes if votes.count(each) == most}
        won.append(Fraction(len(foremost & right), len(foremost)) if foremost else Fraction(0))
    return sum(won, Fraction(0)) / len(won)


class TestMajority:
    @given(PROBLEMS, RIGHT, st.integers(1, 8))
    def test_is_the_share_of_subsets_whose_plurality_is_right(self, classes, right, k):
        counts = counts_of(classes, [each in right for each in classes])
        found = majority_at_k(counts, k)
        if k > len(classes):
            assert found is None
        else:
            assert found is not None and found.error == 0
            assert found.value == pytest.approx(float(subsets(classes, right, k)))

    def test_of_one_sample_is_pass_of_one(self):
        counts = counts_of([0, 1, None, 0], [True, False, False, True])
        assert majority_at_k(counts, 1).value == pass_at_k(4, 2, 1)

    def test_silent_samples_never_win(self):
        # 5 of 6 say nothing; whoever hears the one that speaks is right.
        counts = Counts(right=(1,), wrong=(), silent=5)
        assert majority_at_k(counts, 3).value == pytest.approx(0.5)
        assert majority_at_k(Counts((), (), 4), 4).value == 0

    def test_ties_are_drawn_by_lot(self):
        assert majority_at_k(Counts((2,), (2, 2), 0), 6).value == pytest.approx(1 / 3)

    def test_wrong_answers_that_agree_beat_more_right_ones_that_do_not(self):
        # As it may be with tolerances: two right classes.
        assert majority_at_k(Counts((2, 2), (3,), 0), 7).value == 0

    def test_all_right_or_all_wrong(self):
        assert majority_at_k(Counts((64,), (), 0), 32).value == 1
        assert majority_at_k(Counts((), (64,), 0), 32).value == 0

    def test_what_is_too_much_to_count_is_drawn_and_says_how_sure_it_is(self, monkeypatch):
        counts = Counts((9,), (2, 3, 5), 4)
        exact = majority_at_k(counts, 7)
        monkeypatch.setattr(majority, "_MOST_STEPS", 0)
        drawn = majority_at_k(counts, 7, seed=1)
        assert 0 < drawn.error < 0.005
        assert abs(drawn.value - exact.value) < 4 * drawn.error
        assert drawn == majority_at_k(counts, 7, seed=1) != majority_at_k(counts, 7, seed=2)

    def test_a_thousand_samples_have_an_answer(self, monkeypatch):
        monkeypatch.setattr(majority, "_DRAWS", 1000)
        chance = random.Random(0)
        classes = [chance.choice([None, *[0] * 20, *range(200)]) for _ in range(1023)]
        found = majority_at_k(counts_of(classes, [each == 0 for each in classes]), 256)
        assert found.value > 0.9

    def test_all_samples_are_one_draw_however_many(self, monkeypatch):
        monkeypatch.setattr(majority, "_MOST_STEPS", 0)
        found = majority_at_k(Counts((300,), (200, 300), 100), 900)
        assert (found.value, found.error) == (0.5, 0)

    def test_no_answer_at_all_is_refused(self):
        with pytest.raises(ValueError, match="k = 0"):
            majority_at_k(Counts((1,), (), 0), 0)
