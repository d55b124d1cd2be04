"""The reward manager in verl's own reward worker, with a service that is a process of its own."""

import asyncio
import contextlib
import json
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import verl
from hydra import compose, initialize_config_dir
from tensordict import TensorDict
from transformers import AutoTokenizer
from verl import DataProto
from verl.experimental.reward_loop.reward_loop import RewardLoopWorker

from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.toy import model
from assayoffice.rl.verl.scoring import NoRewardError

_START_SECONDS = 180.0
_STOP = "assayoffice.rl.verl.reward_manager.stop_training"
_HALF: Mapping[str, object] = {"style": "rule", "ground_truth": "1/2"}
_NOBODY: Mapping[str, object] = {**_HALF, "verifier": "nobody"}
_NEUTRAL = (
    "algorithm.adv_estimator=assay_grpo",
    "+reward.reward_kwargs.failure_policy=group-neutral",
)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("model")
    model.build(folder, seed=1)
    return folder


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with EmbeddedServer(start_seconds=_START_SECONDS) as ready:
        yield ready.endpoint


class Samples:
    """Makes what verl's agent loop hands to a reward worker."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self.end = self._tokenizer.eos_token_id

    def sample(
        self, response: str | list[int], reward_model: Mapping[str, object] = _HALF
    ) -> DataProto:
        """One sample; a text is followed by the end token, a list of tokens is what it is."""
        ids = response if isinstance(response, list) else [*self.encode(response), self.end]
        return self.trajectory([("What is half of one?", ids)], reward_model)

    def trajectory(
        self,
        outputs: Sequence[tuple[str, list[int]]],
        reward_model: Mapping[str, object] = _HALF,
    ) -> DataProto:
        """Prompts and responses of an agent loop, padded as by AgentLoopWorker._compute_score."""
        prompts = [self.encode(prompt) for prompt, _ in outputs]
        responses = [response for _, response in outputs]
        whole = [prompt + response for prompt, response in zip(prompts, responses, strict=True)]
        batch = TensorDict(
            {
                "prompts": _padded(prompts),
                "responses": _padded(responses),
                "attention_mask": _padded([[1] * len(each) for each in whole]),
                "input_ids": _padded(whole),
                "position_ids": _padded([list(range(len(each))) for each in whole]),
            },
            batch_size=len(outputs),
        )
        columns = {
            "raw_prompt": [{"role": "user", "content": "What is half of one?"}],
            "data_source": "halves",
            "reward_model": reward_model,
            "extra_info": {"index": 7, "split": "train"},
            "global_steps": 3,
        }
        same = {name: np.array([value] * len(outputs)) for name, value in columns.items()}
        lengths = {
            "prompt_len": np.array([len(each) for each in prompts]),
            "response_len": np.array([len(each) for each in responses]),
        }
        return DataProto(batch, same | lengths)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text."""
        ids: list[int] = self._tokenizer.encode(text)
        return ids


def _padded(rows: Sequence[list[int]]) -> torch.Tensor:
    tensors = [torch.tensor(row, dtype=torch.int64) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)


@pytest.fixture(scope="module")
def samples(model_folder: Path) -> Samples:
    return Samples(model_folder)


def _config(model_folder: Path, *overrides: str) -> Any:
    folder = str(Path(verl.__file__).parent / "trainer/config")
    with initialize_config_dir(folder, version_base=None):
        return compose(
            "ppo_trainer",
            [
                f"actor_rollout_ref.model.path={model_folder}",
                "data.max_response_length=64",
                "algorithm.adv_estimator=grpo",
                *overrides,
            ],
        )


def _three_lines(endpoint: str, recipe: str = "accuracy@1") -> tuple[str, str, str]:
    return (
        "reward.reward_manager.name=assay",
        f"+reward.reward_kwargs.endpoints=[{endpoint}]",
        f"+reward.reward_kwargs.recipe={recipe}",
    )


async def _scores(worker: Any, *batch: DataProto) -> list[dict[str, Any]]:
    # As verl does, which rewards each sample when its generation ends.
    return await asyncio.gather(*[worker.compute_score(each) for each in batch])


async def test_three_lines_reward_a_batch(
    model_folder: Path, service: str, samples: Samples, tmp_path: Path
) -> None:
    journal = tmp_path / "rewards.jsonl"
    worker = RewardLoopWorker(
        _config(
            model_folder,
            *_three_lines(service),
            f"+reward.reward_kwargs.metrics_file={journal}",
        )
    )
    texts = [r"\boxed{0.5}", r"\boxed{0.4}", "I do not know", r"\boxed{\frac{2}{4}}"]
    results = await _scores(worker, *map(samples.sample, texts))
    assert [each["reward_score"] for each in results] == [1.0, 0.0, 0.0, 1.0]
    infos = [each["reward_extra_info"] for each in results]
    assert [each["no_answer"] for each in infos] == [0.0, 0.0, 1.0, 0.0]
    assert all(list(each) == list(infos[0]) for each in infos)
    assert [each["token_count"] for each in infos] == [len(samples.encode(t)) + 1 for t in texts]
    (call,) = map(json.loads, journal.read_text().splitlines())
    assert (call["samples"], call["step"]) == (4, 3)


