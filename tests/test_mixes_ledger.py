"""A ledger of mixes: what is frozen stays, and what is read is what was written."""

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_rows import HALLMARK, described, files, frozen, ids, put, row, rows

from assayoffice.rl.mixes.errors import BrokenMixError, FrozenMixError, MixError
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.rows import AdmittedBy, Lineage, line_of, row_of
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.mixes.tuning import Tuning
from assayoffice.rl.problems.problem import Message, Origin, Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.stamps import Stamp

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "mixes")


@given(
    st.dictionaries(_TEXT, _JSON.filter(lambda each: each is not None), min_size=1, max_size=3),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    _TEXT,
    st.dictionaries(_TEXT.filter(lambda each: each != "solve_rate"), st.integers(), max_size=2),
)
def test_line_is_read_as_the_row_and_written_as_the_line(task, id, text, edge):
    written = row(
        id,
        task=task,
        messages=(Message("user", text),),
        demonstration=text,
        edge=edge,
        generator=text,
    )
    read = row_of(line_of(written), "f", 1)
    assert read == written
    assert line_of(read) == line_of(written)
    assert line_of(written).count(b"\n") == 1


def test_line_does_not_depend_on_the_order_of_fields():
    one, other = ({"reference": "4", "match": "EXACT"}, {"match": "EXACT", "reference": "4"})
    assert line_of(row("a", task=one)) == line_of(row("a", task=other))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_order_in_which_rows_are_added_does_not_matter(data):
    other = Lineage("more.jsonl", "e" * 64, 7, AdmittedBy.STAMP)
    some = [*rows(6), *(dataclasses.replace(each, lineage=other) for each in rows(8)[4:])]
    digests = set()
    for _ in range(2):
        order = data.draw(st.permutations(some))
        cut = data.draw(st.integers(1, len(order)))
        with tempfile.TemporaryDirectory() as folder:
            ledger = Ledger(Path(folder))
            for part in (order[:cut], order[cut:]):
                if part:
                    put(ledger, "m", part)
            digests.add(ledger.freeze("m"))
            assert ids(ledger, "m") == [each.id for each in rows(8)]
    assert len(digests) == 1


@given(st.data())
def test_frozen_mix_is_broken_by_any_change_of_any_byte(tmp_path_factory, data):
    ledger = Ledger(tmp_path_factory.getbasetemp() / "changed")
    if not ledger.names():
        frozen(ledger, "m", rows(3))
    mix = ledger.mix("m")
    whole = mix.file.read_bytes()
    content = bytearray(whole)
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] ^= data.draw(st.integers(1, 255))
    try:
        mix.file.write_bytes(content)
        with pytest.raises(BrokenMixError, match="git checkout"):
            ledger.mix("m")
        with pytest.raises(BrokenMixError, match="git checkout"):
            list(mix.rows())
    finally:
        mix.file.write_bytes(whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": (Message("user", "What is r000 ?"),)},
        {"messages": (Message("system", "What is r000?"),)},
        {"verifier": "choice"},
        {"task": {"reference": "4", "match": "EXACT"}},
        {"demonstration": "4"},
        {"origin": Origin.SYNTHETIC},
        {"generator": "g"},
        {"original": "o"},
        {"stamp": Stamp("b" * 64, "c" * 64)},
        {"edge": {"solve_rate": 0.5}},
        {"lineage": Lineage("rows.jsonl", "f" * 64, 2, AdmittedBy.STAMP)},
        {"lineage": Lineage("rows.jsonl", "f" * 64, 1, AdmittedBy.MIX_ADD)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_digest_depends_on_every_field(ledger, changes):
    first = frozen(ledger, "a", rows(2))
    one, other = rows(2)
    assert frozen(ledger, "b", [dataclasses.replace(one, **changes), other]) != first
    assert frozen(ledger, "c", rows(2)) == first


def test_digest_depends_on_domain_and_weight(ledger):
    digests = {frozen(ledger, "a", rows(2)), frozen(ledger, "b", rows(2, domain="other"))}
    put(ledger, "c", rows(2))
    ledger.tune("c", Tuning(weight=2.0))
    assert len(digests | {ledger.freeze("c")}) == 3


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("domain",), "other"),
        (("settings", "weight"), 3.0),
        (("rows_sha256",), "0" * 64),
        (("digest",), "0" * 64),
        (("name",), "other"),
        (("state",), "thawed"),
        (("format",), 99),
        (("history",), "none"),
    ],
)
def test_edited_description_is_named(ledger, path, value):
    frozen(ledger, "m", rows(2))
    content = described(ledger, "m")
    at = content
    for each in path[:-1]:
        at = at[each]
    at[path[-1]] = value
    (ledger.path / "m" / "mix.json").write_text(json.dumps(content))
    with pytest.raises(BrokenMixError, match="m/(mix.json|rows.jsonl)"):
        ledger.mix("m")


