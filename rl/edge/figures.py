"""What the samples of one problem say about it, in numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.results import Outcome
from assayoffice.rl.statistics.intervals import Estimate, wilson


@dataclass(frozen=True, slots=True)
class Consensus:
    """How far samples agree, whether or not they are right.

    ``agreement`` is the share of all samples that give the ``plurality``, the most frequent answer,
    or the one that came first of several; None where no sample gives an answer. ``tied`` says that
    there are several. ``disagreement`` is in [0, 1], see ``disagreement``. ``answers`` is how many
    different ones there are, ``silent`` how many samples give none.
    """

    samples: int
    agreement: float
    disagreement: float
    answers: int
    silent: int
    plurality: int | None
    tied: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a problem that was sampled and judged.

    ``solve_rate`` is the share of right samples with Wilson's 95 % interval, which is what the
    samples of this one problem allow to say about the model. ``plurality`` is the most frequent
    answer, empty without any.
    """

    samples: int
    correct: int
    solve_rate: Estimate
    consensus: Consensus
    plurality: str
    plurality_is_right: bool
    mean_tokens: float
    cut_off: int


def figures(judged: JudgedProblem) -> Figures:
    """The figures of a problem with a reference.

    Raises ValueError for one without samples, or with a sample that has no verdict.
    """
    if not judged.outcomes or any(each is None for each in judged.outcomes):
        raise ValueError(f"problem {judged.problem}: not every sample has a verdict")
    consensus = consensus_of(judged.classes)
    samples, chosen = len(judged.outcomes), consensus.plurality
    return Figures(
        samples=samples,
        correct=judged.correct,
        solve_rate=wilson(judged.correct, samples),
        consensus=consensus,
        plurality="" if chosen is None else judged.answers[chosen],
        plurality_is_right=chosen is not None
        and judged.outcomes[judged.classes.index(chosen)] is Outcome.CORRECT,
        mean_tokens=fmean(judged.tokens),
        cut_off=sum(judged.cut_off),
    )


def consensus_of(classes: Sequence[int | None]) -> Consensus:
    """The consensus of samples, given the class of each one's answer, None where it gives none.

    Silent samples agree with nobody, not even with each other: that nothing was said twice is no
    consensus. So they count in the shares, and each is a class of its own.
    """
    counts: dict[int, int] = {}
    for each in classes:
        if each is not None:
            counts[each] = counts.get(each, 0) + 1
    silent = len(classes) - sum(counts.values())
    most = max(counts.values(), default=0)
    foremost = [each for each, count in counts.items() if count == most]
    return Consensus(
        samples=len(classes),
        agreement=most / len(classes) if classes else 0.0,
        disagreement=disagreement([*counts.values(), *[1] * silent]),
        answers=len(counts),
        silent=silent,
        plurality=foremost[0] if foremost else None,
        tied=len(foremost) > 1,
    )


def disagreement(counts: Sequence[int]) -> float:
    """The entropy of classes of these sizes, divided by the largest that as many samples can have.

    -sum(p ln p) / ln(n): exactly 0 where all n samples are of one class, exactly 1 where no two
    are. Other than one minus the share of the largest class, it tells two answers that compete
    (4 and 4 of 8: 0.33) from one answer and noise (4, 1, 1, 1, 1: 0.67).
    """
    total = sum(counts)
    if len(counts) <= 1:
        return 0.0
    if len(counts) == total:
        return 1.0
    entropy = -sum(count / total * math.log(count / total) for count in counts)
    return entropy / math.log(total)
