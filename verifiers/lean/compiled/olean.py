"""Reads what a compiled module of Lean defines: imports, names, and constants where asked for.

It checks the form alone. Whether a constant is well typed, or a recursor belongs to its type, only
a kernel can say. Hashes and flags that Lean keeps in names and terms are not looked at: whoever
hands terms on to Lean makes them anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assayoffice.verifiers.lean.compiled.compacted import (
    DEFAULT_STEPS,
    KNOWN_RELEASES,
    Compacted,
    OleanError,
    OleanTooLarge,
    header,
)
from assayoffice.verifiers.lean.compiled.decode import Decoder, constants_in
from assayoffice.verifiers.lean.compiled.terms import (
    Constant,
    Constructor,
    Inductive,
    Kind,
    Name,
    Recursor,
    Rule,
    Safety,
    Term,
    Terms,
    text,
)

__all__ = ["DEFAULT_STEPS", "KNOWN_RELEASES", "Import", "Olean", "OleanError", "OleanTooLarge"]

#: ModuleData: imports, names, constants, further names, entries of extensions; is it a ``module``.
_MODULE = header(0, 5, 1)
_IMPORT = header(0, 1, 3)
#: ConstantInfo: one constructor for each kind, around what follows.
_KINDS = {header(kind.value, 1): kind for kind in Kind}
#: ConstantVal: name, level parameters, type. It is the first field of all others.
_COMMON = header(0, 3)
_VALUES = {
    Kind.AXIOM: header(0, 1, 1),
    Kind.DEFINITION: header(0, 4, 1),
    Kind.THEOREM: header(0, 3),
    Kind.OPAQUE: header(0, 3, 1),
    Kind.QUOTIENT: header(0, 1, 1),
    Kind.INDUCTIVE: header(0, 6, 3),
    Kind.CONSTRUCTOR: header(0, 5, 1),
    Kind.RECURSOR: header(0, 7, 2),
}
_RULE = header(0, 3)
_HEIGHT = header(2, 0, 4)
_HINTS = {1: "opaque", 3: "abbrev"}
#: How many fields stand before the scalars, and which of these says "unsafe".
_UNSAFE = {
    Kind.AXIOM: (1, 0),
    Kind.OPAQUE: (3, 0),
    Kind.INDUCTIVE: (6, 1),
    Kind.CONSTRUCTOR: (5, 0),
    Kind.RECURSOR: (7, 1),
}


def _shown(name: Name) -> str:
    """A name for messages, whatever it is made of."""
    return ascii(text(name)[:100])


@dataclass(frozen=True, slots=True)
class Import:
    """What a module imports. The flags are those of Lean's ``module`` system."""

    module: Name
    import_all: bool
    is_exported: bool
    is_meta: bool


