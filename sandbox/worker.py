"""The worker process: reads jobs from a socket, runs each under its limits, writes replies.

One job at a time, one thread. A worker can be killed at any moment; the service then knows from
the order of the replies which job it was working on, so every reply is written at once.

Not covered here: wall time (the service watches it) and code that wants to escape. A worker runs
verifiers, which are trusted, over texts, which are not; programs written by models belong in a
sandbox, not here.
"""

import math
import os
import resource
import socket
import time
import traceback
from collections.abc import Callable

from assayoffice.sandbox import usage
from assayoffice.sandbox.frames import MAX_REPLY_BYTES, Job, Reply, Status, read_job

Handler = Callable[[bytes], bytes]

#: The kernel's own stop comes this much later than the service's, which can tell why.
_CPU_BACKSTOP_SECONDS = 2
_TRACEBACK_FRAMES = 8


def work(connection: socket.socket, handler: Handler) -> None:
    """Serve jobs until the service closes the connection or a job runs out of memory."""
    memory, cpu = _Limit(resource.RLIMIT_AS), _Limit(resource.RLIMIT_CPU)
    with (
        connection.makefile("rb") as jobs,
        open("/proc/self/statm", "rb", buffering=0) as statm,
    ):
        while (job := read_job(jobs)) is not None:
            # Under RLIMIT_CPU the clock of the process only moves with the kernel's ticks.
            started = time.thread_time()
            cpu.set(math.ceil(time.process_time() + job.cpu_seconds) + _CPU_BACKSTOP_SECONDS)
            # Measured anew, so that what earlier jobs left behind is not charged to this one.
            memory.set(_address_space_bytes(statm.fileno()) + job.memory_bytes)
            status, body = _run(job, handler)
            memory.set(resource.RLIM_INFINITY)
            used = time.thread_time() - started + usage.take()
            reply = Reply(job.id, status, body, used)
            connection.sendall(reply.encode())
            if status is Status.OUT_OF_MEMORY:
                # What the failed allocation left behind could fail the next job as well.
                return


def _run(job: Job, handler: Handler) -> tuple[Status, bytes]:
    try:
        body = handler(job.body)
        if len(body) > MAX_REPLY_BYTES:
            raise ValueError(f"a reply of {len(body)} bytes; the limit is {MAX_REPLY_BYTES}")
    except MemoryError:
        return Status.OUT_OF_MEMORY, b""
    except Exception:  # noqa: BLE001 - any defect of a verifier is reported, never scored
        text = traceback.format_exc(limit=-_TRACEBACK_FRAMES)
        return Status.RAISED, text.encode(errors="backslashreplace")[-MAX_REPLY_BYTES:]
    return Status.DONE, body


class _Limit:
    """A soft resource limit, which no job may raise beyond the hard one."""

    def __init__(self, kind: int) -> None:
        self._kind = kind
        self._soft, self._hard = resource.getrlimit(kind)

    def set(self, soft: int) -> None:
        unlimited = resource.RLIM_INFINITY
        if self._hard != unlimited and (soft == unlimited or soft > self._hard):
            soft = self._hard
        if soft != self._soft:
            resource.setrlimit(self._kind, (soft, self._hard))
            self._soft = soft


def _address_space_bytes(statm: int) -> int:
    return int(os.pread(statm, 64, 0).split(maxsplit=1)[0]) * resource.getpagesize()
