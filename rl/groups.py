"""Responses to one task, grouped by what they answer."""

from dataclasses import dataclass
from typing import TypeAlias

from assayoffice.rl.results import Hallmark, ItemError, Outcome
from assayoffice.rl.stamps import Stamp
from assayoffice.rl.submissions import Task


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

    ``silent`` are the responses that give no answer; each other index is in exactly one group.
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
