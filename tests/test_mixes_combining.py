"""Combinations and exports: each row as often as its mix weighs, and from no changed mix."""

import dataclasses
import json
import shutil
from collections import Counter

import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_rows import HALLMARK, files, frozen, put, row, rows, synthetic

from assayoffice.rl.mixes.errors import BrokenMixError, ForeignHallmarkError, MixError
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.tuning import Tuning
from assayoffice.rl.problems.problem import Message, Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.stamps import Stamp
from assayoffice.rl.verl.rows import verifier_and_task


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    ledger = Ledger(tmp_path / "mixes")
    some = [*rows(6, "a", demonstration="4"), *synthetic(4, "b")]
    frozen(ledger, "sums", some)
    frozen(ledger, "words", rows(5, "w", domain="words", edge={"solve_rate": 0.5}))
    return ledger


def exported(ledger, name, **options):
    file = ledger.path.parent / "rl.parquet"
    ledger.export(name, rl=file, **options)
    return pyarrow.parquet.read_table(file).to_pylist()


def test_combination_tells_what_it_holds(ledger):
    combination = ledger.combine("both", {"sums": 2.0, "words": 0.5})
    content = json.loads((ledger.path / "both" / "combination.json").read_text())
    assert content == {
        "format": 1,
        "name": "both",
        "state": "frozen",
        "digest": combination.digest,
        "seed": 0,
        "of": [
            {
                "mix": "sums",
                "digest": ledger.mix("sums").digest,
                "domain": "sums",
                "weight": 2.0,
                "rows": 20,
            },
            {
                "mix": "words",
                "digest": ledger.mix("words").digest,
                "domain": "words",
                "weight": 0.5,
                "rows": 3,
            },
        ],
        "domains": [
            {
                "domain": "sums",
                "rows": 20,
                "share": 0.869565,
                "real": 12,
                "synthetic": 8,
                "demonstrations": 12,
            },
            {
                "domain": "words",
                "rows": 3,
                "share": 0.130435,
                "real": 3,
                "synthetic": 0,
                "demonstrations": 0,
            },
        ],
        "warning": "",
    }
    assert ledger.combination("both") == combination
    assert ledger.names() == ["both", "sums", "words"]


@settings(max_examples=20, deadline=None)
@given(
    weights=st.tuples(*2 * [st.integers(1, 60).map(lambda each: each / 20)]),
    seed=st.integers(0, 2),
)
def test_every_row_is_exported_weight_times(tmp_path_factory, weights, seed):
    ledger = Ledger(tmp_path_factory.getbasetemp() / "weighted")
    if not ledger.names():
        frozen(ledger, "sums", rows(10, "a"))
        frozen(ledger, "words", rows(7, "w", domain="words"))
    name = f"x{weights[0]}-{weights[1]}-{seed}"
    ledger.combine(name, dict(zip(("sums", "words"), weights, strict=True)), seed=seed)
    written = exported(ledger, name)
    assert len({each["extra_info"]["id"] for each in written}) == len(written)
    assert [each["extra_info"]["index"] for each in written] == list(range(len(written)))
    came = Counter(each["extra_info"]["mix"]["id"] for each in written)
    for prefix, count, weight in (("a", 10, weights[0]), ("w", 7, weights[1])):
        of_mix = [came[each.id] for each in rows(count, prefix)]
        assert set(of_mix) <= {int(weight), int(weight) + 1}
        assert abs(sum(of_mix) - weight * count) <= 0.5 + 1e-9


