"""Answers become judged problems, and a journal goes on where it stopped."""

import json
from pathlib import Path

import grpc
import pytest
from judging_answers import (
    DIGEST,
    FakeClient,
    lines,
    problem,
    shed,
    write_answers,
    write_header,
)

from assayoffice.rl.client import Client
from assayoffice.rl.errors import ErrorDetails, UnavailableError
from assayoffice.rl.judging.errors import (
    ChangedJudgementsError,
    JudgementsInUseError,
    JudgingError,
)
from assayoffice.rl.judging.journal import Journal, read_judged
from assayoffice.rl.judging.judge import judge_answers
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.results import Outcome
from assayoffice.rl.sampling.errors import SamplingError

RIGHT, WRONG, SILENT = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER


def judge(client, answers: Path, problems, output: Path, **more):
    told: list[tuple[int, int]] = []
    judged = judge_answers(
        client,
        answers,
        problems,
        output,
        progress=lambda done, total: told.append((done, total)),
        **more,
    )
    assert told[-1] == (len(problems), len(problems))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    return judged


class TestJudgement:
    def test_samples_are_grouped_and_the_greedy_answer_is_none_of_them(self, tmp_path):
        p = problem("a")
        answers = tmp_path / "answers.jsonl"
        answers.write_text(
            "".join(lines(p, ["7", "8", "", "7"], "9", tokens=[3, 4, 5, 6], finish=["length"] * 4))
        )
        (found,) = judge(FakeClient(), answers, [p], tmp_path / "judged.jsonl").problems
        assert found == JudgedProblem(
            problem="a",
            domain="sums",
            outcomes=(RIGHT, WRONG, SILENT, RIGHT),
            classes=(0, 1, None, 0),
            answers=("7", "8"),
            tokens=(3, 4, 5, 6),
            cut_off=(True,) * 4,
            greedy=WRONG,
            hallmark=DIGEST,
            content="cd" * 32,
        )
        assert found.correct == 2

    def test_samples_are_in_the_order_of_their_indices(self, tmp_path):
        p = problem("a")
        answers = tmp_path / "answers.jsonl"
        answers.write_text("".join(reversed(lines(p, [str(n) for n in range(12)]))))
        (found,) = judge(FakeClient(), answers, [p], tmp_path / "judged.jsonl").problems
        assert found.outcomes.index(RIGHT) == 7
        assert found.answers == tuple(str(n) for n in range(12))

    def test_without_a_reference_nothing_is_right_or_wrong(self, tmp_path):
        p = problem("a", reference="")
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7", "", "7"])])
        judged = judge(FakeClient(), answers, [p], tmp_path / "judged.jsonl")
        assert judged.problems[0].outcomes == (None, None, None)
        assert judged.problems[0].classes == (0, None, 0)

    def test_a_reference_of_a_stronger_model_judges_only_problems_that_have_none(self, tmp_path):
        lacking, having = problem("a", reference=""), problem("b", reference="7")
        answers = write_answers(
            tmp_path / "answers.jsonl", [(lacking, ["8", ""]), (having, ["8", "7"])]
        )
        judged = judge(
            FakeClient(),
            answers,
            [lacking, having],
            tmp_path / "judged.jsonl",
            references={"a": "8", "b": "8"},
        )
        assert [each.outcomes for each in judged.problems] == [(RIGHT, SILENT), (WRONG, RIGHT)]

    def test_classes_of_verifiers_that_look_at_behaviour_are_marked(self, tmp_path):
        p = problem("a")
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7"])])
        output = tmp_path / "judged.jsonl"
        assert judge(FakeClient(by_answer=False), answers, [p], output).by_behaviour == {"a"}
        assert read_judged(output).by_behaviour == {"a"}

    def test_calls_are_small_and_their_results_in_the_order_of_the_problems(self, tmp_path):
        problems = [problem(f"p{n}") for n in range(100)]
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7"]) for p in problems])
        client = FakeClient()
        judged = judge(client, answers, problems, tmp_path / "judged.jsonl")
        assert [each.problem for each in judged.problems] == [each.id for each in problems]
        assert max(map(len, client.calls)) == 32

    def test_long_answers_fill_a_call_by_their_size(self, tmp_path):
        problems = [problem(f"p{n}") for n in range(4)]
        long = "x" * 2_500_000
        answers = write_answers(tmp_path / "answers.jsonl", [(p, [long]) for p in problems])
        client = FakeClient()
        judge(client, answers, problems, tmp_path / "judged.jsonl")
        assert sorted(map(len, client.calls)) == [2, 2]


