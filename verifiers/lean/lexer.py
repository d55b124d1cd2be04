"""Lean's tokens, as far as they can be known without Lean: notations add to them as they please.

Enough to tell commands, names and brackets from what comments, strings and quoted names say. It
reads any text in time linear in its length. Where Lean would read on and on, because a comment or a
string is never closed, the last token is UNTERMINATED.
"""

import enum
import re
from collections.abc import Iterator
from typing import NamedTuple


class TokenKind(enum.Enum):
    """What a token is."""

    #: A keyword, a name or a notation made of letters: ``simp``, ``Nat.add``, ``«a b».c``.
    WORD = "word"
    #: ``#eval``, but also what is a notation to some library: ``#s``.
    HASH_WORD = "hash word"
    #: ```Nat.add`` as a value.
    NAME_LITERAL = "name literal"
    NUMBER = "number"
    #: A string, a piece of an interpolated one, or a character.
    TEXT = "text"
    #: Everything else, by the character but for a few.
    SYMBOL = "symbol"
    #: The beginning of a comment, string or quoted name that has no end.
    UNTERMINATED = "unterminated"


class Token(NamedTuple):
    """A token, its place in the text, and its line, from 1."""

    kind: TokenKind
    text: str
    start: int
    line: int

    @property
    def end(self) -> int:
        """Where the token has ended."""
        return self.start + len(self.text)


# The ranges of Lean's isLetterLike: Greek but for λ, Π and Σ, Coptic, letter-like and script.
_LETTERS = (
    "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f"
    "\u0391-\u039f\u03a1\u03a2\u03a4-\u03a9\u03b1-\u03ba\u03bc-\u03fb"
    "\u1f00-\u1ffe\u2100-\u214f\U0001d49c-\U0001d59f"
)
_SUBSCRIPTS = "\u2080-\u2089\u2090-\u209c\u1d62-\u1d6a\u2c7c"
_PART = rf"(?:[{_LETTERS}][{_LETTERS}{_SUBSCRIPTS}0-9'!?]*+|«[^»]*+»)"
_WORD = rf"{_PART}(?:\.{_PART})*+"
_TOKEN = re.compile(
    rf"""
      (?P<blank>[ \t\r\n]++|--[^\n]*+)
    | (?P<comment>/-)
    | (?P<raw>r\#*+")
    | (?P<word>{_WORD})
    | (?P<name>``?{_WORD})
    | (?P<hash>\#[A-Za-z_][A-Za-z_0-9]*+[!?]*+)
    | (?P<number>0[xX][0-9a-fA-F_]++|0[bB][01_]++|0[oO][0-7_]++
        |[0-9][0-9_]*+(?:\.(?:[0-9][0-9_]*+)?+)?+(?:[eE][+-]?+[0-9]++)?+)
    | (?P<string>")
    | (?P<text>'(?:\\(?:x[0-9a-fA-F]{{2}}|u[0-9a-fA-F]{{4}}|.)|[^\\'])')
    | (?P<quote>«)
    # Together, lest the rest of them be read as a comment or a character; and some for convenience.
    | (?P<symbol><;>|<->|<-|->|\|-|//|''|⁻¹'|:=|=>|@\[|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {
    "word": TokenKind.WORD,
    "name": TokenKind.NAME_LITERAL,
    "hash": TokenKind.HASH_WORD,
    "number": TokenKind.NUMBER,
    "text": TokenKind.TEXT,
    "symbol": TokenKind.SYMBOL,
}
_FIELD_NUMBER = re.compile("[0-9]++")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
# Of an interpolated string, up to its end or to a brace that opens code.
_PIECE = re.compile(r'(?:[^"\\{]++|\\.)*+["{]', re.DOTALL)
_COMMENT_EDGE = re.compile("/-|-/")
_DOCUMENTATION = re.compile(r"/-[-!](?:[ \t\r\n]++|--[^\n]*+)*+")


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a text; of comments nothing is left."""
    place, line, counted = 0, 1, 0
    last: Token | None = None
    # How many braces are open in the code of each interpolated string that is being read.
    braces: list[int] = []
    while place < len(text):
        kind, end = _next(text, place, last, bool(braces) and braces[-1] == 0)
        if kind is None:
            place = end
            continue
        line += text.count("\n", counted, place)
        counted = place
        last = Token(kind, text[place:end], place, line)
        yield last
        if kind is TokenKind.UNTERMINATED:
            return
        _track(braces, text, last)
        place = end


def is_word(text: str) -> bool:
    """Whether a text is one WORD and nothing else."""
    return re.fullmatch(_WORD, text) is not None


def _track(braces: list[int], text: str, token: Token) -> None:
    """Keep count of what interpolated strings are open after a token."""
    if _opens_interpolation(text, token):
        braces.append(0)
    elif braces and token.kind is TokenKind.TEXT and braces[-1] == 0:
        if token.text.endswith('"'):
            braces.pop()
        else:
            braces[-1] = 1
    elif braces and token.kind is TokenKind.SYMBOL:
        braces[-1] += (token.text == "{") - (token.text == "}")


def _opens_interpolation(text: str, token: Token) -> bool:
    return (
        token.kind is TokenKind.WORD
        and token.text.endswith("!")
        and text.startswith('"', token.end)
    )


def _next(
    text: str, place: int, last: Token | None, in_string: bool
) -> tuple[TokenKind | None, int]:
    """What begins at a place, None for what is no token, and where it ends."""
    if in_string:
        first = last is not None and last.kind is TokenKind.WORD
        return _to(_PIECE.match(text, place + 1 if first else place), text, place)
    match = _TOKEN.match(text, place)
    assert match is not None  # its last alternative is any character
    group = match.lastgroup
    end = match.end()
    match group:
        case "blank":
            return None, end
        case "comment":
            closed = _comment_end(text, place)
            return (None, closed) if closed else (TokenKind.UNTERMINATED, end)
        case "string":
            return _to(_STRING.match(text, place), text, place)
        case "quote":
            return TokenKind.UNTERMINATED, end
        case "raw":
            closing = '"' + match.group()[1:-1]
            found = text.find(closing, end)
            if found < 0:
                return TokenKind.UNTERMINATED, end
            return TokenKind.TEXT, found + len(closing)
        case "number" if last is not None and last.text == "." and last.end == place:
            # The 1 and 2 of h.1.2 are no decimal.
            digits = _FIELD_NUMBER.match(text, place)
            return TokenKind.NUMBER, digits.end() if digits else end
        case _:
            return _KINDS[str(group)], end


def _to(match: re.Match[str] | None, text: str, place: int) -> tuple[TokenKind, int]:
    if match is None:
        return TokenKind.UNTERMINATED, min(place + 1, len(text))
    return TokenKind.TEXT, match.end()


def _comment_end(text: str, start: int) -> int:
    """Where a comment has ended that begins at ``start``; 0 if it never does."""
    # Lean skips the character after the opening unseen, and takes line comments right behind the
    # opening of documentation for what they are, even if they close it.
    documentation = _DOCUMENTATION.match(text, start)
    inside = documentation.end() if documentation else start + 3
    depth = 1
    for edge in _COMMENT_EDGE.finditer(text, inside):
        depth += 1 if edge.group() == "/-" else -1
        if depth == 0:
            return edge.end()
    return 0
