"""Breaks programs in languages that write operators as C does, without reading them as trees.

Only what means the same wherever it stands is replaced, one token at a time, and never within
comments, strings and directives. What comes of it need not compile; then it is no mutant, which its
verdict tells.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from assayoffice.verifiers.rewrites.mutants import MAX_CHARACTERS, Mutant, Mutants
from assayoffice.verifiers.rewrites.spreading import spread

LANGUAGES = frozenset("c cpp go java javascript rust".split())
_KINDS = ("comparison", "boundary", "arithmetic", "condition", "constant", "boolean")
_LARGEST_CONSTANT = 1000
_SHOWN_CHARACTERS = 160
_TOKEN = re.compile(
    r"""
      (?P<skipped>//[^\n]*+ | /\*(?s:.*?)(?:\*/|\Z) | ^[ \t]*+\#[^\n]*+
        | "(?:[^"\\\n]|\\.)*+"? | `[^`]*+`? | '(?:[^'\\\n]|\\.)'
        | (?:import|package|use|using|include)\b[^\n]*+)
    | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*+)
    | (?P<number>[0-9][A-Za-z0-9_.]*+)
    | (?P<blank>\s++)
    | (?P<operator>[-+*/%<>=!&|^~?:]++)
    | (?P<other>.)
    """,
    re.VERBOSE | re.MULTILINE,
)
_OPERATORS = {
    "==": (("comparison", "!="),),
    "===": (("comparison", "!=="),),
    "!=": (("comparison", "=="),),
    "!==": (("comparison", "==="),),
    "<=": (("boundary", "<"), ("comparison", ">=")),
    ">=": (("boundary", ">"), ("comparison", "<=")),
    "&&": (("condition", "||"),),
    "||": (("condition", "&&"),),
    "+=": (("arithmetic", "-="),),
    "-=": (("arithmetic", "+="),),
    "*=": (("arithmetic", "+="),),
}
# With blanks on both sides and a value before it, none of them is a sign, a pointer or a bracket.
_BETWEEN_BLANKS = {
    "<": (("boundary", "<="), ("comparison", ">")),
    ">": (("boundary", ">="), ("comparison", "<")),
    "+": (("arithmetic", "-"),),
    "-": (("arithmetic", "+"),),
    "*": (("arithmetic", "+"),),
    "/": (("arithmetic", "*"),),
    "%": (("arithmetic", "*"),),
}


@dataclass(frozen=True, slots=True)
class _Replacement:
    kind: str
    start: int
    end: int
    text: str


def mutants_of_text(program: str, prefix: str, most: int) -> Mutants | None:
    """As ``mutants.mutants_of``, for programs in one of LANGUAGES."""
    source = prefix + program
    if len(source) > MAX_CHARACTERS:
        return None
    found = [each for each in _replacements(source) if each.start >= len(prefix)]
    chosen = islice(spread(found, _KINDS), most)
    broken = tuple(_mutant(source, prefix, each) for each in chosen)
    return Mutants(source, broken) if broken else None


def _replacements(source: str) -> Iterator[_Replacement]:
    before = ""
    for match in _TOKEN.finditer(source):
        kind, text, (start, end) = match.lastgroup, match.group(), match.span()
        if kind == "operator":
            replaced = _OPERATORS.get(text, ())
            blanks = source[start - 1 : start].isspace() and source[end : end + 1].isspace()
            if blanks and (before.isalnum() or before in ("_", ")", "]")):
                replaced = replaced or _BETWEEN_BLANKS.get(text, ())
            for name, other in replaced:
                yield _Replacement(name, start, end, other)
        elif text in ("true", "false"):
            yield _Replacement("boolean", start, end, "false" if text == "true" else "true")
        elif kind == "number" and text.isdigit() and len(text) < 5:
            value = int(text)
            # A leading zero is C's way to write octal numbers.
            if value <= _LARGEST_CONSTANT and text == str(value):
                yield _Replacement("constant", start, end, str(value + 1))
                if value:
                    yield _Replacement("constant", start, end, str(value - 1))
        if kind not in ("blank", "skipped"):
            before = text[-1]


def _mutant(source: str, prefix: str, replacement: _Replacement) -> Mutant:
    changed = source[: replacement.start] + replacement.text + source[replacement.end :]
    begin = source.rfind("\n", 0, replacement.start) + 1
    line = source.count("\n", len(prefix), replacement.start) + 1
    shown = (_line(text, begin) for text in (source, changed))
    return Mutant(replacement.kind, line, "  ->  ".join(shown), changed)


def _line(text: str, begin: int) -> str:
    line = text[begin:].partition("\n")[0].strip()
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 3] + "..."
