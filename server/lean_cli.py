"""The command ``assay lean-selftest``."""

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assayoffice.sandbox.programs.settings import configure
from assayoffice.server import config
from assayoffice.server.app import sandbox_settings
from assayoffice.server.config import ConfigError

if TYPE_CHECKING:
    from assayoffice.verifiers.lean.selftest.trials import Row

app = typer.Typer()

_MARKS = {
    "ok": "[green]ok[/]",
    "no": "[bold red]no[/]",
    "not here": "[yellow]not here[/]",
    "not tried": "[yellow]not tried[/]",
}


@app.command("lean-selftest")
def test_lean(
    config_file: Annotated[
        Path | None,
        typer.Option("--config", metavar="TOML", help="File with the server's settings."),
    ] = None,
    lean: Annotated[
        Path | None,
        typer.Option("--lean", metavar="TOML", help="File of headers, without --config."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False,
) -> None:
    """Try the Lean of each header, what is beside it, and our own proofs and cheats.

    What passes is recorded beside the file of headers: a header with another release of Lean than
    this version was tried with, or with leanchecker, comparator or a REPL, serves only then.
    Settings can also come from variables ASSAY_<NAME>. Exit code 1 if something that is configured
    does not work; 2 for bad settings.
    """
    # Here, because no other command of the service's may load verifiers.
    from assayoffice.verifiers.lean import configuration
    from assayoffice.verifiers.lean.selftest import trials as selftest

    try:
        settings = config.load(config_file, os.environ, {"lean": lean})
        if settings.lean is None:
            raise ConfigError("lean: names no file of headers; see docs/verifiers/lean.md")
        headers = configuration.read(settings.lean)
    except (ConfigError, configuration.ConfigurationError) as error:
        raise _failure(error, code=2) from None
    configure(sandbox_settings(settings))
    with Console(stderr=True).status("") as status:
        reports = {
            header.id: selftest.test(header, lambda what: status.update(escape(what)))
            for header in headers.headers
        }
    try:
        kept = selftest.keep(headers, reports)
    except OSError as error:
        raise _failure(error, code=1) from None
    rows = [row for report in reports.values() for row in report.rows] + [selftest.dojo()]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(dataclasses.asdict(row) | {"state": row.state.value}))
    else:
        console = Console(highlight=False)
        console.print(_table(rows))
        passed = ", ".join(id for id, report in reports.items() if report.record) or "none"
        console.print(f"Passed: {passed}. Recorded in {kept}.", markup=False)
    raise typer.Exit(1 if any(row.failed for row in rows) else 0)


def _table(rows: "list[Row]") -> Table:
    table = Table("", "Header", "What", "Found", title="What this host's Lean can do")
    for row in rows:
        mark = _MARKS[row.state.value]
        table.add_row(mark, *(escape(text) for text in (row.header, row.what, row.detail)))
    return table


def _failure(error: Exception, code: int) -> typer.Exit:
    Console(stderr=True, highlight=False).print(f"error: {error}", style="bold red", markup=False)
    return typer.Exit(code)
