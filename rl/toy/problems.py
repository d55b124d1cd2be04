"""What the two toy domains have in common: a problem, and which problems nobody may train on."""

import hashlib
from dataclasses import dataclass

_HELD_OUT_OF_256 = 51  # a fifth


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with what a verifier needs to judge its answers.

    ``content`` says what is asked, however it is written: 0.5 + 3/4 and 3/4 + 1/2 have the same.
    ``ground_truth`` is a reference for "numeric" and the JSON form of a task for "code".
    ``work`` is what a demonstration may write into its think block, and ``answers`` are all ways
    of writing the answer that demonstrations use.
    """

    domain: str
    verifier: str
    content: str
    question: str
    ground_truth: str
    work: str
    answers: tuple[str, ...]


def held_out(problem: Problem) -> bool:
    """Whether a problem is kept for evaluation, in every run and with every seed.

    The content decides, so that no other notation of a held-out problem is trained on.
    """
    digest = hashlib.sha256(f"{problem.domain}: {problem.content}".encode()).digest()
    return digest[0] < _HELD_OUT_OF_256


def demonstration(problem: Problem, answer: str, *, worked: bool) -> str:
    """A right response: worked out in the think block, or with an empty one."""
    return f"<think>{problem.work if worked else ''}</think>{answer}"
