"""Measures work in a process of its own, whose CPU time is then that of all it has started."""

import contextlib
import ctypes
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from assayoffice.sandbox.programs import SandboxUnavailable

_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU time of the work and of all it has started; by the clock, its start and its steps."""

    cpu_seconds: float
    start_ms: float
    step_ms: list[float]


@dataclass(frozen=True, slots=True)
class Begun:
    """Work under way: its process, and where that will say what it has measured."""

    pid: int
    reading: int

    def collect(self) -> Measured | None:
        """Wait for its end; None where this host cannot do the work."""
        with os.fdopen(self.reading) as told:
            text = told.read()
        _, _, usage = os.wait4(self.pid, 0)
        if not text:
            return None
        start_ms, step_ms = json.loads(text)
        return Measured(usage.ru_utime + usage.ru_stime, start_ms, step_ms)


def begin(work: Callable[[], tuple[float, list[float]]]) -> Begun:
    """Start work, which returns the milliseconds of its start and of each step after that."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Begun(pid, reading)
    try:
        os.close(reading)
        # What bubblewrap leaves to the system to reap would otherwise not be counted.
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        measured = work()
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()
        with os.fdopen(writing, "w") as told:
            told.write(json.dumps(measured))
    except SandboxUnavailable as error:
        print(f"left out: {str(error).splitlines()[0]}", file=sys.stderr)
    except BaseException:  # noqa: BLE001 - a fork must not go on as if it were the benchmark
        traceback.print_exc()
    os._exit(0)
