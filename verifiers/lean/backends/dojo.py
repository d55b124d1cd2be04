"""The backend ``dojo``: steps through proofs in repositories that lean-dojo has traced.

For proof search, and for credit for the part of a proof that works. What it says is never a
verdict: its replies come from the output of the process that runs the tactics, which can print
replies of its own, and it knows nothing of axioms. A finished proof must still pass the verifier.

lean-dojo is the extra ``dojo``; it is loaded by another process alone, which may run another
Python. Importing it reads .env files, logs in to GitHub where there is a token, makes folders in
the home and takes over logging, and using it asks a remote cache. So that process is given
variables, a home and a cache of its own. It is no sandbox: tactics can do what its user can.
"""

import contextlib
import enum
import importlib.util
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable

_WORKER = Path(__file__).parents[1] / "inside" / "dojo_steps.py"
# lean-dojo writes requests to a terminal, which cuts lines at 4096 bytes.
_MAX_TACTIC_BYTES = 4000
_MAX_REPLY_BYTES = 1 << 20
_OUT_OF_MEMORY, _FAILED = 3, "failed"
_END_SECONDS = 10.0


class DojoFailed(Exception):
    """A session cannot be started or go on, through no fault of a tactic that is known."""


class StepKind(enum.Enum):
    """What has come of a tactic. ERROR and GAVE_UP leave the state as it was."""

    STATE = "state"
    #: No goals are left, and Lean's kernel accepts what was built, or so it is said.
    FINISHED = "finished"
    ERROR = "error"
    #: No goals are left, but there is a ``sorry`` in what was built.
    GAVE_UP = "gave_up"
    #: It took longer than it may, and the session has ended.
    TIMEOUT = "timeout"
    #: It needed more memory than it may, and the session has ended.
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What has come of a tactic; ``text`` is the new state, or Lean's error."""

    kind: StepKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class TracedTheorem:
    """Where a theorem is: ``file`` is relative to the repository, ``name`` is its full name.

    ``repository`` is a URL or a path, as it was traced, and ``commit`` a full hash. lean-dojo asks
    GitHub about GitHub's URLs each time.
    """

    repository: str
    commit: str
    file: str
    name: str


@dataclass(frozen=True, slots=True)
class DojoSettings:
    """What sessions run with.

    ``cache`` holds traced repositories (lean-dojo's CACHE_DIR), ``home`` is a folder for all else
    that is written. ``programs`` is the folder with ``lake`` and ``lean``. ``python`` is one that
    has lean-dojo; this process' own unless given. Seconds are by the clock; ``memory_bytes`` is
    what the processes of a session may hold together.
    """

    cache: Path
    home: Path
    programs: Path
    python: Path | None = None
    start_seconds: float = 600.0
    step_seconds: float = 60.0
    memory_bytes: int = 16 << 30


