"""The ``code`` verifier: whether a program passes tests that it cannot see or reach."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from assayoffice.sandbox.programs import SandboxFailure, SandboxUnavailable, Tier, toolchains
from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.settings import SandboxSettings, configured
from assayoffice.sandbox.programs.toolchains import ToolchainMissing, Toolchains
from assayoffice.verifiers import texts
from assayoffice.verifiers.base import (
    Check,
    Effort,
    Limits,
    NeedsFullEffort,
    Outcome,
    SandboxFailedError,
    Submission,
    UnscorableReferenceError,
    Verdict,
    VerifierUnavailableError,
)
from assayoffice.verifiers.code import asserts, calls, programs, scripts, stdio, validation
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.task import CodeExtraction, CodeTask
from assayoffice.verifiers.extract import TooLargeError

#: By the clock, for all tests of a submission. Far below what a worker may take, so that no program
#: makes an error of its verdict by waiting; far above what tests take together that pass.
TOTAL_SECONDS = 1800.0
_TOO_LONG = f"not run: the tests before it took more than {TOTAL_SECONDS:g} s"
_BEYOND_LIMITS = {Grade.CPU_TIME, Grade.WALL_TIME, Grade.MEMORY, Grade.OUTPUT}


@dataclass(frozen=True, slots=True)
class _Mode:
    """A way to test programs, and how far the tests are from what they test."""

    names: Callable[[CodeTask], tuple[str, ...]]
    reports: Callable[[str, CodeTask, Machine], Iterator[Report]]
    integrity: str


_MODES = {
    # What is expected never enters the program's sandbox.
    "stdio": _Mode(stdio.names, stdio.reports, "isolated"),
    "calls": _Mode(calls.names, calls.reports, "isolated"),
    # What decides runs in a sandbox of its own, where the program reaches only by what it answers.
    "asserts": _Mode(asserts.names, asserts.reports, "split"),
    # What decides is at the mercy of what it judges.
    "script": _Mode(scripts.names, scripts.reports, "in_process"),
}


class CodeVerifier:
    """Judges ``CodeTask``. Programs are run by FULL calls, in a sandbox of this process."""

    name: ClassVar[str] = "code"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Programs, by tests they cannot see: stdio, calls, asserts or scripts"
    task_type: ClassVar[type] = CodeTask
    # Of the worker, which reads tasks and compares outputs. Programs have the limits of their task.
    limits: ClassVar[Limits] = Limits(
        cpu_seconds=60.0,
        wall_seconds=7200.0,
        memory_bytes=1 << 30,
        quick_cpu_seconds=0.5,
        sandboxed=True,
    )
    decided_by: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self._machine: Machine | None = None

    def verify(self, submission: Submission[CodeTask], effort: Effort) -> Verdict:
        """Judge a submission.

        Raises NeedsFullEffort for every program, InvalidTaskError, UnscorableReferenceError,
        VerifierUnavailableError and SandboxFailedError.
        """
        task = submission.task
        mode = validation.mode_of(task)
        try:
            program = programs.extract(
                submission.response, task.extraction, task.reasoning_end, task.language
            )
        except TooLargeError as error:
            return Verdict(
                Outcome.LIMIT_EXCEEDED, 0.0, error.reason, "The response is too long.", method=mode
            )
        if program is None:
            return Verdict(
                Outcome.NO_ANSWER,
                0.0,
                "NO_PROGRAM",
                f"The response has no program in {task.language}.",
                method=mode,
            )
        if effort is Effort.QUICK:
            bare = replace(task, extraction=CodeExtraction.WHOLE, reasoning_end="")
            raise NeedsFullEffort(Submission(program, bare))
        return _verdict(program, task, mode, self._run(program, task, mode))

    def tools(self) -> Mapping[str, str]:
        """What decides besides this code: the sandbox, what it enforces, and the toolchains.

        Raises VerifierUnavailableError.
        """
        with _sandbox() as sandbox:
            try:
                used = {"sandbox": sandbox.tier.value, "enforced": " ".join(sandbox.enforced)}
            except SandboxFailure as error:
                raise VerifierUnavailableError(str(error)) from error
        versions = {language: chain.version for language, chain in toolchains.found().items()}
        return (
            used
            | versions
            | {"inside": texts.digest("assayoffice.verifiers.code.inside")}
            | _packages(configured())
        )

    def languages(self) -> Sequence[str]:
        """Languages whose programs can be run here. Raises VerifierUnavailableError."""
        with _sandbox() as sandbox:
            runs_commands = sandbox.tier is not Tier.LANDLOCK
        return sorted(toolchains.found()) if runs_commands else ["python"]

    def close(self) -> None:
        """End the sandbox; another one is made when it is needed."""
        if self._machine is not None:
            self._machine.sandbox.close()
            self._machine = None

    def _run(self, program: str, task: CodeTask, mode: str) -> list[Report]:
        """The reports of all tests that were run, up to the one that decides."""
        if self._machine is None:
            sandbox = _sandbox()
            self._machine = Machine(sandbox, Toolchains(sandbox))
        _check_tier(task, self._machine.sandbox.tier)
        validation.check_count(mode, len(_MODES[mode].names(task)))
        run: list[Report] = []
        ends = time.monotonic() + TOTAL_SECONDS
        try:
            for report in _MODES[mode].reports(task.prefix + program, task, self._machine):
                run.append(report)
                if report.grade > Grade.PASSED and not (task.partial_credit or task.run_all):
                    break
                if time.monotonic() > ends:
                    names = _MODES[mode].names(task)[len(run) :]
                    run += [Report(name, Grade.WALL_TIME, _TOO_LONG) for name in names[:1]]
                    break
        except (SandboxUnavailable, ToolchainMissing) as error:
            raise VerifierUnavailableError(str(error)) from error
        except SandboxFailure as error:
            raise SandboxFailedError(str(error)) from error
        return run


def _packages(settings: SandboxSettings) -> dict[str, str]:
    """SHA-256 of what programs may import beside the standard library, and what is preloaded."""
    if settings.packages is None:
        return {}
    digest = hashlib.sha256(repr(settings.preload).encode())
    for path in sorted(settings.packages.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(settings.packages)).encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return {"packages": digest.hexdigest()}


def _sandbox() -> Sandbox:
    try:
        return Sandbox()
    except SandboxUnavailable as error:
        raise VerifierUnavailableError(str(error)) from error


def _check_tier(task: CodeTask, tier: Tier) -> None:
    """Whatever the tier cannot offer would make right programs fail."""
    if tier is not Tier.LANDLOCK:
        return
    for field, needed in (("checker", task.checker is not None), ("processes", task.processes > 1)):
        if needed:
            raise VerifierUnavailableError(
                f"{field}: needs files and processes that the tier {tier.value} does not have; "
                f"the tier {Tier.NAMESPACES.value} has them",
                field=field,
            )


def _verdict(program: str, task: CodeTask, mode: str, run: list[Report]) -> Verdict:
    names = _MODES[mode].names(task)
    skipped = [Report(name, Grade.SKIPPED) for name in names[len(run) :]]
    reports = [*run, *skipped]
    passed = sum(report.grade is Grade.PASSED for report in reports)
    decisive = max(run, key=lambda report: report.grade)
    if decisive.grade is Grade.SKIPPED:
        raise UnscorableReferenceError(f"{mode}: all tests skip themselves", field=mode)
    if skipped and decisive.grade is Grade.PASSED:
        raise RuntimeError(f"{mode}: no report of {len(skipped)} of {len(reports)} tests")
    outcome, score, reason = _outcome(decisive.grade, passed, len(reports), task.partial_credit)
    return Verdict(
        outcome,
        score,
        reason,
        _explanation(decisive, passed, len(reports)),
        extracted=program,
        method=mode,
        integrity=_MODES[mode].integrity,
        checks=tuple(_check(report) for report in reports),
    )


def _outcome(
    decisive: Grade, passed: int, total: int, partial_credit: bool
) -> tuple[Outcome, float, str]:
    if decisive is Grade.PASSED:
        return Outcome.CORRECT, 1.0, "PASSED"
    if partial_credit and passed:
        return Outcome.INCORRECT, passed / total, "PARTIAL"
    if decisive in _BEYOND_LIMITS:
        return Outcome.LIMIT_EXCEEDED, 0.0, decisive.name
    return Outcome.INCORRECT, 0.0, decisive.name


def _explanation(decisive: Report, passed: int, total: int) -> str:
    if decisive.grade is Grade.PASSED:
        skipped = "" if passed == total else ", and the others skip themselves"
        return f"{passed} of {total} tests passed{skipped}."
    told = f": {decisive.detail}" if decisive.detail else ""
    return f"{passed} of {total} tests passed; test {decisive.name}: {decisive.grade.name}{told}"


def _check(report: Report) -> Check:
    match report.grade:
        case Grade.PASSED:
            return Check(report.name, True, report.detail)
        case Grade.SKIPPED:
            return Check(report.name, False, "not run")
        case grade:
            told = f": {report.detail}" if report.detail else ""
            return Check(report.name, False, grade.name + told)
