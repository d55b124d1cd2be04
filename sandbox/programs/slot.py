"""A slot: a sandbox that stands ready and runs one program after the other."""

import contextlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assayoffice.sandbox.programs.errors import SandboxFailure
from assayoffice.sandbox.programs.launch import Launched, Plan, launch
from assayoffice.sandbox.programs.run import (
    ANSWER_FD,
    CHANNEL_FD,
    DATA_FD,
    Command,
    PythonProgram,
    Run,
    RunLimits,
    RunResult,
    Status,
    Tier,
)
from assayoffice.sandbox.programs.settings import SandboxSettings

_MAX_MESSAGE_BYTES = 1 << 16
_LOG_BYTES = 4096
_START_SECONDS = 30.0
_STARVED, _STARVED_SECONDS = 4, 20.0
# Process 1 gives up on a starved program by itself; after this much more it must be stuck.
_GRACE_SECONDS = 30.0

# What a run is given where it is given nothing: the numbers of inside.py.
_CODE, _FILE = -1, -2
# An output is readable and writable for the user programs run as, under whatever name.
_OUTPUT_MODE = 0o666
# Stacks of programs of the host's. Each of their threads reserves as much, so it is a compromise
# between those that recurse deeply and those that have threads.
_LEAST_STACK_BYTES, _MOST_STACK_BYTES = 8 << 20, 256 << 20
# Runtimes make many threads, and count all of their stacks as used.
_RUNTIME_STACK_BYTES = 16 << 20
_STACK_SHARE = 4
# Tasks of a slot that are not the program's, and threads of the program's.
_OTHER_TASKS = 136

_NEARLY_ALL = 0.95
_MOST = 0.8


