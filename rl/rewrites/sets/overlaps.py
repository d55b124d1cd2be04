"""An index of the n-grams of a list of texts, in which a text is looked up.

An n-gram is a run of n words of letters and digits, because lists write signs and LaTeX in ways of
their own. How a text is compared depends on its length:

- both texts have at least ``size`` words: they overlap if they share a run of ``size`` words;
- one of them is shorter: if they share a run of ``short_size`` words;
- one of them is shorter than even that: if they are the same, signs included.

A run that stands in more than ten different texts of the list is a turn of phrase and tells of no
overlap, as in T. Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy

from assayoffice.rl.rewrites.sets.words import Hashes, digest, hashes, ngrams, spoken, words

_TURN_OF_PHRASE = 10
#: Numbers of listed texts, one for each run that was looked up; -1 where none has it.
_Entries: TypeAlias = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a text shares with the listed text of number ``entry``, counted from 0.

    ``run`` are the first words shared. ``coverage`` is the share of the text's words that stand in
    shared runs, in (0, 1], of whichever listed texts.
    """

    entry: int
    run: str
    coverage: float


class Overlaps:
    """The index: 12 bytes for each different run of words, and no texts.

    Building it takes about four times that.
    """

    def __init__(self, texts: Iterable[str], size: int, short_size: int) -> None:
        """Reads the texts once. ``short_size`` is at most ``size``."""
        self._size, self._short_size = size, short_size
        self._whole: dict[bytes, int] = {}
        long, short_of_long, short_of_short = _Gathered(), _Gathered(), _Gathered()
        known: set[bytes] = set()
        for entry, text in enumerate(texts):
            all_words = words(text)
            each = hashes(spoken(all_words))
            if len(each) < short_size:
                self._whole.setdefault(digest(all_words), entry)
                continue
            # Lists repeat a problem for each of its answers, which makes no turn of phrase of it.
            if (same := digest(spoken(all_words))) in known:
                continue
            known.add(same)
            runs = ngrams(each, short_size)
            (short_of_short if len(each) < size else short_of_long).add(runs, entry)
            long.add(ngrams(each, size), entry)
        self._long = long.table()
        self._short_of_short, self._short_of_long = short_of_short.table(), short_of_long.table()

    def of(self, all_words: Sequence[str]) -> Overlap | None:
        """What a text of these words shares with the listed ones."""
        plain = spoken(all_words)
        if len(plain) < self._short_size:
            entry = self._whole.get(digest(all_words))
            return None if entry is None else Overlap(entry, " ".join(all_words), 1.0)
        each = hashes(plain)
        short = ngrams(each, self._short_size)
        if len(plain) < self._size:
            found = [(self._short_size, self._short_of_long.entries(short))]
        else:
            found = [(self._size, self._long.entries(ngrams(each, self._size)))]
        found.append((self._short_size, self._short_of_short.entries(short)))
        return _overlap(plain, found)


def _overlap(plain: Sequence[str], found: Sequence[tuple[int, _Entries]]) -> Overlap | None:
    covered: numpy.ndarray[tuple[int], numpy.dtype[numpy.bool_]] = numpy.zeros(len(plain), bool)
    counts: Counter[int] = Counter()
    first: dict[int, tuple[int, int]] = {}
    for size, entries in found:
        for place in numpy.flatnonzero(entries >= 0).tolist():
            entry = int(entries[place])
            covered[place : place + size] = True
            counts[entry] += 1
            first.setdefault(entry, (place, size))
    if not counts:
        return None
    entry = min(counts, key=lambda each: (-counts[each], each))
    place, size = first[entry]
    return Overlap(entry, " ".join(plain[place : place + size]), float(covered.mean()))


class _Gathered:
    """Runs of words on their way into a table."""

    def __init__(self) -> None:
        self._runs = array("Q")
        self._entries = array("I")

    def add(self, runs: Hashes, entry: int) -> None:
        """Add the runs of a text, each once."""
        different = numpy.unique(runs)
        self._runs.frombytes(different.tobytes())
        self._entries.frombytes(numpy.full(len(different), entry, numpy.uint32).tobytes())

    def table(self) -> "_Table":
        """A table of them all."""
        runs = numpy.frombuffer(self._runs, numpy.uint64)
        # The first place of each value is that of the first text that has it.
        values, places, counts = numpy.unique(runs, return_index=True, return_counts=True)
        telling = counts <= _TURN_OF_PHRASE
        entries = numpy.frombuffer(self._entries, numpy.uint32)[places[telling]]
        return _Table(values[telling], entries)


class _Table:
    """Sorted runs, and for each the first listed text that has it."""

    def __init__(
        self, runs: Hashes, entries: "numpy.ndarray[tuple[int], numpy.dtype[numpy.uint32]]"
    ) -> None:
        self._runs, self._entries = runs, entries

    def entries(self, runs: Hashes) -> _Entries:
        """The listed text of each of ``runs``, -1 where there is none."""
        if not len(self._runs) or not len(runs):
            nothing: _Entries = numpy.full(len(runs), -1, numpy.int64)
            return nothing
        places = numpy.searchsorted(self._runs, runs).clip(max=len(self._runs) - 1)
        entries = self._entries[places].astype(numpy.int64)
        held: _Entries = numpy.where(self._runs[places] == runs, entries, -1)
        return held
