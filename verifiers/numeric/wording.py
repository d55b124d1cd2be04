"""Answers in words: what two texts must have in common to say the same."""

import re

from assayoffice.verifiers.text import folded

_MARKUP = re.compile(r"\\(?:text[a-z]{0,6}|math(?:rm|bf|it|sf|tt)|mbox|operatorname|emph)\s?\*?")
_SPACING = re.compile(r"\\[,;:! ]|\\q?quad(?![A-Za-z])|[~{}$]|\\[()\[\]]")
# A full stop inside a number and the signs of mathematics say something.
_PUNCTUATION = re.compile(r"[,;:!?\"'`“”‘’()\[\]]|(?<![0-9])\.|\.(?![0-9])|\*\*|__")
# Before a word: in "A, D" it is a letter that says something.
_ARTICLE = re.compile(r"\b(?:an?\s(?=[^\W\d_]{2})|the\s)")


def words(text: str) -> str:
    """``text`` without markup, case, punctuation and articles."""
    plain = _SPACING.sub(" ", _MARKUP.sub(" ", text))
    plain = " ".join(_PUNCTUATION.sub(" ", folded(plain)).split())
    return _ARTICLE.sub("", plain)
