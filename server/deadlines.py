"""Deadlines of many waiters at the price of a few timers."""

import asyncio
import math
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Deadlines(Generic[T]):
    """Calls ``expire`` for each waiter whose deadline passes.

    The submissions of one call share a deadline, so there is one timer for all of them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, expire: Callable[[T], None]) -> None:
        self._loop = loop
        self._expire = expire
        self._groups: dict[float, dict[T, None]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}

    def add(self, waiter: T, deadline: float) -> None:
        """Watch a deadline on the loop's clock; ``math.inf`` is none."""
        if deadline == math.inf:
            return
        group = self._groups.get(deadline)
        if group is None:
            group = self._groups[deadline] = {}
            self._timers[deadline] = self._loop.call_at(deadline, self._pass, deadline)
        group[waiter] = None

    def discard(self, waiter: T, deadline: float) -> None:
        """Stop watching, which must be said for every waiter that is done."""
        group = self._groups.get(deadline)
        if group is None:
            return
        group.pop(waiter, None)
        if not group:
            del self._groups[deadline]
            self._timers.pop(deadline).cancel()

    def _pass(self, deadline: float) -> None:
        del self._timers[deadline]
        for waiter in self._groups.pop(deadline):
            self._expire(waiter)
