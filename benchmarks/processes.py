"""CPU time of the processes below this one, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CpuBelow:
    """CPU seconds so far of this process's children, and of all their descendants that live."""

    children_seconds: float
    deeper_seconds: float


def cpu_below() -> CpuBelow:
    """Read the clocks of all processes below this one."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The second field is the program's name, in parentheses, and may hold anything.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        seconds[pid] = (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
    children = {pid for pid, parent in parents.items() if parent == os.getpid()}
    deeper: set[int] = set()
    level = children
    while level := {pid for pid, parent in parents.items() if parent in level}:
        deeper |= level
    return CpuBelow(sum(seconds[pid] for pid in children), sum(seconds[pid] for pid in deeper))
