"""What an operator is told about Lean on this host."""

from dataclasses import dataclass

from assayoffice.sandbox.programs import SandboxSettings
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.compiled.olean import KNOWN_RELEASES
from assayoffice.verifiers.lean.prepared import Prepared, prepare
from assayoffice.verifiers.lean.selftest import record
from assayoffice.verifiers.lean.settings import LeanSettings


@dataclass(frozen=True, slots=True)
class Finding:
    """A header, whether proofs can be checked under it, and what to do if not."""

    header: str
    ok: bool
    detail: str
    remedy: str = ""


def survey(settings: LeanSettings, sandbox: SandboxSettings) -> list[Finding]:
    """Try each header's Lean and read the modules it imports."""
    try:
        tested = record.records(settings.file)
    except record.RecordError as error:
        what, _, remedy = str(error).partition("; ")
        return [Finding(header.id, False, what, remedy) for header in settings.headers]
    found = []
    for header in settings.headers:
        try:
            prepared = prepare(header, sandbox, tested)
        except LeanUnavailable as error:
            what, _, remedy = str(error).partition("; ")
            found.append(Finding(header.id, False, what, remedy))
        else:
            found.append(Finding(header.id, True, _described(prepared)))
    return found


def _described(prepared: Prepared) -> str:
    header, lean = prepared.header, prepared.toolchain
    by = "tried by our tests" if lean.githash in KNOWN_RELEASES else "tried by its self-test"
    return (
        f"Lean {lean.version} ({lean.githash[:12]}), a release {by}; "
        f"{len(prepared.library.modules)} modules read; replay: {prepared.replay.value}; "
        f"axioms: {', '.join(header.axioms) or 'none'}"
    )
