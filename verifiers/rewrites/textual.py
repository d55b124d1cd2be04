"""Breaks programs in languages that write operators as C does, without reading them as trees.

What is replaced is single tokens that mean the same wherever they stand, values of ``return``, and
lines that are an assignment or a call; never a part of comments, strings and directives. What comes
of it need not compile; then it is no mutant, which its verdict tells.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from assayoffice.verifiers.rewrites.mutants import MAX_CHARACTERS, Mutant, Mutants
from assayoffice.verifiers.rewrites.spreading import spread

LANGUAGES = frozenset("c cpp go java javascript rust".split())
_KINDS = "comparison return arithmetic statement condition boundary boolean constant".split()
_LARGEST_CONSTANT = 1000
_SHOWN_CHARACTERS = 160
_TOKEN = re.compile(
    r"""
      (?P<skipped>//[^\n]*+ | /\*(?s:.*?)(?:\*/|\Z) | ^[ \t]*+\#[^\n]*+
        | "(?:[^"\\\n]|\\.)*+"? | `[^`]*+`? | '(?:[^'\\\n]|\\.)'
        | (?:import|package|use|using|include)\b[^\n]*+)
    | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*+)
    | (?P<number>[0-9](?:[eE][-+]|[A-Za-z0-9_.])*+)
    | (?P<blank>\s++)
    | (?P<operator>[-+*/%<>=!&|^~?:]++)
    | (?P<other>.)
    """,
    re.VERBOSE | re.MULTILINE,
)
_RETURN = re.compile(r"\breturn[ \t]++(?P<value>[^;\n]++);")
_STATEMENT = re.compile(
    r"""
    ^[ \t]*+(?!(?:return|if|for|while|switch|throw|delete|super|assert|else|do|case)\b)
    (?P<statement>[A-Za-z_$](?:[\w$.\]\[]|->)*+[ \t]*+(?:[-+*/%]?=(?!=)|\()[^;\n{}]*+;)[ \t]*+$
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
    """What can be replaced, of each sort in the order of the source."""
    bare = _without_text(source)
    for match in _RETURN.finditer(bare):
        start, end = match.span("value")
        yield _Replacement("return", start, end, f"!({source[start:end]})")
    for match in _STATEMENT.finditer(bare):
        if not _is_for_people(match["statement"]):
            yield _Replacement("statement", *match.span("statement"), ";")
    before, operator = "", ""
    for match in _TOKEN.finditer(bare):
        kind, text, start = match.lastgroup, match.group(), match.start()
        if kind == "operator":
            yield from _of_operator(bare, match, before)
        elif text in ("true", "false"):
            other = "false" if text == "true" else "true"
            yield _Replacement("boolean", start, match.end(), other)
        elif kind == "number" and text.isdigit() and len(text) < 5:
            for other in _constants(text, operator):
                yield _Replacement("constant", start, match.end(), other)
        if kind not in ("blank", "skipped"):
            before = text[-1]
            operator = text if kind == "operator" else ""


def _without_text(source: str) -> str:
    """The source with blanks in place of comments, strings and directives, character for character.

    A string becomes a name, so that it is still seen to be a value.
    """
    pieces: list[str] = []
    place = 0
    for match in _TOKEN.finditer(source):
        if match.lastgroup == "skipped":
            text = match.group()
            kept = "_" if text[0] in "\"'`" else " "
            hidden = "".join("\n" if each == "\n" else " " for each in text[1:])
            pieces += (source[place : match.start()], kept, hidden)
            place = match.end()
    return "".join([*pieces, source[place:]])


def _is_for_people(statement: str) -> bool:
    """Whether a statement prints what no test looks at."""
    return any(word in statement for word in ("stderr", "cerr", ".err.", "console.error", "log."))


def _of_operator(bare: str, match: re.Match[str], before: str) -> Iterator[_Replacement]:
    text, (start, end) = match.group(), match.span()
    replaced = _OPERATORS.get(text, ())
    blanks = bare[start - 1 : start].isspace() and bare[end : end + 1].isspace()
    if blanks and (before.isalnum() or before in ("_", ")", "]")):
        replaced = replaced or _BETWEEN_BLANKS.get(text, ())
    for kind, other in replaced:
        # One turn more reads beyond an end, of which anything may come, and often nothing.
        if kind != "boundary" or len(other) < len(text) or not _is_in_loop_head(bare, start):
            yield _Replacement(kind, start, end, other)


def _is_in_loop_head(bare: str, place: int) -> bool:
    begin = bare.rfind("\n", max(place - _SHOWN_CHARACTERS, 0), place) + 1
    return bare[begin:place].lstrip().startswith("for")


def _constants(text: str, operator: str) -> Iterator[str]:
    value = int(text)
    # A leading zero is C's way to write octal numbers.
    if value > _LARGEST_CONSTANT or text != str(value):
        return
    # n < 3 is what becomes of n <= 2 elsewhere.
    if operator not in ("<", ">="):
        yield str(value + 1)
    if value and operator not in (">", "<="):
        yield str(value - 1)


def _mutant(source: str, prefix: str, replacement: _Replacement) -> Mutant:
    changed = source[: replacement.start] + replacement.text + source[replacement.end :]
    begin = source.rfind("\n", 0, replacement.start) + 1
    line = source.count("\n", len(prefix), replacement.start) + 1
    shown = (_line(text, begin) for text in (source, changed))
    return Mutant(replacement.kind, line, "  ->  ".join(shown), changed)


def _line(text: str, begin: int) -> str:
    line = text[begin:].partition("\n")[0].strip()
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 3] + "..."
