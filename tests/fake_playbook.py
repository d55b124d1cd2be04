"""Stand-ins for the programs of a playbook's runs, and playbooks to try them on.

A fake model is a folder with ``skills.json``: the share of samples it gets right, by domain. A fake
trainer adds what ``fake`` in the trainer's keys says: ``gain`` to the domains it trains on,
``forget`` is taken from the others, and ``luck`` moves both up and down by seed. What a sample
answers depends on the problem, its number and the seed alone. Each trainer and each sampler that
starts leaves a line in the file that ``FAKE_DIARY`` names.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assayoffice.rl.training.config import Config, TrainerConfig
    from assayoffice.rl.training.trainers import Job, Rewards

_FAKE = (sys.executable, "-P", __file__)
_WITHIN = {"sft": "huggingface", "grpo": "actor/huggingface"}
_FAILING = "FAKE_FAIL_AT"
DIARY = "FAKE_DIARY"


class PlaybookPrograms:
    """As pipeline.Programs; playbooks build no data, and of models the toy's alone."""

    def model(self, folder: Path, seed: int) -> Sequence[str]:
        return (*_FAKE, "model", str(folder))

    def data(self, folder: Path, seed: int, sizes: Mapping[str, int]) -> Sequence[str]:
        raise NotImplementedError

    def sample(self, job: Path) -> Sequence[str]:
        return (*_FAKE, "sample", str(job))

    def sft(self, config: "Config", job: "Job") -> Sequence[str]:
        return _train_command("sft", config.sft, config.seed, job)

    def grpo(self, config: "Config", job: "Job", rewards: "Rewards") -> Sequence[str]:
        return _train_command("grpo", config.grpo, config.seed, job)


def _train_command(kind: str, trainer: "TrainerConfig", seed: int, job: "Job") -> tuple[str, ...]:
    import pyarrow.parquet

    # Here, where pyarrow is loaded already.
    rows = pyarrow.parquet.read_table(job.train).to_pylist()
    # What teaches the base model is of no domain, and of use to all.
    domains = sorted({row.get("data_source", "") for row in rows})
    keys = {"steps": trainer.steps, "seed": seed, "domains": domains}
    written = json.dumps({**keys, **_table(trainer.verl, "fake")})
    return (*_FAKE, kind, job.model, str(job.checkpoints), written)


def _table(keys: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = keys.get(name, {})
    assert isinstance(value, Mapping)
    return value


def _diary(line: str) -> None:
    with open(os.environ[DIARY], "a") as file:
        file.write(f"{line}\n")
    if line == os.environ.get(_FAILING):
        sys.exit("this was too much")


def _drawn(*parts: object) -> float:
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _sample(file: str) -> None:
    job = json.loads(Path(file).read_text())
    _diary(f"sample {Path(job['output']).stem}")
    request = job["request"]
    skills = json.loads(Path(job["model"], "skills.json").read_text())
    with Path(job["output"]).open("a") as output:
        for question in job["questions"]:
            for index in [*range(request["samples"]), *(["greedy"] if request["greedy"] else [])]:
                id = f"{question['problem']}/{index}"
                right = _drawn(id, request["seed"]) < skills[question["data_source"]]
                truth = question["reward_model"]["ground_truth"]
                answer = {
                    **question,
                    "id": id,
                    "response": f"\\boxed{{{truth if right else 'no'}}}",
                    "token_count": 5,
                    "finish_reason": "stop",
                    "greedy": index == "greedy",
                }
                output.write(json.dumps(answer) + "\n")


def _train(kind: str, model: str, checkpoints: str, written: str) -> None:
    keys = json.loads(written)
    _diary(f"{kind} {'/'.join(Path(checkpoints).parts[-4:-1])}")
    skills = json.loads(Path(model, "skills.json").read_text())
    luck = keys.get("luck", 0) * (2 * _drawn(kind, keys["seed"]) - 1)
    for domain in skills:
        is_learned = {domain, ""} & set(keys["domains"])
        change = keys.get("gain", 0.0) if is_learned else -keys.get("forget", 0.0)
        skills[domain] = min(1.0, max(0.0, skills[domain] + change + luck))
    step = {"step": keys["steps"], "data": {"train/loss": 0.5, "timing_s/step": 1.0}}
    Path(os.environ["VERL_FILE_LOGGER_PATH"]).write_text(json.dumps(step) + "\n")
    weights = Path(checkpoints, f"global_step_{keys['steps']}", _WITHIN[kind])
    write_model(weights, skills)
    Path(checkpoints, "latest_checkpointed_iteration.txt").write_text(str(keys["steps"]))


def write_model(folder: Path, skills: Mapping[str, float]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_text("")
    (folder / "skills.json").write_text(json.dumps(skills))


def _run(command: str, file: Path, run: Path, *flags: str) -> None:
    """A command of playbooks with these programs, to be stopped from outside."""
    from assayoffice.cli import app
    from assayoffice.rl.training import programs

    # The command knows the real ones only, by this name.
    programs.VerlPrograms = PlaybookPrograms  # type: ignore[misc,assignment]
    programs.require_extra = lambda: None
    app([command, str(file), "--run", str(run), "--json", *flags])


if __name__ == "__main__":
    match sys.argv[1]:
        case "sample":
            _sample(sys.argv[2])
        case "model":
            write_model(Path(sys.argv[2]), {"fractions": 0.0, "programs": 0.0})
        case "sft" | "grpo":
            _train(*sys.argv[1:])
        case command:
            _run(command, Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
