"""Process 1 of a sandbox: forks a program, watches it, kills all it has started, and reports.

It is handed to the interpreter as a file of its own, so it imports nothing but the standard
library, and it holds nothing worth stealing: programs and their input pass it by descriptor,
unread. Whatever a program does to its own copy of this process ends with that copy.

Over the control socket (SOCK_SEQPACKET, JSON) comes a message of settings, answered by ``ready``;
then one message for each run, with its descriptors, answered when nothing of the run is left. When
the socket closes, process 1 ends and the kernel ends what is still in the sandbox.

Every run is a fork of this process, and starts with the modules this process has imported. In the
tier ``namespaces`` it finds an empty /tmp and /dev/shm; the rest of the file system is read-only.
It gives up its capabilities and, by seccomp, most system calls before it runs anything.
"""

import _sitebuiltins
import atexit
import builtins
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import math
import mmap
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
import types
from collections.abc import Callable
from typing import Any, TypeAlias

_MAX_MESSAGE_BYTES = 1 << 16
_MAX_FDS = 64
_FLAGS = socket.MSG_CMSG_CLOEXEC

_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_NOATIME, _MNT_DETACH = 0x2, 0x4, 0x400, 0x2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
# ``cap_user_header_t`` of version 3, and ``cap_user_data_t`` without any.
_CAPSET_HEADER, _NO_CAPABILITIES = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
_LANDLOCK_RESTRICT_SELF = 446

# What tracebacks call the program, and how deep in our own calls it runs.
_NAME, _CALLS_ABOVE = "solution.py", 7
_WORK_FOLDER, _WRITABLE_FOLDERS = "/tmp", ("/tmp", "/dev/shm")
# Numbers below this are for programs; nothing else is ever received under them.
_OPTIONAL_FDS, _FIRST_FD, _RULESET_FD = (3, 4, 5), 6, 99
_OPEN_FILES, _MOST_OPEN_FILES = 256, 65536
# Threads count as processes for the kernel: what one program may have of them beside its
# processes, and what the sandbox needs for itself.
_THREADS = 128
# What a thread of a Python program reserves; the default would be all that the main thread may.
_THREAD_STACK_BYTES = 8 << 20
# Address space that may be reserved and not used, where what is used is counted: stacks of threads.
_UNUSED_ROOM_BYTES = 2 << 30
_CPU_SLACK = 1.25
# How often, in CPU time, a program near its limit is looked at.
_CLOSE_LOOK_SECONDS = 0.005
# How long the dead of several processes may lie about.
_REAP_SECONDS = 0.05

_USUAL_ADDRESS_SPACE_BYTES = 64 << 20
_OOM_SCORE = "/proc/self/oom_score_adj"
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

_libc = ctypes.CDLL(None, use_errno=True)

Message: TypeAlias = dict[str, Any]
#: Kind, and soft and hard limit, as setrlimit(2) takes them.
Limits: TypeAlias = list[tuple[int, tuple[int, int]]]


