"""Clients of the services, for scripts (``Client``) and for asyncio (``AsyncClient``).

::

    with Client("127.0.0.1:50051") as client:
        result = client.verify(
            Submission("1", "numeric", r"So it is \\boxed{0.5}.", {"reference": "1/2"}), timeout=10
        )

Both behave alike, and groups, rewards and reports on rewrites like verdicts:

- Every call wants its ``timeout``; it covers the retries and all parts of a batch.
- A call that meets UNAVAILABLE or RESOURCE_EXHAUSTED is retried by gRPC (see ``channel.py``).
- What the server sheds *inside* an answered call (an item error of one of those codes) is sent
  again, up to ``shed_attempts`` times in all and only while the deadline allows. What is still
  shed then stays an ``ItemError``. The streams hand such errors on at once instead.
- Results are ``Verdict``, ``Grouping``, ``Reward`` or ``Report``, or else ``ItemError``. What
  concerns a call as a whole is raised; the tree of errors is in ``errors.py``.

Channels are opened by the first call, so a client may be made before a process forks, not used.
"""

# ruff: noqa: ASYNC109 - a gRPC deadline reaches the worker; asyncio.timeout() would stop here.

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

import grpc

from assayoffice.rl.batches import Batch, Deadline, message_or_error, wait_seconds
from assayoffice.rl.channel import BaseClient
from assayoffice.rl.dialects import GroupDialect, VerifierDialect
from assayoffice.rl.errors import from_rpc_error
from assayoffice.rl.groups import GroupingResult, ResponseSet, of_sets
from assayoffice.rl.results import (
    ItemError,
    Result,
    VerifierInfo,
    result_from_proto,
    verifier_from_proto,
)
from assayoffice.rl.rewards import (
    AppliedRecipe,
    Recipe,
    RecipeInfo,
    RewardResult,
    Rollout,
    recipe_from_proto,
)
from assayoffice.rl.rewrites.reports import ReportResult
from assayoffice.rl.rewrites.rewrite import Rewrite, Thresholds
from assayoffice.rl.streams import Exchange
from assayoffice.rl.submissions import Submission, to_proto
from assayoffice.v1 import reward_pb2, verifier_pb2
from assayoffice.v1.reward_pb2_grpc import RewardServiceStub
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceStub
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

if TYPE_CHECKING:
    from assayoffice.v1.reward_pb2_grpc import RewardServiceAsyncStub
    from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceAsyncStub
    from assayoffice.v1.verifier_pb2_grpc import VerifierServiceAsyncStub

_STRICT = Thresholds()
# Or two threads that make the first call together would open a channel each, and lose one.
_OPENING = threading.Lock()


