"""``assay playbook``: from candidates to a report, what it repeats, and what stops it.

Service, filter, ledger, evaluations and report are real; trainers and samplers are fakes.
"""

import dataclasses
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import fake_playbook
import pyarrow.parquet
import pytest
from fake_playbook import DIARY, PlaybookPrograms, write_model
from playbook_files import diary, problems, write_lines
from typer.testing import CliRunner

from assayoffice.cli import app
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook import whole, whole_config
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.toy import domains as toy
from assayoffice.rl.training import programs
from assayoffice.rl.training.errors import ConfigError

CANDIDATES, HELD_OUT = 24, 40
DOMAINS = """
[domains.a]
candidates = ["a.jsonl"]
held_out = ["a-held-out.jsonl"]
[domains.b]
candidates = ["b.jsonl"]
held_out = ["b-held-out.jsonl"]
[base]
path = "base"
[explore.a]
runs = 2
[explore.b]
beside = ["a"]
runs = 2
[scale]
mixes = { a = 1, b = 1 }
"""
# The base model is taught, and knows nothing before; its candidates are fractions.
TOY = """
[domains]
build = "toy"
sizes = { candidates = 24, held_out = 40, demonstrations = 6 }
[base]
build = "toy"
set = { "sft.verl.fake.gain" = 0.4 }
[explore.fractions]
runs = 2
[scale]
mixes = { fractions = 1 }
trainers = ["sft"]
"""
REST = """
[edge]
samples = 8
max_tokens = 8
min_solve_rate = 0.2
max_solve_rate = 0.8
[train]
config = "train.toml"
[gate]
tolerance = 0.2
minimum_runs = 2
"""


def write(folder: Path, endpoint: str, text: str = DOMAINS) -> Path:
    """A playbook whose models get better by 0.3 with SFT, by 0.1 with GRPO."""
    folder.mkdir(exist_ok=True)
    write_model(folder / "base", {"a": 0.4, "b": 0.4})
    for domain in ("a", "b"):
        # Files of different domains number their rows alike.
        rows = [{**each, "id": str(n)} for n, each in enumerate(problems(domain, CANDIDATES))]
        write_lines(folder / f"{domain}.jsonl", rows)
        write_lines(folder / f"{domain}-held-out.jsonl", problems(domain, HELD_OUT, offset=100))
    (folder / "train.toml").write_text(
        f"""
        [model]
        build = "toy"
        [data]
        build = "toy"
        sizes = {{ demonstrations = 2, prompts = 2, held_out = 2 }}
        [service]
        endpoints = ["{endpoint}"]
        [reward]
        recipe = "accuracy@1"
        [sft]
        steps = 4
        [sft.verl.fake]
        gain = 0.3
        [grpo]
        steps = 2
        [grpo.verl.fake]
        gain = 0.1
        [evaluation]
        samples = 8
        max_tokens = 8
        [environment]
        {DIARY} = "{folder / "diary.txt"}"
        """
    )
    file = folder / "playbook.toml"
    file.write_text(text + REST)
    return file


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) >= 1
    file.write_text(text.replace(old, new, 1))


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    monkeypatch.setattr(programs, "VerlPrograms", PlaybookPrograms)
    monkeypatch.setattr(programs, "require_extra", lambda: None)


