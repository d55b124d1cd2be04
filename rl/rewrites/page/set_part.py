"""What was found out about a set as a whole, as markup."""

from assayoffice.rl.rewrites.page.prose import plain
from assayoffice.rl.rewrites.page.rows import cells
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.set_report import SetCheck, SetReport

_SHOWN_ROWS = 50
_STATES = {
    CheckState.PASSED: "passed",
    CheckState.FAILED: "failed",
    CheckState.UNDECIDED: "undecided",
    CheckState.NOT_APPLICABLE: "does not apply",
}


def set_part(sets: SetReport) -> str:
    """All checks of the set, those that failed first."""
    ordered = sorted(sets.checks, key=lambda each: each.state is not CheckState.FAILED)
    return "".join(map(_check, ordered))


def _check(check: SetCheck) -> str:
    failed = check.state is CheckState.FAILED
    gating = "" if check.gating or not failed else " (reported only)"
    figures = " · ".join(
        f"{name.replace('_', ' ')} {value:,.4g}" for name, value in check.figures.items()
    )
    return (
        f'<div class="finding {"" if failed else "other"}"><h3>{plain(check.name, 40)} '
        f'<span class="state {check.state.name}">{_STATES[check.state]}{gating}</span> '
        f"<code>{plain(check.reason, 60)}</code></h3><p>{plain(check.explanation, 2000)}</p>"
        f"{_rows(check)}"
        f'<p class="soft">{plain(figures, 600)}</p></div>'
    )


def _rows(check: SetCheck) -> str:
    if not check.rows:
        return ""
    shown = [
        (plain(each.id, 160), plain(f"{each.file}:{each.number}", 160), plain(each.detail, 600))
        for each in check.rows[:_SHOWN_ROWS]
    ]
    table = cells(("id", "place", "what was found"), shown)
    if len(check.rows) <= _SHOWN_ROWS:
        return table
    left = f"The first {_SHOWN_ROWS} of {len(check.rows):,} rows; --output has all."
    return f'{table}<p class="soft">{left}</p>'
