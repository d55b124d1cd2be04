"""A Lean that becomes another one, or breaks, under a verifier that is in use."""

import os
import shutil
import subprocess
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lean_toolchain import headers, modules, toolchain

from assayoffice.sandbox.programs import SandboxSettings
from assayoffice.verifiers.base import (
    Effort,
    Outcome,
    Submission,
    UnscorableReferenceError,
    Verdict,
    VerifierUnavailableError,
)
from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.lean import LeanTask, LeanVerifier, settings
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.compiled.library import Library
from assayoffice.verifiers.lean.prepared import prepare
from assayoffice.verifiers.lean.settings import Header, LeanSettings, Replay

TASK = LeanTask("(p q : Prop) (hp : p) (hq : q) : p", extraction=CodeExtraction.WHOLE)
FACT = LeanTask(": 2 + 2 = 4", extraction=CodeExtraction.WHOLE)


@pytest.fixture
def header(open_folder: Path) -> Header:
    """A header whose toolchain and modules are a test's own to change."""
    lean = open_folder / "toolchain"
    (lean / "bin").mkdir(parents=True)
    shutil.copy2(toolchain() / "bin" / "lean", lean / "bin" / "lean")
    shutil.copytree(toolchain() / "lib", lean / "lib", copy_function=os.link)
    compiled = open_folder / "modules"
    shutil.copytree(modules(), compiled)
    made = Header("own", lean, "prelude\nimport Mine\n", path=(compiled,))
    compile_module(made, "theorem fact : 2 + 2 = 4 := rfl")
    return made


@pytest.fixture
def verifier(header: Header, monkeypatch: pytest.MonkeyPatch) -> Iterator[LeanVerifier]:
    monkeypatch.setattr(settings, "_configured", LeanSettings((header,)))
    made = LeanVerifier()
    made.tools()
    yield made
    made.close()


def compile_module(header: Header, text: str) -> None:
    """Build the module ``Mine``, as `lake build` would."""
    (folder,) = header.path
    source = folder.parent / "Mine.lean"
    source.write_text(f"prelude\nimport Assay\n{text}\n")
    subprocess.run(
        [toolchain() / "bin" / "lean", "-o", folder / "Mine.olean", source],
        env={"LEAN_PATH": str(folder)},
        cwd=folder.parent,
        check=True,
    )


def judge(verifier: LeanVerifier, task: LeanTask, proof: str) -> Verdict:
    return verifier.verify(Submission(proof, task), Effort.FULL)


class TestChangedFiles:
    def test_module_that_was_built_anew_judges_nothing(self, header, verifier):
        assert judge(verifier, FACT, "fact").outcome is Outcome.CORRECT
        compile_module(header, "theorem fact : 2 + 2 = 5 := sorryAx _ .false")
        lie = replace(FACT, statement=": 2 + 2 = 5")
        with pytest.raises(VerifierUnavailableError, match=r"Mine\.olean has changed .* restart"):
            judge(verifier, lie, "fact")

    @pytest.mark.heavy
    def test_module_that_comes_before_another(self, header, verifier, open_folder):
        first = open_folder / "first"
        first.mkdir()
        prepared = prepare(replace(header, path=(first, *header.path)), SandboxSettings(), {})
        prepared.stamps.require_unchanged()
        shutil.copy2(header.path[0] / "Mine.olean", first / "Mine.olean")
        with pytest.raises(LeanUnavailable, match="has changed"):
            prepared.stamps.require_unchanged()

    def test_other_lean(self, header, verifier):
        assert judge(verifier, TASK, "hp").outcome is Outcome.CORRECT
        lean = header.toolchain / "bin" / "lean"
        lean.write_bytes(lean.read_bytes() + b"\0")
        with pytest.raises(VerifierUnavailableError, match="bin/lean has changed"):
            judge(verifier, TASK, "hp")

    @pytest.mark.heavy
    @pytest.mark.parametrize(
        ("task", "proof"),
        [(FACT, "fact"), (FACT, "gone"), (replace(FACT, statement=": gone 2 = 4"), "rfl")],
    )
    def test_change_while_a_proof_is_checked(self, header, verifier, monkeypatch, task, proof):
        checker = verifier._checker("own")
        elaborate = type(checker._backend).elaborate

        def slowly(*arguments):  # as long as it takes to build a module
            found = elaborate(*arguments)
            compile_module(header, "theorem fact : 2 + 2 = 4 := by decide")
            return found

        monkeypatch.setattr(type(checker._backend), "elaborate", slowly)
        with pytest.raises(VerifierUnavailableError, match="has changed"):
            judge(verifier, task, proof)

    @pytest.mark.heavy
    @pytest.mark.parametrize("reader", ["_follow", "_index"])
    def test_change_while_modules_are_read(self, header, monkeypatch, reader):
        read = getattr(Library, reader)

        def slowly(library, *arguments):
            found = read(library, *arguments)
            compile_module(header, "theorem fact : 2 + 2 = 5 := sorryAx _ .false")
            return found

        monkeypatch.setattr(Library, reader, slowly)
        with pytest.raises(LeanUnavailable, match=r"Mine\.olean has changed"):
            prepare(header, SandboxSettings(), {})

    def test_module_that_is_touched_by_nobody_stays(self, header, verifier):
        verifier._checker("own")._prepared.stamps.require_unchanged()
        assert judge(verifier, FACT, "fact").outcome is Outcome.CORRECT


