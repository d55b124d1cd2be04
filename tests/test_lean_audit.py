"""What real Lean compiles of honest and dishonest candidates, and what the audit says to it.

Every dishonest one compiles without an error. Most are sources as a policy could write them; a few
are files that were changed after Lean had made them, for what Lean will not write by itself.
"""

import functools
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lean_toolchain import toolchain

from assayoffice.verifiers.lean.compiled.audit import (
    Audited,
    AuditError,
    AuditTooLarge,
    Reference,
    audit,
)
from assayoffice.verifiers.lean.compiled.library import Library, LibraryError
from assayoffice.verifiers.lean.compiled.olean import KNOWN_RELEASES, Olean
from assayoffice.verifiers.lean.compiled.terms import Name, parse

ALLOWED = frozenset({("propext",), ("Quot", "sound"), ("Classical", "choice")})

#: A prelude of its own, with traps: what rests on ``sorryAx``, and what is unsafe.
BASE = """
prelude
set_option genCtorIdx false
set_option linter.all false
universe u v
unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type
set_option bootstrap.inductiveCheckResultingUniverse false in
inductive PUnit : Sort u where
  | unit : PUnit
inductive False : Prop
inductive True : Prop where
  | intro : True
inductive Bool : Type where
  | false : Bool
  | true : Bool
inductive Nat where
  | zero : Nat
  | succ (n : Nat) : Nat
inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a
inductive And (a b : Prop) : Prop where
  | intro (left : a) (right : b) : And a b
class OfNat (α : Type u) (_ : Nat) where
  ofNat : α
instance instOfNatNat (n : Nat) : OfNat Nat n where
  ofNat := n
noncomputable section
def Nat.add (a b : Nat) : Nat := Nat.rec a (fun _ sum => Nat.succ sum) b
axiom sorryAx (α : Sort u) (synthetic : Bool) : α
axiom propext {a b : Prop} (ab : a → b) (ba : b → a) : Eq a b
theorem extensional (p : Prop) (h : p) : Eq p True := propext (fun _ => True.intro) (fun _ => h)
theorem trap : False := sorryAx False Bool.true
unsafe def loop : False := loop
"""
HEADER = """prelude
import Base
set_option genCtorIdx false
set_option linter.all false
universe w x
noncomputable section
"""


class Lean:
    """A folder of modules that the real Lean compiles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._compiled: dict[tuple[str, str], bytes] = {}

    def compile(self, source: str, module: str = "Candidate") -> bytes:
        """The compiled module. Lean must not have any objection."""
        if (source, module) not in self._compiled:
            file = self.folder / f"{module}.lean"
            file.write_text(source, "utf-8")
            compiled = file.with_suffix(".olean")
            done = subprocess.run(
                [toolchain() / "bin" / "lean", "-o", compiled, file],
                cwd=self.folder,
                env={"LEAN_PATH": str(self.folder)},
                capture_output=True,
                encoding="utf-8",
            )
            assert done.returncode == 0, done.stdout + done.stderr
            self._compiled[source, module] = compiled.read_bytes()
        return self._compiled[source, module]

    def library(self, *modules: str, allowed: frozenset[Name] = ALLOWED) -> Library:
        return Library(modules, [self.folder], allowed=allowed, releases=KNOWN_RELEASES)


@pytest.fixture(scope="module")
def lean(tmp_path_factory: pytest.TempPathFactory) -> Lean:
    lean = Lean(tmp_path_factory.mktemp("lean"))
    lean.compile(BASE, "Base")
    lean.compile("prelude\nimport Base\n", "More")
    return lean


def judged(lean: Lean, statement: str, candidate: str | bytes, *, context: str = "") -> Audited:
    """What the audit says to a candidate: a source, or what a source was compiled to."""
    library = lean.library("Base")
    proof = "sorryAx _ Bool.true"
    asked = f"{HEADER}{context}\ntheorem target {statement} := {proof}\n"
    reference = Reference(lean.compile(asked), ("target",), library)
    if isinstance(candidate, str):
        candidate = lean.compile(candidate)
    return audit(candidate, reference, library, ALLOWED)


def refused(lean: Lean, statement: str, candidate: str | bytes, *, context: str = "") -> AuditError:
    with pytest.raises(AuditError) as caught:
        judged(lean, statement, candidate, context=context)
    error = caught.value
    *before, last = error.checks
    assert all(check.passed for check in before)
    assert (last.passed, last.detail) == (False, str(error))
    return error


SWAP = "(a b : Prop) (h : And a b) : And b a"
PROOF = "And.intro (And.rec (fun _ r => r) h) (And.rec (fun l _ => l) h)"
LEMMA = f"{HEADER}theorem first : True := True.intro\ntheorem target {SWAP} := {PROOF}\n"
FALSE = ": False"
#: What statements speak of. All that is asked about it is false.
CONTEXT = """
inductive Color where
  | red : Color
  | green : Color
