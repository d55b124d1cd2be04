"""Files of texts that a set must not overlap with: JSON lines, parquet or plain text.

Of JSON lines and parquet a column is read; plain text has one text a line. Unlike in a file of
rewrites, a row that cannot be used is an error of the whole file: a list that was half read would
pass for a list that nothing overlaps with.
"""

from collections.abc import Iterator
from pathlib import Path

from assayoffice.rl.sources import Record, UnreadableFileError, UnusableRow, open_source

COLUMNS = ("problem", "question", "prompt", "text")
_PARQUET = b"PAR1"
_MOST_LINE_BYTES = 64 * 1024 * 1024


def listed_texts(file: str, column: str) -> Iterator[tuple[int, str]]:
    """The texts of a file that are not blank, and the numbers of their lines or rows, from 1.

    An empty ``column`` is the first of problem, question, prompt and text that a row has. Raises
    UnreadableFileError.
    """
    if _is_plain(file):
        yield from _lines(file)
        return
    with open_source(file) as source:
        for record in source.records:
            if (text := _text(file, record, column)).strip():
                yield record.number, text


def _is_plain(file: str) -> bool:
    try:
        with Path(file).open("rb") as opened:
            beginning = opened.read(4096)
    except OSError as error:
        raise UnreadableFileError(f"{file}: {error.strerror}") from None
    without_mark = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    return not beginning.startswith(_PARQUET) and not without_mark.startswith(b"{")


def _lines(file: str) -> Iterator[tuple[int, str]]:
    with Path(file).open("rb") as opened:
        number = 0
        while line := opened.readline(_MOST_LINE_BYTES):
            number += 1
            try:
                text = line.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise UnreadableFileError(
                    f"{file} line {number}: byte {error.start} is not UTF-8; re-encode the file"
                ) from None
            if text.strip():
                yield number, text


def _text(file: str, record: Record, column: str) -> str:
    where, row = f"{file} row {record.number}", record.content
    if isinstance(row, UnusableRow):
        raise UnreadableFileError(f"{where}: {row}")
    names = (column,) if column else COLUMNS
    name = next((each for each in names if each in row), None)
    if name is None:
        raise UnreadableFileError(
            f"{where}: has no column {' or '.join(names)}, only {', '.join(map(str, row))[:200]}; "
            "decontaminate_column names another"
        )
    text = row[name]
    if not isinstance(text, str):
        raise UnreadableFileError(
            f"{where}: {name} must be text, not {type(text).__name__}; "
            "decontaminate_column names another column"
        )
    return text
