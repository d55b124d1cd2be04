"""Finished runs, as their report reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assayoffice.rl.training import evaluation, metrics
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.evaluation import Evaluation
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.metrics import Step
from assayoffice.rl.training.pins import Pins, read_pins
from assayoffice.rl.training.summary import TITLES


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left: its evaluations by name, its steps, and what was pinned."""

    folder: RunFolder
    pins: Pins
    evaluations: Mapping[str, Evaluation]
    steps: Sequence[Step]

    @property
    def name(self) -> str:
        """What tells it from others of its configuration."""
        return f"seed {self.pins.seed}"

    def of(self, stage: str) -> list[Step]:
        """The steps of one trainer."""
        return [each for each in self.steps if each.stage == stage]


def read_run(folder: RunFolder) -> Run:
    """Read a run. Raises TrainingError where there is no evaluation yet."""
    evaluations = {
        name: evaluation.read(folder.evaluation(name))
        for name in TITLES
        if folder.evaluation(name).exists()
    }
    if not evaluations:
        raise TrainingError(f"{folder.path}: no evaluation yet; `assay train` makes some")
    return Run(folder, read_pins(folder), evaluations, metrics.read(folder.metrics))


def common_evaluations(runs: Sequence[Run]) -> list[str]:
    """The evaluations that every run has, in the order they are made in."""
    return [each for each in TITLES if all(each in run.evaluations for run in runs)]
