"""What the commands of evaluations have in common: options, progress, and how they fail."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assayoffice.rl.embedded import EmbeddedServerError
from assayoffice.rl.errors import ServiceError
from assayoffice.rl.evaluating.errors import EvaluationError
from assayoffice.rl.judging.errors import ChangedJudgementsError, JudgingError
from assayoffice.rl.sampling import options as sampling
from assayoffice.rl.sampling.errors import ChangedAnswersError
from assayoffice.rl.sources import UnreadableFileError
from assayoffice.rl.terminal import plain
from assayoffice.rl.training.cli import stoppable

# Where no terminal says how wide it is.
_LOG_WIDTH = 100

Folder = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for answers, judgements and evaluation.json; the same command goes on there.",
    ),
]
Ks = Annotated[
    str | None,
    typer.Option(
        "--k",
        metavar="K,K,...",
        help="pass@k and majority@k are told for these.",
        show_default="powers of two up to 64, and the number of samples",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(help="What the model is called in what is shown.", show_default="its path"),
]
Verifier = Annotated[
    str | None, typer.Option(help="What judges rows that name none.", show_default="numeric")
]
HallmarksOf = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Judge by the verifiers of this run of `assay train`, or of another evaluation, and "
        "by no others.",
        exists=True,
    ),
]


def ks_of(written: str | None) -> list[int]:
    """What ``--k`` says, empty where it is not given. Raises typer.BadParameter."""
    if written is None:
        return []
    try:
        ks = [int(each) for each in written.split(",")]
    except ValueError:
        ks = [0]
    if min(ks) < 1:
        raise typer.BadParameter("must be whole numbers above 0, as in 1,4,16", param_hint="--k")
    return ks


def tell(shown: RenderableType) -> None:
    """Print a result for people."""
    if sys.stdout.isatty():
        Console(highlight=False).print(shown)
        return
    log = Console(highlight=False, width=_LOG_WIDTH)
    with log.capture() as captured:
        log.print(shown)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())
    sys.stdout.flush()


@contextlib.contextmanager
def bars(console: Console) -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Progress on a terminal: gives for each part of the work a function to tell how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    disabled = not console.is_terminal
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=disabled
    ) as shown:

        def bar(what: str) -> Callable[[int, int], None]:
            task = shown.add_task(what, total=None)
            return lambda done, total: shown.update(task, completed=done, total=total)

        yield bar


@contextlib.contextmanager
def outcome_of(console: Console) -> Iterator[None]:
    """Turn what keeps a command from its work into a message and an exit code."""
    try:
        with stoppable(), sampling.outcome_of(console), _another_folder():
            yield
    except (EvaluationError, JudgingError, UnreadableFileError) as error:
        _complain(console, error, 2)
    except BrokenPipeError:
        raise  # Whoever read our output has had enough; click ends the command for that.
    except OSError as error:
        # The folder cannot be written, or the disk is full.
        _complain(console, error, 3)
    except (ServiceError, EmbeddedServerError) as error:
        _complain(console, error, 4)
    except KeyboardInterrupt:
        console.print("Interrupted; the same command goes on from here.")
        raise typer.Exit(130) from None


@contextlib.contextmanager
def _another_folder() -> Iterator[None]:
    """Name the option where a folder was begun with something else."""
    try:
        yield
    except (ChangedAnswersError, ChangedJudgementsError) as error:
        raise EvaluationError(f"{error} (of this command: another --output)") from None


def _complain(console: Console, error: Exception, code: int) -> None:
    # Files and servers have their say in errors.
    console.print(plain(f"error: {error}"), style="bold red", soft_wrap=True)
    raise typer.Exit(code) from None
