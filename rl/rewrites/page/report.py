"""The report of a set of rewrites: one HTML file that needs nothing else.

Outcomes are read once and in order. What is held of them is bounded, however many there are: of the
first rows that are not admitted their markup, of the others counts, and the page says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.page import rows
from assayoffice.rl.rewrites.page.counts import Counts
from assayoffice.rl.rewrites.page.prose import cut, visible
from assayoffice.rl.rewrites.page.set_part import set_part
from assayoffice.rl.rewrites.page.style import STYLE
from assayoffice.rl.rewrites.sets.set_report import SetReport
from assayoffice.rl.training import page
from assayoffice.rl.training.folder import write_whole

_SHOWN_KEPT_OUT = 200
_SHOWN_ERRORS = 200
_SHOWN_ADMITTED = 1000
_ADMITTED_HEAD = ("id", "place", "kind", "domain", "score", "checks", "undecided")


def write(
    outcomes: Iterable[RowOutcome],
    sets: SetReport,
    output: Path,
    *,
    facts: Mapping[str, str],
) -> None:
    """Write the page. ``facts`` are told at its end. Raises OSError."""
    counts = Counts()
    kept_out: list[str] = []
    errors: list[Sequence[str]] = []
    admitted: list[Sequence[str]] = []
    for outcome in outcomes:
        counts.add(outcome)
        result = outcome.result
        if isinstance(result, ItemError):
            if len(errors) < _SHOWN_ERRORS:
                errors.append(rows.error_row(outcome, result))
        elif outcome.admitted:
            if len(admitted) < _SHOWN_ADMITTED:
                admitted.append(rows.admitted_row(outcome, result))
        elif len(kept_out) < _SHOWN_KEPT_OUT:
            kept_out.append(rows.kept_out(outcome, result))
    title = f"{counts.admitted:,} of {counts.rows:,} rewrites admitted"
    body = [
        f"<h1>{page.text(title)}</h1>",
        page.paragraph(_verdict(counts, sets), "soft"),
        _cards(counts, sets),
        _section("Checks of each row", counts.checks_table()),
        _section("What the set is made of", counts.charts()),
        _section("The set as a whole", set_part(sets)),
        _section("Rows kept out", _first(kept_out, counts.kept_out) + "".join(kept_out)),
        _errors(errors, counts.errors),
        _admitted(admitted, counts.admitted),
        _section("How it was checked", _facts(facts)),
        "<footer>Made by assay rewrites check. Nothing on this page is loaded from elsewhere."
        "</footer>",
    ]
    write_whole(output, page.page(title, body, STYLE))


def _verdict(counts: Counts, sets: SetReport) -> str:
    """What the run comes to, in a sentence."""
    parts: list[str] = []
    if counts.errors:
        parts.append("Rows with an error were not checked: the error says nothing about them.")
    if counts.kept_out:
        parts.append("Rows kept out stand below with what to change.")
    if sets.failed:
        parts.append(f"The set as a whole fails: {', '.join(sets.failed)}.")
    return " ".join(parts) or "Every row and the set as a whole pass."


def _cards(counts: Counts, sets: SetReport) -> str:
    share = counts.admitted / counts.rows if counts.rows else 0.0
    failed = len(sets.failed)
    return page.cards(
        [
            ("Admitted", f"{counts.admitted:,}", f"{share:.1%} of {counts.rows:,} rows"),
            ("Kept out", f"{counts.kept_out:,}", "by what the policy asks for"),
            ("Errors", f"{counts.errors:,}", "without a report"),
            ("The set", "fails" if failed else "passes", f"{failed} of its checks failed"),
        ]
    )


def _section(title: str, markup: str) -> str:
    return f"<section>{page.heading(title)}{markup}</section>"


def _first(shown: Sequence[object], count: int) -> str:
    """Says how many of how many are shown."""
    if not count:
        return page.paragraph("None.")
    if len(shown) == count:
        return page.paragraph(f"All {count:,} of them.", "soft")
    said = f"The first {len(shown):,} of {count:,} are shown; the command's --output has all."
    return page.paragraph(said, "soft")


def _errors(shown: Sequence[Sequence[str]], count: int) -> str:
    if not count:
        return ""
    table = rows.cells(("id", "place", "reason", "what went wrong"), shown)
    return _section("Rows with an error", _first(shown, count) + table)


def _admitted(shown: Sequence[Sequence[str]], count: int) -> str:
    if not count:
        return ""
    table = rows.cells(_ADMITTED_HEAD, shown)
    return _section("Rows admitted", _first(shown, count) + page.folded("Show them", table))


def _facts(facts: Mapping[str, str]) -> str:
    told = [(visible(cut(name, 100)), visible(cut(value, 1000))) for name, value in facts.items()]
    return page.table(("what", "value"), told, numbers_from=2)
