"""Writes the report."""

from pathlib import Path


def write(run: Path, output: Path) -> None:
    output.write_text(str(run))
