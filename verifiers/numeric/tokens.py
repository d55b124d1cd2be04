"""From the text of an answer to tokens with one spelling each.

Whatever carries no meaning (sizes, fonts, spacing, dollar signs around formulas) goes here; all
else becomes a token, and a character that is neither is refused. One pass, one regular expression.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from assayoffice.verifiers.extract import MAX_ANSWER_CHARACTERS
from assayoffice.verifiers.numeric import notation
from assayoffice.verifiers.numeric.limits import MAX_DIGITS, MAX_TOKENS, TooLargeError

NUMBER: Final = "number"
BASED: Final = "based"
#: A run of letters, not yet known to be a word, a unit or a product of variables.
NAME: Final = "name"
#: A Greek or other letter that was written as a command.
LETTER: Final = "letter"
CONSTANT: Final = "constant"
FUNCTION: Final = "function"
#: Punctuation, operators and commands; ``text`` tells which.
SIGN: Final = "sign"
#: ``\\begin`` or ``\\end`` of the environment ``text``.
BEGIN: Final = "begin"
FINISH: Final = "finish"
END: Final = "end"


class UnreadableError(Exception):
    """The text is not an answer that can be read without loss; ``position`` is where it fails."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class Token(NamedTuple):
    """``spaced`` says that white space came before; ``upright`` that it stood in ``\\text``."""

    kind: str
    text: str
    position: int
    spaced: bool = False
    upright: bool = False


