"""The sets of one call: each is acceptable or not, and gets its groups or its error."""

import asyncio
from collections.abc import Iterator, Mapping

from assayoffice.server import stamps
from assayoffice.server.admission import Admission
from assayoffice.server.calls import Call
from assayoffice.server.catalog import Catalog, Entry
from assayoffice.server.errors import Reason, StatusError, malformed
from assayoffice.server.grouping import digests
from assayoffice.server.grouping.by_answer import ByAnswer
from assayoffice.server.grouping.by_verdict import by_verdict
from assayoffice.server.rewrites.errands import Errands, Trouble
from assayoffice.server.rewrites.gate import Gate
from assayoffice.server.validation import Rules, Violation
from assayoffice.v1 import verifier_pb2

# Verifiers that compare answers with a reference. Others judge a response by what it does.
_BY_ANSWER = frozenset({"numeric", "choice"})
# Keeps the rules content where there is no reference; nothing is judged by it.
_ANY_REFERENCE = "A"

# Of one call, as of rewrites: enough to keep the workers busy, and room in the queue for others.
_SETS_AT_ONCE = 64
_WORKS_AT_ONCE = 128
_BYTES_AT_ONCE = 64 * 1024 * 1024

_Row = tuple[str, verifier_pb2.ResponseSet, verifier_pb2.GroupingResult]


class Groupings:
    """Answers sets of responses."""

    def __init__(self, admission: Admission, catalog: Catalog, grouping_digest: bytes) -> None:
        """``grouping_digest`` is what workers say about what they have loaded."""
        self._admission = admission
        self._digests: Mapping[str, bytes] = {
            name: digests.of_verifier(grouping_digest, entry.hallmark_digest)
            for name, entry in catalog.entries.items()
        }
        self._rules = Rules(verifier_pb2.ResponseSet.DESCRIPTOR, apart=frozenset({"submission"}))

    async def answer(
        self,
        request: verifier_pb2.GroupResponsesRequest,
        response: verifier_pb2.GroupResponsesResponse,
        call: Call,
    ) -> None:
        """Fill in the results of a request, in its order."""
        rows = iter(
            [
                (f"sets[{index}]", each, response.results.add())
                for index, each in enumerate(request.sets)
            ]
        )
        gate = Gate(_WORKS_AT_ONCE, _BYTES_AT_ONCE)
        # Leaving the group by cancellation or a defect ends all that is under way.
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_SETS_AT_ONCE, len(request.sets))):
                group.create_task(self._answer(rows, call, gate))

    async def _answer(self, rows: Iterator[_Row], call: Call, gate: Gate) -> None:
        """Answer one set after the other, of those that nobody else has taken."""
        for path, asked, result in rows:
            result.id = asked.submission.id
            name = None
            try:
                entry, has_reference = self._acceptable(asked, path)
                name = entry.name
                errands = Errands(self._admission, call, gate, path)
                grouping = await self._grouping(asked, entry, errands, has_reference)
                if not entry.serving:  # any more, since it was asked
                    raise entry.out_of_service(f"{path}.submission")
                result.grouping.CopyFrom(grouping)
            except StatusError as error:
                result.error.CopyFrom(error.to_proto())
            except Trouble as trouble:
                result.error.CopyFrom(trouble.status)
            call.tally(name, result)
            await asyncio.sleep(0)  # or known sets would keep the loop from all others

    async def _grouping(
        self,
        asked: verifier_pb2.ResponseSet,
        entry: Entry,
        errands: Errands,
        has_reference: bool,
    ) -> verifier_pb2.Grouping:
        """The groups of an acceptable set. Raises Trouble."""
        try:
            if entry.name in _BY_ANSWER:
                digest = self._digests[entry.name]
                by_answer = ByAnswer(asked, entry, digest, errands, has_reference=has_reference)
                grouping = await by_answer.grouping()
                grouping.by_answer = True
            else:
                grouping = await by_verdict(asked, entry, errands)
        except (ValueError, IndexError) as error:  # a worker speaks of what is not there
            raise errands.defect(f"a worker's answer makes no sense: {error}") from None
        grouping.hallmark.CopyFrom(entry.info.hallmark)
        grouping.stamp.CopyFrom(stamps.strike(asked.submission, entry.hallmark_digest))
        return grouping

    def _acceptable(self, asked: verifier_pb2.ResponseSet, path: str) -> tuple[Entry, bool]:
        """The verifier of a set, which loses its id, and whether its task has a reference.

        Raises StatusError.
        """
        submission = asked.submission
        violations = self._rules.violations(asked, path)
        if submission.response:
            description = "must be empty; what is to be grouped belongs in responses"
            violations.append(Violation(f"{path}.submission.response", "empty", description))
        if violations:
            raise malformed(Reason.INVALID_SUBMISSION, violations)
        field, lacking = submission.WhichOneof("task"), None
        if field in _BY_ANSWER:
            task = getattr(submission, field)
            lacking = None if task.reference else task
        if lacking is not None:
            lacking.reference = _ANY_REFERENCE
        try:
            entry = self._admission.check(submission, f"{path}.submission")
        finally:
            if lacking is not None:
                lacking.ClearField("reference")
        submission.ClearField("id")
        return entry, lacking is None
