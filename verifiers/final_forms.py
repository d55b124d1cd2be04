r"""Reads answers that stand in no box: explicit final-answer forms, and what a last line ends in.

Explicit forms, the last one winning: ``The final answer is $7$.``, ``**Answer:** 7``, a heading
``### Final Answer`` with the answer below, ``<answer>7</answer>``; and on the last line ``#### 7``
and ``7 is the answer``. Failing those, a last line that ends in its answer: display mathematics,
bold text, a formula after a linking word, ``Therefore, the sum is 7``.

English only. A number that is merely the last one is never taken. Every pattern is bounded, so time
is linear in the text.
"""

import re

from assayoffice.verifiers import clause
from assayoffice.verifiers.clause import unmarked

# An answer is announced a few times at most; more of it is a text made to cost time.
_MOST_ANNOUNCEMENTS = 8
# More prose than this states no answer; it goes on explaining.
_MOST_WORDS = 6
_LONGEST_BARE = 200

_ANNOUNCEMENT = re.compile(
    r"(?<![A-Za-z])(?:answers?|(?:correct|right|best)\s(?:option|choice|statement)s?)(?![A-Za-z])"
    r"(?:\s(?:to|for|of|in)\s[^.\n:$]{1,80}?)?[*_\s]{0,4}(?:[:：=]|\b(?:is|are|equals)\b)",
    re.IGNORECASE,
)
# Alone on a line, or first on a line and right before a formula.
_HEADING = re.compile(
    r"^[#*_> ]{0,8}(?:the\s)?(?:final\s)?answer[*_]{0,3} {0,4}(?=\n|\$|\\[(\[])",
    re.IGNORECASE | re.MULTILINE,
)
_TAG, _END_TAG = "<answer>", "</answer>"
_HASHES = re.compile(r"####\s{0,8}(?=\S)")
_IS_THE_ANSWER = re.compile(
    r"(?P<subject>\S.{0,200}?)\sis\s(?:(?:therefore|thus|hence)\s)?"
    r"(?:(?:the|our|my)\s(?:final\s|correct\s|right\s|best\s)?(?:answer|solution|option|choice)"
    r"|(?P<correct>correct))",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?:option|choice|statement|answer)\s\(?[A-Z]\)?(?![A-Za-z])", re.IGNORECASE)
# An announcement that goes on like this judges or describes an answer and gives none.
_NO_ANSWER = re.compile(
    r"this|that|it|here|which|what|(?:indeed\s|also\s)?"
    r"(?:correct|incorrect|right|wrong|reasonable|valid|consistent|verified|confirmed|unique)"
    r"|(?:given|found|obtained|expressed|expected|required|based|as|in|within)(?![A-Za-z]).*",
    re.IGNORECASE | re.DOTALL,
)
_VALUE_OF_SENTENCE = re.compile(r"\s(?:is|are|equals)\s+(?=[-+\d$\\({\[€£¥])")

_CONCLUDING = re.compile(
    r"(?:therefore|thus|hence|so|finally|in conclusion)(?![A-Za-z]),?\s?", re.I
)
_LINK = re.compile(
    r":(?=\s)|(?<![A-Za-z\\])(?:is|are|be|equals?|to|get|have|obtain|find|that|therefore|thus|hence"
    r"|so)(?![A-Za-z]),?",
    re.IGNORECASE,
)
_SENTENCE_START = re.compile(r"[.!?][\"')\]*]{0,3}\s{1,8}(?=[A-Z])")
_BOLD = re.compile(r"(?<!not )\*\*([^*\n]{1,200})\*\*")
_DISPLAY = re.compile(r"(?<!\\)\\\[|\$\$")
_BARE = re.compile(
    r"(?=.*[\dA-Za-z])(?:\\[A-Za-z]+|[^A-Za-z\n]|(?<![A-Za-z])[A-Za-z](?![A-Za-z]))+"
)


def explicit(text: str) -> str | None:
    """The answer in the last explicit final-answer form of ``text``, or None."""
    if (tagged := _tagged(text)) is not None:
        return tagged
    starts = sorted(
        match.end() for form in (_ANNOUNCEMENT, _HEADING) for match in form.finditer(text)
    )
    answers = [(start, _announced(text, start)) for start in starts[-_MOST_ANNOUNCEMENTS:]]
    line_start = text.rfind("\n") + 1
    answers.append((line_start, _stated(text[line_start:])))
    _, last = max((each for each in answers if each[1]), default=(0, None))
    return last


def last_line(text: str) -> str | None:
    """What the last line of ``text`` ends in, if that is said to be or looks like an answer."""
    text = text.rstrip(" \t\r\n.,")
    if text.endswith((r"\]", "$$")):
        *_, opening = (0, *(match.end() for match in _DISPLAY.finditer(text, 0, len(text) - 2)))
        return unmarked(text[opening:-2]) if opening else None
    line = text[text.rfind("\n") + 1 :]
    if len(line) == len(text) <= _LONGEST_BARE and _BARE.fullmatch(line):
        return unmarked(line)
    sentence = _last_sentence(line)
    bold = _BOLD.findall(sentence)
    if len(bold) == 1 and not bold[0].endswith(":"):
        return unmarked(bold[0])
    return _concluded(sentence)


def _tagged(text: str) -> str | None:
    before, end_tag, _ = text.rpartition(_END_TAG)
    if not end_tag or _TAG not in before:
        return None
    return unmarked(before.rpartition(_TAG)[2])


def _announced(text: str, start: int) -> str | None:
    said = clause.read(text, start)
    if said is None or _NO_ANSWER.fullmatch(said.value):
        return None
    if not said.formula:
        # "Final answer: the number of ways is 19"
        *_, value = _VALUE_OF_SENTENCE.split(said.value)
        if value != said.value:
            return unmarked(value)
    return said.value if said.words <= _MOST_WORDS else None


def _stated(line: str) -> str | None:
    """The answer in ``#### 7`` or ``7 is the answer``."""
    if hashes := _HASHES.match(line):
        return unmarked(line[hashes.end() :])
    sentence = _last_sentence(line)
    if concluding := _CONCLUDING.match(sentence):
        sentence = sentence[concluding.end() :]
    statement = _IS_THE_ANSWER.match(sentence)
    if statement is None:
        return None
    subject = statement["subject"]
    is_option = _OPTION.match(subject) is not None
    said = clause.read(subject)
    if said is None or said.end < len(subject) or (statement["correct"] and not is_option):
        return None
    return said.value if said.mathematical or is_option else None


def _concluded(sentence: str) -> str | None:
    """The formula, or after a word like "therefore" the bare value, that ends ``sentence``."""
    concluding = _CONCLUDING.match(sentence) is not None
    starts = [link.end() for link in _LINK.finditer(sentence)] or [0]
    for start in reversed(starts[-_MOST_ANNOUNCEMENTS:]):
        said = clause.read(sentence, start)
        if said is None or sentence[said.end :].strip(" .*_") or said.words > _MOST_WORDS:
            continue
        if said.formula or (concluding and said.mathematical):
            return said.value
    return None


def _last_sentence(line: str) -> str:
    line = line[-clause.LONGEST_CLAUSE :].lstrip(" \t*_>-")
    starts = [match.end() for match in _SENTENCE_START.finditer(line)]
    return line[starts[-1] :] if starts else line
