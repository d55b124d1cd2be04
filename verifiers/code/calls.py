"""Calls of a function: one run for each, judged by the value that comes back as data.

A run gets the program and the arguments, and nothing that tells what is expected. What it answers
is decoded here into exact builtins, so that nothing of the program's runs when they are compared,
and whoever forges an answer still has to know it.
"""

import functools
import re
import secrets
from collections.abc import Iterator

from assayoffice.sandbox.programs import Blob, PythonProgram, Run
from assayoffice.verifiers.base import InvalidTaskError, UnscorableReferenceError
from assayoffice.verifiers.code import inside, strict_json
from assayoffice.verifiers.code.compare import quoted, returned_difference
from assayoffice.verifiers.code.inside.codec import MalformedError, read
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.numbers import Tolerance
from assayoffice.verifiers.code.outcomes import describe, grade_of, limits_of
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.strict_json import NotJsonError
from assayoffice.verifiers.code.task import CallTest, CodeTask, Comparator

_ENTRY_POINT = re.compile(r"[^\W\d]\w*(?:(?:\(\))?\.[^\W\d]\w*)?")


def names(task: CodeTask) -> tuple[str, ...]:
    """What the tests are called: as the task says, or by their number."""
    return tuple(test.name or str(number) for number, test in enumerate(task.calls, 1))


def reports(source: str, task: CodeTask, machine: Machine) -> Iterator[Report]:
    """Make the calls, one for each report that is asked for.

    Raises InvalidTaskError and UnscorableReferenceError.
    """
    path = entry_path(task)
    # Of all, before the first run: whether a task is in order is not for the program to decide.
    tests = [_read(test, task, index) for index, test in enumerate(task.calls)]
    for name, (arguments, expected) in zip(names(task), tests, strict=True):
        nonce = secrets.token_hex(8)
        order = {
            "nonce": nonce,
            "source": source,
            "entry_point": path,
            "arguments": arguments,
            "compare_argument": task.compare_argument,
        }
        with Blob(inside.data("codec", "solution", "host", order=order)) as data:
            run = Run(PythonProgram(loader()), data=data, answer=True, limits=limits_of(task))
            result = machine.sandbox.run(run)
        grade = grade_of(
            result, ignore_exit_code=task.ignore_exit_code, memory_bytes=task.memory_bytes
        )
        if grade is None:
            grade, detail = _judge(result.answer, nonce, expected, task)
        else:
            detail = describe(result, grade)
        yield Report(name, grade, detail)


def entry_path(task: CodeTask) -> str:
    """The task's entry point as ``f`` or ``Solution.f``. Raises InvalidTaskError."""
    if not _ENTRY_POINT.fullmatch(task.entry_point):
        raise InvalidTaskError(
            f"entry_point: {task.entry_point!r} is neither a function's name nor Class.method",
            field="entry_point",
        )
    return task.entry_point.replace("()", "")


@functools.cache
def loader() -> Blob:
    """The program of every run: what it does is in the run's data."""
    return Blob(inside.LOADER)


def _read(test: CallTest, task: CodeTask, index: int) -> tuple[object, object]:
    """The arguments and what is expected. Raises UnscorableReferenceError and InvalidTaskError."""
    arguments = _json(test.arguments, f"calls[{index}].arguments")
    _check_arguments(arguments, task, index)
    return arguments, _json(test.expected, f"calls[{index}].expected")


def _json(text: str, field: str) -> object:
    try:
        return strict_json.read(text)
    except NotJsonError as error:
        raise UnscorableReferenceError(f"{field}: no JSON: {error}", field=field) from None


def _check_arguments(arguments: object, task: CodeTask, index: int) -> None:
    if not isinstance(arguments, list):
        raise UnscorableReferenceError(
            f"calls[{index}].arguments: not a JSON array", field=f"calls[{index}].arguments"
        )
    if task.compare_argument is not None and task.compare_argument not in range(len(arguments)):
        raise InvalidTaskError(
            f"compare_argument: call {index + 1} has no argument {task.compare_argument}; "
            "the first one is 0",
            field="compare_argument",
        )


def _judge(answer: bytes, nonce: str, expected: object, task: CodeTask) -> tuple[Grade, str]:
    outcome = _outcome(answer, nonce)
    match outcome:
        case ("returned", given):
            comparator = task.comparator or Comparator.PYTHON
            tolerance = Tolerance.of(task.absolute_tolerance, task.relative_tolerance)
            difference = returned_difference(given, expected, comparator, tolerance)
            return (Grade.PASSED, "") if difference is None else (Grade.WRONG_ANSWER, difference)
        case ("raised", str(kind), str(message)):
            return Grade.RUNTIME_ERROR, _raised(kind, message)
        case ("missing", str(message)):
            return Grade.RUNTIME_ERROR, f"the program defines {_plain(message)}"
        case ("not data", str(message)):
            return Grade.WRONG_ANSWER, f"what was returned cannot be compared: {_plain(message)}"
        case _:
            return Grade.RUNTIME_ERROR, "the program ended without returning"


def _raised(kind: str, message: str) -> str:
    return f"{_plain(kind)}: {quoted(message)}" if message else _plain(kind)


def _plain(text: str) -> str:
    """What the solution's process said in words of ours, or so it claims."""
    return quoted(text)[1:-1]


def _outcome(answer: bytes, nonce: str) -> object:
    """What the last line with the nonce says; the others are of the program's own making."""
    start = answer.rfind(nonce.encode() + b" ")
    end = answer.find(b"\n", start)
    if start < 0 or end < 0:
        return None
    try:
        return read(answer[start + len(nonce) + 1 : end].decode("ascii"))
    except (MalformedError, UnicodeDecodeError):
        return None
