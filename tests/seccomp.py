"""What a seccomp filter decides, worked out by hand, and a program's start behind a filter."""

import json
import struct
import subprocess
import sys

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS, EOPNOTSUPP = 0x00050000 | 1, 0x00050000 | 38, 0x00050000 | 95
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "i386": 0x40000003}

_BEGIN = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def load(program):
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    for arguments in ((38, 1, 0), (22, 2, header)):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
        if libc.prctl(*arguments, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
load(bytes.fromhex(sys.argv[1]).replace(bytes.fromhex(sys.argv[2]), struct.pack("=I", os.getpid())))
"""


def decide(program: bytes, architecture: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """What the kernel would do, by the instructions of classic BPF that filters are made of."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    at, accumulator = 0, 0
    while True:
        code, when_true, when_false, constant = struct.unpack_from("=HBBI", program, at * 8)
        at += 1
        match code:
            case 0x20:  # ld [k]
                accumulator = int.from_bytes(data[constant : constant + 4], sys.byteorder)
            case 0x54:  # and #k
                accumulator &= constant
            case 0x05:  # ja
                at += constant
            case 0x15:  # jeq
                at += when_true if accumulator == constant else when_false
            case 0x25:  # jgt
                at += when_true if accumulator > constant else when_false
            case 0x35:  # jge
                at += when_true if accumulator >= constant else when_false
            case 0x06:  # ret
                return int(constant)
            case _:
                raise ValueError(f"instruction {code:#x}")


def behind(
    program: bytes, own_pid: int, code: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run Python source after a filter was loaded, ``libc``, ``os`` and ``sys`` at hand."""
    return subprocess.run(
        [
            *(sys.executable, "-I", "-W", "error", "-c", _BEGIN + code),
            *(program.hex(), struct.pack("=I", own_pid).hex(), *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )


def errors(program: bytes, own_pid: int, calls: dict[str, tuple[int, ...]]) -> dict[str, int]:
    """The errno, or 0, of each call (its number and arguments), made one after the other."""
    code = """
import json
found = {}
for name, call in json.loads(sys.argv[3]).items():
    ctypes.set_errno(0)
    failed = libc.syscall(*map(ctypes.c_long, call)) == -1
    found[name] = ctypes.get_errno() if failed else 0
print(json.dumps(found))
"""
    ended = behind(program, own_pid, code, json.dumps(calls))
    assert ended.returncode == 0, ended.stderr
    found: dict[str, int] = json.loads(ended.stdout)
    return found
