"""``assay mix``: what is told, to people and to machines, and with which exit code."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
from mix_rows import HALLMARK, files, frozen, ids, ours, put, row, rows, synthetic
from typer.testing import CliRunner, Result

from assayoffice.cli import app
from assayoffice.rl.mixes.ledger import Ledger


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "mixes")


@pytest.fixture
def mix(ledger):
    def mix(command: str, *arguments: object) -> Result:
        line = ["mix", command, *map(str, arguments), "--ledger", str(ledger.path)]
        return CliRunner(env={"COLUMNS": "120"}).invoke(app, line)

    return mix


@pytest.fixture
def write(tmp_path):
    def write(*some: object, name: str = "rows.jsonl") -> Path:
        file = tmp_path / name
        file.write_text("".join(f"{json.dumps(each)}\n" for each in some))
        return file

    return write


def test_everything_from_files_to_an_export(mix, write, endpoint, tmp_path, ledger):
    sums = write(*(ours(f"s{number}", f"{number}?") for number in range(6)))
    words = write(
        *(ours(f"w{number}", f"{number} in words?", domain="words") for number in range(4)),
        name="words.jsonl",
    )
    for name, file in (("sums", sums), ("words", words)):
        done = mix("add", name, file, "--strike", "--endpoint", endpoint)
        assert done.exit_code == 0, done.output
    assert "4 added, 0 there already, 0 refused; words has 4 rows of words now" in done.stdout
    assert "4 rows of 6 left" in mix("tune", "sums", "--limit", "4", "--seed", "3").stdout
    digest = mix("freeze", "sums").stdout.strip()
    assert digest == ledger.mix("sums").digest
    assert mix("freeze", "words").exit_code == 0
    done = mix("combine", "both", "--of", "sums=2", "--of", "words", "--max-domains", "1")
    assert done.exit_code == 0
    assert "12 rows an epoch" in done.stdout and "warning: 2 domains" in done.stdout
    rl = tmp_path / "rl.parquet"
    done = mix("export", "both", "--rl", rl, "--seed", "5")
    assert done.exit_code == 0 and f"12 problems in {rl}" in done.stdout
    assert pyarrow.parquet.read_table(rl).num_rows == 12
    overview = mix("show").stdout
    for said in ("sums", "words", "both", "frozen", "combined", digest[:12], "100 %"):
        assert said in overview


def test_refused_rows_are_told_of_and_cost_exit_code_3(mix, write, endpoint):
    file = write(
        ours("good"),
        *(ours(f"bad{number}", f"{number}?", demonstration=r"\boxed{5}") for number in range(5)),
        ours("paint", "p?", demonstration="\x1b[31m\\boxed{\x1b[2J}"),
    )
    done = mix("add", "m", file, "--strike", "--endpoint", endpoint)
    assert done.exit_code == 3
    assert "✗ 6 rows WRONG_DEMONSTRATION" in done.stdout and "and 3 more rows" in done.stdout
    assert "1 added, 0 there already, 6 refused; m has 1 row of sums now" in done.stdout
    assert "\x1b" not in done.stdout
    again = mix("add", "m", file, "--strike", "--endpoint", endpoint, "--json")
    assert again.exit_code == 3
    *refused, summary = map(json.loads, again.stdout.splitlines())
    assert [each["refused"]["row"] for each in refused] == [2, 3, 4, 5, 6, 7]
    assert refused[0]["refused"]["reason"] == "WRONG_DEMONSTRATION"
    assert refused[0]["refused"]["unknown"] is False
    assert summary == {
        "mix": "m",
        "domain": "sums",
        "rows": 1,
        "added": 0,
        "known": 1,
        "refused": {"WRONG_DEMONSTRATION": 6},
        "written": False,
    }


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("show nothing", 2, "'nothing' is no mix; there are: both, broken, ice, open"),
        ("freeze ../open", 2, "is no name of a mix"),
        ("tune ice --limit 1", 2, "is frozen"),
        ("tune open", 2, "nothing to do"),
        ("tune open --drop none.txt", 2, "none.txt: No such file"),
        ("tune open --min-solve-rate 2", 2, "--min-solve-rate"),
        ("add ice rows.jsonl", 2, "rows.jsonl: there is no such file"),
        ("copy open ice", 2, "there is something of that name"),
        (
            "combine x --of open",
            2,
            "is open and may yet change; freeze it: `assay mix freeze open`",
        ),
        ("combine x --of ice=much", 2, "'ice=much' is not MIX=WEIGHT"),
        ("combine x --of ice=1 --of ice=2", 2, "is given twice"),
        ("combine x --of ice=0", 2, "above 0"),
        ("export ice", 2, "say what to write"),
        ("export ice --sft x.parquet", 2, "has no demonstrations"),
        ("export broken --rl x.parquet", 2, "rows.jsonl"),
        (f"export ice --rl x.parquet --require-hallmark numeric={'0' * 64}", 1, "under hallmark"),
        ("export ice --rl x.parquet --require-hallmark numeric", 2, "is not NAME=DIGEST"),
        ("export ice --rl /proc/none/x.parquet", 3, "/proc/none"),
        ("diff open ice", 1, "1 row added, 1 removed, 0 changed from open to ice"),
        ("diff ice ice", 0, "the same content"),
        ("diff ice both", 2, "is a combination, not a mix"),
        (f"export ice --rl ok.parquet --require-hallmark numeric={HALLMARK}", 0, "1 problem"),
    ],
)
def test_exit_code_and_remedy(ledger, mix, monkeypatch, tmp_path, command, code, said):
    monkeypatch.chdir(tmp_path)
    frozen(ledger, "ice", [row("i")])
    put(ledger, "open", [row("o", domain="other")])
    put(ledger, "broken", [row("b")])
    (ledger.path / "broken" / "rows.jsonl").write_text("{}\n")
    ledger.combine("both", {"ice": 1.0})
    before = files(ledger.path)
    done = mix(*shlex.split(command))
    assert done.exit_code == code, done.output
    assert said in " ".join(done.output.replace("│", " ").split())
    assert files(ledger.path) == before


def test_service_that_nobody_answers_at_is_exit_code_4(mix, write, ledger, endpoint):
    file = write(ours("a"))
    refused = mix(
        "add", "m", file, "--endpoint", endpoint, "--require-hallmark", f"numeric={'0' * 64}"
    )
    assert refused.exit_code == 4
    assert "HALLMARK_MISMATCH" in refused.output
    assert ledger.names() == []


def test_broken_mix_is_shown_beside_the_others(ledger, mix):
    put(ledger, "good", rows(2))
    put(ledger, "bad", rows(2))
    (ledger.path / "bad" / "rows.jsonl").unlink()
    done = mix("show")
    assert done.exit_code == 2
    assert "good" in done.stdout and "git checkout" in " ".join(done.stdout.split())
    lines = [json.loads(each) for each in mix("show", "--json").stdout.splitlines()]
    assert [each["name"] for each in lines] == ["good", "bad"]
    assert "rows.jsonl" in lines[1]["error"]


def test_mix_is_shown_with_all_that_is_known_of_it(ledger, mix):
    put(
        ledger,
        "m",
        [
            *rows(3, edge={"solve_rate": 0.25}, demonstration="4"),
            *synthetic(1, edge={"solve_rate": 1.0}),
        ],
    )
    assert mix("tune", "m", "--max-solve-rate", "0.9").exit_code == 0
    shown = mix("show", "m").stdout
    for said in (
        "m: open, 3 rows",
        "real 3 (100 %)",
        f"numeric {HALLMARK}: 3 rows",
        "rows.jsonl ffffffffffff: 3 rows",
        "0.2 to 0.3  ██",
        "2. edit band, max_solve_rate 0.9, dropped 1",
    ):
        assert said in shown
    assert json.loads(mix("show", "m", "--json").stdout)["counts"]["demonstrations"] == 3


def test_ids_of_a_file_are_dropped(ledger, mix, tmp_path):
    put(ledger, "m", [*rows(3), row("with space")])
    file = tmp_path / "ids.txt"
    file.write_text("r001\n\nwith space\n")
    done = mix("tune", "m", "--drop", file, "--json")
    assert json.loads(done.stdout)["rows"] == 2
    assert ids(ledger, "m") == ["r000", "r002"]


def test_git_shows_what_changed_row_by_row(ledger, mix, tmp_path):
    put(ledger, "m", rows(4, demonstration="Löse das."))

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", *who, "-C", str(ledger.path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "a ledger")
    assert set(git("ls-files").split()) == {".gitignore", "m/mix.json", "m/rows.jsonl"}
    put(ledger, "m", [row("r0015")])
    assert git("diff", "--numstat", "--", "m/rows.jsonl").split()[:2] == ["1", "0"]
    (ledger.path / "m" / "rows.jsonl").write_text("")
    assert mix("show", "m").exit_code == 2
    git("checkout", "--", "m")
    assert ids(ledger, "m") == [each.id for each in rows(4)]
    assert "Löse" in (ledger.path / "m" / "rows.jsonl").read_text("utf-8")


def test_full_disk_is_told_of_and_changes_nothing(ledger, tmp_path):
    frozen(ledger, "m", rows(40))
    before = files(ledger.path)
    main = "from assayoffice.cli import main; main()"
    assay = f"{shlex.quote(sys.executable)} -c '{main}' mix"
    for command in ("copy m n", f"export m --rl {tmp_path}/rl.parquet"):
        # Files of more than a kilobyte cannot be written, as if there was no more room.
        script = f"ulimit -f 1; exec {assay} {command} --ledger {shlex.quote(str(ledger.path))}"
        done = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.returncode == 3, done.stderr
        assert "error: [Errno 27] File too large" in done.stderr
    assert files(ledger.path) == before
    assert [each.name for each in tmp_path.iterdir()] == ["mixes"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_add_that_is_stopped_leaves_nothing_and_can_be_given_again(
    how, ledger, mix, write, endpoint
):
    file = write(ours("a"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        add = ["mix", "add", "m", str(file), "--strike", "--ledger", str(ledger.path)]
        main = "from assayoffice.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", main, *add, "--endpoint", address],
            stderr=subprocess.PIPE,
            text=True,
        )
        with process, silent.accept()[0]:
            process.send_signal(how)
            _, said = process.communicate(timeout=30)
    assert process.returncode == (-how if how == signal.SIGKILL else 130), said
    assert how == signal.SIGKILL or "Interrupted; the ledger is whole" in said
    assert ledger.names() == []
    assert mix(*add[1:4], "--strike", "--endpoint", endpoint).exit_code == 0
    assert ids(ledger, "m") == ["a"]
