"""How sure an accuracy is. Plain arithmetic, no trainer and no service.

Answers to one problem resemble each other: a model that knows it gets most of its samples right.
So the problem, not the sample, is what was drawn at random, and intervals are over problems.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from assayoffice.rl.statistics.student import student_quantile

_LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + _LEVEL) / 2)


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers to one problem: how many of ``judged`` were ``correct``."""

    correct: int
    judged: int

    @property
    def share(self) -> float:
        """Correct share; only where something was judged."""
        return self.correct / self.judged


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; shares are in [0, 1], differences in [-1, 1]."""

    value: float
    low: float
    high: float


def wilson(correct: float, judged: float) -> Estimate:
    """The share of independent trials, with Wilson's interval.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", J. Am.
    Stat. Assoc. 22 (1927): the p for which |share - p| <= z sqrt(p (1 - p) / n). Stays within
    [0, 1] and is no point where all trials agree. ``judged`` above 0 need not be whole.
    """
    share = correct / judged
    shrink = 1 + _Z**2 / judged
    middle = (share + _Z**2 / (2 * judged)) / shrink
    half = _Z / shrink * math.sqrt(share * (1 - share) / judged + _Z**2 / (4 * judged**2))
    # At 0 and 1 the bound is exact, where rounding would leave a little.
    low = 0.0 if share == 0 else max(0.0, middle - half)
    high = 1.0 if share == 1 else min(1.0, middle + half)
    return Estimate(share, low, high)


def accuracy(problems: Sequence[Tally]) -> Estimate:
    """The share of correct samples over problems, clustered by problem.

    The variance of the ratio sum(k) / sum(n) over G drawn problems is estimated by
    G / (G - 1) * sum((k - share n)^2) / sum(n)^2 (W. G. Cochran, "Sampling Techniques", 3rd ed.,
    1977, 6.3; for evaluations of models E. Miller, arXiv:2411.00640, 2.2). Its interval is Wilson's
    with as many trials as would have that variance (E. L. Korn and B. I. Graubard, Survey
    Methodology 24, 1998), never more than there are samples. Where the estimate is 0, because all
    problems have the same share, each problem counts as one trial. Problems without a judged sample
    do not count; raises ValueError where none is left.
    """
    counted = [each for each in problems if each.judged]
    if not counted:
        raise ValueError("no problem has a judged sample")
    samples = sum(each.judged for each in counted)
    share = sum(each.correct for each in counted) / samples
    squares = sum((each.correct - share * each.judged) ** 2 for each in counted)
    trials = float(len(counted))
    if len(counted) > 1 and squares > 1e-12:
        variance = len(counted) / (len(counted) - 1) * squares / samples**2
        trials = min(share * (1 - share) / variance, float(samples))
    return wilson(share * trials, trials)


def mean_share(shares: Sequence[float], samples: int) -> Estimate:
    """The mean of shares that problems have, each in [0, 1]; ``samples`` are behind all of them.

    As ``accuracy``, but each problem counts the same and what it has need not be a share of
    samples: it may be the probability that one of k is right. Raises ValueError for no problems.
    """
    if not shares:
        raise ValueError("there are no problems")
    # Rounding must not take a mean of ones beyond 1.
    middle = min(1.0, max(0.0, fmean(shares)))
    trials = float(len(shares))
    if len(shares) > 1 and (deviation := stdev(shares)) > 1e-12:
        trials = min(middle * (1 - middle) * len(shares) / deviation**2, float(samples))
    return wilson(middle * trials, trials)


def paired_difference(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Mean of ``after - before`` over the same problems, with Student's interval for its mean.

    Pairing removes what the two have in common, the difficulty of each problem (Miller, as above,
    4.2). Raises ValueError unless both have the same length, at least 2.
    """
    return mean([late - early for early, late in zip(before, after, strict=True)])


def mean(values: Sequence[float]) -> Estimate:
    """A mean with Student's interval, mean +- t sd / sqrt(n).

    Raises ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("an interval needs two values at least")
    middle = fmean(values)
    half = student_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return Estimate(middle, middle - half, middle + half)