class TestErrors:
    def test_what_has_no_verdict_is_kept_apart_and_tried_again(self, tmp_path):
        problems = [problem("a"), problem("b", domain="products"), problem("c")]
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7"]) for p in problems])
        client, output = FakeClient(), tmp_path / "judged.jsonl"
        client.failing["b"] = shed("b")
        judged = judge(client, answers, problems, output)
        assert [each.problem for each in judged.problems] == ["a", "c"]
        assert judged.errors["b"].reason == "OVERLOADED"
        assert judged.domains["b"] == "products"
        assert read_judged(output) == judged

        size = output.stat().st_size
        assert judge(client, answers, problems, output) == judged
        assert output.stat().st_size == size  # The same error is not written twice.

        client.failing.clear()
        client.calls.clear()
        again = judge(client, answers, problems, output)
        assert [each.id for call in client.calls for each in call] == ["b"]
        fresh = judge(FakeClient(), answers, problems, tmp_path / "fresh.jsonl")
        assert again == fresh == read_judged(output)

    def test_a_problem_without_answers_is_an_error_and_says_why(self, tmp_path):
        problems = [problem("a"), problem("b"), problem("c")]
        answers = write_answers(tmp_path / "answers.jsonl", [(problems[1], ["7"])])
        failed = {"problem": "a", "error": "the endpoint answered rubbish"}
        Path(f"{answers}.failed.jsonl").write_text(json.dumps(failed) + "\n")
        judged = judge(FakeClient(), answers, problems, tmp_path / "judged.jsonl")
        assert {each: error.reason for each, error in judged.errors.items()} == {
            "a": "NO_ANSWERS",
            "c": "NO_ANSWERS",
        }
        assert judged.errors["a"].message == "the endpoint answered rubbish"
        assert "sample again" in judged.errors["c"].message

    def test_a_problem_that_gets_other_answers_is_judged_again(self, tmp_path):
        problems = [problem("a"), problem("b")]
        answers = write_answers(tmp_path / "answers.jsonl", [(problems[0], ["7"])])
        write_header(answers)
        client, output = FakeClient(), tmp_path / "judged.jsonl"
        assert set(judge(client, answers, problems, output).errors) == {"b"}
        # Sampling went on.
        write_answers(answers, [(each, ["7"]) for each in problems])
        assert [each.correct for each in judge(client, answers, problems, output).problems] == [
            1,
            1,
        ]
        assert [[each.id for each in call] for call in client.calls] == [["a"], ["b"]]
        # Sampled once more, from a model that takes chances.
        write_answers(answers, [(problems[0], ["8"]), (problems[1], ["7"])])
        judged = judge(client, answers, problems, output)
        assert [each.correct for each in judged.problems] == [0, 1] and not judged.errors
        assert [each.id for each in client.calls[-1]] == ["a"]
        assert read_judged(output) == judged

    def test_a_dead_service_ends_it_and_keeps_what_is_finished(self, tmp_path):
        problems = [problem(f"p{n:02}") for n in range(64)]
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7"]) for p in problems])
        client, output = FakeClient(), tmp_path / "judged.jsonl"
        gone = ErrorDetails(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", "nobody answers")
        client.failing["p40"] = UnavailableError(gone)
        with pytest.raises(UnavailableError):
            judge(client, answers, problems, output, concurrency=1)
        client.failing.clear()
        client.calls.clear()
        assert len(judge(client, answers, problems, output).problems) == 64
        assert sum(map(len, client.calls)) == 32


class TestOtherFiles:
    def test_answers_to_other_problems_are_refused(self, tmp_path):
        answers = write_answers(tmp_path / "answers.jsonl", [(problem("b"), ["7"])])
        with pytest.raises(JudgingError, match="'b', which is not among the problems"):
            judge(FakeClient(), answers, [problem("a")], tmp_path / "judged.jsonl")

    def test_answers_to_another_question_of_the_same_name_are_refused(self, tmp_path):
        answers = write_answers(tmp_path / "answers.jsonl", [(problem("a"), ["7"])])
        other = problem("a", messages=problem("b").messages, number=5)
        with pytest.raises(JudgingError, match="another question .* row 5"):
            judge(FakeClient(), answers, [other], tmp_path / "judged.jsonl")

    def test_answers_in_several_places_are_refused(self, tmp_path):
        a, b = problem("a"), problem("b")
        answers = write_answers(tmp_path / "answers.jsonl", [(a, ["7"]), (b, ["7"]), (a, ["7"])])
        with pytest.raises(JudgingError, match="several places"):
            judge(FakeClient(), answers, [a, b], tmp_path / "judged.jsonl")

    def test_a_line_that_is_no_answer_is_named(self, tmp_path):
        answers = tmp_path / "answers.jsonl"
        answers.write_text(lines(problem("a"), ["7"])[0] + "{}\n")
        with pytest.raises(SamplingError, match="row 2: id"):
            judge(FakeClient(), answers, [problem("a")], tmp_path / "judged.jsonl")


class TestJournal:
    def test_a_torn_line_is_judged_again(self, tmp_path):
        problems = [problem("a"), problem("b")]
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7"]) for p in problems])
        output = tmp_path / "judged.jsonl"
        judged = judge(FakeClient(), answers, problems, output)
        whole = output.read_bytes()
        for cut in range(0, len(whole), 13):
            output.write_bytes(whole[:cut])
            if cut > whole.index(b"\n"):
                read_judged(output)
            assert judge(FakeClient(), answers, problems, output) == judged

    @pytest.mark.parametrize("changed", ["answers", "problems", "references"])
    def test_a_journal_of_something_else_is_not_gone_on_with(self, tmp_path, changed):
        problems = [problem("a")]
        answers = write_answers(tmp_path / "answers.jsonl", [(problems[0], ["7"])])
        output = tmp_path / "judged.jsonl"
        judge(FakeClient(), answers, problems, output)
        before = output.read_bytes()
        references = {}
        if changed == "answers":
            write_answers(answers, [(problems[0], ["8"])])
        elif changed == "problems":
            problems = [problem("a", reference="8")]
        else:
            references = {"z": "1"}
        with pytest.raises(ChangedJudgementsError, match=f"begun with other {changed};"):
            judge(FakeClient(), answers, problems, output, references=references)
        assert output.read_bytes() == before

    def test_verdicts_of_two_hallmarks_are_not_mixed(self, tmp_path):
        problems = [problem("a"), problem("b")]
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7"]) for p in problems])
        output, client = tmp_path / "judged.jsonl", FakeClient()
        client.failing["b"] = shed("b")
        judge(client, answers, problems, output)
        other = FakeClient(digest="ee" * 32)
        with pytest.raises(JudgingError, match="numeric judged under .*abab.*eeee"):
            judge(other, answers, problems, output)
        assert not other.calls
        # Nor where the service changes after it was looked at.
        other.list_verifiers = lambda timeout: []
        with pytest.raises(JudgingError, match="mix two verifiers"):
            judge(other, answers, problems, output)
        assert "b" in read_judged(output).errors

    def test_only_one_run_writes(self, tmp_path):
        output = tmp_path / "judged.jsonl"
        with Journal(output, {}), pytest.raises(JudgementsInUseError, match="another run"):
            Journal(output, {})

    def test_a_file_of_something_else_is_not_cut(self, tmp_path):
        output = tmp_path / "judged.jsonl"
        output.write_text("the only copy of a diary")
        with pytest.raises(JudgingError, match="row 1: not a journal"):
            Journal(output, {})
        assert output.read_text() == "the only copy of a diary"

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ('{"a": 1}\n', "row 1: not a journal"),
            ("what?\n", "row 1: not JSON"),
            ('{"assay": "judged", "format": 9}\n', "row 1: written by another version"),
            ("HEADER[]\n", "row 2: not a JSON object"),
            ('HEADER{"index": -1}\n', "row 2: index"),
            ('HEADER{"index": 0, "problem": "a", "domain": 3}\n', "row 2: domain: must be text"),
        ],
    )
    def test_broken_files_are_named(self, tmp_path, written, said):
        output = tmp_path / "judged.jsonl"
        header = '{"assay": "judged", "format": 1, "made_from": {}}\n'
        output.write_text(written.replace("HEADER", header))
        with pytest.raises(JudgingError, match=said):
            read_judged(output)

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("outcomes", ["RIGHT"], "outcomes: must be one of"),
            ("classes", [4], "classes: 4 is the index of no answer"),
            ("classes", [], "classes: has not as many entries"),
            ("tokens", [True], "tokens: must be a whole number"),
            ("cut_off", [0], "cut_off: must be true or false"),
            ("answers", "7", "answers: must be a list"),
            ("error", {"code": "NO", "reason": "", "message": ""}, "error.code"),
        ],
    )
    def test_lines_that_contradict_themselves_are_named(self, tmp_path, field, value, said):
        p = problem("a")
        answers = write_answers(tmp_path / "answers.jsonl", [(p, ["7"])])
        output = tmp_path / "judged.jsonl"
        judge(FakeClient(), answers, [p], output)
        header, line = output.read_text().splitlines()
        output.write_text(f"{header}\n{json.dumps({**json.loads(line), field: value})}\n")
        with pytest.raises(JudgingError, match=f"row 2: {said}"):
            read_judged(output)


