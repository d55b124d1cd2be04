"""What a submission gets: a ``Verdict``, or an ``ItemError``, which has no score.

The two share nothing but ``id``, so code that reads ``result.score`` without looking fails on an
error instead of training on it::

    match result:
        case Verdict(score=score):
            ...
        case ItemError(reason=reason):
            ...
"""

import enum
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import grpc
from google.rpc import status_pb2

from assayoffice.rl.errors import ErrorDetails, FieldViolation, details_from_status
from assayoffice.v1 import verdict_pb2, verifier_pb2


class Outcome(enum.Enum):
    """The four facts a verdict can state. There is no fifth for "something went wrong"."""

    CORRECT = "CORRECT"
    INCORRECT = "INCORRECT"
    #: Nothing could be extracted, or what was extracted is not an answer that can be read.
    NO_ANSWER = "NO_ANSWER"
    #: The submission itself used up its time, memory, process or output allowance.
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"


# Where in a call an item stood, which the service names and nobody else knows.
_PLACE = re.compile(r"\b(?:submissions?|rollouts?|rewrites?|sets?)(?:\[\d+\])?\.(?=[a-z])")
_OUTCOMES = {verdict_pb2.Outcome.Value(f"OUTCOME_{each.value}"): each for each in Outcome}


@dataclass(frozen=True, slots=True)
class Hallmark:
    """Identifies exactly what decided: two equal hallmarks give equal verdicts."""

    verifier: str
    version: str
    digest: str

    def __str__(self) -> str:
        return f"{self.verifier}@{self.version}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Check:
    """One part of a verdict: a test of a program, a sub-answer, an audit step."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the item took; ``cpu_seconds`` is 0 where the verdict was known already."""

    queue_seconds: float
    cpu_seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fact about a submission; the fields are those of the wire's Verdict.

    Verdicts of equal submissions under equal hallmarks are equal: ``timing`` is not compared.
    """

    id: str
    outcome: Outcome
    score: float
    reason: str
    explanation: str
    extracted: str
    normalized_answer: str
    normalized_reference: str
    method: str
    integrity: str
    flags: tuple[str, ...]
    checks: tuple[Check, ...]
    hallmark: Hallmark
    timing: Timing = field(compare=False)


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why a submission has no verdict. There is no score to read, on purpose."""

    id: str
    code: grpc.StatusCode
    reason: str
    message: str
    violations: tuple[FieldViolation, ...] = ()
    retry_after_seconds: float | None = None


Result: TypeAlias = Verdict | ItemError


@dataclass(frozen=True, slots=True)
class VerifierInfo:
    """A verifier of the service; ``task_schema`` is JSON schema, ``detail`` says why it is out.

    ``hallmark_parts`` are what the hallmark's digest was computed from. ``languages`` are those of
    the programs that it runs.
    """

    name: str
    summary: str
    hallmark: Hallmark
    serving: bool
    detail: str
    task_field: str
    task_schema: str
    hallmark_parts: Mapping[str, str]
    languages: tuple[str, ...]


def item_error(id: str, details: ErrorDetails) -> ItemError:
    """The error of one submission, from what is known about it or about its whole call."""
    return ItemError(
        id=id,
        code=details.code,
        reason=details.reason,
        message=_PLACE.sub("", str(details)),
        violations=tuple(
            FieldViolation(_PLACE.sub("", each.field), each.description)
            for each in details.violations
        ),
        retry_after_seconds=details.retry_after_seconds,
    )


def result_from_proto(message: verdict_pb2.VerifyResult) -> Result:
    """Read one result. What breaks the contract becomes an ItemError, never a guess at a score."""
    match message.WhichOneof("result"):
        case "verdict":
            return verdict_from_proto(message.id, message.verdict)
        case "error":
            return status_error(message.id, message.error)
    return broken_contract(message.id, "the service answered neither a verdict nor an error")


def status_error(id: str, status: status_pb2.Status) -> ItemError:
    """Read the error that one item got."""
    details = details_from_status(status)
    if details.code is grpc.StatusCode.OK:
        return broken_contract(id, "the service answered an error whose code is OK")
    return item_error(id, details)


def broken_contract(id: str, message: str) -> ItemError:
    """The error for an answer that the wire contract forbids."""
    return ItemError(id, grpc.StatusCode.INTERNAL, "BROKEN_CONTRACT", message)


def verifier_from_proto(message: verifier_pb2.VerifierInfo) -> VerifierInfo:
    """Read one entry of ListVerifiers."""
    return VerifierInfo(
        name=message.name,
        summary=message.summary,
        hallmark=hallmark_from_proto(message.hallmark),
        serving=message.state == verifier_pb2.VERIFIER_STATE_SERVING,
        detail=message.state_detail,
        task_field=message.task_field,
        task_schema=message.task_schema,
        hallmark_parts=dict(message.hallmark_parts),
        languages=tuple(message.languages),
    )


def verdict_from_proto(id: str, message: verdict_pb2.Verdict) -> Result:
    """Read a verdict; an ItemError where it states what the contract does not allow."""
    outcome = _OUTCOMES.get(message.outcome)
    if outcome is None:
        return broken_contract(id, f"outcome {message.outcome} is unknown; update the client")
    if not 0.0 <= message.score <= 1.0:  # Also refuses NaN.
        return broken_contract(id, f"score {message.score} is not in [0, 1]")
    timing = message.timing
    return Verdict(
        id=id,
        outcome=outcome,
        score=message.score,
        reason=message.reason,
        explanation=message.explanation,
        extracted=message.extracted,
        normalized_answer=message.normalized_answer,
        normalized_reference=message.normalized_reference,
        method=message.method,
        integrity=message.integrity,
        flags=tuple(message.flags),
        checks=tuple(Check(each.name, each.passed, each.detail) for each in message.checks),
        hallmark=hallmark_from_proto(message.hallmark),
        timing=Timing(timing.queue_seconds, timing.cpu_seconds, timing.cached),
    )


def hallmark_from_proto(message: verdict_pb2.Hallmark) -> Hallmark:
    """Read what decided."""
    return _shared_hallmark(message.verifier, message.version, message.digest)


@functools.lru_cache(maxsize=64)
def _shared_hallmark(verifier: str, version: str, digest: str) -> Hallmark:
    """One object for the many verdicts that carry the same hallmark."""
    return Hallmark(verifier, version, digest)
