"""The seccomp filters: what they decide, and what programs notice of them."""

import itertools
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from seccomp import ALLOW, ARCHITECTURES, ENOSYS, EOPNOTSUPP, EPERM, KILL, behind, decide, errors

from assayoffice.sandbox.programs import SandboxUnavailable
from assayoffice.sandbox.programs.launch import bwraps
from assayoffice.sandbox.programs.policy import OWN_PID, Profile, filter_for

MACHINES = ("x86_64", "aarch64")
SINGLE, MULTI, LANDLOCK = Profile

YES, NO, ABSENT, UNSUPPORTED = (ALLOW,) * 3, (EPERM,) * 3, (ENOSYS,) * 3, (EOPNOTSUPP,) * 3
MANY = (EPERM, ALLOW, EPERM)  # only where processes may be started
BOXED = (ALLOW, ALLOW, EPERM)  # not where only Landlock keeps the host apart

THREAD = 0x3D0F00  # what pthread_create asks for
SPAWN = 0x4111  # what posix_spawn asks for
NEW_NAMESPACES = {
    "time": 0x80,  # no flag of clone's, but of unshare's
    "mount": 0x0002_0000,
    "cgroup": 0x0200_0000,
    "uts": 0x0400_0000,
    "ipc": 0x0800_0000,
    "user": 0x1000_0000,
    "pid": 0x2000_0000,
    "net": 0x4000_0000,
}
HIGH = 1 << 32  # a bit in the upper half of an argument, which the kernel does not look at

