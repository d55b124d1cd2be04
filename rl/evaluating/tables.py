"""Evaluations and comparisons for people at a terminal. Figures are in percent, or points of it."""

from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.evaluating.comparison import Comparison, Difference, Finding
from assayoffice.rl.evaluating.evaluation import OVERALL, Evaluation, Figures, Measure
from assayoffice.rl.evaluating.sentences import conclusion, warnings
from assayoffice.rl.statistics.intervals import Estimate
from assayoffice.rl.terminal import counted, one_line

_NONE = "–"
_STYLES = {Finding.BETTER: "bold green", Finding.WORSE: "bold red"}
_NAMES_AS = ("the first", "the second")


def evaluation_table(evaluation: Evaluation) -> RenderableType:
    """pass@1 with its runs, what k samples give, and how far it is from another of its kind."""
    table = Table(title="pass@1, % with 95 % intervals", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("domain", style="cyan", no_wrap=True)
    for name in (
        "problems",
        "runs",
        "mean ± sd",
        "worst, best run",
        "other problems",
        "other runs",
        "greedy",
        "tokens",
        "cut off",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for domain, each in evaluation.domains.items():
        table.add_row(one_line(domain), *_row(each))
    return Group(table, *_at_k(evaluation), *_closing(evaluation))


def comparison_table(comparison: Comparison) -> RenderableType:
    """Differences by domain, the conclusion, and what is to be known beside it."""
    table = _table("pass@1, % with 95 % intervals over problems; p is corrected for the domains")
    names = ("problems", "before", "after", "difference", "p", "could see", "greedy +/−, p")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("after is", no_wrap=True)
    for domain, each in comparison.domains.items():
        table.add_row(one_line(domain), *_difference_row(each))
    before, after = names_of(comparison)
    overall = comparison.overall
    said = one_line(conclusion(overall, before, after))
    said.no_wrap = False
    said.stylize(_STYLES.get(overall.finding, "bold"))
    lines = [Text(f"warning: {each}", "yellow") for each in warnings(comparison)]
    return Group(table, said, *lines)


def names_of(comparison: Comparison) -> tuple[str, str]:
    """What the models are called in sentences; two of one name are the first and the second."""
    if comparison.before == comparison.after:
        return _NAMES_AS
    return comparison.before, comparison.after


def _row(figures: Figures) -> Iterator[str]:
    unjudged = f" ({figures.unjudged:,} unjudged)" if figures.unjudged else ""
    yield f"{figures.problems:,}{unjudged}"
    runs, passed = figures.runs, figures.pass_at_1
    if runs is None or passed is None:
        yield from [_NONE] * 8
        return
    yield f"{len(runs.accuracies):,}"
    sd = _NONE if runs.sd is None else f"{100 * runs.sd:.1f}"
    yield f"{100 * passed.over_problems.value:.1f} ± {sd}"
    yield f"{100 * min(runs.accuracies):.1f}, {100 * max(runs.accuracies):.1f}"
    yield _ends(passed.over_problems)
    yield _ends(passed.over_runs)
    yield _share(figures.greedy)
    yield _NONE if figures.tokens is None else f"{figures.tokens:,.0f}"
    yield _NONE if figures.cut_off is None else f"{100 * figures.cut_off:.1f}"


def _at_k(evaluation: Evaluation) -> Iterator[RenderableType]:
    if not any(each.at_k for each in evaluation.domains.values()):
        return
    table = _table(
        "of k samples: one is right (pass), the most frequent is (maj), % with intervals"
    )
    names = ("k", "problems", "pass@k", "other problems", "other runs")
    for name in (*names, "maj@k", "other problems", "other runs"):
        table.add_column(name, justify="right", no_wrap=True)
    for domain, figures in evaluation.domains.items():
        for each in figures.at_k:
            passed, majority = _measure(each.passed), _measure(each.majority)
            table.add_row(
                one_line(domain), f"{each.k}", f"{each.passed.problems:,}", *passed, *majority
            )
    yield table


def _closing(evaluation: Evaluation) -> Iterator[Text]:
    figures = evaluation.domains[OVERALL]
    runs = figures.runs
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


def _difference_row(each: Difference) -> Iterator[str | Text]:
    yield f"{each.problems:,}"
    yield _share(each.before)
    yield _share(each.after)
    between = "" if each.interval is None else f" ({_signed(each.interval)})"
    yield f"{100 * each.difference:+.1f}{between}"
    yield _probability(each.corrected)
    yield _NONE if each.detectable is None else f"{100 * each.detectable:.1f}"
    greedy = each.greedy
    yield _NONE if greedy is None else f"+{greedy.won} −{greedy.lost}, {_probability(greedy.p)}"
    yield Text(each.finding.value, _STYLES.get(each.finding, ""))


def _signed(interval: Estimate) -> str:
    return f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"


def _share(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NONE
    return f"{100 * estimate.value:.1f} ({_ends(estimate)})"


def _ends(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NONE
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}"


def _measure(measure: Measure | None) -> Iterator[str]:
    if measure is None:
        yield from [_NONE] * 3
        return
    yield f"{100 * measure.over_problems.value:.1f}"
    yield _ends(measure.over_problems)
    yield _ends(measure.over_runs)


def _probability(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _table(title: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("domain", style="cyan", no_wrap=True)
    return table
