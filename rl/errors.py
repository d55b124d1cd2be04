"""What the client raises, and what a failed call said about itself.

An answer that is wrong is a verdict, and one submission's trouble is an ``ItemError`` beside the
verdicts of the others: neither is raised. Raised is what concerns the call as a whole::

    AssayError
    ├── SubmissionError           a submission, rollout or recipe that has no form on the wire
    └── ServiceError              the call failed; ``code``, ``reason`` and ``violations`` say why
        ├── InvalidRequestError   INVALID_ARGUMENT: the envelope is malformed
        ├── HallmarkMismatchError FAILED_PRECONDITION: another verifier is in service than demanded
        ├── AccessError           UNAUTHENTICATED, PERMISSION_DENIED: the token is wrong or missing
        ├── OverloadedError       RESOURCE_EXHAUSTED: shed, and still shed after the retries
        ├── UnavailableError      UNAVAILABLE: nobody answers, and still nobody after the retries
        └── DeadlineError         DEADLINE_EXCEEDED: the ``timeout`` of the call ran out
"""

from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

_DETAILS_KEY = "grpc-status-details-bin"
_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of the request and what is wrong with it."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """The machine-readable part of a google.rpc.Status.

    ``reason`` is the stable code of its ErrorInfo, or the name of the status code without one.
    """

    code: grpc.StatusCode
    reason: str
    message: str
    violations: tuple[FieldViolation, ...] = ()
    retry_after_seconds: float | None = None

    def __str__(self) -> str:
        # What the message says already should not be heard twice.
        more = [
            f"{each.field}: {each.description}"
            for each in self.violations
            if each.description not in self.message
        ]
        return "; ".join([self.message, *more] if self.message else more) or self.reason


class AssayError(Exception):
    """Base of everything the client raises by itself."""


class SubmissionError(AssayError, ValueError):
    """What is asked has no form on the wire; the message names the field and the remedy."""


class ServiceError(AssayError):
    """A call failed as a whole, so none of its submissions has a verdict.

    ``unanswered`` lists, for a stream, the ids that were sent and not answered.
    """

    def __init__(self, details: ErrorDetails, unanswered: tuple[str, ...] = ()) -> None:
        super().__init__(f"{details.code.name} ({details.reason}): {details}")
        self.details = details
        self.unanswered = unanswered

    @property
    def code(self) -> grpc.StatusCode:
        """Status code of the call."""
        return self.details.code

    @property
    def reason(self) -> str:
        """Stable code such as HALLMARK_MISMATCH."""
        return self.details.reason

    @property
    def violations(self) -> tuple[FieldViolation, ...]:
        """Fields of the request the service objected to."""
        return self.details.violations


class InvalidRequestError(ServiceError):
    """The service could not make sense of the envelope; ``violations`` name the fields."""


class HallmarkMismatchError(ServiceError):
    """A demanded hallmark is not the one in service. Judging on would mix two verifiers."""


class AccessError(ServiceError):
    """The service wants a token, or another one."""


class OverloadedError(ServiceError):
    """The service shed the call, also after the retries."""


class UnavailableError(ServiceError):
    """No endpoint answers, also after the retries."""


class DeadlineError(ServiceError):
    """The time given to the call ran out."""


_ERRORS: dict[grpc.StatusCode, type[ServiceError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequestError,
    grpc.StatusCode.FAILED_PRECONDITION: HallmarkMismatchError,
    grpc.StatusCode.UNAUTHENTICATED: AccessError,
    grpc.StatusCode.PERMISSION_DENIED: AccessError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: OverloadedError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
}


def details_from_status(status: status_pb2.Status) -> ErrorDetails:
    """Read ErrorInfo, BadRequest and RetryInfo out of a status; unknown details are skipped."""
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    retry_after_seconds = None
    for detail in status.details:
        try:
            # Unpack leaves the others alone, so the last detail of each kind counts.
            if detail.Unpack(retry):
                retry_after_seconds = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
            elif not detail.Unpack(bad_request):
                detail.Unpack(info)
        except DecodeError:
            continue  # A detail we cannot read must not hide the status that we can.
    return ErrorDetails(
        code=code,
        reason=info.reason or code.name,
        message=status.message,
        violations=tuple(
            FieldViolation(each.field, each.description) for each in bad_request.field_violations
        ),
        retry_after_seconds=retry_after_seconds,
    )


def service_error(details: ErrorDetails, unanswered: tuple[str, ...] = ()) -> ServiceError:
    """The class of the tree above that fits the status code."""
    return _ERRORS.get(details.code, ServiceError)(details, unanswered)


def from_rpc_error(error: grpc.RpcError, unanswered: tuple[str, ...] = ()) -> ServiceError:
    """Translate what grpc or grpc.aio raised for a call."""
    # grpc raises an object that is the call itself; grpc.aio one that merely looks like it.
    assert isinstance(error, (grpc.Call, grpc.aio.AioRpcError))
    status = status_pb2.Status(code=error.code().value[0], message=error.details() or "")
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                rich = status_pb2.Status.FromString(value)
            except DecodeError:
                break  # As above.
            status.details.extend(rich.details)
    return service_error(details_from_status(status), unanswered)
