"""Writes the filters of this folder: ``python -m assayoffice.sandbox.programs.policy.generate``.

Needs pyseccomp and libseccomp (``pip install --group policy``); loading the filters needs neither.
"""

import struct
import tempfile
from pathlib import Path

import pyseccomp  # type: ignore[import-untyped]

from assayoffice.sandbox.programs.policy.rules import (
    ABSENT,
    DENIED,
    ERRORS,
    NEWER_CALLS,
    Profile,
    Rule,
    rules,
)

ARCHITECTURES = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}
_BINARY_TREE = 2
# Of the kernel's classic BPF: "ld [k]", "jge k, jt, jf", "ret k".
_LOAD, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x35, 0x06
_CALL_NUMBER = 0  # its place in struct seccomp_data


def generate(profile: Profile, machine: str) -> bytes:
    """A filter: an array of the kernel's ``struct sock_filter``.

    ``machine`` is one of ARCHITECTURES. Raises ValueError when libseccomp does not know a call.
    """
    architecture = ARCHITECTURES[machine]
    policy = pyseccomp.SyscallFilter(pyseccomp.ERRNO(DENIED))
    policy.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    policy.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, _BINARY_TREE)
    if architecture != pyseccomp.system_arch():
        policy.add_arch(architecture)
        policy.remove_arch(pyseccomp.Arch.NATIVE)
    for rule in rules(profile):
        policy.add_rule(pyseccomp.ALLOW, _number(rule.call), *_arguments(rule))
    for call, error in ERRORS.items():
        policy.add_rule(pyseccomp.ERRNO(error), _number(call))
    with tempfile.TemporaryFile() as file:
        policy.export_bpf(file)
        file.seek(0)
        return _newer_calls_absent() + file.read()


def _newer_calls_absent() -> bytes:
    # libseccomp takes only calls it knows by name. Jumps are relative, so a filter can be preceded.
    steps = (
        (_LOAD, 0, 0, _CALL_NUMBER),
        (_JUMP_IF_AT_LEAST, 0, 2, NEWER_CALLS.start),
        (_JUMP_IF_AT_LEAST, 1, 0, NEWER_CALLS.stop),
        (_RETURN, 0, 0, pyseccomp.ERRNO(ABSENT)),
    )
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _number(call: str) -> int:
    # The host's own; libseccomp translates it and leaves out calls an architecture does not have.
    number: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, call)
    if number == -1:
        raise ValueError(f"libseccomp does not know {call}")
    return number


def _arguments(rule: Rule) -> list[pyseccomp.Arg]:
    return [
        pyseccomp.Arg(condition.position, pyseccomp.MASKED_EQ, condition.mask, condition.value)
        for condition in rule.conditions
    ]


if __name__ == "__main__":
    for profile in Profile:
        for machine in ARCHITECTURES:
            name = f"{profile}-{machine}.bpf"
            Path(__file__).with_name(name).write_bytes(generate(profile, machine))
