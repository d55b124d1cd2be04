"""What gate and matrix look like on a terminal."""

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.playbook.gate import Decision, PointFindings, State, Verdict
from assayoffice.rl.playbook.matrix import Matrix, Row, Standing
from assayoffice.rl.playbook.sentences import interval, points
from assayoffice.rl.terminal import plain
from assayoffice.rl.training.summary import TITLES, percent

_STATES = {State.MET: "green", State.NOT_MET: "red", State.UNDECIDED: "yellow"}
_STANDINGS = {
    Standing.BETTER: "green",
    Standing.KEPT: "green",
    Standing.LOST: "bold red",
    Standing.UNKNOWN: "yellow",
}


def decision(found: Decision) -> Iterator[RenderableType]:
    """A decision: every point in a table, then each trigger of the chosen one in a sentence."""
    title = f"{found.domain}: points of the grid, {100 * found.level:.4g} % intervals"
    table = Table(title=plain(title), box=box.SIMPLE, title_justify="left")
    table.add_column("point")
    table.add_column("uplift, points", justify="right", no_wrap=True)
    table.add_column("by run", justify="right")
    for trigger in ("uplift", "trend", "regression"):
        table.add_column(trigger)
    for each in found.points:
        mark = "▸ " if each.name == found.chosen.name else "  "
        table.add_row(plain(mark + each.name), *_cells(each))
    yield table
    for finding in found.chosen.findings:
        state = (f"{finding.state.value:>9}  ", _STATES[finding.state])
        yield Text.assemble(state, plain(finding.sentence))
        if finding.remedy:
            yield Text.assemble(" " * 11, plain(finding.remedy))
    verdict = plain(f"{found.domain}: {found.verdict.upper()} ({found.chosen.name})")
    verdict.stylize("bold green" if found.verdict is Verdict.SCALE else "bold yellow")
    yield verdict


def matrix(found: Matrix) -> Iterator[RenderableType]:
    """A matrix, and a sentence for each domain; "alone" is how it was explored."""
    title = "Accuracy by domain and checkpoint, % with 95 % intervals"
    table = Table(title=title, box=box.SIMPLE, title_justify="left")
    table.add_column("domain", no_wrap=True)
    for name in found.checkpoints:
        table.add_column(TITLES[name], justify="right")
    table.add_column("alone", justify="right")
    table.add_column("to base")
    table.add_column("to alone")
    for row in found.rows:
        cells = [percent(cell.accuracy) for cell in row.cells.values()]
        best = "–" if row.best_accuracy is None else f"{100 * row.best_accuracy:.1f}"
        table.add_row(plain(row.domain), *cells, best, *_standings(row))
    yield table
    for row in found.rows:
        yield plain(row.sentence)
    if found.without_evidence:
        said = ", ".join(found.without_evidence)
        yield plain(f"Scaled although the gate has not said so: {said}.")


def _cells(point: PointFindings) -> Iterator[RenderableType]:
    difference = point.findings[0].difference
    yield "–" if difference is None else interval(difference).replace(" points", "")
    yield "–" if difference is None else ", ".join(points(each) for each in difference.by_run)
    states: dict[str, State] = {}
    for each in point.findings:
        # Of several frozen domains the one that speaks against scaling.
        if states.get(each.trigger.value, State.MET) is State.MET:
            states[each.trigger.value] = each.state
    for state in states.values():
        yield Text(state.value, _STATES[state])


def _standings(row: Row) -> Iterator[Text]:
    for each in (row.against_start, row.against_best):
        yield Text("–") if each is None else Text(each.value, _STANDINGS[each])
