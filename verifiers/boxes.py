r"""Reads ``\boxed{...}`` and ``\fbox{...}``: the last one, and those joined to it."""

import re
from dataclasses import dataclass

_ANY_BOX = re.compile(r"\\(?:boxed|fbox)")
# Backslash pairs are skipped, so that \{ is no brace. Two backslashes before a box are a response
# that was escaped once too often. Without braces only a number is meant to be in the box:
# "write it in a \boxed environment" boxes nothing.
_TOKEN = re.compile(
    r"\\{1,2}(?:boxed|fbox)\s{0,8}(?:(?P<open>\{)|(?P<bare>[-+]?\d[\d.,/]{0,80}+(?![A-Za-z\d])))"
    r"|\\.|(?P<brace>[{}])",
    re.DOTALL,
)
_EMPTY = re.compile(r"(?:\\(?:text|mbox|mathrm)\{\s*\}|\\[,;:! ]|\\q?quad(?![a-z])|[\s~$?_])*")

_LONGEST_JOINER = 100
_MARKUP = re.compile(
    r"\\(?:text|mbox|mathrm|textbf|textrm|textnormal)\s?\{"
    r"|\\[,;:!()\[\] \\]|\\q?quad(?![a-z])|[{}$*~&]"
)
# "and", "or", a comma or nothing at all; "for part (a) and"; "and y =".
_JOINER = re.compile(
    r"\s*(?:(?:for|in)?\s?(?:part|case)?\s?\([a-z0-9]{1,3}\))?\s*"
    r"(?P<join>[,;/(]?\s*(?:and/or|and|or)?\s*(?:also|maybe|perhaps|possibly)?)\s*"
    r"(?P<name>[A-Za-z](?:_\w{1,4})?\s?=)?\s*"
)
_NAME_BEFORE = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?:_\w{1,4}|_\{\w{1,4}\})?\s?=(?=[\s\\,!]*$)")


@dataclass(frozen=True, slots=True)
class Box:
    """What an answer box holds. ``joined`` says that several boxes were put together."""

    text: str
    joined: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    content: str


@dataclass(frozen=True, slots=True)
class _Joint:
    word: str
    name: str


def last(text: str) -> Box | None:
    r"""The last closed box of ``text``, or None. Its text is "" when there is nothing in it.

    Boxes with no more than a joining word, a comma or blanks between them are one answer of
    several values: ``\boxed{3} or \boxed{4}`` holds ``3 \text{ or } 4``. A new line without such a
    word or comma separates. Of nested boxes the innermost counts.
    """
    spans = _spans(text)
    if not spans:
        return None
    members = [spans.pop()]
    if _EMPTY.fullmatch(members[0].content):
        return Box("")
    spans = [span for span in spans if not _EMPTY.fullmatch(span.content)]
    joints: list[_Joint] = []
    while spans:
        joint = _joint(text[spans[-1].end : members[-1].start])
        if joint is None:
            break
        joints.append(joint)
        members.append(spans.pop())
    members.reverse()
    joints.reverse()
    written = members[0].content
    if any(joint.name for joint in joints):
        name = _NAME_BEFORE.search(text[max(0, members[0].start - 20) : members[0].start])
        written = _named(name.group() if name else "", written)
    for joint, member in zip(joints, members[1:], strict=True):
        written += joint.word + _named(joint.name, member.content)
    return Box(written, joined=bool(joints))


def mentioned(text: str) -> bool:
    """Whether ``text`` has so much as the command of a box in it."""
    return _ANY_BOX.search(text) is not None


def _joint(between: str) -> _Joint | None:
    """What joins two boxes that have ``between`` between them; None if they are separate."""
    if len(between) > _LONGEST_JOINER or "\n\n" in between:
        return None
    joiner = _JOINER.fullmatch(_MARKUP.sub(" ", between))
    if joiner is None or ("\n" in between and not joiner["join"].strip()):
        return None
    name = joiner["name"] or ""
    if "or" in joiner["join"]:
        return _Joint(r" \text{ or } ", name)
    if "and" in joiner["join"]:
        return _Joint(r" \text{ and } ", name)
    return _Joint(", ", name)


def _named(name: str, content: str) -> str:
    return f"{name} {content}" if name and "=" not in content else content


def _spans(text: str) -> list[_Span]:
    """The closed boxes that hold no box themselves, in order, in one pass over the text."""
    first = _ANY_BOX.search(text)
    if first is None:
        return []
    spans: list[_Span] = []
    opened: list[tuple[int, int] | None] = []  # start and content start of a box; None: a brace
    for token in _TOKEN.finditer(text, max(0, first.start() - 1)):
        match token.lastgroup:
            case "open":
                opened.append(token.span())
            case "bare":
                spans.append(_Span(token.start(), token.end(), token["bare"]))
            case "brace" if token.group() == "{":
                opened.append(None)
            case "brace":
                box = opened.pop() if opened else None
                if box and not (spans and spans[-1].start > box[0]):
                    spans.append(_Span(box[0], token.end(), text[box[1] : token.start()]))
    return spans