def favourite : Color := Color.green
opaque secret : Nat := 7
class Size (c : Color) where
  value : Nat
@[reducible] instance small : Size Color.red := Size.mk 0
"""


def test_a_proof_passes_and_each_step_is_reported(lean: Lean) -> None:
    passed = judged(lean, SWAP, f"{HEADER}theorem target {SWAP} := {PROOF}")
    assert [(check.name, check.passed) for check in passed.checks] == [
        ("imports", True),
        ("target", True),
        ("statement", True),
        ("context", True),
        ("axioms", True),
    ]
    assert [constant.name for constant in passed.constants] == [("target",)]
    assert passed.axioms == ()


@pytest.mark.parametrize(
    "candidate",
    [
        pytest.param(
            "theorem target (p q : Prop) (both : And p q) : And q p := "
            "And.intro (And.rec (fun _ r => r) both) (And.rec (fun l _ => l) both)",
            id="variables named otherwise",
        ),
        pytest.param(
            "theorem left (a b : Prop) (h : And a b) : a := And.rec (fun l _ => l) h\n"
            "theorem right (a b : Prop) (h : And a b) : b := And.rec (fun _ r => r) h\n"
            f"theorem target {SWAP} := And.intro (right a b h) (left a b h)",
            id="lemmas",
        ),
        pytest.param(
            "inductive Pair (a b : Prop) : Prop where\n  | mk (l : a) (r : b) : Pair a b\n"
            "structure Box (a : Prop) where\n  content : a\n"
            f"theorem target {SWAP} := And.rec (fun l r => "
            "Pair.rec (motive := fun _ => And b a) (fun p q => And.intro (Box.mk q).content p) "
            "(Pair.mk l r)) h",
            id="types of its own",
        ),
        pytest.param(
            f"unsafe def endless : Nat := endless\ntheorem target {SWAP} := {PROOF}",
            id="something unsafe that the theorem does not reach",
        ),
    ],
)
def test_ways_to_prove_it_are_free(lean: Lean, candidate: str) -> None:
    judged(lean, SWAP, HEADER + candidate)


def test_allowed_axioms_are_listed_where_they_are_mentioned(lean: Lean) -> None:
    statement = "(p : Prop) (h : p) : Eq p True"
    direct = "propext (fun _ => True.intro) (fun _ => h)"
    passed = judged(lean, statement, f"{HEADER}theorem target {statement} := {direct}")
    assert passed.axioms == ("propext",)
    assert passed.checks[-1].detail == "propext"
    through = f"{HEADER}theorem target {statement} := extensional p h"
    assert judged(lean, statement, through).axioms == ()


@pytest.mark.parametrize(
    ("reason", "statement", "candidate"),
    [
        pytest.param(
            "STATEMENT_CHANGED",
            ": Eq (Nat.add 2 2) 5",
            HEADER + "@[reducible] instance (priority := 2000) : OfNat Nat 5 := OfNat.mk 4\n"
            "theorem target : Eq (Nat.add 2 2) 5 := Eq.refl 4",
            id="row 2: an instance gives 5 the value 4",
        ),
        pytest.param(
            "TARGET_MISSING",
            ": Eq (Nat.add 2 2) 5",
            HEADER + "namespace X\ndef Nat.add (_ _ : Nat) : Nat := 5\n"
            "theorem target : Eq (Nat.add 2 2) 5 := Eq.refl 5\nend X\nexport X (target)",
            id="row 3: a function is shadowed in a namespace",
        ),
        pytest.param(
            "STATEMENT_CHANGED",
            FALSE,
            HEADER + "variable (h : False)\ninclude h\ntheorem target : False := h",
            id="row 4: a variable is included",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "axiom cheat : False\ntheorem target : False := cheat\n"
            "#print \"'target' does not depend on any axioms\"\n#exit\n#print axioms target",
            id="row 5: what Lean would say of axioms is forged",
        ),
        pytest.param(
            "STATEMENT_CHANGED",
            FALSE,
            HEADER + "theorem target : True := True.intro",
            id="row 6: another statement",
        ),
        pytest.param(
            "NOT_A_THEOREM",
            FALSE,
            HEADER + "unsafe def target : False := target",
            id="row 7: an unsafe definition",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "opaque v : False := trap\ntheorem target : False := v",
            id="row 8: an axiom inside of an opaque constant",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "set_option warn.sorry false\ntheorem target : False := sorryAx _ Bool.false",
            id="row 9: the warning of sorry is turned off",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "theorem N.target : True := True.intro\ntheorem target : False := trap\n"
            "open N\n#print axioms target",
            id="row 10: Lean is asked about another theorem",
        ),
        pytest.param(
            "STATEMENT_CHANGED",
            "(p : Prop) : p",
            HEADER + "theorem target (p : Prop) : p\n  -> True := fun _ => True.intro",
            id="row 11: the statement goes on",
        ),
        pytest.param(
            "STATEMENT_CHANGED",
            SWAP,
            HEADER + f"theorem target {{a b : Prop}} (h : And a b) : And b a := {PROOF}",
            id="arguments become implicit",
        ),
        pytest.param(
            "STATEMENT_CHANGED",
            "(α : Sort w) (a : α) : Eq a a",
            HEADER + "theorem target (α : Sort 1) (a : α) : Eq a a := Eq.refl a",
            id="for one universe only",
        ),
        pytest.param(
            "STATEMENT_CHANGED",
            "(α : Sort w) (a : α) : Eq a a",
            HEADER + "theorem target.{y} (α : Sort y) (a : α) : Eq a a := Eq.refl a",
            id="universes named otherwise",
        ),
        pytest.param(
            "NOT_A_THEOREM",
            FALSE,
            HEADER + "axiom target : False",
            id="an axiom",
        ),
        pytest.param(
            "NOT_A_THEOREM",
            SWAP,
            HEADER + f"def target {SWAP} := {PROOF}",
            id="a definition",
        ),
        pytest.param(
            "NOT_A_THEOREM",
            SWAP,
            HEADER + f"opaque target {SWAP} := {PROOF}",
            id="an opaque constant",
        ),
        pytest.param(
            "TARGET_MISSING",
            SWAP,
            HEADER + f"private theorem target {SWAP} := {PROOF}",
            id="a private theorem",
        ),
        pytest.param(
            "UNSAFE_CONSTANT",
            FALSE,
            HEADER + "unsafe def endless : False := endless\n"
            "set_option debug.skipKernelTC true in\ntheorem target : False := endless",
            id="something unsafe, without the kernel",
        ),
        pytest.param(
            "UNSAFE_CONSTANT",
            FALSE,
            HEADER + "set_option debug.skipKernelTC true in\ntheorem target : False := loop",
            id="something unsafe that is imported, without the kernel",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            SWAP,
            HEADER + f"axiom spare : False\ntheorem target {SWAP} := {PROOF}",
            id="an axiom that is not used",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "axiom Classical.choice : False\ntheorem target : False := Classical.choice",
            id="an axiom under an allowed name",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "axiom target._nativeDecide_1 : False\n"
            "theorem target : False := target._nativeDecide_1",
            id="an axiom as native_decide makes them",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "def v : False := trap\ntheorem target : False := v",
            id="an axiom inside of a definition",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "private theorem a._proof_1 : False := trap\n"
            "theorem target : False := a._proof_1",
            id="an axiom inside of a private lemma",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "class Proved where\n  proof : False\n"
            "instance : Proved := Proved.mk trap\n"
            "theorem target : False := Proved.proof",
            id="an axiom inside of an instance",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "structure S where\n  proof : False\n"
            "def s : S := S.mk trap\ntheorem target : False := s.proof",
            id="an axiom behind a projection",
        ),
        pytest.param(
            "AXIOM_NOT_ALLOWED",
            FALSE,
            HEADER + "def T : Type := False.rec (fun _ => Type) trap\n"
            "inductive I : Type where\n  | mk (field : T) : I\n"
            "theorem helper (i : I) : True := I.rec (fun _ => True.intro) i\n"
            "theorem target : False := (fun (_ : (i : I) -> True) => trap) helper",
            id="an axiom in the type of a constructor",
        ),
        pytest.param(
            "IMPORTS_CHANGED",
            FALSE,
            BASE + "theorem helper : False := trap\ntheorem target : False := helper",
            id="row 1: a prelude of its own",
        ),
        pytest.param(
            "IMPORTS_CHANGED",
            SWAP,
            HEADER.replace("import Base", "import Base\nimport More")
            + f"theorem target {SWAP} := {PROOF}",
            id="one import more",
        ),
        pytest.param(
            "IMPORTS_CHANGED",
            SWAP,
            HEADER.replace("import Base", "import More") + f"theorem target {SWAP} := {PROOF}",
            id="another import, which imports the right one",
        ),
    ],
)
def test_what_lean_accepts_and_the_audit_refuses(
    lean: Lean, reason: str, statement: str, candidate: str
) -> None:
    assert refused(lean, statement, candidate).reason == reason


def test_definitions_that_a_statement_speaks_of_are_part_of_what_is_asked(lean: Lean) -> None:
    statement = ": Eq (Size.value Color.red) 0"
    proof = f"{HEADER}{CONTEXT}theorem target {statement} := Eq.refl 0"
    passed = judged(lean, statement, proof, context=CONTEXT)
    assert ("small",) in {constant.name for constant in passed.constants}


@pytest.mark.parametrize(
    ("statement", "old", "new", "proof"),
    [
        pytest.param(
            ": Eq favourite Color.red",
            "favourite : Color := Color.green",
            "favourite : Color := Color.red",
            "Eq.refl Color.red",
            id="the value of a definition",
        ),
        pytest.param(
            ": Eq secret 8",
            "opaque secret : Nat := 7",
            "def secret : Nat := 8",
            "Eq.refl 8",
            id="an opaque constant becomes a definition",
        ),
        pytest.param(
            ": Eq (Size.value Color.red) 1",
            "Size.mk 0",
            "Size.mk 1",
            "Eq.refl 1",
            id="the value of an instance",
        ),
        pytest.param(
            "(c : Color) : Eq c Color.red",
            "  | green : Color\ndef favourite : Color := Color.green\n",
            "def Color.green : Color := Color.red\ndef favourite : Color := Color.green\n",
            "Color.rec (Eq.refl Color.red) c",
            id="the constructors of a type",
        ),
    ],
)
def test_what_a_statement_speaks_of_cannot_be_changed(
    lean: Lean, statement: str, old: str, new: str, proof: str
) -> None:
    assert old in CONTEXT
    candidate = HEADER + CONTEXT.replace(old, new) + f"theorem target {statement} := {proof}"
    assert refused(lean, statement, candidate, context=CONTEXT).reason == "CONTEXT_CHANGED"


def test_what_a_type_is_made_of_cannot_be_changed(lean: Lean) -> None:
    context = (
        "def Content : Prop := False\ninductive Box : Prop where\n  | mk (c : Content) : Box\n"
    )
    other = context.replace("False", "True")
    candidate = f"{HEADER}{other}theorem target : Box := Box.mk True.intro"
    assert refused(lean, ": Box", candidate, context=context).reason == "CONTEXT_CHANGED"


def test_imports_must_be_in_the_same_order(lean: Lean) -> None:
    source = LEMMA.replace("import Base", "import Base\nimport More")
    library = lean.library("Base", "More")
    reference = Reference(lean.compile(source), ("target",), library)
    audit(lean.compile(source), reference, library, ALLOWED)
    other = LEMMA.replace("import Base", "import More\nimport Base")
    with pytest.raises(AuditError) as caught:
        audit(lean.compile(other), reference, library, ALLOWED)
    assert caught.value.reason == "IMPORTS_CHANGED"


def test_context_that_a_statement_does_not_speak_of_may_be_left_out(lean: Lean) -> None:
    candidate = f"{HEADER}theorem target {SWAP} := {PROOF}"
    judged(lean, SWAP, candidate, context=CONTEXT)


def test_what_the_kernel_computes_by_name_cannot_be_defined(lean: Lean) -> None:
    # The kernel finds 2 by its own arithmetic and, with variables, 0 by the definition.
    candidate = HEADER + (
        "def Nat.gcd : Nat -> Nat -> Nat := fun _ _ => Nat.zero\n"
        "theorem computed : Eq (Nat.gcd 6 4) 2 := @Eq.refl Nat 2\n"
        "theorem unfolded (a b : Nat) : Eq (Nat.gcd a b) 0 := Eq.refl 0\n"
        "theorem target : Eq (α := Nat) 2 0 :=\n"
        "  Eq.rec (motive := fun n _ => Eq n 0) (unfolded 6 4) computed\n"
    )
    error = refused(lean, ": Eq (α := Nat) 2 0", candidate)
    assert error.reason == "SHADOWED_CONSTANT"
    assert "Nat.gcd" in str(error)


def test_what_the_kernel_computes_by_name_may_be_part_of_what_is_asked(lean: Lean) -> None:
    context = (
        "def Nat.sub (a b : Nat) : Nat := Nat.rec a (fun _ n => Nat.rec 0 (fun m _ => m) n) b\n"
    )
    candidate = f"{HEADER}{context}theorem target {SWAP} := {PROOF}"
    judged(lean, SWAP, candidate, context=context)
    other = f"{HEADER}def Nat.sub (a b : Nat) : Nat := a\ntheorem target {SWAP} := {PROOF}"
    assert refused(lean, SWAP, other, context=context).reason == "SHADOWED_CONSTANT"


def test_a_file_without_imports_has_what_it_declares(lean: Lean) -> None:
    source = (
        "prelude\ninductive T : Prop where\n  | intro : T\n"
        "theorem target (p : Prop) (h : p) (t : T) : p := h\n"
    )
    library = Library([], [], allowed=ALLOWED, releases=KNOWN_RELEASES)
    reference = Reference(lean.compile(source), ("target",), library)
    audit(lean.compile(source), reference, library, ALLOWED)
    other = source.replace("  | intro : T\n", "")
    with pytest.raises(AuditError) as caught:
        audit(lean.compile(other), reference, library, ALLOWED)
    assert caught.value.reason == "CONTEXT_CHANGED"


@pytest.mark.parametrize(
    ("reason", "statement", "context"),
    [
        pytest.param("AXIOM_NOT_ALLOWED", ": Eq n n", "def n : Nat := trap.rec", id="sorry in it"),
        pytest.param("AXIOM_NOT_ALLOWED", ": True", "axiom cheat : False", id="an axiom before it"),
        pytest.param("TARGET_MISSING", ": True", "namespace X", id="another name"),
    ],
)
def test_a_statement_may_not_rest_on_what_proofs_may_not(
    lean: Lean, reason: str, statement: str, context: str
) -> None:
    with pytest.raises(AuditError) as caught:
        judged(lean, statement, b"", context=context)
    assert caught.value.reason == reason


class File:
    """A compiled module's bytes, to be changed."""

    def __init__(self, olean: bytes) -> None:
        self.bytes = bytearray(olean)
        root = self._word(88) - self._word(80)
        #: Where the module's fields are: imports, names, constants, further names.
        self.imports, self.names, self.constants, self.others = range(root + 8, root + 40, 8)

    def _word(self, place: int) -> int:
        return int.from_bytes(self.bytes[place : place + 8], "little")

    def _put(self, place: int, word: int) -> None:
        self.bytes[place : place + 8] = word.to_bytes(8, "little")

    def _array(self, field: int) -> tuple[int, int]:
        """The place of an array's first element, and their number."""
        place = self._word(field) - self._word(80)
        return place + 24, self._word(place + 8)

    def drop(self, index: int) -> None:
        """Remove a constant; what mentions it stays."""
        for field in (self.names, self.constants):
            first, size = self._array(field)
            index %= size
            rest = self.bytes[first + 8 * (index + 1) : first + 8 * size]
            self.bytes[first + 8 * index : first + 8 * index + len(rest)] = rest
            self._put(first - 16, size - 1)
            self._put(first - 8, size - 1)

    def double(self) -> None:
        """Give the second constant the name and place of the first as well."""
        for field in (self.names, self.constants):
            first, _ = self._array(field)
            self._put(first + 8, self._word(first))

    def hide(self) -> None:
        """Move all names into the table of further names, which are no constants."""
        names, nothing = self._word(self.names), self._word(self.others)
        assert self._array(self.others)[1] == 0
        self._put(self.others, names)
        self._put(self.names, nothing)
        self._put(self.constants, nothing)

    def flag(self) -> None:
        """Have the first import say ``import all``."""
        first, _ = self._array(self.imports)
        self.bytes[self._word(first) - self._word(80) + 16] = 1

    def rename(self, old: str, new: str) -> None:
        """Change a word wherever it is part of a name."""
        assert len(old) == len(new)
        before, after = (f"{each}\0".encode() for each in (old, new))
        assert before in self.bytes
        self.bytes = self.bytes.replace(before, after)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        pytest.param("TARGET_MISSING", File.hide, id="names without constants"),
        pytest.param("IMPORTS_CHANGED", File.flag, id="what is imported of a module"),
        pytest.param(
            "SHADOWED_CONSTANT", lambda file: file.rename("first", "False"), id="an imported name"
        ),
        pytest.param("OLEAN_UNREADABLE", File.double, id="a name twice"),
        pytest.param(
            "OLEAN_UNREADABLE",
            lambda file: file.bytes.__setitem__(slice(40, 80), b"b" * 40),
            id="the release of another Lean",
        ),
        pytest.param(
            "OLEAN_UNREADABLE", lambda file: file.bytes.__delitem__(slice(-8, None)), id="cut off"
        ),
    ],
)
def test_files_that_lean_does_not_write(
    lean: Lean, reason: str, change: Callable[[File], None]
) -> None:
    file = File(lean.compile(LEMMA))
    judged(lean, SWAP, bytes(file.bytes))
    change(file)
    assert refused(lean, SWAP, bytes(file.bytes)).reason == reason


