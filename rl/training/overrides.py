"""Keys of verl as its command line takes them: Hydra's override grammar."""

import math
import re
from collections.abc import Iterator, Mapping

from assayoffice.rl.training.errors import ConfigError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def overrides(keys: Mapping[str, object]) -> Iterator[str]:
    """``{"trainer": {"device": "cpu"}}`` as ``trainer.device='cpu'``.

    A plus before any part of a name, for a key that verl's configuration lacks, stands before the
    overrides of everything below it. Raises ConfigError for what Hydra has no form for: dates, and
    names that are more than letters, digits, _ and -.
    """
    yield from _walk("", "", keys)


def _walk(plus: str, name: str, keys: Mapping[str, object]) -> Iterator[str]:
    for key, value in keys.items():
        adding = "+" if key.startswith("+") else plus
        full = f"{name}.{_checked(key.removeprefix('+'), name)}".removeprefix(".")
        if isinstance(value, Mapping) and value:
            yield from _walk(adding, full, value)
        else:
            yield f"{adding}{full}={_written(value, full)}"


def _checked(key: str, within: str) -> str:
    if not _NAME.fullmatch(key):
        raise ConfigError(
            f"{within}: {key!r} is no name of verl's; nest tables instead of joining names by dots"
        )
    return key


def _written(value: object, name: str) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case str():
            return _quoted(value)
        case list() | tuple():
            return "[" + ",".join(_written(each, name) for each in value) + "]"
        case Mapping():
            # Hydra takes no quotes around the keys of an object.
            pairs = (f"{_checked(key, name)}:{_written(each, name)}" for key, each in value.items())
            return "{" + ",".join(pairs) + "}"
    raise ConfigError(f"{name}: verl has no use for {value!r}; write it as text or as a number")


def _quoted(text: str) -> str:
    # Hydra unescapes a backslash only in front of a quote, and those that end up there.
    escaped = ""
    for position, char in enumerate(text):
        following = text[position:].lstrip("\\")[:1]
        escaped += "\\" + char if char == "'" else char
        if char == "\\" and following in ("", "'"):
            escaped += "\\"
    return f"'{escaped}'"
