"""What a worker answers about a rewrite, as the service reads it.

Workers are not trusted, so a reply is checked against these types before anything is made of it.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import Base64Bytes, TypeAdapter, ValidationError

from assayoffice.server.rewrites.tried import Tried

AnswerT = TypeVar("AnswerT")


class UnreadableReplyError(Exception):
    """A worker has answered what is no answer."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """Fields as in ``trials.Evidence``."""

    label: str
    text: str
    detail: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Established:
    """Fields as in ``trials.CheckResult``; ``state`` is the name of a ``trials.State``."""

    name: str
    state: str
    reason: str
    explanation: str
    method: str
    evidence: list[Noticed]
    figures: dict[str, float]
    value: float


@dataclass(frozen=True, slots=True)
class Change:
    """How a task differs from the rewrite's: these fields of it are what ``submission`` has there.

    ``submission`` is serialized, and says nothing about other fields.
    """

    fields: list[str]
    submission: Base64Bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A trial that is yet to be judged: a response to the rewrite's task, or to a changed one.

    ``response`` is its text, or the index of the wrong answer that it is.
    """

    part: str
    label: str
    text: str
    expected: bool
    response: str | int
    change: Change | None


@dataclass(frozen=True, slots=True)
class Group:
    """Independent solutions that give the same answer.

    ``text`` is the answer, ``count`` how many give it, and ``first`` the index of the first who
    does. ``accepted`` is None where that is to be found out by judging that one.
    """

    text: str
    count: int
    accepted: bool | None
    first: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups, by index, which are one if this response is accepted under this task."""

    first: int
    second: int
    response: str
    change: Change


@dataclass(frozen=True, slots=True)
class Compared:
    """Independent solutions: how many have no answer, and groups of those with one.

    ``by_answer`` says whether groups are answers; otherwise they are texts, and only a verdict can
    tell more about them.
    """

    by_answer: bool
    silent: int
    groups: list[Group]
    pairs: list[Pair]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why nothing can be judged by the task of a rewrite: the error of its verifier."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of examining a rewrite; with a ``fault`` there are no trials and no solutions."""

    fault: Fault | None
    judged: list[Tried]
    waiting: list[Waiting]
    compared: Compared
    checks: list[Established]


@dataclass(frozen=True, slots=True)
class Decided:
    """What the premises say; ``answer`` is what they make of what is asked, or empty."""

    check: Established
    answer: str


@dataclass(frozen=True, slots=True)
class KeyRan:
    """What came of an executable key; ``status`` is the value of a ``key.KeyStatus``."""

    status: str
    output: str
    detail: str


class Reply(Generic[AnswerT]):
    """One type of answer, to and from bytes."""

    def __init__(self, answer: type[AnswerT]) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(answer)

    def written(self, answer: AnswerT) -> bytes:
        """For ``read``."""
        return self._adapter.dump_json(answer)

    def read(self, reply: bytes) -> AnswerT:
        """What was written. Raises UnreadableReplyError."""
        try:
            answer: AnswerT = self._adapter.validate_json(reply)
        except ValidationError as error:
            raise UnreadableReplyError(str(error)) from None
        return answer


EXAMINED = Reply(Examined)
DECIDED = Reply(Decided)
KEY_RAN = Reply(KeyRan)
