"""What this host can and cannot do, found out by trying it."""

import dataclasses
import importlib.util
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from assayoffice.sandbox.programs import languages, probe
from assayoffice.sandbox.programs.errors import SandboxFailure, SandboxUnavailable
from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.settings import SandboxSettings, configure
from assayoffice.sandbox.programs.toolchains import ToolchainMissing, Toolchains
from assayoffice.server.app import engine_settings, usable_cores
from assayoffice.server.catalog import Entry, load_catalog
from assayoffice.server.config import Settings
from assayoffice.server.engine import Engine, EngineError

# Two workers and the service, with room for one submission that takes all its memory.
_WANTED_MEMORY_BYTES = 2 * 1024**3
_LEAN = "lean"
_REMEDIES = {_LEAN: "see what is said about Lean above"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, whether this host has it, and what to do if not.

    ``needed`` tells what serving needs from what is merely good to have.
    """

    subject: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True


async def examine(settings: Settings) -> list[Finding]:
    """Try everything. Verifiers judge their own cases in real worker processes.

    Raises ConfigError.
    """
    serving = engine_settings(settings)
    alone = dataclasses.replace(
        serving, quick_workers=1, full_workers=1, sandboxed_workers=1, queue_items=100_000
    )
    sandbox, arguments = serving.sandbox, serving.handler_arguments
    host = [_platform(), _cores(), _memory(), _parquet()]
    tried = [*_sandbox(sandbox), *_languages(sandbox), *_lean(arguments, sandbox)]
    optional = set() if arguments else {_LEAN}
    return [*host, *tried, *await _verifiers(Engine(alone), optional)]


def _platform() -> Finding:
    return Finding(
        "Linux",
        sys.platform == "linux",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "workers are watched and killed by means only Linux has; use a container",
    )


def _cores() -> Finding:
    cores = usable_cores()
    return Finding(
        "cores",
        cores >= 2,
        f"{cores} usable",
        "with one core the service and its workers take turns; grant two",
        needed=False,
    )


def _memory() -> Finding:
    available_bytes = _available_memory_bytes()
    return Finding(
        "memory",
        available_bytes >= _WANTED_MEMORY_BYTES,
        f"{available_bytes / 1024**3:.1f} GiB available",
        f"grant {_WANTED_MEMORY_BYTES / 1024**3:.0f} GiB, or the kernel may kill workers",
        needed=False,
    )


def _available_memory_bytes() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            available_bytes = int(rest.split()[0]) * 1024
            break
    else:
        return 0
    try:
        quota = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except OSError:
        return available_bytes
    return available_bytes if quota == "max" else min(available_bytes, int(quota) - used)


def _parquet() -> Finding:
    found = importlib.util.find_spec("pyarrow") is not None
    return Finding(
        "parquet files",
        found,
        "pyarrow is installed" if found else "pyarrow is not installed",
        "pip install 'assayoffice[parquet]', for `assay verify FILE.parquet`",
        needed=False,
    )


def _sandbox(settings: SandboxSettings) -> list[Finding]:
    report = probe.probe(settings)
    tried = [
        Finding(f"sandbox: {trial.subject}", trial.ok, trial.detail, needed=False)
        for trial in report.trials
    ]
    try:
        plan = probe.plan(settings)
    except SandboxUnavailable as error:
        return [*tried, Finding("sandbox", False, "programs cannot be run", str(error))]
    detail = f"tier {plan.tier.value}, enforces {', '.join(report.enforced)}"
    return [*tried, Finding("sandbox", True, detail)]


def _languages(settings: SandboxSettings) -> list[Finding]:
    configure(settings)
    try:
        with Sandbox() as sandbox:
            toolchains = Toolchains(sandbox)
            return [_language(name, toolchains) for name in languages.LANGUAGES]
    except SandboxUnavailable:
        return []  # what the finding about the sandbox says goes for all languages


def _language(name: str, toolchains: Toolchains) -> Finding:
    """Whether a small program in this language works in the sandbox."""
    subject = f"language {name}"
    try:
        return Finding(subject, True, toolchains.check(name).version, needed=False)
    except ToolchainMissing as error:
        what, _, remedy = str(error).partition("; ")
        return Finding(subject, False, what, remedy, needed=False)
    except SandboxFailure as error:
        return Finding(subject, False, f"cannot be tried: {error}", "try again", needed=False)


def _lean(arguments: tuple[str, ...], sandbox: SandboxSettings) -> list[Finding]:
    """What stands behind each header that proofs are checked under."""
    if not arguments:
        remedy = "name a file of headers as the setting lean: docs/verifiers/lean.md"
        return [Finding("Lean", False, "no header is configured", remedy, needed=False)]
    # This module is loaded by the service as well, which loads no verifier.
    from assayoffice.verifiers.lean import configuration, survey

    settings = configuration.from_written(arguments[0])
    return [
        Finding(f"Lean header {each.header}", each.ok, each.detail, each.remedy)
        for each in survey.survey(settings, sandbox)
    ]


async def _verifiers(engine: Engine, optional: set[str]) -> list[Finding]:
    try:
        await engine.start()
        catalog = await load_catalog(engine)
    except EngineError as error:
        return [Finding("worker processes", False, str(error), "see the lines on stderr above")]
    finally:
        await engine.close()
    return [
        Finding("worker processes", True, "start, work, and end when told"),
        *(_verifier(entry, name not in optional) for name, entry in catalog.entries.items()),
    ]


def _verifier(entry: Entry, needed: bool) -> Finding:
    return Finding(
        f"verifier {entry.name}",
        entry.serving,
        entry.info.state_detail,
        _REMEDIES.get(entry.name, "repair or uninstall the package that brings it"),
        needed,
    )
