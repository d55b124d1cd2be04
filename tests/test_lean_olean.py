"""What real Lean compiles is read as it was written, and equal terms of all files are one."""

from pathlib import Path

import pytest
from lean_modules import compiled, parts_of

from assayoffice.verifiers.lean.compiled.olean import (
    DEFAULT_STEPS,
    KNOWN_RELEASES,
    Import,
    Olean,
    OleanError,
    OleanTooLarge,
)
from assayoffice.verifiers.lean.compiled.terms import (
    Binder,
    Constructor,
    Inductive,
    Kind,
    Name,
    Node,
    Recursor,
    Safety,
    Terms,
)

# Lean wants some of this before it makes anything of an inductive type.
_SOURCE = """\
prelude
set_option genCtorIdx false
set_option linter.all false
universe u v
unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type
set_option bootstrap.inductiveCheckResultingUniverse false in
inductive PUnit : Sort u where | unit : PUnit
inductive Eq {α : Sort u} : α → α → Prop where | refl (a : α) : Eq a a
inductive Nat where | zero : Nat | succ (n : Nat) : Nat
def Nat.add (m n : Nat) : Nat := m
class OfNat (α : Type u) (_ : Nat) where ofNat : α
instance instOfNatNat (n : Nat) : OfNat Nat n := OfNat.mk n
inductive String where | empty : String
inductive Tree where | node (children : Nat → Tree) : Tree
inductive List (α : Type u) where | nil : List α | cons (head : α) (tail : List α) : List α
inductive Rose where | mk (children : List Rose) : Rose
mutual
inductive Even : Nat → Prop where
  | zero : Even Nat.zero
  | succ (n : Nat) (h : Odd n) : Even (Nat.succ n)
inductive Odd : Nat → Prop where | succ (n : Nat) (h : Even n) : Odd (Nat.succ n)
end
structure Pair (α : Type u) (β : Type v) where
  first : α
  second : β
unsafe inductive Loop where | mk (f : Loop → Nat) : Loop
init_quot
axiom claim : Prop
theorem same (h : claim) : claim := h
opaque hidden : Nat := Nat.zero
unsafe opaque raw : Nat := Nat.zero
unsafe def spin (n : Nat) : Nat := spin n
def one : Nat := Nat.zero
def two : Nat := Nat.succ one
abbrev short : Nat := two
def large : Nat := 1267650600228229401496703205376
def boxed : Nat := 9223372036854775807
def unboxed : Nat := 9223372036854775808
def greeting : String := "héllo\\n∀"
def levels (_ : Sort (max u v)) (_ : Sort (imax u v)) (α : Type (u + 1)) : Type (u + 1) := α
def binders (α : Type) {β : Type} ⦃γ : Type⦄ [OfNat β one] : Type := α
def dependent (n : Nat) : Nat := let α := Nat; (fun x : α => x) n
def independent (n : Nat) : Nat := have x := n; x
def plain (x : Nat) : Nat := x
def marked (y : Nat) : Nat := no_index y
def «odd name.» : Nat := one
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled modules: all kinds of things, the same at other places, and a ``module``."""
    made = tmp_path_factory.mktemp("lean")
    first, rest = _SOURCE.split("universe", 1)
    imports = "import Parts", "public import Parts", "import all Parts", "meta import Parts"
    compiled(
        made,
        Every=_SOURCE,
        Elsewhere=f"{first}axiom before : Prop\nuniverse{rest}",
        Parts="module\nprelude\npublic axiom claim : Prop\n"
        "public theorem same (h : claim) : claim := h\n"
        "theorem inner (h : claim) : claim := same h\n",
        User="prelude\nimport Parts\naxiom proved : claim\n",
        **{f"User{i}": f"module\nprelude\n{text}\n" for i, text in enumerate(imports)},
    )
    return made


@pytest.fixture(scope="module")
def every(folder: Path) -> Olean:
    return Olean(parts_of(folder, "Every"))


def _shown(terms: Terms, part: object) -> str:
    """A term on one line: ``#0`` is a bound variable, binders are named as in ``Binder``."""
    match part:
        case bool():
            return "nondependent" if part else "dependent"
        case Binder():
            return part.name
        case tuple():
            return ".".join(map(str, part))
        case int():
            return _node(terms, terms.nodes[part])
    raise TypeError(part)


