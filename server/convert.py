"""Between the wire's messages and the verifiers' dataclasses: the only file that knows both.

It runs in the worker processes. A typed task and its dataclass have the same field names, down to
the messages within it, so one rule serves every built-in verifier: a field that is set is handed
over, one that is not keeps the default of the dataclass.
"""

import dataclasses
import enum
import functools
import typing
from collections.abc import Callable, Iterable
from types import NoneType
from typing import Any

from google.protobuf import any_pb2, json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from assayoffice.server.jobs import Tag
from assayoffice.v1 import verdict_pb2, verifier_pb2
from assayoffice.verifiers.base import (
    InvalidTaskError,
    Outcome,
    SandboxFailedError,
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
    SandboxFailedError: code_pb2.UNAVAILABLE,
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
        try:
            written = json_format.MessageToDict(message.custom)
        except ValueError as error:  # infinite, or not a number
            raise InvalidTaskError(f"task.custom: is not what JSON can say: {error}") from None
        task = loaded.task(written)
    else:
        task = _task_from_proto(getattr(message, field), loaded.verifier.task_type)
    return Submission(message.response, task, message.prompt)


def submission_to_proto(id: str, loaded: Loaded, submission: Submission[Any]) -> bytes:
    """Write a submission as a client would send it, serialized: equal ones to equal bytes."""
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
    return message.SerializeToString(deterministic=True)


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


def error_to_reply(error: VerifierError, verifier: str) -> bytes:
    """The same, as a worker replies it."""
    tag = Tag.ERROR if error.is_lasting else Tag.TROUBLE
    return tag.value + error_to_proto(error, verifier).SerializeToString()


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
            sandboxed=limits.sandboxed,
        ),
        languages=registered.languages,
    )


def _hallmark_to_proto(hallmark: Hallmark) -> verdict_pb2.Hallmark:
    return verdict_pb2.Hallmark(
        verifier=hallmark.verifier, version=hallmark.version, digest=hallmark.digest
    )


def _task_from_proto(message: Message, task_type: type) -> Any:
    empty, readers = _reading(message.DESCRIPTOR, task_type)
    given = dict(empty)
    for field, value in message.ListFields():
        read = readers.get(field.name)
        given[field.name] = value if read is None else read(value)
    return task_type(**given)


def _task_to_proto(task: Any, message: Message) -> None:
    task_type: type = type(task)
    enums = _enums(message.DESCRIPTOR, task_type)
    for field in dataclasses.fields(task):
        value = getattr(task, field.name)
        if value == field.default:
            continue  # Unset means the default.
        if isinstance(value, str | int | float):
            setattr(message, field.name, value)
        elif isinstance(value, enum.Enum):
            numbers = {member: number for number, member in enums[field.name].items()}
            setattr(message, field.name, numbers[value])
        elif isinstance(value, tuple):
            items: Any = getattr(message, field.name)
            for item in value:
                if isinstance(item, str):
                    items.append(item)
                else:
                    _task_to_proto(item, items.add())
        else:
            part: Message = getattr(message, field.name)
            part.SetInParent()
            _task_to_proto(value, part)


@functools.cache
def _reading(
    descriptor: Descriptor, task_type: type
) -> tuple[dict[str, Any], dict[str, Callable[[Any], Any]]]:
    """What fields without a default hold where the wire shows none, and how values are made.

    The latter only for fields whose value in the message is not the dataclass's.
    """
    kinds = _kinds(task_type)
    readers: dict[str, Callable[[Any], Any]] = {
        name: members.__getitem__ for name, members in _enums(descriptor, task_type).items()
    }
    for field in descriptor.fields:
        if field.message_type is not None:
            read = functools.partial(_task_from_proto, task_type=kinds[field.name])
            readers[field.name] = functools.partial(_tuple_of, read) if field.is_repeated else read
        elif field.is_repeated:
            readers[field.name] = tuple
    needed = [
        field.name
        for field in dataclasses.fields(task_type)
        if field.default is dataclasses.MISSING
    ]
    empty = {name: descriptor.fields_by_name[name].default_value for name in needed}
    return empty, readers


def _tuple_of(read: Callable[[Any], Any], values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple([read(value) for value in values])


@functools.cache
def _enums(descriptor: Descriptor, task_type: type) -> dict[str, dict[int, enum.Enum]]:
    """Per enum field, the member of the dataclass's enum for each number of the wire's.

    ``MATCH_EXACT`` is the member ``EXACT``; a number that the dataclass does not know is missing.
    """
    kinds = _kinds(task_type)
    found = {}
    for field in descriptor.fields:
        kind = kinds[field.name]
        if field.enum_type is None or not issubclass(kind, enum.Enum):
            continue
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        found[field.name] = {
            value.number: kind[value.name.removeprefix(prefix)]
            for value in field.enum_type.values
            if value.number != 0
        }
    return found


@functools.cache
def _kinds(task_type: type) -> dict[str, type]:
    """What each field holds one or, as ``X | None`` and ``tuple[X, ...]``, none or many of."""
    kinds = {}
    for name, hint in typing.get_type_hints(task_type).items():
        several = [each for each in typing.get_args(hint) if each not in (NoneType, Ellipsis)]
        kinds[name] = several[0] if several else hint
    return kinds
