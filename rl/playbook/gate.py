"""Scale or refine: what experiments on a domain must have shown, judged by numbers alone.

Three triggers, all of which must be met; one that cannot be told counts as not met.

*uplift*: the mean difference to the base model on the domain's held-out problems lies above
``minimum_uplift`` with its whole interval, over problems and runs (``differences.py``).

*trend*: there are ``minimum_runs`` runs, every one improves, their standard deviation is at most
``spread`` uplifts, and no later checkpoint is worse than the one before it beyond ``tolerance``.

*regression*: no frozen domain is worse than when it was frozen (or than the base model, where that
is not known) beyond ``tolerance``. That is shown where the interval ends above ``-tolerance``
(non-inferiority: G. Piaggio et al., JAMA 308, 2012); "no significant difference" would be easiest
to show with the fewest problems.

The best point of a grid is partly the luckiest. So intervals are of level 1 - (1 - confidence) / m
where m points were tried (Bonferroni): then with the given confidence all of them hold at once, and
hold for whichever point is chosen, for whatever reason. Choosing on one half of the problems and
measuring on the other makes intervals wider by sqrt(2), which is more than this does for up to 8
points, and grids of short experiments are small. The value of the chosen point is still flattered
by the choice; its lower end is what can be relied on. Over triggers and frozen domains nothing is
corrected, since all of them must be met (R. L. Berger, Technometrics 24, 1982).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assayoffice.rl.playbook import sentences
from assayoffice.rl.playbook.differences import (
    Difference,
    Shares,
    Spread,
    difference,
    pooled,
)
from assayoffice.rl.playbook.plan import GateConfig


class State(enum.StrEnum):
    """What is known about a trigger."""

    MET = "met"
    NOT_MET = "not met"
    UNDECIDED = "undecided"


class Verdict(enum.StrEnum):
    """What to do next with a domain."""

    SCALE = "scale"
    REFINE = "refine"


class Trigger(enum.StrEnum):
    """What is asked of experiments, see the module's docstring."""

    UPLIFT = "uplift"
    TREND = "trend"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True)
class Run:
    """An experiment: its seed, and its shares by checkpoint and domain.

    Checkpoints are in the order they were made in.
    """

    seed: int
    checkpoints: Mapping[str, Mapping[str, Shares]]


