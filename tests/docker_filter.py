"""Runs a command as a container of Docker's would by default: its system calls and capabilities.

    python docker_filter.py [--uid N] [--namespaces] COMMAND [ARGUMENT ...]

Without --uid the command is the caller, who as root has the few capabilities that containers keep;
with it, and for root only, another user with none. The calls are those of deploy/seccomp.json less
what that adds for bubblewrap, which is what Docker's own profile has that matters here; with
--namespaces, all of them. It is run by itself and needs pyseccomp. Unlike in a container, the file
system is the host's.
"""

import argparse
import ctypes
import json
import os
from pathlib import Path
from typing import Any

import pyseccomp  # type: ignore[import-untyped]

_PROFILE = Path(__file__).parents[1] / "deploy" / "seccomp.json"
# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW,
# SYS_CHROOT, MKNOD, AUDIT_WRITE, SETFCAP
_KEPT = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
_LAST_CAPABILITY = 63
_PR_CAPBSET_DROP, _PR_CAPBSET_READ = 24, 23
_COMPARISONS = {"SCMP_CMP_NE": pyseccomp.NE, "SCMP_CMP_MASKED_EQ": pyseccomp.MASKED_EQ}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uid", type=int)
    parser.add_argument("--namespaces", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if arguments.uid is None:
        if os.geteuid() == 0:
            _drop_capabilities()
    else:
        os.setgroups([])
        os.setresgid(arguments.uid, arguments.uid, arguments.uid)
        os.setresuid(arguments.uid, arguments.uid, arguments.uid)
    _load(json.loads(_PROFILE.read_bytes()), arguments.namespaces)
    os.execvp(arguments.command[0], arguments.command)


def _drop_capabilities() -> None:
    # Out of the bounding set is enough: the others go when the command is executed.
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(_LAST_CAPABILITY + 1):
        known = libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0) == 1
        if capability not in _KEPT and known and libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), f"cannot drop capability {capability}")


def _load(profile: dict[str, Any], namespaces: bool) -> None:
    policy = pyseccomp.SyscallFilter(pyseccomp.ERRNO(profile["defaultErrnoRet"]))
    for rule in profile["syscalls"]:
        if "bubblewrap" in rule["comment"] and not namespaces:
            continue
        action = pyseccomp.ALLOW
        if rule["action"] == "SCMP_ACT_ERRNO":
            action = pyseccomp.ERRNO(rule["errnoRet"])
        conditions = [
            pyseccomp.Arg(
                each["index"], _COMPARISONS[each["op"]], each["value"], each.get("valueTwo", 0)
            )
            for each in rule.get("args", ())
        ]
        for name in rule["names"]:
            number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
            # A call this libseccomp or this architecture lacks, which runc would leave out too.
            if number >= 0:
                policy.add_rule(action, number, *conditions)
    policy.load()


if __name__ == "__main__":
    main()
