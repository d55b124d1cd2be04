"""The command ``assay playbook``.

Exit codes:

====  ==============================================================================
0     the gate said to scale every domain, and no domain lost
1     the gate says to refine a domain, or a domain lost: the report says which and why; or
      no problem of a domain is at the edge of the base model: the message counts reasons
2     the command line, the configuration, the model, a problem or a mix cannot be used,
      or the extra is not installed
3     a stage failed, or the folder holds something else or cannot be written; the
      message says what to do
4     the service does not start, is unreachable or refuses the calls
130   interrupted; everything it started is gone, and the same command goes on
====  ==============================================================================
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assayoffice.rl.playbook.cli import ended_well, folder_of, write_event
from assayoffice.rl.training.cli import stoppable

app = typer.Typer()


@app.command(
    epilog="Exit codes: 0 the gate said to scale every domain, and no domain lost. 1 it says to "
    "refine, a domain lost, or no problem of a domain is at the edge. 2 the command line, the "
    "configuration, the model or a mix cannot be used. 3 a stage failed, or the folder holds "
    "something else. 4 the service is unreachable or refuses the calls. 130 interrupted; the same "
    "command goes on."
)
def playbook(
    file: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="TOML file, e.g. rl/configs/playbook.toml.")
    ],
    run: Annotated[
        Path | None, typer.Option("--run", help="Folder of the run; runs/NAME unless given.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Overrides the seed of the configuration.")
    ] = None,
    without_evidence: Annotated[
        bool,
        typer.Option(
            "--without-evidence",
            help="Freeze and scale domains that the gate did not say to scale; it is recorded.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Progress and results as JSON on stdout, one object per line."),
    ] = False,
) -> None:
    """The whole playbook: edge of ability, mixes, explore, scale, and a report.

    The same command goes on where an interrupted run was left.
    """
    console = Console(stderr=as_json, highlight=False)
    with _ended_well(console), stoppable():
        # Here, because other commands should not wait for the import of what they do not use.
        from assayoffice.rl.playbook import recording, showing, whole, whole_config
        from assayoffice.rl.playbook.matrix_json import matrix_as_json
        from assayoffice.rl.training import programs, progress

        config = whole_config.load(file, seed)
        programs.require_extra()
        with progress.shown(whole.stage_names(config), console, as_json) as shown:
            outcome = whole.run(
                config,
                folder_of(file, run),
                programs.VerlPrograms(),
                shown,
                without_evidence=without_evidence,
            )
        for decision in outcome.decisions.values():
            if as_json:
                write_event({"event": "decision", **recording.decision_as_json(decision)})
            else:
                for part in showing.decision(decision):
                    console.print(part)
        if outcome.matrix is not None and as_json:
            write_event({"event": "matrix", **matrix_as_json(outcome.matrix)})
        elif outcome.matrix is not None:
            for part in showing.matrix(outcome.matrix):
                console.print(part)
        if as_json:
            write_event({"event": "report", "path": str(outcome.report)})
        else:
            console.print(f"Report: {outcome.report}", markup=False, soft_wrap=True)
        lost = outcome.matrix is None or bool(outcome.matrix.lost)
    raise typer.Exit(0 if outcome.has_evidence and not lost else 1)


@contextlib.contextmanager
def _ended_well(console: Console) -> Iterator[None]:
    """As of explore and scale, and what ends sampling, filtering and voting."""
    from assayoffice.rl.edge.errors import EdgeError
    from assayoffice.rl.evaluating.errors import EvaluationError
    from assayoffice.rl.judging.errors import JudgingError
    from assayoffice.rl.sampling.options import outcome_of
    from assayoffice.rl.sources import UnreadableFileError
    from assayoffice.rl.terminal import plain

    with ended_well(console), outcome_of(console):
        try:
            yield
        except (EdgeError, EvaluationError, JudgingError, UnreadableFileError) as error:
            console.print(plain(f"error: {error}"), style="bold red", soft_wrap=True)
            unusable = isinstance(error, (EdgeError, UnreadableFileError))
            raise typer.Exit(2 if unusable else 3) from None
