"""Verdicts become accuracies; what has no verdict becomes none."""

import json
from pathlib import Path

import grpc
import pytest
from fake_service import FakeVerifierService, error, serving, verdict

from assayoffice.rl import Client
from assayoffice.rl.statistics.intervals import Tally, accuracy, wilson
from assayoffice.rl.training import evaluation
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.evaluation import OVERALL, Evaluation, ProblemResult


def row(problem: int, sample: int | str, response: str, domain: str = "sums") -> dict[str, object]:
    return {
        "id": f"{problem}/{sample}",
        "data_source": domain,
        "prompt": [{"role": "user", "content": "How many?"}],
        "reward_model": {"ground_truth": "7"},
        "response": response,
        "token_count": len(response),
        "finish_reason": "stop",
        "greedy": sample == "greedy",
    }


def evaluated(path: Path, rows: list[dict[str, object]], judge=verdict, allowed=0.0) -> Evaluation:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    told: list[int] = []
    with serving(FakeVerifierService(judge=judge)) as endpoint, Client(endpoint) as client:
        found = evaluation.evaluate(client, path, allowed, told.append)
    assert told == list(range(1, len(rows) + 1))
    return found


class TestEvaluate:
    def test_samples_are_counted_by_problem_and_greedy_answers_apart(self, tmp_path):
        rows = [
            row(0, 0, "7"),
            row(0, 1, "8"),
            row(0, "greedy", "7"),
            row(1, 0, "1234"),
            row(1, 1, "7"),
            row(1, "greedy", "8"),
        ]
        found = evaluated(tmp_path / "rows.jsonl", rows)
        assert found.results == (
            ProblemResult("0", "sums", Tally(1, 2), True, 1.0),
            ProblemResult("1", "sums", Tally(1, 2), False, 2.5),
        )
        assert found.errors == {}

    def test_accuracies_are_by_domain_after_all_of_them(self, tmp_path):
        rows = [row(0, 0, "7", "b"), row(1, 0, "8", "a"), row(2, 0, "7", "a")]
        found = evaluated(tmp_path / "rows.jsonl", rows).accuracies()
        assert list(found) == [OVERALL, "a", "b"]
        assert found["a"].sampled == accuracy([Tally(0, 1), Tally(1, 1)])
        assert found["a"].greedy is None

    def test_answer_without_a_verdict_is_neither_right_nor_wrong(self, tmp_path):
        def judge(submission):
            if submission.response == "lost":
                return error(submission, grpc.StatusCode.INTERNAL, "WORKER_CRASHED")
            return verdict(submission)

        rows = [row(0, 0, "7"), row(0, 1, "lost"), row(1, 0, "8"), row(1, 1, "8")]
        found = evaluated(tmp_path / "rows.jsonl", rows, judge, allowed=0.25)
        assert found.errors == {"WORKER_CRASHED": 1}
        assert found.accuracies()[OVERALL].sampled == accuracy([Tally(1, 1), Tally(0, 2)])
        with pytest.raises(TrainingError, match="(?s)1 of 4 answers.*WORKER_CRASHED: as scripted"):
            evaluated(tmp_path / "rows.jsonl", rows, judge, allowed=0.24)

    def test_domain_cannot_be_called_as_all_of_them_are(self, tmp_path):
        with pytest.raises(TrainingError, match="data_source: 'all'"):
            evaluated(tmp_path / "rows.jsonl", [row(0, 0, "7", OVERALL)])

    def test_greedy_accuracy_has_wilsons_interval(self, tmp_path):
        rows = [row(number, "greedy", "7" if number < 3 else "8") for number in range(5)]
        found = evaluated(tmp_path / "rows.jsonl", rows).accuracies()[OVERALL]
        assert found.greedy == wilson(3, 5) and found.sampled is None

    def test_what_is_saved_is_read_again(self, tmp_path):
        found = evaluated(tmp_path / "rows.jsonl", [row(0, 0, "7"), row(0, "greedy", "8")])
        evaluation.save(found, tmp_path / "saved.json")
        assert evaluation.read(tmp_path / "saved.json") == found
        saved = json.loads((tmp_path / "saved.json").read_text())
        assert saved["accuracy"][OVERALL]["sampled"]["value"] == 1.0


def of(*shares: tuple[str, str, int]) -> Evaluation:
    results = (
        ProblemResult(name, domain, Tally(correct, 4), None, 1.0)
        for name, domain, correct in shares
    )
    return Evaluation(tuple(results), {}, ())


class TestUplift:
    def test_is_paired_by_problem_and_by_domain(self):
        before = of(("0", "a", 0), ("1", "a", 2), ("2", "b", 3))
        after = of(("2", "b", 2), ("1", "a", 3), ("0", "a", 1))
        found = evaluation.uplift(before, after)
        assert list(found) == [OVERALL, "a"]  # one problem of b says nothing about b
        assert found["a"].value == pytest.approx(0.25)
        assert found["a"].low == pytest.approx(0.25)
        assert found[OVERALL].value == pytest.approx((0.25 + 0.25 - 0.25) / 3)

    def test_only_problems_that_both_have_count(self):
        found = evaluation.uplift(
            of(("0", "a", 0), ("1", "a", 0), ("2", "a", 4)), of(("0", "a", 4), ("1", "a", 2))
        )
        assert found[OVERALL].value == pytest.approx(0.75)
