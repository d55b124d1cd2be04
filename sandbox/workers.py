"""The service's side of worker processes: start them, hand them jobs, watch and kill them.

Everything here runs in one asyncio loop and never blocks it. Killing is the only way work is
stopped: signals and threads cannot stop a C extension.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Protocol

from assayoffice.sandbox.frames import FrameError, Job, Reply, ReplyReader
from assayoffice.sandbox.programs import cgroups
from assayoffice.sandbox.programs.settings import SandboxSettings

_MAX_MESSAGE_BYTES = 256
#: For a handler to be loaded; what else a zygote does takes no time beside that.
START_SECONDS = 120.0
#: Beyond what a fork takes on the busiest host; the zygote must be stuck.
_FORK_SECONDS = 20.0
_CLOSE_SECONDS = 5.0
#: A dead worker's end of the socket closes with it, unless something it started holds it open.
_LAST_REPLIES_SECONDS = 1.0


class SandboxError(Exception):
    """Worker processes cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Death:
    """How a worker ended. ``signal`` is 0 for a plain exit; both are -1 where nobody could see."""

    exit_code: int
    signal: int
    peak_memory_bytes: int


_UNSEEN = Death(-1, -1, 0)


class Owner(Protocol):
    """Whoever a worker works for."""

    def replied(self, replies: list[Reply]) -> None:
        """The next replies, in the order of the jobs."""

    def died(self, death: Death) -> None:
        """The end: comes exactly once, and after the last reply."""


