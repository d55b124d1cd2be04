"""Has the kernel of a Lean library check declarations, inside a sandbox.

The order says where Lean lies and which modules to import, and has the table of terms and the
constants that stand in it. Each name, level and expression is made anew by Lean's own constructors,
so nothing that Lean caches in them can be forged. To fd 4 goes a line of JSON: what is ``refused``
and why, or how many constants were ``accepted``; or ``limit``, what the kernel ran out of; or
``trouble``, why the library cannot be used.

Of an inductive type the kernel is told its type and its constructors' types. What else is claimed
of it, and of its constructors and recursors, must be what the kernel makes of that.
"""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from assayoffice.verifiers.lean.inside.native import (
    Library,
    LibraryTrouble,
    box,
    field,
    name_text,
    tag,
    text,
)

_ANSWER_FD = 4
# Of the kernel, which goes as deep as terms do, and of Python.
_STACK_BYTES, _FURTHER_STACK_BYTES = 64 << 20, 4 << 20
# Lean ends the process where an index is larger.
_MAX_BOUND = (1 << 20) - 1
_MAX_TOLD = 300
_SAFE = 1

_Name: TypeAlias = tuple[str | int, ...]

_LEVELS = {"zero", "succ", "max", "imax", "param"}
# The kinds of constants, in the order of Lean's ConstantInfo.
_KINDS = (
    "AXIOM",
    "DEFINITION",
    "THEOREM",
    "OPAQUE",
    "QUOTIENT",
    "INDUCTIVE",
    "CONSTRUCTOR",
    "RECURSOR",
)
# What checks whether two constants of a kind are equal, for those that the kernel makes itself.
_MADE_BY_KERNEL = {
    "QUOTIENT": "QuotVal",
    "INDUCTIVE": "InductiveVal",
    "CONSTRUCTOR": "ConstructorVal",
    "RECURSOR": "RecursorVal",
}
# Constructors of Lean's Declaration.
_AXIOM, _DEFINITION, _THEOREM, _OPAQUE, _QUOTIENT = range(5)

# Constructors of Lean's Kernel.Exception, in order; the second has the constant's name.
_EXCEPTIONS = (
    "it mentions {}, which is not there",
    "{} is there already",
    "its value does not have the type that is claimed",
    "it has metavariables",
    "it has free variables",
    "something is applied that is no function",
    "something is used as a type that is none",
    "a `let` binds a value of another type",
    "a part does not have the type it must have",
    "a function is applied to an argument of another type",
    "a projection is none",
    "it is a theorem, but its type is no proposition",
    "",
    "CPU_TIME",
    "MEMORY",
    "STACK",
    "CPU_TIME",
)
_UNKNOWN_CONSTANT, _ALREADY_DECLARED, _OTHER, _FIRST_LIMIT = 0, 1, 12, 13


class Refused(Exception):
    """A constant is not what it claims to be; says which and why."""


class OutOf(Exception):
    """The kernel ran out of something."""


class Claim(NamedTuple):
    """A constant as the order has it; the fields are those of ``terms.Constant``."""

    kind: str
    name: _Name
    level_parameters: tuple[_Name, ...]
    type: int
    value: int | None
    hint: str | int | None
    all: tuple[_Name, ...]
    detail: tuple[Any, ...]
    quotient: int | None


def main(order: dict[str, Any]) -> None:
    """Carry out the order."""
    answer: dict[str, object] = {}

    def work() -> None:
        try:
            library.enter_thread(_STACK_BYTES)
            answer["accepted"] = _Replay(library, order).run()
        except Refused as refused:
            answer["refused"] = str(refused)
        except OutOf as limit:
            answer["limit"] = str(limit)
        except LibraryTrouble as trouble:
            answer["trouble"] = str(trouble)

    try:
        library = Library(order["toolchain"])
    except LibraryTrouble as trouble:
        answer["trouble"] = str(trouble)
    else:
        threading.stack_size(_STACK_BYTES + _FURTHER_STACK_BYTES)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    os.write(_ANSWER_FD, json.dumps(answer).encode())
    # Lean's own threads would be waited for.
    os._exit(0 if answer else 1)


