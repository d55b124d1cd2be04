"""Edits of an open mix: what they keep, what they tell, and what cannot be done."""

import json
import math
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mix_rows import described, files, ids, put, row, rows, synthetic

from assayoffice.rl.mixes.draws import drawn, times
from assayoffice.rl.mixes.errors import MixError
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.tuning import Tuning


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "mixes")


def test_drop_takes_these_ids_and_no_others(ledger):
    put(ledger, "m", rows(4))
    report = ledger.tune("m", Tuning(drop=frozenset(["r001", "r003"])))
    assert ids(ledger, "m") == ["r000", "r002"]
    assert (report.before, report.rows) == (4, 2)
    assert described(ledger, "m")["history"][1:] == [
        {"edit": "drop", "ids": ["r001", "r003"], "dropped": 2}
    ]
    assert described(ledger, "m")["counts"]["rows"] == 2


def test_id_that_is_not_there_drops_nothing(ledger):
    put(ledger, "m", rows(2))
    before = files(ledger.path)
    with pytest.raises(MixError, match="has no rows nobody"):
        ledger.tune("m", Tuning(drop=frozenset(["r001", "nobody"])))
    assert files(ledger.path) == before


def test_band_keeps_its_bounds_and_what_nobody_sampled(ledger):
    rates = [0.0, 0.125, 0.2, 0.5, 0.8, 0.875, 1.0]
    put(ledger, "m", [*(row(f"{each}", edge={"solve_rate": each}) for each in rates), row("x")])
    report = ledger.tune("m", Tuning(min_solve_rate=0.2, max_solve_rate=0.8))
    assert ids(ledger, "m") == ["0.2", "0.5", "0.8", "x"]
    assert report.unrated == 1


@given(st.integers(1, 12), st.integers(0, 3))
def test_limit_is_a_draw_that_only_seed_and_ids_decide(limit, seed):
    names = [each.id for each in rows(10)]
    kept = drawn(names, limit, seed=seed, purpose="limit")
    assert len(kept) == min(limit, 10)
    assert kept == drawn(reversed(names), limit, seed=seed, purpose="limit")
    assert kept <= drawn(names, limit + 1, seed=seed, purpose="limit")


def test_limit_keeps_the_drawn_rows(ledger):
    kept = []
    for seed in (0, 0, 1):
        mix = f"m{len(kept)}"
        put(ledger, mix, rows(30))
        ledger.tune(mix, Tuning(limit=7, seed=seed))
        kept.append(ids(ledger, mix))
    assert kept[0] == kept[1] != kept[2]
    assert {len(each) for each in kept} == {7}


@settings(max_examples=40, deadline=None)
@example(7, 3, 30)  # 0.3 in binary is less.
@given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 100))
def test_synthetic_share_holds_and_drops_no_row_too_many(real, made, percent):
    share = percent / 100
    most = (
        made if percent == 100 else min(made, math.floor(Fraction(percent, 100 - percent) * real))
    )
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        put(ledger, "m", [*rows(real), *synthetic(made)])
        ledger.tune("m", Tuning(max_synthetic_share=share))
        kept = ids(ledger, "m")
    assert [each for each in kept if each[0] == "r"] == [each.id for each in rows(real)]
    assert len(kept) == real + most
    assert most <= Fraction(percent, 100) * len(kept)
    assert most == made or most + 1 > Fraction(percent, 100) * (len(kept) + 1)


def test_share_without_real_rows_is_an_error(ledger):
    put(ledger, "m", synthetic(3))
    with pytest.raises(MixError, match="all of its rows are synthetic"):
        ledger.tune("m", Tuning(max_synthetic_share=0.5))


def test_edits_are_made_in_a_fixed_order_so_that_all_hold(ledger):
    put(ledger, "m", [*rows(10), *synthetic(10, edge={"solve_rate": 1.0}), *synthetic(9, "t")])
    ledger.tune("m", Tuning(max_solve_rate=0.9, limit=12, max_synthetic_share=0.25, weight=1.5))
    content = described(ledger, "m")
    origins = content["counts"]["origins"]
    assert origins["synthetic"] * 3 <= origins["real"]
    assert [each["edit"] for each in content["history"]] == [
        "add",
        "band",
        "limit",
        "max_synthetic_share",
        "weight",
    ]
    assert content["settings"] == {"weight": 1.5}


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (Tuning(), "nothing to do"),
        (Tuning(min_solve_rate=0.9), "no row would be left after band"),
        (Tuning(drop=frozenset(["r000", "r001"])), "no row would be left after drop"),
        (Tuning(min_solve_rate=0.9, max_solve_rate=0.1), "above max_solve_rate"),
        (Tuning(min_solve_rate=math.nan), "from 0 to 1"),
        (Tuning(max_synthetic_share=-0.5), "from 0 to 1"),
        (Tuning(limit=0), "at least 1"),
        (Tuning(weight=0.0), "above 0"),
        (Tuning(weight=math.inf), "above 0"),
        (Tuning(weight=math.nan), "above 0"),
        (Tuning(limit=1, min_solve_rate=1.0), "no row would be left"),
    ],
)
def test_what_cannot_be_done_changes_no_byte(ledger, edits, said):
    put(ledger, "m", rows(2, edge={"solve_rate": 0.5}))
    before = files(ledger.path)
    with pytest.raises(MixError, match=said):
        ledger.tune("m", edits)
    assert files(ledger.path) == before


@example(10, Decimal("0.15"))  # In binary it is less, and no row and a half.
@given(
    st.integers(0, 500),
    st.decimals(min_value="0.001", max_value="20", places=3, allow_nan=False),
)
def test_times_are_the_weight_to_the_nearest_row(count, weight):
    whole, more = times(count, float(weight))
    assert 0 <= more <= count
    off = whole * count + more - Fraction(weight) * count
    assert -Fraction(1, 2) < off <= Fraction(1, 2)


def test_description_is_the_same_wherever_it_is_made(ledger, tmp_path):
    other = Ledger(tmp_path / "elsewhere")
    for each in (ledger, other):
        put(each, "m", rows(5))
        each.tune("m", Tuning(limit=3, seed=2))
        each.freeze("m")
    assert files(ledger.path) == files(other.path)
    assert json.loads(files(ledger.path)["m/mix.json"])["state"] == "frozen"