# Made for real below, so chosen to do no harm should a filter let them through.
# Name, number on x86_64 and aarch64 (None: it has none), arguments, decision per profile.
Call = tuple[str, int | None, int | None, tuple[int, ...], tuple[int, int, int]]
CALLS: list[Call] = [
    # What every program does.
    ("read", 0, 63, (), YES),
    ("write", 1, 64, (), YES),
    ("openat", 257, 56, (), YES),
    ("openat2", 437, 437, (), YES),
    ("faccessat2", 439, 439, (), YES),
    ("statx", 332, 291, (), YES),
    ("close_range", 436, 436, (), YES),
    ("mmap", 9, 222, (), YES),
    ("mremap", 25, 216, (), YES),
    ("brk", 12, 214, (), YES),
    ("futex", 202, 98, (), YES),
    ("rseq", 334, 293, (), YES),
    ("membarrier", 324, 283, (), YES),
    ("getrandom", 318, 278, (), YES),
    ("arch_prctl", 158, None, (0x1002,), YES),
    ("exit_group", 231, 94, (), YES),
    ("wait4", 61, 260, (), YES),
    ("epoll_create1", 291, 20, (), YES),
    ("eventfd2", 290, 19, (), YES),
    ("sendmsg", 46, 211, (), YES),
    ("recvmsg", 47, 212, (), YES),
    ("sched_getaffinity", 204, 123, (), YES),
    ("setsid", 112, 157, (), YES),
    ("ftruncate", 77, 46, (), YES),
    # Processes and threads.
    ("fork", 57, None, (), MANY),
    ("vfork", 58, None, (), MANY),
    ("clone a process", 56, 220, (17,), MANY),
    ("clone as posix_spawn", 56, 220, (SPAWN,), MANY),
    ("clone a thread", 56, 220, (THREAD,), YES),
    ("clone a thread, high bit", 56, 220, (THREAD | HIGH,), YES),
    ("clone for the parent", 56, 220, (0x8011,), NO),
    *(
        (f"clone a {kind} namespace", 56, 220, (flag | extra,), NO)
        for kind, flag in NEW_NAMESPACES.items()
        if kind != "time"
        for extra in (0, 17, THREAD)
    ),
    ("clone3", 435, 435, (), ABSENT),
    ("execve", 59, 221, (), BOXED),
    ("execveat", 322, 281, (), BOXED),
    # Namespaces and mounts.
    *((f"unshare {kind}", 272, 97, (flag,), NO) for kind, flag in NEW_NAMESPACES.items()),
    ("setns", 308, 268, (), NO),
    ("mount", 165, 40, (), NO),
    ("umount2", 166, 39, (), NO),
    ("pivot_root", 155, 41, (), NO),
    ("chroot", 161, 51, (), NO),
    ("open_tree", 428, 428, (), NO),
    ("move_mount", 429, 429, (), NO),
    ("fsopen", 430, 430, (), NO),
    ("mount_setattr", 442, 442, (), NO),
    ("sethostname", 170, 161, (0, HIGH - 1), NO),
    # Other processes.
    ("ptrace", 101, 117, (), NO),
    ("process_vm_readv", 310, 270, (), NO),
    ("process_vm_writev", 311, 271, (), NO),
    ("process_madvise", 440, 440, (), NO),
    ("pidfd_getfd", 438, 438, (), NO),
    ("pidfd_send_signal", 424, 424, (), NO),
    ("pidfd_open", 434, 434, (), BOXED),
    ("kcmp", 312, 272, (), NO),
    ("kill another", 62, 129, (1, 0), BOXED),
    ("kill all", 62, 129, (HIGH - 1, 0), BOXED),
    ("kill oneself", 62, 129, (OWN_PID, 0), YES),
    ("kill the group", 62, 129, (0, 0), BOXED),
    ("tkill", 200, 130, (OWN_PID, 0), BOXED),
    ("tgkill another", 234, 131, (1, 1, 0), BOXED),
    ("tgkill oneself", 234, 131, (OWN_PID, 1, 6), YES),
    ("tgkill oneself, high bit", 234, 131, (OWN_PID | HIGH, 1, 6), YES),
    ("rt_sigqueueinfo", 129, 138, (OWN_PID,), BOXED),
    ("rt_tgsigqueueinfo", 297, 240, (OWN_PID,), BOXED),
    ("prlimit of oneself", 302, 261, (0,), YES),
    ("prlimit of oneself, high bit", 302, 261, (HIGH,), YES),
    ("prlimit of another", 302, 261, (1,), NO),
    ("sched_setaffinity", 203, 122, (0,), NO),
    ("sched_setscheduler", 144, 119, (0,), NO),
    ("sched_setattr", 314, 274, (0,), NO),
    ("setpriority", 141, 140, (0,), NO),
    ("ioprio_set", 251, 30, (1,), NO),
    # Sockets.
    *((f"socket of family {family}", 41, 198, (family, 1), NO) for family in range(46)),
    ("socketpair of streams", 53, 199, (1, 1), YES),
    ("socketpair of streams, flags", 53, 199, (1, 0o2004001), YES),
    ("socketpair of packets", 53, 199, (1, 0o2000005), YES),
    ("socketpair of datagrams", 53, 199, (1, 2), NO),
    ("socketpair of datagrams, flags", 53, 199, (1, 0o2004002), NO),
    ("socketpair of raw sockets", 53, 199, (1, 3), NO),
    ("socketpair of a network", 53, 199, (2, 1), NO),
    ("socketpair of tipc", 53, 199, (30, 1), NO),
    ("setsockopt SO_SNDBUF", 54, 208, (0, 1, 7), YES),
    ("setsockopt SO_ATTACH_FILTER", 54, 208, (0, 1, 26), NO),
    ("setsockopt of another level", 54, 208, (0, 41, 7), NO),
    ("connect", 42, 203, (), NO),
    ("bind", 49, 200, (), NO),
    ("listen", 50, 201, (), NO),
    ("accept4", 288, 242, (), NO),
    # Memory that no limit counts.
    ("memfd_create", 319, 279, (), NO),
    ("memfd_secret", 447, 447, (), NO),
    ("shmget", 29, 194, (), NO),
    ("semget", 64, 190, (), NO),
    ("msgget", 68, 186, (), NO),
    ("mq_open", 240, 180, (), NO),
    ("fcntl F_SETPIPE_SZ", 72, 25, (0, 1031), NO),
    ("setxattr", 188, 5, (), UNSUPPORTED),
    ("fsetxattr", 190, 7, (), UNSUPPORTED),
    # The kernel's machinery.
    ("add_key", 248, 217, (), NO),
    ("request_key", 249, 218, (), NO),
    ("keyctl", 250, 219, (), NO),
    ("bpf", 321, 280, (), NO),
    ("perf_event_open", 298, 241, (), NO),
    ("userfaultfd", 323, 282, (), NO),
    ("io_uring_setup", 425, 425, (), NO),
    ("io_uring_enter", 426, 426, (), NO),
    ("io_uring_register", 427, 427, (), NO),
    ("io_setup", 206, 0, (), NO),
    ("seccomp", 317, 277, (), NO),
    ("landlock_create_ruleset", 444, 444, (), NO),
    ("personality", 135, 92, (), NO),
    ("modify_ldt", 154, None, (), NO),
    ("iopl", 172, None, (), NO),
    ("name_to_handle_at", 303, 264, (), NO),
    ("open_by_handle_at", 304, 265, (), NO),
    ("fanotify_init", 300, 262, (), NO),
    ("inotify_init1", 294, 26, (), NO),
    ("init_module", 175, 105, (), NO),
    ("kexec_load", 246, 104, (), NO),
    ("reboot", 169, 142, (), NO),
    ("swapon", 167, 224, (), NO),
    ("acct", 163, 89, (), NO),
    ("syslog", 103, 116, (), NO),
    ("quotactl", 179, 60, (), NO),
    ("settimeofday", 164, 170, (), NO),
    ("clock_settime", 227, 112, (), NO),
    ("mbind", 237, 235, (), NO),
    ("move_pages", 279, 239, (), NO),
    ("setuid", 105, 146, (), NO),
    ("setgroups", 116, 159, (), NO),
    ("capset", 126, 91, (), NO),
    ("sync", 162, 81, (), NO),
    ("syncfs", 306, 267, (), NO),
    ("splice", 275, 76, (), NO),
    ("vmsplice", 278, 75, (), NO),
    # Settings of descriptors and of oneself.
    ("ioctl TCGETS", 16, 29, (0, 0x5401), YES),
    ("ioctl FIONBIO", 16, 29, (0, 0x5421), YES),
    ("ioctl TIOCSTI", 16, 29, (0, 0x5412), NO),
    ("ioctl TIOCSTI, high bit", 16, 29, (0, 0x5412 | HIGH), NO),
    ("ioctl TIOCLINUX", 16, 29, (0, 0x541C), NO),
    ("ioctl FIOSETOWN", 16, 29, (0, 0x8901), NO),
    ("ioctl SIOCGIFCONF", 16, 29, (0, 0x8912), NO),
    ("fcntl F_DUPFD_CLOEXEC", 72, 25, (0, 1030), YES),
    ("fcntl F_SETFL", 72, 25, (0, 4), YES),
    ("fcntl F_SETLK", 72, 25, (0, 6), BOXED),
    ("fcntl F_OFD_SETLKW", 72, 25, (0, 38), BOXED),
    ("fcntl F_SETOWN", 72, 25, (0, 8), NO),
    ("fcntl F_SETOWN, high bit", 72, 25, (0, 8 | HIGH), NO),
    ("fcntl F_SETOWN_EX", 72, 25, (0, 15), NO),
    ("fcntl F_SETSIG", 72, 25, (0, 10), NO),
    ("fcntl F_SETLEASE", 72, 25, (0, 1024), NO),
    ("fcntl F_NOTIFY", 72, 25, (0, 1026), NO),
    ("prctl PR_SET_NAME", 157, 167, (15,), YES),
    ("prctl PR_SET_PDEATHSIG", 157, 167, (1,), BOXED),
    ("prctl PR_SET_VMA", 157, 167, (0x53564D41,), YES),
    ("prctl PR_SET_SECCOMP", 157, 167, (22,), NO),
    ("prctl PR_SET_MM", 157, 167, (35,), NO),
    ("prctl PR_SET_PTRACER", 157, 167, (0x59616D61,), NO),
    ("prctl PR_CAP_AMBIENT", 157, 167, (47,), NO),
    ("prctl PR_SCHED_CORE", 157, 167, (62,), NO),
    # Files of one's own; behind Landlock alone there are none, and Landlock lets these through.
    ("chmod", 90, None, (), BOXED),
    ("fchmodat", 268, 53, (), BOXED),
    ("fchownat", 260, 54, (), BOXED),
    ("utimensat", 280, 88, (), BOXED),
    ("truncate", 76, 45, (), BOXED),
    ("flock", 73, 32, (), BOXED),
    ("unlinkat", 263, 35, (), BOXED),
    ("renameat2", 316, 276, (), BOXED),
    ("mknodat a fifo", 259, 33, (0, 0, 0o010600), BOXED),
    ("mknodat a device", 259, 33, (0, 0, 0o020600), NO),
    ("mknodat a socket", 259, 33, (0, 0, 0o140600), NO),
    # Not given out when the rules were written.
    ("the newest call known", 450, 450, (), NO),
    ("a newer call", 451, 451, (), ABSENT),
    ("a call to come", 500, 500, (), ABSENT),
    ("no call", 2000, 2000, (), NO),
]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("profile", Profile)
def test_every_call_is_decided_as_meant(profile: Profile, machine: str) -> None:
    program = filter_for(profile, machine)
    meant, decided = {}, {}
    for name, on_x86_64, on_aarch64, arguments, decisions in CALLS:
        number = on_x86_64 if machine == "x86_64" else on_aarch64
        if number is not None:
            meant[name] = decisions[list(Profile).index(profile)]
            decided[name] = decide(program, ARCHITECTURES[machine], number, arguments)
    assert decided == meant


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("profile", Profile)
def test_calls_of_another_architecture_kill(profile: Profile, machine: str) -> None:
    program = filter_for(profile, machine)
    others = set(ARCHITECTURES.values()) - {ARCHITECTURES[machine]}
    decided = {decide(program, other, number) for other in others for number in range(451)}
    assert decided == {KILL}


