"""Lean's state after a header's imports, kept in a file that checks start from.

``lean --incr-header-save`` writes it and ``--incr-load`` reads it. Lean calls both experimental,
and releases before 4.35 may not have them. It pays where imports take long.
"""

from collections.abc import Sequence
from pathlib import Path

from assayoffice.sandbox.programs import RunLimits, Sandbox
from assayoffice.verifiers.lean.backends import runs
from assayoffice.verifiers.lean.backends.cli import SOURCE, LeanCli
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.backends.toolchain import LEAN, SNAPSHOT, places
from assayoffice.verifiers.lean.settings import Header

_MADE = "/tmp/header.snapshot"
# What the state was made from is in a second file beside it.
_SUFFIXES = ("", ".deps")
_MOST_BYTES = 16 << 30
_LIMITS = RunLimits(
    cpu_seconds=600.0, wall_seconds=1200.0, memory_bytes=32 << 30, output_bytes=1 << 20
)


def make(sandbox: Sandbox, source: str, path: Sequence[str], file: Path) -> None:
    """Write the snapshot of a header's source. Raises LeanUnavailable, SandboxFailure, OSError."""
    ended = runs.run(
        sandbox,
        [LEAN, f"--incr-header-save={_MADE}", SOURCE],
        _LIMITS,
        path=path,
        given={SOURCE: source.encode()},
        products=[_MADE + suffix for suffix in _SUFFIXES],
        most_bytes=_MOST_BYTES,
    )
    if ended.code != 0 or None in ended.products:
        said = ended.said[-500:].decode(errors="replace")
        raise LeanUnavailable(f"this Lean makes no snapshot: {ended.limit or ended.crash or said}")
    for place, content in zip(files(file), ended.products, strict=True):
        assert content is not None
        made = place.with_name(f"{place.name}.new")
        made.write_bytes(content)
        made.chmod(0o644)
        made.replace(place)


def files(file: Path) -> list[Path]:
    """All that a snapshot consists of."""
    return [file.with_name(file.name + suffix) for suffix in _SUFFIXES]


def arguments(file: Path) -> tuple[str, ...]:
    """What makes Lean start from a snapshot."""
    return (f"--incr-load={SNAPSHOT}/{file.name}",)


def backend(sandbox: Sandbox, header: Header) -> LeanCli:
    """The Lean of a header's sandbox, from the header's snapshot where it has one."""
    given = () if header.snapshot is None else arguments(header.snapshot)
    return LeanCli(sandbox, places(header), given)
