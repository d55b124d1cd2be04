"""Isolated runs of programs: what they cost beside a cold interpreter and a bubblewrap each.

    python benchmarks/sandbox.py [--quick] [--soak 100000]

A program of ten tests, each with a line on stdin and a line on stdout, is run test by test in every
way there is, one after the other on the same machine:

- ``python3 -I -S``: a process per test, without any isolation;
- bubblewrap: the same within namespaces of its own, which is what isolation usually costs;
- a warm fork: an interpreter that has the standard library loaded forks for each test, without any
  isolation; nothing that forks Python can be cheaper;
- our slots, in each tier that this host offers.

CPU time is that of all processes of a way together, read when the last of them is dead. Then one
process per core runs programs at once, and ``--soak`` runs as many programs as are asked for in one
sandbox and looks for what they have left behind.
"""

import array
import contextlib
import ctypes
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Protocol

import typer
from apart import Measured, begin
from figures import percentile, table
from rich.console import Console
from rich.progress import track
from rich.table import Table

from assayoffice.sandbox.programs import (
    Blob,
    PythonProgram,
    Run,
    Sandbox,
    SandboxSettings,
    Status,
    TierChoice,
)
from assayoffice.sandbox.programs.interpreter import Interpreter, candidates, examine
from assayoffice.sandbox.programs.launch import PRELOADED, bwraps
from assayoffice.sandbox.programs.leases import Lease

_COLD, _BWRAP = "python3 -I -S", "bubblewrap"
_TESTS = 10
_SOURCE = "n = int(input())\nprint(sum(k * k for k in range(n)))\n"
# Reads a line, and gives it to a fork that answers with a line: all that warmth alone can do.
_FORK_SERVER = f"""
import gc, io, os, sys
{"".join(f"import {name}; " for name in PRELOADED)}
code = compile({_SOURCE!r}, "solution.py", "exec")
gc.freeze()
for line in iter(sys.stdin.readline, ""):
    if os.fork() == 0:
        sys.stdin = io.StringIO(line)
        exec(code, {{"__name__": "__main__"}})
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""
# Of each way, in each round.
_PROGRAMS, _ROUNDS = 20, 5
_SOAK_SAMPLE, _SOAK_STEP = 1000, 500
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program of ten tests costs in one way, and how long one of its tests takes."""

    cpu_ms: float
    test_p50_ms: float
    test_p99_ms: float
    start_ms: float


@dataclass(frozen=True, slots=True)
class Soak:
    """The first and the last runs of many, and what there is more of when the sandbox is closed."""

    runs: int
    first_p50_ms: float
    last_p50_ms: float
    first_cpu_ms: float
    last_cpu_ms: float
    memory_growth_mib: float
    left: tuple[str, ...]


def main(
    soak: Annotated[
        int, typer.Option(help="Runs of one program in one sandbox; 0 leaves the soak out.")
    ] = 0,
    quick: Annotated[bool, typer.Option(help="Only show that everything runs.")] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print figures as JSON; tables go to stderr.")
    ] = False,
) -> None:
    """Compare the ways of running untrusted programs."""
    programs = 1 if quick else _PROGRAMS
    console = Console(stderr=json_output)
    interpreter = _interpreter()
    cold = [str(interpreter.executable), "-I", "-S", "-c", _SOURCE]
    ways: dict[str, Callable[[], _Way]] = {_COLD: lambda: _Spawned(cold)}
    bwrap = next(bwraps(), None)
    if bwrap is not None:
        boxed = [*_bwrap(bwrap), *cold]
        ways[_BWRAP] = lambda: _Spawned(boxed)
    ways["warm fork"] = lambda: _WarmFork(interpreter)
    ways["slot, namespaces"] = lambda: _InSlot(TierChoice.NAMESPACES)
    ways["slot, landlock"] = lambda: _InSlot(TierChoice.LANDLOCK)
    costs = _costs(ways, programs, console)
    cores = len(os.sched_getaffinity(0))
    rate = _together(ways["slot, namespaces"], cores, programs)
    lasting = _soak(soak, console) if soak else None
    console.print(_costs_table(costs))
    console.print(f"{rate:,.0f} isolated tests/s with a sandbox on each of {cores} cores\n")
    if lasting is not None:
        console.print(_soak_table(lasting))
    if json_output:
        figures = {
            "ways": {name: asdict(cost) for name, cost in costs.items()},
            "cores": cores,
            "tests_per_second": rate,
            "soak": asdict(lasting) if lasting is not None else None,
        }
        typer.echo(json.dumps(figures, indent=2))


