"""The commands ``assay explore`` and ``assay scale``.

Exit codes:

====  ==============================================================================
0     explore: the gate says scale, for every domain; scale: no domain lost
1     explore: it says refine; scale: a domain lost, or the gate has not said to scale
2     the command line, the configuration, a problem or a mix cannot be used, or the
      extra is not installed
3     a run failed, or the folder holds something else or cannot be written; the message
      says what to do
4     the service does not start, is unreachable or refuses the calls
130   interrupted; everything it started is gone, and the same command goes on
====  ==============================================================================
"""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from assayoffice.rl.training.cli import outcome_of, stoppable

app = typer.Typer()

_Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file, see docs/playbook.md.")]
_Run = Annotated[
    Path | None, typer.Option("--run", help="Folder of the playbook; runs/NAME unless given.")
]
_Seed = Annotated[int | None, typer.Option(min=0, help="Overrides the seed of the configuration.")]
_Json = Annotated[
    bool,
    typer.Option("--json", help="Progress and results as JSON on stdout, one object per line."),
]
_REST = (
    "2 the command line, the configuration or a mix cannot be used. 3 a run failed, or the folder "
    "holds something else. 4 the service is unreachable or refuses the calls."
)


@app.command(
    epilog=f"Exit codes: 0 the gate says scale, for every domain. 1 it says refine. {_REST}"
)
def explore(
    file: _Config,
    run: _Run = None,
    domain: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this domain; repeatable.", show_default="all"),
    ] = None,
    seed: _Seed = None,
    as_json: _Json = False,
) -> None:
    """Short experiments on a domain at a time, and whether they say to scale it.

    The same command goes on where an interrupted one was left.
    """
    console = Console(stderr=as_json, highlight=False)
    with ended_well(console), stoppable():
        # Here, because other commands should not wait for the import of what they do not use.
        from assayoffice.rl.playbook import config, recording, showing
        from assayoffice.rl.playbook import explore as exploring
        from assayoffice.rl.playbook.gate import Verdict
        from assayoffice.rl.training import programs, progress

        settings = config.load(file, seed)
        stages = exploring.stage_names(settings, domain or ())
        programs.require_extra()
        with progress.shown(stages, console, as_json) as shown:
            found = exploring.explore(
                settings, folder_of(file, run), programs.VerlPrograms(), shown, domain or ()
            )
        for each in found.values():
            if as_json:
                write_event({"event": "decision", **recording.decision_as_json(each)})
            else:
                _print(console, showing.decision(each))
        says_scale = all(each.verdict is Verdict.SCALE for each in found.values())
    raise typer.Exit(0 if says_scale else 1)


@app.command(
    epilog="Exit codes: 0 no domain lost. 1 a domain lost, or the gate has not said to scale. "
    + _REST
)
def scale(
    file: _Config,
    run: _Run = None,
    without_evidence: Annotated[
        bool,
        typer.Option(
            "--without-evidence",
            help="Scale domains that the gate did not say to scale; it is recorded.",
        ),
    ] = False,
    seed: _Seed = None,
    as_json: _Json = False,
) -> None:
    """Train on frozen mixes together, SFT and then GRPO, and see whether their gains add up.

    The same command goes on where an interrupted one was left.
    """
    console = Console(stderr=as_json, highlight=False)
    with ended_well(console), stoppable():
        from assayoffice.rl.playbook import config, showing
        from assayoffice.rl.playbook import scale as scaling
        from assayoffice.rl.playbook.matrix_json import matrix_as_json
        from assayoffice.rl.training import programs, progress

        settings = config.load(file, seed)
        stages = scaling.stage_names(settings)
        programs.require_extra()
        with progress.shown(stages, console, as_json) as shown:
            found = scaling.scale(
                settings,
                folder_of(file, run),
                programs.VerlPrograms(),
                shown,
                without_evidence=without_evidence,
            )
        if as_json:
            write_event({"event": "matrix", **matrix_as_json(found)})
        else:
            _print(console, showing.matrix(found))
    raise typer.Exit(1 if found.lost else 0)


def folder_of(file: Path, run: Path | None) -> Path:
    """The folder of a playbook, whose commands share it."""
    return (run or Path("runs", file.stem)).absolute()


@contextlib.contextmanager
def ended_well(console: Console) -> Iterator[None]:
    """Turn what ends a command early into a message and an exit code."""
    from assayoffice.rl.mixes.errors import MixError
    from assayoffice.rl.playbook.errors import NoEvidenceError, NothingKeptError
    from assayoffice.rl.terminal import plain

    with outcome_of(console):
        try:
            yield
        except (NoEvidenceError, NothingKeptError, MixError) as error:
            console.print(plain(f"error: {error}"), style="bold red", soft_wrap=True)
            raise typer.Exit(2 if isinstance(error, MixError) else 1) from None


def _print(console: Console, parts: Iterable[RenderableType]) -> None:
    for each in parts:
        # Tables fit the terminal, sentences are left to it.
        console.print(each, soft_wrap=isinstance(each, Text))


def write_event(event: dict[str, object]) -> None:
    """Tell a machine what has happened: a line of JSON."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()
