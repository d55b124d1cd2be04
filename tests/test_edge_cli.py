"""``assay edge`` as a command: exit codes, what is shown, kills, and a disk that is full."""

import io
import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_cases import ANSWERS, row, rows_file, scripted
from fake_completions import FakeCompletions, Raw, unused_port
from fake_service import spin_until
from rich.console import Console
from typer.testing import CliRunner

from assayoffice.cli import app
from assayoffice.rl.edge.band import Reason
from assayoffice.rl.edge.result import DomainCount, EdgeResult
from assayoffice.rl.edge.showing import summary
from assayoffice.rl.judging.journal import Judged

COMMAND = (sys.executable, "-c", "from assayoffice.cli import main; main()")


@pytest.fixture(scope="module")
def model() -> Iterator[FakeCompletions]:
    with FakeCompletions(scripted()) as fake:
        yield fake


def assay(*arguments: object):
    return CliRunner().invoke(app, [str(each) for each in arguments])


def arguments(file: Path, url: str, endpoint: str, output: Path) -> list[str]:
    sampling = ["--model", "tiny", "--endpoint-url", url, "--samples", "4"]
    stronger = ["--stronger-model", "strong", "--stronger-url", url, "--stronger-samples", "4"]
    return [
        *("edge", str(file), *sampling, *stronger, "--max-tokens", "64"),
        *("--endpoint", endpoint, "--output", str(output)),
    ]


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    domains = {"bare": "proofs", "disputed": "proofs"}
    rows = [row(each, domains.get(each, "sums")) for each in ANSWERS]
    return rows_file(folder, *rows, row("unreadable", reference="\\frac{1"))


