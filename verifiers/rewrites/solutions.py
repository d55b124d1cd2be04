"""Which independent solutions of a problem give the same answer, as the verifier sees it.

Answers are the same when the verifier accepts one as the answer to a task that has the other for
its reference. So 1/2 and 0.5 are one answer, whose votes are not split.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Final

from assayoffice.verifiers.base import (
    Effort,
    NeedsFullEffort,
    Outcome,
    Submission,
    Verdict,
    Verifier,
    VerifierError,
)
from assayoffice.verifiers.extract import Extraction, TooLargeError, extract
from assayoffice.verifiers.rewrites.rewrite import Rewrite

# Comparisons between answers that are not the reference. Beyond so many they are told apart by
# their texts: 256 solutions with 256 answers have no consensus, however they are counted.
_MAX_COMPARISONS: Final = 1000
# The same for those that need work of unknown cost.
_MAX_PENDING_PAIRS: Final = 32


@dataclass(frozen=True, slots=True)
class Group:
    """Solutions that give the same answer.

    ``text`` is the answer as the first of them writes it, ``first`` the index of that solution, and
    ``accepted`` whether the verifier accepts it, None where that takes its full effort to find out.
    """

    text: str
    count: int
    accepted: bool | None
    first: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups, by index, that are one if the verifier accepts ``response`` under ``task``."""

    first: int
    second: int
    response: str
    task: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """Groups of solutions, in the order of their first, and how many solutions give no answer.

    ``by_answer`` says whether groups are answers; otherwise they are texts.
    """

    by_answer: bool
    silent: int
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]


#: There are no solutions.
NOTHING: Final = Comparison(True, 0, (), ())


def unjudged(solutions: tuple[str, ...]) -> Comparison:
    """Solutions of which only a verdict can tell what they are: equal texts are one group."""
    groups = [
        Group(text, count, None, solutions.index(text))
        for text, count in Counter(solutions).items()
    ]
    return Comparison(False, 0, tuple(groups), ())


def compare(rewrite: Rewrite, verifier: Verifier[Any]) -> Comparison:
    """Group the solutions of a rewrite whose task has a ``reference`` and an ``extraction``."""
    answers = _answers(rewrite)
    grouping = _Grouping(rewrite, verifier)
    for text, places in answers.items():
        if text is not None:
            grouping.add(text, places)
    silent = len(answers.get(None, ()))
    return Comparison(True, silent, tuple(grouping.groups), tuple(grouping.pairs))


def _answers(rewrite: Rewrite) -> dict[str | None, list[int]]:
    """Which solutions answer what; None is no answer, or one too long to be read."""
    task = rewrite.task
    answers: dict[str | None, list[int]] = {}
    for place, response in enumerate(rewrite.solutions):
        try:
            found = extract(response, task.extraction, task.reasoning_end)
        except TooLargeError:
            found = None
        answers.setdefault(None if found is None else found.text, []).append(place)
    return answers


class _Grouping:
    def __init__(self, rewrite: Rewrite, verifier: Verifier[Any]) -> None:
        self.groups: list[Group] = []
        self.pairs: list[Pair] = []
        self._rewrite = rewrite
        self._verifier = verifier
        # Of each group, its answer as the verifier writes it; empty where that is not known.
        self._normal: list[str] = []
        self._comparisons = 0

    def add(self, text: str, places: list[int]) -> None:
        """Put what these solutions answer into the group it belongs to, or one of its own."""
        response = self._rewrite.solutions[places[0]]
        verdict = self._verdict(response, self._rewrite.task, self._rewrite.problem)
        accepted = None if verdict is None else verdict.outcome is Outcome.CORRECT
        normal = "" if verdict is None else verdict.normalized_answer
        pairs: list[Pair] = []
        for index, group in enumerate(self.groups):
            if accepted or group.accepted:
                same = accepted is group.accepted
            elif normal and normal == self._normal[index]:
                same = True
            else:
                same = self._same(index, group, text, pairs)
            if same:
                self.groups[index] = replace(group, count=group.count + len(places))
                return
        self.pairs += [replace(pair, second=len(self.groups)) for pair in pairs]
        self.groups.append(Group(text, len(places), accepted, places[0]))
        self._normal.append(normal)

    def _same(self, index: int, group: Group, text: str, pairs: list[Pair]) -> bool:
        """Whether a text answers as a group does; what is not quickly found out joins ``pairs``."""
        self._comparisons += 1
        if self._comparisons > _MAX_COMPARISONS:
            return False
        task = replace(self._rewrite.task, reference=group.text, extraction=Extraction.WHOLE)
        try:
            verdict = self._verdict(text, task, "")
        except VerifierError as error:
            if not error.is_lasting:
                raise
            return False  # what is no reference is an answer like no other
        if verdict is not None:
            return verdict.outcome is Outcome.CORRECT
        if len(self.pairs) + len(pairs) < _MAX_PENDING_PAIRS:
            pairs.append(Pair(index, -1, text, task))
        return False

    def _verdict(self, response: str, task: Any, problem: str) -> Verdict | None:
        """The verdict, or None where it takes the verifier's full effort."""
        try:
            return self._verifier.verify(Submission(response, task, problem), Effort.QUICK)
        except NeedsFullEffort:
            return None
