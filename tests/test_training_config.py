"""A run's configuration is checked whole, and every mistake names file, key and remedy."""

import re
from pathlib import Path

import pytest

from assayoffice.rl.training import config
from assayoffice.rl.training.errors import ConfigError

CONFIGS = Path(__file__).parents[1] / "rl" / "configs"
# Those of playbooks are for other commands, and tried with them.
SHIPPED = [each for each in sorted(CONFIGS.glob("*.toml")) if "playbook" not in each.name]
RUN = """
seed = 3
[model]
build = "toy"
[data]
build = "toy"
sizes = { demonstrations = 20, prompts = 10, held_out = 10 }
[reward]
recipe = "accuracy@1"
[sft]
steps = 4
save_every = 2
[sft.verl.optim]
lr = 0.001
[grpo]
steps = 2
[evaluation]
samples = 4
max_tokens = 32
"""


def written(tmp_path: Path, text: str = RUN) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(text)
    return path


def changed(old: str, new: str) -> str:
    assert old in RUN
    return RUN.replace(old, new)


class TestReading:
    def test_what_is_given_is_kept_and_the_rest_has_defaults(self, tmp_path):
        loaded = config.load(written(tmp_path))
        assert (loaded.seed, loaded.model.path, loaded.sft.save_every) == (3, None, 2)
        assert loaded.sft.verl == {"optim": {"lr": 0.001}}
        assert loaded.grpo.save_every == loaded.grpo.steps == 2
        assert (loaded.evaluation.problems, loaded.evaluation.temperature) == (0, 1.0)

    def test_seed_of_the_command_line_goes_before_the_files(self, tmp_path):
        assert config.load(written(tmp_path), seed=9).seed == 9

    def test_files_are_found_beside_the_configuration(self, tmp_path, monkeypatch):
        for name in ("a", "b", "c"):
            (tmp_path / f"{name}.parquet").write_text("")
        text = changed(
            'build = "toy"\nsizes = { demonstrations = 20, prompts = 10, held_out = 10 }',
            'sft = "a.parquet"\ngrpo = "b.parquet"\nheld_out = "c.parquet"',
        )
        file = written(tmp_path, text)
        monkeypatch.chdir("/")
        assert config.load(file).data.held_out == tmp_path / "c.parquet"

    def test_model_is_a_folder_where_there_is_one_and_a_name_otherwise(self, tmp_path):
        text = changed('[model]\nbuild = "toy"', '[model]\npath = "org/name"')
        assert config.load(written(tmp_path, text)).model.path == "org/name"
        (tmp_path / "org" / "name").mkdir(parents=True)
        assert config.load(written(tmp_path, text)).model.path == str(tmp_path / "org" / "name")

    def test_models_are_measured_at_every_moment_or_those_that_are_chosen(self, tmp_path):
        assert config.load(written(tmp_path)).evaluation.at == ("start", "sft", "grpo")
        chosen = changed("samples = 4", 'samples = 4\nat = ["grpo", "start"]')
        assert config.load(written(tmp_path, chosen)).evaluation.at == ("start", "grpo")
        alone = RUN.replace("steps = 4", "enabled = false").replace("steps = 2", "enabled = false")
        alone = alone.replace("samples = 4", 'samples = 4\nat = ["start"]')
        assert config.load(written(tmp_path, alone)).trainers == ()

    def test_files_of_trainers_that_are_not_enabled_are_not_needed(self, tmp_path):
        (tmp_path / "c.parquet").write_text("")
        built = 'build = "toy"\nsizes = { demonstrations = 20, prompts = 10, held_out = 10 }'
        text = changed(built, 'held_out = "c.parquet"')
        with pytest.raises(ConfigError, match=r"data\.sft: missing; demonstrations for SFT"):
            config.load(written(tmp_path, text))
        text = text.replace("[sft]", "[sft]\nenabled = false")
        with pytest.raises(ConfigError, match=r"data\.grpo: missing; problems for GRPO"):
            config.load(written(tmp_path, text))
        text = text.replace("[grpo]", "[grpo]\nenabled = false")
        text = text.replace("samples = 4", 'samples = 4\nat = ["start"]')
        assert config.load(written(tmp_path, text)).data.held_out == tmp_path / "c.parquet"

    @pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
    def test_shipped_configurations_are_free_of_mistakes(self, file, tmp_path, monkeypatch):
        # Those for real models name files that their readers make.
        monkeypatch.setattr(Path, "is_file", lambda path: True)
        assert config.load(file).grpo.steps > 0


