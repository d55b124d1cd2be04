"""Exploring a domain: what is run, what the gate hears of it, and what is gone on with.

The service, the ledger and the evaluations are real; trainers and samplers are fakes.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_playbook import PlaybookPrograms, write_model
from playbook_files import HELD_OUT, diary, problems, write_lines, write_playbook
from test_training_pipeline import Seen

from assayoffice.rl.client import Client
from assayoffice.rl.mixes.errors import MixError
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook import config, explore
from assayoffice.rl.playbook.gate import Decision, State, Trigger, Verdict
from assayoffice.rl.training import config as training
from assayoffice.rl.training.errors import ChangedRunError, ChildError, ConfigError

GRID = 'grid = { "sft.verl.fake.gain" = [0.0, 0.4] }'


@pytest.fixture(scope="module")
def explored(tmp_path_factory, endpoint) -> Path:
    """Domain a, explored at two points; for tests that only look."""
    folder = tmp_path_factory.mktemp("explored")
    go(write_playbook(folder, endpoint, explore=GRID), "a")
    return folder


@pytest.fixture
def mine(explored, tmp_path) -> Iterator[Path]:
    """The same for tests that change it; runs know absolute paths, so it is put back."""
    shutil.copytree(explored, tmp_path / "kept")
    (explored / "diary.txt").unlink()
    yield explored
    shutil.rmtree(explored)
    shutil.copytree(tmp_path / "kept", explored)


def go(file: Path, *domains: str, seen: Seen | None = None) -> dict[str, Decision]:
    """Explore, in the folder beside the configuration."""
    found = explore.explore(
        config.load(file), file.parent / "run", PlaybookPrograms(), seen or Seen(), domains
    )
    return dict(found)


def with_runs(file: Path, runs: int) -> Path:
    """The playbook with so many runs of domain b."""
    file.write_text(file.read_text().replace("runs = 3", f"runs = {runs}"))
    return file


class TestFromNothing:
    def test_every_point_is_run_with_every_seed_and_the_base_model_is_measured_once(self, explored):
        started = Counter(each.split()[0] for each in diary(explored))
        assert started == {"sft": 6, "sample": 7}
        assert [each for each in diary(explored) if "start" in each] == ["sample start"]
        seeds = [each.rsplit("/", 1)[1] for each in diary(explored) if each.startswith("sft")]
        assert seeds == ["seed-1", "seed-2", "seed-3"] * 2

    def test_gate_says_scale_and_names_the_better_point(self, explored):
        written = json.loads((explored / "run/explore/a/decision.json").read_text())
        assert (written["verdict"], written["point"]) == ("scale", "gain=0.4")
        assert [each["passes"] for each in written["points"]] == [False, True]
        # Two points were tried, so intervals are wider than the confidence that was asked for.
        assert written["level"] == pytest.approx(0.975)
        uplift = written["points"][1]["findings"][0]["difference"]
        assert uplift["low"] < 0.4 < uplift["high"]
        assert uplift["problems"] == HELD_OUT and len(uplift["by_run"]) == 3

    def test_record_of_experiments_says_what_each_was_made_from(self, explored):
        run = explored / "run"
        written = json.loads((run / "explore/a/experiments.json").read_text())
        mix = Ledger(explored / "mixes").mix("a")
        assert written["mixes"] == {"a": mix.digest}
        assert len(written["experiments"]) == 6
        last = written["experiments"][-1]
        assert (last["point"], last["seed"]) == ("gain=0.4", 3)
        assert last["settings"] == {"sft.verl.fake.gain": 0.4}
        assert len(last["hallmarks"]["numeric"]) == 64
        assert last["configuration"]["sft.steps"] == 4
        accuracy = last["accuracies"]["sft"]["a"]["accuracy"]
        assert accuracy["low"] < 0.6 < accuracy["high"]
        # And the run is one of assay train, whose configuration it can be run again with.
        folder = run / "explore/a" / last["run"]
        again = training.load(folder / "config.toml")
        assert (again.seed, again.trainers, again.evaluation.at) == (3, ("sft",), ("sft",))
        assert "gain = 0.4" in (folder / "config.toml").read_text()

    def test_rows_of_seeds_are_the_same_in_another_order(self, explored):
        import pyarrow.parquet

        data = explored / "run/explore/a/data"
        tables = [
            pyarrow.parquet.read_table(data / f"sft-seed-{seed}.parquet").to_pylist()
            for seed in (1, 2)
        ]
        keys = [[json.dumps(row, sort_keys=True) for row in table] for table in tables]
        assert keys[0] != keys[1] and sorted(keys[0]) == sorted(keys[1])


class TestFrozenDomains:
    def test_mix_beside_is_trained_on_and_its_domain_held_to_what_it_was_explored_to(self, mine):
        found = go(with_runs(mine / "playbook.toml", 1), "b")["b"]
        regression = found.chosen.findings[2]
        assert (regression.trigger, regression.domain) == (Trigger.REGRESSION, "a")
        # Explored at gain 0.4, and now at the 0.3 of the training configuration: a lost.
        assert "against its 3 runs when it was explored (gain=0.4)" in regression.sentence
        assert regression.difference and regression.difference.value < -0.05
        assert "a" in regression.remedy and regression.state is not State.MET
        assert found.verdict is Verdict.REFINE
        # The base model was measured on a before.
        assert Counter(diary(mine))["sample start"] == 1

    def test_without_exploration_it_is_held_to_the_base_model(self, tmp_path, endpoint):
        found = go(write_playbook(tmp_path, endpoint), "b")["b"]
        regression = found.chosen.findings[2]
        assert "against the base model" in regression.sentence
        assert regression.state is State.MET and found.verdict is Verdict.SCALE
        assert Counter(diary(tmp_path))["sample start"] == 2

    def test_forgotten_domain_keeps_the_gate_shut(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        # A combination may stand beside, too. Its rows are of a, which is then trained on, so
        # forgetting is done by the trainer.
        text = (tmp_path / "train.toml").read_text().replace("gain = 0.3", "gain = -0.15")
        (tmp_path / "train.toml").write_text(text)
        Ledger(tmp_path / "mixes").combine("half", {"a": 0.5})
        file.write_text(file.read_text().replace('beside = ["a"]', 'beside = ["half"]'))
        found = go(with_runs(file, 1), "b")["b"]
        states = [State.NOT_MET, State.UNDECIDED, State.NOT_MET]
        assert [each.state for each in found.chosen.findings] == states
        assert "Give a more weight" in found.chosen.findings[2].remedy

    def test_open_mix_beside_is_refused_before_anything_starts(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        text = file.read_text().replace('["a-held-out.jsonl"]', '["a-held-out.jsonl"]\nmix = "a2"')
        file.write_text(text.replace('beside = ["a"]', 'beside = ["a2"]'))
        Ledger(tmp_path / "mixes").copy("a", "a2")
        with pytest.raises(ConfigError, match="the mix a2 is open and may yet change; freeze it"):
            go(file)
        assert not (tmp_path / "run").exists()


class TestMistakes:
    @pytest.mark.parametrize(
        ("old", "new", "error", "message"),
        [
            ('beside = ["a"]', 'beside = ["c"]', MixError, "'c'"),
            ("[explore.a]", "[explore.c]", MixError, "'c'"),
            ("[explore.a]", '[explore.c]\nmix = "a"', ConfigError, r"call the table \[explore.a\]"),
            ('beside = ["a"]', 'mix = "a"', ConfigError, "of the domain 'a'"),
        ],
    )
    def test_mixes_that_do_not_fit_are_named(self, tmp_path, endpoint, old, new, error, message):
        file = write_playbook(tmp_path, endpoint)
        file.write_text(file.read_text().replace(old, new))
        with pytest.raises(error, match=message):
            go(file)
        assert not (tmp_path / "run").exists()

    def test_domain_that_is_not_configured_is_refused(self, tmp_path, endpoint):
        with pytest.raises(ConfigError, match="there is no domain 'c'; a, b are"):
            go(write_playbook(tmp_path, endpoint), "c")

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"reference": None}, "has no right answer to compare with"),
            ({"prompt": ""}, "row 41: prompt"),
            ({"id": "a-100"}, "row 41: id: 'a-100'"),
        ],
    )
    def test_held_out_rows_that_cannot_be_asked_are_refused(self, tmp_path, endpoint, row, message):
        file = write_playbook(tmp_path, endpoint)
        rows = [*problems("a", HELD_OUT, offset=100), {**problems("a", 1)[0], **row}]
        write_lines(tmp_path / "a-held-out.jsonl", rows)
        with pytest.raises(ConfigError, match=f"explore.a.held_out.*\n.*{message}"):
            go(file, "a")
        assert not (tmp_path / "run").exists()

    def test_model_that_is_none_is_said(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        (tmp_path / "base/config.json").unlink()
        with pytest.raises(Exception, match=r"base: there is no config\.json"):
            go(file, "a")


class TestGoingOn:
    def test_finished_exploration_starts_nothing(self, mine):
        seen = Seen()
        go(mine / "playbook.toml", "a", seen=seen)
        assert list(diary(mine)) == [] and set(seen.ended.values()) == {"before"}
        assert list(seen.ended) == list(
            explore.stage_names(config.load(mine / "playbook.toml"), ("a",))
        )

    def test_checkpoints_of_finished_experiments_are_not_needed(self, mine):
        for each in (mine / "run/explore/a/experiments").glob("*/*/sft"):
            shutil.rmtree(each)
        go(mine / "playbook.toml", "a")
        assert list(diary(mine)) == []

    def test_grid_that_grows_runs_what_is_new_and_counts_all_that_was_tried(self, mine):
        file = mine / "playbook.toml"
        file.write_text(file.read_text().replace("[0.0, 0.4]", "[0.4, 0.5]"))
        found = go(file, "a")["a"]
        assert Counter(each.split()[0] for each in diary(mine))["sft"] == 3
        # The point that was given up was looked at, too.
        assert (found.tried, len(found.points)) == (3, 2)

    def test_more_runs_keep_the_others(self, mine):
        file = mine / "playbook.toml"
        file.write_text(file.read_text().replace("[0.0, 0.4] }", "[0.0, 0.4] }\nruns = 4"))
        go(file, "a")
        started = [each for each in diary(mine) if each.startswith("sft")]
        assert [each.rsplit("/", 1)[1] for each in started] == ["seed-4"] * 2

    def test_failed_experiment_says_why_and_only_it_is_run_again(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        base = tmp_path / "train.toml"
        diary_line = "sft experiments/as-configured/seed-2"
        whole = base.read_text()
        base.write_text(f"{whole}\nFAKE_FAIL_AT = '{diary_line}'\n")
        seen = Seen()
        with pytest.raises(ChildError, match="(?s)sft.log.*this was too much"):
            go(file, "a", seen=seen)
        assert list(seen.ended.values()) == ["finished", "finished", "failed"]
        # The environment is part of what runs are made from: have it fail by itself no more.
        programs = Counter(diary(tmp_path))
        assert programs[diary_line] == 1

    def test_changed_mix_is_refused_with_what_changed(self, tmp_path, endpoint):
        file = write_playbook(tmp_path, endpoint)
        file.write_text(file.read_text().replace('beside = ["a"]', ""))
        go(with_runs(file, 1), "b")
        before = Ledger(tmp_path / "mixes").mix("b").digest
        with Client(endpoint) as client:
            more = write_lines(tmp_path / "more.jsonl", problems("b", 3, offset=50))
            Ledger(tmp_path / "mixes").add("b", [str(more)], client, strike=True)
        after = Ledger(tmp_path / "mixes").mix("b").digest
        with pytest.raises(ChangedRunError, match=f'mix b: "{before}", now "{after}"') as caught:
            go(file, "b")
        assert f"Or move {tmp_path}/run/explore/b away" in str(caught.value)
        shutil.move(tmp_path / "run/explore/b", tmp_path / "earlier")
        go(file, "b")
        assert Counter(diary(tmp_path))["sample start"] == 1

    @pytest.mark.parametrize(
        ("name", "old", "new", "message"),
        [
            ("train.toml", "samples = 8", "samples = 9", r"evaluation\.samples: 8, now 9"),
            ("train.toml", "gain = 0.3", "gain = 0.3\nluck = 1", r"sft\.verl\.fake\.luck: absent"),
            ("playbook.toml", 'path = "base"', 'path = "other"', "model.path: .*base"),
            ("a-held-out.jsonl", "a-100", "a-1000", "held_out of a, a-held-out.jsonl: "),
        ],
    )
    def test_changed_configuration_is_refused_with_what_changed(
        self, mine, name, old, new, message
    ):
        shutil.copytree(mine / "base", mine / "other")
        file = mine / name
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        with pytest.raises(ChangedRunError, match=message):
            go(mine / "playbook.toml", "a")
        assert list(diary(mine)) == []

    def test_other_weights_in_the_same_place_are_refused(self, mine):
        write_model(mine / "base", {"a": 0.9, "b": 0.3})
        with pytest.raises(ChangedRunError, match="content of the model: "):
            go(mine / "playbook.toml", "a")

    def test_evaluation_that_was_edited_is_refused(self, mine):
        (edited,) = (mine / "run/explore/a/experiments").glob("gain=0.4*/seed-2/evaluations/*")
        edited.write_text(edited.read_text().replace('"correct": 5', '"correct": 8', 1))
        with pytest.raises(ChangedRunError, match=f"{re.escape(str(edited))}: not what the stage"):
            go(mine / "playbook.toml", "a")


class TestHeldOutApart:
    @pytest.mark.parametrize("beside", ["a", "half"])
    def test_held_out_problems_that_are_trained_on_are_refused(self, tmp_path, endpoint, beside):
        """They are of the mix beside, asked with other blanks and a system message."""
        file = write_playbook(tmp_path, endpoint)
        Ledger(tmp_path / "mixes").combine("half", {"a": 0.5})
        file.write_text(file.read_text().replace('beside = ["a"]', f'beside = ["{beside}"]'))
        known = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "In a,  what is 3 + 3?\n"},
        ]
        rows = problems("b", HELD_OUT, offset=100)
        rows[4]["prompt"] = known
        write_lines(tmp_path / "b-held-out.jsonl", rows)
        with pytest.raises(ConfigError, match="row 5 asks what a row 'a-3' asks"):
            go(file, "b")
        assert not list(diary(tmp_path)) and not (tmp_path / "run").exists()
