"""A lane: a queue and the workers that serve it, watched and replaced when they must be killed.

The lane knows how a run of an item ended; what that means for the item is for the engine to say.
"""

import asyncio
import dataclasses
import enum
import logging
import math
import signal
from collections import Counter, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from assayoffice.sandbox.frames import Job, Reply, Status
from assayoffice.sandbox.workers import Death, SandboxError, Worker, Workers
from assayoffice.server.fair_queue import FairQueue
from assayoffice.server.jobs import Operation
from assayoffice.server.work import WorkLimits

_log = logging.getLogger(__name__)

_WATCH_SECONDS = 0.005
# Work of this much CPU time is handed over at once: it makes the pipe's cost small beside it, and
# it is how long the last of a chunk waits for the first.
_CHUNK_SECONDS = 0.004
# Work that shares a worker and waits this long for something may go on waiting alone.
_SHARED_WAIT_SECONDS = 1.0
# From here on it is worth asking the kernel whether a worker waits or is kept waiting.
_SUSPICIOUS_SECONDS = 0.25
# Of the mean cost of an item, the weight of the latest.
_MEAN_WEIGHT = 0.05

# Leaks of verifiers and their libraries cannot add up beyond this.
_MAX_JOBS_OF_A_WORKER = 50_000
_MAX_GROWTH_BYTES = 256 * 1024 * 1024

_FIRST_BACKOFF_SECONDS = 0.1
_MAX_BACKOFF_SECONDS = 5.0
# After so many in a row there is no hope for those who wait, only for those who come later.
_MAX_FAILED_STARTS = 5


class Ending(enum.Enum):
    """How a run of an item ended."""

    ANSWERED = "answered"
    RAISED = "raised"
    OUT_OF_MEMORY = "out of memory"
    #: Used its CPU time up, and was killed.
    OVERRAN = "overran"
    #: Waited for something that did not come, and was killed.
    WAITED = "waited"
    #: The worker died of it, or was killed from outside.
    CRASHED = "crashed"
    #: There are no workers.
    UNSTARTABLE = "unstartable"


