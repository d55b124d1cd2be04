"""How Lean itself makes tokens of a text, given those that it knows. For tests of what is guessed.

It follows Lean's tokenizer case by case, whereas the lexer that is tested knows no table of tokens.
"""

from collections.abc import Collection
from dataclasses import dataclass

from assayoffice.verifiers.lean.text.lexer import is_word


class NotLean(Exception):
    """A text at which Lean stops."""


@dataclass(frozen=True)
class Reading:
    """What a parser asks of the tokenizer at places that a text does not tell."""

    table: Collection[str]
    #: Strings have code in braces.
    interpolates: bool = False
    #: Digits behind a dot are the number of a field.
    has_fields: bool = False


def lean_tokens(text: str, reading: Reading) -> list[str]:
    """All tokens, and of strings only the code in them. Raises NotLean."""
    place, found = _blank_end(text, 0), list[str]()
    while place < len(text):
        place = _token(text, place, reading, found)
    return found


def _token(text: str, at: int, reading: Reading, found: list[str]) -> int:
    """Where the token at a place, and the blanks behind it, have ended."""
    first, second = text[at], text[at + 1 : at + 2]
    raw = at + 1
    while text[raw : raw + 1] == "#":
        raw += 1
    if first == '"':
        return _string(text, at, reading, found)
    if first == "'" and second != "'":
        end = at + 2 if first != "\\" else at
        if second == "\\":
            end = _escape_end(text, at + 1)
        if text[end : end + 1] != "'":
            raise NotLean("a character is never closed")
        return _blank_end(text, end + 1)
    if first in "0123456789":
        return _number(text, at, reading, found)
    if first == "r" and text[raw : raw + 1] == '"':
        end = text.find('"' + "#" * (raw - at - 1), raw + 1)
        if end < 0:
            raise NotLean("a string is never closed")
        return _blank_end(text, end + raw - at)
    if first == "`" and _word_end(text, at + 1) > at + 1:
        return _blank_end(text, _word_end(text, at + 1))
    token = max((each for each in reading.table if text.startswith(each, at)), key=len, default="")
    end = max(at + len(token), _word_end(text, at))
    if end == at:
        raise NotLean("no token begins like this")
    found.append(text[at:end])
    after = _blank_end(text, end)
    if text[at:end] in ("/--", "/-!"):
        found.pop()
        after = _blank_end(text, _comment_end(text, after))
    return after


def _word_end(text: str, at: int) -> int:
    end = at
    while True:
        if text[end : end + 1] == "«":
            close = text.find("»", end)
            if close < 0:
                raise NotLean("a name is never closed")
            part = close + 1
        else:
            part = end
            while part < len(text) and is_word(text[end : part + 1]) and text[part] not in "«.":
                part += 1
        if part == end:
            return end if end == at else end - 1
        if text[part : part + 1] != ".":
            return part
        end = part + 1


def _number(text: str, at: int, reading: Reading, found: list[str]) -> int:
    end = at
    while text[end : end + 1].isdigit() or text[end : end + 1] == "_":
        end += 1
    if reading.has_fields and found and found[-1] == "." and text[at - 1] == ".":
        found.append(text[at:end])
        return _blank_end(text, end)
    for letter, digits in (("x", "0123456789abcdefABCDEF_"), ("b", "01_"), ("o", "01234567_")):
        if text[at : at + 2].lower() == "0" + letter:
            end = at + 2
            while text[end : end + 1] and text[end] in digits:
                end += 1
            return _blank_end(text, end)
    if text[end : end + 1] == "." and text[end + 1 : end + 2] != ".":
        end += 1
        while text[end : end + 1].isdigit() or text[end : end + 1] == "_":
            end += 1
    if text[end : end + 1] in ("e", "E"):
        digit = end + 2 if text[end + 1 : end + 2] in ("+", "-") else end + 1
        if not text[digit : digit + 1].isdigit():
            raise NotLean("an exponent is missing")
        end = digit
        while text[end : end + 1].isdigit():
            end += 1
    found.append(text[at:end])
    return _blank_end(text, end)


def _escape_end(text: str, at: int) -> int:
    length = {"x": 4, "u": 6}.get(text[at + 1 : at + 2], 2)
    if at + length > len(text):
        raise NotLean("an escape is cut short")
    return at + length


def _string(text: str, at: int, reading: Reading, found: list[str]) -> int:
    place = at + 1
    while place < len(text):
        if text[place] == '"':
            return _blank_end(text, place + 1)
        if text[place] == "\\":
            place = _escape_end(text, place)
        elif text[place] == "{" and reading.interpolates:
            place, depth = _blank_end(text, place + 1), 1
            while depth:
                if place >= len(text):
                    raise NotLean("a brace is never closed")
                if text[place] == "}" and depth == 1:
                    place, depth = place + 1, 0
                    break
                place = _token(text, place, reading, found)
                depth += (found[-1:] == ["{"]) - (found[-1:] == ["}"])
        else:
            place += 1
    raise NotLean("a string is never closed")


def _blank_end(text: str, at: int) -> int:
    while at < len(text):
        if text[at] in " \r\n":
            at += 1
        elif text[at] == "\t":
            raise NotLean("tabs are not allowed")
        elif text.startswith("--", at):
            line = text.find("\n", at)
            at = len(text) if line < 0 else line
        elif text.startswith("/-", at) and text[at + 2 : at + 3] not in ("-", "!"):
            at = _comment_end(text, at + 3)
        else:
            break
    return at


def _comment_end(text: str, at: int) -> int:
    depth = 1
    while at < len(text):
        if text.startswith("-/", at):
            depth -= 1
            at += 2
            if not depth:
                return at
        elif text.startswith("/-", at):
            depth += 1
            at += 2
        else:
            at += 1
    raise NotLean("a comment is never closed")
