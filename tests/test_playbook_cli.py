"""``assay explore`` and ``assay scale`` as commands: exit codes, output, and kills at any moment.

The service is a real one; trainers and samplers are fakes.
"""

import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import fake_playbook
import pytest
from fake_playbook import PlaybookPrograms
from playbook_files import diary, write_playbook
from rich.console import Console
from typer.testing import CliRunner

from assayoffice.cli import app
from assayoffice.rl.playbook import config, explore
from assayoffice.rl.playbook.nested import Nested
from assayoffice.rl.training import programs
from assayoffice.rl.training.progress import Advance, Board, JsonLines

SCALE = "[scale]\nmixes = { a = 1 }\ntrainers = ['sft']"


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    monkeypatch.setattr(programs, "VerlPrograms", PlaybookPrograms)
    monkeypatch.setattr(programs, "require_extra", lambda: None)


def run(command: str, file: Path, *flags: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr, the latter in one line."""
    result = CliRunner().invoke(
        app, [command, str(file), "--run", str(file.parent / "run"), *flags]
    )
    return result.exit_code, result.stdout, " ".join(result.output.split())


class TestExitCodes:
    def test_scale_or_refine_and_kept_or_lost(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint, more=SCALE)
        code, said, _ = run("explore", file, "--domain", "a", "--json")
        assert code == 0
        events = [json.loads(line) for line in said.splitlines()]
        assert events[-1]["event"] == "decision" and events[-1]["verdict"] == "scale"
        begun = [each["stage"] for each in events if each["event"] == "begin"]
        assert begun == [
            "a: base model",
            *(f"a: as configured, seed {seed}" for seed in (1, 2, 3)),
        ]
        # The same for people, who get it without anything being run again.
        code, _, said = run("explore", file, "--domain", "a")
        assert code == 0 and "a: SCALE (as configured)" in said
        assert re.search(r"met Uplift: \+\S+ points \(\S+ to \S+\), 95 % interval over 40", said)

        text = file.read_text()
        file.write_text(text.replace("tolerance = 0.1", "tolerance = 0.1\nminimum_uplift = 0.9"))
        code, _, said = run("explore", file, "--domain", "a")
        assert code == 1 and "a: REFINE" in said and "not met Uplift" in said
        code, _, said = run("scale", file)
        assert (
            code == 1 and "error: the gate has not said to scale: a: the gate says refine" in said
        )

        code, said, _ = run("scale", file, "--without-evidence", "--json")
        events = [json.loads(line) for line in said.splitlines()]
        assert code == 0 and events[-1]["event"] == "matrix"
        assert events[-1]["without_evidence"] == ["a"]
        code, _, said = run("scale", file, "--without-evidence")
        assert code == 0 and "Scaled although the gate has not said so: a." in said
        assert "to its 3 runs when it was explored (as configured): " in said

    def test_unusable_configuration_or_mix_is_2(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        assert run("explore", file, "--domain", "c")[0] == 2
        assert run("scale", file)[0] == 2
        file.write_text(file.read_text().replace('"mixes"', '"gone"'))
        code, _, said = run("explore", file, "--domain", "a")
        assert code == 2 and "error: " in said and "gone" in said
        assert run("explore", tmp_path / "gone.toml")[0] == 2

    def test_service_that_is_not_there_is_4(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        train = tmp_path / "train.toml"
        train.write_text(train.read_text().replace(endpoint, "127.0.0.1:1"))
        assert run("explore", file, "--domain", "a")[0] == 4

    def test_failed_run_is_3(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        with (tmp_path / "train.toml").open("a") as train:
            train.write("\nFAKE_FAIL_AT = 'sample start'\n")
        code, _, said = run("explore", file, "--domain", "a")
        assert code == 3 and "this was too much" in said

    def test_full_disk_is_3_and_what_was_finished_is_kept(self, tmp_path, endpoint, monkeypatch):
        file = write_playbook(tmp_path, endpoint)

        def full(*arguments: object, **others: object) -> None:
            raise OSError(28, "No space left on device", str(tmp_path / "run"))

        with monkeypatch.context() as patch:
            patch.setattr("assayoffice.rl.playbook.data.write_training", full)
            code, _, said = run("explore", file, "--domain", "a")
        assert code == 3 and "No space left on device" in said
        assert run("explore", file, "--domain", "a")[0] == 0
        assert list(diary(tmp_path)).count("sample start") == 1

    def test_missing_extra_is_said_before_anything_starts(self, tmp_path, endpoint, monkeypatch):
        file = write_playbook(tmp_path, endpoint)
        monkeypatch.undo()
        code, _, said = run("explore", file)
        assert code == 2 and "assayoffice[train-cpu]" in said
        assert not (tmp_path / "run").exists()


class TestProgress:
    def test_step_of_a_run_is_one_of_its_experiment(self, capsys):
        shown = Nested(JsonLines(), "a: lr=1, seed 2")
        shown.begin("sft")
        shown.advance("sft", Advance(3, 10, {"loss": 0.5}))
        shown.end("sft", "finished", 1.0)
        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line) == {
            "event": "step",
            "stage": "a: lr=1, seed 2",
            "step": 3,
            "of": 10,
            "part": "sft",
            "loss": 0.5,
        }

    @pytest.mark.parametrize("finished", [0, 5, 25, 29])
    def test_long_list_shows_the_experiment_at_work(self, finished):
        stages = tuple(f"experiment {number}" for number in range(30))
        board = Board(stages)
        for each in stages[:finished]:
            board.end(each, "finished", 1.0)
        board.begin(stages[finished])
        console = Console(width=100)
        with console.capture() as printed:
            console.print(board)
        lines = printed.get().splitlines()
        assert any(line.startswith(f"▸ experiment {finished} ") for line in lines)
        assert len(lines) <= 20
        counted = sum(int(line.split()[1]) for line in lines if "more" in line)
        assert counted + sum("experiment" in line for line in lines) == 30


@pytest.mark.heavy
class TestKilled:
    def test_killed_at_any_moment_it_goes_on_and_ends_as_if_it_had_not_been(
        self, tmp_path, endpoint
    ):
        (tmp_path / "whole").mkdir()
        (tmp_path / "killed").mkdir()
        grid = 'grid = { "sft.verl.fake.gain" = [0.1, 0.3] }\nruns = 2'
        whole = write_playbook(tmp_path / "whole", endpoint, explore=grid)
        explore.explore(
            config.load(whole), whole.parent / "run", PlaybookPrograms(), JsonLines(), ("a",)
        )
        killed = write_playbook(tmp_path / "killed", endpoint, explore=grid)
        drawn = random.Random()
        seed = drawn.getrandbits(32)
        drawn.seed(seed)
        run = killed.parent / "run"
        command = [sys.executable, fake_playbook.__file__, "explore", str(killed), str(run)]
        kills = 0
        while True:
            finished = _finished(run)
            begun = {each: list(diary(killed.parent)).count(each) for each in finished}
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                end = time.monotonic() + (60 if kills == 8 else drawn.uniform(0.5, 4.5))
                while process.poll() is None and time.monotonic() < end:
                    time.sleep(0.01)
                if process.poll() is None:
                    process.kill()
            for each, count in begun.items():
                assert list(diary(killed.parent)).count(each) == count, (each, seed)
            if process.returncode >= 0:
                break
            kills += 1
        assert kills, "ended before the first kill"
        assert process.returncode == 1, seed  # two runs are no trend
        decisions = [each.parent / "run/explore/a/decision.json" for each in (whole, killed)]
        assert decisions[0].read_text() == decisions[1].read_text(), seed


def _finished(run: Path) -> list[str]:
    """The diary's lines of experiments on a that are finished."""
    record = run / "explore/a/stages.json"
    if not record.exists():
        return []
    stages = json.loads(record.read_text())["stages"]
    return [
        f"sft experiments/{slug}/seed-{seed}"
        for slug, _, seed in (each.partition(" seed ") for each in stages if " seed " in each)
    ]
