"""Between the wire's messages and the verifiers' dataclasses: the only file that knows both.

It runs in the worker processes. A typed task and its dataclass have the same field names, so one
rule serves every built-in verifier: a field that is set is handed over, one that is not keeps the
default of the dataclass.
"""

import dataclasses
import enum
import functools
from typing import Any

from google.protobuf import any_pb2, json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from assayoffice.v1 import verdict_pb2, verifier_pb2
from assayoffice.verifiers.base import (
    InvalidTaskError,
    Outcome,
    Submission,
    UnscorableReferenceError,
    Verdict,
    VerifierError,
    VerifierUnavailableError,
)
from assayoffice.verifiers.registry import Hallmark, Loaded, Registered, Unloadable

DOMAIN = "assayoffice"
CUSTOM = "custom"

_TYPED = {
    field.name for field in verifier_pb2.Submission.DESCRIPTOR.oneofs_by_name["task"].fields
} - {CUSTOM}
_OUTCOMES = {outcome: verdict_pb2.Outcome.Value(f"OUTCOME_{outcome.value}") for outcome in Outcome}
_CODES: dict[type[VerifierError], int] = {
    InvalidTaskError: code_pb2.INVALID_ARGUMENT,
    UnscorableReferenceError: code_pb2.INVALID_ARGUMENT,
    VerifierUnavailableError: code_pb2.UNAVAILABLE,
}


def task_field(verifier: str) -> str:
    """Field of ``Submission.task`` that a verifier reads."""
    return verifier if verifier in _TYPED else CUSTOM


def submission_from_proto(message: verifier_pb2.Submission, loaded: Loaded) -> Submission[Any]:
    """Read a submission for its verifier. Raises InvalidTaskError."""
    field = task_field(loaded.name)
    given = message.WhichOneof("task")
    if given != field:
        raise InvalidTaskError(
            f"task: the verifier {loaded.name!r} reads the field {field!r}, not {given!r}"
        )
    task: Any
    if field == CUSTOM:
        task = loaded.task(json_format.MessageToDict(message.custom))
    else:
        task = _task_from_proto(getattr(message, field), loaded.verifier.task_type)
    return Submission(message.response, task, message.prompt)


def submission_to_proto(id: str, loaded: Loaded, submission: Submission[Any]) -> bytes:
    """Write a submission as a client would send it, serialized."""
    message = verifier_pb2.Submission(
        id=id,
        verifier=loaded.name,
        response=submission.response,
        prompt=submission.prompt,
    )
    field = task_field(loaded.name)
    if field == CUSTOM:
        json_format.ParseDict(loaded.task_as_json(submission.task), message.custom)
    else:
        getattr(message, field).SetInParent()
        _task_to_proto(submission.task, getattr(message, field))
    return message.SerializeToString()


def verdict_to_proto(verdict: Verdict) -> verdict_pb2.Verdict:
    """Write a verdict; hallmark and timing are the service's to add."""
    return verdict_pb2.Verdict(
        outcome=_OUTCOMES[verdict.outcome],
        score=verdict.score,
        reason=verdict.reason,
        explanation=verdict.explanation,
        extracted=verdict.extracted,
        normalized_answer=verdict.normalized_answer,
        normalized_reference=verdict.normalized_reference,
        method=verdict.method,
        integrity=verdict.integrity,
        flags=verdict.flags,
        checks=[
            verdict_pb2.Check(name=each.name, passed=each.passed, detail=each.detail)
            for each in verdict.checks
        ],
    )


def error_to_proto(error: VerifierError, verifier: str) -> status_pb2.Status:
    """Write what a verifier raised as the error of its submission."""
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN)]
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=f"{task_field(verifier)}.{error.field}", description=str(error)
        )
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    status = status_pb2.Status(code=_CODES.get(type(error), code_pb2.INTERNAL), message=str(error))
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def registered_to_proto(registered: Registered) -> verifier_pb2.VerifierInfo:
    """Write what is known about a verifier before its self-check."""
    if isinstance(registered, Unloadable):
        return verifier_pb2.VerifierInfo(
            name=registered.name,
            state=verifier_pb2.VERIFIER_STATE_NOT_SERVING,
            state_detail=registered.reason,
        )
    verifier = registered.verifier
    limits = verifier.limits
    return verifier_pb2.VerifierInfo(
        name=registered.name,
        summary=verifier.summary,
        hallmark=_hallmark_to_proto(registered.hallmark),
        hallmark_parts=registered.hallmark.parts,
        task_schema=registered.task_schema(),
        task_field=task_field(registered.name),
        limits=verifier_pb2.WorkLimits(
            cpu_seconds=limits.cpu_seconds,
            wall_seconds=limits.wall_seconds,
            memory_bytes=limits.memory_bytes,
            quick_cpu_seconds=limits.quick_cpu_seconds,
        ),
    )


def _hallmark_to_proto(hallmark: Hallmark) -> verdict_pb2.Hallmark:
    return verdict_pb2.Hallmark(
        verifier=hallmark.verifier, version=hallmark.version, digest=hallmark.digest
    )


def _task_from_proto(message: Message, task_type: type) -> Any:
    enums = _enums(message.DESCRIPTOR, task_type)
    given = {}
    for field, value in message.ListFields():
        members = enums.get(field.name)
        if members is not None:
            value = members[value]
        elif isinstance(value, str | int | float):
            pass
        else:
            value = tuple(value)
        given[field.name] = value
    return task_type(**given)


def _task_to_proto(task: Any, message: Message) -> None:
    task_type: type = type(task)
    enums = _enums(message.DESCRIPTOR, task_type)
    for field in dataclasses.fields(task):
        value = getattr(task, field.name)
        if value == field.default:
            continue  # Unset means the default.
        if isinstance(value, enum.Enum):
            numbers = {member: number for number, member in enums[field.name].items()}
            setattr(message, field.name, numbers[value])
        elif isinstance(value, tuple):
            getattr(message, field.name).extend(value)
        else:
            setattr(message, field.name, value)


@functools.cache
def _enums(descriptor: Descriptor, task_type: type) -> dict[str, dict[int, enum.Enum]]:
    """Per enum field, the member of the dataclass's enum for each number of the wire's.

    ``MATCH_EXACT`` is the member ``EXACT``; a number that the dataclass does not know is missing.
    """
    types = {field.name: field.type for field in dataclasses.fields(task_type)}
    found = {}
    for field in descriptor.fields:
        kind = types[field.name]
        if field.enum_type is None or not isinstance(kind, type) or not issubclass(kind, enum.Enum):
            continue
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        found[field.name] = {
            value.number: kind[value.name.removeprefix(prefix)]
            for value in field.enum_type.values
            if value.number != 0
        }
    return found
