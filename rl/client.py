"""Clients of the verifier service, for scripts (``Client``) and for asyncio (``AsyncClient``).

::

    with Client("127.0.0.1:50051") as client:
        result = client.verify(
            Submission("1", "numeric", r"So it is \\boxed{0.5}.", {"reference": "1/2"}), timeout=10
        )

Both behave alike:

- Every call wants its ``timeout``; it covers the retries and all parts of a batch.
- A call that meets UNAVAILABLE or RESOURCE_EXHAUSTED is retried by gRPC (see ``channel.py``).
- A submission the server sheds *inside* an answered call (an item error of one of those codes) is
  sent again, up to ``shed_attempts`` times in all and only while the deadline allows. What is
  still shed then stays an ``ItemError``. ``verify_stream`` hands such errors on at once instead.
- Results are ``Verdict`` or ``ItemError``. What concerns a call as a whole is raised; the tree of
  errors is in ``errors.py``.

Channels are opened by the first call, so a client may be made before a process forks, not used.
"""

# ruff: noqa: ASYNC109 - a gRPC deadline reaches the worker; asyncio.timeout() would stop here.

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from functools import cached_property
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

import grpc

from assayoffice.rl.batches import Batch, Chunk, Deadline, to_proto_or_error, wait_seconds
from assayoffice.rl.channel import BaseClient
from assayoffice.rl.errors import from_rpc_error
from assayoffice.rl.results import (
    ItemError,
    Result,
    VerifierInfo,
    result_from_proto,
    verifier_from_proto,
)
from assayoffice.rl.streams import Exchange
from assayoffice.rl.submissions import Submission
from assayoffice.v1 import verifier_pb2
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

if TYPE_CHECKING:
    from assayoffice.v1.verifier_pb2_grpc import VerifierServiceAsyncStub

_BatchCall: TypeAlias = "grpc.Future[verifier_pb2.VerifyBatchResponse]"

# Or two threads that make the first call together would open a channel each, and lose one.
_OPENING = threading.Lock()


