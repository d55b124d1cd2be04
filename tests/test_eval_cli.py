"""``assay eval`` as a command: a real service, real kills, and a model that is a fake."""

import json
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_completions import Asked, FakeCompletions, unused_port
from fake_service import spin_until
from judging_answers import lines, problem, write_header
from typer.testing import CliRunner

from assayoffice.cli import app
from assayoffice.rl.evaluating.evaluation import OVERALL
from assayoffice.rl.evaluating.evaluation import read_evaluation as _read_evaluation
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.stages import Stages

# Whoever asserts on a figure knows that there is one.
read_evaluation: Any = _read_evaluation
PROBLEMS = 12
RUNS = 3


def answer(asked: Asked) -> str:
    """What a model answers that is right more often to questions of greater number."""
    number = int(asked["messages"][-1]["content"].split()[-1])
    chance = random.Random(f"{number} {asked.get('seed')} {asked['temperature']}")
    if chance.random() < 0.1:
        return "I do not know."
    right = chance.random() < number / PROBLEMS
    return f"\\boxed{{{number if right else chance.choice((-1, -2))}}}"


@pytest.fixture(scope="module")
def problems_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("eval") / "held_out.jsonl"
    rows = [
        {
            "id": f"q{n}",
            "domain": "odd" if n % 2 else "even",
            "prompt": f"Which number is {n}",
            "reference": str(n),
        }
        for n in range(PROBLEMS)
    ]
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return file


@pytest.fixture(scope="module")
def model() -> Iterator[FakeCompletions]:
    with FakeCompletions(answer) as fake:
        yield fake


def assay(*arguments: object):
    return CliRunner().invoke(app, [str(each) for each in arguments])


def run_arguments(problems_file: Path, url: str, endpoint: str, output: Path) -> list[str]:
    sampling = ["--model", "tiny", "--endpoint-url", url, "--runs", str(RUNS), "--greedy"]
    service = ["--endpoint", endpoint, "--output", str(output)]
    return ["eval", "run", str(problems_file), *sampling, *service]


@pytest.fixture(scope="module")
def whole(problems_file, model, endpoint, tmp_path_factory) -> Path:
    """The folder of an evaluation that nothing interrupted."""
    output = tmp_path_factory.mktemp("whole")
    done = assay(*run_arguments(problems_file, model.url, endpoint, output))
    assert done.exit_code == 0, done.output
    return output


