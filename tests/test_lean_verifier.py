"""From a response to a verdict about its proof, with real Lean in real sandboxes."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lean_toolchain import headers, modules, toolchain

from assayoffice.sandbox.programs import RunLimits, SandboxFailure, SandboxUnavailable
from assayoffice.verifiers.base import (
    Check,
    Effort,
    InvalidTaskError,
    NeedsFullEffort,
    Outcome,
    SandboxFailedError,
    Submission,
    UnscorableReferenceError,
    Verdict,
    VerifierUnavailableError,
)
from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.extract import MAX_RESPONSE_CHARACTERS
from assayoffice.verifiers.lean import Candidate, LeanTask, LeanVerifier, Trust, settings
from assayoffice.verifiers.lean.backends.cli import LeanCli
from assayoffice.verifiers.lean.backends.protocols import Elaborated, LeanUnavailable
from assayoffice.verifiers.lean.settings import Header, LeanSettings, Replay

ASSAY = headers()["assay"]
AUDITED = replace(ASSAY, id="audited", replay=Replay.NONE)
REPLAYED = replace(ASSAY, id="replayed", replay=Replay.KERNEL)
OWN_AXIOM = replace(ASSAY, id="own", source=f"{ASSAY.source}open Nat\n", axioms=("propext",))
BROKEN = replace(ASSAY, id="broken", source="prelude\nimport Nowhere\n")
ABSENT = replace(ASSAY, id="absent", toolchain=Path("/nowhere/at/all"))

COMMUTES = LeanTask("(a b : Nat) : a + b = b + a", header="replayed", cpu_seconds=20.0)
FILE = replace(COMMUTES, candidate=Candidate.FILE)
BY_INDUCTION = """by
  induction b with
  | zero => rw [Nat.add_zero, Nat.zero_add]
  | succ b ih => rw [Nat.add_succ, Nat.succ_add, ih]"""
WITH_A_LEMMA = """theorem zero_first (a : Nat) : 0 + a = a := by
  induction a with
  | zero => rfl
  | succ a ih => rw [Nat.add_succ, ih]

theorem target (a b : Nat) : a + b = b + a := by
  induction b with
  | zero => rw [zero_first, Nat.add_zero]
  | succ b ih => rw [Nat.add_succ, Nat.succ_add, ih]
"""

#: What honest files are made of.
MUCH = """/-! About numbers. -/
universe u v
set_option maxHeartbeats 400000
set_option pp.all true
set_option linter.unusedVariables false

namespace Much
variable {α : Type u}

inductive Tree (α : Type u) where
  | leaf
  | node (left : Tree α) (here : α) (right : Tree α)

/-- How many there are. -/
def Tree.size : Tree α → Nat
  | .leaf => 0
  | .node left _ right => left.size + right.size + 1

inductive Rose where
  | rose (petals : List Rose)

mutual
inductive Even where
  | zero
  | next (before : Odd)
inductive Odd where
  | next (before : Even)
end

inductive Row (α : Type u) : Nat → Type u where
  | nil : Row α 0
  | cons {n : Nat} (first : α) (rest : Row α n) : Row α (n + 1)

structure Point where
  x : Nat
  y : Nat
  deriving DecidableEq

class Doubles (α : Type u) where
  double : α → α
instance : Doubles Nat := ⟨fun n => n + n⟩
private def three := 3
opaque secret : Nat := 4
abbrev Large := Type 3
partial def forever (n : Nat) : Nat := forever (n + 1)
local notation "double " x => Doubles.double x
infixl:65 " ⊹ " => Nat.add
@[simp] theorem zero_right (a : Nat) : a ⊹ 0 = a := rfl
theorem doubled : (double 3) = 6 := rfl
theorem text : "a\\u03b1" = "aα" := rfl
theorem large : 98765432109876543210 * 2 = 197530864219753086420 := by decide
theorem larger : 2 ^ 70 = 1180591620717411303424 := by decide +kernel
theorem same (p : Prop) [Decidable p] : (if p then 1 else 1) = 1 := by split <;> rfl
theorem same_class (a b : Nat) : Quot.mk (fun _ _ : Nat => True) a = Quot.mk _ b :=
  Quot.sound trivial
