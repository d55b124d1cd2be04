"""Where Lean lies inside a sandbox, and which Lean it is."""

import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from assayoffice.sandbox.programs import (
    Command,
    Folder,
    Run,
    RunLimits,
    Sandbox,
    SandboxSettings,
    Status,
    Tier,
)
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.settings import Header

#: Where a header's folders come to lie.
TOOLCHAIN, SNAPSHOT, REPL = "/lean", "/lean-snapshot", "/lean-repl"
_PATH = "/lean-path"
LEAN = f"{TOOLCHAIN}/bin/lean"
#: Threads reserve stacks, the allocator arenas, and compiled modules are mapped whole.
RESERVED_BYTES = 64 << 30

_VERSION = re.compile(r"Lean \(version ([^,]+),(?: [^,]+,)? commit ([0-9a-f]{40}),")
_LIMITS = RunLimits(cpu_seconds=10.0, memory_bytes=1 << 30, reserved_bytes=RESERVED_BYTES)


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Lean that works in the sandbox. ``githash`` is the commit it was made from."""

    version: str
    githash: str


def sandbox_for(header: Header, settings: SandboxSettings) -> Sandbox:
    """A sandbox that sees a header's toolchain and compiled modules, and no packages.

    Raises LeanUnavailable and SandboxUnavailable.
    """
    if not (header.toolchain / "bin" / "lean").is_file():
        raise LeanUnavailable(
            f"{header.toolchain} has no bin/lean; set `toolchain` of header {header.id!r} to a "
            "folder that `elan toolchain list --verbose` shows, not to elan's own"
        )
    folders = [Folder(header.toolchain, TOOLCHAIN)]
    folders += [
        Folder(folder, place) for folder, place in zip(header.path, places(header), strict=True)
    ]
    if header.repl is not None:
        folders.append(Folder(header.repl.parent, REPL))
    if header.snapshot is not None:
        folders.append(Folder(header.snapshot.parent, SNAPSHOT))
    for folder in folders:
        _require_reachable(folder.host)
    sandbox = Sandbox(replace(settings, folders=tuple(folders), packages=None, preload=()))
    if sandbox.tier is not Tier.NAMESPACES:
        raise LeanUnavailable(
            f"Lean needs the tier namespaces, and this host offers {sandbox.tier.value} alone; "
            "`assay doctor` says what is missing"
        )
    return sandbox


def places(header: Header) -> tuple[str, ...]:
    """Where the folders of ``header.path`` lie inside the sandbox."""
    return tuple(f"{_PATH}/{number}" for number in range(len(header.path)))


def ask(sandbox: Sandbox) -> Toolchain:
    """What the Lean in a sandbox says it is. Raises LeanUnavailable and SandboxFailure."""
    result = sandbox.run(Run(Command((LEAN, "--version")), limits=_LIMITS))
    said = (result.stdout + result.stderr).decode(errors="replace").strip()
    found = _VERSION.match(said)
    if result.status is not Status.OK or found is None:
        raise LeanUnavailable(
            f"`lean --version` does not tell a version: {said[:300] or 'nothing'}"
        )
    return Toolchain(found[1], found[2])


def _require_reachable(folder: Path) -> None:
    """Raise LeanUnavailable unless the users that sandboxes run as can get there."""
    resolved = folder.resolve()
    if not resolved.is_dir():
        raise LeanUnavailable(f"{folder} is not there, or is no folder")
    if os.geteuid() != 0:
        return
    for each in (resolved, *resolved.parents):
        if not each.stat().st_mode & stat.S_IXOTH:
            raise LeanUnavailable(
                f"{folder} cannot be reached by the users that programs run as, because {each} is "
                f"closed to others; move it, or `chmod o+x {each}`"
            )
