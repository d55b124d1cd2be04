"""The verifier ``numeric``: numbers, expressions and the structures mathematics makes of them."""

import importlib
from typing import ClassVar, Final

from assayoffice.verifiers.base import (
    Effort,
    Limits,
    NeedsFullEffort,
    Outcome,
    Submission,
    Verdict,
)
from assayoffice.verifiers.choice import ChoiceTask, ChoiceVerifier
from assayoffice.verifiers.extract import Extracted, Extraction, extract
from assayoffice.verifiers.numeric import echo, quantities
from assayoffice.verifiers.numeric.compare import compare
from assayoffice.verifiers.numeric.expression import (
    Add,
    Node,
    Sequence,
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
from assayoffice.verifiers.numeric.limits import TooLargeError
from assayoffice.verifiers.numeric.parser import UnreadableError, parse
from assayoffice.verifiers.numeric.reference import Reference, reference_of
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.scalars import Setting
from assayoffice.verifiers.numeric.task import NumericTask
from assayoffice.verifiers.numeric.wording import words

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
        reference = reference_of(task)
        try:
            found = extract(submission.response, task.extraction, task.reasoning_end)
        except TooLargeError as error:
            return _too_large(error, "", reference)
        if found is None:
            return _verdict(Outcome.NO_ANSWER, "NO_COMMITTED_ANSWER", "", reference)
        return _judge(submission, reference, found, effort)


def _judge(
    submission: Submission[NumericTask], reference: Reference, found: Extracted, effort: Effort
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
        if finding.equal and echo.repeats(submission.prompt, found.text, node, reference.node):
            finding = different(finding.method, "ECHO")
    except TooLargeError as error:
        return _too_large(error, found.text, reference)
    except UnreadableError:
        if letter := _compare_letters(reference, found.text):
            return _decided(letter, found, reference, "")
        return _verdict(Outcome.NO_ANSWER, "UNREADABLE", found.text, reference, flags=found.flags)
    except UndefinedError:
        finding = different(Method.STRUCTURE, "UNDEFINED")
    except NotScalarError:
        finding = undecided(Method.STRUCTURE)
    # "A - 1" is a letter with its text to the eye of a reader of options, and here a difference.
    if not (finding.equal or isinstance(node, Add)):
        finding = _compare_letters(reference, found.text) or finding
    return _decided(finding, found, reference, render(node) if node else "")


def _compared(
    reference: Reference, text: str, task: NumericTask, effort: Effort
) -> tuple[Node, Finding]:
    setting = Setting.of(task, text, effort)
    # Commas in braces separate, as they do in a reference.
    node = parse(text, thousands=not (reference.several or "\\{" in text))
    if node == reference.node:
        return node, equal(Method.NORMAL_FORM)
    finding = compare(reference.node, node, setting)
    if reference.alternative is not None and not finding.equal:
        alternative = parse(text, thousands=False)
        kinds = [getattr(each, "kind", "") for each in (reference.alternative, alternative)]
        if isinstance(alternative, Sequence) and kinds[0] == kinds[1]:
            return alternative, compare(reference.alternative, alternative, setting)
    return node, finding


def _compare_letters(reference: Reference, text: str) -> Finding | None:
    """Whether ``text`` names the option whose letter the reference is; None if it does not."""
    if not reference.letter:
        return None
    task = ChoiceTask(reference.letter, extraction=Extraction.WHOLE)
    verdict = ChoiceVerifier().verify(Submission(text, task), Effort.QUICK)
    return equal(Method.TEXT) if verdict.outcome is Outcome.CORRECT else None


def _decided(finding: Finding, found: Extracted, reference: Reference, shown: str) -> Verdict:
    return _verdict(
        Outcome.CORRECT if finding.equal else Outcome.INCORRECT,
        finding.reason,
        found.text,
        reference,
        shown=shown,
        method=finding.method.value,
        flags=(*found.flags, *finding.flags),
    )


def _too_large(error: TooLargeError, extracted: str, reference: Reference) -> Verdict:
    return _verdict(Outcome.LIMIT_EXCEEDED, error.reason, extracted, reference)


def _verdict(
    outcome: Outcome,
    reason: str,
    extracted: str,
    reference: Reference,
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
