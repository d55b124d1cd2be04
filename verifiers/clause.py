r"""Reads one clause of a response: words and formulas up to where the statement ends.

``$7$ dollars, because 3 + 4 = 7. Done.`` states ``7 dollars``.
"""

import re
from dataclasses import dataclass

#: Longer clauses state nothing; a longer answer belongs in a box.
LONGEST_CLAUSE = 2_000

# A full stop inside a number is followed by a digit; that of "a.m." ends no statement. A new line
# does, outside a formula. What follows a word like "because" explains an answer and is no part of
# it. Words that may limit an answer ("if", "for", "when", "but") are kept, so that nothing
# conditional looks unconditional.
_TOKEN = re.compile(
    r"\$\$?|\\[()\[\]]|\\.|\n|(?<!\.)(?<![A-Za-z]\.[A-Za-z])[.?](?=[\s*_)\"'”’]|$)"
    r"|(?:[,;]\s{0,4}|\s)(?:because|since|as|so|which|therefore|thus|hence|meaning|obtained|i\.e\.)"
    r"(?![A-Za-z])",
    re.DOTALL | re.IGNORECASE,
)
_CLOSING = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_WORD = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{2,}")
_MATHEMATICAL = re.compile(r"[-+±−≈~<>≤≥]?\s*(?:[\d.\\({\[|€£¥√π∞∅$]|[A-Za-z]\s?[=<>≤≥^])")
_BOLD = re.compile(r"(?<![\w*])\*\*([^*\n]+)\*\*(?![\w*])")


@dataclass(frozen=True, slots=True)
class Clause:
    """What a clause states, delimiters of formulas and markdown removed.

    ``words`` counts the words outside formulas. ``formula`` says that it begins with a delimited
    formula, ``mathematical`` that it begins with one or with something like it. ``end`` is where
    it ends in the text it was read from.
    """

    value: str
    words: int
    formula: bool
    mathematical: bool
    end: int


def read(text: str, start: int = 0) -> Clause | None:
    """The clause of ``text`` that begins at ``start``, or None if there is nothing or no end."""
    region = text[start : start + LONGEST_CLAUSE]
    body = region.lstrip(" \t\r\n*_:`>")
    start += len(region) - len(body)
    pieces: list[str] = []
    words = 0
    position = 0
    closing = ""
    for token in _TOKEN.finditer(body):
        mark = token.group()
        if closing:
            if mark == closing:
                pieces.append(body[position : token.start()])
                position, closing = token.end(), ""
        elif mark in _CLOSING:
            if mark == "$" and _is_currency(body, token.end()):
                continue
            pieces.append(body[position : token.start()])
            words += len(_WORD.findall(pieces[-1]))
            position = token.end()
            if body.find(_CLOSING[mark], position) >= 0:
                closing = _CLOSING[mark]
        elif not mark.startswith("\\"):
            end = token.start()
            break
    else:
        end = len(body)
        if start + end < len(text):
            return None
    pieces.append(body[position:end])
    words += len(_WORD.findall(pieces[-1]))
    value = unmarked("".join(pieces))
    if not value:
        return None
    formula = any(body.startswith(opening) for opening in _CLOSING) and not pieces[0]
    mathematical = formula or _MATHEMATICAL.match(value) is not None
    return Clause(value, words, formula, mathematical, start + end)


def unmarked(value: str) -> str:
    """``value`` without markdown around it."""
    return _BOLD.sub(r"\1", value).strip(" \t\r\n*_`")


def _is_currency(text: str, position: int) -> bool:
    """Whether the dollar sign before ``position`` is money and opens no formula."""
    if not text[position : position + 1].isdigit():
        return False
    closing = text.find("$", position)
    return closing < 0 or text[closing - 1].isspace() or text[closing + 1 : closing + 2].isdigit()
