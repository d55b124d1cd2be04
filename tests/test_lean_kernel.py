"""The kernel of a real Lean accepts what Lean has proved, and nothing that was forged later."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from lean_toolchain import headers, modules

from assayoffice.sandbox.programs import RunLimits, Sandbox, SandboxSettings
from assayoffice.verifiers.lean.backends import toolchain
from assayoffice.verifiers.lean.backends.cli import LeanCli
from assayoffice.verifiers.lean.backends.kernel import RELEASES, KernelReplayer, ReplayLimit
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable, Proof
from assayoffice.verifiers.lean.compiled.olean import Olean
from assayoffice.verifiers.lean.compiled.terms import (
    Constant,
    Constructor,
    Inductive,
    Kind,
    Name,
    Safety,
    Term,
    Terms,
)
from assayoffice.verifiers.lean.settings import STANDARD_AXIOMS, Header

MIB = 1 << 20
LIMITS = RunLimits(
    cpu_seconds=20.0, wall_seconds=61.0, memory_bytes=1024 * MIB, output_bytes=1 * MIB
)
(GITHASH,) = RELEASES

# Everything that kernels treat in a way of its own.
HONEST = """
set_option linter.all false
noncomputable section
universe u v
theorem induction : (a : Nat) → Eq (HAdd.hAdd (0 : Nat) a) a
  | .zero => rfl
  | .succ a => congrArg Nat.succ (induction a)
structure Point (α : Type u) where
  x : α
  y : α
theorem eta (α : Type u) (p : Point α) : Eq (Point.mk p.x p.y) p := rfl
mutual
inductive Tree (α : Type u) : Type u where
  | node (a : α) (f : Forest α) : Tree α
inductive Forest (α : Type u) : Type u where
  | nil : Forest α
  | cons (t : Tree α) (f : Forest α) : Forest α
end
inductive MyList (α : Type u) where
  | nil : MyList α
  | cons (a : α) (l : MyList α) : MyList α
inductive Rose (α : Type u) : Type u where
  | mk (a : α) (l : MyList (Rose α)) : Rose α
inductive W (α : Type u) (β : α → Type v) : Type (max u v) where
  | sup (a : α) (f : β a → W α β) : W α β
inductive Vec (α : Type u) : Nat → Type u where
  | nil : Vec α .zero
  | cons {n : Nat} (a : α) (v : Vec α n) : Vec α (.succ n)
inductive Reach {α : Sort u} (r : α → α → Prop) : α → Prop where
  | intro (x : α) (h : (y : α) → r y x → Reach r y) : Reach r x
def len {α : Type u} : MyList α → Nat
  | .nil => .zero
  | .cons _ l => .succ (len l)
theorem numeral : Eq (id 98765432109876543210 : Nat) 98765432109876543210 := rfl
theorem binding (a : Nat) : let b := a; Eq a b := rfl
theorem projection (p : Prod Nat Nat) : Eq p.1 p.fst := rfl
theorem levels {α : Sort u} {β : Sort v} (f : α → β) : Eq f (fun x => f x) := rfl
opaque secret : Nat := 5
private theorem hidden (a : Nat) : Eq a a := rfl
theorem target (a b : Nat) (h : Eq a b) : Eq b a := h ▸ hidden a
"""
PRELUDE = """prelude
set_option genCtorIdx false
set_option linter.all false
noncomputable section
universe u v
unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type
inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a
"""
QUOTIENT = """
init_quot
unsafe def loop (a : Eq lcErased lcErased) : Eq lcErased lcErased := loop a
axiom Quot.sound {α : Sort u} {r : α → α → Prop} {a b : α} (h : r a b) :
  Eq (Quot.mk r a) (Quot.mk r b)
theorem target {α : Sort u} {r : α → α → Prop} {β : Sort v} (f : α → β)
  (h : (a b : α) → r a b → Eq (f a) (f b)) (a : α) : Eq (Quot.lift f h (Quot.mk r a)) (f a) :=
  Eq.refl (f a)
"""
STRING = """
inductive String where
  | empty : String
