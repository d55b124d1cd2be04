"""The verifier ``numeric``: numbers, expressions and the structures mathematics makes of them."""

import importlib
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import ClassVar, Final

from assayoffice.verifiers.base import (
    Effort,
    Limits,
    NeedsFullEffort,
    Outcome,
    Submission,
    UnscorableReferenceError,
    Verdict,
)
from assayoffice.verifiers.choice import ChoiceTask, ChoiceVerifier
from assayoffice.verifiers.extract import Extracted, Extraction, extract
from assayoffice.verifiers.numeric import echo, quantities
from assayoffice.verifiers.numeric.compare import compare
from assayoffice.verifiers.numeric.expression import (
    Interval,
    Node,
    Sequence,
    SetOperation,
    Text,
    contains,
)
from assayoffice.verifiers.numeric.finding import (
    Finding,
    Method,
    NotScalarError,
    UndefinedError,
    different,
    equal,
    undecided,
)
from assayoffice.verifiers.numeric.limits import Budget, TooLargeError
from assayoffice.verifiers.numeric.parser import UnreadableError, parse
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.scalars import Setting
from assayoffice.verifiers.numeric.task import NumericTask, check
from assayoffice.verifiers.numeric.values import Values
from assayoffice.verifiers.numeric.wording import words

#: References that are kept parsed. A batch of a trainer repeats each several times.
_REFERENCES: Final = 4096
#: Longer ones are read again each time, so that what is kept stays small.
_REFERENCE_CHARACTERS: Final = 500
_EXPLANATIONS: Final = {
    "EQUAL": "The answer is the reference.",
    "DIFFERENT": "The answer is not the reference.",
    "HEDGED": "The answer gives several values where one is asked for.",
    "INCOMPLETE": "The answer gives one value where several are asked for.",
    "LENGTH": "The answer has another number of elements than the reference.",
    "OTHER_KIND": "The answer is another kind of thing than the reference.",
    "CONDITION": "The answer holds under another condition than the reference.",
    "OTHER_NAME": "The answer is about another quantity than the reference.",
    "END_POINT": "The answer includes or excludes another end point than the reference.",
    "FALSE_STATEMENT": "The answer states an equality that does not hold.",
    "TRIVIAL": "The answer is a statement that is always true or always false.",
    "FREE_VARIABLE": "The answer has a variable where the reference is a constant.",
    "UNEVALUATED": "The answer is right but leaves the calculation to the reader.",
    "ECHO": "The answer repeats an expression of the question.",
    "UNIT_MISMATCH": "The answer is in a unit that measures something else.",
    "UNIT_MISSING": "The answer lacks the unit that the task requires.",
    "UNDEFINED": "The answer has no value, as a division by zero has none.",
    "UNDECIDED": "It could not be established that the answer is the reference.",
    "DISPUTED": "The answer was found equal symbolically, and numerically different.",
    "UNREADABLE": "The answer cannot be read as mathematics.",
    "NO_COMMITTED_ANSWER": "The response commits to no answer.",
}
#: Where a bracket opens a tuple, interval or set, commas separate.
_BRACKETED: Final = re.compile(r"(?:^|=|\\in|\\cup)\s*(?:\\left|\\[bB]ig+l?)?\s*(?:[(\[]|\\\{)")
#: A reference that is nothing but words.
_WORDED: Final = re.compile(r"\s*\\(?:text|mathrm|textbf|mbox)\s?\{[^{}0-9]*\}\s*")
_LETTER: Final = re.compile(r"\W*([A-Z])\W*")


@dataclass(frozen=True, slots=True)
class _Reference:
    node: Node
    #: What it means if "12,345" in it is not one number but two, where that is another thing.
    alternative: Node | None
    #: Whether it has several parts, between which a comma separates.
    several: bool
    shown: str
    #: What it says if it is text, else nothing.
    words: str
    #: The letter if it may be that of an option, else nothing.
    letter: str


class NumericVerifier:
    """Judges numeric and symbolic answers. See docs/verifiers/numeric.md for the conventions."""

    name: ClassVar[str] = "numeric"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = (
        "Numbers, expressions, units, intervals, sets, tuples, matrices, equations"
    )
    task_type: ClassVar[type] = NumericTask
    limits: ClassVar[Limits] = Limits(
        cpu_seconds=2.0, wall_seconds=10.0, memory_bytes=1 << 30, quick_cpu_seconds=0.25
    )
    decided_by: ClassVar[tuple[str, ...]] = ("sympy", "python-flint", "pint", "mpmath")

    def __init__(self) -> None:
        # More than a second of work that a QUICK call could not afford; workers inherit it.
        quantities.registry()
        importlib.import_module("sympy")

    def verify(self, submission: Submission[NumericTask], effort: Effort) -> Verdict:
        """Judge a submission.

        Raises InvalidTaskError for options that contradict each other, UnscorableReferenceError
        for a reference that cannot be read or is not equal to itself, and NeedsFullEffort.
        """
        task = submission.task
        reference = _checked(task)
        try:
            found = extract(submission.response, task.extraction, task.reasoning_end)
        except TooLargeError as error:
            return _too_large(error, "", reference)
        if found is None:
            return _verdict(Outcome.NO_ANSWER, "NO_COMMITTED_ANSWER", "", reference)
        return _judge(submission, reference, found, effort)


