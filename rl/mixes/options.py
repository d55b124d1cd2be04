"""What the commands of a ledger have in common: options, and how they fail."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from assayoffice.rl.embedded import EmbeddedServerError
from assayoffice.rl.errors import ServiceError
from assayoffice.rl.mixes.errors import ForeignHallmarkError, MixError
from assayoffice.rl.sources import UnreadableFileError
from assayoffice.rl.terminal import plain
from assayoffice.rl.training.cli import stoppable

EPILOG = (
    "Exit codes: 0 done. 1 the answer is no: mixes differ, rows bear another hallmark. "
    "2 the command line, a file or the ledger cannot be used, or a frozen mix is to be edited. "
    "3 some rows were refused, or a file cannot be written. "
    "4 the service is unreachable or refuses the calls. 130 interrupted."
)
# Where no terminal says how wide it is.
_LOG_WIDTH = 120

LedgerFolder = Annotated[
    Path, typer.Option("--ledger", metavar="DIR", help="Folder of the ledger.")
]
Name = Annotated[str, typer.Argument(metavar="MIX", help="Name of the mix.")]
Seed = Annotated[int, typer.Option(help="Decides over draws.")]


def tell(shown: RenderableType) -> None:
    """Print a result for people."""
    width = None if sys.stdout.isatty() else _LOG_WIDTH
    Console(highlight=False, width=width).print(shown)


@contextlib.contextmanager
def outcome_of(console: Console) -> Iterator[None]:
    """Turn what keeps a command from its work into a message and an exit code."""
    try:
        with stoppable():
            yield
    except ForeignHallmarkError as error:
        _complain(console, error, 1)
    except (MixError, UnreadableFileError) as error:
        _complain(console, error, 2)
    except BrokenPipeError:
        raise  # Whoever read our output has had enough; click ends the command for that.
    except OSError as error:
        # The ledger or the output cannot be written, or the disk is full.
        _complain(console, error, 3)
    except (ServiceError, EmbeddedServerError) as error:
        _complain(console, error, 4)
    except KeyboardInterrupt:
        console.print("Interrupted; the ledger is whole, and the command may be given again.")
        raise typer.Exit(130) from None


def _complain(console: Console, error: Exception, code: int) -> None:
    console.print(plain(f"error: {error}"), style="bold red", soft_wrap=True)
    raise typer.Exit(code) from None
