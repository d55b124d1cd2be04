"""Checks candidates under one header: screened, compiled, audited, replayed."""

from collections import OrderedDict
from dataclasses import dataclass

from assayoffice.sandbox.programs import (
    RunLimits,
    Sandbox,
    SandboxFailure,
    SandboxSettings,
)
from assayoffice.verifiers.base import UnscorableReferenceError, Verdict, VerifierUnavailableError
from assayoffice.verifiers.lean.backends import snapshot, toolchain
from assayoffice.verifiers.lean.backends.checkers import Comparator, LeanChecker
from assayoffice.verifiers.lean.backends.kernel import KernelReplayer, ReplayLimit
from assayoffice.verifiers.lean.backends.protocols import (
    TRUSTED_LIMITS,
    Backend,
    Elaborated,
    FirstPass,
    LeanUnavailable,
    Proof,
    Replayer,
)
from assayoffice.verifiers.lean.backends.repl import ReplFirstPass
from assayoffice.verifiers.lean.compiled.audit import AuditError, AuditTooLarge, Reference, audit
from assayoffice.verifiers.lean.compiled.terms import parse
from assayoffice.verifiers.lean.prepared import Prepared
from assayoffice.verifiers.lean.settings import Header, Replay
from assayoffice.verifiers.lean.steps import ELABORATED, REPLAYED, Steps
from assayoffice.verifiers.lean.task import LeanTask, Trust
from assayoffice.verifiers.lean.text import assemble

_MOST_REFERENCES = 256
_SHOWN_CHARACTERS = 2000
# What Lean calls its warning of what is left out.
_SORRY = "hasSorry"
# What a host that is short of something may bring about, besides the statement.
_BY_THE_HOST = ("MEMORY", "WALL_TIME")


@dataclass(frozen=True, slots=True)
class _Reference:
    """The statement compiled without a proof, and what the audit compares with."""

    olean: bytes
    read: Reference


class Checker:
    """Belongs to one worker process; what it has started ends with ``close``."""

    def __init__(self, prepared: Prepared, settings: SandboxSettings) -> None:
        """Raises LeanUnavailable and SandboxUnavailable."""
        header = prepared.header
        self._prepared = prepared
        self._sandbox = toolchain.sandbox_for(header, settings)
        self._backend: Backend = snapshot.backend(self._sandbox, header)
        self._first_pass = _first_pass(self._sandbox, header)
        self._replayer = _replayer(self._sandbox, prepared)
        self._references: OrderedDict[tuple[str, str, str], _Reference] = OrderedDict()

    def close(self) -> None:
        """End the sandbox."""
        self._sandbox.close()

    def check(self, task: LeanTask, text: str) -> Verdict:
        """Judge a candidate that was screened.

        Raises UnscorableReferenceError, VerifierUnavailableError, LeanUnavailable, SandboxFailure
        and SandboxUnavailable.
        """
        stamps = self._prepared.stamps
        stamps.require_unchanged()
        try:
            verdict = self._check(task, text)
        except UnscorableReferenceError:
            stamps.require_unchanged()
            raise
        # While it was checked, what it was checked with must not have become something else.
        stamps.require_unchanged()
        return verdict

    def _check(self, task: LeanTask, text: str) -> Verdict:
        if task.trust is Trust.REPLAYED and self._replayer is None:
            raise VerifierUnavailableError(
                f"no replay is configured for header {self._prepared.header.id!r}: set `replay` "
                "there, or ask for trust AUDITED",
                field="trust",
            )
        reference = self._reference(task)
        steps = Steps(self._backend.name, text)
        limits = limits_of(task)
        try:
            assembled = assemble.candidate(
                self._prepared.header.source, task, text, self._prepared.library.modules
            )
        except assemble.CandidateError as error:
            return steps.rejected("screen", "SCREENED", str(error))
        steps.passed("screen")
        if self._first_pass is not None:
            objection = self._first_pass.objection(assembled.source, limits)
            if objection:
                return steps.rejected("first pass", "ELABORATION_FAILED", objection)
        elaborated = self._backend.elaborate(assembled.source, limits)
        if elaborated.limit:
            return steps.over("elaboration", elaborated.limit)
        if _is_suspect(elaborated, assembled.first_line):
            self._require_header()
        if elaborated.crash:
            why = f"Lean does not survive the candidate: {elaborated.crash}."
            return steps.rejected("elaboration", "CRASHED", why)
        if wrong := _error(elaborated, assembled.first_line, assembled.columns):
            return steps.rejected("elaboration", "ELABORATION_FAILED", wrong)
        if any(message.kind == _SORRY for message in elaborated.messages):
            why = "Lean warns that something is left out with `sorry`."
            return steps.rejected("elaboration", "USES_SORRY", why)
        if elaborated.olean is None:
            why = "Lean reports no error and makes no module."
            return steps.rejected("elaboration", "ELABORATION_FAILED", why)
        steps.passed("elaboration", ELABORATED)
        return self._check_compiled(task, elaborated.olean, reference, steps)

    def _check_compiled(
        self, task: LeanTask, olean: bytes, reference: _Reference, steps: Steps
    ) -> Verdict:
        prepared = self._prepared
        try:
            audited = audit(olean, reference.read, prepared.library, prepared.allowed)
        except AuditTooLarge:
            return steps.over("audit", "AUDIT_SIZE")
        except AuditError as error:
            return steps.refused(error.reason, str(error), error.checks)
        steps.audited(audited.checks)
        if self._replayer is not None:
            proof = Proof(
                target=parse(task.target),
                imports=prepared.imports,
                terms=audited.terms,
                constants=audited.constants,
                olean=olean,
                reference=reference.olean,
            )
            try:
                objection = self._replayer.objection(proof, limits_of(task))
            except ReplayLimit as error:
                return steps.over("replay", error.limit)
            if objection:
                return steps.rejected("replay", "REPLAY_FAILED", objection)
            steps.passed("replay", REPLAYED, self._replayer.name)
        return steps.proved(prepared.toolchain.version, audited.axioms)

    def _reference(self, task: LeanTask) -> _Reference:
        key = (task.context, task.statement, task.target)
        found = self._references.get(key)
        if found is None:
            found = self._references[key] = self._compiled_reference(task)
            if len(self._references) > _MOST_REFERENCES:
                self._references.popitem(last=False)
        self._references.move_to_end(key)
        return found

    def _compiled_reference(self, task: LeanTask) -> _Reference:
        source = assemble.reference(self._prepared.header.source, task)
        elaborated = self._backend.elaborate(source, TRUSTED_LIMITS)
        first_line = self._prepared.header.source.rstrip().count("\n") + 2
        if _is_suspect(elaborated, first_line):
            self._require_header()
        if elaborated.crash or elaborated.limit in _BY_THE_HOST:
            raise SandboxFailure(
                "the statement could not be compiled, by a fault of its own or for want of room: "
                f"{elaborated.crash or elaborated.limit}"
            )
        trouble = elaborated.limit or _error(elaborated, first_line, 0)
        if trouble or elaborated.olean is None:
            raise UnscorableReferenceError(
                f"statement: Lean cannot read it under header {self._prepared.header.id!r}: "
                f"{trouble or 'it makes no module of it'}",
                field="statement",
            )
        theorem = first_line + (task.context.rstrip().count("\n") + 1 if task.context else 0)
        if any(each.kind == _SORRY and each.line < theorem for each in elaborated.messages):
            raise UnscorableReferenceError(
                "context: it leaves something unproved with `sorry`, which no candidate can mend",
                field="context",
            )
        try:
            read = Reference(elaborated.olean, parse(task.target), self._prepared.library)
        except (AuditError, AuditTooLarge) as error:
            raise UnscorableReferenceError(f"statement: {error}", field="statement") from error
        return _Reference(elaborated.olean, read)

    def _require_header(self) -> None:
        """Raise LeanUnavailable unless Lean compiles the header without anybody's statement."""
        made = self._backend.elaborate(f"{self._prepared.header.source}\n", TRUSTED_LIMITS)
        if made.olean is None:
            why = made.limit or made.crash or _error(made, 1, 0) or "it makes no module"
            raise LeanUnavailable(
                f"Lean does not compile header {self._prepared.header.id!r} any more: {why}; "
                "`assay doctor` tries it anew"
            )


