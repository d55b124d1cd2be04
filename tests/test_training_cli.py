"""``assay train`` is there for everyone and loads nothing for those who do not train."""

import importlib.util
import signal
from pathlib import Path

import pytest
from test_imports import third_party_after
from typer.testing import CliRunner

from assayoffice.rl.training import programs
from assayoffice.rl.training.cli import app, stoppable

DEMO = Path(__file__).parents[1] / "rl" / "configs" / "demo.toml"


def test_other_commands_load_nothing_that_trains():
    loaded = third_party_after("import assayoffice.cli")
    assert not loaded & {"numpy", "pyarrow", "ray", "torch", "transformers", "verl", "vllm"}


@pytest.fixture
def without_extra(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        programs.importlib.util,
        "find_spec",
        lambda name: None if name in ("verl", "vllm") else found(name),
    )


@pytest.fixture
def hangup():
    before = signal.getsignal(signal.SIGHUP)
    yield signal.SIGHUP
    signal.signal(signal.SIGHUP, before)


class TestStoppable:
    def test_closed_terminal_interrupts(self, hangup):
        with pytest.raises(KeyboardInterrupt), stoppable():
            signal.raise_signal(hangup)

    def test_closed_terminal_that_is_ignored_stays_so(self, hangup):
        signal.signal(hangup, signal.SIG_IGN)  # as nohup does
        with stoppable():
            signal.raise_signal(hangup)


class TestTrain:
    def test_without_the_extra_it_says_which_to_install(self, without_extra, tmp_path):
        done = CliRunner().invoke(app, ["train", str(DEMO), "--run", str(tmp_path / "run")])
        assert done.exit_code == 2
        assert "verl, vllm" in done.stdout or "torch, verl, vllm" in done.stdout
        assert "pip install 'assayoffice[train-cpu]'" in done.stdout
        assert "assayoffice[train-gpu]" in done.stdout
        assert not (tmp_path / "run").exists()

    def test_mistake_in_the_configuration_comes_first(self, without_extra, tmp_path):
        file = tmp_path / "run.toml"
        file.write_text(DEMO.read_text().replace("seed = 1", "sead = 1"))
        done = CliRunner().invoke(app, ["train", str(file), "--run", str(tmp_path / "run")])
        assert done.exit_code == 2 and "did you mean 'seed'?" in done.stdout

    def test_folder_that_cannot_be_written_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setattr(programs, "require_extra", lambda: None)
        (tmp_path / "file").touch()
        done = CliRunner().invoke(app, ["train", str(DEMO), "--run", str(tmp_path / "file/run")])
        assert done.exit_code == 3
        assert "error: " in done.stdout and str(tmp_path / "file/run") in done.stdout

    def test_with_json_standard_output_is_for_machines(self, without_extra, tmp_path):
        done = CliRunner().invoke(app, ["train", str(DEMO), "--json"])
        assert done.exit_code == 2 and done.stdout == "" and "not installed" in done.stderr