class _FilterProgram(ctypes.Structure):
    """``struct sock_fprog`` of linux/filter.h."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


class _Filter:
    """A seccomp filter, ready to be put on this process for good."""

    def __init__(self, code: bytes, own_pid: bytes) -> None:
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = _FilterProgram(len(code) // 8, ctypes.addressof(self._code))
        self._own_pid_at = code.find(own_pid)

    def install(self) -> None:
        at = self._own_pid_at
        if at >= 0:  # it lets a process signal nobody but itself
            struct.pack_into("=I", self._code, at, os.getpid())
        program = ctypes.byref(self._program)
        _call("seccomp", _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0))


class _Box:
    """What all runs of this sandbox have in common."""

    def __init__(
        self, control: socket.socket, settings: Message, after_fork: list[Message]
    ) -> None:
        self._pid = os.getpid()
        self._control = control
        self._after_fork = after_fork
        self._namespaces = settings["tier"] == "namespaces"
        self._counts_tasks = settings["counts_tasks"]
        own_pid = struct.pack("=I", settings["own_pid"])
        self._filters = {
            name: _Filter(bytes.fromhex(code), own_pid)
            for name, code in settings["filters"].items()
        }
        self._cores = os.cpu_count() or 1
        self._address_space_bytes = _address_space_bytes()
        self._folders = {path: _Folder(path) for path in _WRITABLE_FOLDERS if self._namespaces}
        # Made ready for all Python programs, so that their forks need not touch what it touches.
        self._main = types.ModuleType("__main__")
        sys.modules["__main__"] = self._main
        sys.argv = [_NAME]
        for name in ("exit", "quit"):  # of site, which is left out for what else it does
            setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
        self._main.__file__ = _NAME
        # Not to be the program's loss: the calls it is below of.
        sys.setrecursionlimit(sys.getrecursionlimit() + _CALLS_ABOVE)
        # The same in each run, so that what a program does does not change from run to run.
        sys.modules["random"].seed(0)
        # What a run says about its own start. It unmaps it before it becomes the program.
        self._note = mmap.mmap(-1, mmap.PAGESIZE)

    def serve(self) -> None:
        while True:
            message, fds, _, _ = socket.recv_fds(
                self._control, _MAX_MESSAGE_BYTES, _MAX_FDS, _FLAGS
            )
            if not message:
                return
            report = self._run(json.loads(message), fds)
            self._control.send(json.dumps(report).encode())

    def _run(self, order: Message, fds: list[int]) -> Message:
        self._note[:2] = b"\0\0"
        try:
            if order["reserved_bytes"] and not (order["memory_is_counted"] or _has_proc()):
                raise OSError("memory that is only resident cannot be bounded without /proc")
            for folder in self._folders.values():
                folder.provide(order["disk_bytes"], order["inodes"])
        except OSError as error:
            for fd in fds:
                os.close(fd)
            return {"error": str(error)}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        limits = self._limits(order)
        try:
            pid = os.fork()
        except OSError as error:
            for fd in fds:
                os.close(fd)
            return {"error": f"no process: {error.strerror}"}
        if pid == 0:
            self._become(order, fds, limits)
        # As little as can be while the fork lives: until then, to write to memory is to copy it.
        stop = self._watch(pid, order, started, before)
        for fd in fds:
            os.close(fd)
        status, peak_kilobytes, leaked = self._end(pid)
        wall_seconds = time.monotonic() - started
        try:
            # Now: what they hold would count against the next run.
            for folder in self._folders.values():
                folder.clean()
        except OSError as error:
            return {"error": str(error)}
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if self._note[0] == 0:
            return {"error": self._note[1:].split(b"\0", 1)[0].decode(errors="replace") or "died"}
        return {
            "status": status,
            "stop": stop,
            "cpu_seconds": _cpu_seconds(after) - _cpu_seconds(before),
            "wall_seconds": wall_seconds,
            "peak_kilobytes": peak_kilobytes,
            "leaked": leaked,
        }

    def _watch(
        self, pid: int, order: Message, started: float, before: resource.struct_rusage
    ) -> str:
        """Wait for the program; the answer is why it must be stopped, empty where it has ended."""
        allowed_cpu, allowed_wall = order["cpu_seconds"], order["wall_seconds"]
        pidfd = os.pidfd_open(pid)
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        poller.register(self._control, select.POLLIN)
        many = order["processes"] > 1
        # Elsewhere a limit on address space holds, or the host counts what is resident itself.
        looks_at_memory = order["reserved_bytes"] > 0 and not order["memory_is_counted"]
        used = 0.0
        look_at = allowed_wall
        try:
            while True:
                # All cores may work for it at once.
                pause = max((allowed_cpu - used) / self._cores, _CLOSE_LOOK_SECONDS)
                if many or looks_at_memory:
                    pause = min(pause, _REAP_SECONDS)
                elapsed = time.monotonic() - started
                pause = max(min(pause, look_at - elapsed), 0.001)
                for fd, _ in poller.poll(pause * 1000):
                    if fd == pidfd:
                        return ""
                    os._exit(0)  # whoever wanted the result is gone
                if many:
                    _reap_orphans(pid)
                used = self._used_cpu_seconds(pid, many, before)
                if used > allowed_cpu:
                    return "cpu"
                if looks_at_memory and self._resident_bytes(pid) > order["memory_bytes"]:
                    return "memory"
                elapsed = time.monotonic() - started
                if elapsed >= look_at:
                    # The host, not the program, may have let the time pass.
                    waited = elapsed - used - self._delayed_seconds(pid, many)
                    if waited >= allowed_wall:
                        return "wall"
                    if elapsed >= order["patience_seconds"]:
                        return "starved"
                    look_at = elapsed + max(allowed_wall - waited, _CLOSE_LOOK_SECONDS)
                    look_at = min(look_at, order["patience_seconds"])
        finally:
            os.close(pidfd)

    def _used_cpu_seconds(self, pid: int, many: bool, before: resource.struct_rusage) -> float:
        """CPU time of the run so far."""
        if not many or not self._namespaces:
            return _clock(pid)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = _cpu_seconds(ended) - _cpu_seconds(before)
        for name in _others() or [str(pid)]:
            used += _clock(int(name)) + _ended_children_seconds(name)
        return used

    def _resident_bytes(self, pid: int) -> int:
        """Memory that the run holds, without what it shares or maps from files."""
        pages = 0
        for name in {str(pid), *(_others() if self._namespaces else ())}:
            try:
                with open(f"/proc/{name}/statm", "rb") as statm:
                    _, resident, shared, *_ = map(int, statm.read().split())
            except OSError:
                continue  # it has ended
            pages += resident - shared
        return pages * resource.getpagesize()

    def _delayed_seconds(self, pid: int, many: bool) -> float:
        """Time in which some thread of the program could have run and others had the CPU."""
        if not many or not self._namespaces:
            return _delayed_seconds(str(pid))
        return max(map(_delayed_seconds, _others()), default=0.0)

    def _end(self, pid: int) -> tuple[int, int, int]:
        """Kill and reap all there is: status and peak memory of the program, and survivors."""
        status, peak_kilobytes, leaked = 0, 0, 0
        try:
            # As process 1 of its namespace it reaches everything in there and nothing else.
            os.kill(-1 if self._namespaces else pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        while True:
            try:
                reaped, how, usage = os.wait4(-1, 0)
            except ChildProcessError:
                return status, peak_kilobytes, leaked
            if reaped == pid:
                status, peak_kilobytes = how, usage.ru_maxrss
            elif os.WIFSIGNALED(how) and os.WTERMSIG(how) == signal.SIGKILL:
                leaked += 1

    def _become(self, order: Message, fds: list[int], limits: Limits) -> None:
        """Turn this fork into the program. Never returns."""
        exit_now = os._exit
        try:
            os.setsid()
            given = _place(fds, order["fds"])
            if self._namespaces:
                os.chdir(_WORK_FOLDER)
                for name, fd in zip(order["files"], given["files"], strict=True):
                    _write(name, fd)
            else:
                _call("pdeathsig", _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
                if os.getppid() != self._pid:  # it has died before the call took effect
                    exit_now(1)
            if order["processes"] > 1:
                for hooks in self._after_fork:
                    os.register_at_fork(**hooks)
            if order["argv"] is None:
                start = _python(given, self._main)
            else:
                start = _command(order, given)
            if not self._namespaces:
                _close_all_but(_RULESET_FD)
            else:
                _close_all_but(-1 if order["argv"] is None else given["code"])
            self._confine(limits)
            self._filters["many" if order["processes"] > 1 else "one"].install()
            self._note[0] = 1
            self._note.close()
        except BaseException as error:  # noqa: BLE001 - a fork must never fall back into the loop
            try:
                self._note[1:] = f"{error}".encode()[:200].ljust(len(self._note) - 1, b"\0")
            finally:
                exit_now(1)
        try:
            start()  # and from here on nobody is to be trusted
        finally:
            exit_now(1)

    def _limits(self, order: Message) -> Limits:
        """The resource limits of a program. Worked out before the fork, whose memory costs more."""
        memory = order["memory_bytes"]
        # The kernel's own stop, for when process 1 is late; it counts in ticks, and too many.
        cpu = math.ceil(_CPU_SLACK * order["cpu_seconds"])
        limits = {resource.RLIMIT_CPU: cpu + 1, resource.RLIMIT_FSIZE: order["output_bytes"]}
        if order["reserves_memory"]:
            limits[resource.RLIMIT_DATA] = memory
        else:
            room = _UNUSED_ROOM_BYTES if order["memory_is_counted"] else 0
            own = self._address_space_bytes if order["argv"] is None else 0
            limits[resource.RLIMIT_AS] = memory + max(room, order["reserved_bytes"]) + own
        if order["argv"] is not None:
            # An exec lays out the address space for the stack it is allowed.
            limits[resource.RLIMIT_STACK] = order["stack_bytes"]
        if self._counts_tasks:
            limits[resource.RLIMIT_NPROC] = order["processes"] + _THREADS
        return [(kind, _within_hard(kind, value)) for kind, value in limits.items()]

    def _confine(self, limits: Limits) -> None:
        # Makes /proc/self the program's own again; process 1 stays closed to it.
        _call("dumpable", _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))
        # When memory runs out the kernel is to take the program, not process 1.
        with contextlib.suppress(FileNotFoundError):
            score = os.open(_OOM_SCORE, os.O_WRONLY)
            os.write(score, b"1000")
            os.close(score)
        for kind, limit in limits:
            resource.setrlimit(kind, limit)
        _call("capset", _libc.capset(_CAPSET_HEADER, _NO_CAPABILITIES))
        if not self._namespaces:
            _call("landlock", _libc.syscall(_LANDLOCK_RESTRICT_SELF, _RULESET_FD, 0))
            os.close(_RULESET_FD)


class _Folder:
    """A folder in which programs may write: a file system in memory, a new one after each that did.

    Between runs nobody but process 1 is there, so what the folder itself tells is all there is.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._options = ""
        self._pristine: tuple[int, ...] = ()

    def provide(self, size_bytes: int, inodes: int) -> None:
        """Make it of this size."""
        options = f"mode=0700,size={size_bytes},nr_inodes={inodes}"
        if self._options != options:
            self._unmount()
            self._mount(options)

    def clean(self) -> None:
        """Make it as if nobody had been there."""
        if self._state() != self._pristine:
            options = self._options
            self._unmount()
            self._mount(options)

    def _mount(self, options: str) -> None:
        flags = _MS_NOSUID | _MS_NODEV | _MS_NOATIME
        result = _libc.mount(b"tmpfs", self._path.encode(), b"tmpfs", flags, options.encode())
        _call(f"mount {self._path}", result)
        self._options, self._pristine = options, self._state()

    def _unmount(self) -> None:
        if self._options:
            self._options = ""
            _call(f"umount {self._path}", _libc.umount2(self._path.encode(), _MNT_DETACH))

    def _state(self) -> tuple[int, ...]:
        # Whatever was made, renamed, changed or removed in there has changed one of these.
        told, whole = os.stat(self._path), os.statvfs(self._path)
        return (
            *(told.st_mode, told.st_uid, told.st_gid, told.st_nlink, told.st_size),
            *(told.st_mtime_ns, told.st_ctime_ns, whole.f_files - whole.f_ffree),
        )


