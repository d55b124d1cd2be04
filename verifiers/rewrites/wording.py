"""Whether a problem asks for one answer of the kind that its verifier reads.

The wording is read, not understood: sentences are taken for requests by their question marks and
verbs (``requests.py``), and a request is held against the reference where its words are plain
(``asked.py``). English only; other texts are left undecided.

Reasons: EMPTY, NO_QUESTION, ASKS_FOR_PROOF, SEVERAL_QUESTIONS (for a reference with one value),
OTHER_KIND, UNIT, ROUNDING, NO_OPTIONS (choice), NO_ENTRY_POINT and NO_OUTPUT (code). Of a program
it is only asked whether the problem names what the tests call, or that it prints; of a theorem to
prove only that the problem says something.
"""

import re
from collections.abc import Iterator
from string import ascii_uppercase
from typing import Final

from assayoffice.verifiers.choice import ChoiceTask
from assayoffice.verifiers.code.task import CodeTask
from assayoffice.verifiers.numeric.task import NumericTask
from assayoffice.verifiers.rewrites import asked, requests
from assayoffice.verifiers.rewrites.asked import Mismatch
from assayoffice.verifiers.rewrites.choice_trials import shown_letters
from assayoffice.verifiers.rewrites.requests import Reading
from assayoffice.verifiers.rewrites.rewrite import Rewrite
from assayoffice.verifiers.rewrites.trials import CheckResult, Evidence, State
from assayoffice.verifiers.text import folded

_NAME: Final = "wording"
_HALF: Final = 0.5
_SHOWN_CHARACTERS: Final = 300
_SHOWN_FINDINGS: Final = 8
_PRINTS: Final = re.compile(r"\b(?:print|output|stdout|write|display|emit|standard\soutput)", re.I)
_EXPLANATIONS: Final = {
    "EMPTY": "The problem says nothing.",
    "NO_QUESTION": "The problem asks for nothing; end it with a question, or with a verb such as "
    "find or determine.",
    "ASKS_FOR_PROOF": "The problem asks for a proof, which the verifier does not read; ask for a "
    "value that only the argument yields.",
    "SEVERAL_QUESTIONS": "The problem asks for more than one thing, and the reference is one "
    "value; ask for one, or make the reference a tuple and say in which order.",
    "OTHER_KIND": "The problem asks for another kind of answer than the reference is.",
    "UNIT": "The problem asks for another unit than that of the reference.",
    "ROUNDING": "The problem asks for another rounding than that of the reference.",
    "NO_OPTIONS": "The problem shows no choice; list all options, each once and with its letter.",
    "NO_ENTRY_POINT": "The problem does not name what the tests call.",
    "NO_OUTPUT": "The problem does not say that the program is to print something.",
}


def check(rewrite: Rewrite) -> CheckResult:
    """Read the problem of a rewrite. Never raises, whatever the task is."""
    problem = rewrite.problem
    if not any(each.isalnum() for each in problem):
        return _failed([Mismatch("EMPTY", "", "")])
    if rewrite.verifier not in ("numeric", "choice", "code", "lean"):
        explanation = f"Nothing is known of what the verifier {rewrite.verifier} reads."
        return CheckResult(_NAME, State.NOT_APPLICABLE, explanation=explanation)
    if isinstance(rewrite.task, CodeTask):
        found = list(_of_program(problem, rewrite.task))
        return _failed(found) if found else _passed("The problem says what the program is to do.")
    if rewrite.verifier == "lean":
        return _passed("The problem says something.")
    reading = requests.read(problem)
    if not reading.english:
        return CheckResult(
            _NAME,
            State.UNDECIDED,
            "NOT_ENGLISH",
            "Only English is read; whether the problem asks for one answer is for people to say.",
            value=_HALF,
        )
    found = list(_findings(rewrite, reading))
    if found:
        return _failed(found)
    asks = tuple(
        Evidence("request", _cut(each.text)) for each in reading.requests[:_SHOWN_FINDINGS]
    )
    return _passed("The problem asks for one answer of the kind of the reference.", asks)


def _findings(rewrite: Rewrite, reading: Reading) -> Iterator[Mismatch]:
    for text in reading.proofs:
        yield Mismatch("ASKS_FOR_PROOF", text, "")
    if not reading.requests:
        yield Mismatch("NO_QUESTION", "", "")
    task = rewrite.task
    if isinstance(task, ChoiceTask):
        yield from _of_choice(rewrite.problem, task)
        for text in requests.several(reading):
            yield Mismatch("SEVERAL_QUESTIONS", text, "")
        for text in reading.explanations:
            yield Mismatch("OTHER_KIND", text, "No verifier reads an explanation.")
    if isinstance(task, NumericTask):
        node = asked.parsed(task.reference)
        if not asked.takes_several(node):
            for text in requests.several(reading):
                yield Mismatch("SEVERAL_QUESTIONS", text, "")
        yield from asked.mismatches(reading, rewrite.problem, task, node)


def _of_choice(problem: str, task: ChoiceTask) -> Iterator[Mismatch]:
    if len(task.options) == 1:
        yield Mismatch("NO_OPTIONS", task.options[0], "A single option is no choice.")
        return
    texts = [folded(each) for each in task.options]
    right = [
        text
        for letter, text in zip(ascii_uppercase, texts, strict=False)
        if letter in task.reference.upper()
    ]
    for text in right:
        if texts.count(text) > right.count(text):
            yield Mismatch("NO_OPTIONS", text, "It stands among the wrong options, too.")
            return
    letters = shown_letters(problem)
    wanted = task.reference.upper()
    if letters and not wanted.strip(letters):
        return
    shown = folded(problem)
    if task.options and all(folded(text) in shown for text in task.options):
        return
    yield Mismatch("NO_OPTIONS", "", "")


def _of_program(problem: str, task: CodeTask) -> Iterator[Mismatch]:
    if task.entry_point:
        name = task.entry_point.rpartition(".")[2]
        if name not in problem:
            yield Mismatch("NO_ENTRY_POINT", name, f"The tests call {task.entry_point}.")
    elif task.stdio and not _PRINTS.search(problem):
        yield Mismatch("NO_OUTPUT", "", "The tests read what the program prints.")


def _passed(explanation: str, evidence: tuple[Evidence, ...] = ()) -> CheckResult:
    return CheckResult(_NAME, State.PASSED, "ASKS", explanation, evidence=evidence)


def _failed(found: list[Mismatch]) -> CheckResult:
    first = found[0]
    explanation = _EXPLANATIONS[first.reason]
    if first.detail:
        explanation = f"{explanation} {first.detail}"
    return CheckResult(
        _NAME,
        State.FAILED,
        first.reason,
        explanation,
        evidence=tuple(
            Evidence(each.reason, _cut(each.text), each.detail, expected=False)
            for each in found[:_SHOWN_FINDINGS]
        ),
        value=_HALF,
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + " ..."