class _Characters(dict[int, str]):
    """Spelling of characters outside ASCII, for ``str.translate``; computes what it lacks."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if code < 128:
            return character
        category = unicodedata.category(character)
        if category == "Nd":
            return str(unicodedata.decimal(character))
        if category in ("Zs", "Zl", "Zp"):
            return " "
        if category in ("Cc", "Cf", "Cs", "Co", "Cn"):
            raise UnreadableError(f"character U+{code:04X} has no place in an answer")
        # Wide and mathematical-alphabet letters are the letters they show; circled or stacked
        # characters are not.
        if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>", "<font>")):
            plain = unicodedata.normalize("NFKC", character)
            return self.get(ord(plain), plain) if len(plain) == 1 else plain
        return character


_CHARACTERS: Final = _Characters({ord(key): value for key, value in notation.CHARACTERS.items()})

_GROUPED: Final = r"(?<!\d,)[1-9]\d{0,2}(?:,\d{3})+(?!,?\d)|"
_SPACE: Final = r"(?:\s|~|\\[,;:>\ !]|\\(?![^\s]))"


def _pattern(*, thousands: bool) -> re.Pattern[str]:
    return re.compile(
        rf"""
          (?P<space>{_SPACE}+ | \{{\s*\}} | &nbsp;)
        | (?P<based>(?:\d++\ ?_\ ?(?:\{{\s*\d\d?\s*\}}|\d\d?)
            | (?=[A-F]*\d)[0-9A-F]++\ ?_\ ?(?:\{{\s*1[1-6]\s*\}}|1[1-6]))(?![\w(]))
        | (?P<number>
            (?: [1-9]\d{{0,2}}(?:(?:\{{,\}}|,\\!|\\,|\\;|\\\ |\ )\d{{3}})+(?![\d/]|\ */)
              | {_GROUPED if thousands else ""} \d+ )
            (?: \{{,\}}\d+ | \.\d*\\overline\s*\{{\s*\d+\s*\}} | \.\d*\\dot\s*\{{?\s*\d\s*\}}?
              | (?:\.\d+)? (?:[eE][+-]?\d+)? )
          | \.\d*\\overline\s*\{{\s*\d+\s*\}} | \.\d+ (?:[eE][+-]?\d+)? )
        | (?P<name>[^\W\d_]+)
        | \\(?P<edge>begin|end)\s*\{{\s*(?P<environment>[A-Za-z]+)\*?\s*\}}
          (?: (?<=array\}}|bular\}}|nedat\}}) (?:\[\w\])? \s* \{{[^{{}}]*\}} )?
        | \\(?P<size>left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\s*\.?
        | \\not\s*(?P<negated>=|\\in(?![A-Za-z]))
        | \\(?P<command>[A-Za-z]+)
        | (?P<sign>\\\\(?:\[[^\[\]]{{0,9}}\])? | \\[$%{{}}|&\#_] | \*\*|<=|>=|=<|!=|==|->|\.\.\.+
            | [-+*/^_=<>(){{}}\[\]|,;:!'.%&€£¥₹] )
        """,
        re.VERBOSE,
    )


_PATTERN: Final = _pattern(thousands=True)
_PATTERN_WITHOUT_THOUSANDS: Final = _pattern(thousands=False)

_SIGN_SPELLINGS: Final = {
    "**": "^", "=<": "<=", "==": "=", "->": "\\to", "\\%": "%", "\\&": "\\and",
}  # fmt: skip
_SIDED_BARS: Final = {"left": "\\lvert", "right": "\\rvert", "middle": "\\mid"}
#: The last letter of \bigl, \Biggr ...; a size without one says nothing of the side.
_SIDES: Final = {"l": "left", "r": "right", "m": "middle"}
#: Functions whose plain names are units too: ``5 min``.
_ALSO_UNITS: Final = frozenset(("min", "sec", "deg", "max", "arg", "dim", "tr", "Re", "Im", "sup",
                                "sign", "rank", "abs", "floor", "det", "ker", "exp"))  # fmt: skip


def clean(text: str) -> str:
    """``text`` in ASCII spelling where one exists, without delimiters, quotes and final stop.

    Raises TooLargeError and UnreadableError.
    """
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise TooLargeError("ANSWER_LENGTH")
    if not text.isascii():
        text = notation.spell_scripts(text).translate(_CHARACTERS)
    text = text.strip()
    for quote in ("**", "`", '"', "*"):
        if text.startswith(quote) and text.endswith(quote) and len(text) > 2 * len(quote):
            text = text[len(quote) : -len(quote)].strip()
    if "<su" in text:
        text = re.sub(r"<su([pb])>([^<>]*)</su\1>", _raise, text)
    if "\\textcircled" in text:
        text = re.sub(r"\\textcircled\{(\d)\}", lambda found: chr(0x245F + int(found[1])), text)
    if "$" in text:
        text = _without_delimiters(text)
    if "\\" in text:
        text = re.sub(r"\\\\(?=[A-Za-z]{2})", r"\\", text) if "\\begin" not in text else text
        text = re.sub(r"(?<!\\)\\[()\[\]]", " ", text).strip()
        if text.endswith("\\"):
            text = text.rstrip("\\ ")
        text = re.sub(r"(?<=\d),\\! +(?=\d{3})", r",\\!", text)  # how MATH groups its digits
        text = re.sub(r"(?<![\^{])\\degrees?(?![A-Za-z])", r"^\\circ ", text)
    if text.endswith(".") and not text.endswith(".."):
        text = text[:-1].rstrip()
    return text


def _raise(tag: re.Match[str]) -> str:
    return ("^{" if tag[1] == "p" else "_{") + tag[2] + "}"


def _without_delimiters(text: str) -> str:
    """Blank the dollar signs around formulas and escape those that are money.

    A sign opens a formula when no space follows it and closes one when no space precedes and no
    digit follows it, as in Markdown; a sign before or after a number that does neither is money.
    """
    text = text.replace("$$", " ")
    pieces = re.split(r"(?<!\\)\$", text)
    result = [pieces[0]]
    index = 1
    while index < len(pieces):
        inside = pieces[index]
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        tight = inside != "" and not inside[0].isspace() and not inside[-1].isspace()
        if after is not None and tight and not after[:1].isdigit():
            result.append(f" {inside} {after}")
            index += 2
            continue
        before = result[-1].rstrip()
        money = re.match(r"\s*-?\s*[.\d]", inside) or (before[-1:].isdigit() and after is None)
        outside = not before or (after is None and not inside.strip())
        result.append(("\\$" if money or not outside else " ") + inside)
        index += 1
    return "".join(result).strip()


def tokenize(text: str, *, thousands: bool = True) -> list[Token]:
    """The tokens of a cleaned ``text``, the last of kind END.

    ``thousands`` says whether ``12,345`` is one number. Raises TooLargeError and UnreadableError.
    """
    match = (_PATTERN if thousands else _PATTERN_WITHOUT_THOUSANDS).match
    tokens: list[Token] = []
    braces: list[tuple[bool, bool]] = []  # of each open one: is it that of \text; is it a token
    words = 0  # how many of the open braces are those of \text
    position, length = 0, len(text)
    spaced = words_next = False
    side = ""  # the \left, \right or \middle just read
    while position < length:
        found = match(text, position)
        if found is None:
            raise UnreadableError(f"{text[position]!r} has no place in an answer", position)
        kind, start, position = found.lastgroup, position, found.end()
        if kind == "space":
            spaced = True
            continue
        if len(tokens) >= MAX_TOKENS:
            raise TooLargeError("TOKENS")
        upright = words > 0 or words_next
        if kind == "number":
            if position - start > MAX_DIGITS:
                raise TooLargeError("DIGITS")
            tokens.append(Token(NUMBER, found[0], start, spaced, upright))
        elif kind == "sign":
            sign = found[0]
            if sign == "{":
                # x^\text{max} needs its braces; elsewhere the words stand on their own.
                silent = words_next and not (tokens and tokens[-1].text in ("^", "_"))
                braces.append((words_next, silent))
                words += words_next
                words_next = False
                if silent:
                    continue
            elif sign == "}":
                if not braces:
                    raise UnreadableError("a brace closes what was not opened", start)
                was_words, silent = braces.pop()
                words -= was_words
                if silent:
                    continue
            elif sign == "|" and side:
                sign = _SIDED_BARS.get(side, _SIDED_BARS.get(_SIDES.get(side[-1], ""), sign))
            elif sign.startswith("..."):
                tokens.append(Token(CONSTANT, "...", start, spaced, upright))
                spaced = words_next = False
                continue
            else:
                sign = _SIGN_SPELLINGS.get(sign, sign)
            tokens.append(Token(SIGN, sign, start, spaced, upright))
        elif kind == "name":
            tokens.append(_name(found[0], start, spaced, upright, text[position : position + 1]))
        elif kind == "command":
            name = found["command"]
            if name in notation.WORDS:
                words_next = True
                continue
            token = _command(name, start, spaced)
            if token is None:
                spaced = spaced or name in notation.SPACES
                continue
            tokens.append(token)
        elif kind == "size":
            side = found["size"]
            continue
        elif kind == "based":
            tokens.append(Token(BASED, found[0], start, spaced, upright))
        elif kind == "negated":
            negated = "!=" if found["negated"] == "=" else "\\notin"
            tokens.append(Token(SIGN, negated, start, spaced))
        else:
            environment = notation.ENVIRONMENTS.get(found["environment"])
            if environment is None:
                raise UnreadableError(f"unknown environment {found['environment']}", start)
            edge = BEGIN if found["edge"] == "begin" else FINISH
            tokens.append(Token(edge, environment, start, spaced))
        spaced = words_next = False
        side = ""
    if braces:
        raise UnreadableError("a brace is not closed", length)
    tokens.append(Token(END, "", length))
    return tokens


def _name(text: str, start: int, spaced: bool, upright: bool, following: str) -> Token:
    if len(text) > 1:
        if text in notation.FUNCTIONS and (text not in _ALSO_UNITS or following in ("(", "^", "_")):
            return Token(FUNCTION, notation.FUNCTIONS[text], start, spaced, upright)
        if text in notation.CONSTANTS:
            return Token(CONSTANT, notation.CONSTANTS[text], start, spaced, upright)
        if text in notation.GREEK:
            return Token(LETTER, notation.GREEK_VARIANTS.get(text, text), start, spaced, upright)
        if text == "sqrt" or text == "cbrt":
            return Token(SIGN, "\\" + text, start, spaced, upright)
    return Token(NAME, text, start, spaced, upright)


def _command(name: str, start: int, spaced: bool) -> Token | None:
    """The token of a command, or None for one that only styles or spaces."""
    sign = notation.SIGNS.get(name) or notation.STRUCTURES.get(name)
    if sign is not None:
        return Token(SIGN, sign, start, spaced)
    if name in notation.FUNCTIONS:
        return Token(FUNCTION, notation.FUNCTIONS[name], start, spaced)
    if name in notation.CONSTANTS:
        return Token(CONSTANT, notation.CONSTANTS[name], start, spaced)
    if name in notation.LETTERS:
        return Token(LETTER, notation.GREEK_VARIANTS.get(name, name), start, spaced)
    if name in notation.STYLES or name in notation.SPACES:
        return None
    if name.startswith("quad"):  # \quad with a blank forgotten: \quadx
        return Token(NAME, name[4:], start, True)
    raise UnreadableError(f"unknown command \\{name}", start)
