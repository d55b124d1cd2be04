"""The replayers ``leanchecker`` and ``comparator``: programs of Lean's own that check proofs again.

Both read the candidate's compiled module themselves, as Lean does, so a module with forged bytes
may do what it likes to the process that reads it. ``leanchecker`` is at that process' mercy.
``comparator`` is not: one process exports the module as text, and others judge the text, which
would have to be a proof of the statement to pass.
"""

import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from assayoffice.sandbox.programs import RunLimits, RunResult, Sandbox, SandboxFailure, Status
from assayoffice.verifiers.lean.backends import tools
from assayoffice.verifiers.lean.backends.kernel import ReplayLimit
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable, Proof
from assayoffice.verifiers.lean.backends.toolchain import TOOLCHAIN
from assayoffice.verifiers.lean.compiled.terms import text
from assayoffice.verifiers.lean.settings import Replay

# A leading capital and no dots: a module name that no library has.
_SOLUTION, _CHALLENGE = "AssayofficeSolution", "AssayofficeChallenge"
_EXPORTS = {_CHALLENGE: "challenge.ndjson", _SOLUTION: "solution.ndjson"}
_CONFIGURATION = "comparator.json"
_ACCEPTED = "Your solution is okay!"
_CANNOT_RUN = 2
# An export holds all that a theorem rests on: about 350 MB for one that rests on much of Mathlib.
_EXPORT_BYTES = 1 << 30
# What each runs of a toolchain, and since which Lean that is there.
_PROGRAMS = {
    Replay.LEANCHECKER: (("leanchecker",), "4.28"),
    Replay.COMPARATOR: (("lake", "leanexport", "leanchecker"), "4.35"),
}

# What Lean's kernel computes with by itself, which both sides must define alike.
_PRIMITIVES = (
    "Nat Nat.add Nat.sub Nat.mul Nat.pow Nat.gcd Nat.div Nat.mod Nat.beq Nat.ble Nat.land Nat.lor "
    "Nat.xor Nat.shiftLeft Nat.shiftRight String String.ofList String.mk Char Char.ofNat List "
    "eagerReduce optParam autoParam semiOutParam outParam"
).split()
_QUOTIENTS = ["Quot", "Quot.mk", "Quot.lift", "Quot.ind"]


def programs(replay: Replay) -> Sequence[str]:
    """What a replay runs of a toolchain's ``bin``; none where it runs no programs of these."""
    return _PROGRAMS[replay][0] if replay in _PROGRAMS else ()


def require(toolchain: Path, replay: Replay) -> None:
    """Raise LeanUnavailable unless a toolchain has the programs that a replay runs."""
    for program in programs(replay):
        if not (toolchain / "bin" / program).is_file():
            raise LeanUnavailable(
                f"the toolchain {toolchain} has no bin/{program}; it comes with Lean "
                f"{_PROGRAMS[replay][1]} and later"
            )


@dataclass(frozen=True, slots=True)
class LeanChecker:
    """Has ``leanchecker`` feed what a module adds to its imports through the kernel.

    ``toolchain`` is the header's on this host, ``path`` are folders inside the sandbox.
    """

    name: ClassVar[str] = "leanchecker"
    sandbox: Sandbox
    toolchain: Path
    path: Sequence[str] = ()

    def objection(self, proof: Proof, limits: RunLimits) -> str:
        """What the kernel does not accept. Raises ReplayLimit, LeanUnavailable, SandboxFailure."""
        require(self.toolchain, Replay.LEANCHECKER)
        result = tools.run(
            self.sandbox,
            [f"{TOOLCHAIN}/bin/leanchecker", "--verbose", _SOLUTION],
            limits,
            path=self.path,
            files={f"{_SOLUTION}.olean": proof.olean},
        )
        # Exit code 0 alone would do for a program that does nothing.
        if result.status is Status.OK and _says(result, f"replaying {_SOLUTION}"):
            return ""
        if death := _death("leanchecker", result):
            return death
        if _says(result, f"leanchecker found a problem in {_SOLUTION}"):
            return _error(result)
        raise LeanUnavailable(f"leanchecker is not the program we know: {tools.told(result)}")