class Client(BaseClient):
    """The blocking client. May be used by several threads."""

    def verify(self, submission: Submission, *, timeout: float) -> Result:
        """Judge one submission. Raises ServiceError when the call fails."""
        deadline = Deadline(timeout)
        message = message_or_error(submission, to_proto)
        if isinstance(message, ItemError):
            return message
        attempt = 0
        while True:
            try:
                response = self._verifiers.Verify(
                    self._verify_request(message),
                    timeout=deadline.remaining_seconds(),
                    metadata=self._metadata,
                )
            except grpc.RpcError as error:
                raise from_rpc_error(error) from None
            result = result_from_proto(response.result)
            wait = wait_seconds([result], attempt, self._sending.shed_attempts, deadline)
            if wait is None:
                return result
            time.sleep(wait)
            attempt += 1

    def verify_batch(self, submissions: Iterable[Submission], *, timeout: float) -> list[Result]:
        """Judge submissions and answer in their order, each with a verdict or an error of its own.

        Ids need not be unique. A call that fails for a passing reason gives its submissions
        errors; the others keep their verdicts. Raises ServiceError when no call was answered, or
        one was refused for a reason that holds for all (hallmark, token).
        """
        deadline = Deadline(timeout)
        batch = Batch(submissions, VerifierDialect(self._required_hallmarks), self._batch_size)
        return self._sending.batch(self._verifiers.VerifyBatch, batch, deadline)

    def verify_stream(
        self, submissions: Iterable[Submission], *, timeout: float
    ) -> Iterator[Result]:
        """Judge submissions as they come and yield results as they finish, to be matched by id.

        ``submissions`` is read in another thread, no faster than the server takes them. What it
        raises is raised here. Raises ServiceError, with the unanswered ids, when the stream breaks.
        """
        deadline = Deadline(timeout)
        exchange = Exchange(VerifierDialect(self._required_hallmarks))
        call = self._verifiers.VerifyStream
        return self._sending.stream(call, exchange, submissions, deadline)

    def group_responses(
        self, sets: Iterable[ResponseSet], *, timeout: float
    ) -> list[GroupingResult]:
        """Group the responses of each set by what they answer, and answer in the order of the sets.

        Behaves like ``verify_batch``, in calls of at most 64 sets. A set whose responses are too
        large for one message (60 MiB) gets an error.
        """
        deadline = Deadline(timeout)
        sets = list(sets)
        batch = Batch(sets, GroupDialect(self._required_hallmarks), self._sets_per_call)
        results = self._sending.batch(self._verifiers.GroupResponses, batch, deadline)
        return of_sets(sets, results)

    def compute_rewards(
        self, rollouts: Iterable[Rollout], recipe: Recipe, *, timeout: float
    ) -> list[RewardResult]:
        """Reward rollouts and answer in their order, each with a reward or an error of its own.

        Behaves like ``verify_batch``. Raises ServiceError as it does, InvalidRequestError among
        them for a recipe that the service does not have or whose options it cannot use, and
        SubmissionError for options that have no form on the wire. All rewards that a client hands
        out for a recipe are computed by one code: another gives ItemErrors, RECIPE_CHANGED.
        """
        deadline = Deadline(timeout)
        batch = Batch(rollouts, self._reward_dialect(recipe), self._batch_size)
        return self._sending.batch(self._rewards.ComputeRewards, batch, deadline)

    def stream_rewards(
        self, rollouts: Iterable[Rollout], recipe: Recipe, *, timeout: float
    ) -> Iterator[RewardResult]:
        """Reward rollouts as they come and yield results as they finish, to be matched by id.

        Behaves like ``verify_stream``, and raises what it and ``compute_rewards`` raise.
        """
        deadline = Deadline(timeout)
        exchange = Exchange(self._reward_dialect(recipe))
        call = self._rewards.StreamRewards
        return self._sending.stream(call, exchange, rollouts, deadline)

    def list_verifiers(self, *, timeout: float) -> list[VerifierInfo]:
        """What is installed, by name, serving or not. Raises ServiceError when the call fails."""
        try:
            response = self._verifiers.ListVerifiers(
                verifier_pb2.ListVerifiersRequest(),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return [verifier_from_proto(each) for each in response.verifiers]

    def list_recipes(self, *, timeout: float) -> list[RecipeInfo]:
        """The recipes of the service, by name. Raises ServiceError when the call fails."""
        try:
            response = self._rewards.ListRecipes(
                reward_pb2.ListRecipesRequest(),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return [recipe_from_proto(each) for each in response.recipes]

    def applied_recipe(self, recipe: Recipe, *, timeout: float) -> AppliedRecipe:
        """The recipe with all of its options and its digest, without rewarding anything.

        Raises what ``compute_rewards`` raises for a recipe, so that it can be tried beforehand.
        """
        dialect = self._reward_dialect(recipe)
        try:
            response = self._rewards.ComputeRewards(
                dialect.batch([]),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return dialect.applied(response)

    def check_rewrites(
        self, rewrites: Iterable[Rewrite], *, thresholds: Thresholds = _STRICT, timeout: float
    ) -> list[ReportResult]:
        """Check rewrites and answer in their order, each with a report or an error of its own.

        Behaves like ``verify_batch``, in calls of at most 64. All reports that a client hands out
        for a verifier are made by one code: another gives ItemErrors, CHECKS_CHANGED.
        """
        deadline = Deadline(timeout)
        batch = Batch(rewrites, self._rewrite_dialect(thresholds), self._rewrites_per_call)
        return self._sending.batch(self._rewrites.CheckRewrites, batch, deadline)

    def rewrite_digests(self, *, timeout: float) -> Mapping[str, str]:
        """For each verifier, the digest of all that can change a report about its rewrites.

        Equal rewrites get equal reports under equal digests. Raises ServiceError when the call
        fails, or when a digest is another than that of an earlier answer to this client.
        """
        dialect = self._rewrite_dialect(_STRICT)
        try:
            response = self._rewrites.CheckRewrites(
                dialect.batch([]),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return dialect.digests(response)

    def close(self) -> None:
        """Close the channel and cancel what is under way. May be called again."""
        self._channel.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _channel(self) -> grpc.Channel:
        with _OPENING:
            return self._opened_channel

    @cached_property
    def _opened_channel(self) -> grpc.Channel:
        target, options = self._connection.target(), self._connection.options()
        credentials = self._connection.credentials
        if credentials is None:
            return grpc.insecure_channel(target, options)
        return grpc.secure_channel(target, credentials, options)

    @cached_property
    def _verifiers(self) -> VerifierServiceStub:
        return VerifierServiceStub(self._channel)

    @cached_property
    def _rewards(self) -> RewardServiceStub:
        return RewardServiceStub(self._channel)

    @cached_property
    def _rewrites(self) -> RewriteServiceStub:
        return RewriteServiceStub(self._channel)


class AsyncClient(BaseClient):
    """The client for asyncio. Belongs to the event loop of its first call."""

    async def verify(self, submission: Submission, *, timeout: float) -> Result:
        """As Client.verify."""
        deadline = Deadline(timeout)
        message = message_or_error(submission, to_proto)
        if isinstance(message, ItemError):
            return message
        attempt = 0
        while True:
            try:
                response = await self._verifiers.Verify(
                    self._verify_request(message),
                    timeout=deadline.remaining_seconds(),
                    metadata=self._metadata,
                )
            except grpc.RpcError as error:
                raise from_rpc_error(error) from None
            result = result_from_proto(response.result)
            wait = wait_seconds([result], attempt, self._sending.shed_attempts, deadline)
            if wait is None:
                return result
            await asyncio.sleep(wait)
            attempt += 1

    async def verify_batch(
        self, submissions: Iterable[Submission], *, timeout: float
    ) -> list[Result]:
        """As Client.verify_batch."""
        deadline = Deadline(timeout)
        batch = Batch(submissions, VerifierDialect(self._required_hallmarks), self._batch_size)
        return await self._sending.async_batch(self._verifiers.VerifyBatch, batch, deadline)

    def verify_stream(
        self, submissions: Iterable[Submission] | AsyncIterable[Submission], *, timeout: float
    ) -> AsyncIterator[Result]:
        """As Client.verify_stream; ``submissions`` is read in the event loop."""
        deadline = Deadline(timeout)
        exchange = Exchange(VerifierDialect(self._required_hallmarks))
        call = self._verifiers.VerifyStream
        return self._sending.async_stream(call, exchange, submissions, deadline)

    async def group_responses(
        self, sets: Iterable[ResponseSet], *, timeout: float
    ) -> list[GroupingResult]:
        """As Client.group_responses."""
        deadline = Deadline(timeout)
        sets = list(sets)
        batch = Batch(sets, GroupDialect(self._required_hallmarks), self._sets_per_call)
        call = self._verifiers.GroupResponses
        results = await self._sending.async_batch(call, batch, deadline)
        return of_sets(sets, results)

    async def compute_rewards(
        self, rollouts: Iterable[Rollout], recipe: Recipe, *, timeout: float
    ) -> list[RewardResult]:
        """As Client.compute_rewards."""
        deadline = Deadline(timeout)
        batch = Batch(rollouts, self._reward_dialect(recipe), self._batch_size)
        return await self._sending.async_batch(self._rewards.ComputeRewards, batch, deadline)

    def stream_rewards(
        self,
        rollouts: Iterable[Rollout] | AsyncIterable[Rollout],
        recipe: Recipe,
        *,
        timeout: float,
    ) -> AsyncIterator[RewardResult]:
        """As Client.stream_rewards; ``rollouts`` is read in the event loop."""
        deadline = Deadline(timeout)
        exchange = Exchange(self._reward_dialect(recipe))
        call = self._rewards.StreamRewards
        return self._sending.async_stream(call, exchange, rollouts, deadline)

    async def list_verifiers(self, *, timeout: float) -> list[VerifierInfo]:
        """As Client.list_verifiers."""
        try:
            response = await self._verifiers.ListVerifiers(
                verifier_pb2.ListVerifiersRequest(),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return [verifier_from_proto(each) for each in response.verifiers]

    async def list_recipes(self, *, timeout: float) -> list[RecipeInfo]:
        """As Client.list_recipes."""
        try:
            response = await self._rewards.ListRecipes(
                reward_pb2.ListRecipesRequest(),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return [recipe_from_proto(each) for each in response.recipes]

    async def applied_recipe(self, recipe: Recipe, *, timeout: float) -> AppliedRecipe:
        """As Client.applied_recipe."""
        dialect = self._reward_dialect(recipe)
        try:
            response = await self._rewards.ComputeRewards(
                dialect.batch([]),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return dialect.applied(response)

    async def check_rewrites(
        self, rewrites: Iterable[Rewrite], *, thresholds: Thresholds = _STRICT, timeout: float
    ) -> list[ReportResult]:
        """As Client.check_rewrites."""
        deadline = Deadline(timeout)
        batch = Batch(rewrites, self._rewrite_dialect(thresholds), self._rewrites_per_call)
        return await self._sending.async_batch(self._rewrites.CheckRewrites, batch, deadline)

    async def rewrite_digests(self, *, timeout: float) -> Mapping[str, str]:
        """As Client.rewrite_digests."""
        dialect = self._rewrite_dialect(_STRICT)
        try:
            response = await self._rewrites.CheckRewrites(
                dialect.batch([]),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return dialect.digests(response)

    async def close(self) -> None:
        """As Client.close."""
        await self._channel.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @cached_property
    def _channel(self) -> grpc.aio.Channel:
        target, options = self._connection.target(), self._connection.options()
        credentials = self._connection.credentials
        if credentials is None:
            return grpc.aio.insecure_channel(target, options)
        return grpc.aio.secure_channel(target, credentials, options)

    @cached_property
    def _verifiers(self) -> "VerifierServiceAsyncStub":
        return VerifierServiceStub(self._channel)

    @cached_property
    def _rewards(self) -> "RewardServiceAsyncStub":
        return RewardServiceStub(self._channel)

    @cached_property
    def _rewrites(self) -> "RewriteServiceAsyncStub":
        return RewriteServiceStub(self._channel)
