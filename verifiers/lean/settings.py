"""The headers an operator offers: which Lean, which imports, which axioms, how proofs are replayed.

They are written in a TOML file that the server's setting ``lean`` names::

    [headers.core]
    toolchain = "/opt/lean-4.35.0"
    source = "import Init"
"""

import enum
from dataclasses import dataclass
from pathlib import Path

#: What Lean's own library rests on.
STANDARD_AXIOMS = ("Classical.choice", "Quot.sound", "propext")


class Replay(enum.Enum):
    """What checks compiled proofs again."""

    #: The kernel where the release is one that it was tried with, else nothing.
    AUTO = "auto"
    NONE = "none"
    #: The toolchain's own kernel, fed with the proof's terms alone. For releases it was tried with.
    KERNEL = "kernel"
    #: The program ``leanchecker`` of the toolchain.
    LEANCHECKER = "leanchecker"
    #: ``lake comparator`` of the toolchain.
    COMPARATOR = "comparator"


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before everything a task says, and what it is compiled with.

    ``toolchain`` is a folder with ``bin/lean``, ``path`` are folders of compiled modules besides
    the toolchain's own. ``source`` is Lean: imports, then options, ``open`` and the like. Proofs
    may rest on ``axioms``. ``snapshot`` is a file with Lean's state after the imports, which checks
    then start from; ``assay lean-selftest`` makes it. ``repl`` is a community REPL that sees
    candidates first and may only reject them.
    """

    id: str
    toolchain: Path
    source: str
    path: tuple[Path, ...] = ()
    axioms: tuple[str, ...] = STANDARD_AXIOMS
    snapshot: Path | None = None
    replay: Replay = Replay.AUTO
    repl: Path | None = None


@dataclass(frozen=True, slots=True)
class LeanSettings:
    """All headers, and the file they come from."""

    headers: tuple[Header, ...] = ()
    file: Path | None = None


_configured = LeanSettings()


def configure(settings: LeanSettings) -> None:
    """Set the headers of this process, and of those forked from it."""
    global _configured
    _configured = settings


def configured() -> LeanSettings:
    """What was set last."""
    return _configured
