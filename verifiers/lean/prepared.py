"""What is found out about a header once, before anything is checked under it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assayoffice.sandbox.programs import (
    Sandbox,
    SandboxFailure,
    SandboxSettings,
    SandboxUnavailable,
)
from assayoffice.verifiers.lean.backends import beside, kernel, snapshot, toolchain
from assayoffice.verifiers.lean.backends.protocols import TRUSTED_LIMITS, LeanUnavailable
from assayoffice.verifiers.lean.backends.toolchain import Toolchain
from assayoffice.verifiers.lean.compiled.library import Library, LibraryError
from assayoffice.verifiers.lean.compiled.olean import KNOWN_RELEASES
from assayoffice.verifiers.lean.compiled.terms import Name, parse
from assayoffice.verifiers.lean.selftest import record
from assayoffice.verifiers.lean.settings import Header, Replay
from assayoffice.verifiers.lean.stamps import Stamps, stamp
from assayoffice.verifiers.lean.text.assemble import imports_of

_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Prepared:
    """A header that can be checked under.

    ``releases`` are the commits whose compiled modules may be read. ``replay`` is what checks
    proofs again, never AUTO. ``parts`` are what decides besides this code, for the hallmark; they
    hold as long as the ``stamps`` do.
    """

    header: Header
    toolchain: Toolchain
    imports: tuple[str, ...]
    library: Library
    releases: frozenset[str]
    allowed: frozenset[Name]
    replay: Replay
    stamps: Stamps
    parts: Mapping[str, str]


def prepare(
    header: Header, settings: SandboxSettings, tested: Mapping[str, record.Record]
) -> Prepared:
    """Try a header's Lean and read what its imports bring. Raises LeanUnavailable."""
    try:
        with toolchain.sandbox_for(header, settings) as sandbox:
            return _prepared(header, sandbox, tested)
    except (SandboxFailure, SandboxUnavailable, LibraryError) as error:
        raise LeanUnavailable(str(error)) from error


def _prepared(header: Header, sandbox: Sandbox, tested: Mapping[str, record.Record]) -> Prepared:
    read = {file: stamp(file) for file in _of_toolchain(header)}
    lean = toolchain.ask(sandbox)
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
    folders = (*header.path, header.toolchain / "lib" / "lean")
    library = Library(imports, folders, allowed=allowed, releases=releases)
    replay = replay_of(header, lean)
    stamps = Stamps(map(str, beside.files(header, replay).values()), read | library.stamps)
    files = beside.digests(header, replay)
    digest = record.header_digest(header, replay, library.digest, files)
    record.require(header, replay, lean.githash, digest, tested, KNOWN_RELEASES)
    _require_source(header, sandbox)
    stamps.require_unchanged()
    parts = {
        "lean": f"{lean.version} {lean.githash}",
        "header": digest,
        "sandbox": f"{sandbox.tier.value}: {' '.join(sandbox.enforced)}",
        "replay": replay.value,
        **files,
    }
    return Prepared(header, lean, imports, library, releases, allowed, replay, stamps, parts)


def replay_of(header: Header, lean: Toolchain) -> Replay:
    """What checks a header's proofs again with this Lean; never AUTO. Raises LeanUnavailable."""
    if header.replay is not Replay.AUTO:
        return header.replay
    if lean.githash in kernel.RELEASES:
        return Replay.KERNEL
    if (header.toolchain / "bin" / "leanchecker").is_file():
        return Replay.LEANCHECKER
    raise LeanUnavailable(
        f"nothing that is known to work with Lean {lean.version} checks proofs again; set `replay` "
        f"of header {header.id!r}, and read docs/verifiers/lean.md before you set it to none"
    )


def _of_toolchain(header: Header) -> Iterator[str]:
    """What of a toolchain decides, besides compiled modules."""
    yield str(header.toolchain / "bin" / "lean")
    for folder in ("lib", "lib/lean"):
        yield from map(str, (header.toolchain / folder).glob("*.so*"))


def _require_source(header: Header, sandbox: Sandbox) -> None:
    """Raise LeanUnavailable unless Lean reads what stands before all candidates."""
    made = snapshot.backend(sandbox, header).elaborate(f"{header.source}\n", TRUSTED_LIMITS)
    if made.olean is None:
        errors = [each for each in made.messages if each.severity == "error"]
        told = [f"line {each.line}: {each.text}" for each in errors[:1]]
        why = made.limit or made.crash or "".join(told) or "it reports no error and makes no module"
        raise LeanUnavailable(
            f"Lean does not accept the source of header {header.id!r}: {why[:_MOST_CHARACTERS]}; "
            "repair it in the file of headers"
        )
