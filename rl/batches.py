"""The bookkeeping of one batch: what goes into which call, and which answer is whose.

Knows no channel, so the two clients share it and it is tested by itself. Whatever happens to the
calls, each submission ends with exactly one result, at its own place.
"""

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

import grpc

from assayoffice.rl.dialects import (
    BatchDialect,
    FactT,
    Item,
    ItemT,
    MessageT,
    RequestT,
    ResponseT,
)
from assayoffice.rl.errors import ErrorDetails, ServiceError, SubmissionError
from assayoffice.rl.results import ItemError, broken_contract, item_error

#: Room for the envelope below the 64 MiB a message may have.
MAX_CHUNK_BYTES = 60 * 1024 * 1024

_SHED = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
#: What passes by itself. Any other failure meets every call alike, and the caller must hear of it.
_PASSING = (
    *_SHED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
)
_UNSENT = ErrorDetails(
    grpc.StatusCode.DEADLINE_EXCEEDED, "UNSENT", "the deadline passed before this could be sent"
)


class Deadline:
    """A moment by which a call and all its parts must be over.

    Raises ValueError unless ``timeout`` is a positive, finite number of seconds.
    """

    def __init__(self, timeout: float) -> None:
        if not 0 < timeout < math.inf:
            raise ValueError(f"timeout: must be a positive number of seconds, not {timeout}")
        self._end = time.monotonic() + timeout

    def remaining_seconds(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - time.monotonic())


@dataclass(frozen=True, slots=True)
class Chunk(Generic[RequestT]):
    """The request of one call, and the places in the batch of what it asks about."""

    places: Sequence[int]
    request: RequestT


class Batch(Generic[ItemT, MessageT, RequestT, ResponseT, FactT]):
    """Items on their way to results. See the module's docstring."""

    def __init__(
        self,
        items: Iterable[ItemT],
        dialect: BatchDialect[ItemT, MessageT, RequestT, ResponseT, FactT],
        chunk_size: int,
        chunk_bytes: int = MAX_CHUNK_BYTES,
    ) -> None:
        self._items = list(items)
        self._dialect = dialect
        self._chunk_size = chunk_size
        self._chunk_bytes = chunk_bytes
        self._results: list[FactT | ItemError | None] = [None] * len(self._items)
        self._to_send = list(range(len(self._items)))
        self._failures: list[ServiceError] = []
        self._answered = False

    def chunks(self) -> Iterator[Chunk[RequestT]]:
        """Calls for everything that is to be sent (again), each within the limits.

        Made one by one, so that the service works on the first while the next is written.
        """
        to_send, self._to_send = self._to_send, []
        places: list[int] = []
        messages: list[MessageT] = []
        chunk_bytes = 0
        for place in to_send:
            message = self._message(self._items[place])
            if isinstance(message, ItemError):
                self._results[place] = message
                continue
            size = message.ByteSize()
            if places and (
                len(places) == self._chunk_size or chunk_bytes + size > self._chunk_bytes
            ):
                yield Chunk(places, self._dialect.batch(messages))
                places, messages, chunk_bytes = [], [], 0
            places.append(place)
            messages.append(message)
            chunk_bytes += size
        if places:
            yield Chunk(places, self._dialect.batch(messages))

    def record(self, chunk: Chunk[RequestT], response: ResponseT) -> None:
        """Take the answer of a call. An answer that does not match its request is not believed."""
        self._answered = True
        sent = [self._items[place].id for place in chunk.places]
        results = self._dialect.results(response)
        if [result.id for result in results] != sent:
            for place, id in zip(chunk.places, sent, strict=True):
                self._results[place] = broken_contract(
                    id, "the answers do not correspond to what was asked"
                )
            return
        for place, result in zip(chunk.places, results, strict=True):
            self._results[place] = result
            if _is_shed(result):
                self._to_send.append(place)

    def fail(self, chunk: Chunk[RequestT], failure: ServiceError) -> None:
        """Take the failure of a call: an error for each of its items."""
        self._failures.append(failure)
        for place in chunk.places:
            self._results[place] = item_error(self._items[place].id, failure.details)

    def wait_seconds(self, attempt: int, attempts: int, deadline: Deadline) -> float | None:
        """How long to wait before the shed ones are sent again; None when there is no more try."""
        if self.is_refused():
            return None
        shed = [result for place in self._to_send if (result := self._results[place])]
        return wait_seconds(shed, attempt, attempts, deadline)

    def is_refused(self) -> bool:
        """Whether a call failed in a way that every other would."""
        return any(failure.code not in _PASSING for failure in self._failures)

    def results(self) -> list[FactT | ItemError]:
        """One result per item, in order.

        Raises ServiceError when a call was refused for a reason that is not one item's (a
        hallmark, a token), or when no call was answered at all.
        """
        for failure in self._failures:
            if failure.code not in _PASSING or not self._answered:
                raise failure
        return [
            result if result is not None else item_error(item.id, _UNSENT)
            for item, result in zip(self._items, self._results, strict=True)
        ]

    def _message(self, item: ItemT) -> MessageT | ItemError:
        message = message_or_error(item, self._dialect.message)
        if isinstance(message, ItemError) or message.ByteSize() <= self._chunk_bytes:
            return message
        return _unsendable(
            item, f"{message.ByteSize()} bytes; at most {self._chunk_bytes} can be sent"
        )


def message_or_error(item: ItemT, write: Callable[[ItemT], MessageT]) -> MessageT | ItemError:
    """What ``write`` makes of an item, or the error that stands for its result."""
    try:
        return write(item)
    except SubmissionError as error:
        return _unsendable(item, str(error))


def wait_seconds(
    results: Iterable[Item], attempt: int, attempts: int, deadline: Deadline
) -> float | None:
    """How long to wait before sending those of ``results`` again that the server shed.

    The server's hint where it gives one, else doubling from 0.1 s with jitter, so that a thousand
    shed callers do not come back as one. None when none was shed or no try or time is left.
    """
    shed = [each for each in results if isinstance(each, ItemError) and _is_shed(each)]
    if not shed or attempt + 1 >= attempts:
        return None
    hint_seconds = max(each.retry_after_seconds or 0.0 for each in shed)
    wait = (hint_seconds or min(2.0, 0.1 * 2**attempt)) * random.uniform(1.0, 1.25)
    return wait if wait < deadline.remaining_seconds() else None


def _is_shed(result: Item) -> bool:
    return (
        isinstance(result, ItemError)
        and result.code in _SHED
        # A verifier that is out of service does not come back while one waits.
        and result.reason != "VERIFIER_UNAVAILABLE"
    )


def _unsendable(item: Item, message: str) -> ItemError:
    return ItemError(item.id, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SUBMISSION", message)
