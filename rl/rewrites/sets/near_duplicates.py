"""Rows that are nearly, but not exactly, alike.

Which pairs are findings:

- of different originals: from ``near_duplicate_similarity`` on;
- of one original: rewrites are meant to be alike, so only from ``same_original_similarity`` on, and
  only where the reference is the same. With another reference they ask something else, as the
  sub-answers of one proof do;
- never where they differ in nothing but numbers: those are counted by ``templates.py``.

A row is named once, with the earlier row that it is most like, those of other originals first.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.neighbours import Neighbours, jaccard
from assayoffice.rl.rewrites.sets.seen import Seen
from assayoffice.rl.rewrites.sets.set_report import Conclusion, SetFinding, of_rows
from assayoffice.rl.rewrites.sets.words import hashes, ngrams


@dataclass(frozen=True, slots=True, order=True)
class _Match:
    """An earlier row that is like a row; the greatest is the one to name."""

    elsewhere: bool
    similarity: float
    earliness: int


class NearDuplicates:
    """Compares each row with those before it."""

    def __init__(self, policy: SetPolicy) -> None:
        self._policy = policy
        self._index = Neighbours(
            min(policy.near_duplicate_similarity, policy.same_original_similarity)
        )
        self._rows: list[Seen] = []
        self._found: list[SetFinding] = []
        self._same_original = 0
        self._groups = _Groups()

    def add(self, row: Seen, words: Sequence[str]) -> None:
        """Compare a row, whose problem has these words."""
        number = len(self._rows)
        self._rows.append(row)
        size = min(self._policy.shingle_words, len(words))
        if size == 0:
            return
        shingles = ngrams(hashes(words), size)
        member, candidates = self._index.add(number, row.original, shingles)
        matches = [
            _Match(each.group != member.group, similarity, -each.number)
            for each in candidates
            if (asked := self._asked(row, self._rows[each.number])) is not None
            and (similarity := jaccard(member.shingles, each.shingles)) >= asked
        ]
        if matches:
            self._name(number, max(matches))

    def _asked(self, row: Seen, other: Seen) -> float | None:
        """The similarity from which two rows are a finding; None if they never are."""
        if row.template == other.template:
            return None
        if row.original != other.original:
            return self._policy.near_duplicate_similarity
        return self._policy.same_original_similarity if row.reference == other.reference else None

    def _name(self, number: int, match: _Match) -> None:
        row, other = self._rows[number], self._rows[-match.earliness]
        whose = "another original" if match.elsewhere else "the same original"
        differing = row.beside(other)
        self._found.append(
            SetFinding.at(
                row.place,
                f"similarity {match.similarity:.2f} to {other.place}, a rewrite of {whose}"
                + (f"; {differing}" if differing else ""),
            )
        )
        self._same_original += not match.elsewhere
        self._groups.join(-match.earliness, number)

    def conclude(self) -> Conclusion:
        """What was found."""
        groups, policy = self._groups.sizes(), self._policy
        figures = {
            "rows": len(self._found),
            "of_the_same_original": self._same_original,
            "groups": len(groups),
            "largest_group": max(groups, default=0),
        }
        if not self._found:
            said = (
                f"No two problems are as similar as {policy.near_duplicate_similarity:g}, or as "
                f"{policy.same_original_similarity:g} where both are rewrites of one original."
            )
            return Conclusion(CheckState.PASSED, "DISTINCT", said, figures)
        others = len(self._found) - self._same_original
        parts = [
            f"{of_rows(count)} nearly like an earlier rewrite of {whose}"
            for count, whose in (
                (others, "another original"),
                (self._same_original, "the same one"),
            )
            if count
        ]
        said = f"{', '.join(parts)}. Of rows that are alike keep one."
        reason = "NEARLY_REPEATED" if others else "REWRITES_TOO_ALIKE"
        return Conclusion(CheckState.FAILED, reason, said, figures, self._found)


class _Groups:
    """Sets of rows, joined pair by pair."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def join(self, one: int, other: int) -> None:
        """Make one group of those of two rows."""
        first, second = sorted((self._root(one), self._root(other)))
        self._parent[second] = first

    def sizes(self) -> list[int]:
        """How many rows each group has."""
        return list(Counter(self._root(each) for each in list(self._parent)).values())

    def _root(self, row: int) -> int:
        path: list[int] = []
        while (parent := self._parent.setdefault(row, row)) != row:
            path.append(row)
            row = parent
        for each in path:
            self._parent[each] = row
        return row