@pytest.mark.parametrize("profile", Profile)
def test_x32_calls_kill(profile: Profile) -> None:
    program = filter_for(profile, "x86_64")
    numbers = [0x4000_0000 | number for number in range(600)]
    assert {decide(program, ARCHITECTURES["x86_64"], number) for number in numbers} == {KILL}


@pytest.mark.parametrize(("machine", "kill"), [("x86_64", 62), ("aarch64", 129)])
def test_a_number_filled_in_is_the_only_one_that_can_be_signalled(machine: str, kill: int) -> None:
    pid = 4321
    program = filter_for(LANDLOCK, machine).replace(
        OWN_PID.to_bytes(4, "little"), pid.to_bytes(4, "little")
    )
    decided = {
        to: decide(program, ARCHITECTURES[machine], kill, (to, 9)) for to in (pid, OWN_PID, 1, 0)
    }
    assert program.count(pid.to_bytes(4, "little")) == 1  # process 1 fills in one place
    assert decided == {pid: ALLOW, OWN_PID: EPERM, 1: EPERM, 0: EPERM}
    assert OWN_PID > 1 << 22  # the most that any kernel lets process numbers be


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("profile", Profile)
def test_shipped_filters_are_those_of_the_rules(profile: Profile, machine: str) -> None:
    _need_libseccomp()
    from assayoffice.sandbox.programs.policy.generate import generate

    assert generate(profile, machine) == filter_for(profile, machine)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("profile", Profile)
