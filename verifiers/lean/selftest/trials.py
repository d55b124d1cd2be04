"""Tries everything about Lean that this host is configured for, and what else it has of it.

Our own tests have one release of Lean, without its library and without the programs beside it. This
is what tries the rest, where it is. A header that passes is recorded (``record``): one with
anything that we have not tried serves only then.
"""

import datetime
import enum
import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from assayoffice.sandbox.programs import Sandbox, SandboxFailure, SandboxUnavailable
from assayoffice.sandbox.programs.settings import configured as configured_sandbox
from assayoffice.verifiers import registry
from assayoffice.verifiers.base import (
    Effort,
    Outcome,
    SandboxFailedError,
    VerifierError,
    VerifierUnavailableError,
)
from assayoffice.verifiers.lean import settings
from assayoffice.verifiers.lean.backends import beside, snapshot, toolchain
from assayoffice.verifiers.lean.backends.kernel import ReplayLimit
from assayoffice.verifiers.lean.backends.protocols import TRUSTED_LIMITS, LeanUnavailable
from assayoffice.verifiers.lean.backends.repl import ReplFirstPass
from assayoffice.verifiers.lean.backends.toolchain import Toolchain
from assayoffice.verifiers.lean.compiled.library import Library, LibraryError
from assayoffice.verifiers.lean.compiled.olean import KNOWN_RELEASES, OleanError
from assayoffice.verifiers.lean.compiled.terms import Terms, parse
from assayoffice.verifiers.lean.prepared import replay_of
from assayoffice.verifiers.lean.selftest import record, refusals
from assayoffice.verifiers.lean.settings import Header, LeanSettings, Replay
from assayoffice.verifiers.lean.task import Trust
from assayoffice.verifiers.lean.text.assemble import imports_of
from assayoffice.verifiers.lean.verifier import LeanVerifier

# Enough to meet every kind of constant many times, and done in minutes for all of Mathlib.
_CONSTANTS = 50_000
_REPLAYED_CASES = 3
_SHOWN = 3
_RIGHT = "theorem assayoffice (p q : Prop) (h : p) (_ : q) : p := h\n"
_WRONG = "theorem assayoffice (p q : Prop) (h : p) (_ : q) : q := h\n"


class State(enum.Enum):
    """What came of a trial."""

    OK = "ok"
    NO = "no"
    #: It is not on this host, and nothing asks for it.
    NOT_HERE = "not here"
    #: It is here, and whether it works is not known.
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Row:
    """What was tried under a header; none for what belongs to the host. ``needed``: configured."""

    header: str
    what: str
    state: State
    detail: str
    needed: bool = True

    @property
    def failed(self) -> bool:
        """Whether something does not work that is configured."""
        return self.needed and self.state is not State.OK


@dataclass(frozen=True, slots=True)
class Report:
    """All that was tried under a header, and its record if nothing failed."""

    rows: tuple[Row, ...]
    record: record.Record | None


#: Is told what is tried next: it may take minutes.
Begin = Callable[[str], None]


def test(header: Header, begin: Begin = lambda _: None) -> Report:
    """Try a header in the sandboxes of this process. It sets the headers of this process."""
    trials = _Trials(header, begin)
    trials.run()
    passed = tuple(row.what for row in trials.rows if row.state is State.OK)
    if any(row.failed for row in trials.rows):
        return Report(tuple(trials.rows), None)
    return Report(tuple(trials.rows), replace(trials.provisional(trials.replay), passed=passed))


def keep(lean: LeanSettings, reports: dict[str, Report]) -> Path | None:
    """Record what has passed, and forget the headers that have not, or are no more.

    ``reports`` are those of headers that were tried now; the others' records stay. Where the
    records are is returned, None where the headers come from no file.
    """
    if lean.file is None:
        return None
    try:
        kept = dict(record.records(lean.file))
    except record.RecordError:
        kept = {}
    for header in kept.keys() - {header.id for header in lean.headers}:
        del kept[header]
    for header, report in reports.items():
        kept.pop(header, None)
        if report.record is not None:
            kept[header] = report.record
    return record.keep(lean.file, kept.values())


