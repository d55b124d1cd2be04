"""Outcomes for people at a terminal: what was kept out and why, and the counts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.set_report import SetCheck, SetReport
from assayoffice.rl.rewrites.tally import Tally
from assayoffice.rl.terminal import counted, one_line, plain

#: How many rows are shown; --json, --report and --junit have all.
SHOWN_ROWS = 20
_SHOWN_EVIDENCE = 3
_SHOWN_CHARACTERS = 400
_STATES = {
    CheckState.PASSED: "green",
    CheckState.FAILED: "bold red",
    CheckState.UNDECIDED: "yellow",
    CheckState.NOT_APPLICABLE: "dim",
}


def kept_out(outcomes: Iterable[RowOutcome], hidden: int) -> RenderableType:
    """Rows that were kept out or have errors, and how many more there are."""
    lines = [line for outcome in outcomes for line in _row(outcome)]
    if hidden > 0:
        more = f"… and {counted(hidden, 'more row')}; --report, --json and --output have all"
        lines.append(Text(more, "dim"))
    return Group(*lines)


def set_checks(sets: SetReport) -> RenderableType:
    """The checks of the set that did not pass."""
    undone = (CheckState.FAILED, CheckState.UNDECIDED)
    return Group(
        *(line for check in sets.checks if check.state in undone for line in _set_check(check))
    )


def summary(tally: Tally, sets: SetReport, seconds: float) -> RenderableType:
    """A table of the checks with a closing line."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("check", style="cyan", no_wrap=True)
    for name in ("passed", "failed", "undecided", "n.a.", "kept out"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, states in tally.states.items():
        table.add_row(
            one_line(name),
            *(_count(states[each], style) for each, style in _STATES.items()),
            Text(f"{tally.kept_out[name]:,}"),
        )
    for name in tally.kept_out.keys() - tally.states.keys():
        table.add_row(one_line(name), "", "", "", "", Text(f"{tally.kept_out[name]:,}"))
    for check in sets.checks:
        table.add_row(
            Text(f"set: {check.name}"),
            *(_mark(check.state is each, style) for each, style in _STATES.items()),
            "",
        )
    rate = tally.rows / seconds if seconds > 0 else 0.0
    errors = tally.errors.total()
    cached = f" ({tally.cached:,} from the cache)" if tally.cached else ""
    closing = Text.assemble(
        (f"{tally.admitted:,} admitted", "bold green" if tally.admitted else ""),
        ", ",
        (f"{tally.failed:,} kept out", "bold red" if tally.failed else ""),
        ", ",
        (counted(errors, "error"), "bold red" if errors else ""),
        (f"; {counted(tally.rows, 'row')}{cached}; {seconds:.1f} s, {rate:,.0f} rows/s", "dim"),
    )
    return Group(table, closing)


def _count(count: int, style: str) -> Text:
    return Text(f"{count:,}", style if count else "dim")


def _mark(is_so: bool, style: str) -> Text:
    return Text("●", style) if is_so else Text("")


def _row(outcome: RowOutcome) -> Iterator[RenderableType]:
    place = one_line(f"{outcome.place} {outcome.id}")
    result = outcome.result
    if isinstance(result, ItemError):
        yield Text("! ", "bold red").append_text(place).append(" not checked", "dim")
        yield _Below(4, _said(result.reason, result.message))
        return
    yield Text("✗ ", "bold red").append_text(place)
    for finding in outcome.findings():
        yield _Below(4, _said(f"{finding.check} {finding.reason}", finding.explanation))
        check = result.check(finding.check)
        unexpected = [each for each in check.evidence if not each.expected] if check else []
        for each in unexpected[:_SHOWN_EVIDENCE]:
            yield _Below(6, _said(each.label, each.text, each.detail))
        if (more := len(unexpected) - _SHOWN_EVIDENCE) > 0:
            yield _Below(6, Text(f"and {more} more", "dim"))


def _set_check(check: SetCheck) -> Iterator[RenderableType]:
    style = "bold red" if check.gating and check.state is CheckState.FAILED else "yellow"
    yield Text("✗ ", style).append(f"the set: {check.name}")
    yield _Below(4, _said(check.reason, check.explanation))
    for row in check.rows[:_SHOWN_EVIDENCE]:
        yield _Below(6, _said(f"{row.file}:{row.number} {row.id}", row.detail))
    if (more := len(check.rows) - _SHOWN_EVIDENCE) > 0:
        yield _Below(6, Text(f"and {counted(more, 'more row')}", "dim"))


def _said(label: str, text: str, detail: str = "") -> Text:
    """A label, what it labels and what was found about that, all of them foreign and bounded."""
    said = _bounded(label).append(": ").append_text(_bounded(text))
    if detail:
        said.append(" — ", "dim").append_text(_bounded(detail, "dim"))
    return said


def _bounded(text: str, style: str = "") -> Text:
    words = " ".join(text[: 2 * _SHOWN_CHARACTERS].split())
    shown = plain(words[:_SHOWN_CHARACTERS])
    shown.stylize(style)
    return shown


@dataclass(frozen=True)
class _Below:
    """A text of several lines, all of them indented."""

    indent: int
    text: Text

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        for line in self.text.wrap(console, max(20, options.max_width - self.indent)):
            line.rstrip()
            yield Text(" " * self.indent).append_text(line)
