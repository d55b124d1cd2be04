"""Texts that are nearly the same, found without comparing each with each.

What is compared are sets of word shingles, by Jaccard's similarity: the share of the shingles of
either that both have. Candidates come from MinHash signatures whose bands of values are looked up
(A. Broder, "On the resemblance and containment of documents", 1997; P. Indyk and R. Motwani,
"Approximate nearest neighbors", 1998), and each candidate's similarity is then computed. So what is
reported is never a guess; what is missed is bounded by the choice of the bands.
"""

from collections import Counter
from dataclasses import dataclass

import numpy
from datasketch import MinHash

from assayoffice.rl.rewrites.sets.words import Hashes

_PERMUTATIONS = 128
#: The probability with which a pair of exactly the similarity asked for may be missed by the bands.
_MISSED = 0.002
# Of larger sets the smallest hashes are kept, a random sample: similarities are then estimated
# from at least 1024 shingles, with a standard error of less than 0.016.
_SAMPLE = 1024
# A crowd of like texts would otherwise make each lookup as long as the set.
_BUCKET = 64
_CANDIDATES = 32


@dataclass(frozen=True, slots=True)
class Member:
    """A text of the index: ``number`` counts from 0, ``group`` is what texts may share."""

    number: int
    group: bytes
    shingles: Hashes


class Neighbours:
    """An index of texts, which holds some kilobytes of each whatever its length."""

    def __init__(self, similarity: float) -> None:
        """Of texts less alike than ``similarity`` nothing is promised."""
        self._bands, self._rows = bands(similarity)
        self._buckets: dict[bytes, list[Member]] = {}
        first = MinHash(_PERMUTATIONS, hashfunc=int, scheme="affine64")
        self._permutations = first.permutations

    def add(self, number: int, group: bytes, shingles: Hashes) -> tuple[Member, list[Member]]:
        """Adds a text; answers it, and the earlier ones that may be like it.

        Those likeliest to be alike come first, at most 32 of its group and 32 of others.
        """
        member = Member(number, group, sample(shingles))
        found: Counter[int] = Counter()
        members: dict[int, Member] = {}
        for key in self._keys(shingles):
            bucket = self._buckets.setdefault(key, [])
            for each in bucket:
                members[each.number] = each
            found.update(each.number for each in bucket)
            if len(bucket) < _BUCKET:
                bucket.append(member)
        ordered = [members[each] for each in sorted(found, key=lambda one: (-found[one], one))]
        same = [each for each in ordered if each.group == group]
        others = [each for each in ordered if each.group != group]
        return member, others[:_CANDIDATES] + same[:_CANDIDATES]

    def _keys(self, shingles: Hashes) -> list[bytes]:
        signature = MinHash(
            _PERMUTATIONS, permutations=self._permutations, hashfunc=int, scheme="affine64"
        )
        signature.update_batch(shingles.tolist())
        values = signature.hashvalues
        # Eight bytes tell bands apart as well as all of them do, and are what stays in memory.
        return [
            bytes([band]) + _folded(values[band * self._rows : (band + 1) * self._rows])
            for band in range(self._bands)
        ]


def bands(similarity: float) -> tuple[int, int]:
    """How many bands of how many values find pairs of ``similarity`` but for one in 500.

    A pair shares a band of r values with the probability s**r, so it is missed by all of b bands
    with (1 - s**r)**b. The longest bands that still find enough make the fewest false candidates.
    """
    for rows in range(_PERMUTATIONS, 1, -1):
        count = _PERMUTATIONS // rows
        if (1 - similarity**rows) ** count <= _MISSED:
            return count, rows
    return _PERMUTATIONS, 1


def sample(shingles: Hashes) -> Hashes:
    """The distinct shingles in ascending order; of many, the smallest."""
    kept: Hashes = numpy.unique(shingles)[:_SAMPLE]
    return kept


def jaccard(one: Hashes, other: Hashes) -> float:
    """The similarity of two samples, in [0, 1]; exact where neither was cut."""
    # Below the end of a cut sample, it is whole.
    ends = [each[-1] for each in (one, other) if len(each) == _SAMPLE]
    if ends:
        one, other = one[one <= min(ends)], other[other <= min(ends)]
    common = len(numpy.intersect1d(one, other, assume_unique=True))
    total = len(one) + len(other) - common
    return common / total if total else 0.0


def _folded(values: Hashes) -> bytes:
    # A polynomial, so that the same values in another order are another band.
    total = 0
    for value in values.tolist():
        total = (total * 0x9E3779B97F4A7C15 + value) % 2**64
    return total.to_bytes(8, "little")