def _node(terms: Terms, node: Node) -> str:
    match node:
        case ("zero",):
            return "0"
        case ("param", name) | ("const", name, ()):
            return _shown(terms, name)
        case ("const", name, tuple(levels)):
            return f"{_shown(terms, name)}{{{','.join(_shown(terms, level) for level in levels)}}}"
        case ("bvar", index):
            return f"#{index}"
        case ("nat" | "string", value):
            return repr(value)
        case ("app", function, argument):
            return f"({_shown(terms, function)} {_shown(terms, argument)})"
        case ("proj", structure, index, inside):
            return f"({_shown(terms, inside)}.{index} of {_shown(terms, structure)})"
    return f"({node[0]} {' '.join(_shown(terms, part) for part in node[1:])})"


_TYPES = {
    "Nat": "(sort (succ 0))",
    "Nat.succ": "(forall DEFAULT Nat Nat)",
    "claim": "(sort 0)",
    "levels": "(forall DEFAULT (sort (max u v)) (forall DEFAULT (sort (imax u v))"
    " (forall DEFAULT (sort (succ (succ u))) (sort (succ (succ u))))))",
    "binders": "(forall DEFAULT (sort (succ 0)) (forall IMPLICIT (sort (succ 0))"
    " (forall STRICT_IMPLICIT (sort (succ 0)) (forall INSTANCE ((OfNat{0} #1) one)"
    " (sort (succ 0))))))",
    "Eq.refl": "(forall IMPLICIT (sort u) (forall DEFAULT #0 (((Eq{u} #1) #0) #0)))",
    "Even.succ": "(forall DEFAULT Nat (forall DEFAULT (Odd #0) (Even (Nat.succ #1))))",
}
_VALUES = {
    "two": "(Nat.succ one)",
    "same": "(lambda DEFAULT claim #0)",
    "hidden": "Nat.zero",
    "spin": "(lambda DEFAULT Nat (spin #0))",
    "boxed": "(((OfNat.ofNat{0} Nat) 9223372036854775807) (instOfNatNat 9223372036854775807))",
    "unboxed": "(((OfNat.ofNat{0} Nat) 9223372036854775808) (instOfNatNat 9223372036854775808))",
    "large": f"(((OfNat.ofNat{{0}} Nat) {2**100}) (instOfNatNat {2**100}))",
    "greeting": "'héllo\\n∀'",
    "dependent": "(lambda DEFAULT Nat (let dependent (sort (succ 0)) Nat"
    " ((lambda DEFAULT #0 #0) #1)))",
    "independent": "(lambda DEFAULT Nat (let nondependent Nat #0 #0))",
    "marked": "(lambda DEFAULT Nat #0)",
    "Pair.second": "(lambda DEFAULT (sort (succ u)) (lambda DEFAULT (sort (succ v))"
    " (lambda DEFAULT ((Pair{u,v} #1) #0) (#0.1 of Pair))))",
}


@pytest.mark.parametrize("name", _TYPES)
def test_types_are_those_of_the_source(every: Olean, name: str) -> None:
    terms = Terms()
    assert _shown(terms, every.constant(tuple(name.split(".")), terms).type) == _TYPES[name]


@pytest.mark.parametrize("name", _VALUES)
def test_values_are_those_of_the_source(every: Olean, name: str) -> None:
    terms = Terms()
    value = every.constant(tuple(name.split(".")), terms).value
    assert value is not None and _shown(terms, value) == _VALUES[name]


@pytest.mark.parametrize(
    "name, kind, safety, hint, quotient",
    [
        ("claim", Kind.AXIOM, Safety.SAFE, None, None),
        ("lcErased", Kind.AXIOM, Safety.UNSAFE, None, None),
        ("one", Kind.DEFINITION, Safety.SAFE, 1, None),
        ("two", Kind.DEFINITION, Safety.SAFE, 2, None),
        ("short", Kind.DEFINITION, Safety.SAFE, "abbrev", None),
        ("odd name.", Kind.DEFINITION, Safety.SAFE, 2, None),
        ("spin", Kind.DEFINITION, Safety.UNSAFE, "opaque", None),
        ("same", Kind.THEOREM, Safety.SAFE, None, None),
        ("hidden", Kind.OPAQUE, Safety.SAFE, None, None),
        ("raw", Kind.OPAQUE, Safety.UNSAFE, None, None),
        ("Quot", Kind.QUOTIENT, Safety.SAFE, None, 0),
        ("Quot.mk", Kind.QUOTIENT, Safety.SAFE, None, 1),
        ("Quot.lift", Kind.QUOTIENT, Safety.SAFE, None, 2),
        ("Quot.ind", Kind.QUOTIENT, Safety.SAFE, None, 3),
        ("Nat", Kind.INDUCTIVE, Safety.SAFE, None, None),
        ("Loop", Kind.INDUCTIVE, Safety.UNSAFE, None, None),
        ("Nat.succ", Kind.CONSTRUCTOR, Safety.SAFE, None, None),
        ("Loop.mk", Kind.CONSTRUCTOR, Safety.UNSAFE, None, None),
        ("Nat.rec", Kind.RECURSOR, Safety.SAFE, None, None),
        ("Loop.rec", Kind.RECURSOR, Safety.UNSAFE, None, None),
    ],
)
def test_kinds(
    every: Olean,
    name: str,
    kind: Kind,
    safety: Safety,
    hint: str | int | None,
    quotient: int | None,
) -> None:
    path = (name,) if name == "odd name." else tuple(name.split("."))
    constant = every.constant(path, Terms())
    assert constant.name == path
    assert every.kind(path) is constant.kind is kind
    assert every.safety(path) is constant.safety is safety
    assert (constant.hint, constant.quotient) == (hint, quotient)
    assert (constant.value is not None) == (kind.name in ("DEFINITION", "THEOREM", "OPAQUE"))
    assert constant.all == (() if constant.value is None else (path,))


