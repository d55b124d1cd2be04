"""The toy problems: right by arithmetic, right by the service, and never trained on if held out."""

import ast
import json
import random
import re
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet
import pytest

from assayoffice.rl import Client, Outcome, Submission, Verdict
from assayoffice.rl.rows import RowForm, rows
from assayoffice.rl.sources import open_source
from assayoffice.rl.toy import data, fractions, programs
from assayoffice.rl.toy.problems import Problem, demonstration, held_out

SECONDS = 120
SIZES = data.Sizes(demonstrations=200, prompts=120, held_out=80)
FILES = ("sft.parquet", "grpo.parquet", "held_out.parquet")
OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}
DOMAINS = (fractions, programs)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    data.write(folder, seed=1, sizes=SIZES)
    return folder


def read(folder: Path, name: str) -> list[dict]:
    return pyarrow.parquet.read_table(folder / name).to_pylist()


def parts(pattern: str, text: str) -> tuple[str, ...]:
    found = re.fullmatch(pattern, text)
    assert found, text
    return found.groups()


def number(text: str) -> Fraction:
    """A literal of a question, read independently of what wrote it."""
    whole, _, part = text.rpartition(" ")
    return int(whole or 0) + Fraction(part)


def asked(problem: Problem) -> Fraction:
    left, sign, right = parts(r"Compute (.+) ([-+*]) (.+)", problem.question)
    return OPERATIONS[sign](number(left), number(right))


def task_of(problem: Problem) -> dict[str, object]:
    if problem.verifier == "code":
        return json.loads(problem.ground_truth)
    return {"reference": problem.ground_truth}


def meaning(problem: Problem) -> object:
    """What two problems share if and only if they have the same right answers."""
    return asked(problem) if problem.verifier == "numeric" else problem.answers[0]


def examples(problem: Problem) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r"f\((\d+)\)=(\d+)", problem.question)]


class TestFractions:
    def test_every_reference_is_what_exact_arithmetic_gives(self):
        for problem in fractions.problems():
            assert Fraction(problem.ground_truth) == asked(problem), problem.question

    def test_every_step_of_the_work_holds(self):
        for problem in fractions.problems():
            left, sign, right, result = parts(
                r"(\d+/\d+)([-+*])(\d+/\d+)=(-?\d+/\d+)", problem.work
            )
            worked = OPERATIONS[sign](Fraction(left), Fraction(right))
            assert worked == Fraction(result) == asked(problem), problem.question

    def test_work_starts_from_the_numbers_of_the_question(self):
        for problem in fractions.problems():
            left, sign, right = parts(r"(\d+/\d+)([-+*])(\d+/\d+)=.*", problem.work)
            shown = parts(r"Compute (.+) ([-+*]) (.+)", problem.question)
            assert (Fraction(left), sign, Fraction(right)) == (
                number(shown[0]),
                shown[1],
                number(shown[2]),
            )

    @pytest.mark.parametrize(
        ("value", "forms"),
        [
            (Fraction(3, 4), ("3/4", "0.75")),
            (Fraction(-3, 2), ("-3/2", "-1 1/2", "-1.5")),
            (Fraction(5, 3), ("5/3", "1 2/3")),
            (Fraction(1, 8), ("1/8",)),
            (Fraction(2), ("2",)),
        ],
    )
    def test_number_is_written_in_all_its_forms(self, value, forms):
        assert fractions.written(value) == forms


class TestPrograms:
    def test_every_answer_agrees_with_every_example_and_every_test(self):
        for problem in programs.problems():
            calls = json.loads(problem.ground_truth)["calls"]
            tests = [(json.loads(each["arguments"])[0], int(each["expected"])) for each in calls]
            for answer in problem.answers:
                expression = compile(_expression(answer), "answer", "eval")
                for x, y in (*examples(problem), *tests):
                    assert eval(expression, {"x": x}) == y, problem.question

    def test_no_test_repeats_an_example(self):
        for problem in programs.problems():
            shown = {x for x, _ in examples(problem)}
            calls = json.loads(problem.ground_truth)["calls"]
            assert calls
            assert not shown & {json.loads(each["arguments"])[0] for each in calls}

    def test_every_step_of_the_work_holds(self):
        for problem in programs.problems():
            for step in problem.work.split(" "):
                left, right = step.split("=")
                assert eval(left) == int(right), problem.work


def _expression(answer: str) -> ast.Expression:
    """What the function of a fenced program returns."""
    function = ast.parse(answer.removeprefix("```python\n").removesuffix("\n```")).body[0]
    return ast.Expression(function.body[0].value)


