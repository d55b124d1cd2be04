"""Real Lean in the sandbox: what it reports, what it makes, and how it is stopped.

Where Lean itself will not do what must be survived, a fake of it does, and is called that.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lean_toolchain import headers
from process_tree import running_below

from assayoffice.sandbox.programs import RunLimits, Sandbox, SandboxSettings, TierChoice, cgroups
from assayoffice.verifiers.lean.backends import snapshot, toolchain
from assayoffice.verifiers.lean.backends.cli import LeanCli
from assayoffice.verifiers.lean.backends.protocols import Elaborated, LeanUnavailable, Message
from assayoffice.verifiers.lean.settings import Header

MIB = 1 << 20
LIMITS = RunLimits(
    cpu_seconds=20.0, wall_seconds=61.0, memory_bytes=1024 * MIB, output_bytes=1 * MIB
)
# 2 to the power of 25 in unary; the kernel has no limit of its own.
ENDLESS = """
inductive N | zero | succ (n : N)
noncomputable def N.add (a b : N) : N := b.rec a (fun _ r => .succ r)
noncomputable def N.power (n : N) : N := n.rec (.succ .zero) (fun _ r => .add r r)
noncomputable def five : N := .succ (.succ (.succ (.succ (.succ .zero))))
noncomputable def many : N := .add five (.add five (.add five (.add five five)))
set_option maxRecDepth 1000000
set_option maxHeartbeats 0
theorem endless : Eq (N.add many.power (.succ .zero)) (N.add (.succ .zero) many.power) := Eq.refl _
"""


@pytest.fixture(scope="module")
def header() -> Header:
    return headers()["assay"]


@pytest.fixture(scope="module")
def sandbox(header) -> Iterator[Sandbox]:
    with toolchain.sandbox_for(header, SandboxSettings()) as made:
        yield made


def elaborate(sandbox: Sandbox, header: Header, text: str, **limits: float) -> Elaborated:
    backend = LeanCli(sandbox, toolchain.places(header))
    return backend.elaborate(header.source + text, replace(LIMITS, **limits))


class TestReports:
    def test_module_of_a_source_without_errors(self, sandbox, header):
        made = elaborate(sandbox, header, "theorem t (p : Prop) (h : p) : p := h\n")
        assert made.olean is not None and made.olean.startswith(b"olean")
        assert (made.messages, made.limit, made.crash) == ((), "", "")

    def test_error_with_its_place_and_no_module(self, sandbox, header):
        made = elaborate(sandbox, header, "theorem t (p q : Prop) (h : p) : q := h\n")
        line = header.source.count("\n") + 1
        error = made.messages[0]
        assert (error.severity, error.line, error.column) == ("error", line, 38)
        assert "Type mismatch" in error.text
        assert made.olean is None

    def test_sorry_is_told_by_its_kind_and_not_by_words(self, sandbox, header):
        made = elaborate(sandbox, header, "theorem t (p : Prop) : p := sorry\n")
        assert [each.kind for each in made.messages] == ["hasSorry"]
        assert made.olean is not None

    def test_errors_come_before_much_else(self, sandbox, header):
        text = "#check Prop\n" * 300 + "theorem t (p q : Prop) (h : p) : q := h\n"
        made = elaborate(sandbox, header, text)
        assert made.messages[0].severity == "error"
        assert len(made.messages) == 200

    def test_runs_do_not_see_each_other(self, sandbox, header):
        first = elaborate(sandbox, header, "theorem t (p : Prop) (h : p) : p := h\n")
        second = elaborate(sandbox, header, "theorem t (p : Prop) (h : p) : p := h\n")
        assert first.olean is not None and second.olean is not None


class TestLimits:
    def test_cpu_time(self, sandbox, header):
        assert elaborate(sandbox, header, ENDLESS, cpu_seconds=0.8).limit == "CPU_TIME"

    @pytest.mark.parametrize("counted", [True, False])
    def test_memory_that_is_resident(self, header, monkeypatch, counted):
        if not counted:
            monkeypatch.setattr(cgroups.Cgroup, "make", lambda _: None)
        with toolchain.sandbox_for(header, SandboxSettings()) as made:
            few = elaborate(made, header, "theorem t (p : Prop) (h : p) : p := h\n")
            assert few.olean is not None
            assert elaborate(made, header, ENDLESS, memory_bytes=160 * MIB).limit == "MEMORY"

    def test_flood(self, sandbox, header):
        text = "#check Prop\n" * 20_000
        assert elaborate(sandbox, header, text, output_bytes=100_000).limit == "OUTPUT"

    @pytest.mark.parametrize(
        "words", ["failed to create thread", "Stack overflow detected", "error while loading"]
    )
    def test_words_of_a_source_say_nothing_about_the_host(self, sandbox, header, words):
        made = elaborate(sandbox, header, f"theorem t : True := «{words}»\n")
        assert words in made.messages[0].text
        assert (made.limit, made.crash) == ("", "")

    def test_deep_nesting_is_an_error_of_the_source(self, sandbox, header):
        made = elaborate(sandbox, header, "(" * 200_000)
        assert made.limit == "STACK" or made.messages[0].severity == "error"
        assert made.olean is None

    def test_sandbox_is_of_use_afterwards(self, sandbox, header):
        for limits in ({"cpu_seconds": 0.2}, {"output_bytes": 10}):
            elaborate(sandbox, header, "#check Prop\n" * 2000, **limits)
        assert elaborate(sandbox, header, "theorem t (p : Prop) (h : p) : p := h\n").olean


class TestSnapshot:
    def test_checks_from_a_snapshot_make_the_same_module(self, header, open_folder):
        file = open_folder / "assay.snapshot"
        with toolchain.sandbox_for(header, SandboxSettings()) as plain:
            path = toolchain.places(header)
            snapshot.make(plain, header.source, path, file)
            text = header.source + "theorem t (p : Prop) (h : p) : p := h\n"
            fresh = LeanCli(plain, path).elaborate(text, LIMITS)
        with toolchain.sandbox_for(replace(header, snapshot=file), SandboxSettings()) as made:
            backend = LeanCli(made, path, snapshot.arguments(file))
            warm = backend.elaborate(text, LIMITS)
            wrong = backend.elaborate(text.replace(":= h", ":= p"), LIMITS)
        assert fresh.olean is not None
        assert warm == fresh
        assert wrong.messages[0].severity == "error"

    def test_header_that_lean_cannot_read_makes_none(self, header, sandbox, tmp_path):
        with pytest.raises(LeanUnavailable, match="makes no snapshot"):
            snapshot.make(sandbox, "prelude\nimport Nowhere\n", (), tmp_path / "none")


class TestToolchain:
    def test_lean_says_which_it_is(self, sandbox):
        assert toolchain.ask(sandbox).version == "4.35.0"

    def test_folder_without_lean_names_the_remedy(self, open_folder):
        with pytest.raises(LeanUnavailable, match="elan toolchain list"):
            toolchain.sandbox_for(Header("none", open_folder, ""), SandboxSettings())

    def test_folder_that_programs_cannot_reach(self, open_folder):
        made = fake_lean(open_folder, "exit 0")
        made.toolchain.chmod(0o700)
        with pytest.raises(LeanUnavailable, match="chmod o"):
            toolchain.sandbox_for(made, SandboxSettings())

    def test_tier_without_commands(self, header):
        with pytest.raises(LeanUnavailable, match="tier namespaces"):
            toolchain.sandbox_for(header, SandboxSettings(tier=TierChoice.LANDLOCK))


class TestFakeLean:
    """What becomes of runs that real Lean cannot be made to end in."""

    def test_that_is_no_lean(self, open_folder):
        with (
            toolchain.sandbox_for(fake_lean(open_folder, "echo Lean 3"), SandboxSettings()) as made,
            pytest.raises(LeanUnavailable, match="Lean 3"),
        ):
            toolchain.ask(made)

    @pytest.mark.parametrize(
        ("script", "wanted"),
        [
            ("echo garbage; kill -SEGV $$", Elaborated((), None, crash="it died of signal 11")),
            ("echo 'Stack overflow detected. Aborting.' >&2; kill -ABRT $$", "STACK"),
            ("echo '{\"severity\": 7'; echo '[1]'; echo '{}'", Elaborated((), None)),
            ("echo module > $3; exit 1", Elaborated((), None)),
            ("echo module > $3", Elaborated((), b"module\n")),
            ("ln -s /etc/passwd $3", Elaborated((), None)),
            ("sleep 100 & echo module > $3", "WALL_TIME"),
            ("sleep 100", "WALL_TIME"),
            ("kill -KILL $PPID", Elaborated((), None, crash="it takes what starts it with it")),
            ("yes", "OUTPUT"),
            ("yes >&2", "OUTPUT"),
            (
                'echo \'{"severity":"error","pos":{"line":Infinity,"column":0},"data":"x"}\'',
                Elaborated((), None),
            ),
            (
                'echo \'{"severity":"info","pos":{"line":1,"column":0},"data":"\\ud800"}\'',
                Elaborated((Message("info", "", 1, 0, "?"),), None),
            ),
            ("head -c 100000000 /dev/zero > $3", "OUTPUT"),
        ],
    )
    def test_that_ends_like_this(self, open_folder, script, wanted):
        made = fake_lean(open_folder, script)
        with toolchain.sandbox_for(made, SandboxSettings()) as sandbox:
            found = elaborate(sandbox, made, "", wall_seconds=1.0)
        assert found.limit == wanted if isinstance(wanted, str) else found == wanted

    @pytest.mark.parametrize(
        "script",
        [
            "echo 'failed to create thread' >&2; exit 134",
            "echo 'error while loading shared libraries' >&2; exit 127",
            "exit 126",
        ],
    )
    def test_that_the_host_does_not_let_start(self, open_folder, script):
        made = fake_lean(open_folder, script)
        with (
            toolchain.sandbox_for(made, SandboxSettings()) as sandbox,
            pytest.raises(LeanUnavailable, match="does not start"),
        ):
            elaborate(sandbox, made, "")

    def test_that_only_ends_as_if_the_host_did_not_let_it_start(self, open_folder):
        """A source that runs code in Lean must not turn its own loss into an error of ours."""
        script = "echo 'failed to create thread' >&2; grep -q evil $4 && exit 134; echo > $3"
        made = fake_lean(open_folder, script)
        with toolchain.sandbox_for(made, SandboxSettings()) as sandbox:
            found = elaborate(sandbox, made, "evil")
        assert found == Elaborated((), None, crash="it ends with status 134")

    def test_that_something_else_kills_is_asked_again(self, open_folder):
        made = fake_lean(open_folder, "sleep 1; echo module > $3")
        with toolchain.sandbox_for(made, SandboxSettings()) as sandbox:
            killer = threading.Thread(target=kill_first_lean)
            killer.start()
            found = elaborate(sandbox, made, "", wall_seconds=10.0)
            killer.join()
        assert found == Elaborated((), b"module\n")

    def test_that_is_gone(self, open_folder):
        made = fake_lean(open_folder, "exit 0")
        with toolchain.sandbox_for(made, SandboxSettings()) as sandbox:
            (made.toolchain / "bin" / "lean").unlink()
            with pytest.raises(LeanUnavailable, match="/lean/bin/lean: No such file"):
                elaborate(sandbox, made, "")


def kill_first_lean() -> None:
    """Kill the first Lean that any sandbox of this process runs from now on."""
    while True:
        for pid in running_below(os.getpid()):
            with contextlib.suppress(OSError):
                if b"/lean/bin/lean" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    return
        time.sleep(0.01)


def fake_lean(folder: Path, script: str) -> Header:
    """A header whose Lean is a shell script; ``$3`` is the module it is to write."""
    lean = folder / "toolchain" / "bin" / "lean"
    lean.parent.mkdir(parents=True, exist_ok=True)
    lean.write_text(f"#!/bin/sh\n{script}\n")
    lean.chmod(0o755)
    return Header("fake", folder / "toolchain", "")
