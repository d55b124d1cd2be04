"""How much better one model is than another, where training has luck as well as problems do.

The same problems are put to both, and a recipe is run several times. Problems and runs are crossed:
every run answers every problem. So the mean difference varies for two reasons, and its interval
counts both: with D the differences by problem, averaged over runs, and R the means by run,

    variance = var(D) / problems + var(R of the later) / runs + var(R of the earlier) / runs,

where a side of one run has no var(R). What neither problem nor run explains is in both var(D) and
var(R), so in expectation this is a little more than the variance of the mean, never less (S. R.
Searle, G. Casella and C. E. McCulloch, "Variance Components", 1992, on crossed classifications).
Student's quantile has the degrees of freedom of a sum of mean squares (F. E. Satterthwaite,
Biometrics Bull. 2, 1946): few runs that disagree make intervals wide.

Where hardly a problem's share moved, var(D) is next to nothing because what is rare was not met
yet: 30 problems of which none was lost are likely even if one in 20 is. There two problems more
are counted in var(D), one won and one lost (D. G. Bonett and R. M. Price, J. Educ. Behav. Stat.
37, 2012), so that a loss of 2 points is ruled out by about 150 problems that all stayed, not by
30.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import TypeAlias

from assayoffice.rl.statistics.student import student_quantile

_DIGITS = 12
# So many problems that moved tell how problems vary.
_ENOUGH_MOVED = 10

#: The share of its samples that are right, by problem.
Shares: TypeAlias = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of means over runs, and its degrees of freedom."""

    variance: float
    freedom: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean difference in shares, with its interval; ``by_run`` has that of each later run.

    ``problems`` have verdicts in all runs of both. ``runs`` is the spread of the later runs, None
    where there is one.
    """

    value: float
    low: float
    high: float
    problems: int
    by_run: tuple[float, ...]
    runs: Spread | None

    @property
    def deviation(self) -> float:
        """Standard deviation over the later runs, 0 for one."""
        return 0.0 if self.runs is None else math.sqrt(self.runs.variance)


def difference(
    before: Sequence[Shares],
    after: Sequence[Shares],
    level: float,
    *,
    same_runs: bool = False,
    lone: Spread | None = None,
) -> Difference | None:
    """The difference of the runs ``after`` to those ``before``, with an interval of a ``level``.

    With ``same_runs`` each run is compared with itself, before and after. ``lone`` is the spread
    that is taken for a single later run, which shows none. None where fewer than two problems have
    verdicts in all runs.
    """
    problems = sorted(set.intersection(*(set(each) for each in (*before, *after))))
    if len(problems) < 2:
        return None
    early = {each: fmean(run[each] for run in before) for each in problems}
    by_problem = [fmean(run[each] for run in after) - early[each] for each in problems]
    if same_runs:
        by_run = [
            _mean(late, problems) - _mean(own, problems) for own, late in _pairs(before, after)
        ]
    else:
        start = fmean(early.values())
        by_run = [_mean(run, problems) - start for run in after]
    runs = _spread(by_run)
    parts = [Spread(_varying(by_problem) / len(problems), len(problems) - 1)]
    if runs is not None:
        parts.append(Spread(runs.variance / len(after), runs.freedom))
    elif lone is not None:
        parts.append(lone)
    if not same_runs and (earlier := _spread([_mean(run, problems) for run in before])) is not None:
        parts.append(Spread(earlier.variance / len(before), earlier.freedom))
    half = _half_width(parts, level)
    value = fmean(by_problem)
    # What rounding leaves of no difference is to lie on neither side of 0.
    value, low, high = (round(each, _DIGITS) for each in (value, value - half, value + half))
    low, high = max(-1.0, low), min(1.0, high)
    return Difference(value, low, high, len(problems), tuple(by_run), runs)


def _pairs(before: Sequence[Shares], after: Sequence[Shares]) -> Sequence[tuple[Shares, Shares]]:
    return list(zip(before, after, strict=True))


def pooled(spreads: Iterable[Spread | None]) -> Spread | None:
    """The spread that several have in common, by their degrees of freedom; None of none."""
    known = [each for each in spreads if each is not None]
    freedom = sum(each.freedom for each in known)
    if not freedom:
        return None
    return Spread(sum(each.freedom * each.variance for each in known) / freedom, freedom)


def _mean(run: Shares, problems: Sequence[str]) -> float:
    return fmean(run[each] for each in problems)


def _varying(by_problem: Sequence[float]) -> float:
    """The variance over problems, see the module's docstring for where few of them moved."""
    moved = sum(abs(each) > 10**-_DIGITS for each in by_problem)
    unseen = 2 / len(by_problem) if moved < min(_ENOUGH_MOVED, len(by_problem) / 2) else 0.0
    return variance(by_problem) + unseen


def _spread(means: Sequence[float]) -> Spread | None:
    return Spread(variance(means), len(means) - 1) if len(means) > 1 else None


def _half_width(parts: Sequence[Spread], level: float) -> float:
    total = sum(each.variance for each in parts)
    # Below what rounding leaves of differences that are all the same.
    if total < 1e-24:
        return 0.0
    freedom = total**2 / sum(each.variance**2 / each.freedom for each in parts)
    return student_quantile(freedom, level) * math.sqrt(total)
