"""What is objected to before Lean is asked, what is not, and that no text is beyond the lexer."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lean_toolchain import headers

from assayoffice.sandbox.programs import SandboxSettings
from assayoffice.verifiers.base import Outcome
from assayoffice.verifiers.code import programs
from assayoffice.verifiers.lean.checker import Checker
from assayoffice.verifiers.lean.prepared import prepare
from assayoffice.verifiers.lean.task import Candidate, LeanTask
from assayoffice.verifiers.lean.text.assemble import normalized
from assayoffice.verifiers.lean.text.lexer import TokenKind, tokens
from assayoffice.verifiers.lean.text.screen import MAX_BYTES, objection_to, screen

BODY, FILE = Candidate.BODY, Candidate.FILE


def texts(source: str) -> list[str]:
    return [token.text for token in tokens(source)]


def of_kind(kind: TokenKind, source: str) -> list[str]:
    return [token.text for token in tokens(source) if token.kind is kind]


def test_names_of_every_sort_are_one_token():
    names = ["h'", "x₁", "foo.end", "«a b».c", "Nat.«end»", "exact?", "α", "𝓝", "ℝ", "f.«»"]
    assert of_kind(TokenKind.WORD, " ".join(names)) == names


def test_greek_letters_that_lean_takes_for_symbols_are_no_part_of_a_name():
    assert texts("λx Πx Σx") == ["λ", "x", "Π", "x", "Σ", "x"]


def test_comments_nest_and_leave_nothing():
    assert texts("a /- b /- c -/ d -/ e -- f /-\ng /-- h -/ i /-! j -/ k") == list("aegik")


def test_opening_of_a_comment_takes_the_next_character_with_it():
    assert texts("/-/ a -/ b") == ["b"]
    assert texts("/-- -- a -/\n-/ b") == ["b"]
    assert texts("/-- /- a -/ -- b -/\n c -/ d") == ["d"]
    assert texts("/-- /-/ -/ a -/ b") == ["b"]


@pytest.mark.parametrize("opened", ["/-", "/- a /- b -/", "/--/", '"a', 'r#"a"', "«a", 's!"a'])
def test_what_is_never_closed_is_told(opened):
    found = list(tokens(f"x {opened}"))
    assert found[-1].kind is TokenKind.UNTERMINATED


@pytest.mark.parametrize(
    "literal",
    ['"a\\"b"', '"a\\\n   b"', "'\"'", r"'\''", r"'\x41'", r"'\u03b1'", 'r"\\"', 'r##"a"#b"##'],
)
def test_strings_and_characters_are_one_token(literal):
    assert texts(f"f {literal} sorry") == ["f", literal, "sorry"]


def test_primes_that_open_no_character_are_left_alone():
    assert texts("f '' s ⁻¹' t") == ["f", "''", "s", *"⁻¹'", "t"]
    assert of_kind(TokenKind.UNCLEAR, "f '' s ⁻¹' t ⁻¹' (u) xs[i]'h f'") == []


@pytest.mark.parametrize("opening", ["", "s!", "throwError "])
def test_code_in_strings_is_code_whoever_reads_them(opening):
    source = f'{opening}"a {{f x}} c\\{{d {{y}}" e'
    words = of_kind(TokenKind.WORD, source)
    assert words == [*opening.split(), "f", "x", "y", "e"]
    assert of_kind(TokenKind.UNCLEAR, source) == []


@pytest.mark.parametrize(
    "string",
    [
        '"{"',
        's!"{f "}" x}"',
        '"{"" x ""}"',
        '"{a \\"b}"',
        '"{{x}}"',
        '"{x -- }"',
        '"{x /- y}"',
        "\"{'a'}\"",
        '"{«a»}"',
        '"{a\nb}"',
        '"{ " x " }"',
    ],
)
def test_string_that_ends_elsewhere_if_it_has_code_is_unclear(string):
    assert of_kind(TokenKind.UNCLEAR, f"f {string} x")


def test_brace_written_by_its_number_is_clear():
    assert texts(r'"\x7b x"') == [r'"\x7b x"']


# What one header makes a token of, and what another reads there.
RUNS = [
    r"p \/-x -/",
    r"p \/--x -/",
    "p //-x -/",
    "p -/-x -/",
    "p |--x",
    "p <--x",
    """x⁻¹'"' y""",
    "x⁻¹'/-' -/",
    "xs[i]'h' y",
    "'''a'",
    'x⁻¹\'"a"',
    'ok"a"',
    'f ≃r"a" y',
    '1"a"',
]


@pytest.mark.parametrize("run", RUNS)
def test_what_may_belong_to_the_notation_before_it_is_unclear(run):
    assert len(of_kind(TokenKind.UNCLEAR, run)) == 1
    assert "put a space before it" in screen(f"h\n{run}\ny", BODY)


@pytest.mark.parametrize(
    "before", ["h", "h'", "h?", "x.1", "(h)", "[h]", "⟨h⟩", '"a"', "'a'", "{h}"]
)
def test_comment_may_follow_a_word_or_bracket_at_once(before):
    said = f"{before}--x\n{before}/- x -/"
    assert texts(said) == texts(before) * 2
    assert of_kind(TokenKind.UNCLEAR, said) == []


def test_blanks_and_opening_brackets_end_every_notation():
    source = """p \\/ -- x
    q // /- x -/ (/- x -/ r) [-- x
    'a', "b",'c',"d"] ("e") s!"f" {r"g"} h;-- x"""
    assert of_kind(TokenKind.UNCLEAR, source) == []
    assert "x" not in texts(source)


CLEAR = [
    "fun h =>-- trivial\n  h",
    "fun h =>/- trivial -/ h",
    "fun h ↦-- trivial\n  h",
    "have g : p := h; g",
    "have g : p :=-- as given\n  h\n  g",
    "by\n  constructor\n  ·-- the first\n    exact h\n  ·/- the other -/ exact g",
    "by\n  cases h <;>-- both\n  trivial",
    "by rw [←/- backwards -/ h]",
]


@pytest.mark.parametrize("said", CLEAR)
def test_comments_right_behind_what_people_end_lines_with_are_clear(said):
    assert screen(said, BODY) == ""
    assert screen(f"theorem target : p :=-- so\n{said}\n", FILE) == ""
    assert "set_option" in screen(f"{said}\nset_option foo true in x", BODY)


def test_run_of_dots_is_one_token_and_belongs_to_no_number():
    assert texts("f ..x 0...y 1..2 (1.) 1.5") == [
        *("f", "..", "x", "0", "...", "y", "1", "..", "2", "(", "1.", ")", "1.5"),
    ]


def test_numbers_end_where_lean_ends_them():
    assert texts("h.1.2 1.5e-3 0xff 2.succ 1_000") == [
        *("h", ".", "1", ".", "2", "1.5e-3", "0xff", "2.", "succ", "1_000"),
    ]


def test_token_knows_its_line_and_place():
    source = "a\n /- b\n -/ c"
    assert [(token.line, source[token.start : token.end]) for token in tokens(source)] == [
        (1, "a"),
        (3, "c"),
    ]


PIECES = ['"', "'", "/-", "-/", "--", "\n", "«", "»", 's!"', "{", "}", 'r#"', "\\", ".", "1", "a"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=2)).map("".join))
def test_any_text_is_read_in_order_to_its_end(source):
    found = list(tokens(source))
    ends = [0, *(token.end for token in found)]
    assert all(token.start >= end for token, end in zip(found, ends, strict=False))
    assert all(source[token.start : token.end] == token.text != "" for token in found)
    assert screen(source, BODY) == screen(source, BODY)
    screen(source, FILE)


@pytest.mark.parametrize(
    "piece",
    [
        "/-",
        "/- -/",
        "-/",
        "r#",
        "#",
        '"',
        "«",
        's!"{',
        "open a ",
        "@[a ",
        "@[",
        "@[attr ",
        "@[a (attr := ",
        "@[aesop [",
        "(add safe ",
        "notation ",
        "`",
        "a.",
        "1.",
        "\\",
    ],
)
@pytest.mark.parametrize("candidate", Candidate)
def test_time_is_linear_in_the_length(piece, candidate):
    text = piece * (MAX_BYTES // len(piece))
    start = time.process_time()
    screen(text, candidate)
    assert time.process_time() - start < 2.0


class Visited(Sequence):
    """Tokens that count how many of them were looked at."""

    def __init__(self, found):
        self._found = found
        self.visits = 0

    def __len__(self):
        return len(self._found)

    def __getitem__(self, at):
        found = self._found[at]
        self.visits += len(found) if isinstance(at, slice) else 1
        return found


def visits(text, candidate):
    found = Visited(list(tokens(text)))
    objection_to(found, candidate)
    return found.visits


OPENINGS = [
    "@[simp ",
    "@[simp (",
    "@[aesop safe apply [ ",
    "@[aesop apply (attr := ",
    "aesop apply (attr ",
    "@[to_additive (attr := simp, ",
    "(attr := simp, ",
    "attribute [simp ",
    "attribute [simp] ",
    "attribute ",
    "aesop (add ",
    "(add safe apply [ ",
    "(add ",
    "unsafe ",
    "open a ",
    "open (",
    "scoped ",
    "notation ",
    'infix " a " ',
    "set_option maxRecDepth ",
    "native := ",
    "import a ",
    ". ",
    "( ",
    "[ ",
    "{ ",
    ", ",
    "simp, ",
    "default ",
    ") ",
]


@pytest.mark.parametrize("candidate", Candidate)
def test_no_token_is_looked_at_over_and_over(candidate):
    for pair in product(OPENINGS, repeat=2):
        # Behind an opening as well, which the one that is repeated may go on with.
        for start in ("", "@[aesop apply ", "attribute [simp, ", "x (add safe apply "):
            short = visits(start + "".join(pair) * 10, candidate)
            long = visits(start + "".join(pair) * 20, candidate)
            assert long < 2.2 * short + 20, (start, pair)


PROOFS = [
    "hp",
    "fun p q ⟨hp, hq⟩ => ⟨hq, hp⟩",
    "by\n  simp only [Finset.sum_range_succ, mul_comm] at h ⊢\n  omega",
    "by\n  intro n\n  induction n with\n  | zero => rfl\n  | succ n ih => rw [pow_succ, ih]; ring",
    "by\n  obtain ⟨x, hx⟩ : ∃ x, f x = 0 := ⟨0, by simp⟩\n  nlinarith [sq_nonneg x]",
    "by\n  open Real in\n  have h := sin_pi\n  open scoped Nat in\n  simpa using h",
    "by\n  open Classical (choose) in exact choose_spec _",
    "by\n  set_option maxRecDepth 4000 in\n  set_option maxHeartbeats 400000 in decide",
    "by\n  show a ≤ b from le_of_lt h\n  <;> first | assumption | exact h.symm.le",
    "calc a = b := by rw [h]\n  _ = c := by conv_lhs => rw [← h]",
    "by\n  · simp_all\n  · exact @Nat.rec _ h.zero h.«end» n",
    "match n with\n  | 0 => rfl\n  | n + 1 => by simp [f n]\ntermination_by n\ndecreasing_by omega",
    "aux 0 where\n  aux (n : ℕ) : p n := by\n    cases n <;> trivial",
    "let rec go : ℕ → ℕ\n    | 0 => 0\n    | n + 1 => go n\n  foo go",
    "by\n  have : #s ≤ #t := Finset.card_le_card hst\n  have := #[1, 2].size\n  linarith",
    "by simp [instance_max, foo.end, (f x).def, Set.preimage, f ⁻¹' s, f '' t, x.1.open]",
    'by\n  -- sorry\n  /- axiom /- unsafe -/ #eval -/\n  exact f "sorry" s!"{x} axiom" «sorry»',
    "by\n  decide +kernel",
    "by exact List.head? l |>.get!",
    "by\n  refine ⟨?_, fun hint stop admit => ?_⟩ <;> simp",
    "by\n  intro x hx\n  rcases hx with (.inl h | .inr h)\n  all_goals exact .intro h",
    "by\n  have : s \\ t ⊆ f ⁻¹' s ∩ g '' s := fun x hx => hx.1\n  simp [←foo, -bar, h'.2.le]",
    "by\n  rw [← h, Nat.factorial]; -- so\n  exact (a ∣ b) /- why -/ (xs[i]'h)",
    "by\n  aesop (add unsafe 50% apply h, norm simp k) (config := { maxRuleApplications := 9 })",
    "by\n  exact foo (fun x ↦ x ^ 2)⁻¹ ‖x‖ |x - y| 2⁻¹ n! ↑x ∑ᶠ i, f i",
    "by\n  unfold_let; exact (inferInstance : Decidable p).casesOn",
]


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("candidate", Candidate)
def test_proofs_as_people_write_them_pass(proof, candidate):
    assert (
        screen(proof if candidate is BODY else f"theorem target : p :=\n{proof}", candidate) == ""
    )


def test_file_as_people_write_them_passes():
    assert (
        screen(
            """import Mathlib
