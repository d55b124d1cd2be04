"""What programs print or return, held against what was expected.

Every comparison is a pure function, linear in its input, and says either None, for equal, or where
the two first differ. What it says may quote the program, and never what was expected: whoever
writes programs reads it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import cast

from assayoffice.verifiers.code import strict_json
from assayoffice.verifiers.code.numbers import Tolerance, decimal
from assayoffice.verifiers.code.strict_json import NotJsonError
from assayoffice.verifiers.code.task import Comparator

_QUOTED_CHARACTERS = 80
_PLACE_CHARACTERS = 100
_BLOCK_BYTES = 1 << 16
_WORD = re.compile(rb"[^ \t\n\r\x0b\x0c]+")
# Where something lies in memory says nothing, and is different every time.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")

_ATOMS = {bool, bytes, complex, float, int, str, type(None)}
_JSON_ATOMS = _ATOMS | {Decimal}
_NUMBERS = {complex, float, int}

# A step into a value, for people, and the two values found there.
_Part = tuple[str, object, object]


def printed_difference(
    given: bytes, expected: bytes, comparator: Comparator, tolerance: Tolerance
) -> str | None:
    """Where what a program printed first differs from what it should have printed.

    Raises NotJsonError if the comparator is JSON and ``expected`` is not.
    """
    match comparator:
        case Comparator.EXACT:
            return _bytes_differ(given, expected)
        case Comparator.TRIMMED:
            return _lines_differ(given, expected)
        case Comparator.TOKENS:
            return _words_differ(given, expected, lambda one, other: False)
        case Comparator.NUMBERS:
            return _words_differ(given, expected, _near(tolerance))
        case Comparator.UNORDERED_LINES:
            return _line_sets_differ(given, expected)
        case Comparator.JSON:
            return _json_differs(given, expected)
        case Comparator.PYTHON:
            raise ValueError("what is printed is no Python value")


def returned_difference(
    given: object, expected: object, comparator: Comparator, tolerance: Tolerance
) -> str | None:
    """Where a returned value, made of exact builtins, first differs from a value read from JSON.

    Under PYTHON values are equal as ``==`` has it, so 1 is True and 1.0, and NaN is not NaN; under
    JSON a bool is only equal to itself. Under both a tuple may stand for a list, which JSON has no
    other way to write; keys are strings, and no other value of any class passes for a list.
    """
    match comparator:
        case Comparator.PYTHON:
            return _values_differ(given, expected, _python_atoms(tolerance))
        case Comparator.JSON:
            return _values_differ(given, expected, _json_atoms)
        case _:
            raise ValueError(f"{comparator.value} compares what is printed")


def quoted(text: bytes | str) -> str:
    """What a program wrote, for people: short, in one line of ASCII, without memory addresses."""
    if isinstance(text, bytes):
        text = text[: 4 * _QUOTED_CHARACTERS].decode("utf-8", "backslashreplace")
    short = _ADDRESS.sub("0x...", text[:_QUOTED_CHARACTERS])
    return ascii(short) + ("..." if len(text) > _QUOTED_CHARACTERS else "")


def _bytes_differ(given: bytes, expected: bytes) -> str | None:
    if given == expected:
        return None
    at = _common_length(given, expected)
    if at == len(given):
        return "the output ends too early"
    if at == len(expected):
        return "the output goes on after its end"
    line, column = given.count(b"\n", 0, at) + 1, at - given.rfind(b"\n", 0, at)
    return f"line {line} differs at byte {column}"


def _common_length(one: bytes, other: bytes) -> int:
    length = min(len(one), len(other))
    block = 0
    while block < length and (
        one[block : block + _BLOCK_BYTES] == other[block : block + _BLOCK_BYTES]
    ):
        block += _BLOCK_BYTES
    for at in range(block, min(block + _BLOCK_BYTES, length)):
        if one[at] != other[at]:
            return at
    return length


def _lines(text: bytes) -> Iterator[bytes]:
    """Lines without white space at their ends, and no empty ones at the end."""
    text = text.rstrip()
    start = 0
    while start < len(text):
        end = text.find(b"\n", start)
        if end < 0:
            end = len(text)
        yield text[start:end].rstrip()
        start = end + 1


def _lines_differ(given: bytes, expected: bytes) -> str | None:
    for number, (one, other) in enumerate(zip_longest(_lines(given), _lines(expected)), 1):
        if one != other:
            return _where(f"line {number}", one, other)
    return None


def _words(text: bytes) -> Iterator[bytes]:
    return (word[0] for word in _WORD.finditer(text))


def _words_differ(
    given: bytes, expected: bytes, same: Callable[[bytes, bytes], bool]
) -> str | None:
    for number, (one, other) in enumerate(zip_longest(_words(given), _words(expected)), 1):
        if one != other and (one is None or other is None or not same(one, other)):
            return _where(f"word {number}", one, other)
    return None


def _near(tolerance: Tolerance) -> Callable[[bytes, bytes], bool]:
    def near(given: bytes, expected: bytes) -> bool:
        # What is no ASCII becomes characters that are in no number.
        one, other = decimal(given.decode("latin-1")), decimal(expected.decode("latin-1"))
        return one is not None and other is not None and tolerance.covers(one, other)

    return near


def _line_sets_differ(given: bytes, expected: bytes) -> str | None:
    # Without an order, there is no telling which blank line is at the end.
    missing = Counter(filter(None, _lines(expected)))
    for line in filter(None, _lines(given)):
        if not missing[line]:
            return f"this line is too much: {quoted(line)}"
        missing[line] -= 1
    return "lines are missing" if +missing else None


def _where(place: str, given: bytes | None, expected: bytes | None) -> str:
    if given is None:
        return f"the output ends before {place}"
    if expected is None:
        return f"{place} is too much: {quoted(given)}"
    return f"{place} differs: {quoted(given)}"


def _json_differs(given: bytes, expected: bytes) -> str | None:
    wanted = strict_json.read_exact(expected.decode("utf-8", "surrogatepass"))
    try:
        found = strict_json.read_exact(given.decode())
    except UnicodeDecodeError:
        return "the output is no JSON: it is not UTF-8"
    except NotJsonError as error:
        return f"the output is no JSON: {error}"
    return _values_differ(found, wanted, _json_atoms)


def _values_differ(
    given: object, expected: object, equal: Callable[[object, object], bool]
) -> str | None:
    # Iterators, one for each level, instead of recursion: values may be as deep as they like.
    levels: list[Iterator[_Part]] = [iter([("", given, expected)])]
    path: list[str] = []
    while levels:
        part = next(levels[-1], None)
        if part is None:
            levels.pop()
            continue
        step, one, other = part
        path[len(levels) - 1 :] = [step]
        inside = _inside(one, other)
        if isinstance(inside, str):
            return f"{_place(path)} {inside}"
        if inside is not None:
            levels.append(inside)
        elif not equal(one, other):
            return f"{_place(path)} differs: {_quoted_value(one)}"
    return None


def _inside(one: object, other: object) -> Iterator[_Part] | str | None:
    """The parts to compare of two containers, or how they differ; None for what has no parts.

    Nothing but exact builtins is looked into: a subclass may say of itself whatever it likes.
    """
    if type(one) in (list, tuple) and type(other) is list:
        return _items(cast(Sequence[object], one), cast(list[object], other))
    if type(one) is dict and type(other) is dict:
        return _entries(cast(dict[object, object], one), cast(dict[object, object], other))
    return None


def _items(one: Sequence[object], other: Sequence[object]) -> Iterator[_Part] | str:
    if len(one) != len(other):
        return f"has too {'few' if len(one) < len(other) else 'many'} elements, {len(one)}"
    pairs = enumerate(zip(one, other, strict=True))
    return ((f"[{at}]", part, wanted) for at, (part, wanted) in pairs)


def _entries(one: dict[object, object], other: dict[object, object]) -> Iterator[_Part] | str:
    for key in one:
        if key not in other:
            return f"has a key too many: {_quoted_value(key)}"
    if len(one) != len(other):
        return "lacks a key"
    return ((f"[{_quoted_value(key)}]", one[key], wanted) for key, wanted in other.items())


def _python_atoms(tolerance: Tolerance) -> Callable[[object, object], bool]:
    def equal(one: object, other: object) -> bool:
        if type(one) not in _ATOMS or type(other) not in _ATOMS:
            return False
        if tolerance and {type(one), type(other)} <= _NUMBERS:
            return tolerance.covers_values(cast(complex, one), cast(complex, other))
        return one == other

    return equal


def _json_atoms(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return type(one) in _JSON_ATOMS and one == other


def _place(path: list[str]) -> str:
    place = "".join(path)
    if len(place) > _PLACE_CHARACTERS:
        place = "..." + place[-_PLACE_CHARACTERS:]
    return f"the value{' at ' if place else ''}{place}"


def _quoted_value(value: object) -> str:
    """A value for people. Of sets only the type: their order is another in every process."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bytes):
        return "b" + quoted(value)
    if isinstance(value, int) and value.bit_length() > 4 * _QUOTED_CHARACTERS:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, Decimal):
        return str(value)[:_QUOTED_CHARACTERS]
    return repr(value) if type(value) in _ATOMS else f"a {type(value).__name__}"