class Worker(asyncio.Protocol):
    """One killable process."""

    def __init__(self, owner: Owner) -> None:
        self.pid = 0
        self._pidfd = -1
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self._owner: Owner | None = owner
        self._death: Death | None = None

    def send(self, jobs: list[Job]) -> None:
        """Hand over jobs; the worker does them in order."""
        if self._transport is not None:
            self._transport.write(b"".join([job.encode() for job in jobs]))

    def cpu_seconds(self) -> float:
        """CPU time of the process so far; 0 once it is gone."""
        try:
            # Linux's clock id of another process: its pid, inverted, above three bits of kind.
            return time.clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return 0.0

    def delayed_seconds(self) -> float:
        """Time the process could have run and others had the CPU; 0 where the kernel won't say."""
        try:
            with open(f"/proc/{self.pid}/schedstat", encoding="ascii") as schedstat:
                return int(schedstat.read().split()[1]) / 1e9
        except (OSError, IndexError):
            return 0.0

    def resident_bytes(self) -> int:
        """Memory of the process; 0 once it is gone."""
        try:
            with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
                return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        except (OSError, IndexError):
            return 0

    def kill(self) -> None:
        """End the process now, whatever it does. Its owner still hears of the death."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            replies = self._reader.feed(data)
        except FrameError:
            self.kill()
            return
        if replies and self._owner is not None:
            self._owner.replied(replies)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.kill()  # a worker that hears nothing any more is of no use
        self._report()

    def adopt(self, pid: int, pidfd: int) -> None:
        """Take charge of the process, which the zygote has forked."""
        self.pid, self._pidfd = pid, pidfd

    def bury(self, death: Death) -> None:
        """Tell the owner, once all that the process wrote before has been read."""
        self.kill()  # where the zygote is gone nobody knows whether it has ended
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        self._death = death
        if self._transport is None:
            self._report()
        elif death == _UNSEEN:
            # All workers are gone: their owners must know before they hand anything to the others.
            self._transport.abort()
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(_LAST_REPLIES_SECONDS, self._transport.abort)

    def disown(self) -> None:
        """End the process, if there is one; nobody hears of it."""
        self._owner = None
        if self._transport is not None:
            self._transport.abort()

    def _report(self) -> None:
        death, self._death = self._death, None
        if death is not None and self._owner is not None:
            self._owner.died(death)


class Workers:
    """Makes workers that run ``handler_path`` (``module:factory``), by way of a zygote.

    ``sandbox`` is what they make sandboxes with, ``arguments`` what the factory is given, which has
    ``start_seconds`` to load all it needs. A zygote that dies is replaced when the next worker is
    wanted; its workers die with it.
    """

    def __init__(
        self,
        handler_path: str,
        sandbox: SandboxSettings | None = None,
        arguments: tuple[str, ...] = (),
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._handler_path = handler_path
        self._start_seconds = start_seconds
        self._arguments = arguments
        self._sandbox = sandbox or SandboxSettings()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready: asyncio.Future[None] | None = None
        self._forking: list[tuple[Worker, asyncio.Future[None]]] = []
        self._alive: dict[int, Worker] = {}
        self._all_dead = asyncio.Event()
        self._closed = False
        self._start_lock = asyncio.Lock()

    async def start(self) -> None:
        """Start the zygote and wait until it has loaded the handler; no-op while one runs.

        Raises SandboxError when it does not get there.
        """
        async with self._start_lock:
            if self._closed:
                raise SandboxError("the workers are closed")
            if self._control is None:
                await self._start()

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - returns as soon as it has exec'ed
                # Without -P a sympy.py in the current directory would be taken for the library.
                [sys.executable, "-P", "-m", "assayoffice.sandbox.zygote"]
                + [str(theirs.fileno()), self._handler_path, _written(self._sandbox)]
                + list(self._arguments),
                pass_fds=[theirs.fileno()],
                # Verdicts must not depend on the order of sets.
                env={**os.environ, "PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a verifier prints must not get among the service's own output
                start_new_session=True,  # so that Ctrl-C in a terminal reaches the service alone
            )
        self._control = ours
        ready = self._ready = loop.create_future()
        loop.add_reader(ours, self._on_control)
        try:
            await asyncio.wait_for(ready, self._start_seconds)
        except TimeoutError:
            self._lose_zygote()
            raise SandboxError(
                f"the worker process did not load {self._handler_path} "
                f"in {self._start_seconds:.0f} s"
            ) from None

    async def fork(self, owner: Owner, *, niceness: int = 0) -> Worker:
        """Start a worker. Raises SandboxError when there can be none now."""
        await self.start()
        loop = asyncio.get_running_loop()
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise SandboxError(f"no socket for a worker: {error.strerror}") from error
        ours.setblocking(False)
        with theirs:
            _, worker = await loop.create_connection(lambda: Worker(owner), sock=ours)
            forked = loop.create_future()
            try:
                if self._control is None:
                    raise SandboxError("the process that starts workers has ended")
                try:
                    order = b"fork %d" % niceness
                    socket.send_fds(self._control, [order], [theirs.fileno()])
                except OSError as error:
                    raise SandboxError(f"the zygote does not take orders: {error}") from error
                self._forking.append((worker, forked))
                await asyncio.wait_for(forked, _FORK_SECONDS)
            except TimeoutError:
                worker.disown()
                self._lose_zygote()
                message = f"the zygote has not forked in {_FORK_SECONDS:g} s"
                raise SandboxError(message) from None
            except BaseException:
                worker.disown()
                raise
        return worker

    async def close(self) -> None:
        """Kill all workers and the zygote, and wait for their ends."""
        self._closed = True
        for worker in self._alive.values():
            worker.kill()
        if self._alive:
            self._all_dead.clear()
            # The zygote reaps them; one orphaned by its death could stay behind as a zombie.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_dead.wait(), _CLOSE_SECONDS)
        process = self._process
        self._lose_zygote()
        if process is not None:
            await asyncio.to_thread(process.wait)  # of several waits one reaps, all return
            # Of workers that were killed, sandboxes included.
            await asyncio.to_thread(cgroups.sweep, _CLOSE_SECONDS)

    def _on_control(self) -> None:
        while self._control is not None:
            try:
                message, fds, _, _ = socket.recv_fds(self._control, _MAX_MESSAGE_BYTES, 1)
            except BlockingIOError:
                return
            except OSError:
                message, fds = b"", []
            if not message:
                self._lose_zygote()
                return
            self._on_message(message.split(), fds)

    def _on_message(self, words: list[bytes], fds: list[int]) -> None:
        match words[0]:
            case b"ready":
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(None)
            case b"forked":
                worker, forked = self._forking.pop(0)
                worker.adopt(int(words[1]), fds[0])
                self._alive[worker.pid] = worker
                if self._closed or forked.done():  # nobody wants it any more
                    worker.kill()
                if not forked.done():
                    forked.set_result(None)
            case b"refused":
                _, forked = self._forking.pop(0)
                if not forked.done():
                    reason = os.strerror(int(words[1]))
                    forked.set_exception(SandboxError(f"no new process: {reason}"))
            case b"exited":
                pid, status, peak_kilobytes = (int(word) for word in words[1:])
                code = os.waitstatus_to_exitcode(status)
                death = Death(max(code, 0), max(-code, 0), peak_kilobytes * 1024)
                self._alive.pop(pid).bury(death)
                if not self._alive:
                    self._all_dead.set()

    def _lose_zygote(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            asyncio.get_running_loop().run_in_executor(None, process.wait)
        error = SandboxError(
            f"the process that starts workers ({self._handler_path}) has ended; "
            "its error output says why"
        )
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)
        forking, self._forking = self._forking, []
        for _, forked in forking:
            if not forked.done():
                forked.set_exception(error)
        alive, self._alive = self._alive, {}
        for worker in alive.values():
            worker.bury(_UNSEEN)


def _written(settings: SandboxSettings) -> str:
    return json.dumps(dataclasses.asdict(settings), default=str)  # paths are the only other kind
