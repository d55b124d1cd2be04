"""Turns source in a language of this host into something a sandbox runs.

Compilers run in a sandbox, too: source can make them read what is not theirs, or never end. A
program is compiled once for all its runs, and again only when it has fallen out of the cache.

That a compiler is there does not mean that it works in a sandbox. So each toolchain builds and runs
a small program before it builds the first that counts: otherwise what is wrong with the host would
be held against every program.
"""

import contextlib
import hashlib
import json
import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from assayoffice.sandbox.programs import compiling, trials, witness
from assayoffice.sandbox.programs.blob import Blob
from assayoffice.sandbox.programs.errors import SandboxFailure
from assayoffice.sandbox.programs.languages import REMEDIES, Toolchain, found, missing
from assayoffice.sandbox.programs.products import (
    COMPILE_LIMITS,
    BuildFailed,
    Unstartable,
    product,
)
from assayoffice.sandbox.programs.recipes import HEAP, Recipe, Runtime, Source, Unbuildable, recipe
from assayoffice.sandbox.programs.run import (
    Command,
    PythonProgram,
    Run,
    RunLimits,
    Status,
    Tier,
)
from assayoffice.sandbox.programs.sandbox import Sandbox

__all__ = [
    "BuildFailed",
    "Built",
    "Toolchain",
    "ToolchainMissing",
    "Toolchains",
    "found",
    "missing",
]

_MIB = 1 << 20
_MOST_FLAW_CHARACTERS = 300
_LIMITS = {Status.CPU_LIMIT, Status.WALL_LIMIT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT}
# Every program in the cache holds a descriptor or two, of which a worker has few.
_CACHED_PROGRAMS = 48
_CACHED_BYTES = 128 * _MIB


class ToolchainMissing(Exception):
    """This host does not run programs of that language; the message says what would change that."""