theorem target : Eq "\\u03b1\\x00\\u2713" "α\\x00✓" := Eq.refl _
"""
# 2 to the power of 25 in unary, which the kernel would count out.
ENDLESS = """
inductive N | zero | succ (n : N)
noncomputable def N.add (a b : N) : N := b.rec a (fun _ r => .succ r)
noncomputable def N.power (n : N) : N := n.rec (.succ .zero) (fun _ r => .add r r)
noncomputable def five : N := .succ (.succ (.succ (.succ (.succ .zero))))
noncomputable def many : N := .add five (.add five (.add five (.add five five)))
theorem target (h : Eq (N.add many.power (.succ .zero)) (N.add (.succ .zero) many.power)) :
  Eq (N.add many.power (.succ .zero)) (N.add (.succ .zero) many.power) := h
"""
FORGEABLE = """
noncomputable section
theorem target (a : Nat) : Eq a a := Eq.refl a
theorem other (a : Nat) : Eq (HAdd.hAdd a (0 : Nat)) a := rfl
inductive Color where | red | green
structure Couple where
  first : Nat
  second : Nat
inductive Row (α : Type) where
  | nil : Row α
  | cons (head : α) (tail : Row α) : Row α
def answer : Nat := 42
theorem reversed (a b : Nat) (h : Eq a b) : Eq b a := Eq.symm h
theorem universal.{u} (α : Sort u) (a : α) : Eq a a := Eq.refl a
"""
TACTICS = """
theorem target (a b : Nat) : a + b = b + a := by
  induction b with
  | zero => rw [Nat.add_zero, Nat.zero_add]
  | succ b ih => rw [Nat.add_succ, Nat.succ_add, ih]
theorem small : 9223372036854775807 + 1 = 9223372036854775808 := by decide
theorem large : 98765432109876543210 * 12345678901234567890 =
  1219326311370217952237463801111263526900 := by decide
theorem simplified (a b : Nat) (l : List Nat) (h : a = b) : [a] ++ l = b :: l := by simp [h]
"""
# Lean's elaborator takes what is called so for another form of the same definition.
BELIEVED = """
noncomputable section
def lie (_ : Nat) : Bool := Bool.true
theorem true_lie : Eq (lie 0) Bool.true := rfl
def lie._sunfold (_ : Nat) : Bool := Bool.false
def T (b : Bool) : Prop := Bool.rec (motive := fun _ => Prop) False True b
theorem false_lie : Eq (lie 0) Bool.false := id rfl
theorem target : False :=
  Eq.ndrec (motive := T) (a := Bool.true) True.intro (Eq.trans (Eq.symm true_lie) false_lie)
