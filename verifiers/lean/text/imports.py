"""The head of a file, which says what it imports."""

from collections.abc import Sequence
from dataclasses import dataclass

from assayoffice.verifiers.lean.text.lexer import Token, TokenKind

_BEFORE_NAME = ("public", "meta", "import", "all")


@dataclass(frozen=True, slots=True)
class Import:
    """An import and the line it is on, from 1. ``is_plain`` is one without further words."""

    module: str
    line: int
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What a file begins with; ``length`` is how many of its tokens that takes.

    A ``prelude`` does without Init. A ``module`` shows others only a part of itself.
    """

    imports: tuple[Import, ...]
    is_prelude: bool
    is_module: bool
    length: int


def head(found: Sequence[Token]) -> Head:
    """Read the head of a file. Where it is not one, it ends."""
    at = 0
    is_module = _has(found, at, "module")
    at += is_module
    is_prelude = _has(found, at, "prelude")
    at += is_prelude
    imports: list[Import] = []
    while True:
        first = at
        for word in _BEFORE_NAME:
            at += _has(found, at, word)
        named = at < len(found) and found[at].kind is TokenKind.WORD
        if not (named and any(token.text == "import" for token in found[first:at])):
            return Head(tuple(imports), is_prelude, is_module, first)
        imports.append(Import(found[at].text, found[at].line, at == first + 1))
        at += 1


def _has(found: Sequence[Token], at: int, word: str) -> bool:
    return at < len(found) and found[at].text == word
