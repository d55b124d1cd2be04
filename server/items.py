"""A piece of work on its way through the engine, and those who wait for it."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from assayoffice.server.work import Finding, WorkLimits


# Items are many and stand in tables: identity is the only equality they need.
@dataclass(eq=False, slots=True)
class Item:
    """One piece of work, whoever waits for it."""

    key: bytes
    body: bytes
    limits: WorkLimits
    flow: Hashable
    fresh: bool
    #: When it came, and when it was first handed to a worker, 0 until then; on the loop's clock.
    submitted: float
    started: float = 0.0
    #: What runs that came to nothing have used.
    spent_cpu_seconds: float = 0.0
    crashes: int = 0
    #: Shares a worker with no other item, because one of them may have crashed the last.
    alone: bool = False
    #: Nobody waits any more.
    withdrawn: bool = False
    #: In the order they came.
    waiters: dict["Waiter", None] = field(default_factory=dict)


class Waiter(asyncio.Future[Finding]):
    """What a caller holds; cancelling it withdraws the caller, which ``on_cancel`` hears of.

    ``item`` is what it waits for, None once it is done; ``flow`` the call it waits for it in.
    """

    def __init__(
        self,
        deadline: float,
        flow: Hashable,
        on_cancel: Callable[["Waiter"], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(loop=loop)
        self.deadline = deadline
        self.flow = flow
        self.item: Item | None = None
        self._on_cancel = on_cancel

    # Overridden, because a done callback on each of many thousand futures costs more than the rest.
    def cancel(self, msg: object = None) -> bool:
        cancelled = super().cancel(msg)
        if cancelled:
            self._on_cancel(self)
        return cancelled