class TestProblems:
    @pytest.mark.parametrize("domain", DOMAINS)
    def test_no_question_is_asked_twice(self, domain):
        questions = [each.question for each in domain.problems()]
        assert len(set(questions)) == len(questions)

    @pytest.mark.parametrize("domain", DOMAINS)
    def test_about_a_fifth_is_held_out(self, domain):
        problems = domain.problems()
        assert 0.15 < sum(map(held_out, problems)) / len(problems) < 0.25

    @pytest.mark.parametrize("domain", DOMAINS)
    def test_service_accepts_every_form_of_demonstration(self, domain, endpoint):
        chosen = random.Random(0).sample(domain.problems(), 60)
        submissions = [
            Submission(
                problem.question,
                problem.verifier,
                demonstration(problem, answer, worked=worked) + "<|im_end|>",
                task_of(problem),
                prompt=problem.question,
            )
            for problem in chosen
            for answer in problem.answers
            for worked in (True, False)
        ]
        with Client(endpoint) as client:
            results = client.verify_batch(submissions, timeout=SECONDS)
        for submission, result in zip(submissions, results, strict=True):
            assert isinstance(result, Verdict), result
            assert result.outcome is Outcome.CORRECT, (submission, result)

    @pytest.mark.parametrize("domain", DOMAINS)
    def test_service_refuses_the_answer_to_another_problem(self, domain, endpoint):
        chosen = random.Random(0).sample(domain.problems(), 40)
        pairs = [
            (problem, other)
            for problem, other in zip(chosen, chosen[1:], strict=False)
            if meaning(problem) != meaning(other)
        ]
        submissions = [
            Submission(
                problem.question,
                problem.verifier,
                demonstration(other, other.answers[0], worked=True),
                task_of(problem),
            )
            for problem, other in pairs
        ]
        with Client(endpoint) as client:
            results = client.verify_batch(submissions, timeout=SECONDS)
        assert {result.outcome for result in results} == {Outcome.INCORRECT}


class TestData:
    def test_files_have_the_rows_that_were_asked_for(self, written):
        wanted = (SIZES.demonstrations, SIZES.prompts, SIZES.held_out)
        assert tuple(len(read(written, name)) for name in FILES) == wanted

    def test_both_domains_are_in_each_half_and_half(self, written):
        for name in FILES[1:]:
            sources = [row["data_source"] for row in read(written, name)]
            assert sources.count("toy/fractions") == sources.count("toy/programs")

    def test_no_held_out_question_is_trained_on(self, written):
        kept = {row["prompt"][0]["content"] for row in read(written, "held_out.parquet")}
        lessons = [row["messages"][0] for row in read(written, "sft.parquet")]
        prompts = [row["prompt"][0] for row in read(written, "grpo.parquet")]
        assert len(kept) == SIZES.held_out
        assert not kept & {message["content"] for message in (*lessons, *prompts)}

    def test_held_out_problems_are_the_same_for_every_seed(self, tmp_path, written):
        data.write(tmp_path, seed=2, sizes=SIZES)
        trained = {row["messages"][0]["content"] for row in read(tmp_path, "sft.parquet")}
        kept = {row["prompt"][0]["content"] for row in read(written, "held_out.parquet")}
        assert not trained & kept

    def test_half_of_the_demonstrations_are_worked(self, written):
        lessons = [row["messages"][1]["content"] for row in read(written, "sft.parquet")]
        direct = sum("<think></think>" in lesson for lesson in lessons)
        assert 0.4 < direct / len(lessons) < 0.6

    def test_seed_decides_every_byte(self, tmp_path, written):
        data.write(tmp_path / "same", seed=1, sizes=SIZES)
        data.write(tmp_path / "other", seed=2, sizes=SIZES)
        for name in FILES:
            assert (tmp_path / "same" / name).read_bytes() == (written / name).read_bytes()
            assert read(tmp_path / "other", name) != read(written, name)

    def test_rows_are_read_as_verls_are(self, written):
        """The tasks that reach the service are those of the problems."""
        problems = {each.question: each for domain in DOMAINS for each in domain.problems()}
        file = written / "with_responses.parquet"
        table = pyarrow.parquet.read_table(written / "grpo.parquet")
        answers = [[""]] * table.num_rows
        pyarrow.parquet.write_table(table.append_column("response", answers), file)
        with open_source(str(file)) as source:
            read_rows = list(rows(source.records, RowForm(str(file))))
        assert len(read_rows) == SIZES.prompts
        for row in read_rows:
            problem = problems[row.submission.prompt]
            assert row.submission.verifier == problem.verifier
            assert row.submission.task == task_of(problem)

    def test_more_rows_than_problems_are_refused(self, tmp_path):
        with pytest.raises(ValueError, match="toy/programs"):
            data.write(tmp_path, seed=1, sizes=data.Sizes(100, 100, 400))

    def test_rows_that_cannot_be_halved_are_refused(self, tmp_path):
        with pytest.raises(ValueError, match="3 rows cannot be shared"):
            data.write(tmp_path, seed=1, sizes=data.Sizes(3, 100, 40))
