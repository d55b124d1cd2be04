"""Tries a verifier with right and wrong answers to a rewrite, as far as that is quickly done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assayoffice.verifiers.base import (
    Effort,
    NeedsFullEffort,
    Submission,
    Verdict,
    Verifier,
    VerifierError,
)
from assayoffice.verifiers.rewrites import (
    choice_trials,
    leak,
    numeric_trials,
    program_trials,
    statement_trials,
    wording,
)
from assayoffice.verifiers.rewrites.rewrite import Rewrite
from assayoffice.verifiers.rewrites.solutions import NOTHING, Comparison, compare, unjudged
from assayoffice.verifiers.rewrites.trials import CheckResult, Part, Trial

# Of these a trial costs less to judge than to hand on, and there are dozens. Those of others are
# judged by themselves, under the verifier's own limits.
_TRIALS_HERE: Final[Mapping[str, Callable[[Any, str, tuple[str, ...]], list[Trial]]]] = {
    "numeric": numeric_trials.trials,
    "choice": choice_trials.trials,
}
_TRIALS_ELSEWHERE: Final[Mapping[str, Callable[[Any, str, tuple[str, ...]], list[Trial]]]] = {
    "code": program_trials.trials,
    "lean": statement_trials.trials,
}


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of examining a rewrite.

    ``fault`` is what the verifier raised about the task as such; then there are no trials.
    ``pending`` trials are for somebody else to have judged.
    """

    judged: tuple[tuple[Trial, Verdict], ...]
    pending: tuple[Trial, ...]
    comparison: Comparison
    checks: tuple[CheckResult, ...]
    fault: VerifierError | None = None


def examine(rewrite: Rewrite, verifier: Verifier[Any]) -> Examination:
    """Try the verifier, compare independent solutions, and read the problem.

    Raises the VerifierErrors that say nothing about the rewrite.
    """
    checks = (leak.check(rewrite), wording.check(rewrite))
    try:
        _probe(rewrite, verifier)
    except VerifierError as error:
        if not error.is_lasting:
            raise
        return Examination((), (), NOTHING, checks, error)
    make = _TRIALS_HERE.get(rewrite.verifier)
    if make is None:
        pending = tuple(_elsewhere(rewrite))
        return Examination((), pending, unjudged(rewrite.solutions), checks)
    judged, waiting = [], []
    for trial in make(rewrite.task, rewrite.problem, rewrite.wrong_answers):
        submission = Submission(trial.response, rewrite.task, rewrite.problem)
        try:
            judged.append((trial, verifier.verify(submission, Effort.QUICK)))
        except NeedsFullEffort:
            waiting.append(trial)
    comparison = compare(rewrite, verifier)
    return Examination(tuple(judged), tuple(waiting), comparison, checks)


def _probe(rewrite: Rewrite, verifier: Verifier[Any]) -> None:
    """Raise what the verifier has to say against the task, whatever is submitted."""
    try:
        verifier.verify(Submission("", rewrite.task, rewrite.problem), Effort.QUICK)
    except NeedsFullEffort:
        pass


def _elsewhere(rewrite: Rewrite) -> list[Trial]:
    make = _TRIALS_ELSEWHERE.get(rewrite.verifier)
    if make is not None:
        return make(rewrite.task, rewrite.reference_solution, rewrite.wrong_answers)
    return [
        Trial(Part.WRONG_ANSWER, "known to be wrong", answer, answer, accepted=False)
        for answer in rewrite.wrong_answers
    ]