def test_filters_decide_as_those_of_libseccomp(profile: Profile, machine: str) -> None:
    _need_libseccomp()
    shipped, theirs = filter_for(profile, machine), _by_libseccomp(profile, machine)
    architecture = ARCHITECTURES[machine]
    for number, arguments in _grid(MACHINES.index(machine)):
        assert decide(shipped, architecture, number, arguments) == decide(
            theirs, architecture, number, arguments
        ), (number, arguments)


def _need_libseccomp() -> None:
    pytest.importorskip("pyseccomp", reason="needs pyseccomp and libseccomp", exc_type=ImportError)


def _by_libseccomp(profile: Profile, machine: str) -> bytes:
    """A filter for the same rules; it does not know of calls to come."""
    import pyseccomp

    from assayoffice.sandbox.programs.policy.generate import ARCHITECTURES
    from assayoffice.sandbox.programs.policy.rules import ERRORS, rules

    policy = pyseccomp.SyscallFilter(pyseccomp.ERRNO(1))
    policy.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    policy.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, 2)  # a binary tree: less to interpret
    if ARCHITECTURES[machine] != pyseccomp.system_arch():
        policy.add_arch(ARCHITECTURES[machine])
        policy.remove_arch(pyseccomp.Arch.NATIVE)
    for call, error in ERRORS.items():
        policy.add_rule(pyseccomp.ERRNO(error), call)
    for rule in rules(profile):
        conditions = [
            pyseccomp.Arg(each.position, pyseccomp.MASKED_EQ, each.mask, each.value)
            for each in rule.conditions
        ]
        policy.add_rule(pyseccomp.ALLOW, rule.call, *conditions)
    with tempfile.TemporaryFile() as file:
        policy.export_bpf(file)
        file.seek(0)
        return file.read()


