"""Reads files of rewrites as one set: a row at a time, each whole or an error that is its own."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.rows import RewriteRow, from_parquet, row_of
from assayoffice.rl.sources import (
    Record,
    Source,
    UnreadableFileError,
    UnusableRow,
    open_source,
    unambiguous_json,
)

#: 256 solutions of 15,000 tokens take about as much.
MAX_ROW_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Read:
    """A row, or the error that stands for it. ``done`` in [0, 1] is how much of the set was read.

    ``number`` is a line, or a row in parquet, from 1; of what concerns a whole file it is 1.
    """

    file: str
    number: int
    id: str
    row: RewriteRow | ItemError
    done: float

    @property
    def row_or_none(self) -> RewriteRow | None:
        """The row, None where there is an error."""
        return None if isinstance(self.row, ItemError) else self.row


def look_for(files: Sequence[str]) -> None:
    """Raise UnreadableFileError for a file that is not there, or that may not be read.

    What is in a file is found out when it is read: one broken file does not hold up the others.
    """
    for index, file in enumerate(files):
        if file in files[:index]:
            raise UnreadableFileError(f"{file}: given twice")
        if file == "-":
            continue
        path = Path(file)
        if path.is_dir():
            raise UnreadableFileError(f"{file}: is a folder; name its files, e.g. {file}/*.jsonl")
        if not path.exists():
            raise UnreadableFileError(f"{file}: there is no such file")


def read(files: Sequence[str]) -> Iterator[Read]:
    """The rows of the files in their order. An id that was there before is an error."""
    places: dict[bytes, tuple[int, int]] = {}
    for index, file in enumerate(files):
        before = index / len(files)
        number = 0
        try:
            with open_source(file, MAX_ROW_BYTES, loads=unambiguous_json) as source:
                for record in source.records:
                    number = record.number
                    share = min(1.0, record.offset / source.total) if source.total else 0.0
                    yield _read(files, places, index, source, record, before + share / len(files))
        except (UnreadableFileError, OSError) as error:
            yield _error(file, number + 1, str(number + 1), f"{error}", before)
        else:
            if number == 0:
                yield _error(source.name, 1, "1", f"{source.name}: holds no rows", before)


def _read(
    files: Sequence[str],
    places: dict[bytes, tuple[int, int]],
    index: int,
    source: Source,
    record: Record,
    done: float,
) -> Read:
    id = str(record.number)
    try:
        if isinstance(record.content, UnusableRow):
            raise record.content
        content = record.content
        # Half a surrogate pair could not be shown.
        if isinstance(named := content.get("id"), str) and named.isprintable():
            id = named
        row = row_of(
            from_parquet(content) if source.parquet else content, source.name, record.number
        )
        # Digests, so that a set of millions of rows fits into memory whatever their ids.
        digest = hashlib.blake2b(row.id.encode(), digest_size=16).digest()
        file, number = places.setdefault(digest, (index, record.number))
        if (file, number) != (index, record.number):
            raise UnusableRow(
                f"id: {row.id[:100]!r} is that of {files[file]} row {number} already; "
                "ids are unique in a set"
            )
    except UnusableRow as unusable:
        message = f"{source.name} row {record.number}: {unusable}"
        return _error(source.name, record.number, id, message, done)
    return Read(source.name, record.number, row.id, row, done)


def _error(file: str, number: int, id: str, message: str, done: float) -> Read:
    error = ItemError(id, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ROW", message)
    return Read(file, number, id, error, done)
