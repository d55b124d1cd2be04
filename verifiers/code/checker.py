"""Asks a task's own program whether an output is right, in a sandbox like any other program."""

import ast
import warnings
from dataclasses import replace

from assayoffice.sandbox.programs import Blob, RunLimits, Status
from assayoffice.sandbox.programs.toolchains import BuildFailed
from assayoffice.verifiers.base import UnscorableReferenceError
from assayoffice.verifiers.code.compare import quoted
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.outcomes import describe, grade_of
from assayoffice.verifiers.code.report import Grade
from assayoffice.verifiers.code.task import Checker

_ACCEPTS, _REJECTS = 0, 1
_ROOM_BYTES = 16 << 20


def check_source(checker: Checker) -> None:
    """Read a Python checker: one that is no Python exits like one that rejects.

    Raises UnscorableReferenceError.
    """
    if checker.language != "python":
        return
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(checker.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnscorableReferenceError(
            f"checker: is no Python: {type(error).__name__}: {error}", field="checker"
        ) from None


def accepts(
    checker: Checker, given: bytes, expected: bytes, read: Blob, machine: Machine
) -> tuple[bool, str]:
    """Whether the checker accepts what a program printed after it had ``read``, and its comment.

    Raises UnscorableReferenceError when the checker gives no answer.
    """
    try:
        built = machine.toolchains.build(checker.language, checker.source)
    except BuildFailed as error:
        raise UnscorableReferenceError(
            f"checker: does not compile: {error}", field="checker"
        ) from None
    sizes = len(given) + len(expected) + read.size
    limits = RunLimits(output_bytes=sizes + _ROOM_BYTES, disk_bytes=sizes + _ROOM_BYTES)
    with Blob(given) as output, Blob(expected) as wanted:
        run = built.run(limits)
        files = {**run.files, "input": read, "output": output, "expected": wanted}
        result = machine.sandbox.run(replace(run, files=files))
    ended = result.status in (Status.OK, Status.NONZERO_EXIT)
    if not ended or result.exit_code not in (_ACCEPTS, _REJECTS):
        grade = grade_of(result, ignore_exit_code=False) or Grade.RUNTIME_ERROR
        raise UnscorableReferenceError(
            f"checker: neither accepted nor rejected an output: {describe(result, grade)}",
            field="checker",
        )
    comment = result.stdout.strip()
    return result.exit_code == _ACCEPTS, quoted(comment) if comment else ""