class Slot:
    """One sandbox process. Runs do not overlap; ``start`` one, then ``finish`` it."""

    def __init__(self, plan: Plan, settings: SandboxSettings) -> None:
        """Raises SandboxFailure when it does not get ready."""
        self._plan = plan
        self.runs = 0
        try:
            self._launched: Launched = launch(plan, settings)
        except OSError as error:
            raise SandboxFailure(f"a sandbox cannot be started: {error}") from error
        try:
            self._await_ready()
            if self._launched.cgroup is not None:
                self._launched.cgroup.settle()
        except (OSError, SandboxFailure) as error:
            why = self.log() or str(error)
            self.close()
            raise SandboxFailure(f"a sandbox does not start: {why}") from error

    @property
    def control(self) -> socket.socket:
        """Readable when a run has ended."""
        return self._launched.control

    @property
    def enforced(self) -> tuple[str, ...]:
        """The limits and protections in force, sorted."""
        always = ["capabilities", "cpu", "output", "seccomp", "wall"]
        counted = ["memory-process"]
        if self._plan.tier is Tier.NAMESPACES:
            always += ["disk", "namespaces", "processes"]
        else:
            always += ["landlock", "no-children"]
        if self._launched.cgroup is not None:
            counted.append("memory-total")
            if self._launched.cgroup.counts_cpu:
                counted.append("cpu-total")
        return tuple(sorted(always + counted))

    def start(self, run: Run, channel: int = -1) -> "Running":
        """Have a program run; ``channel`` is what it finds at CHANNEL_FD. Raises SandboxFailure."""
        outputs: list[_Output] = []
        try:
            with contextlib.ExitStack() as opened:
                for _ in range(3 if run.answer else 2):
                    outputs.append(_Output())
                fds, targets = _descriptors(run, outputs, channel, opened)
                order = _order(run, targets) | {
                    "memory_is_counted": self._launched.cgroup is not None
                }
                if self._launched.cgroup is not None:
                    tasks = run.limits.processes + _OTHER_TASKS
                    # Of one process the kernel tells anyway.
                    several = run.limits.processes > 1
                    self._launched.cgroup.begin(run.limits.memory_bytes, tasks, measure=several)
                socket.send_fds(self.control, [json.dumps(order).encode()], fds)
        except OSError as error:
            for output in outputs:
                output.close()
            raise SandboxFailure(f"a sandbox takes no orders: {error}") from error
        self.runs += 1
        give_up_at = time.monotonic() + _patience_seconds(run.limits) + _GRACE_SECONDS
        return Running(run, outputs, give_up_at)

    def finish(self, running: "Running") -> RunResult:
        """Wait for the end of a run. Raises SandboxFailure; the slot is then of no more use."""
        try:
            report = self._receive(running.give_up_at - time.monotonic())
            usage = self._launched.cgroup.end() if self._launched.cgroup is not None else None
            out_of_memory = usage is not None and usage.out_of_memory
            if usage is not None and out_of_memory and not usage.over_limit:
                raise SandboxFailure("the host ran out of memory; run fewer programs at once")
            if report is None and out_of_memory:
                # The kernel took process 1 for what the program had left it no room for.
                self._launched.process.wait()
                report = {"status": signal.SIGKILL.value, "stop": ""}
            if report is None:
                raise SandboxFailure(f"a sandbox was killed during a run: {self.log() or 'no log'}")
            if "error" in report:
                raise SandboxFailure(f"a sandbox cannot run programs: {report['error']}")
            if report["stop"] == "starved":
                raise SandboxFailure("the host was too busy to run a program; run fewer at once")
            outputs = [output.read(running.run.limits.output_bytes) for output in running.outputs]
        except OSError as error:
            raise SandboxFailure(f"a sandbox was lost: {error}") from error
        finally:
            running.close()
        peak_bytes = max(report.get("peak_kilobytes", 0) * 1024, usage.peak_bytes if usage else 0)
        # Children that nobody waits for are in the cgroup's account alone.
        cpu_seconds = max(report.get("cpu_seconds", 0.0), usage.cpu_seconds if usage else 0.0)
        code = os.waitstatus_to_exitcode(report["status"])
        limits = running.run.limits
        if report["stop"] == "cpu" or cpu_seconds > limits.cpu_seconds:
            status = Status.CPU_LIMIT
        elif report["stop"] == "wall":
            status = Status.WALL_LIMIT
        elif out_of_memory or report["stop"] == "memory":
            status = Status.MEMORY_LIMIT
        elif code != 0 and _is_memory(peak_bytes, outputs[1], limits):
            status = Status.MEMORY_LIMIT
        elif any(len(output) >= limits.output_bytes for output in outputs):
            status = Status.OUTPUT_LIMIT
        elif code < 0:
            status = Status.SIGNALED
        else:
            status = Status.NONZERO_EXIT if code else Status.OK
        return RunResult(
            status=status,
            exit_code=max(code, 0),
            signal=max(-code, 0),
            stdout=outputs[0],
            stderr=outputs[1],
            answer=outputs[2] if running.run.answer else b"",
            cpu_seconds=cpu_seconds,
            wall_seconds=report.get("wall_seconds", 0.0),
            peak_memory_bytes=peak_bytes,
            leaked_processes=report.get("leaked", 0),
            tier=self._plan.tier,
            enforced=self.enforced,
        )

    @property
    def alive(self) -> bool:
        """Whether the process of the slot is still there."""
        return self._launched.process.poll() is None

    def log(self) -> str:
        """What the slot's own processes have said, for people."""
        return os.pread(self._launched.log, _LOG_BYTES, 0).decode(errors="replace").strip()

    def close(self) -> None:
        """End it, and whatever runs in it."""
        self._launched.close()

    def _await_ready(self) -> None:
        report = self._receive(_START_SECONDS)
        if report is None or "ready" not in report:
            raise SandboxFailure("its process ended at once")

    def _receive(self, patience_seconds: float) -> Mapping[str, Any] | None:
        """The next report; None when the slot is dead, or silent for so long that it must be."""
        poller = select.poll()
        poller.register(self.control, select.POLLIN)
        if not poller.poll(1000 * max(patience_seconds, 0.0)):
            return None
        try:
            message = self.control.recv(_MAX_MESSAGE_BYTES)
        except ConnectionError:
            return None
        # Written by process 1, not by the program, which never had this socket.
        report: Mapping[str, Any] | None = json.loads(message) if message else None
        return report


