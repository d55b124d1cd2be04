"""Asks a task's own program whether an output is right, in a sandbox like any other program."""

import ast
import warnings
from dataclasses import replace

from assayoffice.sandbox.programs import Blob, RunLimits, RunResult, Status
from assayoffice.sandbox.programs.toolchains import BuildFailed, Built
from assayoffice.verifiers.base import UnscorableReferenceError
from assayoffice.verifiers.code.compare import quoted
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.outcomes import describe, grade_of
from assayoffice.verifiers.code.report import Grade
from assayoffice.verifiers.code.task import Checker

_ACCEPTS, _REJECTS = 0, 1
_ROOM_BYTES = 16 << 20
# What a checker may use, and what is added for each byte that it has to read: as a list of short
# strings, a text takes Python some thirty times its size.
_CPU_SECONDS, _CPU_SECONDS_A_BYTE = 10.0, 0.5 / (1 << 20)
_MEMORY_BYTES, _MEMORY_BYTES_A_BYTE = 512 << 20, 32
# Python exits with 1 after an exception, which would be a rejection.
_PYTHON = """\
def _check(source):
    import sys, types
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        exec(compile(source, "checker.py", "exec", dont_inherit=True), main.__dict__)
    except SystemExit:
        raise
    except BaseException:
        import traceback
        traceback.print_exc()
        sys.exit(3)
_check(%r)
"""


def check_source(checker: Checker) -> None:
    """Read a Python checker, so that one that is no Python is refused before anything is run.

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
    source = _PYTHON % checker.source if checker.language == "python" else checker.source
    try:
        built = machine.toolchains.build(checker.language, source)
    except BuildFailed as error:
        raise UnscorableReferenceError(
            f"checker: does not compile: {error}", field="checker"
        ) from None
    result = _run(built, given, expected, read, machine)
    if not _decides(result):
        # Programs may print what no checker can read; what is expected it must be able to read.
        control = _run(built, expected, expected, read, machine)
        if _decides(control) and control.exit_code == _ACCEPTS:
            return False, "the checker could not cope with the output"
        grade = grade_of(result, ignore_exit_code=False) or Grade.RUNTIME_ERROR
        raise UnscorableReferenceError(
            f"checker: neither accepted nor rejected an output: {describe(result, grade)}; "
            "nor did it accept what is expected in its place",
            field="checker",
        )
    comment = result.stdout.strip()
    return result.exit_code == _ACCEPTS, quoted(comment) if comment else ""


def _run(built: Built, given: bytes, expected: bytes, read: Blob, machine: Machine) -> RunResult:
    sizes = len(given) + len(expected) + read.size
    cpu_seconds = _CPU_SECONDS + sizes * _CPU_SECONDS_A_BYTE
    limits = RunLimits(
        cpu_seconds=cpu_seconds,
        wall_seconds=3 * cpu_seconds + 1,
        memory_bytes=_MEMORY_BYTES + sizes * _MEMORY_BYTES_A_BYTE,
        output_bytes=sizes + _ROOM_BYTES,
        disk_bytes=sizes + _ROOM_BYTES,
    )
    with Blob(given) as output, Blob(expected) as wanted:
        run = built.run(limits)
        files = {**run.files, "input": read, "output": output, "expected": wanted}
        return machine.sandbox.run(replace(run, files=files))


def _decides(result: RunResult) -> bool:
    ended = result.status in (Status.OK, Status.NONZERO_EXIT)
    return ended and result.exit_code in (_ACCEPTS, _REJECTS)