def test_level_parameters(every: Olean) -> None:
    assert every.constant(("levels",), Terms()).level_parameters == (("u",), ("v",))
    assert every.constant(("Nat", "rec"), Terms()).level_parameters == (("u",),)


_BOTH: tuple[Name, ...] = (("Even",), ("Odd",))


@pytest.mark.parametrize(
    "name, parameters, indices, all_, constructors, nested, recursive, reflexive",
    [
        ("Nat", 0, 0, (("Nat",),), ("zero", "succ"), 0, True, False),
        ("Eq", 2, 1, (("Eq",),), ("refl",), 0, False, False),
        ("List", 1, 0, (("List",),), ("nil", "cons"), 0, True, False),
        ("Rose", 0, 0, (("Rose",),), ("mk",), 1, True, False),
        ("Tree", 0, 0, (("Tree",),), ("node",), 0, True, True),
        ("Odd", 0, 1, _BOTH, ("succ",), 0, True, False),
        ("Pair", 2, 0, (("Pair",),), ("mk",), 0, False, False),
    ],
)
def test_inductive_types(
    every: Olean,
    name: str,
    parameters: int,
    indices: int,
    all_: tuple[Name, ...],
    constructors: tuple[str, ...],
    nested: int,
    recursive: bool,
    reflexive: bool,
) -> None:
    assert every.constant((name,), Terms()).detail == Inductive(
        parameters,
        indices,
        all_,
        tuple((name, constructor) for constructor in constructors),
        nested,
        recursive,
        reflexive,
    )


def test_constructors(every: Olean) -> None:
    terms = Terms()
    for name, index, parameters, fields in [
        (("Nat", "succ"), 1, 0, 1),
        (("List", "cons"), 1, 1, 2),
        (("Pair", "mk"), 0, 2, 2),
        (("Even", "succ"), 1, 0, 2),
    ]:
        expected = Constructor(name[:1], index, parameters, fields)
        assert every.constant(name, terms).detail == expected


def test_recursors(every: Olean) -> None:
    terms = Terms()
    for name, all_, counts, is_k in [
        ("Nat", (("Nat",),), (0, 0, 1, 2), False),
        ("Eq", (("Eq",),), (2, 1, 1, 1), True),
        ("List", (("List",),), (1, 0, 1, 2), False),
        ("Rose", (("Rose",),), (0, 0, 2, 3), False),
        ("Odd", _BOTH, (0, 1, 2, 3), False),
    ]:
        detail = every.constant((name, "rec"), terms).detail
        assert isinstance(detail, Recursor)
        assert (detail.all, detail.is_k) == (all_, is_k)
        assert (detail.parameters, detail.indices, detail.motives, detail.minors) == counts
    natural = every.constant(("Nat", "rec"), terms).detail
    assert isinstance(natural, Recursor)
    zero, succ = natural.rules
    assert (zero.constructor, zero.fields) == (("Nat", "zero"), 0)
    assert (succ.constructor, succ.fields) == (("Nat", "succ"), 1)
    motive = "(forall DEFAULT Nat (sort u))"
    step = "(forall DEFAULT Nat (forall DEFAULT (#2 #0) (#3 (Nat.succ #1))))"
    assert _shown(terms, succ.value) == (
        f"(lambda DEFAULT {motive} (lambda DEFAULT (#0 Nat.zero) (lambda DEFAULT {step}"
        " (lambda DEFAULT Nat ((#1 #0) ((((Nat.rec{u} #3) #2) #1) #0))))))"
    )


