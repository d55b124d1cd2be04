"""What requests carry around their items: checked before anything is judged."""

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from assayoffice.server.catalog import Catalog
from assayoffice.server.errors import Reason, malformed
from assayoffice.server.validation import Rules

RequestT = TypeVar("RequestT", bound=Message)


class Envelope:
    """The rules of one type of request, those of its items in the fields ``apart`` excepted."""

    def __init__(self, descriptor: Descriptor, catalog: Catalog, *, apart: frozenset[str]) -> None:
        self._rules = Rules(descriptor, apart=apart)
        self._catalog = catalog

    def check(self, request: Any) -> None:
        """Raise StatusError for a broken rule, or a hallmark that is not the one in service."""
        violations = self._rules.violations(request)
        if violations:
            raise malformed(Reason.INVALID_REQUEST, violations)
        self._catalog.require(request.required_hallmarks)

    async def checked_first(self, requests: AsyncIterator[RequestT]) -> AsyncIterator[RequestT]:
        """The requests, once the first has proved acceptable for the stream as a whole."""
        first = True
        async for request in requests:
            if first:
                self.check(request)
                first = False
            yield request
