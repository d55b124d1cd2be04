"""The check ``premises``: what they say about the asked quantity, beside the reference."""

from assayoffice.server.rewrites import concluding
from assayoffice.server.rewrites.errands import Opinion
from assayoffice.server.rewrites.replies import Decided
from assayoffice.server.rewrites.texts import quoted
from assayoffice.server.rewrites.tried import Concluded
from assayoffice.v1 import rewrite_pb2


def premises(decided: Decided, opinion: Opinion | None) -> Concluded:
    """``opinion`` is what the verifier makes of the answer that the premises give, if it was asked.

    Raises ValueError for an answer of a worker that is none.
    """
    found = concluding.established(decided.check)
    check = found.check
    if opinion is None or check.state != concluding.PASSED or opinion.outcome == "CORRECT":
        return found
    answer = rewrite_pb2.Evidence(
        label="answer",
        text=quoted(decided.answer),
        detail=opinion.explanation or opinion.reason,
        expected=False,
    )
    if opinion.outcome == "INCORRECT":
        check.state, check.reason = concluding.FAILED, "OTHER_ANSWER"
        check.explanation = (
            f"The premises have one answer, {quoted(decided.answer)}, and it is not the reference. "
            "Correct the reference or the premises."
        )
        value = 0.0
    else:
        check.state, check.reason = concluding.UNDECIDED, "UNDECIDED"
        check.explanation = (
            f"The premises have one answer, {quoted(decided.answer)}, which the verifier could not "
            "compare with the reference."
        )
        value = concluding.UNDECIDED_VALUE
    check.evidence.insert(0, answer)
    return Concluded(check, value)
