"""Rollouts in, rewards out: a verdict each, and what the recipe makes of it."""

import asyncio
from dataclasses import dataclass

from assayoffice.server import stamps
from assayoffice.server.admission import Admission, Admitted
from assayoffice.server.calls import Call
from assayoffice.server.errors import Reason, StatusError, malformed
from assayoffice.server.rating import RatingThreads
from assayoffice.server.results import write_error, write_finding
from assayoffice.server.rewards import wire
from assayoffice.server.rewards.generation import Generation
from assayoffice.server.rewards.recipes import Rating, Recipe
from assayoffice.server.validation import Rules
from assayoffice.server.work import Failed, Finding
from assayoffice.v1 import reward_pb2, verdict_pb2, verifier_pb2


@dataclass(frozen=True, slots=True)
class PendingReward:
    """A rollout under way, whose tokens have been looked at already."""

    _admitted: Admitted
    _path: str
    _rating: Rating | None
    _token_count: int

    @property
    def verifier(self) -> str:
        return self._admitted.entry.name

    @property
    def finding(self) -> asyncio.Future[Finding]:
        return self._admitted.finding

    def write(self, answer: reward_pb2.RewardResult, finding: Finding) -> None:
        result = verdict_pb2.VerifyResult()
        write_finding(result, self._admitted, finding, self._path)
        if self._rating is None or not result.HasField("verdict"):
            answer.error.CopyFrom(result.error)
            return
        try:
            judgement = wire.judgement(result.verdict)
        except ValueError as error:
            write_error(answer, StatusError(Reason.VERIFIER_DEFECT, str(error)))
            return
        wire.write(answer.reward, self._rating.settle(judgement))
        answer.reward.verdict.CopyFrom(result.verdict)
        answer.reward.token_count = self._token_count


class Rewards:
    """Has rollouts judged and rewards them by a recipe."""

    def __init__(
        self,
        admission: Admission,
        rules: Rules,
        recipe: Recipe,
        threads: RatingThreads,
        *,
        require_stamps: bool,
    ) -> None:
        """``rules`` are those of a rollout, apart from its submission."""
        self._admission = admission
        self._require_stamps = require_stamps
        self._rules = rules
        self._recipe = recipe
        self._threads = threads

    def blank(self) -> reward_pb2.RewardResult:
        return reward_pb2.RewardResult()

    def submission(
        self, asked: reward_pb2.Rollout, path: str
    ) -> tuple[verifier_pb2.Submission, str]:
        return asked.submission, f"{path}.submission"

    async def admit(self, asked: reward_pb2.Rollout, path: str, call: Call) -> PendingReward:
        violations = self._rules.violations(asked, path)
        violations = violations or wire.lacking(asked, self._recipe.needs, path)
        if violations:
            raise malformed(Reason.INVALID_SUBMISSION, violations)
        submission, inner = self.submission(asked, path)
        admitted = self._admission.admit(submission, path=inner, deadline=call.deadline, flow=call)
        if self._require_stamps:
            self._compare_stamp(asked, admitted, path)
        generation = wire.generation(asked)
        # Looked at while it is being judged, and not at all where it will not be.
        refused = admitted.finding.done() and isinstance(admitted.finding.result(), Failed)
        rating = None if refused else await self._rate(generation, admitted, call.deadline)
        return PendingReward(admitted, inner, rating, generation.token_count)

    def _compare_stamp(self, asked: reward_pb2.Rollout, admitted: Admitted, path: str) -> None:
        given = asked.stamp if asked.HasField("stamp") else None
        expected = stamps.strike(asked.submission, admitted.entry.hallmark_digest)
        try:
            stamps.compare(given, expected, f"{path}.stamp")
        except StatusError:
            admitted.finding.cancel()
            raise

    async def _rate(self, generation: Generation, admitted: Admitted, deadline: float) -> Rating:
        try:
            return await self._threads.rate(self._recipe, generation, deadline)
        except TimeoutError:
            admitted.finding.cancel()
            message = "the deadline passed before the generation was looked at"
            raise StatusError(Reason.DEADLINE_EXCEEDED, message) from None
        except BaseException:
            admitted.finding.cancel()
            raise
