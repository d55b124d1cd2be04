"""Annotations of GitHub Actions: what is wrong with a row, shown at its line of the pull request.

They are lines of a log that the runner obeys, so whatever a model wrote is escaped; and while other
output is printed, the runner is told to obey nothing.
"""

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.set_report import SetReport
from assayoffice.rl.terminal import plain

#: GitHub itself shows fewer for a step and keeps the others in the log.
MOST_ANNOTATIONS = 100
_MOST_CHARACTERS = 1000
_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def annotations(outcomes: Iterable[RowOutcome], sets: SetReport, workspace: Path) -> Iterator[str]:
    """A line for each row that is kept out or has an error, and for each set check that fails.

    Files below ``workspace``, where the repository is, are named as the repository names them.
    """
    count = 0
    for outcome in outcomes:
        if outcome.admitted:
            continue
        count += 1
        if count <= MOST_ANNOTATIONS:
            title, message = _said(outcome)
            yield _error(
                message, file=_path(outcome.file, workspace), line=outcome.number, title=title
            )
    if count > MOST_ANNOTATIONS:
        yield _error(f"{count - MOST_ANNOTATIONS} more rows are kept out", title="More rows")
    for check in sets.checks:
        if not check.gating or check.state is not CheckState.FAILED:
            continue
        title = f"The set: {check.name} {check.reason}"
        if not check.rows:
            yield _error(check.explanation, title=title)
        for row in check.rows[:MOST_ANNOTATIONS]:
            message = f"{row.id}: {row.detail}. {check.explanation}"
            yield _error(message, file=_path(row.file, workspace), line=row.number, title=title)


@contextlib.contextmanager
def obeying_nothing(output: TextIO) -> Iterator[None]:
    """Have the runner take what is written to ``output`` for text and nothing else."""
    token = secrets.token_hex(16)
    output.write(f"::stop-commands::{token}\n")
    output.flush()
    try:
        yield
    finally:
        output.write(f"::{token}::\n")
        output.flush()


def _said(outcome: RowOutcome) -> tuple[str, str]:
    if isinstance(error := outcome.result, ItemError):
        return f"Not checked: {error.reason}", error.message
    findings = outcome.findings()
    title = ", ".join(f"{each.check} {each.reason}" for each in findings)
    message = "\n".join(f"{each.check}: {each.explanation}" for each in findings)
    return title, f"{outcome.id}: {message}"


def _path(file: str, workspace: Path) -> str:
    path, root = Path(file).resolve(), workspace.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


def _error(message: str, **properties: str | int) -> str:
    written = ",".join(
        f"{name}={str(value)[:_MOST_CHARACTERS].translate(_PROPERTY)}"
        for name, value in properties.items()
    )
    return plain(f"::error {written}::{message[:_MOST_CHARACTERS].translate(_MESSAGE)}").plain
