"""Cgroups of slots, on hosts that let us make them: memory, tasks and CPU time of a whole slot.

Without them the limits of single processes hold, see ``inside.py``. Version 1 is used where its
hierarchies are mounted. Of version 2 a part must have been handed over: the service runs in a leaf
of a cgroup whose other leaves it may make (systemd: ``Delegate=yes``, ``DelegateSubgroup=main``).
"""

import contextlib
import functools
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assayoffice.sandbox.programs.leases import Lease

_PREFIX = "assayoffice-"
_NEEDED, _WELCOME = ("memory", "pids"), ("cpuacct",)
_EVENTS_BYTES = 1024
# Told by version 2 alone. Of version 1, being near the limit tells that it was met.
_SHORTAGES = re.compile(rb"^oom (\d+)$", re.MULTILINE)
_FULL = 0.9
_KILLS = re.compile(rb"^oom_kill (\d+)$", re.MULTILINE)
_CLOSE_SECONDS, _PAUSE_SECONDS = 5.0, 0.01


@dataclass(frozen=True, slots=True)
class _Files:
    """Names of what is read and written, by version; an empty one is not there."""

    memory_limit: str
    swap_limit: str
    peak: str
    events: str
    tasks_limit: str
    cpu: str


_VERSION_1 = _Files(
    "memory.limit_in_bytes",
    "memory.memsw.limit_in_bytes",
    "memory.max_usage_in_bytes",
    "memory.oom_control",
    "pids.max",
    "cpuacct.usage",
)
_VERSION_2 = _Files(
    "memory.max",
    "memory.swap.max",
    "",
    "memory.events",
    "pids.max",
    "cpu.stat",
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the slot has used in a run; 0 what was not measured.

    ``out_of_memory`` says that the kernel has killed a process for want of memory, and
    ``over_limit`` that the want was of the slot's own limit, not of the host.
    """

    peak_bytes: int
    cpu_seconds: float
    out_of_memory: bool
    over_limit: bool


class Cgroup:
    """The cgroups of one slot, one for each hierarchy."""

    def __init__(self, files: _Files, folders: Mapping[str, Path]) -> None:
        self._files = files
        self._folders = folders
        self._events = os.open(folders["memory"] / files.events, os.O_RDONLY | os.O_CLOEXEC)
        self._peak = -1
        if files.peak:
            self._peak = os.open(folders["memory"] / files.peak, os.O_RDWR | os.O_CLOEXEC)
        self._shortages = 0
        self._memory_bytes = -1
        self._tasks = -1
        self._kills = 0
        self._idle_bytes = 0
        self._measures = False
        self._cpu_seconds = 0.0

    @classmethod
    def make(cls, number: int) -> Self | None:
        """Make those of a slot; None where this host does not let us."""
        found = _parents()
        if found is None:
            return None
        files, parents = found
        sweep()
        folders = {name: parent / f"{_PREFIX}{number}" for name, parent in parents.items()}
        try:
            for folder in folders.values():
                folder.mkdir(exist_ok=True)
            return cls(files, folders)
        except OSError:
            return None

    @property
    def counts_cpu(self) -> bool:
        """Whether CPU time is told."""
        return "cpuacct" in self._folders

    def entrances(self) -> list[int]:
        """Descriptors to which a process writes "0" to enter; they are the caller's to close."""
        return [
            os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
            for folder in set(self._folders.values())
        ]

    def settle(self) -> None:
        """Take what is used now for what the slot needs by itself."""
        memory = self._folders["memory"]
        name = "memory.usage_in_bytes" if self._files is _VERSION_1 else "memory.current"
        self._idle_bytes = int((memory / name).read_text())
        self._kills, self._shortages = self._count(_KILLS), self._count(_SHORTAGES)
        if self._files is _VERSION_2:
            with contextlib.suppress(FileNotFoundError):
                _write(memory / self._files.swap_limit, b"0")

    def begin(self, memory_bytes: int, tasks: int, *, measure: bool) -> None:
        """Set the limits of the next run, and measure what it uses if asked to. Raises OSError."""
        memory, files = self._folders["memory"], self._files
        if memory_bytes != self._memory_bytes:
            limit = str(memory_bytes + self._idle_bytes).encode()
            if files is _VERSION_2:
                _write(memory / files.memory_limit, limit)
            else:
                # The limit without swap may at no time be above the one with it, and what they are
                # now, a slot that was killed may have left behind.
                with contextlib.suppress(OSError):
                    _write(memory / files.memory_limit, limit)
                with contextlib.suppress(FileNotFoundError):  # a kernel that does not count swap
                    _write(memory / files.swap_limit, limit)
                _write(memory / files.memory_limit, limit)
            self._memory_bytes = memory_bytes
        if tasks != self._tasks:
            _write(self._folders["pids"] / files.tasks_limit, str(tasks).encode())
            self._tasks = tasks
        if self._peak >= 0:
            os.pwrite(self._peak, b"0", 0)
        self._measures = measure
        if measure:
            self._cpu_seconds = self._read_cpu_seconds()

    def end(self) -> Usage:
        """What has happened since ``begin``. Raises OSError."""
        kills = self._count(_KILLS)
        out_of_memory, self._kills = kills > self._kills, kills
        if not (self._measures or out_of_memory):
            return Usage(0, 0.0, False, False)
        shortages = self._count(_SHORTAGES)
        over_limit, self._shortages = out_of_memory and shortages > self._shortages, shortages
        peak_bytes = 0
        if self._peak >= 0:
            used_bytes = int(os.pread(self._peak, _EVENTS_BYTES, 0))
            over_limit = out_of_memory and used_bytes >= _FULL * (
                self._memory_bytes + self._idle_bytes
            )
            peak_bytes = max(used_bytes - self._idle_bytes, 0)
        cpu_seconds = self._read_cpu_seconds() - self._cpu_seconds if self._measures else 0.0
        return Usage(peak_bytes, cpu_seconds, out_of_memory, over_limit)

    def _read_cpu_seconds(self) -> float:
        if not self.counts_cpu:
            return 0.0
        text = (self._folders["cpuacct"] / self._files.cpu).read_text()
        if self._files is _VERSION_1:
            return int(text) / 1e9
        return int(text.split()[1]) / 1e6  # the first line is "usage_usec N"

    def _count(self, event: re.Pattern[bytes]) -> int:
        found = event.search(os.pread(self._events, _EVENTS_BYTES, 0))
        return int(found[1]) if found else 0

    def close(self) -> None:
        """Remove them, once the slot is dead; what is in use all the same, ``sweep`` removes."""
        os.close(self._events)
        if self._peak >= 0:
            os.close(self._peak)
        give_up_at = time.monotonic() + _CLOSE_SECONDS
        for folder in set(self._folders.values()):
            _remove(folder, give_up_at)


def sweep(patience_seconds: float = 0.0) -> None:
    """Remove the cgroups of slots that were killed with their process; wait for their last task."""
    found = _parents()
    give_up_at = time.monotonic() + patience_seconds
    for parent in set(found[1].values()) if found is not None else ():
        for folder in parent.glob(f"{_PREFIX}*"):
            number = folder.name.removeprefix(_PREFIX)
            lease = Lease.claim(int(number)) if number.isdecimal() else None
            if lease is not None:
                _remove(folder, give_up_at)
                lease.release()


def _remove(folder: Path, give_up_at: float) -> None:
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # the kernel lets go of the dead a little later
            if time.monotonic() >= give_up_at:
                return
            time.sleep(_PAUSE_SECONDS)
        else:
            return


@functools.cache
def _parents() -> tuple[_Files, Mapping[str, Path]] | None:
    """Where this process may make cgroups, by controller."""
    mounts = _mounts()
    own = {
        name: path
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        for _, names, path in [line.split(":", 2)]
        for name in names.split(",")
    }
    parents = {
        name: mounts[name] / own[name].lstrip("/")
        for name in (*_NEEDED, *_WELCOME)
        if name in mounts
    }
    parents = {name: parent for name, parent in parents.items() if os.access(parent, os.W_OK)}
    if all(name in mounts for name in _NEEDED):
        return (_VERSION_1, parents) if all(name in parents for name in _NEEDED) else None
    if "" not in mounts or own.get("", "/") == "/":
        return None
    parent = (mounts[""] / own[""].lstrip("/")).parent
    control = parent / "cgroup.subtree_control"
    try:
        if not set(_NEEDED) <= set(control.read_text().split()):
            control.write_text("+memory +pids")
    except OSError:
        return None
    writable = os.access(parent, os.W_OK)
    # Of CPU time version 2 tells in each cgroup, with or without a controller.
    return (_VERSION_2, dict.fromkeys((*_NEEDED, *_WELCOME), parent)) if writable else None


def _mounts() -> Mapping[str, Path]:
    """Where the hierarchies are mounted, by controller; that of version 2 under the empty name."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        place = Path(before.split()[4])
        if kind == "cgroup2":
            found.setdefault("", place)
        elif kind == "cgroup":
            for option in options.split(","):
                found.setdefault(option, place)
    return found


def _write(path: Path, text: bytes) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text)
    finally:
        os.close(fd)
