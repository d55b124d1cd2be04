"""Which sources Lean is given for a task and a candidate, and what is refused before."""

from dataclasses import replace

import pytest

from assayoffice.verifiers.lean.task import Candidate, LeanTask
from assayoffice.verifiers.lean.text.assemble import (
    CandidateError,
    StatementError,
    candidate,
    imports_of,
    normalized,
    proof,
    reference,
)

HEADER = "import Mathlib\nimport Aesop\nopen Real\n"
IMPORTS = imports_of(HEADER)
TASK = LeanTask(statement="(p : Prop) (h : p) : p")
FILE = replace(TASK, candidate=Candidate.FILE)


def source(text, task=TASK):
    return candidate(HEADER, task, text, IMPORTS).source


def test_reference_is_the_statement_unproved():
    task = replace(TASK, context="def x := 1 -- one\n\n", target="Foo.bar")
    assert reference(HEADER, task) == (
        "import Mathlib\nimport Aesop\nopen Real\ndef x := 1 -- one\n"
        "theorem Foo.bar (p : Prop) (h : p) : p :=\n  sorryAx _ .false\n"
    )


def test_body_stands_where_the_reference_is_unproved():
    stated = reference(HEADER, TASK).removesuffix("  sorryAx _ .false\n")
    assert source("by\n  exact h\n") == f"{stated}  by\n    exact h\n"


def test_universes_belong_to_the_name():
    assert "theorem target.{u} (α : Sort u)" in reference(
        HEADER, replace(TASK, statement=".{u} (α : Sort u) : p")
    )


@pytest.mark.parametrize("literal", ['"a\n b\n"', 'r#"a\n"b"\n"#', 's!"a\n{x}\n b"'])
def test_strings_keep_their_value_when_a_body_is_indented(literal):
    assert f"  f\n   {literal} g\n    h\n" in source(f"f\n {literal} g\n  h")


@pytest.mark.parametrize("task", [TASK, FILE, replace(TASK, context="def x :=\n  1")])
def test_first_line_is_that_of_the_candidate(task):
    made = candidate(HEADER, task, "here", IMPORTS)
    assert made.source.split("\n")[made.first_line - 1] == " " * made.columns + "here"


def test_comment_at_the_end_of_a_body_ends_with_its_line():
    assert source("h -- so").endswith("h -- so\n")


@pytest.mark.parametrize(
    "head",
    [
        "theorem target (p : Prop) (h : p) : p :=",
        "theorem target (p : Prop)\n    (h : p) :\n  p :=",
        "/-- Why. -/ lemma target (p:Prop)(h:p):p:= -- now",
        ":=",
    ],
)
def test_statement_that_a_body_repeats_is_left_out_in_its_place(head):
    said = f"{head}\n  h"
    left = proof(TASK, said)
    assert left.split("\n")[-1] == "  h"
    assert left.count("\n") == said.count("\n")
    assert "theorem" not in left
    assert ":=" not in left


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("theorem target (p : Prop) (h : p) : p → p := id", "`→`"),
        ("theorem other (p : Prop) (h : p) : p := h", "`other`"),
        ("\ntheorem target {p : Prop} (h : p) : p := h", "line 2"),
        ("theorem target (p : Prop) (h : p) : p", "no proof"),
        ("theorem", "no proof"),
    ],
)
def test_body_with_another_statement_is_refused(said, told):
    with pytest.raises(CandidateError, match=told):
        proof(TASK, said)


def test_file_comes_behind_the_header_without_its_imports():
    text = "import Mathlib\n import Aesop -- too\nset_option maxHeartbeats 400000\nopen Real\nfoo"
    lines = source(text, FILE).split("\n")
    assert lines[:3] == HEADER.split("\n")[:3]
    assert "import" not in "".join(lines[3:])
    assert lines[-4:] == ["set_option maxHeartbeats 400000", "open Real", "foo", ""]
    assert lines.index("foo") == candidate(HEADER, FILE, text, IMPORTS).first_line + 3


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("import Mathlib\nimport Evil", "line 2: Evil"),
        ("import Mathlib.Tactic", "Mathlib.Tactic"),
        ("import all Mathlib", "plain"),
        ("public import Mathlib", "plain"),
        ("prelude", "prelude"),
        ("module\nimport Mathlib", "module"),
    ],
)
def test_file_with_a_head_of_its_own_is_refused(head, told):
    with pytest.raises(CandidateError, match=told):
        candidate(HEADER, FILE, f"{head}\ntheorem target : p := h", IMPORTS)


def test_file_may_be_a_prelude_as_the_header_is():
    made = candidate("prelude\nimport Own", FILE, "prelude\nimport Own\nfoo", ("Own",))
    assert made.source.split() == ["prelude", "import", "Own", "foo"]


