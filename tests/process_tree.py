"""What runs below a process, from /proc."""

import contextlib
import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> set[int]:
    """The processes that a process started itself, the dead that it has not reaped among them."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def running_below(pid: int) -> dict[int, float]:
    """CPU seconds so far of each process below one, without the dead that nobody has reaped yet."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The second field is the program's name, in parentheses, and may hold anything.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] not in ("Z", "X"):
            found = int(stat.parent.name)
            parents[found] = int(fields[1])
            seconds[found] = (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
    below: set[int] = set()
    level = {pid}
    while level := {each for each, parent in parents.items() if parent in level}:
        below |= level
    return {each: seconds[each] for each in below}


def is_running(pid: int) -> bool:
    """Whether a process has not ended; the dead that nobody has reaped have."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def is_named_below(pid: int, name: str) -> bool:
    """Whether a process below one has called itself so."""
    for each in running_below(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{each}/comm").read_text().rstrip("\n") == name:
                return True
    return False
