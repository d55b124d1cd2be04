"""Sends batches and streams through a channel, for scripts and for asyncio, whatever they ask.

The functions of both halves do the same and differ only in how they wait.
"""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

import grpc

from assayoffice.rl.batches import Batch, Chunk, Deadline
from assayoffice.rl.dialects import FactT, ItemT, MessageT, RequestT, ResponseT
from assayoffice.rl.errors import from_rpc_error
from assayoffice.rl.results import ItemError
from assayoffice.rl.streams import Exchange

if TYPE_CHECKING:
    _Unary: TypeAlias = grpc.UnaryUnaryMultiCallable[RequestT, ResponseT]
    _Stream: TypeAlias = grpc.StreamStreamMultiCallable[RequestT, ResponseT]
    _AsyncUnary: TypeAlias = grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT]
    _AsyncStream: TypeAlias = grpc.aio.StreamStreamMultiCallable[RequestT, ResponseT]


@dataclass(frozen=True, slots=True)
class Sending:
    """How calls are sent: what goes with each, how many at once, how often what is shed."""

    metadata: tuple[tuple[str, str], ...]
    calls_in_flight: int
    shed_attempts: int

    def batch(
        self,
        call: "_Unary[RequestT, ResponseT]",
        batch: Batch[ItemT, MessageT, RequestT, ResponseT, FactT],
        deadline: Deadline,
    ) -> list[FactT | ItemError]:
        """Send ``batch`` until each item has its result. Raises ServiceError, as Batch.results."""
        attempt = 0
        while True:
            self._send(call, batch, deadline)
            wait = batch.wait_seconds(attempt, self.shed_attempts, deadline)
            if wait is None:
                return batch.results()
            time.sleep(wait)
            attempt += 1

    async def async_batch(
        self,
        call: "_AsyncUnary[RequestT, ResponseT]",
        batch: Batch[ItemT, MessageT, RequestT, ResponseT, FactT],
        deadline: Deadline,
    ) -> list[FactT | ItemError]:
        """As batch."""
        attempt = 0
        while True:
            chunks = batch.chunks()
            async with asyncio.TaskGroup() as group:
                for _ in range(self.calls_in_flight):
                    group.create_task(self._async_send(call, batch, chunks, deadline))
            wait = batch.wait_seconds(attempt, self.shed_attempts, deadline)
            if wait is None:
                return batch.results()
            await asyncio.sleep(wait)
            attempt += 1

    def stream(
        self,
        call: "_Stream[RequestT, ResponseT]",
        exchange: Exchange[ItemT, MessageT, RequestT, ResponseT, FactT],
        items: Iterable[ItemT],
        deadline: Deadline,
    ) -> Iterator[FactT | ItemError]:
        """Send ``items`` and yield results as they come. Raises ServiceError when it breaks."""
        responses = call(
            exchange.requests(items),
            timeout=deadline.remaining_seconds(),
            metadata=self.metadata,
        )
        try:
            for response in responses:
                yield from exchange.take(response)
        except grpc.RpcError as error:
            exchange.raise_failed_source()
            raise from_rpc_error(error, exchange.unanswered()) from None
        finally:
            responses.cancel()
        yield from exchange.finish()

    async def async_stream(
        self,
        call: "_AsyncStream[RequestT, ResponseT]",
        exchange: Exchange[ItemT, MessageT, RequestT, ResponseT, FactT],
        items: Iterable[ItemT] | AsyncIterable[ItemT],
        deadline: Deadline,
    ) -> AsyncIterator[FactT | ItemError]:
        """As stream; ``items`` are read in the event loop."""
        requests = (
            exchange.async_requests(items)
            if isinstance(items, AsyncIterable)
            else exchange.requests(items)
        )
        responses = call(requests, timeout=deadline.remaining_seconds(), metadata=self.metadata)
        try:
            async for response in responses:
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
            responses.cancel()
        for left in exchange.finish():
            yield left

    def _send(
        self,
        call: "_Unary[RequestT, ResponseT]",
        batch: Batch[ItemT, MessageT, RequestT, ResponseT, FactT],
        deadline: Deadline,
    ) -> None:
        chunks = batch.chunks()
        under_way: dict[grpc.Future[ResponseT], Chunk[RequestT]] = {}
        # In the order of their ends, so that one slow call does not hold up the sending of others.
        ended: SimpleQueue[grpc.Future[ResponseT]] = SimpleQueue()
        try:
            while True:
                while len(under_way) < self.calls_in_flight and deadline.remaining_seconds():
                    if (chunk := next(chunks, None)) is None:
                        break
                    answer = call.future(
                        chunk.request,
                        timeout=deadline.remaining_seconds(),
                        metadata=self.metadata,
                    )
                    under_way[answer] = chunk
                    answer.add_done_callback(ended.put)
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

    async def _async_send(
        self,
        call: "_AsyncUnary[RequestT, ResponseT]",
        batch: Batch[ItemT, MessageT, RequestT, ResponseT, FactT],
        chunks: Iterator[Chunk[RequestT]],
        deadline: Deadline,
    ) -> None:
        while deadline.remaining_seconds() and not batch.is_refused():
            if (chunk := next(chunks, None)) is None:
                return
            try:
                response = await call(
                    chunk.request, timeout=deadline.remaining_seconds(), metadata=self.metadata
                )
            except grpc.RpcError as error:
                batch.fail(chunk, from_rpc_error(error))
            else:
                batch.record(chunk, response)
