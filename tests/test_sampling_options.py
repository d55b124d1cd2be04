"""What commands make of their options, and with which code sampling ends them."""

import io
import subprocess
import sys

import pytest
import typer
from rich.console import Console

from assayoffice.rl.endpoints.errors import EndpointUnavailableError
from assayoffice.rl.sampling import options
from assayoffice.rl.sampling.errors import (
    AnswersInUseError,
    ChangedAnswersError,
    EngineError,
    MissingEngineError,
    SamplingError,
    UnusableModelError,
)
from assayoffice.rl.sampling.models import EndpointModel, LocalModel


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


class TestModel:
    def test_a_folder_is_loaded_here(self, folder):
        found = options.model_of(str(folder), None, None, '{"dtype": "float32"}')
        assert found == LocalModel(str(folder), {"dtype": "float32"})

    def test_what_is_no_folder_is_a_name_on_the_hub(self):
        assert options.model_of("some/model", None, None, None) == LocalModel("some/model", {})

    @pytest.mark.parametrize("path", ["/no/such/folder", "./nowhere", "~/nowhere"])
    def test_a_path_to_nothing_is_said_so(self, path):
        with pytest.raises(typer.BadParameter, match="there is no such folder"):
            options.model_of(path, None, None, None)

    def test_a_folder_without_a_model_is_said_so(self, tmp_path):
        with pytest.raises(typer.BadParameter, match=r"no config\.json"):
            options.model_of(str(tmp_path), None, None, None)

    def test_an_endpoint_is_asked_with_the_key_of_a_variable(self, monkeypatch):
        monkeypatch.setenv("SOME_KEY", " sk-1234567890\n")
        found = options.model_of("tiny", "http://h:1/v1", "SOME_KEY", None, 3)
        assert found == EndpointModel("http://h:1/v1", "tiny", "sk-1234567890", 3)
        assert "sk-" not in repr(found)

    @pytest.mark.parametrize(
        ("url", "variable", "engine", "said"),
        [
            ("h:1", None, None, "must begin with http"),
            ("http://h/v1", "NOT_SET_HERE", None, "NOT_SET_HERE is not set"),
            ("http://h/v1", None, "{}", "--endpoint-url names one elsewhere"),
            (None, "PATH", None, "is for --endpoint-url"),
        ],
    )
    def test_what_does_not_fit_together_is_said(self, url, variable, engine, said):
        with pytest.raises(typer.BadParameter, match=said):
            options.model_of("tiny", url, variable, engine)


class TestEngine:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.toml", 'dtype = "float32"\nmax_num_seqs = 8'),
            ("a.json", '{"dtype": "float32", "max_num_seqs": 8}'),
        ],
    )
    def test_arguments_may_stand_in_a_file(self, tmp_path, name, text):
        (tmp_path / name).write_text(text)
        found = options.arguments_of(str(tmp_path / name))
        assert found == {"dtype": "float32", "max_num_seqs": 8}

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ('{"dtype": ', "cannot be read"),
            ("nowhere.toml", "nowhere.toml: No such file"),
            ('{"seed": 2}', "seed: use --seed"),
            ('{"model": "x"}', "model: use --model"),
        ],
    )
    def test_what_is_none_is_said_so(self, written, said):
        with pytest.raises(typer.BadParameter, match=said):
            options.arguments_of(written)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ChangedAnswersError("x\x1b[2J"), 2),
        (MissingEngineError("x"), 2),
        (UnusableModelError("x"), 2),
        (AnswersInUseError("x"), 3),
        (EngineError("x"), 3),
        (SamplingError("x"), 3),
        (EndpointUnavailableError("x"), 4),
    ],
)
def test_each_end_has_its_code_and_paints_nothing(error, code):
    said = io.StringIO()
    with pytest.raises(typer.Exit) as end, options.outcome_of(Console(file=said)):
        raise error
    assert end.value.exit_code == code
    assert said.getvalue().startswith("error: x") and "\x1b" not in said.getvalue()


def test_options_and_sampling_load_nothing_that_is_large():
    heavy = "{'numpy', 'pyarrow', 'ray', 'torch', 'vllm'} & set(sys.modules)"
    loads = "import sys, assayoffice.rl.sampling.options, assayoffice.rl.sampling.sampling"
    subprocess.run([sys.executable, "-c", f"{loads}; sys.exit({heavy} != set())"], check=True)
