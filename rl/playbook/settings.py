"""Values of a configuration under dotted names, and configurations as TOML."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

#: A table of TOML: texts, numbers, truth values, lists and tables by name.
Values: TypeAlias = Mapping[str, object]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
# JSON's escapes are TOML's but for these, which JSON leaves as they are.
_DELETE = "\x7f"


def flattened(values: Values) -> dict[str, object]:
    """Every value under its dotted name, however tables are nested: ``{"a": {"b": 1}}`` as
    ``{"a.b": 1}``, and ``{"a.b": 1}`` as it is."""
    return dict(_flatten("", values))


def with_settings(values: Values, settings: Values) -> Values:
    """Values with others at dotted names, in tables that are made where there are none.

    Raises ValueError for a name that leads through something that is no table.
    """
    changed = dict(values)
    for name, value in settings.items():
        _set(changed, name.split("."), name, value)
    return changed


def as_toml(values: Values) -> str:
    """Values as a TOML file, which reads as the same values.

    Raises ValueError for what is neither text, number, truth value, list nor table.
    """
    lines = [
        f"{_key(name)} = {_written(value)}"
        for name, value in values.items()
        if not isinstance(value, Mapping)
    ]
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines += ["", *_table(_key(name), value)]
    return "\n".join(lines).strip("\n") + "\n"


def _table(name: str, values: Values) -> Iterator[str]:
    yield f"[{name}]"
    tables = {key: each for key, each in values.items() if isinstance(each, Mapping)}
    for key, value in values.items():
        if key not in tables:
            yield f"{_key(key)} = {_written(value)}"
    for key, value in tables.items():
        yield ""
        yield from _table(f"{name}.{_key(key)}", value)


def _written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case list() | tuple():
            return f"[{', '.join(_written(each) for each in value)}]"
        case Mapping():
            pairs = ", ".join(f"{_key(key)} = {_written(each)}" for key, each in value.items())
            return f"{{{pairs}}}"
    raise ValueError(f"{value!r} cannot be written; give text or a number")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace(_DELETE, "\\u007f")


def _flatten(name: str, values: Values) -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        full = f"{name}.{key}" if name else key
        if isinstance(value, Mapping) and value:
            yield from _flatten(full, value)
        else:
            yield full, value


def _set(values: dict[str, object], parts: list[str], name: str, value: object) -> None:
    first, *rest = parts
    if not first:
        raise ValueError(f"{name!r} is no dotted name; give e.g. sft.verl.optim.lr")
    if not rest:
        values[first] = value
        return
    within = values.get(first, {})
    if not isinstance(within, Mapping):
        raise ValueError(f"{name}: leads through {first}, which is no table")
    table = dict(within)
    _set(table, rest, name, value)
    values[first] = table