def _costs_table(costs: dict[str, Cost]) -> Table:
    shown = table(
        f"A program of {_TESTS} tests, isolated test by test",
        *("CPU ms", "of cold", "of bwrap", "p50 ms", "p99 ms", "start ms"),
        caption="CPU ms: per program, of all processes. start: until the first test is answered.",
    )
    cold = costs[_COLD].cpu_ms
    boxed = costs[_BWRAP].cpu_ms if _BWRAP in costs else None
    for name, cost in costs.items():
        shown.add_row(
            name,
            f"{cost.cpu_ms:.1f}",
            f"1/{cold / cost.cpu_ms:.1f}",
            f"1/{boxed / cost.cpu_ms:.1f}" if boxed else "-",
            f"{cost.test_p50_ms:.1f}",
            f"{cost.test_p99_ms:.1f}",
            f"{cost.start_ms:.0f}",
        )
    return shown


def _soak_table(soak: Soak) -> Table:
    shown = table(f"{soak.runs:,} runs in one sandbox", "p50 ms", "CPU ms")
    shown.add_row(f"first {_SOAK_SAMPLE:,}", f"{soak.first_p50_ms:.2f}", f"{soak.first_cpu_ms:.2f}")
    shown.add_row(f"last {_SOAK_SAMPLE:,}", f"{soak.last_p50_ms:.2f}", f"{soak.last_cpu_ms:.2f}")
    left = ", ".join(soak.left) or "nothing"
    shown.caption = f"left behind: {left}; memory grew by {soak.memory_growth_mib:.1f} MiB"
    return shown


class _Way(Protocol):
    """A way of running the program."""

    def run(self, given: bytes) -> bytes:
        """Run one test; what the program prints."""
        ...

    def close(self) -> None:
        """End what was started."""


class _Spawned:
    """A process per test."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def run(self, given: bytes) -> bytes:
        return subprocess.run(self._command, input=given, stdout=subprocess.PIPE, check=True).stdout

    def close(self) -> None:
        pass


class _WarmFork:
    """A fork per test of an interpreter that waits for it with its modules loaded."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._server = subprocess.Popen(
            [interpreter.executable, "-s", "-S", "-P", "-c", _FORK_SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, given: bytes) -> bytes:
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.write(given)
        self._server.stdin.flush()
        return self._server.stdout.readline()

    def close(self) -> None:
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()


class _InSlot:
    """Our sandbox: a slot, and a fork in it, per test."""

    def __init__(self, tier: TierChoice) -> None:
        self._sandbox = Sandbox(SandboxSettings(tier=tier))
        self._program = PythonProgram(Blob(_SOURCE.encode()))

    def run(self, given: bytes) -> bytes:
        with Blob(given) as stdin:
            return self._sandbox.run(Run(self._program, stdin=stdin)).stdout

    def close(self) -> None:
        self._sandbox.close()


def _costs(
    ways: Mapping[str, Callable[[], "_Way"]], programs: int, console: Console
) -> dict[str, Cost]:
    """Measure all ways in turn, in several rounds: other guests of the host come and go."""
    nothing = {name: _apart(make, 0) for name, make in ways.items()}
    rounds: dict[str, list[Measured]] = {name: [] for name in ways}
    for _ in track(range(_ROUNDS), "measuring", console=console, transient=True):
        for name, make in ways.items():
            measured = _apart(make, programs) if nothing[name] is not None else None
            if measured is not None:
                rounds[name].append(measured)
    return {
        name: _cost(idle, measured, programs)
        for name, measured in rounds.items()
        if measured and (idle := nothing[name]) is not None
    }


def _cost(idle: Measured, rounds: Sequence[Measured], programs: int) -> Cost:
    test_ms = [each for measured in rounds for each in measured.step_ms]
    used_seconds = statistics.median(measured.cpu_seconds for measured in rounds)
    return Cost(
        cpu_ms=1000 * (used_seconds - idle.cpu_seconds) / programs,
        test_p50_ms=percentile(test_ms, 50),
        test_p99_ms=percentile(test_ms, 99),
        start_ms=statistics.median(measured.start_ms for measured in rounds),
    )


def _apart(make: Callable[[], _Way], programs: int) -> Measured | None:
    return begin(lambda: _run(make, programs)).collect()


