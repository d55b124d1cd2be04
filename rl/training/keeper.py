"""Runs a command and ends everything it started, however the run itself ends.

``python keeper.py COMMAND...`` is the parent of each trainer. Trainers start daemons (Ray's,
vLLM's) that outlive them in sessions of their own; here they cannot:

- Whatever loses its parent below this process becomes its child (it is a "subreaper"), so all that
  was started is found below it in /proc, whatever session it moved to.
- It stops when its standard input ends. The kernel closes that pipe however the run ends,
  ``kill -9`` included.
- Temporary files, Ray's sockets and logs among them, go to a folder of its own that is removed.

The exit code is the command's, 128 + n where signal n ended it.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# A trainer that is asked to stop may write its last words; nothing depends on them.
_GRACE_SECONDS = 3.0
# They need milliseconds, but a machine may be so busy that they get none.
_TRACKER_SECONDS = 15.0
_STOPPED = 143
_LONGEST_PLACE = 20


def main() -> None:
    """The process. See the module's docstring."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    # The run decides when to stop, and says so by closing standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Short, because the path of a Unix socket has at most 107 bytes, of which Ray takes 70.
    place = tempfile.gettempdir() if len(tempfile.gettempdir()) <= _LONGEST_PLACE else "/tmp"
    with tempfile.TemporaryDirectory(
        prefix="assay-", dir=place, ignore_cleanup_errors=True
    ) as folder:
        code = _run(sys.argv[1:], folder)
    sys.exit(code)


def _run(command: list[str], folder: str) -> int:
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": folder, "RAY_TMPDIR": folder},
        preexec_fn=_die_with_parent,
    )
    try:
        code = _wait(child)
        if code is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_GRACE_SECONDS)
            return _STOPPED
        return code if code >= 0 else 128 - code
    finally:
        end_all_below(os.getpid())


def _die_with_parent() -> None:
    """For the one case nothing else covers: that this process itself is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_DFL)


def _wait(child: subprocess.Popen[bytes]) -> int | None:
    """The child's exit code, None when standard input ended before it."""
    pid = os.pidfd_open(child.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            selector.register(pid, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if pid in ready:
                    return child.wait()
                if not os.read(sys.stdin.fileno(), 4096):
                    return None
    finally:
        os.close(pid)


def end_all_below(pid: int) -> None:
    """Kill every descendant of a process, until a look at /proc finds none.

    Those that are this process's children are reaped, so that none is left as a zombie. Python's
    trackers of shared memory come last: they end by themselves when nobody uses it any more, and
    remove what was left in /dev/shm.
    """
    trackers_until = time.monotonic() + _TRACKER_SECONDS
    while below := list(_below(pid)):
        for each in below:
            if time.monotonic() > trackers_until or not _is_tracker(each):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)


def _is_tracker(pid: int) -> bool:
    try:
        return b"multiprocessing.resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _below(pid: int) -> Iterator[int]:
    """The living descendants of a process."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # The second field is the program's name, in parentheses, and may hold anything.
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    level = [pid]
    while level := [child for each in level for child in children.get(each, ())]:
        yield from level


if __name__ == "__main__":
    main()
