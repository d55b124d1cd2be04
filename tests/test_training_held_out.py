"""What a run is measured on: rows that can be, or what to do about those that cannot."""

import json
from pathlib import Path

import pytest

from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.held_out import held_out

ROW = {
    "data_source": "sums",
    "prompt": [{"role": "user", "content": "1 + 1"}],
    "reward_model": {"ground_truth": "2"},
}


@pytest.fixture
def write(tmp_path: Path):
    def written(*rows: object) -> Path:
        file = tmp_path / "held_out.parquet"  # told by its content, which is JSON lines
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return file

    return written


def test_row_that_names_no_verifier_is_judged_by_the_one_that_rewards(write):
    (problem,) = held_out(write(ROW), 0, "code-like")
    assert problem.verifier == "code-like"


def test_row_that_names_one_keeps_it(write):
    named = {**ROW, "reward_model": {"ground_truth": "2", "verifier": "choice"}}
    (problem,) = held_out(write(named), 0, "numeric")
    assert (problem.verifier, problem.task) == ("choice", {"reference": "2"})


def test_no_more_are_taken_than_asked_for(write):
    file = write(*[ROW] * 5)
    assert [each.id for each in held_out(file, 3, "numeric")] == ["1", "2", "3"]
    assert len(held_out(file, 0, "numeric")) == 5


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], r"held_out\.parquet: no rows"),
        ([ROW, {**ROW, "data_source": ""}], r"row 2: data_source: missing"),
        ([ROW, {**ROW, "prompt": None}], r"row 2: prompt: must be text"),
        ([ROW, {**ROW, "reward_model": {}}], r"row 2: reward_model.ground_truth: missing"),
        ([{**ROW, "id": "a"}, {**ROW, "id": "a"}], r"row 2: id: 'a' is also that of row 1"),
    ],
)
def test_what_cannot_be_measured_on_is_named(write, rows, said):
    with pytest.raises(TrainingError, match=said):
        held_out(write(*rows), 0, "numeric")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TrainingError, match="absent"):
        held_out(tmp_path / "absent.parquet", 0, "numeric")
