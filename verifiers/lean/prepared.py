"""What is found out about a header once, before anything is checked under it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.sandbox.programs import SandboxFailure, SandboxSettings, SandboxUnavailable
from assayoffice.verifiers.lean.backends import kernel, toolchain
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.backends.toolchain import Toolchain
from assayoffice.verifiers.lean.compiled.library import Library, LibraryError
from assayoffice.verifiers.lean.compiled.olean import KNOWN_RELEASES
from assayoffice.verifiers.lean.compiled.terms import Name, parse
from assayoffice.verifiers.lean.selftest import record
from assayoffice.verifiers.lean.settings import Header, Replay
from assayoffice.verifiers.lean.text.assemble import imports_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """A header that can be checked under.

    ``releases`` are the commits whose compiled modules may be read. ``replay`` is what checks
    proofs again, never AUTO. ``parts`` are what decides
    besides this code, for the hallmark.
    """

    header: Header
    toolchain: Toolchain
    imports: tuple[str, ...]
    library: Library
    releases: frozenset[str]
    allowed: frozenset[Name]
    replay: Replay
    parts: Mapping[str, str]


def prepare(
    header: Header, settings: SandboxSettings, tested: Mapping[str, record.Record]
) -> Prepared:
    """Try a header's Lean and read what its imports bring. Raises LeanUnavailable."""
    try:
        with toolchain.sandbox_for(header, settings) as sandbox:
            lean = toolchain.ask(sandbox)
            enforced = f"{sandbox.tier.value}: {' '.join(sandbox.enforced)}"
    except (SandboxFailure, SandboxUnavailable) as error:
        raise LeanUnavailable(str(error)) from error
    releases = frozenset(KNOWN_RELEASES)
    if header.id in tested:
        releases |= {tested[header.id].githash}
    if lean.githash not in releases:
        raise LeanUnavailable(
            f"Lean {lean.version} ({lean.githash[:12]}) is no release that this version was tried "
            "with; run `assay lean-selftest` with this configuration, which tries it"
        )
    allowed = frozenset(map(parse, header.axioms))
    imports = imports_of(header.source)
    try:
        library = Library(
            imports,
            (*header.path, header.toolchain / "lib" / "lean"),
            allowed=allowed,
            releases=releases,
        )
    except LibraryError as error:
        raise LeanUnavailable(str(error)) from error
    record.require(header, lean.githash, library.digest, tested, KNOWN_RELEASES)
    parts = {
        "lean": f"{lean.version} {lean.githash}",
        "header": record.header_digest(header, library.digest),
        "sandbox": enforced,
    }
    replay = replay_of(header, lean)
    parts["replay"] = replay.value
    if header.repl is not None:
        parts["first pass"] = f"repl {_digest(header.repl)}"
    if header.snapshot is not None:
        parts["snapshot"] = _digest(header.snapshot)
    return Prepared(header, lean, imports, library, releases, allowed, replay, parts)


def replay_of(header: Header, lean: Toolchain) -> Replay:
    """What checks a header's proofs again with this Lean; never AUTO."""
    if header.replay is not Replay.AUTO:
        return header.replay
    return Replay.KERNEL if lean.githash in kernel.RELEASES else Replay.NONE


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise LeanUnavailable(
            f"{file}: {error.strerror}; `assay lean-selftest` makes snapshots"
        ) from error
