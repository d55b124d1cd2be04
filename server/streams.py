"""The submissions of one stream: read while there is room, answered as they finish."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Generic

from assayoffice.server.admission import Admission
from assayoffice.server.answers import Answers, AnswerT, AskedT, Pending
from assayoffice.server.calls import Call
from assayoffice.server.errors import Reason, StatusError
from assayoffice.server.results import write_error
from assayoffice.server.work import Finding

# Of one stream, read and not yet answered. Enough to keep every worker busy.
_MAX_UNANSWERED = 1024
# How often a stream that waits for a full queue looks again.
_LOOK_SECONDS = 0.02


class Exchange(Generic[AskedT, AnswerT]):
    """Both directions of one stream; ``path`` leads from its messages to what is asked."""

    def __init__(
        self,
        admission: Admission,
        answers: Answers[AskedT, AnswerT],
        call: Call,
        path: str,
    ) -> None:
        self._admission = admission
        self._answers = answers
        self._call = call
        self._path = path
        self._under_way: dict[str, Pending[AnswerT]] = {}
        self._finished: asyncio.Queue[AnswerT | None] = asyncio.Queue()
        self._unanswered = 0
        self._answered = asyncio.Event()

    async def run(
        self, questions: AsyncIterator[AskedT], write: Callable[[AnswerT], Awaitable[None]]
    ) -> None:
        """Answer all questions. Raises StatusError when the server drains before their end."""
        reading = asyncio.create_task(self._read(questions))
        # Wakes the loop below, which may have nothing else to wait for.
        reading.add_done_callback(lambda _: self._finished.put_nowait(None))
        self._call.on_drain(reading.cancel)
        try:
            while self._unanswered or not reading.done():
                answer = await self._finished.get()
                if answer is None:
                    continue
                await write(answer)
                self._unanswered -= 1
                self._answered.set()
            if reading.cancelled():
                raise StatusError(
                    Reason.SHUTTING_DOWN, "the server is stopping and reads no more of this stream"
                )
            reading.result()
        finally:
            reading.cancel()
            for pending in list(self._under_way.values()):
                pending.finding.cancel()

    async def _read(self, questions: AsyncIterator[AskedT]) -> None:
        async for asked in questions:
            await self._wait_for_room()
            await self._admit(asked)

    async def _wait_for_room(self) -> None:
        while self._unanswered >= _MAX_UNANSWERED or not self._admission.has_room():
            self._answered.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._answered.wait()

    async def _admit(self, asked: AskedT) -> None:
        submission, path = self._answers.submission(asked, self._path)
        id = submission.id
        try:
            if id in self._under_way:
                raise StatusError(
                    Reason.DUPLICATE_ID, f"{path}.id: {id!r} is under way; ids must be unique"
                )
            pending = await self._answers.admit(asked, self._path, self._call)
        except StatusError as error:
            answer = self._blank(id)
            write_error(answer, error)
            self._call.tally(None, answer)
            self._unanswered += 1
            self._finished.put_nowait(answer)
            return
        self._unanswered += 1
        self._under_way[id] = pending
        pending.finding.add_done_callback(partial(self._finish, id, pending))

    def _finish(
        self, id: str, pending: Pending[AnswerT], finding: "asyncio.Future[Finding]"
    ) -> None:
        del self._under_way[id]
        if finding.cancelled():
            return
        answer = self._blank(id)
        pending.write(answer, finding.result())
        self._call.tally(pending.verifier, answer)
        self._finished.put_nowait(answer)

    def _blank(self, id: str) -> AnswerT:
        answer = self._answers.blank()
        answer.id = id
        return answer
