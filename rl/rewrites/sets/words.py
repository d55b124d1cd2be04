"""The words of a problem, as sets of rows are compared: what differs only in dress is equal.

Compatibility forms are unified (NFKC), case is folded, usual signs of one operation are written as
one, and what LaTeX needs only for its looks is left out, with dollars, braces and punctuation: of
``$\\dfrac{a}{2} \\cdot x$.`` there remain ``frac a 2 * x``. Characters without a shape and
accents are left out, a Cyrillic letter in a word of Latin ones is read as it looks, and the names
of small numbers are read as digits.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy

#: Hashes, one for each thing hashed, as unsigned integers of 64 bits.
Hashes: TypeAlias = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint64]]

# What follows counts as one word, so that comparing a huge text stays cheap.
_MOST_CHARACTERS = 200_000

# Chinese and Japanese put no spaces between words, so there each character counts as one.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+|\d+(?:\.\d+)?|[-+*/=<>^%!|()\[\]&~#≤≥≠±√∞]"
)
# Characters of format, fillers and selectors: they show nothing, and would take words apart.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# Accents and the like, but for the stroke that makes = into ≠.
_MARKS = re.compile("[\u0300-\u0337\u0339-\u036f]")
# In lower case; those that look Latin in upper case alone, too.
_LOOKALIKES = str.maketrans("авекмнорстухіјѕһԁԛԝο", "abekmhopctyxijshdqwo")
# One is left out: it is more often a pronoun.
_NUMBERS = {
    name: str(value)
    for value, name in enumerate(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split(),
        start=2,
    )
}
_ALIASES = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∶": "/"}
)
_OPERATIONS = re.compile(r"\\(cdot|times|div|leq?|geq?|neq?|pm|sqrt|infty)(?![^\W\d_])")
_SIGNS = {
    **{"cdot": "*", "times": "*", "div": "/", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥"},
    **{"ne": "≠", "neq": "≠", "pm": "±", "sqrt": "√", "infty": "∞"},
}
_LOOKS = re.compile(
    r"\\[()\[\],;:! ]|\\(?:displaystyle|textstyle|left|right|bigl?|bigr|Bigl?|Bigr|text|textbf"
    r"|textit|emph|mathrm|mathbf|mathit|operatorname|quad|qquad|limits|nolimits)(?![^\W\d_])"
)
_FRACTIONS = re.compile(r"\\[dtc]frac(?![^\W\d_])")
_FACTOR = 0x9E3779B97F4A7C15  # odd, so that no word is lost; 2**64 divided by the golden ratio
_WIDTH = 2**64


def words(text: str) -> list[str]:
    """Words, numbers and signs of operations, in order; a text without any is one word."""
    rest = text[_MOST_CHARACTERS:].encode(errors="replace")
    found = _words(text[:_MOST_CHARACTERS]) or text[:_MOST_CHARACTERS].split()
    return [*found, hashlib.blake2b(rest, digest_size=16).hexdigest()] if rest else found


def _words(text: str) -> list[str]:
    is_ascii = text.isascii()
    if not is_ascii:
        text = _MARKS.sub("", unicodedata.normalize("NFKD", _UNSEEN.sub("", text)))
    text = _LOOKS.sub(" ", text)
    text = _OPERATIONS.sub(lambda found: f" {_SIGNS[found[1]]} ", _FRACTIONS.sub(r"\\frac", text))
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_ALIASES)
    found: list[str] = _WORD.findall(plain)
    if not is_ascii:
        found = [_as_it_looks(each) for each in found]
    return [_NUMBERS.get(each, each) for each in found]


def _as_it_looks(word: str) -> str:
    is_mixed = not word.isascii() and any("a" <= letter <= "z" for letter in word)
    return word.translate(_LOOKALIKES) if is_mixed else word


def spoken(each: Sequence[str]) -> list[str]:
    """Of words, those of letters and digits: signs depend on how a list writes its formulas."""
    return [word for word in each if word[0].isalnum()]


def is_number(word: str) -> bool:
    """Whether a word is a number."""
    return word[0].isdecimal()


def digest(each: Sequence[str]) -> bytes:
    """What equal sequences of words have in common, whatever process asks."""
    return hashlib.blake2b(" ".join(each).encode(errors="replace"), digest_size=16).digest()


def hashes(each: Sequence[str]) -> Hashes:
    """A hash for each word."""
    made: Hashes = numpy.fromiter(map(_hash, each), numpy.uint64, len(each))
    return made


def ngrams(word_hashes: Hashes, size: int) -> Hashes:
    """A hash for each run of ``size`` words, in order; none where there are fewer words.

    They are polynomials in the words' hashes, modulo 2**64: those are random, so unequal runs have
    equal hashes with a probability of about 2**-64.
    """
    count = max(0, len(word_hashes) - size + 1)
    found: Hashes = numpy.zeros(count, numpy.uint64)
    for place in range(size):
        factor = numpy.uint64(pow(_FACTOR, place, _WIDTH))
        found += word_hashes[place : place + count] * factor
    # The low bits of a sum depend on low bits alone; what takes only some of them needs all mixed.
    mixed: Hashes = found ^ (found >> numpy.uint64(31))
    return mixed


@lru_cache(maxsize=65536)
def _hash(word: str) -> int:
    made = hashlib.blake2b(word.encode(errors="replace"), digest_size=8)
    return int.from_bytes(made.digest(), "little")