@pytest.mark.parametrize(
    ("header", "imports"),
    [
        ("", ("Init",)),
        ("import Mathlib", ("Init", "Mathlib")),
        ("-- import A\n/- import B -/ import C.D import «E f»\nopen X", ("Init", "C.D", "«E f»")),
        ("import Init\nimport A\nimport A", ("Init", "A")),
        ("prelude\nimport Own", ("Own",)),
        ("prelude set_option x true", ()),
        ("module\npublic import A\nmeta import all B", ("Init", "A", "B")),
    ],
)
def test_imports_of_a_header(header, imports):
    assert imports_of(header) == imports


@pytest.mark.parametrize(
    "statement",
    [
        "(n : Nat := 3) : n = n",
        ": ∀ x : ℝ, {y | y < x} = f (z := x)",
        ".{u} (α : Type u) : α = α",
        "(x : ℝ) : let y := x; y = x",
        ": have h : 1 = 1 := rfl; p",
        '(s : String) : s = s!"a {s} }"',
        '{p : Prop} ⦃q : Prop⦄ [Decidable p] (h : "(" = s) : ⟨p, q⟩ = x',
    ],
)
def test_signature_is_left_as_it_is(statement):
    assert normalized(replace(TASK, statement=f" {statement}  -- note\n")).statement == statement


@pytest.mark.parametrize(
    "whole",
    [
        "theorem foo.bar (n : Nat := 3)\n  : n = n := by sorry",
        "lemma foo.bar (n : Nat := 3)\n  : n = n := sorry",
        "/-- What it says. -/\ntheorem foo.bar (n : Nat := 3)\n  : n = n := by",
        "theorem foo.bar (n : Nat := 3)\n  : n = n :=\n",
        "theorem foo.bar (n : Nat := 3)\n  : n = n",
    ],
)
def test_whole_theorem_is_taken_apart(whole):
    task = normalized(LeanTask(statement=whole))
    assert (task.target, task.statement) == ("foo.bar", "(n : Nat := 3)\n  : n = n")
    assert normalized(LeanTask(statement=whole, target="foo.bar")) == task
    assert normalized(task) == task


def test_example_is_proved_under_the_target():
    task = normalized(LeanTask(statement="example (p : Prop) : p = p := by sorry", target="goal"))
    assert (task.target, task.statement) == ("goal", "(p : Prop) : p = p")


def test_let_of_a_whole_theorem_does_not_end_it():
    task = normalized(LeanTask(statement="theorem t : let x := 1; x = 1 := by sorry"))
    assert task.statement == ": let x := 1; x = 1"


@pytest.mark.parametrize(
    ("task", "field"),
    [
        (LeanTask(statement=""), "statement"),
        (LeanTask(statement=" -- nothing"), "statement"),
        (LeanTask(statement="p → p"), "statement"),
        (LeanTask(statement="(p : Prop)"), "statement"),
        (LeanTask(statement=": p := h"), "statement"),
        (LeanTask(statement="theorem t : p := h"), "statement"),
        (LeanTask(statement="theorem t : p := by\n  exact h"), "statement"),
        (LeanTask(statement="theorem"), "statement"),
        (LeanTask(statement="(p : Prop : p"), "statement"),
        (LeanTask(statement="(p : Prop)) : p"), "statement"),
        (LeanTask(statement="(p : Prop] : p"), "statement"),
        (LeanTask(statement=": p /- and"), "statement"),
        (LeanTask(statement='(s : String) : s = "a'), "statement"),
        (LeanTask(statement=": p", context="/- def x := 1"), "context"),
        (LeanTask(statement=": p", context="namespace A.B\nsection C\nend C\nend B"), "context"),
        (LeanTask(statement=": p", target=""), "target"),
        (LeanTask(statement=": p", target="a b"), "target"),
        (LeanTask(statement=": p", target="theorem"), "target"),
        (LeanTask(statement=": p", target="_root_.a"), "target"),
        (LeanTask(statement=": p", target="a."), "target"),
        (LeanTask(statement="theorem a : p", target="b"), "target"),
        (LeanTask(statement="theorem _ : p"), "target"),
    ],
)
def test_task_of_which_no_theorem_can_be_made_is_refused(task, field):
    with pytest.raises(StatementError) as caught:
        normalized(task)
    assert caught.value.field == field


@pytest.mark.parametrize("target", ["a", "A.b'", "«a b»", "Foo.«theorem»", "α₁"])
def test_names_of_theorems(target):
    assert normalized(replace(TASK, target=target)).target == target


def test_context_may_open_what_it_closes_and_leave_sections_open():
    context = "section namespace A.B section end end A.B variable (p : Prop)"
    task = LeanTask(statement=": p", context=context)
    assert normalized(task) == task
