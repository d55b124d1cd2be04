"""Compares what Lean has compiled of a candidate with what was asked, and walks what it rests on.

Nothing that the candidate could have printed is believed, and none of what Lean says about it: all
that is looked at is the compiled module, beside one that was compiled of the statement without the
candidate. Whether its terms are well typed is left to Lean's kernel, which checks them when they
are compiled and, in a replay, once more.

What a candidate defines besides its theorem is its own business as long as the theorem does not
reach it. Axioms are the exception: nobody who proves something declares one, so one that is merely
there is refused as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from assayoffice.verifiers.base import Check
from assayoffice.verifiers.lean.compiled.library import Library
from assayoffice.verifiers.lean.compiled.olean import Olean, OleanError, OleanTooLarge
from assayoffice.verifiers.lean.compiled.terms import (
    Constant,
    Constructor,
    Inductive,
    Kind,
    Name,
    Node,
    Recursor,
    Safety,
    Term,
    Terms,
    text,
)

#: What Lean's kernel, of this release or an older one, computes by itself or takes literals to be
#: made of, going by the name. Whoever defines one of them otherwise than it thinks proves what is
#: false, and no replay by this kernel would see it.
_KERNEL_NAMES = frozenset(
    tuple(name.split("."))
    for name in """
    Nat Nat.zero Nat.succ Nat.add Nat.sub Nat.mul Nat.div Nat.mod Nat.gcd Nat.beq Nat.ble Nat.land
    Nat.lor Nat.xor Nat.shiftLeft Nat.shiftRight Nat.pow Nat.log2 Bool Bool.true Bool.false
    String String.mk String.ofList List List.nil List.cons Char Char.ofNat
    Quot Quot.mk Quot.lift Quot.ind Lean.reduceBool Lean.reduceNat eagerReduce
    """.split()
)
#: In the order in which they are made.
_CHECKS = ("imports", "target", "statement", "context", "axioms")
_MAX_SHOWN_NAMES = 5
_MAX_SHOWN_CHARACTERS = 200


class AuditError(Exception):
    """The candidate does not prove what was asked, or rests on what it may not use.

    ``reason`` is a code for machines: OLEAN_UNREADABLE, IMPORTS_CHANGED, SHADOWED_CONSTANT,
    TARGET_MISSING, NOT_A_THEOREM, STATEMENT_CHANGED, CONTEXT_CHANGED, UNRESOLVED_CONSTANT,
    UNSAFE_CONSTANT or AXIOM_NOT_ALLOWED. The message is for people. ``checks`` are those that were
    passed, and then the one that failed.
    """

    def __init__(self, reason: str, message: str, checks: tuple[Check, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.checks = checks


class AuditTooLarge(Exception):
    """The compiled module is too large to be audited in the steps that there are for it."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What has passed. ``constants`` are all that the candidate defines, in the file's order.

    ``axioms`` are the allowed ones that its theorem mentions, or what it defines for its theorem;
    those that only imported theorems mention are not listed.
    """

    terms: Terms
    constants: tuple[Constant, ...]
    axioms: tuple[str, ...]
    checks: tuple[Check, ...]


class Reference:
    """What is asked: the statement, compiled with a proof that is not looked at.

    Raises AuditError where it is no theorem or the statement itself rests on what may not be used,
    and AuditTooLarge.
    """

    def __init__(self, olean: bytes, target: Name, library: Library) -> None:
        terms = Terms()
        with _reading():
            module = _Module(olean, terms, library)
            _refuse_shadows(module, library)
            self.theorem = _theorem(module, target)
            constants = module.constants()
            reached = module.reached([self.theorem.type])
        _refuse_declared(
            each.name
            for each in constants
            if each.kind is Kind.AXIOM and each.name not in library.allowed
        )
        _refuse_foundations(reached, library)
        inductives = {each.name for each in reached.own if each.kind is Kind.INDUCTIVE}
        recursors = (
            each
            for each in constants
            if isinstance(each.detail, Recursor) and inductives.intersection(each.detail.all)
        )
        self.githash = module.githash
        self.imports = module.imports
        #: All that was compiled along with the statement and that its meaning depends on.
        self.context = tuple({each.name: each for each in (*reached.own, *recursors)}.values())
        #: What a candidate may define only if it is the same as here.
        self.fixed = {each.name: each for each in constants if _is_fixed(each)}
        self._nodes = tuple(terms.nodes)

    def terms(self) -> Terms:
        """A new table that has the terms of all of these, under the same numbers."""
        terms = Terms()
        for node in self._nodes:
            terms.intern(node)
        return terms


def audit(
    candidate: bytes, reference: Reference, library: Library, allowed: frozenset[Name]
) -> Audited:
    """Let a compiled candidate pass, if it proves what is asked from what may be used.

    ``library`` must have been read with the same ``allowed`` axioms. Time and memory are bounded by
    the steps of reading the candidate: all that follows goes through what was read, once.

    Raises AuditError and AuditTooLarge, and ValueError where library and axioms do not belong
    together.
    """
    if allowed != library.allowed:
        raise ValueError("the library was read with other axioms allowed")
    checks: list[Check] = []
    try:
        with _reading():
            return _audited(candidate, reference, library, checks)
    except AuditError as error:
        failed = Check(_CHECKS[len(checks)], passed=False, detail=str(error))
        raise AuditError(error.reason, str(error), (*checks, failed)) from error


def _audited(
    candidate: bytes, reference: Reference, library: Library, checks: list[Check]
) -> Audited:
    module = _Module(candidate, reference.terms(), library)
    _compare_imports(module, reference)
    _refuse_shadows(module, library)
    checks.append(Check("imports", passed=True))
    theorem = _theorem(module, reference.theorem.name)
    checks.append(Check("target", passed=True))
    _compare_statements(theorem, reference.theorem)
    checks.append(Check("statement", passed=True))
    _compare_context(module, reference)
    checks.append(Check("context", passed=True))
    # One of an allowed name may still say anything, unless it is part of what was asked.
    _refuse_declared(
        each.name
        for each in module.constants()
        if each.kind is Kind.AXIOM and reference.fixed.get(each.name) != each
    )
    reached = module.reached([theorem.type, *_bodies(theorem)])
    _refuse_foundations(reached, library)
    mentioned = {*reached.imported, *(each.name for each in reached.own)} & library.allowed
    axioms = tuple(sorted(map(text, mentioned)))
    checks.append(Check("axioms", passed=True, detail=", ".join(axioms)))
    return Audited(module.terms, module.constants(), axioms, tuple(checks))


@dataclass(frozen=True, slots=True)
class _Reached:
    """What terms lead to: constants of their own module, and names of others."""

    own: tuple[Constant, ...]
    imported: tuple[Name, ...]


class _Module:
    """A compiled module whose terms go into a table. Raises OleanError where it is malformed."""

    def __init__(self, olean: bytes, terms: Terms, library: Library) -> None:
        self._olean = Olean((olean,), releases=library.releases)
        self._constants: dict[Name, Constant] = {}
        self.terms = terms
        self.githash = self._olean.githash
        self.imports = self._olean.imports
        #: What it defines.
        self.names = dict.fromkeys(self._olean.names)

    def constant(self, name: Name) -> Constant:
        """One of those that it defines."""
        found = self._constants.get(name)
        if found is None:
            found = self._constants[name] = self._olean.constant(name, self.terms)
        return found

    def constants(self) -> tuple[Constant, ...]:
        """All that it defines."""
        return tuple(map(self.constant, self.names))

    def reached(self, roots: Iterable[Term]) -> _Reached:
        """All that terms lead to, through types and bodies and what belongs to a constant."""
        seen: set[Term] = set()
        own: dict[Name, Constant] = {}
        imported: dict[Name, None] = {}
        waiting = list(_mentioned(self.terms.nodes, roots, seen))
        while waiting:
            name = waiting.pop()
            if name in own or name in imported:
                continue
            if name not in self.names:
                imported[name] = None
                continue
            constant = own[name] = self.constant(name)
            waiting += _relatives(constant)
            parts = (constant.type, *_bodies(constant))
            waiting += _mentioned(self.terms.nodes, parts, seen)
        return _Reached(tuple(own.values()), tuple(imported))


def _mentioned(nodes: Sequence[Node], roots: Iterable[Term], seen: set[Term]) -> Iterator[Name]:
    """The constants that terms mention, without those in terms that were seen before."""
    waiting = list(roots)
    while waiting:
        term = waiting.pop()
        if term in seen:
            continue
        seen.add(term)
        match nodes[term]:
            case ("app", int(function), int(argument)):
                waiting += (function, argument)
            case ("const", tuple(name), _):
                yield name
            case ("lambda" | "forall", _, int(domain), int(body)):
                waiting += (domain, body)
            case ("let", _, int(type_), int(value), int(body)):
                waiting += (type_, value, body)
            case ("proj", tuple(structure), _, int(value)):
                yield structure
                waiting.append(value)
            case ("nat", _):
                yield ("Nat",)
            case ("string", _):
                yield ("String",)
            case ("bvar" | "sort", _):
                pass
            case node:
                raise ValueError(f"no expression: {node[0]}")


def _bodies(constant: Constant) -> tuple[Term, ...]:
    """What a constant stands for, as far as it is more than its type."""
    if isinstance(constant.detail, Recursor):
        return tuple(rule.value for rule in constant.detail.rules)
    return () if constant.value is None else (constant.value,)


def _relatives(constant: Constant) -> tuple[Name, ...]:
    """What a constant is inseparable from."""
    match constant.detail:
        case Inductive(all=all_, constructors=constructors):
            return (*all_, *constructors)
        case Constructor(inductive=inductive):
            return (inductive,)
        case Recursor(all=all_, rules=rules):
            return (*all_, *(rule.constructor for rule in rules))
        case None:
            return ()


def _is_fixed(constant: Constant) -> bool:
    return constant.kind in (Kind.AXIOM, Kind.QUOTIENT) or constant.name in _KERNEL_NAMES


def _compare_imports(module: _Module, reference: Reference) -> None:
    if module.githash != reference.githash:
        raise AuditError("OLEAN_UNREADABLE", "It was compiled by another Lean than the statement.")
    if module.imports != reference.imports:
        raise AuditError("IMPORTS_CHANGED", "It does not import what the header imports.")


def _refuse_shadows(module: _Module, library: Library) -> None:
    """Refuse names that are imported as well: which of the two is meant would be open."""
    shadows = [name for name in module.names if name in library]
    if shadows:
        raise AuditError("SHADOWED_CONSTANT", f"It defines what is imported: {_shown(shadows)}.")


def _theorem(module: _Module, name: Name) -> Constant:
    if name not in module.names:
        raise AuditError("TARGET_MISSING", f"There is no {_shown([name])} in what was compiled.")
    theorem = module.constant(name)
    if theorem.kind is not Kind.THEOREM:
        kind = theorem.kind.name.lower()
        raise AuditError("NOT_A_THEOREM", f"{_shown([name])} is no theorem, it is of kind {kind}.")
    return theorem


def _compare_statements(theorem: Constant, reference: Constant) -> None:
    if theorem.level_parameters != reference.level_parameters:
        raise AuditError("STATEMENT_CHANGED", "The theorem has other universe parameters.")
    if theorem.type != reference.type:
        raise AuditError("STATEMENT_CHANGED", "The theorem does not state what was asked.")


def _compare_context(module: _Module, reference: Reference) -> None:
    """Refuse it where the same statement means something else, to people or to Lean's kernel."""
    missing = [each.name for each in reference.context if each.name not in module.names]
    if missing:
        raise AuditError("CONTEXT_CHANGED", f"What the statement needs is gone: {_shown(missing)}.")
    changed = [each.name for each in reference.context if module.constant(each.name) != each]
    if changed:
        raise AuditError(
            "CONTEXT_CHANGED", f"What the statement speaks of is something else: {_shown(changed)}."
        )
    special = [
        each.name
        for each in module.constants()
        if _is_fixed(each)
        and each.kind is not Kind.AXIOM
        and reference.fixed.get(each.name) != each
    ]
    if special:
        raise AuditError(
            "SHADOWED_CONSTANT",
            f"It defines what Lean's kernel knows by its name: {_shown(special)}.",
        )


