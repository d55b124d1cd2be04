"""Which system calls a sandboxed program may make: the rules that the shipped filters hold.

An allow-list. What Python, C and C++, node, the JVM, gcc, javac and bash need is here; the rest
fails with EPERM. Left out on purpose, and easily missed:

- ``socket``, ``bind`` and ``connect``; and datagram ``socketpair``, whose ends can send to any
  address. No family is reachable, not even where the network is the host's.
- ``memfd_create``, SysV and POSIX shared memory, ``F_SETPIPE_SZ``: memory that no rlimit counts.
- ``F_SETOWN`` with ``F_SETSIG``, which make the kernel send signals on one's behalf.
- ``setsockopt`` but for sizes, times and the like: a socket's filter is code for the kernel.
- ``inotify_init``: it tells what other runs do with the files they share.
- ``sched_setaffinity``, even of oneself: programs stay on the processors they were given.
- ``sync``, which has the host write out what others wrote; ``splice``, ``tee`` and ``vmsplice``,
  which nothing needs and which had grave bugs.
- ``io_uring_setup``, since operations in a ring pass no filter.

File locks stay. Nobody else sees the files a program can write; locks on the read-only files that
runs share could carry bits from one run to another, as the load on the processor can, but no
program that is not trusted is ever given anything worth sending.
"""

import enum
import errno
import stat
from dataclasses import dataclass


class Profile(enum.StrEnum):
    """What a program is: the value is the name in the filter's file."""

    #: One process, any number of threads. It may execute another program in its place.
    SINGLE = "single"
    #: May start processes.
    MULTI = "multi"
    #: One process that executes nothing else, where only Landlock stands between it and the host.
    LANDLOCK = "landlock"


@dataclass(frozen=True, slots=True)
class Masked:
    """Holds where the bits ``mask`` of the argument at ``position`` are ``value``."""

    position: int
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Allows ``call`` where all ``conditions`` hold. A call may have several rules."""

    call: str
    conditions: tuple[Masked, ...] = ()


#: Stands for the number of the process that a filter is loaded in, which is known only then. Larger
#: than any process number can be, so a filter left as shipped allows no signal at all.
OWN_PID = 0x7EDC0DE7

DENIED = errno.EPERM

#: Numbers that Linux gave out, or will, after 5.17: ABSENT lets programs fall back to older calls.
NEWER_CALLS = range(451, 512)
ABSENT = errno.ENOSYS

#: Errors that programs know what to do about, where EPERM would make them give up.
ERRORS = {
    "clone3": ABSENT,  # its flags are in memory, where no filter can look
    # Attributes are kernel memory on a file system that has no limit for them.
    "setxattr": errno.EOPNOTSUPP,
    "lsetxattr": errno.EOPNOTSUPP,
    "fsetxattr": errno.EOPNOTSUPP,
}

_INT = 0xFFFF_FFFF
_STREAM, _SEQUENCED = 1, 5
_SOCKET_FLAGS = 0o2004000  # SOCK_CLOEXEC | SOCK_NONBLOCK
_CLONE_THREAD = 0x0001_0000
_CLONE_PARENT = 0x0000_8000  # the child would be the supervisor's, not the program's
# NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_CLONE_NAMESPACES = 0x0002_0000 | 0x0200_0000 | 0x7C00_0000

_FILES = """
    access faccessat faccessat2 open openat openat2 creat close close_range
    read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek
    stat fstat lstat newfstatat statx statfs fstatfs readlink readlinkat getdents getdents64
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
    ftruncate fallocate fadvise64 readahead fsync fdatasync sync_file_range
    copy_file_range sendfile dup dup2 dup3 pipe pipe2 umask getcwd chdir fchdir
"""
_FILES_OF_ONES_OWN = """
    truncate rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat
    mkdir mkdirat rmdir chmod fchmod fchmodat chown fchown lchown fchownat
    utime utimes futimesat utimensat flock
"""
_WAITING = """
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    epoll_pwait2 eventfd eventfd2 signalfd signalfd4
    timerfd_create timerfd_settime timerfd_gettime nanosleep clock_nanosleep pause
"""
_SOCKETS = """
    getsockname getpeername getsockopt shutdown
    sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg
"""
_MEMORY = """
    brk mmap munmap mremap mprotect msync mincore madvise mlock mlock2 munlock mlockall munlockall
    pkey_alloc pkey_free pkey_mprotect membarrier
"""
_TIME = """
    time gettimeofday clock_gettime clock_getres times alarm getitimer setitimer
    timer_create timer_settime timer_gettime timer_getoverrun timer_delete
"""
_SIGNALS = """
    rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn rt_sigsuspend rt_sigtimedwait
    sigaltstack restart_syscall
"""
_SIGNALLING = "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo"
_PROCESS = """
    exit exit_group wait4 waitid setsid setpgid getpid getppid getpgid getpgrp getsid gettid
    getuid geteuid getgid getegid getgroups getresuid getresgid capget
    uname sysinfo getrandom getrusage getrlimit setrlimit
    futex futex_waitv set_robust_list set_tid_address rseq arch_prctl getcpu sched_yield
    sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
    sched_get_priority_min sched_rr_get_interval getpriority ioprio_get
