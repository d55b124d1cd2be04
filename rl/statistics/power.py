"""What a comparison of two evaluations could have seen, and what it would take to see less.

The variance of a mean paired difference over G problems, with R runs each, is

    (between + within / R) / G

where ``between`` is the variance over problems of how much the models truly differ, and ``within``
that of single answers to one problem, of both models together. More runs make the second part
smaller and never the first (E. Miller, arXiv:2411.00640, 3 and 5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from assayoffice.rl.statistics.intervals import Tally
from assayoffice.rl.statistics.student import student_quantile

_POWER = 0.8
# One tail above the quantile is what power is about.
_POWER_LEVEL = 2 * _POWER - 1
_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Variances:
    """Parts of the variance of the mean difference of ``problems`` problems, as squared shares.

    ``total`` is that of the difference of one problem, as it was seen. ``within`` is of one run;
    None where no problem has two runs of each model, and then ``between`` is, too.
    """

    problems: int
    total: float
    between: float | None
    within: float | None


def variances(before: Sequence[Tally], after: Sequence[Tally]) -> Variances:
    """Take the variance of paired differences apart. Every tally has a judged sample.

    Variance within is the mean over problems of n / (n - 1) p (1 - p) for each model, unbiased for
    the variance of an answer. Raises ValueError for fewer than two problems.
    """
    if len(before) < 2:
        raise ValueError("a variance needs two problems at least")
    pairs = list(zip(before, after, strict=True))
    total = variance(late.share - early.share for early, late in pairs)
    if any(each.judged < 2 for pair in pairs for each in pair):
        return Variances(len(pairs), total, None, None)
    within = fmean(_of_answers(early) + _of_answers(late) for early, late in pairs)
    seen = fmean(
        _of_answers(early) / early.judged + _of_answers(late) / late.judged for early, late in pairs
    )
    return Variances(len(pairs), total, max(0.0, total - seen), within)


def detectable(parts: Variances) -> float:
    """The smallest difference that such a comparison finds in 80 % of cases, at the level of 5 %.

    (t(0.975) + t(0.8)) sd / sqrt(G) with G - 1 degrees of freedom, the approximation of G. W.
    Snedecor and W. G. Cochran, "Statistical Methods", 8th ed., 1989, 6.14.
    """
    return _quantiles(parts.problems) * math.sqrt(parts.total / parts.problems)


def runs_needed(parts: Variances, claim: float) -> int | None:
    """Runs of each model on these problems with which a difference ``claim`` would be detectable.

    None where no number is enough, because the models differ too unevenly over problems, or where
    it is not known how much answers to one problem vary.
    """
    if parts.between is None or parts.within is None:
        return None
    room = parts.problems * (claim / _quantiles(parts.problems)) ** 2 - parts.between
    if room <= 0:
        return None
    return max(1, math.ceil(parts.within / room - 1e-9))


def problems_needed(parts: Variances, claim: float) -> int | None:
    """Problems like these, with as many runs, for which ``claim`` would be detectable.

    None beyond a billion. Raises ValueError unless ``claim`` is positive.
    """
    if claim <= 0:
        raise ValueError("a claim must be a positive difference")

    def enough(problems: int) -> bool:
        return _quantiles(problems) * math.sqrt(parts.total / problems) <= claim

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _of_answers(tally: Tally) -> float:
    return tally.share * (1 - tally.share) * tally.judged / (tally.judged - 1)


def _quantiles(problems: int) -> float:
    freedom = problems - 1
    return student_quantile(freedom) + student_quantile(freedom, _POWER_LEVEL)
