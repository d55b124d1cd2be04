"""The submissions of one call that is answered as a whole, in their order."""

import asyncio

from assayoffice.server.admission import Admission, Admitted
from assayoffice.server.calls import Call
from assayoffice.server.errors import StatusError
from assayoffice.server.results import write_error, write_finding
from assayoffice.v1 import verdict_pb2, verifier_pb2

# After so many submissions the other calls get their turn.
_ITEMS_PER_TURN = 256


class Batch:
    """Admits submissions, then fills in their results."""

    def __init__(self, admission: Admission, call: Call) -> None:
        self._admission = admission
        self._call = call
        self._under_way: list[tuple[Admitted, verdict_pb2.VerifyResult, str]] = []
        self._handled = 0

    async def admit(
        self, submission: verifier_pb2.Submission, result: verdict_pb2.VerifyResult, path: str
    ) -> None:
        """Start judging; one bad submission gets its error now and harms nobody."""
        result.id = submission.id
        try:
            admitted = self._admission.admit(
                submission, path=path, deadline=self._call.deadline, flow=self._call
            )
        except StatusError as error:
            write_error(result, error)
            self._call.tally(None, result)
        else:
            self._under_way.append((admitted, result, path))
        await self._yield_now_and_then()

    async def finish(self) -> None:
        """Wait for all; the engine ends in time what would miss the deadline."""
        for admitted, result, path in self._under_way:
            write_finding(result, admitted, await admitted.finding, path)
            self._call.tally(admitted.entry.name, result)
            await self._yield_now_and_then()

    def withdraw(self) -> None:
        """Give up what is unfinished, which kills its work unless others wait for it, too."""
        for admitted, _, _ in self._under_way:
            admitted.finding.cancel()

    async def _yield_now_and_then(self) -> None:
        self._handled += 1
        if self._handled % _ITEMS_PER_TURN == 0:
            await asyncio.sleep(0)