class TestService:
    def test_equal_values_are_one_class_whatever_they_look_like(self, endpoint, tmp_path):
        half, none = problem("half", reference="1/2"), problem("none", reference="")
        answers = tmp_path / "answers.jsonl"
        said = ["so \\boxed{0.5}", "I give up", "\\boxed{2/4}", "\\boxed{3}", "\\boxed{1/2}"]
        answers.write_text(
            "".join([*lines(half, said, greedy="\\boxed{50\\%}"), *lines(none, said)])
        )
        with Client(endpoint) as client:
            judged = judge(client, answers, [half, none], tmp_path / "judged.jsonl")
        first, second = judged.problems
        assert first.outcomes == (RIGHT, SILENT, RIGHT, WRONG, RIGHT)
        assert first.classes == second.classes == (0, None, 0, 1, 0)
        assert first.greedy is RIGHT
        assert second.outcomes == (None,) * 5
        assert judged.hallmarks == {"numeric": first.hallmark}
        assert not judged.by_behaviour

    def test_an_unreadable_reference_is_an_error_of_its_problem(self, endpoint, tmp_path):
        broken, fine = problem("broken", reference="\\frac{1"), problem("fine")
        answers = write_answers(tmp_path / "answers.jsonl", [(broken, ["7"]), (fine, ["7"])])
        with Client(endpoint) as client:
            judged = judge(client, answers, [broken, fine], tmp_path / "judged.jsonl")
        assert [each.problem for each in judged.problems] == ["fine"]
        assert judged.errors["broken"].reason == "UNSCORABLE_REFERENCE"

    def test_programs_are_judged_by_what_they_do(self, endpoint, tmp_path):
        task = {"entry_point": "f", "calls": [{"arguments": "[2]", "expected": "3"}]}
        program = problem("program", verifier="code", task=task)
        said = ["```python\ndef f(x):\n    return x + 1\n```", "```python\ndef f(x): return 1\n```"]
        answers = write_answers(tmp_path / "answers.jsonl", [(program, said)])
        with Client(endpoint) as client:
            judged = judge(client, answers, [program], tmp_path / "judged.jsonl")
        assert judged.problems[0].outcomes == (RIGHT, WRONG)
        assert judged.by_behaviour == {"program"}