def _place(fds: list[int], targets: list[int]) -> Message:
    """Give descriptors the numbers a program expects.

    A target of -1 marks the program's source or executable, -2 a file: they stay where they are.
    """
    given: Message = {"code": -1, "files": []}
    for fd, target in zip(fds, targets, strict=True):
        if target >= 0:
            os.dup2(fd, target)
        elif target == -1:
            given["code"] = fd
        else:
            given["files"].append(fd)
    for target in _OPTIONAL_FDS:
        if target not in targets:
            os.close(target)
    return given


def _close_all_but(kept: int) -> None:
    """Close everything, the control socket among it, that is not for the program."""
    if kept < 0:
        os.closerange(_FIRST_FD, _OPEN_FILES)
    else:
        os.closerange(_FIRST_FD, kept)
        os.closerange(kept + 1, _OPEN_FILES)


def _write(name: str, fd: int) -> None:
    """Copy what a descriptor holds into a new file of the work folder."""
    to = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o755)
    at = 0
    while sent := os.sendfile(to, fd, at, 1 << 30):
        at += sent
    os.close(to)


def _python(given: Message, main: types.ModuleType) -> Callable[[], None]:
    """What runs Python source as ``__main__`` in this interpreter."""
    source = b""
    while part := os.pread(given["code"], 1 << 24, len(source)):
        source += part
    exit_now = os._exit
    # What the interpreter itself calls when a program has ended.
    wait_for_threads = sys.modules["threading"]._shutdown

    def start() -> None:
        code = 1
        try:
            exec(compile(source, _NAME, "exec", dont_inherit=True), main.__dict__)
            code = 0
        except SystemExit as stop:
            code = _exit_code(stop.code)
        except BaseException as error:  # noqa: BLE001 - as the interpreter itself would
            trace = error.__traceback__
            error = error.with_traceback(trace and trace.tb_next)  # without this frame
            sys.excepthook(type(error), error, error.__traceback__)
        try:
            wait_for_threads()
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:  # noqa: BLE001 - e.g. no room for the rest of the output
            code = code or 120  # as the interpreter itself would
        exit_now(code)

    return start


