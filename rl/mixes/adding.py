"""Adds rows to a mix: all that can be admitted, at once, or none."""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assayoffice.rl.mixes.admission import Refusal
from assayoffice.rl.mixes.description import Description, described
from assayoffice.rl.mixes.errors import FrozenMixError, MixError
from assayoffice.rl.mixes.rows import MixRow, line_of
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.mixes.tally import Tally
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.results import ItemError
from assayoffice.rl.sources import UnreadableFileError


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the rows of the files.

    ``added`` are new, ``known`` were there already; ``refused`` are the others. ``written`` is
    False where nothing has changed: nothing was new, or ``--strict`` wanted all or none.
    ``domain`` and ``rows`` are those of the mix afterwards, empty and 0 where there is none.
    """

    mix: str
    domain: str
    rows: int
    added: int
    known: int
    refused: tuple[Refusal, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files hold, with the sha256 of each file, in order."""

    digests: dict[str, str]
    problems: tuple[Problem, ...]
    refused: tuple[Refusal, ...]


def read(files: Sequence[str], verifier: str | None) -> Reading:
    """Read the files. Raises UnreadableFileError, and MixError for standard input."""
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    refused: list[Refusal] = []
    for file in dict.fromkeys(files):
        digests[file] = _sha256(file)
        for number, each in enumerate(read_problems(file, verifier=verifier), 1):
            if isinstance(each, ItemError):
                refused.append(Refusal(file, number, each.id, each.reason, each.message))
            else:
                problems.append(each)
        if _sha256(file) != digests[file]:
            raise MixError(f"{file}: was changed while it was read; add it again")
    return Reading(digests, tuple(problems), tuple(refused))


def domain_of(reading: Reading, given: str) -> str:
    """The domain of a mix that is made of the files. Raises MixError where it is not clear."""
    named = Counter(each.domain for each in reading.problems if each.domain)
    if given:
        return given
    if len(named) == 1:
        (domain,) = named
        return domain
    if not named:
        raise MixError("the rows name no domain; give --domain")
    shown = ", ".join(f"{name[:40]} ({count:,})" for name, count in named.most_common(8))
    raise MixError(f"the rows are of {len(named)} domains: {shown}; give --domain to take one")


def refuse_frozen(description: Description) -> None:
    """Raises FrozenMixError for a mix that may not be changed."""
    if description.frozen:
        raise FrozenMixError(
            f"{description.name}: is frozen (digest {description.frozen[:12]}) and stays as it is; "
            f"`assay mix copy {description.name} NEW` begins an open one from it"
        )


def merge(
    store: Store,
    mix: str,
    domain: str,
    rows: Sequence[MixRow],
    refused: Sequence[Refusal],
    digests: dict[str, str],
    *,
    strict: bool,
) -> AddReport:
    """Put admitted rows beside those that are there. Within ``store.locked``.

    Raises FrozenMixError, and MixError where the mix has come to be of another domain.
    """
    old: Description | None = None
    if store.is_taken(mix):
        old = store.description(mix)
        refuse_frozen(old)
        if old.domain != domain:
            raise MixError(f"{mix}: has domain {old.domain!r} by now; add the rows again")
    merging = _Merging(store.rows(mix, old) if old is not None else iter(()), rows)
    all_refused = (*refused, *merging.refused)
    unchanged = not merging.fresh and not merging.replaced
    if unchanged or (strict and all_refused):
        count = 0 if old is None else old.rows
        return AddReport(mix, domain, count, 0, merging.known, all_refused, written=False)
    reasons = Counter(each.reason for each in all_refused)
    edit = {
        "edit": "add",
        "files": [
            {"name": name.rpartition("/")[2], "sha256": sha256} for name, sha256 in digests.items()
        ],
        "added": len(merging.fresh),
        "refused": dict(sorted(reasons.items())),
    }
    tally = Tally()
    weight, history = (1.0, ()) if old is None else (old.weight, old.history)
    new = store.write_rows(
        mix,
        _counted(merging.rows(store.rows(mix, old) if old is not None else iter(())), tally),
        lambda sha256: described(mix, domain, weight, sha256, tally, (*history, edit)),
    )
    return AddReport(
        mix, domain, new.rows, len(merging.fresh), merging.known, all_refused, written=True
    )


class _Merging:
    """Which of the rows that come are new to those that are there."""

    def __init__(self, there: Iterator[MixRow], coming: Sequence[MixRow]) -> None:
        self.fresh: dict[str, MixRow] = {}
        self.replaced: dict[str, MixRow] = {}
        self.refused: list[Refusal] = []
        self.known = 0
        ids = {each.id for each in coming}
        asked: dict[str, str] = {}
        same: dict[str, MixRow] = {}
        for row in there:
            asked[row.asked] = row.id
            if row.id in ids:
                same[row.id] = row
        for row in coming:
            self._take(row, same.get(row.id) or self.fresh.get(row.id), asked)

    def rows(self, there: Iterator[MixRow]) -> Iterator[MixRow]:
        """All rows, by id."""
        fresh = (self.fresh[id] for id in sorted(self.fresh))
        kept = (self.replaced.get(row.id, row) for row in there)
        return heapq.merge(kept, fresh, key=lambda row: row.id)

    def _take(self, row: MixRow, there: MixRow | None, asked: dict[str, str]) -> None:
        if there is not None and not there.is_same(row):
            self._refuse(
                row,
                "ID_TAKEN",
                f"another row of the mix has the id {row.id[:60]!r}, from "
                f"{there.lineage.file} row {there.lineage.row}; give --prefix to tell files apart, "
                "or drop the other first",
            )
        elif there is not None:
            self._again(row, self.replaced.get(row.id, there))
        elif (other := asked.get(row.asked)) is not None:
            self._refuse(
                row, "DUPLICATE", f"the row {other[:60]!r} asks the same, with the same task"
            )
        else:
            self.fresh[row.id] = row
            asked[row.asked] = row.id

    def _again(self, row: MixRow, there: MixRow) -> None:
        """A row that is there: of equal ones the same is kept, in whatever order they come."""
        self.known += 1
        if line_of(row) < line_of(there):
            kept = self.fresh if row.id in self.fresh else self.replaced
            kept[row.id] = row

    def _refuse(self, row: MixRow, reason: str, message: str) -> None:
        lineage = row.lineage
        self.refused.append(Refusal(lineage.file, lineage.row, row.id, reason, message))


def _counted(rows: Iterator[MixRow], tally: Tally) -> Iterator[MixRow]:
    for row in rows:
        tally.add(row)
        yield row


def _sha256(file: str) -> str:
    if file == "-":
        raise MixError("-: rows are traced to the file they come from; write them to one")
    try:
        with open(file, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFileError(f"{file}: {error.strerror}") from None