def run(file: Path, *flags: str) -> tuple[int, str, str]:
    """Exit code, stdout and all that was said in one line."""
    result = CliRunner().invoke(
        app, ["playbook", str(file), "--run", str(file.parent / "run"), *flags]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, " ".join(result.output.split())


def events(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def edge_counts(file: Path, domain: str) -> dict[str, Any]:
    written = json.loads((file.parent / f"run/edge/{domain}/edge.json").read_text())
    assert isinstance(written["total"], dict)
    return written["total"]


@pytest.mark.heavy
class TestWhole:
    def test_from_candidates_to_report_and_again(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        code, said, _ = run(file, "--json")
        assert code == 0
        heard = events(said)
        names = list(whole.stage_names(whole_config.load(file)))
        assert [each["stage"] for each in heard if each["event"] == "begin"] == names
        ended = [each["stage"] for each in heard if each["event"] == "finished"]
        assert Counter(ended) == Counter(names)
        assert [each["event"] for each in heard[-4:]] == [
            "decision",
            "decision",
            "matrix",
            "report",
        ]
        assert [each["verdict"] for each in heard if each["event"] == "decision"] == ["scale"] * 2
        assert heard[-2]["without_evidence"] == []

        # What is trained on is what lies in the band, no less and no more.
        ledger = Ledger(tmp_path / "run/mixes")
        for domain in ("a", "b"):
            count = edge_counts(file, domain)
            rates = count["solve_rates"]
            assert count["problems"] == CANDIDATES == len(rates)
            assert count["kept"] == sum(0.2 <= each <= 0.8 for each in rates) > 0
            mix = ledger.mix(domain)
            assert mix.is_frozen and len(list(mix.rows())) == count["kept"]
        report = (tmp_path / "run/report.html").read_text()
        assert str(heard[-1]["path"]) == str(tmp_path / "run/report.html")
        assert ledger.mix("a").digest in report

        # Again: nothing is started, and the report is the same.
        started = list(diary(tmp_path))
        before = (tmp_path / "run/stages.json").read_bytes()
        code, said, _ = run(file, "--json")
        assert code == 0 and list(diary(tmp_path)) == started
        assert not [each for each in events(said) if each["event"] == "begin"]
        assert (tmp_path / "run/stages.json").read_bytes() == before
        assert (tmp_path / "run/report.html").read_text() == report

    def test_refined_it_stops_with_a_report_and_goes_on_only_when_told(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        change(file, "[gate]", "[gate]\nminimum_uplift = 0.9")
        code, said, _ = run(file, "--json")
        assert code == 1
        decisions = [each for each in events(said) if each["event"] == "decision"]
        assert [(each["domain"], each["verdict"]) for each in decisions] == [("a", "refine")]
        assert not Ledger(tmp_path / "run/mixes").mix("a").is_frozen
        assert not (tmp_path / "run/explore/b").exists()
        assert not (tmp_path / "run/scale").exists()
        assert "refine" in (tmp_path / "run/report.html").read_text().lower()
        started = list(diary(tmp_path))

        code, said, _ = run(file, "--json", "--without-evidence")
        assert code == 1  # it is no evidence for that
        (matrix,) = [each for each in events(said) if each["event"] == "matrix"]
        assert matrix["without_evidence"] == ["a", "b"]
        begun = [str(each["stage"]) for each in events(said) if each["event"] == "begin"]
        assert not [each for each in begun if each.startswith(("edge", "mix", "a: "))]
        assert list(diary(tmp_path))[: len(started)] == started

    def test_gate_may_be_changed_and_is_asked_again(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        change(file, "[gate]", "[gate]\nminimum_uplift = 0.9")
        assert run(file)[0] == 1
        change(file, "minimum_uplift = 0.9", "minimum_uplift = 0.01")
        started = list(diary(tmp_path))
        assert run(file)[0] == 0
        assert list(diary(tmp_path))[: len(started)] == started
        assert (tmp_path / "run/config.toml").read_text() == file.read_text()

    def test_toy_is_taught_first(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint, TOY)
        code, _, said = run(file)
        assert code == 0 and "base model: finished" in said
        assert list(diary(tmp_path))[1:3] == ["sample sft", "sample answers"]
        count = edge_counts(file, "fractions")
        assert count["problems"] == CANDIDATES and count["kept"] > 0
        started = list(diary(tmp_path))
        assert run(file)[0] == 0 and list(diary(tmp_path)) == started
        # Its settings are what it is made from.
        change(file, '"sft.verl.fake.gain" = 0.4', '"sft.verl.fake.gain" = 0.5')
        code, _, said = run(file)
        assert code == 3 and "base.set.sft.verl.fake.gain: 0.4, now 0.5" in said
        change(file, '"sft.verl.fake.gain" = 0.5', '"sft.verl.fake.gain" = 0.4')
        change(tmp_path / "train.toml", "samples = 8", "samples = 7")
        code, _, said = run(file)
        assert code == 3 and "base model was made from something else" in said
        assert "evaluation.samples: 8, now 7" in said


class TestMistakes:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("[explore.b]\n", '[explore."../b"]\n', "explore.../b: a domain is called like its mi"),
            ("[domains.b]", "[domains.c]", "domains.b: missing; name its candidates and held_out"),
            ('["b.jsonl"]', "[]", "domains.b.candidates: names no file"),
            ('"b.jsonl"', '"gone.jsonl"', r"domains.b.candidates: .*gone\.jsonl is no file"),
            ('path = "base"', 'path = "./gone"', "base.path: there is no folder ./gone"),
            ('path = "base"', "", 'base.path: give either path = "..." or build = "toy"'),
            ('path = "base"', 'build = "toy"', "base.build: the toy model answers only the toy's"),
            ('beside = ["a"]', 'beside = ["b2"]', "explore.b.beside: 'b2' is no domain .* it; a"),
            ("runs = 2", "runs = 2\nmix = 'a'", "explore.a.mix: is filled in; leave it out"),
            ("runs = 2", "run = 2", "explore.a.run: there is no such key; did you mean 'runs'"),
            ("b = 1 }", "c = 1 }", "scale.mixes.c: is no domain; a, b are"),
            ("b = 1 }", "b = 1 }\ncombination = 'a'", "scale.combination: is the name of a domai"),
            ("[scale]\nmixes", "[explore.a.set]\n'x'", "explore.a.set.x"),
            ("min_solve_rate = 0.2", "min_solve_rate = 0.9", "edge.min_solve_rate: "),
            ("max_tokens = 8", "", "edge.max_tokens: missing"),
            ("[gate]", "[gait]", "gait: there is no such key; did you mean 'gate'"),
            ('"train.toml"', '"gone.toml"', r"train.config: .*gone\.toml is no file"),
        ],
    )
    def test_configuration_names_file_and_key_before_anything_starts(
        self, tmp_path, old, new, message
    ):
        file = write(tmp_path, "127.0.0.1:1")
        change(file, old, new)
        with pytest.raises(ConfigError, match=f"(?s)^{file}: .*{message}"):
            whole_config.load(file)
        code, _, said = run(file)
        assert code == 2 and f"error: {file}: " in said
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("candidates = 24, ", "", "domains.sizes.candidates: missing"),
            (
                "[explore.fractions]",
                "[explore.poems]",
                "the toy has no 'poems'; fractions, programs",
            ),
            ("demonstrations = 6 }", "demonstrations = 6, more = 1 }", "domains.sizes.more: there"),
        ],
    )
    def test_toy_that_cannot_be_made(self, tmp_path, old, new, message):
        file = write(tmp_path, "127.0.0.1:1", TOY)
        change(file, old, new)
        with pytest.raises(ConfigError, match=f"^{file}: .*{message}"):
            whole_config.load(file)

    def test_toy_has_only_so_many_problems(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint, TOY)
        change(file, "candidates = 24", "candidates = 2400000")
        code, _, said = run(file)
        assert code == 2
        assert f"{file}: domains.sizes.candidates: 2400000 rows of fractions are wanted and" in said
        assert not (tmp_path / "run/data").exists()

    def test_folder_that_is_no_model(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        (tmp_path / "base/config.json").unlink()
        code, _, said = run(file)
        assert code == 2 and "there is no config.json; name a folder that holds a model" in said
        assert not list(diary(tmp_path))

    def test_nothing_at_the_edge_is_counted(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        write_model(tmp_path / "base", {"a": 0.4, "b": 0.0})
        code, _, said = run(file)
        assert code == 1
        assert "b: none of 24 problems is at the edge of the base model: 24 hopeless." in said
        # Why each was dropped is there to see, and the model is not asked again.
        assert (tmp_path / "run/edge/b/dropped.jsonl").read_text().count("hopeless") >= CANDIDATES
        started = list(diary(tmp_path))
        assert run(file)[0] == 1 and list(diary(tmp_path)) == started

    @pytest.mark.heavy
    def test_what_it_was_begun_with_may_not_change(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        change(file, "[gate]", "[gate]\nminimum_uplift = 0.9")  # it ends early
        assert run(file)[0] == 1
        started = list(diary(tmp_path))
        for old, new, said in [
            ("max_solve_rate = 0.8", "max_solve_rate = 0.7", "edge.max_solve_rate: 0.8, now 0.7"),
            ('path = "base"', 'path = "Some/Model"', 'base.path: "base", now "Some/Model"'),
        ]:
            change(file, old, new)
            code, _, heard = run(file)
            assert code == 3 and "Give another folder with --run, or undo the change" in heard
            assert said in heard
            change(file, new, old)
        code, _, heard = run(file, "--seed", "2")
        assert code == 3 and "seed: 1, now 2" in heard
        write_lines(tmp_path / "b.jsonl", problems("b", CANDIDATES + 1))
        code, _, heard = run(file)
        assert code == 3 and "edge of b was made from something else" in heard
        assert "candidates 1, b.jsonl" in heard
        assert list(diary(tmp_path)) == started

    @pytest.mark.heavy
    def test_full_disk_is_3_and_what_was_finished_is_kept(self, tmp_path, endpoint, monkeypatch):
        file = write(tmp_path, endpoint)

        def full(*arguments: object, **others: object) -> None:
            raise OSError(28, "No space left on device", str(tmp_path / "run"))

        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "add", full)
            code, _, said = run(file)
        assert code == 3 and "error: [Errno 28] No space left on device" in said
        assert list(diary(tmp_path)) == ["sample answers"] * 2
        change(file, "[gate]", "[gate]\nminimum_uplift = 0.9")  # it ends early
        assert run(file)[0] == 1
        assert list(diary(tmp_path)).count("sample answers") == 2

    @pytest.mark.heavy
    def test_sampler_that_fails_is_3_and_service_that_is_not_there_4(self, tmp_path, endpoint):
        file = write(tmp_path, endpoint)
        train = (tmp_path / "train.toml").read_text()
        (tmp_path / "train.toml").write_text(train + '\nFAKE_FAIL_AT = "sample answers"\n')
        code, _, said = run(file)
        assert code == 3 and "this was too much" in said
        (tmp_path / "train.toml").write_text(train.replace(endpoint, "127.0.0.1:1"))
        assert run(file)[0] == 4

    def test_help_says_what_codes_mean(self):
        result = CliRunner().invoke(app, ["playbook", "--help"], env={"COLUMNS": "200"})
        said = " ".join(result.output.split())
        assert result.exit_code == 0
        for code in ("0 the gate said", "1 it says", "2 the command", "3 a stage", "4 the service"):
            assert code in said
        assert "--without-evidence" in said


class TestToyData:
    SIZES = toy.Sizes(candidates=60, held_out=40, demonstrations=300)

    def questions(self, folder: Path) -> dict[str, list[str]]:
        """By what they are for; those of demonstrations come more than once."""
        lessons = pyarrow.parquet.read_table(folder / "demonstrations.parquet").to_pylist()
        found = {"lessons": [each["messages"][0]["content"] for each in lessons]}
        for domain in toy.DOMAINS:
            for kind in ("candidates", "held_out"):
                rows = list(read_problems(str(folder / domain / f"{kind}.jsonl")))
                assert all(isinstance(each, Problem) and each.has_reference for each in rows)
                assert all(bool(each.demonstration) == (kind == "candidates") for each in rows)
                found[f"{domain} {kind}"] = [each.messages[-1].content for each in rows]
        return found

    def test_no_question_is_for_two_things(self, tmp_path):
        toy.write(tmp_path, seed=1, sizes=self.SIZES)
        found = self.questions(tmp_path)
        assert [len(each) for each in found.values()] == [600, 60, 40, 60, 40]
        for name, asked in found.items():
            assert name == "lessons" or len(set(asked)) == len(asked)
            others = {each for other in found if other != name for each in found[other]}
            assert not others & set(asked), name

    def test_seed_and_sizes_decide_every_row(self, tmp_path):
        written = {}
        for name, seed in (("one", 1), ("same", 1), ("other", 2)):
            toy.write(tmp_path / name, seed=seed, sizes=self.SIZES)
            files = sorted((tmp_path / name).rglob("*.*"))
            written[name] = [each.read_bytes() for each in files]
        assert len(written["one"]) == 6
        assert written["one"] == written["same"]
        assert not set(written["one"]) & set(written["other"])

    def test_there_are_enough_for_the_configuration(self, tmp_path):
        config = whole_config.load(Path(__file__).parents[1] / "rl/configs/playbook.toml")
        toy.write(tmp_path, seed=config.seed, sizes=toy.Sizes(**config.sizes))
        too_many = dataclasses.replace(self.SIZES, held_out=100_000)
        with pytest.raises(ValueError, match=r"^sizes.held_out: 100000 rows of fractions are want"):
            toy.write(tmp_path, seed=1, sizes=too_many)


@pytest.mark.heavy
class TestKilled:
    def test_killed_in_each_stage_it_goes_on_and_ends_as_if_it_had_not_been(
        self, tmp_path, endpoint
    ):
        uninterrupted = write(tmp_path / "whole", endpoint, TOY)
        assert run(uninterrupted)[0] == 0
        killed = write(tmp_path / "killed", endpoint, TOY)
        folder = killed.parent / "run"
        command = [sys.executable, fake_playbook.__file__, "playbook", str(killed), str(folder)]
        drawn = random.Random()
        seed = drawn.getrandbits(32)
        drawn.seed(seed)
        finished = set[object]()
        for stage in whole.stage_names(whole_config.load(killed)):
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    event = json.loads(line)
                    if event["event"] == "finished":
                        finished.add(event["stage"])
                    if event["event"] == "begin":
                        assert event["stage"] not in finished, seed
                        if event["stage"] == stage:
                            time.sleep(drawn.uniform(0, 1.5))
                            process.kill()
        assert run(killed)[0] == 0, seed
        compared = (
            "edge/fractions/edge.json",
            Path("edge/fractions", "work", "answers.jsonl"),
            "mixes/fractions/rows.jsonl",
            "scale/run/completions/sft.jsonl",
        )
        for each in compared:
            found = [file.parent / "run" / each for file in (uninterrupted, killed)]
            assert found[0].read_bytes() == found[1].read_bytes(), each
        decisions = [
            json.loads((file.parent / "run/explore/fractions/decision.json").read_text())
            for file in (uninterrupted, killed)
        ]
        assert decisions[0] == decisions[1], seed
