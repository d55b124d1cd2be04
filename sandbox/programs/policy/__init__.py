"""Seccomp filters: which system calls a sandboxed program may make. ``rules`` says which and why.

The filters are files, so that nothing but the kernel is needed to load them.
"""

import platform
from functools import cache
from importlib import resources

from assayoffice.sandbox.programs.errors import SandboxUnavailable
from assayoffice.sandbox.programs.policy.rules import OWN_PID, Profile

__all__ = ["OWN_PID", "Profile", "filter_for"]


@cache
def filter_for(profile: Profile, machine: str = "") -> bytes:
    """A filter to load, ready for ``prctl(PR_SET_SECCOMP)``: 8 bytes per instruction.

    ``machine`` is as ``platform.machine()`` names it, and this host's where empty. Before a
    LANDLOCK filter is loaded, the process that loads it must put its own number in the place of
    OWN_PID, 32 bits in the machine's byte order; else it cannot even signal itself. Raises
    SandboxUnavailable for machines that there is no filter for.
    """
    machine = machine or platform.machine()
    name = f"{profile}-{machine}.bpf"
    try:
        return resources.files(__name__).joinpath(name).read_bytes()
    except FileNotFoundError:
        raise SandboxUnavailable(
            f"There is no seccomp filter for {machine}: run the service on x86_64 or aarch64, or "
            "add the architecture to sandbox/programs/policy/generate.py"
        ) from None
