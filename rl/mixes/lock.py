"""The lock of a ledger, which the kernel lets go of however its holder ends."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from assayoffice.rl.mixes.errors import MixError

_LOCK_SECONDS = 60.0
_LOOK_SECONDS = 0.1


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock, for as long as the block lasts. Raises MixError where another keeps it."""
    end = time.monotonic() + _LOCK_SECONDS
    with file.open("w") as opened:
        while not _lock(opened.fileno()):
            if time.monotonic() > end:
                raise MixError(
                    f"{file.parent}: another `assay mix` has been writing here for "
                    f"{_LOCK_SECONDS:.0f} seconds; wait for its end or stop it"
                )
            time.sleep(_LOOK_SECONDS)
        yield


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
