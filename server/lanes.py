"""A lane: a queue and the workers that serve it, watched and replaced when they must be killed.

The lane knows how a run of an item ended; what that means for the item is for the engine to say.
"""

import asyncio
import enum
import logging
import math
import signal
from collections import Counter
from collections.abc import Callable, Hashable

from assayoffice.sandbox.frames import Reply, Status
from assayoffice.sandbox.workers import Death, SandboxError, Workers
from assayoffice.server.bench import Bench, Terms
from assayoffice.server.fair_queue import FairQueue
from assayoffice.server.items import Item

_log = logging.getLogger(__name__)

_WATCH_SECONDS = 0.005
# Work of this much CPU time is handed over at once: it makes the pipe's cost small beside it, and
# it is how long the last of a chunk waits for the first.
_CHUNK_SECONDS = 0.004
# What an item is taken to cost before any has been seen.
_FIRST_GUESS_SECONDS = 0.0004
# Of the mean cost of an item, the weight of the latest.
_MEAN_WEIGHT = 0.05

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


#: Takes the item, its ending, the reply or why there is none, and the CPU seconds it used.
OnEnd = Callable[[Item, Ending, bytes, float], None]

_ENDINGS = {
    Status.DONE: Ending.ANSWERED,
    Status.RAISED: Ending.RAISED,
    Status.OUT_OF_MEMORY: Ending.OUT_OF_MEMORY,
}


