"""Assert-style tests, split in two: the solution in one sandbox, the tests in another.

Only data passes between the two, see ``inside/objects.py`` and ``inside/remote.py``. What counts is
what the process of the tests writes down, which the solution cannot reach: whatever it exits,
patches or forges, it can only answer calls, and it has to answer them right.

The record is taken only from a process of the tests that ended as it should, and with the nonce
that it was given. Whoever made that process run a program of his own could still search its memory
for the nonce. So nothing there runs what the solution returns: test code that hands it to ``exec``,
``pickle`` and their like is refused where that can be seen, and ``eval`` only calculates. Test code
is trusted not to hide such calls.

What ends the solution's process is graded by how it ended; its limits are for all tests together,
since one process answers them all. The tests' own process has limits of its
own; where it exceeds them before the solution has had a say, the task is at fault.

Not covered, and better tested by a script or by the data that a function returns:

- whether two objects of the solution's are equal, less or nearly the same: not for it to say;
- objects of the tests' own classes as arguments: they would have to be data, or functions;
- what the solution prints, and modules or functions that the tests replace for it;
- coroutines, and classes of the tests' that extend those of the solution;
- files, clocks, random numbers and environment variables: each process has its own;
- classes that the task's prefix defines, where the solution defines them anew: their objects live
  in its process, so they are its own.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from assayoffice.sandbox.programs import Blob, PythonProgram, Run, RunLimits, RunResult
from assayoffice.verifiers.base import UnscorableReferenceError
from assayoffice.verifiers.code import inside, testcode
from assayoffice.verifiers.code.calls import entry_path, loader
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.outcomes import describe, grade_of, limits_of
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.task import CodeTask
from assayoffice.verifiers.code.testcode import Tests

# The tests' own work: parsing, setting up, comparing. It is not the solution's to pay for.
_TESTS_CPU_SECONDS = 10.0
_TESTS_MEMORY_BYTES = 256 << 20
_DETAIL_CHARACTERS = 300
_GRADES = {
    "passed": Grade.PASSED,
    "skipped": Grade.SKIPPED,
    "wrong": Grade.WRONG_ANSWER,
    "raised": Grade.RUNTIME_ERROR,
}


@dataclass(frozen=True, slots=True)
class _Record:
    """What the process of the tests wrote down: for each test how it ended and a detail, or None.

    ``evidence`` counts what was tested. ``lost`` says whether the solution's process ``ended``
    before the tests did, or wrote ``nonsense`` to them; otherwise it is empty.
    """

    results: list[tuple[str, str] | None]
    evidence: int
    lost: str


def names(task: CodeTask) -> tuple[str, ...]:
    """What the tests are called: ``assert 1``, ``test_sum``, ``TestSum.test_negative``.

    Raises UnscorableReferenceError and InvalidTaskError.
    """
    return _tests(task).names


def reports(source: str, task: CodeTask, machine: Machine) -> Iterator[Report]:
    """Run the tests, all at once, and report on them in order.

    Raises UnscorableReferenceError and InvalidTaskError.
    """
    tests = _tests(task)
    limits = limits_of(task)
    nonce = secrets.token_hex(8)
    waiting = limits.wall_seconds + _TESTS_CPU_SECONDS
    with (
        Blob(
            inside.data("codec", "library", "solution", "objects", order={"source": source})
        ) as served,
        Blob(
            inside.data(
                "codec",
                "library",
                "remote",
                "record",
                "units",
                "driver",
                order=_order(tests, task) | {"nonce": nonce},
            )
        ) as driven,
    ):
        solution = Run(
            PythonProgram(loader()),
            data=served,
            limits=replace(limits, wall_seconds=waiting),
        )
        testing = Run(
            PythonProgram(loader()),
            data=driven,
            answer=True,
            limits=RunLimits(
                cpu_seconds=task.cpu_seconds + _TESTS_CPU_SECONDS,
                wall_seconds=waiting + _TESTS_CPU_SECONDS,
                memory_bytes=task.memory_bytes + _TESTS_MEMORY_BYTES,
            ),
        )
        solution_end, testing_end = machine.sandbox.run_pair(solution, testing)
    for name, (grade, detail) in zip(
        tests.names, _judge(tests, task, nonce, solution_end, testing_end), strict=True
    ):
        yield Report(name, grade, detail)


def _tests(task: CodeTask) -> Tests:
    path = entry_path(task) if task.entry_point else ""
    return testcode.read(task.asserts, path, task.prefix)


def _order(tests: Tests, task: CodeTask) -> dict[str, object]:
    return {
        "source": tests.source,
        "trusted": tests.trusted,
        "tests": len(tests.names),
        "wanted": tests.wanted,
        "entry_point": entry_path(task) if task.entry_point else "",
        "checks": tests.checks,
        "helpers": tests.helpers,
        "units": [asdict(unit) for unit in tests.units],
        "unittest": tests.uses_unittest,
        "modules": {"pytest": inside.text("pytest_standin")} if tests.uses_pytest else {},
        "keep_going": task.partial_credit or task.run_all,
    }


def _judge(
    tests: Tests, task: CodeTask, nonce: str, solution_end: RunResult, testing_end: RunResult
) -> list[tuple[Grade, str]]:
    """The grade and the detail of each test."""
    skipped = [(Grade.SKIPPED, "")] * len(tests.names)
    exchanged, record = _record(testing_end.answer, nonce)
    grade = grade_of(testing_end, ignore_exit_code=False)
    if record is None or grade is not None:
        if not exchanged:
            how = describe(testing_end, grade) if grade is not None else "end too early"
            raise UnscorableReferenceError(f"asserts: the tests {how}", field="asserts")
        # They were busy with what the solution had given them.
        grade = Grade.RUNTIME_ERROR if grade is None else grade
        return [(grade, "the tests could not cope with what was returned"), *skipped[1:]]
    end = _how_lost(record.lost, solution_end, task)
    if not exchanged and not any(
        result and result[0] in ("raised", "lost") for result in record.results
    ):
        raise UnscorableReferenceError(
            "asserts: the tests do not use the solution; name what they call in entry_point",
            field="asserts",
        )
    grades = [
        None
        if result is None
        else end
        if result[0] == "lost"
        else (_GRADES[result[0]], _for_people(result[1]))
        for result in record.results
    ]
    failed = [
        at for at, grade in enumerate(grades) if grade is not None and grade[0] > Grade.PASSED
    ]
    if record.lost or grade_of(solution_end, ignore_exit_code=True) is not None:
        # Whatever the tests have made of it.
        grades[failed[0] if failed else -1] = end
    elif not failed:
        if not record.evidence:
            return [(Grade.WRONG_ANSWER, "no test was reached"), *skipped[1:]]
        # An assertion that is passed by, such as ``assert False`` after what must raise, holds.
        return [(Grade.PASSED, "") if grade is None else grade for grade in grades]
    return [(Grade.SKIPPED, "") if grade is None else grade for grade in grades]


def _record(answer: bytes, nonce: str) -> tuple[bool, _Record | None]:
    """Whether the tests have used the solution, and what they wrote down at their end."""
    *before, last = answer.split(b"\n")
    # Who sends what cannot be read, or no end of it, has had a say as well.
    exchanged = b"exchanged" in before or before[-1:] == [b"reading"]
    mine, _, text = last.partition(b" ")
    if mine != nonce.encode() or not text.endswith(b"}"):
        return exchanged, None
    written = json.loads(text)
    if written["defect"]:
        raise UnscorableReferenceError(f"asserts: {written['defect']}", field="asserts")
    return exchanged, _Record(written["results"], written["evidence"], written["lost"])


def _how_lost(lost: str, end: RunResult, task: CodeTask) -> tuple[Grade, str]:
    if lost == "nonsense":
        # How it went on when nobody listened any more is a matter of chance.
        return Grade.RUNTIME_ERROR, "the program wrote what only its harness may write"
    grade = grade_of(end, ignore_exit_code=False, memory_bytes=task.memory_bytes)
    if grade is None:
        return Grade.RUNTIME_ERROR, "the program ended during the tests"
    return grade, describe(end, grade)


def _for_people(detail: str) -> str:
    text = ascii(detail)[1:-1]
    return text if len(text) <= _DETAIL_CHARACTERS else f"{text[:_DETAIL_CHARACTERS]}..."
