"""What ``assay lean-selftest`` has found to work, kept beside the file of headers.

Our tests try some releases of Lean, and neither the programs beside it nor a REPL. A header with
another release, or with any of those, serves once its self-test has passed on this machine, for
exactly what it is made of.
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.settings import Header, Replay

_FORMAT = 1
# What our tests have fakes of.
_FAKES = frozenset({Replay.LEANCHECKER, Replay.COMPARATOR})


@dataclass(frozen=True, slots=True)
class Record:
    """A self-test of a header that passed.

    ``digest`` is the header's ``header_digest``, ``githash`` and ``version`` are those of the Lean,
    ``passed`` names what worked. ``assayoffice`` is the version that tested, ``date`` the day.
    """

    header: str
    digest: str
    githash: str
    version: str
    passed: tuple[str, ...]
    assayoffice: str
    date: str


@dataclass(frozen=True, slots=True)
class _File:
    format: int
    records: tuple[Record, ...]


_FILE = TypeAdapter(_File)


class RecordError(Exception):
    """The file of records cannot be read; says why and the remedy."""


def header_digest(
    header: Header, replay: Replay, library_digest: str, files: Mapping[str, str]
) -> str:
    """SHA-256, in hexadecimal, of what decides about a header's proofs besides Lean itself.

    ``replay`` is what checks them again, ``library_digest`` that of the compiled modules it
    imports, ``files`` are the digests of ``backends.beside``.
    """
    parts = [header.source, sorted(header.axioms), replay.value, library_digest, dict(files)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def file_beside(file: Path) -> Path:
    """Where the records of a file of headers are."""
    return file.with_name(f"{file.name}.selftest.json")


def records(file: Path | None) -> Mapping[str, Record]:
    """Records by header id; none where nothing was tested. Raises RecordError."""
    if file is None:
        return {}
    kept = file_beside(file)
    try:
        read = _FILE.validate_json(kept.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        why = f"{kept} cannot be read: {error}"
        raise RecordError(f"{why}; remove it and {_remedy(file)}") from None
    if read.format != _FORMAT:
        raise RecordError(f"{kept} has the format {read.format}, not {_FORMAT}; {_remedy(file)}")
    return {record.header: record for record in read.records}


def keep(file: Path, kept: Iterable[Record]) -> Path:
    """Write the records of a file of headers in place of those there were; returns where."""
    target = file_beside(file)
    written = _File(format=_FORMAT, records=tuple(sorted(kept, key=lambda each: each.header)))
    # Whole or not at all, for servers that start meanwhile.
    fresh = target.with_name(f"{target.name}.new")
    fresh.write_text(_FILE.dump_json(written, indent=2).decode() + "\n", "utf-8")
    fresh.replace(target)
    return target


def require(
    header: Header,
    replay: Replay,
    githash: str,
    digest: str,
    kept: Mapping[str, Record],
    known: Collection[str],
) -> None:
    """Raise LeanUnavailable unless our tests, or the self-test here, have tried all of a header.

    ``digest`` is its ``header_digest`` now, ``known`` are the releases that our tests have tried;
    ``kept`` are the records of the file that the header comes from.
    """
    untried = _untried(header, replay, githash, known)
    if not untried:
        return
    record = kept.get(header.id)
    now = (githash, digest, version())
    if record is None or (record.githash, record.digest, record.assayoffice) != now:
        changed = "has not passed" if record is None else "has changed since it passed"
        raise LeanUnavailable(
            f"header {header.id!r} {changed} the self-test, and only that tries {untried}; run "
            "`assay lean-selftest` with these settings"
        )


def _untried(header: Header, replay: Replay, githash: str, known: Collection[str]) -> str:
    """What of a header our tests do not run, for people; snapshots of known releases they do."""
    untried = []
    if githash not in known:
        untried.append(f"Lean {githash[:12]}")
    if replay in _FAKES:
        untried.append(f"the replay {replay.value}")
    if header.repl is not None:
        untried.append("a REPL")
    return " and ".join(untried)


def version() -> str:
    """That of this package: with another reader of modules, the test must be passed again."""
    return importlib.metadata.version("assayoffice")


def _remedy(file: Path) -> str:
    return f"run `assay lean-selftest` again for {file.name}"
