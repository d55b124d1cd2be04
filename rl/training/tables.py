"""Reads tables of TOML key by key; whatever nobody asked for is a mistake of the writer's."""

import difflib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from assayoffice.rl.training.errors import ConfigError

NumberT = TypeVar("NumberT", int, float)
_REQUIRED = "missing; there is no default that would suit every run"


class Table:
    """One table of a configuration file. ``name`` is its dotted name, empty for the file itself.

    Every method takes a key with its default; without one the key is required. All raise
    ConfigError, which names file, table and key.
    """

    def __init__(self, file: Path, name: str, values: Mapping[str, object]) -> None:
        self._file = file
        self._name = name
        self._values = dict(values)
        self._known: list[str] = []

    @property
    def file_name(self) -> str:
        """The file, as errors name it."""
        return str(self._file)

    def wrong(self, key: str, message: str) -> ConfigError:
        """The error to raise about a key."""
        return ConfigError(f"{self.file_name}: {self._place(key)}: {message}")

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self._values

    def table(self, key: str) -> "Table":
        """A table within this one; an empty one where it is not given."""
        return Table(self._file, self._place(key), self.mapping(key))

    def mapping(self, key: str) -> Mapping[str, object]:
        """A table whose keys are not ours, as it is written; empty where it is not given."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"must be a table, not {_kind(value)}")
        return value

    def texts_by_name(self, key: str) -> Mapping[str, str]:
        """A table of texts under names that are not ours."""
        texts = {}
        for name, value in self.mapping(key).items():
            if not isinstance(value, str):
                raise self.wrong(f"{key}.{name}", f"must be text, not {_kind(value)}")
            texts[name] = value
        return texts

    def text(self, key: str, default: str | None = None) -> str:
        """A text, not empty."""
        value = self._take(key, default)
        if value is None:
            raise self.wrong(key, _REQUIRED)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, f"must be text, not {_kind(value)}")
        return value

    def only(self, key: str, value: str) -> None:
        """A text for which there is one choice so far."""
        if self.text(key) != value:
            raise self.wrong(key, f"must be {value!r}")

    def truth(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, not {_kind(value)}")
        return value

    def integer(self, key: str, default: int | None = None, *, minimum: int) -> int:
        """A whole number that is not below ``minimum``."""
        value = self._take(key, default)
        if value is None:
            raise self.wrong(key, _REQUIRED)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, f"must be a whole number, not {_kind(value)}")
        return self._at_least(key, value, minimum)

    def number(self, key: str, default: float | None = None, *, minimum: float) -> float:
        """A finite number that is not below ``minimum``."""
        value = self._take(key, default)
        if value is None:
            raise self.wrong(key, _REQUIRED)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.wrong(key, f"must be a number, not {_kind(value)}")
        if not math.isfinite(value):
            raise self.wrong(key, f"must be finite, not {value}")
        return self._at_least(key, float(value), minimum)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where it is not given."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, f"must be a list of texts, not {_kind(value)}")
        return tuple(value)

    def file(self, key: str) -> Path:
        """A file that exists; relative paths start at the folder of the configuration."""
        return self._existing(key, self.text(key))

    def files(self, key: str) -> tuple[Path, ...]:
        """A list of such files; empty where it is not given."""
        return tuple(self._existing(key, each) for each in self.texts(key))

    def folder(self, key: str) -> Path | None:
        """The folder that a text names, None where there is none of that name."""
        path = (self._file.parent / self.text(key)).absolute()
        return path if path.is_dir() else None

    def refuse_others(self) -> None:
        """Raise for a key that was given and never asked for."""
        for key in self._values:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, n=1)
                remedy = f"did you mean {near[0]!r}?" if near else f"keys: {', '.join(self._known)}"
                raise self.wrong(key, f"there is no such key; {remedy}")

    def _take(self, key: str, default: object) -> object:
        if key not in self._known:
            self._known.append(key)
        return self._values.get(key, default)

    def _existing(self, key: str, file: str) -> Path:
        path = (self._file.parent / file).absolute()
        if not path.is_file():
            raise self.wrong(key, f"{path} is no file")
        return path

    def _at_least(self, key: str, value: NumberT, minimum: NumberT) -> NumberT:
        if value < minimum:
            raise self.wrong(key, f"must be at least {minimum}, not {value}")
        return value

    def _place(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key


def _kind(value: object) -> str:
    match value:
        case "":
            return "empty text"
        case bool():
            return "true or false"
        case str():
            return f"the text {value[:40]!r}"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case dict():
            return "a table"
    return type(value).__name__  # TOML knows dates and times besides
