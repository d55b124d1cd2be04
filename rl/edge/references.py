"""References for problems without one: the plurality of a stronger model's answers.

The way of Phi-4-reasoning (arXiv:2504.21318, 2), which calls it a proxy for ground truth. A proxy
is wrong now and then, so rows say where their reference is from.
"""

from dataclasses import dataclass

from assayoffice.rl.edge.figures import consensus_of
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.sampling.models import Model
from assayoffice.rl.sampling.request import SamplingRequest


@dataclass(frozen=True, slots=True)
class Stronger:
    """A model that gives references, as it is asked.

    ``min_plurality`` is the share of its samples that have to agree. Half is where no other answer
    can be as frequent, ties aside, which are no plurality.
    """

    model: Model
    request: SamplingRequest
    min_plurality: float = 0.5


@dataclass(frozen=True, slots=True)
class Reference:
    """An answer to judge by; ``agreeing`` of ``samples`` gave it."""

    answer: str
    agreeing: int
    samples: int


@dataclass(frozen=True, slots=True)
class NoPlurality:
    """Why there is no reference."""

    detail: str


def reference_of(answered: JudgedProblem, min_plurality: float) -> Reference | NoPlurality:
    """The plurality of a stronger model's samples. Silent ones count as samples that disagree."""
    found = consensus_of(answered.classes)
    if found.plurality is None:
        return NoPlurality("the stronger model gives no answer")
    agreeing = sum(each == found.plurality for each in answered.classes)
    said = f"{agreeing} of {found.samples} samples of the stronger model agree"
    if found.agreement < min_plurality:
        return NoPlurality(f"no more than {said}, less than {min_plurality:g}")
    if found.tied:
        return NoPlurality(f"{said}, and as many on another answer")
    return Reference(answered.answers[found.plurality], agreeing, found.samples)
