"""GRPO over those of a group that have a reward."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assayoffice.rl.verl.advantages import group_advantages

_SCORES = st.floats(-10, 10, allow_nan=False)


def test_without_errors_it_is_grpo() -> None:
    scores = [1.0, 0.0, 0.0, 1.0, 0.5, 0.25]
    groups = ["a", "a", "b", "a", "b", "b"]
    a = statistics.stdev([1.0, 0.0, 1.0]) + 1e-6
    b = statistics.stdev([0.0, 0.5, 0.25]) + 1e-6
    expected = [1 / 3 / a, -2 / 3 / a, -0.25 / b, 1 / 3 / a, 0.25 / b, 0.0]
    assert group_advantages(scores, groups, normalize=True) == pytest.approx(expected)


def test_without_normalization_it_is_the_distance_from_the_mean() -> None:
    assert group_advantages([1.0, 0.0], "aa", normalize=False) == [0.5, -0.5]


@given(st.lists(_SCORES, min_size=2, max_size=8), st.data())
def test_a_row_without_a_reward_gets_zero_and_moves_nobody(
    scores: list[float], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(scores)))
    missing = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    alone = group_advantages(scores, ["a"] * len(scores), normalize=True)
    with_it = [*scores[:place], missing, *scores[place:]]
    beside = group_advantages(with_it, ["a"] * len(with_it), normalize=True)
    assert beside[place] == 0.0
    assert [*beside[:place], *beside[place + 1 :]] == alone


@given(st.lists(st.one_of(_SCORES, st.just(math.nan)), min_size=4, max_size=12))
def test_advantages_are_numbers_that_balance(scores: list[float]) -> None:
    advantages = group_advantages(scores, [n % 2 for n in range(len(scores))], normalize=True)
    assert all(math.isfinite(each) for each in advantages)
    assert sum(advantages) == pytest.approx(0.0, abs=1e-6)


def test_one_reward_says_nothing_about_a_group() -> None:
    assert group_advantages([1.0, math.nan, math.nan], "aaa", normalize=True) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("normalize", "advantage"), [(True, 1 / (1 + 1e-6)), (False, 1.0)])
def test_in_a_group_of_one_the_reward_is_the_advantage(normalize: bool, advantage: float) -> None:
    assert group_advantages([1.0, math.nan], "ab", normalize=normalize) == [advantage, 0.0]


def test_equal_rewards_give_zeros() -> None:
    assert group_advantages([0.3, 0.3, 0.3], "aaa", normalize=True) == [0.0, 0.0, 0.0]
