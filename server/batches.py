"""The submissions of one call that is answered as a whole, in their order."""

import asyncio
import time
from typing import Generic

from assayoffice.server.answers import Answers, AnswerT, AskedT, Pending
from assayoffice.server.calls import Call
from assayoffice.server.errors import StatusError
from assayoffice.server.results import write_error

# After so long the other calls get their turn.
_TURN_SECONDS = 0.005


class Batch(Generic[AskedT, AnswerT]):
    """Admits submissions, then fills in what comes of them."""

    def __init__(self, answers: Answers[AskedT, AnswerT], call: Call) -> None:
        self._answers = answers
        self._call = call
        self._under_way: list[tuple[Pending[AnswerT], AnswerT]] = []
        self._turn_ends = time.monotonic() + _TURN_SECONDS

    async def admit(self, asked: AskedT, answer: AnswerT, path: str) -> None:
        """Start judging; one bad submission gets its error now and harms nobody."""
        submission, _ = self._answers.submission(asked, path)
        answer.id = submission.id
        try:
            pending = await self._answers.admit(asked, path, self._call)
        except StatusError as error:
            write_error(answer, error)
            self._call.tally(None, answer)
        else:
            self._under_way.append((pending, answer))
        await self._yield_now_and_then()

    async def finish(self) -> None:
        """Wait for all; the engine ends in time what would miss the deadline."""
        for pending, answer in self._under_way:
            pending.write(answer, await pending.finding)
            self._call.tally(pending.verifier, answer)
            await self._yield_now_and_then()

    def withdraw(self) -> None:
        """Give up what is unfinished, which kills its work unless others wait for it, too."""
        for pending, _ in self._under_way:
            pending.finding.cancel()

    async def _yield_now_and_then(self) -> None:
        if time.monotonic() >= self._turn_ends:
            await asyncio.sleep(0)
            self._turn_ends = time.monotonic() + _TURN_SECONDS