"""


@dataclass
class Forgery:
    """A proof that was honest, open to changes."""

    imports: tuple[str, ...]
    terms: Terms
    constants: dict[Name, Constant] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Constant:
        return self.constants[tuple(name.split("."))]

    def change(self, name: str, **fields: Any) -> None:
        self.constants[tuple(name.split("."))] = replace(self[name], **fields)

    def detail(self, name: str, **fields: Any) -> None:
        detail: Any = self[name].detail
        self.change(name, detail=replace(detail, **fields))

    def term(self, *node: object) -> Term:
        return self.terms.intern(node)

    def const(self, name: str, *levels: Term) -> Term:
        return self.term("const", tuple(name.split(".")), levels)

    def apply(self, function: Term, *arguments: Term) -> Term:
        for argument in arguments:
            function = self.term("app", function, argument)
        return function

    def parts(self, term: Term) -> Any:
        return self.terms.nodes[term]


@pytest.fixture(scope="module")
def header() -> Header:
    return headers()["assay"]


@pytest.fixture(scope="module")
def sandbox(header) -> Iterator[Sandbox]:
    with toolchain.sandbox_for(header, SandboxSettings()) as made:
        yield made


@pytest.fixture(scope="module")
def compiled(sandbox, header) -> Callable[[str], bytes]:
    known: dict[str, bytes] = {}

    def compile_once(source: str) -> bytes:
        if source not in known:
            whole = source if source.startswith("prelude") else header.source + "\n" + source
            made = LeanCli(sandbox, toolchain.places(header)).elaborate(whole, LIMITS)
            assert made.olean is not None, made
            known[source] = made.olean
        return known[source]

    return compile_once


@pytest.fixture
def forge(compiled) -> Callable[[str], Forgery]:
    return lambda source: decoded(compiled(source))


@pytest.fixture
def replay(sandbox, header) -> Callable[..., str]:
    replayer = KernelReplayer(sandbox, toolchain.places(header), GITHASH)

    def objection(forgery: Forgery, target: str = "target", **limits: float) -> str:
        constants = list(forgery.constants.values())
        name = tuple(target.split("."))
        proof = Proof(name, forgery.imports, forgery.terms, constants, b"", b"")
        return replayer.objection(proof, replace(LIMITS, **limits))

    return objection


def decoded(olean: bytes, terms: Terms | None = None) -> Forgery:
    module, terms = Olean([olean]), terms or Terms()
    imports = tuple(".".join(map(str, each.module)) for each in module.imports)
    constants = {name: module.constant(name, terms) for name in module.names}
    return Forgery(imports, terms, constants)


class TestHonest:
    @pytest.mark.parametrize(
        "source",
        [HONEST, TACTICS, PRELUDE + QUOTIENT, PRELUDE + STRING],
        ids=["kinds", "tactics", "quotient", "string"],
    )
    def test_proof_is_accepted(self, forge, replay, source):
        assert replay(forge(source)) == ""

    def test_all_of_the_header_from_its_beginning(self, sandbox, header):
        axioms = (*STANDARD_AXIOMS, "sorryAx")
        replayer = KernelReplayer(sandbox, toolchain.places(header), GITHASH, axioms)
        replayed = 0
        for file in modules().rglob("*.olean"):
            whole = decoded(file.read_bytes())
            constants = whole.constants.values()
            theorems = [each.name for each in constants if each.kind is Kind.THEOREM]
            if theorems:
                proof = Proof(theorems[0], whole.imports, whole.terms, list(constants), b"", b"")
                assert replayer.objection(proof, LIMITS) == ""
                replayed += len(constants)
        assert replayed > 500

    def test_order_of_the_constants_does_not_matter(self, forge, replay):
        honest = forge(HONEST)
        honest.constants = dict(reversed(honest.constants.items()))
        assert replay(honest) == ""

    def test_numeral_of_many_digits(self, forge, replay):
        honest = forge(FORGEABLE)
        honest.change("answer", value=honest.term("nat", 7**20_000))
        assert replay(honest) == ""


class TestForgedBytes:
    """Files that Lean itself imports, and in which nothing but a proof has been exchanged."""

    def test_proof_of_something_else(self, compiled, replay):
        olean = compiled(FORGEABLE)
        heap = Heap(olean)
        later, earlier = heap.theorem("target"), heap.theorem("reversed")
        name = "target"
        if later < earlier:  # what comes before an object cannot point to it
            later, earlier, name = earlier, later, "reversed"
        heap.words[later + 2] = heap.words[earlier + 2]
        forged = heap.content()
        honest = decoded(olean)
        claimed = decoded(forged, honest.terms)
        assert [each.type for each in claimed.constants.values()] == [
            each.type for each in honest.constants.values()
        ]
        assert replay(honest) == ""
        assert replay(claimed) == f"{name}: its value does not have the type that is claimed"

    def test_what_lean_caches_in_terms_is_made_anew(self, compiled, replay):
        olean = compiled(FORGEABLE)
        heap = Heap(olean)
        value = heap.at(heap.theorem("target"), 1)
        body = heap.at(value, 2)
        # With hash 0 they are taken for equal, and with a range of 0 nothing is ever put in.
        heap.words[value + 4] = heap.words[body + 3] = 0
        assert heap.content() != olean
        assert replay(decoded(heap.content())) == ""

    @pytest.mark.parametrize(
        ("source", "why"),
        [
            ("theorem target : False := lcUnreachable", "unsafe"),
            ("theorem target : (2 : Nat) + 2 = 5 := by decide +kernel", "argument"),
            (BELIEVED, "false_lie: a function is applied to an argument of another type"),
        ],
        ids=["unsafe", "left to the kernel", "believed"],
    )
    def test_proof_that_lean_was_told_not_to_check(self, forge, replay, source, why):
        assert why in replay(forge(f"set_option debug.skipKernelTC true\n{source}\n"))


class TestForgedValues:
    def test_other_value(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("target", value=forged["other"].value)
        forged.change("other", value=forged["universal"].value, level_parameters=())
        assert replay(forged).startswith("other: ")

    def test_false_statement(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("target", type=forged.const("False"))
        assert replay(forged) == "target: its value does not have the type that is claimed"

    @pytest.mark.parametrize("other", ["α\0✗", "α", "α\0✓\0", ""])
    def test_string_that_is_another(self, forge, replay, other):
        forged = forge(PRELUDE + STRING)
        _, equal_to_left, _ = forged.parts(forged["target"].type)
        wrong = forged.apply(equal_to_left, forged.term("string", other))
        forged.change("target", type=wrong)
        assert replay(forged) == "target: its value does not have the type that is claimed"

    @pytest.mark.parametrize("added", [1, 1 << 32, 1 << 63, 1 << 64])
    def test_numeral_that_is_another(self, forge, replay, added):
        forged = forge(HONEST)
        _, equal_to_left, _ = forged.parts(forged["numeral"].type)
        literal = forged.term("nat", 98765432109876543210 + added)
        forged.change("numeral", type=forged.apply(equal_to_left, literal))
        assert replay(forged) == "numeral: its value does not have the type that is claimed"
        honest = forged.term("nat", 98765432109876543210)
        forged.change("numeral", type=forged.apply(equal_to_left, honest))
        assert replay(forged) == ""

    def test_function_applied_to_an_argument_of_another_type(self, forge, replay):
        forged = forge(FORGEABLE)
        _, binder, kind, body = forged.parts(forged["target"].value)
        wrong = forged.apply(forged.parts(body)[1], forged.const("Nat"))
        forged.change("target", value=forged.term("lambda", binder, kind, wrong))
        assert replay(forged) == "target: a function is applied to an argument of another type"

    def test_application_of_what_is_no_function(self, forge, replay):
        forged = forge(FORGEABLE)
        zero = forged.const("Nat.zero")
        forged.change("answer", value=forged.apply(zero, zero))
        assert replay(forged) == "answer: something is applied that is no function"

    def test_loose_bound_variable(self, forge, replay):
        forged = forge(FORGEABLE)
        _, _, _, body = forged.parts(forged["target"].value)
        forged.change("target", value=body)
        assert replay(forged) == "target: it has a loose bound variable"

    @pytest.mark.parametrize("bits", [20, 64, 20_000])
    def test_bound_variable_beyond_what_lean_can_represent(self, forge, replay, bits):
        forged = forge(FORGEABLE)
        forged.change("target", value=forged.term("bvar", (1 << bits) - 1))
        assert replay(forged) == "a bound variable's index is too large"

    @pytest.mark.parametrize("levels", [0, 2])
    def test_wrong_number_of_levels(self, forge, replay, levels):
        forged = forge(FORGEABLE)
        one = forged.term("succ", forged.term("zero"))
        refl = forged.const("Eq.refl", *[one] * levels)
        _, binder, kind, body = forged.parts(forged["target"].value)
        nat, bound = forged.parts(forged.parts(body)[1])[2], forged.parts(body)[2]
        value = forged.term("lambda", binder, kind, forged.apply(refl, nat, bound))
        forged.change("target", value=value)
        assert replay(forged).startswith("target: ")

    def test_level_that_is_no_parameter(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("universal", level_parameters=())
        assert replay(forged).startswith("universal: ")

    def test_theorem_that_is_no_proposition(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("answer", kind=Kind.THEOREM, hint=None)
        assert replay(forged) == "answer: it is a theorem, but its type is no proposition"

    def test_theorem_that_rests_on_itself(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("target", type=forged.const("False"), value=forged.const("target"))
        assert replay(forged) == "target: it mentions target, which is not there"

    def test_theorems_that_rest_on_each_other(self, forge, replay):
        forged = forge(FORGEABLE)
        false = forged.const("False")
        forged.change("target", type=false, value=forged.const("other"))
        forged.change("other", type=false, value=forged.const("target"))
        assert replay(forged).endswith("which is not there")

    def test_mention_of_what_is_not_there(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("answer", value=forged.const("Nat.lost"))
        assert replay(forged) == "answer: it mentions Nat.lost, which is not there"

    def test_target_that_is_no_theorem(self, forge, replay):
        assert replay(forge(FORGEABLE), "answer") == "answer is no theorem"
        assert replay(forge(FORGEABLE), "lost") == "lost is no theorem"

    def test_constant_of_the_header_defined_again(self, forge, replay):
        forged = forge(FORGEABLE)
        again = replace(forged["answer"], name=("False",))
        forged.constants[again.name] = again
        assert replay(forged) == "False: False is there already"

    def test_constant_without_its_value(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("target", value=None)
        assert replay(forged) == "target has no value"

    @pytest.mark.parametrize("safety", [Safety.UNSAFE, Safety.PARTIAL])
    def test_proof_that_rests_on_an_unsafe_definition(self, forge, replay, safety):
        forged = forge(FORGEABLE)
        forged.change("answer", safety=safety, type=forged.const("False"))
        assert replay(forged) == ""
        forged.change("target", type=forged.const("False"), value=forged.const("answer"))
        assert replay(forged) == "target: it mentions answer, which is not there"

    def test_axiom(self, forge, replay):
        forged = forge(FORGEABLE)
        forged.change("answer", kind=Kind.AXIOM, value=None, type=forged.const("False"))
        assert replay(forged) == "answer is an axiom that the header does not allow"

    def test_axiom_that_the_header_allows(self, sandbox, header, forge):
        forged = forge(FORGEABLE)
        forged.change("answer", kind=Kind.AXIOM, value=None, type=forged.const("False"))
        constants = list(forged.constants.values())
        proof = Proof(("target",), forged.imports, forged.terms, constants, b"", b"")
        places = toolchain.places(header)
        assert KernelReplayer(sandbox, places, GITHASH, ["answer"]).objection(proof, LIMITS) == ""


def other_constructor_type(forged: Forgery) -> None:
    forged.change("Color.red", type=forged.const("Nat"))


def no_constructor(forged: Forgery) -> None:
    forged.detail("Color", constructors=(("Color", "red"), ("answer",)))


def constructor_left_out(forged: Forgery) -> None:
    del forged.constants["Color", "green"]


def one_constructor_less(forged: Forgery) -> None:
    forged.detail("Color", constructors=(("Color", "red"),))


def constructor_of_another_type(forged: Forgery) -> None:
    forged.detail("Color.red", inductive=("Couple",))


def constructor_of_no_type(forged: Forgery) -> None:
    forged.detail("Color.red", inductive=("answer",))


def constructor_of_another_place(forged: Forgery) -> None:
    forged.detail("Color.red", index=1)


def constructor_of_more_fields(forged: Forgery) -> None:
    forged.detail("Couple.mk", fields=3)


def constructor_of_more_parameters(forged: Forgery) -> None:
    forged.detail("Row.cons", parameters=1 << 70)


def block_of_more_types(forged: Forgery) -> None:
    forged.detail("Color", all=(("Color",), ("Couple",)))


def block_of_no_types(forged: Forgery) -> None:
    forged.detail("Color", all=())


def type_of_indices(forged: Forgery) -> None:
    forged.detail("Color", indices=1)


def type_of_no_recursion(forged: Forgery) -> None:
    forged.detail("Row", is_recursive=False)


def type_of_functions(forged: Forgery) -> None:
    forged.detail("Row", is_reflexive=True)


def type_that_nests(forged: Forgery) -> None:
    forged.detail("Row", nested=1)


def type_of_fewer_parameters(forged: Forgery) -> None:
    forged.detail("Row", parameters=0)


def rules_exchanged(forged: Forgery) -> None:
    recursor: Any = forged["Color.rec"].detail
    red, green = recursor.rules
    swapped = replace(red, value=green.value), replace(green, value=red.value)
    forged.detail("Color.rec", rules=swapped)


def rule_of_more_fields(forged: Forgery) -> None:
    recursor: Any = forged["Couple.rec"].detail
    forged.detail("Couple.rec", rules=(replace(recursor.rules[0], fields=1),))


def rule_left_out(forged: Forgery) -> None:
    recursor: Any = forged["Color.rec"].detail
    forged.detail("Color.rec", rules=recursor.rules[:1])


def recursor_that_looks_no_further(forged: Forgery) -> None:
    forged.detail("Color.rec", is_k=True)


def recursor_of_more_motives(forged: Forgery) -> None:
    forged.detail("Color.rec", motives=2)


def recursor_of_another_type(forged: Forgery) -> None:
    forged.change("Color.rec", type=forged["Couple.rec"].type)


def recursor_of_no_type(forged: Forgery) -> None:
    forged.detail("Color.rec", all=(("answer",),))


def recursor_of_another_name(forged: Forgery) -> None:
    again = replace(forged["Color.rec"], name=("Color", "rec_1"))
    forged.constants[again.name] = again


def quotient_that_is_none(forged: Forgery) -> None:
    quotient = replace(forged["answer"], name=("Quot",), kind=Kind.QUOTIENT, value=None, quotient=0)
    forged.constants[quotient.name] = quotient


class TestForgedTypes:
    @pytest.mark.parametrize(
        "forgery",
        [
            other_constructor_type,
            no_constructor,
            constructor_left_out,
            one_constructor_less,
            constructor_of_another_type,
            constructor_of_no_type,
            constructor_of_another_place,
            constructor_of_more_fields,
            constructor_of_more_parameters,
            block_of_more_types,
            block_of_no_types,
            type_of_indices,
            type_of_no_recursion,
            type_of_functions,
            type_that_nests,
            type_of_fewer_parameters,
            rules_exchanged,
            rule_of_more_fields,
            rule_left_out,
            recursor_that_looks_no_further,
            recursor_of_more_motives,
            recursor_of_another_type,
            recursor_of_no_type,
            recursor_of_another_name,
            quotient_that_is_none,
        ],
    )
    def test_claim_that_the_kernel_does_not_confirm(self, forge, replay, forgery):
        forged = forge(FORGEABLE)
        forgery(forged)
        assert replay(forged) != ""

    def test_type_that_takes_itself_as_an_argument(self, forge, replay):
        """From which everything would follow: mk : (Loop -> False) -> Loop."""
        forged = alone(forge(FORGEABLE))
        loop, false = forged.const("Loop"), forged.const("False")
        argument = forged.term("forall", 0, loop, false)
        define(forged, [forged.term("forall", 0, argument, loop)])
        assert "non positive occurrence" in replay(forged)

    def test_type_of_types_that_is_too_small(self, forge, replay):
        forged = alone(forge(FORGEABLE))
        one = forged.term("succ", forged.term("zero"))
        argument = forged.term("sort", forged.term("succ", one))
        define(forged, [forged.term("forall", 0, argument, forged.const("Loop"))])
        assert "universe level" in replay(forged)

    def test_type_that_is_what_it_should_be(self, forge, replay):
        forged = alone(forge(FORGEABLE))
        define(forged, [forged.const("Loop")])
        assert replay(forged) == ""


class TestLimits:
    @pytest.fixture
    def endless(self, forge) -> Forgery:
        forged: Forgery = forge(ENDLESS)
        _, _, statement, _ = forged.parts(forged["target"].type)
        _, equal_to_left, _ = forged.parts(statement)
        _, of_type, left = forged.parts(equal_to_left)
        kind = forged.parts(of_type)[2]
        one = forged.term("succ", forged.term("zero"))
        proof = forged.apply(forged.const("Eq.refl", one), kind, left)
        forged.change("target", type=statement, value=proof)
        return forged

    def test_cpu_time(self, endless, replay):
        with pytest.raises(ReplayLimit) as reached:
            replay(endless, cpu_seconds=0.5)
        assert reached.value.limit == "CPU_TIME"

    def test_memory(self, endless, replay):
        with pytest.raises(ReplayLimit) as reached:
            replay(endless, memory_bytes=160 * MIB)
        assert reached.value.limit == "MEMORY"

    def test_depth(self, forge, replay):
        forged = forge(FORGEABLE)
        deep = forged.const("Nat.zero")
        for _ in range(220_000):
            deep = forged.apply(forged.const("Nat.succ"), deep)
        forged.change("answer", value=deep)
        with pytest.raises(ReplayLimit) as reached:
            replay(forged)
        assert reached.value.limit == "STACK"


class TestUnavailable:
    def test_release_that_was_never_tried(self, sandbox):
        with pytest.raises(LeanUnavailable, match="leanchecker"):
            KernelReplayer(sandbox, (), "0" * 40)

    def test_module_that_is_not_there(self, forge, replay):
        honest = forge(FORGEABLE)
        honest.imports = ("Nowhere",)
        with pytest.raises(LeanUnavailable, match="Nowhere"):
            replay(honest)

    def test_toolchain_without_a_library(self, forge, open_folder):
        made = without_library(open_folder)
        forged = forge(FORGEABLE)
        constants = list(forged.constants.values())
        proof = Proof(("target",), (), forged.terms, constants, b"", b"")
        with (
            toolchain.sandbox_for(made, SandboxSettings()) as sandbox,
            pytest.raises(LeanUnavailable, match=r"libleanshared\.so"),
        ):
            KernelReplayer(sandbox, (), GITHASH).objection(proof, LIMITS)


def alone(forged: Forgery) -> Forgery:
    """Only the theorem that is asked for."""
    forged.constants = {("target",): forged["target"]}
    return forged


def define(forged: Forgery, constructors: Sequence[Term]) -> None:
    """An inductive type Loop in Type, with what its file would say of it but for the recursor."""
    kind = forged.term("sort", forged.term("succ", forged.term("zero")))
    names = tuple(("Loop", f"mk{index}") for index in range(len(constructors)))
    inductive = Inductive(0, 0, (("Loop",),), names, 0, False, False)
    loop = Constant(Kind.INDUCTIVE, ("Loop",), (), kind, Safety.SAFE, detail=inductive)
    forged.constants["Loop",] = loop
    for index, (name, term) in enumerate(zip(names, constructors, strict=True)):
        detail = Constructor(("Loop",), index, 0, 0)
        made = Constant(Kind.CONSTRUCTOR, name, (), term, Safety.SAFE, detail=detail)
        forged.constants[name] = made


class Heap:
    """The words of a compiled module, to be forged; verifiers/lean/compiled tells what they are.

    An object is told by the index of its first word; its fields are in those that follow.
    """

    def __init__(self, olean: bytes) -> None:
        self._olean = olean
        self.words = list(struct.unpack(f"<{len(olean) // 8}Q", olean))
        self._start = self.words[10]

    def content(self) -> bytes:
        return struct.pack(f"<{len(self.words)}Q", *self.words)

    def at(self, index: int, *fields: int) -> int:
        """The object that is reached from another through these fields, or the file's start."""
        for number in fields:
            index = (self.words[index + 1 + number] - self._start) // 8
            if not 0 < index < len(self.words) - 4:
                return 0
        return index

    def theorem(self, name: str) -> int:
        """A TheoremVal: what has name, levels and type, then the value."""
        information = 2 << 56 | 1 << 48 | 16 << 32
        for index, word in enumerate(self.words):
            if word == information:
                text = 8 * self.at(index, 0, 0, 0, 1) + 32
                if self._olean[text:].startswith(name.encode() + b"\0"):
                    return self.at(index, 0)
        raise LookupError(name)


def without_library(folder: Path) -> Header:
    """A toolchain with nothing but a program ``lean``, where programs in sandboxes get to."""
    lean = folder / "toolchain" / "bin" / "lean"
    lean.parent.mkdir(parents=True)
    lean.write_text("#!/bin/sh\n")
    return Header("empty", folder / "toolchain", "")
