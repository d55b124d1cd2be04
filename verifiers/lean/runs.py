"""One run of Lean in the sandbox: what it says, how it ends, and the files it makes."""

import json
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from assayoffice.sandbox.programs import (
    Blob,
    PythonProgram,
    Run,
    RunLimits,
    Sandbox,
    SandboxFailure,
    Status,
)
from assayoffice.verifiers.lean.backends import LeanUnavailable
from assayoffice.verifiers.lean.toolchain import RESERVED_BYTES

#: A candidate's compiled module is not longer, and neither is anything else that Lean writes of it.
MAX_OLEAN_BYTES = 64 << 20

# Of Lean and what brings it; its threads are counted apart.
_PROCESSES = 2
# The same on every host, so that what Lean does is.
_THREADS = "4"
_LIMITS = {
    Status.CPU_LIMIT: "CPU_TIME",
    Status.WALL_LIMIT: "WALL_TIME",
    Status.MEMORY_LIMIT: "MEMORY",
    Status.OUTPUT_LIMIT: "OUTPUT",
}
_STACK = b"Stack overflow detected"
# What the host did not grant has nothing to do with the source.
_REFUSED_BY_HOST = (b"failed to create thread", b"error while loading shared libraries")
_NOT_STARTED = (126, 127)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. ``products`` are None where Lean has not made them.

    ``limit`` and ``crash`` are as in ``backends.Elaborated``; ``said`` is what Lean has printed,
    ``code`` what it has exited with.
    """

    code: int
    said: bytes
    products: tuple[bytes | None, ...]
    limit: str = ""
    crash: str = ""


def run(
    sandbox: Sandbox,
    argv: Sequence[str],
    limits: RunLimits,
    *,
    path: Iterable[str] = (),
    given: Mapping[str, bytes],
    products: Sequence[str],
    most_bytes: int = MAX_OLEAN_BYTES,
) -> Ended:
    """Run a program of the toolchain beside the files that are ``given``, by name.

    ``path`` are folders of compiled modules inside the sandbox. ``limits.output_bytes`` bounds what
    is said, ``most_bytes`` each of the products. Raises LeanUnavailable and SandboxFailure.
    """
    order = {
        "argv": list(argv),
        "environment": {
            "LEAN_PATH": ":".join(path),
            "LEAN_NUM_THREADS": _THREADS,
            "HOME": "/tmp",
            "TMPDIR": "/tmp",
            "LANG": "C.UTF-8",
        },
        "products": list(products),
        "output_bytes": limits.output_bytes,
    }
    program = PythonProgram(_driver())
    blobs = {name: Blob(content) for name, content in given.items()}
    try:
        with program.source, Blob(json.dumps(order).encode()) as data:
            result = sandbox.run(
                Run(
                    program,
                    files=blobs,
                    data=data,
                    answer=True,
                    limits=replace(
                        limits,
                        processes=_PROCESSES,
                        output_bytes=most_bytes,
                        disk_bytes=2 * most_bytes,
                        reserved_bytes=RESERVED_BYTES,
                    ),
                )
            )
    finally:
        for blob in blobs.values():
            blob.close()
    if limit := _LIMITS.get(result.status):
        return Ended(1, b"", (None,) * len(products), limit=limit)
    head, _, rest = result.answer.partition(b"\n")
    if result.status is not Status.OK or not head:
        why = result.stderr[-500:].decode(errors="replace")
        raise SandboxFailure(f"Lean could not be run: {result.status.value} {why}")
    return _ended(json.loads(head), result.stdout, rest)


def _ended(answer: Mapping[str, object], said: bytes, rest: bytes) -> Ended:
    code = os.waitstatus_to_exitcode(int(str(answer["status"])))
    products: list[bytes | None] = []
    at = 0
    sizes = answer["sizes"]
    assert isinstance(sizes, list)
    for size in sizes:
        products.append(None if size is None else rest[at : at + size])
        at += size or 0
    if answer["flood"] or code == -signal.SIGXFSZ:
        return Ended(code, said, tuple(products), limit="OUTPUT")
    if code in _NOT_STARTED or (code != 0 and any(text in said for text in _REFUSED_BY_HOST)):
        raise LeanUnavailable(f"Lean does not start: {said[-500:].decode(errors='replace')}")
    if code != 0 and _STACK in said:
        return Ended(code, said, tuple(products), limit="STACK")
    crash = f"it died of {signal.Signals(-code).name}" if code < 0 else ""
    return Ended(code, said, tuple(products), crash=crash)


def _driver() -> Blob:
    return Blob(files("assayoffice.verifiers.lean.inside").joinpath("elaborate.py").read_bytes())
