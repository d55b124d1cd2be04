"""What the two toy domains have in common: a problem, and which problems nobody may train on."""

import hashlib
from dataclasses import dataclass

_HELD_OUT_OF_256 = 51  # a fifth


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with what a verifier needs to judge its answers.

    ``ground_truth`` is a reference for "numeric" and the JSON form of a task for "code".
    ``work`` is what a demonstration may write into its think block, and ``answers`` are all ways
    of writing the answer that demonstrations use.
    """

    domain: str
    verifier: str
    question: str
    ground_truth: str
    work: str
    answers: tuple[str, ...]


def held_out(problem: Problem) -> bool:
    """Whether a problem is kept for evaluation, in every run and with every seed.

    The question decides. The same numbers in another order or notation are another question, which
    may be trained on: 3/10 + 0.4 where 0.4 + 3/10 is held out. So what is measured is that the
    model answers questions it has not seen, not that it has found out how to add.
    """
    digest = hashlib.sha256(problem.question.encode()).digest()
    return digest[0] < _HELD_OUT_OF_256


def demonstration(problem: Problem, answer: str, *, worked: bool) -> str:
    """A right response: worked out in the think block, or with an empty one."""
    return f"<think>{problem.work if worked else ''}</think>{answer}"