@dataclass(frozen=True, slots=True)
class PointRuns:
    """The runs of one point."""

    name: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a domain is held to: the runs it was explored with, or the base model.

    ``spread`` is that of runs when it was explored, None where that is not known.
    """

    said: str
    runs: tuple[Shares, ...]
    spread: Spread | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a trigger on one domain.

    ``remedy`` says what to refine, empty where it is met. ``difference`` is None where there is
    nothing to compare.
    """

    trigger: Trigger
    domain: str
    state: State
    sentence: str
    remedy: str
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class PointFindings:
    """What became of the triggers at one point."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        """Whether all are met."""
        return all(each.state is State.MET for each in self.findings)

    @property
    def uplift(self) -> float:
        """The uplift in shares, below all others where there is none."""
        found = next(each for each in self.findings if each.trigger is Trigger.UPLIFT)
        return -2.0 if found.difference is None else found.difference.value


@dataclass(frozen=True, slots=True)
class Decision:
    """Scale or refine a domain: by its ``chosen`` point, out of ``points``.

    ``level`` is that of the intervals, corrected for the points ``tried``.
    """

    domain: str
    verdict: Verdict
    chosen: PointFindings
    points: tuple[PointFindings, ...]
    tried: int
    level: float

    @property
    def spread(self) -> Spread | None:
        """How runs spread, at whatever point; None where no point has two."""
        uplifts = (each.findings[0].difference for each in self.points)
        return pooled(each.runs for each in uplifts if each is not None)


def decide(
    domain: str,
    points: Sequence[PointRuns],
    start: Shares,
    frozen: Mapping[str, Reference],
    gate: GateConfig,
    tried: int = 0,
) -> Decision:
    """Decide about a domain from at least one point.

    ``start`` is the base model on the domain, ``frozen`` what each frozen domain is held to.
    ``tried`` points count for the correction where they are more than those that are shown. The
    chosen point is the best of those that pass, or of all if none does.
    """
    tried = max(tried, len(points))
    level = 1 - (1 - gate.confidence) / tried
    found = tuple(_judged(domain, each, start, frozen, gate, level) for each in points)
    passing = [each for each in found if each.passes]
    chosen = max(passing or found, key=lambda each: each.uplift)
    verdict = Verdict.SCALE if passing else Verdict.REFINE
    return Decision(domain, verdict, chosen, found, tried, level)


def _judged(
    domain: str,
    point: PointRuns,
    start: Shares,
    frozen: Mapping[str, Reference],
    gate: GateConfig,
    level: float,
) -> PointFindings:
    last = [list(run.checkpoints.values())[-1] for run in point.runs]
    uplift = difference([start], [each.get(domain, {}) for each in last], level)
    findings = [_uplift(domain, uplift, gate, level), _trend(domain, point, uplift, gate, level)]
    for name, reference in frozen.items():
        held = difference(reference.runs, [each.get(name, {}) for each in last], level)
        findings.append(_regression(name, reference, held, gate, level))
    if not frozen:
        said = sentences.NOTHING_FROZEN
        findings.append(Finding(Trigger.REGRESSION, domain, State.MET, said, "", None))
    return PointFindings(point.name, tuple(findings))


def _uplift(domain: str, found: Difference | None, gate: GateConfig, level: float) -> Finding:
    state = _above(found, gate.minimum_uplift, gate)
    said = sentences.uplift(found, gate, level)
    remedy = "" if state is State.MET else sentences.uplift_remedy(found, gate)
    return Finding(Trigger.UPLIFT, domain, state, said, remedy, found)


def _trend(
    domain: str, point: PointRuns, uplift: Difference | None, gate: GateConfig, level: float
) -> Finding:
    falls = _falls(domain, point, level)
    said = sentences.trend(uplift, falls, gate)
    if uplift is None or len(uplift.by_run) < gate.minimum_runs:
        state = State.UNDECIDED
    elif min(uplift.by_run) <= 0 or uplift.deviation > gate.spread * uplift.value:
        state = State.NOT_MET
    else:
        states = [_above(each, -gate.tolerance, gate) for each in falls.values()]
        state = next((each for each in states if each is not State.MET), State.MET)
    remedy = "" if state is State.MET else sentences.trend_remedy(uplift, falls, gate)
    return Finding(Trigger.TREND, domain, state, said, remedy, uplift)


def _falls(domain: str, point: PointRuns, level: float) -> Mapping[str, Difference | None]:
    """How each checkpoint differs from the one before it, within runs; by "sft to grpo"."""
    names = list(point.runs[0].checkpoints)
    shares = {name: [run.checkpoints[name].get(domain, {}) for run in point.runs] for name in names}
    return {
        f"{early} to {late}": difference(shares[early], shares[late], level, same_runs=True)
        for early, late in zip(names, names[1:], strict=False)
    }


def _regression(
    domain: str, reference: Reference, found: Difference | None, gate: GateConfig, level: float
) -> Finding:
    state = _above(found, -gate.tolerance, gate)
    said = sentences.regression(domain, reference.said, found, gate, level)
    remedy = "" if state is State.MET else sentences.regression_remedy(domain, found, gate)
    return Finding(Trigger.REGRESSION, domain, state, said, remedy, found)


def _above(found: Difference | None, bound: float, gate: GateConfig) -> State:
    """Whether a difference is above a bound, as far as its interval tells."""
    if found is None or found.problems < gate.minimum_problems:
        return State.UNDECIDED
    if found.low > bound:
        return State.MET
    return State.NOT_MET if found.high <= bound else State.UNDECIDED
