"""The bookkeeping of one stream: which ids are under way, and what never went out.

Knows no channel, so the two clients share it, and no service, which is its dialect's business.
"""

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Generic

import grpc

from assayoffice.rl.batches import message_or_error
from assayoffice.rl.dialects import FactT, ItemT, MessageT, RequestT, ResponseT, StreamDialect
from assayoffice.rl.errors import ErrorDetails, service_error
from assayoffice.rl.results import ItemError, broken_contract


class Exchange(Generic[ItemT, MessageT, RequestT, ResponseT, FactT]):
    """Turns items into requests and responses into results, remembering what is between."""

    def __init__(self, dialect: StreamDialect[ItemT, MessageT, RequestT, ResponseT, FactT]) -> None:
        self._dialect = dialect
        # A dict for its order; gRPC fills it in one thread while the caller empties it in another.
        self._under_way: dict[str, None] = {}
        self._unsendable: deque[ItemError] = deque()
        self._source_failure: Exception | None = None
        self._first = True

    def requests(self, items: Iterable[ItemT]) -> Iterator[RequestT]:
        """The messages for ``items``."""
        try:
            for item in items:
                yield from self._request(item)
        except Exception as failure:
            # gRPC would only log it and cancel the call; the caller is told, too.
            self._source_failure = failure
            raise

    async def async_requests(self, items: AsyncIterable[ItemT]) -> AsyncIterator[RequestT]:
        """The messages for ``items``."""
        try:
            async for item in items:
                for request in self._request(item):
                    yield request
        except Exception as failure:
            self._source_failure = failure
            raise

    def take(self, response: ResponseT) -> Iterator[FactT | ItemError]:
        """The results that are known once ``response`` has come.

        An answer that nobody waits for is not believed, whatever it says.
        """
        result = self._dialect.result(response)
        if result.id in self._under_way:
            del self._under_way[result.id]
            yield result
        else:
            yield broken_contract(result.id, "nothing of this id is under way")
        yield from self._drain()

    def finish(self) -> Iterator[ItemError]:
        """The results left when the stream has ended.

        Raises ServiceError when the server ended it with items unanswered, and what their source
        raised, if it did.
        """
        yield from self._drain()
        self.raise_failed_source()
        if self._under_way:
            ended_early = ErrorDetails(
                grpc.StatusCode.INTERNAL,
                "BROKEN_CONTRACT",
                f"the service ended the stream with {len(self._under_way)} unanswered",
            )
            raise service_error(ended_early, self.unanswered())

    def raise_failed_source(self) -> None:
        """Raise what the source of the items raised, if it did."""
        if self._source_failure is not None:
            raise self._source_failure

    def unanswered(self) -> tuple[str, ...]:
        """Ids that were sent and not answered."""
        return tuple(self._under_way)

    def _request(self, item: ItemT) -> Iterator[RequestT]:
        message = message_or_error(item, self._dialect.message)
        if not isinstance(message, ItemError) and item.id in self._under_way:
            message = ItemError(
                item.id,
                grpc.StatusCode.INVALID_ARGUMENT,
                "DUPLICATE_ID",
                f"id: {item.id!r} is under way already; ids are unique within a stream",
            )
        if isinstance(message, ItemError):
            self._unsendable.append(message)
            return
        self._under_way[item.id] = None
        yield self._dialect.turn(message, first=self._first)
        self._first = False

    def _drain(self) -> Iterator[ItemError]:
        while self._unsendable:
            yield self._unsendable.popleft()