class TestMistakes:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("seed = 3", "sed = 3", "sed: there is no such key; did you mean 'seed'?"),
            ("steps = 4", "stpes = 4\nsteps = 4", "sft.stpes: there is no such key; did you mean"),
            ("[grpo]", "[gpro]\n[grpo]", "gpro: there is no such key; did you mean 'grpo'?"),
            ("samples = 4", "", "evaluation.samples: missing"),
            ("samples = 4", "samples = 0", "evaluation.samples: must be at least 1, not 0"),
            ("samples = 4", "samples = 'four'", "evaluation.samples: must be a whole number"),
            ("samples = 4", "samples = true", "a whole number, not true or false"),
            ("samples = 4", "samples = 4\ntemperature = nan", "temperature: must be finite"),
            ("prompts = 10", "prompts = 1", "data.sizes.prompts: must be at least 2"),
            ("prompts = 10", "prompts = 11", "data.sizes.prompts: must be even"),
            ("seed = 3", "seed = 4294967296", "seed: must be at most 2147483647"),
            ("prompts = 10", "promts = 10", "data.sizes.prompts: missing"),
            ('[model]\nbuild = "toy"', "[model]", "model.path: give either path"),
            ('[model]\nbuild = "toy"', '[model]\nbuild = "big"', "build: must be 'toy'"),
            ('[model]\nbuild = "toy"', '[model]\npath = "/no/such"', "there is no folder"),
            ('"accuracy@1"', '"accuracy"', "names no version"),
            ('"accuracy@1"', '"accuracy@1"\nverifer = "code"', "did you mean 'verifier'?"),
            ('"accuracy@1"', '"accuracy@1"\nendpoints = []', "is set by the run"),
            ('"accuracy@1"', '"accuracy@1"\nfailure_policy = "zero"', "group-neutral"),
            ("samples = 4", "samples = 4\nat = ['end']", "at: 'end' is no moment of this run; st"),
            ("samples = 4", "samples = 4\nat = []", "at: names no moment; give some of start"),
            ("[grpo]", "[grpo]\nverl = 3", "grpo.verl: must be a table, not the number 3"),
            ("steps = 4\nsave_every = 2", "enabled = false", "nothing is to be trained"),
        ],
    )
    def test_mistake_names_file_key_and_remedy(self, tmp_path, old, new, message):
        text = changed(old, new)
        if "nothing is" in message:
            text = text.replace("[grpo]\nsteps = 2", "[grpo]\nenabled = false")
        file = written(tmp_path, text)
        with pytest.raises(ConfigError, match=re.escape(message)) as caught:
            config.load(file)
        assert str(file) in str(caught.value)

    def test_missing_file_of_data_is_named(self, tmp_path):
        text = changed(
            'build = "toy"\nsizes = { demonstrations = 20, prompts = 10, held_out = 10 }',
            'grpo = "gone.parquet"\nheld_out = "c.parquet"',
        )
        with pytest.raises(ConfigError, match=r"data\.grpo: .*gone\.parquet is no file"):
            config.load(written(tmp_path, text))

    def test_service_is_started_or_named_and_not_both(self, tmp_path):
        (tmp_path / "service.toml").write_text("")
        text = RUN + '[service]\nendpoints = ["h:1"]\nsettings = "service.toml"\n'
        with pytest.raises(ConfigError, match=r"service\.settings: is for a service that is"):
            config.load(written(tmp_path, text))

    @pytest.mark.parametrize("content", [b"steps = ", b"\xff\xfe", None])
    def test_what_is_no_toml_file_is_said(self, tmp_path, content):
        file = tmp_path / "run.toml"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigError, match=re.escape(str(file))):
            config.load(file)