def test_what_is_mentioned_must_be_defined_somewhere(lean: Lean) -> None:
    source = f"{HEADER}theorem lemma {SWAP} := {PROOF}\ntheorem target {SWAP} := lemma a b h\n"
    file = File(lean.compile(source))
    file.drop(Olean([bytes(file.bytes)]).names.index(("lemma",)))
    error = refused(lean, SWAP, bytes(file.bytes))
    assert error.reason == "UNRESOLVED_CONSTANT"
    assert "lemma" in str(error)


@pytest.mark.parametrize("name", ["T", "Color.rec"])
def test_what_a_statement_speaks_of_must_be_there(lean: Lean, name: str) -> None:
    context = "def T : Prop := True\ninductive Color where\n  | red : Color\n"
    statement = "(c : Color) : T"
    file = File(lean.compile(f"{HEADER}{context}theorem target {statement} := True.intro"))
    judged(lean, statement, bytes(file.bytes), context=context)
    file.drop(Olean([bytes(file.bytes)]).names.index(parse(name)))
    error = refused(lean, statement, bytes(file.bytes), context=context)
    assert error.reason == "CONTEXT_CHANGED"
    assert name in str(error)


def test_the_release_must_be_that_of_the_statement(lean: Lean) -> None:
    olean = lean.compile(LEMMA)
    other = olean[:40] + b"b" * 40 + olean[80:]
    releases = [*KNOWN_RELEASES, "b" * 40]
    library = Library(["Base"], [lean.folder], allowed=ALLOWED, releases=releases)
    reference = Reference(olean, ("target",), library)
    with pytest.raises(AuditError) as caught:
        audit(other, reference, library, ALLOWED)
    assert caught.value.reason == "OLEAN_UNREADABLE"


