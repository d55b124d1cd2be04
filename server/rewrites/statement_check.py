"""What proofs say about a Lean statement: whether it can be read, proved, and not too easily."""

from collections.abc import Sequence

from assayoffice.server.rewrites import concluding
from assayoffice.server.rewrites.tried import Concluded, Tried

_NAME = "statement"
_CONTRADICTION = "contradiction"


def statement(verifier: str, tried: Sequence[Tried], has_proof: bool) -> Concluded:
    """Whether the statement is a theorem, not a trivial one, and the reference proof proves it."""
    if verifier != "lean":
        return concluding.not_applicable(_NAME)
    proofs = [each for each in tried if each.part == "SOLUTION"]
    canaries = [each for each in tried if each.part == "CANARY"]
    negations = [each for each in tried if each.part == "NEGATION"]
    # All of these are of the statement as it is, so that what keeps one from being judged is in it.
    of_itself = [*proofs, *canaries]
    unread = next((each for each in of_itself if each.outcome == "ERROR"), None)
    if unread is not None or not of_itself:
        why = unread.explanation if unread is not None else "nothing of it could be tried"
        return _failed("NOT_ELABORATED", f"No theorem can be made of the task: {_ended(why)}", [])
    if proved := [each for each in negations if each.accepted]:
        if all(each.label.startswith(_CONTRADICTION) for each in proved):
            what = "The hypotheses contradict each other, so that the statement is true of nothing."
        else:
            what = "The negation of the statement has a proof, so that itself has none."
        return _failed("FALSE", f"{what} Look for a hypothesis that is missing or wrong.", proved)
    if closed := [each for each in canaries if each.accepted]:
        names = ", ".join(f"`{each.text}`" for each in closed)
        return _failed(
            "TRIVIAL", f"The statement takes no thought to prove: {names} does it.", closed
        )
    if not has_proof:
        return concluding.undecided(
            _NAME,
            "NO_PROOF",
            "The statement is neither trivial nor false as far as was tried. Whether it can be "
            "proved is not known without a proof; give one as reference_solution.",
        )
    if rejected := [each for each in proofs if not each.accepted]:
        why = rejected[0].explanation or rejected[0].reason
        return _failed("PROOF_REJECTED", f"The reference proof is none: {_ended(why)}", rejected)
    return concluding.concluded(
        _NAME,
        concluding.PASSED,
        "PROVED",
        "The reference proof proves the statement, which no trivial proof does; its negation could "
        "not be proved.",
        value=1.0,
        figures={"canaries": len(canaries), "negations": len(negations)},
    )


def _failed(reason: str, explanation: str, against: Sequence[Tried]) -> Concluded:
    return concluding.concluded(
        _NAME,
        concluding.FAILED,
        reason,
        explanation,
        value=0.0,
        evidence=[concluding.shown(each) for each in against],
    )


def _ended(text: str) -> str:
    return text if text.rstrip().endswith((".", "!", "?")) else f"{text.rstrip()}."
