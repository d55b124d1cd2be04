"""Turns source in a language of this host into something a sandbox runs.

Compilers run in a sandbox, too: source can make them read what is not theirs, or never end. A
program is compiled once for all its runs, and again only when it has fallen out of the cache.
"""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from assayoffice.sandbox.programs import compiling, witness
from assayoffice.sandbox.programs.blob import Blob
from assayoffice.sandbox.programs.errors import SandboxFailure
from assayoffice.sandbox.programs.languages import Toolchain, found, missing
from assayoffice.sandbox.programs.recipes import HEAP, Recipe, Runtime, Source, Unbuildable, recipe
from assayoffice.sandbox.programs.run import (
    Command,
    PythonProgram,
    Run,
    RunLimits,
    RunResult,
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
_COMPILE_LIMITS = RunLimits(
    cpu_seconds=30.0,
    # Compilers wait for nothing but their turn on a busy host.
    wall_seconds=600.0,
    memory_bytes=2048 * _MIB,
    processes=32,
    output_bytes=64 * _MIB,
    disk_bytes=256 * _MIB,
)
_LIMIT_TEXTS = {
    Status.CPU_LIMIT: "it takes more than 30 s of CPU time to compile",
    Status.WALL_LIMIT: "the compiler waits for something that never comes",
    Status.MEMORY_LIMIT: "it takes more than 2 GiB of memory to compile",
    Status.OUTPUT_LIMIT: "what the compiler writes is larger than 64 MiB",
}
# What compilers that were killed, or ran out of stack or memory, say in various ways each time.
_GAVE_UP = re.compile(
    r"signal terminated program|internal compiler error|compiler unexpectedly panicked"
    r"|rustc interrupted|out of memory|OutOfMemoryError|virtual memory exhausted|out of resources"
)
_GAVE_UP_TEXT = "the compiler runs out of time, stack, memory or disk"
_MOST_OUTPUT_CHARACTERS = 8192
# Names that differ from run to run: those of temporary files.
_RANDOM_NAME = re.compile(r"/tmp/(?:cc|rustc|go-build)[A-Za-z0-9]{6,}")

# Every program in the cache holds a descriptor or two, of which a worker has few.
_CACHED_PROGRAMS = 48
_CACHED_BYTES = 128 * _MIB


class BuildFailed(Exception):
    """The source is no program; a fact about it. The message is what the compiler says.

    With ``limit`` it could not be compiled within the limits on time, memory and output.
    """

    def __init__(self, output: str, *, limit: bool = False) -> None:
        super().__init__(output)
        self.limit = limit


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
        self._compiler = PythonProgram(Blob(Path(compiling.__file__).read_bytes()))

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
        toolchain = found().get(language)
        if toolchain is None:
            raise ToolchainMissing(
                missing().get(language, f"programs in {language!r} are not supported")
            )
        if language == "python":
            text = witness.python(source) if witnessed else source
            return Built(PythonProgram(_blob(text)))
        if self._sandbox.tier is Tier.LANDLOCK:
            raise ToolchainMissing(
                f"{language} needs the tier {Tier.NAMESPACES.value}; in the tier "
                f"{Tier.LANDLOCK.value} only Python runs"
            )
        try:
            made = recipe(toolchain, Source(source, beside, witnessed))
        except Unbuildable as error:
            raise BuildFailed(str(error)) from None
        if not made.commands:
            files = {name: _blob(text) for name, text in made.files.items()}
            return Built(_command(made), files, made.runtime)
        return self._compiled(toolchain, made)

    def _compiled(self, toolchain: Toolchain, made: Recipe) -> Built:
        key = _key(toolchain, made)
        built = self._cache.get(key)
        if built is None:
            try:
                built = self._compile(made)
            except BuildFailed as failure:
                built = failure
            self._remember(key, built)
        self._cache.move_to_end(key)
        if isinstance(built, BuildFailed):
            raise BuildFailed(str(built), limit=built.limit)
        return built

    def _compile(self, made: Recipe) -> Built:
        order = json.dumps({"commands": made.commands, "product": made.product}).encode()
        with Blob(order) as data:
            files = {name: _blob(text) for name, text in made.files.items()}
            run = Run(self._compiler, None, files, data, True, _COMPILE_LIMITS)
            result = self._sandbox.run(run)
        product = Blob(_product(result))
        if made.product_name:
            return Built(_command(made), {made.product_name: product}, made.runtime)
        return Built(_command(made, product), {}, made.runtime)

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


def _product(result: RunResult) -> bytes:
    """What the compiler has made. Raises BuildFailed and SandboxFailure."""
    if limit := _LIMIT_TEXTS.get(result.status):
        raise BuildFailed(limit, limit=True)
    verdict, product = result.answer[:1], result.answer[1:]
    if verdict == compiling.BUILT and result.status is Status.OK:
        return product
    if verdict == compiling.REFUSED and result.status is Status.OK:
        text = (result.stderr + result.stdout).decode(errors="replace")
        if _GAVE_UP.search(text):
            raise BuildFailed(_GAVE_UP_TEXT, limit=True)
        raise BuildFailed(_RANDOM_NAME.sub("/tmp/file", text)[:_MOST_OUTPUT_CHARACTERS].strip())
    said = result.stderr[-500:].decode(errors="replace")
    raise SandboxFailure(f"the compiler could not be run: {result.status.value} {said}")


def _key(toolchain: Toolchain, made: Recipe) -> bytes:
    content = [toolchain.language, toolchain.version, made.commands, sorted(made.files.items())]
    return hashlib.sha256(json.dumps(content).encode()).digest()


def _size(built: Built | BuildFailed) -> int:
    if isinstance(built, BuildFailed):
        return len(str(built))
    blobs = list(built.files.values())
    if isinstance(built.program, Command) and built.program.executable is not None:
        blobs.append(built.program.executable)
    return sum(blob.size for blob in blobs)


def _blob(text: str) -> Blob:
    # No file can hold a lone surrogate.
    return Blob(text.encode(errors="replace"))
