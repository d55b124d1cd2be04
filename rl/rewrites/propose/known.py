"""What is in a set already, asked row by row while it grows.

By the rules of the checks ``duplicates``, ``near_duplicates`` and ``unchanged`` of a set, which are
made once all rows are there.
"""

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.rows import RewriteRow
from assayoffice.rl.rewrites.sets.neighbours import Neighbours, jaccard
from assayoffice.rl.rewrites.sets.seen import Seen
from assayoffice.rl.rewrites.sets.words import hashes, ngrams, words


class KnownProblems:
    """The problems of a set; holds of each what ``Neighbours`` does."""

    def __init__(self, policy: SetPolicy) -> None:
        self._policy = policy
        self._index = Neighbours(
            min(policy.near_duplicate_similarity, policy.same_original_similarity)
        )
        self._rows: dict[int, Seen] = {}
        self._ids: dict[bytes, str] = {}
        self._count = 0

    def repeats(self, row: RewriteRow) -> tuple[str, str] | None:
        """What a new row repeats, as a code and a sentence; None adds it to the set."""
        if row.original_problem and words(row.problem) == words(row.original_problem):
            return "UNCHANGED", "it says what its original says, word for word"
        return self.add(row)

    def add(self, row: RewriteRow) -> tuple[str, str] | None:
        """Add a row unless it repeats an earlier one; what that is, as ``repeats`` tells."""
        read = words(row.problem)
        seen = Seen.of(row, read)
        if (earlier := self._ids.get(seen.words)) is not None:
            return "DUPLICATE", f"the same problem as {earlier}"
        size = min(self._policy.shingle_words, len(read))
        if size:
            number = self._count
            self._count += 1
            member, candidates = self._index.add(number, seen.original, ngrams(hashes(read), size))
            for each in candidates:
                # Those that were turned away are still in the index.
                other = self._rows.get(each.number)
                if other is None or (asked := self._asked(seen, other)) is None:
                    continue
                similarity = jaccard(member.shingles, each.shingles)
                if similarity >= asked:
                    like = f"similarity {similarity:.2f} to {other.place.id}"
                    return "NEAR_DUPLICATE", like
            self._rows[number] = seen
        self._ids[seen.words] = row.id
        return None

    def _asked(self, row: Seen, other: Seen) -> float | None:
        if row.template == other.template:
            return None
        if row.original != other.original:
            return self._policy.near_duplicate_similarity
        return self._policy.same_original_similarity if row.reference == other.reference else None
