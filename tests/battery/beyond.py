"""What else a program can think of: descriptors, signals, limits, memory and its own last words."""

import platform
import signal
from dataclasses import replace

from assayoffice.sandbox.programs import RunResult, Status
from battery.case import LIMITS, Case, Check

_CHILDREN = replace(LIMITS, processes=16)
_REFUSED = (Status.NONZERO_EXIT,)
_ANY_END = tuple(Status)


def _short(result: RunResult) -> None:
    assert len(result.stdout) <= LIMITS.output_bytes
    assert len(result.stderr) <= LIMITS.output_bytes
    assert len(result.answer) <= LIMITS.output_bytes


def _prints(text: bytes) -> Check:
    def check(result: RunResult) -> None:
        assert result.stdout == text

    return check


def _killed_by_filter(result: RunResult) -> None:
    assert result.signal == signal.SIGSYS


def _no_number(result: RunResult) -> None:
    assert result.signal == signal.SIGSYS or result.stdout == b"-1\n"


CASES = (
    Case(
        64,
        "sealing what is read from it",
        """
import fcntl
for fd in (1, 2, 4):
    for seals in (1, 2, 4, 8, 16, 31):
        attempt(f"seal-{fd}", fcntl.fcntl, fd, fcntl.F_ADD_SEALS, seals)
""",
        attempts={"*": "EPERM"},
        answer=True,
    ),
    Case(
        65,
        "output of a terabyte that takes no room",
        """
for fd in (1, 2, 4):
    attempt(f"grow-{fd}", os.ftruncate, fd, 1 << 40)
    attempt(f"reserve-{fd}", os.posix_fallocate, fd, 0, 1 << 40)
    attempt(f"seek-{fd}", lambda: os.pwrite(fd, b"x", 1 << 40))
    attempt(f"gather-{fd}", lambda: os.pwritev(fd, [b"x"], 1 << 40))
""",
        attempts={"*": "EFBIG EPERM ENOSYS"},
        answer=True,
        check=_short,
    ),
    Case(
        66,
        "output with a hole",
        "import os\nos.pwrite(1, b'x', (1 << 20) - 2)",
        check=_prints(bytes((1 << 20) - 2) + b"x"),
    ),
    Case(
        66,
        "output that grows behind the writer's back",
        """
import os
for _ in range(64):
    os.ftruncate(1, 1 << 20)
    os.ftruncate(2, 1 << 20)
    os.ftruncate(4, 1 << 20)
    os.lseek(1, 0, 0)
""",
        answer=True,
        statuses=(Status.OK, Status.OUTPUT_LIMIT),
        check=_short,
    ),
    Case(
        67,
        "output opened anew",
        """
import os
print("unsaid", flush=True)
for flags in (os.O_RDWR | os.O_TRUNC, os.O_WRONLY | os.O_APPEND, os.O_RDONLY):
    for path in ("/proc/self/fd/1", "/dev/stdout", "/dev/fd/1"):
        try:
            os.open(path, flags)
        except OSError:
            pass
os.ftruncate(1, 0)
os.lseek(1, 0, 0)
print("said")
""",
        check=_prints(b"said\n"),
    ),
    Case(
        68,
        "output taken back",
        "import atexit, os\natexit.register(os.ftruncate, 1, 0)\nprint('unsaid', flush=True)",
        check=_prints(b""),
    ),
    Case(
        69,
        "marks on input that others are given too",
        """
import fcntl, os
def try_to(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        pass
for fd in (0, 3):
    try_to(os.fchmod, fd, 0)
    try_to(os.fchown, fd, os.getuid(), os.getgid())
    try_to(os.utime, fd, (1, 1))
    try_to(os.setxattr, fd, "user.mark", b"x")
    try_to(os.setxattr, f"/proc/self/fd/{fd}", "user.mark", b"x")
    try_to(os.utime, f"/proc/self/fd/{fd}", (1, 1))
    try_to(os.chmod, f"/proc/self/fd/{fd}", 0)
    try_to(os.write, fd, b"x")
    try_to(os.ftruncate, fd, 0)
    try_to(os.lseek, fd, 5, 0)
    try_to(fcntl.fcntl, fd, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK)
    try_to(fcntl.fcntl, fd, fcntl.F_SETOWN, 1)
    try_to(fcntl.fcntl, fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    try_to(fcntl.fcntl, fd, 1036, 1)
    try_to(os.link, f"/proc/self/fd/{fd}", "/tmp/linked")
    for flags in (os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        try_to(os.open, f"/proc/self/fd/{fd}", flags)
""",
        data=b"data",
    ),
    Case(
        70,
        "locks that another run could notice",
        """
import fcntl, os
for fd in (0, 3, os.open("/usr/bin/env", os.O_RDONLY)):
    for lock in (fcntl.flock, fcntl.lockf):
        for kind in (fcntl.LOCK_SH, fcntl.LOCK_EX):
            try:
                lock(fd, kind | fcntl.LOCK_NB)
            except OSError:
                pass
""",
        data=b"data",
    ),
    Case(
        71,
        "another program in its place",
        """
import os, sys
again = "import os\\ntry:\\n os.fork()\\nexcept OSError as error:\\n print(error.errno)"
try:
    os.execv("/proc/self/exe", [sys.executable or "python3", "-I", "-S", "-c", again])
except OSError as error:
    print(error.errno)
""",
        check=_prints(b"1\n"),
    ),
    Case(
        72,
        "arguments without end",
        """
attempt("long", os.posix_spawn, "/bin/true", ["x" * (1 << 22)], {})
attempt("many", os.posix_spawn, "/bin/true", ["x"] * (1 << 21), {})
attempt("environment", os.posix_spawn, "/bin/true", ["x"], {"x": "y" * (1 << 22)})
""",
        attempts={"*": "E2BIG ENOMEM MemoryError"},
        landlock={"*": "EPERM EACCES ENOMEM MemoryError E2BIG"},
        limits=replace(_CHILDREN, cpu_seconds=2),
    ),
    Case(
        73,
        "children with strange parents",
        """
import os, time
# A child of the first process, which knows nothing of it, and one that shares our memory.
PARENT, VM, UNTRACED = 0x8000, 0x100, 0x800000
for flags in (PARENT | 17, PARENT | UNTRACED | 17, PARENT, 0):
    if _libc.syscall(CALLS["clone"], flags, 0, 0, 0, 0) == 0:
        time.sleep(100 if flags else 0)
        os._exit(7)
_libc.prctl(36, 1, 0, 0, 0)  # adopts orphans from now on
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(100)
    os._exit(0)
""",
        attempts={},
        statuses=_ANY_END,
        limits=_CHILDREN,
    ),
    Case(
        74,
        "processes that pass for threads",
        """
VM, VFORK, PARENT, THREAD = 0x100, 0x4000, 0x8000, 0x10000
stack = ctypes.create_string_buffer(1 << 16)
top = address(stack) + (1 << 16) - 64
for name, flags in dict(vm=VM, vfork=VFORK, vm_vfork=VM | VFORK | 17, parent=PARENT | 17,
                        plain=17, silent=0).items():
    attempt(name, call, "clone", flags, 0, 0, 0, 0)
attempt("stack", call, "clone", VM | 17, top, 0, 0, 0)
fields = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
attempt("clone3", call, "clone3", address(fields), 64)
attempt("forkpty", os.forkpty)
attempt("system", lambda: os.system("true") and call("clone", 17, 0, 0, 0, 0))
""",
        attempts={"*": "EPERM", "clone3": "ENOSYS", "forkpty": "EPERM ENOENT EACCES"},
    ),
    Case(
        75,
        "signals by way of the kernel",
        """
import fcntl, signal, socket
SETSIG, SETOWN_EX = 10, 15

def own(target):
    one, other = socket.socketpair()
    fcntl.fcntl(one, SETSIG, signal.SIGKILL)
    fcntl.fcntl(one, fcntl.F_SETOWN, target)
    fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC)
    other.send(b"x")

os.setpgid(0, 0) if os.getpgrp() != os.getpid() else None
for target in (1, -1, os.getppid(), -os.getpgid(os.getppid())):
    attempt("own", own, target)
    pipe = os.pipe()
    attempt("pipe", fcntl.fcntl, pipe[0], fcntl.F_SETOWN, target)
for signal_number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
    attempt("group", os.killpg, os.getpgid(os.getppid()) or 1, signal_number)
    attempt("session", os.kill, -os.getsid(os.getppid()) or -1, signal_number)
timer = ctypes.c_int()
event = (ctypes.c_int * 16)(0, 0, signal.SIGKILL, 4, os.getppid())
attempt("timer", lambda: _libc.timer_create(1, event, ctypes.byref(timer)) and os.kill(-1, 0))
""",
        attempts={"*": "DONE EPERM ESRCH EINVAL PermissionError ProcessLookupError"},
        statuses=_ANY_END,
    ),
    Case(
        76,
        "a signal to its own group",
        "import os, signal\nos.kill(0, signal.SIGKILL)\nwhile True: pass",
        statuses=(Status.SIGNALED,),
        # It may send signals to itself, but not by this name.
        landlock_statuses=(Status.SIGNALED, Status.NONZERO_EXIT),
    ),
    Case(
        77,
        "limits raised",
        """
import resource
for kind in range(16):
    soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        attempt(f"raise-{kind}", resource.setrlimit, kind, (soft, hard + 1))
        attempt(f"lift-{kind}", resource.setrlimit, kind, (soft, resource.RLIM_INFINITY))
for name in ("CPU", "FSIZE", "CORE", "NOFILE", "NPROC", "MEMLOCK"):
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
    assert hard != resource.RLIM_INFINITY, name
""",
        attempts={"*": "ValueError EPERM"},
    ),
    Case(
        78,
        "memory that cannot be taken back",
        """
attempt("all", call, "mlockall", 3)
attempt("later", call, "mlockall", 2)
""",
        attempts={"*": "EPERM ENOMEM"},
    ),
    Case(
        79,
        "timers that outlive it",
        """
import os, signal
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.signal(signal.SIGPROF, signal.SIG_IGN)
while os.times().user < 0.05:
    pass
print("said")
""",
        check=_prints(b"said\n"),
    ),
    Case(
        80,
        "output by other ways than writing",
        """
import os
env = os.open("/usr/bin/env", os.O_RDONLY)

def through_pipe():
    ours, theirs = os.pipe()
    try:
        os.splice(env, theirs, 1 << 12, offset_src=0)
        return os.splice(ours, 1, 1 << 12)
    finally:
        os.close(ours)
        os.close(theirs)

for way in (
    lambda: os.sendfile(1, env, 0, 1 << 20),
    lambda: os.copy_file_range(env, 1, 1 << 20, offset_src=0),
    through_pipe,
    lambda: os.writev(1, [bytes(1 << 16)] * 4),
):
    try:
        for _ in range(1 << 10):
            way()
    except OSError:
        pass
""",
        statuses=(Status.OUTPUT_LIMIT,),
        check=_short,
    ),
    Case(
        81,
        "descriptors lost on the way",
        """
import socket
kept = []
try:
    while True:
        one, other = socket.socketpair()
        for _ in range(32):
            # Each is in nobody's hands until it is received, which it never is.
            socket.send_fds(one, [b"x"], [one.fileno(), other.fileno(), 1])
        kept.append((one, other))
except OSError:
    os.closerange(3, 1 << 10)
""",
        attempts={},
        statuses=_ANY_END,
        limits=replace(LIMITS, cpu_seconds=1),
    ),
    Case(
        82,
        "memory of the kernel's",
        """
import fcntl, socket, select

def pipes():
    while True:
        _, theirs = os.pipe()
        os.set_blocking(theirs, False)
        fcntl.fcntl(theirs, 1031, 1 << 20)
        os.write(theirs, bytes(1 << 20))

def sockets():
    while True:
        one, other = socket.socketpair()
        kept.append((one, other))
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
        one.send(bytes(1 << 20))

kept = []
attempt("pipes", pipes)
os.closerange(3, 1 << 10)
attempt("sockets", sockets)
""",
        attempts={"*": "EMFILE EPERM ENFILE EAGAIN"},
        statuses=(Status.OK, Status.MEMORY_LIMIT, Status.CPU_LIMIT),
        limits=replace(LIMITS, cpu_seconds=1),
    ),
    Case(
        83,
        "threads that fork at the end",
        """
import os, threading
def fork():
    while True:
        try:
            os.fork()
        except OSError:
            pass
for _ in range(8):
    threading.Thread(target=fork, daemon=True).start()
os._exit(3)
""",
        statuses=(Status.NONZERO_EXIT, Status.CPU_LIMIT),
        limits=_CHILDREN,
    ),
    Case(
        84,
        "a dump of its memory",
        """
import os, resource
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
except (OSError, ValueError):
    pass
os.abort()
""",
        statuses=(Status.SIGNALED,),
    ),
    Case(
        85,
        "its folders locked and left",
        """
import os
try:
    os.makedirs("/tmp/a/b/c")
    os.chdir("/tmp/a/b/c")
    os.chmod("/tmp/a", 0)
    os.chmod("/tmp", 0)
    os.chmod("/dev/shm", 0)
except OSError:
    pass
""",
    ),
    Case(
        86,
        "the interpreter's own memory rewritten",
        """
import ctypes, gc, sys
# What other runs share with this one until somebody writes.
for module in list(sys.modules.values()):
    for name in list(vars(module)):
        if not name.startswith("__"):
            try:
                setattr(module, name, None)
            except (AttributeError, TypeError):
                pass
ctypes.memset(id(()), 0, 16)
ctypes.memset(id(1), 0xFF, 24)
""",
        statuses=_ANY_END,
    ),
    Case(
        87,
        "memory shared with the first process",
        """
for line in open("/proc/self/maps"):
    rights = line.split()[1]
    if rights[1] == "w" and rights[3] == "s":
        print(line.split()[-1], "SHARED")
attempt("maps", os.stat, "/proc/self/maps")
""",
        attempts={"maps": "DONE"},
        landlock_statuses=(Status.OK, Status.NONZERO_EXIT),
    ),
    Case(
        88,
        "last words without end",
        """
import atexit, sys
class Endless(Exception):
    def __str__(self):
        while True:
            pass
sys.excepthook = lambda *error: str(error[1])
atexit.register(str, Endless())
raise Endless
""",
        statuses=(Status.CPU_LIMIT,),
    ),
    Case(
        89,
        "last words of a hundred megabytes",
        "raise ValueError('x' * (1 << 26))",
        statuses=(Status.OUTPUT_LIMIT, Status.MEMORY_LIMIT, Status.NONZERO_EXIT),
        check=_short,
    ),
    Case(
        90,
        "no way to say them",
        """
import sys
sys.stdout = sys.stderr = sys.excepthook = None
raise ValueError
""",
        statuses=(Status.NONZERO_EXIT,),
    ),
    Case(
        91,
        "an end that does not end",
        """
import threading, time
print("said", flush=True)
threading.Thread(target=time.sleep, args=(100,)).start()
""",
        statuses=(Status.WALL_LIMIT,),
        limits=replace(LIMITS, wall_seconds=0.5),
        check=_prints(b"said\n"),
    ),
    Case(
        92,
        "the end taken over",
        """
import atexit, os, sys, threading

class Lie(BaseException):
    pass
threading._shutdown = atexit._run_exitfuncs = os._exit = sys.exit = lambda *_: print("lies")
sys.excepthook = lambda *_: print("more lies")
raise Lie
""",
        statuses=(Status.NONZERO_EXIT,),
    ),
    Case(
        93,
        "warnings of the time limit ignored",
        """
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
def again(*_):
    while True:
        pass
signal.signal(signal.SIGTERM, again)
signal.signal(signal.SIGALRM, again)
again()
""",
        statuses=(Status.CPU_LIMIT,),
    ),
    Case(
        94,
        "stepping back to be overlooked",
        """
import os
attempt("nice", os.nice, 19)
attempt("idle", os.sched_setscheduler, 0, os.SCHED_IDLE, os.sched_param(0))
attempt("batch", os.sched_setscheduler, 0, os.SCHED_BATCH, os.sched_param(0))
attempt("fifo", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
attempt("affinity", os.sched_setaffinity, 0, {0})
attempt("lower", os.setpriority, os.PRIO_PROCESS, 0, -20)
""",
        # A program may slow itself down; it is judged by the time it used.
        attempts={"*": "EPERM DONE EACCES", "fifo": "EPERM", "lower": "EPERM EACCES"},
    ),
    Case(
        95,
        "a filter of its own",
        """
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

allow_all = ctypes.create_string_buffer(b"\\x06\\0\\0\\0\\0\\0\\xff\\x7f")
program = Program(1, address(allow_all))
attempt("prctl", lambda: _libc.prctl(22, 2, ctypes.byref(program), 0, 0) and os.setuid(0))
attempt("strict", lambda: _libc.prctl(22, 1, 0, 0, 0) and os.setuid(0))
attempt("syscall", call, "seccomp", 1, 0, address(program))
# Whatever a filter of one's own allows, the first one still forbids.
import socket
attempt("socket", socket.socket)
""",
        attempts={"*": "EPERM EINVAL", "syscall": "EPERM EINVAL DONE", "socket": "EPERM"},
    ),
    Case(
        98,
        "its own files in /proc",
        """
def write(path):
    os.write(os.open(path, os.O_RDWR), b"x")

for path in ("exe", "cwd", "root", "root/bin/sh", "map_files", "attr/current", "attr/exec",
             "ns/user", "ns/pid", "projid_map", "limits", "syscall", "auxv"):
    attempt(path, write, f"/proc/self/{path}")
attempt("enter", lambda: call("setns", os.open("/proc/self/ns/user", os.O_RDONLY), 0))
attempt("host-pid", lambda: call("setns", os.open("/proc/1/ns/pid", os.O_RDONLY), 0))
""",
        attempts={"*": "EROFS EACCES EPERM EISDIR ENOENT ETXTBSY EINVAL EIO"},
    ),
    Case(
        99,
        "an answer without end",
        "import os\nwhile True:\n    os.write(4, bytes(1 << 16))",
        statuses=(Status.OUTPUT_LIMIT,),
        answer=True,
        check=_short,
    ),
    Case(
        100,
        "files that take the place of memory",
        """
kept = []
for folder in ("/tmp", "/dev/shm"):
    for number in range(1 << 10):
        try:
            with open(f"{folder}/{number}", "wb", 0) as file:
                file.write(bytes(1 << 20))
        except OSError:
            break
while True:
    kept.append(b"x" * (1 << 20))
""",
        statuses=(Status.MEMORY_LIMIT,),
        limits=replace(LIMITS, cpu_seconds=4, disk_bytes=128 << 20),
    ),
    Case(
        101,
        "a pipe that nobody opens at the other end",
        "import os\nos.mkfifo('/tmp/pipe')\nopen('/tmp/pipe')",
        statuses=(Status.WALL_LIMIT,),
        landlock_statuses=_REFUSED,
        limits=replace(LIMITS, wall_seconds=0.5),
    ),
    Case(
        102,
        "names without end that the kernel remembers",
        """
import os
number = 0
while True:
    number += 1
    try:
        os.stat(f"/usr/lib/{number:0200}")
    except OSError:
        pass
""",
        statuses=(Status.CPU_LIMIT,),
    ),
)


_X86_CASES = (
    Case(
        96,
        "system calls of another age",
        """
import ctypes, mmap
# mov eax, 20 (getpid); int 0x80; ret
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
""",
        statuses=(Status.SIGNALED,),
        check=_killed_by_filter,
    ),
    Case(
        97,
        "system calls by their x32 numbers",
        "import ctypes\nprint(ctypes.CDLL(None).syscall(0x40000000 + 39))",
        statuses=(Status.SIGNALED, Status.OK),
        check=_no_number,
    ),
)

if platform.machine() == "x86_64":
    CASES += _X86_CASES
