"""From what the engine found out to the result on the wire."""

from google.protobuf.message import DecodeError

from assayoffice.server.admission import Admitted
from assayoffice.server.errors import Reason, StatusError, from_failed, from_worker
from assayoffice.server.jobs import Tag
from assayoffice.server.work import Failed, Finding, Judged, LimitExceeded, Troubled
from assayoffice.v1 import reward_pb2, verdict_pb2

_NO_VERDICT = "no verdict was answered"


def write_finding(
    result: verdict_pb2.VerifyResult, admitted: Admitted, finding: Finding, path: str
) -> None:
    """Fill a result; ``path`` leads to the submission and names it in errors."""
    if not admitted.entry.serving:  # any more, since it was asked
        write_error(result, admitted.entry.out_of_service(path))
        return
    stamp = admitted.entry.stamp
    match finding:
        case Judged(reply=reply, cached=cached):
            if reply[:1] == Tag.ERROR.value:
                _write_status(result, reply[1:], path)
                return
            try:
                # Merged last, the stamp wins over whatever a worker may have said of itself.
                result.verdict.MergeFromString(reply[1:] + stamp)
            except DecodeError:
                result.ClearField("result")
                write_error(result, StatusError(Reason.VERIFIER_DEFECT, _NO_VERDICT))
                return
        case Troubled(status=status):
            _write_status(result, status, path)
            return
        case LimitExceeded(reason=reason, explanation=explanation, cached=cached):
            result.verdict.MergeFromString(stamp)
            result.verdict.outcome = verdict_pb2.OUTCOME_LIMIT_EXCEEDED
            result.verdict.reason = reason
            result.verdict.explanation = explanation
        case Failed():
            write_error(result, from_failed(finding))
            return
    timing = result.verdict.timing
    timing.queue_seconds = finding.queue_seconds
    timing.cpu_seconds = 0.0 if cached else finding.cpu_seconds
    timing.cached = cached


def _write_status(result: verdict_pb2.VerifyResult, status: bytes, path: str) -> None:
    try:
        result.error.CopyFrom(from_worker(status, path))
    except DecodeError:
        write_error(result, StatusError(Reason.VERIFIER_DEFECT, _NO_VERDICT))


def write_error(
    result: verdict_pb2.VerifyResult | reward_pb2.RewardResult, error: StatusError
) -> None:
    """Fill a result with the reason why there is no verdict, and hence no reward."""
    result.error.CopyFrom(error.to_proto())
