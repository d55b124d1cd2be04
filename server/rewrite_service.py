"""The RPC of RewriteService: rewrites in, reports out, several at a time."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import grpc

from assayoffice.server.admission import Admission
from assayoffice.server.calls import Call, Calls
from assayoffice.server.catalog import Catalog, Entry
from assayoffice.server.envelopes import Envelope
from assayoffice.server.errors import Reason, StatusError, malformed
from assayoffice.server.rewrites.checking import WITHOUT_ANSWERS, Checking
from assayoffice.server.rewrites.digests import PROGRAMS, Digests
from assayoffice.server.rewrites.errands import Errands, Trouble
from assayoffice.server.rewrites.gate import Gate
from assayoffice.server.rewrites.thresholds import Thresholds
from assayoffice.server.validation import Rules, Violation
from assayoffice.v1 import rewrite_pb2
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]

# Of one call. Enough to keep the workers busy, and a small part of what the queue takes, of which a
# batch of programs with their mutants would otherwise fill all.
_REWRITES_AT_ONCE = 32
_WORKS_AT_ONCE = 64
_BYTES_AT_ONCE = 64 * 1024 * 1024


class RewriteService(RewriteServiceServicer):
    """Answers the RPC; the proto says what it promises."""

    def __init__(
        self, admission: Admission, catalog: Catalog, calls: Calls, checks_digest: bytes
    ) -> None:
        """``checks_digest`` is what workers say about what they have loaded."""
        self._admission = admission
        self._catalog = catalog
        self._calls = calls
        programs = catalog.entries.get(PROGRAMS)
        mark = b"" if programs is None else programs.hallmark_digest
        self._digests: Mapping[str, Digests] = {
            name: Digests.of(checks_digest, entry.hallmark_digest, mark)
            for name, entry in catalog.entries.items()
        }
        # What is wrong with one rewrite is no fault of its neighbours.
        apart = frozenset({"rewrites"})
        self._envelope = Envelope(rewrite_pb2.CheckRewritesRequest.DESCRIPTOR, catalog, apart=apart)
        self._rules = Rules(rewrite_pb2.Rewrite.DESCRIPTOR, apart=frozenset({"submission"}))

    async def CheckRewrites(
        self, request: rewrite_pb2.CheckRewritesRequest, context: Context
    ) -> rewrite_pb2.CheckRewritesResponse:
        async with self._calls.open("CheckRewrites", context) as call:
            self._envelope.check(request)
            self._admission.shed_when_full()
            response = rewrite_pb2.CheckRewritesResponse(digests=self._serving_digests())
            rows = iter(
                [
                    (f"rewrites[{index}]", rewrite, response.results.add())
                    for index, rewrite in enumerate(request.rewrites)
                ]
            )
            thresholds = Thresholds.read(request.thresholds)
            gate = Gate(_WORKS_AT_ONCE, _BYTES_AT_ONCE)
            # Leaving the group by cancellation or a defect ends all that is under way.
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_REWRITES_AT_ONCE, len(request.rewrites))):
                    group.create_task(self._answer(rows, call, thresholds, gate))
        return response

    async def _answer(
        self,
        rows: Iterator[tuple[str, rewrite_pb2.Rewrite, rewrite_pb2.RewriteResult]],
        call: Call,
        thresholds: Thresholds,
        gate: Gate,
    ) -> None:
        """Answer one row after the other, of those that nobody else has taken."""
        for path, rewrite, result in rows:
            result.id = rewrite.submission.id
            asked = None
            try:
                entry = self._acceptable(rewrite, path)
                asked = entry.name
                errands = Errands(self._admission, call, gate, path)
                digests = self._digests[entry.name]
                checking = Checking(rewrite, entry, digests, errands, thresholds)
                report = await checking.report()
                self._in_service(rewrite, path)  # still, since it was asked
                result.report.CopyFrom(report)
            except StatusError as error:
                result.error.CopyFrom(error.to_proto())
            except Trouble as trouble:
                result.error.CopyFrom(trouble.status)
            call.tally(asked, result)

    def _acceptable(self, rewrite: rewrite_pb2.Rewrite, path: str) -> Entry:
        """The verifier of a rewrite, which loses its id. Raises StatusError."""
        submission = rewrite.submission
        has_answers = submission.verifier not in WITHOUT_ANSWERS
        violations = self._rules.violations(rewrite, path)
        if submission.response:
            description = "must be empty; responses to be compared belong in solutions"
            violations.append(Violation(f"{path}.submission.response", "empty", description))
        if rewrite.reference_solution and has_answers:
            description = "must be empty, because this verifier has its reference in the task"
            violations.append(Violation(f"{path}.reference_solution", "empty", description))
        if violations:
            raise malformed(Reason.INVALID_SUBMISSION, violations)
        entry = self._admission.check(submission, f"{path}.submission")
        self._in_service(rewrite, path)
        submission.ClearField("id")
        return entry

    def _in_service(self, rewrite: rewrite_pb2.Rewrite, path: str) -> None:
        """Raise StatusError unless what judges a rewrite, and runs its key, may be believed."""
        verifier = rewrite.submission.verifier
        self._catalog.serving(verifier, f"{path}.submission")
        if rewrite.HasField("key") and verifier not in WITHOUT_ANSWERS:
            self._catalog.serving(PROGRAMS, f"{path}.key")

    def _serving_digests(self) -> Mapping[str, str]:
        return {
            name: self._digests[name].examination.hex()
            for name, entry in self._catalog.entries.items()
            if entry.serving
        }