def limits_of(task: LeanTask) -> RunLimits:
    """What one run of Lean may use for a candidate."""
    return RunLimits(
        cpu_seconds=task.cpu_seconds,
        wall_seconds=3 * task.cpu_seconds + 1,
        memory_bytes=task.memory_bytes,
        output_bytes=task.output_bytes,
    )


def _is_suspect(elaborated: Elaborated, first_line: int) -> bool:
    """Whether what went wrong may have done so before Lean came to what a candidate says."""
    errors = [each for each in elaborated.messages if each.severity == "error"]
    if elaborated.olean is None and not elaborated.limit and not errors:
        return True
    return any(error.line < first_line for error in errors)


def _error(elaborated: Elaborated, first_line: int, columns: int) -> str:
    """The first error Lean reports, with its place in the text.

    That begins at ``first_line`` of what Lean was given, shifted by so many ``columns``.
    """
    for message in elaborated.messages:
        if message.severity == "error":
            line = message.line - first_line + 1
            column = max(message.column - columns, 0) + 1
            place = f"line {line}, column {column}: " if line > 0 else ""
            return f"{place}{message.text[:_SHOWN_CHARACTERS]}"
    return ""


def _first_pass(sandbox: Sandbox, header: Header) -> FirstPass | None:
    if header.repl is None:
        return None
    return ReplFirstPass(sandbox, header.repl, toolchain.places(header))


def _replayer(sandbox: Sandbox, prepared: Prepared) -> Replayer | None:
    header, path = prepared.header, toolchain.places(prepared.header)
    match prepared.replay:
        case Replay.KERNEL:
            return KernelReplayer(sandbox, path, prepared.toolchain.githash, header.axioms)
        case Replay.LEANCHECKER:
            return LeanChecker(sandbox, header.toolchain, path)
        case Replay.COMPARATOR:
            return Comparator(sandbox, header.toolchain, path, header.axioms)
        case _:
            return None
