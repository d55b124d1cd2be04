"""Work in, findings out: shares, caches and queues work, and has killable workers do it.

Knows no gRPC, no verifier and no mathematics.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.sandbox.frames import Job, Reply, Status
from assayoffice.sandbox.programs.settings import SandboxSettings
from assayoffice.sandbox.workers import START_SECONDS, Death, SandboxError, Workers
from assayoffice.server import findings
from assayoffice.server.bench import Terms
from assayoffice.server.cache import Cacheable, FindingCache
from assayoffice.server.deadlines import Deadlines
from assayoffice.server.items import Item, Waiter
from assayoffice.server.jobs import Operation, Tag
from assayoffice.server.lanes import Ending, Lane
from assayoffice.server.work import (
    Failed,
    Finding,
    Judged,
    LimitExceeded,
    Troubled,
    Work,
    WorkLimits,
)

__all__ = [
    "Engine",
    "EngineError",
    "EngineSettings",
    "EngineStats",
    "Failed",
    "Finding",
    "Judged",
    "LimitExceeded",
    "Troubled",
    "Work",
    "WorkLimits",
]

_log = logging.getLogger(__name__)

# Enough to make the pipe's cost small beside the cheapest work.
_MAX_CHUNK = 64
# Expensive work yields the CPU to cheap work nearly always. Programs yield it, but some is left for
# them: they may be all there is to do, on a host that is busy with something else.
_FULL_NICENESS = 10
_SANDBOXED_NICENESS = 5
# The first crash may have been the fault of a neighbour or of the host; the second is its own.
_MAX_CRASHES = 2

_MIN_RETRY_SECONDS = 0.1
_MAX_RETRY_SECONDS = 10.0

# For questions about the verifiers themselves, which are asked at the start.
_ASK_CPU_SECONDS = 60.0
_ASK_WALL_SECONDS = 120.0
_ASK_MEMORY_BYTES = 4 * 1024**3


class EngineError(Exception):
    """The engine cannot start or cannot answer; the message says why."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine is made with.

    ``handler_path`` is ``module:factory``, loaded by the workers and called with
    ``handler_arguments``, which may take ``start_seconds``. ``queue_items`` and ``queue_bytes``
    bound what is under way, waiting or running; beyond them work is shed. A worker of
    ``sandboxed_workers`` runs programs, made as ``sandbox`` says, one at a time.
    """

    handler_path: str
    quick_workers: int
    full_workers: int
    sandboxed_workers: int
    queue_items: int
    queue_bytes: int
    cache_bytes: int
    sandbox: SandboxSettings = SandboxSettings()
    handler_arguments: tuple[str, ...] = ()
    start_seconds: float = START_SECONDS


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Where the engine stands, and what has happened since its start.

    ``kills`` counts by cause. ``shared`` counts work that joined equal work under way.
    """

    queued: int
    running: int
    workers_alive: int
    restarts: int
    kills: Mapping[str, int]
    cache_hits: int
    cache_misses: int
    shared: int
    shed: int


