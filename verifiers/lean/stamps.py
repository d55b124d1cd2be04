"""Whether the files that a header was prepared from are still the ones that Lean reads."""

import os
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable

#: Device, inode, size, and time of the last change of what is in a file; None of one that is not
#: there. Who rewrites a file in place and sets its time back goes unnoticed.
Stamp: TypeAlias = tuple[int, int, int, int] | None


class Stamps:
    """Remembers some files as they are now, or as they were when they were read.

    Lean reads its modules for every check. What was found out about them once, what they rest on
    and the hallmark with it, holds for exactly those.
    """

    def __init__(self, files: Iterable[str], read: Mapping[str, Stamp]) -> None:
        """``read`` are files that were read already, with their stamps from before that."""
        self._then = {file: stamp(file) for file in files} | dict(read)

    def require_unchanged(self) -> None:
        """Raise LeanUnavailable where a file was changed, is gone, or is there by now."""
        for file, then in self._then.items():
            if stamp(file) != then:
                raise LeanUnavailable(
                    f"{file} has changed since the service read it; restart the service, and build "
                    "into another folder while it serves"
                )


def stamp(file: str) -> Stamp:
    """What tells a file from what it may be replaced by."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
