"""A service of one's own, in a child process, for as long as a ``with`` block lasts.

The child serves on a free port of the loopback interface and ends when its standard input does.
The kernel closes that pipe however this process ends, ``kill -9`` included, so no server outlives
its user.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import IO

from assayoffice.rl.errors import AssayError

# -P: a folder named like one of our modules in the working directory must not be imported.
_COMMAND = (sys.executable, "-P", "-m", "assayoffice.server")
_FLAGS = ("--listen", "127.0.0.1:0", "--json", "--stop-with-stdin")
_STDERR_LINES = 30
_READY_BYTES = 64 * 1024
_STOP_SECONDS = 10.0


class EmbeddedServerError(AssayError):
    """The server did not start; the message ends with the last lines it wrote to stderr."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the server says when it serves: its address, and the state of each verifier."""

    endpoint: str
    verifiers: Mapping[str, str]


class EmbeddedServer:
    """Starts the server, with these ``flags`` besides its own, on entry and stops it on exit."""

    def __init__(
        self,
        *,
        start_seconds: float,
        flags: tuple[str, ...] = (),
        command: tuple[str, ...] = _COMMAND,
    ) -> None:
        self._start_seconds = start_seconds
        self._command = (*command, *_FLAGS, *flags)
        self._stderr_tail: deque[str] = deque(maxlen=_STDERR_LINES)

    def __enter__(self) -> Ready:
        """Start the server and wait until it serves. Raises EmbeddedServerError."""
        # A session of its own: Ctrl-C is ours to handle, and the group can be killed as a whole.
        self._process = subprocess.Popen(
            self._command,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._stderr_reader = threading.Thread(target=self._read_stderr, daemon=True)
        self._stderr_reader.start()
        try:
            return self._wait_until_ready()
        except BaseException:
            self._stop(grace_seconds=0)
            raise

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop(_STOP_SECONDS)

    def _wait_until_ready(self) -> Ready:
        line = self._first_line(_open(self._process.stdout))
        if line is None:
            raise self._failure(f"did not serve within {self._start_seconds:g} s")
        if not line.endswith(b"\n"):
            self._process.wait(_STOP_SECONDS)
            raise self._failure(f"ended with exit code {self._process.returncode}")
        try:
            said = json.loads(line)
            return Ready(str(said["endpoint"]), dict(said["verifiers"]))
        except (ValueError, KeyError, TypeError):
            raise self._failure(f"said {line[:200]!r} where its address belongs") from None

    def _first_line(self, stdout: IO[bytes]) -> bytes | None:
        """The first line, what there is of it when stdout ends before it, None when time is up."""
        line = b""
        end = time.monotonic() + self._start_seconds
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, end - time.monotonic())):
                piece = os.read(stdout.fileno(), _READY_BYTES)
                line += piece
                if not piece or b"\n" in piece or len(line) > _READY_BYTES:
                    return line
        return None

    def _failure(self, what: str) -> EmbeddedServerError:
        self._stop(grace_seconds=0)
        tail = "".join(self._stderr_tail).rstrip() or "(nothing on stderr)"
        return EmbeddedServerError(f"the embedded server {what}; its last words:\n{tail}")

    def _stop(self, grace_seconds: float) -> None:
        process = self._process
        _open(process.stdin).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
        # Only while it is not reaped is the number of its group surely still its own.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._stderr_reader.join(_STOP_SECONDS)
        _open(process.stdout).close()

    def _read_stderr(self) -> None:
        # Always read, because a server whose pipe is full stands still.
        with _open(self._process.stderr) as stderr:
            for line in stderr:
                self._stderr_tail.append(line.decode(errors="replace"))


def _environment() -> dict[str, str]:
    """Ours without settings of the server: a certificate or a token would lock us out."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # Popen was told to make all three.
    return stream