class Olean:
    """A compiled module. Nothing but OleanError is raised, whatever the bytes.

    ``parts`` are the module's file or, of a ``module``, those that end in ``.olean``,
    ``.olean.server`` and ``.olean.private``, in this order; what it defines is what the last says.
    ``steps`` pay for reading, now and later: OleanTooLarge when they are used up. ``releases`` are
    the commits of Lean whose files are read.

    ``names`` are what it defines, each once, in the file's order.
    """

    def __init__(
        self,
        parts: Sequence[bytes],
        *,
        steps: int = DEFAULT_STEPS,
        releases: Collection[str] = KNOWN_RELEASES,
    ) -> None:
        if len(parts) not in (1, 3):
            raise OleanError("a module has one file, or three")
        heap = self._heap = Compacted(parts, steps, releases)
        self.githash, self.version = heap.githash, heap.version
        modules = [heap.constructor(heap.words[i], len(heap.words), _MODULE) for i in heap.roots]
        self.is_module = bool(heap.byte(modules[-1], 5, 0, 2))
        if self.is_module != (len(parts) == 3):
            raise OleanError("a `module` has three files, and nothing else has")
        self.imports = self._imports(modules[0])
        if self.is_module and self._imports(modules[-1]) != self.imports:
            raise OleanError("the files of a `module` import different things")
        owner, names = heap.array(heap.words[modules[-1] + 2], modules[-1])
        self.names = tuple(heap.name(word, owner) for word in names)
        self._owner, infos = heap.array(heap.words[modules[-1] + 3], modules[-1])
        if len(infos) != len(names):
            raise OleanError("it has more names than constants, or fewer")
        self._infos = dict(zip(self.names, infos, strict=True))
        if len(self._infos) != len(names):
            raise OleanError("it defines a name twice")
        self._decoder = Decoder(heap, Terms())

    def _imports(self, module: int) -> tuple[Import, ...]:
        heap = self._heap
        owner, words = heap.array(heap.words[module + 1], module)
        imports = []
        for word in words:
            index = heap.constructor(word, owner, _IMPORT)
            flags = [bool(heap.byte(index, 1, place, 2)) for place in range(3)]
            imports.append(Import(heap.name(heap.words[index + 1], index), *flags))
        return tuple(imports)

    def _value(self, name: Name) -> tuple[Kind, int, int]:
        """What a constant is, its object, and that of its name, levels and type."""
        heap = self._heap
        word = self._infos.get(name)
        if word is None:
            raise OleanError(f"it does not define {_shown(name)}")
        info = heap.object(word, self._owner)
        kind = _KINDS.get(heap.words[info])
        if kind is None:
            raise OleanError(f"{_shown(name)} is no constant of a known kind")
        info = heap.constructor(word, self._owner, heap.words[info])
        value = heap.constructor(heap.words[info + 1], info, _VALUES[kind])
        common = heap.constructor(heap.words[value + 1], value, _COMMON)
        if heap.name(heap.words[common + 1], common) != name:
            raise OleanError(f"{_shown(name)} has another name inside")
        return kind, value, common

    def kind(self, name: Name) -> Kind:
        """What a constant is. Raises OleanError where the module does not define it."""
        return self._value(name)[0]

    def safety(self, name: Name) -> Safety:
        """Whether a proof may rest on a constant. Raises OleanError as ``kind`` does."""
        kind, value, _ = self._value(name)
        return self._safety(kind, value)

    def constant(self, name: Name, terms: Terms) -> Constant:
        """A constant, with its terms put into a table.

        Raises OleanError where the module does not define it, or it has free or metavariables.
        """
        if self._decoder.terms is not terms:
            self._decoder = Decoder(self._heap, terms)
        kind, value, common = self._value(name)
        heap, decode = self._heap, self._decoder.expression
        fields = heap.words[value + 1 : value + 8]
        body: Term | None = None
        hint: str | int | None = None
        all_: tuple[Name, ...] = ()
        if kind in (Kind.DEFINITION, Kind.THEOREM, Kind.OPAQUE):
            body = decode(fields[1], value)
            all_ = heap.names(fields[3 if kind is Kind.DEFINITION else 2], value)
        if kind is Kind.DEFINITION:
            hint = self._hint(fields[2], value)
        return Constant(
            kind=kind,
            name=name,
            level_parameters=heap.names(heap.words[common + 2], common),
            type=decode(heap.words[common + 3], common),
            safety=self._safety(kind, value),
            value=body,
            hint=hint,
            all=all_,
            detail=self._detail(kind, value),
            quotient=heap.byte(value, 1, 0, 4) if kind is Kind.QUOTIENT else None,
        )

    def references(self, name: Name) -> frozenset[Name]:
        """The constants that a constant mentions, in its terms and by name.

        A literal mentions ``Nat`` or ``String``; the names of a mutual block mean nothing. Raises
        OleanError where the module does not define it, or it has free or metavariables.
        """
        kind, value, common = self._value(name)
        heap = self._heap
        terms = [(heap.words[common + 3], common)]
        if kind in (Kind.DEFINITION, Kind.THEOREM, Kind.OPAQUE):
            terms.append((heap.words[value + 2], value))
        names: set[Name] = set()
        if kind is Kind.INDUCTIVE:
            names.update(*(heap.names(heap.words[value + place], value) for place in (4, 5)))
        elif kind is Kind.CONSTRUCTOR:
            names.add(heap.name(heap.words[value + 2], value))
        elif kind is Kind.RECURSOR:
            names.update(heap.names(heap.words[value + 2], value))
            for word, cell in heap.list(heap.words[value + 7], value):
                rule = heap.constructor(word, cell, _RULE)
                names.add(heap.name(heap.words[rule + 1], rule))
                terms.append((heap.words[rule + 3], rule))
        return frozenset(names | constants_in(heap, terms))

    def _safety(self, kind: Kind, value: int) -> Safety:
        if kind is Kind.DEFINITION:
            return Safety(self._heap.byte(value, 4, 0, len(Safety)))
        place = _UNSAFE.get(kind)
        if place is None:
            return Safety.SAFE
        return Safety.UNSAFE if self._heap.byte(value, *place, 2) else Safety.SAFE

    def _hint(self, word: int, owner: int) -> str | int:
        if word in _HINTS:
            return _HINTS[word]
        index = self._heap.constructor(word, owner, _HEIGHT)
        return self._heap.words[index + 1] & 0xFFFFFFFF

    def _detail(self, kind: Kind, value: int) -> Inductive | Constructor | Recursor | None:
        heap = self._heap
        if kind is Kind.INDUCTIVE:
            _, parameters, indices, all_, constructors, nested = heap.words[value + 1 : value + 7]
            return Inductive(
                heap.small(parameters),
                heap.small(indices),
                heap.names(all_, value),
                heap.names(constructors, value),
                heap.small(nested),
                is_recursive=bool(heap.byte(value, 6, 0, 2)),
                is_reflexive=bool(heap.byte(value, 6, 2, 2)),
            )
        if kind is Kind.CONSTRUCTOR:
            _, inductive, *counts = heap.words[value + 1 : value + 6]
            return Constructor(heap.name(inductive, value), *map(heap.small, counts))
        if kind is Kind.RECURSOR:
            _, all_, parameters, indices, motives, minors, rules = heap.words[value + 1 : value + 8]
            return Recursor(
                heap.names(all_, value),
                heap.small(parameters),
                heap.small(indices),
                heap.small(motives),
                heap.small(minors),
                tuple(self._rule(word, cell) for word, cell in heap.list(rules, value)),
                is_k=bool(heap.byte(value, 7, 0, 2)),
            )
        return None

    def _rule(self, word: int, owner: int) -> Rule:
        heap = self._heap
        rule = heap.constructor(word, owner, _RULE)
        constructor, fields, value = heap.words[rule + 1 : rule + 4]
        return Rule(
            heap.name(constructor, rule),
            heap.small(fields),
            self._decoder.expression(value, rule),
        )