def _grid(machine: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Every number with plain arguments, and those in the table with all that occur there."""
    for number in (*range(451), *range(512, 600), 0x3FFF_FFFF, 0x4000_0000, 0x4000_0200):
        yield number, ()
    conditional = {numbers[machine] for _, *numbers, arguments, _ in CALLS if arguments} - {None}
    values = sorted({value for *_, arguments, _ in CALLS for value in arguments})
    for number, position, value in itertools.product(sorted(conditional), range(3), values):
        yield number, tuple(value if at == position else 1 for at in range(3))


def test_machines_without_a_filter_are_refused() -> None:
    with pytest.raises(SandboxUnavailable, match="x86_64 or aarch64"):
        filter_for(SINGLE, "riscv64")


# From here on, real programs behind the filter of this machine.
real = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in MACHINES, reason="needs Linux"
)
x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="needs x86_64")


@real
@pytest.mark.parametrize("profile", Profile)
def test_the_kernel_refuses_what_the_filter_refuses(profile: Profile) -> None:
    at = list(Profile).index(profile)
    refused = {
        name: (numbers[MACHINES.index(platform.machine())], *arguments)
        for name, *numbers, arguments, decisions in CALLS
        if decisions[at] != ALLOW and numbers[MACHINES.index(platform.machine())] is not None
    }
    expected = {
        name: decisions[at] & 0xFFFF for name, _, _, _, decisions in CALLS if name in refused
    }
    assert errors(filter_for(profile), OWN_PID, refused) == expected


@real
@x86_64
@pytest.mark.parametrize("profile", Profile)
def test_calls_of_other_architectures_are_fatal(profile: Profile) -> None:
    machine_code = {
        "i386": "b814000000 cd80 c3",  # mov eax, 20 (getpid); int 0x80; ret
        "x32": "b827000040 0f05 c3",  # mov eax, 0x40000027 (getpid); syscall; ret
    }
    run = """
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex(sys.argv[3]))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
"""
    ended = {
        name: behind(filter_for(profile), OWN_PID, run, code).returncode
        for name, code in machine_code.items()
    }
    assert ended["x32"] == -31  # SIGSYS
    assert ended["i386"] in (-31, -11)  # SIGSEGV where the kernel runs no such programs at all


ORDINARY = """
import asyncio, json, math, random, select, signal, socket, tempfile, threading, time, zoneinfo
import concurrent.futures
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert list(pool.map(abs, range(-9, 0))) == list(range(9, 0, -1))
async def both():
    await asyncio.gather(asyncio.sleep(0.001), asyncio.to_thread(time.sleep, 0.001))
asyncio.run(both())
left, right = socket.socketpair()
left.sendall(b"x")
assert right.recv(1) == b"x"
os.pipe(), os.urandom(4), random.SystemRandom().random(), os.cpu_count(), os.times()
os.sched_getaffinity(0), os.get_terminal_size, os.getpriority(os.PRIO_PROCESS, 0)
with select.epoll() as poller:
    poller.register(right.fileno())
left.close(), right.close()
signal.setitimer(signal.ITIMER_REAL, 100)
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
print("fine")
"""
WITH_FILES = """
import fcntl, shutil, sqlite3
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x")
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("x")
    shutil.copy2(path, path + "2")
    os.replace(path + "2", path)
    os.mkfifo(path + "3")
    sqlite3.connect(path + "4").execute("create table t (a)")