# A busy lane makes and reads many: identity is the only equality they need, slots keep them small.
@dataclass(eq=False, slots=True)
class Item:
    """One piece of work, whoever waits for it, on its way through the lanes."""

    key: bytes
    body: bytes
    limits: WorkLimits
    flow: Hashable
    submitted: float
    waiters: dict[Any, None] = dataclasses.field(default_factory=dict)
    #: When it was first handed to a worker; 0 until then.
    started: float = 0.0
    #: What runs that came to nothing have used.
    spent_cpu_seconds: float = 0.0
    crashes: int = 0
    #: Shares a worker with no other item, because somebody has crashed one.
    alone: bool = False
    #: Nobody waits any more.
    withdrawn: bool = False
    lane: "Lane | None" = None
    bench: "_Bench | None" = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What tells lanes apart. ``operation`` says under which of the limits items run."""

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


OnEnd = Callable[[Item, Ending, bytes, float], None]


class Lane:
    """Runs items, each until its end is reported by ``on_end``: item, ending, reply or message, CPU.

    Keeps one worker more than it uses, so that a death costs nobody the time of a fork.
    """

    def __init__(self, workers: Workers, terms: Terms, on_end: OnEnd) -> None:
        self.terms = terms
        self.kills: Counter[str] = Counter()
        self.restarts = 0
        self._workers = workers
        self._on_end = on_end
        self._queue: FairQueue[Item] = FairQueue()
        self._benches: list[_Bench] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._failed_starts = 0
        self._mean_cpu_seconds = _CHUNK_SECONDS / 10
        self._pump_due = False
        self._watch: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Start the workers. Raises SandboxError."""
        for _ in range(self.terms.size + 1):
            await self._start_bench()

    def close(self) -> None:
        """Start nothing any more; the workers are for their maker to kill."""
        self._closed = True
        for task in self._starting:
            task.cancel()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    @property
    def queued(self) -> int:
        """Items that wait for a worker."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """Items in the hands of workers."""
        return sum(len(bench.items) for bench in self._benches)

    @property
    def workers_alive(self) -> int:
        """Workers that serve or are ready to."""
        return len(self._benches)

    def backlog_seconds(self) -> float:
        """About how long the queue takes."""
        return len(self._queue) * self._mean_cpu_seconds / self.terms.size

    def push(self, item: Item) -> None:
        """Have an item run."""
        item.lane = self
        self._queue.push(item, item.flow)
        self._pump_soon()

    def also_for(self, item: Item, flow: Hashable) -> None:
        """Let a queued item run as early as another flow would have it."""
        if item in self._queue:
            self._queue.push(item, flow)

    def drop(self, item: Item) -> None:
        """Forget an item; if it is running, kill it."""
        item.withdrawn = True
        if item in self._queue:
            self._queue.remove(item)
        elif item.bench is not None:
            item.bench.drop(item)

    def reply(self, item: Item, reply: Reply) -> None:
        """Take what a bench got from its worker."""
        if self._failed_starts:
            self._failed_starts = 0
            self._restaff()
        match reply.status:
            case Status.DONE:
                mean = self._mean_cpu_seconds
                self._mean_cpu_seconds += _MEAN_WEIGHT * (reply.cpu_seconds - mean)
                self._end(item, Ending.ANSWERED, reply.body, reply.cpu_seconds)
            case Status.RAISED:
                self._end(item, Ending.RAISED, reply.body, reply.cpu_seconds)
            case Status.OUT_OF_MEMORY:
                self._end(item, Ending.OUT_OF_MEMORY, b"", reply.cpu_seconds)

    def stop(self, bench: "_Bench", cause: Ending, used_cpu_seconds: float = 0.0) -> None:
        """Kill a worker for what it is doing with its first item; the others run elsewhere."""
        item = bench.items.popleft()
        self.dismiss(bench, cause.value)
        self._end(item, cause, b"", used_cpu_seconds)

    def dismiss(self, bench: "_Bench", cause: str) -> None:
        """Kill a worker, and have another do what it has not done."""
        self.kills[cause] += 1
        self._benches.remove(bench)
        self._take_back(bench, alone=False)
        bench.dismiss()
        self._restaff()

    def lost(self, bench: "_Bench", death: Death) -> None:
        """Go on after a death that nobody here has caused."""
        if self._closed:
            return
        if bench in self._benches:
            self._benches.remove(bench)
        item = bench.items.popleft() if bench.items else None
        self._take_back(bench, alone=True)
        if item is not None:
            _log.warning("worker died", extra={"facts": {"pid": bench.pid, "death": str(death)}})
            # The kernel's stop for a worker whose watch came too late.
            overran = death.signal == signal.SIGXCPU
            ending = Ending.OVERRAN if overran else Ending.CRASHED
            used = self.terms.cpu_seconds(item.limits) if overran else 0.0
            self._end(item, ending, _cause_of(death).encode(), used)
        elif bench.done == 0:
            self._count_failed_start(f"a worker died before it did anything: {_cause_of(death)}")
        self._restaff()

    def pump(self) -> None:
        """Hand queued items to workers that have room for them."""
        self._pump_due = False
        busy = sum(1 for bench in self._benches if bench.items)
        for bench in list(self._benches):
            if not self._queue:
                break
            if bench.worn or (not bench.items and busy >= self.terms.size):
                continue
            size = self._chunk_size()
            if 2 * len(bench.items) > size or (bench.items and bench.items[0].alone):
                continue
            busy += not bench.items
            bench.hand(self._take(size - len(bench.items), share=bool(bench.items)))
        if busy and self._watch is None and not self._closed:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(_WATCH_SECONDS, self._look)

    def _chunk_size(self) -> int:
        """Few items while there are few, so that all workers get some; else some time's worth."""
        timed = _CHUNK_SECONDS / max(self._mean_cpu_seconds, 1e-6)
        shared = math.ceil(len(self._queue) / self.terms.size)
        return max(1, min(int(timed), shared, self.terms.max_chunk))

    def _take(self, count: int, share: bool) -> list[Item]:
        items: list[Item] = []
        while self._queue and len(items) < count:
            item = self._queue.pop()
            if item.alone and (items or share):
                self._queue.push_front(item, item.flow)
                break
            items.append(item)
            if item.alone:
                break
        return items

    def _take_back(self, bench: "_Bench", *, alone: bool) -> None:
        while bench.items:
            item = bench.items.pop()
            item.bench = None
            if not item.withdrawn:
                item.alone = item.alone or alone
                self._queue.push_front(item, item.flow)

    def _end(self, item: Item, ending: Ending, body: bytes, cpu_seconds: float) -> None:
        item.bench = None
        if not item.withdrawn:
            self._on_end(item, ending, body, cpu_seconds)

    def _pump_soon(self) -> None:
        # Once for all the items that a batch brings, so that they travel together.
        if not self._pump_due:
            self._pump_due = True
            asyncio.get_running_loop().call_soon(self.pump)

    def _look(self) -> None:
        self._watch = None
        now = asyncio.get_running_loop().time()
        for bench in list(self._benches):
            if bench.items:
                bench.look(now)
        self.pump()

    def _restaff(self) -> None:
        self._pump_soon()
        # While starts fail, one at a time will do to find out when they succeed again.
        wanted = 1 if self._failed_starts else self.terms.size + 1
        while not self._closed and len(self._benches) + len(self._starting) < wanted:
            self.restarts += 1
            task = asyncio.get_running_loop().create_task(self._restart_bench())
            self._starting.add(task)
            task.add_done_callback(self._restarted)

    def _restarted(self, task: "asyncio.Task[None]") -> None:
        self._starting.discard(task)
        self._restaff()

    async def _restart_bench(self) -> None:
        if self._failed_starts:
            backoff = _FIRST_BACKOFF_SECONDS * 2 ** (self._failed_starts - 1)
            await asyncio.sleep(min(backoff, _MAX_BACKOFF_SECONDS))
        try:
            await self._start_bench()
        except SandboxError as error:
            self._count_failed_start(str(error))

    async def _start_bench(self) -> None:
        bench = _Bench(self)
        worker = await self._workers.fork(bench, niceness=self.terms.niceness)
        if bench.begin(worker):
            self._benches.append(bench)

    def _count_failed_start(self, why: str) -> None:
        self._failed_starts += 1
        _log.error("worker does not start", extra={"facts": {"why": why}})
        if self._failed_starts >= _MAX_FAILED_STARTS:
            while self._queue:
                self._end(self._queue.pop(), Ending.UNSTARTABLE, why.encode(), 0.0)


