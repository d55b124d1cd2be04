"""Rows as markup: those kept out in full, those admitted and those with errors in tables."""

from collections.abc import Sequence

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.page.findings import finding, states
from assayoffice.rl.rewrites.page.prose import plain, prose
from assayoffice.rl.rewrites.reports import Check, CheckState, Report
from assayoffice.rl.rewrites.rows import RewriteRow

_NAME_CHARACTERS = 160
_ANSWER_CHARACTERS = 400
_MESSAGE_CHARACTERS = 600


def kept_out(outcome: RowOutcome, report: Report) -> str:
    """A row that is not admitted: why, beside what it says and what it was made from."""
    found = outcome.findings()
    named = {each.check for each in found}
    other = [
        each
        for each in report.checks
        if each.name not in named and each.state in (CheckState.FAILED, CheckState.UNDECIDED)
    ]
    parts = [
        f"<article><h3>{plain(outcome.id, _NAME_CHARACTERS)}</h3>",
        f'<p class="soft">{_about(outcome)} · score {report.score:.2f} from {report.applicable} '
        "checks</p>",
        _pair(outcome.row) if outcome.row is not None else "",
        *(
            finding(each.check, each.reason, each.explanation, report.check(each.check))
            for each in found
        ),
        *(_also(each) for each in other),
        f"<div>{states(report.checks)}</div></article>",
    ]
    return "".join(parts)


def admitted_row(outcome: RowOutcome, report: Report) -> Sequence[str]:
    """A row of the table of those admitted, in cells of markup."""
    row = outcome.row
    undecided = [each.name for each in report.checks if each.state is CheckState.UNDECIDED]
    return (
        plain(outcome.id, _NAME_CHARACTERS),
        plain(outcome.place, _NAME_CHARACTERS),
        plain(row.kind.value, 40) if row else "",
        plain(row.domain, 60) if row else "",
        f"{report.score:.2f}",
        f"{report.applicable}",
        plain(", ".join(undecided), 120),
    )


def error_row(outcome: RowOutcome, error: ItemError) -> Sequence[str]:
    """A row of the table of errors, in cells of markup."""
    return (
        plain(outcome.id, _NAME_CHARACTERS),
        plain(outcome.place, _NAME_CHARACTERS),
        f"<code>{plain(error.reason, 60)}</code>",
        plain(error.message, _MESSAGE_CHARACTERS),
    )


def cells(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are markup already."""
    made = "".join(f"<tr>{''.join(f'<td>{each}</td>' for each in row)}</tr>" for row in rows)
    names = "".join(f'<th scope="col">{each}</th>' for each in head)
    return (
        f'<div class="scroll"><table><thead><tr>{names}</tr></thead>'
        f"<tbody>{made}</tbody></table></div>"
    )


def _about(outcome: RowOutcome) -> str:
    row = outcome.row
    told = [outcome.place]
    if row is not None:
        told += [row.kind.value, row.domain, row.rewrite.submission.verifier, row.source.value]
    return plain(" · ".join(each for each in told if each), 500)


def _pair(row: RewriteRow) -> str:
    original = (
        prose(row.original_problem)
        if row.original_problem
        else '<p class="soft">The row does not hold the text of its original.</p>'
    )
    reference = ""
    if row.reference:
        reference = (
            f'<p class="answer"><span class="soft">Reference:</span> '
            f"<code>{plain(row.reference, _ANSWER_CHARACTERS)}</code></p>"
        )
    name = plain(row.original_id, _NAME_CHARACTERS)
    return (
        f'<div class="pair"><div><h4>Original: {name}</h4>{original}</div>'
        f"<div><h4>Rewrite</h4>{prose(row.problem)}{reference}</div></div>"
    )


def _also(check: Check) -> str:
    """A check that did not pass and that the policy only reports."""
    return (
        f'<section class="finding other"><h4>{plain(check.name, 40)} '
        f"<code>{plain(check.reason, 80)}</code> <span>reported only</span></h4>"
        f"<p>{plain(check.explanation, 800)}</p></section>"
    )
