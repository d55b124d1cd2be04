"""``assay rewrites check`` as a process: ended in the middle, short of memory, without options."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest
from fake_rewrite_service import FakeRewriteService, good_row, serving
from fake_service import spin_until

REWRITES = [sys.executable, "-c", "from assayoffice.cli import main; main()", "rewrites"]


def written(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


@pytest.mark.parametrize(("end", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_run_that_is_ended_goes_on_where_it_was(tmp_path, end, code):
    path = written(tmp_path / "rows.jsonl", [good_row(f"r{number}") for number in range(96)])
    cache = tmp_path / "cache.sqlite"

    def hold(context: grpc.ServicerContext) -> None:
        # The digests and three batches of sixteen; then nothing more.
        if service.calls > 4:
            spin_until(lambda: not context.is_active())

    service = FakeRewriteService(before_call=hold)
    with serving(service) as endpoint:
        flags = ["--cache", cache, "--endpoint", endpoint, "--concurrency", "1", "--json"]
        command = [*REWRITES, "check", path, *flags]
        nowhere, pipe = subprocess.DEVNULL, subprocess.PIPE
        with subprocess.Popen(command, stdout=nowhere, stderr=pipe, text=True) as run:
            spin_until(lambda: service.calls == 5, seconds=60)
            # What the third call found is handed on before the fourth is waited for.
            spin_until(lambda: _kept(cache) == 48)
            run.send_signal(end)
            _, stderr = run.communicate(timeout=20)
    assert run.returncode == code
    assert "Traceback" not in stderr
    service = FakeRewriteService()
    with serving(service) as endpoint:
        flags = ["--cache", cache, "--endpoint", endpoint, "--json"]
        done = subprocess.run([*REWRITES, "check", path, *flags], capture_output=True)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 97
    assert len(service.checked) == 48


@pytest.mark.heavy
def test_rows_stream_by_in_bounded_memory(tmp_path):
    """Rows of 240 MB in all are checked in far less memory."""
    path = tmp_path / "rows.jsonl"
    with path.open("w") as rows:
        for number in range(120):
            solutions = ["x" * 2_000_000 + str(number)]
            rows.write(json.dumps(good_row(f"r{number}", solutions=solutions)) + "\n")
    # The kernel's figure for a child that ended would count its parent's memory as well.
    program = (
        "import atexit, pathlib, sys\n"
        "from assayoffice.cli import main\n"
        "own = pathlib.Path('/proc/self/status')\n"
        "atexit.register(lambda: sys.stderr.write(own.read_text()))\n"
        "main()\n"
    )
    with serving(FakeRewriteService(batches=_Forgetful())) as endpoint:
        command = [sys.executable, "-c", program, "rewrites", "check", path, "--no-cache"]
        done = subprocess.run(
            [*command, "--endpoint", endpoint], check=True, capture_output=True, text=True
        )
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", done.stderr)[0])
    assert peak < 300 * 1024, f"{peak} KiB"


@pytest.mark.heavy
def test_file_is_checked_by_a_service_of_its_own_and_remembered(tmp_path):
    premises = {"unknowns": {"BC": "positive"}, "constraints": ["BC^2 == 169"], "asked": "BC"}
    rows = [
        good_row("a", kind="proof_to_numeric", premises=premises),
        good_row("b", kind="proof_to_numeric", premises={**premises, "asked": "2*BC"}),
    ]
    path = written(tmp_path / "rows.jsonl", rows)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "caches")}
    environment.pop("GITHUB_ACTIONS", None)
    told = []
    for _ in range(2):
        command = [*REWRITES, "check", path]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 1
        assert "premises OTHER_ANSWER" in done.stdout
        told.append(" ".join(done.stdout.split()))
    assert "1 admitted, 1 kept out, 0 errors; 2 rows" in told[0]
    assert "2 from the cache" in told[1]


class _Forgetful(list[object]):
    def append(self, item: object) -> None:
        """Keeps nothing."""


def _kept(cache: Path) -> int:
    if not cache.exists():
        return 0
    database = sqlite3.connect(cache)
    try:
        return database.execute("SELECT count(*) FROM reports").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()
