"""What is remembered of a row, so that later ones can be compared with it: never its texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from assayoffice.rl.rewrites.rows import RewriteRow
from assayoffice.rl.rewrites.sets.set_report import Place
from assayoffice.rl.rewrites.sets.words import digest, is_number

_SHOWN_REFERENCE = 60
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Seen:
    """A row. Equal ``words`` are equal problems, equal ``template`` is equal but for numbers.

    ``original`` and ``reference`` are digests, the latter without regard to white space.
    """

    place: Place
    original: bytes
    reference: bytes
    shown_reference: str
    words: bytes
    template: bytes

    @classmethod
    def of(cls, row: RewriteRow, words: Sequence[str]) -> "Seen":
        """What is remembered of a row whose problem has these words."""
        shown = row.reference[: _SHOWN_REFERENCE + 1]
        return cls(
            Place.of(row.file, row.number, row.id),
            _short(row.original_id),
            _short(_SPACE.sub("", row.reference)),
            shown if len(shown) <= _SHOWN_REFERENCE else f"{shown[:_SHOWN_REFERENCE]}…",
            digest(words),
            digest(["0" if is_number(each) else each for each in words]),
        )

    def beside(self, other: "Seen") -> str:
        """How the references of this row and an earlier one differ; empty where they do not."""
        if self.reference == other.reference:
            return ""
        return f"references {self.shown_reference!r} here and {other.shown_reference!r} there"


def _short(text: str) -> bytes:
    return blake2b(text.encode(errors="replace"), digest_size=8).digest()
