"""The demo in small, with everything real: interrupted, killed, gone on with, and finished.

Takes three to four minutes on two quiet cores.
"""

import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from fake_service import spin_until
from process_tree import running_below

from assayoffice.rl.training import metrics

DEMO = Path(__file__).parents[2] / "rl" / "configs" / "demo.toml"
ASSAY = [sys.executable, "-P", "-c", "from assayoffice.cli import main; main()"]
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

Event = dict[str, object]


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


def events(config: Path, until: Callable[[Event], bool], ask: int) -> Iterator[Event]:
    """Run the command; send it a signal at an event; check that nothing of it is left."""
    command = [*ASSAY, "train", str(config), "--run", str(config.parent / "run"), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=hear_interrupts
    ) as train:
        assert train.stdout is not None
        started: dict[int, float] = {}
        shared: set[Path] = set()
        try:
            for line in train.stdout:
                event = json.loads(line)
                yield event
                if not started and until(event):
                    started = running_below(train.pid)
                    shared = shared_memory(started)
                    train.send_signal(ask)
        finally:
            train.kill()
    assert train.returncode == {signal.SIGINT: 130, signal.SIGKILL: -9, 0: 0}[ask]
    spin_until(lambda: not any(alive(pid) for pid in started), 60)
    assert not [each for each in shared if each.exists()]


def shared_memory(pids: Iterable[int]) -> set[Path]:
    """The files of /dev/shm that processes use; others on the machine may have theirs there."""
    used: set[Path] = set()
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
            used |= {Path(line.split()[-1]) for line in maps if " /dev/shm/" in line}
    return used


def hear_interrupts() -> None:
    """Shells have what they start in the background ignore them, tests among it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def reached(stage: str, step: int) -> Callable[[Event], bool]:
    return lambda event: (
        (event["event"], event.get("stage")) == ("step", stage) and int(str(event["step"])) >= step
    )


def states(seen: list[Event]) -> dict[object, object]:
    """How each stage ended."""
    steps = ("begin", "step", "note")
    return {each["stage"]: each["event"] for each in seen if each["event"] not in steps}


def test_run_is_interrupted_killed_gone_on_with_and_finished(config: Path) -> None:
    run = config.parent / "run"

    seen = list(events(config, reached("sft", 2), signal.SIGINT))
    assert states(seen)["sft"] == "stopped"

    seen = list(events(config, reached("grpo", 1), signal.SIGKILL))
    assert states(seen)["evaluation start"] == "before"
    assert states(seen)["sft"] == states(seen)["evaluation sft"] == "finished"

    seen = list(events(config, lambda event: False, 0))
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
