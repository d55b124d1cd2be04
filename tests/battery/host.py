"""What can be seen of sandboxes from the host."""

import os
from collections.abc import Iterator
from pathlib import Path

from battery.case import MARKER


def descendants(ancestor: int) -> frozenset[int]:
    """Processes below one; those that are dead and await their parents are none."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        try:
            state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            children.setdefault(int(parent), []).append(pid)
    found: set[int] = set()
    pending = [ancestor]
    while pending:
        below = children.get(pending.pop(), [])
        found.update(below)
        pending += below
    return frozenset(found)


def cgroups(pid: int) -> frozenset[tuple[str, int]]:
    """The folders of a process' cgroups, and their inodes: names may come to be used again."""
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            mounts[""] = before.split()[4]
        elif kind == "cgroup":
            mounts |= dict.fromkeys(options.split(","), before.split()[4])
    found = set()
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        place = mounts.get(controllers.split(",")[0])
        if place is not None:
            found.add(f"{place}{path}".rstrip("/"))
    # In a container not all of them are to be seen.
    return frozenset((each, Path(each).stat().st_ino) for each in found if Path(each).exists())


def is_left(cgroup: tuple[str, int]) -> bool:
    """Whether a cgroup is still there."""
    folder, inode = cgroup
    try:
        return Path(folder).stat().st_ino == inode
    except FileNotFoundError:
        return False


def left_files() -> list[str]:
    """Files on the host that a hostile program has made."""
    found = []
    for folder in ("/", "/dev", "/dev/shm", "/run", "/tmp", "/usr", "/usr/bin", "/var/tmp", "."):
        try:
            found += [f"{folder}/{name}" for name in os.listdir(folder) if MARKER in name]
        except (FileNotFoundError, PermissionError):
            continue
    return found


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdecimal())
