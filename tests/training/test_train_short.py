"""The demo in small, with everything real: interrupted, killed, gone on with, and finished.

Takes three to four minutes on two quiet cores.
"""

import json
import re
import signal
from pathlib import Path

import pytest
from watched_commands import events, reached, states

from assayoffice.rl.training import metrics

DEMO = Path(__file__).parents[2] / "rl" / "configs" / "demo.toml"
SFT_STEPS, GRPO_STEPS, PROBLEMS, SAMPLES = 6, 3, 6, 2
SMALLER = {
    r"demonstrations = \d+": "demonstrations = 400",
    r"prompts = \d+": "prompts = 32",
    r"samples = \d+": f"samples = {SAMPLES}\nproblems = {PROBLEMS}",
    r"steps = 300\nsave_every = \d+": f"steps = {SFT_STEPS}\nsave_every = 2",
    r"steps = 30\nsave_every = \d+": f"steps = {GRPO_STEPS}\nsave_every = 1",
    r"train_batch_size = 32": "train_batch_size = 8",
    r"ppo_mini_batch_size = 32": "ppo_mini_batch_size = 8",
    r"\nn = 8": "\nn = 4",
    r"ppo_micro_batch_size_per_gpu = \d+": "ppo_micro_batch_size_per_gpu = 32",
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's configuration, with fewer of everything."""
    text = DEMO.read_text()
    for pattern, replacement in SMALLER.items():
        text, replaced = re.subn(pattern, replacement, text, count=1)
        assert replaced, pattern
    file = tmp_path_factory.mktemp("short") / "short.toml"
    file.write_text(text)
    return file


def test_run_is_interrupted_killed_gone_on_with_and_finished(config: Path) -> None:
    run = config.parent / "run"
    train = ["train", config, "--run", run]

    seen = list(events(train, reached("sft", 2), signal.SIGINT, 130))
    assert states(seen)["sft"] == "stopped"

    seen = list(events(train, reached("grpo", 1), signal.SIGKILL, -signal.SIGKILL))
    assert states(seen)["evaluation start"] == "before"
    assert states(seen)["sft"] == states(seen)["evaluation sft"] == "finished"

    seen = list(events(train))
    assert states(seen)["evaluation sft"] == "before"
    assert states(seen)["grpo"] == states(seen)["report"] == "finished"

    # It went on from a checkpoint, not from the beginning.
    (_, second) = sorted(run.glob("logs/grpo-steps-*.jsonl"))
    assert next(iter(metrics.objects(second)))["step"] != 1

    steps = metrics.read(run / "metrics.jsonl")
    assert {each.step for each in steps if each.stage == "sft"} >= {SFT_STEPS}
    grpo = [each for each in steps if each.stage == "grpo"]
    assert [each.step for each in grpo][-1] == GRPO_STEPS
    # The service rewarded every rollout of every step, under the verifiers that the run demands.
    assert {each.rewards["samples"] for each in grpo} == {8 * 4}
    assert {each.rewards["errors"] for each in grpo} == {0}
    served = json.loads((run / "stages.json").read_text())["stages"]["service"]["from"]
    arguments = (run / "logs" / "grpo.log").read_text()
    for name in ("numeric", "code"):
        assert served[f"hallmark of {name}"] in arguments
        evaluations = [json.loads(path.read_text()) for path in run.glob("evaluations/*.json")]
        assert len(evaluations) == 3
        for each in evaluations:
            assert f"{name}@" in " ".join(each["hallmarks"])
            assert each["accuracy"]["all"]["problems"] == PROBLEMS and not each["errors"]
    for weights in ("sft/global_step_6/huggingface", "grpo/global_step_3/actor/huggingface"):
        assert any((run / weights).glob("*.safetensors"))
    assert len(list(metrics.objects(run / "completions/grpo.jsonl"))) == PROBLEMS * (SAMPLES + 1)
    assert "GRPO: seconds of a step" in (run / "report.html").read_text()
