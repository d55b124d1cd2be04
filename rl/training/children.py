"""The processes of a run, as the run sees them: started under a keeper, watched, ended.

See ``keeper.py`` for what makes sure that nothing stays behind.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.training.errors import ChildError

_KEEPER = (sys.executable, "-P", "-m", "assayoffice.rl.training.keeper")
_LOOK_SECONDS = 0.5
_END_SECONDS = 20.0
_LAST_LINES = 30
_LAST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """What a stage runs: its arguments, variables beside ours, and the file for what it prints.

    ``advice`` is what to do when it fails.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    advice: str


def run(command: Command, look: Callable[[], None], held: Sequence[int] = ()) -> None:
    """Run a command to its end; ``look`` is called twice a second while it runs.

    The keeper inherits the file descriptors ``held``. Raises ChildError when it fails. Whatever is
    raised in here, an interruption among it, everything the command started is gone first.
    """
    command.log.parent.mkdir(parents=True, exist_ok=True)
    keeper = subprocess.Popen(
        (*_KEEPER, str(command.log), *command.arguments),
        cwd=command.folder,
        env={**os.environ, **command.environment},
        stdin=subprocess.PIPE,
        # Ctrl-C reaches every process of a session; this one's is ours to hand on.
        start_new_session=True,
        pass_fds=held,
    )
    try:
        while keeper.poll() is None:
            look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                keeper.wait(_LOOK_SECONDS)
        look()
    finally:
        _end(keeper)
    if keeper.returncode != 0:
        raise ChildError(
            f"{' '.join(command.arguments[:4])} ... ended with exit code {keeper.returncode}; "
            f"{command.advice}. The last lines of {command.log}:\n{last_lines(command.log)}"
        )


def last_lines(log: Path, lines: int = _LAST_LINES) -> str:
    """The end of a log, without what terminals overwrite; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LAST_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    shown = (line.rpartition("\r")[2].rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return "\n".join([line for line in shown if line][-lines:])


def _end(keeper: "subprocess.Popen[bytes]") -> None:
    assert keeper.stdin is not None  # Popen was told to make it.
    keeper.stdin.close()
    end = time.monotonic() + _END_SECONDS
    while keeper.poll() is None:
        try:
            keeper.wait(max(0.1, end - time.monotonic()))
        except KeyboardInterrupt:
            continue  # Asked again; it is ending already.
        except subprocess.TimeoutExpired:
            # It kills without asking, so it is only slow where the machine is.
            continue
