"""Compiled modules that no Lean wrote: refused for what they are, within their steps."""

import random
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from lean_modules import compiled, parts_of
from olean_forge import ANONYMOUS, BASE, NIL, Forge, boxed

from assayoffice.verifiers.lean.compiled.olean import Olean, OleanError, OleanTooLarge
from assayoffice.verifiers.lean.compiled.terms import Constant, Terms

_X = ("x",)


#: Adds something, or something around it, and gives its address.
_Forgery: TypeAlias = Callable[[Forge], int]
_Use: TypeAlias = Callable[[Forge, int], int]


def _read(raw: bytes, steps: int = 1_000_000) -> tuple[Constant, Terms]:
    """The constant ``x``, after asking for everything else too."""
    olean, terms = Olean([raw], steps=steps), Terms()
    olean.references(_X)
    return olean.constant(_X, terms), terms


def test_the_forge_writes_what_is_read() -> None:
    forge = Forge()
    odd = ("", 0, "a.b\0", 1 << 60)
    levels = forge.list([forge.cached(1, 1), forge.cached(4, forge.name("u"))])
    constant, terms = _read(forge.of_type(forge.constant(forge.name(*odd), levels)))
    assert terms.nodes[constant.type][:2] == ("const", odd)
    assert Olean([forge.of_type(forge.sort())]).names == (_X,)


