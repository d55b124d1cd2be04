"""What came of it: a table and a histogram for people, an object of JSON for machines."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.edge.band import Reason
from assayoffice.rl.edge.result import DomainCount, EdgeResult
from assayoffice.rl.terminal import counted, one_line

_BAR = 40
_SHORTEST_DOMAIN = 10
_MOST_BARS = 17
_SHOWN_ERRORS = 3


def result_as_json(result: EdgeResult) -> dict[str, object]:
    """All counts. ``solve_rates`` maps what was observed to how many problems have it."""
    return {
        "output": None if result.output is None else str(result.output),
        **_counts(result.total),
        "domains": {domain: _counts(count) for domain, count in result.domains.items()},
        "hallmarks": dict(result.judged.hallmarks),
    }


def summary(result: EdgeResult, advice: Sequence[str]) -> RenderableType:
    """The counts by domain, the solve rates, what has no verdict, and what to do."""
    parts: list[RenderableType] = [_table(result)]
    if result.total.solve_rates:
        parts.append(_histogram(result.total))
    errors = [each.error for each in result.decisions if each.error is not None]
    for each in errors[:_SHOWN_ERRORS]:
        said = one_line(f"{each.id}: {each.reason}: {each.message}")
        parts.append(Text("! ", "bold red").append_text(said))
    if (more := len(errors) - _SHOWN_ERRORS) > 0:
        parts.append(Text(f"… and {counted(more, 'more row')} without a verdict", "dim"))
    parts += [Text(each, "yellow") for each in advice]
    return Group(*parts)


def _counts(count: DomainCount) -> dict[str, object]:
    return {
        "problems": count.problems,
        "kept": count.kept,
        "dropped": {reason.value: number for reason, number in count.dropped.items()},
        "errors": count.errors,
        "solve_rates": _rates(count.solve_rates),
        "kept_solve_rates": _rates(count.kept_solve_rates),
    }


def _rates(rates: Sequence[float]) -> dict[str, int]:
    return {f"{rate:.4g}": number for rate, number in sorted(Counter(rates).items())}


def _table(result: EdgeResult) -> RenderableType:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    # All of it is to fit into 80 columns; only what may be wrapped is made narrower for that.
    table.add_column("domain", style="cyan", min_width=_SHORTEST_DOMAIN)
    names = ("rows", "kept", *(each.value for each in Reason), "errors", "rate")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for domain, count in result.domains.items():
        table.add_row(one_line(domain or "(unread)"), *_cells(count))
    if len(result.domains) > 1:
        table.add_row("all", *_cells(result.total))
    return table


def _cells(count: DomainCount) -> list[Text]:
    return [
        Text(f"{count.problems:,}"),
        Text(f"{count.kept:,}", "bold green" if count.kept else "dim"),
        *(_number(count.dropped[each]) for each in Reason),
        _number(count.errors, "bold red"),
        _mean(count.solve_rates),
    ]


def _number(number: int, style: str = "") -> Text:
    return Text(f"{number:,}", style if number else "dim")


def _mean(rates: Sequence[float]) -> Text:
    return Text(f"{sum(rates) / len(rates):.2f}" if rates else "–")


def _histogram(count: DomainCount) -> RenderableType:
    """How many problems have which solve rate: those that are kept, and beside them the others."""
    observed = sorted(set(count.solve_rates))
    exact = len(observed) <= _MOST_BARS
    place = (lambda rate: rate) if exact else _tenth
    every, kept = (
        Counter(map(place, each)) for each in (count.solve_rates, count.kept_solve_rates)
    )
    most = max(every.values())
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="dim")
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_row("solve rate", Text("█ kept ░ dropped", "dim"), "")
    for rate in sorted(every):
        label = f"{rate:.3g}" if exact else f"{rate:.1f} to {rate + 0.1:.1f}"
        full = round(_BAR * kept[rate] / most)
        rest = max(round(_BAR * every[rate] / most), 1) - full
        bar = Text("█" * full, "green").append("░" * max(rest, 0), "dim")
        grid.add_row(label, bar, f"{every[rate]:,}")
    return grid


def _tenth(rate: float) -> float:
    """The lower end of the tenth that a rate lies in; 1 belongs to the last."""
    return min(int(rate * 10 + 1e-9), 9) / 10
