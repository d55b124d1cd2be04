"""What is asked of workers about one rewrite, or one set of responses, and what comes of it: facts,
or the error of the row.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from assayoffice.server.admission import Admission
from assayoffice.server.calls import Call
from assayoffice.server.catalog import Entry
from assayoffice.server.errors import Reason, StatusError, from_failed, from_worker
from assayoffice.server.jobs import Subject, Tag
from assayoffice.server.results import write_finding
from assayoffice.server.rewrites.gate import Gate
from assayoffice.server.rewrites.replies import Reply, UnreadableReplyError
from assayoffice.server.rewrites.responses import Response
from assayoffice.server.work import Failed, Finding, Judged, LimitExceeded, Troubled, WorkLimits
from assayoffice.v1 import verdict_pb2

_MIB: Final = 1 << 20
# Where quick_cpu_seconds count, only sets without responses are looked at; see judge.py.
_LIMITS: Final = {
    Subject.EXAMINE: WorkLimits(
        cpu_seconds=10.0, wall_seconds=60.0, memory_bytes=2048 * _MIB, quick_cpu_seconds=0.5
    ),
    Subject.PREMISES: WorkLimits(
        cpu_seconds=20.0, wall_seconds=60.0, memory_bytes=2048 * _MIB, quick_cpu_seconds=0.25
    ),
    # Beyond it a set is taken apart, see by_answer.py.
    Subject.GROUP: WorkLimits(
        cpu_seconds=5.0, wall_seconds=60.0, memory_bytes=2048 * _MIB, quick_cpu_seconds=0.25
    ),
    # Of the worker; the program has limits of its own.
    Subject.KEY: WorkLimits(
        cpu_seconds=20.0,
        wall_seconds=600.0,
        memory_bytes=1024 * _MIB,
        quick_cpu_seconds=0.5,
        sandboxed=True,
    ),
}

AnswerT = TypeVar("AnswerT")


class Trouble(Exception):
    """Nothing was found out about the row; ``status`` says why."""

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a verifier says of a response: its verdict, or what it has to say against the task.

    ``outcome`` is e.g. CORRECT, or ERROR where the task is none.
    """

    outcome: str
    reason: str
    explanation: str


class Errands:
    """Asks workers about the row to which ``path`` leads. Cancelling an errand withdraws it."""

    def __init__(self, admission: Admission, call: Call, gate: Gate, path: str) -> None:
        self._admission = admission
        self._call = call
        self._gate = gate
        self._path = path

    async def ask(
        self,
        subject: Subject,
        digest: bytes,
        written: bytes,
        reply: Reply[AnswerT],
        limits: WorkLimits | None = None,
    ) -> AnswerT | LimitExceeded:
        """The answer to a job about the row, or that it takes more than there is for it.

        ``limits`` are those of the subject unless they are given. Raises Trouble.
        """
        body = subject.value + digest + written
        async with self._gate.through(len(body)):
            finding = await self._admission.ask(
                body,
                limits or _LIMITS[subject],
                deadline=self._call.deadline,
                flow=self._call,
            )
        match finding:
            case LimitExceeded():
                return finding
            case Judged(reply=said) if said[:1] == Tag.ANSWER.value:
                try:
                    return reply.read(said[1:])
                except UnreadableReplyError:
                    raise self.defect("a worker's answer is none") from None
            case Judged(reply=said):
                raise self._told(said[1:])
            case Troubled(status=status):
                raise self._told(status)
            case Failed():
                raise Trouble(from_failed(finding).to_proto())

    async def verdict(self, entry: Entry, response: Response) -> verdict_pb2.Verdict:
        """The verdict on a response. Raises as ``judge``, and Trouble where the task is none."""
        result, _ = await self._judged(entry, response)
        if result.HasField("verdict"):
            return result.verdict
        raise Trouble(result.error)

    async def judge(self, entry: Entry, response: Response) -> Opinion:
        """What the verifier says of a response. Raises Trouble, and ValueError if it is none."""
        result, finding = await self._judged(entry, response)
        if result.HasField("verdict"):
            verdict = result.verdict
            outcome = verdict_pb2.Outcome.Name(verdict.outcome).removeprefix("OUTCOME_")
            return Opinion(outcome, verdict.reason, verdict.explanation)
        if entry.serving and _is_about_the_task(finding):
            return Opinion("ERROR", _reason(result.error), result.error.message)
        raise Trouble(result.error)

    async def _judged(
        self, entry: Entry, response: Response
    ) -> tuple[verdict_pb2.VerifyResult, Finding]:
        async with self._gate.through(response.size_bytes):
            admitted = self._admission.judge(
                entry, response.submission(), deadline=self._call.deadline, flow=self._call
            )
            finding = await admitted.finding
        result = verdict_pb2.VerifyResult()
        write_finding(result, admitted, finding, f"{self._path}.submission")
        return result, finding

    def _told(self, status: bytes) -> Trouble:
        """What a worker says that it has met."""
        try:
            return Trouble(from_worker(status, f"{self._path}.submission"))
        except DecodeError:
            return self.defect("a worker's error is none")

    def defect(self, why: str) -> Trouble:
        """That something in the service or a worker is not as it should be."""
        error = StatusError(Reason.VERIFIER_DEFECT, f"{self._path}: {why}")
        return Trouble(error.to_proto())


def _is_about_the_task(finding: Finding) -> bool:
    return isinstance(finding, Judged) and finding.reply[:1] == Tag.ERROR.value


def _reason(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            break
    return info.reason
