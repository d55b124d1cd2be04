"""What a comparison shows, in plain sentences. Differences are in points, hundredths of a share."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from assayoffice.rl.evaluating.comparison import Comparison, Difference, Finding, Needed
from assayoffice.rl.evaluating.evaluation import OVERALL

# With what is of all domains.
_ONE_DOMAIN = 2
_NAMES = ("the first", "the second")

FiguresT = TypeVar("FiguresT")


def told_apart(domains: Mapping[str, FiguresT]) -> dict[str, FiguresT]:
    """Of a single domain, only itself: all problems together are the same."""
    alone = len(domains) == _ONE_DOMAIN
    return {name: each for name, each in domains.items() if not (alone and name == OVERALL)}


def names_of(comparison: Comparison) -> tuple[str, str]:
    """What the models are called in sentences; two of one name are the first and the second."""
    if comparison.before == comparison.after:
        return _NAMES
    return comparison.before, comparison.after


def conclusion(difference: Difference, before: str, after: str) -> str:
    """Whether ``after`` is better than ``before``, by how much, or what could have been seen."""
    points = abs(100 * difference.difference)
    match difference.finding:
        case Finding.BETTER:
            return f"{after} is better than {before} by {points:.1f} points{_range(difference, 1)}"
        case Finding.WORSE:
            return f"{after} is worse than {before} by {points:.1f} points{_range(difference, -1)}"
    if difference.interval is None:
        return "not distinguishable: one problem cannot tell two models apart"
    if difference.detectable is None:
        of = "any of the" if difference.problems > 1 else "the"
        if not difference.difference:
            return f"not distinguishable: no difference on {of} {difference.problems} problems"
        return f"not distinguishable: {points:.1f} points on each of too few problems"
    seen = f"and this comparison could have seen {100 * difference.detectable:.1f}"
    why = ""
    if difference.p <= 0.05 < difference.corrected:
        why = f" (p = {difference.p:.3f}, {difference.corrected:.3f} corrected for the domains)"
    signed = 100 * difference.difference
    return f"not distinguishable: {signed:+.1f} points{_range(difference, 1)}, {seen}{why}"


def warnings(comparison: Comparison) -> Iterator[str]:
    """What is to be known before anything is concluded."""
    for said in comparison.differing:
        yield f"compared all the same: {said}"
    yield from comparison.unknown
    if comparison.left_out:
        problems = "problem is" if comparison.left_out == 1 else "problems are"
        yield f"{comparison.left_out:,} {problems} left out, without a verdict in one of the two"
    for name, each in told_apart(comparison.domains).items():
        if each.needed is not None:
            alone = name == OVERALL or len(comparison.domains) == _ONE_DOMAIN
            yield f"{'' if alone else f'{name}: '}{_needed(each.needed, each)}"


def _needed(needed: Needed, difference: Difference) -> str:
    points = f"{100 * needed.claim:.3g} points"
    runs = " and ".join(f"{each:,}" for each in sorted(set(difference.runs)))
    here = f"{difference.problems:,} problems with {runs} runs each"
    more = f"{needed.problems:,} problems like these" if needed.problems else "other problems"
    if needed.runs is not None:
        take = f"take at least {needed.runs:,} runs of each model, or {more}"
    elif needed.runs_known:
        take = f"take at least {more}; no number of runs of these is enough"
    else:
        take = f"take at least {more}; evaluate with 2 runs or more to know how far runs help"
    return f"{here} are too few to see {points}: {take}"


def _range(difference: Difference, sign: int) -> str:
    interval = difference.interval
    if interval is None:
        return ""
    low, high = sorted((100 * sign * interval.low, 100 * sign * interval.high))
    return f" ({low:.1f} to {high:.1f})"