class _Replay:
    """One environment, and the claims that are to be added to it."""

    def __init__(self, library: Library, order: dict[str, Any]) -> None:
        self._lean = library
        self._order = order
        self._nodes: Sequence[tuple[Any, ...]] = order["nodes"]
        self._claims = {claim[1]: Claim(*claim) for claim in order["constants"]}
        if len(self._claims) < len(order["constants"]):
            raise Refused("a constant is defined twice")
        self._blocks = self._blocks_of_claims()
        self._names: dict[_Name, int] = {}
        self._levels: dict[int, int] = {}
        self._expressions: dict[int, int] = {}
        self._environment = box(0)

    def run(self) -> int:
        """How many constants the kernel has accepted, all of them. Raises Refused and OutOf."""
        sequence, needed = self._in_order()
        self._build(needed)
        self._environment = self._lean.imported(self._order["imports"], self._order["path"])
        for leader in sequence:
            self._add(leader)
        for claim in self._claims.values():
            if claim.kind in _MADE_BY_KERNEL:
                self._compare(claim)
        target = self._claims.get(self._order["target"])
        if target is None or target.kind != "THEOREM":
            raise Refused(f"{_text(self._order['target'])} is no theorem")
        return len(self._claims)

    def _blocks_of_claims(self) -> dict[_Name, _Name]:
        """For each claim the one it is added with: the first inductive type of a mutual block."""
        blocks = {}
        for claim in self._claims.values():
            match claim.kind:
                case "INDUCTIVE":
                    leader = claim.detail[2][0] if claim.detail[2] else claim.name
                case "CONSTRUCTOR":
                    leader = self._leader_of(claim, claim.detail[0])
                case "RECURSOR":
                    leader = self._leader_of(claim, *claim.detail[0][:1])
                case "QUOTIENT":
                    leader = ("Quot",)
                case _:
                    leader = claim.name
            blocks[claim.name] = leader
        return blocks

    def _leader_of(self, claim: Claim, *types: _Name) -> _Name:
        for name in types:
            inductive = self._claims.get(name)
            if inductive is not None and inductive.kind == "INDUCTIVE" and inductive.detail[2]:
                return inductive.detail[2][0]  # type: ignore[no-any-return]
        raise Refused(f"{_text(claim.name)} belongs to no inductive type that is defined with it")

    def _in_order(self) -> tuple[list[_Name], set[int]]:
        """The leaders, each after those of all that it mentions, and every term that is needed."""
        needed: set[int] = set()
        mentioned: dict[_Name, list[_Name]] = {}
        for claim in self._claims.values():
            leaders = mentioned.setdefault(self._blocks[claim.name], [])
            terms = self._mark(_terms_of(claim))
            needed |= terms
            if claim.kind != "RECURSOR":
                leaders += self._leaders_in(sorted(terms))
        sequence: list[_Name] = []
        begun: set[_Name] = set()
        under_way: list[tuple[_Name | None, Iterator[_Name]]] = [(None, iter(mentioned))]
        while under_way:
            leader, following = under_way[-1]
            # One that mentions itself is begun already, and left for the kernel to refuse.
            first = next((each for each in following if each not in begun), None)
            if first is not None:
                begun.add(first)
                under_way.append((first, iter(mentioned.get(first, ()))))
            else:
                under_way.pop()
                if leader is not None:
                    sequence.append(leader)
        return sequence, needed

    def _mark(self, roots: Sequence[int]) -> set[int]:
        """All that terms are made of."""
        found, left = set(roots), list(roots)
        while left:
            for part in _parts(self._nodes[left.pop()]):
                if part not in found:
                    found.add(part)
                    left.append(part)
        return found

    def _leaders_in(self, terms: Sequence[int]) -> list[_Name]:
        mentioned: list[_Name] = []
        for term in terms:
            match self._nodes[term]:
                case ("const", name, _) | ("proj", name, _, _):
                    mentioned.append(name)
                case ("nat", _):
                    mentioned.append(("Nat",))
                case ("string", _):
                    mentioned.append(("String",))
        blocks = (self._blocks[name] for name in mentioned if name in self._blocks)
        return list(dict.fromkeys(blocks))

    def _build(self, needed: set[int]) -> None:
        """Make what is needed, the parts before the whole, as the table has them."""
        bound: dict[int, int] = {}
        for index in sorted(needed):
            node = self._nodes[index]
            bound[index] = _bound(node, bound)
            # Apart, so that what is no expression is found in no place of one.
            if node[0] in _LEVELS:
                self._levels[index] = self._level(node)
            else:
                self._expressions[index] = self._expression(node)
        for claim in self._claims.values():
            if any(bound[term] for term in _terms_of(claim)):
                raise Refused(f"{_text(claim.name)}: it has a loose bound variable")

    def _level(self, node: tuple[Any, ...]) -> int:
        lean, levels = self._lean, self._levels
        match node:
            case ("zero",):
                return lean.make("lean_level_mk_zero", box(0))
            case ("succ", level):
                return lean.make("lean_level_mk_succ", levels[level])
            case ("max" | "imax" as maker, one, other):
                return lean.make(f"lean_level_mk_{maker}", levels[one], levels[other])
            case ("param", name):
                return lean.make("lean_level_mk_param", self._name(name))
        raise ValueError(f"no such level: {node[0]}")

    def _expression(self, node: tuple[Any, ...]) -> int:
        lean, levels, made = self._lean, self._levels, self._expressions
        match node:
            case ("app", function, argument):
                return lean.make("lean_expr_mk_app", made[function], made[argument])
            case ("bvar", index):
                if index >= _MAX_BOUND:
                    raise Refused("a bound variable's index is too large")
                return lean.make("lean_expr_mk_bvar", lean.natural(index))
            case ("const", name, given):
                listed = lean.list_of([levels[level] for level in given])
                return lean.make("lean_expr_mk_const", self._name(name), listed)
            case ("lambda" | "forall" as maker, binder, kind, body):
                of = made[kind], made[body], binder
                return lean.make(f"lean_expr_mk_{maker}", self._bound_name, *of)
            case ("let", nondependent, kind, value, body):
                parts = made[kind], made[value], made[body], nondependent
                return lean.make("lean_expr_mk_let", self._bound_name, *parts)
            case ("proj", structure, index, expression):
                at = lean.natural(index)
                return lean.make("lean_expr_mk_proj", self._name(structure), at, made[expression])
            case ("sort", level):
                return lean.make("lean_expr_mk_sort", levels[level])
            case ("nat", value):
                return lean.make("lean_expr_mk_lit", lean.constructor(0, lean.natural(value)))
            case ("string", value):
                return lean.make("lean_expr_mk_lit", lean.constructor(1, lean.string(value)))
        raise ValueError(f"no such expression: {node[0]}")

    @property
    def _bound_name(self) -> int:
        return self._name(("x",))

    def _name(self, name: _Name) -> int:
        made = self._names.get(name)
        if made is None:
            made = self._names[name] = self._lean.name(name)
        return made

    def _list(self, names: Sequence[_Name]) -> int:
        return self._lean.list_of([self._name(name) for name in names])

    def _head(self, claim: Claim) -> tuple[int, int, int]:
        parameters = self._list(claim.level_parameters)
        return self._name(claim.name), parameters, self._expressions[claim.type]

    def _add(self, leader: _Name) -> None:
        claim = self._claims.get(leader)
        if leader == ("Quot",) and (claim is None or claim.kind == "QUOTIENT"):
            declaration = box(_QUOTIENT)
        elif claim is None or self._blocks[leader] != leader:
            raise Refused(f"{_text(leader)} is not the first inductive type of a block")
        elif claim.kind == "INDUCTIVE":
            declaration = self._inductive_block(claim)
        else:
            declaration = self._declaration(claim)
        accepted, result = self._lean.add(self._environment, declaration)
        if not accepted:
            raise _refusal(leader, result)
        self._environment = result

    def _declaration(self, claim: Claim) -> int:
        head, all_ = self._head(claim), self._list(claim.all)
        if claim.kind == "AXIOM":
            if claim.name not in self._order["axioms"]:
                raise Refused(f"{_text(claim.name)} is an axiom that the header does not allow")
            value = self._lean.make("lean_mk_axiom_val", *head, False)
            return self._lean.constructor(_AXIOM, value)
        if claim.value is None:
            raise Refused(f"{_text(claim.name)} has no value")
        body = self._expressions[claim.value]
        if claim.kind == "THEOREM":
            value = self._lean.make("lean_mk_theorem_val", *head, body, all_)
            return self._lean.constructor(_THEOREM, value)
        if claim.kind == "OPAQUE":
            value = self._lean.make("lean_mk_opaque_val", *head, body, False, all_)
            return self._lean.constructor(_OPAQUE, value)
        hint = self._hint(claim.hint)
        value = self._lean.make("lean_mk_definition_val", *head, body, hint, _SAFE, all_)
        return self._lean.constructor(_DEFINITION, value)

    def _hint(self, hint: str | int | None) -> int:
        if isinstance(hint, int):
            return self._lean.make("lean_mk_reducibility_hints_regular", hint)
        return box(1 if hint == "abbrev" else 0)

    def _inductive_block(self, first: Claim) -> int:
        parameters, _, names, *_ = first.detail
        types = []
        for name in names:
            claim = self._claims.get(name)
            if claim is None or claim.kind != "INDUCTIVE" or claim.detail[2] != names:
                raise Refused(f"{_text(first.name)}: {_text(name)} is not defined with it")
            constructors = [self._constructor(claim, each) for each in claim.detail[3]]
            of = self._lean.list_of(constructors)
            kind = self._expressions[claim.type]
            types.append(self._lean.constructor(0, self._name(name), kind, of))
        return self._lean.make(
            "lean_mk_inductive_decl",
            self._list(first.level_parameters),
            self._lean.natural(parameters),
            self._lean.list_of(types),
            False,
        )

    def _constructor(self, inductive: Claim, name: _Name) -> int:
        claim = self._claims.get(name)
        if claim is None or claim.kind != "CONSTRUCTOR":
            raise Refused(f"{_text(inductive.name)}: {_text(name)} is no constructor of it")
        return self._lean.constructor(0, self._name(name), self._expressions[claim.type])

    def _compare(self, claim: Claim) -> None:
        """Refuse a claim about what the kernel makes itself, unless it has made the same."""
        found = self._lean.find(self._environment, self._name(claim.name))
        if found is not None and tag(found) == _KINDS.index(claim.kind):
            kind = _MADE_BY_KERNEL[claim.kind]
            if self._lean.equal(kind, field(found, 0), self._made(claim)):
                return
        raise Refused(f"{_text(claim.name)} is not what the kernel makes of its definition")

    def _made(self, claim: Claim) -> int:
        """A claim as the ``ConstantInfo`` of its kind has it."""
        lean, head = self._lean, self._head(claim)
        match claim.kind:
            case "INDUCTIVE":
                *counts, all_, constructors, nested, recursive, reflexive = claim.detail
                counted = [lean.natural(count) for count in counts]
                names = self._list(all_), self._list(constructors)
                flags = recursive, False, reflexive
                nests = lean.natural(nested)
                return lean.make("lean_mk_inductive_val", *head, *counted, *names, nests, *flags)
            case "CONSTRUCTOR":
                inductive, *counts = claim.detail
                counted = [lean.natural(count) for count in counts]
                of = self._name(inductive)
                return lean.make("lean_mk_constructor_val", *head, of, *counted, False)
            case "RECURSOR":
                all_, *counts, rules, is_k = claim.detail
                counted = [lean.natural(count) for count in counts]
                made = lean.list_of([self._rule(*rule) for rule in rules])
                return lean.make(
                    "lean_mk_recursor_val", *head, self._list(all_), *counted, made, is_k, False
                )
        return lean.make("lean_mk_quot_val", *head, claim.quotient or 0)

    def _rule(self, constructor: _Name, fields: int, value: int) -> int:
        of = self._name(constructor), self._lean.natural(fields), self._expressions[value]
        return self._lean.constructor(0, *of)