class TacticSession:
    """A proof under way, in processes of its own, which end with it and with this process.

    For one thread. After DojoFailed, TIMEOUT or OUT_OF_MEMORY it is closed.
    """

    def __init__(
        self, theorem: TracedTheorem, settings: DojoSettings, *, worker: Path = _WORKER
    ) -> None:
        """Start, and wait for the first state. ``worker`` is the program that knows lean-dojo.

        Raises LeanUnavailable where there is no lean-dojo, and DojoFailed.
        """
        if settings.python is None and importlib.util.find_spec("lean_dojo") is None:
            raise LeanUnavailable(
                "lean-dojo is not installed; pip install 'assayoffice[dojo]', or name a Python "
                "that has it"
            )
        self._seconds = settings.step_seconds
        self._last: StepKind | None = None
        python = str(settings.python or sys.executable)
        try:
            self._process = subprocess.Popen(
                [python, "-I", str(worker), str(settings.memory_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=settings.home,
                env=_environment(settings),
                start_new_session=True,
            )
        except OSError as error:
            raise LeanUnavailable(f"{python} cannot be run in {settings.home}: {error}") from error
        start = asdict(theorem) | {"seconds": int(settings.start_seconds)}
        first = self._ask({"start": start}, settings.start_seconds)
        if first.kind is not StepKind.STATE:
            self.close()
            raise DojoFailed(f"no session with {theorem.name}: {first.kind.value} at its start")
        #: The goals left, as Lean prints them.
        self.state = first.text

    def step(self, tactic: str) -> StepResult:
        """Run a tactic in the state reached. Raises DojoFailed.

        Raises ValueError when the proof is finished or the session closed.
        """
        if self.closed or self._last is StepKind.FINISHED:
            raise ValueError("the session has come to its end")
        try:
            size = len(json.dumps(tactic, ensure_ascii=False).encode())
        except UnicodeEncodeError:
            return StepResult(StepKind.ERROR, "it has characters that are none")
        if size > _MAX_TACTIC_BYTES:
            return StepResult(StepKind.ERROR, f"longer than {_MAX_TACTIC_BYTES} bytes")
        result = self._ask({"step": tactic}, self._seconds)
        self._last = result.kind
        if result.kind is StepKind.STATE:
            self.state = result.text
        return result

    def credit(self, tactics: Sequence[str]) -> float:
        """The share of ``tactics`` that lead on, one after the other, before the first that fails.

        A step into a state that was there before leads nowhere, and what follows a finished proof
        is no step. It is no verdict: 1.0 does not mean that the proof is right, nor do steps that
        work mean that it is near. Raises as ``step`` does.
        """
        seen, led_on = {self.state}, 0
        for tactic in tactics:
            result = self.step(tactic)
            if result.kind is StepKind.FINISHED:
                led_on += 1
            if result.kind is not StepKind.STATE:
                break
            led_on += result.text not in seen
            seen.add(result.text)
        return led_on / len(tactics) if tactics else 0.0

    @property
    def closed(self) -> bool:
        """Whether the session has ended."""
        return self._process.returncode is not None

    def close(self) -> None:
        """End the session's processes, all of them."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: dict[str, object], seconds: float) -> StepResult:
        """Send a request and wait for its reply. Where there is none, the session is closed."""
        # Whoever cannot know it cannot reply, and nobody can before it was asked.
        id = secrets.token_hex(8)
        try:
            self._send(json.dumps(request | {"id": id}).encode() + b"\n")
            return _result(self._line(time.monotonic() + seconds), id)
        except TimeoutError:
            self._end()
            return StepResult(StepKind.TIMEOUT)
        except (EOFError, BrokenPipeError):
            if self._end() == _OUT_OF_MEMORY:
                return StepResult(StepKind.OUT_OF_MEMORY)
            raise DojoFailed("the worker has ended") from None
        except DojoFailed:
            self._end()
            raise

    def _send(self, line: bytes) -> None:
        """Write a request; it has room in a pipe whose reader has read all others."""
        assert self._process.stdin is not None
        fd = self._process.stdin.fileno()
        os.set_blocking(fd, False)
        try:
            written = os.write(fd, line)
        except BlockingIOError:
            written = 0
        if written < len(line):
            raise DojoFailed("the worker does not read")

    def _line(self, deadline: float) -> bytes:
        """A line of the worker's. Raises TimeoutError, EOFError and DojoFailed."""
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        read = bytearray()
        while not read.endswith(b"\n"):
            if len(read) > _MAX_REPLY_BYTES:
                raise DojoFailed("the worker's reply is too long")
            if not poller.poll(max(deadline - time.monotonic(), 0.0) * 1000):
                raise TimeoutError
            piece = os.read(fd, 1 << 16)
            if not piece:
                raise EOFError
            read += piece
        return bytes(read)

    def _end(self) -> int:
        """Have the keeper end everything; its exit code."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()  # the keeper sees this
        try:
            return self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            return self._process.wait()


def _result(line: bytes, id: str) -> StepResult:
    try:
        reply = json.loads(line)
        given, kind, text = reply["id"], reply["kind"], str(reply["text"])
        if given == id and kind != _FAILED:
            return StepResult(StepKind(kind), text)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DojoFailed("the worker's reply cannot be read") from None
    raise DojoFailed(text if given == id else "the worker's reply is to another request")


def _environment(settings: DojoSettings) -> dict[str, str]:
    """All variables of a worker. What is ours, tokens among it, does not enter."""
    return {
        "PATH": f"{settings.programs}:/usr/bin:/bin",
        "HOME": str(settings.home),
        "TMP_DIR": str(settings.home),
        "CACHE_DIR": str(settings.cache),
        "LANG": "C.UTF-8",
        # Otherwise whatever it is asked for is looked up, and fetched, from a server.
        "DISABLE_REMOTE_CACHE": "1",
        "PYTHON_DOTENV_DISABLED": "1",
        "TACTIC_MEMORY_LIMIT": f"{max(settings.memory_bytes >> 30, 1)}g",
    }
