"""Submissions in, verdicts out."""

import asyncio
from dataclasses import dataclass

from assayoffice.server.admission import Admission, Admitted
from assayoffice.server.calls import Call
from assayoffice.server.results import write_finding
from assayoffice.server.work import Finding
from assayoffice.v1 import verdict_pb2, verifier_pb2


@dataclass(frozen=True, slots=True)
class PendingVerdict:
    """A submission under way."""

    _admitted: Admitted
    _path: str

    @property
    def verifier(self) -> str:
        return self._admitted.entry.name

    @property
    def finding(self) -> asyncio.Future[Finding]:
        return self._admitted.finding

    def write(self, answer: verdict_pb2.VerifyResult, finding: Finding) -> None:
        write_finding(answer, self._admitted, finding, self._path)


class Verdicts:
    """Has submissions judged."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def blank(self) -> verdict_pb2.VerifyResult:
        return verdict_pb2.VerifyResult()

    def submission(
        self, asked: verifier_pb2.Submission, path: str
    ) -> tuple[verifier_pb2.Submission, str]:
        return asked, path

    async def admit(self, asked: verifier_pb2.Submission, path: str, call: Call) -> PendingVerdict:
        admitted = self._admission.admit(asked, path=path, deadline=call.deadline, flow=call)
        return PendingVerdict(admitted, path)