end Much

section
variable (n : Nat)
theorem with_a_variable : n + 0 = n := by simp
end
#check Much.Tree.size
example : 1 = 1 := rfl

open Much in
theorem target (a b : Nat) : a + b = b + a := by
  have := with_a_variable a
  exact Nat.add_comm a b
"""

AUDIT = ("imports", "target", "statement", "context", "axioms")


@pytest.fixture(scope="module")
def verifier() -> Iterator[LeanVerifier]:
    with closing(verifier_of(AUDITED, REPLAYED, OWN_AXIOM, BROKEN, ABSENT)) as made:
        yield made


def verifier_of(*configured: Header, file: Path | None = None) -> LeanVerifier:
    before = settings.configured()
    settings.configure(LeanSettings(configured, file))
    try:
        return LeanVerifier()
    finally:
        settings.configure(before)


@pytest.fixture(scope="module")
def judge(verifier) -> Callable[..., Verdict]:
    """Judges a text that is the candidate and nothing else."""

    def judged(text: str, task: LeanTask = COMMUTES, **changes: Any) -> Verdict:
        whole = replace(task, extraction=CodeExtraction.WHOLE, reasoning_end="", **changes)
        return verifier.verify(Submission(text, whole), Effort.FULL)

    return judged


@pytest.fixture(scope="module")
def respond(verifier) -> Callable[..., Verdict]:
    """Judges a model's response."""

    def judged(response: str, task: LeanTask = COMMUTES) -> Verdict:
        return verifier.verify(Submission(response, task), Effort.FULL)

    return judged


def steps(verdict: Verdict) -> list[tuple[str, bool]]:
    return [(each.name, each.passed) for each in verdict.checks]


