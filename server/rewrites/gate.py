"""How much of one call may be under way at once."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class Gate:
    """Lets so many works through at once, and so many bytes of them, but always one.

    So a call with much to do leaves room in the queue for others. First come, first served.
    """

    def __init__(self, works: int, size_bytes: int) -> None:
        self._works = works
        self._bytes = size_bytes
        self._count = 0
        self._held_bytes = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextlib.asynccontextmanager
    async def through(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold a place for as long as the block lasts."""
        if self._waiting or not self._has_room(size_bytes):
            place = asyncio.get_running_loop().create_future()
            self._waiting.append((size_bytes, place))
            try:
                await place
            except asyncio.CancelledError:
                if not place.cancelled():  # it was given before its taker was cancelled
                    self._leave(size_bytes)
                raise
        else:
            self._enter(size_bytes)
        try:
            yield
        finally:
            self._leave(size_bytes)

    def _has_room(self, size_bytes: int) -> bool:
        if not self._count:
            return True
        return self._count < self._works and self._held_bytes + size_bytes <= self._bytes

    def _enter(self, size_bytes: int) -> None:
        self._count += 1
        self._held_bytes += size_bytes

    def _leave(self, size_bytes: int) -> None:
        self._count -= 1
        self._held_bytes -= size_bytes
        while self._waiting:
            wanted, place = self._waiting[0]
            if not place.done():
                if not self._has_room(wanted):
                    break
                self._enter(wanted)
                place.set_result(None)
            self._waiting.popleft()
