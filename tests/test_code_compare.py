"""What counts as the right output, and as the right value."""

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assayoffice.verifiers.code import strict_json
from assayoffice.verifiers.code.compare import printed_difference, quoted, returned_difference
from assayoffice.verifiers.code.numbers import Tolerance
from assayoffice.verifiers.code.strict_json import NotJsonError
from assayoffice.verifiers.code.task import Comparator

EXACT, TRIMMED, TOKENS = Comparator.EXACT, Comparator.TRIMMED, Comparator.TOKENS
NUMBERS, LINES = Comparator.NUMBERS, Comparator.UNORDERED_LINES
JSON, PYTHON = Comparator.JSON, Comparator.PYTHON
OF_TEXT = [EXACT, TRIMMED, TOKENS, NUMBERS, LINES]


def prints(
    given: str | bytes,
    expected: str,
    comparator: Comparator,
    absolute: float = 0.0,
    relative: float = 0.0,
) -> str | None:
    printed = given.encode() if isinstance(given, str) else given
    tolerance = Tolerance.of(absolute, relative)
    return printed_difference(printed, expected.encode(), comparator, tolerance)


def returns(
    given: object,
    expected: str,
    comparator: Comparator = PYTHON,
    absolute: float = 0.0,
    relative: float = 0.0,
) -> str | None:
    wanted = strict_json.read(expected)
    return returned_difference(given, wanted, comparator, Tolerance.of(absolute, relative))


@pytest.mark.parametrize(
    ("comparator", "given", "expected", "equal"),
    [
        (EXACT, "a\n", "a\n", True),
        (EXACT, "a", "a\n", False),
        (EXACT, "a\r\n", "a\n", False),
        (EXACT, b"\xff", "\ufffd", False),
        (TRIMMED, "a  \nb\t\r\n\n\n", "a\nb", True),
        (TRIMMED, "", "\n \n", True),
        (TRIMMED, " a", "a", False),
        (TRIMMED, "\na", "a", False),
        (TRIMMED, "a\n\nb", "a\nb", False),
        (TRIMMED, "a b", "a  b", False),
        (TRIMMED, "a\u00a0", "a", False),
        (TRIMMED, "A", "a", False),
        (TRIMMED, "1.0", "1", False),
        (TOKENS, "a\n b\t\x0bc", "a b c", True),
        (TOKENS, "ab", "a b", False),
        (TOKENS, "a\u00a0b", "a b", False),
        (TOKENS, "a\u2003b", "a b", False),
        (TOKENS, "1.0", "1", False),
        (LINES, "b\na \n\n", "a\nb", True),
        (LINES, "a\na\nb", "a\nb\nb", False),
        (LINES, "a\nb\na", "a\nb", False),
        (LINES, "a", "a\nb", False),
        (LINES, " a", "a", False),
    ],
)
def test_texts(comparator, given, expected, equal):
    assert (prints(given, expected, comparator) is None) is equal


