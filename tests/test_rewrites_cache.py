"""The cache of reports: what is one and the same, and that nothing done to the file matters."""

import dataclasses
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from assayoffice.rl.results import Hallmark
from assayoffice.rl.rewrites.caching import Cache, content_of, default_file, key_of
from assayoffice.rl.rewrites.reports import Check, CheckState, Evidence, Report
from assayoffice.rl.rewrites.rewrite import Key, Premises, Rewrite, Thresholds, Unknown
from assayoffice.rl.stamps import Stamp
from assayoffice.rl.submissions import Submission

DIGEST = "ab" * 32
REWRITE = Rewrite(
    Submission("a", "numeric", "", {"reference": "13", "match": "EXACT"}, "How long is BC?"),
    Premises((Unknown("BC"),), ("BC == 13",), "BC"),
    solutions=("13",),
    wrong_answers=("12",),
    key=Key("print(13)"),
)


def report_of(id: str, explanation: str = "") -> Report:
    evidence = (Evidence("sign", "-13", "é\ud800", False),)
    check = Check("leak", CheckState.FAILED, "R", explanation, "exact", evidence, {"x": 0.5})
    hallmark = Hallmark("numeric", "1", DIGEST)
    return Report(id, (check,), 0.25, 3, hallmark, Stamp(DIGEST, DIGEST))


def key(number: int) -> bytes:
    return number.to_bytes(32)


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, warnings: list[str]) -> Iterator[Cache]:
    opened = Cache(tmp_path / "deep" / "cache.sqlite", warnings.append)
    yield opened
    opened.close()


class TestKeys:
    def test_equal_rewrites_have_equal_keys_whatever_their_ids_and_order_of_fields(self):
        task = {"match": "EXACT", "reference": "13"}
        submission = dataclasses.replace(REWRITE.submission, id="b", task=task)
        moved = dataclasses.replace(REWRITE, submission=submission)
        assert content_of(moved) == content_of(REWRITE)

    @pytest.mark.parametrize(
        "change",
        [
            {"premises": None},
            {"premises": Premises((Unknown("BC"),), ("BC == 12",), "BC")},
            {"premises": Premises((Unknown("BC"),), ("BC == 13",), "BC", ("BC == 0",))},
            {"solutions": ("13", "13")},
            {"solutions": (), "wrong_answers": ("13", "12")},
            {"wrong_answers": ("11",)},
            {"key": None},
            {"key": Key("print(13)", "c")},
            {"reference_solution": "x"},
            {"submission": dataclasses.replace(REWRITE.submission, prompt="How long is AC?")},
            {"submission": dataclasses.replace(REWRITE.submission, task={"reference": "13"})},
            {"submission": dataclasses.replace(REWRITE.submission, verifier="choice")},
        ],
    )
    def test_whatever_is_checked_is_part_of_the_key(self, change):
        changed = dataclasses.replace(REWRITE, **change)
        assert content_of(changed) != content_of(REWRITE)

    def test_so_are_the_checks_and_the_thresholds(self):
        content = content_of(REWRITE)
        keys = {
            key_of("1", Thresholds(), content),
            key_of("2", Thresholds(), content),
            *(
                key_of("1", Thresholds(**{each.name: 0.9}), content)
                for each in dataclasses.fields(Thresholds)
            ),
        }
        assert len(keys) == 6


class TestFile:
    def test_reports_come_back_whole_under_the_id_that_asks(self, cache, warnings):
        cache.put([(key(1), report_of("a"))])
        assert cache.get(key(1), "a") == report_of("a")
        assert cache.get(key(1), "b") == report_of("b")
        assert cache.get(key(2), "a") is None
        assert warnings == []

    def test_oldest_are_dropped_beyond_the_most(self, tmp_path, warnings):
        file = tmp_path / "cache.sqlite"
        first = Cache(file, warnings.append, most_reports=3)
        first.put([(key(number), report_of("a")) for number in range(5)])
        first.close()
        again = Cache(file, warnings.append)
        kept = [number for number in range(5) if again.get(key(number), "a")]
        again.close()
        assert (kept, warnings) == ([2, 3, 4], [])

    @pytest.mark.parametrize("damage", [b"not a database at all " * 100, b"SQLite format 3\x00"])
    def test_damaged_file_costs_a_warning(self, tmp_path, warnings, damage):
        file = tmp_path / "cache.sqlite"
        file.write_bytes(damage)
        cache = Cache(file, warnings.append)
        cache.put([(key(1), report_of("a"))])
        assert cache.get(key(1), "a") is None
        cache.close()
        assert len(warnings) == 1
        assert str(file) in warnings[0] and "delete it" in warnings[0]

    def test_file_damaged_in_the_middle_costs_a_warning(self, tmp_path, warnings):
        file = tmp_path / "cache.sqlite"
        cache = Cache(file, warnings.append)
        cache.put([(key(number), report_of("a", "x" * 500)) for number in range(2000)])
        cache.close()
        content = bytearray(file.read_bytes())
        content[4096 : len(content) - 4096] = b"\xff" * (len(content) - 8192)
        file.write_bytes(content)
        cache = Cache(file, warnings.append)
        assert cache.get(key(1000), "a") is None
        cache.close()
        assert len(warnings) == 1

    def test_damaged_report_is_made_again(self, tmp_path, cache, warnings):
        cache.put([(key(1), report_of("a"))])
        with sqlite3.connect(tmp_path / "deep" / "cache.sqlite") as database:
            database.execute("UPDATE reports SET report = ?", (b"junk",))
        database.close()
        assert cache.get(key(1), "a") is None
        assert warnings == []

    def test_place_that_cannot_be_written_costs_a_warning(self, tmp_path, warnings):
        (tmp_path / "file").write_text("")
        cache = Cache(tmp_path / "file" / "cache.sqlite", warnings.append)
        cache.put([(key(1), report_of("a"))])
        cache.close()
        assert len(warnings) == 1

    def test_runs_may_share_it(self, tmp_path):
        file = tmp_path / "cache.sqlite"
        context = multiprocessing.get_context("spawn")
        runs = [context.Process(target=_fill, args=(file, run)) for run in range(4)]
        for run in runs:
            run.start()
        for run in runs:
            run.join(30)
        assert [run.exitcode for run in runs] == [0] * 4
        warnings: list[str] = []
        cache = Cache(file, warnings.append)
        assert all(cache.get(key(number), "a") for number in range(4 * 50))
        cache.close()
        assert warnings == []

    def test_what_was_kept_survives_a_kill(self, tmp_path):
        file = tmp_path / "cache.sqlite"
        context = multiprocessing.get_context("spawn")
        run = context.Process(target=_fill_and_die, args=(file,))
        run.start()
        run.join(30)
        assert run.exitcode == -signal.SIGKILL
        warnings: list[str] = []
        cache = Cache(file, warnings.append)
        assert cache.get(key(1), "a") == report_of("a")
        cache.close()
        assert warnings == []


def test_default_is_in_the_folder_for_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_file() == tmp_path / "assayoffice" / "rewrites.sqlite"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_file() == tmp_path / ".cache" / "assayoffice" / "rewrites.sqlite"


def _fill(file: Path, run: int) -> None:
    cache = Cache(file, _fail)
    for number in range(50):
        cache.put([(key(run * 50 + number), report_of("a"))])
    cache.close()


def _fill_and_die(file: Path) -> None:
    cache = Cache(file, _fail)
    cache.put([(key(1), report_of("a"))])
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(message: str) -> None:
    raise AssertionError(message)
