"""Runs the programs that work beside ``lean``, in a header's sandbox: checkers and a REPL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assayoffice.sandbox.programs import (
    Blob,
    Command,
    Run,
    RunLimits,
    RunResult,
    Sandbox,
    Status,
)
from assayoffice.verifiers.lean.backends.protocols import LIMITS, NOT_STARTED, LeanUnavailable
from assayoffice.verifiers.lean.backends.toolchain import RESERVED_BYTES, TOOLCHAIN

#: How much of what a program says is told on.
MAX_CHARACTERS = 500

# They start each other; threads are counted apart.
_PROCESSES = 8


def run(
    sandbox: Sandbox,
    argv: Sequence[str],
    limits: RunLimits,
    *,
    path: Sequence[str],
    files: Mapping[str, bytes] | None = None,
    stdin: bytes = b"",
) -> RunResult:
    """Run a program with /tmp, where ``files`` are, before ``path`` among the folders of modules.

    ``argv[0]`` is a path inside the sandbox. Raises SandboxFailure, and LeanUnavailable where the
    program does not start.
    """
    environment = {
        "LEAN_PATH": ":".join(("/tmp", *path)),
        # Found otherwise by asking the first `lean` of PATH.
        "LEAN_SYSROOT": TOOLCHAIN,
        "LEAN_NUM_THREADS": "4",
        "PATH": f"{TOOLCHAIN}/bin:/usr/bin:/bin",
    }
    command = ["/usr/bin/env", *(f"{name}={value}" for name, value in environment.items()), *argv]
    limits = replace(limits, processes=_PROCESSES, reserved_bytes=RESERVED_BYTES)
    blobs = {name: Blob(content) for name, content in (files or {}).items()}
    try:
        with Blob(stdin) as given:
            result = sandbox.run(
                Run(Command(tuple(command)), stdin=given, files=blobs, limits=limits)
            )
    finally:
        for blob in blobs.values():
            blob.close()
    if result.status is Status.NONZERO_EXIT and result.exit_code in NOT_STARTED:
        raise LeanUnavailable(f"{argv[0].rpartition('/')[2]} does not start: {told(result)}")
    return result


def limit(result: RunResult) -> str:
    """What a program used up: CPU_TIME, WALL_TIME, MEMORY or OUTPUT; empty where it did not."""
    return LIMITS.get(result.status, "")


def told(result: RunResult) -> str:
    """The end of what a program said."""
    said = (result.stdout + b"\n" + result.stderr)[-MAX_CHARACTERS:]
    return said.decode(errors="replace").strip() or "nothing"
