"""Generations are looked at without holding up each other, nor the event loop."""

import asyncio
import math
import threading

import pytest
from fake_service import spin_until

from assayoffice.server.rating import RatingThreads
from assayoffice.server.rewards.builtin import Part
from assayoffice.server.rewards.components import Component
from assayoffice.server.rewards.generation import Generation, Judgement, Rate, Rated
from assayoffice.server.rewards.recipes import Recipe, total

LONG, HUGE = 20_000, 300_000
RIGHT = Judgement(True, 1.0)


class Held(Component):
    """Worth the length; looks at a generation for as long as ``goes_on`` is not set."""

    NAME = "held"

    def rate(self, generation: Generation) -> Rate:
        with changed:
            inside.append(generation.token_count)
            most.append(len(inside))
        assert goes_on.wait(20)
        with changed:
            inside.remove(generation.token_count)
        rated = Rated(float(generation.token_count), "")
        return lambda judgement: rated


changed = threading.Lock()
goes_on = threading.Event()
inside: list[int] = []
most: list[int] = []
HELD = Recipe("held", "1", "{}", "", [Part(Held(), 1.0)], frozenset())


@pytest.fixture(autouse=True)
def fresh():
    goes_on.clear()
    inside.clear()
    most.clear()
    yield
    goes_on.set()


def generation(tokens: int) -> Generation:
    return Generation("", range(tokens), tokens, True)


async def until_inside(*expected: int) -> None:
    await asyncio.to_thread(spin_until, lambda: sorted(inside) == sorted(expected))


async def test_one_huge_generation_at_a_time_and_long_ones_beside_it():
    threads = RatingThreads()
    asked = [HUGE, HUGE + 1, HUGE + 2, LONG, LONG + 1]
    ratings = [
        asyncio.create_task(threads.rate(HELD, generation(each), math.inf)) for each in asked
    ]
    # The event loop that waits here is free all the while.
    await until_inside(HUGE, LONG)
    goes_on.set()
    assert [total((await each).settle(RIGHT)) for each in ratings] == asked
    assert max(most) == 2


async def test_who_gives_up_makes_no_room_for_a_second_one():
    threads = RatingThreads()
    first = asyncio.create_task(threads.rate(HELD, generation(HUGE), math.inf))
    await until_inside(HUGE)
    first.cancel()
    second = asyncio.create_task(threads.rate(HELD, generation(HUGE + 1), math.inf))
    await asyncio.wait([first])
    third = asyncio.create_task(threads.rate(HELD, generation(LONG), math.inf))
    await until_inside(HUGE, LONG)
    goes_on.set()
    await asyncio.gather(second, third)
    assert max(most) == 2


async def test_nobody_waits_longer_than_the_deadline():
    threads = RatingThreads()
    deadline = asyncio.get_running_loop().time() + 0.05
    first = asyncio.create_task(threads.rate(HELD, generation(HUGE), math.inf))
    for tokens in (HUGE, LONG):
        with pytest.raises(TimeoutError):
            await threads.rate(HELD, generation(tokens), deadline)
    goes_on.set()
    assert total((await first).settle(RIGHT)) == HUGE


async def test_short_generation_is_looked_at_on_the_spot():
    goes_on.set()
    rating = RatingThreads().rate(HELD, generation(1_000), 0.0)
    with pytest.raises(StopIteration) as returned:
        rating.send(None)
    assert total(returned.value.value.settle(RIGHT)) == 1_000
