"""The task of the ``lean`` verifier: a statement to prove, and how far a proof is to be checked."""

import enum
from dataclasses import dataclass

from assayoffice.verifiers.code.task import CodeExtraction

_MIB = 1 << 20


class Candidate(enum.Enum):
    """What a response holds."""

    #: What comes after ``:=``: ``by`` and tactics, or a proof term.
    BODY = "BODY"
    #: A whole file: its own lemmas, the statement's context and the statement again, and a proof.
    FILE = "FILE"


class Trust(enum.Enum):
    """How far a proof must have been checked to be CORRECT. That Lean accepts it is not enough."""

    #: What Lean has compiled was compared with what was asked, and its axioms were walked, outside
    #: of Lean. It relies on no code of the candidate's having run inside of Lean.
    AUDITED = "AUDITED"
    #: Besides, a kernel in a fresh process has checked the compiled proof again.
    REPLAYED = "REPLAYED"


@dataclass(frozen=True, slots=True)
class LeanTask:
    """A statement and what may be used to prove it.

    ``header`` names a header that the operator has configured: toolchain, imports and options;
    where there is only one it may be left out. ``statement`` is what stands between the theorem's
    name and ``:=``, binders and all: ``(a b : Nat) : a + b = b + a``. ``context`` are declarations
    that stand before it, such as definitions it speaks of. ``target`` is the theorem's name.

    Limits are those of one run of Lean; memory is what its processes hold resident.
    """

    statement: str
    target: str = "target"
    header: str = ""
    context: str = ""
    candidate: Candidate = Candidate.BODY
    trust: Trust = Trust.AUDITED
    extraction: CodeExtraction = CodeExtraction.LAST_BLOCK
    reasoning_end: str = "</think>"
    cpu_seconds: float = 60.0
    memory_bytes: int = 4096 * _MIB
    output_bytes: int = 1 * _MIB
