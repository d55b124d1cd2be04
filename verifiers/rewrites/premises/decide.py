"""Whether premises can all hold, and whether what is asked then has exactly one value."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from assayoffice.verifiers.rewrites.premises import conflicts, solving
from assayoffice.verifiers.rewrites.premises.expression import Formula
from assayoffice.verifiers.rewrites.premises.outcomes import Method, Outcome
from assayoffice.verifiers.rewrites.premises.reading import (
    Reading,
    UnreadablePremisesError,
    read,
)
from assayoffice.verifiers.rewrites.premises.systems import Condition, System
from assayoffice.verifiers.rewrites.rewrite import Premises
from assayoffice.verifiers.rewrites.trials import CheckResult, Evidence, State

_NAME: Final = "premises"
_MAX_SHOWN: Final = 24
_MAX_DEGENERATE: Final = 8
_MAX_CHARACTERS: Final = 400


@dataclass(frozen=True, slots=True)
class Decision:
    """The check, and the one value of what is asked; empty where there is no such value.

    ``answer`` is exact where it is rational or made of few roots, else it has 25 digits.
    """

    check: CheckResult
    answer: str = ""


def decide(premises: Premises) -> Decision:
    """Decides about ``premises``. Bad texts are a finding too. May take long."""
    try:
        reading = read(premises)
    except UnreadablePremisesError as error:
        return _unreadable(error)
    outcome = solving.solved(reading.system(*reading.exclusions))
    if outcome.several:
        return _not_unique(reading, outcome)
    if outcome.complete and len(outcome.found) == 1:
        if (constant := _constant(reading)) is not None:
            return _unreadable(constant)
        return _unique(reading, outcome)
    if outcome.complete and not outcome.found:
        return _impossible(reading, outcome)
    return _undecided(reading, outcome)


def _unreadable(error: UnreadablePremisesError) -> Decision:
    explanation = f"The premises cannot be read. {error.field}: {error.reason}."
    evidence = Evidence(error.field, _short(error.text), error.reason, expected=False)
    return _failed("UNREADABLE", explanation, "", (evidence,))


def _constant(reading: Reading) -> UnreadablePremisesError | None:
    """What is wrong where what is asked has its value whatever the constraints are."""
    domains = tuple(each.formula for each in reading.domains)
    outcome = solving.solved(System(reading.unknowns, domains, reading.asked))
    if not outcome.complete or len(outcome.found) != 1:
        return None
    reason = "has the same value whatever the constraints say; ask for what they decide"
    return UnreadablePremisesError("asked", reading.asked_text, reason)


def _unique(reading: Reading, outcome: Outcome) -> Decision:
    (found,) = outcome.found.values()
    answer = found.asked.text
    method = Method.NUMERICAL if outcome.blurred else outcome.method
    explanation = f"The premises can all hold, and {reading.asked_text} is then {answer}."
    if method is Method.NUMERICAL:
        explanation = (
            f"A numerical search found no solution with another value of {reading.asked_text} than "
            f"{answer}. That is no proof."
        )
    evidence = [
        Evidence("solution", _short(found.text), f"{_short(reading.asked_text)} = {answer}")
    ]
    if method is not Method.NUMERICAL:
        for each in conflicts.redundant(reading):
            evidence.append(Evidence("redundant", _short(each.text), "follows from the others"))
    evidence.extend(_degenerate(reading))
    check = CheckResult(
        name=_NAME,
        state=State.PASSED,
        reason="UNIQUE",
        explanation=explanation,
        method=method.value,
        evidence=tuple(evidence),
        figures=(("answers", 1.0),),
        value=0.9 if method is Method.NUMERICAL else 1.0,
    )
    return Decision(check, answer)


def _degenerate(reading: Reading) -> list[Evidence]:
    """A degenerate solution for each condition that makes one."""
    evidence = []
    for each in reading.degenerate[:_MAX_DEGENERATE]:
        outcome = solving.solved(reading.bare(_formulas((*reading.conditions, each))))
        for found in list(outcome.found.values())[:1]:
            detail = f"degenerate, since {_short(each.text)}; does not count"
            evidence.append(Evidence("degenerate", _short(found.text), detail))
    return evidence


def _not_unique(reading: Reading, outcome: Outcome) -> Decision:
    asked = _short(reading.asked_text)
    values = [found.asked.text for found in outcome.found.values()]
    if outcome.complete:
        reason = "SEVERAL_ANSWERS"
        explanation = (
            f"{asked} has {len(values)} values under the premises: {_listed(values)}. Add what "
            "rules the others out, or ask for something that is the same in all solutions."
        )
    else:
        reason = "UNDER_DETERMINED"
        explanation = (
            f"The premises leave {asked} open: it can be {values[0]} as well as {values[1]}, and "
            "this list need not be complete. Add what is missing."
        )
    shown = list(outcome.found.values())[: _MAX_SHOWN if outcome.complete else 2]
    evidence = [
        Evidence("solution", _short(each.text), f"{asked} = {each.asked.text}", expected=False)
        for each in shown
    ]
    if outcome.complete and len(values) > _MAX_SHOWN:
        evidence.append(Evidence("solution", f"{len(values) - _MAX_SHOWN} more", expected=False))
    figures = (("answers", float(len(values))),) if outcome.complete else ()
    return _failed(reason, explanation, outcome.method.value, tuple(evidence), figures)


def _impossible(reading: Reading, outcome: Outcome) -> Decision:
    conditions = reading.conditions
    without_question = solving.solved(reading.bare(_formulas(conditions)))
    if not without_question.found:
        return _contradictory(reading, conditions, outcome)
    (found, *_) = without_question.found.values()
    shown = Evidence("degenerate", _short(found.text), "does not count", expected=False)
    excluded = (*conditions, *reading.exclusions)
    if solving.possible(reading.bare(_formulas(excluded))) is not False:
        explanation = (
            f"Where the premises hold, {_short(reading.asked_text)} has no value. Ask for "
            "something that is defined there."
        )
        return _failed("ONLY_DEGENERATE", explanation, outcome.method.value, (shown,))
    conflict = conflicts.conflict(
        reading, (*reading.domains, *reading.constraints, *reading.exclusions)
    )
    explanation = (
        "The premises hold only in degenerate solutions, so nothing is left to ask for. "
        + _names_conflict(conflict)
    )
    rows = (shown, *_conflict_rows(conflict))
    return _failed("ONLY_DEGENERATE", explanation, outcome.method.value, rows)


def _contradictory(
    reading: Reading, conditions: tuple[Condition, ...], outcome: Outcome
) -> Decision:
    if solving.possible(reading.bare(_formulas(conditions))) is not False:
        conditions = (*conditions, *reading.exclusions)
    conflict = conflicts.conflict(reading, conditions)
    explanation = "The premises contradict each other. " + _names_conflict(conflict)
    rows = _conflict_rows(conflict)
    return _failed("CONTRADICTORY", explanation, outcome.method.value, rows)


def _names_conflict(conflict: conflicts.Conflict) -> str:
    texts = [_short(each.text) for each in conflict.conditions]
    if len(texts) == 1:
        return f"Nothing makes this hold: {texts[0]}. Change it."
    fewer = "and any fewer of them can" if conflict.minimal else "whether fewer can is open"
    return f"These cannot all hold, {fewer}: {_listed(texts)}. Change or drop one of them."


def _conflict_rows(conflict: conflicts.Conflict) -> tuple[Evidence, ...]:
    detail = "without it the others can hold" if conflict.minimal else ""
    return tuple(
        Evidence("conflict", _short(each.text), detail, expected=False)
        for each in conflict.conditions
    )


def _undecided(reading: Reading, outcome: Outcome) -> Decision:
    asked = _short(reading.asked_text)
    if outcome.found:
        known = "one solution was found, but not whether there are others"
    else:
        known = "neither a solution was found nor a proof that there is none"
    explanation = (
        f"Whether {asked} has exactly one value could not be decided: {known}. State the premises "
        "with fewer unknowns, as equations of low degree, or give the unknowns bounds."
    )
    evidence = tuple(
        Evidence("solution", _short(each.text), f"{asked} = {each.asked.text}")
        for each in outcome.found.values()
    )
    check = CheckResult(
        name=_NAME,
        state=State.UNDECIDED,
        reason="UNDECIDED",
        explanation=explanation,
        evidence=evidence,
        value=0.5,
    )
    return Decision(check)


def _failed(
    reason: str,
    explanation: str,
    method: str,
    evidence: tuple[Evidence, ...],
    figures: tuple[tuple[str, float], ...] = (),
) -> Decision:
    return Decision(
        CheckResult(
            name=_NAME,
            state=State.FAILED,
            reason=reason,
            explanation=explanation,
            method=method,
            evidence=evidence,
            figures=figures,
            value=0.0,
        )
    )


def _formulas(conditions: Iterable[Condition]) -> tuple[Formula, ...]:
    return tuple(each.formula for each in conditions)


def _listed(texts: list[str]) -> str:
    shown = texts[:12]
    more = f" and {len(texts) - 12} more" if len(texts) > 12 else ""
    return "; ".join(shown) + more


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else text[: _MAX_CHARACTERS - 3] + "..."
