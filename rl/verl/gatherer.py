"""Many waiters, few calls: rewards that are asked for one by one, computed in batches.

A trainer asks for each sample as its generation ends. What is asked for within a few milliseconds
shares a call; how many samples are with the service at once is bounded, and the others wait their
turn here. A sample that gets no reward for a reason that may pass is sent again until its deadline,
on its own account: its siblings keep their rewards.
"""

# ruff: noqa: ASYNC109 - as in client.py

import asyncio
import functools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import grpc

from assayoffice.rl.errors import ErrorDetails, ServiceError
from assayoffice.rl.results import ItemError, item_error
from assayoffice.rl.rewards import Recipe, RewardResult, Rollout

_PASSING = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
)
_CRASHES = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
# A worker that died or hung may have been killed by what else ran on the machine; and a connection
# that breaks within a message has no better name than its code. Twice the same is no accident.
_ONCE = ("WORKER_CRASHED", "WALL_TIMEOUT", "INTERNAL", "UNKNOWN")


class Rewarder(Protocol):
    """What computes rewards; ``AsyncClient`` is one."""

    async def compute_rewards(
        self, rollouts: Sequence[Rollout], recipe: Recipe, *, timeout: float
    ) -> Sequence[RewardResult]:
        """Rewards in the order of ``rollouts``. Raises ServiceError when the call fails."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A call that ended, and when, in seconds since the epoch.

    ``steps`` are what the waiters said about their rollouts. ``asked`` is when the last of them
    first asked for its reward: before it waited for room, and before all retries. ``results`` is
    empty where the call failed as a whole; ``failure`` then says why.
    """

    steps: Sequence[int]
    results: Sequence[RewardResult]
    asked: float
    sent: float
    answered: float
    failure: str = ""


class Gatherer:
    """Computes rewards for the concurrent waiters of one event loop. See the module's docstring."""

    def __init__(
        self,
        rewarder: Rewarder,
        recipe: Recipe,
        *,
        gather_seconds: float,
        batch_size: int,
        in_flight: int,
        timeout_seconds: float,
        ended: Callable[[Call], None] = lambda call: None,
    ) -> None:
        """Nothing is sent yet. ``ended`` hears of each call."""
        self._rewarder = rewarder
        self._recipe = recipe
        self._gather_seconds = gather_seconds
        self._batch_size = batch_size
        self._timeout_seconds = timeout_seconds
        self._ended = ended
        self._room = asyncio.Semaphore(in_flight)
        self._waiting: list[_Waiter] = []
        self._timer: asyncio.TimerHandle | None = None
        # asyncio itself keeps no task alive.
        self._calls: set[asyncio.Task[Sequence[RewardResult]]] = set()

    async def reward(self, rollout: Rollout, step: int = 0) -> RewardResult:
        """The reward of a rollout, or the error that is left when no retry can help.

        Takes no longer than the timeout once there is room for the rollout. ``step`` comes back in
        the Call. Raises ServiceError when the service refuses the call for a reason that holds for
        every rollout: a recipe, a hallmark, a token.
        """
        asked = time.time()
        async with self._room:
            deadline = asyncio.get_running_loop().time() + self._timeout_seconds
            attempt = crashes = 0
            result: RewardResult = item_error(rollout.id, self._late())
            try:
                async with asyncio.timeout_at(deadline):
                    while True:
                        result = await self._attempt(rollout, step, asked, deadline)
                        if not isinstance(result, ItemError):
                            break
                        crashes += result.code in _CRASHES
                        if not _may_pass(result, crashes):
                            break
                        await asyncio.sleep(_backoff_seconds(result, attempt))
                        attempt += 1
            except TimeoutError:
                pass
            return result

    def _late(self) -> ErrorDetails:
        message = f"the service answered nothing within {self._timeout_seconds:g} seconds"
        return ErrorDetails(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", message)

    def _attempt(
        self, rollout: Rollout, step: int, asked: float, deadline: float
    ) -> "asyncio.Future[RewardResult]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[RewardResult] = loop.create_future()
        self._waiting.append(_Waiter(rollout, step, asked, deadline, answer))
        if len(self._waiting) >= self._batch_size:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(self._gather_seconds, self._send)
        return answer

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # Those who gave up while they waited need no reward.
        batch = [each for each in self._waiting if not each.answer.done()]
        self._waiting = []
        if not batch:
            return
        loop = asyncio.get_running_loop()
        # Each waiter keeps its own deadline; one with little time left must not cut the others'.
        seconds = max(each.deadline for each in batch) - loop.time()
        call = loop.create_task(self._compute(batch, max(seconds, 0.001)))
        self._calls.add(call)
        call.add_done_callback(functools.partial(self._distribute, batch, time.time()))

    async def _compute(self, batch: "list[_Waiter]", seconds: float) -> Sequence[RewardResult]:
        rollouts = [each.rollout for each in batch]
        return await self._rewarder.compute_rewards(rollouts, self._recipe, timeout=seconds)

    def _distribute(
        self, batch: "list[_Waiter]", sent: float, call: "asyncio.Task[Sequence[RewardResult]]"
    ) -> None:
        self._calls.discard(call)
        waiting = [each for each in batch if not each.answer.done()]
        results: Sequence[RewardResult] = ()
        if call.cancelled():  # The event loop is being closed.
            for each in waiting:
                each.answer.cancel()
            return
        error = call.exception()
        if error is None:
            results = call.result()
            for each, result in zip(batch, results, strict=True):
                if not each.answer.done():
                    each.answer.set_result(result)
        elif isinstance(error, ServiceError) and error.code in _PASSING:
            for each in waiting:
                each.answer.set_result(item_error(each.rollout.id, error.details))
        else:
            for each in waiting:
                each.answer.set_exception(error)
        steps = [each.step for each in batch]
        asked = max(each.asked for each in batch)
        failure = "" if error is None else str(error)
        self._ended(Call(steps, results, asked, sent, time.time(), failure))


@dataclass(frozen=True, slots=True)
class _Waiter:
    rollout: Rollout
    step: int
    asked: float
    deadline: float
    answer: "asyncio.Future[RewardResult]"


def _may_pass(error: ItemError, crashes: int) -> bool:
    if error.code in _CRASHES:
        return crashes == 1 and error.reason in _ONCE
    # A verifier that is out of service does not come back while one waits.
    return error.code in _PASSING and error.reason != "VERIFIER_UNAVAILABLE"


def _backoff_seconds(error: ItemError, attempt: int) -> float:
    """The server's hint, else 0.1 s doubling up to 5; spread, so that not all return as one."""
    seconds = error.retry_after_seconds or min(5.0, 0.1 * 2.0**attempt)
    return seconds * random.uniform(1.0, 1.25)
