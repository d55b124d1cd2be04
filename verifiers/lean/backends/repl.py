"""The first pass ``repl``: a community REPL looks at sources first, and may only reject them.

A reply can be forged by what the source has Lean print, so none is ever a reason to accept: a
source without an objection is compiled and audited as all others. Command mode alone is used, since
the tactic mode of the REPL accepts proofs that are none.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.sandbox.programs import RunLimits, Sandbox, Status
from assayoffice.verifiers.lean.backends import tools
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable
from assayoffice.verifiers.lean.backends.toolchain import REPL

# How often a reply may begin in what is printed, so that reading it takes linear time.
_MAX_REPLIES = 64


@dataclass(frozen=True, slots=True)
class ReplFirstPass:
    """Runs one REPL for one source, in a header's sandbox.

    ``program`` is the REPL on this host; its folder is the sandbox's REPL. ``path`` are folders of
    compiled modules inside the sandbox.
    """

    sandbox: Sandbox
    program: Path
    path: Sequence[str] = ()

    def objection(self, source: str, limits: RunLimits) -> str:
        """The first error or ``sorry`` that the REPL reports; empty where it reports none.

        Empty as well where its reply cannot be understood, or its limits are used up: whether the
        source is at fault is then for the compiler to say. Raises LeanUnavailable and
        SandboxFailure.
        """
        if not self.program.is_file():
            raise LeanUnavailable(
                f"{self.program} is not there; build the REPL of leanprover-community/repl with "
                "the header's toolchain, or remove `repl` from the header"
            )
        asked = json.dumps({"cmd": source}, ensure_ascii=False).encode() + b"\n\n"
        argv = [f"{REPL}/{self.program.name}"]
        result = tools.run(self.sandbox, argv, limits, path=self.path, stdin=asked)
        if result.status is not Status.OK:
            return ""
        for reply in _replies(result.stdout.decode(errors="replace")):
            if found := _objection(reply):
                return found
        return ""


def _replies(output: str) -> Iterator[dict[str, object]]:
    """Objects of JSON that begin a line, however they are laid out and whatever is between."""
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_MAX_REPLIES):
        if not output.startswith("{", at):
            at = output.find("\n{", at) + 1
            if not at:
                return
        try:
            reply, at = decoder.raw_decode(output, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield reply


def _objection(reply: dict[str, object]) -> str:
    for message in _listed(reply.get("messages")):
        if message.get("severity") == "error":
            return f"{_place(message)}{message.get('data')}"[: tools.MAX_CHARACTERS]
    for sorry in _listed(reply.get("sorries")):
        return f"{_place(sorry)}the proof uses sorry"
    return ""


def _listed(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _place(told: dict[str, object]) -> str:
    position = told.get("pos")
    line = position.get("line") if isinstance(position, dict) else None
    return f"line {line}: " if isinstance(line, int) else ""
