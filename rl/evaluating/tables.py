"""Evaluations and comparisons for people at a terminal. Figures are in percent, or points of it.

Tables are made for 80 columns: what matters is never cut, and there are two of what does not fit.
"""

from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.evaluating.comparison import Comparison, Difference, Finding
from assayoffice.rl.evaluating.evaluation import OVERALL, Evaluation, Figures, Measure
from assayoffice.rl.evaluating.sentences import conclusion, names_of, told_apart, warnings
from assayoffice.rl.statistics.intervals import Estimate
from assayoffice.rl.terminal import counted, one_line

_NONE = "-"
_WIDEST_DOMAIN = 24
_STYLES = {Finding.BETTER: "bold green", Finding.WORSE: "bold red"}


def evaluation_table(evaluation: Evaluation) -> RenderableType:
    """pass@1 with its runs, what k samples give, and how far it is from another of its kind."""
    told = told_apart(evaluation.domains)
    passed = _table(
        "pass@1, % with 95 % intervals",
        ("problems", "runs", "mean ± sd", "over\nproblems", "over\nruns"),
    )
    beside = _table("", ("worst, best\nrun", "greedy", "tokens", "cut off", "unjudged"))
    for domain, each in told.items():
        passed.add_row(_name(domain), *_passed(each))
        beside.add_row(_name(domain), *_beside(each))
    return Group(passed, beside, *_at_k(told), *_closing(evaluation))


def comparison_table(comparison: Comparison) -> RenderableType:
    """Differences by domain, the conclusion, and what is to be known beside it."""
    told = told_apart(comparison.domains)
    corrected = "; p is corrected for the domains" if len(told) > 1 else ""
    found = _table(
        f"pass@1, % with 95 % intervals over problems{corrected}",
        ("problems", "before", "after", "difference", "p", "after is"),
    )
    beside = _table("", ("before", "after", "could see", "greedy +/-, p"))
    for domain, each in told.items():
        found.add_row(_name(domain), *_found(each))
        beside.add_row(_name(domain), *_could(each))
    overall = comparison.overall
    said = one_line(conclusion(overall, *names_of(comparison)))
    said.no_wrap = False
    said.stylize(_STYLES.get(overall.finding, "bold"))
    lines = [Text(f"warning: {each}", "yellow") for each in warnings(comparison)]
    return Group(found, beside, said, *lines)


def _passed(figures: Figures) -> Iterator[str]:
    yield f"{figures.problems:,}"
    runs, passed = figures.runs, figures.pass_at_1
    if runs is None or passed is None:
        yield from [_NONE] * 4
        return
    yield f"{len(runs.accuracies):,}"
    sd = _NONE if runs.sd is None else f"{100 * runs.sd:.1f}"
    yield f"{100 * passed.over_problems.value:.1f} ± {sd}"
    yield _ends(passed.over_problems)
    yield _ends(passed.over_runs)


def _beside(figures: Figures) -> Iterator[str]:
    runs = figures.runs
    if runs is None:
        yield _NONE
    else:
        yield f"{100 * min(runs.accuracies):.1f}, {100 * max(runs.accuracies):.1f}"
    yield _share(figures.greedy)
    yield _NONE if figures.tokens is None else f"{figures.tokens:,.0f}"
    yield _NONE if figures.cut_off is None else f"{100 * figures.cut_off:.1f}"
    yield f"{figures.unjudged:,}"


def _at_k(domains: dict[str, Figures]) -> Iterator[RenderableType]:
    if not any(each.at_k for each in domains.values()):
        return
    over = ("over\nproblems", "over\nruns")
    table = _table(
        "of k samples: one is right (pass), the most frequent is (maj)",
        ("k", "pass@k", *over, "maj@k", *over),
    )
    for domain, figures in domains.items():
        for each in figures.at_k:
            passed, majority = _measure(each.passed), _measure(each.majority)
            table.add_row(_name(domain), f"{each.k}", *passed, *majority)
    yield table


def _closing(evaluation: Evaluation) -> Iterator[Text]:
    runs = evaluation.domains[OVERALL].runs
    if runs is not None and runs.repeatability is not None and runs.of_single_runs is not None:
        count = len(runs.accuracies)
        yield Text(
            f"The same again, of the same model with {count} other runs: expect up to "
            f"{100 * runs.repeatability:.1f} points of difference by luck alone (95 %), and "
            f"{100 * runs.of_single_runs:.1f} between single runs.",
            "bold",
        )
    elif runs is not None:
        yield Text(
            "One run does not tell how far another would be from it; take --runs 5 or more.",
            "yellow",
        )
    reasons = Counter(each.reason for each in evaluation.unjudged)
    if reasons:
        said = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
        line = one_line(
            f"{counted(reasons.total(), 'problem')} without a verdict, not counted as wrong: {said}"
        )
        line.stylize("bold red")
        line.no_wrap = False
        yield line


def _found(each: Difference) -> Iterator[str | Text]:
    yield f"{each.problems:,}"
    yield f"{100 * each.before.value:.1f}"
    yield f"{100 * each.after.value:.1f}"
    between = ""
    if each.interval is not None:
        between = f" ({100 * each.interval.low:+.1f} to {100 * each.interval.high:+.1f})"
    yield f"{100 * each.difference:+.1f}{between}"
    yield _probability(each.corrected)
    if each.finding is Finding.NOT_DISTINGUISHABLE:
        yield "undecided"
    else:
        yield Text(each.finding.value, _STYLES[each.finding])


def _could(each: Difference) -> Iterator[str]:
    yield _share(each.before)
    yield _share(each.after)
    yield _NONE if each.detectable is None else f"{100 * each.detectable:.1f}"
    greedy = each.greedy
    yield _NONE if greedy is None else f"+{greedy.won} -{greedy.lost}, {_probability(greedy.p)}"


def _share(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NONE
    return f"{100 * estimate.value:.1f} ({_ends(estimate)})"


def _ends(estimate: Estimate | None) -> str:
    return _NONE if estimate is None else f"{100 * estimate.low:.1f}–{100 * estimate.high:.1f}"


def _measure(measure: Measure | None) -> Iterator[str]:
    if measure is None:
        yield from [_NONE] * 3
        return
    yield f"{100 * measure.over_problems.value:.1f}"
    yield _ends(measure.over_problems)
    yield _ends(measure.over_runs)


def _probability(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _name(domain: str) -> Text:
    """A name that goes on below where it is too long, so that figures are never cut."""
    return Text(one_line(domain).plain, overflow="fold")


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(
        title=title or None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("domain", style="cyan", max_width=_WIDEST_DOMAIN)
    for name in columns:
        table.add_column(
            name, justify="right", no_wrap=True, min_width=max(map(len, name.split("\n")))
        )
    return table
