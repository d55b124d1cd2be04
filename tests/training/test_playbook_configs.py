"""The playbook for GPUs, shipped and with the changes of docs/playbook.md for Phi-4: every run that
it makes is composed with verl's own configuration.
"""

import re
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

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "rl" / "configs"
PLAYBOOK = FOLDER / "playbook_8gpu.toml"
SHARED = "[train.set]\n"
REWARDS = trainers.Rewards(["127.0.0.1:1"], {"numeric": "0" * 64}, Path("/run/metrics.jsonl"))


def changes_for_phi4() -> str:
    """The settings that the documentation gives."""
    found = re.search(
        r"^```toml\n(.*?)^```", (ROOT / "docs" / "playbook.md").read_text(), re.M | re.S
    )
    assert found is not None
    return found.group(1)


@pytest.fixture(params=["", changes_for_phi4()], ids=["shipped", "phi4"])
def playbook(request, tmp_path: Path) -> PlaybookConfig:
    """The playbook, with files where it expects its data."""
    text = PLAYBOOK.read_text("utf-8")
    assert text.count(SHARED) == 1
    written = tomllib.loads(text)
    shutil.copy(FOLDER / written["train"]["config"], tmp_path)
    for domain in written["explore"].values():
        for name in domain["held_out"]:
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.touch()
    file = tmp_path / PLAYBOOK.name
    file.write_text(text.replace(SHARED, SHARED + request.param), "utf-8")
    return load(file)


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
        answers = grpo.data.max_response_length
        assert config.evaluation.max_tokens == answers
        assert config.reward_settings(["127.0.0.1:1"]).recipe.options["max_tokens"] == answers
        longest = grpo.data.max_prompt_length + answers
        assert grpo.actor_rollout_ref.rollout.max_model_len >= longest
        actor = grpo.actor_rollout_ref.actor
        shared_by = actor.fsdp_config.ulysses_sequence_parallel_size
        assert actor.ppo_max_token_len_per_gpu * shared_by >= longest
