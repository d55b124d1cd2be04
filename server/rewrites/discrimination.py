"""The check ``discrimination``: wrong answers are rejected, right ones accepted however written."""

from collections.abc import Sequence

from assayoffice.server.rewrites import concluding
from assayoffice.server.rewrites.replies import Fault
from assayoffice.server.rewrites.tried import Concluded, Tried

_NAME = "discrimination"
# Of these another check looks at what tells right from wrong: tests, statement.
_CHECKED_OTHERWISE = frozenset({"code", "lean"})


def discrimination(
    verifier: str,
    fault: Fault | None,
    tried: Sequence[Tried],
    *,
    kill_rate: float,
    acceptance_rate: float,
) -> Concluded:
    """``fault`` is what the verifier has to say against the task as such.

    ``kill_rate`` and ``acceptance_rate`` are the shares of wrong and right answers asked for.
    """
    mutants = [each for each in tried if each.part == "MUTANT"]
    known = [each for each in tried if each.part == "WRONG_ANSWER"]
    equivalents = [each for each in tried if each.part == "EQUIVALENT"]
    wrong = [*known, *mutants]
    if not wrong and not equivalents:
        if verifier in _CHECKED_OTHERWISE:
            return concluding.not_applicable(_NAME)
        if fault is not None:
            return concluding.undecided(_NAME, "NO_TRIALS", "No answer can be judged by this task.")
        return concluding.undecided(
            _NAME,
            "NO_TRIALS",
            "There is no answer to try the verifier with, so nothing shows that it can tell right "
            "from wrong ones; give some as wrong_answers.",
        )
    killed = sum(not each.accepted for each in wrong)
    accepted = sum(each.accepted for each in equivalents)
    kill_share, acceptance_share = _share(killed, wrong), _share(accepted, equivalents)
    said = (
        f"Of {len(wrong)} wrong answers {killed} are rejected, "
        f"of {len(equivalents)} right ones, written differently, {accepted} are accepted."
    )
    state, reason = concluding.FAILED, ""
    if kill_share < kill_rate:
        by_row = any(each.accepted for each in known)
        reason = "WRONG_ANSWER_ACCEPTED" if by_row else "MUTANT_ACCEPTED"
        said += " Training would reward the listed ones: narrow the reference or the options."
    elif acceptance_share < acceptance_rate:
        reason = "EQUIVALENT_REJECTED"
        said += (
            " Training would punish right answers: write the reference more plainly, or change the "
            "options that reject the listed ones."
        )
    else:
        state, reason = concluding.PASSED, "TOLD_APART"
    return concluding.concluded(
        _NAME,
        state,
        reason,
        said,
        value=kill_share * acceptance_share,
        evidence=concluding.survivors([*wrong, *equivalents]),
        figures={
            "mutants": len(mutants),
            "wrong_answers": len(known),
            "equivalents": len(equivalents),
            "kill_rate": kill_share,
            "acceptance_rate": acceptance_share,
        },
    )


def _share(count: int, of: Sequence[Tried]) -> float:
    return count / len(of) if of else 1.0
