"""How results are shown: one JSON object per row for machines, tables for people."""

import dataclasses
import json
from collections import Counter
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from assayoffice.rl.results import ItemError, Outcome, Result, Verdict, VerifierInfo
from assayoffice.rl.terminal import counted, one_line, plain

_STYLES = {
    Outcome.CORRECT: "bold green",
    Outcome.INCORRECT: "red",
    Outcome.NO_ANSWER: "yellow",
    Outcome.LIMIT_EXCEEDED: "magenta",
}
_ERROR_STYLE = "bold white on red"
_SHOWN_CHECKS = 20
_SHOWN_CHARACTERS = 200


def as_json(result: Result) -> str:
    """One line of JSON, pure ASCII. An error has no key ``score``.

    A verdict that has parts has the keys ``checks`` and ``integrity``.
    """
    if isinstance(result, ItemError):
        return error_as_json(result)
    written = {"id": result.id, **verdict_fields(result)}
    if result.checks:
        written["integrity"] = result.integrity
        written["checks"] = [dataclasses.asdict(check) for check in result.checks]
    return json.dumps(written)


def verdict_fields(verdict: Verdict) -> dict[str, object]:
    """What the JSON form of every verdict has."""
    return {
        "outcome": verdict.outcome.value,
        "score": verdict.score,
        "reason": verdict.reason,
        "extracted": verdict.extracted,
        "method": verdict.method,
        "hallmark": str(verdict.hallmark),
    }


def error_as_json(error: ItemError) -> str:
    """One line of JSON, pure ASCII, without anything that could be taken for a number to use."""
    details = {"reason": error.reason, "code": error.code.name, "message": error.message}
    return json.dumps({"id": error.id, "error": details})


@dataclass
class Tally:
    """Verdicts, as they come."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    score_sum: float = 0.0

    def add(self, result: Result) -> None:
        """Count a result."""
        if isinstance(result, Verdict):
            self.outcomes[result.outcome] += 1
            self.score_sum += result.score
        else:
            self.errors[result.reason] += 1

    def as_json(self, result: Result) -> str:
        """As the function."""
        return as_json(result)

    def table(self, results: list[Result], title: str) -> Table:
        """As results_table."""
        return results_table(results, title)

    def summary(self, seconds: float) -> RenderableType:
        """The counts as a table with a closing line."""
        verdicts, errors = self.outcomes.total(), self.errors.total()
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right")
        table.add_column()
        table.add_column(justify="right", style="dim")
        for outcome, style in _STYLES.items():
            if count := self.outcomes[outcome]:
                share = f"{100 * count / verdicts:.1f} %"
                table.add_row(f"{count:,}", Text(outcome.value, style), share)
        for reason, count in self.errors.most_common():
            table.add_row(f"{count:,}", Text(f"ERROR {reason}", "bold red"), "no score")
        mean = f"mean score {self.score_sum / verdicts:.4f} over " if verdicts else ""
        rate = (verdicts + errors) / seconds if seconds > 0 else 0.0
        closing = (
            f"{mean}{counted(verdicts, 'verdict')}; {counted(errors, 'error')}; {rate:,.0f} rows/s"
        )
        return Group(table, Text(closing, "dim"))


def results_table(results: list[Result], title: str) -> Table:
    """A row per result, a line each; on a narrow terminal, ids and answers are cut short."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    # Rich narrows the columns that may wrap, and no others; that nothing wraps is up to the cells.
    table.add_column("id", style="cyan", max_width=24)
    table.add_column("verdict", no_wrap=True)
    table.add_column("extracted")
    table.add_column("reason", no_wrap=True)
    table.add_column("method", style="dim", no_wrap=True)
    table.add_column("ms", justify="right", style="dim", no_wrap=True)
    for result in results:
        match result:
            case Verdict():
                table.add_row(
                    one_line(result.id),
                    badge(result),
                    one_line(result.extracted) or Text("none", "dim"),
                    one_line(_reason(result)),
                    one_line(result.method),
                    "cached" if result.timing.cached else _milliseconds(result),
                )
            case ItemError():
                table.add_row(
                    one_line(result.id), badge(result), "", one_line(result.reason), "", ""
                )
    return table