def _terms_of(claim: Claim) -> list[int]:
    terms = [claim.type]
    if claim.value is not None:
        terms.append(claim.value)
    if claim.kind == "RECURSOR":
        terms += (value for _, _, value in claim.detail[5])
    return terms


def _parts(node: tuple[Any, ...]) -> Sequence[int]:
    match node[0]:
        case "app" | "succ" | "max" | "imax" | "sort":
            return node[1:]
        case "lambda" | "forall" | "let":
            return node[2:]
        case "const":
            return node[2]  # type: ignore[no-any-return]
        case "proj":
            return node[3:]
    return ()


def _bound(node: tuple[Any, ...], bound: dict[int, int]) -> int:
    """How many binders around a node its variables reach beyond it."""
    match node:
        case ("bvar", index):
            return int(index) + 1
        case ("app", function, argument):
            return max(bound[function], bound[argument])
        case ("lambda" | "forall", _, kind, body):
            return max(bound[kind], bound[body] - 1)
        case ("let", _, kind, value, body):
            return max(bound[kind], bound[value], bound[body] - 1)
        case ("proj", _, _, expression):
            return bound[expression]
    return 0


def _refusal(name: _Name, exception: int) -> Exception:
    which = tag(exception)
    told = _EXCEPTIONS[which]
    if which >= _FIRST_LIMIT:
        return OutOf(told)
    if which == _OTHER:
        told = text(field(exception, 0))[:_MAX_TOLD]
    elif which in (_UNKNOWN_CONSTANT, _ALREADY_DECLARED):
        told = told.format(name_text(field(exception, 1)))
    return Refused(f"{_text(name)}: {told}")


def _text(name: _Name) -> str:
    return ".".join(map(str, name)) or "[anonymous]"