def _run(make: Callable[[], _Way], programs: int) -> tuple[float, list[float]]:
    """Milliseconds until the first test was answered, and of each test after that."""
    tests = [
        (b"%d\n" % (10 + test), b"%d\n" % sum(k * k for k in range(10 + test)))
        for test in range(_TESTS)
    ]
    began = time.perf_counter()
    way = make()
    assert way.run(tests[0][0]) == tests[0][1]
    start_ms = 1000 * (time.perf_counter() - began)
    test_ms = []
    for given, wanted in tests * programs:
        began = time.perf_counter()
        assert way.run(given) == wanted
        test_ms.append(1000 * (time.perf_counter() - began))
    way.close()
    return start_ms, test_ms


def _together(make: Callable[[], _Way], cores: int, programs: int) -> float:
    """Tests per second with as many processes as there are cores, each with its own sandbox."""
    begun = [begin(lambda: _run(make, programs)) for _ in range(cores)]
    all_measured = [each.collect() for each in begun]
    return sum(
        1000 * len(measured.step_ms) / sum(measured.step_ms)
        for measured in all_measured
        if measured is not None
    )


def _soak(runs: int, console: Console) -> Soak:
    """Run one program very often, and count what there is before and after."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _traces()
    with Sandbox() as sandbox, Blob(_SOURCE.encode()) as source, Blob(b"10\n") as stdin:
        run = Run(PythonProgram(source), stdin=stdin)
        sandbox.run(run)
        took, used = array.array("d", bytes(8 * runs)), array.array("d", bytes(8 * runs))
        resident_bytes = _resident_bytes()
        for start in track(range(0, runs, _SOAK_STEP), "soaking", console=console, transient=True):
            for number in range(start, min(start + _SOAK_STEP, runs)):
                began = time.perf_counter()
                result = sandbox.run(run)
                took[number] = 1000 * (time.perf_counter() - began)
                used[number] = 1000 * result.cpu_seconds
                assert result.status is Status.OK
        growth = _resident_bytes() - resident_bytes
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    after = _traces()
    return Soak(
        runs=runs,
        first_p50_ms=percentile(took[:_SOAK_SAMPLE], 50),
        last_p50_ms=percentile(took[-_SOAK_SAMPLE:], 50),
        first_cpu_ms=sum(used[:_SOAK_SAMPLE]) / len(used[:_SOAK_SAMPLE]),
        last_cpu_ms=sum(used[-_SOAK_SAMPLE:]) / len(used[-_SOAK_SAMPLE:]),
        memory_growth_mib=growth / (1 << 20),
        left=tuple(name for name in after if after[name] > before[name]),
    )


def _traces() -> dict[str, int]:
    """How many there are of what a sandbox could leave behind on this host."""
    parents = Path("/proc").glob("[0-9]*/stat")
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        # Those whose parents have died come to us.
        "processes": sum(_parent_of(stat) == os.getpid() for stat in parents),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "cgroups": sum(map(_nobody_holds, _cgroups_beside())),
    }


def _cgroups_beside() -> list[Path]:
    """The cgroups of slots that are under the same one as this process, in any hierarchy."""
    own = {line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()}
    own -= {"/"}  # where the slots of others are, too
    root = Path("/sys/fs/cgroup")
    return [
        path
        for path in root.rglob("assayoffice-[0-9]*")
        if any(str(path.parent).endswith(each) for each in own)
    ]


def _parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _nobody_holds(cgroup: Path) -> bool:
    lease = Lease.claim(int(cgroup.name.rpartition("-")[2]))
    if lease is None:
        return False
    lease.release()
    return True


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _interpreter() -> Interpreter:
    """The one that sandboxes use, so that all ways run the same."""
    for path in candidates(None):
        found = examine(path)
        if isinstance(found, Interpreter):
            return found
    raise SystemExit("no Python that programs could be run with; see `assay doctor`")


def _bwrap(bwrap: Path) -> list[str]:
    """The usual command line: everything unshared, the system read-only, an empty /tmp."""
    command = [str(bwrap), "--unshare-all", "--die-with-parent", "--ro-bind", "/usr", "/usr"]
    for link in map(Path, ("/bin", "/lib", "/lib64")):
        command += ["--symlink", str(link.readlink()), str(link)] if link.is_symlink() else []
    return [*command, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--"]


if __name__ == "__main__":
    typer.run(main)