import Aesop
set_option maxHeartbeats 400000
set_option autoImplicit false
open BigOperators Real Nat Topology

/-- Documentation that says sorry. -/
@[simp, norm_cast] theorem foo.one (p : Prop) [Decidable p] : p ∨ ¬p := em p
@[to_additive (attr := simp) bar "doc"] lemma foo.mul : p := h
attribute [local instance, -simp] Classical.propDecidable
local notation "ℝ²" => EuclideanSpace ℝ (Fin 2)
namespace Foo
section
variable {α : Type*} [Group α] (a : α)
include a in
private noncomputable def bar : α := a
instance : Inhabited α := ⟨1⟩
structure Pair where
  fst : ℕ
deriving Repr, DecidableEq
#check bar
#print axioms bar
end
end Foo
theorem target : p := by simp [Foo.bar]
""",
            FILE,
        )
        == ""
    )


# In either mode, and the token that is told.
NEVER = [
    ("by sorry", "sorry"),
    ("by\n  · exact h\n  .sorry", "sorry"),
    ("(.set_option foo true in decide +kernel)", "set_option"),
    ("f ..set_option foo true in x", "set_option"),
    ("(0...set_option foo true in x)", "set_option"),
    ("x |>.run_tac y", "run_tac"),
    ("h\n#evalshow x", "#evalshow"),
    ("h\n#printtarget", "#printtarget"),
    ("h\n#sset_option foo true in x", "#sset_option"),
    ("a ≃oset_option foo true in x", "oset_option"),
    ("f ?_set_option foo true in x", "_set_option"),
    ("a ≃gby_elab x", "gby_elab"),
    ('dbg_trace "a"; h', "dbg_trace"),
    ('dbgTrace "a" fun _ => h', "dbgTrace"),
    ('throwError "{by_elab x}"', "by_elab"),
    ("h\nunlock_limits", "unlock_limits"),
    ("h\ngrind_propagator x (y) := z", "grind_propagator"),
    ("let e : Lean.Elab.Tactic.TacticM Unit := x; h", "Lean.Elab.Tactic.TacticM"),
    ("open ProofWidgets.Jsx in <p>/- </p>", "ProofWidgets.Jsx"),
    ("by\n  admit", "admit"),
    ("by cases h; admit", "admit"),
    ("by\n  stop\n  simp", "stop"),
    ("by exact sorryAx _ true", "sorryAx"),
    ("@_root_.«sorryAx» p false", "_root_.«sorryAx»"),
    ("by native_decide", "native_decide"),
    ("by decide +native", "native"),
    ("by decide (config := { native := true })", "native"),
    ("Lean.ofReduceBool a b h", "Lean.ofReduceBool"),
    ("by exact?", "exact?"),
    ("by first | apply? | simp", "apply?"),
    ("by\n  hint", "hint"),
    ("by plausible", "plausible"),
    ("by run_tac Lean.Elab.admitGoal", "run_tac"),
    ('s!"{by_elab x}"', "by_elab"),
    ("unsafe h", "unsafe"),
    ('include_str "/etc/passwd"', "include_str"),
    ("by set_option debug.skipKernelTC true in exact h", "skipKernelTC"),
    ("by set_option debug.foo true in exact h", "set_option"),
    ("by set_option maxHeartbeats 0 in simp", "set_option"),
    ("by set_option maxHeartbeats 99999999999 in simp", "set_option"),
    ("by set_option warn.sorry false in exact h", "set_option"),
    ("by set_option maxRecDepth", "set_option"),
    ("h\naxiom a : p", "axiom"),
    ("h\nmacro_rules | `(x) => `(y)", "macro_rules"),
    ('h\nelab "x" : term => pure default', "elab"),
    ("h\ninitialize x : Unit ← pure ()", "initialize"),
    ("h\n#eval 1", "#eval"),
    ("h\n#exit\nfoo", "#exit"),
    ("h\nprelude", "prelude"),
    ("h\nimport Foo", "import"),
    ("h /- and so on", "/-"),
    ('h "and so on', '"'),
]


@pytest.mark.parametrize(("said", "token"), NEVER)
@pytest.mark.parametrize("candidate", Candidate)
def test_what_is_no_proof_is_told_with_its_line(said, token, candidate):
    text = said if candidate is BODY else f"theorem target : p := {said}"
    lines = said[: said.rindex(token)].count("\n")
    assert screen(text, candidate).startswith(f"line {lines + 1}: `{token}` ")


COMMANDS = """
def x := 1
theorem x : p := h
lemma x : p := h
example : p := h
instance : C := c
opaque x : p
abbrev x := y
class X
structure X
@[simp] def x := 1
private def x := 1
end
namespace X
section
variable (h : p)
include h
universe u
open X
export X (y)
mutual
notation "x" => y
local notation "x" => y
infixl:50 "x" => y
attribute [simp] x
set_option maxRecDepth 100
#check h
#print axioms h
"""


@pytest.mark.parametrize("command", COMMANDS.split("\n")[1:-1])
def test_body_does_not_leave_the_proof_and_a_file_may(command):
    assert screen(f"by\n  exact h\n\n{command}", BODY).startswith("line 4: `")
    assert screen(f"theorem target : p := by\n  exact h\n\n{command}", FILE) == ""


@pytest.mark.parametrize(
    "attributes",
    [
        "@[to_additive (attr := implemented_by f)]",
        "@[to_additive (attr := simp), command_elab f]",
        "@[simps (a := x[), command_elab f]",
        "@[simps (a := {), command_elab f]",
        "@[to_additive (attr := simp, macro f) foo]",
        "@[reassoc (attr := local command_elab f)]",
        "@[implemented_by f]",
        '@[simp, extern "f"]',
        "@[local csimp]",
        "@[init]",
        "@[macro x]",
    ],
)
def test_attributes_that_run_or_replace_code_are_told(attributes):
    assert screen(f"{attributes} def x : p := h", FILE).startswith("line 1: `@[` ")
    assert screen("attribute [simp, command_elab x] foo", FILE)


@pytest.mark.parametrize(
    "text",
    [
        "@[simp @[ext] x]",
        "@[simps (a := attribute [simp] x), command_elab f]",
        "@[aesop apply (attr := simp)]",
    ],
)
def test_attributes_within_attributes_are_told(text):
    assert "within" in screen(f"{text} theorem x : p := h", FILE)


def test_attribute_may_be_the_name_of_a_field():
    assert screen("theorem target : p := (f x).attribute y", FILE) == ""


@pytest.mark.parametrize(
    "rule",
    [
        "safe tactic",
        "safe",
        "norm default",
        "[apply a, tactic b]",
        "unsafe 50% tactic",
        "safe [apply a, b]",
    ],
)
def test_rules_of_aesop_that_may_be_programs_are_told_in_files(rule):
    assert "rule" in screen(f"@[aesop {rule}] def x := y", FILE)
    assert "rule" in screen(f"theorem t : p := by aesop (add {rule} x)", FILE)


@pytest.mark.parametrize("first", ["safe apply h", "safe apply f (add a b c d e)", "norm simp h"])
@pytest.mark.parametrize("next_rule", ["safe tactic b", "safe b"])
def test_every_rule_that_aesop_is_given_is_looked_at(first, next_rule):
    assert "rule" in screen(f"theorem t : p := by aesop (add {first}, {next_rule})", FILE)


@pytest.mark.parametrize("rule", ["safe apply", "norm simp", "unsafe 50% forward", "safe [cases]"])
def test_other_rules_of_aesop_pass(rule):
    rule = rule.replace("[cases]", "cases (transparency := default) [a, b]")
    assert screen(f"@[aesop {rule}] theorem x : p := y", FILE) == ""
    assert screen(f"theorem t : p := by aesop (add {rule} x, safe apply add.foo)", FILE) == ""
    assert screen(f"by aesop (add {rule} x) (add safe y)", BODY) == ""


MISREAD = [
    "x/-",
    "x/",
    "o-",
    "[",
    "x)",
    "⟨x",
    "y-/",
    "z²'",
    "a«",
    "b--",
    "c².",
    "²`",
    "(r",
    "[x-",
    'ok\\"',
    "{x",
    ",-",
    "\\u0022",
    "=>-",
    ":=/",
    "↦-",
    "·/",
    "←-",
    ">-",
]


@pytest.mark.parametrize("atom", MISREAD)
@pytest.mark.parametrize(
    "command", ["notation", "local infixl:50", "scoped[A] notation3", "prefix:9"]
)
def test_notations_that_are_easily_misread_are_told(command, atom):
    assert screen(f'{command} " {atom} " => f', FILE)
    assert screen(f'{command} "a" x "{atom}" y => f', FILE)
    assert screen(f'{command} "a" r:(scoped f => f) "{atom}" => r', FILE)


@pytest.mark.parametrize(
    "atom", ["a'", "f", "⁻¹", "||", "ℝ²", "-", " /ₘ ", "⟪", ", ", "⟨", "#", "x.y", "->", "∑ "]
)
def test_other_notations_pass(atom):
    assert screen(f'local notation:50 a " ◇ " b "{atom}" c => f a b "x.y"', FILE) == ""


@pytest.mark.parametrize(
    "text", ["a\0", "a\x1b", "a\u202eb", "a\u2066b", "a\rb", "\x85", "a\ud800"]
)
def test_characters_that_mislead_are_told(text):
    assert screen(f"-- {text}", BODY)
    assert screen(f'"{text}"', FILE)


@pytest.mark.parametrize(
    "option", ["skipKernelTC", "byAsSorry", "proofAsSorry", "terminalTacticsAsSorry"]
)
@pytest.mark.parametrize("text", ["-- {}", "/- {} -/", '"{}"', "«{}»", "x.{}", "h\n{}y"])
def test_options_that_leave_proofs_unchecked_are_told_wherever_they_stand(option, text):
    told = f": `{option}` leaves proofs unchecked"
    assert told in screen(text.format(option), BODY)
    assert told in screen(text.format(option), FILE)


def test_size_is_limited_in_bytes():
    assert screen("α" * (MAX_BYTES // 2), BODY) == ""
    assert "bytes" in screen("α" * (MAX_BYTES // 2) + "a", BODY)


def test_first_objection_is_the_one_that_is_told():
    assert screen("h\nsorry\naxiom", FILE).startswith("line 2: `sorry` ")


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    header = headers()["assay"]
    with closing(Checker(prepare(header, SandboxSettings(), {}), SandboxSettings())) as made:
        yield made


@pytest.mark.parametrize("said", [each for each in CLEAR if not each.startswith("by")])
def test_comments_that_are_clear_are_comments_to_lean(said, checker):
    task = normalized(LeanTask(statement="(p : Prop) : p → p"))
    verdict = checker.check(task, said if said.startswith("fun") else f"fun h =>\n  {said}")
    assert verdict.outcome is Outcome.CORRECT, verdict


CASES = (files("assayoffice.verifiers") / "cases" / "lean.jsonl").read_text("utf-8").splitlines()
SCREENED = [row for row in map(json.loads, CASES) if row["reason"] == "SCREENED"]


@pytest.mark.parametrize("row", SCREENED, ids=lambda row: row["id"])
def test_cheats_are_rejected_when_nobody_screens_them(row, checker):
    task = LeanTask(**{**row["task"], "candidate": Candidate(row["task"].get("candidate", "BODY"))})
    text = programs.extract(row["response"], task.extraction, task.reasoning_end, "lean")
    assert text is not None
    verdict = checker.check(normalized(task), text)
    assert verdict.outcome is Outcome.INCORRECT, verdict