class TestVerdicts:
    def test_proof_that_was_replayed(self, judge):
        assert judge(BY_INDUCTION) == Verdict(
            Outcome.CORRECT,
            1.0,
            "PROVED",
            "Lean 4.35.0 accepts the proof, which was replayed.",
            extracted=BY_INDUCTION,
            method="lean-cli",
            integrity="replayed",
            checks=(
                Check("screen", True),
                Check("elaboration", True),
                *(Check(name, True) for name in AUDIT),
                Check("replay", True, "kernel"),
            ),
        )

    def test_proof_that_was_audited(self, judge):
        verdict = judge(BY_INDUCTION, header="audited")
        assert (verdict.reason, verdict.integrity) == ("PROVED", "audited")
        assert steps(verdict) == [(name, True) for name in ("screen", "elaboration", *AUDIT)]

    @pytest.mark.parametrize(
        "term",
        [
            "Nat.add_comm a b",
            "by exact Nat.add_comm _ _",
            "by\n  rw [Nat.add_comm]",
            "by simp [Nat.add_comm]",
            "helper a b\nwhere helper (c d : Nat) : c + d = d + c := Nat.add_comm c d",
            "match a, b with\n| x, y => Nat.add_comm x y",
            "calc a + b\n  _ = b + a := Nat.add_comm a b",
            "by\n  have h : ∀ c, a + c = c + a := by\n    intro c\n    -- the « lemma »\n"
            "    exact Nat.add_comm a c\n  exact h b",
            "(/- by -/ fun (x y : Nat) (_ : True) =>\n\n  Nat.add_comm x y) a b trivial",
            "by set_option maxRecDepth 1000 in exact Nat.add_comm a b",
            "by open Classical in exact Nat.add_comm a b",
        ],
    )
    def test_other_proofs(self, term, judge):
        assert judge(term).reason == "PROVED"

    def test_file_with_a_lemma(self, judge):
        assert judge(WITH_A_LEMMA, FILE).reason == "PROVED"

    def test_file_with_much_in_it(self, judge):
        for header in ("audited", "replayed"):
            assert judge(MUCH, FILE, header=header).reason == "PROVED"

    def test_axioms_it_rests_on_are_told(self, judge):
        verdict = judge("Classical.em p", LeanTask("(p : Prop) : p ∨ ¬p", header="replayed"))
        assert verdict.reason == "PROVED"
        direct = judge(
            "propext ⟨fun _ => hq, fun _ => hp⟩",
            LeanTask("(p q : Prop) (hp : p) (hq : q) : p = q", header="replayed"),
        )
        assert direct.explanation.endswith("replayed; it rests on propext.")
        assert Check("axioms", True, "propext") in direct.checks

    def test_axiom_that_the_header_does_not_allow(self, judge):
        verdict = judge("Classical.em p", LeanTask("(p : Prop) : p ∨ ¬p", header="own"))
        assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "AXIOM_NOT_ALLOWED")
        assert "Classical.choice" in verdict.explanation
        assert (verdict.score, verdict.integrity) == (0.0, "elaborated")
        assert steps(verdict)[-1] == ("axioms", False)

    def test_wrong_proof(self, judge):
        verdict = judge("Nat.mul_comm a b")
        assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "ELABORATION_FAILED")
        assert (verdict.score, verdict.integrity) == (0.0, "")
        assert steps(verdict) == [("screen", True), ("elaboration", False)]
        assert verdict.checks[-1].detail == verdict.explanation
        assert "a * b = b * a" in verdict.explanation

    def test_what_is_screened_never_reaches_lean(self, judge):
        verdict = judge("by\n  sorry")
        assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "SCREENED")
        assert steps(verdict) == [("screen", False)]
        assert (verdict.method, verdict.integrity) == ("", "")
        assert "line 2" in verdict.explanation and "`sorry`" in verdict.explanation

    def test_file_of_another_statement(self, judge):
        other = WITH_A_LEMMA.replace("a + b = b + a", "b + a = a + b", 1)
        verdict = judge("theorem target (b a : Nat) : b + a = b + a := rfl", FILE)
        assert verdict.reason == "STATEMENT_CHANGED"
        assert steps(verdict)[-2:] == [("target", True), ("statement", False)]
        assert judge(other, FILE).outcome is Outcome.INCORRECT

    def test_own_limit(self, judge):
        verdict = judge("Nat.mul_comm a b", output_bytes=100)
        assert (verdict.outcome, verdict.reason) == (Outcome.LIMIT_EXCEEDED, "OUTPUT")
        assert verdict.score == 0.0
        assert steps(verdict) == [("screen", True), ("elaboration", False)]

    def test_same_submission_gets_the_same_verdict(self, judge):
        for text in (BY_INDUCTION, "Nat.mul_comm a b", "by simp [Nat.mul_comm]"):
            assert repr(judge(text)) == repr(judge(text))


