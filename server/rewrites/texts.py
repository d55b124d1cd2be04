"""How long what a report quotes may be: rows are written by models, and of any length."""

from typing import Final

#: Of an answer, a premise, a solution.
MAX_QUOTED_CHARACTERS: Final = 2000
#: Of a sentence about it.
MAX_SAID_CHARACTERS: Final = 1000
#: Of the evidence of a check.
MAX_EVIDENCE: Final = 24


def quoted(text: str) -> str:
    """A text as a report quotes it."""
    return _cut(text, MAX_QUOTED_CHARACTERS)


def said(text: str) -> str:
    """What a report says."""
    return _cut(text, MAX_SAID_CHARACTERS)


def listed(explanation: str, evidence: int) -> str:
    """What a report says of so much evidence, of which it lists no more than it may."""
    if evidence <= MAX_EVIDENCE:
        return said(explanation)
    return f"{said(explanation)} Of {evidence} the first {MAX_EVIDENCE} are listed."


def _cut(text: str, characters: int) -> str:
    if len(text) > characters:
        text = text[: characters - 1] + "…"
    # What came from a program's output or a parser may hold half a character.
    return text.encode(errors="replace").decode()
