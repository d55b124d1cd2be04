"""The RPCs of VerifierService: open the call, admit its submissions, write what comes of them."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from assayoffice import __version__
from assayoffice.server.admission import Admission
from assayoffice.server.batches import Batch
from assayoffice.server.calls import Calls
from assayoffice.server.catalog import Catalog
from assayoffice.server.envelopes import Envelope
from assayoffice.server.grouping.groupings import Groupings
from assayoffice.server.streams import Exchange
from assayoffice.server.validation import max_bytes, max_items
from assayoffice.server.verdicts import Verdicts
from assayoffice.v1 import verdict_pb2, verifier_pb2
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceServicer

#: Size of one message, either way.
MAX_MESSAGE_BYTES = 64 * 1024 * 1024

Context = grpc.aio.ServicerContext[Any, Any]


class VerifierService(VerifierServiceServicer):
    """Answers the RPCs; the proto says what each promises."""

    def __init__(
        self, admission: Admission, catalog: Catalog, calls: Calls, groupings: Groupings
    ) -> None:
        self._admission = admission
        self._catalog = catalog
        self._calls = calls
        self._verdicts = Verdicts(admission)
        self._groupings = groupings
        # Submissions are checked one by one, because a malformed one is no fault of its neighbours.
        single, several = frozenset({"submission"}), frozenset({"submissions"})
        self._one = Envelope(verifier_pb2.VerifyRequest.DESCRIPTOR, catalog, apart=single)
        self._batch = Envelope(verifier_pb2.VerifyBatchRequest.DESCRIPTOR, catalog, apart=several)
        sets = frozenset({"sets"})
        self._sets = Envelope(verifier_pb2.GroupResponsesRequest.DESCRIPTOR, catalog, apart=sets)
        self._stream = Envelope(verifier_pb2.VerifyStreamRequest.DESCRIPTOR, catalog, apart=single)

    async def Verify(
        self, request: verifier_pb2.VerifyRequest, context: Context
    ) -> verifier_pb2.VerifyResponse:
        async with self._calls.open("Verify", context) as call:
            self._one.check(request)
            self._admission.shed_when_full()
            response = verifier_pb2.VerifyResponse()
            batch = Batch(self._verdicts, call)
            try:
                await batch.admit(request.submission, response.result, "submission")
                await batch.finish()
            finally:
                batch.withdraw()
        return response

    async def VerifyBatch(
        self, request: verifier_pb2.VerifyBatchRequest, context: Context
    ) -> verifier_pb2.VerifyBatchResponse:
        async with self._calls.open("VerifyBatch", context) as call:
            self._batch.check(request)
            self._admission.shed_when_full()
            response = verifier_pb2.VerifyBatchResponse()
            batch = Batch(self._verdicts, call)
            try:
                for index, submission in enumerate(request.submissions):
                    result = response.results.add()
                    await batch.admit(submission, result, f"submissions[{index}]")
                await batch.finish()
            finally:
                batch.withdraw()
        return response

    async def VerifyStream(  # type: ignore[override] # written to, not returned: see Exchange
        self, request_iterator: AsyncIterator[verifier_pb2.VerifyStreamRequest], context: Context
    ) -> None:
        async with self._calls.open("VerifyStream", context) as call:
            exchange = Exchange(self._admission, self._verdicts, call, "submission")

            async def write(result: verdict_pb2.VerifyResult) -> None:
                await context.write(verifier_pb2.VerifyStreamResponse(result=result))

            requests = self._stream.checked_first(request_iterator)
            await exchange.run((request.submission async for request in requests), write)

    async def GroupResponses(
        self, request: verifier_pb2.GroupResponsesRequest, context: Context
    ) -> verifier_pb2.GroupResponsesResponse:
        async with self._calls.open("GroupResponses", context) as call:
            self._sets.check(request)
            self._admission.shed_when_full()
            response = verifier_pb2.GroupResponsesResponse()
            await self._groupings.answer(request, response, call)
        return response

    async def ListVerifiers(
        self, request: verifier_pb2.ListVerifiersRequest, context: Context
    ) -> verifier_pb2.ListVerifiersResponse:
        async with self._calls.open("ListVerifiers", context):
            return verifier_pb2.ListVerifiersResponse(
                verifiers=[entry.info for entry in self._catalog.entries.values()],
                service_version=__version__,
                limits=_service_limits(),
            )


def _service_limits() -> verifier_pb2.ServiceLimits:
    """What the protos declare."""
    batch = verifier_pb2.VerifyBatchRequest.DESCRIPTOR.fields_by_name["submissions"]
    text = verifier_pb2.Submission.DESCRIPTOR.fields_by_name["response"]
    return verifier_pb2.ServiceLimits(
        max_message_bytes=MAX_MESSAGE_BYTES,
        max_batch_size=max_items(batch),
        max_text_bytes=max_bytes(text),
    )
