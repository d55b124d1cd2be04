"""Values as text: everything that is data survives the way, and nothing hostile gets through."""

import enum
import json
import math
from collections import Counter, OrderedDict, defaultdict, namedtuple
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assayoffice.verifiers.code.inside.codec import (
    MAX_DEPTH,
    MAX_VALUES,
    MalformedError,
    NotDataError,
    Reference,
    TooMuchDataError,
    read,
    write,
)

_SURROGATES = st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010), max_size=5)
_KEYS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | _SURROGATES
    | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4),
    max_leaves=10,
)
_VALUES = st.recursive(
    _KEYS
    | st.binary().map(bytearray)
    | st.builds(range, st.integers(), st.integers(), st.integers(min_value=1)),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(_KEYS, inner, max_size=5)
        | st.sets(_KEYS, max_size=5)
    ),
    max_leaves=30,
)


def _described(value: Any) -> object:
    """What tells values apart that are equal, such as 1 and True, and makes NaN equal itself."""
    if isinstance(value, float):
        return ("float", repr(value))
    if isinstance(value, complex):
        return ("complex", repr(value.real), repr(value.imag))
    if isinstance(value, list | tuple):
        return (type(value), [_described(part) for part in value])
    if isinstance(value, set | frozenset):
        return (type(value), sorted(repr(_described(part)) for part in value))
    if isinstance(value, dict):
        return (dict, [(_described(key), _described(part)) for key, part in value.items()])
    return (type(value), value)


@settings(deadline=None)
@given(_VALUES)
def test_values_survive_exactly(value: object) -> None:
    assert _described(read(write(value))) == _described(value)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=40_000), st.booleans())
def test_integers_of_any_size_survive(bits: int, negative: bool) -> None:
    value = (1 << bits) - 1
    assert read(write(-value if negative else value)) == (-value if negative else value)


def test_surrogates_side_by_side_stay_two_characters() -> None:
    assert read(write("\ud83d\ude00")) == "\ud83d\ude00" != "\U0001f600"


class _Liar(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __int__(self) -> int:
        return 42

    __index__ = __int__

    def __repr__(self) -> str:
        return "42"


class _LyingList(list[int]):
    def __iter__(self) -> Any:
        return iter([42])

    def __len__(self) -> int:
        return 1


class _LyingText(str):
    def __str__(self) -> str:
        return "42"

    def encode(self, encoding: str = "", errors: str = "") -> bytes:
        return b"42"


class _Colour(enum.IntEnum):
    RED = 3


def test_subclasses_become_what_they_extend_whatever_they_say() -> None:
    assert read(write(_Liar(7))) == 7
    assert type(read(write(_Liar(7)))) is int
    assert read(write(_LyingList([1, 2, 3]))) == [1, 2, 3]
    assert read(write(_LyingText("abc"))) == "abc"
    assert read(write(_Colour.RED)) == 3
    point = namedtuple("point", "x y")
    assert _described(read(write(point(1, 2)))) == _described((1, 2))
    counts = defaultdict(int, OrderedDict(Counter("aab")))
    assert _described(read(write(counts))) == _described({"a": 2, "b": 1})


@pytest.mark.parametrize(
    "value", [object(), len, int, iter([]), ValueError(), _described, Ellipsis]
)
def test_objects_are_no_data(value: object) -> None:
    with pytest.raises(NotDataError):
        write(value)
    with pytest.raises(NotDataError):
        write([value])


def test_objects_may_be_replaced_or_referred_to() -> None:
    text = write([iter("ab"), 1], list)
    assert read(text) == [["a", "b"], 1]
    text = write((len,), lambda value: Reference("kept", 5))
    assert read(text, lambda kind, number: f"{kind} {number}") == ("kept 5",)
    with pytest.raises(MalformedError):
        read(text)


def _nested(depth: int) -> object:
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


def test_depth_size_and_cycles_are_bounded() -> None:
    assert read(write(_nested(MAX_DEPTH))) == _nested(MAX_DEPTH)
    loop: list[object] = []
    loop += [loop, loop]
    lookup: dict[str, object] = {}
    lookup["self"] = lookup
    for value in (
        _nested(MAX_DEPTH + 1),
        _nested(100_000),
        loop,
        lookup,
        [0] * MAX_VALUES,
        "x" * (17 << 20),
        ["x" * (1 << 20)] * 17,
        b"x" * (9 << 20),
        1 << (70 << 20),
    ):
        with pytest.raises(TooMuchDataError):
            write(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[1]",
        "[]",
        '[["l"]]',
        '["q"]',
        '["i","zz"]',
        '["i",5]',
        '["f","1.5"]',
        '["f","NaN"]',
        '["b","f"]',
        '["u","00"]',
        '["d",1]',
        '["d",["l"],1]',
        '["s",["l"]]',
        '["z",["d"]]',
        '["c",1,2]',
        '["c",1.0]',
        '["r",1,2,0]',
        '["r",1,2,true]',
        '["r",1,2]',
        '["h","kept"]',
        '["h","kept",true]',
        '{"a":1}',
        '["l",{}]',
        "NaN",
        "Infinity",
        '["l",NaN]',
        "1" * 5000,
        "[" * 100_000,
        '["l",' * 100_000,
        '["l",' * (MAX_DEPTH + 1) + "1" + "]" * (MAX_DEPTH + 1),
        '["l"' + ",0" * MAX_VALUES + "]",
        '"' + "x" * (17 << 20) + '"',
    ],
    ids=lambda text: text[:12],
)
def test_what_is_not_written_here_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        read(text, lambda kind, number: number)


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_json_is_read_or_refused(form: object) -> None:
    try:
        value = read(json.dumps(form))
    except MalformedError:
        return
    assert _described(read(write(value))) == _described(value)


@pytest.mark.parametrize("tag", ["s", "z", "d"])
def test_keys_chosen_to_collide_are_refused_at_once(tag: str) -> None:
    prime = (1 << 61) - 1
    keys = [["i", f"{prime * number:x}"] for number in range(1, 100_000)]
    parts = [part for key in keys for part in ((key, 0) if tag == "d" else (key,))]
    with pytest.raises(MalformedError):
        read(json.dumps([tag, *parts]))


def test_floats_beyond_the_largest_are_infinite_and_harmless() -> None:
    assert math.isinf(read("1e999"))
