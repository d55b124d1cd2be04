"""The files that proposals go to: lines are only appended, and say what need not be asked again.

A line is written whole and flushed, but a machine may stop within one. The torn end of a file is
cut off when the file is opened again.
"""

import fcntl
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from assayoffice.rl.errors import AssayError
from assayoffice.rl.rewrites.propose.lineage import Source

_Finished = tuple[str, str, str, int]


class JournalError(AssayError):
    """The file cannot be gone on with; the message says why."""


class Journal:
    """A file of JSON lines, each of which holds a lineage; opened to be gone on with.

    ``contents`` are the lines that it held, ``cut_bytes`` how much of a torn one was cut off.
    """

    def __init__(self, file: Path) -> None:
        """Raises JournalError for a file of something else, or of another run now, and OSError."""
        self._file: BinaryIO = open(file, "a+b")
        try:
            self._lock(file)
            self.contents, self.cut_bytes = self._read(file)
        except BaseException:
            self._file.close()
            raise
        self._finished = {
            key for each in self.contents if (key := _key(_lineage(each))) is not None
        }

    def has(self, source: Source) -> bool:
        """Whether a line is there that came of this."""
        key = (source.parent, source.parent_digest, source.prompt, source.index)
        return key in self._finished

    def write(self, content: Mapping[str, object]) -> None:
        """Append a line."""
        # Half of a surrogate pair, which a model may have written, is no text to keep.
        line = json.dumps(content, ensure_ascii=False).encode(errors="replace")
        self._file.write(line + b"\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def _lock(self, file: Path) -> None:
        """Keep others out: two runs would ask for the same, and cut each other's lines off."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalError(f"{file}: another run is writing it; wait for its end") from None
        except OSError:
            pass  # A file system without locks keeps nobody out.

    def _read(self, file: Path) -> tuple[list[Mapping[str, object]], int]:
        self._file.seek(0)
        contents: list[Mapping[str, object]] = []
        end = 0
        for number, line in enumerate(self._file, start=1):
            content = _object(line)
            if content is None and not line.endswith(b"\n"):
                self._file.truncate(end)
                return contents, len(line)
            if content is None or not _lineage(content):
                raise JournalError(
                    f"{file} row {number}: not written by `assay rewrites propose`; name another "
                    "file"
                )
            contents.append(content)
            end += len(line)
            if not line.endswith(b"\n"):
                self._file.write(b"\n")
        return contents, 0


def _object(line: bytes) -> Mapping[str, object] | None:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _lineage(content: Mapping[str, object]) -> Mapping[str, object]:
    """The lineage of an admitted row or of a rejected proposal, empty where there is none."""
    provenance = content.get("provenance")
    lineage = provenance.get("lineage") if isinstance(provenance, dict) else None
    return lineage if isinstance(lineage, dict) else {}


def _key(lineage: Mapping[str, object]) -> _Finished | None:
    match lineage:
        case {
            "parent": str(parent),
            "parent_digest": str(digest),
            "prompt": str(prompt),
            "index": int(index),
        }:
            return parent, digest, prompt, index
    return None
