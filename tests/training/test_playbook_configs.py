"""The playbook for GPUs: every run that it makes is composed with verl's own configuration."""

import shutil
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from omegaconf import DictConfig
from verl.trainer.ppo.utils import need_reference_policy
from verl.utils.config import omega_conf_to_dataclass, validate_config

from assayoffice.rl.playbook.config import load
from assayoffice.rl.playbook.plan import PlaybookConfig, run_values
from assayoffice.rl.training import config as training
from assayoffice.rl.training import trainers

FOLDER = Path(__file__).parents[2] / "rl" / "configs"
PLAYBOOK = FOLDER / "playbook_8gpu.toml"
REWARDS = trainers.Rewards(["127.0.0.1:1"], {"numeric": "0" * 64}, Path("/run/metrics.jsonl"))


@pytest.fixture
def playbook(tmp_path: Path) -> PlaybookConfig:
    """The playbook, with files where it expects its data."""
    written = tomllib.loads(PLAYBOOK.read_text("utf-8"))
    shutil.copy(FOLDER / written["train"]["config"], tmp_path)
    for domain in written["explore"].values():
        for name in domain["held_out"]:
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.touch()
    return load(Path(shutil.copy(PLAYBOOK, tmp_path)))


def runs(playbook: PlaybookConfig, folder: Path) -> Iterator[tuple[str, training.Config]]:
    """All runs that differ in more than their seeds."""
    rows = folder / "rows.parquet"
    rows.touch()
    files: dict[str, object] = dict.fromkeys(("sft", "grpo", "held_out"), str(rows))
    assert playbook.scale is not None
    wanted = [
        (f"{domain.name} {point.name}", point.settings, domain.trainers)
        for domain in playbook.domains.values()
        for point in domain.points
    ]
    wanted.append(("scale", playbook.scale.settings, playbook.scale.trainers))
    for name, settings, chosen in wanted:
        values = run_values(playbook, settings, chosen, seed=1, data=files, at=("start", *chosen))
        yield name, training.parsed(values, playbook.file)


def job(folder: Path) -> trainers.Job:
    rows = folder / "rows.parquet"
    return trainers.Job("a/model", rows, rows, folder / "checkpoints", folder / "scratch", "name")


def composed(name: str, command: Sequence[str]) -> DictConfig:
    keys = [each for each in command if "=" in each and not each.startswith(("-", "hydra."))]
    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose(name, keys)


def test_domains_are_explored_beside_those_before_them(playbook):
    before = list[str]()
    for domain in playbook.domains.values():
        assert list(domain.beside) == before
        before.append(domain.name)
    assert playbook.scale is not None
    assert list(playbook.scale.mixes) == before


def test_exploring_runs_often_enough_for_the_gate(playbook):
    for domain in playbook.domains.values():
        assert domain.runs >= playbook.gate.minimum_runs
    assert playbook.problems >= playbook.gate.minimum_problems


def test_verl_takes_every_run_of_sft(playbook, tmp_path):
    rates = {}
    for name, config in runs(playbook, tmp_path):
        sft = composed("sft_trainer_engine", trainers.sft(config, job(tmp_path)))
        omega_conf_to_dataclass(sft.engine)
        omega_conf_to_dataclass(sft.optim)
        assert sft.trainer.total_training_steps == config.sft.steps > sft.optim.lr_warmup_steps
        assert config.sft.steps % config.sft.save_every == 0
        rates[name] = sft.optim.lr
    assert rates["math lr=1e-05"] == 1e-5
    assert rates["math lr=2e-05"] == 2e-5


def test_verl_takes_the_run_of_grpo(playbook, tmp_path):
    found = [each for each in runs(playbook, tmp_path) if each[1].grpo.enabled]
    assert [name for name, _ in found] == ["scale"]
    for _, config in found:
        grpo = composed("ppo_trainer", trainers.grpo(config, job(tmp_path), REWARDS))
        validate_config(grpo, use_reference_policy=need_reference_policy(grpo), use_critic=False)
        omega_conf_to_dataclass(grpo.actor_rollout_ref.actor)
        omega_conf_to_dataclass(grpo.actor_rollout_ref.rollout)
        assert grpo.trainer.total_training_steps == 90
        assert config.evaluation.max_tokens >= grpo.data.max_response_length
