"""Trials for the ``numeric`` verifier: whether it tells right from wrong answers to one task.

From the reference are made, by ``answers.py``, its usual renderings, the same written differently,
and answers that are wrong. Here they are put where the task looks for an answer.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.numeric.reference import reference_of
from assayoffice.verifiers.numeric.task import NumericTask
from assayoffice.verifiers.rewrites.answers.answers import Answers
from assayoffice.verifiers.rewrites.answers.values import Answer
from assayoffice.verifiers.rewrites.trials import Part, Trial

#: Of each part; what a reference has more of is left out evenly over the labels.
_MOST: Final = {Part.RENDERING: 10, Part.EQUIVALENT: 8, Part.MUTANT: 30}
_SPACING: Final = re.compile(r"\\(?:left|right|,|;|!| )|[\s{}$]")


def trials(task: NumericTask, problem: str, wrong_answers: tuple[str, ...]) -> list[Trial]:
    """The trials for ``task``, the same each time and each text once per part.

    Right answers that stand in ``problem`` are left out, because repeating the question is no
    answer. Raises InvalidTaskError and UnscorableReferenceError as the verifier does.
    """
    reference = reference_of(task)
    found: dict[Part, dict[str, Answer]] = {part: {} for part in _MOST}
    question = _squeezed(problem)
    for answer in Answers(reference, task):
        text = _shown(answer)
        if not text or (answer.label != "verbatim" and _repeats(answer, question)):
            continue
        found[answer.part].setdefault(text, answer)
    right = found[Part.RENDERING].keys()
    kept = [
        answer
        for part, answers in found.items()
        for text, answer in _spread(answers, _MOST[part])
        if part is Part.RENDERING or text not in right
    ]
    return [_trial(answer, task) for answer in kept] + [
        Trial(Part.WRONG_ANSWER, "given", text, response(text, task), accepted=False)
        for text in dict.fromkeys(wrong_answers)
    ]


def response(text: str, task: NumericTask, hedge: str = "") -> str:
    """``text`` as a response that gives it as its answer; ``hedge`` is a second answer."""
    if task.extraction is Extraction.WHOLE:
        said = f"{text} \\text{{ or }} {hedge}" if hedge else text
    else:
        said = f"The answer is $\\boxed{{{text}}}$"
        said += f" or $\\boxed{{{hedge}}}$." if hedge else "."
    return f"{task.reasoning_end}\n\n{said}" if task.reasoning_end else said


def _trial(answer: Answer, task: NumericTask) -> Trial:
    return Trial(
        answer.part,
        answer.label,
        _shown(answer),
        response(answer.text, task, answer.hedge),
        accepted=answer.part is not Part.MUTANT,
    )


def _shown(answer: Answer) -> str:
    return f"{answer.text} or {answer.hedge}" if answer.hedge else answer.text


def _repeats(answer: Answer, question: str) -> bool:
    return answer.part is not Part.MUTANT and _squeezed(answer.text) in question


def _squeezed(text: str) -> str:
    return _SPACING.sub("", text).replace("dfrac", "frac")


def _spread(answers: dict[str, Answer], most: int) -> Iterator[tuple[str, Answer]]:
    """At most ``most`` of them, the first of each label before the second of any."""
    if len(answers) <= most:
        yield from answers.items()
        return
    seen: defaultdict[str, int] = defaultdict(int)
    ranked: list[tuple[int, str]] = []
    for text, answer in answers.items():
        ranked.append((seen[answer.label], text))
        seen[answer.label] += 1
    chosen = {text for _, text in sorted(ranked, key=lambda each: each[0])[:most]}
    yield from ((text, answer) for text, answer in answers.items() if text in chosen)