def test_description_that_was_not_merged_is_named(ledger):
    put(ledger, "m", rows(1))
    file = ledger.path / "m" / "mix.json"
    file.write_text("<<<<<<< HEAD\n" + file.read_text())
    with pytest.raises(BrokenMixError, match="mix.json: not JSON"):
        ledger.mix("m")


def test_lost_rows_are_named(ledger):
    put(ledger, "m", rows(1))
    ledger.mix("m").file.unlink()
    with pytest.raises(BrokenMixError, match=r"rows\.jsonl"):
        ledger.mix("m")


def test_rows_that_change_under_a_reader_are_not_handed_out(ledger):
    put(ledger, "m", rows(2))
    before = ledger.mix("m")
    put(ledger, "m", rows(3))
    with pytest.raises(BrokenMixError):
        list(before.rows())


def test_frozen_mix_refuses_edits_and_a_copy_takes_them(ledger):
    digest = frozen(ledger, "m", rows(3))
    before = files(ledger.path / "m")
    for edit in (
        lambda: put(ledger, "m", rows(4)),
        lambda: ledger.tune("m", Tuning(limit=1)),
        lambda: ledger.tune("m", Tuning(weight=2.0)),
    ):
        with pytest.raises(FrozenMixError, match="assay mix copy m NEW"):
            edit()
    assert files(ledger.path / "m") == before
    assert ledger.freeze("m") == digest
    copy = ledger.copy("m", "n")
    assert not copy.is_frozen and copy.digest == digest
    put(ledger, "n", rows(4))
    assert ids(ledger, "n") == [each.id for each in rows(4)]
    assert described(ledger, "n")["history"][1] == {"edit": "copy", "mix": "m", "digest": digest}


def test_adding_again_changes_no_byte(ledger):
    put(ledger, "m", rows(3))
    before = files(ledger.path)
    report = put(ledger, "m", rows(3))
    assert (report.added, report.known, report.written) == (0, 3, False)
    assert files(ledger.path) == before


def test_other_content_under_an_id_and_other_ids_for_a_content_are_refused(ledger):
    put(ledger, "m", rows(2))
    (one, other) = rows(2)
    report = put(
        ledger,
        "m",
        [
            dataclasses.replace(one, demonstration="4"),
            dataclasses.replace(other, id="twin"),
            row("new"),
            dataclasses.replace(row("new"), id="newer"),
        ],
    )
    assert [(each.id, each.reason) for each in report.refused] == [
        ("r000", "ID_TAKEN"),
        ("twin", "DUPLICATE"),
        ("newer", "DUPLICATE"),
    ]
    assert (report.added, report.rows) == (1, 3)
    assert ids(ledger, "m") == ["new", "r000", "r001"]
    assert described(ledger, "m")["history"][1]["refused"] == {"DUPLICATE": 2, "ID_TAKEN": 1}


def test_strict_adds_all_or_none(ledger):
    put(ledger, "m", rows(2))
    report = put(ledger, "m", [row("new"), dataclasses.replace(rows(1)[0], id="twin")], strict=True)
    assert (report.written, report.added, report.rows) == (False, 0, 2)
    assert ids(ledger, "m") == ["r000", "r001"]


