"""The files that a run of ``assay rewrites check`` writes."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer


@dataclass(frozen=True)
class Outputs:
    """The files that are written, those that are asked for."""

    outcomes: Path | None
    report: Path | None
    junit: Path | None
    stamp: Path | None

    def refuse(self, inputs: Iterable[tuple[Path, str]]) -> None:
        """Raise BadParameter where one cannot be written, or would take the place of another.

        ``inputs`` are files that are read, and what they are to the run.
        """
        flags = {
            "--output": self.outcomes,
            "--report": self.report,
            "--junit": self.junit,
            "--stamp": self.stamp,
        }
        taken = list(inputs)
        for flag, path in flags.items():
            if path is None:
                continue
            for other, what in taken:
                if _is_same(path, other):
                    raise typer.BadParameter(f"would overwrite {what}", param_hint=flag)
            taken.append((path, flag))
            if not path.resolve().parent.is_dir():
                raise typer.BadParameter(f"{path.parent} is no folder", param_hint=flag)
            if path.is_dir():
                raise typer.BadParameter(f"{path} is a folder; name a file", param_hint=flag)
            # These two are written beside their place and then moved there: no place for a device.
            is_moved = flag in ("--report", "--stamp")
            if is_moved and path.exists() and not path.is_file():
                raise typer.BadParameter(f"{path} is no regular file", param_hint=flag)


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths name one file, which may not be there yet."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an error of writing say which file it is about: a full disk does not."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or isinstance(error, BrokenPipeError):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None
