"""The real programs of a run: ours, verl's and vLLM's."""

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from assayoffice.rl.sampling import engine
from assayoffice.rl.training import trainers
from assayoffice.rl.training.config import Config
from assayoffice.rl.training.errors import MissingExtraError
from assayoffice.rl.training.trainers import Job, Rewards

_OURS = (sys.executable, "-P", "-m")
_PACKAGES = ("pyarrow", "torch", "verl", "vllm")


class VerlPrograms:
    """As ``pipeline.Programs``."""

    def model(self, folder: Path, seed: int) -> Sequence[str]:
        """As Programs."""
        return (*_OURS, "assayoffice.rl.training.building", "model", str(folder), str(seed))

    def data(self, folder: Path, seed: int, sizes: Mapping[str, int]) -> Sequence[str]:
        """As Programs."""
        written = (str(folder), str(seed), json.dumps(dict(sizes)))
        return (*_OURS, "assayoffice.rl.training.building", "data", *written)

    def sample(self, job: Path) -> Sequence[str]:
        """As Programs."""
        return engine.command(job)

    def sft(self, config: Config, job: Job) -> Sequence[str]:
        """As Programs."""
        return trainers.sft(config, job)

    def grpo(self, config: Config, job: Job, rewards: Rewards) -> Sequence[str]:
        """As Programs."""
        return trainers.grpo(config, job, rewards)


def require_extra() -> None:
    """Raise MissingExtraError, with what to install, unless everything that trains is installed."""
    missing = [each for each in _PACKAGES if importlib.util.find_spec(each) is None]
    if missing:
        raise MissingExtraError(
            f"{', '.join(missing)}: not installed. Training needs one of two extras, in an "
            "environment of its own:\n"
            "  pip install 'assayoffice[train-cpu]'   for a machine without an accelerator\n"
            "  pip install 'assayoffice[train-gpu]'   for NVIDIA GPUs"
        )
