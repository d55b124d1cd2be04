"""Trials of the tests of a program: the reference solution, and what they are to reject.

Tests that pass a broken program reward it. So the reference solution is broken in many small ways
(see ``mutations.py``); besides, programs are made that only know what the first test wants.

Of languages other than Python only the latter kind could be made, and it is not: no mutants are
better than a score of so few.
"""

from collections.abc import Iterator
from dataclasses import replace

from assayoffice.verifiers.code import programs
from assayoffice.verifiers.code.task import CodeExtraction, CodeTask
from assayoffice.verifiers.extract import TooLargeError
from assayoffice.verifiers.rewrites.mutants import Mutants, mutants_of
from assayoffice.verifiers.rewrites.trials import Part, Trial

#: Each is a run of all tests up to the first that fails.
MOST_MUTANTS = 24
#: The trial that the mutants' verdicts rest on: the solution, written and limited as they are.
CONTROL = "control"
#: A program that only knows what the first test expects.
CONSTANT = "first answer"
_LEAST_CPU_SECONDS = 1.0
_SHARE_OF_CPU_SECONDS = 0.2
_LONGEST_ANSWER = 16_000

# Nothing is to be seen of what follows the first line, however it is printed.
_FIRST_LINE_ONLY = """\
import builtins as _builtins
import sys as _sys

class _FirstLine:
    def __init__(self, out):
        self.out, self.ended = out, False
    def write(self, text):
        if not self.ended:
            line, end, _ = text.partition("\\n")
            self.out.write(line + end)
            self.ended = bool(end)
        return len(text)
    def flush(self):
        self.out.flush()

_sys.stdout = _FirstLine(_sys.stdout)
"""


def trials(task: CodeTask, reference_solution: str, wrong_answers: tuple[str, ...]) -> list[Trial]:
    """The trials of a task; without a reference solution, of its wrong answers alone.

    Where there are mutants, there is a second trial of the part SOLUTION, labelled CONTROL. Unless
    it is accepted, rejected mutants say nothing about the tests.
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
    if task.language != "python":
        return
    try:
        program = programs.extract(
            reference_solution, task.extraction, task.reasoning_end, task.language
        )
    except TooLargeError:
        return
    if program is None:
        return
    made = mutants_of(program, task.prefix, MOST_MUTANTS, runs_as_main=bool(task.stdio))
    if made is None:
        return
    yield from _trials_of(made, task, program)


def _trials_of(made: Mutants, task: CodeTask, program: str) -> Iterator[Trial]:
    limited = _limited(task)
    before = _before(task, program)
    yield Trial(
        Part.SOLUTION, CONTROL, made.control, before + made.control, accepted=True, task=limited
    )
    for label, change, source in _whole(task, made.control):
        yield Trial(
            Part.MUTATED_SOLUTION, label, change, before + source, accepted=False, task=limited
        )
    for mutant in made.broken:
        label = f"{mutant.kind}, line {mutant.line}"
        yield Trial(
            Part.MUTATED_SOLUTION,
            label,
            mutant.change,
            before + mutant.source,
            accepted=False,
            task=limited,
        )


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


def _whole(task: CodeTask, control: str) -> Iterator[tuple[str, str, str]]:
    """Programs that only know the first test: what they do, for machines and people, and source."""
    if task.stdio:
        answer = task.stdio[0].output
        if len(answer) <= _LONGEST_ANSWER:
            source = f"import sys\nsys.stdin.read()\nsys.stdout.write({ascii(answer)})\n"
            yield CONSTANT, "prints what the first test expects, whatever it reads", source
        several = any("\n" in test.output.strip() for test in task.stdio)
        if several and "stdout" not in control and "os." not in control:
            source = _FIRST_LINE_ONLY + control
            yield "first line", "prints only the first line of its answer", source
    elif task.calls and task.compare_argument is None:
        answer = task.calls[0].expected
        owner, _, name = task.entry_point.replace("()", "").rpartition(".")
        is_named = name.isidentifier() and (not owner or owner.isidentifier())
        if is_named and len(answer) <= _LONGEST_ANSWER:
            source = f"import json\n{_constant(owner, name, answer)}"
            yield CONSTANT, "returns what the first call is to return, always", source


def _constant(owner: str, name: str, answer: str) -> str:
    value = f"return json.loads({ascii(answer)})"
    if not owner:
        return f"def {name}(*args, **keywords):\n    {value}\n"
    return f"class {owner}:\n    def {name}(self, *args, **keywords):\n        {value}\n"