class Client(BaseClient):
    """The blocking client. May be used by several threads."""

    def verify(self, submission: Submission, *, timeout: float) -> Result:
        """Judge one submission. Raises ServiceError when the call fails."""
        deadline = Deadline(timeout)
        message = to_proto_or_error(submission)
        if isinstance(message, ItemError):
            return message
        attempt = 0
        while True:
            try:
                response = self._stub.Verify(
                    self._verify_request(message),
                    timeout=deadline.remaining_seconds(),
                    metadata=self._metadata,
                )
            except grpc.RpcError as error:
                raise from_rpc_error(error) from None
            result = result_from_proto(response.result)
            wait = wait_seconds([result], attempt, self._shed_attempts, deadline)
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
        batch = Batch(submissions, self._required_hallmarks, self._batch_size)
        attempt = 0
        while True:
            self._send(batch, deadline)
            wait = batch.wait_seconds(attempt, self._shed_attempts, deadline)
            if wait is None:
                return batch.results()
            time.sleep(wait)
            attempt += 1

    def verify_stream(
        self, submissions: Iterable[Submission], *, timeout: float
    ) -> Iterator[Result]:
        """Judge submissions as they come and yield results as they finish, to be matched by id.

        ``submissions`` is read in another thread, no faster than the server takes them. What it
        raises is raised here. Raises ServiceError, with the unanswered ids, when the stream breaks.
        """
        deadline = Deadline(timeout)
        exchange = Exchange(self._required_hallmarks)
        call = self._stub.VerifyStream(
            exchange.requests(submissions),
            timeout=deadline.remaining_seconds(),
            metadata=self._metadata,
        )
        try:
            for response in call:
                yield from exchange.take(response)
        except grpc.RpcError as error:
            exchange.raise_failed_source()
            raise from_rpc_error(error, exchange.unanswered()) from None
        finally:
            call.cancel()
        yield from exchange.finish()

    def list_verifiers(self, *, timeout: float) -> list[VerifierInfo]:
        """What is installed, by name, serving or not. Raises ServiceError when the call fails."""
        try:
            response = self._stub.ListVerifiers(
                verifier_pb2.ListVerifiersRequest(),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return [verifier_from_proto(each) for each in response.verifiers]

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

    def _send(self, batch: Batch, deadline: Deadline) -> None:
        chunks = batch.chunks()
        under_way: dict[_BatchCall, Chunk] = {}
        # In the order of their ends, so that one slow call does not hold up the sending of others.
        ended: SimpleQueue[_BatchCall] = SimpleQueue()
        try:
            while True:
                while len(under_way) < self._calls_in_flight and deadline.remaining_seconds():
                    if (chunk := next(chunks, None)) is None:
                        break
                    call = self._stub.VerifyBatch.future(
                        chunk.request,
                        timeout=deadline.remaining_seconds(),
                        metadata=self._metadata,
                    )
                    under_way[call] = chunk
                    call.add_done_callback(ended.put)
                if not under_way:
                    return
                first = ended.get()
                chunk = under_way.pop(first)
                try:
                    batch.record(chunk, first.result())
                except grpc.RpcError as error:
                    batch.fail(chunk, from_rpc_error(error))
                    if batch.is_refused():
                        return
        finally:
            for unfinished in under_way:
                unfinished.cancel()

    @cached_property
    def _channel(self) -> grpc.Channel:
        target, options = self._connection.target(), self._connection.options()
        credentials = self._connection.credentials
        if credentials is None:
            return grpc.insecure_channel(target, options)
        return grpc.secure_channel(target, credentials, options)

    @property
    def _stub(self) -> VerifierServiceStub:
        with _OPENING:
            return self._opened_stub

    @cached_property
    def _opened_stub(self) -> VerifierServiceStub:
        return VerifierServiceStub(self._channel)


class AsyncClient(BaseClient):
    """The client for asyncio. Belongs to the event loop of its first call."""

    async def verify(self, submission: Submission, *, timeout: float) -> Result:
        """As Client.verify."""
        deadline = Deadline(timeout)
        message = to_proto_or_error(submission)
        if isinstance(message, ItemError):
            return message
        attempt = 0
        while True:
            try:
                response = await self._stub.Verify(
                    self._verify_request(message),
                    timeout=deadline.remaining_seconds(),
                    metadata=self._metadata,
                )
            except grpc.RpcError as error:
                raise from_rpc_error(error) from None
            result = result_from_proto(response.result)
            wait = wait_seconds([result], attempt, self._shed_attempts, deadline)
            if wait is None:
                return result
            await asyncio.sleep(wait)
            attempt += 1

    async def verify_batch(
        self, submissions: Iterable[Submission], *, timeout: float
    ) -> list[Result]:
        """As Client.verify_batch."""
        deadline = Deadline(timeout)
        batch = Batch(submissions, self._required_hallmarks, self._batch_size)
        attempt = 0
        while True:
            chunks = batch.chunks()
            async with asyncio.TaskGroup() as group:
                for _ in range(self._calls_in_flight):
                    group.create_task(self._send(batch, chunks, deadline))
            wait = batch.wait_seconds(attempt, self._shed_attempts, deadline)
            if wait is None:
                return batch.results()
            await asyncio.sleep(wait)
            attempt += 1

    async def verify_stream(
        self, submissions: Iterable[Submission] | AsyncIterable[Submission], *, timeout: float
    ) -> AsyncIterator[Result]:
        """As Client.verify_stream; ``submissions`` is read in the event loop."""
        deadline = Deadline(timeout)
        exchange = Exchange(self._required_hallmarks)
        requests = (
            exchange.async_requests(submissions)
            if isinstance(submissions, AsyncIterable)
            else exchange.requests(submissions)
        )
        call = self._stub.VerifyStream(
            requests, timeout=deadline.remaining_seconds(), metadata=self._metadata
        )
        try:
            async for response in call:
                for result in exchange.take(response):
                    yield result
        except grpc.RpcError as error:
            exchange.raise_failed_source()
            raise from_rpc_error(error, exchange.unanswered()) from None
        except asyncio.CancelledError:
            # grpc.aio cancels its own call when the source of requests fails.
            exchange.raise_failed_source()
            raise
        finally:
            call.cancel()
        for result in exchange.finish():
            yield result

    async def list_verifiers(self, *, timeout: float) -> list[VerifierInfo]:
        """As Client.list_verifiers."""
        try:
            response = await self._stub.ListVerifiers(
                verifier_pb2.ListVerifiersRequest(),
                timeout=Deadline(timeout).remaining_seconds(),
                metadata=self._metadata,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        return [verifier_from_proto(each) for each in response.verifiers]

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

    async def _send(self, batch: Batch, chunks: Iterator[Chunk], deadline: Deadline) -> None:
        while deadline.remaining_seconds() and not batch.is_refused():
            if (chunk := next(chunks, None)) is None:
                return
            try:
                response = await self._stub.VerifyBatch(
                    chunk.request, timeout=deadline.remaining_seconds(), metadata=self._metadata
                )
            except grpc.RpcError as error:
                batch.fail(chunk, from_rpc_error(error))
            else:
                batch.record(chunk, response)

    @cached_property
    def _channel(self) -> grpc.aio.Channel:
        target, options = self._connection.target(), self._connection.options()
        credentials = self._connection.credentials
        if credentials is None:
            return grpc.aio.insecure_channel(target, options)
        return grpc.aio.secure_channel(target, credentials, options)

    @cached_property
    def _stub(self) -> "VerifierServiceAsyncStub":
        return VerifierServiceStub(self._channel)