def _exit_code(said: object) -> int:
    if said is None:
        return 0
    if isinstance(said, int):
        return said & 0xFF if -(2**63) <= said < 2**63 else 0xFF
    sys.stderr.write(f"{said}\n")
    return 1


def _command(order: Message, given: Message) -> Callable[[], None]:
    """What replaces this process by a program of the host's."""
    argv, code = order["argv"], given["code"]
    if code < 0 and not os.access(argv[0], os.X_OK):
        raise OSError(f"{argv[0]} is not there any more")

    def start() -> None:
        # An exec keeps what is ignored, and Python ignores these.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execve(code if code >= 0 else argv[0], argv, os.environ)
        except OSError as error:
            os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
            os._exit(127)

    return start


def _within_hard(kind: int, value: int) -> tuple[int, int]:
    """A limit for good; the host's own where that is lower."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    return value, value


def _call(what: str, result: int) -> None:
    if result == -1:
        raise OSError(f"{what}: {os.strerror(ctypes.get_errno())}")


def _clock(pid: int) -> float:
    """CPU time of a process, all its threads together; 0 once it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _ended_children_seconds(pid: str) -> float:
    """CPU time of the children a process has waited for."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[13]) + int(fields[14])) / _TICKS_PER_SECOND


def _others() -> list[str]:
    """The processes of this namespace beside process 1; none where there is no /proc."""
    try:
        return [name for name in os.listdir("/proc") if name.isdecimal() and name != "1"]
    except FileNotFoundError:
        return []


def _has_proc() -> bool:
    return os.path.exists("/proc/self")


def _reap_orphans(pid: int) -> None:
    """Bury the dead, who count as processes until then, but for the program itself."""
    try:
        while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if dead.si_pid == pid:
                return
            os.waitpid(dead.si_pid, 0)
    except ChildProcessError:
        pass


def _delayed_seconds(pid: str) -> float:
    """The longest that a thread of a process could have run and others had the CPU."""
    longest = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as schedstat:
                longest = max(longest, int(schedstat.read().split()[1]))
    except (OSError, IndexError):
        pass  # it has ended, or there is no /proc, or the kernel does not say
    return longest / 1e9


def _address_space_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split(maxsplit=1)[0]) * resource.getpagesize()
    except FileNotFoundError:  # a container that allows no /proc of one's own
        return _USUAL_ADDRESS_SPACE_BYTES


def _cpu_seconds(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    control = _take_control(int(sys.argv[1]))
    message, fds, _, _ = socket.recv_fds(control, _MAX_MESSAGE_BYTES, 1, _FLAGS)
    settings = json.loads(message)
    if fds:
        os.dup2(fds[0], _RULESET_FD, inheritable=False)
        os.close(fds[0])
    # Signals to a process group cross namespaces, and that of our starters is not for programs.
    if os.getsid(0) != os.getpid():
        os.setsid()
    # With Python's handler, process 1 would hear of it when a program sends it SIGINT.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if settings["tier"] == "namespaces":
        # What bubblewrap has mounted belongs to its own user namespace. In a copy it is ours.
        _call("unshare", _libc.unshare(_CLONE_NEWNS))
    # A program must not read or trace process 1, which has its user id.
    _call("dumpable", _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
    # What is the same for all programs.
    _call("no_new_privs", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    # Of a limit of 0 a core_pattern that is a pipe takes no notice, and dumps on the host.
    for kind, value in (
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(kind, _within_hard(kind, value))
    os.umask(0o022)
    # The lowest score it may have is also the lowest that a program can give itself.
    with contextlib.suppress(OSError), open(_OOM_SCORE, "wb", buffering=0) as score:
        score.write(b"0")
    for path in settings["paths"]:
        sys.path.append(path)
    after_fork = _import(settings["preload"])
    sys.modules["threading"].stack_size(_THREAD_STACK_BYTES)
    box = _Box(control, settings, after_fork)
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, the shared pages
    control.send(json.dumps({"ready": sys.version.split()[0]}).encode())
    box.serve()


def _import(names: list[str]) -> list[Message]:
    """Import modules, and return what they want to be called after forks, without its being so.

    They make locks and seeds anew, which a program's first process does not need: it is the fork
    of a process with one thread. It costs each run as much as a quarter of all the rest.
    """
    wanted: list[Message] = []
    register = os.register_at_fork
    os.register_at_fork = lambda **hooks: wanted.append(hooks)
    try:
        for name in names:
            importlib.import_module(name)
    finally:
        os.register_at_fork = register
    return wanted


def _take_control(fd: int) -> socket.socket:
    """The control socket, the only thing that stays open beside what programs are given."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST_FD)
    os.closerange(3, moved)
    os.closerange(moved + 1, _MOST_OPEN_FILES)
    for number in _OPTIONAL_FDS:
        os.dup2(0, number)
    return socket.socket(fileno=moved)


if __name__ == "__main__":
    main()
