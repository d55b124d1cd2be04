"""Programs that use up time, memory, processes, files and output, or end in odd ways."""

import signal
from dataclasses import replace

from assayoffice.sandbox.programs import RunResult, Status
from battery.case import LIMITS, Case, Check

_MIB = 1 << 20
_CHILDREN = replace(LIMITS, processes=16)
_SLEEPY = replace(LIMITS, wall_seconds=0.5)

_READ_ONLY = "EACCES EROFS EPERM"

# Forking is refused in the tier LANDLOCK, and a program that does not expect it ends there.
_REFUSED = (Status.NONZERO_EXIT,)
_TIME = (Status.CPU_LIMIT, Status.WALL_LIMIT)
_BOUNDED = (Status.NONZERO_EXIT, Status.SIGNALED, Status.MEMORY_LIMIT, Status.CPU_LIMIT)


def _leaked(result: RunResult) -> None:
    assert result.leaked_processes > 0


def _slept(result: RunResult) -> None:
    assert result.cpu_seconds < 0.3
    assert result.wall_seconds < 2


def _burned(result: RunResult) -> None:
    assert 0.3 < result.cpu_seconds < 2


def _counted_together(result: RunResult) -> None:
    assert result.status is Status.CPU_LIMIT or "cpu-total" not in result.enforced


def _small(result: RunResult) -> None:
    assert result.peak_memory_bytes < 2 * LIMITS.memory_bytes


def _capped(result: RunResult) -> None:
    for stream in (result.stdout, result.stderr, result.answer):
        assert len(stream) <= LIMITS.output_bytes
    assert max(map(len, (result.stdout, result.stderr))) > LIMITS.output_bytes // 2


def _prints(text: str) -> Check:
    def check(result: RunResult) -> None:
        assert result.stdout == text.encode()

    return check


def _exits(code: int) -> Check:
    def check(result: RunResult) -> None:
        assert (result.exit_code, result.signal) == (code, 0)

    return check


def _dies(number: signal.Signals) -> Check:
    def check(result: RunResult) -> None:
        assert (result.exit_code, result.signal) == (0, number)

    return check


def _raises(name: str) -> Check:
    def check(result: RunResult) -> None:
        assert result.exit_code == 1
        assert name.encode() in result.stderr

    return check


CASES = (
    Case(
        20,
        "fork bomb",
        """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        statuses=_TIME,
        limits=_CHILDREN,
    ),
    Case(
        20,
        "fork bomb where one process is allowed",
        """
attempt("fork", os.fork)
attempt("spawn", os.posix_spawn, "/bin/true", ["true"], {})
attempt("system", lambda: os.system("true") and os.fork())
""",
        attempts={"*": "EPERM EACCES EAGAIN"},
    ),
    Case(
        21,
        "daemon",
        """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)
        time.sleep(100)
    os._exit(0)
os.wait()
""",
        limits=_CHILDREN,
        landlock_statuses=_REFUSED,
        check=_leaked,
    ),
    Case(
        22,
        "daemon that prints after the end",
        """
import os, time
print("early", flush=True)
if os.fork() == 0:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.001)
    time.sleep(0.5)
    while True:
        print("late", flush=True)
""",
        limits=_CHILDREN,
        landlock_statuses=_REFUSED,
        check=_prints("early\n"),
    ),
    Case(
        23,
        "thread bomb",
        """
import os, threading
forever, started = threading.Event(), 0
try:
    for started in range(100_000):
        threading.Thread(target=forever.wait, daemon=True).start()
except (RuntimeError, MemoryError):
    os.write(1, b"refused\\n")
    os._exit(0)
""",
        check=_prints("refused\n"),
    ),
    Case(
        24,
        "ten gigabytes at once",
        "bytearray(10 << 30)",
        statuses=(Status.NONZERO_EXIT, Status.MEMORY_LIMIT),
        check=_small,
    ),
    Case(
        25,
        "memory, a megabyte at a time",
        "kept = []\nwhile True:\n    kept.append(bytearray(1 << 20))",
        statuses=(Status.MEMORY_LIMIT,),
        limits=replace(LIMITS, cpu_seconds=2),
        check=_small,
    ),
    Case(
        27,
        "memory that is shared",
        """
import mmap

def fill(path):
    with open(path, "wb", 0) as file:
        for _ in range(1 << 14):
            if file.write(bytes(1 << 20)) < 1 << 20:
                raise OSError(errno.ENOSPC, path)

def share():
    kept = []
    for _ in range(1 << 14):
        kept.append(mmap.mmap(-1, 1 << 20))
        kept[-1].write(bytes(1 << 20))

