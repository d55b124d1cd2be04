"""Writes files as Lean's compiler would, or as it never would."""

import struct
from collections.abc import Sequence

from assayoffice.verifiers.lean.compiled.olean import KNOWN_RELEASES

BASE = 0x2A0000
#: What stands for a constructor without fields, by its number.
PROP_LEVEL = ANONYMOUS = NIL = OPAQUE_HINT = 1


def boxed(number: int) -> int:
    """A small number as a field has it."""
    return number << 1 | 1


class Forge:
    """A file that grows. Methods give the address of what they add."""

    def __init__(self) -> None:
        githash, version = next(iter(KNOWN_RELEASES.items()))
        self.data = bytearray(
            struct.pack(
                "<5sBB33s40sQQ", b"olean", 2, 1, version.encode(), githash.encode(), BASE, 0
            )
        )

    def words(self, *words: int) -> int:
        """Anything at all."""
        address = BASE + len(self.data)
        self.data += struct.pack(f"<{len(words)}Q", *words)
        return address

    def object(self, tag: int, *fields: int, scalars: bytes = b"") -> int:
        """A constructor."""
        scalars += bytes(-len(scalars) % 8)
        size = 8 + 8 * len(fields) + len(scalars)
        address = self.words(tag << 56 | len(fields) << 48 | size << 32, *fields)
        self.data += scalars
        return address

    def cached(self, tag: int, *fields: int, scalars: bytes = b"") -> int:
        """A name, level or expression: a hash or the like comes first."""
        return self.object(tag, *fields, scalars=b"\xee" * 8 + scalars)

    def text(self, text: bytes, size: int = 0, capacity: int = 0, characters: int = -1) -> int:
        """A string, which may lie about itself."""
        size = size or len(text) + 1
        count = characters if characters >= 0 else len(text.decode("utf-8", "replace"))
        address = self.words(249 << 56 | 1 << 32, size, capacity or size, count)
        self.data += text + bytes(8 - len(text) % 8)
        return address

    def number(self, value: int) -> int:
        """A natural number."""
        if value < 1 << 63:
            return boxed(value)
        limbs = (value.bit_length() + 63) // 64
        return self.limbs(*(value >> 64 * i & (1 << 64) - 1 for i in range(limbs)))

    def limbs(self, *limbs: int, count: int = -1, at: int = 24) -> int:
        """A large number, which may lie about itself."""
        count = len(limbs) if count < 0 else count
        here = BASE + len(self.data)
        size = 24 + 8 * count & 0xFFFF
        return self.words(250 << 56 | size << 32, count << 32 | count, here + at, *limbs)

    def name(self, *parts: str | int) -> int:
        """A name."""
        address = ANONYMOUS
        for part in parts:
            if isinstance(part, str):
                address = self.cached(1, address, self.text(part.encode()))
            else:
                address = self.cached(2, address, self.number(part))
        return address

    def list(self, items: Sequence[int]) -> int:
        """A list."""
        address = NIL
        for item in reversed(items):
            address = self.object(1, item, address)
        return address

    def array(self, items: Sequence[int]) -> int:
        """An array."""
        return self.words(246 << 56 | 1 << 32, len(items), len(items), *items)

    def sort(self, level: int = PROP_LEVEL) -> int:
        """``Sort level``."""
        return self.cached(3, level)

    def constant(self, name: int, levels: int = NIL) -> int:
        """A constant in a term."""
        return self.cached(4, name, levels)

    def apply(self, function: int, argument: int) -> int:
        """An application."""
        return self.cached(5, function, argument)

    def axiom(self, name: int, type_: int, levels: int = NIL) -> int:
        """A ConstantInfo."""
        common = self.object(0, name, levels, type_)
        return self.object(0, self.object(0, common, scalars=b"\0"))

    def file(self, names: Sequence[int], constants: Sequence[int]) -> bytes:
        """All of it, as a module that defines some constants."""
        none = self.array([])
        root = self.object(
            0, none, self.array(names), self.array(constants), none, none, scalars=b"\0"
        )
        self.data[88:96] = struct.pack("<Q", root)
        return bytes(self.data)

    def of_type(self, type_: int) -> bytes:
        """All of it, as a module with one axiom ``x``."""
        name = self.name("x")
        return self.file([name], [self.axiom(name, type_)])
