r"""Whether a problem gives its own answer away.

That a number of the problem is also the answer is no leak: "AB = 13, AC = 10, how long is BC?" may
well have the answer 13. These are:

- ``announced``: the answer right behind words that announce one ("the answer is", "Answer:",
  "you should get"), in front of "as the answer", or in a box;
- ``asked``: the quantity that is asked for, equated with the answer: "... BC = 13 ... find BC";
- ``distinctive``: the answer verbatim, where it is too long to be met by chance: a number of at
  least five significant digits, or an expression of at least eight characters with a variable, a
  function or a power in it. Shorter ones are often given;
- ``marked``: an option that is marked as the right one, or announced;
- ``solution``: three lines in a row, or the whole, of the reference solution of a program or proof;
- ``tests``: all tests of a program, inputs and expected outputs: then a table of them passes.

What is equal to the answer counts as the answer: 0.5 for \frac{1}{2}. English only, as far as
words are concerned. Only the first and last 20,000 characters are searched.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import takewhile
from typing import Final

from assayoffice.verifiers.base import VerifierError
from assayoffice.verifiers.choice import ChoiceTask
from assayoffice.verifiers.code.task import CodeTask
from assayoffice.verifiers.numeric.expression import (
    Apply,
    Call,
    Node,
    Number,
    Power,
    Symbol,
    contains,
)
from assayoffice.verifiers.numeric.reference import reference_of
from assayoffice.verifiers.numeric.task import NumericTask
from assayoffice.verifiers.rewrites.answers.answers import Answers
from assayoffice.verifiers.rewrites.answers.plain import plain
from assayoffice.verifiers.rewrites.rewrite import Rewrite
from assayoffice.verifiers.rewrites.trials import CheckResult, Evidence, Part, State

_NAME: Final = "leak"
_REASON: Final = "REFERENCE_IN_PROBLEM"
_SEARCHED: Final = 20_000
_SHOWN_FINDINGS: Final = 8
_AROUND: Final = 40
#: How far behind an announcement the answer stands, and how many announcements are looked at.
_REACH: Final = 120
_MOST_PLACES: Final = 64
_MIN_DIGITS: Final = 5
_MIN_CHARACTERS: Final = 8
#: Fractions of smaller parts are written as such.
_SHORT: Final = 1_000
_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_MIN_LINES: Final = 3
_MIN_SOLUTION: Final = 40

_ANNOUNCED: Final = re.compile(
    r"(?:\b(?:(?:final\s|correct\s|right\s|expected\s)?(?:answers?|solutions?|ans|answer\skey)"
    r"|(?:final|correct|right|expected|true|end)\s(?:result|value|number|output)"
    r"|reference|hint)\b\.?(?:\sto\sthis(?:\s\w+)?|\shere|\s(?:it|this))?"
    r"(?:\s(?:is|are|equals?|will\sbe|must\sbe|should\sbe)\b|\s?(?::|=|→|⇒|-?->|=>)|\s(?=\d))"
    r"(?:\s(?:it|this|the\sanswer)\s(?:is|equals)\b)?"
    r"(?:\s(?:therefore|thus|clearly|of\scourse|exactly|equal\sto)\b)?"
    r"|\b(?:roots|zeros|zeroes)\sare\b"
    r"|\byou\s(?:should|will|must|would)\s(?:get|obtain|find|have|reach|arrive\sat)\b"
    r"|\b(?:respond|reply|answer)\swith(?:\sthe\s(?:number|value|word|letter))?\b"
    r"|\\boxed\s?\{|\\fbox\s?\{|####)",
    re.IGNORECASE,
)
_CALLED_SO: Final = re.compile(
    r"(?:\s(?:as|for|is|being)\s(?:your|the|its|an)\s(?:\w+\s)?answer\b)", re.IGNORECASE
)
_ASKED: Final = re.compile(
    r"\b(?i:find|determine|compute|calculate|evaluate|what\sis|what's|how\s(?:long|large|big|many"
    r"\sdegrees)\sis)\s(?:the\s(?:exact\s)?(?:value|length|measure|size|area|volume)\sof\s)?"
    r"(?:the\s)?(?:side\s|segment\s|edge\s|angle\s|length\s|line\s)?[$(\\]{0,2}"
    r"(?P<name>(?:angle\s)?[A-Za-z](?:[A-Z]{1,3}|_\{?\w{1,3}\}?)?)(?![A-Za-z'^])"
    r"[$)\\\s]{0,3}(?:[?.,]|\Z)"
)
_EQUATED: Final = r"(?<![A-Za-z\\/*^+-]){name}[$)\s\\]{{0,3}}(?:=|\b(?:is|equals|measures)\b)"
_LABELLED: Final = r"(?<![A-Za-z])\(?{letter}[).:]"
_MARK_BEHIND: Final = re.compile(
    r"[^\n]{0,200}?(?:\((?:correct|right|true|answer)(?:\sanswer|\soption)?\)|\[(?:correct|x)\]|✓|✔|✅"
    r"|<-+\s?(?:correct|answer)|\*\*correct\*\*)",
    re.IGNORECASE,
)
_MARK_BEFORE: Final = re.compile(r"(?:\*|✓|✔|✅|\[x\]|->|→)[ ]?\Z", re.IGNORECASE)
_NEXT_LABEL: Final = re.compile(r"\s\(?[A-Z][).:]\s")
_LETTER_ANNOUNCED: Final = re.compile(
    r"\b(?:answer|answer\skey|key|solution|correct\s(?:option|choice|answer|letter)|right\s(?:option"
    r"|choice|answer))\b(?:\s(?:is|are)\b|\s?[:=])\s?(?:option\s|choice\s)?"
    r"[*$(\[{\\a-z]{0,8}(?P<letters>[A-Z](?:(?:,\s?|\sand\s|,\sand\s)?[A-Z])*)(?![A-Za-z])",
    re.IGNORECASE,
)
_SPACING: Final = re.compile(r"\\(?:left|right|text|mathrm|,|;|!|:| )|[\s{}$*]|\\[()\[\]]")
#: Single letters that are seldom units.
_VARIABLES: Final = frozenset("abcknpqtuvwxyz")
_OPENING: Final = re.compile(r"[A-Za-z]{1,3}=")


def check(rewrite: Rewrite) -> CheckResult:
    """Look for the answer in the problem of a rewrite. Never raises, whatever the task is."""
    found = list(_found(rewrite))
    if found:
        return CheckResult(
            _NAME,
            State.FAILED,
            _REASON,
            "The problem gives the answer away; take it out, or ask for something else.",
            evidence=tuple(found[:_SHOWN_FINDINGS]),
            value=0.0,
        )
    if isinstance(rewrite.task, NumericTask | ChoiceTask) or rewrite.reference_solution:
        return CheckResult(_NAME, State.PASSED, "NOT_FOUND", "The problem does not give it away.")
    if isinstance(rewrite.task, CodeTask):
        return CheckResult(_NAME, State.PASSED, "NOT_FOUND", "The problem does not show all tests.")
    explanation = "The rewrite has no answer that could be looked for."
    return CheckResult(_NAME, State.NOT_APPLICABLE, explanation=explanation)


def _found(rewrite: Rewrite) -> Iterator[Evidence]:
    problem = rewrite.problem
    task = rewrite.task
    if isinstance(task, NumericTask):
        yield from _of_value(problem, task)
    elif isinstance(task, ChoiceTask):
        yield from _of_options(problem, task)
    elif isinstance(task, CodeTask):
        yield from _of_tests(problem, task)
    yield from _of_solution(problem, rewrite.reference_solution)


def _evidence(label: str, problem: str, start: int, end: int) -> Evidence:
    before, after = max(0, start - _AROUND), min(len(problem), end + _AROUND)
    excerpt = " ".join(problem[before:after].split())
    return Evidence(label, excerpt, f"at character {start}", expected=False)


# Values


def _of_value(problem: str, task: NumericTask) -> Iterator[Evidence]:
    forms, node = _forms(task)
    for part, offset in _searched(problem):
        for place in _places(_ANNOUNCED, part):
            if _begins_with(part[place.end() : place.end() + _REACH], forms):
                start, end = offset + place.start(), offset + place.end()
                yield _evidence("announced", problem, start, end)
        for place in _places(_CALLED_SO, part):
            before = part[max(0, place.start() - _REACH) : place.start()].split()
            if before and any(
                _begins_with(" ".join(before[-count:]), forms) for count in range(1, 4)
            ):
                start, end = offset + place.start(), offset + place.end()
                yield _evidence("announced", problem, start, end)
        for name in {each["name"] for each in _places(_ASKED, part)}:
            equated = re.compile(_EQUATED.format(name=re.escape(name)))
            for place in _places(equated, part):
                if _begins_with(part[place.end() : place.end() + _REACH], forms):
                    start, end = offset + place.start(), offset + place.end()
                    yield _evidence("asked", problem, start, end)
        if node is not None and _is_distinctive(node):
            yield from _verbatim(problem, part, offset, forms)


def _searched(problem: str) -> list[tuple[str, int]]:
    if len(problem) <= 2 * _SEARCHED:
        return [(problem, 0)]
    return [(problem[:_SEARCHED], 0), (problem[-_SEARCHED:], len(problem) - _SEARCHED)]


def _places(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = []
    for match in pattern.finditer(text):
        found.append(match)
        if len(found) == _MOST_PLACES:
            break
    return found


def _forms(task: NumericTask) -> tuple[frozenset[str], Node | None]:
    """The reference in its usual renderings, squeezed, and its tree if it has one."""
    written = {task.reference}
    node = None
    try:
        reference = reference_of(task)
    except VerifierError:
        pass  # that it cannot be read is said elsewhere
    else:
        node = reference.node
        # Wrong answers come last, and are not even made.
        right = takewhile(lambda each: each.part is not Part.MUTANT, Answers(reference, task))
        written |= {each.text for each in right}
    number = None if node is None else plain(node)
    if number is not None:
        written.update(_spelt(number.value))
    squeezed = {_OPENING.sub("", _squeezed(text), count=1) for text in written}
    return frozenset(each for each in squeezed if each), node


def _spelt(value: Fraction) -> Iterator[str]:
    """Plain ways to write a number that are no usual rendering of what the reference is."""
    if value.denominator > 1 and max(abs(value.numerator), value.denominator) < _SHORT:
        yield f"{value.numerator}/{value.denominator}"
        yield f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
    elif value.denominator == 1 and 0 <= value < len(_WORDS):
        yield _WORDS[int(value)]


def _squeezed(text: str) -> str:
    return _SPACING.sub("", text).replace("dfrac", "frac").lower()


def _begins_with(text: str, forms: frozenset[str]) -> bool:
    said = _squeezed(text).lstrip("\"'“:=(")
    said = _OPENING.sub("", said, count=1)
    return any(said.startswith(each) and _ends(said, len(each), each) for each in forms)


def _ends(said: str, at: int, form: str) -> bool:
    """Whether a number, name or word ends at ``at``: 5 does not begin 56, 5.5, 5/7 or 5x."""
    following = said[at : at + 2]
    if not following:
        return True
    if following[0].isdigit() or following[0] in "^_/\\+-*=":
        return False
    if following[0] in ".," and following[1:].isdigit():
        return False
    if form[-1:].isdigit() and following[0] in _VARIABLES and not following[1:].isalpha():
        return False
    return not (following[0].isalpha() and form[-1:].isalpha())


def _is_distinctive(node: Node) -> bool:
    number = plain(node)
    if number is not None:
        parts = (number.value.numerator, number.value.denominator)
        return max(len(str(abs(each)).strip("0")) for each in parts) >= _MIN_DIGITS
    return contains(node, Symbol, Apply, Call, Power) and not isinstance(node, Symbol | Number)


def _verbatim(problem: str, part: str, offset: int, forms: frozenset[str]) -> Iterator[Evidence]:
    kept = list(_characters(part.lower()))
    squeezed = "".join(character for character, _ in kept)
    for form in sorted(forms):
        if len(form) < (_MIN_DIGITS if form.isdigit() else _MIN_CHARACTERS):
            continue
        at = squeezed.find(form)
        if at < 0:
            continue
        start, end = kept[at][1], kept[at + len(form) - 1][1] + 1
        before = part[max(0, start - 1) : start]
        apart = part[end : end + 1].isspace() and squeezed[at + len(form) :][:1].isalpha()
        if not (before.isalnum() or before in ("\\", ".")) and (
            apart or _ends(squeezed, at + len(form), form)
        ):
            yield _evidence("distinctive", problem, offset + start, offset + end)
            return


def _characters(shown: str) -> Iterator[tuple[str, int]]:
    """What ``_squeezed`` leaves of a text, character by character, and where each stood."""
    shown = shown.replace("\\dfrac", "\\frac\0")  # as long as before
    end = 0
    for spacing in _SPACING.finditer(shown):
        yield from ((shown[at], at) for at in range(end, spacing.start()) if shown[at] != "\0")
        end = spacing.end()
    yield from ((shown[at], at) for at in range(end, len(shown)) if shown[at] != "\0")


# Options


def _of_options(problem: str, task: ChoiceTask) -> Iterator[Evidence]:
    right = set(task.reference.upper())
    for part, offset in _searched(problem):
        for place in _places(_LETTER_ANNOUNCED, part):
            letters = {each for each in place["letters"] if each.isupper()}
            if letters == right and place["letters"][:1].isupper():
                yield _evidence("marked", problem, offset + place.start(), offset + place.end())
        for letter in sorted(right):
            label = re.compile(_LABELLED.format(letter=re.escape(letter)))
            for place in _places(label, part):
                behind = part[place.end() : place.end() + 300]
                following = _NEXT_LABEL.search(behind)
                behind = behind[: following.start()] if following else behind
                before = part[max(0, place.start() - 6) : place.start()]
                if _MARK_BEHIND.match(behind) or _MARK_BEFORE.search(before):
                    start, end = offset + place.start(), offset + place.end()
                    yield _evidence("marked", problem, start, end)


# Programs and proofs


def _of_solution(problem: str, solution: str) -> Iterator[Evidence]:
    lines = [" ".join(line.split()) for line in solution.splitlines()]
    lines = [line for line in lines if line and not line.startswith("```")]
    if not lines:
        return
    shown: dict[str, int] = {}
    position = 0
    flat = []
    for line in problem.splitlines(keepends=True):
        text = " ".join(line.split())
        if text:
            shown.setdefault(text, position)
            flat.append(text)
        position += len(line)
    whole = "\n".join(flat)
    run = min(_MIN_LINES, len(lines))
    for first in range(len(lines) - run + 1):
        some = "\n".join(lines[first : first + run])
        if len(some) >= _MIN_SOLUTION and lines[first] in shown and some in whole:
            start = shown[lines[first]]
            yield _evidence("solution", problem, start, start + len(some))
            return


def _of_tests(problem: str, task: CodeTask) -> Iterator[Evidence]:
    """Whether every test stands in the problem, so that there is none that it does not show."""
    pairs = [(each.input, each.output) for each in task.stdio]
    pairs += [(each.arguments[1:-1], each.expected) for each in task.calls]
    if not pairs:
        return
    squeezed = _bare(problem)
    for given, expected in pairs:
        at = squeezed.find(_bare(given)) if given.strip() else -1
        if at < 0 or squeezed.find(_bare(expected), at) < 0:
            return
    text = f"All {len(pairs)} tests stand in the problem."
    yield Evidence("tests", text, "add tests that it does not show", expected=False)


def _bare(text: str) -> str:
    return re.sub(r"[\s\"'`]+", "", text)
