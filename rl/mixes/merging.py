"""Puts rows that come beside rows that are there, each question and each id once."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from assayoffice.rl.mixes.admission import Refusal
from assayoffice.rl.mixes.rows import MixRow, line_of


class Merging:
    """Which rows are new to those that are there.

    ``fresh`` are new, ``replaced`` stand for equal ones that are there, both by id; ``known``
    counts those that are there already. ``names`` are the files that were read, by sha256.
    """

    def __init__(
        self, there: Iterable[MixRow], coming: Sequence[MixRow], names: Mapping[str, str]
    ) -> None:
        self._names = names
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

    def rows(self, there: Iterable[MixRow]) -> Iterator[MixRow]:
        """All rows by id, given those that are there once more."""
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
        file = self._names.get(lineage.sha256, lineage.file)
        self.refused.append(Refusal(file, lineage.row, row.id, reason, message))
