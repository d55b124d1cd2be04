"""How this host runs programs: what an operator may choose."""

import enum
from dataclasses import dataclass
from pathlib import Path

from assayoffice.sandbox.programs.run import Tier

# Between the ranges that Debian and systemd give out, and below 65536, where containers end.
_FIRST_UID = 60706


class TierChoice(enum.StrEnum):
    """Which tier to use. There is no choice without isolation."""

    #: The strongest that this host offers.
    AUTO = "auto"
    NAMESPACES = Tier.NAMESPACES.value
    LANDLOCK = Tier.LANDLOCK.value


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the host that programs can read, and its absolute path inside the sandbox.

    It must lie where every user can reach it.
    """

    host: Path
    inside: str


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """What a sandbox is made with.

    ``python`` is the interpreter that programs run on; without it the first of this process' own
    and the system's that a sandbox can reach. ``packages`` is a folder whose packages programs may
    import, and ``preload`` names modules that are imported before programs start, so that they cost
    nothing then. ``folders`` are there in the tier namespaces alone. As root, the slots run as
    users ``first_uid``, ``first_uid + 1``, ...
    """

    tier: TierChoice = TierChoice.AUTO
    python: Path | None = None
    packages: Path | None = None
    preload: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = ()
    first_uid: int = _FIRST_UID


_configured = SandboxSettings()


def configure(settings: SandboxSettings) -> None:
    """Set what the sandboxes of this process, and of those forked from it, are made with."""
    global _configured
    _configured = settings


def configured() -> SandboxSettings:
    """What was set last."""
    return _configured
