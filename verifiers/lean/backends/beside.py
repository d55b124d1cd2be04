"""The files besides Lean and its modules that take part in checks under a header."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from assayoffice.verifiers.lean.backends import checkers, snapshot
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.settings import Header, Replay


def files(header: Header, replay: Replay) -> Mapping[str, Path]:
    """The REPL, the snapshot, and the programs of a replay, by what they are."""
    found = {each: header.toolchain / "bin" / each for each in checkers.programs(replay)}
    if header.repl is not None:
        found["repl"] = header.repl
    if header.snapshot is not None:
        state, deps = snapshot.files(header.snapshot)
        found |= {"snapshot": state, "snapshot.deps": deps}
    return found


def digests(header: Header, replay: Replay) -> Mapping[str, str]:
    """SHA-256 of each of the files. Raises LeanUnavailable where one is not there."""
    checkers.require(header.toolchain, replay)
    return {what: _digest(what, file) for what, file in files(header, replay).items()}


def _digest(what: str, file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise LeanUnavailable(
            f"{what}: {file}: {error.strerror}; `assay lean-selftest` makes snapshots, and "
            "whatever else it needs it names"
        ) from error
