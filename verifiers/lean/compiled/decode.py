"""Turns the levels and expressions of a compiled module into terms of a table.

Neither recursion nor memory follows the depth of a term. What an expression holds is collected
first; since an object comes after all that it holds, going through the objects in the order of
their addresses then meets each after its parts, and each once.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from typing import TypeAlias

from assayoffice.verifiers.lean.compiled.compacted import (
    HASH_MODULUS,
    NULL,
    Compacted,
    OleanError,
    header,
)
from assayoffice.verifiers.lean.compiled.terms import Binder, Name, Term, Terms

# Constructors of Level in order, each with 8 bytes of cached data; zero has no object.
_SUCC = header(1, 1, 8)
_MAX = header(2, 2, 8)
_IMAX = header(3, 2, 8)
_PARAM = header(4, 1, 8)

# Constructors of Expr in order; the cached data again, then binder info or a flag.
_BVAR = header(0, 1, 8)
_SORT = header(3, 1, 8)
_CONST = header(4, 2, 8)
_APP = header(5, 2, 8)
_LAMBDA = header(6, 3, 9)
_FORALL = header(7, 3, 9)
_LET = header(8, 4, 9)
_LITERAL = header(9, 1, 8)
_MDATA = header(10, 2, 8)
_PROJ = header(11, 3, 8)

# Of Literal.
_NATURAL = header(0, 1)
_STRING = header(1, 1)

#: Which fields of an object hold objects of its own type, counted from 1.
_Places: TypeAlias = Mapping[int, tuple[int, ...]]
_LEVELS: _Places = {_SUCC: (1,), _MAX: (1, 2), _IMAX: (1, 2), _PARAM: ()}
_EXPRESSIONS: _Places = {
    _BVAR: (),
    _SORT: (),
    _CONST: (),
    _APP: (1, 2),
    _LAMBDA: (2, 3),
    _FORALL: (2, 3),
    _LET: (2, 3, 4),
    _LITERAL: (),
    _MDATA: (2,),
    _PROJ: (3,),
}
_BINDERS = tuple(Binder)


def _reach(heap: Compacted, roots: Set[int], kinds: _Places, known: Container[int]) -> list[int]:
    """The objects that some consist of, themselves too, parts first, without known ones.

    Costs a step for each. None goes beyond the end: all lie before the object of the module, which
    is as long as the longest of them.
    """
    words, base, first = heap.words, heap.base, heap.first
    found = set(roots)
    pending = list(roots)
    while pending and len(found) <= heap.steps:
        owner = pending.pop()
        places = kinds.get(words[owner])
        if places is None:
            raise OleanError("a term has a free variable, a metavariable, or is something else")
        for place in places:
            word = words[owner + place]
            index = (word - base) >> 3
            if word & 7 or not first <= index < owner:
                if word == NULL and kinds is _LEVELS:
                    continue
                raise OleanError("an address points nowhere, or not back")
            if index not in found and index not in known:
                found.add(index)
                pending.append(index)
    heap.spend(len(found))
    return sorted(found)


def constants_in(heap: Compacted, roots: Iterable[tuple[int, int]]) -> set[Name]:
    """The constants that expressions mention, also as the type of a literal.

    An expression is given by a word and the object that holds it.
    """
    names: set[Name] = set()
    objects = {heap.object(word, owner) for word, owner in roots}
    for index in _reach(heap, objects, _EXPRESSIONS, {}):
        kind, word = heap.words[index], heap.words[index + 1]
        if kind in (_CONST, _PROJ):
            names.add(heap.name(word, index))
        elif kind == _LITERAL:
            names.add(("Nat",) if _is_natural(heap, word, index) else ("String",))
    return names


def _is_natural(heap: Compacted, word: int, owner: int) -> bool:
    """Whether a literal is a number, and no text. Costs a step."""
    kind = heap.words[heap.object(word, owner)]
    heap.constructor(word, owner, _NATURAL if kind == _NATURAL else _STRING)
    return kind == _NATURAL


class Decoder:
    """Puts terms of one module into one table; each object once."""

    def __init__(self, heap: Compacted, terms: Terms) -> None:
        self.terms = terms
        self._heap = heap
        self._levels: dict[int, Term] = {}
        self._lists: dict[int, tuple[Term, ...]] = {}
        self._expressions: dict[int, Term] = {}
        self._alike: Counter[int] = Counter()

    def level(self, word: int, owner: int) -> Term:
        """A universe level."""
        heap, words, known, intern = self._heap, self._heap.words, self._levels, self.terms.intern
        if word == NULL:
            return intern(("zero",))
        root = heap.object(word, owner)
        if root in known:
            return known[root]
        for index in _reach(heap, {root}, _LEVELS, known):
            kind = words[index]
            if kind == _PARAM:
                known[index] = intern(("param", heap.name(words[index + 1], index)))
                continue
            parts = [
                intern(("zero",))
                if words[index + place] == NULL
                else known[(words[index + place] - heap.base) >> 3]
                for place in _LEVELS[kind]
            ]
            tag = "succ" if kind == _SUCC else "max" if kind == _MAX else "imax"
            known[index] = intern((tag, *parts))
        return known[root]

    def _level_list(self, word: int, owner: int) -> tuple[Term, ...]:
        if word == NULL:
            return ()
        start = self._heap.object(word, owner)
        levels = self._lists.get(start)
        if levels is None:
            cells = self._heap.list(word, owner)
            levels = self._lists[start] = tuple(self.level(item, cell) for item, cell in cells)
        return levels

    def expression(self, word: int, owner: int) -> Term:
        """An expression without free variables and metavariables."""
        heap, words, base = self._heap, self._heap.words, self._heap.base
        known, intern = self._expressions, self.terms.intern
        root = heap.object(word, owner)
        if root in known:
            return known[root]
        for index in _reach(heap, {root}, _EXPRESSIONS, known):
            kind, a = words[index], words[index + 1]
            if kind == _APP:
                function = known[(a - base) >> 3]
                known[index] = intern(("app", function, known[(words[index + 2] - base) >> 3]))
            elif kind in (_LAMBDA, _FORALL):
                tag = "lambda" if kind == _LAMBDA else "forall"
                binder = _BINDERS[heap.byte(index, 3, 8, len(_BINDERS))]
                domain = known[(words[index + 2] - base) >> 3]
                known[index] = intern((tag, binder, domain, known[(words[index + 3] - base) >> 3]))
            elif kind == _BVAR:
                known[index] = intern(("bvar", heap.small(a)))
            elif kind == _MDATA:
                known[index] = known[(words[index + 2] - base) >> 3]
            else:
                known[index] = intern(self._rare(index, kind, words[index + 1 : index + 5]))
        return known[root]

    def _rare(self, index: int, kind: int, fields: Sequence[int]) -> tuple[object, ...]:
        heap, known, base = self._heap, self._expressions, self._heap.base
        if kind == _CONST:
            name, levels = heap.name(fields[0], index), self._level_list(fields[1], index)
            heap.spend(len(levels))
            return ("const", name, levels)
        if kind == _SORT:
            return ("sort", self.level(fields[0], index))
        if kind == _PROJ:
            name = heap.name(fields[0], index)
            return ("proj", name, heap.small(fields[1]), known[(fields[2] - base) >> 3])
        if kind == _LET:
            parts = (known[(field - base) >> 3] for field in fields[1:])
            return ("let", bool(heap.byte(index, 4, 8, 2)), *parts)
        is_natural, literal = _is_natural(heap, fields[0], index), heap.object(fields[0], index)
        if is_natural:
            value = heap.natural(heap.words[literal + 1], literal)
            if value >= HASH_MODULUS:
                # A table compares it with each that has the same hash.
                self._alike[hash(value)] += 1
                heap.spend(self._alike[hash(value)])
            return ("nat", value)
        return ("string", heap.string(heap.words[literal + 1], literal))
