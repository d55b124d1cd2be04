"""Files of rows, opened and read without ever holding more than a few rows.

What is wrong with one row is an ``UnusableRow`` in its place; ``UnreadableFileError`` means that
there is nothing to read at all.
"""

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from assayoffice.rl.errors import AssayError

if TYPE_CHECKING:
    import pyarrow

MAX_ROW_BYTES = 64 * 1024 * 1024
_PARQUET_MAGIC = b"PAR1"
_PARQUET_ROWS = 64
_PARQUET_BATCH_BYTES = 32 * 1024 * 1024
_PARQUET_BUFFER_BYTES = 1024 * 1024
_SHOWN_CHARACTERS = 40


class UnreadableFileError(AssayError):
    """The file cannot be read; the message says why and what to do."""


class UnusableRow(Exception):
    """This row cannot be used; the message names the field and the remedy."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands in the file. ``number`` counts from 1, blank lines included."""

    number: int
    offset: int
    content: Mapping[str, object] | UnusableRow


@dataclass(frozen=True, slots=True)
class Source:
    """An open file: its records, and the offset of its end where that is known.

    The records of ``parquet`` have a value for every column, and a null where a row has none.
    """

    name: str
    records: Iterator[Record]
    total: int | None
    parquet: bool = False


def unambiguous_json(text: str) -> object:
    """What a JSON text says, if every reader takes it for the same.

    Raises UnusableRow for an object with a key that is given twice, of which readers take one or
    the other, and for NaN, Infinity and numbers that would be read as such; ValueError for what is
    no JSON, RecursionError for what is nested too deeply.
    """
    return _UNAMBIGUOUS.decode(text)


@contextlib.contextmanager
def open_source(
    path: str, max_row_bytes: int = MAX_ROW_BYTES, *, loads: Callable[[str], object] = json.loads
) -> Iterator[Source]:
    """Open JSON lines or parquet, told apart by content; ``-`` is JSON lines on standard input.

    ``loads`` reads a line: ``json.loads``, or ``unambiguous_json``. Raises UnreadableFileError.
    """
    if path == "-":
        yield Source("<stdin>", _json_lines(sys.stdin.buffer, max_row_bytes, loads), None)
        return
    try:
        file = open(path, "rb")
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror}") from None
    with file:
        # Peek, because what is not seekable (a named pipe) must not lose its first bytes.
        if file.peek(4)[:4] == _PARQUET_MAGIC:
            yield _parquet(path, file, max_row_bytes)
        else:
            size = Path(path).stat().st_size
            yield Source(path, _json_lines(file, max_row_bytes, loads), size or None)


def _json_lines(
    file: BinaryIO, max_row_bytes: int, loads: Callable[[str], object]
) -> Iterator[Record]:
    number = offset = 0
    while line := file.readline(max_row_bytes + 1):
        number += 1
        offset += len(line)
        too_long = len(line) > max_row_bytes and not line.endswith(b"\n")
        content: Mapping[str, object] | UnusableRow
        if too_long:
            while rest := file.readline(1024 * 1024):
                offset += len(rest)
                if rest.endswith(b"\n"):
                    break
            content = UnusableRow(f"longer than {max_row_bytes} bytes; one JSON object per line")
        elif not line.strip():
            continue
        else:
            content = _json_object(line, loads)
        yield Record(number, offset, content)


def _json_object(line: bytes, loads: Callable[[str], object]) -> Mapping[str, object] | UnusableRow:
    try:
        content = loads(line.decode("utf-8-sig"))
    except UnusableRow as unusable:
        return unusable
    except UnicodeDecodeError as error:
        return UnusableRow(f"byte {error.start} is not UTF-8; re-encode the file")
    except RecursionError:
        return UnusableRow("not JSON that can be read: nested too deeply")
    except ValueError as error:
        return UnusableRow(f"not JSON: {error}")
    if not isinstance(content, dict):
        return UnusableRow("not a JSON object; each line is one row: {...}")
    return content


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in content if names.count(name) > 1)
        raise UnusableRow(f"{twice[:_SHOWN_CHARACTERS]}: given twice in one object; keep one")
    return content


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        shown = number[:_SHOWN_CHARACTERS]
        raise UnusableRow(f"holds {shown}, which is no finite number; write it as text")
    return value


_UNAMBIGUOUS = json.JSONDecoder(
    object_pairs_hook=_each_once, parse_float=_finite, parse_constant=_finite
)


def _parquet(path: str, file: BinaryIO, max_row_bytes: int) -> Source:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UnreadableFileError(
            f"{path}: parquet needs pyarrow; pip install 'assayoffice[parquet]'"
        ) from None
    try:
        # With a buffer, a column is read page by page instead of a whole row group at once.
        parquet = pyarrow.parquet.ParquetFile(file, buffer_size=_PARQUET_BUFFER_BYTES)
    except (pyarrow.ArrowException, OSError) as error:
        raise UnreadableFileError(f"{path}: not a whole parquet file: {error}") from None

    def records() -> Iterator[Record]:
        number = group_end = 0
        for group in range(parquet.metadata.num_row_groups):
            of_group = parquet.metadata.row_group(group)
            group_end += of_group.num_rows
            rows = _rows_at_once(of_group.total_byte_size, of_group.num_rows)
            try:
                for batch in parquet.iter_batches(rows, row_groups=[group]):
                    for index in range(batch.num_rows):
                        number += 1
                        row = _parquet_row(batch.slice(index, 1), max_row_bytes)
                        yield Record(number, number, row)
            except (pyarrow.ArrowException, OSError) as error:
                lost = UnusableRow(
                    f"damaged, with all rows up to {group_end}: {error}; write the file again"
                )
                yield Record(number + 1, group_end, lost)
                number = group_end

    return Source(path, records(), parquet.metadata.num_rows, parquet=True)


def _rows_at_once(size: int, rows: int) -> int:
    """How many rows of a group to hold together: few where they are large."""
    return max(1, min(_PARQUET_ROWS, _PARQUET_BATCH_BYTES * max(1, rows) // max(1, size)))


def _parquet_row(
    one: "pyarrow.RecordBatch", max_row_bytes: int
) -> Mapping[str, object] | UnusableRow:
    if one.nbytes > max_row_bytes:
        return UnusableRow(f"{one.nbytes} bytes; at most {max_row_bytes} are read of a row")
    try:
        (row,) = one.to_pylist()
    except UnicodeDecodeError:
        return UnusableRow("holds text that is not UTF-8; rewrite the column")
    except ValueError as error:  # Of a struct that has two fields of one name.
        return UnusableRow(f"cannot be read: {error}")
    content: Mapping[str, object] = row
    if len(content) < one.num_columns:
        return UnusableRow("two columns have the same name; rename or drop one")
    return content
