"""A program that describes all it can see of its surroundings.

Two runs that print the same started from the same state; nothing of a run in between is left.
"""

SOURCE = '''
import ctypes, fcntl, os, resource, signal, stat, sys, time

libc = ctypes.CDLL(None)


def seen(what, *arguments):
    try:
        return what(*arguments)
    except OSError as error:
        return error.strerror


def read(path):
    with open(path) as file:
        return file.read()


def processes():
    return [name for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()]


def descriptors():
    found = []
    for fd in range(1024):
        try:
            status = os.fstat(fd)
        except OSError:
            continue
        offset = seen(os.lseek, fd, 0, os.SEEK_CUR)
        found.append((fd, status.st_mode, status.st_size, status.st_uid, offset))
    return found


def marks():
    """What could be left on the input that runs share."""
    status = os.fstat(0)
    return oct(status.st_mode), status.st_mtime_ns, status.st_nlink, seen(os.listxattr, 0)


def mounts():
    # Their numbers count on, and so may their order; all else stays the same.
    lines = read("/proc/self/mountinfo").splitlines()
    return sorted([*line.split()[4:2:-1], line.split()[5], line.split(" - ")[1]] for line in lines)


def room(folder):
    os.listdir(folder)  # where that is forbidden the folder is the host's, and its room not ours
    space = os.statvfs(folder)
    return space.f_blocks, space.f_bfree, space.f_files, space.f_ffree, space.f_flag


def status():
    wanted = ("Cap", "Cpus", "Gid", "Groups", "NoNewPrivs", "Seccomp", "Sh", "Sig", "Thr", "Uid")
    lines = read("/proc/self/status").splitlines()
    # How many signals wait is counted for all processes of the user.
    return [line for line in lines if line.startswith(wanted) and not line.startswith("SigQ")]


state = {
    "stdin": os.read(0, 1 << 20),
    "marks": marks(),
    "lock": seen(fcntl.flock, 0, fcntl.LOCK_EX | fcntl.LOCK_NB),
    "arguments": sys.argv,
    "environment": sorted(os.environ.items()),
    "folder": os.getcwd(),
    "mask": os.umask(0o022),
    "descriptors": descriptors(),
    "processes": seen(processes),
    "threads": len(sys._current_frames()),
    "limits": [resource.getrlimit(kind) for kind in range(16)],
    "files": {f: seen(os.listdir, f) for f in ("/tmp", "/dev/shm", "/dev", "/", "/etc", "/run")},
    "room": {f: seen(room, f) for f in ("/tmp", "/dev/shm")},
    "owners": {f: seen(lambda: stat.filemode(os.stat(f).st_mode)) for f in ("/tmp", "/dev/shm")},
    "mounts": seen(mounts),
    "status": seen(status),
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "timers": [signal.getitimer(kind) for kind in range(3)],
    "handlers": [signal.getsignal(n) for n in signal.valid_signals()],
    "score": seen(read, "/proc/self/oom_score_adj"),
    "nice": seen(os.getpriority, os.PRIO_PROCESS, 0),
    "scheduler": (seen(os.sched_getscheduler, 0), seen(os.sched_getaffinity, 0)),
    "names": os.uname()[:2],
    "own group": os.getpgrp() == os.getpid(),
    # dumpable, securebits, timer slack, parent-death signal, subreaper
    "prctl": [libc.prctl(number, 0, 0, 0, 0) for number in (3, 27, 30)],
    "modules": sorted(sys.modules),
    "recursion": sys.getrecursionlimit(),
    "builtins": sorted(vars(__builtins__) if not isinstance(__builtins__, dict) else __builtins__),
}
for name, value in state.items():
    print(name, *(value if isinstance(value, list) else [value]), sep="\\n  ")
'''
