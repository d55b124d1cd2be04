"""Has a verifier judge its own shipped cases, the way a client's submissions are judged.

A verifier that gets one wrong does not serve: no reward is better than a wrong one.
"""

import asyncio
import base64
import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from assayoffice.server.engine import (
    Engine,
    EngineError,
    Failed,
    Finding,
    Judged,
    LimitExceeded,
    Troubled,
    Work,
    WorkLimits,
)
from assayoffice.server.errors import Reason
from assayoffice.server.jobs import Operation, Subject, Tag
from assayoffice.v1 import verdict_pb2, verifier_pb2

_UNAVAILABLE = f"error {Reason.VERIFIER_UNAVAILABLE.name}"


class NoCasesError(Exception):
    """A verifier's own cases cannot be had, so nothing shows that it can tell right from wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """A submission whose outcome is known, ready to be judged.

    ``wanted`` is written as what is found is: "CORRECT", "INCORRECT REASON", "error REASON".
    """

    id: str
    wanted: str
    with_reason: bool
    work: Work


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What a verifier made of its own cases; it may serve when there are no failures."""

    passed: int
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """What came of judging a case once more; ``difference`` is empty where it was as wanted.

    That there was no verdict (``is_trouble``) says nothing about the verifier, unless it keeps
    saying that this host lacks what it needs (``is_unavailable``).
    """

    difference: str
    is_trouble: bool
    is_unavailable: bool


def limits_of(info: verifier_pb2.VerifierInfo) -> WorkLimits:
    """What each submission to a verifier may use."""
    limits = info.limits
    return WorkLimits(
        cpu_seconds=limits.cpu_seconds,
        wall_seconds=limits.wall_seconds,
        memory_bytes=limits.memory_bytes,
        quick_cpu_seconds=limits.quick_cpu_seconds,
        sandboxed=limits.sandboxed,
    )


async def cases(engine: Engine, info: verifier_pb2.VerifierInfo) -> tuple[Case, ...]:
    """The cases of a loaded verifier. Raises NoCasesError."""
    try:
        lines = (await engine.ask(Operation.CASES.value + info.name.encode())).splitlines()
    except EngineError as error:
        raise NoCasesError(str(error)) from error
    rows = [json.loads(line) for line in lines]
    if "unavailable" in rows[0]:
        raise NoCasesError(rows[0]["unavailable"])
    return tuple(_case(row, info) for row in rows)


async def check(engine: Engine, cases: Sequence[Case]) -> SelfCheck:
    """Judge all cases of a verifier."""
    findings = await asyncio.gather(*(_judge(engine, case.work) for case in cases))
    differences = [_difference(*each) for each in zip(cases, findings, strict=True)]
    failures = tuple(filter(None, differences))
    return SelfCheck(len(cases) - len(failures), failures)


async def repeat(engine: Engine, case: Case) -> Repetition:
    """Judge a case once more, whatever was found before."""
    work = replace(case.work, key=os.urandom(len(case.work.key)), fresh=True)
    finding = await engine.submit(work)
    return Repetition(
        _difference(case, finding),
        is_trouble=isinstance(finding, Failed | Troubled),
        is_unavailable=isinstance(finding, Troubled) and _error(finding.status) == _UNAVAILABLE,
    )


async def _judge(engine: Engine, work: Work) -> Finding:
    """Judge, however short the queue is: that it is full is no failure of the verifier."""
    while True:
        finding = await engine.submit(work)
        if not (isinstance(finding, Failed) and finding.reason == "OVERLOADED"):
            return finding
        await asyncio.sleep(finding.retry_after_seconds or 0)


def _case(row: Mapping[str, str], info: verifier_pb2.VerifierInfo) -> Case:
    digest = bytes.fromhex(info.hallmark.digest)
    body = Subject.SUBMISSION.value + digest + base64.b64decode(row["submission"])
    work = Work(
        key=hashlib.sha256(b"case" + body).digest(),
        body=body,
        limits=limits_of(info),
        deadline=math.inf,
        flow=info.name,
    )
    return Case(row["id"], _wanted(row), bool(row["reason"]), work)


def _wanted(row: Mapping[str, str]) -> str:
    if row["error"]:
        return f"error {row['error']}"
    return f"{row['outcome']} {row['reason']}".rstrip()


def _difference(case: Case, finding: Finding) -> str:
    found = _found(finding, case.with_reason)
    return "" if found == case.wanted else f"case {case.id}: wanted {case.wanted}, got {found}"


def _found(finding: Finding, with_reason: bool) -> str:
    match finding:
        case Failed(reason=reason, message=message):
            return f"error {reason} ({message})"
        case LimitExceeded(reason=reason):
            return f"LIMIT_EXCEEDED {reason}" if with_reason else "LIMIT_EXCEEDED"
        case Troubled(status=status):
            return _error(status)
        case Judged(reply=reply):
            return _judged(reply, with_reason)


def _judged(reply: bytes, with_reason: bool) -> str:
    if reply[:1] == Tag.ERROR.value:
        return _error(reply[1:])
    try:
        verdict = verdict_pb2.Verdict.FromString(reply[1:])
    except DecodeError:
        return "what is no verdict"
    outcome = verdict_pb2.Outcome.Name(verdict.outcome).removeprefix("OUTCOME_")
    return f"{outcome} {verdict.reason}" if with_reason else outcome


def _error(status: bytes) -> str:
    info = error_details_pb2.ErrorInfo()
    for detail in status_pb2.Status.FromString(status).details:
        detail.Unpack(info)
    return f"error {info.reason}"
