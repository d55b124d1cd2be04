"""What `assay lean-selftest` finds with the real Lean of the tests, records, and lets serve."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lean_toolchain import headers, modules, toolchain

from assayoffice.sandbox.programs import SandboxSettings
from assayoffice.verifiers import registry
from assayoffice.verifiers.base import Outcome
from assayoffice.verifiers.lean import prepared, settings
from assayoffice.verifiers.lean.backends.kernel import KernelReplayer
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.selftest import record
from assayoffice.verifiers.lean.selftest import trials as selftest
from assayoffice.verifiers.lean.settings import Header, LeanSettings, Replay

GITHASH = "eb6cafb7290e8bd5f2937522d8d804f58f02bafc"


@pytest.fixture(scope="module")
def header() -> Header:
    return headers()["assay"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not pytest's own: other users, which sandboxes run as, cannot get there.
    made = Path(tempfile.mkdtemp(prefix="assayoffice-selftest-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge the first case alone, which is right."""
    cases = registry.Loaded.cases
    monkeypatch.setattr(registry.Loaded, "cases", lambda self: cases(self)[:1])


def rows_of(report: selftest.Report) -> dict[str, selftest.Row]:
    return {row.what: row for row in report.rows}


def assay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("assay")), "lean-selftest"]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, env=environment
    )


class TestCommand:
    @pytest.fixture
    def written(self, folder: Path, header: Header) -> Path:
        file = folder / "lean.toml"
        file.write_text(
            f"[headers.assay]\n"
            f'toolchain = "{toolchain()}"\n'
            f"source = {json.dumps(header.source)}\n"
            f'path = ["{modules()}"]\n'
            f'replay = "kernel"\n'
            f'snapshot = "{folder / "assay.snapshot"}"\n'
        )
        return file

    def test_real_lean_passes_and_is_recorded(self, written, folder):
        ended = assay("--lean", written, "--json")
        rows = {row["what"]: row for row in map(json.loads, ended.stdout.splitlines())}
        assert ended.returncode == 0, ended.stdout
        needed = ("Lean", "modules", "snapshot", "cases", "replay kernel")
        assert [rows[what]["state"] for what in needed] == ["ok"] * 5
        assert rows["Lean"]["detail"] == "4.35.0 (eb6cafb7290e), a release that is known"
        assert rows["cases"]["detail"].endswith("cheats of our own are judged right")
        assert (
            "of what is none it says: assayoffice: it mentions" in rows["replay kernel"]["detail"]
        )
        for what in ("replay leanchecker", "replay comparator", "repl", "dojo"):
            assert (rows[what]["state"], rows[what]["needed"]) == ("not here", False), what
        assert (folder / "assay.snapshot").stat().st_size > 1_000_000
        kept = record.records(written)["assay"]
        assert (kept.githash, kept.version, kept.passed) == (GITHASH, "4.35.0", needed)

    def test_what_fails_is_said_in_a_table_and_by_the_exit_code(self, folder):
        file = folder / "broken.toml"
        file.write_text(f'[headers.broken]\ntoolchain = "{folder}"\nsource = ""\n')
        ended = assay("--lean", file)
        assert ended.returncode == 1
        assert "broken" in ended.stdout and "has no bin/lean" in ended.stdout
        assert "Passed: none." in ended.stdout
        assert record.records(file) == {}

    def test_settings_of_the_server_name_the_headers(self, folder):
        server = folder / "server.toml"
        server.write_text(f'lean = "{folder / "missing.toml"}"\n')
        ended = assay("--config", server)
        assert ended.returncode == 2
        assert "missing.toml: No such file or directory" in ended.stderr

    def test_without_headers_there_is_nothing_to_try(self):
        ended = assay()
        assert ended.returncode == 2
        assert "names no file of headers" in ended.stderr