def test_export_is_what_verl_and_readers_of_problems_read(ledger):
    ledger.combine("both", {"sums": 2.0, "words": 1.0})
    file = ledger.path.parent / "rl.parquet"
    report = ledger.export("both", rl=file)
    assert (report.rl, report.sft, report.digest) == (25, 0, ledger.combination("both").digest)
    read = list(read_problems(str(file)))
    assert all(isinstance(each, Problem) for each in read)
    assert {each.domain for each in read} == {"sums", "words"}
    (one,) = [each for each in read if each.id == "a000"]
    (again,) = [each for each in read if each.id == "a000#2"]
    of_mix = next(ledger.mix("sums").problems())
    for each in (one, again):
        assert (each.messages, each.task, each.stamp, each.origin, each.demonstration) == (
            of_mix.messages,
            of_mix.task,
            of_mix.stamp,
            of_mix.origin,
            of_mix.demonstration,
        )
    for each in pyarrow.parquet.read_table(file).to_pylist():
        assert verifier_and_task(each) == ("numeric", {"reference": "4"})
        extra = each["extra_info"]
        mix = ledger.mix(extra["mix"]["name"])
        assert extra["mix"]["digest"] == mix.digest and extra["mix"]["exported"] == report.digest
        assert extra["lineage"]["sha256"] == "f" * 64
        edge = extra["edge"]
        assert edge == ("" if mix.name == "sums" else '{"solve_rate":0.5}')


def test_demonstrations_are_exported_to_learn_from(ledger):
    ledger.combine("both", {"sums": 2.0, "words": 1.0})
    file = ledger.path.parent / "sft.parquet"
    assert ledger.export("both", sft=file).sft == 12
    written = pyarrow.parquet.read_table(file).to_pylist()
    assert len(written) == 12
    assert written[0]["messages"][-1] == {"role": "assistant", "content": "4"}
    assert {each["messages"][0]["content"] for each in written} == {
        f"What is {each.id}?" for each in rows(6, "a")
    }
    with pytest.raises(MixError, match="no demonstrations"):
        ledger.export("words", sft=file)


def test_export_is_byte_for_byte_the_same_for_a_seed(ledger, tmp_path):
    written = {}
    for name, seed in (("one", 1), ("two", 1), ("other", 2)):
        sft, rl = tmp_path / f"{name}.sft", tmp_path / f"{name}.rl"
        ledger.export("sums", sft=sft, rl=rl, seed=seed)
        written[name] = (sft.read_bytes(), rl.read_bytes())
    assert written["one"] == written["two"]
    assert written["one"][0] != written["other"][0] and written["one"][1] != written["other"][1]


def test_open_mix_can_be_tried_but_not_combined(ledger):
    put(ledger, "open", rows(3, "o", domain="o"))
    assert len(exported(ledger, "open")) == 3
    with pytest.raises(MixError, match="assay mix freeze open"):
        ledger.combine("x", {"open": 1.0})


def test_mix_without_weight_has_its_own(ledger):
    put(ledger, "heavy", rows(3, "h", domain="h"))
    ledger.tune("heavy", Tuning(weight=2.0))
    ledger.freeze("heavy")
    assert ledger.combine("x", {"heavy": None}).rows == 6
    assert ledger.combine("y", {"heavy": 1.0}).rows == 3


def test_many_domains_are_warned_of(ledger):
    for number in range(3):
        frozen(ledger, f"d{number}", rows(1, f"d{number}", domain=f"d{number}"))
    four = {"sums": 1.0, "words": 1.0, "d0": 1.0, "d1": 1.0}
    assert not ledger.combine("four", four).warning
    assert "5 domains" in ledger.combine("five", {**four, "d2": 1.0}).warning
    assert "4 domains" in ledger.combine("also", four, max_domains=3).warning


@pytest.mark.parametrize(
    "twin",
    [
        dataclasses.replace(row("w000"), messages=(Message("user", "else"),)),
        dataclasses.replace(row("w000", domain="words"), id="twin", demonstration="4"),
    ],
    ids=["same id", "same question and task"],
)
def test_mixes_that_overlap_cannot_be_combined(ledger, twin):
    frozen(ledger, "twins", [dataclasses.replace(twin, domain="twins"), row("t", domain="twins")])
    before = files(ledger.path)
    with pytest.raises(MixError, match=r"overlap in 1 rows: '(w000|twin)'"):
        ledger.combine("x", {"words": 1.0, "twins": 1.0})
    assert files(ledger.path) == before


