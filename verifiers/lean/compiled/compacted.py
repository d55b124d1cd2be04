"""Reads the objects of a compiled module of Lean: its bytes are a heap, as Lean has it in memory.

A file begins with 88 bytes: ``olean``, the layout's version, flags, the release and its commit, and
the address it wants to lie at. The address of the root object follows, and then objects, whose
fields are addresses or small numbers. A ``module`` has three files that point into each other; they
lie one behind the other at multiples of 64 KiB.

All of it may be forged. What keeps reading finite is that Lean writes an object after everything it
holds: an address that does not point back is refused, and so there are no cycles. What keeps it
short is that all reading is paid for in steps, by size.
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from assayoffice.verifiers.lean.compiled.terms import Name

#: What the layouts below were compared with: commits of Lean, and their versions.
KNOWN_RELEASES: Mapping[str, str] = MappingProxyType(
    {"eb6cafb7290e8bd5f2937522d8d804f58f02bafc": "4.35.0"}
)
#: Enough for a million different subterms. A step takes some three microseconds and 200 bytes.
DEFAULT_STEPS = 2_000_000
#: The most that all files of one module may have.
MAX_BYTES = 512 << 20

_HEADER_BYTES = 88
_ROOT_BYTES = 8
_ALIGNMENT = 1 << 16
_ADDRESSES = 1 << 47
#: Layout version 2, numbers as GMP has them.
_MARK = b"olean\x02\x01"
#: Keeps comparing names about as cheap as a step says.
_MAX_COMPONENT_BYTES = 4096
#: Python's hashes are of numbers modulo this: larger ones may be chosen to be all alike in a table.
HASH_MODULUS = sys.hash_info.modulus
#: What stands for a constructor without fields: the root of names, the end of lists.
NULL = 1


class OleanError(Exception):
    """The file is malformed, or of a layout or release that is not known; says what is wrong."""


class OleanTooLarge(OleanError):
    """Reading on would take more than it may."""


def header(tag: int, fields: int, scalar_bytes: int = 0) -> int:
    """The first word of a constructor's object: nobody counts references, then size, fields, tag.

    Scalars are behind the fields, larger ones first, and fill whole words.
    """
    size = 8 + 8 * fields + (scalar_bytes + 7) // 8 * 8
    return tag << 56 | fields << 48 | size << 32


# These say "size 1": theirs is in the words that follow.
_ARRAY = 246 << 56 | 1 << 32
_STRING = 249 << 56 | 1 << 32
_BIG = 250 << 56
_CONS = header(1, 2)
_NAME_STRING = header(1, 2, 8)
_NAME_NUMBER = header(2, 2, 8)


class Compacted:
    """The objects of one module's files. An object is named by the index of its first word.

    Methods that take a ``word`` read what a field of the object ``owner`` holds. All raise
    OleanError, and OleanTooLarge when the steps are used up.
    """

    def __init__(self, parts: Sequence[bytes], steps: int, releases: Collection[str]) -> None:
        self.githash = self.version = ""
        self.steps = steps
        if sum(map(len, parts)) > MAX_BYTES:
            raise OleanTooLarge(f"more than {MAX_BYTES >> 20} MiB")
        starts = [self._start(part, releases) for part in parts]
        joined = bytearray() if len(parts) > 1 else parts[0]
        self.base = starts[0]
        for start, part in zip(starts, parts, strict=True):
            if isinstance(joined, bytearray):
                joined += bytes(-len(joined) % _ALIGNMENT)
                if start != self.base + len(joined):
                    raise OleanError("the files are not parts of one module")
                joined += part
        self.data = memoryview(joined)
        #: Words are little-endian, like every machine that Lean is released for.
        self.words = self.data.cast("Q")
        self.first = (_HEADER_BYTES + _ROOT_BYTES) // 8
        self.roots = tuple((start - self.base + _HEADER_BYTES) // 8 for start in starts)
        self._names: dict[int, Name] = {}

    def _start(self, part: bytes, releases: Collection[str]) -> int:
        """Where a file wants to lie; what it says of its release must be known, and agree."""
        if len(part) < _HEADER_BYTES + _ROOT_BYTES or len(part) % 8:
            raise OleanError("too short, or cut off")
        if part[:7] != _MARK:
            raise OleanError("no compiled module of Lean, or one of an unknown layout")
        version = part[7:40].rstrip(b"\0").decode("ascii", "replace")
        githash = part[40:80].rstrip(b"\0").decode("ascii", "replace")
        if githash not in releases:
            raise OleanError(f"compiled by a Lean that is not known here: {version!r} {githash!r}")
        if self.githash and (githash, version) != (self.githash, self.version):
            raise OleanError("the files are of different releases")
        self.githash, self.version = githash, version
        start = int.from_bytes(part[80:88], "little")
        if start % _ALIGNMENT or start >= _ADDRESSES:
            raise OleanError("its address is none")
        return start

    def spend(self, steps: int) -> None:
        """Pay for reading."""
        self.steps -= steps
        if self.steps < 0:
            raise OleanTooLarge("reading it takes more steps than it may")

    def object(self, word: int, owner: int) -> int:
        """The object at an address."""
        index = (word - self.base) >> 3
        if word & 7 or not self.first <= index < owner:
            raise OleanError("an address points nowhere, or not back")
        return index

    def constructor(self, word: int, owner: int, expected: int) -> int:
        """An object with this header. Costs a step."""
        self.spend(1)
        index = self.object(word, owner)
        if self.words[index] != expected:
            raise OleanError("an object of another kind than its place asks for")
        self.fits(index, (expected >> 35) & 0x1FFF)
        return index

    def fits(self, index: int, words: int) -> None:
        """Refuse an object that is longer than what is left of the file."""
        if index + words > len(self.words):
            raise OleanError("an object goes beyond the end")

    def byte(self, index: int, fields: int, place: int, below: int) -> int:
        """A scalar of one byte, so many bytes behind so many fields."""
        value = self.data[(index + 1 + fields) * 8 + place]
        if value >= below:
            raise OleanError("a scalar is out of its range")
        return value

    def small(self, word: int) -> int:
        """A natural number that fits into a field, as all counts do."""
        if not word & 1:
            raise OleanError("a count is no small number")
        return word >> 1

    def natural(self, word: int, owner: int) -> int:
        """A natural number of any size. Costs a step and one for each 64 bits."""
        if word & 1:
            return word >> 1
        self.spend(1)
        index = self.object(word, owner)
        self.fits(index, 3)
        # Two counts of 32 bits, of limbs allocated and used, and where they are: right behind.
        limbs = self.words[index + 1] & 0xFFFFFFFF
        if (
            # Sizes that do not fit into 16 bits are cut off.
            self.words[index] != _BIG | (24 + limbs * 8 & 0xFFFF) << 32
            or self.words[index + 1] != limbs << 32 | limbs
            or self.words[index + 2] != word + 24
        ):
            raise OleanError("a large number is malformed")
        self.spend(limbs)
        self.fits(index, 3 + limbs)
        value = int.from_bytes(self.data[(index + 3) * 8 : (index + 3 + limbs) * 8], "little")
        if value >> max(63, 64 * (limbs - 1)) == 0:
            raise OleanError("a large number is smaller than its size says")
        return value

    def string(self, word: int, owner: int, most_bytes: int = MAX_BYTES) -> str:
        """A text. Costs a step, and one for each 64 bytes."""
        self.spend(1)
        index = self.object(word, owner)
        self.fits(index, 4)
        if self.words[index] != _STRING:
            raise OleanError("a text is something else")
        size, capacity, characters = self.words[index + 1 : index + 4]
        self.fits(index, 4 + (size + 7) // 8)
        if size > most_bytes:
            raise OleanTooLarge(f"a text has more than {most_bytes} bytes")
        self.spend(size // 64)
        start = (index + 4) * 8
        if size != capacity or not size or self.data[start + size - 1]:
            raise OleanError("a text is malformed")
        try:
            text = str(self.data[start : start + size - 1], "utf-8")
        except UnicodeDecodeError:
            raise OleanError("a text is not UTF-8") from None
        if len(text) != characters:
            raise OleanError("a text has another length than it says")
        return text

    def array(self, word: int, owner: int) -> tuple[int, Sequence[int]]:
        """An array, and its fields. Costs a step, and one for each field."""
        self.spend(1)
        index = self.object(word, owner)
        self.fits(index, 3)
        size, capacity = self.words[index + 1 : index + 3]
        if self.words[index] != _ARRAY or size != capacity:
            raise OleanError("an array is something else")
        self.fits(index, 3 + size)
        self.spend(size)
        return index, self.words[index + 3 : index + 3 + size]

    def list(self, word: int, owner: int) -> Sequence[tuple[int, int]]:
        """What a list's cells hold, each with its cell. Costs a step for each."""
        cells: list[tuple[int, int]] = []
        while word != NULL:
            owner = self.constructor(word, owner, _CONS)
            cells.append((self.words[owner + 1], owner))
            word = self.words[owner + 2]
        return cells

    def name(self, word: int, owner: int) -> Name:
        """A name. Costs a step for each component, besides texts and numbers, and more at first."""
        chain: list[int] = []
        name: Name | None = None
        while name is None:
            if word == NULL:
                name = ()
                break
            owner = self.object(word, owner)
            name = self._names.get(owner)
            if name is None:
                self.spend(1)
                self.fits(owner, 4)
                chain.append(owner)
                word = self.words[owner + 1]
        for index in reversed(chain):
            kind, rest = self.words[index], self.words[index + 2]
            if kind == _NAME_STRING:
                part: str | int = self.string(rest, index, _MAX_COMPONENT_BYTES)
            elif kind == _NAME_NUMBER:
                part = self.small(rest)
                if part >= HASH_MODULUS:
                    raise OleanError("a name has too large a number")
            else:
                raise OleanError("a name is something else")
            name = self._names[index] = (*name, part)
            self.spend(len(name))
        self.spend(len(name))
        return name

    def names(self, word: int, owner: int) -> tuple[Name, ...]:
        """A list of names."""
        return tuple(self.name(item, cell) for item, cell in self.list(word, owner))
