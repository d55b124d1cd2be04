"""Writes the rows that were admitted, each with its stamp and otherwise as it was."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.rows import from_parquet
from assayoffice.rl.sources import UnreadableFileError, UnusableRow
from assayoffice.rl.stamps import Stamp

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

_ROWS_AT_ONCE = 64


def write_stamped(outcomes: Iterable[RowOutcome], files: Sequence[str], output: Path) -> int:
    """Write the admitted rows to ``output`` and return how many there are.

    ``.parquet`` is written from parquet files of one schema, with the column ``stamp`` added or
    replaced; anything else is JSON lines. ``output`` appears when it is whole; of a link, what it
    leads to. Raises UnreadableFileError, also where parquet is not what was checked any more, and
    OSError.
    """
    output = output.resolve()
    partial = output.with_name(f"{output.name}.{os.getpid()}.partial")
    try:
        if output.suffix == ".parquet":
            count = _write_parquet(outcomes, files, partial)
        else:
            count = _write_json_lines(outcomes, partial)
        os.replace(partial, output)
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
    return count


def _write_json_lines(outcomes: Iterable[RowOutcome], file: Path) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="\n") as output:
        for outcome, stamp in _admitted(outcomes):
            assert outcome.row is not None
            stamped = {**outcome.row.content, "stamp": _written(stamp)}
            try:
                output.write(json.dumps(stamped, ensure_ascii=False) + "\n")
            except UnicodeEncodeError:  # Half a surrogate pair, in a field that is free.
                output.write(json.dumps(stamped) + "\n")
            count += 1
    return count


def _write_parquet(outcomes: Iterable[RowOutcome], files: Sequence[str], file: Path) -> int:
    import pyarrow.parquet

    stamps = pyarrow.struct([("hallmark", pyarrow.string()), ("content", pyarrow.string())])
    schema: Any = None
    count = 0
    admitted = _admitted(outcomes)
    following = next(admitted, None)
    with contextlib.ExitStack() as stack:
        writer: Any = None
        for name in files:
            parquet = _opened(name)
            columns = _without_stamp(parquet.schema_arrow)
            if schema is None:
                schema = columns
                whole = schema.append(pyarrow.field("stamp", stamps))
                writer = stack.enter_context(pyarrow.parquet.ParquetWriter(file, whole))
            if not columns.equals(schema):
                raise UnreadableFileError(
                    f"{name}: its columns differ from those of {files[0]}; stamp each by itself"
                )
            for first, batch in _batches(parquet):
                kept: list[int] = []
                written: list[dict[str, str]] = []
                while following is not None:
                    outcome, stamp = following
                    index = outcome.number - first
                    if outcome.file != name or index >= batch.num_rows:
                        break
                    if not _is_of(outcome, batch.slice(index, 1)):
                        raise UnreadableFileError(
                            f"{name} row {outcome.number}: was changed while it was checked"
                        )
                    kept.append(index)
                    written.append(_written(stamp))
                    following = next(admitted, None)
                if kept:
                    rows = batch.select(schema.names).take(pyarrow.array(kept))
                    column = pyarrow.array(written, stamps)
                    writer.write_batch(rows.append_column("stamp", column))
                    count += len(kept)
    return count


def _opened(name: str) -> "pyarrow.parquet.ParquetFile":
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(name)
    except (pyarrow.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"{name}: --stamp writes parquet from parquet only: {error}"
        ) from None


def _without_stamp(schema: "pyarrow.Schema") -> "pyarrow.Schema":
    return schema.remove(schema.get_field_index("stamp")) if "stamp" in schema.names else schema


def _batches(
    parquet: "pyarrow.parquet.ParquetFile",
) -> "Iterator[tuple[int, pyarrow.RecordBatch]]":
    """The rows of a file in batches, each with the number of its first; damaged groups are not."""
    import pyarrow

    end = 0
    for group in range(parquet.metadata.num_row_groups):
        number = end + 1
        end += parquet.metadata.row_group(group).num_rows
        try:
            for batch in parquet.iter_batches(_ROWS_AT_ONCE, row_groups=[group]):
                yield number, batch
                number += batch.num_rows
        except (pyarrow.ArrowException, OSError):
            continue  # Its rows have errors, so none of them is admitted.


def _is_of(outcome: RowOutcome, one: "pyarrow.RecordBatch") -> bool:
    """Whether a row of a file, read again, is the one that was checked."""
    assert outcome.row is not None
    try:
        (content,) = one.to_pylist()
        now = from_parquet(content)
    except (ValueError, UnusableRow):
        return False
    return json.dumps(now, sort_keys=True) == json.dumps(outcome.row.content, sort_keys=True)


def _admitted(outcomes: Iterable[RowOutcome]) -> Iterator[tuple[RowOutcome, Stamp]]:
    for outcome in outcomes:
        if outcome.admitted and not isinstance(outcome.result, ItemError):
            yield outcome, outcome.result.stamp


def _written(stamp: Stamp) -> dict[str, str]:
    return {"hallmark": stamp.hallmark, "content": stamp.content}
