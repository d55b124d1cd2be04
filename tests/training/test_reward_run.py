"""Rewards on their way through verl's trainer: what stops it, and what it trains on."""

import json
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from verl import DataProto
from verl.trainer.ppo.core_algos import get_adv_estimator_fn, get_policy_loss_fn
from verl.trainer.ppo.ray_trainer import compute_advantage

from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.toy import model

_RUN = Path(__file__).with_name("rewarding_run.py")
_HALF = {"style": "rule", "ground_truth": "1/2"}
_HALVES = {"uid": "halves", "texts": [r"\boxed{0.5}", r"\boxed{1}"], "reward_model": _HALF}
# Nobody judges these.
_LOST = {"uid": "lost", "texts": ["1", "2"], "reward_model": {**_HALF, "verifier": "nobody"}}
_NEUTRAL = (
    "algorithm.adv_estimator=assay_grpo",
    "+reward.reward_kwargs.failure_policy=group-neutral",
)


@pytest.fixture(scope="module")
def run_overrides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("model")
    model.build(folder, seed=1)
    with EmbeddedServer(start_seconds=180) as ready:
        yield [
            f"actor_rollout_ref.model.path={folder}",
            "data.max_response_length=64",
            "reward.num_workers=1",
            "transfer_queue.backend.SimpleStorage.num_data_storage_units=1",
            "reward.reward_manager.name=assay",
            f"+reward.reward_kwargs.endpoints=[{ready.endpoint}]",
            "+reward.reward_kwargs.recipe=accuracy@1",
        ]


def _run(
    overrides: Sequence[str], *groups: Mapping[str, object], partition: str = "train"
) -> "subprocess.CompletedProcess[str]":
    # Not below tmp_path: the paths of Ray's sockets have to be short.
    with tempfile.TemporaryDirectory(prefix="ray") as ray_folder:
        return subprocess.run(
            [sys.executable, _RUN],
            input=json.dumps(
                {
                    "overrides": list(overrides),
                    "groups": groups,
                    "partition": partition,
                    "ray_folder": ray_folder,
                }
            ),
            capture_output=True,
            text=True,
            timeout=600,
        )


def _own_lines(stderr: str) -> list[str]:
    """What the trainer wrote itself; Ray hands on lines of its workers, coloured, at any time."""
    return [line for line in stderr.strip().splitlines() if not line.startswith(("\x1b", "("))]


@pytest.mark.parametrize(
    ("partition", "override", "cause"),
    [
        (
            "val",  # What stops a validation stops training, too, where the message is put.
            "reward.reward_manager.name=assay",
            r"sample lost/\d+ has no reward: NOT_FOUND \(UNKNOWN_VERIFIER\): .*'nobody'",
        ),
        (
            "train",
            "+reward.reward_kwargs.timeout=9",
            r"timeout: there is no such setting; did you mean",
        ),
    ],
)
def test_the_trainer_ends_with_the_cause(
    run_overrides: list[str], partition: str, override: str, cause: str
) -> None:
    overrides = [*run_overrides, "algorithm.adv_estimator=grpo", override]
    done = _run(overrides, _HALVES, _LOST, partition=partition)
    assert done.returncode == 1
    last = _own_lines(done.stderr)[-1]
    assert re.search(f"stopped by assayoffice: .*{cause}", last), last


def test_group_neutral_trains_on_the_others(run_overrides: list[str]) -> None:
    done = _run([*run_overrides, *_NEUTRAL], _HALVES, _LOST)
    assert done.returncode == 0, done.stderr
    advantages = json.loads(done.stdout.splitlines()[-1])
    assert advantages == pytest.approx(
        {
            "halves_0_0": 0.5 / (math.sqrt(0.5) + 1e-6),
            "halves_1_0": -0.5 / (math.sqrt(0.5) + 1e-6),
            "lost_0_0": 0.0,
            "lost_1_0": 0.0,
        }
    )


def _batch(scores: list[float], groups: str) -> DataProto:
    """Rows of 4 tokens, of which the last is padding; the score is on the last token."""
    rewards = torch.zeros(len(scores), 4)
    rewards[:, 2] = torch.tensor(scores)
    mask = torch.tensor([[1.0, 1.0, 1.0, 0.0]]).repeat(len(scores), 1)
    return DataProto.from_dict(
        tensors={"token_level_rewards": rewards, "response_mask": mask},
        non_tensors={"uid": np.array(list(groups), dtype=object)},
    )


def _advantages(estimator: str, scores: list[float], groups: str) -> torch.Tensor:
    data = compute_advantage(_batch(scores, groups), adv_estimator=estimator, config={})
    advantages: torch.Tensor = data.batch["advantages"]
    return advantages


def test_the_estimator_is_verls_where_every_sample_has_a_reward() -> None:
    scores, groups = [1.0, 0.0, 0.5, 0.2, 0.9, 0.9, 0.1, 0.7], "aabbbabc"
    ours, verls = (_advantages(each, scores, groups) for each in ("assay_grpo", "grpo"))
    torch.testing.assert_close(ours, verls)


def test_no_update_comes_of_a_sample_without_a_reward() -> None:
    advantages = _advantages("assay_grpo", [1.0, math.nan, 0.0, 0.5], "aaaa")
    torch.testing.assert_close(advantages[[0, 2, 3]], _advantages("grpo", [1.0, 0.0, 0.5], "aaa"))
    from verl.workers.config import ActorConfig

    log_prob = torch.zeros(4, 4, requires_grad=True)
    loss, _ = get_policy_loss_fn("vanilla")(
        old_log_prob=torch.zeros(4, 4),
        log_prob=log_prob,
        advantages=advantages,
        response_mask=_batch([0.0] * 4, "aaaa").batch["response_mask"],
        loss_agg_mode="token-mean",
        config=ActorConfig(strategy="fsdp2", rollout_n=4, ppo_micro_batch_size_per_gpu=4),
    )
    loss.backward()
    assert loss.isfinite()
    assert log_prob.grad is not None
    assert log_prob.grad.isfinite().all()
    assert not log_prob.grad[1].any()
    assert log_prob.grad[0].any()


def test_verls_own_estimator_would_be_destroyed() -> None:
    """Why group-neutral demands ours: this must fail on the day that verl knows missing rewards."""
    assert _advantages("grpo", [1.0, math.nan, 0.0], "aaa").isnan().any()
    assert get_adv_estimator_fn("assay_grpo") is not get_adv_estimator_fn("grpo")
