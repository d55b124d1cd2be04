"""Rows of rewrites: what is read, what is refused in which words, and that the schema agrees."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites import reading
from assayoffice.rl.rewrites.cli import SCHEMA
from assayoffice.rl.rewrites.reading import Read, look_for, read
from assayoffice.rl.rewrites.rewrite import Domain, Premises, Unknown, rewrite_to_proto
from assayoffice.rl.rewrites.rows import Kind, Provenance, from_parquet, row_of
from assayoffice.rl.sources import UnreadableFileError, UnusableRow, unambiguous_json
from assayoffice.v1 import rewrite_pb2

GOOD: dict[str, object] = {
    "id": "a",
    "kind": "proof_to_numeric",
    "problem": "How long is BC?",
    "verifier": "numeric",
    "reference": "13",
    "original": {"id": "o"},
    "provenance": {"source": "synthetic"},
}
PREMISES = {"unknowns": {"BC": "positive"}, "constraints": ["BC == 13"], "asked": "BC"}
DIGEST = "ab" * 32
FULL = {
    **GOOD,
    "domain": "geometry",
    "original": {"id": "o", "problem": "Prove it."},
    "provenance": {"source": "real", "generator": "us", "lineage": ["x", {"deep": 1}]},
    "premises": {**PREMISES, "degenerate": ["BC == 0"]},
    "solutions": ["13", ""],
    "wrong_answers": ["12"],
    "key": {"source": "print(13)", "language": "python"},
    "reference_solution": "x",
    "stamp": {"hallmark": DIGEST, "content": DIGEST},
}


def without(row: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in names}


# Each with a part of what the error says.
BAD: dict[str, tuple[object, str]] = {
    "no id": (without(GOOD, "id"), "id: missing"),
    "empty id": ({**GOOD, "id": ""}, "id: must not be empty"),
    "number for id": ({**GOOD, "id": 7}, "id: must be text, not the number 7; put it in quotes"),
    "long id": ({**GOOD, "id": "x" * 257}, "id: 257 characters; at most 256"),
    "no kind": (without(GOOD, "kind"), "kind: missing"),
    "unknown kind": (
        {**GOOD, "kind": "variatoin"},
        "not 'variatoin'; did you mean 'variation'?",
    ),
    "list for kind": ({**GOOD, "kind": ["variation"]}, "kind: must be one of"),
    "no problem": (without(GOOD, "problem"), "problem: missing"),
    "blank problem": ({**GOOD, "problem": " \n"}, "problem: ' \\n' holds nothing but blanks"),
    "null for problem": ({**GOOD, "problem": None}, "problem: must be text, not null"),
    "no verifier": (without(GOOD, "verifier"), "verifier: missing"),
    "verifier that is no name": ({**GOOD, "verifier": "Numeric!"}, "verifier: 'Numeric!' is no"),
    "neither task nor reference": (without(GOOD, "reference"), "task: missing; add"),
    "task and reference": ({**GOOD, "task": {}}, "task, reference: only one of them"),
    "number for reference": ({**GOOD, "reference": 13}, "the number 13; put it in quotes"),
    "text for task": (
        {**without(GOOD, "reference"), "task": "13"},
        "task: must be an object, not text",
    ),
    "no original": (without(GOOD, "original"), "original: missing"),
    "original without id": ({**GOOD, "original": {}}, "original.id: missing"),
    "original with a typo": (
        {**GOOD, "original": {"id": "o", "problm": "x"}},
        "original.problm: there is no such field; did you mean 'problem'?",
    ),
    "text for original": ({**GOOD, "original": "o"}, "original: must be an object, not text"),
    "no provenance": (without(GOOD, "provenance"), "provenance: missing"),
    "provenance without source": ({**GOOD, "provenance": {}}, "provenance.source: missing"),
    "unknown source": (
        {**GOOD, "provenance": {"source": "human"}},
        "provenance.source: must be one of real, synthetic, not 'human'",
    ),
    "number for generator": (
        {**GOOD, "provenance": {"source": "real", "generator": 4}},
        "provenance.generator: must be text",
    ),
    "typo of a field": (
        {**GOOD, "wrong_answer": []},
        "wrong_answer: there is no such field; did you mean 'wrong_answers'?",
    ),
    "field of one's own": ({**GOOD, "zzz": 1}, "what is yours goes into provenance"),
    "null for premises": ({**GOOD, "premises": None}, "premises: must be an object, not null"),
    "no unknowns": (
        {**GOOD, "premises": {**PREMISES, "unknowns": {}}},
        "premises.unknowns: must name 1 to 64 unknowns, not 0",
    ),
    "unknown that is no name": (
        {**GOOD, "premises": {**PREMISES, "unknowns": {"B C": "real"}}},
        "premises.unknowns: 'B C' is no name",
    ),
    "unknown domain": (
        {**GOOD, "premises": {**PREMISES, "unknowns": {"BC": "posittive"}}},
        "premises.unknowns.BC: must be one of real, positive",
    ),
    "too many unknowns": (
        {**GOOD, "premises": {**PREMISES, "unknowns": {f"x{i}": "real" for i in range(65)}}},
        "not 65",
    ),
    "nothing asked": (
        {**GOOD, "premises": without(PREMISES, "asked")},
        "premises.asked: missing",
    ),
    "empty constraint": (
        {**GOOD, "premises": {**PREMISES, "constraints": ["BC > 0", ""]}},
        "premises.constraints[1]: must not be empty",
    ),
    "long constraint": (
        {**GOOD, "premises": {**PREMISES, "constraints": ["1" * 2001]}},
        "premises.constraints[0]: 2001 characters; at most 2000",
    ),
    "too many constraints": (
        {**GOOD, "premises": {**PREMISES, "constraints": ["1 == 1"] * 129}},
        "premises.constraints: at most 128 may be given, not 129",
    ),
    "premises with a typo": (
        {**GOOD, "premises": {**PREMISES, "constrants": []}},
        "premises.constrants: there is no such field; did you mean 'constraints'?",
    ),
    "text for solutions": ({**GOOD, "solutions": "13"}, "solutions: must be a list of texts"),
    "number in solutions": ({**GOOD, "solutions": ["1", 2]}, "solutions[1]: must be text"),
    "too many solutions": ({**GOOD, "solutions": ["1"] * 257}, "solutions: at most 256"),
    "true among wrong answers": ({**GOOD, "wrong_answers": [True]}, "wrong_answers[0]: must be"),
    "key without source": ({**GOOD, "key": {}}, "key.source: missing"),
    "empty language": ({**GOOD, "key": {"source": "1", "language": ""}}, "key.language: must not"),
    "key with a typo": ({**GOOD, "key": {"source": "1", "lang": "c"}}, "key.lang: there is no"),
    "list for reference solution": ({**GOOD, "reference_solution": []}, "reference_solution: must"),
    "long domain": ({**GOOD, "domain": "x" * 201}, "domain: 201 characters"),
    "half a stamp": ({**GOOD, "stamp": {"hallmark": DIGEST}}, "stamp: must be an object"),
    "stamp in capitals": (
        {**GOOD, "stamp": {"hallmark": DIGEST.upper(), "content": DIGEST}},
        "stamp: must be an object",
    ),
    "null for stamp": ({**GOOD, "stamp": None}, "stamp: must be an object, not null"),
}
GOODS: dict[str, dict[str, object]] = {
    "least": GOOD,
    "most": FULL,
    "task": {**without(GOOD, "reference"), "task": {"reference": "13", "match": "EXACT"}},
    "longest id": {**GOOD, "id": "x" * 256},
    "empty lists": {**GOOD, "solutions": [], "wrong_answers": []},
    "no constraints": {**GOOD, "premises": without(PREMISES, "constraints")},
    "plug-in": {**without(GOOD, "reference"), "verifier": "my_own_1", "task": {"any": [1]}},
    "empty original": {**GOOD, "original": {"id": "o", "problem": ""}},
    **{f"kind {kind}": {**GOOD, "kind": kind.value} for kind in Kind},
    **{
        f"domain {domain.name}": {
            **GOOD,
            "premises": {**PREMISES, "unknowns": {"BC": domain.value.lower()}},
        }
        for domain in Domain
    },
}


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    written = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(written)
    return jsonschema.Draft202012Validator(written)


@pytest.mark.parametrize("name", GOODS)
def test_good_row_is_read_and_fits_the_schema(name, schema):
    row = row_of(GOODS[name], "rows.jsonl", 1)
    assert row.id == GOODS[name]["id"]
    assert list(schema.iter_errors(GOODS[name])) == []


@pytest.mark.parametrize("name", BAD)
def test_bad_row_is_refused_by_name_and_does_not_fit_the_schema(name, schema):
    bad, says = BAD[name]
    with pytest.raises(UnusableRow) as refused:
        row_of(bad, "rows.jsonl", 1)
    assert says in str(refused.value)
    assert list(schema.iter_errors(bad))


def test_name_does_not_end_with_a_line():
    # For the schema's own dialect of patterns as well; Python's $ would let it pass.
    with pytest.raises(UnusableRow, match="verifier: 'numeric.n' is no name"):
        row_of({**GOOD, "verifier": "numeric\n"}, "rows.jsonl", 1)
    with pytest.raises(UnusableRow, match="'BC.n' is no name"):
        premises = {**PREMISES, "unknowns": {"BC\n": "real"}}
        row_of({**GOOD, "premises": premises}, "rows.jsonl", 1)


def test_schema_describes_every_field(schema):
    def undescribed(part: object, path: str) -> Iterator[str]:
        if isinstance(part, dict):
            for name, each in part.get("properties", {}).items():
                if "description" not in each:
                    yield f"{path}.{name}"
                yield from undescribed(each, f"{path}.{name}")

    assert list(undescribed(schema.schema, "")) == []


def test_schema_bounds_are_those_of_the_wire(schema):
    """What fits the schema at its limits is not refused by the rules of the contract."""
    from protovalidate import validate

    row = {
        **GOOD,
        "id": "x" * 256,
        "premises": {
            "unknowns": {f"x{index:030}": "natural" for index in range(64)},
            "constraints": ["1" * 2000] * 128,
            "asked": "1" * 2000,
            "degenerate": ["1" * 2000] * 32,
        },
        "solutions": ["1"] * 256,
        "wrong_answers": ["1"] * 256,
        "key": {"source": "1", "language": "x" * 32},
    }
    assert list(schema.iter_errors(row)) == []
    validate(rewrite_to_proto(row_of(row, "rows.jsonl", 1).rewrite))


def test_everything_of_a_row_arrives():
    row = row_of(FULL, "rows.jsonl", 7)
    assert (row.file, row.number, row.content) == ("rows.jsonl", 7, FULL)
    assert (row.kind, row.domain, row.source) == (
        Kind.PROOF_TO_NUMERIC,
        "geometry",
        Provenance.REAL,
    )
    assert (row.original_id, row.original_problem) == ("o", "Prove it.")
    assert (row.problem, row.reference) == ("How long is BC?", "13")
    message = rewrite_to_proto(row.rewrite)
    assert message.submission.numeric.reference == "13"
    assert message.submission.prompt == "How long is BC?"
    assert message.premises.unknowns[0].domain == rewrite_pb2.DOMAIN_POSITIVE
    assert list(message.premises.degenerate) == ["BC == 0"]
    assert list(message.solutions) == ["13", ""]
    assert message.key.source == "print(13)"
    assert message.reference_solution == "x"


@pytest.mark.parametrize(
    ("content", "whose"),
    [
        ({"prompt": [], "reward_model": {"ground_truth": "13"}}, "a row of a data set for verl"),
        ({"id": "a", "verifier": "numeric", "response": "13"}, "a row for `assay verify`"),
    ],
)
def test_row_of_another_command_is_told_to_be_one(content, whose):
    with pytest.raises(UnusableRow, match=f"this is {whose}, not a rewrite.* `assay rewrites sch"):
        row_of(content, "rows.jsonl", 1)


def test_half_a_surrogate_pair_is_named():
    with pytest.raises(UnusableRow, match=r"solutions\[0\]: holds half a surrogate pair"):
        row_of({**GOOD, "solutions": ["\ud800"]}, "rows.jsonl", 1)


def test_parquet_holds_the_same_in_structs_maps_and_json_text(tmp_path):
    file = tmp_path / "rows.parquet"
    columns: dict[str, pa.Array] = {
        name: pa.array([GOOD[name]] * 2) for name in ("id", "kind", "problem", "verifier")
    }
    columns["id"] = pa.array(["a", "b"])
    columns["reference"] = pa.array(["13", None])
    columns["task"] = pa.array([None, json.dumps({"reference": "12"})])
    columns["original"] = pa.array([{"id": "o", "problem": None}] * 2)
    columns["provenance"] = pa.array([{"source": "synthetic", "generator": None}] * 2)
    unknowns = pa.map_(pa.string(), pa.string())
    premises = pa.struct(
        [("unknowns", unknowns), ("asked", pa.string()), ("constraints", pa.list_(pa.string()))]
    )
    columns["premises"] = pa.array(
        [{"unknowns": [("BC", "positive")], "asked": "BC", "constraints": None}, None], premises
    )
    pq.write_table(pa.table(columns), file)
    first, second = rows_of(file)
    assert first.row.rewrite.premises == Premises((Unknown("BC", Domain.POSITIVE),), (), "BC")
    assert first.row.original_problem == ""
    assert (first.row.reference, second.row.reference) == ("13", "12")
    assert second.row.rewrite.premises is None


def test_parquet_values_that_json_has_not_are_named():
    with pytest.raises(UnusableRow, match=r"provenance\.made: holds bytes, which JSON has not"):
        from_parquet({**GOOD, "provenance": {"source": "real", "made": b"x"}})
    with pytest.raises(UnusableRow, match="premises: not JSON"):
        from_parquet({**GOOD, "premises": "{"})
    with pytest.raises(UnusableRow, match="premises: asked: given twice in one object"):
        from_parquet({**GOOD, "premises": '{"asked": "BC", "asked": "AC"}'})
    with pytest.raises(UnusableRow, match=r"provenance\.share: holds nan, which JSON has not"):
        from_parquet({**GOOD, "provenance": {"source": "real", "share": math.nan}})


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (
            pa.array([[({"a": 1}, "x")]], pa.map_(pa.struct([("a", pa.int64())]), pa.string())),
            "provenance: the keys of a map must be text, not dict",
        ),
        (
            pa.array([[("source", "real"), ("source", "synthetic")]], pa.map_("utf8", "utf8")),
            "provenance.source: given twice in one map",
        ),
        (
            pa.StructArray.from_arrays([pa.array(["real"])] * 2, names=["source"] * 2),
            "duplicate field names",
        ),
    ],
    ids=["a key that is no text", "a key given twice", "a field given twice"],
)
def test_parquet_row_that_is_no_object_is_an_error_of_its_own(tmp_path, column, said):
    file = tmp_path / "rows.parquet"
    names = without(GOOD, "provenance", "original")
    columns = {name: pa.array([value]) for name, value in names.items()}
    columns["original"] = pa.array(['{"id": "o"}'])
    pq.write_table(pa.table({**columns, "provenance": column}), file)
    (only,) = rows_of(file)
    assert isinstance(only.row, ItemError)
    assert f"{file} row 1: " in only.row.message and said in only.row.message


def test_parquet_with_two_columns_of_one_name_is_refused(tmp_path):
    file = tmp_path / "rows.parquet"
    columns = {**GOOD, "original": '{"id": "o"}', "provenance": '{"source": "real"}'}
    arrays = [pa.array([value]) for value in columns.values()]
    names = [*columns, "problem"]
    pq.write_table(pa.Table.from_arrays([*arrays, pa.array(["Another."])], names), file)
    (only,) = rows_of(file)
    assert isinstance(only.row, ItemError)
    assert "two columns have the same name" in only.row.message


class TestFiles:
    def test_bad_rows_are_named_and_the_others_read(self, tmp_path):
        file = tmp_path / "rows.jsonl"
        rows = [
            json.dumps(GOOD).encode(),
            b'{"id": "torn", "kind"',
            json.dumps({**GOOD, "id": "latin"}).encode().replace(b"How", b"H\xf6w"),
            b"\x00" * 50,
            json.dumps({**GOOD, "id": "utf16"}).encode("utf-16"),
            b"[1, 2]",
            json.dumps(without(GOOD, "problem")).encode(),
            json.dumps({**GOOD, "id": "last"}).encode(),
        ]
        file.write_bytes(b"\xef\xbb\xbf" + b"\n".join(rows))
        found = rows_of(file)
        assert [each.number for each in found if not isinstance(each.row, ItemError)] == [1, 8]
        said = {each.number: each.row.message for each in found if isinstance(each.row, ItemError)}
        assert said.keys() == {2, 3, 4, 5, 6, 7}
        assert all(message.startswith(f"{file} row {row}: ") for row, message in said.items())
        assert "not JSON" in said[2] and "not UTF-8" in said[3]
        assert "not a JSON object" in said[6] and "problem: missing" in said[7]

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ('"problem": "What is 10 + 3?"', "problem: given twice in one object"),
            ('"task": {"reference": "1", "reference": "2"}', "reference: given twice"),
            ('"x": NaN', "holds NaN, which is no finite number"),
            ('"x": -Infinity', "holds -Infinity"),
            ('"x": 1e400', "holds 1e400"),
            ('"x": ' + "9" * 5000, "not JSON: Exceeds the limit"),
            ('"x": ' + "[" * 100_000, "nested too deeply"),
        ],
    )
    def test_what_readers_would_read_differently_is_refused(self, tmp_path, written, said):
        file = tmp_path / "rows.jsonl"
        file.write_text(f"{json.dumps(GOOD)[:-1]}, {written}}}\n{json.dumps(GOOD)}\n")
        first, second = rows_of(file)
        assert isinstance(first.row, ItemError) and said in first.row.message
        assert len(first.row.message) < 400
        assert not isinstance(second.row, ItemError)

    def test_row_of_50_mb_is_refused_by_size_without_being_parsed(self, tmp_path, monkeypatch):
        parsed: list[int] = []

        def spy(text: str) -> object:
            parsed.append(len(text))
            return unambiguous_json(text)

        monkeypatch.setattr(reading, "unambiguous_json", spy)
        file = tmp_path / "rows.jsonl"
        with file.open("w") as rows:
            rows.write(json.dumps({**GOOD, "problem": "x" * 50_000_000}) + "\n")
            rows.write(json.dumps(GOOD) + "\n")
        first, second = rows_of(file)
        assert isinstance(first.row, ItemError)
        assert f"{file} row 1: longer than {reading.MAX_ROW_BYTES} bytes" in first.row.message
        assert not isinstance(second.row, ItemError)
        assert max(parsed) < 1000

    def test_parquet_row_of_50_mb_is_refused_by_size(self, tmp_path):
        file = tmp_path / "rows.parquet"
        rows = [
            {**GOOD, "id": str(index), "problem": "x" * (50_000_000 if index == 1 else 10)}
            for index in range(3)
        ]
        pq.write_table(pa.Table.from_pylist(rows), file)
        first, second, third = rows_of(file)
        assert not isinstance(first.row, ItemError) and not isinstance(third.row, ItemError)
        assert f"at most {reading.MAX_ROW_BYTES} are read of a row" in second.row.message

    def test_truncated_parquet_is_an_error_and_the_next_file_is_read(self, tmp_path):
        broken, whole = tmp_path / "broken.parquet", tmp_path / "whole.jsonl"
        pq.write_table(pa.Table.from_pylist([GOOD]), broken)
        broken.write_bytes(broken.read_bytes()[:-20])
        whole.write_text(json.dumps(GOOD))
        first, second = rows_of(broken, whole)
        assert "broken.parquet: not a whole parquet file" in first.row.message
        assert second.row.id == "a"

    def test_empty_file_is_an_error(self, tmp_path):
        empty = tmp_path / "empty.jsonl"
        empty.write_text("\n\n")
        (only,) = rows_of(empty)
        assert only.row.message == f"{empty}: holds no rows"

    def test_id_of_an_earlier_row_is_an_error_also_in_another_file(self, tmp_path):
        one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
        one.write_text(json.dumps(GOOD))
        two.write_text(json.dumps({**GOOD, "id": "b"}) + "\n" + json.dumps(GOOD))
        found = rows_of(one, two)
        assert [isinstance(each.row, ItemError) for each in found] == [False, False, True]
        assert f"id: 'a' is that of {one} row 1 already" in found[2].row.message

    def test_progress_grows_to_one(self, tmp_path):
        one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
        one.write_text(json.dumps({**GOOD, "id": "b"}) + "\n" + json.dumps(GOOD))
        two.write_text(json.dumps({**GOOD, "id": "c"}))
        done = [each.done for each in rows_of(one, two)]
        assert done == sorted(done) and done[-1] == 1.0 and done[1] == 0.5

    def test_files_that_are_not_there_are_said_before(self, tmp_path):
        with pytest.raises(UnreadableFileError, match="there is no such file"):
            look_for([str(tmp_path / "none.jsonl")])
        with pytest.raises(UnreadableFileError, match="is a folder; name its files"):
            look_for([str(tmp_path)])
        with pytest.raises(UnreadableFileError, match="given twice"):
            look_for(["-", "-"])


def rows_of(*files: Path) -> list[Read]:
    return list(read([str(file) for file in files]))
