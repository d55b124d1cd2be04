"""What a comparison could see is what it does see in simulations."""

import random
from statistics import fmean
from typing import Any

import pytest

from assayoffice.rl.statistics.intervals import Tally, paired_difference
from assayoffice.rl.statistics.power import (
    Variances,
    detectable,
)
from assayoffice.rl.statistics.power import (
    problems_needed as _problems_needed,
)
from assayoffice.rl.statistics.power import (
    runs_needed as _runs_needed,
)
from assayoffice.rl.statistics.power import (
    variances as _variances,
)

# Whoever asserts on a figure knows that there is one.
variances: Any = _variances
runs_needed: Any = _runs_needed
problems_needed: Any = _problems_needed


def tallies(chance: random.Random, rates, runs: int) -> list[Tally]:
    return [Tally(sum(chance.random() < each for _ in range(runs)), runs) for each in rates]


def rates_of(chance: random.Random, problems: int, gain: float):
    """Rates of two models, the later better by ``gain`` and by 0.2 more or less."""
    early = [0.25 + chance.random() / 4 for _ in range(problems)]
    return early, [each + gain + chance.choice((-0.2, 0.2)) for each in early]


class TestVariances:
    def test_parts_are_those_that_were_put_in(self):
        chance = random.Random(0)
        early, late = rates_of(chance, 4000, 0.1)
        found = variances(tallies(chance, early, 6), tallies(chance, late, 6))
        within = fmean(a * (1 - a) + b * (1 - b) for a, b in zip(early, late, strict=True))
        assert found.within == pytest.approx(within, rel=0.02)
        assert found.between == pytest.approx(0.04, rel=0.1)
        assert found.total == pytest.approx(found.between + found.within / 6, rel=1e-9)

    def test_models_that_differ_only_by_luck_have_no_variance_between(self):
        chance = random.Random(1)
        rates = [0.5] * 4000
        found = variances(tallies(chance, rates, 4), tallies(chance, rates, 4))
        assert found.between < 0.01

    def test_single_runs_cannot_be_taken_apart(self):
        found = variances([Tally(1, 1), Tally(0, 1)], [Tally(1, 1), Tally(2, 2)])
        assert (found.between, found.within) == (None, None)
        assert found.total == 0.5

    def test_unequal_numbers_of_samples(self):
        found = variances([Tally(1, 2), Tally(3, 4)], [Tally(2, 4), Tally(1, 2)])
        # n / (n - 1) p (1 - p): 1/2 and 1/4, then 1/3 and 1/2.
        assert found.within == pytest.approx((1 / 2 + 1 / 4 + 1 / 3 + 1 / 2) / 2)

    def test_one_problem_has_no_variance(self):
        with pytest.raises(ValueError, match="two problems"):
            variances([Tally(1, 2)], [Tally(1, 2)])


class TestPower:
    def test_what_is_said_to_be_detectable_is_found_four_times_of_five(self):
        chance = random.Random(2)
        early, late = rates_of(chance, 60, 0.0)
        parts = variances(tallies(chance, early, 5), tallies(chance, late, 5))
        # Over many evaluations, because one estimates its variance with an error of its own.
        claims, found = [], 0
        gain = detectable(parts)
        for _ in range(500):
            early, late = rates_of(chance, 60, gain)
            before, after = tallies(chance, early, 5), tallies(chance, late, 5)
            claims.append(detectable(variances(before, after)))
            shares = [each.share for each in before], [each.share for each in after]
            found += paired_difference(*shares).low > 0
        assert fmean(claims) == pytest.approx(gain, rel=0.2)
        assert 0.70 < found / 500 < 0.90

    def test_what_is_needed_is_just_enough(self):
        parts = Variances(problems=100, total=0.09, between=0.01, within=0.4)
        claim = 0.05
        runs = runs_needed(parts, claim)
        enough = Variances(100, 0.01 + 0.4 / runs, 0.01, 0.4)
        fewer = Variances(100, 0.01 + 0.4 / (runs - 1), 0.01, 0.4)
        assert detectable(enough) <= claim < detectable(fewer)

        problems = problems_needed(parts, claim)
        assert detectable(Variances(problems, 0.09, None, None)) <= claim
        assert detectable(Variances(problems - 1, 0.09, None, None)) > claim

    def test_no_number_of_runs_helps_where_models_differ_unevenly(self):
        parts = Variances(problems=100, total=0.2, between=0.1, within=0.4)
        assert runs_needed(parts, 0.02) is None
        assert problems_needed(parts, 0.02) > 1000

    def test_single_runs_do_not_tell_how_many_would_do(self):
        assert runs_needed(Variances(100, 0.2, None, None), 0.5) is None

    def test_large_claims_need_little(self):
        parts = Variances(problems=1000, total=0.01, between=0.0, within=0.02)
        assert runs_needed(parts, 0.5) == 1
        assert problems_needed(parts, 0.9) <= 4

    def test_no_claim_is_refused(self):
        with pytest.raises(ValueError, match="positive"):
            problems_needed(Variances(100, 0.2, None, None), 0)
        assert problems_needed(Variances(100, 0.2, None, None), 1e-9) is None
