"""Texts of problems as markup: formulas rendered, programs as they stand, all else escaped."""

import re
from html import escape

from assayoffice.rl.rewrites.page.formulas import mathml

MOST_CHARACTERS = 4000
_FENCE = re.compile(r"```[^\n`]*\n?")
#: What begins a formula, what ends it, and whether it stands by itself.
_DELIMITERS = (("$$", "$$", True), (r"\[", r"\]", True), (r"\(", r"\)", False), ("$", "$", False))
_OPENING = re.compile(r"\\\$|\$\$|\$|\\\[|\\\(")
# Controls, marks of direction and what is not for interchange: seen, they mislead nobody.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Plain text in which characters that cannot be seen are named."""
    return _UNSEEN.sub(lambda found: f"⟨{ord(found[0]):02X}⟩", text)


def cut(text: str, most: int = MOST_CHARACTERS) -> str:
    """The beginning of a long text, saying so."""
    return text if len(text) <= most else f"{text[:most]} … ({len(text):,} characters in all)"


def plain(text: str, most: int = MOST_CHARACTERS) -> str:
    """Plain text as markup, visible and cut."""
    return escape(visible(cut(text, most)))


def prose(text: str) -> str:
    """A problem as markup."""
    pieces = _FENCE.split(cut(text))
    parts = [
        (f"<pre>{escape(visible(piece.rstrip()))}</pre>" if index % 2 else _with_formulas(piece))
        for index, piece in enumerate(pieces)
        if piece.strip()
    ]
    return f'<div class="prose" dir="auto">{"".join(parts)}</div>'


def _with_formulas(text: str) -> str:
    parts: list[str] = []
    begin = 0
    while (opening := _OPENING.search(text, begin)) is not None:
        parts.append(_words(text[begin : opening.start()]))
        found = _formula(text, opening)
        if found is None:
            parts.append(_words(opening[0].replace(r"\$", "$")))
            begin = opening.end()
        else:
            markup, begin = found
            parts.append(markup)
    return "".join([*parts, _words(text[begin:])])


def _formula(text: str, opening: re.Match[str]) -> tuple[str, int] | None:
    """The formula that begins at ``opening``, and where it ends."""
    for opened, closed, block in _DELIMITERS:
        if opening[0] != opened:
            continue
        end = text.find(closed, opening.end())
        inner = text[opening.end() : end]
        if end < 0 or not inner.strip():
            return None
        behind = text[end + len(closed) : end + len(closed) + 1]
        # As in "$5 and $10": that is money.
        if opened == "$" and (inner[0].isspace() or inner[-1].isspace() or behind.isdigit()):
            return None
        whole = text[opening.start() : end + len(closed)]
        markup = mathml(inner, block) or f"<code>{escape(visible(whole))}</code>"
        after = end + len(closed)
        # A block ends its line by itself.
        return markup, after + (block and text[after : after + 1] == "\n")
    return None


def _words(text: str) -> str:
    return escape(visible(text))
