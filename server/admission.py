"""From a submission on the wire to work in the engine: the checks, the content key, the place."""

import asyncio
import hashlib
from dataclasses import dataclass

from assayoffice.server.catalog import Catalog, Entry
from assayoffice.server.engine import Engine
from assayoffice.server.errors import Reason, StatusError, malformed
from assayoffice.server.jobs import Subject
from assayoffice.server.validation import Rules, Violation
from assayoffice.server.work import Finding, Work, WorkLimits
from assayoffice.v1 import verifier_pb2


@dataclass(frozen=True, slots=True)
class Admitted:
    """A submission under way. Cancelling ``finding`` withdraws it."""

    entry: Entry
    finding: asyncio.Future[Finding]


class Admission:
    """Checks submissions and hands them to the engine."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self._engine = engine
        self._catalog = catalog
        self._rules = Rules(verifier_pb2.Submission.DESCRIPTOR)

    def has_room(self) -> bool:
        """Whether the engine takes work right now."""
        return self._engine.room() > 0

    def shed_when_full(self) -> None:
        """Raise StatusError when the engine takes no work, before any is spent on the call."""
        if not self.has_room():
            raise StatusError(
                Reason.OVERLOADED,
                "the queue is full",
                retry_after_seconds=self._engine.retry_after_seconds(),
            )

    def admit(
        self, submission: verifier_pb2.Submission, *, path: str, deadline: float, flow: object
    ) -> Admitted:
        """Start judging a submission, which loses its id here: equal content is judged once.

        ``path`` leads to the submission and names it in errors, ``deadline`` is on the monotonic
        clock, ``flow`` is the call that asks. Raises StatusError.
        """
        entry = self.check(submission, path)
        return self.judge(entry, submission, deadline=deadline, flow=flow)

    def check(self, submission: verifier_pb2.Submission, path: str) -> Entry:
        """The verifier that is to judge a submission, to which ``path`` leads.

        Raises StatusError where no verifier may be asked to.
        """
        violations = self._rules.violations(submission, path)
        if violations:
            raise malformed(Reason.INVALID_SUBMISSION, violations)
        entry = self._catalog.serving(submission.verifier, path)
        given, read = submission.WhichOneof("task"), entry.info.task_field
        if given != read:
            violation = Violation(
                f"{path}.{given}", "task", f"{submission.verifier!r} reads the task {read!r}"
            )
            raise malformed(Reason.WRONG_TASK, [violation])
        return entry

    def judge(
        self,
        entry: Entry,
        submission: verifier_pb2.Submission,
        *,
        deadline: float,
        flow: object,
    ) -> Admitted:
        """Start judging a submission that was found acceptable, or made here. It loses its id."""
        submission.ClearField("id")
        # Deterministic, because a Struct is a map and equal maps may serialize in any order.
        written = submission.SerializeToString(deterministic=True)
        finding = self.ask(
            Subject.SUBMISSION.value + entry.hallmark_digest + written,
            entry.limits,
            deadline=deadline,
            flow=flow,
        )
        return Admitted(entry, finding)

    def ask(
        self, body: bytes, limits: WorkLimits, *, deadline: float, flow: object
    ) -> asyncio.Future[Finding]:
        """Have a body (see ``jobs.Subject``) worked on; equal ones are worked on once."""
        key = hashlib.sha256(body).digest()
        work = Work(key=key, body=body, limits=limits, deadline=deadline, flow=flow)
        return self._engine.submit(work)
