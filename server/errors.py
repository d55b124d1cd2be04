"""Why a call or one of its submissions has no verdict; the one place where that becomes a status.

A ``StatusError`` raised in an RPC ends the call. One that concerns a single submission is caught
beside it and written into its result, so that its neighbours keep their verdicts.
"""

import enum
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from assayoffice.server.validation import Violation
from assayoffice.server.work import Failed

#: Domain of every ErrorInfo.
DOMAIN = "assayoffice"

# Details of a call's status travel in trailing metadata, of which gRPC lets 8 KiB through.
_MAX_VIOLATIONS = 10
# In bytes of UTF-8; the message is there twice, once with three characters for each byte.
_MAX_PATH_BYTES = 120
_MAX_DESCRIPTION_BYTES = 200
_MAX_MESSAGE_BYTES = 1000


class Reason(enum.Enum):
    """The stable codes of ErrorInfo that the service itself gives, with their status codes.

    Verifiers add their own, UNSCORABLE_REFERENCE and INVALID_TASK among them.
    """

    code: grpc.StatusCode

    def __new__(cls, code: grpc.StatusCode) -> "Reason":
        # Numbered, because members of equal value would be one member.
        reason = object.__new__(cls)
        reason._value_ = len(cls.__members__) + 1
        reason.code = code
        return reason

    #: The envelope of the call breaks a field rule.
    INVALID_REQUEST = grpc.StatusCode.INVALID_ARGUMENT
    #: There is no such recipe, or not in this version, or not with these options.
    INVALID_RECIPE = grpc.StatusCode.INVALID_ARGUMENT
    #: The submission or rollout breaks a field rule, has a field this version does not know, or
    #: lacks what the recipe needs.
    INVALID_SUBMISSION = grpc.StatusCode.INVALID_ARGUMENT
    #: The task is of another type than the verifier reads.
    WRONG_TASK = grpc.StatusCode.INVALID_ARGUMENT
    #: Another submission of the stream with this id is not answered yet.
    DUPLICATE_ID = grpc.StatusCode.INVALID_ARGUMENT
    #: No verifier of that name is installed.
    UNKNOWN_VERIFIER = grpc.StatusCode.NOT_FOUND
    #: The verifier is installed but out of service.
    VERIFIER_UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
    #: A demanded hallmark is not the one in service.
    HALLMARK_MISMATCH = grpc.StatusCode.FAILED_PRECONDITION
    #: A rollout's stamp is missing, of another hallmark, or for another task.
    STAMP_MISMATCH = grpc.StatusCode.FAILED_PRECONDITION
    #: The bearer token is missing or wrong.
    UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
    #: The queue is full.
    OVERLOADED = grpc.StatusCode.RESOURCE_EXHAUSTED
    #: The server is stopping.
    SHUTTING_DOWN = grpc.StatusCode.UNAVAILABLE
    #: The caller's deadline came before the verdict.
    DEADLINE_EXCEEDED = grpc.StatusCode.DEADLINE_EXCEEDED
    #: The worker process died twice over this submission.
    WORKER_CRASHED = grpc.StatusCode.INTERNAL
    #: The work waited for something that never came.
    WALL_TIMEOUT = grpc.StatusCode.INTERNAL
    #: The verifier raised what no verifier may raise, or answered what is no verdict.
    VERIFIER_DEFECT = grpc.StatusCode.INTERNAL
    #: A defect of the service.
    INTERNAL = grpc.StatusCode.INTERNAL


class StatusError(Exception):
    """There is no verdict, for this reason.

    ``violations`` name the fields to blame. ``retry_after_seconds`` is set where trying again helps
    and it is known when.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = _cut(message, _MAX_MESSAGE_BYTES)
        self.violations = violations
        self.retry_after_seconds = retry_after_seconds

    def to_proto(self) -> status_pb2.Status:
        """The status with its details: ErrorInfo, and BadRequest and RetryInfo where they apply."""
        details: list[Message] = [
            error_details_pb2.ErrorInfo(reason=self.reason.name, domain=DOMAIN)
        ]
        if self.violations:
            details.append(_bad_request(self.violations))
        if self.retry_after_seconds is not None:
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromMilliseconds(round(self.retry_after_seconds * 1000))
            details.append(retry)
        status = status_pb2.Status(code=self.reason.code.value[0], message=self.message)
        for detail in details:
            status.details.add().Pack(detail)
        return status


def malformed(reason: Reason, violations: Sequence[Violation]) -> StatusError:
    """The error for broken field rules."""
    message = "; ".join(
        f"{_cut(each.field, _MAX_PATH_BYTES)}: {each.description}"
        for each in violations[:_MAX_VIOLATIONS]
    )
    if len(violations) > _MAX_VIOLATIONS:
        message += f"; and {len(violations) - _MAX_VIOLATIONS} more"
    return StatusError(reason, message, violations=violations)


def from_failed(failed: Failed) -> StatusError:
    """The error for work that the engine could not bring to an end."""
    return StatusError(
        Reason[failed.reason], failed.message, retry_after_seconds=failed.retry_after_seconds
    )


def from_worker(status: bytes, path: str) -> status_pb2.Status:
    """The error a verifier raised. Its field paths start at the submission; ``path`` leads there.

    Raises DecodeError when it is none.
    """
    error = status_pb2.Status.FromString(status)
    if error.code == 0:
        raise DecodeError("an error without a code")
    bad_request = error_details_pb2.BadRequest()
    for detail in error.details:
        if detail.Unpack(bad_request):
            for violation in bad_request.field_violations:
                violation.field = f"{path}.{violation.field}"
            detail.Pack(bad_request)
    return error


async def abort(context: grpc.aio.ServicerContext[Any, Any], error: StatusError) -> NoReturn:
    """End the call with an error and its details."""
    metadata: list[tuple[str, str | bytes]] = [
        ("grpc-status-details-bin", error.to_proto().SerializeToString())
    ]
    if error.retry_after_seconds is not None:
        metadata.append(("grpc-retry-pushback-ms", str(round(error.retry_after_seconds * 1000))))
    await context.abort(error.reason.code, error.message, tuple(metadata))
    raise AssertionError("abort raises")


def _bad_request(violations: Iterable[Violation]) -> error_details_pb2.BadRequest:
    bad_request = error_details_pb2.BadRequest()
    for each in list(violations)[:_MAX_VIOLATIONS]:
        bad_request.field_violations.add(
            field=_cut(each.field, _MAX_PATH_BYTES),
            description=_cut(each.description, _MAX_DESCRIPTION_BYTES),
        )
    return bad_request


def _cut(text: str, max_bytes: int) -> str:
    written = text.encode()
    if len(written) <= max_bytes:
        return text
    return written[: max_bytes - len("…".encode())].decode(errors="ignore") + "…"