class TestResponses:
    @pytest.mark.parametrize("tag", ["lean", "lean4", ""])
    def test_last_block_counts(self, tag, respond):
        response = f"First\n```lean\nrfl\n```\nno:\n```{tag}\nNat.add_comm a b\n```\nDone."
        assert respond(response).reason == ("PROVED" if tag else "ELABORATION_FAILED")

    def test_first_block_if_asked(self, respond):
        response = "```lean\nNat.add_comm a b\n```\nor\n```lean\nrfl\n```"
        first = replace(COMMUTES, extraction=CodeExtraction.FIRST_BLOCK)
        assert respond(response, first).reason == "PROVED"
        assert respond(response).reason == "ELABORATION_FAILED"

    def test_reasoning_is_left_out(self, respond):
        thought = "<think>```lean\nrfl\n```</think>"
        assert respond(f"{thought}```lean\nNat.add_comm a b\n```").reason == "PROVED"
        assert respond(thought).reason == "NO_PROOF"

    @pytest.mark.parametrize(
        "response",
        ["", "It is commutativity.", "```python\nNat.add_comm a b\n```", "```lean\n```", "<think>"],
    )
    def test_without_a_proof(self, response, respond):
        verdict = respond(response)
        assert (verdict.outcome, verdict.score) == (Outcome.NO_ANSWER, 0.0)
        assert (verdict.reason, verdict.checks) == ("NO_PROOF", ())

    def test_too_long(self, respond):
        verdict = respond("x" * (MAX_RESPONSE_CHARACTERS + 1))
        assert (verdict.outcome, verdict.reason) == (Outcome.LIMIT_EXCEEDED, "RESPONSE_LENGTH")

    @pytest.mark.parametrize(
        "text",
        [
            f"theorem target (a b : Nat) : a + b = b + a := {BY_INDUCTION}",
            f"-- said again\ntheorem target (a b : Nat) :\n    a + b = b + a := {BY_INDUCTION}",
            f":= {BY_INDUCTION}",
            f"\n\n{BY_INDUCTION}\n\n-- done",
        ],
    )
    def test_statement_may_be_repeated(self, text, respond):
        assert respond(f"```lean4\n{text}\n```").reason == "PROVED"

    def test_other_statement_may_not(self, respond):
        verdict = respond("```lean\ntheorem target (a b : Nat) : a + b = a + b := rfl\n```")
        assert verdict.reason == "SCREENED"
        assert "another one than the task's" in verdict.explanation

    def test_imports_of_the_header_may_be_repeated(self, judge):
        for imports in ("prelude\nimport Assay", "prelude\nimport Assay.Nat\nimport Assay"):
            assert judge(f"{imports}\n\n{WITH_A_LEMMA}", FILE).reason == "PROVED"
        verdict = judge(f"prelude\nimport Elsewhere\n{WITH_A_LEMMA}", FILE)
        assert verdict.reason == "SCREENED"
        assert "Elsewhere" in verdict.explanation


class TestPlaces:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("Nat.mul_comm a b", "line 1, column 1: "),
            ("by\n  exact nowhere", "line 2, column 9: "),
            ("theorem target (a b : Nat) : a + b = b + a :=\n  nowhere", "line 2, column 3: "),
            ("\n\n  nowhere", "line 3, column 3: "),
        ],
    )
    def test_error_in_a_body_is_told_in_its_own_lines(self, text, place, judge):
        for context in ("", "def unused : Nat := 1\n\ndef unused' : Nat := 2"):
            assert judge(text, context=context).explanation.startswith(place)

    def test_error_in_a_file_is_told_in_its_own_lines(self, judge):
        text = "prelude\nimport Assay\n\n" + WITH_A_LEMMA.replace(", ih]", "]", 1)
        assert judge(text, FILE).explanation.startswith("line 7, column 15: ")


class TestEffort:
    def test_quick_asks_for_more_with_what_matters(self, verifier, respond):
        response = f"Easy.\n```lean\n{BY_INDUCTION}\n```\nDone."
        with pytest.raises(NeedsFullEffort) as raised:
            verifier.verify(Submission(response, COMMUTES, "prompt"), Effort.QUICK)
        reduced = raised.value.submission
        assert reduced is not None
        assert reduced.response.strip() == BY_INDUCTION and reduced.prompt == ""
        assert verifier.verify(reduced, Effort.FULL) == respond(response)
        with pytest.raises(NeedsFullEffort) as again:
            verifier.verify(reduced, Effort.QUICK)
        assert again.value.submission == reduced

    @pytest.mark.parametrize("response", ["nothing", "```lean\nby sorry\n```"])
    def test_quick_says_what_needs_no_lean(self, response, verifier, respond):
        verdict = verifier.verify(Submission(response, COMMUTES), Effort.QUICK)
        assert verdict == respond(response)