@pytest.mark.parametrize(
    ("given", "expected", "absolute", "relative", "equal"),
    [
        ("1.0 2e3 x", "1 2000 x", 0, 0, True),
        ("-0", "0.0", 0, 0, True),
        ("+.5", "0.50", 0, 0, True),
        ("0.1", "0.2", 0.1, 0, True),
        ("0.1", "0.2000001", 0.1, 0, False),
        ("0.30000000000000004", "0.3", 0, 0, False),
        ("0.30000000000000004", "0.3", 0, 1e-9, True),
        ("101", "100", 0, 0.01, True),
        ("100", "101", 0, 0.0099, False),
        ("-99", "-100", 0, 0.01, True),
        ("0.01", "0", 0, 0.5, False),
        # Doubles cannot tell these apart.
        ("9007199254740993", "9007199254740992", 0.5, 0, False),
        ("1e400", "1.0e400", 0, 0, True),
        ("1e400", "2e400", 0.5, 0, False),
        ("1e999999999999", "1", 1, 0.5, False),
        ("1e99999999999999999999", "1", 1, 0.5, False),
        ("nan", "nan", 1, 0, True),
        ("NaN", "nan", 1, 0, False),
        ("nan", "1", 1, 1, False),
        ("inf", "1", 1, 1, False),
        ("1", "inf", 1, 1, False),
        ("infinity", "inf", 1, 1, False),
        ("1_000", "1000", 1, 0, False),
        ("\u0663", "3", 1, 0, False),
        ("\uff13", "3", 1, 0, False),
        ("0x10", "16", 1, 0, False),
        ("1,5", "1.5", 1, 0, False),
        ("1d0", "1", 1, 0, False),
        ("--1", "-1", 1, 0, False),
        ("1", "1 2", 5, 0, False),
        ("1 2", "1", 5, 0, False),
        ("", "0", 5, 0, False),
        ("1x", "1x", 0, 0, True),
        ("1x", "2x", 9, 0, False),
    ],
)
def test_numbers(given, expected, absolute, relative, equal):
    assert (prints(given, expected, NUMBERS, absolute, relative) is None) is equal


@pytest.mark.parametrize(
    ("given", "expected", "equal"),
    [
        ('{"a": 1, "b": [true, null]}', '{ "b":[true,null],"a":1 }', True),
        ("1", "1.0", True),
        ("100", "1e2", True),
        ("0.1", "0.10000000000000000001", False),
        ("9007199254740993", "9007199254740992", False),
        ("9" * 30_000, "9" * 30_000, True),
        ("9" * 30_000, "9" * 29_999 + "8", False),
        ("1e400", "2e400", False),
        ("true", "1", False),
        ("1", "true", False),
        ("null", "false", False),
        ('"1"', "1", False),
        ("[1, 2]", "[2, 1]", False),
        ("[1]", "[1, 2]", False),
        ("[1, 2]", "[1]", False),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ('{"a": 1, "b": 2}', '{"a": 1}', False),
        ("[]", "{}", False),
        ('"\\u00e9"', '"é"', True),
        ('"e\\u0301"', '"é"', False),
        ("NaN", "1", False),
        ("Infinity", "1", False),
        ("[1,]", "[1]", False),
        ("{'a': 1}", '{"a": 1}', False),
        ('{"a": 1, "a": 1}', '{"a": 1}', False),
        ("1 // one", "1", False),
        ("1 1", "1", False),
        ("\ufeff1", "1", False),
        (b"\xff", "1", False),
        ("", "1", False),
        ("01", "1", False),
        ("\u0661", "1", False),
        ("[" * 100_000, "[]", False),
        ("[" * 201 + "]" * 201, "[]", False),
        ("[" * 200 + "]" * 200, "[" * 200 + "]" * 200, True),
        ('"' + "[" * 1000 + '"', '"' + "[" * 1000 + '"', True),
    ],
)
def test_json(given, expected, equal):
    assert (prints(given, expected, JSON) is None) is equal


@pytest.mark.parametrize("expected", ["", "nan", "NaN", "[1", '{"a":1,"a":2}', "[" * 201])
def test_expected_json_that_is_none_is_nobodys_wrong_answer(expected):
    with pytest.raises(NotJsonError):
        prints("1", expected, JSON)


