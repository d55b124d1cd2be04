"""Whether another wording of a problem speaks of other numbers: a sign that it asks something else.

Nothing else looks at it: the task of the row, its premises and its key stay true whatever the new
wording says. Numbers are compared as they are written in digits; a number in words stands for one
in digits, but which of them is another's meaning is not for a list of words to say.
"""

import re

_GROUPED = re.compile(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[A-Za-z]+")
_NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_NAMED = {name: str(value) for value, name in enumerate(_NAMES.split())} | {
    "twice": "2",
    "thrice": "3",
    "dozen": "12",
    "hundred": "100",
    "thousand": "1000",
}
_OTHERS = frozenset(
    "half halves third thirds quarter quarters double triple thirty forty fifty sixty seventy "
    "eighty ninety million".split()
)


def changed_values(before: str, after: str) -> str:
    """What numbers differ, for people; empty where nothing tells that they do."""
    told, said = _digits(before), _digits(after)
    if lost := told - said - _named(after):
        return f"no longer says {_listed(lost)}"
    # Two and a half may have become 2.5.
    if (added := said - told) and not _has_words(before):
        return f"says {_listed(added)}, which the row does not"
    return ""


def _digits(text: str) -> set[str]:
    return set(_DIGITS.findall(_GROUPED.sub("", text)))


def _named(text: str) -> set[str]:
    return {_NAMED[word] for word in _words(text) if word in _NAMED}


def _has_words(text: str) -> bool:
    return any(word in _NAMED or word in _OTHERS for word in _words(text))


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _listed(numbers: set[str]) -> str:
    return ", ".join(sorted(each[:40] for each in numbers)[:5])
