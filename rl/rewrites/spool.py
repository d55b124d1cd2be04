"""Outcomes kept on disk, to be read again for what is written once all are known.

In a file without a name, which is gone when the process is, however it ends.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO

import grpc

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.report_json import report_as_json, report_from_json
from assayoffice.rl.rewrites.reports import ReportResult
from assayoffice.rl.rewrites.rows import row_of


class Spool:
    """Outcomes in the order in which they were added. Adding after reading is not possible."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")

    def add(self, outcome: RowOutcome) -> None:
        """Keep an outcome."""
        self._file.write(json.dumps(_written(outcome)) + "\n")

    def __iter__(self) -> Iterator[RowOutcome]:
        """Everything that was added, from the first. One iteration at a time."""
        self._file.seek(0)
        for line in self._file:
            yield _outcome(json.loads(line))

    def close(self) -> None:
        """Let go of what was kept."""
        self._file.close()


def _written(outcome: RowOutcome) -> dict[str, object]:
    written: dict[str, object] = {
        "row": None if outcome.row is None else outcome.row.content,
        "place": [outcome.file, outcome.number, outcome.id],
        "failed": outcome.failed,
        "cached": outcome.cached,
    }
    result = outcome.result
    if isinstance(result, ItemError):
        return {**written, "error": [result.code.name, result.reason, result.message]}
    return {**written, "report": report_as_json(result)}


def _outcome(written: Mapping[str, object]) -> RowOutcome:
    match written:
        case {
            "row": content,
            "place": [str(file), int(number), str(id)],
            "failed": list(failed),
            "cached": bool(cached),
        }:
            row = row_of(content, file, number) if isinstance(content, dict) else None
            return RowOutcome(row, file, number, id, _result(id, written), tuple(failed), cached)
    raise AssertionError("only what was written here is read here")


def _result(id: str, written: Mapping[str, object]) -> ReportResult:
    match written:
        case {"report": dict(report)}:
            return report_from_json(id, report)
        case {"error": [str(code), str(reason), str(message)]}:
            return ItemError(id, grpc.StatusCode[code], reason, message)
    raise AssertionError("only what was written here is read here")
