"""What a playbook is to do, as ``config.py`` reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.playbook.experiments import Point
from assayoffice.rl.playbook.settings import Values, with_settings
from assayoffice.rl.training.errors import ConfigError

#: The trainers of a run, in their order.
TRAINERS = ("sft", "grpo")
#: Data of a run before they are written.
PLACEHOLDER: Values = {"build": "toy", "sizes": {"demonstrations": 2, "prompts": 2, "held_out": 2}}


@dataclass(frozen=True, slots=True)
class DomainConfig:
    """How a domain is explored. ``beside`` are mixes or combinations that are trained on, too."""

    name: str
    mix: str
    beside: tuple[str, ...]
    held_out: tuple[Path, ...]
    trainers: tuple[str, ...]
    runs: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What must be shown before scaling, see ``gate.py``.

    ``minimum_uplift`` and ``tolerance`` are shares of answers, ``spread`` is the largest standard
    deviation over runs as a multiple of the uplift, ``confidence`` the level of all intervals.
    """

    minimum_uplift: float = 0.0
    tolerance: float = 0.02
    spread: float = 1.0
    minimum_runs: int = 3
    minimum_problems: int = 30
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class ScaleConfig:
    """How mixes are trained on together. ``mixes`` maps frozen mixes to weights."""

    mixes: Mapping[str, float]
    combination: str
    trainers: tuple[str, ...]
    settings: Values


@dataclass(frozen=True, slots=True)
class PlaybookConfig:
    """A playbook. ``train`` are the values of the training configuration that all runs share.

    ``problems`` of the held-out ones of each domain are asked (0: all).
    """

    file: Path
    seed: int
    train: Values
    problems: int
    model: str
    ledger: Path
    domains: Mapping[str, DomainConfig]
    gate: GateConfig
    scale: ScaleConfig | None


def run_values(
    config: PlaybookConfig,
    settings: Values,
    trainers: Sequence[str],
    *,
    seed: int,
    data: Values,
    at: Sequence[str],
) -> Values:
    """The values of the configuration of one run of ``assay train``.

    ``settings`` differ from what all runs share, ``data`` is its table of that name. Raises
    ConfigError for settings that it has no place for.
    """
    ours: dict[str, object] = {f"{each}.enabled": each in trainers for each in TRAINERS}
    ours |= {"evaluation.at": list(at), "evaluation.problems": 0}
    try:
        shared = with_settings(config.train, {**settings, **ours})
    except ValueError as error:
        raise ConfigError(f"{config.file}: {error}") from None
    # In the order of a file that is written by hand.
    return {"seed": seed, "model": {"path": config.model}, "data": data, **shared}
