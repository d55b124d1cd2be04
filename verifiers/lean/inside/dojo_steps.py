"""Steps through a proof with lean-dojo, in a process of its own that imports nothing of ours.

Unlike its neighbours it runs outside of sandboxes, because lean-dojo builds and writes in traced
repositories. Requests come at fd 0 and replies go to fd 1, lines of JSON with the ``id`` of the
request; fd 2 says nothing that matters. The process is two: the worker, which loads lean-dojo, and
its keeper. When the worker ends, when nobody can send requests any more, or when all together hold
more memory than ``argv[1]`` bytes, the keeper kills all that was started, however far it has
detached itself, and exits with one of the codes below.
"""

import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

ENDED, OUT_OF_MEMORY = 0, 3

_PR_SET_CHILD_SUBREAPER = 36
_WATCH_SECONDS = 0.2
_MAX_CHARACTERS = 1 << 16


def main() -> None:
    """Be the keeper of a worker, and then the worker."""
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        sys.exit("orphans cannot be kept")
    worker = os.fork()
    if worker == 0:
        _work()
        os._exit(0)
    os.close(1)  # so that the end of the worker is the end of its replies
    code = _keep(worker, int(sys.argv[1]))
    _kill_all()
    os._exit(code)


def _keep(worker: int, memory_bytes: int) -> int:
    ended = os.pidfd_open(worker)
    poller = select.poll()
    poller.register(ended, select.POLLIN)
    poller.register(0, 0)  # for its end alone; what comes is the worker's
    while not poller.poll(_WATCH_SECONDS * 1000):
        if sum(_resident_bytes(pid) for pid in _descendants()) > memory_bytes:
            return OUT_OF_MEMORY
    return ENDED


def _kill_all() -> None:
    """Kill descendants until there are none; orphans among them come to this process."""
    while True:
        for pid in _descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _descendants() -> list[int]:
    """The processes below this one."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                stat = Path("/proc", name, "stat").read_bytes()
            except OSError:
                continue  # it has ended
            parent = int(stat.rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    found = list(children.get(os.getpid(), ()))
    for pid in found:
        found += children.get(pid, ())
    return found


def _resident_bytes(pid: int) -> int:
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _work() -> None:
    """Answer requests until there are no more."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print is no reply
    steps = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if steps is None:
                steps = _Steps(**request["start"])
                kind, text = "state", steps.state.pp
            else:
                kind, text = steps.take(request["step"])
        except Exception as error:  # noqa: BLE001 - asserts and network errors among them
            kind, text = "failed", f"{type(error).__name__}: {error}"
        reply = {"id": request["id"], "kind": kind, "text": text[:_MAX_CHARACTERS]}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


class _Steps:
    """A theorem of a traced repository, and the state its proof has come to."""

    def __init__(self, repository: str, commit: str, file: str, name: str, seconds: int) -> None:
        # Only where it is installed, and only now: importing it does much.
        lean_dojo: Any = importlib.import_module("lean_dojo")
        self._dojo = lean_dojo
        repo = lean_dojo.LeanGitRepo(repository, commit)
        # Otherwise it would start to trace: to download, to build and to run what is in there.
        if not lean_dojo.is_available_in_cache(repo):
            raise LookupError(f"{repository} at {commit} is not traced in the cache")
        theorem = lean_dojo.Theorem(repo, Path(file), name)
        self._session, self.state = lean_dojo.Dojo(theorem, timeout=seconds).__enter__()

    def take(self, tactic: str) -> tuple[str, str]:
        """Run a tactic in the state reached; what has come of it, and the text of that."""
        result: Any = self._session.run_tac(self.state, tactic)
        if isinstance(result, self._dojo.TacticState):
            self.state = result
            return "state", result.pp
        if isinstance(result, self._dojo.ProofFinished):
            return "finished", ""
        if isinstance(result, self._dojo.LeanError):
            return "error", result.error
        if isinstance(result, self._dojo.ProofGivenUp):
            return "gave_up", ""
        raise TypeError(f"lean-dojo answers with {type(result).__name__}")


if __name__ == "__main__":
    main()
