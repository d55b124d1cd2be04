"""Problems are the same whichever form of row they stand in, and survive being written for verl."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from assayoffice.rl.problems.problem import Message, Origin, Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.problems.verl_rows import sft_row, verl_row, write_parquet
from assayoffice.rl.results import ItemError
from assayoffice.rl.rows import RowForm, rows
from assayoffice.rl.sources import UnreadableFileError, open_source
from assayoffice.rl.stamps import Stamp
from assayoffice.rl.verl.rows import verifier_and_task

STAMP = {"hallmark": "a" * 64, "content": "b" * 64}
OURS = {"id": "p1", "domain": "sums", "prompt": "2+2?", "verifier": "numeric", "reference": "4"}
VERL = {
    "data_source": "sums",
    "prompt": [{"role": "user", "content": "2+2?"}],
    "ability": "math",
    "reward_model": {"style": "rule", "ground_truth": "4", "verifier": "numeric"},
    "extra_info": {"index": "p1", "split": "train"},
}
REWRITE = {
    "id": "p1",
    "kind": "variation",
    "domain": "sums",
    "problem": "2+2?",
    "verifier": "numeric",
    "reference": "4",
    "original": {"id": "o1"},
    "provenance": {"source": "synthetic", "generator": "g"},
    "stamp": STAMP,
}


def mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def read(tmp_path, *written, **options):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in written))
    return list(read_problems(str(file), **options))


def only(tmp_path, row, **options) -> Problem:
    (problem,) = read(tmp_path, row, **options)
    assert isinstance(problem, Problem), problem
    return problem


@pytest.mark.parametrize("row", [OURS, VERL, REWRITE], ids=["ours", "verl", "rewrite"])
def test_every_form_gives_the_same_problem(tmp_path, row):
    problem = only(tmp_path, row)
    assert (problem.id, problem.domain, problem.question) == ("p1", "sums", "2+2?")
    assert (problem.verifier, problem.task, problem.has_reference) == (
        "numeric",
        {"reference": "4"},
        True,
    )
    assert problem.messages == (Message("user", "2+2?"),)


def test_rewrite_brings_its_lineage_and_stamp(tmp_path):
    problem = only(tmp_path, REWRITE)
    assert (problem.origin, problem.generator, problem.original) == (Origin.SYNTHETIC, "g", "o1")
    assert problem.stamp == Stamp("a" * 64, "b" * 64)


@pytest.mark.parametrize(
    "row",
    [
        {key: value for key, value in OURS.items() if key != "reference"},
        {**VERL, "reward_model": {"style": "rule", "ground_truth": ""}},
        {**VERL, "reward_model": {"style": "rule", "ground_truth": None}},
        {**OURS, "reference": ""},
        {**{k: v for k, v in OURS.items() if k != "reference"}, "task": {"match": "EXACT"}},
    ],
)
def test_problem_without_right_answer_is_a_problem(tmp_path, row):
    problem = only(tmp_path, row)
    assert not problem.has_reference
    assert problem.verifier == "numeric"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": ""}, "prompt: must be text or a list of chat messages, not nothing"),
        ({"prompt": [{"role": "boss", "content": ""}]}, "prompt[0].role: must be one of"),
        ({"prompt": [{"role": "user"}]}, "prompt[0].content: must be text, not null"),
        ({"id": True}, "id: must be text or an integer"),
        ({"id": "x" * 201}, "id: longer than 200 characters"),
        ({"domain": 3}, "domain: must be text, not the number 3"),
        ({"origin": "dreamt"}, "origin: must be one of real, synthetic"),
        ({"reference": 4}, "reference: must be text, not the number 4; put it in quotes"),
        ({"task": {}, "reference": "4"}, "only one of them may be given"),
        ({"verifier": "code", "reference": None}, "task: missing; 'code' judges by tests"),
        ({"stamp": {"hallmark": "a"}}, "stamp: must be an object with hallmark and content"),
        ({"demonstration": "\ud800"}, "demonstration: holds half a surrogate pair"),
        ({"id": "\ud800"}, "id: holds half a surrogate pair"),
        ({"reference": "\ud800"}, "task: holds half a surrogate pair"),
    ],
)
def test_unusable_field_is_named_and_costs_only_its_row(tmp_path, change, said):
    row = {**OURS, **change}
    wrong, right = read(tmp_path, row, {**OURS, "id": "p2"})
    assert isinstance(wrong, ItemError) and isinstance(right, Problem)
    assert "rows.jsonl row 1: " in wrong.message and said in wrong.message


def test_second_row_of_an_id_is_an_error(tmp_path):
    first, second = read(tmp_path, OURS, OURS)
    assert isinstance(first, Problem) and isinstance(second, ItemError)
    assert "id: 'p1' is also that of row 1" in second.message


def test_missing_file_is_an_error_of_its_own(tmp_path):
    with pytest.raises(UnreadableFileError):
        list(read_problems(str(tmp_path / "none")))


@pytest.mark.parametrize(
    "row",
    [
        {**OURS, "stamp": STAMP, "origin": "real", "generator": "us", "demonstration": "So 4."},
        {**OURS, "reference": None, "task": {"reference": "4", "match": "EXACT"}},
        {**OURS, "reference": None, "verifier": "code", "task": {"stdio": [{"output": "1"}]}},
        {**OURS, "reference": ""},
        REWRITE,
    ],
    ids=["stamped", "options", "code", "no reference", "rewrite"],
)
def test_what_is_written_for_verl_is_read_as_the_same_problem(tmp_path, row):
    problem = only(tmp_path, {key: value for key, value in row.items() if value is not None})
    other = only(tmp_path, {**OURS, "id": "other", "reference": "5"})
    file = tmp_path / "verl.parquet"
    facts = {"edge": {"solve_rate": 0.5}}
    write_parquet(
        [
            verl_row(each, index=i, split="train", facts=facts)
            for i, each in enumerate((other, problem))
        ],
        file,
    )
    _, again = read_problems(str(file))
    assert isinstance(again, Problem)
    for name in Problem.__dataclass_fields__:
        if name not in ("file", "number", "row", "task"):
            assert getattr(again, name) == getattr(problem, name), name
    assert {k: v for k, v in again.task.items() if v} == {
        k: v for k, v in problem.task.items() if v
    }
    assert mapping(again.row["extra_info"])["edge"] == {"solve_rate": 0.5}


def test_what_rewards_reads_the_same_task(tmp_path):
    """The reward manager sees rows, the smallest hook only ground truth and extra_info."""
    problem = only(
        tmp_path,
        {
            "id": "1",
            "prompt": "?",
            "verifier": "numeric",
            "task": {"reference": "4", "match": "EXACT"},
        },
    )
    row = verl_row(problem, index=0, split="train", facts={})
    assert verifier_and_task(row) == ("numeric", problem.task)
    seen = {
        "reward_model": {"ground_truth": mapping(row["reward_model"])["ground_truth"]},
        "extra_info": row["extra_info"],
    }
    assert verifier_and_task(seen) == ("numeric", problem.task)


def test_written_rows_can_be_judged_from_the_command_line(tmp_path):
    problem = only(tmp_path, {**OURS, "stamp": STAMP})
    file = tmp_path / "verl.jsonl"
    file.write_text(
        json.dumps({**verl_row(problem, index=0, split="t", facts={}), "response": "4"})
    )
    with open_source(str(file)) as source:
        (row,) = rows(source.records, RowForm(source.name))
    assert (row.submission.verifier, row.submission.task) == ("numeric", {"reference": "4"})


def test_parquet_is_the_same_bytes_and_whole_or_absent(tmp_path):
    problem = only(tmp_path, OURS)
    made = [verl_row(problem, index=0, split="train", facts={})]
    for name in ("a.parquet", "b.parquet"):
        write_parquet(made, tmp_path / name)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    with pytest.raises(ValueError, match="no rows"):
        write_parquet([], tmp_path / "c.parquet")
    assert sorted(each.name for each in tmp_path.glob("*parquet*")) == ["a.parquet", "b.parquet"]


def test_demonstration_ends_the_conversation(tmp_path):
    problem = only(tmp_path, {**OURS, "demonstration": "So 4."})
    assert sft_row(problem)["messages"] == [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "So 4."},
    ]
    with pytest.raises(ValueError, match="no demonstration"):
        sft_row(only(tmp_path, OURS))


def test_parquet_of_ours_is_read(tmp_path):
    table = pyarrow.Table.from_pylist(
        [{**OURS, "original": "o1"}, {**OURS, "id": "p2", "original": None}]
    )
    pyarrow.parquet.write_table(table, tmp_path / "ours.parquet")
    first, second = read_problems(str(tmp_path / "ours.parquet"))
    assert isinstance(first, Problem) and isinstance(second, Problem)
    assert (first.original, second.original) == ("o1", "")
