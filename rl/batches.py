"""The bookkeeping of one batch: what goes into which call, and which answer is whose.

Knows no channel, so the two clients share it and it is tested by itself. Whatever happens to the
calls, each submission ends with exactly one result, at its own place.
"""

import math
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import grpc

from assayoffice.rl.errors import ErrorDetails, ServiceError, SubmissionError
from assayoffice.rl.results import ItemError, Result, broken_contract, item_error, result_from_proto
from assayoffice.rl.submissions import Submission, to_proto
from assayoffice.v1 import verifier_pb2

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
class Chunk:
    """The submissions of one call and their places in the batch."""

    places: Sequence[int]
    request: verifier_pb2.VerifyBatchRequest


class Batch:
    """Submissions on their way to results. See the module's docstring."""

    def __init__(
        self,
        submissions: Iterable[Submission],
        required_hallmarks: Mapping[str, str],
        chunk_size: int,
        chunk_bytes: int = MAX_CHUNK_BYTES,
    ) -> None:
        self._submissions = list(submissions)
        self._required_hallmarks = required_hallmarks
        self._chunk_size = chunk_size
        self._chunk_bytes = chunk_bytes
        self._results: list[Result | None] = [None] * len(self._submissions)
        self._to_send = list(range(len(self._submissions)))
        self._failures: list[ServiceError] = []
        self._answered = False

    def chunks(self) -> Iterator[Chunk]:
        """Calls for everything that is to be sent (again), each within the limits.

        Made one by one, so that the service works on the first while the next is written.
        """
        to_send, self._to_send = self._to_send, []
        places: list[int] = []
        messages: list[verifier_pb2.Submission] = []
        chunk_bytes = 0
        for place in to_send:
            message = self._message(self._submissions[place])
            if isinstance(message, ItemError):
                self._results[place] = message
                continue
            size = message.ByteSize()
            if places and (
                len(places) == self._chunk_size or chunk_bytes + size > self._chunk_bytes
            ):
                yield self._chunk(places, messages)
                places, messages, chunk_bytes = [], [], 0
            places.append(place)
            messages.append(message)
            chunk_bytes += size
        if places:
            yield self._chunk(places, messages)

    def record(self, chunk: Chunk, response: verifier_pb2.VerifyBatchResponse) -> None:
        """Take the answer of a call. An answer that does not match its request is not believed."""
        self._answered = True
        sent = [submission.id for submission in chunk.request.submissions]
        if [result.id for result in response.results] != sent:
            for place, id in zip(chunk.places, sent, strict=True):
                self._results[place] = broken_contract(
                    id, "the answers do not correspond to the submissions"
                )
            return
        for place, message in zip(chunk.places, response.results, strict=True):
            result = result_from_proto(message)
            self._results[place] = result
            if _is_shed(result):
                self._to_send.append(place)

    def fail(self, chunk: Chunk, failure: ServiceError) -> None:
        """Take the failure of a call: an error for each of its submissions."""
        self._failures.append(failure)
        for place in chunk.places:
            self._results[place] = item_error(self._submissions[place].id, failure.details)

    def wait_seconds(self, attempt: int, attempts: int, deadline: Deadline) -> float | None:
        """How long to wait before the shed ones are sent again; None when there is no more try."""
        if self.is_refused():
            return None
        shed = [result for place in self._to_send if (result := self._results[place])]
        return wait_seconds(shed, attempt, attempts, deadline)

    def is_refused(self) -> bool:
        """Whether a call failed in a way that every other would."""
        return any(failure.code not in _PASSING for failure in self._failures)

    def results(self) -> list[Result]:
        """One result per submission, in order.

        Raises ServiceError when a call was refused for a reason that is not one submission's (a
        hallmark, a token), or when no call was answered at all.
        """
        for failure in self._failures:
            if failure.code not in _PASSING or not self._answered:
                raise failure
        return [
            result if result is not None else item_error(submission.id, _UNSENT)
            for submission, result in zip(self._submissions, self._results, strict=True)
        ]

    def _message(self, submission: Submission) -> verifier_pb2.Submission | ItemError:
        message = to_proto_or_error(submission)
        if isinstance(message, ItemError) or message.ByteSize() <= self._chunk_bytes:
            return message
        return _unsendable(
            submission, f"{message.ByteSize()} bytes; at most {self._chunk_bytes} can be sent"
        )

    def _chunk(self, places: Sequence[int], messages: list[verifier_pb2.Submission]) -> Chunk:
        request = verifier_pb2.VerifyBatchRequest(
            submissions=messages, required_hallmarks=self._required_hallmarks
        )
        return Chunk(places, request)


def to_proto_or_error(submission: Submission) -> verifier_pb2.Submission | ItemError:
    """The submission's wire form, or the error that stands for its result."""
    try:
        return to_proto(submission)
    except SubmissionError as error:
        return _unsendable(submission, str(error))


def wait_seconds(
    results: Sequence[Result], attempt: int, attempts: int, deadline: Deadline
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


def _is_shed(result: Result) -> bool:
    return (
        isinstance(result, ItemError)
        and result.code in _SHED
        # A verifier that is out of service does not come back while one waits.
        and result.reason != "VERIFIER_UNAVAILABLE"
    )


def _unsendable(submission: Submission, message: str) -> ItemError:
    return ItemError(submission.id, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SUBMISSION", message)
