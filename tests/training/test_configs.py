"""The shipped configurations, composed with the configuration that verl itself ships."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from verl.trainer.ppo.utils import need_reference_policy
from verl.utils.config import omega_conf_to_dataclass, validate_config

from assayoffice.rl.training import trainers
from assayoffice.rl.training.config import Config, load

# Playbooks are files of another kind: test_playbook_configs.py.
CONFIGS = sorted(
    file
    for file in (Path(__file__).parents[2] / "rl" / "configs").glob("*.toml")
    if not file.stem.startswith("playbook")
)
REWARDS = trainers.Rewards(["127.0.0.1:1"], {"numeric": "0" * 64}, Path("/run/metrics.jsonl"))


def loaded(file: Path, folder: Path) -> Config:
    """The configuration, with files where it expects its data."""
    (folder / "data").mkdir()
    for name in ("sft", "grpo", "held_out"):
        (folder / "data" / f"{name}.parquet").touch()
    return load(Path(shutil.copy(file, folder)))


def job(folder: Path) -> trainers.Job:
    rows = folder / "data" / "grpo.parquet"
    return trainers.Job("a/model", rows, rows, folder / "checkpoints", folder / "scratch", "name")


def composed(name: str, command: Sequence[str]):
    keys = [each for each in command if "=" in each and not each.startswith(("-", "hydra."))]
    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose(name, keys)


@pytest.fixture(params=CONFIGS, ids=lambda file: file.stem)
def config(request, tmp_path) -> Config:
    return loaded(request.param, tmp_path)


def test_there_are_configurations_for_this_machine_and_for_gpus():
    assert [file.stem for file in CONFIGS] == ["demo", "qwen3_1_7b_1gpu", "qwen3_8b_8gpu"]


def test_verl_takes_the_keys_of_grpo(config, tmp_path):
    grpo = composed("ppo_trainer", trainers.grpo(config, job(tmp_path), REWARDS))
    validate_config(grpo, use_reference_policy=need_reference_policy(grpo), use_critic=False)
    omega_conf_to_dataclass(grpo.actor_rollout_ref.actor)
    omega_conf_to_dataclass(grpo.actor_rollout_ref.rollout)
    assert grpo.reward.reward_manager.name == "assay"
    assert grpo.trainer.total_training_steps == config.grpo.steps
    longest = grpo.data.max_prompt_length + grpo.data.max_response_length
    assert grpo.actor_rollout_ref.rollout.max_model_len >= longest


def test_verl_takes_the_keys_of_sft(config, tmp_path):
    sft = composed("sft_trainer_engine", trainers.sft(config, job(tmp_path)))
    omega_conf_to_dataclass(sft.engine)
    omega_conf_to_dataclass(sft.optim)
    assert sft.trainer.total_training_steps == config.sft.steps