def dojo() -> Row:
    """Whether lean-dojo is installed. Only a repository that was traced could show more."""
    if importlib.util.find_spec("lean_dojo") is None:
        return Row("", "dojo", State.NOT_HERE, "pip install 'assayoffice[dojo]'", needed=False)
    detail = f"lean-dojo {version('lean-dojo')} is installed; whether sessions work is not known"
    return Row("", "dojo", State.NOT_TRIED, detail, needed=False)


class _Wrong(Exception):
    """Something works, and what it says is wrong."""


@dataclass
class _Trials:
    header: Header
    begin: Begin
    rows: list[Row] = field(default_factory=list)
    lean: Toolchain | None = None
    library: Library | None = None
    replay: Replay = Replay.NONE

    def run(self) -> None:
        """Try one thing after the other, as far as they make sense."""
        header = self.header
        first = (("Lean", self._toolchain), ("modules", self._modules), ("replay", self._chosen))
        if not all(self._try(what, trial) for what, trial in first):
            return
        if header.snapshot is None:
            self._not_configured("snapshot", "`snapshot` names the file that is to hold it")
        else:
            self._try("snapshot", self._snapshot)
        self._try("cases", self._cases)
        for replay in (Replay.KERNEL, Replay.LEANCHECKER, Replay.COMPARATOR):
            needed = self.replay is replay
            self._try(f"replay {replay.value}", partial(self._replay, replay), needed)
        if header.repl is None:
            self._not_configured("repl", "`repl` names the program")
        else:
            self._try("repl", self._repl)

    def provisional(self, replay: Replay) -> record.Record:
        """That of a header that passes with a replay; cases are judged on the strength of it.

        Raises LeanUnavailable where something that takes part is not there.
        """
        assert self.lean is not None and self.library is not None
        files = beside.digests(self.header, replay)
        return record.Record(
            header=self.header.id,
            digest=record.header_digest(self.header, replay, self.library.digest, files),
            githash=self.lean.githash,
            version=self.lean.version,
            passed=(),
            assayoffice=record.version(),
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        )

    def _try(self, what: str, trial: Callable[[], str], needed: bool = True) -> bool:
        self.begin(f"{self.header.id}: {what}")
        try:
            state, detail = State.OK, trial()
        except (LeanUnavailable, SandboxUnavailable, VerifierUnavailableError) as error:
            state, detail = State.NO if needed else State.NOT_HERE, str(error)
        except (
            _Wrong,
            LibraryError,
            OleanError,
            SandboxFailure,
            SandboxFailedError,
            ReplayLimit,
            refusals.NotCompiled,
            OSError,
        ) as error:
            state, detail = State.NO, str(error)
        self.rows.append(Row(self.header.id, what, state, detail, needed))
        return state is State.OK

    def _not_configured(self, what: str, how: str) -> None:
        detail = f"not configured; {how}"
        self.rows.append(Row(self.header.id, what, State.NOT_HERE, detail, needed=False))

    def _sandbox(self) -> Sandbox:
        return toolchain.sandbox_for(self.header, configured_sandbox())

    def _toolchain(self) -> str:
        with self._sandbox() as sandbox:
            self.lean = toolchain.ask(sandbox)
        known = "known" if self.lean.githash in KNOWN_RELEASES else "tried here for the first time"
        return f"{self.lean.version} ({self.lean.githash[:12]}), a release that is {known}"

    def _modules(self) -> str:
        """Index all modules, and read a sample of their constants to the end."""
        assert self.lean is not None
        header = self.header
        library = self.library = Library(
            imports_of(header.source),
            (*header.path, header.toolchain / "lib" / "lean"),
            allowed=frozenset(map(parse, header.axioms)),
            releases={*KNOWN_RELEASES, self.lean.githash},
        )
        each = max(_CONSTANTS // max(len(library.modules), 1), 1)
        read = 0
        for module in library.modules:
            olean = library.olean(module)
            terms = Terms()
            for name in olean.names[:: max(len(olean.names) // each, 1)]:
                olean.constant(name, terms)
                read += 1
        return f"{len(library.modules)} modules, {read} of their constants read to the end"

    def _chosen(self) -> str:
        assert self.lean is not None
        self.replay = replay_of(self.header, self.lean)
        if self.replay is Replay.NONE:
            return "proofs are not checked again"
        return f"proofs are checked again by: {self.replay.value}"

    def _snapshot(self) -> str:
        file = self.header.snapshot
        assert file is not None
        places = toolchain.places(self.header)
        with self._sandbox() as sandbox:
            snapshot.make(sandbox, self.header.source, places, file)
        return f"{file} written, {file.stat().st_size >> 20} MiB"

    def _cases(self) -> str:
        with self._verifier(self.replay) as lean:
            cases = lean.cases()
            wrong = [why for case in cases if (why := _failure(lean, case))]
        if wrong:
            shown = "; ".join(wrong[:_SHOWN])
            raise _Wrong(f"{len(wrong)} of {len(cases)} cases are judged wrong: {shown}")
        return f"{len(cases)} proofs and cheats of our own are judged right"

    def _replay(self, replay: Replay) -> str:
        """Have a replayer accept proofs, and refuse what must not pass for one."""
        with self._verifier(replay) as lean:
            right = [case for case in lean.cases() if case.outcome is Outcome.CORRECT]
            right = right[:_REPLAYED_CASES]
            for case in right:
                task = replace(case.submission.task, trust=Trust.REPLAYED)
                submission = replace(case.submission, task=task)
                if why := _failure(lean, replace(case, submission=submission)):
                    raise _Wrong(why)
        assert self.lean is not None
        with self._sandbox() as sandbox:
            objection = refusals.refusal(self.header, self.lean, sandbox, replay)
        if not objection:
            raise _Wrong("it accepts what is no proof")
        return f"{len(right)} proofs are accepted; of what is none it says: {objection}"

    def _repl(self) -> str:
        program = self.header.repl
        assert program is not None
        with self._sandbox() as sandbox:
            repl = ReplFirstPass(sandbox, program, toolchain.places(self.header))
            objection = repl.objection(self.header.source + "\n" + _RIGHT, TRUSTED_LIMITS)
            if objection:
                raise _Wrong(f"it objects to a proof: {objection}")
            objection = repl.objection(self.header.source + "\n" + _WRONG, TRUSTED_LIMITS)
        if not objection:
            raise _Wrong("it has nothing against a proof that is wrong, so it is of no use")
        return f"it objects to a wrong proof: {objection.splitlines()[0]}"

    @contextmanager
    def _verifier(self, replay: Replay) -> Iterator[registry.Loaded]:
        """The verifier with this header alone, as if it had passed with a replay already."""
        before = settings.configured()
        header = replace(self.header, replay=replay)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "lean.toml"
            record.keep(file, [self.provisional(replay)])
            settings.configure(LeanSettings((header,), file))
            try:
                with closing(LeanVerifier()) as verifier:
                    parts = verifier.tools()
                    hallmark = registry.Hallmark(verifier.name, verifier.version, "", parts)
                    yield registry.Loaded(verifier.name, verifier, hallmark)
            finally:
                settings.configure(before)


def _failure(lean: registry.Loaded, case: registry.Case) -> str:
    """How the verdict on a case differs from what it should be; empty where it does not.

    Raises VerifierUnavailableError and SandboxFailedError.
    """
    wanted = case.error or f"{case.outcome.value if case.outcome else ''} {case.reason}".strip()
    told = ""
    try:
        verdict = lean.verifier.verify(case.submission, Effort.FULL)
        found = (
            f"{verdict.outcome.value} {verdict.reason}" if case.reason else verdict.outcome.value
        )
    except (VerifierUnavailableError, SandboxFailedError):
        raise
    except VerifierError as error:
        found, told = error.reason, f" ({error})"
    return "" if found == wanted else f"case {case.id}: wanted {wanted}, got {found}{told}"
