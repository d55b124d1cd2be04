"""What a verifier is tried with to find out whether it can tell right from wrong answers."""

import enum
from dataclasses import dataclass
from typing import Any


class Part(enum.Enum):
    """What a trial is part of."""

    #: The reference in one of its usual renderings.
    RENDERING = "RENDERING"
    #: The right answer, written differently.
    EQUIVALENT = "EQUIVALENT"
    #: A wrong answer, made from the right one.
    MUTANT = "MUTANT"
    #: An answer that the row says is wrong.
    WRONG_ANSWER = "WRONG_ANSWER"
    #: The reference solution: a program that passes, a proof.
    SOLUTION = "SOLUTION"
    #: The reference solution of a program, broken.
    MUTATED_SOLUTION = "MUTATED_SOLUTION"
    #: A proof that closes trivial statements.
    CANARY = "CANARY"
    #: The same, for the negation of the statement.
    NEGATION = "NEGATION"


@dataclass(frozen=True, slots=True)
class Trial:
    """A response, and whether the verifier is to accept it.

    ``label`` says how the answer was made, e.g. ``sign``; ``text`` is the answer as people read it.
    ``task`` is another than the row's where that is what is tried.
    """

    part: Part
    label: str
    text: str
    response: str
    accepted: bool
    task: Any = None


class State(enum.Enum):
    """What a check established."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    UNDECIDED = "UNDECIDED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that a check looked at, and whether it is as it should be."""

    label: str
    text: str
    detail: str = ""
    expected: bool = True


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check established, and what that rests on.

    ``reason`` is a stable upper-case code, ``explanation`` a sentence or two for people, with what
    to change where something is to be changed. ``value`` in [0, 1] is the check's factor in the
    score. ``method`` says how it was decided, where there are several ways.
    """

    name: str
    state: State
    reason: str = ""
    explanation: str = ""
    method: str = ""
    evidence: tuple[Evidence, ...] = ()
    figures: tuple[tuple[str, float], ...] = ()
    value: float = 1.0
