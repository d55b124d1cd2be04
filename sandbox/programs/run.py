"""What can be run in a sandbox, under which limits, and what is known about it afterwards."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from assayoffice.sandbox.programs.blob import Blob

#: Descriptors that a program finds open besides 0, 1 and 2, where the run asks for them.
DATA_FD, ANSWER_FD, CHANNEL_FD = 3, 4, 5

_MIB = 1 << 20


class Tier(enum.StrEnum):
    """How programs are kept from the host, strongest first. There is no tier without isolation."""

    #: User, mount, pid, network, ipc, uts and cgroup namespaces built by bubblewrap, and seccomp.
    NAMESPACES = "namespaces"
    #: Landlock and seccomp: one process that can write nowhere. For hosts without namespaces.
    LANDLOCK = "landlock"


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one run may use, all its processes together where the host can account for them.

    ``cpu_seconds`` is what verdicts are based on. ``wall_seconds`` ends programs that wait; time in
    which the host was too busy to run the program does not count. ``processes`` above 1 allows
    child processes. ``output_bytes`` bounds each of stdout, stderr and the answer, and the size of
    any file. ``disk_bytes`` and ``files`` bound what is written under /tmp.

    ``reserved_bytes`` is for programs that claim far more address space than they use: so much they
    may have besides. ``memory_bytes`` then bounds what is resident and theirs alone.
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 31.0
    memory_bytes: int = 512 * _MIB
    processes: int = 1
    output_bytes: int = 16 * _MIB
    disk_bytes: int = 64 * _MIB
    files: int = 4096
    reserved_bytes: int = 0


@dataclass(frozen=True, slots=True)
class PythonProgram:
    """Python source that a warm interpreter runs as ``__main__``: no start-up, no site-packages."""

    source: Blob


@dataclass(frozen=True, slots=True)
class Command:
    """A program of the host's toolchains. ``argv[0]`` is an absolute path inside the sandbox.

    ``executable`` is run in its place, where given. ``reserves_memory`` is for runtimes that claim
    far more address space than they use (node, the JVM, Go): only what they write is bounded then.
    Not in the tier LANDLOCK.
    """

    argv: tuple[str, ...]
    executable: Blob | None = None
    reserves_memory: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program, from a clean state: nothing of any other run is visible to it.

    ``files`` are copied into /tmp, the working directory, under plain names. ``data`` is open for
    reading at DATA_FD; with ``answer`` whatever is written to ANSWER_FD is returned, apart from
    what the program prints.
    """

    program: PythonProgram | Command
    stdin: Blob | None = None
    files: Mapping[str, Blob] = field(default_factory=dict)
    data: Blob | None = None
    answer: bool = False
    limits: RunLimits = RunLimits()


class Status(enum.Enum):
    """How a run ended. All of these are facts about the program."""

    OK = "OK"
    NONZERO_EXIT = "NONZERO_EXIT"
    SIGNALED = "SIGNALED"
    CPU_LIMIT = "CPU_LIMIT"
    WALL_LIMIT = "WALL_LIMIT"
    MEMORY_LIMIT = "MEMORY_LIMIT"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run; the program and all it started are dead.

    ``exit_code`` is 0 where a signal ended it, ``signal`` 0 where none did. stdout, stderr and
    answer hold at most ``output_bytes``. ``cpu_seconds`` are those of all processes of the run that
    could be accounted for. ``leaked_processes`` were still alive at the end. ``enforced`` names the
    limits and protections that were in force, sorted.
    """

    status: Status
    exit_code: int
    signal: int
    stdout: bytes
    stderr: bytes
    answer: bytes
    cpu_seconds: float
    wall_seconds: float
    peak_memory_bytes: int
    leaked_processes: int
    tier: Tier
    enforced: tuple[str, ...]
