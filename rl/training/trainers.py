"""How verl's trainers are called: everything that follows from the run itself.

What follows from the model, the data and the machine is in the configuration, under verl's own
names, and goes before what is said here.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.training.config import Config
from assayoffice.rl.training.overrides import overrides
from assayoffice.rl.verl.settings import FailurePolicy

_SAVED = ("model", "optimizer", "extra", "hf_model")  # hf_model is what evaluations load
_KEPT_CHECKPOINTS = 2  # one whole, while the next is written
# Read by verl/utils/tracking.py.
METRICS_VARIABLE = "VERL_FILE_LOGGER_PATH"

_Keys = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Job:
    """What a trainer works on.

    ``model`` is the folder or name of the model to begin with, ``train`` and ``held_out`` are
    parquet files, ``checkpoints`` and ``scratch`` folders. Names are for verl's own records.
    """

    model: str
    train: Path
    held_out: Path
    checkpoints: Path
    scratch: Path
    name: str


@dataclass(frozen=True, slots=True)
class Rewards:
    """Who rewards: addresses of the service, and the digest of each verifier that it must have.

    The reward manager appends what it measures to ``metrics``.
    """

    endpoints: Sequence[str]
    hallmarks: Mapping[str, str]
    metrics: Path


def sft(config: Config, job: Job) -> Sequence[str]:
    """The command for verl's SFT trainer."""
    processes = _at(config.sft.verl, "trainer", "n_gpus_per_node", default=1)
    keys = {
        "data": {"train_files": str(job.train)},
        "model": {"path": job.model},
        "trainer": {
            **_trainer(job, config.sft.steps, config.sft.save_every),
            "max_ckpt_to_keep": _KEPT_CHECKPOINTS,
        },
        "checkpoint": {"save_contents": _SAVED},
    }
    launcher = ("torch.distributed.run", "--standalone", f"--nproc-per-node={processes}")
    return (
        *(sys.executable, "-m", *launcher, "-m", "verl.trainer.sft_trainer"),
        *overrides(_joined(keys, config.sft.verl)),
        *_hydra(job.scratch),
    )


def grpo(config: Config, job: Job, rewards: Rewards) -> Sequence[str]:
    """The command for verl's GRPO, rewarded by the service."""
    policy = config.reward_settings(rewards.endpoints).failure_policy
    keys = {
        "algorithm": {"adv_estimator": _ESTIMATORS[policy]},
        "data": {
            "train_files": str(job.train),
            "val_files": str(job.held_out),
            "seed": config.seed,
        },
        "actor_rollout_ref": {
            "model": {"path": job.model},
            "actor": {
                "data_loader_seed": config.seed,
                "checkpoint": {"save_contents": _SAVED},
            },
            "rollout": {"name": "vllm", "seed": config.seed},
        },
        "reward": {
            "reward_manager": {"name": "assay"},
            "+reward_kwargs": {
                **config.reward,
                "endpoints": list(rewards.endpoints),
                "required_hallmarks": dict(rewards.hallmarks),
                "metrics_file": str(rewards.metrics),
            },
        },
        "trainer": {
            **_trainer(job, config.grpo.steps, config.grpo.save_every),
            "max_actor_ckpt_to_keep": _KEPT_CHECKPOINTS,
            "val_before_train": False,  # the run evaluates before and after, with intervals
        },
        "ray_kwargs": {"ray_init": {"+include_dashboard": False}},
    }
    return (
        *(sys.executable, "-m", "verl.trainer.main_ppo"),
        *overrides(_joined(keys, config.grpo.verl)),
        *_hydra(job.scratch),
    )


# "assay_grpo" gives a row without a reward no advantage; it is GRPO where all rows have one.
_ESTIMATORS = {FailurePolicy.ABORT: "grpo", FailurePolicy.GROUP_NEUTRAL: "assay_grpo"}


def _trainer(job: Job, steps: int, save_every: int) -> _Keys:
    return {
        "project_name": "assay",
        "experiment_name": job.name,
        "logger": ["console", "file"],
        "default_local_dir": str(job.checkpoints),
        "resume_mode": "auto",
        "total_training_steps": steps,
        # An epoch has a step at least, but for the first after a checkpoint at the end of one.
        "total_epochs": steps + 1,
        "save_freq": save_every,
        "test_freq": -1,
    }


def _hydra(scratch: Path) -> Sequence[str]:
    # Hydra would make a folder named after the time in the working directory.
    return tuple(overrides({"hydra": {"run": {"dir": str(scratch)}}}))


def _joined(ours: _Keys, theirs: _Keys) -> dict[str, object]:
    """Both, the second going before; a plus in front of a name makes it no other name."""
    joined = dict(ours)
    for key, value in theirs.items():
        for same in {key, f"+{key}", key.removeprefix("+")} & joined.keys():
            mine = joined.pop(same)
            if isinstance(mine, Mapping) and isinstance(value, Mapping):
                value = _joined(mine, value)
                key = max(key, same, key=len)
        joined[key] = value
    return joined


def _at(keys: _Keys, table: str, key: str, default: int) -> object:
    within = keys.get(table)
    return within.get(key, default) if isinstance(within, Mapping) else default