class TestRun:
    def test_figures_are_of_what_was_answered(self, whole):
        found = read_evaluation(whole)
        answers = [json.loads(line) for line in (whole / "answers.jsonl").read_text().splitlines()]
        sampled = [each for each in answers if not each["greedy"]]
        right = [each["response"] == f"\\boxed{{{each['problem'][1:]}}}" for each in sampled]
        figures = found.domains[OVERALL]
        assert len(sampled) == PROBLEMS * RUNS
        assert figures.pass_at_1.over_problems.value == pytest.approx(sum(right) / len(right))
        assert 0 < sum(right) < len(right)
        assert (figures.problems, figures.unjudged, len(figures.runs.accuracies)) == (12, 0, RUNS)
        assert [each.k for each in figures.at_k] == [2, 3]
        assert list(found.domains) == [OVERALL, "even", "odd"]
        assert found.request["temperature"] == 0.8
        assert found.name == "tiny" and "numeric" in found.hallmarks

    def test_what_is_finished_is_not_done_again(self, problems_file, model, endpoint, whole):
        before = {each: each.read_bytes() for each in sorted(whole.iterdir())}
        asked = len(model.requests)
        done = assay(*run_arguments(problems_file, model.url, endpoint, whole))
        assert done.exit_code == 0
        assert "expect up to" in done.stdout and "pass@k" in done.stdout
        assert len(model.requests) == asked
        assert {each: each.read_bytes() for each in sorted(whole.iterdir())} == before

    def test_json_is_one_object_that_is_the_file(self, problems_file, model, endpoint, whole):
        done = assay(*run_arguments(problems_file, model.url, endpoint, whole), "--json")
        assert json.loads(done.stdout) == json.loads((whole / "evaluation.json").read_text())

    def test_another_request_for_the_same_folder_is_refused(
        self, problems_file, model, endpoint, whole
    ):
        changed = run_arguments(problems_file, model.url, endpoint, whole)
        done = assay(*changed, "--temperature", "1.0")
        assert done.exit_code == 2 and "temperature" in done.output
        assert "another --output" in done.output

    @pytest.mark.parametrize("moment", ["answering", "judging"])
    def test_killed_it_goes_on_and_ends_the_same(
        self, problems_file, endpoint, whole, tmp_path, moment
    ):
        output = tmp_path / "evaluation"
        answers, judged = output / "answers.jsonl", output / "judged.jsonl"
        with FakeCompletions(answer) as fake:
            arguments = run_arguments(problems_file, fake.url, endpoint, output)
            command = [sys.executable, "-c", "from assayoffice.cli import main; main()"]
            process = subprocess.Popen([*command, *arguments], stderr=subprocess.DEVNULL)
            try:
                if moment == "answering":
                    spin_until(lambda: answers.exists() and answers.stat().st_size > 3000, 60)
                else:
                    spin_until(judged.exists, 60)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
            asked = len(fake.requests)
            done = assay(*arguments)
            assert done.exit_code == 0, done.output
            if moment == "judging":
                assert len(fake.requests) == asked
        for name in ("answers.jsonl", "evaluation.json"):
            assert (output / name).read_bytes() == (whole / name).read_bytes()

    def test_an_endpoint_that_is_not_there(self, problems_file, endpoint, tmp_path):
        url = f"http://127.0.0.1:{unused_port()}/v1"
        done = assay(*run_arguments(problems_file, url, endpoint, tmp_path / "out"))
        assert done.exit_code == 4

    def test_a_service_that_is_not_there_is_told_before_anything_is_sampled(
        self, problems_file, model, tmp_path
    ):
        asked = len(model.requests)
        nobody = f"127.0.0.1:{unused_port()}"
        done = assay(*run_arguments(problems_file, model.url, nobody, tmp_path / "out"))
        assert done.exit_code == 4 and len(model.requests) == asked

    def test_a_service_that_does_not_answer_in_time_is_named(self, problems_file, model, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            arguments = run_arguments(problems_file, model.url, address, tmp_path / "out")
            done = assay(*arguments, "--timeout", "1")
        assert done.exit_code == 4
        assert f"{address} did not answer within 1 s" in done.output

    def test_rows_that_cannot_be_used_are_named(self, problems_file, model, endpoint, tmp_path):
        file = tmp_path / "held_out.jsonl"
        file.write_text(problems_file.read_text() + '{"id": "x", "prompt": 3}\n')
        done = assay(*run_arguments(file, model.url, endpoint, tmp_path / "out"))
        assert done.exit_code == 2
        assert "1 of 13 rows cannot be used" in done.output and "row 13: prompt" in done.output

    @pytest.mark.parametrize("ks", ["0", "2,x", "", "-1"])
    def test_k_must_be_numbers(self, problems_file, model, endpoint, tmp_path, ks):
        arguments = run_arguments(problems_file, model.url, endpoint, tmp_path / "out")
        done = assay(*arguments, "--k", ks)
        assert done.exit_code == 2 and "whole numbers" in done.output


class TestHallmarks:
    def test_a_hallmark_that_is_not_in_service_is_refused_before_anything_is_sampled(
        self, problems_file, model, endpoint, tmp_path
    ):
        asked = len(model.requests)
        arguments = run_arguments(problems_file, model.url, endpoint, tmp_path / "out")
        done = assay(*arguments, "--require-hallmark", f"numeric={'0' * 64}")
        assert done.exit_code == 4 and "HALLMARK" in done.output
        assert len(model.requests) == asked

    def test_a_verifier_that_is_not_served_is_told_before_anything_is_sampled(
        self, model, endpoint, tmp_path
    ):
        asked, file = len(model.requests), tmp_path / "held_out.jsonl"
        row = {"id": "1", "domain": "d", "prompt": "Say 1", "verifier": "oracle", "task": {"a": 1}}
        file.write_text(json.dumps(row) + "\n")
        done = assay(*run_arguments(file, model.url, endpoint, tmp_path / "out"))
        assert done.exit_code == 4 and "oracle" in done.output, done.output
        assert len(model.requests) == asked

    def test_that_of_training_is_demanded(self, problems_file, model, endpoint, whole, tmp_path):
        def trained(digest: str) -> Path:
            folder = RunFolder(tmp_path / digest[:2])
            folder.path.mkdir()
            facts = {"hallmark of numeric": digest, "hallmark of code": "1" * 64}
            Stages(folder).run("service", facts, lambda: ())
            return folder.path

        arguments = run_arguments(problems_file, model.url, endpoint, whole)
        in_service = read_evaluation(whole).hallmarks["numeric"]
        assert assay(*arguments, "--hallmarks-of", trained(in_service)).exit_code == 0
        assert assay(*arguments, "--hallmarks-of", trained("0" * 64)).exit_code == 4
        assert assay(*arguments, "--hallmarks-of", whole).exit_code == 0

    def test_a_verifier_that_training_did_not_have_is_named(
        self, problems_file, model, endpoint, tmp_path
    ):
        folder = RunFolder(tmp_path / "run")
        folder.path.mkdir()
        Stages(folder).run("service", {"hallmark of code": "1" * 64}, lambda: ())
        arguments = run_arguments(problems_file, model.url, endpoint, tmp_path / "out")
        done = assay(*arguments, "--hallmarks-of", folder.path)
        assert done.exit_code == 2 and "numeric: judges some of the problems" in done.output

    def test_a_folder_of_something_else(self, problems_file, model, endpoint, tmp_path):
        arguments = run_arguments(problems_file, model.url, endpoint, tmp_path / "out")
        done = assay(*arguments, "--hallmarks-of", tmp_path)
        assert done.exit_code == 2 and "no such file" in done.output


def held_out(folder: Path, problems: list[Problem]) -> Path:
    rows = [
        {
            "id": each.id,
            "domain": each.domain,
            "prompt": each.question,
            "reference": each.task["reference"],
        }
        for each in problems
    ]
    file = folder / "held_out.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return file


class TestScore:
    def test_answers_are_judged_without_sampling(self, endpoint, tmp_path):
        problems = [problem("a"), problem("b")]
        answers = tmp_path / "answers.jsonl"
        answers.write_text(
            "".join(line for each in problems for line in lines(each, ["\\boxed{7}", "\\boxed{8}"]))
        )
        write_header(answers, model="another")
        file = held_out(tmp_path, problems)
        done = assay(
            *("eval", "score", answers, "--problems", file, "--endpoint", endpoint),
            *("--output", tmp_path / "scored", "--name", "mine"),
        )
        assert done.exit_code == 0, done.output
        found = read_evaluation(tmp_path / "scored")
        assert found.domains[OVERALL].pass_at_1.over_problems.value == 0.5
        assert found.model == {"name": "mine", "path": "another"}

    def test_completions_of_a_training_run_are_answers_too(self, endpoint, tmp_path):
        # As the versions before wrote them, without header and names of problems.
        asked = problem("0")
        answers = tmp_path / "sft.jsonl"
        rows = [json.loads(line) for line in lines(asked, ["\\boxed{7}"], greedy="\\boxed{6}")]
        for each in rows:
            del each["problem"], each["sample"], each["seed"]
        answers.write_text("".join(json.dumps(each) + "\n" for each in rows))
        file = held_out(tmp_path, [asked])
        done = assay(
            *("eval", "score", answers, "--problems", file, "--endpoint", endpoint),
            *("--output", tmp_path / "scored"),
        )
        assert done.exit_code == 0, done.output
        (found,) = read_evaluation(tmp_path / "scored").problems
        assert (found.correct, found.judged, found.greedy) == (1, 1, False)

    def test_what_cannot_be_judged_is_told_and_counted_apart(self, endpoint, tmp_path):
        problems = [problem("fine"), problem("broken", reference="\\frac{1"), problem("absent")]
        answers = tmp_path / "answers.jsonl"
        answers.write_text(
            "".join(line for each in problems[:2] for line in lines(each, ["\\boxed{7}"]))
        )
        file = held_out(tmp_path, problems)
        arguments = ["eval", "score", answers, "--problems", file, "--endpoint", endpoint]
        done = assay(*arguments, "--output", tmp_path / "scored")
        assert done.exit_code == 3
        assert "2 problems without a verdict, not counted as wrong" in done.output
        found = read_evaluation(tmp_path / "scored")
        assert {each.reason for each in found.unjudged} == {"UNSCORABLE_REFERENCE", "NO_ANSWERS"}
        assert found.domains[OVERALL].pass_at_1.over_problems.value == 1

    def test_answers_to_other_problems(self, endpoint, tmp_path):
        answers = tmp_path / "answers.jsonl"
        answers.write_text("".join(lines(problem("a"), ["7"])))
        file = held_out(tmp_path, [problem("b")])
        arguments = ["eval", "score", answers, "--problems", file, "--endpoint", endpoint]
        done = assay(*arguments, "--output", tmp_path / "scored")
        assert done.exit_code == 2 and "not among the problems" in done.output


@pytest.fixture(scope="module")
def two(endpoint, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two")
    problems = [problem(f"p{n}") for n in range(10)]
    file = held_out(folder, problems)
    for name, right in (("early", 1), ("late", 3)):
        answers = folder / f"{name}.jsonl"
        said = ["\\boxed{7}"] * right + ["\\boxed{8}"] * (4 - right)
        answers.write_text("".join(line for each in problems for line in lines(each, said)))
        write_header(answers, model=name)
        done = assay(
            *("eval", "score", answers, "--problems", file, "--endpoint", endpoint),
            *("--output", folder / name),
        )
        assert done.exit_code == 0, done.output
    return folder / "early", folder / "late"


class TestCompare:
    def test_it_says_so(self, two):
        done = assay("eval", "compare", *two)
        assert done.exit_code == 0
        assert "late is better than early by 50.0 points" in done.stdout

    def test_required_of_ci(self, two):
        early, late = two
        better, not_worse = "--require-better", "--require-not-worse"
        for before, after, flag, code in (
            (early, late, better, 0),
            (late, early, better, 1),
            (early, early, better, 1),
            (early, late, not_worse, 0),
            (early, early, not_worse, 0),
            (late, early, not_worse, 1),
        ):
            assert assay("eval", "compare", before, after, flag).exit_code == code

    def test_json(self, two):
        done = assay("eval", "compare", *two, "--json", "--claim", "3")
        found = json.loads(done.stdout)
        assert found["domains"]["all"]["finding"] == "better"
        assert found["domains"]["all"]["difference"] == 0.5
        assert found["says"]["all"].startswith("late is better than early")

    def test_what_is_no_evaluation(self, two, tmp_path):
        done = assay("eval", "compare", two[0], tmp_path)
        assert done.exit_code == 2 and "no such file" in done.output

    def test_other_sampling(self, two, tmp_path):
        other = json.loads((two[1] / "evaluation.json").read_text())
        other["request"]["max_tokens"] = 4096
        (tmp_path / "evaluation.json").write_text(json.dumps(other))
        done = assay("eval", "compare", two[0], tmp_path)
        assert done.exit_code == 2 and "--allow sampling" in done.output
        assert assay("eval", "compare", two[0], tmp_path, "--allow", "sampling").exit_code == 0
