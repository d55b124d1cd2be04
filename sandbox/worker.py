"""The worker process: reads jobs from a socket, runs each under its limits, writes replies.

One job at a time, one thread. A worker can be killed at any moment; the service then knows from
the order of the replies which job it was working on.

Not covered here: wall time (the service watches it) and code that wants to escape. A worker runs
verifiers, which are trusted, over texts, which are not; programs written by models belong in a
sandbox, not here.
"""

import math
import resource
import socket
import time
import traceback
from collections.abc import Callable

from assayoffice.sandbox.frames import Job, Reply, Status, read_job

Handler = Callable[[bytes], bytes]

#: The kernel's own stop comes this much later than the service's, which can tell why.
_CPU_BACKSTOP_SECONDS = 2


def work(connection: socket.socket, handler: Handler) -> None:
    """Serve jobs until the service closes the connection or a job runs out of memory."""
    base_bytes = _address_space_bytes()
    with connection.makefile("rb", buffering=1 << 16) as jobs:
        while (job := read_job(jobs)) is not None:
            reply = _run(job, handler, base_bytes)
            connection.sendall(reply.encode())
            if reply.status is Status.OUT_OF_MEMORY:
                # What the failed allocation left behind would count against the next job.
                return


def _run(job: Job, handler: Handler, base_bytes: int) -> Reply:
    started = time.process_time()
    _limit(resource.RLIMIT_CPU, math.ceil(started + job.cpu_seconds) + _CPU_BACKSTOP_SECONDS)
    _limit(resource.RLIMIT_AS, base_bytes + job.memory_bytes)
    try:
        body, status = handler(job.body), Status.DONE
    except MemoryError:
        body, status = b"", Status.OUT_OF_MEMORY
    except Exception:  # noqa: BLE001 - any defect of a verifier is reported, never scored
        body, status = traceback.format_exc(limit=-8).encode(errors="replace"), Status.RAISED
    _limit(resource.RLIMIT_AS, resource.RLIM_INFINITY)
    return Reply(job.id, status, body, time.process_time() - started)


def _limit(kind: int, soft: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and (soft == resource.RLIM_INFINITY or soft > hard):
        soft = hard
    resource.setrlimit(kind, (soft, hard))


def _address_space_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
