"""Whether the files that a header was prepared from are still the ones that Lean reads."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable

#: Device, inode, size, and time of the last change of what is in it.
_Stamp: TypeAlias = tuple[int, int, int, int]


class Stamps:
    """Remembers what ``files`` gives now; it is asked again each time they are compared.

    Lean reads its modules for every check. What was found out about them once, what they rest on
    and the hallmark with it, holds for exactly those.
    """

    def __init__(self, files: Callable[[], Iterable[Path]]) -> None:
        self._files = files
        self._then = self._now()

    def require_unchanged(self) -> None:
        """Raise LeanUnavailable where a file was changed, is gone, or has come before another."""
        now = self._now()
        if now == self._then:
            return
        differing = sorted(
            file for file in now.keys() | self._then.keys() if now.get(file) != self._then.get(file)
        )
        raise LeanUnavailable(
            f"{differing[0]} has changed since the service read it; restart the service, and build "
            "into another folder while it serves"
        )

    def _now(self) -> dict[Path, _Stamp | None]:
        return {file: _stamp(file) for file in self._files()}


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