def proofs_table(
    results: list[Result], accepted: list[bool], unscreened: list[Result | None], title: str
) -> RenderableType:
    """A row per result: what plain Lean says (``accepted``), the verdict, and how far it goes.

    ``unscreened`` is what the same lines got where no screen reads them. Below the table is what
    was found against those that are not CORRECT.
    """
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("id", style="cyan", no_wrap=True)
    for heading in ("lean", "verdict", "reason", "unscreened", "checked"):
        table.add_column(heading, no_wrap=True)
    found = []
    for result, accepts, bare in zip(results, accepted, unscreened, strict=True):
        checked = result.integrity if isinstance(result, Verdict) else ""
        table.add_row(
            one_line(result.id),
            Text("exit 0") if accepts else Text("error", "dim"),
            badge(result),
            one_line(result.reason),
            _or_dash(bare.reason if bare else ""),
            _or_dash(checked),
        )
        if isinstance(result, ItemError):
            found.append(_finding(result.id, result.message))
        elif result.outcome is not Outcome.CORRECT:
            found.append(_finding(result.id, result.explanation))
        if isinstance(bare, Verdict):
            found.append(_finding(f"{result.id}, unscreened", bare.explanation))
    return Group(table, *found)


def _or_dash(text: str) -> Text:
    return one_line(text) if text else Text("-", "dim")


def _finding(id: str, why: str) -> Text:
    said = " ".join(why.split())[:_SHOWN_CHARACTERS]
    return Text("✗ ", "bold red").append_text(plain(f"{id}: {said}"))


def errors_list(errors: list[ItemError]) -> RenderableType:
    """The messages of errors, a line each."""
    return Group(*(Text("✗ ", "bold red").append_text(plain(error.message)) for error in errors))


def result_panel(result: Result) -> Panel:
    """All that is known about one result."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    if isinstance(result, Verdict):
        lines = {
            "score": f"{result.score:g}",
            "reason": _reason(result),
            "": result.explanation,
            "extracted": result.extracted,
            "read as": result.normalized_answer,
            "reference": result.normalized_reference,
            "method": result.method,
            "integrity": result.integrity,
            "flags": ", ".join(result.flags),
            "hallmark": str(result.hallmark),
            "cpu time": f"{_milliseconds(result)} ms",
        }
    else:
        lines = {"code": result.code.name, "reason": result.reason, "message": result.message}
    for name, value in lines.items():
        if value:
            table.add_row(name, plain(value))
    if isinstance(result, Verdict):
        for check in result.checks[:_SHOWN_CHECKS]:
            mark = Text("✓", "green") if check.passed else Text("✗", "bold red")
            table.add_row(mark, plain(f"{check.name}  {check.detail}".rstrip()))
        if (hidden := len(result.checks) - _SHOWN_CHECKS) > 0:
            table.add_row("", plain(f"and {hidden} more; --json shows all"))
    return Panel(table, title=badge(result), title_align="left", expand=False)


def verifiers_table(verifiers: list[VerifierInfo]) -> Table:
    """What is installed and whether it serves."""
    table = Table()
    table.add_column("verifier", style="bold cyan", no_wrap=True)
    table.add_column("version", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("detail", overflow="fold")
    table.add_column("summary", overflow="fold")
    for each in verifiers:
        state = Text("serving", "green") if each.serving else Text("not serving", "bold red")
        summary = each.summary
        if each.languages:
            summary += f"\n{', '.join(each.languages)}"
        table.add_row(
            Text(each.name), each.hallmark.version, state, plain(each.detail), plain(summary)
        )
    return table


def verifier_as_json(verifier: VerifierInfo) -> str:
    """One line of JSON."""
    return json.dumps(
        {
            "name": verifier.name,
            "version": verifier.hallmark.version,
            "digest": verifier.hallmark.digest,
            "serving": verifier.serving,
            "detail": verifier.detail,
            "summary": verifier.summary,
            "task_field": verifier.task_field,
            "task_schema": verifier.task_schema,
            "hallmark_parts": verifier.hallmark_parts,
            "languages": verifier.languages,
        }
    )


def badge(result: Result) -> Text:
    """The outcome, or that there is none, in its colour."""
    if isinstance(result, Verdict):
        return Text(result.outcome.value, _STYLES[result.outcome])
    return Text("ERROR", _ERROR_STYLE)


def _reason(verdict: Verdict) -> str:
    """The reason, with how many parts passed where there are parts."""
    if not verdict.checks:
        return verdict.reason
    passed = sum(check.passed for check in verdict.checks)
    return f"{verdict.reason} {passed}/{len(verdict.checks)}"


def _milliseconds(verdict: Verdict) -> str:
    return f"{verdict.timing.cpu_seconds * 1000:.2f}"