def test_a_candidate_that_takes_too_long_to_read_is_too_large(
    lean: Lean, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = lean.library("Base")
    reference = Reference(lean.compile(LEMMA), ("target",), library)
    short = functools.partial(Olean, steps=100)
    monkeypatch.setattr("assayoffice.verifiers.lean.compiled.audit.Olean", short)
    with pytest.raises(AuditTooLarge):
        audit(lean.compile(LEMMA), reference, library, ALLOWED)


def test_terms_that_grow_when_they_are_written_out_take_no_time(lean: Lean) -> None:
    # 2 to the power of 60 applications, if shared parts were walked each time.
    lets = "".join(f"  let p{i + 1} : Prop := And p{i} p{i}\n" for i in range(60))
    candidate = (
        f"{HEADER}def grown (p0 : Prop) : Prop :=\n{lets}  p60\ntheorem target {SWAP} := {PROOF}"
    )
    judged(lean, SWAP, candidate)


def test_the_library_must_be_about_the_same_axioms(lean: Lean) -> None:
    library = lean.library("Base")
    reference = Reference(lean.compile(LEMMA), ("target",), library)
    with pytest.raises(ValueError, match="other axioms"):
        audit(lean.compile(LEMMA), reference, library, frozenset())


def test_messages_show_some_names_in_order(lean: Lean) -> None:
    axioms = "".join(f"axiom a{i} : False\n" for i in (3, 6, 1, 2, 5, 4, 7))
    error = refused(lean, FALSE, f"{HEADER}{axioms}theorem target : False := a1")
    assert "a1, a2, a3, a4, a5 and 2 more" in str(error)
    hostile = "axiom \u00abx\u202ey\u00bb : False\n"
    error = refused(lean, FALSE, f"{HEADER}{hostile}theorem target : False := trap")
    assert "x?y" in str(error)
    long = "axiom " + "x" * 1000 + " : False\n"
    error = refused(lean, FALSE, f"{HEADER}{long}theorem target : False := trap")
    assert len(str(error)) < 300


SORRY = frozenset({("sorryAx",)})


def test_axioms_are_followed_through_modules(lean: Lean) -> None:
    lean.compile(
        "prelude\nimport Base\nset_option genCtorIdx false\n"
        "private theorem hidden : False := sorryAx _ Bool.true\n"
        "noncomputable opaque A.mk : False := hidden\n"
        "theorem A.early : False := A.mk\n"
        "theorem A.fine : True := True.intro\n"
        "theorem A.propext : Eq True True := _root_.propext (fun h => h) (fun h => h)\n"
        "inductive A.T : Type where\n  | mk (proof : Eq A.mk A.mk) : A.T\n",
        "First",
    )
    lean.compile(
        "prelude\nimport First\nset_option genCtorIdx false\n"
        "theorem B.mk : False := A.early\n"
        "theorem B.typed (t : A.T) : True := True.intro\n"
        "theorem B.built : Eq (A.T.rec (fun _ => True.intro) (sorryAx A.T Bool.true)) True.intro :="
        " Eq.refl True.intro\n"
        "theorem B.fine : True := A.fine\n",
        "Second",
    )
    library = lean.library("Second")
    assert library.modules == ("Base", "First", "Second")
    private = ("_private", "First", 0, "hidden")
    for name in ("trap", "sorryAx", "A.mk", "A.early", "A.T", "A.T.mk", "A.T.rec", "B.mk"):
        assert library.forbidden(parse(name)) == SORRY, name
    assert library.forbidden(private) == SORRY
    assert library.forbidden(("B", "typed")) == SORRY
    for name in ("A.fine", "A.propext", "B.fine", "Nat.add"):
        assert library.forbidden(parse(name)) == frozenset(), name
    strict = lean.library("Second", allowed=frozenset({("sorryAx",)}))
    assert strict.forbidden(("B", "mk")) == frozenset()
    assert strict.forbidden(("A", "propext")) == {("propext",)}


def test_axioms_are_followed_through_what_a_module_does_not_show(tmp_path: Path) -> None:
    lean = Lean(tmp_path)
    lean.compile(
        "module\nprelude\nset_option genCtorIdx false\n"
        "public inductive False : Prop\n"
        "public axiom sorryAx (p : Prop) : p\n"
        "theorem inner : False := sorryAx False\n"
        "public theorem outer : False := inner\n"
        "public theorem fine (p : Prop) (h : p) : p := h\n",
        "Parts",
    )
    lean.compile("prelude\nimport Parts\ntheorem user : False := outer\n", "User")
    library = lean.library("User")
    assert library.forbidden(("outer",)) == library.forbidden(("user",)) == SORRY
    assert library.forbidden(("fine",)) == frozenset()
    (tmp_path / "Parts.olean.private").unlink()
    with pytest.raises(LibraryError, match="Parts cannot be read"):
        lean.library("User")


def test_a_library_knows_what_is_defined_and_safe(lean: Lean) -> None:
    library = lean.library("Base")
    assert ("Nat", "add") in library
    assert ("Nat", "sub") not in library
    assert library.is_safe(("Nat", "add"))
    assert not library.is_safe(("loop",))
    assert not library.is_safe(("lcErased",))
    with pytest.raises(KeyError):
        library.is_safe(("Nat", "sub"))
    with pytest.raises(KeyError):
        library.forbidden(("Nat", "sub"))


def test_a_librarys_digest_is_of_names_and_contents(lean: Lean, tmp_path: Path) -> None:
    for file in lean.folder.glob("*.olean"):
        shutil.copy(file, tmp_path)
    copy = Lean(tmp_path)
    assert copy.library("More").digest == lean.library("More").digest
    assert copy.library("Base").digest != lean.library("More").digest
    copy.compile("prelude\nimport Base\ntheorem more : True := True.intro\n", "More")
    assert copy.library("More").digest != lean.library("More").digest


def test_a_library_says_what_it_cannot_read(lean: Lean, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"no compiled module Mathlib\.Tactic in .*: build it"):
        lean.library("Mathlib.Tactic")
    with pytest.raises(LibraryError, match="no folder at all"):
        Library(["Base"], [], allowed=ALLOWED, releases=KNOWN_RELEASES)
    with pytest.raises(LibraryError, match="Base cannot be read: .*release that is known"):
        Library(["Base"], [lean.folder], allowed=ALLOWED, releases=["b" * 40])
    (tmp_path / "Base.olean").write_bytes(lean.compile(BASE, "Base")[:-8])
    with pytest.raises(LibraryError, match="Base cannot be read"):
        Library(["Base"], [tmp_path, lean.folder], allowed=ALLOWED, releases=KNOWN_RELEASES)


def test_a_module_can_be_read_again(lean: Lean) -> None:
    assert ("trap",) in lean.library("Base").olean("Base").names
