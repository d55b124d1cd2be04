"""What a playbook has left so far, as its report reads it; None or empty is what is not there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assayoffice.rl.evaluating.evaluation import Evaluation, read_evaluation
from assayoffice.rl.mixes.errors import MixError
from assayoffice.rl.mixes.ledger import Ledger, Mix
from assayoffice.rl.playbook import voting
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.runs import Run, read_run

#: An object of a JSON file that a command of ours wrote.
Written = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Left:
    """What lies in the folder of a playbook.

    ``edge``, ``mixes``, ``experiments`` and ``decisions`` are by domain, in the order of
    ``domains``; ``votes`` are evaluations by their names, see ``voting.py``.
    """

    run: Path
    domains: tuple[str, ...]
    seed: int
    edge: Mapping[str, Written]
    mixes: Mapping[str, Mix]
    experiments: Mapping[str, Written]
    decisions: Mapping[str, Written]
    matrix: Written | None
    scaled: Run | None
    votes: Mapping[str, Evaluation]


def read(run: Path, domains: tuple[str, ...], seed: int) -> Left:
    """Read what is there. Raises ValueError for JSON that is none."""
    folder = PlaybookFolder(run)
    edge = {each: _json(run / "edge" / each / "edge.json") for each in domains}
    experiments = {each: _json(folder.experiments(each)) for each in domains}
    decisions = {each: _json(folder.decision(each)) for each in domains}
    return Left(
        run,
        domains,
        seed,
        {each: found for each, found in edge.items() if found is not None},
        _mixes(Ledger(run / "mixes"), domains),
        {each: found for each, found in experiments.items() if found is not None},
        {each: found for each, found in decisions.items() if found is not None},
        _json(folder.matrix),
        _scaled(folder.scaled),
        {each: read_evaluation(path) for each, path in voting.evaluations(run, domains).items()},
    )


def _json(path: Path) -> Written | None:
    try:
        found: Written = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found


def _mixes(ledger: Ledger, domains: tuple[str, ...]) -> Mapping[str, Mix]:
    found = {}
    for each in domains:
        try:
            found[each] = ledger.mix(each)
        except MixError:  # not there yet
            continue
    return found


def _scaled(folder: RunFolder) -> Run | None:
    return (
        read_run(folder)
        if any(folder.evaluation(each).exists() for each in ("sft", "grpo"))
        else None
    )