@dataclass(frozen=True, slots=True)
class Built:
    """A program that is ready to run, as often as wanted."""

    program: PythonProgram | Command
    files: Mapping[str, Blob] = field(default_factory=dict)
    runtime: Runtime = field(default_factory=Runtime)

    def run(
        self,
        limits: RunLimits,
        *,
        stdin: Blob | None = None,
        data: Blob | None = None,
        answer: bool = False,
    ) -> Run:
        """A run under ``limits`` and what the language's runtime needs beyond them."""
        program = self.program
        if isinstance(program, Command):
            heap = str(max(limits.memory_bytes // _MIB, 2))
            program = replace(
                program, argv=tuple(part.replace(HEAP, heap) for part in program.argv)
            )
        limits = replace(
            limits,
            memory_bytes=limits.memory_bytes + self.runtime.memory_bytes,
            processes=max(limits.processes, self.runtime.processes),
        )
        return Run(program, stdin, self.files, data, answer, limits)


class Toolchains:
    """Builds programs in one sandbox and remembers what came of it, failures included."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._cache: OrderedDict[bytes, Built | BuildFailed] = OrderedDict()
        self._cached_bytes = 0
        self._working: set[str] = set()
        self._compiler = PythonProgram(Blob(Path(compiling.__file__).read_bytes()))

    def check(self, language: str) -> Toolchain:
        """The toolchain of a language, if it works in this sandbox.

        The first time a small program is built and run; that it works is remembered. Raises
        ToolchainMissing, which says what is wrong and what to do, SandboxFailure and
        SandboxUnavailable.
        """
        toolchain = found().get(language)
        if toolchain is None:
            raise ToolchainMissing(
                missing().get(language, f"programs in {language!r} are not supported")
            )
        if language == "python" or language in self._working:
            return toolchain
        if self._sandbox.tier is Tier.LANDLOCK:
            raise ToolchainMissing(
                f"{language} needs the tier {Tier.NAMESPACES.value}; in the tier "
                f"{Tier.LANDLOCK.value} only Python runs"
            )
        if flaw := self._flaw(toolchain):
            raise ToolchainMissing(
                f"{toolchain.version} does not work in a sandbox: {flaw}; "
                f"{REMEDIES[language]}, or {trials.PROC}"
            )
        self._working.add(language)
        return toolchain

    def build(
        self,
        language: str,
        source: str,
        *,
        beside: Mapping[str, str] = MappingProxyType({}),
        witnessed: bool = False,
    ) -> Built:
        """Make a program of ``source``.

        ``beside`` are texts of files that it finds beside it, by name, while it is compiled and,
        where nothing is compiled, while it runs. A ``witnessed`` program writes what its run is
        given as data to its answer when its main has returned, and in no other case (see
        ``witness``).

        Raises BuildFailed, ToolchainMissing, SandboxFailure and SandboxUnavailable.
        """
        toolchain = self.check(language)
        if language == "python":
            text = witness.python(source) if witnessed else source
            return Built(PythonProgram(_blob(text)))
        try:
            made = recipe(toolchain, Source(source, beside, witnessed))
        except Unbuildable as error:
            raise BuildFailed(str(error)) from None
        return self._remembered(toolchain, made) if made.commands else self._make(made)

    def _flaw(self, toolchain: Toolchain) -> str:
        """What goes wrong with a small program; empty where nothing does."""
        try:
            built = self._make(recipe(toolchain, Source(trials.TRIALS[toolchain.language])))
        except BuildFailed as failure:
            if failure.limit:
                raise SandboxFailure(f"a small program does not compile: {failure}") from failure
            return _in_one_line(str(failure))
        except Unstartable as error:
            return _in_one_line(str(error))
        with Blob(trials.GIVEN) as stdin:
            result = self._sandbox.run(built.run(RunLimits(), stdin=stdin))
        if result.status in _LIMITS:
            raise SandboxFailure(f"a small program ends with {result.status.value}")
        if result.status is Status.OK and result.stdout == trials.GIVEN:
            return ""
        if result.status is Status.OK:
            return "a small program does not print what it should"
        return _in_one_line(result.stderr.decode(errors="replace"))

    def _remembered(self, toolchain: Toolchain, made: Recipe) -> Built:
        key = _key(toolchain, made)
        built = self._cache.get(key)
        if built is None:
            try:
                built = self._make(made)
            except BuildFailed as failure:
                # A new one: this has been raised, and so holds all that was there at the time.
                built = BuildFailed(str(failure), limit=failure.limit)
            self._remember(key, built)
        self._cache.move_to_end(key)
        if isinstance(built, BuildFailed):
            raise BuildFailed(str(built), limit=built.limit)
        return built

    def _make(self, made: Recipe) -> Built:
        if not made.commands:
            files = {name: _blob(text) for name, text in made.files.items()}
            return Built(_command(made), files, made.runtime)
        order = json.dumps({"commands": made.commands, "product": made.product}).encode()
        with contextlib.ExitStack() as opened:
            data = opened.enter_context(Blob(order))
            files = {name: opened.enter_context(_blob(text)) for name, text in made.files.items()}
            run = Run(self._compiler, None, files, data, True, COMPILE_LIMITS)
            result = self._sandbox.run(run)
        made_of_it = Blob(product(result, executable=not made.product_name))
        if made.product_name:
            return Built(_command(made), {made.product_name: made_of_it}, made.runtime)
        return Built(_command(made, made_of_it), {}, made.runtime)

    def _remember(self, key: bytes, built: Built | BuildFailed) -> None:
        self._cache[key] = built
        self._cached_bytes += _size(built)
        while len(self._cache) > _CACHED_PROGRAMS or self._cached_bytes > _CACHED_BYTES:
            if len(self._cache) == 1:
                return
            # Its descriptors close when the last run that uses them is done.
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= _size(oldest)


def _command(made: Recipe, executable: Blob | None = None) -> Command:
    return Command(made.argv, executable, made.runtime.reserves_memory)


def _in_one_line(said: str) -> str:
    """What a tool says, or that it says nothing, fit to stand before a remedy."""
    line = " ".join(said.replace(";", ",").split())[:_MOST_FLAW_CHARACTERS]
    return line or "it fails without a word"


def _key(toolchain: Toolchain, made: Recipe) -> bytes:
    content = [toolchain.language, toolchain.version, made.commands, sorted(made.files.items())]
    return hashlib.sha256(json.dumps(content).encode()).digest()


def _size(built: Built | BuildFailed) -> int:
    if isinstance(built, BuildFailed):
        return sys.getsizeof(str(built))
    blobs = list(built.files.values())
    if isinstance(built.program, Command) and built.program.executable is not None:
        blobs.append(built.program.executable)
    return sum(blob.size for blob in blobs)


def _blob(text: str) -> Blob:
    # No file can hold a lone surrogate.
    return Blob(text.encode(errors="replace"))
