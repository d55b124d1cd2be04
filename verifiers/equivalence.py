"""Which responses to a task give the same answer, as its verifier sees it.

Two answers are the same when the verifier accepts each of them as the answer to a task that has the
other for its reference. So 1/2 and 0.5 are one answer, and so are the letter of an option and its
text, but not pi and 3.14, which does not answer the question for pi. Each response is in one group
at most: an answer that is the same as those of several groups, as 50 % may be forgiven to be 50 and
is 0.5, joins the first of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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

#: Stands in for a reference that is missing, so that the verifier says of an answer whether it can
#: be read. Of numbers it is a text that nobody answers, of options the one there always is.
NO_REFERENCE: Final[Mapping[str, str]] = {
    "numeric": r"\text{there is no reference}",
    "choice": "A",
}

# Comparisons between answers that are not the reference. Beyond so many they are told apart by how
# they read: 256 responses with 256 answers have no consensus, however they are counted.
MAX_COMPARISONS: Final = 2000
# The same for those that need work of unknown cost.
MAX_PENDING_PAIRS: Final = 32

_ANSWERED: Final = (Outcome.CORRECT, Outcome.INCORRECT, None)


@dataclass(frozen=True, slots=True)
class Group:
    """Responses that give the same answer.

    ``text`` is the answer as the first of them writes it, ``responses`` their indices, ascending.
    ``outcome`` is the verdict on it, None where that takes the verifier's full effort to find out,
    and for what can be read without a reference. ``normal`` is the answer as the verifier writes
    it, empty where that is not known.
    """

    text: str
    responses: tuple[int, ...]
    outcome: Outcome | None
    normal: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups, by index, that are one if the verifier accepts ``response`` under ``task``."""

    first: int
    second: int
    response: str
    task: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """Groups in the order of their first responses, and the responses that are in none.

    ``silent`` ones give no answer, and ``oversize`` ones are too long to be searched for one.
    """

    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]
    silent: tuple[int, ...]
    oversize: tuple[int, ...]


def compare(
    task: Any, responses: Sequence[str], prompt: str, verifier: Verifier[Any]
) -> Comparison:
    """Group responses to a task of ``numeric`` or ``choice``, whose reference may be empty.

    Raises the VerifierErrors that are about the task, or that say nothing at all.
    """
    grouping = (_ByLetters if verifier.name == "choice" else _ByComparison)(task, prompt, verifier)
    answers = _Answers()
    for place, response in enumerate(responses):
        answers.add(place, response, task)
    if not answers.places:  # nobody would hear what the verifier has to say against the task
        grouping.add_nothing()
    for text, places in answers.places.items():
        grouping.add(text, tuple(places), responses[places[0]])
    return Comparison(
        tuple(grouping.groups),
        tuple(grouping.pairs),
        tuple(answers.silent),
        tuple(answers.oversize),
    )


@dataclass(slots=True)
class _Answers:
    """Which responses answer what, in the order of the first."""

    places: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    silent: list[int] = field(default_factory=list[int])
    oversize: list[int] = field(default_factory=list[int])

    def add(self, place: int, response: str, task: Any) -> None:
        try:
            found = extract(response, task.extraction, task.reasoning_end)
        except TooLargeError:
            self.oversize.append(place)
            return
        if found is None:
            self.silent.append(place)
        else:
            self.places.setdefault(found.text, []).append(place)


class _ByComparison:
    """Has the verifier compare answers with each other."""

    def __init__(self, task: Any, prompt: str, verifier: Verifier[Any]) -> None:
        self.groups: list[Group] = []
        self.pairs: list[Pair] = []
        self._has_reference = bool(task.reference)
        self._task = replace(task, reference=task.reference or NO_REFERENCE[verifier.name])
        self._prompt = prompt
        self._verifier = verifier
        self._comparisons = 0

    def add_nothing(self) -> None:
        """Look at the task alone."""
        self._verdict("", self._task, self._prompt)

    def add(self, text: str, places: tuple[int, ...], response: str) -> None:
        """Put what these responses answer into the group it belongs to, or one of its own."""
        verdict = self._verdict(response, self._task, self._prompt)
        outcome = None if verdict is None else verdict.outcome
        if not self._has_reference and outcome in _ANSWERED:
            outcome = None
        made = Group(text, places, outcome, "" if verdict is None else self._normal(verdict, text))
        pairs: list[Pair] = []
        for index, group in enumerate(self.groups):
            if self._are_one(index, group, made, pairs):
                responses = tuple(sorted((*group.responses, *places)))
                self.groups[index] = replace(group, responses=responses)
                return
        self.pairs += [replace(pair, second=len(self.groups)) for pair in pairs]
        self.groups.append(made)

    def _are_one(self, index: int, group: Group, made: Group, pairs: list[Pair]) -> bool:
        if Outcome.CORRECT in (group.outcome, made.outcome):
            return group.outcome is made.outcome
        if group.outcome not in _ANSWERED or made.outcome not in _ANSWERED:
            return False  # what cannot be read, or is beyond the limits, is like nothing else
        if made.normal and made.normal == group.normal:
            return True
        return self._are_same(index, group.text, made.text, pairs)

    def _normal(self, verdict: Verdict, text: str) -> str:
        return verdict.normalized_answer

    def _are_same(self, index: int, first: str, second: str, pairs: list[Pair]) -> bool:
        """Whether two answers are the same; what is not quickly found out joins ``pairs``."""
        pending: Pair | None = None
        for answer, reference in ((second, first), (first, second)):
            self._comparisons += 1
            if self._comparisons > MAX_COMPARISONS:
                return False
            task = replace(self._task, reference=reference, extraction=Extraction.WHOLE)
            try:
                verdict = self._verdict(answer, task, "")
            except VerifierError as error:
                if not error.is_lasting:
                    raise
                return False  # what is no reference is an answer like no other
            if verdict is None:  # symbolically, which does not depend on what answers what
                pending = pending or Pair(index, -1, answer, task)
            elif verdict.outcome is not Outcome.CORRECT:
                return False
        if pending is None:
            return True
        if len(self.pairs) + len(pairs) < MAX_PENDING_PAIRS:
            pairs.append(pending)
        return False

    def _verdict(self, response: str, task: Any, prompt: str) -> Verdict | None:
        """The verdict, or None where it takes the verifier's full effort."""
        try:
            return self._verifier.verify(Submission(response, task, prompt), Effort.QUICK)
        except NeedsFullEffort:
            return None


class _ByLetters(_ByComparison):
    """Tells answers that name options apart by the options they name."""

    def _normal(self, verdict: Verdict, text: str) -> str:
        letters = verdict.normalized_answer
        task = replace(self._task, reference=letters, extraction=Extraction.WHOLE)
        try:
            named = self._verdict(text, task, "")
        except VerifierError:
            named = None  # no such option, or several where one is right
        if named is not None and named.outcome is Outcome.CORRECT:
            return letters
        # "A or B" answers neither, nor both.
        return f"{letters} {verdict.reason if named is None else named.reason}"

    def _are_same(self, index: int, first: str, second: str, pairs: list[Pair]) -> bool:
        return False
