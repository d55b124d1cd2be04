"""The edge of every call: counted, logged in one line, and its exceptions turned into a status.

Never logged are responses, prompts and references: they are other people's texts.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from assayoffice.server.errors import Reason, StatusError, abort
from assayoffice.v1 import reward_pb2, rewrite_pb2, verdict_pb2, verifier_pb2

_log = logging.getLogger(__name__)

# What is kept of the time to the deadline for sending what is finished by then.
_SENDING_SHARE = 0.1
_MAX_SENDING_SECONDS = 0.5

_OUTCOMES = {
    value.number: value.name.removeprefix("OUTCOME_").lower()
    for value in verdict_pb2.Outcome.DESCRIPTOR.values
}


class Call:
    """One call under way: its deadline, and the tally its log line is made of."""

    def __init__(self, remaining_seconds: float | None) -> None:
        #: On the monotonic clock, a little before the caller's, so that what is finished arrives.
        self.deadline = _deadline(remaining_seconds)
        self._verifiers: Counter[str] = Counter()
        self._results: Counter[str] = Counter()
        self._cached = 0
        self._noted: dict[str, object] = {}
        self._stop_reading: Callable[[], object] | None = None

    def note(self, name: str, value: object) -> None:
        """Have the log say this about the call, too."""
        self._noted[name] = value

    def tally(
        self,
        verifier: str | None,
        result: verdict_pb2.VerifyResult
        | reward_pb2.RewardResult
        | rewrite_pb2.RewriteResult
        | verifier_pb2.GroupingResult,
    ) -> None:
        """Count a result; ``verifier`` is None where no installed one was asked."""
        if verifier is not None:
            self._verifiers[verifier] += 1
        if result.HasField("error"):
            self._results[_reason(result.error)] += 1
            return
        if isinstance(result, verifier_pb2.GroupingResult):
            self._results["grouped"] += 1
            return
        if isinstance(result, rewrite_pb2.RewriteResult):
            self._results[_worst(result.report)] += 1
            return
        if isinstance(result, reward_pb2.RewardResult):
            verdict = result.reward.verdict
        else:
            verdict = result.verdict
        self._results[_OUTCOMES[verdict.outcome]] += 1
        self._cached += verdict.timing.cached

    def on_drain(self, stop_reading: Callable[[], object]) -> None:
        """Have ``stop_reading`` called when the server drains while this call is open."""
        self._stop_reading = stop_reading

    def drain(self) -> None:
        """Take in no more, and end when all that came is answered."""
        if self._stop_reading is not None:
            self._stop_reading()

    def facts(self) -> dict[str, object]:
        """What the log says about the call."""
        return {
            **self._noted,
            "items": self._results.total(),
            "cached": self._cached,
            "verifiers": dict(sorted(self._verifiers.items())),
            "results": dict(sorted(self._results.items())),
        }


class Calls:
    """Opens calls, until it is closed for draining."""

    def __init__(self) -> None:
        self._draining = False
        self._open: set[Call] = set()

    def drain(self) -> None:
        """From now on answer new calls with UNAVAILABLE, and let those under way come to an end."""
        self._draining = True
        for call in self._open:
            call.drain()

    @asynccontextmanager
    async def open(
        self, method: str, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[Call]:
        """Run the body as a call of ``method``; a StatusError it raises becomes the call's."""
        started = time.monotonic()
        call = Call(context.time_remaining())
        self._open.add(call)
        status = "OK"
        try:
            if self._draining:
                raise StatusError(Reason.SHUTTING_DOWN, "the server is stopping; ask another")
            yield call
        except StatusError as error:
            status = error.reason.name
            await abort(context, error)
        except asyncio.CancelledError:
            status = "CANCELLED"
            raise
        except Exception:  # noqa: BLE001 - every defect gets its line and its status
            status = Reason.INTERNAL.name
            _log.exception("defect", extra={"facts": {"method": method}})
            await abort(
                context, StatusError(Reason.INTERNAL, "a defect of the service; its log says more")
            )
        finally:
            self._open.discard(call)
            facts = {"method": method, "status": status, **call.facts()}
            facts["milliseconds"] = round((time.monotonic() - started) * 1000, 1)
            _log.info("call", extra={"facts": facts})


def _deadline(remaining_seconds: float | None) -> float:
    if remaining_seconds is None:
        return math.inf
    sending_seconds = min(_SENDING_SHARE * remaining_seconds, _MAX_SENDING_SECONDS)
    return time.monotonic() + remaining_seconds - sending_seconds


def _worst(report: rewrite_pb2.RewriteReport) -> str:
    """What a report comes to, where a single failed check is enough."""
    states = {check.state for check in report.checks}
    if rewrite_pb2.CHECK_STATE_FAILED in states:
        return "failed"
    return "undecided" if rewrite_pb2.CHECK_STATE_UNDECIDED in states else "passed"


def _reason(error: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    for detail in error.details:
        if detail.Unpack(info):
            return info.reason
    return "ERROR"