class TestTrials:
    pytestmark = pytest.mark.usefixtures("few_cases")

    def test_judging_a_case_wrong_is_a_failure(self, header, monkeypatch):
        cases = registry.Loaded.cases
        monkeypatch.setattr(
            registry.Loaded,
            "cases",
            lambda self: [
                replace(case, outcome=Outcome.INCORRECT, reason="") for case in cases(self)
            ],
        )
        report = selftest.test(header)
        row = rows_of(report)["cases"]
        assert row.failed and report.record is None
        assert row.detail.startswith("1 of 1 cases are judged wrong: case assay/")
        assert row.detail.endswith("wanted INCORRECT, got CORRECT")

    def test_replay_that_is_configured_and_not_here_is_a_failure(self, header):
        before = settings.configured()
        report = selftest.test(replace(header, replay=Replay.LEANCHECKER))
        rows = rows_of(report)
        assert rows["replay leanchecker"].failed and report.record is None
        assert "no bin/leanchecker" in rows["replay leanchecker"].detail
        assert rows["replay kernel"].state is selftest.State.OK
        assert settings.configured() is before

    def test_kernel_that_accepts_everything_is_a_failure(self, header, monkeypatch):
        monkeypatch.setattr(KernelReplayer, "objection", lambda *_: "")
        trials = selftest._Trials(header, lambda _: None)
        for what, trial in (("Lean", trials._toolchain), ("modules", trials._modules)):
            assert trials._try(what, trial)
        assert not trials._try("replay kernel", lambda: trials._replay(Replay.KERNEL))
        assert trials.rows[-1].detail == "it accepts what is no proof"

    def test_modules_that_are_not_there_end_the_trials(self, header, folder):
        report = selftest.test(replace(header, path=()))
        assert [row.what for row in report.rows] == ["Lean", "modules"]
        assert report.record is None

    @pytest.mark.parametrize(
        ("script", "state", "detail"),
        [
            (
                'grep -q ": q := h" && echo \'{"messages": '
                '[{"severity": "error", "data": "type mismatch"}]}\' || echo \'{"env": 0}\'',
                selftest.State.OK,
                "it objects to a wrong proof: type mismatch",
            ),
            ("echo '{\"env\": 0}'", selftest.State.NO, "so it is of no use"),
            (
                'echo \'{"messages": [{"severity": "error", "data": "no Init"}]}\'',
                selftest.State.NO,
                "it objects to a proof: no Init",
            ),
        ],
    )
    def test_fake_repl_is_tried_with_a_proof_and_with_none(
        self, header, folder, script, state, detail
    ):
        repl = folder / "fake_repl"
        repl.write_text(f"#!/bin/sh\n{script}\n")
        repl.chmod(0o755)
        trials = selftest._Trials(replace(header, repl=repl), lambda _: None)
        trials._try("repl", trials._repl)
        assert trials.rows[0].state is state
        assert trials.rows[0].detail.endswith(detail)


class TestRecords:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "lean.toml"

    @pytest.fixture
    def passed(self, header: Header) -> record.Record:
        library = prepared.prepare(header, SandboxSettings(), {}).library
        return record.Record(
            header=header.id,
            digest=record.header_digest(header, library.digest),
            githash=GITHASH,
            version="4.35.0",
            passed=("Lean", "modules", "cases"),
            assayoffice=record.version(),
            date="2026-11-26",
        )

    @pytest.fixture
    def unknown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Forget that this release of Lean was ever tried."""
        monkeypatch.setattr(prepared, "KNOWN_RELEASES", {})

    @pytest.fixture
    def prepare(self, header: Header) -> Callable[..., prepared.Prepared]:
        return lambda *kept: prepared.prepare(
            header, SandboxSettings(), {each.header: each for each in kept}
        )

    def test_release_that_nobody_has_tried_does_not_serve(self, passed, prepare, unknown):
        with pytest.raises(LeanUnavailable, match="assay lean-selftest"):
            prepare()

    def test_release_that_has_passed_serves(self, passed, prepare, unknown):
        assert prepare(passed).toolchain.githash == GITHASH

    @pytest.mark.parametrize("changed", ["digest", "githash", "assayoffice", "header"])
    def test_what_has_changed_since_it_passed_does_not_serve(
        self, passed, prepare, unknown, changed
    ):
        with pytest.raises(LeanUnavailable, match="assay lean-selftest"):
            prepare(replace(passed, **{changed: "another"}))

    def test_digest_is_that_of_all_that_decides(self, header):
        digests = {
            record.header_digest(header, "modules"),
            record.header_digest(header, "other modules"),
            record.header_digest(replace(header, source=header.source + "open Nat"), "modules"),
            record.header_digest(replace(header, axioms=("propext",)), "modules"),
        }
        assert len(digests) == 4

    def test_records_are_kept_of_what_has_passed_last(self, file, header, passed):
        other, gone = replace(header, id="other"), replace(passed, header="gone")
        lean = LeanSettings((header, other), file)
        record.keep(file, [passed, replace(passed, header="other"), gone])
        selftest.keep(lean, {"other": selftest.Report((), None)})
        assert record.records(file) == {"assay": passed}
        again = replace(passed, header="other", date="2026-11-27")
        assert selftest.keep(lean, {"other": selftest.Report((), again)}) == record.file_beside(
            file
        )
        assert record.records(file) == {"assay": passed, "other": again}

    def test_headers_of_no_file_are_not_recorded(self, header):
        assert selftest.keep(LeanSettings((header,)), {}) is None
        assert record.records(None) == {}

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "[]",
            '{"format": 1}',
            '{"format": 2, "records": []}',
            '{"format": 1, "records": [1]}',
        ],
    )
    def test_records_that_cannot_be_read_are_none(self, file, header, content):
        record.file_beside(file).write_text(content)
        with pytest.raises(record.RecordError, match="run `assay lean-selftest` again"):
            record.records(file)
        selftest.keep(LeanSettings((header,), file), {})
        assert record.records(file) == {}
