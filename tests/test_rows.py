"""Rows of files become submissions or errors that say what to do; nothing is lost or reordered."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assayoffice.rl import ItemError, Submission
from assayoffice.rl.rows import Row, RowForm, rows
from assayoffice.rl.sources import UnreadableFileError, open_source

GOOD = {"id": "a", "verifier": "numeric", "response": "7", "reference": "7"}
VERL = {
    "data_source": "openai/gsm8k",
    "prompt": [
        {"role": "system", "content": "Think."},
        {"role": "user", "content": "3 + 4?"},
    ],
    "ability": "math",
    "reward_model": {"style": "rule", "ground_truth": "7"},
    "extra_info": {"index": 5, "split": "train"},
    "response": "7",
}


def read(path: Path, max_row_bytes: int = 10_000, **form) -> list[Row]:
    with open_source(str(path), max_row_bytes) as source:
        return list(rows(source.records, RowForm(path.name, **form)))


def write(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b"".join((e if isinstance(e, bytes) else json.dumps(e).encode()) + b"\n" for e in lines)
    )
    return path


def only(found: list[Row]) -> Submission:
    (row,) = found
    assert isinstance(row.submission, Submission), row.submission
    return row.submission


class TestOurForm:
    def test_reference_is_short_for_a_task(self, tmp_path):
        short = only(read(write(tmp_path, GOOD)))
        long = {**GOOD, "task": {"reference": "7"}}
        del long["reference"]
        assert short == only(read(write(tmp_path, long)))
        assert short == Submission("a", "numeric", "7", {"reference": "7"})

    def test_row_without_id_is_called_by_its_number(self, tmp_path):
        nameless = {key: value for key, value in GOOD.items() if key != "id"}
        found = read(write(tmp_path, GOOD, b"", nameless))
        assert [(row.number, row.submission.id) for row in found] == [(1, "a"), (3, "3")]

    def test_flags_override_the_row(self, tmp_path):
        path = write(tmp_path, GOOD)
        submission = only(read(path, verifier="other", task={"match": "EXACT"}))
        assert submission.verifier == "other"
        assert submission.task == {"reference": "7", "match": "EXACT"}

    def test_list_of_responses_is_judged_one_by_one(self, tmp_path):
        path = write(tmp_path, {**GOOD, "response": ["7", "8"]}, GOOD)
        assert [(row.submission.id, row.submission.response) for row in read(path)] == [
            ("a/0", "7"),
            ("a/1", "8"),
            ("a", "7"),
        ]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"response": None}, "response: must be text or a list of texts, not null"),
            ({"response": ["7", 8]}, "response: must be text"),
            ({"verifier": None}, "verifier: missing; add"),
            ({"verifier": 3}, "verifier: must be text, not the number 3"),
            ({"reference": None}, "task: missing; add"),
            ({"reference": 7}, "reference: must be text, not the number 7; put it in quotes"),
            ({"task": {"reference": "7"}}, "only one of them"),
            ({"task": "7", "reference": None}, "task: must be an object, not text"),
            ({"prompt": 3}, "prompt: must be text or a list of chat messages"),
        ],
    )
    def test_unusable_field_is_named_with_a_remedy_and_costs_only_its_row(
        self, tmp_path, change, message
    ):
        before, bad, after = read(write(tmp_path, GOOD, {**GOOD, **change}, GOOD))
        assert isinstance(before.submission, Submission)
        assert isinstance(after.submission, Submission)
        assert isinstance(bad.submission, ItemError)
        assert bad.submission.message.startswith("rows.jsonl row 2: ")
        assert message in bad.submission.message
        assert (bad.submission.id, bad.submission.reason) == ("a", "INVALID_ROW")

    def test_missing_response_column_lists_the_columns_there_are(self, tmp_path):
        (row,) = read(write(tmp_path, GOOD), response_column="completion")
        assert "completion: missing; --response-column" in row.submission.message
        assert "id, verifier, response, reference" in row.submission.message

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (b'{"id": "a",', "not JSON: "),
            (b"[1, 2]", "not a JSON object"),
            (b'{"id": "\xff"}', "byte 8 is not UTF-8"),
            (b"[" * 9_000, "not JSON"),
            (b'{"id": ' + b"9" * 5_000 + b"}", "not JSON"),
            (b'{"id": "' + b"x" * 50_000 + b'"}', "longer than 10000 bytes"),
        ],
        ids=["cut off", "list", "latin-1", "deep", "huge number", "huge row"],
    )
    def test_broken_line_costs_only_itself(self, tmp_path, line, message):
        before, bad, after = read(write(tmp_path, GOOD, line, GOOD))
        assert (before.number, bad.number, after.number) == (1, 2, 3)
        assert message in bad.submission.message and bad.submission.id == "2"
        assert before.submission == after.submission

    def test_last_line_needs_no_newline_and_a_byte_order_mark_is_no_matter(self, tmp_path):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
        assert only(read(path)).id == "a"

    def test_offsets_end_at_the_size_of_the_file(self, tmp_path):
        path = write(tmp_path, GOOD, b"x" * 20_000, GOOD)
        with open_source(str(path), 10_000) as source:
            *_, last = source.records
        assert last.offset == source.total == path.stat().st_size


class TestVerlForm:
    def test_columns_are_understood_as_they_are(self, tmp_path):
        assert only(read(write(tmp_path, VERL))) == Submission(
            "5", "numeric", "7", {"reference": "7"}, "3 + 4?"
        )

    @pytest.mark.parametrize(
        ("change", "verifier"),
        [
            ({"extra_info": {"verifier": "choice"}}, "choice"),
            ({"reward_model": {"ground_truth": "B", "verifier": "choice"}}, "choice"),
            ({"extra_info": None}, "numeric"),
        ],
    )
    def test_row_may_name_its_verifier(self, tmp_path, change, verifier):
        assert only(read(write(tmp_path, {**VERL, **change}))).verifier == verifier

    @pytest.mark.parametrize(
        ("truth", "task"),
        [
            (72, {"reference": "72"}),
            (0.1, {"reference": "0.1"}),
            ({"reference": "7", "match": "EXACT"}, {"reference": "7", "match": "EXACT"}),
        ],
    )
    def test_ground_truth_may_be_a_number_or_a_task(self, tmp_path, truth, task):
        row = {**VERL, "reward_model": {"style": "rule", "ground_truth": truth}}
        assert only(read(write(tmp_path, row))).task == task

    def test_ground_truth_of_a_program_may_be_the_text_of_its_task(self, tmp_path):
        task = {"stdio": [{"input": "1", "output": "2"}], "language": "c"}
        model = {"verifier": "code", "ground_truth": json.dumps({**task, "prefix": None})}
        found = only(read(write(tmp_path, {**VERL, "reward_model": model})))
        assert (found.verifier, found.task) == ("code", task)

    def test_ground_truth_of_a_proof_may_be_the_text_of_its_task(self, tmp_path):
        task = {"statement": "(p : Prop) : p → p"}
        model = {"verifier": "lean", "ground_truth": json.dumps(task)}
        found = only(read(write(tmp_path, {**VERL, "reward_model": model})))
        assert (found.verifier, found.task) == ("lean", task)

    @pytest.mark.parametrize("verifier", ["code", "lean"])
    @pytest.mark.parametrize("truth", ["print(7)", "[7]", "[" * 5_000])
    def test_ground_truth_that_is_no_task_is_an_error(self, tmp_path, verifier, truth):
        model = {"verifier": verifier, "ground_truth": truth}
        (found,) = read(write(tmp_path, {**VERL, "reward_model": model}))
        assert "reward_model.ground_truth: must be" in found.submission.message

    @pytest.mark.parametrize("truth", [None, True, ["7"]])
    def test_ground_truth_that_is_no_answer_is_an_error(self, tmp_path, truth):
        row = {**VERL, "reward_model": {"ground_truth": truth}}
        (found,) = read(write(tmp_path, row))
        assert "reward_model.ground_truth: must be text" in found.submission.message

    def test_parquet_gives_the_same_submissions_as_json(self, tmp_path):
        table = [{**VERL, "responses": ["7", "8"]}, {**VERL, "responses": []}, VERL]
        parquet = tmp_path / "rows.parquet"
        pq.write_table(pa.Table.from_pylist(table), parquet)
        from_parquet = read(parquet)
        from_json = read(write(tmp_path, *table))
        assert [row.submission for row in from_parquet] == [row.submission for row in from_json]
        rollouts = read(parquet, response_column="responses")
        assert [getattr(row.submission, "response", None) for row in rollouts] == ["7", "8", None]
        assert "responses: must be text or a list" in rollouts[2].submission.message

    def test_null_struct_fields_of_parquet_are_absent_fields(self, tmp_path):
        table = [
            {**GOOD, "reference": None, "task": {"reference": "7", "match": None}},
            {**GOOD, "reference": None, "task": {"reference": "7", "match": "EXACT"}},
        ]
        parquet = tmp_path / "rows.parquet"
        pq.write_table(pa.Table.from_pylist(table), parquet)
        assert [row.submission.task for row in read(parquet)] == [
            {"reference": "7"},
            {"reference": "7", "match": "EXACT"},
        ]

    def test_parquet_text_that_is_not_utf8_costs_only_its_row(self, tmp_path):
        raw = pa.array([b"7", b"\xff", b"7"], pa.binary())
        text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
        same = pa.array(["7"] * 3)
        table = pa.table({"response": text, "reference": same, "verifier": same})
        parquet = tmp_path / "rows.parquet"
        pq.write_table(table, parquet)
        kinds = [type(row.submission) for row in read(parquet)]
        assert kinds == [Submission, ItemError, Submission]

    def test_damaged_parquet_costs_only_the_damaged_rows(self, tmp_path):
        parquet = tmp_path / "rows.parquet"
        table = pa.Table.from_pylist([{**GOOD, "id": f"{n:09}"} for n in range(1, 4001)])
        pq.write_table(table, parquet, row_group_size=1000, compression="snappy")
        content = bytearray(parquet.read_bytes())
        middle = pq.ParquetFile(parquet).metadata.row_group(2).column(0).data_page_offset
        content[middle : middle + 200] = b"\xff" * 200
        parquet.write_bytes(content)
        found = read(parquet)
        (lost,) = [row for row in found if isinstance(row.submission, ItemError)]
        assert 2000 < lost.number <= 3000
        assert "damaged, with all rows up to 3000" in lost.submission.message
        sound = {row.number: row.submission.id for row in found if row is not lost}
        assert sound.keys() >= {*range(1, 2001), *range(3001, 4001)}
        assert all(int(id) == number for number, id in sound.items())


@pytest.mark.parametrize("content", [None, b"PAR1 and no more"])
def test_file_that_cannot_be_read_is_an_error_of_its_own(tmp_path, content):
    path = tmp_path / "rows.parquet"
    if content:
        path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="rows.parquet"):
        read(path)


def test_reading_is_lazy(tmp_path):
    path = write(tmp_path, *[GOOD] * 1000)
    with open_source(str(path)) as source:
        next(source.records)
        assert next(rows(source.records, RowForm("f"))).number == 2


class TestOrderAndBounds:
    """``judge`` keeps few rows in hand."""

    def test_results_keep_the_order_and_reading_waits_for_judging(self):
        from fake_service import FakeVerifierService, serving

        from assayoffice import Client
        from assayoffice.rl.scoring import ROWS_PER_CALL, judge

        taken = 0

        def endless():
            nonlocal taken
            while True:
                taken += 1
                yield Row(taken, taken, Submission(str(taken), "numeric", "7", {"reference": "7"}))

        with serving(FakeVerifierService()) as endpoint, Client(endpoint) as client:
            judged = judge(client, endless(), timeout=20, concurrency=3)
            for number in range(1, 1000):
                row, result = next(judged)
                assert row.number == number and result.id == str(number)
                assert taken <= number + 4 * ROWS_PER_CALL
            judged.close()
