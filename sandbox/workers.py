"""The service's side of worker processes: start them, hand them jobs, watch and kill them.

Everything here runs in one asyncio loop and never blocks it. Killing is the only way work is
stopped: signals and threads cannot stop a C extension.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from assayoffice.sandbox.frames import FrameError, Job, Reply, ReplyReader

_MAX_MESSAGE_BYTES = 256
_START_SECONDS = 120.0


class SandboxError(Exception):
    """Worker processes cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Death:
    """How a worker ended. ``signal`` is 0 for a plain exit; both are -1 where nobody could see."""

    exit_code: int
    signal: int
    peak_memory_bytes: int


OnReply = Callable[["Worker", Reply], None]
OnDeath = Callable[["Worker", Death], None]


class Worker(asyncio.Protocol):
    """One killable process.

    Replies and the death are delivered by callback, the death exactly once and last.
    """

    def __init__(self, on_reply: OnReply, on_death: OnDeath) -> None:
        self.pid = 0
        self._pidfd = -1
        self._transport: asyncio.WriteTransport | None = None
        self._reader = ReplyReader()
        self._on_reply = on_reply
        self._on_death = on_death
        self._dead = False

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

    def resident_bytes(self) -> int:
        """Memory of the process; 0 once it is gone."""
        try:
            with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
                return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        except (OSError, IndexError):
            return 0

    def kill(self) -> None:
        """End the process now, whatever it does."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def retire(self) -> None:
        """Let the process end after what it has been handed."""
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            replies = self._reader.feed(data)
        except FrameError:
            self.kill()
            return
        for reply in replies:
            self._on_reply(self, reply)

    def connection_lost(self, exc: Exception | None) -> None:
        # The zygote reports the death, after the last reply has been read here.
        self.kill()

    def _adopt(self, pid: int, pidfd: int) -> None:
        self.pid, self._pidfd = pid, pidfd

    def _died(self, death: Death) -> None:
        if self._dead:
            return
        self._dead = True
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        self._on_death(self, death)


class Workers:
    """Makes workers that run ``handler_path`` (``module:factory``), by way of a zygote.

    A zygote that dies is replaced; its workers die with it and are reported.
    """

    def __init__(self, handler_path: str) -> None:
        self._handler_path = handler_path
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready: asyncio.Future[None] | None = None
        self._forking: list[tuple[Worker, asyncio.Future[None]]] = []
        self._alive: dict[int, Worker] = {}
        self._closed = False
        self._fork_lock = asyncio.Lock()

    async def start(self) -> None:
        """Start the zygote and wait until it has loaded the handler.

        Raises SandboxError when it does not get there.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            # A session of its own, so that Ctrl-C in a terminal reaches the service alone.
            self._process = subprocess.Popen(  # noqa: ASYNC220 - returns as soon as it has exec'ed
                [sys.executable, "-m", __package__ + ".zygote", str(theirs.fileno())]
                + [self._handler_path],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control = ours
        self._ready = loop.create_future()
        loop.add_reader(ours, self._on_control)
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), _START_SECONDS)
        except TimeoutError:
            self._lose_zygote()
            raise SandboxError(
                f"the worker process did not load {self._handler_path} in {_START_SECONDS:.0f} s"
            ) from None

    async def fork(self, on_reply: OnReply, on_death: OnDeath, *, niceness: int = 0) -> Worker:
        """Start a worker. Raises SandboxError when the zygote cannot."""
        async with self._fork_lock:
            if self._closed:
                raise SandboxError("the workers are closed")
            if self._control is None:
                await self.start()
        assert self._control is not None
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        worker = Worker(on_reply, on_death)
        forked = loop.create_future()
        self._forking.append((worker, forked))
        with theirs:
            try:
                socket.send_fds(self._control, [b"fork %d" % niceness], [theirs.fileno()])
            except OSError as error:
                self._forking.remove((worker, forked))
                ours.close()
                raise SandboxError(f"the zygote does not take orders: {error}") from error
        try:
            await forked
        except BaseException:
            ours.close()
            raise
        await loop.create_connection(lambda: worker, sock=ours)
        return worker

    async def close(self) -> None:
        """Kill all workers and the zygote, and wait for it."""
        self._closed = True
        process = self._process
        for worker in list(self._alive.values()):
            worker.kill()
        self._lose_zygote()
        if process is not None:
            await asyncio.to_thread(process.wait)

    def _on_control(self) -> None:
        assert self._control is not None
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
        if words[0] == b"ready" and self._ready is not None:
            if not self._ready.done():
                self._ready.set_result(None)
        elif words[0] == b"forked":
            worker, forked = self._forking.pop(0)
            worker._adopt(int(words[1]), fds[0])
            self._alive[worker.pid] = worker
            if forked.done():  # whoever asked has been cancelled
                worker.kill()
            else:
                forked.set_result(None)
        elif words[0] == b"exited":
            pid, status, peak_kilobytes = (int(word) for word in words[1:])
            code = os.waitstatus_to_exitcode(status)
            death = Death(max(code, 0), max(-code, 0), peak_kilobytes * 1024)
            # Replies the worker wrote before it died may still be in its socket: read them first.
            asyncio.get_running_loop().call_soon(self._report, self._alive.pop(pid), death)

    def _report(self, worker: Worker, death: Death) -> None:
        worker._died(death)

    def _lose_zygote(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            if not self._closed:
                process.wait()
        error = SandboxError("the process that starts workers has ended")
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)
        for _, forked in self._forking:
            if not forked.done():
                forked.set_exception(error)
        self._forking.clear()
        unseen = Death(-1, -1, 0)
        alive, self._alive = self._alive, {}
        for worker in alive.values():
            worker._died(unseen)
