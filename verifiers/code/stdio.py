"""Programs that read stdin and print: one run for each test, judged by what they printed.

What should be printed stays outside the sandbox.
"""

from collections.abc import Iterator

from assayoffice.sandbox.programs import Blob
from assayoffice.sandbox.programs.toolchains import BuildFailed, Built
from assayoffice.verifiers.base import UnscorableReferenceError
from assayoffice.verifiers.code import checker, strict_json
from assayoffice.verifiers.code.compare import printed_difference
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.numbers import Tolerance
from assayoffice.verifiers.code.outcomes import describe, grade_of, limits_of
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.strict_json import NotJsonError
from assayoffice.verifiers.code.task import CodeTask, Comparator, StdioTest


def names(task: CodeTask) -> tuple[str, ...]:
    """What the tests are called: as the task says, or by their number."""
    return tuple(test.name or str(number) for number, test in enumerate(task.stdio, 1))


def reports(source: str, task: CodeTask, machine: Machine) -> Iterator[Report]:
    """Run the tests, one for each report that is asked for.

    A program that does not compile gets one report, in the name of the first test. Raises
    UnscorableReferenceError for a test that no program can be judged by.
    """
    _check_expected(task)
    called = names(task)
    try:
        built = machine.toolchains.build(task.language, source)
    except BuildFailed as error:
        yield Report(called[0], Grade.COMPILE_ERROR, str(error))
        return
    for name, test in zip(called, task.stdio, strict=True):
        yield Report(name, *_judge(built, test, task, machine))


def _check_expected(task: CodeTask) -> None:
    """Whether a task is in order must not depend on how far its tests are run."""
    if task.comparator is not Comparator.JSON:
        return
    for index, test in enumerate(task.stdio):
        try:
            strict_json.read_exact(test.output)
        except NotJsonError as error:
            field = f"stdio[{index}].output"
            raise UnscorableReferenceError(f"{field}: no JSON: {error}", field=field) from None


def _judge(built: Built, test: StdioTest, task: CodeTask, machine: Machine) -> tuple[Grade, str]:
    with Blob(_encoded(test.input)) as stdin:
        result = machine.sandbox.run(built.run(limits_of(task), stdin=stdin))
        grade = grade_of(
            result, ignore_exit_code=task.ignore_exit_code, memory_bytes=task.memory_bytes
        )
        if grade is not None:
            return grade, describe(result, grade)
        expected = _encoded(test.output)
        if task.checker is not None:
            right, detail = checker.accepts(task.checker, result.stdout, expected, stdin, machine)
            return Grade.PASSED if right else Grade.WRONG_ANSWER, detail
    tolerance = Tolerance.of(task.absolute_tolerance, task.relative_tolerance)
    comparator = task.comparator or Comparator.TRIMMED
    difference = printed_difference(result.stdout, expected, comparator, tolerance)
    return (Grade.PASSED, "") if difference is None else (Grade.WRONG_ANSWER, difference)


def _encoded(text: str) -> bytes:
    # Lone surrogates cannot come by wire; whoever has them gets them back as they are.
    return text.encode("utf-8", "surrogatepass")