attempt("file", fill, f"/dev/shm/{MARKER}")
attempt("memfd", call, "memfd_create", address(ctypes.create_string_buffer(b"x")), 0)
attempt("mappings", share)
""",
        # With the memory of all processes accounted together, the mappings end the program.
        statuses=(Status.OK, Status.MEMORY_LIMIT),
        attempts={
            "file": "ENOSPC EFBIG EROFS EACCES ENOENT ENOMEM EDQUOT",
            "memfd": "EPERM",
            "mappings": "ENOMEM MemoryError",
        },
        limits=replace(LIMITS, cpu_seconds=2),
        check=_small,
    ),
    Case(
        28,
        "filling the disk",
        """
def fill():
    for number in range(1 << 10):
        with open(f"/tmp/{number}", "wb", 0) as file:
            file.write(bytes(1 << 20))
            assert file.tell() == 1 << 20 or file.write(b"x")

def count():
    os.mkdir("/tmp/many")
    for number in range(1 << 20):
        os.close(os.open(f"/tmp/many/{number}", os.O_CREAT | os.O_WRONLY))

def sparse():
    with open("/tmp/sparse", "wb") as file:
        os.ftruncate(file.fileno(), 1 << 40)

def reserve():
    with open("/tmp/reserve", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1 << 40)

attempt("sparse", sparse)
attempt("reserve", reserve)
attempt("count", count)
for number in range(1 << 10):
    try:
        os.unlink(f"/tmp/many/{number}")
    except OSError:
        break
attempt("fill", fill)
""",
        attempts={"*": "ENOSPC EFBIG"},
        landlock={"*": _READ_ONLY},
    ),
    Case(
        28,
        "directories without a floor",
        """
def dig():
    for depth in range(1 << 20):
        os.mkdir("d")
        os.chdir("d")

attempt("dig", dig)
attempt("long-name", os.mkdir, "x" * 256)
attempt("odd-name", os.mkdir, b"/tmp/\\xff\\n\\x1b[0m")
""",
        attempts={
            "dig": "ENOSPC ENOENT",
            "long-name": "ENAMETOOLONG ENOSPC",
            "odd-name": "ENOSPC DONE",
        },
        landlock={
            "dig": _READ_ONLY,
            "long-name": f"{_READ_ONLY} ENAMETOOLONG",
            "odd-name": _READ_ONLY,
        },
    ),
    Case(
        29,
        "flooding stdout",
        "import os\nwhile True:\n    os.write(1, bytes(1 << 16))",
        statuses=(Status.OUTPUT_LIMIT,),
        check=_capped,
    ),
    Case(
        30,
        "flooding stderr",
        "import sys\nwhile True:\n    sys.stderr.write('x' * (1 << 16))",
        statuses=(Status.OUTPUT_LIMIT,),
        check=_capped,
    ),
    Case(
        31,
        "flooding with every objection swallowed",
        """
import os, signal
signal.signal(signal.SIGXFSZ, lambda *_: None)
for _ in range(64):
    try:
        os.write(1, bytes(1 << 16))
    except OSError:
        pass
os._exit(0)
""",
        statuses=(Status.OUTPUT_LIMIT,),
        check=_capped,
    ),
    Case(
        32,
        "busy loop",
        "while True: pass",
        statuses=(Status.CPU_LIMIT,),
        check=_burned,
    ),
    Case(
        33,
        "sleeping",
        "import time\ntime.sleep(100)",
        statuses=(Status.WALL_LIMIT,),
        limits=_SLEEPY,
        check=_slept,
    ),
    Case(
        34,
        "busy and deaf to signals",
        """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""",
        statuses=(Status.CPU_LIMIT,),
        check=_burned,
    ),
    Case(
        35,
        "time spread over children",
        """
import os, time
while True:
    if os.fork() == 0:
        while time.process_time() < 0.05:
            pass
        os._exit(0)
    os.wait()
""",
        statuses=(Status.CPU_LIMIT,),
        limits=_CHILDREN,
        landlock_statuses=_REFUSED,
        check=_burned,
    ),
    Case(
        35,
        "time of children that nobody waits for",
        """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(40):
    child = os.fork()
    if child == 0:
        while time.process_time() < 0.05:
            pass
        os._exit(0)
    try:
        while True:
            os.kill(child, 0)
            time.sleep(0.001)
    except ProcessLookupError:
        pass
""",
        # Without a cgroup nobody counts them, and the wall time is what bounds them.
        statuses=(Status.CPU_LIMIT, Status.WALL_LIMIT, Status.OK),
        limits=_CHILDREN,
        landlock_statuses=_REFUSED,
        check=_counted_together,
    ),
    Case(
        35,
        "time spread over threads",
        """
import hashlib, threading
def burn():
    while True:
        hashlib.sha256(bytes(1 << 20))
for _ in range(4):
    threading.Thread(target=burn).start()
