"""Stand-ins for the programs of a training run: they leave the same files, and learn nothing.

``python fake_programs.py KIND ...`` is one of them. What a variable of the run's environment names
goes wrong: ``FAKE_STOP_AFTER`` is a step after which a trainer waits for ever, with a daemon of its
own session beside it, unless it was resumed; ``FAKE_FAIL`` a kind that fails, ``FAKE_RAY_LATE``
how often GRPO finds that Ray does not start, ``FAKE_SHARES`` the shares of samples that are right
in the order of the evaluations.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # The programs start often, and need none of it.
    from assayoffice.rl.training.config import Config
    from assayoffice.rl.training.trainers import Job, Rewards

_FAKE = (sys.executable, "-P", __file__)
_WITHIN = {"sft": "huggingface", "grpo": "actor/huggingface"}
SAMPLES = 4


class FakePrograms:
    """As pipeline.Programs."""

    def model(self, folder: Path, seed: int) -> Sequence[str]:
        return (*_FAKE, "model", str(folder))

    def data(self, folder: Path, seed: int, sizes: Mapping[str, int]) -> Sequence[str]:
        return (*_FAKE, "data", str(folder), str(sizes["held_out"]))

    def sample(self, job: Path) -> Sequence[str]:
        return (*_FAKE, "sample", str(job))

    def sft(self, config: "Config", job: "Job") -> Sequence[str]:
        steps, save_every = str(config.sft.steps), str(config.sft.save_every)
        return (*_FAKE, "sft", str(job.checkpoints), steps, save_every, job.model)

    def grpo(self, config: "Config", job: "Job", rewards: "Rewards") -> Sequence[str]:
        steps, save_every = str(config.grpo.steps), str(config.grpo.save_every)
        sources = (job.model, str(rewards.metrics), json.dumps(dict(rewards.hallmarks)))
        return (*_FAKE, "grpo", str(job.checkpoints), steps, save_every, *sources)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _model(folder: str) -> None:
    Path(folder, "config.json").write_text("{}")


def _data(folder: str, held_out: str) -> None:
    rows = [
        {
            "data_source": ("even", "odd")[number % 2],
            "prompt": [{"role": "user", "content": f"What is {number} + {number}?"}],
            "reward_model": {"ground_truth": str(2 * number), "verifier": "numeric"},
        }
        for number in range(int(held_out))
    ]
    for name in ("sft", "grpo", "held_out"):
        # Files are told apart by their content, and JSON lines are written sooner.
        Path(folder, f"{name}.parquet").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def _sample(file: str) -> None:
    job = json.loads(Path(file).read_text())
    request = job["request"]
    assert request["greedy"] and Path(job["model"]).is_dir()
    shares = json.loads(os.environ.get("FAKE_SHARES", "[0, 0.5, 1]"))
    kinds = {"model": 0, "huggingface": 1 if "/sft/" in job["model"] else 2}
    share = shares[kinds[Path(job["model"]).name]]
    lines = []
    for question in job["questions"]:
        truth = question["reward_model"]["ground_truth"]
        for index in range(request["samples"] + 1):
            greedy = index == request["samples"]
            right = index < share * request["samples"] or (greedy and share > 0.5)
            # An unreadable reference stands for trouble that is not the model's.
            broken = share < 0
            answer = {
                **question,
                "reward_model": {"ground_truth": "" if broken else truth, "verifier": "numeric"},
                "id": f"{question['problem']}/{'greedy' if greedy else index}",
                "response": f"\\boxed{{{truth if right else 'no <b>idea</b>'}}}",
                "token_count": 5,
                "finish_reason": "stop",
                "greedy": greedy,
            }
            lines.append(json.dumps(answer))
    with Path(job["output"]).open("a") as output:
        output.write("\n".join(lines) + "\n")


def _train(kind: str, folder: str, steps: str, save_every: str, *sources: str) -> None:
    checkpoints = Path(folder)
    tracker = checkpoints / "latest_checkpointed_iteration.txt"
    begin = int(tracker.read_text()) if tracker.exists() else 0
    assert begin == 0 or (checkpoints / f"global_step_{begin}").is_dir()
    _say(f"from {sources[0]} after step {begin}")
    with open(os.environ["VERL_FILE_LOGGER_PATH"], "wb", buffering=0) as metrics:
        for step in range(begin + 1, int(steps) + 1):
            data = {"train/loss": 1 / step, "actor/pg_loss": 0.1, "timing_s/step": 2.0}
            data |= {"critic/score/mean": step / 10, "response_length/mean": 5.0}
            metrics.write(json.dumps({"step": step, "data": data}).encode() + b"\n")
            if kind == "grpo":
                _reward(Path(sources[1]), step)
            if step % int(save_every) == 0 or step == int(steps):
                weights = checkpoints / f"global_step_{step}" / _WITHIN[kind]
                weights.mkdir(parents=True)
                _model(str(weights))
                (weights / "model.safetensors").write_text(f"step {step}")
                tracker.write_text(str(step))
            if f"{kind} {step}" == os.environ.get("FAKE_STOP_AFTER") and not begin:
                subprocess.Popen(["sleep", "1000"], start_new_session=True)
                (checkpoints / f"global_step_{step + 1}").mkdir()  # begun, never whole
                time.sleep(1000)
    if kind == "grpo":
        _say(sources[2])


def _wait_for_ray(checkpoints: Path) -> None:
    tries = checkpoints.with_name("tries")
    count = len(tries.read_text()) if tries.exists() else 0
    if count < int(os.environ.get("FAKE_RAY_LATE", "0")):
        tries.write_text("x" * (count + 1))
        raise RuntimeError("The current node timed out during startup. This could happen because")


def _reward(path: Path, step: int) -> None:
    call = {"event": "call", "step": step, "asked": 10.0, "sent": 10.0, "samples": 4}
    call |= {"answered": 10.5, "rewards": 4, "errors": {}, "failure": ""}
    call |= {
        "outcomes": {"correct": 2},
        "component_sums": {"accuracy": 2.0},
        "verifier_seconds_sum": 0.01,
    }
    with path.open("a") as file:
        file.write(json.dumps(call) + "\n")


def _run(file: Path, run: Path) -> None:
    """``assay train`` with these programs, for tests that stop it from outside."""
    import typer
    from rich.console import Console

    from assayoffice.rl.training import cli, config, pipeline, progress
    from assayoffice.rl.training.folder import RunFolder

    console = Console()
    try:
        with cli.outcome_of(console), cli.stoppable():
            settings = config.load(file)
            with progress.shown(pipeline.stage_names(settings), console, as_json=True) as shown:
                folder = RunFolder(run)
                pipeline.run(settings, file.read_text(), folder, FakePrograms(), shown)
    except typer.Exit as end:
        sys.exit(end.exit_code)


def _main(kind: str, *arguments: str) -> None:
    if kind == "run":
        _run(Path(arguments[0]), Path(arguments[1]))
        return
    _say(f"{kind} begins")
    if kind == os.environ.get("FAKE_FAIL"):
        sys.exit("it is all\ntoo much")
    if kind == "grpo":
        _wait_for_ray(Path(arguments[0]))
    match kind:
        case "model":
            _model(*arguments)
        case "data":
            _data(*arguments)
        case "sample":
            _sample(*arguments)
        case _:
            _train(kind, *arguments)


if __name__ == "__main__":
    _main(*sys.argv[1:])