async def test_tokens_and_the_end_reach_the_recipe(
    model_folder: Path, service: str, samples: Samples
) -> None:
    worker = RewardLoopWorker(
        _config(
            model_folder,
            *_three_lines(service, "phi4_reasoning_plus@1"),
            "+reward.reward_kwargs.options.max_tokens=64",
            "+reward.reward_kwargs.options.correct_control_tokens=32",
        )
    )
    right = r"<think>1/2</think>\boxed{0.5}"
    cut = samples.encode(right + " and so on" * 20)[:64]
    no_block, ended, cut_off = [
        (await worker.compute_score(each))["reward_extra_info"]["component/length_aware_accuracy"]
        for each in (
            samples.sample(r"\boxed{0.5}"),
            samples.sample(right),
            samples.sample(cut),
        )
    ]
    # As the paper has it: the think block is missing, all is well, the end token is missing.
    assert (no_block, ended, cut_off) == (-1.0, 1.0, -0.5)


async def test_of_several_outputs_the_last_is_rewarded_whole(
    model_folder: Path, service: str, samples: Samples
) -> None:
    worker = RewardLoopWorker(_config(model_folder, *_three_lines(service, "r1@1")))
    thought = [*samples.encode("<think>1</think>"), samples.end]
    answer = [*samples.encode(r"<think>1/2</think>\boxed{0.5}"), samples.end]
    outputs = [("What is half of one? " * 9, thought), ("And now?", answer)]
    result = await worker.compute_score(samples.trajectory(outputs))
    assert result["reward_extra_info"]["token_count"] == len(answer)
    assert result["reward_extra_info"]["correct"] == 1.0


async def test_hostile_responses_get_verdicts_and_harm_no_sibling(
    model_folder: Path, service: str, samples: Samples
) -> None:
    worker = RewardLoopWorker(_config(model_folder, *_three_lines(service)))
    hostile = [
        r"\boxed{9^{9^{9^{9^9}}}}",
        r"\boxed{" + "(" * 5000 + "1" + ")" * 5000 + "}",
        " " * 200_000 + r"\boxed{1}",
        "\x00\x1b[2J\x07\\boxed{\x00}",
        r"\boxed{__import__('os').system('kill -9 -1')}",
        r"\boxed{\frac{1}{0}}",
        "<|im_end|>" * 50 + r"\boxed{3}",
        # No text at all: halves of characters.
        [*range(100, 200)] * 10,
        [samples.end] * 10,
        [],
    ]
    batch = [samples.sample(each) for each in hostile]
    results = await _scores(worker, *batch, samples.sample(r"\boxed{0.5}"))
    infos = [each["reward_extra_info"] for each in results]
    assert [each["infra_error"] for each in infos] == [0.0] * 11
    assert [each["reward_score"] for each in results] == [0.0] * 10 + [1.0]


async def test_abort_raises_and_names_what_is_missing(
    model_folder: Path, service: str, samples: Samples
) -> None:
    worker = RewardLoopWorker(_config(model_folder, *_three_lines(service)))
    with pytest.raises(NoRewardError, match=r"sample 7/.*UNKNOWN_VERIFIER.*nobody"):
        await worker.compute_score(samples.sample("1", _NOBODY))


