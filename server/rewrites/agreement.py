"""The check ``solutions``: what independent solutions agree on, and whether it is the reference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assayoffice.server.rewrites import concluding
from assayoffice.server.rewrites.texts import quoted
from assayoffice.server.rewrites.tried import Concluded
from assayoffice.v1 import rewrite_pb2

_NAME = "solutions"


@dataclass(frozen=True, slots=True)
class AnswerClass:
    """Solutions that give one answer: ``text``, as one of them writes it."""

    text: str
    count: int
    accepted: bool


def solutions(
    classes: Sequence[AnswerClass], silent: int, *, agreement: float, one_answer: bool
) -> Concluded:
    """``silent`` solutions give no answer. ``agreement`` is the share that must accept.

    At most one class is accepted. ``one_answer`` says whether each other class is an answer, too;
    programs and proofs that fail have nothing in common but that.
    """
    answered = sum(each.count for each in classes)
    total = answered + silent
    if not total:
        return concluding.not_applicable(_NAME)
    agreeing = sum(each.count for each in classes if each.accepted)
    others = [each.count for each in classes if not each.accepted] if one_answer else []
    rival = max(others, default=0)
    share = agreeing / total
    state = concluding.FAILED
    said = f"Of {total} solutions {agreeing} agree on the reference"
    if rival > agreeing:
        reason = "OTHER_CONSENSUS"
        said += (
            f", and {rival} on another answer. Either the reference is wrong or the problem is "
            "understood otherwise than it was meant."
        )
    elif rival == agreeing and rival:
        reason = "NO_MAJORITY"
        said += ", and as many on another answer. See whether the problem has one answer."
    elif share < agreement or not agreeing:
        reason = "TOO_FEW_AGREE"
        said += (
            f", which is less than {agreement:.0%}. The problem is too hard for these models, or "
            "does not say what it means."
        )
    else:
        state, reason = concluding.PASSED, "AGREE"
        said += "."
    ordered = sorted(classes, key=lambda each: -each.count)
    return concluding.concluded(
        _NAME,
        state,
        reason,
        said,
        value=share,
        evidence=[_evidence(each, total) for each in ordered],
        figures={
            "solutions": total,
            "silent": silent,
            "classes": len(classes),
            "agreement": share,
            "majority_share": max((each.count for each in classes), default=0) / total,
            "entropy": _entropy_bits([each.count for each in classes]),
        },
    )


def _evidence(each: AnswerClass, total: int) -> rewrite_pb2.Evidence:
    return rewrite_pb2.Evidence(
        label="class",
        text=quoted(each.text),
        detail=f"{each.count} of {total} solutions",
        expected=each.accepted,
    )


def _entropy_bits(counts: Sequence[int]) -> float:
    """Shannon's entropy, -sum p log2 p, of the shares of those who answer."""
    total = sum(counts)
    shares = [count / total for count in counts]
    return math.fsum(share * math.log2(1 / share) for share in shares)
