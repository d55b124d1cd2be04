"""How what was found out about a rewrite is put into a check of its report."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from assayoffice.server.rewrites.replies import Established
from assayoffice.server.rewrites.texts import MAX_EVIDENCE, listed, quoted, said
from assayoffice.server.rewrites.tried import Concluded, Tried
from assayoffice.v1 import rewrite_pb2

PASSED: Final = rewrite_pb2.CHECK_STATE_PASSED
FAILED: Final = rewrite_pb2.CHECK_STATE_FAILED
UNDECIDED: Final = rewrite_pb2.CHECK_STATE_UNDECIDED
NOT_APPLICABLE: Final = rewrite_pb2.CHECK_STATE_NOT_APPLICABLE

#: What a check that could not be made is worth in the score: neither trust nor proof of a fault.
UNDECIDED_VALUE: Final = 0.5


def concluded(
    name: str,
    state: rewrite_pb2.CheckState.ValueType,
    reason: str,
    explanation: str,
    *,
    value: float,
    evidence: Sequence[rewrite_pb2.Evidence] = (),
    figures: Mapping[str, float] | None = None,
) -> Concluded:
    """A check; of long evidence the first are kept, and the explanation says so."""
    check = rewrite_pb2.RewriteCheck(
        name=name,
        state=state,
        reason=reason,
        explanation=listed(explanation, len(evidence)),
        evidence=evidence[:MAX_EVIDENCE],
        figures=figures,
    )
    return Concluded(check, value)


def not_applicable(name: str) -> Concluded:
    """A check of something that the rewrite lacks."""
    return Concluded(rewrite_pb2.RewriteCheck(name=name, state=NOT_APPLICABLE), 1.0)


def undecided(name: str, reason: str, explanation: str) -> Concluded:
    """A check that could not be made."""
    return concluded(name, UNDECIDED, reason, explanation, value=UNDECIDED_VALUE)


def established(check: Established) -> Concluded:
    """A check that a worker has made. Raises ValueError for a state that is none."""
    return Concluded(
        rewrite_pb2.RewriteCheck(
            name=check.name,
            state=rewrite_pb2.CheckState.Value(f"CHECK_STATE_{check.state}"),
            reason=check.reason,
            explanation=check.explanation,
            method=check.method,
            evidence=[
                rewrite_pb2.Evidence(
                    label=each.label, text=each.text, detail=each.detail, expected=each.expected
                )
                for each in check.evidence
            ],
            figures=check.figures,
        ),
        check.value,
    )


def survivors(tried: Iterable[Tried]) -> list[rewrite_pb2.Evidence]:
    """Evidence of the trials that went otherwise than they should."""
    return [shown(each) for each in tried if not each.as_expected]


def shown(tried: Tried) -> rewrite_pb2.Evidence:
    """A trial as evidence."""
    return rewrite_pb2.Evidence(
        label=tried.label,
        text=quoted(tried.text),
        detail=said(tried.explanation or tried.reason),
        expected=tried.as_expected,
    )