print("files")
"""
WITH_PROCESSES = """
import multiprocessing, subprocess
assert subprocess.run(["echo", "x"], capture_output=True, check=True).stdout == b"x\\n"
async def child():
    process = await asyncio.create_subprocess_exec("true")
    return await process.wait()
assert asyncio.run(child()) == 0
assert os.system("true") == 0
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
print("processes")
"""


@real
@pytest.mark.parametrize(
    ("profile", "code", "printed"),
    [
        (LANDLOCK, ORDINARY, "fine\n"),
        (SINGLE, ORDINARY + WITH_FILES, "fine\nfiles\n"),
        (MULTI, ORDINARY + WITH_FILES + WITH_PROCESSES, "fine\nfiles\nprocesses\n"),
    ],
    ids=["landlock", "single", "multi"],
)
def test_ordinary_python_notices_nothing(profile: Profile, code: str, printed: str) -> None:
    ended = behind(filter_for(profile), OWN_PID, code)
    assert (ended.stdout, ended.stderr) == (printed, "")


@real
@pytest.mark.parametrize("profile", [SINGLE, LANDLOCK])
def test_one_process_stays_one(profile: Profile) -> None:
    ended = behind(filter_for(profile), OWN_PID, "import os\nos.fork()\n")
    assert "PermissionError" in ended.stderr


@real
def test_behind_landlock_alone_signals_reach_the_program_and_nobody_else() -> None:
    code = """
import signal
for pid in (1, os.getppid(), 0, -1):
    try:
        os.kill(pid, 0)
    except PermissionError:
        continue
    sys.exit(f"could signal {pid}")
signal.signal(signal.SIGUSR1, lambda *_: print("got it", flush=True))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
os.abort()
"""
    ended = behind(filter_for(LANDLOCK), OWN_PID, code)
    assert (ended.returncode, ended.stdout) == (-6, "got it\ngot it\n"), ended.stderr


@real
def test_the_filter_as_shipped_lets_nobody_be_signalled() -> None:
    code = "import os\ntry:\n    os.kill(os.getpid(), 9)\nexcept PermissionError:\n    print('no')"
    # A number to replace that the filter does not have: it is loaded as it is.
    assert behind(filter_for(LANDLOCK), 0x7F7F7F7F, code).stdout == "no\n"


@real
def test_numpy_works_in_one_process() -> None:
    pytest.importorskip("numpy", reason="numpy is not installed")
    code = """