def test_description_tells_what_the_rows_are(ledger):
    some = [
        *rows(3, demonstration="4"),
        *rows(2, "s", origin=Origin.SYNTHETIC, generator="g", edge={"solve_rate": 0.25}),
        row("t", edge={"solve_rate": 1.0}, lineage=Lineage("b", "e" * 64, 1, AdmittedBy.MIX_ADD)),
    ]
    put(ledger, "m", some)
    content = described(ledger, "m")
    assert content["counts"] == {
        "rows": 6,
        "demonstrations": 3,
        "origins": {"real": 4, "synthetic": 2},
        "verifiers": {"numeric": 6},
        "generators": {"g": 2},
        "solve_rates": [0, 0, 2, 0, 0, 0, 0, 0, 0, 1],
    }
    assert content["lineage"] == {
        "files": [
            {"name": "b", "sha256": "e" * 64, "rows": 1},
            {"name": "rows.jsonl", "sha256": "f" * 64, "rows": 5},
        ],
        "hallmarks": [{"verifier": "numeric", "hallmark": HALLMARK, "rows": 6}],
        "struck_by_mix_add": 1,
    }


def test_rows_of_a_mix_are_problems_that_everything_reads(ledger):
    put(ledger, "m", [row("a", demonstration="4", generator="g", original="o")])
    mix = ledger.mix("m")
    (problem,) = mix.problems()
    (read,) = read_problems(str(mix.file))
    assert isinstance(read, Problem)
    assert dataclasses.replace(read, row={}) == dataclasses.replace(problem, row={})


@pytest.mark.parametrize("name", ["", ".", "..", "../m", "a/b", "-m", ".m", "m\n", "ä", "m" * 65])
def test_name_cannot_lead_out_of_the_ledger(ledger, name):
    with pytest.raises(MixError, match="is no name of a mix"):
        put(ledger, name, rows(1))


def test_name_of_nothing_says_what_there_is(ledger):
    with pytest.raises(MixError, match="'m' is no mix; there are: none"):
        ledger.mix("m")
    with pytest.raises(MixError, match="'m' is no mix"):
        ledger.freeze("m")
    assert not ledger.path.exists()
    put(ledger, "sums", rows(1))
    with pytest.raises(MixError, match="there are: sums"):
        ledger.tune("m", Tuning(limit=1))


def test_edit_that_a_kill_broke_off_is_taken_up_where_it_counts(ledger):
    put(ledger, "m", rows(2))
    folder = ledger.path / "m"
    before = folder / "rows.jsonl"
    old = before.read_bytes()
    put(ledger, "m", rows(3))
    # As a kill leaves it: described already, and the rows still under the name of what comes.
    before.rename(folder / "rows.jsonl.next")
    before.write_bytes(old)
    assert ids(ledger, "m") == [each.id for each in rows(3)]
    put(ledger, "m", rows(4))
    assert ids(ledger, "m") == [each.id for each in rows(4)]
    assert sorted(each.name for each in folder.iterdir()) == ["mix.json", "rows.jsonl"]


def test_edit_that_a_kill_broke_off_before_it_counts_is_none(ledger):
    put(ledger, "m", rows(2))
    folder = ledger.path / "m"
    (folder / "rows.jsonl.next").write_bytes(b"{torn")
    (folder / "mix.json.unfinished").write_bytes(b"{torn")
    assert ids(ledger, "m") == [each.id for each in rows(2)]
    put(ledger, "m", rows(3))
    assert ids(ledger, "m") == [each.id for each in rows(3)]


def test_mix_that_a_kill_left_without_description_is_begun_anew(ledger):
    (ledger.path / "m").mkdir(parents=True)
    (ledger.path / "m" / "rows.jsonl.next").write_bytes(b"{torn")
    assert ledger.names() == []
    put(ledger, "m", rows(2))
    assert ids(ledger, "m") == [each.id for each in rows(2)]


def test_edit_that_fails_leaves_the_mix_as_it_was(ledger):
    put(ledger, "m", rows(2))
    before = files(ledger.path)

    def some():
        yield row("x")
        raise OSError("no space left")

    store = Store(ledger.path)
    with store.locked(), pytest.raises(OSError, match="no space left"):
        store.write_rows("m", some(), lambda sha256: pytest.fail("has not all rows"))
    with store.locked(), pytest.raises(OSError, match="no space left"):
        store.write_rows("n", some(), lambda sha256: pytest.fail("has not all rows"))
    assert files(ledger.path) == before
    assert not (ledger.path / "n").exists()


def test_ledger_that_may_only_be_read_is_read(ledger, tmp_path):
    frozen(ledger, "m", rows(2))
    copied = tmp_path / "copied"
    shutil.copytree(ledger.path, copied)
    (copied / ".lock").unlink()
    assert ids(Ledger(copied), "m") == ["r000", "r001"]
    assert not (copied / ".lock").exists()
