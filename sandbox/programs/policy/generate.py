"""Writes the filters of this folder: ``python -m assayoffice.sandbox.programs.policy.generate``.

Every run of a program loads a filter, and the kernel takes longer over a longer one. These are half
as long as those that libseccomp writes; the tests compare what both decide. Only the numbers of
calls are libseccomp's here (``pip install --group policy``); loading a filter does not need it.
"""

import bisect
import struct
from collections.abc import Mapping
from pathlib import Path

import pyseccomp  # type: ignore[import-untyped]

from assayoffice.sandbox.programs.policy.rules import (
    ABSENT,
    DENIED,
    ERRORS,
    NEWER_CALLS,
    Masked,
    Profile,
    rules,
)

ARCHITECTURES = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}

# Of the kernel's classic BPF: "ld [k]", "and #k", "jeq #k, jt, jf", "jge #k, jt, jf", "ret #k".
_LOAD, _AND, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
# Places in struct seccomp_data. Of arguments, the lower half: both machines are little-endian.
_NUMBER, _ARCHITECTURE, _ARGUMENTS, _ARGUMENT_BYTES = 0, 4, 16, 8
_X32_CALLS = 0x4000_0000
_INT = 0xFFFF_FFFF

#: What a call must be like to be allowed: one of these, all conditions of which hold.
_Ways = tuple[tuple[Masked, ...], ...]
#: What becomes of a call: always the same, or allowed if it is like this.
_Decision = int | _Ways


def generate(profile: Profile, machine: str) -> bytes:
    """A filter: an array of the kernel's ``struct sock_filter``.

    ``machine`` is one of ARCHITECTURES. Raises ValueError when libseccomp does not know a call.
    """
    architecture = ARCHITECTURES[machine]
    program = _Program()
    program.add(_LOAD, _ARCHITECTURE)
    program.add(_JUMP_IF_EQUAL, architecture, "calls", _name(pyseccomp.KILL_PROCESS))
    program.label("calls")
    program.add(_LOAD, _NUMBER)
    ranges = _ranges(_decisions(profile, architecture), machine == "x86_64")
    _search(program, ranges)
    decisions = {decision: None for _, decision in ranges}
    for decision in decisions:
        if not isinstance(decision, int):
            _check(program, decision)
    for action in (*(each for each in decisions if isinstance(each, int)), pyseccomp.KILL_PROCESS):
        program.label(_name(action))
        program.add(_RETURN, action)
    return program.assembled()


def _decisions(profile: Profile, architecture: int) -> Mapping[int, _Decision]:
    """What becomes of calls by their number; all others are denied."""
    ways: dict[str, _Ways] = {}
    for rule in rules(profile):
        ways[rule.call] = (*ways.get(rule.call, ()), rule.conditions)
    found: dict[int, _Decision] = dict.fromkeys(NEWER_CALLS, pyseccomp.ERRNO(ABSENT))
    for call, error in ERRORS.items():
        found[_number(call, architecture)] = pyseccomp.ERRNO(error)
    for call, these in ways.items():
        found[_number(call, architecture)] = pyseccomp.ALLOW if () in these else these
    return {number: decision for number, decision in found.items() if number >= 0}


def _number(call: str, architecture: int) -> int:
    # Negative where the architecture does not have the call.
    number: int = pyseccomp.resolve_syscall(architecture, call)
    if number == -1:
        raise ValueError(f"libseccomp does not know {call}")
    return number


def _ranges(decisions: Mapping[int, _Decision], has_x32: bool) -> list[tuple[int, _Decision]]:
    """First numbers of ranges that have a decision in common, ascending from 0."""
    denied = pyseccomp.ERRNO(DENIED)
    ranges: list[tuple[int, _Decision]] = []
    for number in range(max(decisions) + 2):
        decision = decisions.get(number, denied)
        if not ranges or ranges[-1][1] != decision:
            ranges.append((number, decision))
    if has_x32:
        ranges.append((_X32_CALLS, pyseccomp.KILL_PROCESS))
    return ranges


def _search(program: "_Program", ranges: list[tuple[int, _Decision]]) -> None:
    """Go to the decision about the loaded number, by halves."""
    if len(ranges) == 1:
        return
    middle = len(ranges) // 2
    lower, upper = ranges[:middle], ranges[middle:]
    program.add(_JUMP_IF_AT_LEAST, upper[0][0], _entrance(upper), _entrance(lower))
    for half in (lower, upper):
        if len(half) > 1:
            program.label(_entrance(half))
            _search(program, half)


def _entrance(ranges: list[tuple[int, _Decision]]) -> str:
    first, decision = ranges[0]
    return _name(decision) if len(ranges) == 1 else f"{len(ranges)} ranges from {first}"


def _check(program: "_Program", ways: _Ways) -> None:
    """Allow a call that is like one of ``ways``."""
    program.label(_name(ways))
    loaded: tuple[int, int] | None = None
    for at, conditions in enumerate(ways):
        otherwise = f"{_name(ways)}, {at + 1}"
        for condition in conditions:
            if loaded != (condition.position, condition.mask):
                program.add(_LOAD, _ARGUMENTS + _ARGUMENT_BYTES * condition.position)
                if condition.mask != _INT:
                    program.add(_AND, condition.mask)
            loaded = (condition.position, condition.mask)
            last = condition is conditions[-1]
            matched = _name(pyseccomp.ALLOW) if last else f"{otherwise}, {condition.position}"
            program.add(_JUMP_IF_EQUAL, condition.value, matched, otherwise)
            if not last:
                program.label(matched)
        if len(conditions) > 1:
            loaded = None  # either argument may be, when the next way is tried
        program.label(otherwise)
    program.add(_RETURN, pyseccomp.ERRNO(DENIED))


def _name(decision: _Decision) -> str:
    return f"{decision}"


class _Program:
    """Instructions that jump forward to labels."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, int, str, str]] = []
        self._places: dict[str, list[int]] = {}

    def add(self, code: int, operand: int, when_true: str = "", when_false: str = "") -> None:
        self._steps.append((code, operand, when_true, when_false))

    def label(self, name: str) -> None:
        self._places.setdefault(name, []).append(len(self._steps))

    def assembled(self) -> bytes:
        """Raises struct.error where a jump is too far, which 255 instructions are."""
        return b"".join(
            struct.pack("<HBBI", code, self._far(at, yes), self._far(at, no), operand)
            for at, (code, operand, yes, no) in enumerate(self._steps)
        )

    def _far(self, at: int, name: str) -> int:
        if not name:
            return 0
        places = self._places[name]
        return places[bisect.bisect(places, at)] - at - 1


if __name__ == "__main__":
    for profile in Profile:
        for machine in ARCHITECTURES:
            name = f"{profile}-{machine}.bpf"
            Path(__file__).with_name(name).write_bytes(generate(profile, machine))
