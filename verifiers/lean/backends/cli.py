"""The backend ``lean-cli``: each source is compiled by a fresh process of Lean in the sandbox."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from assayoffice.sandbox.programs import RunLimits, Sandbox
from assayoffice.verifiers.lean.backends import runs
from assayoffice.verifiers.lean.backends.protocols import (
    TRUSTED_LIMITS,
    Elaborated,
    LeanUnavailable,
    Message,
)
from assayoffice.verifiers.lean.backends.toolchain import LEAN

#: What sources are called; Lean makes names from it.
SOURCE = "Candidate.lean"

_OLEAN = "/tmp/Candidate.olean"
# What every Lean compiles that starts at all.
_NOTHING = "prelude\n"
_MAX_MESSAGES = 200


@dataclass(frozen=True, slots=True)
class LeanCli:
    """Runs ``lean`` of a header's sandbox.

    ``path`` are folders of compiled modules inside the sandbox; ``arguments`` are for Lean, before
    those that all runs have.
    """

    name: ClassVar[str] = "lean-cli"
    sandbox: Sandbox
    path: Sequence[str] = ()
    arguments: Sequence[str] = ()

    def elaborate(self, source: str, limits: RunLimits) -> Elaborated:
        """Compile a source. ``limits.output_bytes`` bounds what Lean says.

        Raises LeanUnavailable and SandboxFailure.
        """
        ended = self._run(source, limits)
        if ended.crash:
            # Once, it may have been killed by something that has nothing to do with the source.
            # Twice, it is the source's: what runs code in Lean must not end as an error of ours.
            ended = self._run(source, limits)
        if ended.doubt and replace(self, arguments=())._run(_NOTHING, TRUSTED_LIMITS).code != 0:
            raise LeanUnavailable(f"Lean does not start: {ended.doubt}")
        if ended.limit:
            return Elaborated((), None, limit=ended.limit)
        # A module that is there although Lean reports an error is none.
        olean = ended.products[0] if ended.code == 0 else None
        return Elaborated(_messages(ended.said), olean, crash=ended.crash)

    def _run(self, source: str, limits: RunLimits) -> runs.Ended:
        return runs.run(
            self.sandbox,
            [LEAN, *self.arguments, "--json", "-o", _OLEAN, SOURCE],
            limits,
            path=self.path,
            given={SOURCE: source.encode()},
            products=[_OLEAN],
        )


def _messages(said: bytes) -> tuple[Message, ...]:
    """What Lean reports, errors first where there is much."""
    messages = [message for line in said.splitlines() if (message := _message(line)) is not None]
    messages.sort(key=lambda each: each.severity != "error")
    return tuple(messages[:_MAX_MESSAGES])


def _message(line: bytes) -> Message | None:
    try:
        told = json.loads(line)
        position = told["pos"]
        return Message(
            severity=str(told["severity"]),
            kind=str(told.get("kind", "")),
            line=int(position["line"]),
            column=int(position["column"]),
            # Half a surrogate pair has no place in a verdict.
            text=str(told["data"]).encode(errors="replace").decode(),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None  # it is not Lean's: a candidate may have anything printed
