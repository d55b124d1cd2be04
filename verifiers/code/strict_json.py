"""JSON by the letter of RFC 8259, from hostile text: nothing but JSON, and never too deep."""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NoReturn

#: Python objects take up many times the space of their text.
MAX_CHARACTERS = 4 << 20
MAX_DEPTH = 200
#: Python reads longer integers in quadratic time, or not at all.
MAX_INTEGER_DIGITS = 20_000

# A string that never ends is one token, so that no part of it is read twice.
_TOKEN = re.compile(r'[\[{]|[\]}]|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)


class NotJsonError(Exception):
    """The text is no JSON, or beyond the caps; the message says why and quotes nothing."""


def read(text: str) -> object:
    """The value of ``text``, in dict, list, str, int, float, bool and None. Integers are exact.

    Raises NotJsonError, also for keys that occur twice in an object, and for numbers that are
    beyond the floats or have over 20,000 digits.
    """
    return _read(text, _integer, _float)


def read_exact(text: str) -> object:
    """As ``read``, but all numbers are Decimals and so exact, whatever their size."""
    return _read(text, _decimal, _decimal)


def _read(text: str, integer: Callable[[str], object], fraction: Callable[[str], object]) -> object:
    if len(text) > MAX_CHARACTERS:
        raise NotJsonError(f"longer than {MAX_CHARACTERS} characters")
    _check_depth(text)
    try:
        return json.loads(
            text,
            parse_int=integer,
            parse_float=fraction,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg} in line {error.lineno}, column {error.colno}") from None


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        if (sign := token[0]) in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotJsonError(f"nested deeper than {MAX_DEPTH}")
        elif sign in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJsonError("an object has a key twice")
    return found


def _constant(name: str) -> NoReturn:
    raise NotJsonError(f"{name} is no JSON")


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise NotJsonError(f"an integer has more than {MAX_INTEGER_DIGITS} digits")
    # int() refuses long texts, and the decimal module does not.
    return int(digits) if len(digits) <= 640 else int(Decimal(digits))


def _float(written: str) -> float:
    value = float(written)
    if value in (float("inf"), float("-inf")):
        raise NotJsonError("a number is beyond the floats")
    return value


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise NotJsonError("a number has an exponent of more than eighteen digits") from None
