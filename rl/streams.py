"""The bookkeeping of one stream: which ids are under way, and what never went out.

Knows no channel, so the two clients share it.
"""

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping

import grpc

from assayoffice.rl.batches import to_proto_or_error
from assayoffice.rl.errors import ErrorDetails, service_error
from assayoffice.rl.results import ItemError, Result, result_from_proto
from assayoffice.rl.submissions import Submission
from assayoffice.v1 import verifier_pb2


class Exchange:
    """Turns submissions into requests and responses into results, remembering what is between."""

    def __init__(self, required_hallmarks: Mapping[str, str]) -> None:
        self._required_hallmarks = required_hallmarks
        # A dict for its order; gRPC fills it in one thread while the caller empties it in another.
        self._under_way: dict[str, None] = {}
        self._unsendable: deque[ItemError] = deque()
        self._source_failure: Exception | None = None
        self._first = True

    def requests(
        self, submissions: Iterable[Submission]
    ) -> Iterator[verifier_pb2.VerifyStreamRequest]:
        """The messages for ``submissions``."""
        try:
            for submission in submissions:
                yield from self._request(submission)
        except Exception as failure:
            # gRPC would only log it and cancel the call; the caller is told, too.
            self._source_failure = failure
            raise

    async def async_requests(
        self, submissions: AsyncIterable[Submission]
    ) -> AsyncIterator[verifier_pb2.VerifyStreamRequest]:
        """The messages for ``submissions``."""
        try:
            async for submission in submissions:
                for request in self._request(submission):
                    yield request
        except Exception as failure:
            self._source_failure = failure
            raise

    def take(self, response: verifier_pb2.VerifyStreamResponse) -> Iterator[Result]:
        """The results that are known once ``response`` has come."""
        self._under_way.pop(response.result.id, None)
        yield result_from_proto(response.result)
        yield from self._drain()

    def finish(self) -> Iterator[Result]:
        """The results left when the stream has ended.

        Raises ServiceError when the server ended it with submissions unanswered, and what the
        source of submissions raised, if it did.
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
        """Raise what the source of submissions raised, if it did."""
        if self._source_failure is not None:
            raise self._source_failure

    def unanswered(self) -> tuple[str, ...]:
        """Ids that were sent and not answered."""
        return tuple(self._under_way)

    def _request(self, submission: Submission) -> Iterator[verifier_pb2.VerifyStreamRequest]:
        message = to_proto_or_error(submission)
        if not isinstance(message, ItemError) and message.id in self._under_way:
            message = ItemError(
                submission.id,
                grpc.StatusCode.INVALID_ARGUMENT,
                "DUPLICATE_ID",
                f"id: {submission.id!r} is under way already; ids are unique within a stream",
            )
        if isinstance(message, ItemError):
            self._unsendable.append(message)
            return
        self._under_way[message.id] = None
        yield verifier_pb2.VerifyStreamRequest(
            submission=message, required_hallmarks=self._required_hallmarks if self._first else None
        )
        self._first = False

    def _drain(self) -> Iterator[Result]:
        while self._unsendable:
            yield self._unsendable.popleft()
