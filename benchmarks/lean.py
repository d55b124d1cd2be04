"""Audited checks of Lean proofs: what they cost beside bare ``lean`` on the same file.

    python benchmarks/lean.py [--lean lean.toml] [--quick]

Without ``--lean`` a toolchain is built of the test extra (examples/lean) in a temporary folder.
The same small theorem is checked in these ways, in turn, each in a process of its own whose CPU
time, with all it has started, is read when the last of it is dead:

- ``lean``: one process per file that writes the compiled module; nothing is isolated or compared;
- audited: our verifier without replay: screen, sandbox, Lean, audit; the statement was compiled
  before, as for the second and all further rollouts of a GRPO group;
- replayed: audited, and checked again by the kernel in a second process, as is the default;
- replayed, new statement: the same for statements that were never seen, so that Lean runs twice.

Then one process per core checks proofs at once, and the audit is timed alone.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from apart import Measured, begin
from figures import percentile, table
from rich.console import Console
from rich.progress import track
from rich.table import Table

from assayoffice.sandbox.programs.settings import configured
from assayoffice.verifiers.base import Effort, Outcome, Submission
from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.lean import configuration, settings
from assayoffice.verifiers.lean.backends import toolchain
from assayoffice.verifiers.lean.backends.cli import LeanCli
from assayoffice.verifiers.lean.checker import limits_of
from assayoffice.verifiers.lean.compiled.audit import Reference, audit
from assayoffice.verifiers.lean.prepared import prepare
from assayoffice.verifiers.lean.settings import Header, LeanSettings, Replay
from assayoffice.verifiers.lean.task import LeanTask
from assayoffice.verifiers.lean.verifier import LeanVerifier

_EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "lean" / "toolchain.py"
_BARE = "lean"
# Of each way in each round.
_CHECKS, _ROUNDS = 15, 5
_AUDITS = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """What a check costs in one way, and how long it takes."""

    cpu_ms: float
    p50_ms: float
    p99_ms: float


def main(
    lean: Annotated[
        Path | None, typer.Option(help="File of headers; its first one is measured.")
    ] = None,
    quick: Annotated[bool, typer.Option(help="Only show that everything runs.")] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print figures as JSON; tables go to stderr.")
    ] = False,
) -> None:
    """Compare checked proofs with bare Lean."""
    console = Console(stderr=json_output)
    with tempfile.TemporaryDirectory(prefix="assayoffice-bench-") as made:
        # Programs in sandboxes run as other users.
        Path(made).chmod(0o755)
        read = configuration.read(lean or _built(Path(made)))
        header = replace(read.headers[0], replay=Replay.NONE)
        replayed = replace(header, replay=Replay.KERNEL)
        ways: dict[str, Callable[[int], tuple[float, list[float]]]] = {
            _BARE: lambda checks: _bare(header, checks),
            "audited": lambda checks: _checked(header, checks, new=False),
            "replayed": lambda checks: _checked(replayed, checks, new=False),
            "replayed, new statement": lambda checks: _checked(replayed, checks, new=True),
        }
        checks, rounds = (1, 1) if quick else (_CHECKS, _ROUNDS)
        costs = _costs(ways, checks, rounds, console)
        cores = len(os.sched_getaffinity(0))
        rate = _together(lambda: _checked(replayed, checks, new=False), cores)
        audit_ms = _audit_ms(header, 1 if quick else _AUDITS)
    console.print(_table(costs))
    console.print(
        f"{rate:,.1f} replayed checks/s with a worker on each of {cores} cores; "
        f"the audit alone takes {audit_ms:.2f} ms\n"
    )
    if json_output:
        figures = {
            "ways": {name: asdict(cost) for name, cost in costs.items()},
            "cores": cores,
            "checks_per_second": rate,
            "audit_ms": audit_ms,
        }
        typer.echo(json.dumps(figures, indent=2))


def _built(folder: Path) -> Path:
    subprocess.run([sys.executable, _EXAMPLE, folder / "lean"], check=True, stdout=sys.stderr)
    return folder / "lean" / "lean.toml"


def _task(number: int) -> LeanTask:
    """A statement that needs no library; another one for each number."""
    return LeanTask(
        statement="(p q : Prop) (hp : p) (hq : q) (f : p → q → p) : p",
        target=f"target{number}",
        extraction=CodeExtraction.WHOLE,
    )


def _proof(number: int) -> str:
    """A right proof, unlike all others."""
    return "f (" * number + "f hp hq" + ") hq" * number


def _source(header: Header, task: LeanTask, number: int) -> str:
    return f"{header.source}\ntheorem {task.target} {task.statement} :=\n  {_proof(number)}\n"


def _bare(header: Header, checks: int) -> tuple[float, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        file, olean = Path(folder) / "Candidate.lean", Path(folder) / "Candidate.olean"
        path = ":".join(str(each) for each in header.path)
        command = [header.toolchain / "bin" / "lean", "--json", "-o", olean, file]

        def check(number: int) -> None:
            file.write_text(_source(header, _task(0), number), encoding="utf-8")
            subprocess.run(command, cwd=folder, env={"LEAN_PATH": path}, check=True)
            assert olean.read_bytes()

        return _timed(check, checks)


def _checked(header: Header, checks: int, *, new: bool) -> tuple[float, list[float]]:
    settings.configure(LeanSettings((header,)))
    verifier = LeanVerifier()

    def check(number: int) -> None:
        submission = Submission(_proof(number), _task(number if new else 0))
        verdict = verifier.verify(submission, Effort.FULL)
        assert verdict.outcome is Outcome.CORRECT, verdict

    try:
        return _timed(check, checks)
    finally:
        verifier.close()


def _timed(check: Callable[[int], None], checks: int) -> tuple[float, list[float]]:
    """Milliseconds until the first check was done, and of each after that."""
    began = time.perf_counter()
    check(0)
    start_ms = 1000 * (time.perf_counter() - began)
    took = []
    for number in range(1, checks + 1):
        began = time.perf_counter()
        check(number)
        took.append(1000 * (time.perf_counter() - began))
    return start_ms, took


def _costs(
    ways: dict[str, Callable[[int], tuple[float, list[float]]]],
    checks: int,
    rounds: int,
    console: Console,
) -> dict[str, Cost]:
    """Measure all ways in turn, in several rounds: other guests of the host come and go."""
    measured: dict[str, list[tuple[Measured, Measured]]] = {name: [] for name in ways}
    for _ in track(range(rounds), "measuring", console=console, transient=True):
        for name, way in ways.items():
            idle = begin(lambda way=way: way(0)).collect()
            busy = begin(lambda way=way: way(checks)).collect()
            if idle is None or busy is None:
                raise SystemExit(f"{name}: cannot be measured here; see above")
            measured[name].append((idle, busy))
    return {name: _cost(pairs, checks) for name, pairs in measured.items()}


def _cost(pairs: list[tuple[Measured, Measured]], checks: int) -> Cost:
    step_ms = [each for _, busy in pairs for each in busy.step_ms]
    used = statistics.median(busy.cpu_seconds for _, busy in pairs)
    idle = statistics.median(idle.cpu_seconds for idle, _ in pairs)
    return Cost(1000 * (used - idle) / checks, percentile(step_ms, 50), percentile(step_ms, 99))


def _together(work: Callable[[], tuple[float, list[float]]], cores: int) -> float:
    """Checks per second with as many workers as there are cores."""
    begun = [begin(work) for _ in range(cores)]
    return sum(
        1000 * len(measured.step_ms) / sum(measured.step_ms)
        for each in begun
        if (measured := each.collect()) is not None
    )


def _audit_ms(header: Header, audits: int) -> float:
    """Median time of reading a compiled candidate and comparing it with what was asked."""
    prepared = prepare(header, configured(), {})
    task = _task(0)
    asked = f"{header.source}\ntheorem {task.target} {task.statement} := sorry\n"
    with toolchain.sandbox_for(header, configured()) as sandbox:
        backend = LeanCli(sandbox, toolchain.places(header))
        stated = backend.elaborate(asked, limits_of(task)).olean
        proved = backend.elaborate(_source(header, task, 1), limits_of(task)).olean
    assert stated is not None and proved is not None
    reference = Reference(stated, (task.target,), prepared.library)
    took = []
    for _ in range(audits):
        began = time.perf_counter()
        audit(proved, reference, prepared.library, prepared.allowed)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def _table(costs: dict[str, Cost]) -> Table:
    shown = table(
        "A check of a small theorem",
        *("CPU ms", "of lean", "p50 ms", "p99 ms"),
        caption="CPU ms: of all processes. p50, p99: by the clock.",
    )
    bare = costs[_BARE].cpu_ms
    for name, cost in costs.items():
        shown.add_row(
            name,
            f"{cost.cpu_ms:.1f}",
            f"{cost.cpu_ms / bare:.2f}",
            f"{cost.p50_ms:.1f}",
            f"{cost.p99_ms:.1f}",
        )
    return shown


if __name__ == "__main__":
    typer.run(main)
