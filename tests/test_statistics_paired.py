"""Tests of differences agree with scipy, and with trying everything."""

import itertools
import random

import pytest
from scipy import stats

from assayoffice.rl.statistics.paired import holm, mcnemar, sign_flip


class TestSignFlip:
    @pytest.mark.parametrize("seed", range(8))
    def test_few_problems_are_counted_exactly(self, seed):
        chance = random.Random(seed)
        values = [chance.choice([-0.5, -0.25, 0, 0, 0.25, 0.5, 1]) for _ in range(9)]
        found = sign_flip(values)
        flips = itertools.product((1, -1), repeat=9)
        sums = [sum(a * b for a, b in zip(values, signs, strict=True)) for signs in flips]
        far = sum(abs(each) >= abs(sum(values)) - 1e-12 for each in sums)
        assert found.exact and found.p == pytest.approx(far / len(sums))

    def test_agrees_with_scipy(self):
        values = [0.125, 0.5, -0.25, 0.375, 0.625, -0.125, 0.25, 0.75, 0.5, -0.375]
        reference = stats.permutation_test(
            (values,), sum, permutation_type="samples", n_resamples=float("inf")
        )
        assert sign_flip(values).p == pytest.approx(reference.pvalue)

    def test_many_are_drawn_and_agree_with_students_test(self):
        chance = random.Random(4)
        values = [chance.gauss(0.1, 1) for _ in range(400)]
        found = sign_flip(values, seed=1)
        assert not found.exact
        assert found.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)
        assert found == sign_flip(values, seed=1)

    def test_is_never_certain_from_draws(self):
        assert sign_flip([1.0] * 100).p == pytest.approx(1 / 20001)

    def test_rounding_does_not_hide_sums_that_are_equal(self):
        # 0.1 + 0.2 - 0.3 is not 0 in floating point.
        assert sign_flip([0.1, 0.2, -0.3]).p == 1

    @pytest.mark.parametrize("values", [[], [0.0], [0.0] * 50, [0.25], [0.5, -0.5]])
    def test_nothing_to_tell_apart(self, values):
        assert sign_flip(values).p == 1

    def test_keeps_its_level(self):
        # Where nothing differs, p <= 0.05 in at most a twentieth of all cases.
        chance = random.Random(7)
        found = [
            sign_flip([chance.gauss() * chance.choice((1, 3)) for _ in range(10)]).p
            for _ in range(600)
        ]
        assert 0.03 < sum(each <= 0.05 for each in found) / 600 < 0.07


class TestMcNemar:
    @pytest.mark.parametrize(("lost", "won"), [(0, 0), (0, 5), (3, 9), (7, 7), (12, 1), (400, 460)])
    def test_is_the_sign_test(self, lost, won):
        expected = stats.binomtest(lost, lost + won).pvalue if lost + won else 1
        assert mcnemar(lost, won).p == pytest.approx(expected)


class TestHolm:
    def test_published_steps(self):
        found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
        assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})

    def test_is_never_smaller_than_p_nor_above_1(self):
        chance = random.Random(1)
        ps = {str(n): chance.random() for n in range(20)}
        found = holm(ps)
        assert all(ps[name] <= found[name] <= 1 for name in ps)
        ordered = sorted(ps, key=lambda name: ps[name])
        assert [found[name] for name in ordered] == sorted(found.values())

    def test_one_alone_and_none(self):
        assert holm({"a": 0.04}) == {"a": 0.04}
        assert holm({}) == {}
