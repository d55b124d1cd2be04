"""What becomes of a sample: its reward, or what the failure policy makes of there being none."""

import asyncio
import time
from pathlib import Path

import grpc

from assayoffice.rl.client import AsyncClient
from assayoffice.rl.errors import AssayError, ServiceError
from assayoffice.rl.results import ItemError
from assayoffice.rl.rewards import FinishReason, Generation, Reward, Rollout
from assayoffice.rl.submissions import Submission
from assayoffice.rl.verl.breaker import Breaker
from assayoffice.rl.verl.gatherer import Gatherer, Rewarder
from assayoffice.rl.verl.info import Info, component_names, error_info, reward_info
from assayoffice.rl.verl.journal import Journal
from assayoffice.rl.verl.settings import FailurePolicy, Settings

# Every recipe can reward it, wherever a service is in order.
_PROBE = Rollout(
    Submission("probe", "numeric", "<think>\n1\n</think>\n\\boxed{1}", {"reference": "1"}),
    Generation(token_ids=(0, 1, 2), finish_reason=FinishReason.STOP),
)


class NoRewardError(AssayError):
    """A sample has no reward and training must not go on; the message names the cause."""


class Scoring:
    """Scores the samples of one event loop. Nothing is opened before the first."""

    def __init__(self, settings: Settings, rewarder: Rewarder | None = None) -> None:
        """``rewarder`` is the service that the settings name, unless given."""
        self._neutral = settings.failure_policy is FailurePolicy.GROUP_NEUTRAL
        self._breaker = Breaker(
            share=settings.error_share,
            window=settings.error_window,
            minimum=settings.error_minimum,
        )
        self._journal = Journal(settings.metrics_file)
        self._gatherer = Gatherer(
            _client(settings) if rewarder is None else rewarder,
            settings.recipe,
            gather_seconds=settings.gather_milliseconds / 1000,
            batch_size=settings.batch_size,
            in_flight=settings.in_flight,
            timeout_seconds=settings.timeout_seconds,
            ended=self._journal.call,
        )
        self._components: tuple[str, ...] | None = None
        self._asking = asyncio.Lock()

    async def score(self, rollout: Rollout, step: int = 0) -> Info:
        """What verl is to be told; ``score`` is the reward, or NaN where there is none.

        Raises NoRewardError where there is none and the policy, the circuit breaker or the kind of
        error forbids going on.
        """
        try:
            result = await self._gatherer.reward(rollout, step)
        except ServiceError as error:
            raise NoRewardError(f"the service refuses to reward: {error}") from error
        match result:
            case Reward():
                self._breaker.record(failed=False)
                return self._rewarded(result)
            case ItemError():
                return await self._lost(rollout, result, step)

    def _rewarded(self, reward: Reward) -> Info:
        names = component_names(reward)
        if self._components is None:
            self._components = names
        if names != self._components:
            raise NoRewardError(
                f"sample {reward.id}: the reward has the components {', '.join(names)}, but those "
                f"before had {', '.join(self._components)}; use servers of one version"
            )
        return reward_info(reward)

    async def _lost(self, rollout: Rollout, error: ItemError, step: int) -> Info:
        self._journal.lost(step, error, time.time())
        cause = f"sample {error.id} has no reward: {error.code.name} ({error.reason}): "
        cause += error.message
        # Rows that were never admitted are no trouble that passes: the data set is another one.
        if not self._neutral or error.reason == "STAMP_MISMATCH":
            raise NoRewardError(cause)
        if tripped := self._breaker.record(failed=True):
            raise NoRewardError(f"{tripped}; the latest: {cause}")
        return error_info(await self._names(cause), len(rollout.generation.token_ids))

    async def _names(self, cause: str) -> tuple[str, ...]:
        """The names of the recipe's components, also when no sample had a reward so far."""
        async with self._asking:
            if self._components is None:
                result = await self._gatherer.reward(_PROBE)
                if isinstance(result, ItemError):
                    raise NoRewardError(
                        f"{cause}; nor has a right answer to 1 = 1: {result.message}"
                    )
                self._rewarded(result)
            assert self._components is not None
            return self._components


def _client(settings: Settings) -> AsyncClient:
    credentials = token = None
    if settings.ca_file:
        credentials = grpc.ssl_channel_credentials(Path(settings.ca_file).read_bytes())
    if settings.token_file:
        token = Path(settings.token_file).read_text().strip()
    return AsyncClient(
        list(settings.endpoints),
        credentials=credentials,
        token=token,
        server_name=settings.server_name,
        required_hallmarks=settings.required_hallmarks,
        require_stamps=settings.require_stamps,
        batch_size=settings.batch_size,
    )
