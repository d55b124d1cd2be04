"""How sure an accuracy is. Plain arithmetic, no trainer and no service.

Answers to one problem resemble each other: a model that knows it gets most of its samples right.
So the problem, not the sample, is what was drawn at random, and intervals are over problems.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

_LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + _LEVEL) / 2)
_STEPS = 2000


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


def student_quantile(freedom: int) -> float:
    """The t that 95 % of Student's distribution with this many degrees of freedom lie within.

    Found by bisection on the integral of its density (Simpson's rule).
    """
    low, high = 0.0, 13.0  # The largest is 12.706, for one degree.
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < _LEVEL else (low, middle)
    return (low + high) / 2


def _within(bound: float, freedom: int) -> float:
    """Probability that Student's t lies between -bound and bound."""
    log_scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    scale = math.exp(log_scale) / math.sqrt(freedom * math.pi)
    width = bound / _STEPS
    total = 0.0
    for step in range(_STEPS + 1):
        weight = 1 if step in (0, _STEPS) else 4 if step % 2 else 2
        total += weight * (1 + (step * width) ** 2 / freedom) ** (-(freedom + 1) / 2)
    return 2 * scale * total * width / 3