def test_deep_terms_are_read() -> None:
    depth = 50_000
    forge = Forge()
    level, term = 1, forge.sort()
    for _ in range(depth):
        level = forge.cached(1, level)
    for _ in range(depth // 2):
        term = forge.cached(10, NIL, forge.apply(term, term))
    constant, terms = _read(forge.of_type(forge.apply(forge.sort(level), term)))
    assert constant.type == len(terms.nodes) - 1


def test_shared_terms_are_read_once() -> None:
    forge = Forge()
    term = forge.sort()
    for _ in range(1_000):
        term = forge.apply(term, term)
    constant, terms = _read(forge.of_type(term), steps=5_000)
    assert len(terms.nodes) == 1_002
    again = Forge()
    pairs = again.sort(), again.sort()
    for _ in range(1_000):
        pairs = again.apply(*pairs), again.apply(*pairs)
    assert Olean([again.of_type(pairs[1])]).constant(_X, terms).type == constant.type


def test_terms_are_paid_for() -> None:
    forge = Forge()
    level, term = 1, forge.sort()
    for _ in range(5_000):
        level, term = forge.cached(1, level), forge.apply(term, term)
    raw = forge.of_type(term)
    with pytest.raises(OleanTooLarge):
        Olean([raw], steps=4_000).constant(_X, Terms())
    with pytest.raises(OleanTooLarge):
        Olean([raw], steps=4_000).references(_X)
    raw = forge.of_type(forge.sort(level))
    with pytest.raises(OleanTooLarge):
        Olean([raw], steps=4_000).constant(_X, Terms())


def test_memory_follows_the_steps_and_not_the_file() -> None:
    forge = Forge()
    term = forge.sort()
    for _ in range(100_000):
        term = forge.apply(term, term)
    olean = Olean([forge.of_type(term)], steps=1_000)
    tracemalloc.start()
    try:
        for read in (lambda: olean.constant(_X, Terms()), lambda: olean.references(_X)):
            with pytest.raises(OleanTooLarge):
                read()
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_long_names_are_paid_for() -> None:
    forge = Forge()
    with pytest.raises(OleanTooLarge):
        _read(forge.of_type(forge.constant(forge.name(*["a"] * 5_000))))
    forge = Forge()
    with pytest.raises(OleanTooLarge, match="4096"):
        _read(forge.of_type(forge.constant(forge.name("a" * 5_000))))
    forge = Forge()
    name, term = forge.name(*["a"] * 1_000), forge.sort()
    for _ in range(1_000):
        term = forge.apply(term, forge.constant(name))
    with pytest.raises(OleanTooLarge):
        _read(forge.of_type(term))


def test_large_values_are_paid_for() -> None:
    literals: tuple[_Forgery, ...] = (
        lambda forge: forge.object(0, forge.number(1 << 640_000)),
        lambda forge: forge.object(1, forge.text(b"a" * 640_000)),
    )
    for literal in literals:
        forge = Forge()
        shared, term = literal(forge), forge.sort()
        for _ in range(100):
            term = forge.apply(term, forge.cached(9, shared))
        with pytest.raises(OleanTooLarge):
            _read(forge.of_type(term), steps=500_000)


def test_numbers_that_tables_cannot_tell_apart_are_paid_for() -> None:
    def read(step: int) -> None:
        forge = Forge()
        term = forge.sort()
        for i in range(2_000):
            literal = forge.object(0, forge.number((1 << 64) + i * step))
            term = forge.apply(term, forge.cached(9, literal))
        _read(forge.of_type(term))

    read(12_345)
    with pytest.raises(OleanTooLarge):
        read(sys.hash_info.modulus)


_FORGERIES: dict[str, _Forgery] = {
    "itself": lambda forge: forge.apply(BASE + len(forge.data), BASE + len(forge.data)),
    "what comes later": lambda forge: forge.apply(forge.sort(), BASE + len(forge.data) + 32),
    "the header": lambda forge: BASE + 8,
    "before the file": lambda forge: BASE - 8,
    "behind the file": lambda forge: BASE + (1 << 20),
    "nothing": lambda forge: 0,
    "far away": lambda forge: (1 << 64) - 8,
    "no object": lambda forge: forge.sort() + 8,
    "between words": lambda forge: forge.sort() + 4,
    "between words, within": lambda forge: forge.apply(forge.sort() + 4, forge.sort()),
    "a number": lambda forge: boxed(3),
    "a name": lambda forge: forge.name("a"),
    "a list": lambda forge: forge.list([forge.sort()]),
    "a text": lambda forge: forge.text(b"a"),
    "a thunk": lambda forge: forge.words(251 << 56 | 24 << 32, forge.sort(), 0),
    "a counted object": lambda forge: forge.words(3 << 56 | 1 << 48 | 24 << 32 | 1, 1, 0),
    "a free variable": lambda forge: forge.cached(1, forge.name("a")),
    "a metavariable": lambda forge: forge.cached(2, forge.name("a")),
    "a level's metavariable": lambda forge: forge.sort(forge.cached(5, forge.name("a"))),
    "a level of no kind": lambda forge: forge.sort(forge.cached(6, 1)),
    "a level that is a term": lambda forge: forge.sort(forge.sort()),
    "a level in itself": lambda forge: forge.sort(forge.cached(1, BASE + len(forge.data))),
    "no binder": lambda forge: forge.cached(7, 1, forge.sort(), forge.sort(), scalars=b"\4"),
    "no flag": lambda forge: forge.cached(8, 1, *[forge.sort()] * 3, scalars=b"\2"),
    "a large variable": lambda forge: forge.cached(0, forge.number(1 << 64)),
    "a name that is a text": lambda forge: forge.constant(forge.text(b"a")),
    "a name in itself": lambda forge: forge.constant(
        forge.cached(1, BASE + len(forge.data), forge.text(b"a"))
    ),
    "a name of a level": lambda forge: forge.constant(forge.cached(1, 1)),
    "a name with a large number": lambda forge: forge.constant(forge.name("a", 1 << 61)),
    "a name with a larger one": lambda forge: forge.constant(forge.name("a", 1 << 70)),
    "a field of a large number": lambda forge: forge.cached(
        11, forge.name("a"), forge.number(1 << 70), forge.sort()
    ),
    "levels that are none": lambda forge: forge.constant(forge.name("a"), forge.name("a")),
    "levels without end": lambda forge: forge.constant(
        forge.name("a"), forge.object(1, 1, BASE + len(forge.data))
    ),
    "a literal of no kind": lambda forge: forge.cached(9, forge.object(2, 1)),
    "a literal that is a number": lambda forge: forge.cached(9, boxed(1)),
}
#: Not looked at for the constants that a term mentions.
_NEVER_REFERENCES = {what for what in _FORGERIES if "level" in what or "flag" in what} | {
    "no binder",
    "a field of a large number",
    "a large variable",
}
_TEXTS: dict[str, _Forgery] = {
    "is not UTF-8": lambda forge: forge.text(b"\xff"),
    "is a surrogate": lambda forge: forge.text(b"\xed\xa0\x80"),
    "is too long a form": lambda forge: forge.text(b"\xc0\xaf"),
    "ends in a character": lambda forge: forge.text("é".encode()[:1], characters=1),
    "has no end": lambda forge: forge.text(b"abc", size=3, characters=2),
    "is empty without end": lambda forge: forge.words(249 << 56 | 1 << 32, 0, 0, 0),
    "has room": lambda forge: forge.text(b"abc", capacity=8),
    "is longer": lambda forge: forge.text(b"abc", characters=4),
    "is shorter": lambda forge: forge.text(b"abc", characters=2),
    "leaves the file": lambda forge: forge.text(b"abc", size=1 << 40),
    "is immense": lambda forge: forge.text(b"abc", size=(1 << 64) - 1),
    "is a number": lambda forge: boxed(5),
    "is an array": lambda forge: forge.array([1]),
}
_NUMBERS: dict[str, _Forgery] = {
    "has no limbs": lambda forge: forge.limbs(),
    "is small": lambda forge: forge.limbs(7),
    "has leading zeros": lambda forge: forge.limbs(1 << 63, 0),
    "is elsewhere": lambda forge: forge.limbs(1 << 63, at=16),
    "leaves the file": lambda forge: forge.limbs(1 << 63, count=1 << 30),
    "is negative": lambda forge: forge.words(
        250 << 56 | 32 << 32, 0xFFFFFFFF << 32 | 1, BASE + len(forge.data) + 24, 1 << 63
    ),
    "is a text": lambda forge: forge.text(b"1"),
}


@pytest.mark.parametrize("what", _FORGERIES)
def test_terms_that_are_none(what: str) -> None:
    forge = Forge()
    olean = Olean([forge.of_type(_FORGERIES[what](forge))])
    with pytest.raises(OleanError) as refusal:
        olean.constant(_X, Terms())
    # Seen at once, and not when the steps are used up.
    assert refusal.type is OleanError
    if what not in _NEVER_REFERENCES:
        with pytest.raises(OleanError):
            olean.references(_X)


@pytest.mark.parametrize("what", _TEXTS)
def test_texts_that_are_none(what: str) -> None:
    uses: tuple[_Use, ...] = (
        lambda forge, text: forge.cached(9, forge.object(1, text)),
        lambda forge, text: forge.constant(forge.cached(1, ANONYMOUS, text)),
    )
    for use in uses:
        forge = Forge()
        with pytest.raises(OleanError):
            _read(forge.of_type(use(forge, _TEXTS[what](forge))))


@pytest.mark.parametrize("what", _NUMBERS)
def test_numbers_that_are_none(what: str) -> None:
    uses: tuple[_Use, ...] = (
        lambda forge, number: forge.cached(9, forge.object(0, number)),
        lambda forge, number: forge.constant(forge.cached(2, ANONYMOUS, number)),
        lambda forge, number: forge.cached(11, forge.name("a"), number, forge.sort()),
    )
    for use in uses:
        forge = Forge()
        with pytest.raises(OleanError):
            _read(forge.of_type(use(forge, _NUMBERS[what](forge))))


def test_names_and_constants_must_agree() -> None:
    forge = Forge()
    x, y = forge.name("x"), forge.name("y")
    a, b = forge.axiom(x, forge.sort()), forge.axiom(y, forge.sort())
    for names, constants, reason in (
        ([x], [a, b], "more names"),
        ([x, y], [a], "more names"),
        ([x, x], [a, a], "twice"),
        ([x, forge.name("x")], [a, a], "twice"),
    ):
        with pytest.raises(OleanError, match=reason):
            Olean([forge.file(names, constants)])
    with pytest.raises(OleanError, match="'x' has another name inside"):
        Olean([forge.file([x, y], [b, a])]).kind(_X)


def test_arrays_must_fit() -> None:
    for size, capacity in ((1 << 60, 1 << 60), ((1 << 64) - 1, (1 << 64) - 1), (0, 1), (5, 5)):
        forge = Forge()
        none, name = forge.array([]), forge.name("x")
        array = forge.words(246 << 56 | 1 << 32, size, capacity, name)
        root = forge.object(0, none, array, none, none, none, scalars=b"\0")
        forge.data[88:96] = struct.pack("<Q", root)
        with pytest.raises(OleanError):
            Olean([bytes(forge.data)])


def test_objects_must_end_within_the_file() -> None:
    forge = Forge()
    whole = forge.of_type(forge.sort())
    for length in range(0, len(whole), 4):
        with pytest.raises(OleanError):
            _read(whole[:length])


def test_files_of_no_size_one_would_read() -> None:
    with pytest.raises(OleanTooLarge, match="512 MiB"):
        Olean([bytes((512 << 20) + 8)])


def _mutated(raw: bytes, random_: random.Random) -> bytes:
    """The file after one change or some: of bits, bytes, fields, addresses, objects, its length."""
    data = bytearray(raw)
    base, words = int.from_bytes(raw[80:88], "little"), len(raw) // 8
    for _ in range(random_.choice((1, 1, 1, 2, 5, 30))):
        at, other = random_.randrange(11, words) * 8, random_.randrange(11, words) * 8
        match random_.randrange(6):
            case 0:
                data[random_.randrange(len(raw))] ^= 1 << random_.randrange(8)
            case 1:
                data[random_.randrange(len(raw))] = random_.randrange(256)
            case 2:
                data[at : at + 8] = random_.randbytes(8)
            case 3:
                data[at : at + 8] = struct.pack("<Q", base + other)
            case 4:
                number = random_.choice((0, 1, 2, 3, 1 << 20, (1 << 63) - 1))
                data[at : at + 8] = struct.pack("<Q", boxed(number))
            case 5:
                piece = data[other : other + random_.choice((8, 8, 16, 32, 64))]
                data[at : at + len(piece)] = piece
                del data[len(raw) :]
    return bytes(data[: random_.randrange(len(data))] if random_.random() < 0.02 else data)


_SMALL = """\
prelude
set_option genCtorIdx false
inductive N where | zero : N | succ (n : N) : N
inductive String where | mk : String
axiom claim : Prop
theorem same.{u} (α : Sort u) {_ : α} (h : claim) : claim := h
opaque hidden : N := N.succ N.zero
def text : String := let α := String; (fun x : α => x) "text"
"""
_PARTS = _SMALL.replace("prelude", "module\nprelude\npublic section")


@pytest.mark.parametrize("source", [_SMALL, _PARTS], ids=["file", "parts"])
def test_mutated_files_are_read_or_refused(tmp_path: Path, source: str) -> None:
    compiled(tmp_path, Small=source)
    random_, whole = random.Random(4), parts_of(tmp_path, "Small")
    steps, read, refused, longest = 20_000, 0, 0, 0.0
    for _ in range(2_000):
        parts = list(whole)
        which = random_.randrange(len(parts))
        parts[which] = _mutated(parts[which], random_)
        started = time.process_time()
        try:
            olean, terms = Olean(parts, steps=steps), Terms()
        except OleanError:
            refused += 1
            continue
        for name in olean.names:
            try:
                olean.kind(name)
                olean.references(name)
                olean.constant(name, terms)
                read += 1
            except OleanError:
                refused += 1
        longest = max(longest, time.process_time() - started)
    assert read > 1_000 and refused > 500
    # Fifty microseconds for a step, on a busy machine.
    assert longest < steps * 50e-6
