"""A hostile program, and what must become of it."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from assayoffice.sandbox.programs import (
    Blob,
    PythonProgram,
    Run,
    RunLimits,
    RunResult,
    Status,
    Tier,
)

#: Part of the name of every file that a hostile program creates, to be looked for on the host.
MARKER = "assay-hostile"

#: Most cases end at once; the others are ended by these.
LIMITS = RunLimits(
    cpu_seconds=0.4,
    wall_seconds=4.0,
    memory_bytes=128 << 20,
    output_bytes=1 << 20,
    disk_bytes=16 << 20,
    files=512,
)

Check = Callable[[RunResult], None]

# System calls that libc has no function for, or that its functions soften: x86_64, aarch64.
_CALLS = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "capset": (126, 91),
    "chroot": (161, 51),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "landlock_create_ruleset": (444, 444),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "mlockall": (151, 230),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setscheduler": (144, 119),
    "seccomp": (317, 277),
    "semget": (64, 190),
    "setfsuid": (122, 151),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "settimeofday": (164, 170),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
_COLUMN = {"x86_64": 0, "aarch64": 1}

# What a program begins with that reports how far it gets: one line for each thing it tries.
_PRELUDE = '''\
import ctypes, errno, os, sys

MARKER = {marker!r}
CALLS = {calls!r}
_libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    result = _libc.syscall(*map(ctypes.c_long, (CALLS[name], *arguments)))
    if result == -1:
        raise OSError(ctypes.get_errno(), name)
    return result


def address(thing):
    return ctypes.addressof(thing)


def attempt(name, what, *arguments):
    """Print what came of it: DONE, the name of an error number, or that of an exception."""
    try:
        what(*arguments)
    except OSError as error:
        print(name, errno.errorcode.get(error.errno, type(error).__name__), flush=True)
    except Exception as error:
        print(name, type(error).__name__, flush=True)
    else:
        print(name, "DONE", flush=True)


'''


def prelude() -> str:
    """The beginning of programs that use ``attempt``, for this machine's system calls."""
    column = _COLUMN[platform.machine()]
    calls = {name: numbers[column] for name, numbers in _CALLS.items()}
    return _PRELUDE.format(marker=MARKER, calls=calls)


@dataclass(frozen=True)
class Case:
    """A program in Python, and what must become of it in the tier NAMESPACES and in LANDLOCK.

    ``attempts`` maps what the program tries to the outcomes that are right, separated by spaces;
    ``*`` stands for all that is not named. With it the program may use the prelude and must run to
    its end. ``landlock`` has what differs in the tier LANDLOCK, and ``landlock_statuses`` how the
    program ends there. ``check`` looks at what else is known.
    """

    number: int
    name: str
    source: str | bytes
    statuses: tuple[Status, ...] = (Status.OK,)
    attempts: Mapping[str, str] | None = None
    landlock: Mapping[str, str] = field(default_factory=dict)
    landlock_statuses: tuple[Status, ...] | None = None
    limits: RunLimits = LIMITS
    stdin: bytes | None = None
    data: bytes | None = None
    answer: bool = False
    check: Check | None = None

    def __str__(self) -> str:
        return f"{self.number}-{self.name.replace(' ', '-')}"

    def run(self, stdin: Blob, *, alone: bool = False) -> Run:
        """What to run; ``stdin`` is for cases that have none of their own.

        With ``alone`` it is not allowed the child processes that it wants.
        """
        source = self.source
        if isinstance(source, str):
            if self.attempts is not None:
                source = prelude() + source + '\nprint("END")\n'
            source = source.encode()
        return Run(
            PythonProgram(Blob(source)),
            stdin=stdin if self.stdin is None else Blob(self.stdin),
            data=None if self.data is None else Blob(self.data),
            answer=self.answer,
            limits=replace(self.limits, processes=1) if alone else self.limits,
        )

    def judge(self, result: RunResult) -> None:
        """Raises AssertionError unless the program came to what it must.

        What was to be tried after the program was stopped does not count.
        """
        shown = f"{result.status} {result.stdout[-2000:]!r} {result.stderr[-2000:]!r}"
        if result.tier is Tier.LANDLOCK and self.landlock_statuses is not None:
            assert result.status in self.landlock_statuses, shown
            return
        assert result.status in self.statuses, shown
        if self.attempts is not None:
            self._judge_attempts(result)
        if self.check is not None:
            self.check(result)

    def _judge_attempts(self, result: RunResult) -> None:
        lines = [line.rpartition(" ") for line in result.stdout.decode().splitlines()]
        right = dict(self.attempts or {})
        if result.tier is Tier.LANDLOCK:
            right |= self.landlock
        if result.status is Status.OK:
            assert lines.pop() == ("", "", "END"), result.stdout
            missing = set(right) - {name for name, _, _ in lines} - {"*"}
            assert not missing, f"not tried: {missing}"
        wrong = [
            f"{name}: {seen}, not {right.get(name) or right.get('*')}"
            for name, _, seen in lines
            if seen not in (right.get(name) or right.get("*", "")).split()
        ]
        assert not wrong, wrong
