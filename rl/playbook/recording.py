"""What exploring leaves for people, programs and the next phase: experiments and decisions."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.playbook.differences import Difference, Spread
from assayoffice.rl.playbook.experiments import Point
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.gate import Decision, PointFindings, Reference, Verdict
from assayoffice.rl.playbook.mixes import Chosen
from assayoffice.rl.playbook.plan import GateConfig
from assayoffice.rl.playbook.results import Measured, accuracies_as_json, measured
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.folder import RunFolder, write_json
from assayoffice.rl.training.serving import HALLMARK
from assayoffice.rl.training.stages import Facts

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Experiment:
    """A finished experiment: what it was made from, and what it measured by checkpoint."""

    point: Point
    seed: int
    folder: Path
    seconds: float
    facts: Facts
    measured: Mapping[str, Measured]


@dataclass(frozen=True, slots=True)
class Explored:
    """What is known of a domain that was explored: the verdict, and the runs it rests on.

    ``mix`` is the digest of the domain's mix then; ``moment`` is the last checkpoint. ``spread`` is
    that of runs at all points.
    """

    verdict: Verdict
    mix: str
    point: str
    moment: str
    runs: tuple[Path, ...]
    spread: Spread | None


def write_experiments(
    path: Path, mixes: Chosen, start: Measured, experiments: Sequence[Experiment]
) -> None:
    """Write all experiments so far, with accuracies and their 95 % intervals over problems."""
    write_json(
        path,
        {
            "format": _FORMAT,
            "domain": mixes.domains[0],
            "mixes": dict(mixes.digests),
            "start": accuracies_as_json(start, mixes.domains[:1]),
            "experiments": [
                {
                    "point": each.point.name,
                    "settings": dict(each.point.settings),
                    "seed": each.seed,
                    "run": str(each.folder.relative_to(path.parent)),
                    "seconds": each.seconds,
                    "accuracies": {
                        moment: accuracies_as_json(found, mixes.domains)
                        for moment, found in each.measured.items()
                    },
                    "hallmarks": {
                        name.removeprefix(HALLMARK): digest
                        for name, digest in each.facts.items()
                        if name.startswith(HALLMARK)
                    },
                    "configuration": {
                        name: value
                        for name, value in each.facts.items()
                        if not name.startswith(HALLMARK)
                    },
                }
                for each in experiments
            ],
        },
    )


def write_decision(
    path: Path,
    decision: Decision,
    gate: GateConfig,
    mixes: Chosen,
    experiments: Sequence[Experiment],
) -> None:
    """Write what the gate says, with what it was asked and the runs of the chosen point."""
    chosen = [each for each in experiments if each.point.name == decision.chosen.name]
    write_json(
        path,
        {
            "format": _FORMAT,
            **decision_as_json(decision),
            "mixes": dict(mixes.digests),
            "mix": mixes.of_domains[decision.domain],
            "moment": list(chosen[0].measured)[-1],
            "runs": [str(each.folder.relative_to(path.parent)) for each in chosen],
            "spread": None if decision.spread is None else dataclasses.asdict(decision.spread),
            "gate": dataclasses.asdict(gate),
        },
    )


def decision_as_json(decision: Decision) -> dict[str, object]:
    """A decision as an object; differences are in shares."""
    return {
        "domain": decision.domain,
        "verdict": decision.verdict.value,
        "point": decision.chosen.name,
        "level": decision.level,
        "tried": decision.tried,
        "points": [_point_as_json(each) for each in decision.points],
    }


def difference_as_json(found: Difference | None) -> dict[str, object] | None:
    """A difference in shares, with its interval and what it is over."""
    if found is None:
        return None
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "problems": found.problems,
        "by_run": list(found.by_run),
        "deviation": found.deviation,
    }


def read_explored(folder: PlaybookFolder, domain: str) -> Explored | None:
    """What was decided about a domain, None where nothing was.

    Raises TrainingError for a file that was edited.
    """
    path = folder.decision(domain)
    try:
        written = json.loads(path.read_text("utf-8"))
        spread = written["spread"]
        return Explored(
            Verdict(written["verdict"]),
            written["mix"],
            written["point"],
            written["moment"],
            tuple(path.parent / each for each in written["runs"]),
            None if spread is None else Spread(spread["variance"], spread["freedom"]),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{path}: not what `assay explore` wrote ({error}); explore again to have it written"
        ) from None


def explored(folder: PlaybookFolder, domain: str, mix: str) -> Reference | None:
    """The runs that a domain was explored with, None unless that was with the same mix."""
    known = read_explored(folder, domain)
    if known is None or known.mix != mix:
        return None
    runs = tuple(measured(RunFolder(each), known.moment).shares(domain) for each in known.runs)
    counted = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    return Reference(f"its {counted} when it was explored ({known.point})", runs, known.spread)


def _point_as_json(point: PointFindings) -> dict[str, object]:
    return {
        "point": point.name,
        "passes": point.passes,
        "findings": [
            {
                "trigger": each.trigger.value,
                "domain": each.domain,
                "state": each.state.value,
                "sentence": each.sentence,
                "remedy": each.remedy,
                "difference": difference_as_json(each.difference),
            }
            for each in point.findings
        ],
    }
