"""Makes hostile text plain: what is judged is what a reader would see.

Everything here is linear in the length of the text, and text without anything to do costs one scan.
"""

import re
import unicodedata

#: Stands for a character that has no business in an answer. No parser reads it.
UNREADABLE = "\ufffd"

# Zero-width characters, soft hyphen, bidi marks and embeddings, variation selectors, tags, byte
# order mark: they show nothing and are only good for hiding one text from another.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202c"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# Control characters, lone surrogates and the bidi overrides. The latter show text in another order
# than it is judged in, so nobody can say what was answered.
_DISTURBING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202d\u202e\ud800-\udfff]")


def visible(text: str) -> str:
    """``text`` without characters that cannot be seen.

    Control characters, lone surrogates and bidi overrides become U+FFFD rather than nothing, so
    that they cannot be used to glue an answer together. The result can be encoded as UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    return _DISTURBING.sub(UNREADABLE, _INVISIBLE.sub("", text))


def folded(text: str) -> str:
    """``text`` for comparison as words: visible, NFKC, case-folded, runs of blanks made one.

    Not for mathematics, where NFKC would turn x² into x2.
    """
    return " ".join(unicodedata.normalize("NFKC", visible(text)).casefold().split())
