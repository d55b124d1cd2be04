"""The file of answers while it is written: appended to, problem by problem, and gone on with.

All answers to a problem are appended and synchronised together, so a kill costs only what was under
way. What a machine that stopped left torn is cut off when the file is opened again. The header is
also what keeps other runs out: it is locked until the last process of a run is gone.
"""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.sampling.answers import Header, failures_path, header_path, read_header
from assayoffice.rl.sampling.errors import AnswersInUseError, ChangedAnswersError, SamplingError
from assayoffice.rl.training.folder import write_whole
from assayoffice.rl.training.stages import changes

# What a killed run left behind ends within these.
_LOCK_SECONDS = 30.0
_LOOK_SECONDS = 0.2
_COPY_BYTES = 1024 * 1024
_PROBLEMS = "problems (digest of ids and messages)"


class Journal:
    """A file of answers, opened to be gone on with. One thread writes.

    ``finished`` are the ids of the problems whose answers are all there. ``lock`` is a descriptor
    that keeps others out while any process has it open.
    """

    def __init__(self, file: Path, header: Header) -> None:
        """Raises AnswersInUseError, ChangedAnswersError, SamplingError and OSError."""
        self.finished: dict[str, tuple[int, int]] = {}
        self.failures: dict[str, str] = {}
        self._file = file
        self._per_problem = len(header.request.indices)
        self._end = self._rows = 0
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            locked = stack.enter_context(header_path(file).open("ab"))
            self.lock = locked.fileno()
            _lock(self.lock, file)
            self._own(header, locked)
            self._raw = stack.enter_context(file.open("ab", buffering=0))
            self.catch_up()
            self._raw.truncate(self._end)
            failures_path(file).unlink(missing_ok=True)
            self._opened = stack.pop_all()

    def write(self, problem: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Append all answers to a problem: all of them, or none where this raises OSError."""
        data = lines_of(rows)
        append_whole(self._raw, data, self._end)
        self.finished[problem] = (self._end, len(data))
        self._end += len(data)
        self._rows += self._per_problem

    def fail(self, problem: str, message: str) -> None:
        """Note that a problem got no answer."""
        self.failures[problem] = message

    def catch_up(self) -> None:
        """Take in what is there, for one what another process has appended.

        A problem counts when its last answer is there. Raises SamplingError for lines that are none
        of ours.
        """
        with self._file.open("rb") as file:
            file.seek(self._end)
            start = end = self._end
            problem, count = None, 0
            for number, line in enumerate(file, start=self._rows + 1):
                if not line.endswith(b"\n"):
                    return
                found = _problem_of(line)
                if found is None or (count and found != problem) or found in self.finished:
                    raise SamplingError(
                        f"{self._file} row {number}: not what sampling wrote there; name another "
                        "file, or remove this one to begin again"
                    )
                problem, count, end = found, count + 1, end + len(line)
                if count == self._per_problem:
                    self.finished[problem] = (start, end - start)
                    self._end = start = end
                    self._rows, count = number, 0

    def finish(self, order: Sequence[str]) -> None:
        """Put problems into an order, so that the file is the same however often it was begun.

        Nothing can be written afterwards.
        """
        places = [self.finished[each] for each in order if each in self.finished]
        self._raw.close()
        if places == sorted(places):
            return
        unfinished = self._file.with_name(self._file.name + ".unfinished")
        try:
            with self._file.open("rb") as file, unfinished.open("wb") as sorted_file:
                for start, length in places:
                    file.seek(start)
                    while length:
                        part = file.read(min(length, _COPY_BYTES))
                        sorted_file.write(part)
                        length -= len(part)
                sorted_file.flush()
                os.fsync(sorted_file.fileno())
            unfinished.rename(self._file)
        finally:
            unfinished.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._opened:
            if self.failures:
                rows = ({"problem": id, "error": said} for id, said in self.failures.items())
                write_whole(failures_path(self._file), lines_of(rows).decode())

    def _own(self, header: Header, locked: io.BufferedWriter) -> None:
        """Write the header, or see that it is the one that is there."""
        path = header_path(self._file)
        written = path.stat().st_size
        begun = self._file.exists() and self._file.stat().st_size
        if not begun:
            locked.truncate(0)
            locked.write(json.dumps(_as_json(header), indent=2, sort_keys=True).encode() + b"\n")
            locked.flush()
            os.fsync(locked.fileno())
            return
        before = read_header(self._file) if written else None
        if before is None:
            if not written:
                path.unlink()
            raise ChangedAnswersError(
                f"{self._file}: there is no {path.name} that says what these answers were made "
                "from; put it back, or name another file"
            )
        if (then := _flat(before)) != (now := _flat(header)):
            raise ChangedAnswersError(
                f"{self._file}: these answers were made from something else than is asked for "
                f"now:\n{changes(then, now)}\nName another file, or undo the change"
            )


def digest_of(problems: Sequence[Problem]) -> str:
    """SHA-256 of the ids and messages of problems, in their order."""
    digest = hashlib.sha256()
    for each in problems:
        said = [each.id, [[turn.role, turn.content] for turn in each.messages]]
        digest.update(json.dumps(said).encode() + b"\n")
    return digest.hexdigest()


def lines_of(rows: Iterable[Mapping[str, object]]) -> bytes:
    """Rows as JSON lines."""
    # Half of a surrogate pair, which a model may have written, is no text to keep.
    written = (json.dumps(each, ensure_ascii=False).encode(errors="replace") for each in rows)
    return b"".join(each + b"\n" for each in written)


def append_whole(raw: io.FileIO, data: bytes, end: int) -> None:
    """Append to a file that ends at ``end``, and let it end there again where it fails."""
    left = memoryview(data)
    try:
        while left:
            left = left[raw.write(left) or 0 :]
        os.fsync(raw.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            raw.truncate(end)
        raise


def _as_json(header: Header) -> Mapping[str, object]:
    return {
        "assay": "answers",
        "format": 1,
        "request": header.request.as_json(),
        "model": dict(header.model),
        "problems": header.problems,
    }


def _flat(header: Header) -> Mapping[str, object]:
    """What is compared, under names for people."""
    # A folder may have been moved; what is in it is told by its files.
    moved = ("name",) if header.model.get("files") else ()
    return {
        **{f"request {name}": value for name, value in header.request.as_json().items()},
        **{f"model {name}": value for name, value in header.model.items() if name not in moved},
        _PROBLEMS: header.problems,
    }


def _problem_of(line: bytes) -> str | None:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    problem = content.get("problem") if isinstance(content, dict) else None
    return problem if isinstance(problem, str) else None


def _lock(descriptor: int, file: Path) -> None:
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise AnswersInUseError(
                    f"{file}: another run is writing it; wait for its end, or name another file"
                ) from None
            time.sleep(_LOOK_SECONDS)
        except OSError:
            return  # A file system without locks keeps nobody out.
        else:
            return
