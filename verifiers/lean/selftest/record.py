"""What ``assay lean-selftest`` has found to work, kept beside the file of headers.

The reader of compiled modules was tried with some releases of Lean. Another release may serve a
header once the self-test has passed for exactly that release and that header on this machine.
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.settings import Header

_FORMAT = 1


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


def header_digest(header: Header, library_digest: str) -> str:
    """SHA-256, in hexadecimal, of what decides about a header's proofs besides Lean itself.

    ``library_digest`` is that of the compiled modules it imports.
    """
    parts = [header.source, sorted(header.axioms), library_digest]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


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
    githash: str,
    library_digest: str,
    kept: Mapping[str, Record],
    known: Collection[str],
) -> None:
    """Raise LeanUnavailable unless a Lean is among the ``known`` or has passed the self-test.

    ``kept`` are the records of the file that the header comes from.
    """
    if githash in known:
        return
    record = kept.get(header.id)
    now = (githash, header_digest(header, library_digest), version())
    if record is None or (record.githash, record.digest, record.assayoffice) != now:
        changed = "has not passed" if record is None else "has changed since it passed"
        raise LeanUnavailable(
            f"header {header.id!r} {changed} the self-test with Lean {githash[:12]}, whose "
            "compiled modules are not known; run `assay lean-selftest` with these settings"
        )


def version() -> str:
    """That of this package: with another reader of modules, the test must be passed again."""
    return importlib.metadata.version("assayoffice")


def _remedy(file: Path) -> str:
    return f"run `assay lean-selftest` again for {file.name}"
