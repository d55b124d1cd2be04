"""A service of rewards that does as a test tells; it knows no wire."""

import asyncio
from collections.abc import Callable, Sequence

import grpc

from assayoffice.rl.results import Hallmark, ItemError, Outcome, Timing, Verdict
from assayoffice.rl.rewards import Component, Recipe, Reward, RewardResult, Rollout
from assayoffice.rl.submissions import Submission

RECIPE = Recipe("accuracy", "1")


def rollout_of(id: str) -> Rollout:
    """A rollout of that id."""
    return Rollout(Submission(id, "numeric", "1", {"reference": "1"}))


def reward_for(
    rollout: Rollout, outcome: Outcome = Outcome.CORRECT, components: Sequence[str] = ("accuracy",)
) -> Reward:
    """A reward of 1 for each component of a response that is right, else of 0."""
    value = float(outcome is Outcome.CORRECT)
    verdict = Verdict(
        id=rollout.id,
        outcome=outcome,
        score=value,
        reason="EQUAL",
        explanation="",
        extracted="1",
        normalized_answer="1",
        normalized_reference="1",
        method="exact",
        integrity="",
        flags=(),
        checks=(),
        hallmark=Hallmark("numeric", "1", "ab" * 32),
        timing=Timing(0.25, 0.5, False),
    )
    parts = tuple(Component(name, value, 1.0, "") for name in components)
    return Reward(rollout.id, value * len(parts), parts, verdict, 3)


def error_of(id: str, code: grpc.StatusCode, reason: str, after: float | None = None) -> ItemError:
    """An error of that kind; ``after`` is when to come back, in seconds."""
    return ItemError(id, code, reason, "as told", retry_after_seconds=after)


class FakeService:
    """Computes rewards as a test tells, and keeps what it was asked."""

    def __init__(self, answer: Callable[[Rollout, int], RewardResult] | None = None) -> None:
        """``answer`` gets a rollout and how often it was asked for; none gives rewards."""
        self.calls: list[list[str]] = []
        self.timeouts: list[float] = []
        self.under_way = 0
        self.most_under_way = 0
        self.failures: list[BaseException] = []
        self.hold: asyncio.Event | None = None
        self.called = asyncio.Event()
        self._answer = answer
        self._seen: dict[str, int] = {}

    async def compute_rewards(
        self,
        rollouts: Sequence[Rollout],
        recipe: Recipe,
        *,
        timeout: float,  # noqa: ASYNC109 - the Protocol's
    ) -> list[RewardResult]:
        """Answers, unless held or told to fail."""
        assert recipe == RECIPE
        self.timeouts.append(timeout)
        self.calls.append([each.id for each in rollouts])
        self.called.set()
        self.under_way += len(rollouts)
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await (asyncio.sleep(0) if self.hold is None else self.hold.wait())
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self.under_way -= len(rollouts)
        results: list[RewardResult] = []
        for rollout in rollouts:
            seen = self._seen[rollout.id] = self._seen.get(rollout.id, 0) + 1
            results.append(self._answer(rollout, seen) if self._answer else reward_for(rollout))
        return results
