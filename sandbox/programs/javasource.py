"""What must be known of a Java file before it is compiled: which name it must have, where main is.

It reads just enough to find its way around comments, strings and braces. What it misreads does not
compile, or does not start, and so only ever harms the program that is so odd.
"""

import re
from dataclasses import dataclass

# Each alternative ends at the end of the text if nothing else ends it: the time is linear in the
# length of a source that nobody trusts, and so it is in all that follows.
_NO_CODE = re.compile(
    r"//[^\n]*"
    r"|/\*.*?(?:\*/|\Z)"
    r'|"""(?:\\.|[^\\])*?(?:"""|\\?\Z)'
    r'|"(?:\\.|[^"\\\n])*(?:"|\n|\\?\Z)'
    r"|'(?:\\.|[^'\\\n])*(?:'|\n|\\?\Z)",
    re.DOTALL,
)
_WORD = re.compile(r"[\w$]+|[{};(]")
_PACKAGE = re.compile(r"\s*package\s+([\w$]+(?:\s*\.\s*[\w$]+)*)\s*;")
_TYPES = {"class", "interface", "enum", "record"}
_MODIFIERS = {"public", "static"}


@dataclass(frozen=True, slots=True)
class Outline:
    """``package`` is empty for the unnamed one, ``main`` where no type has a main method.

    ``name`` is that of the public type, or of the one with main, or Main: it names the file.
    """

    package: str
    name: str
    main: str

    def qualified(self, name: str) -> str:
        """The name by which Java knows a type of this file."""
        return f"{self.package}.{name}" if self.package else name


def outline(source: str) -> Outline:
    """Read a Java file."""
    code = blank(source)
    package = _PACKAGE.match(code)
    public = main = current = ""
    depth = 0
    # Of the statement so far: which modifiers it has, and its last two words.
    modifiers: set[str] = set()
    before, last = "", ""
    for match in _WORD.finditer(code):
        word = match.group()
        if depth == 0 and last in _TYPES and word not in "{};(":
            current = word
            if "public" in modifiers:
                public = word
        elif depth == 1 and word == "(" and (before, last) == ("void", "main"):
            if "static" in modifiers and not main:
                main = current
        if word in "{};":
            depth += (word == "{") - (word == "}")
            modifiers.clear()
            before = last = ""
        else:
            if word in _MODIFIERS:
                modifiers.add(word)
            before, last = last, word
    name = re.sub(r"\s", "", package[1]) if package else ""
    return Outline(name, public or main or "Main", main)


def blank(source: str) -> str:
    """The source with spaces for comments and strings: every character stays in its place."""
    return _NO_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
