"""How far an evaluation would be from itself, were it made again.

A run is one answer to every problem: run r is the r-th sample of each. Samples are drawn by luck of
their own (``SamplingRequest.seed_of``), so it makes no difference which belong together.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance
from typing import TypeVar

from assayoffice.rl.statistics.student import student_quantile

# Enough for an error of about 2 % of the error that is estimated.
_RESAMPLES = 2000
_FEWEST = 16

SampleT = TypeVar("SampleT")


@dataclass(frozen=True, slots=True)
class Runs:
    """The accuracy of each run, in [0, 1], on ``problems`` problems.

    ``sd`` is the standard deviation of these, None for a single run. Of few runs it is a matter of
    luck itself, so ``expected_sd`` is what it has to be by how much samples of each problem differ:
    sqrt(sum over problems of n / (n - 1) p (1 - p)) / G, which has G (R - 1) degrees of freedom
    instead of R - 1. None where a problem has one sample.
    """

    problems: int
    accuracies: tuple[float, ...]
    sd: float | None
    expected_sd: float | None

    @property
    def mean(self) -> float:
        """The mean of the runs."""
        return fmean(self.accuracies)

    def repeatability(self, runs: int) -> float | None:
        """What two evaluations with so many runs each differ by at most, in 95 % of cases.

        t sqrt(2 / runs) sd, after the repeatability limit of ISO 5725-6, 4.1: same model, same
        problems, and nothing but other luck.
        """
        if self.expected_sd is None:
            return None
        freedom = self.problems * (len(self.accuracies) - 1)
        return student_quantile(freedom) * math.sqrt(2 / runs) * self.expected_sd


def runs_of(problems: Sequence[Sequence[bool]]) -> Runs | None:
    """The runs that every problem has a sample of; None without any.

    ``problems`` holds for each whether its samples are right, in their order.
    """
    count = min(map(len, problems), default=0)
    if not count:
        return None
    accuracies = tuple(fmean(each[run] for each in problems) for run in range(count))
    if count == 1:
        return Runs(len(problems), accuracies, None, None)
    within = math.fsum(variance(map(float, each)) for each in problems)
    return Runs(len(problems), accuracies, stdev(accuracies), math.sqrt(within) / len(problems))


def draws_for(problems: int) -> int:
    """How many resamples of each of so many problems give a sure error of their mean."""
    return max(_FEWEST, math.ceil(_RESAMPLES / max(1, problems)))


def luck(
    samples: Sequence[SampleT],
    value: Callable[[Sequence[SampleT]], float],
    *,
    draws: int,
    seed: str,
) -> float | None:
    """The variance that ``value`` of one problem has from the luck of its samples.

    By the bootstrap: as many are drawn from them with replacement (B. Efron and R. J. Tibshirani,
    "An Introduction to the Bootstrap", 1993, 8.3), ``draws`` times. The variance is multiplied by
    n / (n - 1), because resamples of n vary that much too little. None for fewer than two samples:
    nobody can say.
    """
    if len(samples) < 2:
        return None
    chance = random.Random(seed)
    values = [value(chance.choices(samples, k=len(samples))) for _ in range(draws)]
    return variance(values) * len(samples) / (len(samples) - 1)


def error_over_runs(lucks: Sequence[float | None]) -> float | None:
    """Standard error of a mean over these very problems, for another luck of sampling.

    Luck of problems adds up, so that few draws of each are enough. None where that of one is not
    known, or there are no problems.
    """
    known = [each for each in lucks if each is not None]
    if not known or len(known) < len(lucks):
        return None
    return math.sqrt(math.fsum(known)) / len(known)
