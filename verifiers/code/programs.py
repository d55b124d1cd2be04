"""Finds the program in a response: a fenced block as CommonMark has it, or the whole response.

Only the model's own turn is searched, and of that only what follows the reasoning, as for other
answers (see ``extract.py``). Time is linear in the length of the response.

A program is taken as it is written, indentation included, but for three things: line ends become
``\\n``, byte order marks before it are dropped, and lone surrogates, which no file can hold, become
U+FFFD. A NUL stays, and the language decides what to make of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.extract import MAX_RESPONSE_CHARACTERS, TooLargeError

# Names of a language on blocks besides its own; versions behind them ("python3") are dropped.
_TAGS = {
    "bash": {"sh", "shell"},
    "cpp": {"c++", "cxx", "cc"},
    "go": {"golang"},
    "javascript": {"js", "node", "nodejs", "mjs", "cjs"},
    "python": {"py"},
    "rust": {"rs"},
}
# As in extract.py, but only where nothing of a program can follow: programs may speak of such
# tokens, in quotes.
_END_OF_TURN = re.compile(
    r"(?:<\|(?:im_end|endoftext|eot_id|end_of_text)\|>|<\|im_start\|>user"
    r"|<｜end▁of▁sentence｜>)(?=\r|\n|<\||\Z)"
)
_FENCE = re.compile(r"(?P<indent> {0,3})(?P<fence>`{3,}+|~{3,}+)(?P<info>.*)")
_CLASS = re.compile(r"\{(?:[^}]*?\s)??\.(?P<tag>[^\s.,}=]*)")
_ENGINE = re.compile(r"\{\s*(?P<tag>[^\s.,}=]*)")
_WORD = re.compile(r"(?:lang(?:uage)?-)?(?P<tag>[^\s{,:;=]*)")
_VERSION = re.compile(r"(?<=[A-Za-z+])[0-9.]+\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Block:
    """A fenced block. ``tag`` is the lower-case language it says it is in, "" if it says none."""

    tag: str
    text: str


def canonical(name: str) -> str:
    """What this project calls a language that is named as on a block: "C++", "py", "Java"."""
    tag = _tag(name)
    return next((language for language, tags in _TAGS.items() if tag in tags), tag)


def extract(
    response: str, extraction: CodeExtraction, reasoning_end: str, language: str
) -> str | None:
    """The program that ``response`` commits to, or None if there is none.

    Blocks of white space do not count. ``reasoning_end`` is read as by ``verifiers.extract``.
    Taking the WHOLE of what was found finds the same again.

    Raises TooLargeError (RESPONSE_LENGTH).
    """
    if len(response) > MAX_RESPONSE_CHARACTERS:
        raise TooLargeError("RESPONSE_LENGTH")
    if end := _END_OF_TURN.search(response, 1):
        response = response[: end.start()]
    answer = _after_reasoning(response, reasoning_end)
    if answer is None:
        return None
    text = _SURROGATE.sub("\ufffd", answer.replace("\r\n", "\n").replace("\r", "\n"))
    program = text if extraction is CodeExtraction.WHOLE else _fenced(text, extraction, language)
    program = program.lstrip("\ufeff")
    return program if program.strip() else None


def _after_reasoning(response: str, reasoning_end: str) -> str | None:
    if not reasoning_end:
        return response
    answer = response.rpartition(reasoning_end)[2]
    if reasoning_end.startswith("</") and "<" + reasoning_end[2:] in answer:
        return None
    return answer


def _fenced(text: str, extraction: CodeExtraction, language: str) -> str:
    blocks = list(_blocks(text))
    if not blocks and extraction is CodeExtraction.BLOCK_OR_WHOLE:
        return text
    if extraction is not CodeExtraction.FIRST_BLOCK:
        blocks.reverse()
    tags = {language, *_TAGS.get(language, ())}
    for wanted in (tags, {""}):
        for block in blocks:
            if block.tag in wanted and block.text.strip():
                return block.text
    return ""


def _blocks(text: str) -> Iterator[_Block]:
    lines = text.split("\n")
    opening, start = None, 0
    for number, line in enumerate(lines):
        if opening is None:
            opening, start = _opening(line), number + 1
        elif _closes(line, opening):
            yield _block(opening, lines[start:number])
            opening = None
    if opening is not None:
        yield _block(opening, lines[start:])


def _opening(line: str) -> re.Match[str] | None:
    fence = _FENCE.match(line)
    # Backticks after backticks are code within a paragraph.
    if fence and "`" in fence["info"] and fence["fence"][0] == "`":
        return None
    return fence


def _closes(line: str, opening: re.Match[str]) -> bool:
    fence = _FENCE.match(line)
    # A longer fence begins with the shorter one, and one of the other kind does not.
    return bool(
        fence and not fence["info"].strip(" \t") and fence["fence"].startswith(opening["fence"])
    )


def _block(opening: re.Match[str], lines: list[str]) -> _Block:
    if indent := len(opening["indent"]):
        lines = [line[:indent].lstrip(" ") + line[indent:] for line in lines]
    return _Block(_tag(opening["info"].strip()), "".join(f"{line}\n" for line in lines))


def _tag(info: str) -> str:
    """``python`` of "Python", "python3.11", "python:main.py", "{.python .numberLines}", ..."""
    word = _CLASS.match(info) or _ENGINE.match(info) or _WORD.match(info)
    tag = word["tag"].lower() if word else ""
    return _VERSION.sub("", tag)
