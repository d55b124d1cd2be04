"""The real Lean that tests run: what examples/lean/toolchain.py makes, once for all processes.

from lean_toolchain import headers, toolchain
"""

import fcntl
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import pytest

from assayoffice.verifiers.lean.settings import Header

# Longer than any run of the tests takes.
_KEPT_SECONDS = 3600.0

EXAMPLE = Path(__file__).parents[1] / "examples" / "lean"


def toolchain() -> Path:
    """A toolchain folder, which every user of this host may read."""
    return _made() / "toolchain"


def modules() -> Path:
    """The folder of the example's own prelude, compiled: a ``LEAN_PATH``."""
    return _made() / "modules"


def settings_file() -> Path:
    """The example's ``lean.toml``, beside the toolchain and the modules that it speaks of."""
    return _made() / "lean.toml"


def headers() -> dict[str, Header]:
    """The headers of the example by id; ``assay`` imports its whole prelude."""
    tables = tomllib.loads(settings_file().read_text("utf-8"))["headers"]
    return {
        id: Header(id=id, toolchain=toolchain(), source=table["source"], path=(modules(),))
        for id, table in tables.items()
    }


@functools.cache
def _made() -> Path:
    """The folder with all of it. It stays for as long as it is used."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the Lean of the tests is published for Linux on x86_64 only")
    # Where programs in sandboxes get to as well; pytest's own folders are closed to other users.
    cache = Path(tempfile.gettempdir()) / f"assayoffice-lean-{os.getuid()}"
    cache.mkdir(exist_ok=True)
    if cache.lstat().st_uid != os.getuid():
        raise PermissionError(f"{cache} is another user's")
    cache.chmod(0o755)
    folder = cache / _digest()
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            script = EXAMPLE / "toolchain.py"
            done = subprocess.run(
                [sys.executable, script, folder], capture_output=True, encoding="utf-8"
            )
            assert done.returncode == 0, done.stderr
        os.utime(folder)
        _remove_unused(cache)
    return folder


def _remove_unused(cache: Path) -> None:
    """Remove what earlier versions of the example were made into, unless some run may use it."""
    for each in cache.iterdir():
        if each.is_dir() and time.time() - each.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(each)


def _digest() -> str:
    """What the folder is made of, in short."""
    digest = hashlib.sha256()
    sources = [EXAMPLE / "toolchain.py", EXAMPLE / "lean.toml", *EXAMPLE.rglob("*.lean")]
    for file in sorted(sources):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(EXAMPLE)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
