"""What is sampled is what verl would roll out, and each row says who judges it."""

import pytest

from assayoffice.rl.training.sampling import Request, problems

ROW = {
    "data_source": "sums",
    "prompt": [{"role": "user", "content": "1 + 1"}],
    "reward_model": {"ground_truth": "2"},
}


def request_for(chosen: int = 0) -> Request:
    return Request("model", "held_out.parquet", "out", chosen, 4, 1.0, 8, 1, "code", {}, {})


class TestProblems:
    def test_row_that_names_no_verifier_is_judged_by_the_one_that_rewards(self):
        (row,) = problems([ROW], request_for())
        assert row == {**ROW, "reward_model": {"ground_truth": "2", "verifier": "code"}}

    @pytest.mark.parametrize("column", ["reward_model", "extra_info"])
    def test_row_that_names_one_keeps_it(self, column):
        named = {**ROW, column: {**ROW.get(column, {}), "verifier": "lean"}}
        (row,) = problems([named], request_for())
        assert row["reward_model"] == {"ground_truth": "2", "verifier": "lean"}

    def test_no_more_are_taken_than_asked_for(self):
        assert len(problems([ROW] * 5, request_for(3))) == 3
        assert len(problems([ROW] * 5, request_for())) == 5

    def test_file_without_rows_is_named(self):
        with pytest.raises(SystemExit, match=r"held_out\.parquet: no rows"):
            problems([], request_for())

    @pytest.mark.parametrize("column", list(ROW))
    def test_missing_column_is_named(self, column):
        with pytest.raises(SystemExit, match=rf"held_out\.parquet row 1: {column}: missing"):
            problems([ROW, {**ROW, column: None}], request_for())