"""

# Of terminals, only questions: nothing that types into one.
_IOCTLS = (
    0x5401,  # TCGETS: what isatty asks
    0x802C542A,  # TCGETS2
    0x540F,  # TIOCGPGRP
    0x5413,  # TIOCGWINSZ
    0x541B,  # FIONREAD
    0x5421,  # FIONBIO
    0x5450,  # FIONCLEX
    0x5451,  # FIOCLEX
)
_FCNTLS = (
    0,  # F_DUPFD
    1,  # F_GETFD
    2,  # F_SETFD
    3,  # F_GETFL
    4,  # F_SETFL
    1030,  # F_DUPFD_CLOEXEC
    1032,  # F_GETPIPE_SZ
    1034,  # F_GET_SEALS
)
_LOCK_FCNTLS = (
    5,  # F_GETLK
    6,  # F_SETLK
    7,  # F_SETLKW
    36,  # F_OFD_GETLK
    37,  # F_OFD_SETLK
    38,  # F_OFD_SETLKW
)
_SOCKET_LEVEL = 1
_SOCKET_OPTIONS = (
    2,  # SO_REUSEADDR
    7,  # SO_SNDBUF
    8,  # SO_RCVBUF
    9,  # SO_KEEPALIVE
    16,  # SO_PASSCRED
    20,  # SO_RCVTIMEO
    21,  # SO_SNDTIMEO
)
_PR_SET_PDEATHSIG = 1
_PRCTLS = (
    2,  # PR_GET_PDEATHSIG
    3,  # PR_GET_DUMPABLE
    4,  # PR_SET_DUMPABLE
    15,  # PR_SET_NAME
    16,  # PR_GET_NAME
    21,  # PR_GET_SECCOMP
    23,  # PR_CAPBSET_READ
    29,  # PR_SET_TIMERSLACK
    30,  # PR_GET_TIMERSLACK
    36,  # PR_SET_CHILD_SUBREAPER
    37,  # PR_GET_CHILD_SUBREAPER
    38,  # PR_SET_NO_NEW_PRIVS
    39,  # PR_GET_NO_NEW_PRIVS
    41,  # PR_SET_THP_DISABLE
    42,  # PR_GET_THP_DISABLE
    0x53564D41,  # PR_SET_VMA: names for memory, which allocators give
)


def rules(profile: Profile) -> tuple[Rule, ...]:
    """All that a profile allows."""
    parts = [_FILES, _WAITING, _SOCKETS, _MEMORY, _TIME, _SIGNALS, _PROCESS]
    if profile is not Profile.LANDLOCK:
        parts += [_FILES_OF_ONES_OWN, _SIGNALLING, "execve execveat pidfd_open"]
    if profile is Profile.MULTI:
        parts += ["fork vfork"]
    plain = (Rule(call) for part in parts for call in part.split())
    return (*plain, *_conditional(profile))


def _conditional(profile: Profile) -> list[Rule]:
    rules = [_one_of("ioctl", 1, value) for value in _IOCTLS]
    rules += [_one_of("fcntl", 1, value) for value in _FCNTLS]
    rules += [_one_of("prctl", 0, value) for value in _PRCTLS]
    if profile is not Profile.LANDLOCK:
        # There, what is to die with process 1 could choose not to.
        rules.append(_one_of("prctl", 0, _PR_SET_PDEATHSIG))
    rules += [
        Rule("setsockopt", (Masked(1, _INT, _SOCKET_LEVEL), Masked(2, _INT, option)))
        for option in _SOCKET_OPTIONS
    ]
    rules += [
        Rule("socketpair", (Masked(0, _INT, 1), Masked(1, _INT & ~_SOCKET_FLAGS, kind)))
        for kind in (_STREAM, _SEQUENCED)
    ]
    # The limits of others are theirs; hard limits of one's own only go down.
    rules.append(_one_of("prlimit64", 0, 0))
    if profile is Profile.MULTI:
        rules.append(Rule("clone", (Masked(0, _CLONE_NAMESPACES | _CLONE_PARENT, 0),)))
    else:
        mask = _CLONE_NAMESPACES | _CLONE_PARENT | _CLONE_THREAD
        rules.append(Rule("clone", (Masked(0, mask, _CLONE_THREAD),)))
    if profile is Profile.LANDLOCK:
        # Landlock cannot forbid signals before its sixth version, and abort() needs one.
        rules += [_one_of("kill", 0, OWN_PID), _one_of("tgkill", 0, OWN_PID)]
    else:
        rules += [_one_of("fcntl", 1, value) for value in _LOCK_FCNTLS]
        for kind in (stat.S_IFREG, stat.S_IFIFO):
            rules.append(Rule("mknod", (Masked(1, stat.S_IFMT(_INT), kind),)))
            rules.append(Rule("mknodat", (Masked(2, stat.S_IFMT(_INT), kind),)))
    return rules


def _one_of(call: str, position: int, value: int) -> Rule:
    # The kernel reads these arguments as 32 bits, whatever the upper half of the register holds.
    return Rule(call, (Masked(position, _INT, value),))
