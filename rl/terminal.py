"""Text for terminals, which nothing that a model or a server wrote may paint."""

from rich.console import Console
from rich.text import Text

_LINE_CHARACTERS = 200


def stderr_console() -> Console:
    """Where progress and complaints go, so that stdout holds results and nothing else."""
    return Console(stderr=True, highlight=False)


def plain(text: str) -> Text:
    """Foreign text with nothing left in it that moves the cursor or paints the terminal."""
    return Text("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text))


def one_line(text: str) -> Text:
    """The beginning of a foreign text on one line, to be cut where the terminal ends."""
    line = " ".join(plain(text[:_LINE_CHARACTERS]).plain.split())
    return Text(line, no_wrap=True, overflow="ellipsis")


def counted(number: int, noun: str) -> str:
    """A number of things, e.g. ``"1,024 errors"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
