"""A playbook's configuration is checked whole, and every mistake names file, key and remedy."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assayoffice.rl.playbook import config
from assayoffice.rl.playbook.plan import run_values
from assayoffice.rl.playbook.settings import as_toml, flattened, with_settings
from assayoffice.rl.training import config as training
from assayoffice.rl.training.errors import ConfigError

TRAIN = """
[model]
build = "toy"
[data]
build = "toy"
sizes = { demonstrations = 20, prompts = 10, held_out = 10 }
[service]
settings = "service.toml"
[reward]
recipe = "accuracy@1"
[sft]
steps = 4
[sft.verl.model]
"+override_config" = { attn_implementation = "sdpa" }
[grpo]
steps = 2
[evaluation]
problems = 5
samples = 4
max_tokens = 32
"""
PLAYBOOK = """
seed = 3
[train]
config = "train.toml"
set = { "evaluation.samples" = 8 }
[model]
path = "base"
[ledger]
path = "mixes"
[explore.fractions]
held_out = ["fractions.jsonl"]
set = { "sft.steps" = 6 }
[explore.fractions.grid]
"sft.verl.optim.lr" = [0.001, 0.004]
sft.verl.data.train_batch_size = [8, 16]
[explore.programs]
mix = "code"
beside = ["fractions"]
held_out = ["programs.jsonl"]
trainers = ["grpo", "sft"]
runs = 2
[gate]
tolerance = 0.05
[scale]
mixes = { fractions = 1, code = 0.5 }
set = { "grpo.steps" = 30 }
"""


def written(tmp_path: Path, text: str = PLAYBOOK, train: str = TRAIN) -> Path:
    for name in ("fractions.jsonl", "programs.jsonl", "service.toml"):
        (tmp_path / name).write_text("")
    (tmp_path / "base").mkdir(exist_ok=True)
    (tmp_path / "train.toml").write_text(train)
    path = tmp_path / "playbook.toml"
    path.write_text(text)
    return path


def changed(old: str, new: str) -> str:
    assert old in PLAYBOOK
    return PLAYBOOK.replace(old, new, 1)


class TestReading:
    def test_what_is_given_is_kept_and_the_rest_has_defaults(self, tmp_path, monkeypatch):
        file = written(tmp_path)
        monkeypatch.chdir("/")
        loaded = config.load(file)
        assert (loaded.seed, loaded.model) == (3, str(tmp_path / "base"))
        assert (loaded.ledger, loaded.problems) == (tmp_path / "mixes", 5)
        fractions, programs = loaded.domains.values()
        assert (fractions.mix, fractions.trainers, fractions.runs) == ("fractions", ("sft",), 3)
        assert (programs.mix, programs.trainers, programs.runs) == ("code", ("sft", "grpo"), 2)
        assert programs.held_out == (tmp_path / "programs.jsonl",)
        assert (loaded.gate.tolerance, loaded.gate.minimum_runs) == (0.05, 3)
        assert loaded.scale and loaded.scale.mixes == {"fractions": 1.0, "code": 0.5}

    def test_points_are_all_combinations_whatever_way_keys_are_written(self, tmp_path):
        fractions, programs = config.load(written(tmp_path)).domains.values()
        assert [each.name for each in fractions.points] == [
            "lr=0.001, train_batch_size=8",
            "lr=0.001, train_batch_size=16",
            "lr=0.004, train_batch_size=8",
            "lr=0.004, train_batch_size=16",
        ]
        assert fractions.points[1].settings == {
            "sft.steps": 6,
            "sft.verl.optim.lr": 0.001,
            "sft.verl.data.train_batch_size": 16,
        }
        assert len({each.slug for each in fractions.points}) == 4
        assert [each.name for each in programs.points] == ["as configured"]

    def test_folder_of_a_point_stays_when_the_grid_grows(self, tmp_path):
        before = config.load(written(tmp_path)).domains["fractions"].points
        text = changed("[0.001, 0.004]", "[0.002, 0.001, 0.004]")
        after = config.load(written(tmp_path, text)).domains["fractions"].points
        assert {each.slug for each in before} < {each.slug for each in after}

    def test_keys_that_end_alike_are_written_out(self, tmp_path):
        text = changed("sft.verl.data.train_batch_size = [8, 16]", "grpo.verl.actor.lr = [1]")
        point, _ = config.load(written(tmp_path, text)).domains["fractions"].points
        assert point.name == "sft.verl.optim.lr=0.001, grpo.verl.actor.lr=1"

    def test_seed_of_the_command_line_goes_before_the_files(self, tmp_path):
        assert config.load(written(tmp_path), seed=9).seed == 9


class TestRuns:
    def test_run_is_a_training_configuration_of_its_own(self, tmp_path):
        loaded = config.load(written(tmp_path))
        (tmp_path / "runs").mkdir()
        file = tmp_path / "runs" / "config.toml"
        held_out = str(tmp_path / "fractions.jsonl")
        values = run_values(
            loaded,
            loaded.domains["fractions"].points[3].settings,
            ("sft",),
            seed=7,
            data={"sft": held_out, "held_out": held_out},
            at=("sft",),
        )
        file.write_text(as_toml(values))
        run = training.load(file)
        assert (run.seed, run.trainers, run.sft.steps) == (7, ("sft",), 6)
        assert run.sft.verl["optim"] == {"lr": 0.004}
        assert run.sft.verl["model"] == {"+override_config": {"attn_implementation": "sdpa"}}
        assert (run.evaluation.samples, run.evaluation.at) == (8, ("sft",))
        # Which of the held-out problems are asked is decided by domain.
        assert run.evaluation.problems == 0
        assert run.model.path == str(tmp_path / "base")
        # Named relative to the base's file, not to the run's.
        assert run.service.settings == tmp_path / "service.toml"


class TestMistakes:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("seed = 3", "sed = 3", "sed: there is no such key; did you mean 'seed'?"),
            ("seed = 3", "seed = 2147483646", "seed: must leave room for all runs"),
            ('"train.toml"', '"gone.toml"', "train.config: "),
            ('path = "base"', 'path = "./bse"', "model.path: there is no folder ./bse"),
            ('path = "base"', 'path = "runs/base/model"', "there is no folder runs/base/model"),
            ('path = "base"', "", "model.path: missing"),
            ('path = "mixes"', "", "ledger.path: missing"),
            ("evaluation.samples", "data.sft", "set.data.sft: is set by the playbook"),
            ("evaluation.samples", "reward.x.y..", "'reward.x.y..' is no dotted name"),
            ("evaluation.samples", "reward.recipe.x", "leads through recipe, which is no table"),
            ('["fractions.jsonl"]', "[]", "explore.fractions.held_out: names no file"),
            ('["fractions.jsonl"]', '["x.jsonl"]', "x.jsonl is no file"),
            ('"sft.steps" = 6', '"sft.enabled" = true', "is what trainers = [...] says"),
            ('"sft.steps" = 6', '"evaluation.samples" = 3', "cannot differ between runs that are"),
            ('"sft.steps" = 6', '"sft.stpes" = 6', "sft.stpes: there is no such key; did you mean"),
            ('"sft.steps" = 6', '"sft.stpes" = 6', "(in what [train] and explore.fractions, lr="),
            ("[0.001, 0.004]", "0.001", "grid.sft.verl.optim.lr: must be a list"),
            ("[0.001, 0.004]", "[0.001, 0.001]", "has a value twice; runs = N repeats"),
            ("sft.verl.data.train_batch_size", "sft.steps", "sft.steps: is given in set, too"),
            ("sft.verl.data.train_batch_size", "seed", "grid.seed: cannot differ"),
            ('["grpo", "sft"]', '["dpo"]', "'dpo' is none; sft and grpo are"),
            ('["grpo", "sft"]', "[]", "explore.programs.trainers: names none"),
            ('beside = ["fractions"]', 'beside = ["code"]', "names code, the mix that is explored"),
            ("runs = 2", "run = 2", "explore.programs.run: there is no such key"),
            ("tolerance", "tolerence", "gate.tolerence: there is no such key; did you mean"),
            ("tolerance = 0.05", "confidence = 1.0", "gate.confidence: must be below 1"),
            ("tolerance = 0.05", "minimum_runs = 1", "must be at least 2, not 1"),
            ("{ fractions = 1, code = 0.5 }", "{}", "scale.mixes: names no mix"),
            ("code = 0.5", 'code = "half"', "scale.mixes.code: must be a number"),
            ('"grpo.steps" = 30', '"grpo.steps" = 0', "grpo.steps: must be at least 1"),
        ],
    )
    def test_mistake_names_file_key_and_remedy(self, tmp_path, old, new, message):
        file = written(tmp_path, changed(old, new))
        with pytest.raises(ConfigError, match=re.escape(message)) as caught:
            config.load(file)
        assert str(file) in str(caught.value)

    def test_playbook_without_a_domain_is_none(self, tmp_path):
        text = PLAYBOOK[: PLAYBOOK.index("[explore.fractions]")]
        with pytest.raises(ConfigError, match=r"explore: names no domain"):
            config.load(written(tmp_path, text))

    def test_domains_have_folders_of_their_own(self, tmp_path):
        text = PLAYBOOK.replace("explore.fractions", 'explore."toy/x"')
        assert "toy/x" in config.load(written(tmp_path, text)).domains
        text = text.replace("explore.programs", "explore.toy-x")
        with pytest.raises(ConfigError, match=r"explore\.toy-x: has the folder of toy/x"):
            config.load(written(tmp_path, text))

    def test_mistake_in_the_training_configuration_names_its_key(self, tmp_path):
        file = written(tmp_path, train=TRAIN.replace("problems = 5", "problems = -5"))
        with pytest.raises(ConfigError, match=r"evaluation\.problems: must be at least 0"):
            config.load(file)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False), texts)
values = st.recursive(
    st.one_of(scalars, st.lists(scalars, max_size=3)),
    lambda inner: st.one_of(st.dictionaries(texts, inner, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=12,
)


class TestToml:
    @given(st.dictionaries(texts, values, max_size=4))
    def test_what_is_written_is_read_again(self, written):
        assert tomllib.loads(as_toml(written)) == written

    def test_settings_reach_into_tables_and_make_them(self):
        changed = with_settings({"a": {"b": 1, "c": 2}}, {"a.b": 3, "d.e": [4]})
        assert changed == {"a": {"b": 3, "c": 2}, "d": {"e": [4]}}
        assert flattened(changed) == {"a.b": 3, "a.c": 2, "d.e": [4]}
