"""Programs that reach for the network, the host, other processes, privileges and other runs."""

import os
from dataclasses import replace
from pathlib import Path

from assayoffice import verifiers
from assayoffice.sandbox.programs import RunResult, Status
from battery.case import LIMITS, MARKER, Case

#: In the environment of whoever starts the sandbox, and never inside.
SECRET = f"{MARKER}-secret"

_CODE = str(Path(verifiers.__file__).resolve().parent)
_HOME = str(Path.home())

_GONE = "ENOENT EACCES EPERM"
_READ_ONLY = "EROFS EACCES EPERM ENOENT"
_DENIED = "EPERM"

_ALLOWED_VARIABLES = {
    *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "PWD", "TMPDIR", "TZ"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED"),
    *("MALLOC_ARENA_MAX", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
}


def _no_secrets(result: RunResult) -> None:
    for secret in (SECRET, _CODE, os.getcwd()):
        assert secret.encode() not in result.stdout, secret
    names, _, _ = result.stdout.decode().partition("\n")
    assert set(names.split()) <= _ALLOWED_VARIABLES, names


def _at_once(result: RunResult) -> None:
    assert result.wall_seconds < 1


def _no_cpu(result: RunResult) -> None:
    assert result.cpu_seconds < 0.3


CASES = (
    Case(
        1,
        "sockets of every family",
        """
import socket
for family in range(46):
    if family != socket.AF_UNIX:
        attempt(f"stream-{family}", socket.socket, family, socket.SOCK_STREAM)
        attempt(f"datagram-{family}", socket.socket, family, socket.SOCK_DGRAM)
        attempt(f"raw-{family}", socket.socket, family, socket.SOCK_RAW)
attempt("connect", socket.create_connection, ("127.0.0.1", 22), 1)
""",
        attempts={"*": _DENIED},
    ),
    Case(
        2,
        "unix sockets",
        """
import socket

def pair(kind):
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    one.sendall(b"through")
    assert other.recv(9) == b"through"

attempt("abstract", lambda: socket.socket(socket.AF_UNIX).bind("\\0" + MARKER))
attempt("path", lambda: socket.socket(socket.AF_UNIX).bind(f"/tmp/{MARKER}"))
attempt("datagram", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
attempt("pair", pair, socket.SOCK_STREAM)
attempt("inet-pair", socket.socketpair, socket.AF_INET)
""",
        attempts={"pair": "DONE", "*": _DENIED, "inet-pair": "EPERM EOPNOTSUPP"},
    ),
    Case(
        3,
        "names looked up",
        """
import socket
for name in ("example.com", "localhost", "metadata.google.internal"):
    attempt(name, lambda: socket.create_connection((name, 80), 5))
""",
        # Where /etc/hosts is not to be seen, not even localhost has an address.
        attempts={"*": "gaierror EPERM"},
        check=_at_once,
    ),
    Case(
        4,
        "reading what is the host's",
        f"""
def look(path):
    if not os.path.isdir(path):
        os.read(os.open(path, os.O_RDONLY), 1)
    elif not os.listdir(path):
        # That a directory is there, and empty, tells nothing.
        raise PermissionError(errno.EACCES, path)

for path in (
    "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssh", "/root", "/root/.ssh", "/home",
    {_CODE!r}, {_CODE + "/base.py"!r}, {_HOME!r}, "/var/log", "/var/lib", "/run", "/sys", "/opt",
    "/boot", "/mnt", "/srv",
    *(f"/proc/{{pid}}/{{name}}" for pid in {{1, os.getppid()}}
      for name in ("environ", "mem", "maps", "smaps", "root/etc/shadow", "root/tmp", "cwd/etc",
                   "fd", "fd/0", "fd/3", "fdinfo", "exe", "io", "stack", "syscall", "auxv",
                   "map_files", "pagemap", "timers", "ns/mnt")),
    "/proc/kcore", "/proc/sysrq-trigger",
):
    attempt(path, look, path)
""",
        attempts={"*": _GONE},
    ),
    Case(
        5,
        "writing what is not its own",
        """
def overwrite(path):
    os.write(os.open(path, os.O_WRONLY), b"x")

def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

for directory in ("/", "/usr", "/usr/bin", "/bin", "/lib", "/etc", "/dev", "/proc", "/var", "/home",
                  "/var/tmp", "/run", "/sys/fs/cgroup", "/sys/kernel"):
    attempt(f"create-{directory}", create, f"{directory}/{MARKER}")
    attempt(f"mkdir-{directory}", os.mkdir, f"{directory}/{MARKER}-directory")
for path in ("/bin/sh", sys.executable, os.__file__, "/usr/bin/env", "/proc/self/exe",
             "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
             "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/ns_last_pid",
             "/proc/sysrq-trigger", "/proc/self/uid_map", "/proc/self/gid_map",
             "/proc/self/setgroups", "/proc/1/comm", "/proc/1/mem", "/proc/self/loginuid"):
    attempt(f"overwrite-{path}", overwrite, path)
for path in ("/bin/sh", "/usr", "/"):
    attempt(f"chmod-{path}", os.chmod, path, 0o777)
    attempt(f"utime-{path}", os.utime, path)
    attempt(f"chown-{path}", os.chown, path, os.getuid(), os.getgid())
attempt("unlink", os.unlink, "/bin/sh")
attempt("rename", os.rename, "/usr/bin/env", f"/usr/bin/{MARKER}")
attempt("truncate", os.truncate, os.__file__, 0)
attempt("xattr", os.setxattr, os.__file__, "user.x", b"x")
""",
        attempts={
            "*": f"{_READ_ONLY} ETXTBSY EISDIR",
            "xattr": f"{_READ_ONLY} ENOTSUP",
            "overwrite-/proc/self/loginuid": f"{_READ_ONLY} EINVAL",
            "overwrite-/proc/1/comm": f"{_READ_ONLY} EINVAL",
        },
    ),
    Case(
        6,
        "files for the next run",
        """
def leave(path):
    with open(path, "w") as file:
        file.write(MARKER)

os.umask(0o777)
for directory in ("/dev", "/tmp", "/dev/shm", "/dev/pts", "/dev/mqueue", "/run", "/var/tmp"):
    attempt(directory, leave, f"{directory}/{MARKER}")
attempt("hidden", os.makedirs, f"/tmp/.{MARKER}/deep")
attempt("no-way-in", os.chmod, "/tmp", 0)
""",
        attempts={
            "*": _READ_ONLY,
            "/tmp": "DONE",
            "/dev/shm": f"{_READ_ONLY} DONE",
            "hidden": "DONE EACCES",
            "no-way-in": "DONE EPERM",
        },
        landlock={
            "*": _READ_ONLY,
            "/tmp": _READ_ONLY,
            "hidden": _READ_ONLY,
            "no-way-in": _READ_ONLY,
        },
    ),
    Case(
        7,
        "environment and arguments",
        """
import glob, os, sys
print(*os.environ)
print(os.environ, sys.argv, sys.orig_argv, sys.path, sys.flags)
for path in glob.glob("/proc/*/cmdline") + ["/proc/self/environ", "/proc/self/mountinfo"]:
    try:
        print(path, open(path).read())
    except OSError:
        pass
""",
        check=_no_secrets,
    ),
    Case(
        8,
        "inherited descriptors",
        """
import os
for fd in range(1 << 16):
    try:
        os.fstat(fd)
    except OSError:
        continue
    print(fd)
""",
        data=b"data",
        answer=True,
        check=lambda result: _printed(result, "0\n1\n2\n3\n4\n"),
    ),
    Case(
        9,
        "every signal to everybody",
        """
import signal
me = os.getpid()
for number in range(1, 65):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
for number in range(0, 65):
    for target in {-1, 1, os.getppid()}:
        attempt(f"kill-{target}", os.kill, target, number)
    attempt("tkill", call, "tkill", os.getppid(), number)
    attempt("tgkill", call, "tgkill", os.getppid(), os.getppid(), number)
    attempt("queue", call, "rt_sigqueueinfo", os.getppid(), number, 0)
assert os.getpid() == me
""",
        # Where signals are not forbidden, the kernel drops those to the first process.
        attempts={"*": "DONE ESRCH EPERM EFAULT"},
        landlock={"*": "EPERM ESRCH EFAULT"},
    ),
    Case(
        10,
        "stopping the parent, then waiting",
        """
import os, signal, time
for target in (os.getppid(), 1, -1):
    try:
        os.kill(target, signal.SIGSTOP)
    except OSError:
        pass
time.sleep(100)
""",
        statuses=(Status.WALL_LIMIT,),
        limits=replace(LIMITS, wall_seconds=0.5),
        check=_no_cpu,
    ),
    Case(
        11,
        "meddling with the first process",
        """
buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_size_t * 2)(address(buffer), 64)
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206

for pid in {1, os.getppid()}:
    attempt("attach", call, "ptrace", PTRACE_ATTACH, pid, 0, 0)
    attempt("seize", call, "ptrace", PTRACE_SEIZE, pid, 0, 0)
    attempt("read", call, "process_vm_readv", pid, address(vector), 1, address(vector), 1, 0)
    attempt("write", call, "process_vm_writev", pid, address(vector), 1, address(vector), 1, 0)
    attempt("limit", call, "prlimit64", pid, 0, address(vector), 0)
    attempt("affinity", call, "sched_setaffinity", pid, 64, address(buffer))
    attempt("scheduler", call, "sched_setscheduler", pid, 3, address(buffer))
    attempt("attributes", call, "sched_setattr", pid, address(buffer), 0)
    attempt("priority", call, "setpriority", 0, pid, 19)
    attempt("io-priority", call, "ioprio_set", 1, pid, 3 << 13)
    attempt("pages", call, "move_pages", pid, 0, 0, 0, 0, 0)
    attempt("nodes", call, "migrate_pages", pid, 64, address(buffer), address(buffer))
    attempt("compare", call, "kcmp", pid, os.getpid(), 0, 0, 0)
    attempt("descriptor", lambda: call("pidfd_getfd", call("pidfd_open", pid, 0), 0, 0))
    attempt("signal", lambda: call("pidfd_send_signal", call("pidfd_open", pid, 0), 9, 0, 0))
attempt("traced", call, "ptrace", 0, 0, 0, 0)
""",
        attempts={
            "*": _DENIED,
            # To the first process of a namespace nobody inside can send what kills it.
            "signal": "EPERM DONE ENOSYS",
        },
        landlock={"signal": "EPERM ENOSYS"},
    ),
    Case(
        12,
        "namespaces and mounts",
        """
NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
text = ctypes.create_string_buffer
root, none, tmp = text(b"/"), text(b"none"), text(b"/tmp")
fields = (ctypes.c_uint64 * 11)(NEWUSER, *[0] * 3, 17)

for name, flag in dict(user=NEWUSER, mounts=NEWNS, pids=NEWPID, net=NEWNET, ipc=NEWIPC, uts=NEWUTS,
                       cgroup=NEWCGROUP, time=0x80, together=NEWUSER | NEWNS | NEWPID).items():
    attempt(f"unshare-{name}", call, "unshare", flag)
    attempt(f"clone-{name}", call, "clone", flag | 17, 0, 0, 0, 0)
attempt("setns", call, "setns", 0, 0)
attempt("clone3", call, "clone3", address(fields), ctypes.sizeof(fields))
attempt("mount", call, "mount", address(none), address(tmp), address(text(b"tmpfs")), 0, 0)
attempt("remount", call, "mount", address(none), address(root), 0, 32, 0)
attempt("bind", call, "mount", address(root), address(tmp), 0, 4096, 0)
attempt("umount", call, "umount2", address(text(b"/proc")), 2)
attempt("pivot", call, "pivot_root", address(root), address(tmp))
attempt("chroot", call, "chroot", address(tmp))
attempt("fsopen", call, "fsopen", address(text(b"tmpfs")), 0)
attempt("open_tree", call, "open_tree", -100, address(root), 1)
attempt("move_mount", call, "move_mount", -100, address(root), -100, address(tmp), 0)
attempt("mount_setattr", call, "mount_setattr", -100, address(root), 0, address(fields), 32)
""",
        attempts={"*": _DENIED, "clone3": "ENOSYS"},
    ),
    Case(
        13,
        "more privileges",
        """
def status():
    fields = dict(line.split(":") for line in open("/proc/self/status") if ":" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(fields[name], 16) == 0, name
    assert int(fields["NoNewPrivs"]) == 1
    assert int(fields["Seccomp"]) == 2
    assert os.statvfs("/usr/bin").f_flag & os.ST_NOSUID

assert os.getuid() == os.geteuid() != 0
attempt("status", status)
assert _libc.prctl(39, 0, 0, 0, 0) == 1, "new privileges could be gained"
assert _libc.prctl(38, 0, 0, 0, 0) == -1, "new privileges were allowed again"
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
everything = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
attempt("capset", call, "capset", address(header), address(everything))
attempt("ambient", lambda: _libc.prctl(47, 2, 21, 0, 0) and os.setuid(0))
attempt("setuid", os.setuid, 0)
attempt("seteuid", os.seteuid, 0)
attempt("setgid", os.setgid, 0)
attempt("setresuid", os.setresuid, 0, 0, 0)
attempt("setgroups", os.setgroups, [0])
attempt("setfsuid", call, "setfsuid", 0)
""",
        # A user that the namespace does not know is no valid argument.
        attempts={"*": "EPERM EINVAL", "status": "DONE"},
        landlock={"status": "EACCES ENOENT"},
    ),
    Case(
        14,
        "the kernel's back rooms",
        """
some = ctypes.create_string_buffer(256)
for name, arguments in {
    "bpf": (0, address(some), 64), "perf_event_open": (address(some), 0, -1, -1, 0),
    "userfaultfd": (1,), "io_uring_setup": (8, address(some)),
    "add_key": (address(some), address(some), address(some), 1, -3),
    "request_key": (address(some), address(some), 0, -3), "keyctl": (0, -3, 1),
    "init_module": (address(some), 1, address(some)), "finit_module": (0, address(some), 0),
    "delete_module": (address(some), 0), "reboot": (0, 0, 0), "kexec_load": (0, 0, 0, 0),
    "swapon": (address(some), 0), "syslog": (3, address(some), 16), "acct": (0,),
    "settimeofday": (address(some), 0), "clock_settime": (0, address(some)),
    "adjtimex": (address(some),), "quotactl": (0, address(some), 0, 0),
    "name_to_handle_at": (-100, address(some), address(some), address(some), 0),
    "open_by_handle_at": (0, address(some), 0), "personality": (0x40000,),
    "shmget": (0, 4096, 0o1777), "semget": (0, 1, 0o1777), "msgget": (0, 0o1777),
    "mq_open": (address(some), 0o102, 0o600, 0), "memfd_create": (address(some), 0),
    "memfd_secret": (0,), "fanotify_init": (0, 0), "sethostname": (address(some), 1),
    "setdomainname": (address(some), 1), "vhangup": (),
    "landlock_create_ruleset": (0, 0, 1),
    "process_madvise": (0, address(some), 0, 4, 0),
}.items():
    attempt(name, call, name, *arguments)
""",
        attempts={"*": "EPERM ENOSYS"},
    ),
    Case(
        15,
        "typing for others",
        """
import fcntl, termios
TIOCLINUX, TIOCSTI = 0x541C, 0x5412
text = ctypes.create_string_buffer(b"x")
for fd in (0, 1, 2):
    attempt(f"sti-{fd}", fcntl.ioctl, fd, TIOCSTI, b"x")
    attempt(f"linux-{fd}", fcntl.ioctl, fd, TIOCLINUX, b"\\2")
    # The kernel looks at the lower half of the number only.
    attempt(f"wide-{fd}", call, "ioctl", fd, TIOCSTI | 1 << 32, address(text))
def pseudo():
    master, slave = os.openpty()
    fcntl.ioctl(slave, TIOCSTI, b"x")
attempt("own-terminal", pseudo)
""",
        attempts={"*": _DENIED, "own-terminal": f"{_GONE} ENXIO"},
    ),
    Case(
        16,
        "out-of-memory scores",
        """
def score(pid, value):
    with open(f"/proc/{pid}/oom_score_adj", "w") as file:
        file.write(str(value))

attempt("own", score, "self", -1000)
attempt("first", score, 1, 1000)
attempt("parent", score, os.getppid(), 1000)
""",
        attempts={"*": "EACCES EPERM EROFS"},
        landlock={"*": "EACCES EPERM EROFS ENOENT"},
    ),
    Case(
        17,
        "devices",
        """
import stat
for name in ("mem", "kmem", "kmsg", "kvm", "port", "fuse", "sda", "vda", "nvme0", "loop-control",
             "mapper/control", "net/tun", "vhost-net", "cpu/0/msr", "uinput", "rtc0", "hpet",
             "console", "tty0", "tty1", "vsock", "userfaultfd", "dri/card0", "nvidiactl"):
    attempt(name, os.open, f"/dev/{name}", os.O_RDWR)
for directory in ("/tmp", "/dev", "/dev/shm"):
    attempt(f"character-{directory}", os.mknod, f"{directory}/{MARKER}", stat.S_IFCHR | 0o666,
            os.makedev(1, 1))
    attempt(f"block-{directory}", os.mknod, f"{directory}/{MARKER}", stat.S_IFBLK | 0o666,
            os.makedev(8, 0))
""",
        attempts={"*": f"{_GONE} EROFS ENXIO"},
    ),
    Case(
        18,
        "links out of the working directory",
        """
def through(target):
    os.symlink(target, f"/tmp/{MARKER}")
    try:
        os.read(os.open(f"/tmp/{MARKER}", os.O_RDONLY), 1)
    except IsADirectoryError:
        assert not os.listdir(f"/tmp/{MARKER}")
        raise PermissionError(errno.EACCES, "empty")
    finally:
        os.unlink(f"/tmp/{MARKER}")

for target in ("/proc/1/root/etc/shadow", "/proc/1/cwd", "/etc/shadow", "/root", "/proc/1/fd/0",
               "../../../../root", "/proc/self/root/../root"):
    attempt(f"symbolic-{target}", through, target)
for target in ("/usr/bin/env", "/proc/self/exe", "/dev/null"):
    attempt(f"hard-{target}", os.link, target, f"/tmp/{MARKER}-{os.path.basename(target)}")
attempt("moved", os.rename, "/tmp", f"/{MARKER}")
# Who read results or files by their path would now read these.
for name in ("stdout", "stderr", "answer", "output"):
    attempt(f"left-{name}", os.symlink, "/etc/passwd", f"/tmp/{name}")
""",
        attempts={
            "*": f"{_GONE} EROFS EXDEV EBUSY ELOOP",
            "left-stdout": "DONE",
            "left-stderr": "DONE",
            "left-answer": "DONE",
            "left-output": "DONE",
        },
        landlock={f"left-{name}": _READ_ONLY for name in ("stdout", "stderr", "answer", "output")},
    ),
    Case(
        19,
        "out through the root directory",
        """
def walk():
    fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    root = os.fstat(fd)
    for _ in range(64):
        fd, last = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd), fd
        os.close(last)
        assert os.path.samestat(os.fstat(fd), root)
    os.read(os.open("etc/shadow", os.O_RDONLY, dir_fd=fd), 1)

def classic():
    os.mkdir(f"/tmp/{MARKER}")
    fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    os.chroot(f"/tmp/{MARKER}")
    os.fchdir(fd)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")

attempt("walk", walk)
attempt("classic", classic)
attempt("through-proc", lambda: os.listdir("/proc/self/root/../../root"))
attempt("through-task", lambda: os.listdir(f"/proc/{os.getppid()}/task/{os.getppid()}/root"))
attempt("through-cwd", lambda: os.listdir("/proc/1/cwd/root"))
""",
        attempts={"*": _GONE},
    ),
)


def _printed(result: RunResult, text: str) -> None:
    assert result.stdout.decode() == text
