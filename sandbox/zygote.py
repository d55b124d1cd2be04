"""The process that workers are forked from: ``python -m`` this module, ``FD MODULE:NAME JSON ...``.

It is started fresh, not forked, so it has never seen gRPC, threads or sockets of clients. It loads
the handler once; a worker is then a fork that shares that memory and is ready in milliseconds,
which makes killing one cheap. Its own loop runs nothing that came from a client. JSON holds the
fields of SandboxSettings, which are in force before the handler is loaded. Further arguments are
handed to NAME, which makes the handler.

Over the control socket FD (SOCK_SEQPACKET) the service sends ``fork NICENESS`` with the worker's
end of a socket; the zygote answers ``forked PID`` with a pidfd, or ``refused ERRNO`` when there can
be no process now, and ``exited PID STATUS MAXRSS_KB`` when a worker has ended. ``ready`` comes
first. It ends when the service closes the control socket, and every worker ends with it.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from assayoffice.sandbox.programs.settings import SandboxSettings, TierChoice, configure
from assayoffice.sandbox.worker import Handler, work

_MAX_MESSAGE_BYTES = 256
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
#: Workers open next to nothing; the bound is for verifiers that leak.
_MAX_OPEN_FILES = 256
#: When the host runs out of memory, the kernel is to take programs (1000) first, workers next and
#: the service last.
_OOM_SCORE = b"900"


def main(arguments: list[str]) -> None:
    """Run the zygote until the control socket closes."""
    control = socket.socket(fileno=int(arguments[0]))
    # Only numbers and the traceback of a worker's death: its memory holds other people's texts.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    configure(_settings(arguments[2]))
    make_handler = _load(arguments[1])
    handler = make_handler(*arguments[3:])
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, the shared pages
    try:
        control.send(b"ready")
        _Zygote(control, handler).serve()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the service is gone, and with it the reason to live


def _settings(written: str) -> SandboxSettings:
    fields = json.loads(written)
    python, packages = fields["python"], fields["packages"]
    return SandboxSettings(
        tier=TierChoice(fields["tier"]),
        python=Path(python) if python else None,
        packages=Path(packages) if packages else None,
        preload=tuple(fields["preload"]),
        first_uid=fields["first_uid"],
    )


def _load(path: str) -> Callable[..., Handler]:
    module, _, name = path.partition(":")
    factory: Callable[..., Handler] = getattr(importlib.import_module(module), name)
    return factory


class _Zygote:
    def __init__(self, control: socket.socket, handler: Handler) -> None:
        self._control = control
        self._handler = handler
        self._pid = os.getpid()
        self._workers: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, self._take_order)
        # What a killed worker has started comes to us, and not to a service that may be process 1
        # of its container and know nothing of it.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._wakeups, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._wakeups, selectors.EVENT_READ, self._wake)

    def serve(self) -> None:
        while all(key.data() for key, _ in self._selector.select()):
            pass

    def _wake(self) -> bool:
        os.read(self._wakeups, _MAX_MESSAGE_BYTES)
        self._bury_orphans()
        return True

    def _take_order(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self._control, _MAX_MESSAGE_BYTES, 1)
        if not message:
            return False
        order, _, argument = message.partition(b" ")
        if order != b"fork" or len(fds) != 1:
            raise ValueError(f"unknown order {message!r}")
        try:
            pid = os.fork()
        except OSError as error:
            os.close(fds[0])
            self._control.send(b"refused %d" % (error.errno or 0))
            return True
        if pid == 0:
            self._become_worker(fds[0], niceness=int(argument))
        os.close(fds[0])
        self._workers.add(pid)
        pidfd = os.pidfd_open(pid)
        self._selector.register(pidfd, selectors.EVENT_READ, lambda: self._reap(pid, pidfd))
        socket.send_fds(self._control, [b"forked %d" % pid], [pidfd])
        return True

    def _become_worker(self, fd: int, niceness: int) -> NoReturn:
        try:
            self._die_with_zygote()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for key in list(self._selector.get_map().values()):
                os.close(key.fd)
            self._selector.close()
            os.nice(niceness)
            resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
            with open("/proc/self/oom_score_adj", "wb", buffering=0) as oom_score_adj:
                oom_score_adj.write(_OOM_SCORE)
            # Kept to the end: closing it earlier would look like a worker that hears no more.
            connection = socket.socket(fileno=fd)
            work(connection, self._handler)
        except BaseException:  # noqa: BLE001 - a fork must never fall back into the zygote's loop
            os._exit(1)
        os._exit(0)

    def _die_with_zygote(self) -> None:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._pid:  # it died before the call took effect
            os._exit(1)

    def _reap(self, pid: int, pidfd: int) -> bool:
        _, status, usage = os.wait4(pid, 0)
        self._workers.discard(pid)
        self._selector.unregister(pidfd)
        os.close(pidfd)
        self._control.send(b"exited %d %d %d" % (pid, status, usage.ru_maxrss))
        self._bury_orphans()
        return True

    def _bury_orphans(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if dead.si_pid in self._workers:
                    return  # its turn comes, and after it that of the others
                os.waitpid(dead.si_pid, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
