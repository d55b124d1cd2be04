"""The commands ``assay serve`` and ``assay doctor``."""

import asyncio
import dataclasses
import inspect
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assayoffice.server import config, doctor, logs, process
from assayoffice.server.app import Server, StartError
from assayoffice.server.config import ConfigError
from assayoffice.server.engine import EngineError

app = typer.Typer()

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="TOML", help="File with settings.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


def _with_a_flag_per_setting(command: Any) -> Any:
    """Spread the ``**flags`` of a command into one flag per row of the table of settings."""
    own = list(inspect.signature(command).parameters.values())[:-1]
    flags = []
    for setting in config.table():
        default = "" if setting.default is None else f" Default: {setting.default}."
        option = typer.Option(
            setting.flag,
            help=setting.doc + default,
            show_default=False,
            rich_help_panel="Settings",
        )
        annotation: Any = Annotated[setting.type | None, option]
        flags.append(
            inspect.Parameter(
                setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
        )
    command.__signature__ = inspect.Signature([*own, *flags])
    return command


@app.command(
    epilog="Exit codes: 0 drained. 1 it could not start. 2 the settings cannot be used. "
    "130, 143 a second signal ended it."
)
@_with_a_flag_per_setting
def serve(
    config_file: ConfigFile = None,
    as_json: AsJson = False,
    stop_with_stdin: Annotated[
        bool, typer.Option("--stop-with-stdin", help="Drain when stdin ends: with the parent.")
    ] = False,
    **flags: Any,
) -> None:
    """Serve the installed verifiers until SIGTERM or Ctrl-C.

    Settings can also come from the file and from variables ASSAY_<NAME>; flags win, then variables.
    """
    try:
        settings = config.load(config_file, os.environ, flags)
        logs.set_up(settings.log_level, as_json=as_json)
        announce = _announce_as_json if as_json else _announce
        code = asyncio.run(process.serve(settings, announce, stop_with_stdin=stop_with_stdin))
    except ConfigError as error:
        raise _failure(error, code=2) from None
    except (StartError, EngineError) as error:
        raise _failure(error, code=1) from None
    raise typer.Exit(code)


@app.command("doctor")
def check_host(config_file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Say what this host can and cannot do, with the remedy.

    Settings about sandboxes and Lean come from the file and from variables ASSAY_<NAME>, as for
    serve.
    Exit code 1 if it cannot serve, or cannot serve all installed verifiers; 2 for bad settings.
    """
    try:
        settings = config.load(config_file, os.environ, {})
        findings = asyncio.run(doctor.examine(settings))
    except ConfigError as error:
        raise _failure(error, code=2) from None
    if as_json:
        for finding in findings:
            typer.echo(json.dumps(dataclasses.asdict(finding)))
    else:
        Console(highlight=False).print(_table(findings))
    raise typer.Exit(0 if all(finding.ok for finding in findings if finding.needed) else 1)


def _announce(server: Server) -> None:
    states = ", ".join(f"{name} {state}" for name, state in server.states().items())
    typer.echo(f"Serving on {server.endpoint}: {states or 'no verifiers'}")


def _announce_as_json(server: Server) -> None:
    typer.echo(json.dumps({"endpoint": server.endpoint, "verifiers": server.states()}))


def _failure(error: Exception, code: int) -> typer.Exit:
    Console(stderr=True, highlight=False).print(f"error: {error}", style="bold red", markup=False)
    return typer.Exit(code)


def _table(findings: list[doctor.Finding]) -> Table:
    table = Table("", title="What this host can do")
    for heading in ("What", "Found", "Remedy"):
        # A path must not lose its end.
        table.add_column(heading, overflow="fold")
    for finding in findings:
        bad = "[bold red]no[/]" if finding.needed else "[yellow]no[/]"
        mark = "[green]ok[/]" if finding.ok else bad
        remedy = "" if finding.ok else finding.remedy
        table.add_row(mark, *(escape(text) for text in (finding.subject, finding.detail, remedy)))
    return table