def test_combination_breaks_when_a_mix_is_gone_or_changed(ledger):
    ledger.combine("both", {"sums": 1.0, "words": 1.0})
    shutil.copytree(ledger.path / "words", ledger.path.parent / "kept")
    shutil.rmtree(ledger.path / "words")
    with pytest.raises(BrokenMixError, match="both: of its mixes, .*'words' is no mix"):
        ledger.combination("both")
    frozen(ledger, "words", rows(6, "w", domain="words"))
    with pytest.raises(BrokenMixError, match="both: its mix words has changed"):
        exported(ledger, "both")
    shutil.rmtree(ledger.path / "words")
    shutil.copytree(ledger.path.parent / "kept", ledger.path / "words")
    assert len(exported(ledger, "both")) == 15


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 7},
        {"digest": "0" * 64},
        {"of": []},
        {"of": "sums"},
        {"domains": [{"domain": 3}]},
    ],
)
def test_edited_combination_is_named(ledger, change):
    ledger.combine("both", {"sums": 1.0, "words": 1.0})
    file = ledger.path / "both" / "combination.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(BrokenMixError, match=r"combination\.json"):
        ledger.combination("both")


def test_name_is_given_once_and_the_same_command_again_is_none(ledger):
    first = ledger.combine("both", {"sums": 1.0, "words": 1.0})
    assert ledger.combine("both", {"words": 1.0, "sums": 1.0}) == first
    for weights, name in (({"sums": 2.0}, "both"), ({"sums": 1.0}, "words")):
        with pytest.raises(MixError, match="something else of that name"):
            ledger.combine(name, weights)
    with pytest.raises(MixError, match="'both' is a combination, not a mix"):
        ledger.tune("both", Tuning(limit=1))
    with pytest.raises(MixError, match="'both' is a combination, not a mix"):
        put(ledger, "both", rows(1))


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_weight_is_a_number_of_times(ledger, weight):
    with pytest.raises(MixError, match="weight: must be above 0"):
        ledger.combine("x", {"sums": weight})


def test_counts_that_were_edited_decide_nothing(ledger):
    file = ledger.path / "words" / "mix.json"
    content = json.loads(file.read_text())
    content["counts"]["rows"] = 4000
    file.write_text(json.dumps(content))
    assert ledger.combine("x", {"words": 1.5}).rows == 8


def test_weight_too_small_for_a_row_leaves_nothing(ledger):
    with pytest.raises(MixError, match="no row would be left"):
        ledger.combine("x", {"sums": 0.001})
    with pytest.raises(MixError, match="at least one mix"):
        ledger.combine("x", {})


def test_hallmark_that_is_demanded_admits_every_row_or_nothing_is_written(ledger, tmp_path):
    file = tmp_path / "rl.parquet"
    ledger.export("sums", rl=file, require_hallmarks={"numeric": HALLMARK})
    file.unlink()
    other = dataclasses.replace(row("x", domain="x"), stamp=Stamp("b" * 64, "c" * 64))
    frozen(ledger, "stale", [other, row("y", domain="x")])
    ledger.combine("both", {"sums": 1.0, "stale": 1.0})
    for required in ({"numeric": HALLMARK}, {"numeric": "b" * 64}, {"code": HALLMARK}):
        with pytest.raises(ForeignHallmarkError, match="both: has rows"):
            ledger.export("both", rl=file, require_hallmarks=required)
    assert not file.exists()


def test_difference_is_what_git_would_show(ledger, tmp_path):
    put(ledger, "a", [row("1"), row("2"), row("3")])
    put(ledger, "b", [row("2"), dataclasses.replace(row("3"), demonstration="4"), row("4")])
    ledger.tune("b", Tuning(weight=2.0))
    found = ledger.diff("a", "b")
    assert (found.added, found.removed) == (("4",), ("1",))
    assert found.changed == (("3", ("demonstration",)),)
    assert found.settings == (("weight", "1", "2"),)
    assert ledger.diff("a", "a").is_empty
    shutil.copytree(ledger.path, tmp_path / "before")
    ledger.tune("a", Tuning(drop=frozenset("1")))
    again = ledger.diff("a", "a", ledger_of_b=tmp_path / "before")
    assert (again.added, again.removed, again.changed) == (("1",), (), ())
