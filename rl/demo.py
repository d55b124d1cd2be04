"""``assay demo``: shipped responses judged over gRPC, cheats found, a hostile batch survived.

``make demo`` runs it. Everything it shows went through a real server process.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from assayoffice.rl import report
from assayoffice.rl.client import Client
from assayoffice.rl.demo_lean import Lean, NoLeanError, show_proofs
from assayoffice.rl.embedded import EmbeddedServer, EmbeddedServerError
from assayoffice.rl.errors import ServiceError
from assayoffice.rl.results import ItemError, Outcome, Verdict
from assayoffice.rl.rows import RowForm, rows
from assayoffice.rl.scoring import judge
from assayoffice.rl.sources import UnreadableFileError, open_source
from assayoffice.rl.submissions import Submission

# In a checkout; the file is not part of the installed package.
_FILE = Path(__file__).resolve().parents[1] / "examples" / "responses.jsonl"
_START_SECONDS = 180.0
_CALL_SECONDS = 60.0
_SHOWN_ERRORS = 5
_SHOWN_CHARACTERS = 300

_TOWER = "Surely \\boxed{" + "9^{" * 40 + "9" + "}" * 40 + "}"
_NESTED = "\\boxed{" + "\\sqrt{1+" * 1500 + "1" + "}" * 1500 + "}"
_DIGITS = "\\boxed{" + "9" * 900_000 + "}"
_TESTS = """
def check(candidate):
    assert candidate("level") == True
    assert candidate("assay") == False

check(is_palindrome)
"""
_PROGRAMS = {
    "honest program": "def is_palindrome(text):\n    return text == text[::-1]\n",
    "equal to everything": (
        "class Yes:\n    def __eq__(self, other):\n        return True\n\n"
        "def is_palindrome(text):\n    return Yes()\n"
    ),
    "gone before the test": "import os\n\ndef is_palindrome(text):\n    os._exit(0)\n",
}
_HEALTHY = r"Half of a half is a quarter, so the answer is \boxed{0.25}."

app = typer.Typer()


@app.command()
def demo(
    file: Annotated[Path, typer.Argument(help="Rows to show.", show_default=False)] = _FILE,
) -> None:
    """Start a service, judge responses, programs and proofs, survive a hostile batch, stop."""
    console = Console(highlight=False)
    try:
        with tempfile.TemporaryDirectory(prefix="assay-demo-") as folder:
            _demo(console, file, _lean(Path(folder)))
    except UnreadableFileError as error:
        console.print(f"error: {error}", style="bold red", markup=False)
        raise typer.Exit(2) from None
    except (ServiceError, EmbeddedServerError) as error:
        console.print(f"error: {error}", style="bold red", markup=False)
        raise typer.Exit(4) from None


def _lean(folder: Path) -> Lean | str:
    """A Lean in a folder, or why there is none."""
    folder.chmod(0o755)  # sandboxes run as other users
    try:
        return Lean.make(folder / "lean")
    except NoLeanError as error:
        return str(error)


def _demo(console: Console, file: Path, lean: Lean | str) -> None:
    flags = () if isinstance(lean, str) else ("--lean", str(lean.settings))
    start = time.monotonic()
    with (
        EmbeddedServer(start_seconds=_START_SECONDS, flags=flags) as ready,
        Client(ready.endpoint) as client,
    ):
        seconds = time.monotonic() - start
        states = ", ".join(f"{name} {state}" for name, state in ready.verifiers.items())
        console.print(f"[bold]Serving on {ready.endpoint}[/] after {seconds:.1f} s: {states}\n")
        _show_responses(console, client, file)
        if ready.verifiers.get("code") == "SERVING":
            _show_programs(console, client)
        else:
            console.print("Programs cannot be judged here: `assay doctor` says why.\n")
        _show_proofs(console, client, lean)
        _show_survival(console, client)
    console.print("Server stopped.")


def _show_responses(console: Console, client: Client, file: Path) -> None:
    with open_source(str(file)) as source:
        start = time.monotonic()
        judged = judge(
            client, rows(source.records, RowForm(source.name)), timeout=_CALL_SECONDS, concurrency=1
        )
        results = [result for _, result in judged]
        milliseconds = (time.monotonic() - start) * 1000
    console.print(report.results_table(results, f"{file.name}: what models write"))
    failed = [each for each in results if isinstance(each, ItemError)]
    if failed:
        console.print(report.errors_list(failed[:_SHOWN_ERRORS]))
    console.print(
        f"{len(results) - len(failed)} verdicts in {milliseconds:.0f} ms; {len(failed)} without a "
        "score, because what is not the model's fault must not cost it points.\n"
    )


def _show_programs(console: Console, client: Client) -> None:
    start = time.monotonic()
    results = client.verify_batch(
        [
            Submission(name, "code", f"```python\n{program}```", {"asserts": _TESTS})
            for name, program in _PROGRAMS.items()
        ],
        timeout=_CALL_SECONDS,
    )
    milliseconds = (time.monotonic() - start) * 1000
    console.print(report.results_table(results, "Programs: one that works, two that cheat"))
    taken_in = [name for name, program in _PROGRAMS.items() if _passes_in_process(program)]
    honest, *cheats = (
        isinstance(each, Verdict) and each.outcome is Outcome.CORRECT for each in results
    )
    told_apart = honest and not any(cheats)
    ending = (
        Text("only the program that works passes.", "bold green")
        if told_apart
        else Text("a program got what it does not deserve.", "bold red")
    )
    console.print(
        Text(f"{milliseconds:.0f} ms; ")
        .append_text(ending)
        .append(
            f" Run with its tests in one process, {len(taken_in)} of {len(results)} exit with 0."
        ),
        end="\n\n",
    )
    if not told_apart:
        raise typer.Exit(1)


def _passes_in_process(program: str) -> bool:
    """What a grader says that appends the tests to a program and looks at the exit code."""
    command = [sys.executable, "-I", "-c", program + _TESTS]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _show_proofs(console: Console, client: Client, lean: Lean | str) -> None:
    if isinstance(lean, Lean):
        listed = client.list_verifiers(timeout=_CALL_SECONDS)
        (verifier,) = (each for each in listed if each.name == "lean")
        if verifier.serving:
            if not show_proofs(console, client, lean):
                raise typer.Exit(1)
            return
        lean = verifier.detail[:_SHOWN_CHARACTERS]
    console.print(f"Proofs cannot be judged here: {lean}", markup=False, end="\n\n")


def _show_survival(console: Console, client: Client) -> None:
    quarter = {"reference": r"\frac{1}{4}"}
    batch = [
        Submission("healthy neighbour 1", "numeric", _HEALTHY, quarter),
        Submission("tower of 41 powers", "numeric", _TOWER, quarter),
        Submission("1500 nested roots", "numeric", _NESTED, quarter),
        Submission("900,000 digits", "numeric", _DIGITS, quarter),
        Submission("healthy neighbour 2", "numeric", _HEALTHY, quarter),
    ]
    start = time.monotonic()
    results = client.verify_batch(batch, timeout=_CALL_SECONDS)
    seconds = time.monotonic() - start
    console.print(report.results_table(results, "A hostile batch"))
    unharmed = all(
        isinstance(each, Verdict) and each.outcome is Outcome.CORRECT
        for each in (results[0], results[-1])
    )
    ending = (
        Text("both neighbours judged, nothing scored by force.", "bold green")
        if unharmed
        else Text("a neighbour was harmed.", "bold red")
    )
    console.print(Text(f"{seconds:.2f} s; ").append_text(ending), end="\n\n")
    if not unharmed:
        raise typer.Exit(1)
