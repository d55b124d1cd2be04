"""Rows that overlap with listed texts, such as the problems of a benchmark.

The original of a rewrite is looked up as well: what was made from a listed problem teaches it.
"""

from array import array
from collections.abc import Iterator, Sequence

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.listed_texts import listed_texts
from assayoffice.rl.rewrites.sets.overlaps import Overlap, Overlaps
from assayoffice.rl.rewrites.sets.seen import Seen
from assayoffice.rl.rewrites.sets.set_report import Conclusion, SetFinding, of_rows
from assayoffice.rl.sources import UnreadableFileError

_SHOWN_CHARACTERS = 240


class Contamination:
    """Looks rows up in the lists of a policy."""

    def __init__(self, policy: SetPolicy) -> None:
        """Reads the lists. Raises UnreadableFileError."""
        self._policy = policy
        self._numbers = array("Q")
        #: For each file, how many texts stand before its first.
        self._begins: list[int] = []
        self._listed = Overlaps(self._texts(), policy.ngram_words, policy.short_ngram_words)
        self._found: list[SetFinding] = []
        self._originals: dict[bytes, str] = {}

    def add(self, row: Seen, words: Sequence[str], original: Sequence[str]) -> None:
        """Look up a row, given the words of its problem and of its original."""
        if not self._numbers:
            return
        detail = self._detail(self._listed.of(words), "")
        if not detail and original:
            # Many rewrites share an original.
            known = self._originals.get(row.original)
            if known is None:
                known = self._detail(self._listed.of(original), "its original: ")
                self._originals[row.original] = known
            detail = known
        if detail:
            self._found.append(SetFinding.at(row.place, detail))

    def conclude(self) -> Conclusion:
        """What was found."""
        figures = {"listed_texts": len(self._numbers), "rows": len(self._found)}
        if not self._policy.decontaminate:
            said = "No list of texts was given; decontaminate names files of them."
            return Conclusion(CheckState.NOT_APPLICABLE, "NO_LIST", said, figures)
        size, short = self._policy.ngram_words, self._policy.short_ngram_words
        if not self._found:
            said = (
                f"No row shares {size} words in a row, or {short} where it is short, with any of "
                f"{len(self._numbers)} listed texts."
            )
            return Conclusion(CheckState.PASSED, "CLEAN", said, figures)
        said = (
            f"{of_rows(len(self._found))} with words of a listed text, at least {size} in a row, "
            f"or {short} where one of the two is short; remove them."
        )
        return Conclusion(CheckState.FAILED, "OVERLAP", said, figures, self._found)

    def _texts(self) -> Iterator[str]:
        for file in self._policy.decontaminate:
            self._begins.append(len(self._numbers))
            for number, text in listed_texts(file, self._policy.decontaminate_column):
                self._numbers.append(number)
                yield text
            # Nothing overlaps with an empty list, whatever was meant to be in it.
            if len(self._numbers) == self._begins[-1]:
                raise UnreadableFileError(f"{file}: holds no texts; name another list, or none")

    def _detail(self, overlap: Overlap | None, whose: str) -> str:
        if overlap is None:
            return ""
        index = max(at for at, begin in enumerate(self._begins) if begin <= overlap.entry)
        where = f"{self._policy.decontaminate[index]} row {self._numbers[overlap.entry]}"
        run = overlap.run
        shown = run if len(run) <= _SHOWN_CHARACTERS else f"{run[:_SHOWN_CHARACTERS]}…"
        return f"{whose}{overlap.coverage:.0%} of the words are listed, as in {where}: “{shown}”"
