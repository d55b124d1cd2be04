r"""Trials for the ``choice`` verifier: right and wrong options, written in the usual ways.

Wrong are the other options: those of the task or else, as the problem lists them, or else A to E.
Where several options are right, every other set of them is wrong, and otherwise every answer that
names two.
"""

import re
from collections.abc import Iterator
from typing import Final

from assayoffice.verifiers.base import Effort, Submission
from assayoffice.verifiers.choice import ChoiceTask, ChoiceVerifier
from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.rewrites.trials import Part, Trial
from assayoffice.verifiers.text import folded

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USUAL: Final = "ABCDE"
#: "A)", "(A)", "A." or "A:" before a text; inside of a line only with a bracket.
_LABEL: Final = re.compile(
    r"(?:^|(?<=[\s{,;]))(?:\(([A-Z])\)|([A-Z])\)|(?<=\n)([A-Z])[.:])(?=[\s}\\$])"
)
#: Options that are tried by their text, and sets of options that are tried.
_MOST_TEXTS: Final = 4
_MOST_SETS: Final = 8
_LONGEST_TEXT: Final = 300
_WORD: Final = re.compile(r"\d|[a-z]{3}")
_SIGNS: Final = re.compile(r"[\W_]+")


def trials(task: ChoiceTask, problem: str, wrong_answers: tuple[str, ...]) -> list[Trial]:
    """The trials for ``task``. Raises InvalidTaskError as the verifier does."""
    ChoiceVerifier().verify(Submission("", task), Effort.QUICK)
    right = "".join(sorted(set(task.reference.upper())))
    letters = _letters(task, problem, right)
    found: dict[str, Trial] = {}
    for part, label, text, hedge in _answers(right, letters, task):
        shown = f"{text} or {hedge}" if hedge else text
        said = _response(text, task, hedge)
        found.setdefault(shown, Trial(part, label, shown, said, accepted=part is not Part.MUTANT))
    for text in dict.fromkeys(wrong_answers):
        trial = Trial(Part.WRONG_ANSWER, "given", text, _response(text, task), accepted=False)
        found[f"\0{text}"] = trial  # whatever else it is, somebody says that it is wrong
    return list(found.values())


def shown_letters(problem: str) -> str:
    """The letters of the options that ``problem`` lists: A, B and as many as follow them."""
    labels = {next(filter(None, match)) for match in _LABEL.findall("\n" + problem)}
    count = next((place for place, each in enumerate(_LETTERS) if each not in labels), 26)
    return _LETTERS[:count] if count > 1 else ""


def _letters(task: ChoiceTask, problem: str, right: str) -> str:
    if task.options:
        return _LETTERS[: len(task.options)]
    shown = shown_letters(problem)
    last = max(right)
    return shown if last in shown else _LETTERS[: max(_LETTERS.index(last) + 1, len(_USUAL))]


_Answer = tuple[Part, str, str, str]


def _answers(right: str, letters: str, task: ChoiceTask) -> Iterator[_Answer]:
    for label, text in _written(right):
        yield Part.RENDERING, label, text, ""
    if len(right) == 1:
        yield from _texts(right, letters, task)
    others = [each for each in letters if each not in right]
    for letter in others if len(right) == 1 else ():
        yield Part.MUTANT, "other_option", letter, ""
    if task.multiple:
        yield from _sets(right, others)
    else:
        for letter in others[:2]:
            yield Part.MUTANT, "hedged", right, letter
            yield Part.MUTANT, "hedged", f"{right}, {letter}", ""
    if task.options and len(letters) < len(_LETTERS):
        yield Part.MUTANT, "beyond_options", _LETTERS[len(letters)], ""


def _written(letters: str) -> Iterator[tuple[str, str]]:
    if len(letters) > 1:
        yield "letters", letters
        yield "list", ", ".join(letters)
        yield "words", f"\\text{{{', '.join(letters[:-1])} and {letters[-1]}}}"
        yield "brackets", ", ".join(f"({each})" for each in letters)
        yield "reordered", ", ".join(letters[::-1])
        return
    yield "letter", letters
    yield "brackets", f"({letters})"
    yield "bracket", f"{letters})"
    yield "full_stop", f"{letters}."
    yield "text", f"\\text{{{letters}}}"
    yield "bold", f"\\textbf{{({letters})}}"
    yield "option", f"\\text{{Option {letters}}}"
    yield "lower_case", letters.lower()


def _texts(right: str, letters: str, task: ChoiceTask) -> Iterator[_Answer]:
    """Options by their text, where it cannot be taken for that of another or for a letter."""
    keys = [_SIGNS.sub("", folded(text)) for text in task.options]
    for letter, text, key in zip(letters, task.options, keys, strict=False):
        if keys.count(key) > 1 or not _is_text(text):
            continue
        if letter == right:
            yield Part.RENDERING, "option_text", text, ""
            yield Part.RENDERING, "letter_and_text", f"{right}) {text}", ""
        elif letters.index(letter) < _MOST_TEXTS:
            yield Part.MUTANT, "other_option", text, ""
            yield Part.MUTANT, "contradiction", f"{right}) {text}", ""


def _is_text(text: str) -> bool:
    plain = len(text) <= _LONGEST_TEXT and "boxed" not in text and "\n" not in text
    return plain and text.count("{") == text.count("}") and _WORD.search(text) is not None


def _sets(right: str, others: list[str]) -> Iterator[_Answer]:
    for letter in right[:_MOST_SETS] if len(right) > 1 else ():
        yield Part.MUTANT, "subset", ", ".join(right.replace(letter, "")), ""
    for letter in others[:_MOST_SETS]:
        yield Part.MUTANT, "superset", ", ".join(sorted(right + letter)), ""
        yield Part.MUTANT, "other_option", ", ".join(sorted(right[:-1] + letter)), ""
    if others:
        yield Part.MUTANT, "complement", ", ".join(others), ""


def _response(text: str, task: ChoiceTask, hedge: str = "") -> str:
    if task.extraction is Extraction.WHOLE:
        said = f"{text} or {hedge}" if hedge else text
    else:
        said = f"The answer is $\\boxed{{{text}}}$"
        said += f" or $\\boxed{{{hedge}}}$." if hedge else "."
    return f"{task.reasoning_end}\n\n{said}" if task.reasoning_end else said
