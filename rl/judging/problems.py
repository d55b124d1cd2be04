"""What a model made of one problem, sample by sample."""

from dataclasses import dataclass

from assayoffice.rl.results import Outcome


@dataclass(frozen=True, slots=True)
class JudgedProblem:
    """The samples of one problem, judged and grouped.

    ``problem`` is its id. ``outcomes`` and ``classes`` have an entry per sample, in the order they
    were sampled: the outcome, None where the task has no reference, and the index of its answer in
    ``answers``, None where it gives no answer. Samples of one class give the same answer by the
    equivalence of the verifier. ``tokens`` are the lengths of the samples (0 where nobody counted)
    and ``cut_off`` says which ended at the limit. ``greedy`` is the outcome of the answer at
    temperature 0, where there is one. ``hallmark`` is the digest of what judged, ``content`` that
    of the task (see ``rl/stamps.py``).
    """

    problem: str
    domain: str
    outcomes: tuple[Outcome | None, ...]
    classes: tuple[int | None, ...]
    answers: tuple[str, ...]
    tokens: tuple[int, ...]
    cut_off: tuple[bool, ...]
    greedy: Outcome | None
    hallmark: str
    content: str

    @property
    def correct(self) -> int:
        """How many samples are right."""
        return sum(each is Outcome.CORRECT for each in self.outcomes)
