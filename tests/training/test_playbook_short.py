"""The playbook in small, with everything real: killed, gone on with, refined, and scaled.

A model learns with verl's SFT, vLLM samples it, a service judges in sandboxes, and verl's GRPO is
rewarded by it. Takes seven to eight minutes on two quiet cores.
"""

import html.parser
import json
import signal
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow.parquet
import pytest
from watched_commands import Event, events, reached, states

from assayoffice.rl.playbook.settings import as_toml, with_settings
from assayoffice.rl.training import metrics

CONFIGS = Path(__file__).parents[2] / "rl" / "configs"
DOMAINS = ("fractions", "programs")
CANDIDATES, HELD_OUT, SAMPLES, SHOWN = 80, 8, 2, 8
SFT_STEPS, GRPO_STEPS, PROMPTS, ROLLOUTS = 12, 2, 4, 4
ALONE = {"sft.steps": SFT_STEPS, "sft.save_every": 2}
#: What differs from playbook.toml: fewer of everything.
SMALLER: dict[str, Any] = {
    "domains.sizes": {"candidates": CANDIDATES, "held_out": HELD_OUT, "demonstrations": 600},
    # Enough for some right answers to either domain, or nothing would be at the edge.
    "base.set": {
        "sft.steps": 140,
        "sft.save_every": 140,
        "sft.verl.data.train_batch_size": 32,
        "sft.verl.data.micro_batch_size_per_gpu": 32,
        "sft.verl.optim.lr_warmup_steps": 40,
        "evaluation.problems": 4,
    },
    "edge.samples": SHOWN,
    "train.config": str(CONFIGS / "demo.toml"),
    "train.set": {
        "evaluation.samples": SAMPLES,
        "sft.verl.data.train_batch_size": 4,
        "sft.verl.data.micro_batch_size_per_gpu": 4,
        "sft.verl.optim.lr_warmup_steps": 1,
        "grpo.save_every": 1,
        "grpo.verl.data.train_batch_size": PROMPTS,
        "grpo.verl.actor_rollout_ref.actor.ppo_mini_batch_size": PROMPTS,
        "grpo.verl.actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu": 16,
        "grpo.verl.actor_rollout_ref.actor.optim.lr_warmup_steps": 1,
        "grpo.verl.actor_rollout_ref.rollout.n": ROLLOUTS,
    },
    "explore.fractions": {"runs": 1, "set": ALONE},
    "explore.programs": {"runs": 1, "set": ALONE, "beside": ["fractions"]},
    # One run has no trend, and eight problems are too few for an interval: never to be scaled.
    "gate": {"minimum_runs": 2, "minimum_problems": HELD_OUT + 1},
    "scale.set": {"sft.steps": SFT_STEPS, "sft.save_every": 2, "grpo.steps": GRPO_STEPS},
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The playbook's configuration, with fewer of everything."""
    values = tomllib.loads((CONFIGS / "playbook.toml").read_text("utf-8"))
    file = tmp_path_factory.mktemp("short") / "short.toml"
    file.write_text(as_toml(with_settings(values, SMALLER)), "utf-8")
    return file


def test_playbook_is_killed_gone_on_with_refined_and_scaled(config: Path) -> None:
    run = config.parent / "run"
    command = ["playbook", config, "--run", run]
    alone = "fractions: as configured, seed 1"

    # The checkpoint of step 2 is written after that step is told of, and before step 3 begins.
    seen = list(events(command, reached(alone, 3), signal.SIGKILL, -signal.SIGKILL))
    prepared = [name for name, state in states(seen).items() if state == "finished"]
    assert {"data", "base model", *(f"edge of {each}" for each in DOMAINS)} < set(prepared)
    assert not (run / "report.html").exists()
    before = contents(run, "data", "base/sft", "edge", "baseline", "mixes")

    # What was finished is not done again. The gate has too little to say "scale", so it ends there.
    seen = list(events(command, code=1))
    assert states(seen) == {**dict.fromkeys(prepared, "before"), alone: "finished"}
    assert contents(run, "data", "base/sft", "edge", "baseline", "mixes") == before
    (decision,) = of(seen, "decision")
    assert (decision["domain"], decision["verdict"]) == ("fractions", "refine")
    assert not of(seen, "matrix") and not (run / "scale").exists()
    assert went_on(run / "explore/fractions/experiments/as-configured/seed-1/logs", "sft")
    page = Page(run / "report.html")
    assert "Not scaled: the gate says to refine fractions." in page.text
    assert [row[3] for row in page.table("mix")] == ["open", "open"]

    seen = list(events([*command, "--without-evidence"], code=1))
    assert states(seen)[alone] == "before"
    assert states(seen)["scale"] == "finished"
    (matrix,) = of(seen, "matrix")
    assert matrix["without_evidence"] == list(DOMAINS)
    shows_what_was_filtered_and_mixed(run)
    shows_what_was_decided(run)
    shows_what_was_measured(run)
    shows_what_it_was_made_from(config, run)

    steps = [each for each in metrics.read(run / "scale/run/metrics.jsonl") if each.stage == "grpo"]
    assert [each.step for each in steps] == list(range(1, GRPO_STEPS + 1))
    # The service rewarded every rollout.
    assert {each.rewards["samples"] for each in steps} == {PROMPTS * ROLLOUTS}
    assert {each.rewards["errors"] for each in steps} == {0}

    # All of it once more takes no training, and changes nothing, the report included.
    before = contents(run, "")
    seen = list(events([*command, "--without-evidence"], code=1))
    assert set(states(seen).values()) == {"before"}
    assert contents(run, "") == before


def shows_what_was_filtered_and_mixed(run: Path) -> None:
    page = Page(run / "report.html")
    for name in DOMAINS:
        kept = pyarrow.parquet.read_table(run / "edge" / name / "kept.parquet").to_pylist()
        dropped = list(metrics.objects(run / "edge" / name / "dropped.jsonl"))
        assert len(kept) + len(dropped) == CANDIDATES
        # Whoever counts the samples and verdicts again gets the same.
        solved = solve_rates(run / "edge" / name / "work" / "judged.jsonl")
        assert len(solved) == CANDIDATES
        assert all(0.1 <= solved[problem_of(row)] <= 0.9 for row in kept)
        reasons = Counter(each["dropped"]["reason"] for each in dropped)
        (row,) = (each for each in page.table("domain", "problems") if each[0] == name)
        share = f"{100 * len(kept) / CANDIDATES:.0f} %"
        counts = [reasons[each] for each in ("solved", "hopeless", "inconsistent", "unscorable")]
        assert row[1:] == [str(CANDIDATES), f"{len(kept)} ({share})", *map(str, counts), "0"]

        mix = written(run / "mixes" / name / "mix.json")
        (row,) = (each for each in page.table("mix") if each[0] == name)
        assert row[1:] == [name, str(len(kept)), "frozen", mix["digest"][:12]]
        assert mix["digest"] in page.text


def shows_what_was_decided(run: Path) -> None:
    page = Page(run / "report.html")
    for name in DOMAINS:
        decision = written(run / "explore" / name / "decision.json")
        for finding in decision["points"][0]["findings"]:
            assert f"{finding['state']} · {finding['sentence']}" in page.text
        assert decision["verdict"] == "refine"
    assert page.text.count("The gate says: refine") == len(DOMAINS)
    assert (
        "The gate had not said to scale fractions and programs; it was done all the same."
        in page.text
    )


def shows_what_was_measured(run: Path) -> None:
    page = Page(run / "report.html")
    for name in DOMAINS:
        (row,) = (each for each in page.table("domain", "base model") if each[0] == name)
        places = {
            "start": run / "baseline" / name / "run",
            "sft": run / "scale" / "run",
            "grpo": run / "scale" / "run",
        }
        for cell, (moment, place) in zip(row[1:], places.items(), strict=False):
            counted = [
                each["correct"] / each["judged"]
                for each in written(place / "evaluations" / f"{moment}.json")["problems"]
                if each["domain"] == name
            ]
            assert len(counted) == HELD_OUT
            assert cell.startswith(f"{100 * fmean(counted):.1f} (")
    answers = list(metrics.objects(run / "scale/run/completions/grpo.jsonl"))
    assert len(answers) == len(DOMAINS) * HELD_OUT * (SAMPLES + 1)


def shows_what_it_was_made_from(config: Path, run: Path) -> None:
    page = Page(run / "report.html")
    for value in written(run / "versions.json").values():
        assert value in page.text
    served = written(run / "scale/run/stages.json")["stages"]["service"]["from"]
    matrix = written(run / "scale/matrix.json")
    for digest in (
        served["hallmark of numeric"],
        served["hallmark of code"],
        matrix["combination"]["digest"],
    ):
        assert digest in page.text
    assert config.read_text("utf-8") in page.text
    assert not page.loads


class Page(html.parser.HTMLParser):
    """A report as it reads: its text, its tables, and what it loads from elsewhere."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.text = ""
        self.loads: list[str] = []
        self._tables: list[list[list[str]]] = []
        self._in_cell = False
        self.feed(file.read_text("utf-8"))

    def table(self, *head: str) -> list[list[str]]:
        """The rows of the table whose head begins like that."""
        (found,) = (each for each in self._tables if tuple(each[0][: len(head)]) == head)
        return found[1:]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{name}={value}" for name, value in attrs if name in ("src", "href")]
        match tag:
            case "table":
                self._tables.append([])
            case "tr":
                self._tables[-1].append([])
            case "td" | "th":
                self._tables[-1][-1].append("")
                self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self._tables[-1][-1][-1] += data


def of(seen: list[Event], event: str) -> list[Event]:
    """The events of a kind."""
    return [each for each in seen if each["event"] == event]


def contents(run: Path, *places: str) -> Mapping[str, bytes]:
    """Every file below some places of a run, but for logs and locks."""
    return {
        str(file.relative_to(run)): file.read_bytes()
        for place in places
        for file in (run / place).rglob("*")
        if file.is_file() and file.name not in ("lock", ".lock") and "logs" not in file.parts
    }


def went_on(logs: Path, trainer: str) -> bool:
    """Whether a trainer that was killed went on from a checkpoint."""
    (_, second) = sorted(logs.glob(f"{trainer}-steps-*.jsonl"))
    return bool(next(iter(metrics.objects(second)))["step"] > 1)


def solve_rates(judged: Path) -> Mapping[str, float]:
    """The share of right samples of each problem, counted from the journal of verdicts."""
    return {
        each["problem"]: each["outcomes"].count("CORRECT") / len(each["outcomes"])
        for each in metrics.objects(judged)
        if "problem" in each
    }


def problem_of(row: Mapping[str, Any]) -> str:
    return str(row["extra_info"]["id"])


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