class _Bench:
    """One worker of a lane and the items it has been handed, oldest first."""

    def __init__(self, lane: Lane) -> None:
        self.items: deque[Item] = deque()
        self.done = 0
        #: Has served long enough and gets nothing more to do.
        self.worn = False
        self._lane = lane
        self._worker: Worker | None = None
        self._first_bytes = 0
        self._dismissed = False
        self._handed = 0
        self._inspect_at = 1
        # Where the clocks stood when its first item was begun.
        self._begun = 0.0
        self._begun_cpu_seconds = 0.0
        self._suspected: _Clocks | None = None

    @property
    def pid(self) -> int:
        return self._worker.pid if self._worker else 0

    def begin(self, worker: Worker) -> bool:
        """Start work, unless the worker has died already."""
        self._worker = worker
        self._first_bytes = worker.resident_bytes()
        return not self._dismissed

    def hand(self, items: list[Item]) -> None:
        assert self._worker is not None
        if not items:
            return
        if not self.items:
            self._mark()
        now = asyncio.get_running_loop().time()
        terms, jobs = self._lane.terms, []
        for item in items:
            item.bench = self
            item.started = item.started or now
            limits = item.limits
            body = terms.operation.value + item.body
            jobs.append(Job(self._handed, body, terms.cpu_seconds(limits), limits.memory_bytes))
            self._handed += 1
        self.items.extend(items)
        self._worker.send(jobs)

    def replied(self, replies: list[Reply]) -> None:
        assert self._worker is not None
        for reply in replies:
            if self._dismissed:
                return
            if not self.items or reply.job_id != self.done:
                self._worker.kill()  # what it says is about nothing it was asked
                return
            self.done += 1
            self._lane.reply(self.items.popleft(), reply)
            if reply.status is Status.OUT_OF_MEMORY:
                self._lane.dismiss(self, Ending.OUT_OF_MEMORY.value)
                return
        self._mark()
        if self.done >= self._inspect_at:
            self._inspect()
        if self.worn and not self.items:
            self._lane.dismiss(self, "worn")
        else:
            self._lane.pump()

    def died(self, death: Death) -> None:
        if not self._dismissed:
            self._dismissed = True
            self._lane.lost(self, death)

    def dismiss(self) -> None:
        self._dismissed = True
        if self._worker is not None:
            self._worker.kill()

    def drop(self, item: Item) -> None:
        """Kill an item that nobody wants if it runs, or if nothing else is wanted here."""
        if self.items[0] is item or all(each.withdrawn for each in self.items):
            self._lane.dismiss(self, "withdrawn")

    def look(self, now: float) -> None:
        """Stop the first item if it has used more than it may."""
        assert self._worker is not None
        item, terms = self.items[0], self._lane.terms
        if item.withdrawn:
            self._lane.dismiss(self, "withdrawn")
            return
        used = self._worker.cpu_seconds() - self._begun_cpu_seconds
        if used > terms.cpu_seconds(item.limits):
            self._lane.stop(self, Ending.OVERRAN, used)
        elif now - self._begun > _SUSPICIOUS_SECONDS:
            if self._suspected is None:
                self._suspected = _Clocks.of(self._worker, now)
            allowed = terms.wait_seconds(item.limits)
            # A worker that could run and doesn't get the CPU is not waiting: the host is busy.
            if now - self._suspected.wall > allowed:
                waited = _Clocks.of(self._worker, now).idle_since(self._suspected)
                if waited > allowed:
                    self._lane.stop(self, Ending.WAITED, used)

    def _mark(self) -> None:
        assert self._worker is not None
        self._begun = asyncio.get_running_loop().time()
        self._begun_cpu_seconds = self._worker.cpu_seconds()
        self._suspected = None

    def _inspect(self) -> None:
        assert self._worker is not None
        growth = self._worker.resident_bytes() - self._first_bytes
        self._inspect_at = self.done + self._lane.terms.max_chunk
        self.worn = self.done >= _MAX_JOBS_OF_A_WORKER or growth > _MAX_GROWTH_BYTES


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


def _cause_of(death: Death) -> str:
    if death.signal > 0:
        return f"killed by {signal.Signals(death.signal).name}"
    return f"exit code {death.exit_code}" if death.exit_code >= 0 else "ended with its parent"
