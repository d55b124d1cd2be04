"""What `assay lean-selftest` finds with the real Lean of the tests, records, and lets serve."""

import importlib.util
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
from assayoffice.verifiers.lean import configuration, prepared, settings
from assayoffice.verifiers.lean.backends import kernel
from assayoffice.verifiers.lean.backends.kernel import KernelReplayer
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.selftest import record
from assayoffice.verifiers.lean.selftest import trials as selftest
from assayoffice.verifiers.lean.settings import Header, LeanSettings, Replay

# As little as a program can do to be taken for leanchecker.
REPLAYS = '#!/bin/sh\necho "replaying $2"\n'
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


@pytest.fixture
def checked_by_fake(header: Header, folder: Path) -> Callable[[str], Header]:
    """The header with a toolchain of its own, whose leanchecker is a script."""

    def make(script: str) -> Header:
        own = Path(tempfile.mkdtemp(dir=folder))
        own.chmod(0o755)
        for part in ("bin", "lib"):
            shutil.copytree(toolchain() / part, own / part, copy_function=os.link)
        program = own / "bin" / "leanchecker"
        program.write_text(script)
        program.chmod(0o755)
        return replace(header, toolchain=own, replay=Replay.LEANCHECKER)

    return make


def rows_of(report: selftest.Report) -> dict[str, selftest.Row]:
    return {row.what: row for row in report.rows}


def assay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("assay")), "lean-selftest"]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, env=environment
    )


@pytest.mark.heavy
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
        needed = ("Lean", "modules", "replay", "snapshot", "cases", "replay kernel")
        assert [rows[what]["state"] for what in needed] == ["ok"] * 6
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
        (read,) = configuration.read(written).headers
        now = prepared.prepare(read, SandboxSettings(), {})
        assert kept.digest == now.parts["header"]

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


@pytest.mark.heavy
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

    def test_replay_that_accepts_everything_is_a_failure(self, header, checked_by_fake):
        fake = checked_by_fake(REPLAYS)
        report = selftest.test(fake)
        row = rows_of(report)["replay leanchecker"]
        assert row.failed and row.detail == "it accepts what is no proof"
        assert rows_of(report)["cases"].state is selftest.State.OK
        assert report.record is None

    def test_header_that_nothing_replays_must_say_so(self, header, monkeypatch):
        monkeypatch.setattr(kernel, "RELEASES", {})
        report = selftest.test(header)
        assert [row.what for row in report.rows] == ["Lean", "modules", "replay"]
        assert report.rows[-1].failed and "set `replay` of header" in report.rows[-1].detail

    def test_dojo_is_not_tried(self, monkeypatch):
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
        monkeypatch.setattr(selftest, "version", lambda _: "4.20.0")
        row = selftest.dojo()
        assert row.state is selftest.State.NOT_TRIED
        assert row.detail.startswith("lean-dojo 4.20.0 is installed")


def record_of(header: Header) -> record.Record:
    """What the self-test would record of a header of known Lean that passes."""
    trials = selftest._Trials(header, lambda _: None)
    for trial in (trials._toolchain, trials._modules, trials._chosen):
        trial()
    return trials.provisional(trials.replay)


class TestRecords:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "lean.toml"

    @pytest.fixture
    def passed(self, header: Header) -> record.Record:
        return record_of(header)

    @pytest.fixture
    def unknown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Forget that this release of Lean was ever tried."""
        monkeypatch.setattr(prepared, "KNOWN_RELEASES", {})

    @pytest.fixture
    def prepare(self, header: Header) -> Callable[..., prepared.Prepared]:
        return lambda *kept, header=header: prepared.prepare(
            header, SandboxSettings(), {each.header: each for each in kept}
        )

    def test_release_that_nobody_has_tried_does_not_serve(self, passed, prepare, unknown):
        with pytest.raises(LeanUnavailable, match="assay lean-selftest"):
            prepare()

    def test_release_that_has_passed_serves(self, passed, prepare, unknown):
        assert prepare(passed).toolchain.githash == GITHASH

    @pytest.mark.heavy
    @pytest.mark.parametrize("changed", ["digest", "githash", "assayoffice", "header"])
    def test_what_has_changed_since_it_passed_does_not_serve(
        self, passed, prepare, unknown, changed
    ):
        with pytest.raises(LeanUnavailable, match="assay lean-selftest"):
            prepare(replace(passed, **{changed: "another"}))

    def test_digest_is_that_of_all_that_decides(self, header):
        opened = replace(header, source=header.source + "open Nat")
        one_axiom = replace(header, axioms=("propext",))
        digests = {
            record.header_digest(header, Replay.KERNEL, "modules", {}),
            record.header_digest(header, Replay.KERNEL, "other modules", {}),
            record.header_digest(opened, Replay.KERNEL, "modules", {}),
            record.header_digest(one_axiom, Replay.KERNEL, "modules", {}),
            record.header_digest(header, Replay.NONE, "modules", {}),
            record.header_digest(header, Replay.KERNEL, "modules", {"repl": "1"}),
            record.header_digest(header, Replay.KERNEL, "modules", {"repl": "2"}),
            record.header_digest(header, Replay.KERNEL, "modules", {"snapshot": "1"}),
        }
        assert len(digests) == 8

    @pytest.mark.heavy
    def test_program_that_our_tests_do_not_run_serves_after_the_self_test_alone(
        self, checked_by_fake, prepare
    ):
        header = checked_by_fake(REPLAYS)
        with pytest.raises(LeanUnavailable, match="tries the replay leanchecker; run `assay lean-"):
            prepare(header=header)
        assert prepare(record_of(header), header=header).replay is Replay.LEANCHECKER
        with pytest.raises(LeanUnavailable, match="has changed since it passed"):
            prepare(record_of(replace(header, replay=Replay.NONE)), header=header)

    def test_program_that_is_another_must_pass_again(self, checked_by_fake, prepare):
        header = checked_by_fake(REPLAYS)
        kept = record_of(header)
        with (header.toolchain / "bin" / "leanchecker").open("a") as program:
            program.write("exit 0\n")
        with pytest.raises(LeanUnavailable, match="has changed since it passed"):
            prepare(kept, header=header)

    @pytest.mark.heavy
    def test_repl_serves_after_the_self_test_alone(self, header, folder, prepare):
        repl = folder / "a_repl"
        repl.write_text("#!/bin/sh\n")
        header = replace(header, repl=repl)
        with pytest.raises(LeanUnavailable, match="only that tries a REPL"):
            prepare(header=header)
        kept = record_of(header)
        assert prepare(kept, header=header).header == header
        repl.write_text("#!/bin/sh\nexit 0\n")
        with pytest.raises(LeanUnavailable, match="has changed since it passed"):
            prepare(kept, header=header)
        repl.unlink()
        with pytest.raises(LeanUnavailable, match="a_repl: No such file"):
            prepare(kept, header=header)

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
