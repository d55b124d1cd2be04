"""A run from nothing to its report: what is skipped, refused, stopped and gone on with.

The service is a real one; the trainers are fakes that leave the files of real ones.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import fake_programs
import pytest
from fake_programs import FakePrograms
from fake_service import spin_until
from process_tree import children, running_below

from assayoffice.rl import Submission
from assayoffice.rl.errors import HallmarkMismatchError, UnavailableError
from assayoffice.rl.training import config, evaluation, metrics, pipeline
from assayoffice.rl.training.errors import ChangedRunError, ChildError, ConfigError, TrainingError
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.progress import Advance
from assayoffice.rl.training.serving import serve

HELD_OUT = 6


class Seen:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.ended: dict[str, str] = {}
        self.notes: list[str] = []
        self.steps: list[tuple[str, int]] = []

    def begin(self, stage: str) -> None:
        pass

    def advance(self, stage: str, advance: Advance) -> None:
        if advance.done:
            self.steps.append((stage, advance.done))

    def end(self, stage: str, state: str, seconds: float) -> None:
        self.ended[stage] = state

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, endpoint) -> Path:
    """A finished run, with its configuration beside it; for tests that only look."""
    folder = tmp_path_factory.mktemp("finished")
    seen = go(write(folder, endpoint), folder / "run")
    assert set(seen.ended.values()) == {"finished"}
    return folder


@pytest.fixture
def copied(finished, tmp_path) -> Path:
    """A finished run of one's own."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


def write(folder: Path, endpoint: str | None = None, **environment: str) -> Path:
    """A configuration; without an endpoint the run starts a service of its own."""
    service = f'endpoints = ["{endpoint}"]' if endpoint else ""
    variables = "\n".join(f"{key} = '{value}'" for key, value in environment.items())
    file = folder / "run.toml"
    file.write_text(
        f"""
        [model]
        build = "toy"
        [data]
        build = "toy"
        sizes = {{ demonstrations = 2, prompts = 2, held_out = {HELD_OUT} }}
        [service]
        {service}
        [reward]
        recipe = "accuracy@1"
        [sft]
        steps = 4
        save_every = 2
        [grpo]
        steps = 4
        save_every = 2
        [evaluation]
        samples = {fake_programs.SAMPLES}
        max_tokens = 8
        [environment]
        {variables}
        """
    )
    return file


def go(file: Path, run: Path) -> Seen:
    seen = Seen()
    pipeline.run(config.load(file), file.read_text(), RunFolder(run), FakePrograms(), seen)
    return seen


