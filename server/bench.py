"""A bench: one worker, the items it has been handed, and what it has used for the first of them."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from assayoffice.sandbox.frames import Job, Reply, Status
from assayoffice.sandbox.workers import Death, Worker
from assayoffice.server.items import Item
from assayoffice.server.jobs import Operation
from assayoffice.server.work import WorkLimits

# Work that shares a worker and waits this long for something may go on waiting alone.
_SHARED_WAIT_SECONDS = 1.0
# From here on it is worth asking the kernel whether a worker waits or is kept waiting.
_SUSPICIOUS_SECONDS = 0.25

# Leaks of verifiers and their libraries cannot add up beyond this.
_MAX_JOBS = 50_000
_MAX_GROWTH_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Terms:
    """What tells lanes apart: how items run, how many at once, and how many share a worker."""

    operation: Operation
    size: int
    niceness: int
    max_chunk: int

    def cpu_seconds(self, limits: WorkLimits) -> float:
        """CPU time after which a run is stopped."""
        quick = self.operation is Operation.QUICK
        return limits.quick_cpu_seconds if quick else limits.cpu_seconds

    def wait_seconds(self, limits: WorkLimits) -> float:
        """Time without CPU after which a run is stopped."""
        quick = self.operation is Operation.QUICK
        return min(_SHARED_WAIT_SECONDS, limits.wall_seconds) if quick else limits.wall_seconds


class Overseer(Protocol):
    """Whoever hands out the work."""

    def finished(self, item: Item, reply: Reply) -> None:
        """A worker has replied."""

    def ready(self, bench: "Bench") -> None:
        """A worker has replied to what it could, and may have room."""

    def lost(self, bench: "Bench", death: Death) -> None:
        """A worker has died without having been told to."""


class Bench:
    """Owner of a worker: hands it items, matches its replies, reads its clocks."""

    def __init__(self, terms: Terms, overseer: Overseer) -> None:
        #: Handed and not replied to, oldest first: the first is the one being worked on.
        self.items: deque[Item] = deque()
        self.done = 0
        #: Has served long enough, and gets nothing more.
        self.worn = False
        #: Has run out of memory and ends by itself, whatever else it has been handed.
        self.exhausted = False
        self._terms = terms
        self._overseer = overseer
        self._worker: Worker | None = None
        self._over = False
        self._handed = 0
        self._first_bytes = 0
        self._inspect_at = terms.max_chunk
        # Where the clocks stood when the first item was begun.
        self._begun = 0.0
        self._begun_cpu_seconds = 0.0
        self._suspected: _Clocks | None = None

    def begin(self, worker: Worker) -> bool:
        """Take a worker; False when it has died already."""
        self._worker = worker
        self._first_bytes = worker.resident_bytes()
        return not self._over

    def hand(self, items: list[Item]) -> None:
        """Have the worker do some more items."""
        assert self._worker is not None
        if not self.items:
            self._mark()
        now = asyncio.get_running_loop().time()
        terms, jobs = self._terms, []
        for item in items:
            item.started = item.started or now
            body, limits = terms.operation.value + item.body, item.limits
            jobs.append(Job(self._handed, body, terms.cpu_seconds(limits), limits.memory_bytes))
            self._handed += 1
        self.items.extend(items)
        self._worker.send(jobs)

    def used_cpu_seconds(self) -> float:
        """CPU time used for the first item, or a little less."""
        assert self._worker is not None
        return self._worker.cpu_seconds() - self._begun_cpu_seconds

    def waits_too_long(self, now: float) -> bool:
        """Whether the first item has been waiting, without CPU, for longer than it may.

        A worker that could run and doesn't get the CPU is not waiting: the host is busy.
        """
        assert self._worker is not None
        if now - self._begun < _SUSPICIOUS_SECONDS:
            return False
        if self._suspected is None:
            self._suspected = _Clocks.of(self._worker, now)
        allowed = self._terms.wait_seconds(self.items[0].limits)
        if now - self._suspected.wall <= allowed:
            return False
        return _Clocks.of(self._worker, now).idle_since(self._suspected) > allowed

    def dismiss(self) -> None:
        """Kill the worker. The overseer hears no more of it."""
        self._over = True
        if self._worker is not None:
            self._worker.kill()

    def replied(self, replies: list[Reply]) -> None:
        assert self._worker is not None
        if self._over:
            return
        for reply in replies:
            if not self.items or reply.job_id != self.done:
                self._worker.kill()  # what it says is about nothing it was asked
                return
            self.done += 1
            self.exhausted = reply.status is Status.OUT_OF_MEMORY
            self._overseer.finished(self.items.popleft(), reply)
        self._mark()
        if self.done >= self._inspect_at or not self.items:
            self._inspect()
        self._overseer.ready(self)

    def died(self, death: Death) -> None:
        if not self._over:
            self._over = True
            self._overseer.lost(self, death)

    def _mark(self) -> None:
        assert self._worker is not None
        self._begun = asyncio.get_running_loop().time()
        self._begun_cpu_seconds = self._worker.cpu_seconds()
        self._suspected = None

    def _inspect(self) -> None:
        assert self._worker is not None
        self._inspect_at = self.done + self._terms.max_chunk
        growth = self._worker.resident_bytes() - self._first_bytes
        self.worn = self.done >= _MAX_JOBS or growth > _MAX_GROWTH_BYTES


@dataclass(frozen=True, slots=True)
class _Clocks:
    wall: float
    cpu: float
    delayed: float

    @classmethod
    def of(cls, worker: Worker, now: float) -> "_Clocks":
        return cls(now, worker.cpu_seconds(), worker.delayed_seconds())

    def idle_since(self, earlier: "_Clocks") -> float:
        busy = (self.cpu - earlier.cpu) + (self.delayed - earlier.delayed)
        return self.wall - earlier.wall - busy
