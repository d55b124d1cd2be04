"""Runs hostile programs in sandboxes, closes them, and prints whatever is left of them on the host.

It adopts the orphans of all it starts, so that no process can get out of sight.
"""

import ctypes
import os
import sys
from pathlib import Path

from assayoffice.sandbox.programs import Blob, PythonProgram, Run, Sandbox, Tier
from battery import beyond, host, isolation, resources
from battery.case import LIMITS

_PR_SET_CHILD_SUBREAPER = 36
_WILD = {6, 18, 20, 21, 22, 28, 42, 73, 83}


def _mounts() -> list[str]:
    return Path("/proc/self/mountinfo").read_text().splitlines()


def _descriptors() -> list[str]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:  # that of the listing itself
            continue
    return found


def main() -> None:
    """Print what is left; nothing, where all is well."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    mounts, descriptors = _mounts(), _descriptors()
    cgroups: set[tuple[str, int]] = set()
    for _ in range(2):
        with Sandbox() as sandbox, Blob(b"") as stdin:
            idle = Run(PythonProgram(stdin), limits=LIMITS)
            sandbox.run_pair(idle, idle)
            for pid in host.descendants(os.getpid()):
                cgroups |= host.cgroups(pid)
            for case in (*isolation.CASES, *resources.CASES, *beyond.CASES):
                if case.number in _WILD:
                    alone = sandbox.tier is Tier.LANDLOCK
                    sandbox.run(case.run(stdin, alone=alone))
    left = [
        *(f"process {pid}" for pid in host.descendants(os.getpid())),
        *(f"file {name}" for name in host.left_files()),
        *(f"mount {line}" for line in set(_mounts()) - set(mounts)),
        *(f"cgroup {each}" for each in cgroups - host.cgroups(os.getpid()) if host.is_left(each)),
        *(f"descriptor {name}" for name in set(_descriptors()) - set(descriptors)),
    ]
    sys.stdout.write("".join(f"{each}\n" for each in left))


if __name__ == "__main__":
    main()
