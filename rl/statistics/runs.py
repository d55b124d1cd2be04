"""How far an evaluation would be from itself, were it made again.

A run is one answer to every problem: run r is the r-th sample of each. Samples are drawn by luck of
their own (``SamplingRequest.seed_of``), so it makes no difference which belong together.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TypeVar

from assayoffice.rl.statistics.intervals import Estimate, mean
from assayoffice.rl.statistics.student import student_quantile

# Enough for an error of about 2 % of the error that is estimated.
_RESAMPLES = 2000
_FEWEST = 8

SampleT = TypeVar("SampleT")


@dataclass(frozen=True, slots=True)
class Runs:
    """The accuracy of each run, in [0, 1].

    ``interval`` is Student's for their mean: for the accuracy on these very problems. With ``sd``
    it is None for a single run.
    """

    accuracies: tuple[float, ...]
    sd: float | None
    interval: Estimate | None

    @property
    def mean(self) -> float:
        """The mean of the runs."""
        return fmean(self.accuracies)

    @property
    def repeatability(self) -> float | None:
        """What two evaluations like this one differ by at most, in 95 % of cases.

        t sqrt(2 / R) sd for means of R runs, after the repeatability limit of ISO 5725-6, 4.1.
        """
        return self.spread(len(self.accuracies))

    def spread(self, runs: int) -> float | None:
        """As ``repeatability``, for two evaluations of ``runs`` runs each."""
        if self.sd is None:
            return None
        return student_quantile(len(self.accuracies) - 1) * math.sqrt(2 / runs) * self.sd


def runs_of(problems: Sequence[Sequence[bool]]) -> Runs | None:
    """The runs that every problem has a sample of; None without any.

    ``problems`` holds for each whether its samples are right, in their order.
    """
    count = min(map(len, problems), default=0)
    if not count:
        return None
    accuracies = tuple(fmean(each[run] for each in problems) for run in range(count))
    if count == 1:
        return Runs(accuracies, None, None)
    return Runs(accuracies, stdev(accuracies), _within(mean(accuracies)))


def error_over_runs(
    problems: Sequence[Sequence[SampleT]],
    value: Callable[[Sequence[SampleT]], float],
    *,
    seed: int,
) -> float | None:
    """Standard error of the mean of ``value`` over these problems, for another luck of sampling.

    By the bootstrap: samples of each problem are drawn from its own with replacement (B. Efron and
    R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, 8.3), and variances of problems add
    up, so that few draws of each suffice. Each is multiplied by n / (n - 1), because resamples of n
    vary that much too little. None where a problem has a single sample: nobody can say.
    """
    if not problems or min(map(len, problems)) < 2:
        return None
    draws = max(_FEWEST, math.ceil(_RESAMPLES / len(problems)))
    variance = 0.0
    for place, samples in enumerate(problems):
        chance = random.Random(f"{seed} {place}")
        values = [value(chance.choices(samples, k=len(samples))) for _ in range(draws)]
        variance += stdev(values) ** 2 * len(samples) / (len(samples) - 1)
    return math.sqrt(variance) / len(problems)


def _within(estimate: Estimate) -> Estimate:
    """Few runs have intervals that reach beyond what shares can be; they end there."""
    return Estimate(estimate.value, max(0.0, estimate.low), min(1.0, estimate.high))