""",
        statuses=(Status.CPU_LIMIT,),
        check=_burned,
    ),
    Case(
        36,
        "a power that takes for ever",
        "import signal\nsignal.signal(signal.SIGXCPU, lambda *_: None)\n10 ** 10 ** 8",
        statuses=(Status.CPU_LIMIT,),
        check=_burned,
    ),
    Case(
        36,
        "a pattern that takes for ever",
        "import re\nre.match('(a+)+$', 'a' * 64 + 'b')",
        statuses=(Status.CPU_LIMIT,),
        check=_burned,
    ),
    Case(
        37,
        "recursion",
        "def f():\n    f()\nf()",
        statuses=(Status.NONZERO_EXIT,),
        check=_raises("RecursionError"),
    ),
    Case(
        37,
        "recursion that leaves no stack",
        """
import sys
sys.setrecursionlimit(1 << 30)
class Endless:
    def __getattr__(self, name):
        return getattr(self, name)
Endless().x
""",
        # A stack may take as much as the program's memory.
        statuses=(Status.SIGNALED, Status.MEMORY_LIMIT, Status.NONZERO_EXIT),
        limits=replace(LIMITS, cpu_seconds=2),
        check=_small,
    ),
    Case(38, "parentheses", "x = " + "(" * 100_000, statuses=_BOUNDED, check=_small),
    Case(38, "signs", "x = " + "-" * 1_000_000 + "1", statuses=_BOUNDED, check=_small),
    Case(38, "brackets", "[" * 90 + "1," * 500_000, statuses=_BOUNDED, check=_small),
    Case(
        38,
        "constants",
        "x = " + "((" * 40 + "'a' * 4096" + ") * 4096)" * 40 + ")" * 40,
        statuses=_BOUNDED,
        check=_small,
    ),
    Case(
        38,
        "numbers",
        "x = (1 << 10 ** 10) ** (1 << 10 ** 10)\n",
        statuses=_BOUNDED,
        check=_small,
    ),
    Case(
        40,
        "stdin that nobody reads",
        "print('done')",
        stdin=bytes(64 * _MIB),
        check=_prints("done\n"),
    ),
    Case(
        40,
        "stdin closed",
        "import os\nos.close(0)\ninput()",
        statuses=(Status.NONZERO_EXIT,),
        check=_raises("Error"),
    ),
    Case(
        40,
        "everything closed",
        "import os\nprint('said', flush=True)\nos.closerange(0, 1 << 16)\nprint('unsaid')",
        statuses=(Status.OK, Status.NONZERO_EXIT),
        check=_prints("said\n"),
    ),
    Case(
        41,
        "stopping itself",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        statuses=(Status.WALL_LIMIT,),
        limits=_SLEEPY,
        check=_slept,
    ),
    Case(
        42,
        "zombies",
        """
import os
try:
    while True:
        if os.fork() == 0:
            os._exit(0)
except BlockingIOError:
    print("no more")
""",
        limits=replace(_CHILDREN, cpu_seconds=4),
        landlock_statuses=_REFUSED,
        check=_prints("no more\n"),
    ),
    Case(43, "null byte in the source", b"print(1)\0\n", statuses=(Status.NONZERO_EXIT,)),
    Case(43, "source that is no text", b"print('\xff\xfe')\n", statuses=(Status.NONZERO_EXIT,)),
    Case(
        43,
        "source in another coding",
        b"# coding: latin-1\nprint(ascii('\xe9'))",
        check=_prints("'\\xe9'\n"),
    ),
    Case(43, "byte order mark", b"\xef\xbb\xbfprint('\xef\xbb\xbf')", check=_prints("\ufeff\n")),
    Case(43, "carriage returns", b"if True:\r\n    print(1)\r\n", check=_prints("1\n")),
    Case(
        43,
        "output that is no text",
        "import os\nos.write(1, bytes(range(256)))",
        check=lambda result: _is(result.stdout, bytes(range(256))),
    ),
    Case(44, "abort", "import os\nos.abort()", (Status.SIGNALED,), check=_dies(signal.SIGABRT)),
    Case(
        44,
        "segmentation fault",
        "import ctypes\nctypes.string_at(0)",
        (Status.SIGNALED,),
        check=_dies(signal.SIGSEGV),
    ),
    Case(
        44,
        "floating point exception",
        "import os, signal\nos.kill(os.getpid(), signal.SIGFPE)",
        (Status.SIGNALED,),
        check=_dies(signal.SIGFPE),
    ),
    Case(
        44,
        "killed by itself",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        (Status.SIGNALED,),
        check=_dies(signal.SIGKILL),
    ),
    *(
        Case(
            44,
            f"exit code {code}",
            f"import sys\nsys.exit({code})",
            (Status.NONZERO_EXIT,),
            check=_exits(code),
        )
        for code in (1, 2, 127, 128, 137, 255)
    ),
    Case(
        44,
        "exit with a text",
        "raise SystemExit('PASS')",
        (Status.NONZERO_EXIT,),
        check=_raises("PASS"),
    ),
)


def _is(seen: bytes, right: bytes) -> None:
    assert seen == right