@dataclass(frozen=True, slots=True)
class Running:
    """A run under way."""

    run: Run
    outputs: "list[_Output]"
    give_up_at: float

    def close(self) -> None:
        """Forget what it writes."""
        for output in self.outputs:
            output.close()


class _Output:
    """A memory file that a program writes. Nothing is read before the program is dead."""

    def __init__(self) -> None:
        # Not sealable, so that it cannot be frozen or kept from shrinking.
        self.fd = os.memfd_create("output", os.MFD_CLOEXEC)
        os.fchmod(self.fd, _OUTPUT_MODE)

    def read(self, most_bytes: int) -> bytes:
        # Not mmap: a file that shrank would kill the reader.
        return os.pread(self.fd, most_bytes, 0)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _descriptors(
    run: Run, outputs: "list[_Output]", channel: int, opened: contextlib.ExitStack
) -> tuple[list[int], list[int]]:
    """What a run is sent, and the numbers it is to have there."""
    fds = [output.fd for output in outputs]
    targets = [1, 2, ANSWER_FD][: len(fds)]
    for blob, target in ((run.stdin, 0), (run.data, DATA_FD)):
        if blob is not None:
            blob.restore()
            # Opened anew: those who share a descriptor share the position in it, too.
            fd = os.open(f"/proc/self/fd/{blob.fd}", os.O_RDONLY | os.O_CLOEXEC)
            opened.callback(os.close, fd)
            fds.append(fd)
            targets.append(target)
    if channel >= 0:
        fds.append(channel)
        targets.append(CHANNEL_FD)
    program = run.program
    code = program.source if isinstance(program, PythonProgram) else program.executable
    if code is not None:
        code.restore()
        fds.append(code.fd)
        targets.append(_CODE)
    fds += [blob.fd for blob in run.files.values()]
    targets += [_FILE] * len(run.files)
    return fds, targets


def _order(run: Run, targets: list[int]) -> dict[str, object]:
    limits, program = run.limits, run.program
    command = program if isinstance(program, Command) else None
    return {
        "argv": None if command is None else command.argv,
        "reserves_memory": command is not None and command.reserves_memory,
        "fds": targets,
        "files": list(run.files),
        "cpu_seconds": limits.cpu_seconds,
        "wall_seconds": limits.wall_seconds,
        "memory_bytes": limits.memory_bytes,
        "reserved_bytes": limits.reserved_bytes,
        "stack_bytes": _stack_bytes(run),
        "processes": limits.processes,
        "output_bytes": limits.output_bytes,
        "disk_bytes": limits.disk_bytes,
        "inodes": limits.files,
        "patience_seconds": _patience_seconds(limits),
    }


def _patience_seconds(limits: RunLimits) -> float:
    """After this a program has run so little that the host cannot judge it."""
    return _STARVED * (limits.wall_seconds + limits.cpu_seconds) + _STARVED_SECONDS


def _stack_bytes(run: Run) -> int:
    program = run.program
    if isinstance(program, Command) and program.reserves_memory:
        return _RUNTIME_STACK_BYTES
    share = run.limits.memory_bytes // _STACK_SHARE
    return min(max(share, _LEAST_STACK_BYTES), _MOST_STACK_BYTES)


def _is_memory(peak_bytes: int, stderr: bytes, limits: RunLimits) -> bool:
    """Whether a program that failed did so for want of memory."""
    if limits.reserved_bytes:
        return False  # it was looked at, and its peak counts what it maps from files
    share = peak_bytes / limits.memory_bytes
    if share >= _NEARLY_ALL:
        return True
    last_line = stderr.rstrip().rpartition(b"\n")[2]
    return share >= _MOST and last_line.startswith(b"MemoryError")
