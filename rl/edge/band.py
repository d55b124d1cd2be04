"""Which problems are kept: a rule about what was observed, and nothing else."""

import enum
from dataclasses import dataclass

from assayoffice.rl.edge.figures import Figures, figures
from assayoffice.rl.judging.problems import JudgedProblem


class Reason(enum.StrEnum):
    """Why a row is not kept. An infrastructure failure is none of these."""

    #: The model knows it: its solve rate is above the band, or it agrees on the right answer.
    SOLVED = "solved"
    #: It has nothing to learn from: its solve rate is below, or it agrees on a wrong answer.
    HOPELESS = "hopeless"
    #: No two answers agree, or fewer than the band wants; or a stronger model has no plurality.
    INCONSISTENT = "inconsistent"
    #: There is nothing to judge answers by, or no problem to be answered.
    UNSCORABLE = "unscorable"


@dataclass(frozen=True, slots=True)
class Band:
    """What is kept: a solve rate within its bounds, and a disagreement strictly between its own.

    The defaults are what was published of Phi-4 (arXiv:2412.08905): 0.2 <= p <= 0.8 is where its
    pivotal tokens were looked for, and questions were discarded "where all answers agreed" or
    "were entirely inconsistent", which are the disagreements 0 and 1.
    """

    min_solve_rate: float = 0.2
    max_solve_rate: float = 0.8
    min_disagreement: float = 0.0
    max_disagreement: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError, which names the bounds, for a band that nothing can lie in."""
        if not 0 <= self.min_solve_rate <= self.max_solve_rate <= 1:
            raise ValueError(
                f"solve rates from {self.min_solve_rate:g} to {self.max_solve_rate:g}: "
                "must be in [0, 1], the lower bound first"
            )
        if not 0 <= self.min_disagreement < self.max_disagreement <= 1:
            raise ValueError(
                f"disagreement between {self.min_disagreement:g} and {self.max_disagreement:g}: "
                "must be in [0, 1], the lower bound first and below the upper"
            )

    def reachable(self, samples: int) -> bool:
        """Whether any number of right answers among so many samples lies in the band."""
        return any(
            self.min_solve_rate <= right / samples <= self.max_solve_rate
            for right in range(samples + 1)
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A problem in the band."""

    figures: Figures


@dataclass(frozen=True, slots=True)
class Dropped:
    """A problem outside; ``figures`` are None where nothing was sampled, or nothing judged."""

    reason: Reason
    detail: str
    figures: Figures | None


Decision = Kept | Dropped


def decide(judged: JudgedProblem, band: Band) -> Decision:
    """Where a problem lies. The rule is on the observed rate, not on its interval.

    What applies first is the reason: solved, inconsistent, hopeless. Inconsistent goes before
    hopeless because a problem that each sample answers differently may be to blame itself, where
    one that is answered wrong alike is beyond the model, or has a wrong reference. Where no two
    samples answer at all, there is nothing to be inconsistent. Raises as ``figures``.
    """
    found = figures(judged)
    rate, consensus = found.solve_rate.value, found.consensus
    apart, answering = consensus.disagreement, consensus.samples - consensus.silent
    said = f"{found.correct} of {found.samples} are right"
    if rate > band.max_solve_rate:
        return Dropped(Reason.SOLVED, f"{said}, more than {band.max_solve_rate:g}", found)
    if apart >= band.max_disagreement and answering > 1:
        detail = f"disagreement {apart:.2f} is not below {band.max_disagreement:g}"
        return Dropped(Reason.INCONSISTENT, detail, found)
    if rate < band.min_solve_rate:
        return Dropped(Reason.HOPELESS, f"{said}, less than {band.min_solve_rate:g}", found)
    if apart <= band.min_disagreement:
        reason = Reason.SOLVED if found.plurality_is_right else Reason.HOPELESS
        detail = f"disagreement {apart:.2f} is not above {band.min_disagreement:g}"
        return Dropped(reason, detail, found)
    return Kept(found)
