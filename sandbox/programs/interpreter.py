"""Which Python runs programs, and what of the file system it needs."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The order tells which one a program is given: the service's own, then the system's.
_SYSTEM = (Path("/usr/bin/python3"), Path("/usr/local/bin/python3"))
_OLDEST = (3, 11)
_ASK_SECONDS = 20.0
# The library is asked of the kernel: a build may name one place and load from another.
_QUESTION = """
import json, sys, sysconfig
with open("/proc/self/maps") as maps:
    loaded = {line.split()[-1] for line in maps if "/libpython" in line}
print(json.dumps({
    "version": sys.version_info[:3],
    "needs": sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), *loaded}),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython. ``needs`` are the files and folders without which it does not start."""

    executable: Path
    version: str
    needs: tuple[Path, ...]


def candidates(wanted: Path | None) -> Iterator[Path]:
    """Interpreters worth trying, best first; only the wanted one where there is one."""
    if wanted is not None:
        yield wanted
        return
    # Not that of the virtual environment, which is a link to it.
    own = Path(os.path.realpath(sys.executable))
    seen = set()
    for path in (own, *_SYSTEM):
        real = Path(os.path.realpath(path))
        if real not in seen and real.exists():
            seen.add(real)
            yield real


@functools.cache
def examine(path: Path) -> Interpreter | str:
    """What is known about an interpreter, or why it will not do."""
    executable = Path(os.path.realpath(path))
    closed = unreachable(executable)
    if closed is not None:
        return f"{executable}: {closed} is closed to other users, and programs run as another user"
    try:
        answer = subprocess.run(
            [executable, "-I", "-S", "-c", _QUESTION],
            capture_output=True,
            check=True,
            timeout=_ASK_SECONDS,
            env={},
        ).stdout
        told = json.loads(answer)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return f"{executable}: does not run: {error}"
    version = ".".join(map(str, told["version"]))
    if tuple(told["version"]) < _OLDEST:
        return f"{executable}: is Python {version}; at least 3.11 is needed"
    needs = (executable, *map(Path, told["needs"]))
    for need in needs:
        closed = unreachable(need)
        if closed is not None:
            return f"{executable}: needs {need}, and {closed} is closed to other users"
    return Interpreter(executable, version, needs)


def unreachable(path: Path) -> Path | None:
    """The first folder on the way to ``path`` that only its owner may enter.

    None where there is none, or where programs run as the user of this process.
    """
    if os.geteuid() != 0:
        return None
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None