class Agreeable(list[object]):
    """Equal to everything, if it is asked."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class AgreeableNumber(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("given", "expected", "as_python", "as_json"),
    [
        ([1, "a", None, True, 1.5], '[1, "a", null, true, 1.5]', True, True),
        ((1, (2,)), "[1, [2]]", True, True),
        (1, "1.0", True, True),
        (1.0, "1", True, True),
        (True, "1", True, False),
        (0, "false", True, False),
        (1 + 0j, "1", True, True),
        ("1", "1", False, False),
        (None, "false", False, False),
        (b"a", '"a"', False, False),
        ({1: 2}, '{"1": 2}', False, False),
        ({"a": (1,)}, '{"a": [1]}', True, True),
        ({"b": 1, "a": 2}, '{"a": 2, "b": 1}', True, True),
        ({"a": 1, 2: 3}, '{"a": 1, "2": 3}', False, False),
        ({"a": 1}, '{"a": 1, "b": null}', False, False),
        ({1, 2}, "[1, 2]", False, False),
        (frozenset(), "[]", False, False),
        ([1, 2], "[1, 2, 3]", False, False),
        ([1, 2, 3], "[1, 2]", False, False),
        (math.nan, "0", False, False),
        (math.inf, "1", False, False),
        (2**100, str(2**100), True, True),
        (2**100 + 1, str(2**100), False, False),
        (float(2**53), str(2**53 + 1), False, False),
        pytest.param(10**19_999, "1" + "0" * 19_999, True, True, id="20000 digits"),
        (0.1 + 0.2, "0.3", False, False),
        (Agreeable([7]), "[7]", False, False),
        (AgreeableNumber(3), "7", False, False),
        ([AgreeableNumber(3)], "[7]", False, False),
        (range(2), "[0, 1]", False, False),
        (object(), "1", False, False),
    ],
)
def test_values(given, expected, as_python, as_json):
    assert (returns(given, expected) is None) is as_python
    assert (returns(given, expected, JSON) is None) is as_json


@pytest.mark.parametrize(
    ("given", "expected", "absolute", "relative", "equal"),
    [
        (0.1 + 0.2, "0.3", 1e-9, 0, True),
        ([1, {"a": (2.0001,)}], '[1, {"a": [2]}]', 1e-3, 0, True),
        (1.1, "1", 0.1, 0, True),
        (1.1001, "1", 0.1, 0, False),
        (99, "100", 0, 0.01, True),
        (2**53 + 1, str(2**53), 0.5, 0, False),
        pytest.param(10**6000, "1.5", 0.5, 0.5, False, id="no float"),
        pytest.param(10**6000 + 1, "1" + "0" * 6000, 2, 0, False, id="beyond tolerances"),
        (math.nan, "1", 1, 1, False),
        (math.inf, "1e308", 1, 1, False),
        (True, "0.5", 1, 0, False),
        (True, "1", 1, 0, True),
        ("1.1", "1", 1, 0, False),
        (1 + 1e-9j, "1", 1, 0, False),
    ],
)
def test_values_within_a_tolerance(given, expected, absolute, relative, equal):
    assert (returns(given, expected, PYTHON, absolute, relative) is None) is equal


def test_depth_is_no_obstacle():
    deep: object = 1
    for _ in range(20_000):
        deep = [deep]
    assert returned_difference(deep, deep, PYTHON, Tolerance()) is None
    assert returned_difference(deep, [deep], PYTHON, Tolerance()) is not None
    while isinstance(deep, list):  # taken apart, as its end would be as deep as it is
        deep = deep.pop()


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (prints("a\nsecond\n", "a\nSECRET\n", EXACT), "line 2 differs at byte 1"),
        (prints("a\n", "a\nSECRET", EXACT), "the output ends too early"),
        (prints("a\nmore", "a\n", EXACT), "the output goes on after its end"),
        (prints("a\nb", "a\nSECRET", TRIMMED), "line 2 differs: 'b'"),
        (prints("a", "a\nSECRET", TRIMMED), "the output ends before line 2"),
        (prints("a\nb", "a", TRIMMED), "line 2 is too much: 'b'"),
        (prints("1 2", "1 SECRET", TOKENS), "word 2 differs: '2'"),
        (prints("1 2", "1 77", NUMBERS, 1), "word 2 differs: '2'"),
        (prints("a\nb", "a\nSECRET", LINES), "this line is too much: 'b'"),
        (prints("a", "a\nSECRET", LINES), "lines are missing"),
        (prints('{"a": [1, 2]}', '{"a": [1, 77]}', JSON), "the value at ['a'][1] differs: 2"),
        (prints("{}", '{"SECRET": 1}', JSON), "the value lacks a key"),
        (prints('{"b": 1}', '{"SECRET": 1}', JSON), "the value has a key too many: 'b'"),
        (prints("[1", "[77]", JSON), "the output is no JSON: Expecting ',' delimiter in line 1"),
        (returns([1, 2], "[1, 77, 78]"), "the value has too few elements, 2"),
        (returns([1, [2]], "[1, [77]]"), "the value at [1][0] differs: 2"),
        (returns({"x"}, '["SECRET"]'), "the value differs: a set"),
        (returns(10**5000, "77"), "the value differs: an integer of 16610 bits"),
        (returns("x" * 100, '"SECRET"'), f"the value differs: '{'x' * 80}'..."),
        (returns(None, "77"), "the value differs: None"),
    ],
)
def test_difference_says_where_and_never_what_was_expected(difference, told):
    assert difference is not None
    assert difference.startswith(told)
    assert "SECRET" not in difference
    assert "77" not in difference


def test_quotations_are_short_and_the_same_in_every_process():
    assert quoted("<a.A object at 0x7f8b1c0d5e50>") == "'<a.A object at 0x...>'"
    assert quoted(b"\xff\x00\n\xc3\xa9") == r"'\\xff\x00\n\xe9'"
    assert len(quoted("\U0001f600" * 1_000_000)) < 1000
    assert quoted("a" * 80) == repr("a" * 80)


TEXT = st.text(st.sampled_from("ab1.-e \n\t\réж"), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(TEXT, st.floats(0, 10), st.floats(0, 1))
def test_every_text_equals_itself(text, absolute, relative):
    for comparator in OF_TEXT:
        assert prints(text, text, comparator, absolute, relative) is None


@given(TEXT, st.data())
def test_no_beginning_of_an_output_passes(text, data):
    end = data.draw(st.integers(0, len(text)))
    for comparator in OF_TEXT:
        beginning, rest = text[:end], text[end:]
        if comparator is EXACT:
            whole = not rest
        elif comparator in (TOKENS, NUMBERS):
            whole = beginning.split() == text.split()
        else:
            whole = not rest.strip()
        if not whole and comparator is NUMBERS:
            continue  # "1" is a beginning of "1.0"; the tables above have what differs in value
        assert (prints(beginning, text, comparator) is None) is whole, comparator


@given(VALUES)
def test_every_value_equals_itself(value):
    written = json.dumps(value)
    if "Infinity" in written:
        return
    for comparator in (JSON, PYTHON):
        assert returns(value, written, comparator) is None
    assert prints(written, written, JSON) is None
    assert returns(value, written, PYTHON, 0.5, 0.5) is None


@given(VALUES, VALUES)
def test_values_are_equal_where_python_says_so(one, other):
    written = json.dumps(other)
    if "Infinity" not in written:
        assert (returns(one, written) is None) is (one == other)


@given(st.lists(VALUES, min_size=1, max_size=5), st.data())
def test_no_beginning_of_a_list_passes(values, data):
    written = json.dumps(values)
    shorter = values[: data.draw(st.integers(0, len(values) - 1))]
    if "Infinity" not in written:
        assert returns(shorter, written) is not None
        assert prints(json.dumps(shorter), written, JSON) is not None


@pytest.mark.parametrize(
    "unit", ['"', "\\", "[", "{", "]", "1", "1,", '"\\', "-", " ", "\n", "1e", "\u00e9", "x 1.5\n"]
)
def test_hostile_megabyte_takes_linear_time(unit):
    hostile = unit * ((1 << 20) // len(unit))
    began = time.process_time()
    for printed in (hostile, f"[{hostile}", f'"{hostile}'):
        prints(printed, "[1]", JSON)
        for comparator in OF_TEXT:
            prints(printed, "[1]", comparator, 0.5)
            prints(printed, f"{printed}x", comparator, 0.5)
    # A tenth of it on an idle machine; quadratic time would be hours.
    assert time.process_time() - began < 30
