"""Objects of the standard library's types, taken apart into builtins and put together again.

Both ends make them from data, by the real types: nothing of the writer's comes along.
"""

import functools
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

_FACTORIES = {kind.__name__: kind for kind in (int, float, str, bool, list, dict, set, tuple)}
# What a class has that ``namedtuple`` has made, and nobody has added to.
_OF_NAMED_TUPLES = frozenset(vars(namedtuple("Example", "field"))) - {"field"}

_APART: dict[type, Callable[[Any], list[object]]] = {
    Counter: lambda value: [dict(value)],
    OrderedDict: lambda value: [dict(value)],
    defaultdict: lambda value: [_factory_name(value.default_factory), dict(value)],
    Fraction: lambda value: [value.numerator, value.denominator],
    Decimal: lambda value: [str(value)],
    date: lambda value: [value.year, value.month, value.day],
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
}
_MAX_FIELDS = 100


@functools.lru_cache(maxsize=64)
def _named_tuple(name: str, fields: tuple[object, ...]) -> Callable[..., object]:
    if len(fields) > _MAX_FIELDS or not all(type(field) is str for field in fields):
        raise ValueError("no names")
    return namedtuple(name, [str(field) for field in fields])


def _factory_name(factory: object) -> str:
    name = getattr(factory, "__name__", "")
    return name if _FACTORIES.get(name) is factory else ""


_TOGETHER: dict[str, tuple[Callable[..., object], tuple[type, ...]]] = {
    "Counter": (Counter, (dict,)),
    "OrderedDict": (OrderedDict, (dict,)),
    "defaultdict": (
        lambda factory, items: defaultdict(_FACTORIES.get(factory), items),
        (str, dict),
    ),
    "deque": (deque, (list,)),
    "deque of": (lambda longest, values: deque(values, longest), (int, list)),
    "Fraction": (Fraction, (int, int)),
    "Decimal": (Decimal, (str,)),
    "date": (date, (int,) * 3),
    "datetime": (datetime, (int,) * 7),
    "timedelta": (timedelta, (int,) * 3),
    "namedtuple": (
        lambda name, fields, values: _named_tuple(name, tuple(fields))(*values),
        (str, list, list),
    ),
}


def apart(value: object) -> tuple[str, list[object]] | None:
    """The name of a type and what ``together`` makes an object of; None for other types."""
    kind = type(value)
    if isinstance(value, deque) and kind is deque:
        longest = value.maxlen
        return ("deque", [list(value)]) if longest is None else ("deque of", [longest, list(value)])
    if kind in _APART:
        return kind.__name__, _APART[kind](value)
    if kind is datetime and isinstance(value, datetime) and value.tzinfo is None:
        day = [value.year, value.month, value.day]
        return "datetime", [*day, value.hour, value.minute, value.second, value.microsecond]
    if isinstance(value, tuple) and kind.__base__ is tuple:
        fields = getattr(kind, "_fields", None)
        if type(fields) is tuple and vars(kind).keys() <= _OF_NAMED_TUPLES | {*fields}:
            return "namedtuple", [kind.__name__, list(fields), list(value)]
    return None


def together(name: str, parts: list[object]) -> object:
    """The object that ``apart`` took apart. Raises ValueError for parts that do not fit."""
    make, kinds = _TOGETHER.get(name, (None, ()))
    if make is None or tuple(map(type, parts)) != kinds:
        raise ValueError(f"no {name}")
    try:
        return make(*parts)
    except (ArithmeticError, TypeError) as error:
        raise ValueError(f"no {name}") from error
