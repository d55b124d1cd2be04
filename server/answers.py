"""What a call makes of submissions, verdicts or rewards: the seam between calls and judging."""

import asyncio
from typing import Protocol, TypeVar

from assayoffice.server.calls import Call
from assayoffice.server.work import Finding
from assayoffice.v1 import reward_pb2, verdict_pb2, verifier_pb2

AnyAnswer = verdict_pb2.VerifyResult | reward_pb2.RewardResult

AskedT = TypeVar("AskedT")
AskedT_contra = TypeVar("AskedT_contra", contravariant=True)
AnswerT = TypeVar("AnswerT", bound=AnyAnswer)
AnswerT_contra = TypeVar("AnswerT_contra", bound=AnyAnswer, contravariant=True)


class Pending(Protocol[AnswerT_contra]):
    """A submission under way."""

    @property
    def verifier(self) -> str:
        """Name of the verifier that judges it."""
        ...

    @property
    def finding(self) -> asyncio.Future[Finding]:
        """What the engine will find out. Cancelling it withdraws the submission."""
        ...

    def write(self, answer: AnswerT_contra, finding: Finding) -> None:
        """Fill in what comes of it."""


class Answers(Protocol[AskedT_contra, AnswerT]):
    """One kind of question and what is answered to it."""

    def blank(self) -> AnswerT:
        """An answer that says nothing yet."""
        ...

    def submission(self, asked: AskedT_contra, path: str) -> tuple[verifier_pb2.Submission, str]:
        """What is to be judged, and the path that leads to it where ``path`` leads to ``asked``."""
        ...

    async def admit(self, asked: AskedT_contra, path: str, call: Call) -> Pending[AnswerT]:
        """Start judging, at which the submission loses its id. Raises StatusError."""
        ...
