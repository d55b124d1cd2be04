"""Which independent solutions of a rewrite give the same answer, by ``equivalence.py``."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from assayoffice.verifiers import equivalence
from assayoffice.verifiers.base import Outcome, Verifier
from assayoffice.verifiers.equivalence import Pair
from assayoffice.verifiers.rewrites.rewrite import Rewrite


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
    found = equivalence.compare(rewrite.task, rewrite.solutions, rewrite.problem, verifier)
    groups = [
        Group(
            each.text,
            len(each.responses),
            None if each.outcome is None else each.outcome is Outcome.CORRECT,
            each.responses[0],
        )
        for each in found.groups
    ]
    # A solution too long to be read says nothing, as far as one can tell.
    silent = len(found.silent) + len(found.oversize)
    return Comparison(True, silent, tuple(groups), found.pairs)
