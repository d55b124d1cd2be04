"""Refuses tasks whose fields contradict each other, before anything of a model's is run."""

import math
from collections.abc import Iterator

from assayoffice.sandbox.programs import toolchains
from assayoffice.verifiers.base import InvalidTaskError, VerifierUnavailableError
from assayoffice.verifiers.code import calls, checker, programs
from assayoffice.verifiers.code.task import CodeTask, Comparator

MAX_TESTS = 1000
MAX_CPU_SECONDS = 60.0
MEMORY_BYTES = range(16 << 20, (8 << 30) + 1)
OUTPUT_BYTES = range(1 << 10, (64 << 20) + 1)
PROCESSES = range(1, 65)

_MODES = ("stdio", "calls", "asserts", "script")
_OF_PYTHON_ONLY = ("calls", "asserts")
_WITHOUT_ENTRY_POINT = ("stdio", "script")
_WITHOUT_EXIT_CODE = ("asserts", "script")
_OF_MODE = {
    "stdio": set(Comparator) - {Comparator.PYTHON},
    "calls": {Comparator.PYTHON, Comparator.JSON},
}
_WITH_TOLERANCE = {"stdio": Comparator.NUMBERS, "calls": Comparator.PYTHON}
_DEFAULT = {"stdio": Comparator.TRIMMED, "calls": Comparator.PYTHON}


def mode_of(task: CodeTask) -> str:
    """The one way in which the task tests programs: stdio, calls, asserts or script.

    Raises InvalidTaskError, which names the field to blame, and VerifierUnavailableError when this
    host lacks a language, with the remedy.
    """
    mode = _only_mode(task)
    for field, message in _contradictions(task, mode):
        raise InvalidTaskError(f"{field}: {message}", field=field)
    _check_language(task.language, "language")
    if task.checker is not None:
        _check_language(task.checker.language, "checker.language")
        checker.check_source(task.checker)
    return mode


def check_count(mode: str, tests: int) -> None:
    """Of tests that are only counted when they are read. Raises InvalidTaskError."""
    if tests > MAX_TESTS:
        raise InvalidTaskError(f"{mode}: {tests} tests are more than {MAX_TESTS}", field=mode)


def _only_mode(task: CodeTask) -> str:
    given = [mode for mode in _MODES if _is_given(getattr(task, mode))]
    if not given:
        raise InvalidTaskError(
            f"no tests, so every program would pass; give one of {', '.join(_MODES)}"
        )
    if len(given) > 1:
        raise InvalidTaskError(
            f"{given[1]}: there is {given[0]} as well; give one of them", field=given[1]
        )
    return given[0]


def _is_given(tests: str | tuple[object, ...]) -> bool:
    return bool(tests.strip()) if isinstance(tests, str) else bool(tests)


def _contradictions(task: CodeTask, mode: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a task besides its languages: the field, and a sentence."""
    if mode in _OF_PYTHON_ONLY and task.language != "python":
        yield "language", f"{mode} need python; {task.language} can be tested by stdio or script"
    yield from _about_comparing(task, mode)
    yield from _about_calls(task, mode)
    if mode in _WITHOUT_ENTRY_POINT and task.entry_point:
        yield "entry_point", f"{mode} calls nothing by name; calls and asserts do"
    if mode in _WITHOUT_EXIT_CODE and task.ignore_exit_code:
        yield "ignore_exit_code", f"{mode} says by other means whether tests passed"
    tests = len(task.stdio) + len(task.calls)
    if tests > MAX_TESTS:
        yield mode, f"{tests} tests are more than {MAX_TESTS}"
    if not 0 < task.cpu_seconds <= MAX_CPU_SECONDS:
        yield "cpu_seconds", f"{task.cpu_seconds} is not above 0 and up to {MAX_CPU_SECONDS}"
    for field, allowed in (
        ("memory_bytes", MEMORY_BYTES),
        ("output_bytes", OUTPUT_BYTES),
        ("processes", PROCESSES),
    ):
        if (value := getattr(task, field)) not in allowed:
            yield field, f"{value} is not from {allowed[0]} to {allowed[-1]}"


def _about_comparing(task: CodeTask, mode: str) -> Iterator[tuple[str, str]]:
    comparator = task.comparator or _DEFAULT.get(mode)
    if task.comparator is not None and task.comparator not in _OF_MODE.get(mode, ()):
        yield "comparator", f"{task.comparator.value} cannot compare what {mode} gives"
    if task.checker is not None and mode != "stdio":
        yield "checker", f"judges what programs print, and not {mode}"
    if task.checker is not None and task.comparator is not None:
        yield "checker", "decides in place of the comparator; give one of them"
    for field in ("absolute_tolerance", "relative_tolerance"):
        value = getattr(task, field)
        if not (math.isfinite(value) and value >= 0):
            yield field, f"{value} is not 0 or above"
        if value and (mode not in _WITH_TOLERANCE or comparator is not _WITH_TOLERANCE[mode]):
            yield field, "is for the comparators NUMBERS, of stdio, and PYTHON, of calls"
        if value and task.checker is not None:
            yield field, "means nothing to a checker"


def _about_calls(task: CodeTask, mode: str) -> Iterator[tuple[str, str]]:
    if mode == "calls":
        calls.entry_path(task)
    elif task.compare_argument is not None:
        yield "compare_argument", f"{mode} have no arguments to compare"


def _check_language(language: str, field: str) -> None:
    if language in toolchains.found():
        return
    missing = toolchains.missing()
    if language in missing:
        raise VerifierUnavailableError(f"{language}: {missing[language]}", field=field)
    known = {*toolchains.found(), *missing}
    near = programs.canonical(language)
    remedy = f"write {near!r}" if near in known else f"one of {', '.join(sorted(known))} is needed"
    raise InvalidTaskError(f"{field}: {language!r} is not known; {remedy}", field=field)