class TestFromNothing:
    def test_every_stage_leaves_what_it_makes(self, finished):
        folder = RunFolder(finished / "run")
        found = [evaluation.read(folder.evaluation(name)) for name in ("start", "sft", "grpo")]
        sampled = [each.accuracies()["all"].sampled for each in found]
        assert [each.value for each in sampled if each] == [0, 0.5, 1]
        assert all(each.hallmarks[0].startswith("numeric@") for each in found)
        steps = [(each.stage, each.step) for each in metrics.read(folder.metrics)]
        assert steps == [(name, step) for name in ("sft", "grpo") for step in (1, 2, 3, 4)]
        assert "GRPO gained" in folder.report.read_text()
        assert folder.config.read_text() == (finished / "run.toml").read_text()
        stages = json.loads(folder.stages.read_text())["stages"]
        names = pipeline.stage_names(config.load(finished / "run.toml"))
        assert tuple(stages) == ("configuration", *names)

    def test_each_trainer_begins_from_what_came_before(self, finished):
        logs = finished / "run/logs"
        assert f"from {finished}/run/model after step 0" in (logs / "sft.log").read_text()
        weights = f"{finished}/run/sft/global_step_4/huggingface"
        assert f"from {weights} after step 0" in (logs / "grpo.log").read_text()

    def test_model_is_measured_only_when_it_is_asked_for(self, tmp_path, endpoint):
        file = write(tmp_path, "127.0.0.1:1")
        file.write_text(file.read_text().replace("samples", 'at = ["start", "grpo"]\nsamples'))
        settings, folder, seen = config.load(file), RunFolder(tmp_path / "run"), Seen()
        # The service that is there already goes before the one that the configuration names.
        pipeline.run(settings, file.read_text(), folder, FakePrograms(), seen, (endpoint,))
        assert tuple(seen.ended) == pipeline.stage_names(settings)
        assert not folder.evaluation("sft").exists()
        report = folder.report.read_text()
        assert "before" in report and "after GRPO" in report
        # What SFT gained is not GRPO's.
        assert "GRPO gained" not in report

    def test_run_without_trainers_is_an_evaluation(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        text = file.read_text().replace("steps = 4", "enabled = false")
        file.write_text(text.replace("samples", 'at = ["start"]\nsamples'))
        assert tuple(go(file, tmp_path / "run").ended)[-2:] == ("evaluation start", "report")
        assert RunFolder(tmp_path / "run").evaluation("start").exists()

    def test_verifiers_that_serve_are_kept_and_demanded_of_the_rewards(self, finished):
        stages = json.loads((finished / "run/stages.json").read_text())["stages"]
        demanded = json.loads((finished / "run/logs/grpo.log").read_text().splitlines()[-1])
        assert len(demanded["numeric"]) == 64
        assert demanded["numeric"] == stages["service"]["from"]["hallmark of numeric"]

    def test_evaluations_demand_the_verifiers_that_served_and_those_that_are_asked_for(
        self, tmp_path, endpoint
    ):
        file = write(tmp_path, endpoint)
        demanded = f"[reward]\nrequired_hallmarks.numeric = '{'0' * 64}'"
        file.write_text(file.read_text().replace("[reward]", demanded))
        with serve(config.load(file)) as service:
            assert len(service.hallmarks["code"]) == 64
            # The other endpoints, and what serves after a restart, are held to it call by call.
            assert service.client._required_hallmarks == service.hallmarks
            with pytest.raises(HallmarkMismatchError, match="numeric: 0000"):
                service.client.verify_batch(
                    [Submission("1", "numeric", "2", {"reference": "2"})], timeout=30
                )

    @pytest.mark.parametrize(
        ("endpoint", "error", "message"),
        [
            ("127.0.0.1:1", UnavailableError, "127.0.0.1:1"),
            ('one:1", "two:2', ConfigError, "service.endpoints: "),
        ],
    )
    def test_service_that_does_not_answer_or_cannot_be_called_is_named(
        self, tmp_path, endpoint, error, message
    ):
        with pytest.raises(error, match=message):
            with serve(config.load(write(tmp_path, endpoint))):
                pass

    @pytest.mark.heavy
    def test_service_that_is_started_is_gone_afterwards(self, tmp_path, endpoint):
        before = children(os.getpid())
        go(write(tmp_path), tmp_path / "run")
        assert children(os.getpid()) <= before


class TestGoingOn:
    def test_finished_run_is_not_touched(self, copied):
        run = copied / "run"
        before = {path: path.stat().st_mtime_ns for path in run.rglob("*.json*")}
        seen = go(copied / "run.toml", run)
        assert [name for name, state in seen.ended.items() if state != "before"] == ["service"]
        assert before == {path: path.stat().st_mtime_ns for path in run.rglob("*.json*")}

    def test_failed_stage_shows_its_log_and_nothing_of_it_counts(self, tmp_path, endpoint):
        with pytest.raises(ChildError, match="(?s)exit code 1.*sft.log:.*it is all\ntoo much"):
            go(write(tmp_path, endpoint, FAKE_FAIL="sft"), tmp_path / "run")
        stages = json.loads((tmp_path / "run/stages.json").read_text())["stages"]
        assert list(stages) == ["configuration", "model", "data", "service", "evaluation start"]

    @pytest.mark.parametrize(("late", "enough"), [(1, True), (2, False)])
    def test_ray_that_starts_too_late_gets_a_second_chance(self, copied, monkeypatch, late, enough):
        record = copied / "run/stages.json"
        stages = json.loads(record.read_text())
        for name in ("grpo", "evaluation grpo", "report"):
            del stages["stages"][name]
        record.write_text(json.dumps(stages))
        shutil.rmtree(copied / "run/grpo")
        monkeypatch.setenv("FAKE_RAY_LATE", str(late))
        if not enough:
            with pytest.raises(ChildError, match="The current node timed out"):
                go(copied / "run.toml", copied / "run")
            return
        seen = go(copied / "run.toml", copied / "run")
        assert seen.ended["grpo"] == "finished" and "starting it again" in seen.notes[0]

    def test_changed_configuration_is_refused_with_what_changed(self, copied):
        file = copied / "run.toml"
        file.write_text(file.read_text().replace("samples = 4", "samples = 5"))
        with pytest.raises(ChangedRunError, match=r"evaluation\.samples: 4, now 5"):
            go(file, copied / "run")

    @pytest.mark.parametrize("made", ["data", "evaluations/sft.json"])
    def test_changed_file_of_a_finished_stage_is_refused(self, copied, made):
        changed = copied / "run" / made
        path = changed / "grpo.parquet" if changed.is_dir() else changed
        path.write_bytes(path.read_bytes() + b"\n")
        with pytest.raises(ChangedRunError, match=f"{made}.*: not what the stage"):
            go(copied / "run.toml", copied / "run")

    def test_other_verifiers_than_before_are_refused(self, copied):
        record = copied / "run/stages.json"
        stages = json.loads(record.read_text())
        service = stages["stages"]["service"]
        service["from"]["hallmark of numeric"] = "0" * 64
        service["digest"] = "of another service"
        record.write_text(json.dumps(stages))
        with pytest.raises(ChangedRunError, match='hallmark of numeric: "0000'):
            go(copied / "run.toml", copied / "run")

    def test_two_runs_in_one_folder_are_one_too_many(self, tmp_path, endpoint, monkeypatch):
        monkeypatch.setattr("assayoffice.rl.training.folder._LOCK_SECONDS", 0.3)
        folder = RunFolder(tmp_path / "run")
        with folder.locked(lambda: None):
            with pytest.raises(TrainingError, match="another command is at work"):
                go(write(tmp_path, endpoint), folder.path)


class TestEvaluation:
    def test_answers_without_verdicts_stop_the_run(self, tmp_path, endpoint):
        with pytest.raises(TrainingError, match="(?s)30 of 30 answers have no verdict.*reference"):
            go(write(tmp_path, endpoint, FAKE_SHARES="[-1, 0, 0]"), tmp_path / "run")
        assert not (tmp_path / "run/evaluations").exists()


@pytest.mark.heavy
class TestStopping:
    @pytest.fixture
    def standing(self, tmp_path):
        """A run that stands still within GRPO, with a daemon that left its session."""
        file = write(tmp_path, FAKE_STOP_AFTER="grpo 3")
        command = [sys.executable, fake_programs.__file__, "run", str(file), str(tmp_path / "run")]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts
        )
        try:
            spin_until(lambda: "sleep" in _commands(running_below(process.pid)), 60)
            yield process, running_below(process.pid)
        finally:
            process.kill()
            process.communicate()

    @pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_asked_to_stop_it_leaves_no_process(self, standing, signal_number):
        process, started = standing
        process.send_signal(signal_number)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 130
        assert '{"event": "stopped", "stage": "grpo"' in said
        assert not _commands(started)

    def test_killed_it_leaves_no_process_either(self, standing):
        process, started = standing
        process.kill()
        process.wait()
        spin_until(lambda: not _commands(started), 30)

    def test_killed_run_goes_on_from_its_last_checkpoint(self, standing, tmp_path):
        process, _ = standing
        process.kill()
        process.wait()
        run = tmp_path / "run"
        assert (run / "grpo/global_step_4").is_dir()  # begun, and without weights
        seen = go(tmp_path / "run.toml", run)
        assert seen.ended["evaluation sft"] == "before" and seen.ended["grpo"] == "finished"
        assert "after step 2" in (run / "logs/grpo.log").read_text()
        steps = [each.step for each in metrics.read(run / "metrics.jsonl") if each.stage == "grpo"]
        assert steps == [1, 2, 3, 4]
        # While it starts, it does not claim the steps of the killed one.
        assert {step for stage, step in seen.steps if stage == "grpo"} <= {3, 4}


def _hear_interrupts() -> None:
    """Shells have what they start in the background ignore them, tests among it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _commands(pids: dict[int, float]) -> set[str]:
    """Names of those that still run."""
    names = set()
    for pid in pids:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if stat.rpartition(")")[2].split()[0] != "Z":
            names.add(stat.partition("(")[2].rpartition(")")[0])
    return names
