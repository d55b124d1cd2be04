"""Checks a compiled proof again, with the kernel of the toolchain's own library in a fresh process.

That process never sees a byte of what the candidate's Lean has written: only the terms that our
reader has found in it, from which Lean's own constructors make everything anew. So what a forged
file says of itself, such as the hashes and flags that Lean keeps in terms, has no effect, and code
of the candidate's is run nowhere. The header's modules are loaded as they are.

Unsafe and partial definitions are left out. A constant that mentions one is refused, since it
mentions what is not there.
"""

import functools
import importlib.util
import json
import marshal
import re
import signal
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, replace
from importlib.resources import files
from types import MappingProxyType
from typing import ClassVar, cast

from assayoffice.sandbox.programs import (
    Blob,
    PythonProgram,
    Run,
    RunLimits,
    RunResult,
    Sandbox,
    SandboxFailure,
    Status,
)
from assayoffice.verifiers.lean.backends.protocols import LIMITS, LeanUnavailable, Proof
from assayoffice.verifiers.lean.backends.toolchain import RESERVED_BYTES, TOOLCHAIN
from assayoffice.verifiers.lean.compiled.terms import Binder, Constant, Node, Safety, Terms, text
from assayoffice.verifiers.lean.settings import STANDARD_AXIOMS

#: Releases whose library this was tried with, by the commit they were made from.
RELEASES: Mapping[str, str] = MappingProxyType(
    {"eb6cafb7290e8bd5f2937522d8d804f58f02bafc": "4.35.0"}
)

_PROCESSES = 1
_ANSWER_BYTES = 1 << 20
_MAX_TOLD = 500
# Compiling it anew each time would cost a third of what a small proof does.
_LOADER = b"""
import marshal, _frozen_importlib_external as importing
with open(3, "rb", closefd=False) as data:
    magic, code, text, order = marshal.load(data)
exec(marshal.loads(code) if magic == importing.MAGIC_NUMBER else text)
main(order)
"""
_IMPORT_OF_OURS = re.compile(r"^from assayoffice\.[^(\n]*(?:\([^)]*\))?\n", re.MULTILINE)
_REMEDY = 'set `replay = "leanchecker"` of the header, or `replay = "none"`'


class ReplayLimit(Exception):
    """The kernel used up ``limit``: CPU_TIME, WALL_TIME, MEMORY, OUTPUT or STACK."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class KernelReplayer:
    """Replays proofs with the toolchain that a sandbox has."""

    name: ClassVar[str] = "kernel"

    def __init__(
        self,
        sandbox: Sandbox,
        path: Sequence[str],
        githash: str,
        axioms: Collection[str] = STANDARD_AXIOMS,
    ) -> None:
        """``path`` are folders of compiled modules inside the sandbox, as ``places`` tells them.

        ``axioms`` may be declared by a candidate, as its statement's context may have it. Raises
        LeanUnavailable for a release that this was never tried with.
        """
        if githash not in RELEASES:
            known = ", ".join(RELEASES.values())
            raise LeanUnavailable(
                f'`replay = "kernel"` calls the library of Lean {known}, and this toolchain is '
                f"another ({githash}); {_REMEDY}"
            )
        self._sandbox = sandbox
        self._path = tuple(path)
        self._axioms = frozenset(axioms)

    def objection(self, proof: Proof, limits: RunLimits) -> str:
        """What the kernel does not accept; empty where it accepts everything.

        Raises ReplayLimit, LeanUnavailable and SandboxFailure.
        """
        order = {
            "toolchain": TOOLCHAIN,
            "path": self._path,
            "imports": proof.imports,
            "axioms": [
                constant.name for constant in proof.constants if text(constant.name) in self._axioms
            ],
            "target": proof.target,
            "nodes": _nodes(proof.terms),
            "constants": [_claim(each) for each in proof.constants if each.safety is Safety.SAFE],
        }
        with Blob(_LOADER) as program, Blob(marshal.dumps((*_program(), order))) as data:
            result = self._sandbox.run(
                Run(
                    PythonProgram(program),
                    data=data,
                    answer=True,
                    limits=replace(
                        limits,
                        processes=_PROCESSES,
                        output_bytes=_ANSWER_BYTES,
                        reserved_bytes=RESERVED_BYTES,
                    ),
                )
            )
        return _read(result)


def _read(result: RunResult) -> str:
    if limit := LIMITS.get(result.status):
        raise ReplayLimit(limit)
    # Nothing in there is the candidate's, so only others can have killed it.
    if result.status is Status.SIGNALED and result.signal != signal.SIGKILL:
        # Of a library that is at fault by itself, the verifier's own cases tell.
        return f"the kernel does not survive it: it died of signal {result.signal}"
    if result.status is not Status.OK:
        told = result.stderr.decode(errors="replace").strip()[-_MAX_TOLD:]
        raise SandboxFailure(
            f"the replay ended with {result.status.value} "
            f"{result.signal or result.exit_code}: {told or 'nothing was said'}"
        )
    try:
        answer = json.loads(result.answer)
    except ValueError:
        answer = None
    match answer:
        case {"accepted": int()}:
            return ""
        case {"refused": str(why)}:
            return why[:_MAX_TOLD]
        case {"limit": str(limit)}:
            raise ReplayLimit(limit)
        case {"trouble": str(trouble)}:
            raise LeanUnavailable(f"the kernel cannot be used: {trouble}; {_REMEDY}")
    raise SandboxFailure("the replay gave no answer")


def _nodes(terms: Terms) -> list[Node]:
    """The table in what ``marshal`` can write."""
    binders = {"lambda", "forall"}
    return [
        (node[0], int(cast(Binder, node[1])), *node[2:]) if node[0] in binders else node
        for node in terms.nodes
    ]


def _claim(constant: Constant) -> tuple[object, ...]:
    return (
        constant.kind.name,
        constant.name,
        constant.level_parameters,
        constant.type,
        constant.value,
        constant.hint,
        constant.all,
        () if constant.detail is None else astuple(constant.detail),
        constant.quotient,
    )


@functools.cache
def _program() -> tuple[bytes, bytes, str]:
    """The modules that run inside the sandbox as one: compiled, for which Python, and as text."""
    folder = files("assayoffice.verifiers.lean.inside")
    whole = "\n".join(
        _IMPORT_OF_OURS.sub("", folder.joinpath(f"{name}.py").read_text("utf-8"))
        for name in ("native", "replay")
    )
    code = compile(whole, "replay.py", "exec", dont_inherit=True, optimize=2)
    return importlib.util.MAGIC_NUMBER, marshal.dumps(code), whole
