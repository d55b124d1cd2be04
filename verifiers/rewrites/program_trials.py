"""Trials of the tests of a program: the reference solution, and what they are to reject.

Tests that pass a broken program reward it. So the reference solution is broken in many small ways
(see ``mutations.py``); besides, programs are made that only know what the first test wants.

Programs in languages like C are broken token by token, see ``textual.py``. Of them fewer are made,
since each is compiled.
"""

from collections.abc import Iterator
from dataclasses import replace

from assayoffice.verifiers.code import programs
from assayoffice.verifiers.code.task import CodeExtraction, CodeTask
from assayoffice.verifiers.extract import TooLargeError
from assayoffice.verifiers.rewrites.first_test import first_answer, first_line
from assayoffice.verifiers.rewrites.mutants import Mutants, mutants_of
from assayoffice.verifiers.rewrites.textual import LANGUAGES, mutants_of_text
from assayoffice.verifiers.rewrites.trials import Part, Trial

#: Each is a run of all tests up to the first that fails.
MOST_MUTANTS = 24
MOST_COMPILED_MUTANTS = 12
#: The trial that the mutants' verdicts rest on: the solution, written and limited as they are.
CONTROL = "control"
#: A program that only knows what the first test expects.
CONSTANT = "first answer"
_LEAST_CPU_SECONDS = 1.0
_SHARE_OF_CPU_SECONDS = 0.2


def trials(task: CodeTask, reference_solution: str, wrong_answers: tuple[str, ...]) -> list[Trial]:
    """The trials of a task; without a reference solution, of its wrong answers alone.

    Where the solution could be broken, a second trial of the part SOLUTION is labelled CONTROL.
    Unless it is accepted, rejected mutants say nothing about the tests.
    """
    made = [
        Trial(Part.WRONG_ANSWER, f"wrong answer {number}", answer, answer, accepted=False)
        for number, answer in enumerate(wrong_answers, 1)
    ]
    if not reference_solution:
        return made
    solution = Trial(Part.SOLUTION, "solution", reference_solution, reference_solution, True)
    return [solution, *_broken(task, reference_solution), *made]


def _broken(task: CodeTask, reference_solution: str) -> Iterator[Trial]:
    try:
        program = programs.extract(
            reference_solution, task.extraction, task.reasoning_end, task.language
        )
    except TooLargeError:
        return
    if program is None:
        return
    limited = _limited(task)
    constant = first_answer(task)
    if constant is not None:
        change = "gives the answer of the first test, whatever it is asked"
        yield _mutated(CONSTANT, change, constant, replace(limited, language="python"))
    made = _mutants(task, program)
    if made is None:
        return
    before = _before(task, program)
    whole = before + made.control
    yield Trial(Part.SOLUTION, CONTROL, made.control, whole, accepted=True, task=limited)
    if task.language == "python" and (short := first_line(task, made.control)) is not None:
        yield _mutated("first line", "prints only the first line", short, limited)
    for mutant in made.broken:
        label = f"{mutant.kind}, line {mutant.line}"
        yield _mutated(label, mutant.change, before + mutant.source, limited)


def _mutants(task: CodeTask, program: str) -> Mutants | None:
    if task.language == "python":
        return mutants_of(program, task.prefix, MOST_MUTANTS, runs_as_main=bool(task.stdio))
    if task.language in LANGUAGES:
        most = MOST_MUTANTS if task.language == "javascript" else MOST_COMPILED_MUTANTS
        return mutants_of_text(program, task.prefix, most)
    return None


def _mutated(label: str, change: str, source: str, task: CodeTask) -> Trial:
    return Trial(Part.MUTATED_SOLUTION, label, change, source, accepted=False, task=task)


def _limited(task: CodeTask) -> CodeTask:
    """The task for programs that hold the prefix already and of which some never end.

    Those would use up the CPU time of every test, which is meant for slow programs that are right.
    So they get less of it, and none is tested further than to its first failure; whether the
    solution keeps to that limit is what the control trial tells.
    """
    return replace(
        task,
        prefix=task.prefix if task.asserts.strip() else "",
        extraction=CodeExtraction.WHOLE,
        reasoning_end="",
        partial_credit=False,
        run_all=False,
        cpu_seconds=min(
            task.cpu_seconds, max(_LEAST_CPU_SECONDS, _SHARE_OF_CPU_SECONDS * task.cpu_seconds)
        ),
    )


def _before(task: CodeTask, program: str) -> str:
    """What stands between the prefix, where it must stay, and a program that has it as well.

    Assertions use what the prefix defines. If it is the beginning of a function, that has to end.
    """
    if not (task.prefix and task.asserts.strip()):
        return ""
    first = next(line for line in program.split("\n") if line.strip())
    return first[: len(first) - len(first.lstrip())] + "pass\n"
