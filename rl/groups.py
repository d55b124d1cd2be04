"""Responses to one task, grouped by what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assayoffice.rl.errors import SubmissionError
from assayoffice.rl.results import (
    Hallmark,
    ItemError,
    Outcome,
    broken_contract,
    hallmark_from_proto,
    status_error,
)
from assayoffice.rl.stamps import Stamp, stamp_from_proto
from assayoffice.rl.submissions import HALF_PAIR, Submission, Task, to_proto
from assayoffice.v1 import verdict_pb2, verifier_pb2

# What a group may be, as the wire numbers it: what gives no answer is in no group.
_OUTCOMES = {
    verdict_pb2.OUTCOME_UNSPECIFIED: None,
    verdict_pb2.OUTCOME_CORRECT: Outcome.CORRECT,
    verdict_pb2.OUTCOME_INCORRECT: Outcome.INCORRECT,
    verdict_pb2.OUTCOME_LIMIT_EXCEEDED: Outcome.LIMIT_EXCEEDED,
}


@dataclass(frozen=True, slots=True)
class ResponseSet:
    """Responses to one problem, to be grouped by the equivalence of its verifier.

    ``task`` may lack the reference; then no group is right or wrong. Without ``responses`` the task
    alone is looked at: whether the verifier can judge by it, and what its stamp is.
    """

    id: str
    verifier: str
    task: Task
    responses: tuple[str, ...] = ()
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class ResponseGroup:
    """Responses that give the same answer.

    ``answer`` is that answer as the first of them writes it, ``responses`` their indices in the
    set, and ``outcome`` the verdict on all of them, None for a task without a reference.
    """

    answer: str
    responses: tuple[int, ...]
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of a set, in the order of their first responses.

    ``silent`` are the responses that give no answer; each other index is in exactly one group. In
    a task without a reference, answers beyond what may be judged are silent, too.
    ``by_answer`` is False for verifiers that judge a response by what it does ("code", "lean"):
    there, all that is right is one group, and what is wrong is grouped by how it failed.
    ``stamp`` is the stamp of the task.
    """

    id: str
    groups: tuple[ResponseGroup, ...]
    silent: tuple[int, ...]
    by_answer: bool
    hallmark: Hallmark
    stamp: Stamp


GroupingResult: TypeAlias = Grouping | ItemError


def set_to_proto(item: ResponseSet) -> verifier_pb2.ResponseSet:
    """Write a set for the wire. Raises SubmissionError where it has no form there."""
    submission = to_proto(Submission(item.id, item.verifier, "", item.task, item.prompt))
    try:
        return verifier_pb2.ResponseSet(submission=submission, responses=item.responses)
    except (TypeError, UnicodeError):
        raise _not_text(item.responses) from None


def grouping_from_proto(message: verifier_pb2.GroupingResult) -> GroupingResult:
    """Read one result. What breaks the contract becomes an ItemError, never a guess."""
    match message.WhichOneof("result"):
        case "grouping":
            return _grouping(message.id, message.grouping)
        case "error":
            return status_error(message.id, message.error)
    return broken_contract(message.id, "the service answered neither groups nor an error")


def of_sets(sets: Sequence[ResponseSet], results: Sequence[GroupingResult]) -> list[GroupingResult]:
    """The results, each of the set at its place: a grouping of more or fewer responses is none."""
    return [
        broken_contract(item.id, "the groups are not of the responses that were sent")
        if isinstance(result, Grouping) and _count(result) != len(item.responses)
        else result
        for item, result in zip(sets, results, strict=True)
    ]


def _grouping(id: str, message: verifier_pb2.Grouping) -> GroupingResult:
    groups: list[ResponseGroup] = []
    for each in message.groups:
        if each.outcome not in _OUTCOMES:
            return broken_contract(id, f"outcome {each.outcome} is none of a group")
        outcome = _OUTCOMES[each.outcome]
        groups.append(ResponseGroup(each.answer, tuple(each.responses), outcome))
    if not all(each.responses for each in groups):
        return broken_contract(id, "a group has no responses")
    places = [*message.silent, *(place for each in groups for place in each.responses)]
    if sorted(places) != list(range(len(places))):
        return broken_contract(id, "a response is in several groups, or in none")
    return Grouping(
        id,
        tuple(groups),
        tuple(message.silent),
        message.by_answer,
        hallmark_from_proto(message.hallmark),
        stamp_from_proto(message.stamp),
    )


def _count(grouping: Grouping) -> int:
    return len(grouping.silent) + sum(len(each.responses) for each in grouping.groups)


def _not_text(responses: Sequence[object]) -> SubmissionError:
    """Which response protobuf, which does not tell, refused."""
    for index, response in enumerate(responses):
        if not isinstance(response, str):
            kind = type(response).__name__
            return SubmissionError(f"responses[{index}]: must be text, not {kind}")
        if any("\ud800" <= char <= "\udfff" for char in response):
            return SubmissionError(f"responses[{index}]: {HALF_PAIR}")
    raise AssertionError("protobuf takes every text that UTF-8 can carry")
