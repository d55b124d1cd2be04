"""What came of a compiler's run: a product, a fact about the source, or trouble of the host's."""

import re

from assayoffice.sandbox.programs import compiling
from assayoffice.sandbox.programs.errors import SandboxFailure
from assayoffice.sandbox.programs.run import RunLimits, RunResult, Status

_MIB = 1 << 20
#: What a compiler may use.
COMPILE_LIMITS = RunLimits(
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
# Of javac and gcc (3, 4) and rustc (101): they have not come to an end, and say why in other words
# each time.
_BROKEN_STATUSES = {3, 4, 101}
# The same, where the status is that of any error; lines of programs are quoted in other ways.
_BROKEN_LINE = re.compile(
    r"^(?:\S*(?:gcc|g\+\+)(?:-\d+)?: fatal error: .* signal terminated program"
    r"|(?:cc1|cc1plus): out of memory|virtual memory exhausted|\S*ld: .*failed: memory exhausted"
    r"|fatal error: (?:runtime: (?:cannot allocate memory|out of memory)|stack overflow)"
    r"|# There is insufficient memory for the Java Runtime)",
    re.MULTILINE,
)
_BROKEN_TEXT = "the compiler runs out of time, stack, memory or disk"
_EMPTY_TEXT = "the compiler makes no program of it"
_EXECUTABLE = b"\x7fELF"
_MOST_OUTPUT_CHARACTERS = 8192
# Names that differ from run to run: those of temporary files.
_RANDOM_NAME = re.compile(r"/tmp/(?:cc|rustc|go-build)[A-Za-z0-9]{6,}")


class BuildFailed(Exception):
    """The source is no program; a fact about it. The message is what the compiler says.

    With ``limit`` it could not be compiled within the limits on time, memory and output.
    """

    def __init__(self, output: str, *, limit: bool = False) -> None:
        super().__init__(output)
        self.limit = limit


class Unstartable(SandboxFailure):
    """A compiler, or a library of its own, is not there, or not any more."""


def product(result: RunResult, executable: bool) -> bytes:
    """What the compiler has made. Raises BuildFailed, Unstartable and SandboxFailure."""
    if limit := _LIMIT_TEXTS.get(result.status):
        raise BuildFailed(limit, limit=True)
    verdict, rest = result.answer[:1], result.answer[1:]
    said = (result.stderr + result.stdout).decode(errors="replace")
    if result.status is Status.OK:
        match verdict:
            # Other kinds of files are made under the same name, as libraries.
            case compiling.BUILT if not executable or rest.startswith(_EXECUTABLE):
                return rest
            case compiling.BUILT | compiling.EMPTY:
                raise BuildFailed(_EMPTY_TEXT)
            case compiling.REFUSED:
                raise _refusal(int(rest), said)
            case compiling.UNSTARTABLE:
                raise Unstartable(said.strip() or rest.decode(errors="replace"))
            case _:
                pass
    raise SandboxFailure(f"the compiler could not be run: {result.status.value} {said[-500:]}")


def _refusal(status: int, said: str) -> BuildFailed:
    """What a compiler says that does not accept its source, or does not survive it."""
    if status < 0 or status in _BROKEN_STATUSES or _BROKEN_LINE.search(said):
        return BuildFailed(_BROKEN_TEXT, limit=True)
    said = _RANDOM_NAME.sub("/tmp/file", said[: 2 * _MOST_OUTPUT_CHARACTERS])
    return BuildFailed(said[:_MOST_OUTPUT_CHARACTERS].strip())
