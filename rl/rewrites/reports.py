"""What a rewrite gets: a ``Report``, or an ``ItemError``, which says nothing about the rewrite."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from assayoffice.rl.results import Hallmark, ItemError, broken_contract, status_error
from assayoffice.rl.stamps import Stamp, stamp_from_proto
from assayoffice.v1 import rewrite_pb2


class CheckState(enum.Enum):
    """What a check established."""

    #: What the check asks for holds.
    PASSED = "PASSED"
    #: It does not.
    FAILED = "FAILED"
    #: It could not be established either way.
    UNDECIDED = "UNDECIDED"
    #: The rewrite lacks what the check looks at, or the check is not for its verifier.
    NOT_APPLICABLE = "NOT_APPLICABLE"


_STATES = {rewrite_pb2.CheckState.Value(f"CHECK_STATE_{each.value}"): each for each in CheckState}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that a check looked at, and whether it is as it should be."""

    label: str
    text: str
    detail: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a rewrite; the fields are those of the wire's RewriteCheck."""

    name: str
    state: CheckState
    reason: str = ""
    explanation: str = ""
    method: str = ""
    evidence: tuple[Evidence, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Report:
    """What was found out about a rewrite.

    ``score`` in [0, 1] is its verifiability; docs/rewrites.md defines it. ``applicable`` says how
    many checks it combines. ``stamp`` is for the row if it is admitted.
    """

    id: str
    checks: tuple[Check, ...]
    score: float
    applicable: int
    hallmark: Hallmark
    stamp: Stamp

    def check(self, name: str) -> Check | None:
        """The check of that name, None where the report has none."""
        return next((each for each in self.checks if each.name == name), None)


ReportResult: TypeAlias = Report | ItemError


def result_from_proto(message: rewrite_pb2.RewriteResult) -> ReportResult:
    """Read one result. What breaks the contract becomes an ItemError, never a guess."""
    match message.WhichOneof("result"):
        case "report":
            return _report(message.id, message.report)
        case "error":
            return status_error(message.id, message.error)
    return broken_contract(message.id, "the service answered neither a report nor an error")


def _report(id: str, message: rewrite_pb2.RewriteReport) -> ReportResult:
    checks: list[Check] = []
    for each in message.checks:
        state = _STATES.get(each.state)
        if state is None:
            unknown = f"state {each.state} of check {each.name!r} is unknown; update the client"
            return broken_contract(id, unknown)
        evidence = tuple(
            Evidence(item.label, item.text, item.detail, item.expected) for item in each.evidence
        )
        figures = dict(sorted(each.figures.items()))
        checks.append(
            Check(each.name, state, each.reason, each.explanation, each.method, evidence, figures)
        )
    # Without this, an empty message would be a rewrite that fails nothing.
    if not checks:
        return broken_contract(id, "the report has no checks")
    if len({each.name for each in checks}) < len(checks):
        return broken_contract(id, "two checks of the report have the same name")
    if not 0.0 <= message.score <= 1.0:  # Also refuses NaN.
        return broken_contract(id, f"score {message.score} is not in [0, 1]")
    hallmark = message.hallmark
    return Report(
        id,
        tuple(checks),
        message.score,
        message.applicable,
        Hallmark(hallmark.verifier, hallmark.version, hallmark.digest),
        stamp_from_proto(message.stamp),
    )
