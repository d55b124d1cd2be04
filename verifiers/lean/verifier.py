"""The ``lean`` verifier: whether a response proves what was asked, and how far that was checked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from assayoffice.sandbox.programs import SandboxFailure, SandboxUnavailable
from assayoffice.sandbox.programs.settings import configured as configured_sandbox
from assayoffice.verifiers import texts
from assayoffice.verifiers.base import (
    Effort,
    InvalidTaskError,
    Limits,
    NeedsFullEffort,
    Outcome,
    SandboxFailedError,
    Submission,
    Verdict,
    VerifierUnavailableError,
)
from assayoffice.verifiers.code import programs
from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.extract import TooLargeError
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.checker import Checker
from assayoffice.verifiers.lean.prepared import Prepared, prepare
from assayoffice.verifiers.lean.selftest import record
from assayoffice.verifiers.lean.settings import LeanSettings, Replay, configured
from assayoffice.verifiers.lean.steps import Steps
from assayoffice.verifiers.lean.task import LeanTask
from assayoffice.verifiers.lean.text import assemble
from assayoffice.verifiers.lean.text.screen import screen

_UNCONFIGURED = (
    "no Lean is configured: write a file of headers (docs/verifiers/lean.md) and give it as the "
    "setting `lean`"
)


class LeanVerifier:
    """Judges ``LeanTask``. Lean is run by FULL calls, in sandboxes of this process."""

    name: ClassVar[str] = "lean"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Lean 4 proofs, compared with what was asked outside of Lean"
    task_type: ClassVar[type] = LeanTask
    # Of the worker, which audits. Runs of Lean have the limits of their task.
    limits: ClassVar[Limits] = Limits(
        cpu_seconds=60.0,
        wall_seconds=7200.0,
        memory_bytes=4 << 30,
        quick_cpu_seconds=0.5,
        sandboxed=True,
    )
    decided_by: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self._settings: LeanSettings = configured()
        # What is found out about each header; of one that cannot be used, why not.
        self._prepared: dict[str, Prepared | str] = {}
        self._checkers: dict[str, Checker] = {}

    def verify(self, submission: Submission[LeanTask], effort: Effort) -> Verdict:
        """Judge a submission.

        Raises NeedsFullEffort for every candidate worth compiling, InvalidTaskError,
        UnscorableReferenceError, VerifierUnavailableError and SandboxFailedError.
        """
        task = self._task(submission.task)
        try:
            text = programs.extract(
                submission.response, task.extraction, task.reasoning_end, "lean"
            )
        except TooLargeError as error:
            why = "The response is too long."
            return Verdict(Outcome.LIMIT_EXCEEDED, 0.0, error.reason, why)
        if text is None:
            return Verdict(Outcome.NO_ANSWER, 0.0, "NO_PROOF", "The response has no Lean code.")
        try:
            candidate = assemble.proof(task, text)
        except assemble.CandidateError as error:
            return Steps("", text).rejected("screen", "SCREENED", str(error))
        if objection := screen(candidate, task.candidate):
            return Steps("", text).rejected("screen", "SCREENED", objection)
        if effort is Effort.QUICK:
            bare = replace(task, extraction=CodeExtraction.WHOLE, reasoning_end="")
            raise NeedsFullEffort(Submission(text, bare))
        try:
            return self._checker(task.header).check(task, candidate)
        except (LeanUnavailable, SandboxUnavailable) as error:
            raise VerifierUnavailableError(str(error)) from error
        except SandboxFailure as error:
            raise SandboxFailedError(str(error)) from error

    def tools(self) -> Mapping[str, str]:
        """What decides besides this code: for each header its Lean, modules and sandbox.

        Raises VerifierUnavailableError when no header can be checked under.
        """
        for header in self._settings.headers:
            if not isinstance(self._prepared.get(header.id), Prepared):
                self._prepared[header.id] = self._prepare(header.id)
        parts = {"inside": texts.digest("assayoffice.verifiers.lean.inside")}
        for name, prepared in self._prepared.items():
            if isinstance(prepared, Prepared):
                parts |= {f"{name} {part}": value for part, value in prepared.parts.items()}
            else:
                parts[f"{name} lean"] = "unavailable"
        reasons = [each for each in self._prepared.values() if isinstance(each, str)]
        if len(reasons) == len(self._prepared):
            raise VerifierUnavailableError("; ".join(reasons) or _UNCONFIGURED)
        return parts

    def cases_here(self, shipped: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """The shipped cases, which need no library, for each header that can be checked under."""
        usable = [
            header.id
            for header in self._settings.headers
            if isinstance(self._prepared.get(header.id), Prepared)
        ]
        return [
            {**row, "id": f"{header}/{row['id']}", "task": {**row["task"], "header": header}}
            for row in shipped
            for header in usable
            if row.get("needs") != "replay" or self._replays(header)
        ]

    def close(self) -> None:
        """End all sandboxes; others are made when they are needed."""
        while self._checkers:
            self._checkers.popitem()[1].close()

    def _task(self, task: LeanTask) -> LeanTask:
        """The task with all that may be left out of it. Raises InvalidTaskError."""
        ids = [header.id for header in self._settings.headers]
        if not task.header and len(ids) == 1:
            task = replace(task, header=ids[0])
        if task.header not in ids:
            raise InvalidTaskError(
                f"header: there is no header {task.header!r}; configured are "
                f"{', '.join(sorted(ids)) or 'none'}",
                field="header",
            )
        try:
            return assemble.normalized(task)
        except assemble.StatementError as error:
            raise InvalidTaskError(f"{error.field}: {error}", field=error.field) from None

    def _replays(self, header: str) -> bool:
        prepared = self._prepared[header]
        return isinstance(prepared, Prepared) and prepared.replay is not Replay.NONE

    def _checker(self, header: str) -> Checker:
        if header not in self._checkers:
            prepared = self._prepared.get(header) or self._prepare(header)
            if isinstance(prepared, str):
                raise LeanUnavailable(prepared)
            self._prepared[header] = prepared
            self._checkers[header] = Checker(prepared, configured_sandbox())
        return self._checkers[header]

    def _prepare(self, name: str) -> Prepared | str:
        header = next(each for each in self._settings.headers if each.id == name)
        try:
            return prepare(header, configured_sandbox(), record.records(self._settings.file))
        except (record.RecordError, LeanUnavailable) as error:
            return str(error)
