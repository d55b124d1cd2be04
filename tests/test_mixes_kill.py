"""Writers that are killed or meet one another leave a ledger that holds whole edits, each once."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest
from mix_rows import files, ids, put, rows
from mix_writer import EDITS, MIX, done, edit, expected

from assayoffice.rl.mixes.errors import MixError
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.store import Store

_WRITER = Path(__file__).with_name("mix_writer.py")


class Writers:
    """Forks a writer in no time, from a process that has everything imported."""

    def __init__(self, told: IO[str], tells: IO[str]) -> None:
        self._told, self._tells = told, tells

    def start(self, seconds: float) -> None:
        """Start one that is killed after so many seconds."""
        self._told.write(f"{seconds}\n")
        self._told.flush()

    def wait(self) -> None:
        assert self._tells.readline() == "gone\n"


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "mixes")


@pytest.fixture
def writers(ledger) -> Iterator[Writers]:
    command = [sys.executable, str(_WRITER), str(ledger.path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield Writers(process.stdin, process.stdout)
        process.stdin.close()


def test_writer_killed_at_any_moment_leaves_whole_edits(ledger, writers, tmp_path):
    chance = random.Random(7)
    kills = 0
    while done(ledger) < EDITS:
        # Longer and longer, so that a slow disk gets somewhere.
        writers.start(chance.uniform(0.0, 0.01 + 0.003 * kills))
        writers.wait()
        kills += 1
        count = done(ledger)
        if count:
            assert ids(ledger, MIX) == expected(count)
    assert kills > 5
    uninterrupted = Ledger(tmp_path / "uninterrupted")
    for number in range(EDITS):
        edit(uninterrupted, number)
    # What the last kill left behind is taken away by the next edit.
    for each in (ledger, uninterrupted):
        put(each, MIX, rows(1, "last"))
    assert files(ledger.path) == files(uninterrupted.path)


def test_reader_sees_whole_edits_while_others_write(ledger, writers):
    writers.start(60)
    seen = set()
    while (count := done(ledger)) < EDITS:
        if not count:
            continue
        mix = ledger.mix(MIX)
        seen.add(len(mix.description.history))
        assert mix.description.rows == len(expected(len(mix.description.history)))
    writers.wait()
    assert ids(ledger, MIX) == expected(EDITS)
    assert len(seen) > 1


def test_writer_waits_for_the_ledger(ledger, writers):
    with Store(ledger.path).locked():
        writers.start(60)
        time.sleep(0.3)
        assert ledger.names() == []
    writers.wait()
    assert ids(ledger, MIX) == expected(EDITS)


def test_writers_lose_nothing_of_one_another(ledger):
    def write(number: int) -> None:
        for part in range(3):
            put(ledger, MIX, rows(2, f"{number}-{part}-"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(ids(ledger, MIX)) == 4 * 3 * 2


def test_lock_that_is_never_let_go_is_told_of(ledger, monkeypatch):
    monkeypatch.setattr("assayoffice.rl.mixes.lock._LOCK_SECONDS", 0.2)
    with Store(ledger.path).locked(), pytest.raises(MixError, match="another `assay mix`"):
        put(ledger, "m", rows(1))