class Lane:
    """Runs items; the end of each is reported by ``on_end``.

    Keeps one worker more than it uses, so that a death costs nobody the time of a fork.
    """

    def __init__(self, workers: Workers, terms: Terms, on_end: OnEnd) -> None:
        #: Of workers, by cause, for what they did; deaths from other hands are not among them.
        self.kills: Counter[str] = Counter()
        self.restarts = 0
        self._workers = workers
        self._terms = terms
        self._on_end = on_end
        self._queue: FairQueue[Item] = FairQueue()
        self._benches: list[Bench] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._failed_starts = 0
        self._mean_cpu_seconds = _FIRST_GUESS_SECONDS
        self._pump_due = False
        self._watch: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Start the workers. Raises SandboxError."""
        for _ in range(self._terms.size + 1):
            await self._start_bench()

    def close(self) -> None:
        """Start and report nothing any more; the workers are for their maker to kill."""
        self._closed = True
        for task in self._starting:
            task.cancel()
        if self._watch is not None:
            self._watch.cancel()

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
        return len(self._queue) * self._mean_cpu_seconds / self._terms.size

    def push(self, item: Item) -> None:
        """Have an item run."""
        self._queue.push(item, item.flow)
        self._pump_soon()

    def also_for(self, item: Item, flow: Hashable) -> None:
        """Let an item, if it still waits, run as early as another flow would have it."""
        if item in self._queue:
            self._queue.push(item, flow)

    def drop(self, item: Item) -> None:
        """Forget an item that nobody wants; if it is running here, kill it."""
        item.withdrawn = True
        if item in self._queue:
            self._queue.remove(item)
            return
        for bench in self._benches:
            if item in bench.items:
                if bench.items[0] is item or all(each.withdrawn for each in bench.items):
                    self._dismiss(bench, "withdrawn")
                return

    def finished(self, item: Item, reply: Reply) -> None:
        """Pass on what a worker has replied."""
        if self._failed_starts:
            self._failed_starts = 0
            self._restaff()
        used = reply.cpu_seconds
        self._mean_cpu_seconds += _MEAN_WEIGHT * (used - self._mean_cpu_seconds)
        self._end(item, _ENDINGS[reply.status], reply.body, used)

    def ready(self, bench: Bench) -> None:
        """Give a worker more to do, or its leave."""
        if bench.exhausted:
            self._dismiss(bench, Ending.OUT_OF_MEMORY.value)
        elif bench.worn and not bench.items:
            self._dismiss(bench, "worn")
        self._pump()

    def lost(self, bench: Bench, death: Death) -> None:
        """Go on after a death that nobody here has caused."""
        if self._closed:
            return
        if bench in self._benches:
            self._benches.remove(bench)
        cause = _cause_of(death)
        if bench.items:
            item = bench.items.popleft()
            # Nothing proves that it was the first, so the others run one by one from now on.
            self._take_back(bench, alone=True)
            _log.warning("worker died", extra={"facts": {"cause": cause}})
            if death.signal == signal.SIGXCPU:  # the kernel's stop: our watch came too late
                used = self._terms.cpu_seconds(item.limits)
                self._end(item, Ending.OVERRAN, b"", used)
            else:
                self._end(item, Ending.CRASHED, cause.encode(), 0.0)
        elif bench.done == 0:
            self._count_failed_start(f"a worker died before it did anything: {cause}")
        self._restaff()

    def _pump(self) -> None:
        """Hand queued items to workers that have room for them."""
        self._pump_due = False
        if self._closed:
            return
        busy = sum(1 for bench in self._benches if bench.items)
        for bench in self._benches:
            if not self._queue:
                break
            idle = not bench.items
            if bench.worn or (idle and busy >= self._terms.size):
                continue
            size = self._chunk_size()
            # Refilled when half done, so that it never waits for the next.
            if idle or (2 * len(bench.items) <= size and not bench.items[0].alone):
                items = self._take(size - len(bench.items), share=not idle)
                if items:
                    bench.hand(items)
                    busy += idle
        if busy and self._watch is None:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(_WATCH_SECONDS, self._look)

    def _pump_soon(self) -> None:
        # Once for all the items that a batch brings, so that they travel together.
        if not self._pump_due:
            self._pump_due = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _chunk_size(self) -> int:
        """Few items while there are few, so that all workers get some; else some time's worth."""
        timed = _CHUNK_SECONDS / max(self._mean_cpu_seconds, 1e-6)
        shared = math.ceil(len(self._queue) / self._terms.size)
        return max(1, min(int(timed), shared, self._terms.max_chunk))

    def _take(self, count: int, *, share: bool) -> list[Item]:
        items: list[Item] = []
        while self._queue and len(items) < count:
            item = self._queue.pop()
            if item.alone and (items or share):
                self._queue.push_front(item, item.flow)
                break
            items.append(item)
            share = item.alone
        return items

    def _take_back(self, bench: Bench, *, alone: bool) -> None:
        while bench.items:
            item = bench.items.pop()
            if not item.withdrawn:
                item.alone = item.alone or alone
                self._queue.push_front(item, item.flow)

    def _look(self) -> None:
        """Kill the workers whose first item is unwanted or has used more than it may."""
        self._watch = None
        now = asyncio.get_running_loop().time()
        for bench in list(self._benches):
            if not bench.items:
                continue
            item = bench.items[0]
            if item.withdrawn:
                self._dismiss(bench, "withdrawn")
            elif (used := bench.used_cpu_seconds()) > self._terms.cpu_seconds(item.limits):
                self._stop(bench, Ending.OVERRAN, used)
            elif bench.waits_too_long(now):
                self._stop(bench, Ending.WAITED, used)
        self._pump()

    def _stop(self, bench: Bench, ending: Ending, used_cpu_seconds: float) -> None:
        item = bench.items.popleft()
        self._dismiss(bench, ending.value)
        self._end(item, ending, b"", used_cpu_seconds)

    def _dismiss(self, bench: Bench, cause: str) -> None:
        """Kill a worker, and have others do what it has not done."""
        self.kills[cause] += 1
        self._benches.remove(bench)
        bench.dismiss()
        self._take_back(bench, alone=False)
        self._restaff()

    def _end(self, item: Item, ending: Ending, body: bytes, cpu_seconds: float) -> None:
        if not item.withdrawn and not self._closed:
            self._on_end(item, ending, body, cpu_seconds)

    def _restaff(self) -> None:
        self._pump_soon()
        # While starts fail, one at a time will do to find out when they succeed again.
        wanted = 1 if self._failed_starts else self._terms.size + 1
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
        bench = Bench(self._terms, self)
        worker = await self._workers.fork(bench, niceness=self._terms.niceness)
        if bench.begin(worker):
            self._benches.append(bench)

    def _count_failed_start(self, why: str) -> None:
        self._failed_starts += 1
        _log.error("worker does not start", extra={"facts": {"why": why}})
        if self._failed_starts >= _MAX_FAILED_STARTS:
            while self._queue:
                self._end(self._queue.pop(), Ending.UNSTARTABLE, why.encode(), 0.0)


def _cause_of(death: Death) -> str:
    if death.signal > 0:
        return f"killed by signal {death.signal} ({signal.strsignal(death.signal)})"
    return f"exit code {death.exit_code}" if death.exit_code >= 0 else "ended with its parent"
