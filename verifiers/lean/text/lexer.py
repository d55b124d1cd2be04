"""Lean's tokens, as far as they can be known without Lean: notations add to them as they please.

Enough to tell commands, names and brackets from what comments, strings and quoted names say. What
Lean may take for the end of a notation, and so read what follows otherwise, is UNCLEAR. It reads
any text in time linear in its length. Where Lean would read on and on, because a comment or a
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
    #: What begins a comment, or a string or character, but may be something else to Lean.
    UNCLEAR = "unclear"
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
      (?P<blank>[ \t\r\n]++)
    | (?P<line>--)
    | (?P<comment>/-)
    | (?P<raw>r\#*+")
    | (?P<word>{_WORD})
    | (?P<name>``?{_WORD})
    | (?P<hash>\#[A-Za-z_][A-Za-z_0-9]*+[!?]*+)
    | (?P<number>0[xX][0-9a-fA-F_]++|0[bB][01_]++|0[oO][0-7_]++
        |[0-9][0-9_]*+(?:\.(?!\.)(?:[0-9][0-9_]*+)?+)?+(?:[eE][+-]?+[0-9]++)?+)
    | (?P<string>")
    | (?P<text>'(?:\\(?:x[0-9a-fA-F]{{2}}|u[0-9a-fA-F]{{4}}|.)|[^\\'])')
    | (?P<quote>«)
    # Some that have more than one character, which no comment or string may follow at once.
    | (?P<symbol><;>|<->|<-(?!-)|->|:=|=>|@\[|\.\.++|''|.)
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
_WORD_KIND = TokenKind.WORD
_Found = tuple[TokenKind, int, int]
_FIELD_NUMBER = re.compile("[0-9]++")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
# Of a string, a piece without code, and code in braces that ends in the same place whether Lean
# interpolates or not, and in one line.
_PIECE = re.compile(r'[^"\\{]++|\\.', re.DOTALL)
_CODE = re.compile(r"""\{((?:[^-/"'\\«{}\n]|-(?!-)|/(?!-))*+)\}""")
_COMMENT_EDGE = re.compile("/-|-/")
_LINE = re.compile(r"--[^\n]*+")
_DOCUMENTATION = re.compile(r"/-[-!]")
_BLANKS = re.compile(r"(?:[ \t\r\n]++|--[^\n]*+)*+")
# What no notation has in it that goes on with a part of a comment.
_CLOSING = frozenset(")]}⟩")
_ENDING = (TokenKind.WORD, TokenKind.NUMBER, TokenKind.TEXT)
# Nor have we seen one that has more to one of these: people begin comments right behind them.
_BEFORE_COMMENTS = _CLOSING | {"=>", "↦", ":=", "·", "<;>", "←"}
#: What no notation begins with that has more to it: behind one of them nothing is unclear.
OPENING = frozenset("([{⟨⦃,;")


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a text; of comments nothing is left, but for UNCLEAR openings."""
    place, line, counted = 0, 1, 0
    last: Token | None = None
    while place < len(text):
        found, place = _next(text, place, last)
        for kind, start, end in found:
            line += text.count("\n", counted, start)
            counted = start
            last = Token(kind, text[start:end], start, line)
            yield last


def is_word(text: str) -> bool:
    """Whether a text is one WORD and nothing else."""
    return re.fullmatch(_WORD, text) is not None


def said_unclear(token: Token) -> str:
    """What is unclear about a token, and what to do about it."""
    if token.text.startswith("'"):
        return "may be a part of what stands before; put a space before it or behind its first `'`"
    if token.text.startswith('"') and "{" in token.text:
        return "may have code in its braces; put a space before it, and write `\\x7b` for each `{`"
    return "may be a part of what stands before; put a space before it"


def _next(text: str, place: int, last: Token | None) -> tuple[list[_Found], int]:
    """What begins at a place, which is nothing if it is blank, and where it has ended."""
    match = _TOKEN.match(text, place)
    assert match is not None  # its last alternative is any character
    group, end = match.lastgroup, match.end()
    if group in ("word", "symbol"):
        return [(_KINDS[group], place, end)], end
    is_clear = last is None or last.end < place or last.text in OPENING
    kind = _KINDS.get(str(group), TokenKind.TEXT)
    match group:
        case "blank":
            return [], end
        case "line" | "comment":
            is_clear |= last is not None and (last.kind in _ENDING or last.text in _BEFORE_COMMENTS)
            return _comment(text, place, is_clear)
        case "string":
            is_clear |= last is not None and last.kind is _WORD_KIND and last.text.endswith("!")
            return _string(text, place, is_clear)
        case "raw":
            closing = '"' + match.group()[1:-1]
            found = text.find(closing, end)
            if found < 0:
                return _unterminated(text, place, end)
            end = found + len(closing)
        case "quote":
            return _unterminated(text, place, end)
        case "number" if last is not None and last.text == "." and last.end == place:
            # The 1 and 2 of h.1.2 are no decimal.
            digits = _FIELD_NUMBER.match(text, place)
            end = digits.end() if digits else end
        case _:
            pass
    if kind is TokenKind.TEXT and not is_clear:
        kind = TokenKind.UNCLEAR
    return [(kind, place, end)], end


def _unterminated(text: str, start: int, end: int) -> tuple[list[_Found], int]:
    return [(TokenKind.UNTERMINATED, start, end)], len(text)


def _string(text: str, start: int, is_clear: bool) -> tuple[list[_Found], int]:
    """A string, and the code in braces that it has where Lean interpolates."""
    string = _STRING.match(text, start)
    if string is None:
        return _unterminated(text, start, start + 1)
    end = string.end()
    found: list[_Found] = []
    piece = start
    place = start + 1
    while is_clear and place < end - 1:
        if plain := _PIECE.match(text, place):
            place = plain.end()
        elif code := _CODE.match(text, place, end):
            found.append((TokenKind.TEXT, piece, code.start(1)))
            found.extend(
                (token.kind, code.start(1) + token.start, code.start(1) + token.end)
                for token in tokens(code[1])
            )
            found.append((TokenKind.SYMBOL, code.end(1), code.end()))
            piece = place = code.end()
        else:
            is_clear = False
    if not is_clear:
        return [(TokenKind.UNCLEAR, start, end)], end
    return [*found, (TokenKind.TEXT, piece, end)], end


def _comment(text: str, start: int, is_clear: bool) -> tuple[list[_Found], int]:
    """A comment, of which only its opening is left, and only where that is UNCLEAR."""
    line = _LINE.match(text, start)
    end = line.end() if line else _comment_end(text, start)
    if not end:
        return _unterminated(text, start, start + 2)
    return ([] if is_clear else [(TokenKind.UNCLEAR, start, start + 2)]), end


def _comment_end(text: str, start: int) -> int:
    """Where a comment has ended that begins at ``start``; 0 if it never does."""
    depth = 1
    documentation = _DOCUMENTATION.match(text, start)
    # Lean skips the character after the opening unseen. The opening of documentation is a token to
    # it, and comments behind that are none of the documentation, even if they close it.
    inside = _blanks_end(text, documentation.end()) if documentation else start + 3
    if not inside:
        return 0
    for edge in _COMMENT_EDGE.finditer(text, inside):
        depth += 1 if edge.group() == "/-" else -1
        if depth == 0:
            return edge.end()
    return 0


def _blanks_end(text: str, start: int) -> int:
    """Where blanks and comments have ended; 0 if one of the comments never does."""
    while True:
        blanks = _BLANKS.match(text, start)
        start = blanks.end() if blanks else start
        if not text.startswith("/-", start) or _DOCUMENTATION.match(text, start):
            return start
        start = _comment_end(text, start)
        if not start:
            return 0
