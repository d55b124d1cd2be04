"""The RPCs of RewardService: as those of VerifierService, with a recipe applied to each verdict."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from assayoffice.server.admission import Admission
from assayoffice.server.batches import Batch
from assayoffice.server.calls import Call, Calls
from assayoffice.server.catalog import Catalog
from assayoffice.server.envelopes import Envelope
from assayoffice.server.errors import Reason, malformed
from assayoffice.server.rating import RatingThreads
from assayoffice.server.recipe_requests import RecipeRequests
from assayoffice.server.rewarded import Rewards
from assayoffice.server.rewards.recipes import Recipe
from assayoffice.server.streams import Exchange
from assayoffice.server.validation import Rules, Violation
from assayoffice.v1 import reward_pb2
from assayoffice.v1.reward_pb2_grpc import RewardServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class RewardService(RewardServiceServicer):
    """Answers the RPCs; the proto says what each promises."""

    def __init__(self, admission: Admission, catalog: Catalog, calls: Calls) -> None:
        self._admission = admission
        self._calls = calls
        self._recipes = RecipeRequests()
        # As in VerifierService: what is wrong with one item is no fault of its neighbours.
        single, several = frozenset({"rollout"}), frozenset({"rollouts"})
        self._batch = Envelope(reward_pb2.ComputeRewardsRequest.DESCRIPTOR, catalog, apart=several)
        self._stream = Envelope(reward_pb2.StreamRewardsRequest.DESCRIPTOR, catalog, apart=single)
        self._threads = RatingThreads()
        self._rollout_rules = Rules(reward_pb2.Rollout.DESCRIPTOR, apart=frozenset({"submission"}))

    async def ComputeRewards(
        self, request: reward_pb2.ComputeRewardsRequest, context: Context
    ) -> reward_pb2.ComputeRewardsResponse:
        async with self._calls.open("ComputeRewards", context) as call:
            self._batch.check(request)
            recipe = self._recipe(request.recipe, call)
            self._admission.shed_when_full()
            response = reward_pb2.ComputeRewardsResponse(recipe=_applied(recipe))
            batch = Batch(self._rewards(recipe, request.require_stamps), call)
            try:
                for index, rollout in enumerate(request.rollouts):
                    result = response.results.add()
                    await batch.admit(rollout, result, f"rollouts[{index}]")
                await batch.finish()
            finally:
                batch.withdraw()
        return response

    async def StreamRewards(  # type: ignore[override] # written to, not returned: see Exchange
        self, request_iterator: AsyncIterator[reward_pb2.StreamRewardsRequest], context: Context
    ) -> None:
        async with self._calls.open("StreamRewards", context) as call:
            requests = self._stream.checked_first(request_iterator)
            first = await anext(requests, None)
            if first is None:
                return
            if not first.HasField("recipe"):
                description = "must be set in the first message of a stream"
                raise malformed(
                    Reason.INVALID_REQUEST, [Violation("recipe", "required", description)]
                )
            recipe = self._recipe(first.recipe, call)
            applied: reward_pb2.AppliedRecipe | None = _applied(recipe)

            async def write(result: reward_pb2.RewardResult) -> None:
                nonlocal applied
                named, applied = applied, None  # in the first answer only
                response = reward_pb2.StreamRewardsResponse(result=result, recipe=named)
                await context.write(response)

            rewards = self._rewards(recipe, first.require_stamps)
            exchange = Exchange(self._admission, rewards, call, "rollout")
            await exchange.run(_rollouts(first, requests), write)

    async def ListRecipes(
        self, request: reward_pb2.ListRecipesRequest, context: Context
    ) -> reward_pb2.ListRecipesResponse:
        async with self._calls.open("ListRecipes", context):
            return reward_pb2.ListRecipesResponse(recipes=self._recipes.listed)

    def _recipe(self, asked: reward_pb2.RewardRecipe, call: Call) -> Recipe:
        recipe = self._recipes.read(asked)
        call.note("recipe", f"{recipe.name}@{recipe.version}")
        call.note("recipe_digest", recipe.digest)
        return recipe

    def _rewards(self, recipe: Recipe, require_stamps: bool) -> Rewards:
        return Rewards(
            self._admission,
            self._rollout_rules,
            recipe,
            self._threads,
            require_stamps=require_stamps,
        )


def _applied(recipe: Recipe) -> reward_pb2.AppliedRecipe:
    return reward_pb2.AppliedRecipe(
        name=recipe.name, version=recipe.version, options=recipe.options, digest=recipe.digest
    )


async def _rollouts(
    first: reward_pb2.StreamRewardsRequest, others: AsyncIterator[reward_pb2.StreamRewardsRequest]
) -> AsyncIterator[reward_pb2.Rollout]:
    yield first.rollout
    async for request in others:
        yield request.rollout