@pytest.fixture(scope="module")
def whole(file, model, endpoint, tmp_path_factory) -> Path:
    """The folder of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    done = assay(*arguments(file, model.url, endpoint, folder / "kept.parquet"))
    assert done.exit_code == 0, done.output
    return folder


class TestShown:
    def test_counts_by_domain_and_reason(self, file, model, endpoint, whole):
        done = assay(*arguments(file, model.url, endpoint, whole / "kept.parquet"))
        assert done.exit_code == 0
        lines = [line.split() for line in done.stdout.splitlines()]
        assert ["proofs", *"2 1 0 0 1 0 0 0.50".split()] in lines
        assert ["sums", *"6 1 1 2 1 1 0 0.40".split()] in lines
        assert ["all", *"8 2 1 2 2 1 0 0.42".split()] in lines
        assert [["0", "░" * 40, "2"], ["0.5", "█" * 20, "1"]] == [
            each for each in lines if each and each[0] in ("0", "0.5")
        ]

    def test_json_is_one_object(self, file, model, endpoint, whole):
        done = assay(*arguments(file, model.url, endpoint, whole / "kept.parquet"), "--json")
        found = json.loads(done.stdout)
        assert (found["problems"], found["kept"], found["errors"]) == (8, 2, 0)
        assert found["dropped"] == {
            "solved": 1,
            "hopeless": 2,
            "inconsistent": 2,
            "unscorable": 1,
        }
        assert found["solve_rates"] == {"0": 2, "0.25": 1, "0.5": 1, "0.75": 1, "1": 1}
        assert found["domains"]["proofs"]["kept_solve_rates"] == {"0.5": 1}
        assert "numeric" in found["hallmarks"]

    @pytest.mark.parametrize(
        ("ids", "band", "said"),
        [
            (["solved"], [], "the only one is solved; take harder problems, or a weaker model"),
            (["hopeless", "silent"], [], "all 2 are hopeless; take easier problems, or a stronger"),
            (["solved", "hopeless"], [], "(1 solved, 1 hopeless); they lie on both sides"),
            (["inconsistent"], [], "is inconsistent; see in --dropped whether they are well posed"),
            (["kept", "solved"], ["--max-solve-rate", "0.7"], "all 2 are solved"),
            (["silent"], [], "25% of the samples were cut off before their end"),
        ],
    )
    def test_nothing_kept_says_which_way_to_turn(self, model, endpoint, tmp_path, ids, band, said):
        some = rows_file(tmp_path, *map(row, ids))
        done = assay(*arguments(some, model.url, endpoint, tmp_path / "kept.parquet"), *band)
        assert done.exit_code == 1
        assert said in " ".join(done.stdout.split())
        assert not (tmp_path / "kept.parquet").exists()

    def test_rows_without_a_verdict_are_told_and_no_reason(self, endpoint, tmp_path):
        some = rows_file(tmp_path, row("kept"), row("solved"))

        def refusing(asked):
            kept = "kept" in asked["messages"][-1]["content"]
            return Raw(400, b"no \x1b[31msuch question") if kept else scripted()(asked)

        with FakeCompletions(refusing) as other:
            done = assay(*arguments(some, other.url, endpoint, tmp_path / "kept.parquet"))
        assert done.exit_code == 3
        assert "! kept: NO_ANSWERS: " in done.stdout and "\x1b" not in done.stdout
        assert "1 row got no verdict, which says nothing about it" in done.stdout


def test_summary_fits_a_terminal_of_80_columns() -> None:
    counts = DomainCount(72401, 12012, dict.fromkeys(Reason, 12345), 3, (0.25,), (0.25,))
    domains = {"a domain with a name that is too long": counts, "": counts}
    console = Console(width=80, file=io.StringIO())
    console.print(summary(EdgeResult(domains, counts, None, Judged((), {}), ()), []))
    assert isinstance(console.file, io.StringIO)
    head, *rows = console.file.getvalue().splitlines()
    reasons = ["solved", "hopeless", "inconsistent", "unscorable"]
    assert head.split() == ["domain", "rows", "kept", *reasons, "errors", "rate"]
    assert rows[0].startswith("a domain")
    assert rows[0].split()[-8:] == [*"72,401 12,012".split(), *["12,345"] * 4, "3", "0.25"]


class TestFailures:
    def test_a_model_that_is_not_there(self, file, endpoint, tmp_path):
        local = ["edge", file, "--endpoint", endpoint, "--output", tmp_path / "kept.parquet"]
        done = assay(*local, "--model", tmp_path / "nothing")
        assert done.exit_code == 2 and "there is no such folder" in " ".join(done.output.split())
        done = assay(*local, "--model", tmp_path)
        assert done.exit_code == 2 and "config.json" in done.output
        fine = ["--model", "tiny", "--endpoint-url", "http://127.0.0.1:9/v1"]
        done = assay(*local, *fine, "--stronger-model", tmp_path / "nothing")
        assert done.exit_code == 2 and "--stronger-model" in done.output

    def test_an_endpoint_or_a_service_that_is_not_there(self, file, model, endpoint, tmp_path):
        output, nobody = tmp_path / "kept.parquet", f"127.0.0.1:{unused_port()}"
        done = assay(*arguments(file, f"http://{nobody}/v1", endpoint, output))
        assert done.exit_code == 4
        done = assay(*arguments(file, model.url, nobody, output))
        assert done.exit_code == 4

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (["--min-solve-rate", "0.9"], "must be in [0, 1], the lower bound first"),
            (["--min-solve-rate", "0.3", "--max-solve-rate", "0.4"], "no solve rate of 4 samples"),
            (["--dropped", "dropped.parquet"], "must end in .jsonl"),
            (["--output", "kept.csv"], "must end in .parquet or .jsonl"),
            (["--output", "ROWS"], "would overwrite the rows"),
            (["--dropped", "ROWS"], "would overwrite the rows"),
        ],
    )
    def test_command_lines_that_make_no_sense(
        self, file, model, endpoint, tmp_path, monkeypatch, more, said
    ):
        monkeypatch.chdir(tmp_path)
        more = [str(file) if each == "ROWS" else each for each in more]
        before = file.read_bytes()
        done = assay(*arguments(file, model.url, endpoint, tmp_path / "kept.parquet"), *more)
        assert done.exit_code == 2
        assert said in " ".join(done.output.replace("│", " ").split())
        assert file.read_bytes() == before

    def test_other_sampling_in_the_same_folder(self, file, model, endpoint, whole):
        again = arguments(file, model.url, endpoint, whole / "kept.parquet")
        done = assay(*again, "--temperature", "0.5")
        assert done.exit_code == 2
        assert "temperature" in done.output and "by another --work" in done.output

    def test_a_full_disk(self, file, model, endpoint, whole, tmp_path):
        def bounded() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        again = arguments(file, model.url, endpoint, tmp_path / "kept.parquet")
        done = subprocess.run(
            [*COMMAND, *again], capture_output=True, text=True, preexec_fn=bounded, timeout=60
        )
        assert done.returncode == 3
        assert done.stderr.startswith("error: ") and "File too large" in done.stderr
        assert not (tmp_path / "kept.parquet").exists()
        assert assay(*again).exit_code == 0
        assert (tmp_path / "kept.parquet").read_bytes() == (whole / "kept.parquet").read_bytes()


class TestKilled:
    @pytest.mark.parametrize("moment", ["references", "samples", "verdicts"])
    def test_it_goes_on_and_ends_the_same(self, file, endpoint, whole, tmp_path, moment):
        output = tmp_path / "kept.parquet"
        work = tmp_path / "kept.parquet.work"
        until = {
            "references": work / "stronger" / "answers.jsonl",
            "samples": work / "answers.jsonl",
            "verdicts": work / "judged.jsonl",
        }[moment]
        with FakeCompletions(scripted()) as fake:
            command = [*arguments(file, fake.url, endpoint, output), "--requests", "1"]
            process = subprocess.Popen([*COMMAND, *command], stderr=subprocess.DEVNULL)
            try:
                spin_until(lambda: until.exists() and until.stat().st_size > 0, 60)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
            asked = len(fake.requests)
            done = assay(*command)
            assert done.exit_code == 0, done.output
            if moment == "verdicts":
                assert len(fake.requests) == asked
        assert output.read_bytes() == (whole / "kept.parquet").read_bytes()

    def test_interrupted_it_says_how_to_go_on(self, file, endpoint, tmp_path):
        with FakeCompletions(lambda asked: Raw(drip=b" ", drip_seconds=0.05)) as slow:
            command = arguments(file, slow.url, endpoint, tmp_path / "kept.parquet")
            process = subprocess.Popen([*COMMAND, *command], stderr=subprocess.PIPE, text=True)
            spin_until(lambda: bool(slow.requests), 60)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "the same command goes on" in said