def _refuse_declared(names: Iterable[Name]) -> None:
    axioms = list(names)
    if axioms:
        raise AuditError("AXIOM_NOT_ALLOWED", f"It declares axioms: {_shown(axioms)}.")


def _refuse_foundations(reached: _Reached, library: Library) -> None:
    """Refuse what no proof may rest on, other than axioms of the module's own."""
    unresolved = [name for name in reached.imported if name not in library]
    if unresolved:
        raise AuditError(
            "UNRESOLVED_CONSTANT", f"It rests on what is defined nowhere: {_shown(unresolved)}."
        )
    unsafe = [each.name for each in reached.own if each.safety is not Safety.SAFE]
    unsafe += [name for name in reached.imported if not library.is_safe(name)]
    if unsafe:
        raise AuditError(
            "UNSAFE_CONSTANT", f"It rests on what is unsafe or partial: {_shown(unsafe)}."
        )
    axioms = frozenset[Name]().union(*map(library.forbidden, reached.imported))
    if axioms:
        raise AuditError(
            "AXIOM_NOT_ALLOWED", f"It rests on axioms that are not allowed: {_shown(axioms)}."
        )


def _shown(names: Iterable[Name]) -> str:
    """Names for people: those of hostile files too, so no more than fits into a sentence."""
    texts = sorted(map(_printable, names))
    more = len(texts) - _MAX_SHOWN_NAMES
    return ", ".join(texts[:_MAX_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _printable(name: Name) -> str:
    shown = text(name[:_MAX_SHOWN_CHARACTERS])
    if len(shown) > _MAX_SHOWN_CHARACTERS:
        shown = shown[:_MAX_SHOWN_CHARACTERS] + "..."
    return "".join(each if each.isprintable() else "?" for each in shown)


@contextmanager
def _reading() -> Iterator[None]:
    """Says in the audit's terms what is wrong with a file."""
    try:
        yield
    except OleanTooLarge as error:
        raise AuditTooLarge(f"The compiled module is too large to be audited: {error}.") from error
    except OleanError as error:
        raise AuditError(
            "OLEAN_UNREADABLE", f"The compiled module is unreadable: {error}."
        ) from error
