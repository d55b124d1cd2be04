"""The submissions of one stream: read while there is room, answered as they finish."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from assayoffice.server.admission import Admission, Admitted
from assayoffice.server.calls import Call
from assayoffice.server.errors import Reason, StatusError
from assayoffice.server.results import write_error, write_finding
from assayoffice.server.work import Finding
from assayoffice.v1 import verdict_pb2, verifier_pb2

# Of one stream, read and not yet answered. Enough to keep every worker busy.
_MAX_UNANSWERED = 1024
# How often a stream that waits for a full queue looks again.
_LOOK_SECONDS = 0.02
_PATH = "submission"

Write = Callable[[verifier_pb2.VerifyStreamResponse], Awaitable[None]]


class Exchange:
    """Both directions of one stream."""

    def __init__(self, admission: Admission, call: Call) -> None:
        self._admission = admission
        self._call = call
        self._under_way: dict[str, Admitted] = {}
        self._finished: asyncio.Queue[verdict_pb2.VerifyResult | None] = asyncio.Queue()
        self._unanswered = 0
        self._answered = asyncio.Event()

    async def run(
        self, requests: AsyncIterator[verifier_pb2.VerifyStreamRequest], write: Write
    ) -> None:
        """Answer all requests. Raises StatusError when the server drains before their end."""
        reading = asyncio.create_task(self._read(requests))
        # Wakes the loop below, which may have nothing else to wait for.
        reading.add_done_callback(lambda _: self._finished.put_nowait(None))
        self._call.on_drain(reading.cancel)
        try:
            while self._unanswered or not reading.done():
                result = await self._finished.get()
                if result is None:
                    continue
                await write(verifier_pb2.VerifyStreamResponse(result=result))
                self._unanswered -= 1
                self._answered.set()
            if reading.cancelled():
                raise StatusError(
                    Reason.SHUTTING_DOWN, "the server is stopping and reads no more of this stream"
                )
            reading.result()
        finally:
            reading.cancel()
            for admitted in list(self._under_way.values()):
                admitted.finding.cancel()

    async def _read(self, requests: AsyncIterator[verifier_pb2.VerifyStreamRequest]) -> None:
        async for request in requests:
            await self._wait_for_room()
            self._admit(request.submission)

    async def _wait_for_room(self) -> None:
        while self._unanswered >= _MAX_UNANSWERED or not self._admission.has_room():
            self._answered.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._answered.wait()

    def _admit(self, submission: verifier_pb2.Submission) -> None:
        id = submission.id
        self._unanswered += 1
        try:
            if id in self._under_way:
                raise StatusError(
                    Reason.DUPLICATE_ID, f"{_PATH}.id: {id!r} is under way; ids must be unique"
                )
            admitted = self._admission.admit(
                submission, path=_PATH, deadline=self._call.deadline, flow=self._call
            )
        except StatusError as error:
            result = verdict_pb2.VerifyResult(id=id)
            write_error(result, error)
            self._call.tally(None, result)
            self._finished.put_nowait(result)
            return
        self._under_way[id] = admitted
        admitted.finding.add_done_callback(partial(self._finish, id, admitted))

    def _finish(self, id: str, admitted: Admitted, finding: "asyncio.Future[Finding]") -> None:
        del self._under_way[id]
        if finding.cancelled():
            return
        result = verdict_pb2.VerifyResult(id=id)
        write_finding(result, admitted, finding.result(), _PATH)
        self._call.tally(admitted.entry.name, result)
        self._finished.put_nowait(result)