import numpy
a = numpy.arange(250_000.0).reshape(500, 500)
print((a @ a).shape, numpy.linalg.svd(a[:50, :50])[1].shape)
"""
    ended = behind(filter_for(SINGLE), OWN_PID, code)
    assert (ended.stdout, ended.stderr) == ("(500, 500) (50,)\n", "")


JAVA = """
public class Main {
    public static void main(String[] a) throws Exception {
        Thread t = new Thread(() -> System.out.println("thread"));
        t.start();
        t.join();
        System.out.println(java.util.stream.IntStream.range(0, 9).parallel().sum());
    }
}
"""
SHELL = """
set -e
cd "$1"
echo x > a; cp -a a b; mv b c; ln -s c d; cat < d | sort | sed s/x/y/
cat <(echo substituted) <<< here
sleep 0 & wait
trap 'echo trapped' USR1; kill -USR1 $$
exit 3
"""
C = """
#include <pthread.h>
#include <stdio.h>
static void *run(void *p) { puts("thread"); return p; }
int main(void) {
    pthread_t t;
    return pthread_create(&t, 0, run, 0) || pthread_join(t, 0);
}
"""


@real
@pytest.mark.parametrize("profile", [SINGLE, MULTI])
def test_node_notices_nothing(profile: Profile, tmp_path: Path) -> None:
    code = "new Worker('console.log(6 * 7)', {eval: true}).on('exit', () => console.log('done'))"
    source = tmp_path / "main.js"
    source.write_text(f"const {{ Worker }} = require('worker_threads'); {code}")
    assert _ended(profile, _tool("node"), str(source)) == (0, "42\ndone\n", "")


@real
def test_node_starts_processes_where_it_may(tmp_path: Path) -> None:
    source = tmp_path / "main.js"
    source.write_text("console.log(String(require('child_process').execSync('echo hi')))")
    assert _ended(MULTI, _tool("node"), str(source)) == (0, "hi\n\n", "")


@real
def test_java_compiles_and_runs(tmp_path: Path) -> None:
    source = tmp_path / "Main.java"
    source.write_text(JAVA)
    assert _ended(MULTI, _tool("javac"), "-d", str(tmp_path), str(source)) == (0, "", "")
    for profile in (SINGLE, MULTI):
        ended = _ended(profile, _tool("java"), "-cp", str(tmp_path), "Main")
        assert ended == (0, "thread\n36\n", "")


@real
def test_c_compiles_and_runs(tmp_path: Path) -> None:
    source, binary = tmp_path / "main.c", tmp_path / "main"
    source.write_text(C)
    built = _ended(MULTI, _tool("gcc"), "-O2", str(source), "-o", str(binary), "-pthread")
    assert built == (0, "", "")
    assert _ended(SINGLE, str(binary)) == (0, "thread\n", "")


@real
def test_bash_pipes_substitutes_and_traps(tmp_path: Path) -> None:
    ended = _ended(MULTI, _tool("bash"), "-c", SHELL, "bash", str(tmp_path))
    assert ended == (3, "y\nsubstituted\ntrapped\n", "")


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _ended(profile: Profile, *command: str) -> tuple[int, str, str]:
    ended = behind(filter_for(profile), OWN_PID, "os.execv(sys.argv[3], sys.argv[3:])", *command)
    return ended.returncode, ended.stdout, ended.stderr


@real
@pytest.mark.parametrize("identity", [(), ("--uid", "61234")], ids=["caller", "unprivileged"])
@pytest.mark.parametrize("namespaces", [False, True], ids=["default", "deploy"])
def test_bubblewrap_needs_the_profile_that_deploy_has(
    identity: tuple[str, ...], namespaces: bool
) -> None:
    bwrap = (str(next(bwraps())), *"--unshare-all --ro-bind / / --proc /proc --dev /dev".split())
    unfiltered = subprocess.run([*bwrap, "true"], capture_output=True)
    if unfiltered.returncode:
        pytest.skip("bubblewrap does not work on this host, filter or not")
    if identity and os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    flags = (*identity, *(("--namespaces",) if namespaces else ()))
    assert _in_docker(*flags, *bwrap, "true").returncode == (0 if namespaces else 1)


@real
@pytest.mark.parametrize(("flags", "tier"), [((), "landlock"), (("--namespaces",), "namespaces")])
def test_the_sandbox_takes_the_best_tier_that_a_container_allows(
    flags: tuple[str, ...], tier: str
) -> None:
    code = """
from assayoffice.sandbox.programs.probe import plan
from assayoffice.sandbox.programs.settings import SandboxSettings
print(plan(SandboxSettings()).tier)
"""
    unfiltered = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if unfiltered.stdout != "namespaces\n":
        pytest.skip("this host offers no namespaces, filter or not")
    assert _in_docker(*flags, sys.executable, "-c", code).stdout == f"{tier}\n"


@real
def test_landlock_works_in_containers_as_they_are() -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
handled = ctypes.create_string_buffer((1 << 1 | 1 << 2).to_bytes(8, "little"))  # writing, reading
ruleset = libc.syscall(444, handled, ctypes.c_size_t(8), 0)
if ruleset < 0:
    raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
libc.prctl(38, 1, 0, 0, 0)
print(libc.syscall(446, ruleset, 0))
try:
    open("/etc/passwd")
except PermissionError:
    print("closed")
"""
    ended = _in_docker(sys.executable, "-I", "-c", code)
    if "[Errno 38]" in ended.stderr or "[Errno 95]" in ended.stderr:
        pytest.skip("this kernel has no Landlock, or has it switched off")
    assert (ended.stdout, ended.stderr) == ("0\nclosed\n", "")


def _in_docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    _need_libseccomp()
    script = Path(__file__).with_name("docker_filter.py")
    return subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, timeout=60
    )
