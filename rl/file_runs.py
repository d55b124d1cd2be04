"""Takes the rows of a file through a service, and shows what comes of them as it comes."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol, TextIO, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from assayoffice.rl.report import errors_list
from assayoffice.rl.results import ItemError
from assayoffice.rl.sources import Source

_TABLE_ROWS = 50
_SHOWN_ERRORS = 10

FactT = TypeVar("FactT")


class Placed(Protocol):
    """A row: where it stands in its file, and how far into the file it ends."""

    @property
    def number(self) -> int: ...
    @property
    def offset(self) -> int: ...


RowT = TypeVar("RowT", bound=Placed)


class Report(Protocol[FactT]):
    """What is counted of the results, and how they are shown."""

    errors: Counter[str]

    def add(self, result: FactT | ItemError) -> None:
        """Count a result."""
        ...

    def as_json(self, result: FactT | ItemError) -> str:
        """A result as a line of JSON."""
        ...

    def table(self, results: list[FactT | ItemError], title: str) -> RenderableType:
        """A few results as a table."""
        ...

    def summary(self, seconds: float) -> RenderableType:
        """What was counted, in so many seconds."""
        ...


def refuse_overwriting(output: Path | None, file: str) -> None:
    """Raise BadParameter where the results would take the place of the rows."""
    same = output is not None and output.exists() and Path(file).exists() and output.samefile(file)
    if same:
        raise typer.BadParameter("would overwrite the rows", param_hint="--output")


def with_progress(
    answered: Generator[tuple[RowT, FactT | ItemError], None, None],
    source: Source,
    console: Console,
    done: str,
) -> Iterator[FactT | ItemError]:
    """The results of rows, with a bar on ``console`` that counts how many are ``done``.

    Errors of the service are told where in the file their row stands.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]:,} " + done),
        TimeRemainingColumn(),
    )
    disabled = not console.is_terminal
    with (
        Progress(*columns, console=console, transient=True, disable=disabled) as progress,
        contextlib.closing(answered),
    ):
        bar = progress.add_task(source.name, total=source.total, count=0)
        for count, (row, result) in enumerate(answered, start=1):
            yield _placed(result, f"{source.name} row {row.number}: ")
            progress.update(bar, completed=row.offset, count=count)


def show(
    results: Iterator[FactT | ItemError],
    report: Report[FactT],
    sink: TextIO | None,
    as_json: bool,
    name: str,
) -> None:
    """Write results as JSON lines, or few of them as a table, and a summary."""
    shown: list[FactT | ItemError] = []
    errors: list[ItemError] = []
    start = time.monotonic()
    try:
        for result in results:
            report.add(result)
            if as_json:
                sys.stdout.write(report.as_json(result) + "\n")
            elif len(shown) <= _TABLE_ROWS:
                shown.append(result)
            if isinstance(result, ItemError) and len(errors) < _SHOWN_ERRORS:
                errors.append(result)
            if sink is not None:
                sink.write(report.as_json(result) + "\n")
    finally:
        sys.stdout.flush()
    if not as_json:
        out = Console(highlight=False)
        if 0 < len(shown) <= _TABLE_ROWS:
            out.print(report.table(shown, name))
        if errors:
            out.print(errors_list(errors))
        out.print(report.summary(time.monotonic() - start))


def _placed(result: FactT | ItemError, place: str) -> FactT | ItemError:
    if not isinstance(result, ItemError) or result.message.startswith(place):
        return result
    return ItemError(result.id, result.code, result.reason, place + result.message)
