"""Where generations are looked at: short ones at once, long ones in threads of their own."""

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor

from assayoffice.server.rewards.generation import Generation
from assayoffice.server.rewards.recipes import Rating, Recipe

# In tokens and characters. What is long takes a few milliseconds to look at, for which other calls
# should not wait; what is huge, more than models write, takes up to a second and half a gigabyte.
_LONG = 16 * 1024
_HUGE = 256 * 1024


class RatingThreads:
    """Threads for generations, shared by all calls. They end when nobody holds this any more.

    One for each kind: they share the interpreter with the event loop, which would wait for each of
    several; and what is long must not wait for what is huge.
    """

    def __init__(self) -> None:
        self._long = ThreadPoolExecutor(1, "long-ratings")
        self._huge = ThreadPoolExecutor(1, "huge-ratings")

    async def rate(self, recipe: Recipe, generation: Generation, deadline: float) -> Rating:
        """What ``recipe`` makes of a generation, of which it knows all that it needs.

        Raises TimeoutError at ``deadline``, which is on the event loop's clock.
        """
        size = len(generation.token_ids) + len(generation.response)
        if size < _LONG:
            return recipe.rate(generation)
        thread = self._long if size < _HUGE else self._huge
        loop = asyncio.get_running_loop()
        async with asyncio.timeout_at(deadline if math.isfinite(deadline) else None):
            return await loop.run_in_executor(thread, recipe.rate, generation)