class TestTasks:
    @pytest.mark.parametrize(
        ("changes", "field", "told"),
        [
            ({"header": "mathlib"}, "header", "configured are absent, audited, broken"),
            ({"header": ""}, "header", "no header ''"),
            ({"statement": ""}, "statement", "empty"),
            ({"statement": "(a : Nat)"}, "statement", "lacks the `:`"),
            ({"statement": "(a : Nat : a = a"}, "statement", "missing"),
            ({"statement": ": 1 = 1 := rfl"}, "statement", "give what stands before"),
            ({"statement": ": 1 = 1 /- open"}, "statement", "never closed"),
            ({"context": 'def a := "'}, "context", "never closed"),
            ({"target": "two words"}, "target", "no name"),
            ({"target": "theorem"}, "target", "no name"),
            ({"target": ""}, "target", "no name"),
        ],
    )
    def test_task_that_makes_no_theorem(self, changes, field, told, judge):
        with pytest.raises(InvalidTaskError, match=f"^{field}: ") as raised:
            judge(BY_INDUCTION, **changes)
        assert raised.value.field == field
        assert told in str(raised.value)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"statement": ": Nat.nowhere = 1"}, "nowhere"),
            ({"statement": ": Nat"}, "not a proposition"),
            ({"context": "def a : Nat := nowhere"}, "nowhere"),
            ({"context": "axiom a : False"}, "axiom"),
            ({"statement": ": (sorry : Nat) = 1"}, "sorryAx"),
            ({"target": "Nat.add_comm"}, "already"),
        ],
    )
    def test_statement_that_lean_does_not_take(self, changes, told, judge):
        for _ in range(2):
            with pytest.raises(UnscorableReferenceError) as raised:
                judge(BY_INDUCTION, **changes)
            assert raised.value.field == "statement"
            assert told in str(raised.value)

    def test_context_is_there_for_the_proof(self, judge):
        task = replace(
            COMMUTES,
            statement="(a : Nat) : twice a = a + a",
            context="def twice (a : Nat) : Nat := a + a",
        )
        assert judge("rfl", task).reason == "PROVED"
        assert judge("by unfold twice; rfl", task).reason == "PROVED"
        whole = f"{task.context}\ntheorem target (a : Nat) : twice a = a + a := rfl"
        assert judge(whole, task, candidate=Candidate.FILE).reason == "PROVED"

    def test_target_in_a_namespace(self, judge):
        task = replace(COMMUTES, target="Deep.«odd name»")
        assert judge(BY_INDUCTION, task).reason == "PROVED"

    def test_statement_as_data_sets_have_it(self, judge):
        statement = "theorem commutes (a b : Nat) : a + b = b + a := by sorry"
        task = replace(COMMUTES, statement=statement)
        assert judge(BY_INDUCTION, task).reason == "PROVED"
        repeated = f"theorem commutes (a b : Nat) : a + b = b + a := {BY_INDUCTION}"
        assert judge(repeated, task).reason == "PROVED"
        assert judge(repeated, task, candidate=Candidate.FILE).reason == "PROVED"


class TestTrust:
    def test_replay_that_is_asked_for_and_configured(self, judge):
        verdict = judge(BY_INDUCTION, trust=Trust.REPLAYED)
        assert (verdict.reason, verdict.integrity) == ("PROVED", "replayed")

    def test_replay_that_is_asked_for_and_not_configured(self, judge):
        with pytest.raises(VerifierUnavailableError, match="no replay is configured") as raised:
            judge(BY_INDUCTION, header="audited", trust=Trust.REPLAYED)
        assert raised.value.field == "trust"

    def test_replay_is_the_default_where_the_release_is_known(self):
        with closing(verifier_of(ASSAY)) as verifier:
            bare = replace(COMMUTES, header="", extraction=CodeExtraction.WHOLE)
            verdict = verifier.verify(Submission("Nat.add_comm a b", bare), Effort.FULL)
        assert (verdict.reason, verdict.integrity) == ("PROVED", "replayed")


