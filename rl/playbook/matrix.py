"""The regression matrix: every domain at every checkpoint of the run that scales.

Gains of domains are believed to add up when their mixes are trained on together. Here that is
tested: each accuracy is compared, over the same problems, with the base model's and with that of
the runs in which its domain was explored alone.

There is one run that scales, and its luck cannot be seen. Where the domain was explored in several
runs, theirs is taken for it, that of all points together (``lone`` of ``differences.difference``);
without them an interval is over problems only. Intervals are of the gate's confidence, each for
itself.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from assayoffice.rl.playbook.differences import Difference, Shares, difference
from assayoffice.rl.playbook.gate import Reference
from assayoffice.rl.playbook.plan import GateConfig
from assayoffice.rl.playbook.results import Measured
from assayoffice.rl.playbook.sentences import interval
from assayoffice.rl.statistics.intervals import Estimate


class Standing(enum.StrEnum):
    """How a model stands to another on a domain, as far as the interval tells."""

    #: The interval lies above 0.
    BETTER = "better"
    #: It lies above minus the tolerance.
    KEPT = "kept"
    #: It lies below 0, and not above minus the tolerance.
    LOST = "lost"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True)
class Cell:
    """A domain at a checkpoint: accuracy, and the differences to the base model and the best.

    The best are the runs in which the domain was explored; None where it was not. ``accuracy`` is
    None where nothing was judged.
    """

    accuracy: Estimate | None
    to_start: Difference | None
    to_best: Difference | None


@dataclass(frozen=True, slots=True)
class Row:
    """A domain: its cells by checkpoint, "start" first, and how the last one stands.

    ``best`` says what the best is, empty where the domain was not explored.
    """

    domain: str
    best: str
    best_accuracy: float | None
    cells: Mapping[str, Cell]
    against_start: Standing
    against_best: Standing | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """The matrix. ``without_evidence`` are the domains that no gate said to scale."""

    rows: tuple[Row, ...]
    checkpoints: tuple[str, ...]
    tolerance: float
    level: float
    without_evidence: tuple[str, ...]

    @property
    def lost(self) -> tuple[str, ...]:
        """The domains that lost, against the base model or their best."""
        return tuple(
            row.domain
            for row in self.rows
            if Standing.LOST in (row.against_start, row.against_best)
        )


def matrix(
    domains: Sequence[str],
    checkpoints: Mapping[str, Measured],
    start: Mapping[str, Measured],
    best: Mapping[str, Reference],
    gate: GateConfig,
    without_evidence: Sequence[str],
) -> Matrix:
    """Compare the ``checkpoints`` of a run, in their order, with the base model and the best."""
    rows = tuple(_row(each, checkpoints, start[each], best.get(each), gate) for each in domains)
    names = ("start", *checkpoints)
    return Matrix(rows, names, gate.tolerance, gate.confidence, tuple(without_evidence))


def _row(
    domain: str,
    checkpoints: Mapping[str, Measured],
    start: Measured,
    best: Reference | None,
    gate: GateConfig,
) -> Row:
    base = start.shares(domain)
    runs = () if best is None else best.runs
    lone = None if best is None else best.spread
    cells = {"start": Cell(start.accuracy(domain), None, None)}
    for name, found in checkpoints.items():
        shares = [found.shares(domain)]
        cells[name] = Cell(
            found.accuracy(domain),
            difference([base], shares, gate.confidence, lone=lone),
            difference(runs, shares, gate.confidence, lone=lone) if runs else None,
        )
    last = list(cells.values())[-1]
    against_start = _standing(last.to_start, gate)
    against_best = _standing(last.to_best, gate) if runs else None
    return Row(
        domain,
        "" if best is None else best.said,
        _mean(runs),
        cells,
        against_start,
        against_best,
        _sentence(domain, last, best, against_start, against_best),
    )


def _standing(found: Difference | None, gate: GateConfig) -> Standing:
    if found is None or found.problems < gate.minimum_problems:
        return Standing.UNKNOWN
    if found.low > 0:
        return Standing.BETTER
    if found.low > -gate.tolerance:
        return Standing.KEPT
    return Standing.LOST if found.high < 0 else Standing.UNKNOWN


def _sentence(
    domain: str,
    last: Cell,
    best: Reference | None,
    against_start: Standing,
    against_best: Standing | None,
) -> str:
    parts = [f"{_said(last.to_start)} to the base model: {against_start}"]
    if best is not None:
        parts.append(f"{_said(last.to_best)} to {best.said}: {against_best}")
    return f"{domain}: {'; '.join(parts)}."


def _said(found: Difference | None) -> str:
    return "unknown" if found is None else interval(found)


def _mean(runs: Sequence[Shares]) -> float | None:
    problems = sorted(set.intersection(*(set(each) for each in runs))) if runs else []
    return fmean(run[each] for run in runs for each in problems) if problems else None