@dataclass(frozen=True, slots=True)
class Comparator:
    """Has ``lake comparator`` compare a proof with the statement, and the kernel check it.

    Module and reference are exported in sandboxes of their own. The comparator's own sandbox is
    left out, because it runs inside ours and is given exports alone: it builds nothing and resolves
    nothing. ``toolchain`` and ``path`` are as for LeanChecker; ``axioms`` may be used.
    """

    name: ClassVar[str] = "comparator"
    sandbox: Sandbox
    toolchain: Path
    path: Sequence[str] = ()
    axioms: Sequence[str] = ()

    def objection(self, proof: Proof, limits: RunLimits) -> str:
        """What comparator or kernel do not accept.

        Raises ReplayLimit, LeanUnavailable and SandboxFailure.
        """
        require(self.toolchain, Replay.COMPARATOR)
        exports = {}
        for module, olean in ((_CHALLENGE, proof.reference), (_SOLUTION, proof.olean)):
            exported = self._export(module, olean, text(proof.target), limits)
            if death := _death("leanexport", exported):
                return death
            if exported.status is not Status.OK:
                raise LeanUnavailable(f"leanexport fails: {_error(exported)}")
            exports[_EXPORTS[module]] = exported.stdout
        return self._compare(exports, text(proof.target), limits)

    def _export(self, module: str, olean: bytes, target: str, limits: RunLimits) -> RunResult:
        quotients = _QUOTIENTS if "Quot.sound" in self.axioms else []
        wanted = [*quotients, target, *self.axioms, *_PRIMITIVES]
        return tools.run(
            self.sandbox,
            [f"{TOOLCHAIN}/bin/leanexport", module, "--", *wanted],
            replace(limits, output_bytes=_EXPORT_BYTES),
            path=self.path,
            files={f"{module}.olean": olean},
        )

    def _compare(self, exports: dict[str, bytes], target: str, limits: RunLimits) -> str:
        configuration = {
            "challenge_module": _CHALLENGE,
            "solution_module": _SOLUTION,
            "theorem_names": [target],
            "permitted_axioms": list(self.axioms),
        }
        result = tools.run(
            self.sandbox,
            [
                f"{TOOLCHAIN}/bin/lake",
                "comparator",
                f"--config={_CONFIGURATION}",
                f"--challenge-from-export={_EXPORTS[_CHALLENGE]}",
                f"--solution-from-export={_EXPORTS[_SOLUTION]}",
                "--inadvisably-no-sandbox",
            ],
            # Each kernel is given a copy of the export.
            replace(limits, output_bytes=_EXPORT_BYTES, disk_bytes=4 * _EXPORT_BYTES),
            path=self.path,
            files=exports | {_CONFIGURATION: json.dumps(configuration).encode()},
        )
        if result.status is Status.OK and _says(result, _ACCEPTED):
            return ""
        if death := _death("lake comparator", result):
            return death
        if result.status is Status.OK or result.exit_code == _CANNOT_RUN:
            raise LeanUnavailable(f"lake comparator cannot be used: {_error(result)}")
        return _error(result)


def _death(program: str, result: RunResult) -> str:
    """Of which signal a program died, empty for none. Raises ReplayLimit and SandboxFailure."""
    if limit := tools.limit(result):
        raise ReplayLimit(limit)
    if result.status is not Status.SIGNALED:
        return ""
    death = f"{program} died of signal {result.signal}"
    if result.signal == signal.SIGKILL:
        # So ends what the host has no memory for. A forged module can end itself so as well: it
        # gets no score by it, and no zero either.
        raise SandboxFailure(death)
    return death


def _says(result: RunResult, line: str) -> bool:
    return line.encode() in (*result.stdout.splitlines(), *result.stderr.splitlines())


def _error(result: RunResult) -> str:
    """The last error that a program reports, or the end of what it says."""
    for line in reversed(result.stderr.decode(errors="replace").splitlines()):
        for beginning in ("error: ", "uncaught exception: "):
            if line.startswith(beginning):
                return line.removeprefix(beginning)[: tools.MAX_CHARACTERS]
    return tools.told(result)