class TestHeaders:
    def test_header_without_its_toolchain(self, judge, verifier):
        for _ in range(2):
            with pytest.raises(VerifierUnavailableError, match="bin/lean") as raised:
                judge(BY_INDUCTION, header="absent")
            assert "/nowhere/at/all" in str(raised.value)

    def test_header_that_imports_what_is_not_there(self, judge):
        with pytest.raises(VerifierUnavailableError, match="no compiled module Nowhere"):
            judge(BY_INDUCTION, header="broken")

    def test_others_are_judged_beside_a_broken_one(self, verifier):
        parts = verifier.tools()
        assert {parts["absent lean"], parts["broken lean"]} == {"unavailable"}
        assert parts["audited lean"].startswith("4.35.0 ")

    def test_none_that_can_be_checked_under(self):
        with closing(verifier_of(BROKEN, ABSENT)) as verifier:
            with pytest.raises(VerifierUnavailableError) as raised:
                verifier.tools()
        assert "Nowhere" in str(raised.value) and "bin/lean" in str(raised.value)

    def test_none_at_all(self):
        with closing(verifier_of()) as verifier:
            with pytest.raises(VerifierUnavailableError, match="setting `lean`"):
                verifier.tools()
            with pytest.raises(InvalidTaskError, match="configured are none"):
                verifier.verify(Submission("x", COMMUTES), Effort.QUICK)

    def test_only_header_need_not_be_named(self):
        with closing(verifier_of(AUDITED)) as verifier:
            bare = replace(COMMUTES, header="")
            with pytest.raises(NeedsFullEffort) as raised:
                verifier.verify(Submission("```lean\nrfl\n```", bare), Effort.QUICK)
        assert raised.value.submission is not None
        assert raised.value.submission.task.header == "audited"

    def test_one_of_several_must_be_named(self):
        with (
            closing(verifier_of(AUDITED, REPLAYED)) as verifier,
            pytest.raises(InvalidTaskError, match="configured are audited, replayed"),
        ):
            verifier.verify(Submission("x", replace(COMMUTES, header="")), Effort.QUICK)

    def test_options_of_the_header_hold(self, judge):
        task = replace(COMMUTES, statement="(a : Nat) : a + 0 = a")
        assert judge("add_zero a", task).reason == "ELABORATION_FAILED"
        assert judge("add_zero a", task, header="own").reason == "PROVED"

    def test_cases_are_for_the_headers_that_work(self, verifier):
        verifier.tools()
        row = {"id": "one", "task": {"statement": ": True"}, "response": "trivial"}
        rows = {each["id"]: each["task"]["header"] for each in verifier.cases_here([row])}
        assert rows == {f"{name}/one": name for name in ("audited", "replayed", "own")}


class TestHallmark:
    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        # Where programs in sandboxes get to; pytest's own folders are closed to other users.
        with tempfile.TemporaryDirectory() as made:
            Path(made).chmod(0o755)
            yield Path(made)

    def test_parts(self):
        parts = tools(AUDITED)
        assert set(parts) == {
            "inside",
            *(f"audited {part}" for part in ("lean", "header", "sandbox", "replay")),
        }
        assert tools(AUDITED) == parts
        assert parts["audited sandbox"].startswith("namespaces")

    @pytest.mark.parametrize(
        "changed",
        [
            replace(AUDITED, source=f"{ASSAY.source}open Nat\n"),
            replace(AUDITED, axioms=("propext",)),
            replace(AUDITED, replay=Replay.KERNEL),
        ],
    )
    def test_what_can_change_a_verdict_changes_it(self, changed):
        assert tools(changed) != tools(AUDITED)

    def test_what_cannot_does_not(self):
        assert tools(replace(AUDITED, axioms=AUDITED.axioms[::-1])) == tools(AUDITED)

    def test_modules_that_are_imported(self, folder):
        header = replace(AUDITED, source="prelude\nimport Extra\n", path=(folder, *AUDITED.path))
        seen = set()
        for value in (1, 2, 1):
            compile_module(folder, "Extra", f"prelude\nimport Assay\ndef extra : Nat := {value}\n")
            seen.add(tools(header)["audited header"])
        assert len(seen) == 2

    def test_module_that_rests_on_sorry_is_no_foundation(self, folder):
        source = "prelude\nimport Assay\ntheorem lie : 2 + 2 = 5 := sorry\n"
        compile_module(folder, "Extra", source)
        header = replace(AUDITED, source="prelude\nimport Extra\n", path=(folder, *AUDITED.path))
        task = LeanTask(": 2 + 2 = 5", extraction=CodeExtraction.WHOLE)
        with closing(verifier_of(header)) as verifier:
            verdict = verifier.verify(Submission("lie", task), Effort.FULL)
        assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "AXIOM_NOT_ALLOWED")
        assert "sorryAx" in verdict.explanation


