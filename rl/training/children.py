"""The processes of a run, as the run sees them: started under a keeper, watched, ended.

See ``keeper.py`` for what makes sure that nothing stays behind.
"""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.terminal import plain
from assayoffice.rl.training.errors import ChildError

# By its file and without site-packages: it needs nothing, and should be there at once.
_KEEPER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")))
_LOOK_SECONDS = 0.5
_END_SECONDS = 20.0
_LAST_LINES = 30
_LAST_BYTES = 64 * 1024
_TRACEBACK = "Traceback (most recent call last)"
_TRACEBACK_LINES = 8
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # colors, cursor movements
_RAY_PREFIX = re.compile(r"^\([^)]* pid=\d+\) ")


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
    with command.log.open("ab") as output:
        begin = output.tell()
        keeper = subprocess.Popen(
            (*_KEEPER, *command.arguments),
            cwd=command.folder,
            env={**os.environ, **command.environment},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
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
            f"{command.advice}. From {command.log}:\n{_excerpt(command.log, begin)}"
        )


def last_line(log: Path) -> str:
    """The last line of a log, without what terminals overwrite; empty where there is none.

    Models' texts get into logs, so nothing is left in it that moves the cursor or paints.
    """
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        return ""
    lines = _lines(log, max(0, size - _LAST_BYTES))
    return plain(lines[-1]).plain if lines else ""


def _excerpt(log: Path, begin: int) -> str:
    """What a log says about a failure, from an offset on, fit for terminals.

    The last lines, and before them the end of the first traceback: launchers and Ray report that a
    process of theirs failed after it has said why.
    """
    lines = _lines(log, begin)
    return plain("\n".join(_telling(lines))).plain


def _telling(lines: Sequence[str]) -> Sequence[str]:
    last = lines[-_LAST_LINES:]
    starts = [index for index, line in enumerate(lines) if _TRACEBACK in line]
    if not starts:
        return last
    bare = [_RAY_PREFIX.sub("", line) for line in lines]
    after = range(starts[0] + 1, len(lines))
    # Its frames are indented; the exception is not.
    end = next((index for index in after if bare[index][:1].strip()), len(lines) - 1)
    first = lines[max(starts[0], end - _TRACEBACK_LINES) : end + 1]
    if end >= len(lines) - len(last):
        return last
    return [*first, "...", *last[-_TRACEBACK_LINES:]]


def _lines(log: Path, begin: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(begin)
        text = file.read().decode(errors="replace")
    text = _SEQUENCE.sub("", text).replace("\r\n", "\n").expandtabs()
    shown = (line.rpartition("\r")[2].rstrip() for line in text.split("\n"))
    return [line for line in shown if line]


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
