"""Reads the file that names the headers: TOML, one table ``[headers.NAME]`` for each.

A mistake in the file is said with the key it is about. What the file names may be missing, though:
toolchains and folders are looked at when verifiers are loaded, and only Lean depends on them.

As a program (``python -m`` this module, ``FILE``) it writes the settings as JSON, or says on stderr
why it can't: so the service, which loads no verifier, has the file read by another process, once.
"""

import dataclasses
import difflib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter

from assayoffice.verifiers.lean.settings import STANDARD_AXIOMS, Header, LeanSettings, Replay

#: Exit code of the program for a file that cannot be used.
UNUSABLE = 2
# The settings are an argument of the process that workers come from.
_MAX_WRITTEN_BYTES = 100_000
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KEYS = [field.name for field in dataclasses.fields(Header) if field.name != "id"]
_KEYS.insert(_KEYS.index("source") + 1, "source_file")
_SETTINGS = TypeAdapter(LeanSettings)


class ConfigurationError(Exception):
    """The file cannot be used; the message names file, key and remedy."""


def read(file: Path) -> LeanSettings:
    """The settings in a file. Raises ConfigurationError."""
    try:
        table = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    try:
        settings = LeanSettings(_headers(table, file.parent), file)
        if len(written(settings)) > _MAX_WRITTEN_BYTES:
            raise ConfigurationError(
                f"headers: are more than {_MAX_WRITTEN_BYTES} bytes together; compile the "
                "declarations of their sources to modules, and import those"
            )
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    return settings


def written(settings: LeanSettings) -> str:
    """The settings as JSON, in ASCII."""
    return json.dumps(_SETTINGS.dump_python(settings, mode="json"))


def from_written(text: str) -> LeanSettings:
    """Settings that were written as JSON."""
    return _SETTINGS.validate_json(text)


def main(arguments: list[str]) -> int:
    """Write the settings of a file, or why they cannot be used. Returns the exit code."""
    try:
        sys.stdout.write(written(read(Path(arguments[0]))))
    except ConfigurationError as error:
        sys.stderr.write(str(error))
        return UNUSABLE
    return 0


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: is not UTF-8: {error}") from error


def _headers(table: Mapping[str, object], folder: Path) -> tuple[Header, ...]:
    _refuse_unknown(table, ["headers"], "")
    headers = table.get("headers", {})
    if not isinstance(headers, dict):
        raise ConfigurationError("headers: must be a table, with one table for each header")
    if not headers:
        raise ConfigurationError("headers: there are none; add a table [headers.NAME]")
    return tuple(_header(id, given, folder) for id, given in headers.items())


def _header(id: str, given: object, folder: Path) -> Header:
    where = f"headers.{id}"
    if not _ID.fullmatch(id):
        raise ConfigurationError(
            f"{where}: a name has up to 64 ASCII letters, digits, dots, dashes and underscores"
        )
    if not isinstance(given, dict):
        raise ConfigurationError(f"{where}: must be a table, not {given!r}")
    _refuse_unknown(given, _KEYS, f"{where}.")
    table = _Table(where, given, folder)
    toolchain = table.path("toolchain")
    if toolchain is None:
        raise ConfigurationError(f"{where}.toolchain: missing; name the folder that has bin/lean")
    axioms, replay = table.texts("axioms"), table.text("replay")
    return Header(
        id=id,
        toolchain=toolchain,
        source=_source(table),
        path=tuple(table.resolved(each) for each in table.texts("path") or ()),
        axioms=STANDARD_AXIOMS if axioms is None else axioms,
        snapshot=table.path("snapshot"),
        replay=Replay.AUTO if replay is None else _replay(replay, where),
        repl=table.path("repl"),
    )


def _source(table: "_Table") -> str:
    source, file = table.text("source"), table.path("source_file")
    if (source is None) == (file is None):
        raise ConfigurationError(
            f"{table.where}.source, source_file: give one of them; "
            'source = "" imports what Lean itself does'
        )
    if source is None:
        assert file is not None
        try:
            source = _text(file)
        except ConfigurationError as error:
            raise ConfigurationError(f"{table.where}.source_file: {error}") from error
    if "\0" in source:
        raise ConfigurationError(f"{table.where}.source: has a character NUL")
    return source


def _replay(name: str, where: str) -> Replay:
    try:
        return Replay(name)
    except ValueError:
        names = [each.value for each in Replay]
        raise ConfigurationError(
            f"{where}.replay: {name!r} is none; {_near(name, names)}"
        ) from None


class _Table:
    """The keys of one header, read as what they should be."""

    def __init__(self, where: str, given: Mapping[str, object], folder: Path) -> None:
        self.where = where
        self._given = given
        self._folder = folder

    def text(self, key: str) -> str | None:
        value = self._given.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(key, "a string")

    def path(self, key: str) -> Path | None:
        text = self.text(key)
        if text is not None and not text:
            raise self._wrong(key, "a path")
        return None if text is None else self.resolved(text)

    def resolved(self, text: str) -> Path:
        """A path of the file: ``~`` is the home of who serves, and others start at the file."""
        try:
            return self._folder.absolute() / Path(text).expanduser()
        except RuntimeError as error:
            raise ConfigurationError(f"{self.where}: {text}: {error}") from error

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self._given.get(key)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
            return tuple(value)
        raise self._wrong(key, "a list of strings")

    def _wrong(self, key: str, wanted: str) -> ConfigurationError:
        value = self._given[key]
        return ConfigurationError(f"{self.where}.{key}: must be {wanted}, not {value!r}")


def _refuse_unknown(given: Mapping[str, object], known: list[str], prefix: str) -> None:
    for key in given:
        if key not in known:
            raise ConfigurationError(f"{prefix}{key}: there is no such key; {_near(key, known)}")


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