def tools(header: Header) -> dict[str, str]:
    with closing(verifier_of(header)) as verifier:
        return dict(verifier.tools())


def compile_module(folder: Path, name: str, source: str) -> None:
    (folder / f"{name}.lean").write_text(source)
    subprocess.run(
        [toolchain() / "bin" / "lean", "-o", f"{name}.olean", f"{name}.lean"],
        cwd=folder,
        env={"LEAN_PATH": str(modules())},
        check=True,
        capture_output=True,
    )


class TestContextOfNoUse:
    @pytest.mark.parametrize("proof", ["Nat.add_comm a b", "h"])
    def test_context_that_proves_nothing_is_the_tasks_fault(self, judge, proof):
        context = "theorem aside (p : Prop) : p :=\n  sorry"
        with pytest.raises(UnscorableReferenceError, match="^context: .*sorry") as caught:
            judge(proof, context=context)
        assert caught.value.field == "context"


class TestTroubleOfOurs:
    @pytest.mark.parametrize(
        ("trouble", "raised"),
        [
            (SandboxFailure("a sandbox was killed"), SandboxFailedError),
            (SandboxUnavailable("no namespaces"), VerifierUnavailableError),
            (LeanUnavailable("Lean does not start"), VerifierUnavailableError),
        ],
    )
    def test_is_no_verdict(self, trouble, raised, judge, monkeypatch):
        def fail(*_: object) -> Elaborated:
            raise trouble

        assert judge("Nat.add_comm a b").reason == "PROVED"  # the reference is compiled
        with monkeypatch.context() as patch:
            patch.setattr(LeanCli, "elaborate", fail)
            with pytest.raises(raised, match=str(trouble)):
                judge("Nat.add_comm a b")
        assert judge("Nat.add_comm a b").reason == "PROVED"

    def test_crash_of_lean_is_the_candidates(self, judge, monkeypatch):
        elaborate = LeanCli.elaborate

        def crash(backend: LeanCli, source: str, limits: RunLimits) -> Elaborated:
            if "Nat.add_comm a b" in source:
                return Elaborated((), None, crash="it died of SIGSEGV")
            return elaborate(backend, source, limits)

        assert judge("Nat.add_comm a b").reason == "PROVED"
        monkeypatch.setattr(LeanCli, "elaborate", crash)
        verdict = judge("Nat.add_comm a b")
        assert (verdict.outcome, verdict.reason) == (Outcome.INCORRECT, "CRASHED")
        assert "SIGSEGV" in verdict.explanation

    def test_verifier_that_was_closed_goes_on(self):
        with closing(verifier_of(AUDITED)) as verifier:
            task = replace(COMMUTES, header="audited", extraction=CodeExtraction.WHOLE)
            first = verifier.verify(Submission("Nat.add_comm a b", task), Effort.FULL)
            verifier.close()
            assert verifier.verify(Submission("Nat.add_comm a b", task), Effort.FULL) == first
