"""Sentences: compared as text, unless they commit to exactly one number.

"The number is 42" is 42; "42 or so, not 41" and "less than 42" are only text.
"""

import re
from collections.abc import Callable
from typing import Final

from assayoffice.verifiers.numeric import notation, words
from assayoffice.verifiers.numeric.expression import Labelled, Node, Text
from assayoffice.verifiers.numeric.tokens import UnreadableError

#: "a profit of $110, not a loss" still commits to 110.
_ASIDE: Final = re.compile(r"^\s?,\s?not an? \w+")
_WORD: Final = re.compile(r"(?<![\\\w])[^\W\d_]{2,}")
_ENVIRONMENT: Final = re.compile(r"\\(?:begin|end)\s*\{\w*\}")
_WRAPPED: Final = re.compile(r"\\(?:text\w*|mathrm|mbox|operatorname)\s*\{([^{}]*)\}")
_SPACING: Final = re.compile(r"\\\\|\\[,;:! ]|~|\\(?=[%$])|\s+")
_MATHEMATICS: Final = re.compile(r"[\\=^_<>|+*{}]")
_AMOUNT: Final = re.compile(
    r"(?<![\w.,])-?\s?[$€£¥₹]?\s?-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s?/\s?\d+)?"
    r"(?:\s?%|\s?[$€£¥₹](?!\s?\d))?(?![\w/%]|[.,:]\d)"
)
#: Words that take back, hedge or shift the number they come before.
_HEDGES: Final = frozenset(
    "not no never cannot nor neither without except unless or either maybe perhaps if less more "
    "fewer greater least most about approximately around roughly nearly almost between than over "
    "under above below might could may isn't wasn't don't doesn't didn't can't won't up until from "
    "option question problem step part negative minus root roots square squared cube cubed power "
    "exponent log logarithm multiple multiples divisible modulo mod any anything everything "
    "reciprocal inverse opposite besides beyond exceeding exceeds excluding instead".split()
)
#: Words behind a number that take it back or leave it open.
_RETRACTIONS: Final = frozenset(
    "or not cannot never isn't can't most least if unless wrong incorrect false maybe perhaps "
    "undetermined impossible between squared cubed factorial plus minus divided multiplied "
    "root except excluded rejected tens hundreds thousands millions billions dozens".split()
)
#: What is said of a number here is not said of itself.
_OF_ANOTHER: Final = re.compile(
    r"\b(?:(?:divisor|factor|digit|part|portion|fraction|some|whichever)s? of"
    r"|next to|at most|at least|after|before)\s*$"
)
_NUMBER_WORDS: Final = frozenset(
    "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand million billion dozen half third quarter twice thrice double "
    "halves thirds fourths fifths sixths sevenths eighths ninths tenths hundredths".split()
)


def read(text: str, parse: Callable[[str], Node]) -> Node | None:
    """The node of a cleaned text that the grammar does not cover; None if it has no words."""
    if not _has_words(text):
        return None
    sentence = plain(text)
    amount = _AMOUNT.search(sentence)
    if amount is None or _MATHEMATICS.search(sentence):
        return Text(sentence)
    before, after = sentence[: amount.start()], sentence[amount.end() :]
    if before.endswith("(") or any(character.isdigit() for character in before + after):
        return Text(sentence)
    leading = re.findall(r"[a-z']+", before.lower())
    trailing = re.findall(r"[a-z'-]+", _ASIDE.sub("", after.lower()))
    if not _HEDGES.isdisjoint(leading) or not _RETRACTIONS.isdisjoint(trailing):
        return Text(sentence)
    if not words.ALTERING.isdisjoint(leading + trailing):
        return Text(sentence)
    if trailing and trailing[-1] in words.ALTERING_LAST:
        return Text(sentence)
    if _OF_ANOTHER.search(before.lower()):
        return Text(sentence)
    if not _NUMBER_WORDS.isdisjoint(leading) or not _NUMBER_WORDS.isdisjoint(trailing):
        return Text(sentence)
    written = amount[0].strip().replace("$", "\\$")
    unit = re.match(r"\s?([A-Za-z]+)", after)
    if unit and unit[1] in words.UNITS and len(unit[1]) > 1 and unit[1] not in ("in", "a"):
        written += " " + unit[1]
        after = after[unit.end() :]
    try:
        value = parse(written)
    except UnreadableError:
        return Text(sentence)
    return Labelled(" ".join(f"{before} _ {after}".split()), value)


def plain(text: str) -> str:
    """``text`` without the commands around its words, and with single spaces."""
    text = _WRAPPED.sub(r" \1 ", text)
    text = _SPACING.sub(lambda found: found[0] if found[0] == "\\\\" else " ", text)
    return " ".join(text.split())


def _has_words(text: str) -> bool:
    bare = _ENVIRONMENT.sub(" ", text)
    bare = re.sub(
        r"\\[A-Za-z]+", lambda command: " " if command[0][1:] in notation.WORDS else "\\", bare
    )
    return any(
        words.is_word(word) and word not in notation.FUNCTIONS and word not in notation.GREEK
        for word in _WORD.findall(bare)
    )
