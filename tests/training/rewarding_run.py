"""The part of a verl run around its rewards, in a process of its own: no engine and no update.

Transfer queue, agent loop, reward workers, replay buffer and advantages are verl's own; only the
generations are given. Reads what to do as JSON, writes the advantages as JSON, and ends as a
trainer would when one of them raises.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import ray
import transfer_queue
import verl
from hydra import compose, initialize_config_dir
from transformers import AutoTokenizer
from verl.experimental.agent_loop import AgentLoopOutput
from verl.experimental.agent_loop.agent_loop import AgentLoopMetrics
from verl.experimental.reward_loop import RewardLoopManager
from verl.protocol import DataProto
from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopWorkerTQ
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer
from verl.trainer.ppo.v1.utils import compute_advantage_for_multi_trajectories


class GivenGenerations(AgentLoopWorkerTQ.__ray_metadata__.modified_class):  # type: ignore[misc]
    """verl's agent loop, which gets its generations from a list and not from an engine."""

    def __init__(self, config: Any, reward_workers: Any, texts: Mapping[str, list[str]]) -> None:
        self.config = config
        self.reward_loop_worker_handles = reward_workers
        self.processor = None
        self.mm_processor_kwargs: dict[str, object] = {}
        self.distillation_enabled = False
        self.tokenizer = AutoTokenizer.from_pretrained(config.actor_rollout_ref.model.path)
        self._texts = texts

    async def _run_agent_loop(
        self, sampling_params: Any, *, trajectory: Any, trace: Any, session_id: int, **prompt: Any
    ) -> None:
        text = self._texts[prompt["uid"]][session_id]
        response = [*self.tokenizer.encode(text), self.tokenizer.eos_token_id]
        output = AgentLoopOutput(
            prompt_ids=self.tokenizer.encode("What is half of one?"),
            response_ids=response,
            response_mask=[1] * len(response),
            num_turns=2,
            metrics=AgentLoopMetrics(),
            extra_fields={"min_global_steps": 0, "max_global_steps": 0},
        )
        await self._agent_loop_postprocess(
            output, trajectory["validate"], session_id=session_id, **prompt
        )


def main() -> None:
    """One step, as far as it has to do with rewards."""
    given = json.load(sys.stdin)
    folder = str(Path(verl.__file__).parent / "trainer/config")
    with initialize_config_dir(folder, version_base=None):
        config = compose("ppo_trainer", given["overrides"])
    ray.init(num_cpus=4, include_dashboard=False, _temp_dir=given["ray_folder"])
    transfer_queue.init(config.transfer_queue)
    groups, partition = given["groups"], given["partition"]
    loop = GivenGenerations(
        config,
        RewardLoopManager(config).reward_loop_worker_handles,
        {group["uid"]: group["texts"] for group in groups},
    )
    buffer = ReplayBuffer("sync", {}, None, "drop", {}, poll_interval=0.2)
    transfer_queue.kv_batch_put(
        keys=[group["uid"] for group in groups],
        partition_id=partition,
        tags=[{"is_prompt": True, "status": "pending", "global_steps": 1} for _ in groups],
    )

    async def generate() -> None:
        prompts = [
            {
                "uid": group["uid"],
                "raw_prompt": [{"role": "user", "content": "What is half of one?"}],
                "data_source": "given",
                "reward_model": group["reward_model"],
                "extra_info": {"index": group["uid"]},
                "global_steps": 1,
                "__rollout_n__": len(group["texts"]),
            }
            for group in groups
        ]
        trajectory = {"validate": partition == "val"}
        await asyncio.gather(*[loop._run_prompt(each, {}, trajectory) for each in prompts])

    asyncio.run(generate())
    batch, _ = buffer.sample(1, partition, len(groups))
    fields = transfer_queue.kv_batch_get(
        keys=batch.keys,
        partition_id=partition,
        select_fields=["uid", "response_mask", "rm_scores"],
    )
    data = DataProto(batch=fields.to_padded_tensor())
    data.batch["token_level_rewards"] = data.batch["rm_scores"]
    data.non_tensor_batch["uid"] = np.array(data.batch.pop("uid").tolist(), dtype=object)
    data = compute_advantage_for_multi_trajectories(
        data, batch.keys, config.algorithm.adv_estimator, config=config.algorithm
    )
    # It is the same for all tokens of a row, and every row has a first.
    advantages = data.batch["advantages"][:, 0]
    json.dump(dict(zip(batch.keys, advantages.tolist(), strict=True)), sys.stdout)


if __name__ == "__main__":
    main()
