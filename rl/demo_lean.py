"""The demo's part about proofs in Lean: one that holds, one that doesn't, and cheats.

Everything is sent as a whole file, and plain ``lean`` is asked about the same file, so that what it
accepts can be seen beside what the service says.
"""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from assayoffice.rl import report
from assayoffice.rl.client import Client
from assayoffice.rl.results import Outcome, Verdict
from assayoffice.rl.submissions import Submission

# In a checkout; the script is not part of the installed package.
_SCRIPT = Path(__file__).resolve().parents[1] / "examples" / "lean" / "toolchain.py"
_HEADER = "assay"
_CALL_SECONDS = 60.0
_SHOWN_CHARACTERS = 500
_SCREENED = "SCREENED"
_COMMUTES, _FALSE = "(a b : Nat) : a + b = b + a", ": 2 + 2 = 5"


@dataclass(frozen=True, slots=True)
class _File:
    """A theorem and what stands before it in the file."""

    name: str
    statement: str
    proof: str
    before: str = ""

    @property
    def text(self) -> str:
        return f"{self.before}theorem target {self.statement} := {self.proof}\n"


_FILES = [
    _File(
        "proof",
        _COMMUTES,
        "by\n"
        "  induction b with\n"
        "  | zero => rw [Nat.zero_add, Nat.add_zero]\n"
        "  | succ b ih => rw [Nat.add_one, Nat.add_succ, Nat.succ_add, ih]",
    ),
    _File("mistake", _COMMUTES, "rfl"),
    _File(
        "sorry",
        _FALSE,
        "known",
        "set_option warn.sorry false\n\ntheorem known : 2 + 2 = 5 := sorryAx _ false\n\n",
    ),
    # Takes the word of compiled code for an axiom that is written nowhere.
    _File(
        "axiom",
        _FALSE,
        "absurd (by compute : lie = true) (by decide)",
        "def yes := true\n\n"
        "@[implemented_by yes] def lie := false\n\n"
        'macro "compute" : tactic => `(tactic| native_decide)\n\n',
    ),
    _File("numeral", _FALSE, "rfl", "instance (priority := 2000) : OfNat Nat 5 := ⟨4⟩\n\n"),
]


class NoLeanError(Exception):
    """There is no Lean to show; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Lean:
    """A folder with a Lean: its toolchain, compiled modules, and the file with the header."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Lean":
        """Make a small one in a new folder, which all users must be able to reach.

        Raises NoLeanError.
        """
        if not _SCRIPT.is_file():
            raise NoLeanError("the Lean of the demo is part of a checkout: run `make demo` in one")
        command = [sys.executable, str(_SCRIPT), str(folder)]
        made = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        if made.returncode:
            raise NoLeanError(" ".join(made.stderr.split())[:_SHOWN_CHARACTERS])
        return cls(folder)

    @property
    def settings(self) -> Path:
        """What the server's setting ``lean`` names."""
        return self.folder / "lean.toml"

    def accepts(self, file: str) -> bool:
        """What a grader says that puts a file behind the header and looks at the exit code."""
        headers = tomllib.loads(self.settings.read_text(encoding="utf-8"))["headers"]
        command = [str(self.folder / "toolchain" / "bin" / "lean"), "--stdin"]
        environment = {**os.environ, "LEAN_PATH": str(self.folder / "modules")}
        source = headers[_HEADER]["source"] + file
        done = subprocess.run(
            command, input=source.encode(), env=environment, capture_output=True, check=False
        )
        return done.returncode == 0


def show_proofs(console: Console, client: Client, lean: Lean) -> bool:
    """Show what becomes of the files. Returns whether only the proof is accepted."""
    results = client.verify_batch([_whole(file) for file in _FILES], timeout=_CALL_SECONDS)
    screened = [
        file for file, result in zip(_FILES, results, strict=True) if result.reason == _SCREENED
    ]
    bare = client.verify_batch([_unscreened(file) for file in screened], timeout=_CALL_SECONDS)
    unscreened = {result.id: result for result in bare}
    accepted = [lean.accepts(file.text) for file in _FILES]
    console.print(
        report.proofs_table(
            results,
            accepted,
            [unscreened.get(file.name) for file in _FILES],
            "Lean: a proof, a mistake, three cheats",
        )
    )
    console.print(
        "The screen reads words, and what it stops is never compiled. Unscreened: the same lines, "
        "sent as what the task itself brings along, which only the audit of the compiled proof "
        "looks at.",
        style="dim",
    )
    verdicts = [each for each in (*results, *bare) if isinstance(each, Verdict)]
    proof, *others = (each.outcome is Outcome.CORRECT for each in verdicts)
    # An error rejects nothing.
    told_apart = proof and not any(others) and len(verdicts) == len(results) + len(bare)
    ending = (
        Text("only what proves its statement is accepted.", "bold green")
        if told_apart
        else Text("a file got what it does not deserve.", "bold red")
    )
    exits = f" Plain `lean` exits with 0 for {sum(accepted)} of {len(results)} files."
    console.print(ending.append(exits, "default"), end="\n\n")
    return told_apart


def _whole(file: _File) -> Submission:
    task = {"statement": file.statement, "header": _HEADER, "candidate": "FILE"}
    return Submission(file.name, "lean", f"```lean\n{file.text}```", task)


def _unscreened(file: _File) -> Submission:
    """The same file for Lean; all but the proof comes with the task, which is not screened."""
    task = {"statement": file.statement, "header": _HEADER, "context": file.before}
    return Submission(file.name, "lean", f"```lean\n{file.proof}\n```", task)
