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
    RunResult,
    Sandbox,
)
from assayoffice.verifiers.lean.backends.protocols import LIMITS, NOT_STARTED
from assayoffice.verifiers.lean.backends.toolchain import RESERVED_BYTES

#: A candidate's compiled module is not longer, and neither is anything else that Lean writes of it.
MAX_OLEAN_BYTES = 64 << 20

# Of Lean and what brings it; its threads are counted apart.
_PROCESSES = 2
# The same on every host, so that what Lean does is.
_THREADS = "4"
_STACK = b"Stack overflow detected"
# What the host did not grant has nothing to do with the source.
_REFUSED_BY_HOST = (b"failed to create thread", b"error while loading shared libraries")
_MOST_CHARACTERS = 500
# Of abort(3), itself or as a shell has it.
_ABORTED = (-6, 134)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. ``products`` are None where Lean has not made them.

    ``limit`` and ``crash`` are as in ``protocols.Elaborated``; ``said`` is what Lean has reported,
    ``code`` what it has exited with. With a ``doubt`` it looks as if the host had not let Lean
    start; but a source that is compiled can make it look so.
    """

    code: int
    said: bytes
    products: tuple[bytes | None, ...]
    limit: str = ""
    crash: str = ""
    doubt: str = ""


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
    is said, ``most_bytes`` each of the products. Raises SandboxFailure.
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
    if limit := LIMITS.get(result.status):
        return Ended(1, b"", (None,) * len(products), limit=limit)
    head, _, rest = result.answer.partition(b"\n")
    try:
        answer = _Answer(**json.loads(head))
        made = _split(rest, answer.sizes)
    except (ValueError, TypeError):
        # Only what runs beside it, as the same user, keeps our own program from its answer.
        return Ended(1, b"", (None,) * len(products), crash="it takes what starts it with it")
    return _ended(answer, result, made)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What ``inside/elaborate.py`` tells."""

    status: int
    flood: bool
    sizes: Sequence[int | None]


def _split(whole: bytes, sizes: Sequence[int | None]) -> tuple[bytes | None, ...]:
    """Take apart what comes in one piece. Raises ValueError where it is cut short."""
    parts: list[bytes | None] = []
    at = 0
    for size in sizes:
        parts.append(None if size is None else whole[at : at + size])
        at += size or 0
    if at != len(whole):
        raise ValueError("products are missing")
    return tuple(parts)


def _ended(answer: _Answer, result: RunResult, products: tuple[bytes | None, ...]) -> Ended:
    code = os.waitstatus_to_exitcode(answer.status)
    said, complaints = result.stdout, result.stderr
    if answer.flood or code == -signal.SIGXFSZ:
        return Ended(code, said, products, limit="OUTPUT")
    if code in _ABORTED and _STACK in complaints:
        return Ended(code, said, products, limit="STACK")
    crash = f"it died of signal {-code}" if code < 0 else ""
    doubt = ""
    if code in NOT_STARTED or any(why in complaints for why in _REFUSED_BY_HOST):
        crash = crash or f"it ends with status {code}"
        doubt = complaints[-_MOST_CHARACTERS:].decode(errors="replace").strip() or crash
    return Ended(code, said, products, crash=crash, doubt=doubt)


def _driver() -> Blob:
    return Blob(files("assayoffice.verifiers.lean.inside").joinpath("elaborate.py").read_bytes())
