"""What runs Lean, and what checks again what Lean has compiled, behind small Protocols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Protocol

from assayoffice.sandbox.programs import RunLimits, Status
from assayoffice.verifiers.lean.compiled.terms import Constant, Name, Terms

#: Of what an operator or the author of a task has written, and nobody has to prove.
TRUSTED_LIMITS = RunLimits(
    cpu_seconds=300.0, wall_seconds=901.0, memory_bytes=16 << 30, output_bytes=1 << 20
)

#: What a run has used up, as verdicts call it.
LIMITS: Mapping[Status, str] = MappingProxyType(
    {
        Status.CPU_LIMIT: "CPU_TIME",
        Status.WALL_LIMIT: "WALL_TIME",
        Status.MEMORY_LIMIT: "MEMORY",
        Status.OUTPUT_LIMIT: "OUTPUT",
    }
)
#: With which a program ends that cannot be started.
NOT_STARTED = (126, 127)


class LeanUnavailable(Exception):
    """A program or library of Lean is not there, or does not work; says which and the remedy."""


@dataclass(frozen=True, slots=True)
class Message:
    """What Lean says about a source. ``line`` and ``column`` count from 1 and 0, as Lean does.

    ``kind`` is Lean's own name for what it is about, e.g. ``hasSorry``.
    """

    severity: str
    kind: str
    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Elaborated:
    """What became of a source in a fresh process of Lean.

    ``olean`` is the compiled module, None where there is none. ``limit`` is what it used up: one of
    CPU_TIME, WALL_TIME, MEMORY, OUTPUT, STACK, or empty. ``crash`` says how Lean died of it.
    """

    messages: tuple[Message, ...]
    olean: bytes | None
    limit: str = ""
    crash: str = ""


class Backend(Protocol):
    """Elaborates sources. What it says is never enough for a proof to be correct."""

    name: ClassVar[str]

    def elaborate(self, source: str, limits: RunLimits) -> Elaborated:
        """Compile a source, from a clean state. Raises LeanUnavailable and SandboxFailure."""
        ...


class FirstPass(Protocol):
    """Looks at a source before it is compiled, and may only reject it."""

    def objection(self, source: str, limits: RunLimits) -> str:
        """Why it is no proof; empty where nothing is known against it.

        Raises LeanUnavailable and SandboxFailure.
        """
        ...


@dataclass(frozen=True, slots=True)
class Proof:
    """A compiled candidate that was audited: ``constants`` are all it defines, in ``terms``.

    ``imports`` are those of its header. ``reference`` is the compiled statement without a proof.
    """

    target: Name
    imports: tuple[str, ...]
    terms: Terms
    constants: Sequence[Constant]
    olean: bytes
    reference: bytes


class Replayer(Protocol):
    """Has a kernel that never saw the candidate check what was compiled of it."""

    name: ClassVar[str]

    def objection(self, proof: Proof, limits: RunLimits) -> str:
        """What the kernel does not accept; empty where it accepts everything.

        Raises LeanUnavailable and SandboxFailure.
        """
        ...
