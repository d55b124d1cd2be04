"""Compiles modules with the real Lean of the tests."""

import os
import subprocess
from pathlib import Path

from lean_toolchain import toolchain


def compiled(folder: Path, **sources: str) -> None:
    """Compile modules, one after the other; the later ones may import the earlier ones."""
    for module, source in sources.items():
        (folder / f"{module}.lean").write_text(source, "utf-8")
        done = subprocess.run(
            [toolchain() / "bin" / "lean", "-o", f"{module}.olean", f"{module}.lean"],
            cwd=folder,
            env=os.environ | {"LEAN_PATH": str(folder)},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr


def parts_of(folder: Path, module: str) -> list[bytes]:
    """A module's file, or all three of a ``module``."""
    names = [f"{module}.olean{suffix}" for suffix in ("", ".server", ".private")]
    return [(folder / name).read_bytes() for name in names if (folder / name).exists()]