class Engine:
    """Judges work in worker processes. All methods belong to the loop that started it."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._workers = Workers(
            settings.handler_path,
            settings.sandbox,
            settings.handler_arguments,
            settings.start_seconds,
        )
        self._quick = Lane(
            self._workers,
            Terms(Operation.QUICK, settings.quick_workers, 0, _MAX_CHUNK),
            self._quick_ended,
        )
        self._full = Lane(
            self._workers,
            Terms(Operation.FULL, settings.full_workers, _FULL_NICENESS, 1),
            self._full_ended,
        )
        self._sandboxed = Lane(
            self._workers,
            Terms(Operation.FULL, settings.sandboxed_workers, _SANDBOXED_NICENESS, 1),
            self._full_ended,
        )
        self._lanes = (self._quick, self._full, self._sandboxed)
        self._cache = FindingCache(settings.cache_bytes)
        self._items: dict[bytes, Item] = {}
        self._waiting = 0
        self._waiting_bytes = 0
        self._counts: Counter[str] = Counter()
        self._draining = False
        self._idle = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self._deadlines: Deadlines[Waiter]

    async def start(self) -> None:
        """Start the workers. Raises EngineError."""
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop, self._expire)
        try:
            await self._workers.start()
            await asyncio.gather(*(lane.start() for lane in self._lanes))
        except SandboxError as error:
            raise EngineError(str(error)) from error

    async def ask(self, body: bytes) -> bytes:
        """The answer to a job outside the queue, from a worker of its own. Raises EngineError."""
        question = _Question(self._loop.create_future())
        try:
            worker = await self._workers.fork(question)
        except SandboxError as error:
            raise EngineError(str(error)) from error
        try:
            worker.send([Job(0, body, _ASK_CPU_SECONDS, _ASK_MEMORY_BYTES)])
            return await asyncio.wait_for(question.answer, _ASK_WALL_SECONDS)
        except TimeoutError:
            raise EngineError(f"a worker gave no answer in {_ASK_WALL_SECONDS:.0f} s") from None
        finally:
            worker.kill()

    def room(self) -> int:
        """How many more works the engine takes right now."""
        if self._waiting_bytes >= self._settings.queue_bytes:
            return 0
        return max(0, self._settings.queue_items - self._waiting)

    def retry_after_seconds(self) -> float:
        """When asking again may find room."""
        backlog = sum(lane.backlog_seconds() for lane in self._lanes)
        return min(max(backlog, _MIN_RETRY_SECONDS), _MAX_RETRY_SECONDS)

    def submit(self, work: Work) -> "asyncio.Future[Finding]":
        """Have work done. The future never raises: overload, too, is a finding.

        Cancelling the future withdraws the work; it is killed when nobody else waits for it.
        """
        waiter = Waiter(work.deadline, work.flow, self._withdraw, self._loop)
        finding = self._cache.get(work.key)
        if finding is not None:
            self._counts["hits"] += 1
            waiter.set_result(finding)
            return waiter
        item = self._items.get(work.key)
        refusal = self._refusal(work, new_bytes=len(work.body) if item is None else 0)
        if refusal is not None:
            waiter.set_result(refusal)
            return waiter
        if item is None:
            self._counts["misses"] += 1
            item = Item(work.key, work.body, work.limits, work.flow, work.fresh, self._loop.time())
            self._items[work.key] = item
            self._waiting_bytes += len(work.body)
            self._quick.push(item)
        else:
            self._counts["shared"] += 1
            for lane in self._lanes:
                lane.also_for(item, work.flow)
        waiter.item = item
        item.waiters[waiter] = None
        self._waiting += 1
        self._deadlines.add(waiter, work.deadline)
        return waiter

    async def drain(self, grace_seconds: float) -> None:
        """Take no more work and wait for what was taken, for at most so long."""
        self._draining = True
        if self._items:
            self._idle.clear()
            try:
                await asyncio.wait_for(self._idle.wait(), grace_seconds)
            except TimeoutError:
                _log.warning("drain ended early", extra={"facts": {"unfinished": len(self._items)}})

    async def close(self) -> None:
        """Fail what is unfinished and end all workers."""
        self._draining = True
        for lane in self._lanes:
            lane.close()
        for item in list(self._items.values()):
            self._settle(item, findings.SHUTTING_DOWN)
        await self._workers.close()

    def stats(self) -> EngineStats:
        """Where the engine stands."""
        lanes, counts = self._lanes, self._counts
        return EngineStats(
            queued=sum(lane.queued for lane in lanes),
            running=sum(lane.running for lane in lanes),
            workers_alive=sum(lane.workers_alive for lane in lanes),
            restarts=sum(lane.restarts for lane in lanes),
            kills=sum((lane.kills for lane in lanes), Counter()),
            cache_hits=counts["hits"],
            cache_misses=counts["misses"],
            shared=counts["shared"],
            shed=counts["shed"],
        )

    def _refusal(self, work: Work, new_bytes: int) -> Failed | None:
        if self._draining:
            return findings.SHUTTING_DOWN
        if work.deadline <= self._loop.time():
            return findings.DEADLINE_EXCEEDED
        settings = self._settings
        full = self._waiting >= settings.queue_items
        if full or self._waiting_bytes + new_bytes > settings.queue_bytes:
            self._counts["shed"] += 1
            return findings.overloaded(self.retry_after_seconds())
        return None

    def _expire(self, waiter: Waiter) -> None:
        if not waiter.done():
            waiter.set_result(findings.DEADLINE_EXCEEDED)
            self._withdraw(waiter)

    def _withdraw(self, waiter: Waiter) -> None:
        """Forget a waiter that is done; with the last one its work ends, running or not."""
        item, waiter.item = waiter.item, None
        if item is None:
            return
        del item.waiters[waiter]
        self._waiting -= 1
        self._deadlines.discard(waiter, waiter.deadline)
        if not item.waiters:
            self._forget(item)
            for lane in self._lanes:
                lane.drop(item)

    def _quick_ended(self, item: Item, ending: Ending, body: bytes, cpu_seconds: float) -> None:
        """What a run among others tells: the answer, or that the item must run alone."""
        match ending:
            case Ending.ANSWERED if body[:1] != Tag.NEEDS_FULL.value:
                self._settle(item, findings.answer(item, body, cpu_seconds))
            case Ending.RAISED:
                self._settle(item, findings.defect(body.decode(errors="replace")))
            case Ending.UNSTARTABLE:
                self._settle(item, findings.unstartable(body.decode(), _MAX_RETRY_SECONDS))
            case _:
                item.crashes += ending is Ending.CRASHED
                item.spent_cpu_seconds += cpu_seconds
                if ending is Ending.ANSWERED and len(body) > 1:
                    self._reduce(item, body[1:])
                else:
                    self._run_alone(item)

    def _reduce(self, item: Item, body: bytes) -> None:
        """Have a body judged that comes to the same as the item's, and may be known already."""
        key = item.key if item.fresh else hashlib.sha256(body).digest()
        known, other = self._cache.get(key), self._items.get(key)
        if known is not None:
            self._counts["hits"] += 1
            self._forget(item)
            self._tell(item, known, known)
        elif other is not None and other is not item:
            self._counts["shared"] += 1
            self._forget(item)
            for waiter in item.waiters:
                waiter.item = other
                other.waiters[waiter] = None
                for lane in self._lanes:
                    lane.also_for(other, waiter.flow)
            item.waiters.clear()
        else:
            del self._items[item.key]
            self._items[key] = item
            self._waiting_bytes += len(body) - len(item.body)
            item.key, item.body = key, body
            self._run_alone(item)

    def _run_alone(self, item: Item) -> None:
        lane = self._sandboxed if item.limits.sandboxed else self._full
        lane.push(item)
        for waiter in item.waiters:
            lane.also_for(item, waiter.flow)

    def _full_ended(self, item: Item, ending: Ending, body: bytes, cpu_seconds: float) -> None:
        """What a run alone and under the full limits tells."""
        match ending:
            case Ending.ANSWERED:
                self._settle(item, findings.answer(item, body, cpu_seconds))
            case Ending.RAISED:
                self._settle(item, findings.defect(body.decode(errors="replace")))
            case Ending.OVERRAN:
                self._settle(item, findings.cpu_time_exceeded(item, cpu_seconds))
            case Ending.OUT_OF_MEMORY:
                self._settle(item, findings.memory_exceeded(item, cpu_seconds))
            case Ending.WAITED:
                self._settle(item, findings.wall_timeout(item))
            case Ending.CRASHED:
                item.crashes += 1
                if item.crashes < _MAX_CRASHES:
                    self._run_alone(item)
                else:
                    self._settle(item, findings.worker_crashed(body.decode()))
            case Ending.UNSTARTABLE:
                self._settle(item, findings.unstartable(body.decode(), _MAX_RETRY_SECONDS))

    def _settle(self, item: Item, finding: Finding) -> None:
        self._forget(item)
        again = finding
        if isinstance(finding, Cacheable) and not item.fresh:
            again = self._cache.put(item.key, finding)
        self._tell(item, finding, again)

    def _tell(self, item: Item, finding: Finding, again: Finding) -> None:
        """Answer those who wait for an item: the first with ``finding``, the others ``again``."""
        self._waiting -= len(item.waiters)
        for waiter in item.waiters:
            waiter.item = None
            self._deadlines.discard(waiter, waiter.deadline)
            if not waiter.done():
                waiter.set_result(finding)
                finding = again  # it was computed once, and should count once
        item.waiters.clear()

    def _forget(self, item: Item) -> None:
        del self._items[item.key]
        self._waiting_bytes -= len(item.body)
        if not self._items:
            self._idle.set()


class _Question:
    """Owner of a worker that is asked one thing."""

    def __init__(self, answer: "asyncio.Future[bytes]") -> None:
        self.answer = answer

    def replied(self, replies: list[Reply]) -> None:
        reply = replies[0]
        if self.answer.done():
            return
        if reply.status is Status.DONE:
            self.answer.set_result(reply.body)
        else:
            text = reply.body.decode(errors="replace").strip()
            self.answer.set_exception(EngineError(f"a worker cannot answer: {text}"))

    def died(self, death: Death) -> None:
        if not self.answer.done():
            self.answer.set_exception(EngineError(f"a worker died when asked: {death}"))