def _judge(
    submission: Submission[NumericTask], reference: _Reference, found: Extracted, effort: Effort
) -> Verdict:
    task = submission.task
    node: Node | None = None
    try:
        if found.text == task.reference:
            return _decided(equal(Method.NORMAL_FORM), found, reference, reference.shown)
        if reference.words and words(found.text) == reference.words:
            return _decided(equal(Method.TEXT), found, reference, "")
        node, finding = _compared(reference, found.text, task, effort)
        if not finding.decided and finding.method is Method.SYMPY and effort is Effort.QUICK:
            raise NeedsFullEffort
        if finding.equal and echo.repeats(submission.prompt, found.text, node):
            finding = different(finding.method, "ECHO")
    except TooLargeError as error:
        return _too_large(error, found.text, reference)
    except UnreadableError:
        if letter := _compare_letters(reference, found.text):
            return _decided(letter, found, reference, "")
        return _verdict(Outcome.NO_ANSWER, "UNREADABLE", found.text, reference, flags=found.flags)
    except UndefinedError:
        finding = different(Method.STRUCTURE, "UNDEFINED")
    if not finding.equal:
        finding = _compare_letters(reference, found.text) or finding
    return _decided(finding, found, reference, render(node) if node else "")


def _compared(
    reference: _Reference, text: str, task: NumericTask, effort: Effort
) -> tuple[Node, Finding]:
    seed = blake2b(f"{task.reference}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16)
    setting = Setting(task, Values(seed.digest(), Budget(), effort))
    node = parse(text, thousands=not reference.several)
    if node == reference.node and text != task.reference:
        return node, equal(Method.NORMAL_FORM)
    finding = _compare(reference.node, node, setting)
    if reference.alternative is not None and not finding.equal:
        alternative = parse(text, thousands=False)
        if isinstance(alternative, Sequence):
            return alternative, _compare(reference.alternative, alternative, setting)
    return node, finding


def _compare(reference: Node, answer: Node, setting: Setting) -> Finding:
    try:
        return compare(reference, answer, setting)
    except NotScalarError:
        return undecided(Method.STRUCTURE)


def _compare_letters(reference: _Reference, text: str) -> Finding | None:
    """Whether ``text`` names the option whose letter the reference is; None if it does not."""
    if not reference.letter:
        return None
    task = ChoiceTask(reference.letter, extraction=Extraction.WHOLE)
    verdict = ChoiceVerifier().verify(Submission(text, task), Effort.QUICK)
    return equal(Method.TEXT) if verdict.outcome is Outcome.CORRECT else None


def _checked(task: NumericTask) -> _Reference:
    """The reference of a task whose options agree, read and found equal to itself."""
    return (_remembered if len(task.reference) <= _REFERENCE_CHARACTERS else _check)(task)


def _check(task: NumericTask) -> _Reference:
    check(task)
    reference = _read_reference(task.reference)
    try:
        _, finding = _compared(reference, task.reference, task, Effort.QUICK)
    except UndefinedError:
        raise _unscorable("has no value; it divides by zero or the like") from None
    except TooLargeError as error:
        raise _unscorable(f"is too large to judge against ({error.reason})") from None
    if finding.different:
        raise _unscorable(f"is not equal to itself under the task's options ({finding.reason})")
    return reference


def _read_reference(text: str) -> _Reference:
    try:
        node = parse(text, thousands=not _BRACKETED.search(text))
        alternative = parse(text, thousands=False)
    except UnreadableError as error:
        raise _unscorable(f"cannot be read without loss: {error}") from None
    except TooLargeError as error:
        raise _unscorable(f"is too large to judge against ({error.reason})") from None
    said = words(text)
    letter = _LETTER.fullmatch(said.upper()) if len(said) == 1 else None
    return _Reference(
        node,
        alternative if isinstance(alternative, Sequence) and alternative != node else None,
        contains(node, Sequence, Interval, SetOperation),
        render(node),
        words=said if isinstance(node, Text) or _WORDED.fullmatch(text) else "",
        letter=letter[1] if letter and letter[1] in text else "",
    )


_remembered = lru_cache(_REFERENCES)(_check)


def _unscorable(problem: str) -> UnscorableReferenceError:
    return UnscorableReferenceError(
        f"task.reference {problem}; write it in plain LaTeX, or as words inside \\text{{}}",
        field="reference",
    )


def _decided(finding: Finding, found: Extracted, reference: _Reference, shown: str) -> Verdict:
    return _verdict(
        Outcome.CORRECT if finding.equal else Outcome.INCORRECT,
        finding.reason,
        found.text,
        reference,
        shown=shown,
        method=finding.method.value,
        flags=(*found.flags, *finding.flags),
    )


def _too_large(error: TooLargeError, extracted: str, reference: _Reference) -> Verdict:
    return _verdict(Outcome.LIMIT_EXCEEDED, error.reason, extracted, reference)


def _verdict(
    outcome: Outcome,
    reason: str,
    extracted: str,
    reference: _Reference,
    *,
    shown: str = "",
    method: str = "",
    flags: tuple[str, ...] = (),
) -> Verdict:
    return Verdict(
        outcome,
        1.0 if outcome is Outcome.CORRECT else 0.0,
        reason,
        _EXPLANATIONS.get(reason, f"The answer is beyond the limit {reason}."),
        extracted=extracted,
        normalized_answer=shown,
        normalized_reference=reference.shown,
        method=method,
        flags=tuple(sorted(flags)),
    )
