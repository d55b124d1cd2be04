"""Keeps reports of earlier runs in a file, so that only what is new or changed is checked again.

A report is kept under a digest of all that it can depend on: the verifier's digest as
``Client.rewrite_digests`` tells it, the thresholds, and what of the row is checked. Policies other
than by their thresholds, file names and ids do not matter, so that a row that was moved or a gate
that was changed costs nothing. Errors are never kept.

The file is one of SQLite: it survives a process that is killed, and runs may share it. One that is
damaged, locked or in a folder that may not be written costs a warning and nothing else. Whoever can
write it can make rows pass: it is to be trusted like the policy.
"""

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assayoffice.rl.rewrites.report_json import report_as_json, report_from_json
from assayoffice.rl.rewrites.reports import Report
from assayoffice.rl.rewrites.rewrite import Rewrite, Thresholds

#: About 1 KiB each. The oldest beyond these are dropped at the end of a run.
MOST_REPORTS = 500_000
# Of the file's layout and of how keys are made.
_FORMAT = "1"
_WAIT_SECONDS = 10.0
_MOST_REPORT_BYTES = 16 * 1024 * 1024


def default_file() -> Path:
    """Where reports are kept unless a caller says otherwise: in the user's folder for caches."""
    folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(folder) / "assayoffice" / "rewrites.sqlite"


def content_of(rewrite: Rewrite) -> str:
    """What of a rewrite is checked, as JSON that is the same for equal rewrites. Without its id."""
    submission, premises, key = rewrite.submission, rewrite.premises, rewrite.key
    content = {
        "verifier": submission.verifier,
        "task": submission.task,
        "problem": submission.prompt,
        "premises": premises
        and {
            "unknowns": [[each.name, each.domain.value] for each in premises.unknowns],
            "constraints": premises.constraints,
            "asked": premises.asked,
            "degenerate": premises.degenerate,
        },
        "solutions": rewrite.solutions,
        "wrong_answers": rewrite.wrong_answers,
        "key": key and [key.source, key.language],
        "reference_solution": rewrite.reference_solution,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def key_of(digest: str, thresholds: Thresholds, content: str) -> bytes:
    """The key of a report: ``digest`` is that of the verifier, ``content`` as ``content_of``."""
    asked = [
        thresholds.kill_rate,
        thresholds.acceptance_rate,
        thresholds.mutation_score,
        thresholds.agreement,
    ]
    head = json.dumps([_FORMAT, digest, asked])
    return hashlib.sha256(f"{head}\n{content}".encode()).digest()


class Cache:
    """Reports by key, in a file. Raises nothing: what goes wrong is told to ``warn``, once."""

    def __init__(
        self, file: Path, warn: Callable[[str], None], most_reports: int = MOST_REPORTS
    ) -> None:
        self._file = file
        self._warn = warn
        self._most_reports = most_reports
        self._database: sqlite3.Connection | None = None
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(file, timeout=_WAIT_SECONDS, isolation_level=None)
            # Readers and a writer do not wait for each other, and a kill harms nothing.
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS reports "
                "(number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, report BLOB NOT NULL)"
            )
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def get(self, key: bytes, id: str) -> Report | None:
        """The report under a key, for a rewrite of that id; None where there is none."""
        if self._database is None:
            return None
        try:
            found = self._database.execute(
                "SELECT report FROM reports WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return None if found is None else _unpacked(found[0], id)

    def put(self, reports: Sequence[tuple[bytes, Report]]) -> None:
        """Keep reports: all, or none if this process is killed meanwhile."""
        if self._database is None or not reports:
            return
        rows = [(key, _packed(report_as_json(report))) for key, report in reports]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT OR REPLACE INTO reports (key, report) VALUES (?, ?)", rows
            )
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Drop the oldest beyond the most, and close the file. May be called again."""
        if self._database is None:
            return
        try:
            self._database.execute(
                "DELETE FROM reports WHERE number <= "
                "(SELECT number FROM reports ORDER BY number DESC LIMIT 1 OFFSET ?)",
                (self._most_reports,),
            )
            self._database.close()
        except sqlite3.Error as error:
            self._give_up(error)
        self._database = None

    def _give_up(self, error: Exception) -> None:
        self._warn(f"cache {self._file}: {error}; going on without it. If it is damaged, delete it")
        if self._database is not None:
            self._database.close()
        self._database = None


def _packed(report: Mapping[str, object]) -> bytes:
    return zlib.compress(json.dumps(report).encode())


def _unpacked(packed: object, id: str) -> Report | None:
    """A report, None for what is none: it is then made again."""
    if not isinstance(packed, bytes):
        return None
    try:
        text = zlib.decompressobj().decompress(packed, _MOST_REPORT_BYTES)
        written = json.loads(text)
        return report_from_json(id, written) if isinstance(written, dict) else None
    except (zlib.error, ValueError, RecursionError):
        return None
