"""The commands ``assay train`` and ``assay train-report``.

Exit codes of ``train``:

====  ==============================================================================
0     the run is finished and its report is written
2     the command line or the configuration cannot be used, or the extra is not installed
3     a stage failed, or the folder holds another run or cannot be written; the message
      says what to do
4     the service does not start, is unreachable or refuses the calls
130   interrupted; everything it started is gone, and the same command goes on
====  ==============================================================================
"""

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assayoffice.rl.embedded import EmbeddedServerError
from assayoffice.rl.errors import ServiceError
from assayoffice.rl.terminal import plain

app = typer.Typer()


@app.command()
def train(
    file: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="TOML file, e.g. rl/configs/demo.toml.")
    ],
    run: Annotated[
        Path | None,
        typer.Option("--run", help="Folder of the run; runs/NAME-seed-N unless given."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Overrides the seed of the configuration.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Progress as JSON on stdout, one object per line.")
    ] = False,
) -> None:
    """SFT, then GRPO with rewards of the service, and evaluations around them.

    The same command goes on where an interrupted run was left.
    """
    console = _console(as_json)
    with outcome_of(console), stoppable():
        # Here, because other commands should not wait for the import of what they do not use.
        from assayoffice.rl.training import config, pipeline, programs, progress
        from assayoffice.rl.training.folder import RunFolder

        settings = config.load(file, seed)
        programs.require_extra()
        folder = RunFolder((run or Path("runs", f"{file.stem}-seed-{settings.seed}")).absolute())
        with progress.shown(pipeline.stage_names(settings), console, as_json) as shown:
            pipeline.run(settings, file.read_text("utf-8"), folder, programs.VerlPrograms(), shown)
        if not as_json:
            from assayoffice.rl.training import summary

            console.print(summary.accuracy_table(folder))
            console.print(f"Report: {folder.report}", markup=False, soft_wrap=True)


@app.command(name="train-report")
def train_report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path(
        "report.html"
    ),
) -> None:
    """One report over several runs of a configuration, usually its seeds."""
    console = _console(as_json=False)
    with outcome_of(console):
        from assayoffice.rl.training import report
        from assayoffice.rl.training.folder import RunFolder

        report.write([RunFolder(each) for each in runs], output)
        console.print(f"Report: {output.absolute()}", markup=False, soft_wrap=True)


def _console(as_json: bool) -> Console:
    """Where people read; with --json standard output is for machines."""
    return Console(stderr=as_json, highlight=False)


@contextlib.contextmanager
def outcome_of(console: Console) -> Iterator[None]:
    """Turn what ends a run early into a message and an exit code."""
    from assayoffice.rl.training.errors import ConfigError, MissingExtraError, TrainingError

    try:
        yield
    except TrainingError as error:
        _complain(console, error)
        unusable = isinstance(error, (ConfigError, MissingExtraError))
        raise typer.Exit(2 if unusable else 3) from None
    except (ServiceError, EmbeddedServerError) as error:
        _complain(console, error)
        raise typer.Exit(4) from None
    except BrokenPipeError:
        raise  # Whoever read our output has had enough; click ends the command for that.
    except OSError as error:
        # The folder of the run cannot be written, or its disk is full.
        _complain(console, error)
        raise typer.Exit(3) from None
    except KeyboardInterrupt:
        console.print("Interrupted; the same command goes on from here.")
        raise typer.Exit(130) from None


def _complain(console: Console, error: Exception) -> None:
    # Servers and logs have their say in errors, and models theirs in logs.
    console.print(plain(f"error: {error}"), style="bold red", soft_wrap=True)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Have SIGTERM and a closed terminal do what Ctrl-C does: leave every ``with`` block.

    What is ignored, as nohup has a closed terminal ignored, stays so.
    """
    both = (signal.SIGTERM, signal.SIGHUP)
    asked = [each for each in both if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, signal.default_int_handler) for each in asked}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        sys.stdout.flush()