async def test_of_many_that_fail_none_ends_before_the_trainer_was_told(
    model_folder: Path, service: str, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    asked, told = threading.Event(), threading.Event()

    def stop_slowly(message: str) -> None:
        messages.append(message)
        asked.set()
        told.wait(60)

    monkeypatch.setattr(_STOP, stop_slowly)
    worker = RewardLoopWorker(_config(model_folder, *_three_lines(service)))
    failing = [
        asyncio.create_task(worker.compute_score(samples.sample("1", _NOBODY))) for _ in range(3)
    ]
    await asyncio.to_thread(asked.wait, 60)
    ended, _ = await asyncio.wait(failing, timeout=0.2)
    told.set()
    results = await asyncio.gather(*failing, return_exceptions=True)
    assert not ended
    assert all(isinstance(each, NoRewardError) for each in results)
    assert len(messages) == 1


async def test_group_neutral_gives_no_number_until_the_breaker_trips(
    model_folder: Path, service: str, samples: Samples
) -> None:
    worker = RewardLoopWorker(
        _config(
            model_folder,
            *_three_lines(service),
            *_NEUTRAL,
            "+reward.reward_kwargs.error_minimum=3",
            "+reward.reward_kwargs.error_share=0.5",
        )
    )
    missing = samples.sample("1", _NOBODY)
    results = await _scores(worker, missing, samples.sample(r"\boxed{0.5}"), missing)
    assert [math.isnan(each["reward_score"]) for each in results] == [True, False, True]
    infos = [each["reward_extra_info"] for each in results]
    assert [each["infra_error"] for each in infos] == [1.0, 0.0, 1.0]
    assert all(list(each) == list(infos[0]) for each in infos)
    with pytest.raises(NoRewardError, match="3 of the last 4 samples have no reward"):
        await _scores(worker, missing)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("+reward.reward_kwargs.endpoint=x",), "did you mean 'endpoints'"),
        (_NEUTRAL[1:], "set algorithm.adv_estimator=assay_grpo"),
        (("+reward.reward_kwargs.ca_file=/nowhere",), "/nowhere"),
        (("actor_rollout_ref.model.path=/nowhere",), "/nowhere"),
    ],
)
async def test_what_cannot_be_used_stops_the_worker_and_the_run(
    model_folder: Path,
    overrides: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(_STOP, told.append)
    tokenizer = f"actor_rollout_ref.model.tokenizer_path={model_folder}"
    config = _config(model_folder, tokenizer, *_three_lines("127.0.0.1:1"), *overrides)
    with pytest.raises((ValueError, OSError), match=message):
        RewardLoopWorker(config)
    assert len(told) == 1
    assert message in told[0]


async def test_a_service_killed_within_a_step_costs_no_reward(
    model_folder: Path, samples: Samples, tmp_path: Path
) -> None:
    journal = tmp_path / "rewards.jsonl"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(_serving("127.0.0.1:0"))
        endpoint = json.loads(server.stdout.readline())["endpoint"]
        worker = RewardLoopWorker(
            _config(
                model_folder,
                *_three_lines(endpoint),
                # Few at a time, so that most of the step is still to come when the service dies.
                "+reward.reward_kwargs.in_flight=8",
                "+reward.reward_kwargs.batch_size=4",
                f"+reward.reward_kwargs.timeout_seconds={_START_SECONDS}",
                f"+reward.reward_kwargs.metrics_file={journal}",
            )
        )
        texts = [rf"\boxed{{{number}/100}}" for number in range(200)]
        step = [asyncio.create_task(worker.compute_score(samples.sample(each))) for each in texts]
        await asyncio.gather(*step[:20])
        server.send_signal(signal.SIGKILL)
        server.wait()
        assert sum(each.done() for each in step) < 150
        again = stack.enter_context(_serving(endpoint))
        assert json.loads(await asyncio.to_thread(again.stdout.readline))["endpoint"] == endpoint
        results = await asyncio.gather(*step)
    scores = [each["reward_score"] for each in results]
    assert scores == [float(number == 50) for number in range(200)]
    assert all(each["reward_extra_info"]["infra_error"] == 0.0 for each in results)


@contextlib.contextmanager
def _serving(address: str) -> Iterator[Any]:
    command = [sys.executable, "-P", "-m", "assayoffice.server", "--listen", address, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.terminate()


async def test_a_thousand_samples_are_few_calls(
    model_folder: Path, service: str, samples: Samples, tmp_path: Path
) -> None:
    journal = tmp_path / "rewards.jsonl"
    worker = RewardLoopWorker(
        _config(
            model_folder,
            *_three_lines(service),
            f"+reward.reward_kwargs.metrics_file={journal}",
        )
    )
    batch = [samples.sample(rf"\boxed{{{number}/2000}}") for number in range(1024)]
    started = time.perf_counter()
    results = await _scores(worker, *batch)
    seconds = time.perf_counter() - started
    assert sum(each["reward_score"] for each in results) == 1.0
    calls = [json.loads(line) for line in journal.read_text().splitlines()]
    assert sum(each["samples"] for each in calls) == 1024
    # Samples are read one after another; a slow machine may send a part before all are there.
    assert len(calls) < 200
    assert seconds < 60


async def test_the_reward_function_rewards_for_verls_own_manager(
    model_folder: Path, service: str, samples: Samples
) -> None:
    hook = "reward.custom_reward_function"
    config = _config(
        model_folder,
        f"{hook}.path=pkg://assayoffice.rl.verl.compute_score",
        f"+{hook}.reward_kwargs.endpoints=[{service}]",
        f"+{hook}.reward_kwargs.recipe=accuracy@1",
    )
    worker = RewardLoopWorker(config)
    results = await _scores(worker, *map(samples.sample, (r"\boxed{0.5}", r"\boxed{1}")))
    assert [each["reward_score"] for each in results] == [1.0, 0.0]
    assert [each["reward_extra_info"]["incorrect"] for each in results] == [0.0, 1.0]
    with pytest.raises(NoRewardError, match="INVALID_SUBMISSION.*numeric has no such field"):
        await worker.compute_score(
            samples.sample("1", {"style": "rule", "ground_truth": {"refrence": "1/2"}})
        )
