"""What the end of a run says about a program, and what a task lets it use."""

import signal

from assayoffice.sandbox.programs import RunLimits, RunResult, Status
from assayoffice.verifiers.code.compare import quoted
from assayoffice.verifiers.code.report import Grade
from assayoffice.verifiers.code.task import CodeTask

_GRADES = {
    Status.CPU_LIMIT: Grade.CPU_TIME,
    Status.WALL_LIMIT: Grade.WALL_TIME,
    Status.MEMORY_LIMIT: Grade.MEMORY,
    Status.OUTPUT_LIMIT: Grade.OUTPUT,
    Status.SIGNALED: Grade.RUNTIME_ERROR,
    Status.NONZERO_EXIT: Grade.RUNTIME_ERROR,
}
_LIMITS = {
    Grade.CPU_TIME: "used up its CPU time",
    Grade.WALL_TIME: "waited too long",
    Grade.MEMORY: "used up its memory",
    Grade.OUTPUT: "printed too much",
}
# A MemoryError of a program that had this share of its memory is due to the limit.
_MEMORY_SHARE = 0.8


def limits_of(task: CodeTask) -> RunLimits:
    """What one run of the task may use."""
    return RunLimits(
        cpu_seconds=task.cpu_seconds,
        # Programs that wait, for one another or for nothing, are ended too.
        wall_seconds=3 * task.cpu_seconds + 1,
        memory_bytes=task.memory_bytes,
        processes=task.processes,
        output_bytes=task.output_bytes,
    )


def grade_of(
    result: RunResult, *, ignore_exit_code: bool, memory_bytes: int | None = None
) -> Grade | None:
    """What the run's end makes of the program, or None if its output is to be judged.

    With ``memory_bytes``, the limit, a Python program that failed for want of memory near it is
    graded MEMORY rather than RUNTIME_ERROR.
    """
    if result.status is Status.NONZERO_EXIT:
        if memory_bytes is not None and _ran_out(result, memory_bytes):
            return Grade.MEMORY
        if ignore_exit_code:
            return None
    return _GRADES.get(result.status)


def describe(result: RunResult, grade: Grade) -> str:
    """How a run ended, for people; the same whenever a program does the same."""
    if grade in _LIMITS:
        return _LIMITS[grade]
    if result.status is Status.SIGNALED:
        return f"killed by {_signal_name(result.signal)}"
    last = _last_line(result.stderr)
    return f"exit code {result.exit_code}" + (f": {quoted(last)}" if last else "")


def _ran_out(result: RunResult, memory_bytes: int) -> bool:
    return result.peak_memory_bytes >= _MEMORY_SHARE * memory_bytes and _last_line(
        result.stderr
    ).startswith(b"MemoryError")


def _last_line(text: bytes) -> bytes:
    text = text.rstrip()
    return text[text.rfind(b"\n") + 1 :]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
