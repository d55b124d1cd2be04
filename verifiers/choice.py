r"""The ``choice`` verifier: which option of a multiple-choice question a response commits to.

An answer is a letter (``B``, ``(B)``, ``\text{Option B}``), a letter with the option's text
(``B) 42``) or, where the task lists the options, an option's text alone. Exactly one option is an
answer; with ``multiple``, exactly the right set of them.

Not covered: options that are not lettered A, B, C ...; words in place of letters ("the second
one"); ranges ("A-C"); texts that are equal as mathematics but written differently.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from assayoffice.verifiers.base import (
    Effort,
    InvalidTaskError,
    Limits,
    Outcome,
    Submission,
    Verdict,
)
from assayoffice.verifiers.extract import Extracted, Extraction, TooLargeError, extract
from assayoffice.verifiers.text import folded, visible

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USUAL_LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class ChoiceTask:
    """The right option, and how answers are read.

    ``reference`` is the right option's letter, upper or lower case; with ``multiple`` the letters
    of all right options, in any order. ``options`` are the texts of the options, the first being A;
    with them an answer may be an option's text. ``reasoning_end`` is the delimiter that ends hidden
    reasoning; text before it is not searched.
    """

    reference: str
    options: tuple[str, ...] = ()
    multiple: bool = False
    extraction: Extraction = Extraction.BOXED_OR_FINAL
    reasoning_end: str = "</think>"


class ChoiceVerifier:
    """Judges ``ChoiceTask``. A pure function of the submission; its effort never matters."""

    name: ClassVar[str] = "choice"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Multiple choice: one letter or option text, or a set of letters"
    task_type: ClassVar[type] = ChoiceTask
    # Reading the longest permitted response takes a hundredth of this.
    limits: ClassVar[Limits] = Limits(
        cpu_seconds=2.0, wall_seconds=20.0, memory_bytes=256 << 20, quick_cpu_seconds=0.5
    )
    decided_by: ClassVar[tuple[str, ...]] = ()

    def verify(self, submission: Submission[ChoiceTask], effort: Effort) -> Verdict:
        """Judge a submission. Raises InvalidTaskError."""
        task = submission.task
        options = _Options(task.options)
        reference = _reference(task, options)
        try:
            found = extract(submission.response, task.extraction, task.reasoning_end)
        except TooLargeError as error:
            return Verdict(
                Outcome.LIMIT_EXCEEDED, 0.0, error.reason, "The response or its answer is too long."
            )
        if found is None:
            return Verdict(
                Outcome.NO_ANSWER, 0.0, "NO_COMMITTED_ANSWER", "The response commits to no answer."
            )
        return _judge(found, options, reference, task.multiple)


def _judge(found: Extracted, options: "_Options", reference: str, multiple: bool) -> Verdict:
    reading = _read(found.text, options, multiple)
    outcome, reason, explanation = _compare(reading, options, reference, multiple)
    flags = (*found.flags, "TEXT_IGNORED") if reading.text_ignored else found.flags
    return Verdict(
        outcome,
        1.0 if outcome is Outcome.CORRECT else 0.0,
        reason,
        explanation,
        extracted=found.text,
        normalized_answer=reading.letters,
        normalized_reference=reference,
        method=reading.method,
        flags=tuple(sorted(flags)),
    )


def _compare(
    reading: "_Reading", options: "_Options", reference: str, multiple: bool
) -> tuple[Outcome, str, str]:
    letters = reading.letters
    if not letters:
        return Outcome.NO_ANSWER, "UNREADABLE", "The answer names no option."
    if reading.contradiction:
        return (
            Outcome.INCORRECT,
            "CONTRADICTION",
            f"The letter is {letters}, but the text is that of {reading.contradiction}.",
        )
    if reading.hedged or (len(letters) > 1 and not multiple):
        return Outcome.INCORRECT, "HEDGED", "The answer leaves open which option it is."
    beyond = "".join(letter for letter in letters if letter not in options.letters)
    if beyond:
        return (
            Outcome.INCORRECT,
            "BEYOND_OPTIONS",
            f"There is no option {beyond}; the last one is {options.letters[-1]}.",
        )
    if letters != reference:
        return Outcome.INCORRECT, "DIFFERENT", f"The answer is {letters}, not {reference}."
    return Outcome.CORRECT, "EQUAL", f"The answer is {letters}."


def _reference(task: ChoiceTask, options: "_Options") -> str:
    if not (task.reference.isascii() and task.reference.isalpha()):
        raise InvalidTaskError(
            f"reference: {task.reference!r} is not made of letters A to Z; give the right "
            "option's letter",
            field="reference",
        )
    letters = _ordered(task.reference)
    if len(letters) > 1 and not task.multiple:
        raise InvalidTaskError(
            f"reference: {letters} are several options; set multiple if all of them are right",
            field="reference",
        )
    if letters[-1] not in options.letters:
        raise InvalidTaskError(
            f"reference: there is no option {letters[-1]}; the last one is {options.letters[-1]}",
            field="reference",
        )
    return letters


class _Options:
    """The options' letters, and which of them a text is the text of."""

    __slots__ = ("_exact", "_folded", "letters")

    def __init__(self, texts: tuple[str, ...]) -> None:
        if len(texts) > len(_LETTERS):
            raise InvalidTaskError(
                f"options: {len(texts)} are more than there are letters", field="options"
            )
        self.letters = _LETTERS[: len(texts)] if texts else _LETTERS
        self._exact: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        for letter, text in zip(self.letters, texts, strict=False):
            plain = _plain(text)
            label = _LABEL.match(plain)
            if label and _marked(label) == letter:
                plain = plain[label.end() :]
            if plain in self._exact:
                raise InvalidTaskError(
                    f"options: {self._exact[plain]} and {letter} have the same text",
                    field="options",
                )
            self._exact[plain] = letter
            key = _key(plain)
            self._folded[key] = self._folded.get(key, "") + letter

    def rivals(self, letter: str) -> set[str]:
        """Letters that, beside ``letter``, leave open which option is meant."""
        # Without the options, "B) X" is more likely to name a variable than an option X.
        return set(self.letters if self._exact else _USUAL_LETTERS) - {letter}

    def named_by(self, text: str) -> str:
        """Letters of the options that ``text`` is the text of.

        Several only if their texts differ in nothing but case, punctuation or the like.
        """
        plain = _plain(text)
        return self._exact.get(plain) or self._folded.get(_key(plain), "")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What an answer says. ``letters`` are sorted and without repetition; none: unreadable."""

    letters: str
    method: str
    hedged: bool = False
    #: Letters of the options that the text beside the letter belongs to.
    contradiction: str = ""
    text_ignored: bool = False


# Markup that holds text; nested only a few levels deep by anybody who means to be read.
_WRAPPER = re.compile(
    r"\\(?:text[a-z]{0,6}|math(?:rm|bf|it|sf)|mbox|boldsymbol|operatorname)\s?\{([^{}]*)\}"
)
_WRAPPERS_DEEP = 3
_SPACING = re.compile(r"\\[,;:! ]|\\q?quad(?![A-Za-z])|~")
_DELIMITER = re.compile(r"\\[()\[\]]|\\?\$|\*\*|\\(?=[%#&_{}])")
_ARTICLE = re.compile(r"(?:a|an|the)\s(?=\S)")
_AROUND_SIGN = re.compile(r"\s?([^\w\s])\s?")
_QUOTED = re.compile(r"[\"“'‘](?P<inside>[^\"“”'‘’]+)[\"”'’]")

_INTRODUCTION = re.compile(
    r"(?:(?:the|my|our)\s)?(?:(?:final|correct|right|best|only)\s)?"
    r"(?:options?|choices?|answers?|letters?|statements?)(?:\sis|\sare)?\s?:?\s?(?![A-Za-z]{2})",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"\s(?:only|(?:is|are)\s(?:the\s)?(?:only\s)?(?:correct|right|best)"
    r"(?:\s(?:options?|choices?|answers?))?)\Z",
    re.IGNORECASE,
)
_BETWEEN = r"(?:\s?[,;/&]\s?(?:(?:and|or)\s)?|\s(?:(?:and|or|and/or)\s)?)"
_BRACKETED = r"[(\[]?[A-Za-z][)\]]"
# Either all letters are bracketed or none is: "B) x" is a letter and a text.
_LIST = re.compile(
    rf"(?:(?i:both|either)\s)?(?:[A-Za-z](?:{_BETWEEN}[A-Za-z]){{0,25}}"
    rf"|{_BRACKETED}(?:{_BETWEEN}{_BRACKETED}){{0,25}})"
)
_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
_RUN = re.compile(r"[A-Z]{2,26}")
_ALTERNATIVE = re.compile(r"/|(?<![A-Za-z])(?:or|either)(?![A-Za-z])")
# "B) 42", "(B) 42", "B. Paris", "B: Paris", "B - Paris", and "B 42", but not "A man" or "A + 1".
_LABEL = re.compile(
    r"(?:[(\[]?[A-Za-z][)\].:]\s*|[A-Z](?:,|\s[-–—])\s|[A-Z]\s(?=[(\d\\.]|[+-]\S))(?=\S)"
)
_FURTHER_LABEL = re.compile(r"[\s,;][(\[]?[A-Z][)\]]\s?")
_OTHER_LETTER = re.compile(
    r"(?:^|[\s,;(])(?:or|and|and/or|either|maybe|perhaps|possibly|also|not)\s[(\[]?([A-Z])"
    r"(?![A-Za-z'’])"
)
# The text of an option that speaks of the others, and no hedge: "D) Both A and B".
_ABOUT_OPTIONS = re.compile(r"(?:both|neither|all|none|only)\s", re.IGNORECASE)
_AROUND_LETTER = " ([)].:,;-–—"
_JOINED_ON = re.compile(r"[\s,;]{0,3}(?:(?:^|\s)(?:and|or))?\Z")
_ENDS_IN_OR = re.compile(r"(?:^|\s)or\Z")
_FULL_STOP = re.compile(r"(?<!\.)[.,;:]\Z")


def _read(text: str, options: _Options, multiple: bool) -> _Reading:
    said = unicodedata.normalize("NFKC", _plain(text))
    named = options.named_by(text)
    if introduced := _INTRODUCTION.match(said):
        said = said[introduced.end() :]
    said = _CONCLUSION.sub("", said)
    listed = _listed(said)
    # A letter is a letter. But "AC" may be the text of an option, say of a line segment, and so may
    # "A and B" where several letters cannot be the answer.
    if listed and (multiple or len(listed.letters) == 1) and listed.letters[-1] in options.letters:
        return listed
    if named:
        return _Reading(named, "text", hedged=len(named) > 1)
    return listed or _labelled(said, options) or _Reading("", "")


def _listed(said: str) -> _Reading | None:
    """Letters and nothing else: "B", "(B)", "A, C", "A or C", "AC"."""
    if _LIST.fullmatch(said):
        letters = _ordered(_LETTER.findall(said))
        return _Reading(letters, "letter", hedged=bool(letters[1:] and _ALTERNATIVE.search(said)))
    if _RUN.fullmatch(said) and len(set(said)) == len(said):
        return _Reading(_ordered(said), "letter")
    return None


def _labelled(said: str, options: _Options) -> _Reading | None:
    """Letters with texts: "B) 42", or "A) 1 and C) 3"."""
    first = _LABEL.match(said)
    if first is None:
        return None
    labels = [first, *_FURTHER_LABEL.finditer(said, first.end())]
    marks = [_marked(label) for label in labels]
    letters = _ordered(marks)
    if len(labels) > len(_LETTERS):
        return _Reading(letters, "letter", hedged=True)
    ends = [*(label.start() for label in labels[1:]), len(said)]
    texts = [said[label.end() : end] for label, end in zip(labels, ends, strict=True)]
    hedged = any(_ENDS_IN_OR.search(text) for text in texts)
    ignored = False
    for letter, text in zip(marks, texts, strict=True):
        text = _JOINED_ON.sub("", text)
        named = options.named_by(text) or options.named_by(text.strip("()"))
        if named and letter not in named:
            return _Reading(letters, "letter_and_text", contradiction=named)
        if not named:
            ignored = True
            hedged = hedged or _names_another(text, options.rivals(letter))
    method = "letter" if ignored else "letter_and_text"
    return _Reading(letters, method, hedged=hedged, text_ignored=ignored)


def _names_another(text: str, rivals: set[str]) -> bool:
    """Whether the text beside a letter takes the letter back, or adds one of ``rivals``."""
    if _ABOUT_OPTIONS.match(text):
        return False
    letters = _LETTER if _LIST.fullmatch(text) else _OTHER_LETTER
    return not rivals.isdisjoint(letters.findall(text))


def _marked(label: re.Match[str]) -> str:
    return label.group().strip(_AROUND_LETTER).upper()


def _plain(text: str) -> str:
    """``text`` without the markup that LaTeX and markdown put around words."""
    text = visible(text)
    for _ in range(_WRAPPERS_DEEP):
        text = _WRAPPER.sub(r"\1", text)
    text = _DELIMITER.sub("", _SPACING.sub(" ", text))
    return _FULL_STOP.sub("", " ".join(text.split())).rstrip()


def _key(plain: str) -> str:
    """What texts must have in common to be the same option's."""
    key = _AROUND_SIGN.sub(r"\1", folded(plain))
    if quoted := _QUOTED.fullmatch(key):
        key = quoted["inside"]
    if article := _ARTICLE.match(key):
        key = key[article.end() :]
    return key


def _ordered(letters: Iterable[str]) -> str:
    return "".join(sorted({letter.upper() for letter in letters}))
