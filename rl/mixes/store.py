"""The folder of a ledger: who may write in it, and how no kill leaves half an edit.

::

    LEDGER/.lock                     held by whoever writes
           .gitignore                of the lock and of what a kill may leave
           MIX/mix.json              what the mix is; names the sha256 of its rows
               rows.jsonl            its rows, sorted by id
           NAME/combination.json     frozen mixes with weights

An edit is written to ``rows.jsonl.next``; then ``mix.json`` is replaced, which is what makes it
count; then the rows get their name. Whoever comes after a kill finds the rows under either name, by
their sha256. So readers need no lock, and may read what they cannot write.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from assayoffice.rl.mixes.description import Description, read_description
from assayoffice.rl.mixes.errors import BrokenMixError, MixError
from assayoffice.rl.mixes.lock import locked
from assayoffice.rl.mixes.rows import MixRow, line_of, row_of
from assayoffice.rl.sources import UnusableRow
from assayoffice.rl.training.folder import write_json, write_whole

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# A writer replaces two files; between two looks it may have replaced one of them.
_LOOKS = 5
_IGNORED = "/.lock\n*.next\n*.unfinished\n"


class Store:
    """The files of a ledger. ``path`` need not exist before something is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def description_file(self, name: str) -> Path:
        """Where a mix of that name is described. Raises MixError for what is no name."""
        return self._folder(name) / "mix.json"

    def rows_file(self, name: str) -> Path:
        """Where the rows of a mix are."""
        return self._folder(name) / "rows.jsonl"

    def combination_file(self, name: str) -> Path:
        """Where a combination of that name is."""
        return self._folder(name) / "combination.json"

    def names(self) -> list[str]:
        """The names of all mixes and combinations, sorted."""
        if not self.path.is_dir():
            return []
        folders = (each.name for each in self.path.iterdir() if _NAME.fullmatch(each.name))
        return sorted(each for each in folders if self.is_taken(each))

    def is_taken(self, name: str) -> bool:
        """Whether there is a mix or a combination of that name."""
        return self.description_file(name).exists() or self.combination_file(name).exists()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out, for as long as the block lasts. Raises MixError, OSError."""
        self.path.mkdir(parents=True, exist_ok=True)
        with locked(self.path / ".lock"):
            ignoring = self.path / ".gitignore"
            if not ignoring.exists():
                write_whole(ignoring, _IGNORED)
            yield

    def description(self, name: str) -> Description:
        """What a mix is, its rows verified. Raises MixError and BrokenMixError."""
        description = self._description(name)
        for _ in range(_LOOKS):
            if (file := self._opened(name, description)) is not None:
                file.close()
                return description
            if (again := self._description(name)) == description:
                break
            description = again
        raise self._broken(name, description)

    def rows(self, name: str, description: Description) -> Iterator[MixRow]:
        """The rows of a mix that is described so, by id. Raises BrokenMixError."""
        place = str(self.rows_file(name))
        file = self._opened(name, description)
        if file is None:
            raise self._broken(name, description)
        with file:
            for number, line in enumerate(file, 1):
                try:
                    yield row_of(line, place, number)
                except UnusableRow as unusable:
                    raise BrokenMixError(f"{place} row {number}: {unusable}") from None

    def write_rows(
        self, name: str, rows: Iterable[MixRow], describe: Callable[[str], Description]
    ) -> Description:
        """Give a mix these rows, all or none; they are sorted by id.

        ``describe`` is given their sha256 when all of them have been taken. Within ``locked``.
        Raises OSError, and what ``rows`` raises.
        """
        file = self.rows_file(name)
        self._settle(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        coming = _next(file)
        sha256 = hashlib.sha256()
        try:
            with coming.open("wb") as output:
                for row in rows:
                    line = line_of(row)
                    sha256.update(line)
                    output.write(line)
                output.flush()
                os.fsync(output.fileno())
            description = describe(sha256.hexdigest())
            self.write_description(description)
        except BaseException:
            self._forget(name)
            raise
        coming.rename(file)
        _sync(file.parent)
        return description

    def write_description(self, description: Description) -> None:
        """Replace what describes a mix whose rows stay. Within ``locked``."""
        file = self.description_file(description.name)
        write_json(file, description.json())
        _sync(file.parent)

    def write_combination(self, name: str, content: object) -> None:
        """Write a combination. Within ``locked``."""
        write_json(self.combination_file(name), content)

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise MixError(
                f"{name[:80]!r} is no name of a mix; letters, digits, '.', '_' and '-', at most 64 "
                "of them, the first a letter or digit"
            )
        return self.path / name

    def _description(self, name: str) -> Description:
        file = self.description_file(name)
        try:
            description = read_description(file)
        except FileNotFoundError:
            others = ", ".join(self.names()[:20]) or "none"
            what = "a combination, not a mix" if self.is_taken(name) else "no mix"
            raise MixError(
                f"{self.path}: {name!r} is {what}; there are: {others}; `assay mix add` makes one"
            ) from None
        if description.name != name:
            raise BrokenMixError(
                f"{file}: name: {description.name[:80]!r}, in the folder of {name!r}; rename the "
                "folder back, or make a copy with `assay mix copy`"
            )
        return description

    def _opened(self, name: str, description: Description) -> BinaryIO | None:
        """The file that holds the described rows, at its beginning; None where none does."""
        file = self.rows_file(name)
        # A writer may give the rows their name between the look at one and the other.
        for each in (file, _next(file), file):
            try:
                opened = each.open("rb")
            except FileNotFoundError:
                continue
            if hashlib.file_digest(opened, "sha256").hexdigest() == description.rows_sha256:
                opened.seek(0)
                return opened
            opened.close()
        return None

    def _settle(self, name: str) -> None:
        """Finish the edit that a kill broke off, where it counts already."""
        if not self.description_file(name).exists():
            return
        description = self.description(name)
        file = self.rows_file(name)
        if _sha256(_next(file)) == description.rows_sha256:
            _next(file).rename(file)
            _sync(file.parent)

    def _forget(self, name: str) -> None:
        """Take away what a failed edit has written, which may be what filled the disk."""
        coming = _next(self.rows_file(name))
        described = self.description_file(name)
        with contextlib.suppress(OSError, MixError):
            described.with_name("mix.json.unfinished").unlink(missing_ok=True)
            if not described.exists():
                coming.unlink(missing_ok=True)
                coming.parent.rmdir()
            elif _sha256(coming) != read_description(described).rows_sha256:
                coming.unlink(missing_ok=True)

    def _broken(self, name: str, description: Description) -> BrokenMixError:
        file = self.rows_file(name)
        held = "nothing" if not file.exists() else "other rows"
        since = "was frozen with" if description.frozen else "its mix.json names"
        return BrokenMixError(
            f"{file}: holds {held} than it {since} (sha256 {description.rows_sha256[:12]}); rows "
            "are only changed with `assay mix`: restore the file, e.g. with "
            f"`git checkout -- {file.parent}`"
        )


def _next(file: Path) -> Path:
    return file.with_name(file.name + ".next")


def _sha256(file: Path) -> str:
    """The digest of a file, empty for none."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _sync(folder: Path) -> None:
    """Have the kernel keep renames in the order in which they were made."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
