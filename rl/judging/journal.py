"""The file that judgements go to: a line for each problem, appended when it is judged.

The first line says what they were made from; a journal of something else is not gone on with. A
problem with an error has a line, too, and is tried again, and so is one that has got other answers
since: its last line counts. A machine may stop within a line, so a torn last one is cut off.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from assayoffice.rl.judging.errors import (
    ChangedJudgementsError,
    JudgementsInUseError,
    JudgingError,
)
from assayoffice.rl.judging.lines import Line, line_as_json, line_of
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.results import ItemError
from assayoffice.rl.sources import UnusableRow

# How every journal begins, so that nothing else is taken for the torn beginning of one.
_BEGINS = b'{"assay": "judged", "format": '
_FORMAT = 1
_FOREIGN = "not a journal of judgements; name another file"


@dataclass(frozen=True, slots=True)
class Judged:
    """Problems that were judged, in their order, and the errors of those that could not be, by id.

    ``by_behaviour`` are the judged ones whose verifier looks at what a response does: their classes
    are not answers but ways to fail. ``domains`` has the domain of each problem, and ``hallmarks``
    the digest of each verifier that judged.
    """

    problems: tuple[JudgedProblem, ...]
    errors: Mapping[str, ItemError]
    by_behaviour: frozenset[str] = frozenset()
    domains: Mapping[str, str] = field(default_factory=dict)
    hallmarks: Mapping[str, str] = field(default_factory=dict)


class Journal:
    """A file of judgements, opened to be gone on with. ``facts`` are what they are made from."""

    def __init__(self, path: Path, facts: Mapping[str, str]) -> None:
        """Raises ChangedJudgementsError where the facts are others, other JudgingErrors, OSError.

        ChangedJudgementsError names what is different.
        """
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            self._lock()
            written, self._lines, end = _read(path)
            os.truncate(path, end)
            if written is None:
                self._append({"assay": "judged", "format": _FORMAT, "made_from": dict(facts)})
            elif written != facts:
                names = [each for each in facts if written.get(each) != facts[each]]
                raise ChangedJudgementsError(
                    f"{path}: was begun with other {', '.join(names) or 'facts'}; undo the change, "
                    "or name another file"
                )
            self._hallmarks = hallmarks_of(self._lines, str(path))
        except BaseException:
            os.close(self._file)
            raise

    @property
    def hallmarks(self) -> Mapping[str, str]:
        """The digest of each verifier that judged so far, by name."""
        return self._hallmarks

    def has(self, problem: str, digest: str) -> bool:
        """Whether the answers of this digest are judged. With an error they are not."""
        line = self._lines.get(problem)
        judged = line is not None and isinstance(line.result, JudgedProblem)
        return judged and line is not None and line.digest == digest

    def write(self, line: Line) -> None:
        """Append a line, unless it says again what the journal says last.

        Raises JudgingError for what another version of a verifier judged than the lines before it,
        and OSError.
        """
        if self._lines.get(line.problem) == line:
            return
        _agree(self._hallmarks, line, str(self._path))
        self._append(line_as_json(line))
        self._lines[line.problem] = line

    def judged(self) -> Judged:
        """All that is in it."""
        return _judged(self._lines, self._hallmarks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def _append(self, content: Mapping[str, object]) -> None:
        left = json.dumps(content, ensure_ascii=False).encode() + b"\n"
        while left:
            left = left[os.write(self._file, left) :]

    def _lock(self) -> None:
        """Keep others out: two runs would judge the same, and cut each other's lines off."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JudgementsInUseError(
                f"{self._path}: another run is writing it; wait for its end"
            ) from None
        except OSError:
            pass  # A file system without locks keeps nobody out.


def read_judged(path: Path) -> Judged:
    """Read a journal. Raises JudgingError, which names the row and the field, and OSError."""
    _, lines, _ = _read(path)
    return _judged(lines, hallmarks_of(lines, str(path)))


def hallmarks_of(lines: Mapping[str, Line], where: str) -> dict[str, str]:
    """The digest of each verifier that judged. Raises JudgingError where there are several."""
    found: dict[str, str] = {}
    for each in lines.values():
        _agree(found, each, where)
    return found


def _agree(hallmarks: dict[str, str], line: Line, where: str) -> None:
    if isinstance(line.result, JudgedProblem):
        hallmark = line.result.hallmark
        before = hallmarks.setdefault(line.verifier, hallmark)
        if before != hallmark:
            raise JudgingError(
                f"{where}: {line.verifier} judged under the hallmark {before[:16]} before and "
                f"under {hallmark[:16]} now, which would mix two verifiers; have the one from "
                "before serve, or judge all into another file"
            )


def _judged(lines: Mapping[str, Line], hallmarks: Mapping[str, str]) -> Judged:
    ordered = sorted(lines.values(), key=lambda each: each.index)
    return Judged(
        problems=tuple(each.result for each in ordered if isinstance(each.result, JudgedProblem)),
        errors={
            each.problem: each.result for each in ordered if isinstance(each.result, ItemError)
        },
        by_behaviour=frozenset(
            each.problem
            for each in ordered
            if isinstance(each.result, JudgedProblem) and not each.by_answer
        ),
        domains={each.problem: each.domain for each in ordered},
        hallmarks=dict(sorted(hallmarks.items())),
    )


def _read(path: Path) -> tuple[Mapping[str, str] | None, dict[str, Line], int]:
    """What the judgements were made from, the last line of each problem, and where lines end."""
    facts: Mapping[str, str] | None = None
    lines: dict[str, Line] = {}
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                if not line.endswith(b"\n"):
                    if number == 1 and not line.startswith(_BEGINS[: len(line)]):
                        raise UnusableRow(_FOREIGN)
                    break
                if number == 1:
                    facts = _header(line)
                else:
                    read = line_of(_object(line))
                    lines[read.problem] = read
            except UnusableRow as error:
                raise JudgingError(f"{path} row {number}: {error}") from None
            end += len(line)
    return facts, lines, end


def _header(line: bytes) -> Mapping[str, str]:
    match _object(line):
        case {"assay": "judged", "format": int(number), "made_from": dict(facts)} if (
            number == _FORMAT
        ):
            return facts
        case {"assay": "judged"}:
            raise UnusableRow("written by another version of assayoffice; judge into another file")
    raise UnusableRow(_FOREIGN)


def _object(line: bytes) -> Mapping[str, object]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableRow(f"not JSON: {error}") from None
    if not isinstance(content, dict):
        raise UnusableRow("not a JSON object")
    return content