def test_names_are_what_the_file_defines(every: Olean) -> None:
    assert len(set(every.names)) == len(every.names) > 100
    assert {("Nat",), ("Nat", "casesOn"), ("Rose", "rec_1"), ("odd name.",)} <= set(every.names)
    with pytest.raises(OleanError, match="does not define 'Nat.nonsense'"):
        every.kind(("Nat", "nonsense"))


def test_equal_terms_of_different_files_are_one(folder: Path, every: Olean) -> None:
    elsewhere, terms = Olean(parts_of(folder, "Elsewhere")), Terms()
    assert set(elsewhere.names) == {*every.names, ("before",)}
    assert elsewhere.names != every.names
    for name in every.names:
        assert elsewhere.constant(name, terms) == every.constant(name, terms)
    assert every.constant(("plain",), terms).value != every.constant(("two",), terms).value


def test_names_of_variables_and_metadata_mean_nothing(every: Olean) -> None:
    terms = Terms()
    plain, marked = (every.constant((name,), terms) for name in ("plain", "marked"))
    assert (plain.type, plain.value) == (marked.type, marked.value)


def test_references_are_the_constants_of_all_terms(every: Olean) -> None:
    for name in every.names:
        terms = Terms()
        constant = every.constant(name, terms)
        mentioned = {node[1] for node in terms.nodes if node[0] in ("const", "proj")}
        literals = {node[0] for node in terms.nodes}
        mentioned |= {("Nat",)} if "nat" in literals else set()
        mentioned |= {("String",)} if "string" in literals else set()
        detail = constant.detail
        if isinstance(detail, Inductive):
            mentioned |= {*detail.all, *detail.constructors}
        elif isinstance(detail, Constructor):
            mentioned.add(detail.inductive)
        elif isinstance(detail, Recursor):
            mentioned |= {*detail.all, *(rule.constructor for rule in detail.rules)}
        assert every.references(name) == mentioned
    assert every.references(("two",)) == {("Nat",), ("Nat", "succ"), ("one",)}


def test_a_module_of_three_files_shows_its_private_part(folder: Path) -> None:
    parts = parts_of(folder, "Parts")
    read = Olean(parts)
    assert read.is_module and read.imports == ()
    inner = ("_private", "Parts", 0, "inner")
    assert set(read.names) == {("claim",), ("same",), inner}
    assert {read.kind(("same",)), read.kind(inner)} == {Kind.THEOREM}
    assert read.references(inner) == {("claim",), ("same",)}


def test_a_module_is_read_whole_or_not_at_all(folder: Path) -> None:
    parts, other = parts_of(folder, "Parts"), parts_of(folder, "User0")
    for wrong in (
        [],
        parts[:1],
        parts[:2],
        parts[::-1],
        [*parts[:2], other[2]],
        [parts[0], parts[2], parts[1]],
        [*parts, parts[2]],
        parts_of(folder, "Every") * 3,
    ):
        with pytest.raises(OleanError):
            Olean(wrong)


def test_imports(folder: Path) -> None:
    def imports(module: str) -> tuple[Import, ...]:
        return Olean(parts_of(folder, module)).imports

    parts = ("Parts",)
    assert imports("Every") == ()
    assert imports("User") == (Import(parts, False, True, False),)
    assert imports("User0") == (Import(parts, False, False, False),)
    assert imports("User1") == (Import(parts, False, True, False),)
    assert imports("User2") == (Import(parts, True, False, False),)
    assert imports("User3") == (Import(parts, False, False, True),)


def test_only_known_releases_and_layouts_are_read(folder: Path) -> None:
    (raw,) = parts_of(folder, "Every")
    read = Olean([raw])
    assert KNOWN_RELEASES[read.githash] == read.version == "4.35.0"
    with pytest.raises(OleanError, match="not known here: '4.35.0'"):
        Olean([raw], releases={"0" * 40})
    for address in (0x10008, 1 << 60):
        with pytest.raises(OleanError, match="its address"):
            Olean([raw[:80] + address.to_bytes(8, "little") + raw[88:]])
    for place, value in ((0, b"O"), (5, b"\3"), (6, b"\0"), (6, b"\3")):
        with pytest.raises(OleanError, match="layout"):
            Olean([raw[:place] + value + raw[place + 1 :]])


def test_reading_stops_when_its_steps_are_used_up(folder: Path, every: Olean) -> None:
    parts = parts_of(folder, "Every")
    with pytest.raises(OleanTooLarge):
        Olean(parts, steps=100)
    read, terms = Olean(parts, steps=2_000), Terms()
    with pytest.raises(OleanTooLarge):
        for name in read.names:
            read.constant(name, terms)
    with pytest.raises(OleanTooLarge):
        read.references(("Rose", "rec"))
    assert len(every.names) * 100 < DEFAULT_STEPS