@pytest.mark.heavy
class TestBrokenLean:
    """Its stamps are as they were: what is broken is the host."""

    @pytest.fixture(autouse=True)
    def unnoticed(self, verifier, monkeypatch):
        stamps = verifier._checker("own")._prepared.stamps
        monkeypatch.setattr(type(stamps), "require_unchanged", lambda _: None)

    @pytest.mark.parametrize("script", ["exit 1", "exit 0", "kill -SEGV $$"])
    @pytest.mark.parametrize("known", [True, False])
    def test_scores_nothing(self, header, verifier, script, known):
        if known:
            judge(verifier, TASK, "hp")  # its statement is compiled
        lean = header.toolchain / "bin" / "lean"
        lean.unlink()
        lean.write_text(f"#!/bin/sh\n{script}\n")
        lean.chmod(0o755)
        with pytest.raises(VerifierUnavailableError):
            judge(verifier, TASK, "hq")

    def test_modules_of_another_lean(self, header, verifier):
        judge(verifier, FACT, "fact")
        module = header.path[0] / "Mine.olean"
        module.write_bytes(module.read_bytes().replace(b"eb6cafb", b"eb6cafc"))
        with pytest.raises(VerifierUnavailableError, match="incompatible header"):
            judge(verifier, FACT, "rfl")

    def test_statement_that_lean_does_not_read_is_still_the_tasks(self, verifier):
        with pytest.raises(UnscorableReferenceError, match="line 1"):
            judge(verifier, replace(TASK, statement=": (2 : Nat) = Nat.nothing"), "rfl")


class TestHeaderOfNoUse:
    def test_source_that_lean_does_not_accept_is_told_with_its_words(self, header):
        wrong = replace(header, source=f"{header.source}opne Nat\n")
        with pytest.raises(LeanUnavailable, match="line 3: unexpected identifier"):
            prepare(wrong, SandboxSettings(), {})

    @pytest.mark.heavy
    def test_others_serve_beside_it(self, monkeypatch):
        good = replace(headers()["assay"], id="good")
        wrong = replace(good, id="wrong", source=f"{good.source}opne Nat\n")
        monkeypatch.setattr(settings, "_configured", LeanSettings((wrong, good)))
        verifier = LeanVerifier()
        assert verifier.tools()["wrong lean"] == "unavailable"
        assert judge(verifier, replace(TASK, header="good"), "hp").outcome is Outcome.CORRECT
        raised = []
        for _ in range(3):
            with pytest.raises(VerifierUnavailableError) as caught:
                judge(verifier, replace(TASK, header="wrong"), "hp")
            raised.append(caught.value.__cause__)
        verifier.close()
        # One that is raised again and again would keep every caller alive.
        depths = [len(traceback.extract_tb(error.__traceback__)) for error in raised]
        assert depths[0] == depths[1] == depths[2]

    def test_release_that_nothing_replays_asks_for_a_choice(self, header, monkeypatch):
        monkeypatch.setattr("assayoffice.verifiers.lean.backends.kernel.RELEASES", {})
        with pytest.raises(LeanUnavailable, match="set `replay` of header 'own'"):
            prepare(header, SandboxSettings(), {})
        without = prepare(replace(header, replay=Replay.NONE), SandboxSettings(), {})
        assert without.parts["replay"] == "none"
