"""Groups the responses to a task whose verifier reads answers and compares them."""

from collections.abc import Sequence

from assayoffice.server.catalog import Entry
from assayoffice.server.grouping import replies
from assayoffice.server.grouping.groups import CORRECT, LIMIT_EXCEEDED, Groups
from assayoffice.server.jobs import Subject
from assayoffice.server.rewrites.errands import Errands
from assayoffice.server.rewrites.replies import Pair
from assayoffice.server.rewrites.responses import Response
from assayoffice.server.rewrites.tries import leaders, together
from assayoffice.server.work import LimitExceeded
from assayoffice.v1 import verdict_pb2, verifier_pb2

_JOBS_AT_ONCE = 32
# Stands for what is too long to be read or quoted.
_BEYOND = "(beyond the limits of the verifier)"


class ByAnswer:
    """Groups one set; all that is asked may raise Trouble, and ValueError for what is no answer."""

    def __init__(
        self,
        asked: verifier_pb2.ResponseSet,
        entry: Entry,
        digest: bytes,
        errands: Errands,
        *,
        has_reference: bool,
    ) -> None:
        """``digest`` is what the workers must have loaded."""
        self._asked = asked
        self._entry = entry
        self._digest = digest
        self._errands = errands
        self._has_reference = has_reference

    async def grouping(self) -> verifier_pb2.Grouping:
        """The groups; hallmark and stamp are for others to add."""
        groups = Groups(len(self._asked.responses), self._has_reference)
        grouped = await self._grouped(self._asked.responses)
        if isinstance(grouped, LimitExceeded):
            await self._one_by_one(groups)
        else:
            groups.silence(grouped.silent)
            if grouped.oversize:
                groups.add(_BEYOND, grouped.oversize, LIMIT_EXCEEDED, None)
            await self._put_together(grouped, groups)
        return groups.grouping()

    async def _grouped(self, responses: Sequence[str]) -> replies.Grouped | LimitExceeded:
        # A response by itself may use what it may where it is judged, so that it comes to the same.
        limits = self._entry.limits if len(responses) == 1 else None
        part = verifier_pb2.ResponseSet(submission=self._asked.submission, responses=responses)
        written = part.SerializeToString(deterministic=True)
        return await self._errands.ask(
            Subject.GROUP, self._digest, written, replies.GROUPED, limits
        )

    async def _put_together(self, grouped: replies.Grouped, groups: Groups) -> None:
        outcomes = await together(self._outcome(each) for each in grouped.groups)
        same = await together(self._are_same(each) for each in grouped.pairs)
        leading = leaders(len(outcomes), grouped.pairs, same)
        for group, outcome, leader in zip(grouped.groups, outcomes, leading, strict=True):
            groups.add(group.text, group.responses, outcome, leader)

    async def _one_by_one(self, groups: Groups) -> None:
        """For sets that take more than there is for one: only what is hard in them pays.

        Answers are then told apart by how the verifier writes them.
        """
        places: dict[str, list[int]] = {}
        for place, response in enumerate(self._asked.responses):
            places.setdefault(response, []).append(place)
        # Each job holds a copy of the task, so that not all are written at once.
        waiting = list(places.items())
        for start in range(0, len(waiting), _JOBS_AT_ONCE):
            several = waiting[start : start + _JOBS_AT_ONCE]
            await together(
                self._alone(response, standing, groups) for response, standing in several
            )

    async def _alone(self, response: str, standing: list[int], groups: Groups) -> None:
        found = await self._grouped([response])
        if isinstance(found, LimitExceeded) or found.oversize:
            groups.add(_BEYOND, standing, LIMIT_EXCEEDED, None)
        elif found.silent:
            groups.silence(standing)
        else:
            (group,) = found.groups
            asked = replies.Group(group.text, standing, group.outcome, group.mark)
            groups.add(group.text, standing, await self._outcome(asked), group.mark)

    async def _outcome(self, group: replies.Group) -> str | None:
        if group.outcome is not None or not self._has_reference:
            return group.outcome
        response = self._asked.responses[group.responses[0]]
        verdict = await self._errands.verdict(
            self._entry, Response(self._asked.submission, response)
        )
        return verdict_pb2.Outcome.Name(verdict.outcome).removeprefix("OUTCOME_")

    async def _are_same(self, pair: Pair) -> bool:
        # Without the prompt: repeating it is no difference between two answers.
        task = verifier_pb2.Submission()
        task.CopyFrom(self._asked.submission)
        task.ClearField("prompt")
        opinion = await self._errands.judge(self._entry, Response(task, pair.response, pair.change))
        return opinion.outcome == CORRECT
