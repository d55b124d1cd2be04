"""Answers on which two evaluations of a run differ, for people to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.training import evaluation, metrics
from assayoffice.rl.training.folder import RunFolder


@dataclass(frozen=True, slots=True)
class Flip:
    """A problem whose greedy answer was wrong ``before`` and right ``after``, or the reverse."""

    domain: str
    prompt: str
    before: str
    after: str
    became_right: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """An evaluation, by its name in the folder of its run."""

    folder: RunFolder
    name: str


def flips(before: Answered, after: Answered) -> list[Flip]:
    """The problems whose greedy answer flipped from one evaluation to another, in their order.

    Those of different runs are of the same problems where they are named alike.
    """
    early, late = (_greedy_verdicts(each) for each in (before, after))
    flipped = {
        problem: verdict
        for problem, verdict in late.items()
        if early.get(problem) is not None and verdict is not None and early[problem] != verdict
    }
    answers = [_greedy_answers(each, flipped) for each in (before, after)]
    return [
        Flip(
            str(rows[0]["data_source"]),
            _prompt(rows[0]["prompt"]),
            str(rows[0]["response"]),
            str(rows[1]["response"]),
            flipped[problem] is True,
        )
        for problem in flipped
        if len(rows := [each[problem] for each in answers if problem in each]) == len(answers)
    ]


def _greedy_verdicts(answered: Answered) -> Mapping[str, bool | None]:
    results = evaluation.read(answered.folder.evaluation(answered.name)).results
    return {each.problem: each.greedy for each in results}


def _greedy_answers(
    answered: Answered, wanted: Mapping[str, object]
) -> Mapping[str, Mapping[str, object]]:
    return {
        problem: row
        for row in metrics.objects(answered.folder.completions(answered.name))
        if row.get("greedy") and (problem := evaluation.problem_of(row)) in wanted
    }


def _prompt(messages: object) -> str:
    """What was said before the answer, with the roles where there is more than the question."""
    if not isinstance(messages, list):
        return str(messages)
    if len(messages) == 1:
        return str(messages[0]["content"])
    return "\n\n".join(f"{each['role']}: {each['content']}" for each in messages)
