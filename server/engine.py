"""Work in, findings out: queues, shares and caches work, and has killable workers do it.

Knows no gRPC, no verifier and no mathematics.
"""

import asyncio
from dataclasses import dataclass

from assayoffice.server.work import Failed, Finding, Judged, LimitExceeded, Work, WorkLimits

__all__ = [
    "Engine",
    "EngineError",
    "EngineSettings",
    "EngineStats",
    "Failed",
    "Finding",
    "Judged",
    "LimitExceeded",
    "Work",
    "WorkLimits",
]


class EngineError(Exception):
    """The engine cannot start or cannot answer; the message says why."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine is made with. ``handler_path`` is ``module:factory``, loaded by workers."""

    handler_path: str
    quick_workers: int
    full_workers: int
    queue_items: int
    queue_bytes: int
    cache_bytes: int


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Where the engine stands, and what has happened since its start."""

    queued: int
    running: int
    workers_alive: int
    restarts: int
    kills: dict[str, int]
    cache_hits: int
    cache_misses: int
    shed: int


class Engine:
    """Judges work in worker processes. All methods belong to the loop that started it."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    async def start(self) -> None:
        """Start the workers. Raises EngineError."""
        raise NotImplementedError

    async def ask(self, body: bytes) -> bytes:
        """The answer of a worker to a job outside the queue. Raises EngineError."""
        raise NotImplementedError

    def room(self) -> int:
        """How many more works the queue takes right now."""
        raise NotImplementedError

    def retry_after_seconds(self) -> float:
        """When asking again may find room, for callers that are shed."""
        raise NotImplementedError

    def submit(self, work: Work) -> "asyncio.Future[Finding]":
        """Have work done. Cancelling the future withdraws it; overload is a Finding, too."""
        raise NotImplementedError

    async def drain(self, grace_seconds: float) -> None:
        """Take no more work and finish what was taken, for at most so long."""
        raise NotImplementedError

    async def close(self) -> None:
        """Fail what is unfinished and end all workers."""
        raise NotImplementedError

    def stats(self) -> EngineStats:
        """Where the engine stands."""
        raise NotImplementedError
