"""The check ``round_trip``: the reference can be read and is accepted in its usual renderings."""

from collections.abc import Sequence

from assayoffice.server.rewrites import concluding
from assayoffice.server.rewrites.replies import Fault
from assayoffice.server.rewrites.tried import Concluded, Tried

_NAME = "round_trip"


def round_trip(fault: Fault | None, tried: Sequence[Tried]) -> Concluded:
    """``fault`` is what the verifier has to say against the task as such."""
    if fault is not None:
        unreadable = fault.reason == "UNSCORABLE_REFERENCE"
        what = "The reference cannot be read without loss" if unreadable else "The task is none"
        return concluding.concluded(
            _NAME,
            concluding.FAILED,
            "REFERENCE_UNREADABLE" if unreadable else "TASK_INVALID",
            f"{what}: {fault.message}",
            value=0.0,
        )
    renderings = [each for each in tried if each.part == "RENDERING"]
    if not renderings:
        return concluding.not_applicable(_NAME)
    accepted = sum(each.accepted for each in renderings)
    share = accepted / len(renderings)
    passed = accepted == len(renderings)
    explanation = (
        "The reference is accepted in all its usual renderings."
        if passed
        else f"Of {len(renderings)} usual renderings of the reference {accepted} are accepted. "
        "Write the reference more plainly, or change the options that reject the listed ones."
    )
    return concluding.concluded(
        _NAME,
        concluding.PASSED if passed else concluding.FAILED,
        "RENDERINGS_ACCEPTED" if passed else "RENDERING_REJECTED",
        explanation,
        value=share,
        evidence=concluding.survivors(renderings),
        figures={"renderings": len(renderings), "accepted": accepted},
    )
