"""The file of the setting ``lean``, read by another process: the service loads no verifier."""

import subprocess
import sys
from pathlib import Path

from assayoffice.server.config import ConfigError

_READER = "assayoffice.verifiers.lean.configuration"
_UNUSABLE = 2


def read(file: Path) -> str:
    """What the file says, as workers are told it. Raises ConfigError."""
    done = subprocess.run(
        # Without -P a module in the current directory could be taken for one of the library's.
        [sys.executable, "-P", "-m", _READER, str(file)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip()
    if done.returncode == _UNUSABLE:
        raise ConfigError(f"lean: {said}")
    raise ConfigError(f"lean: {file}: cannot be read: {said or f'exit code {done.returncode}'}")
