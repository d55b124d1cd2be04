"""What is made of what a REPL, leanchecker and the comparator say.

None of them is on the machines these tests run on, so these are fakes, and prove that they are
started and read as documented: `assay lean-selftest` tries the real ones. The sandbox is real.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lean_toolchain import headers

from assayoffice.sandbox.programs import RunLimits, Sandbox, SandboxFailure, SandboxSettings
from assayoffice.verifiers.lean.backends import toolchain, tools
from assayoffice.verifiers.lean.backends.checkers import Comparator, LeanChecker
from assayoffice.verifiers.lean.backends.kernel import ReplayLimit
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable, Proof
from assayoffice.verifiers.lean.backends.repl import ReplFirstPass
from assayoffice.verifiers.lean.compiled.terms import Terms
from assayoffice.verifiers.lean.settings import STANDARD_AXIOMS, Header

LIMITS = RunLimits(cpu_seconds=10.0, wall_seconds=31.0, output_bytes=1 << 20)
SOURCE = "theorem t : 1 + 1 = 2 := rfl\n"
PROOF = Proof(
    target=("Assay", "t"),
    imports=(),
    terms=Terms(),
    constants=(),
    olean=b"olean of the proof",
    reference=b"olean of the statement",
)

# From the documentation of the REPL.
ERROR = """{"sorries":
 [{"pos": {"line": 1, "column": 18},
   "endPos": {"line": 1, "column": 23},
   "goal": "\\u22a2 Nat",
   "proofState": 0}],
 "messages":
 [{"severity": "error",
   "pos": {"line": 3, "column": 23},
   "endPos": {"line": 1, "column": 26},
   "data":
   "type mismatch\\n  rfl\\nhas type\\n  f = f : Prop"}],
 "env": 6}
"""
SORRY = """{"sorries":
 [{"proofState": 0,
   "pos": {"line": 1, "column": 29},
   "goal": "x : Unit\\n\\u22a2 Nat",
   "endPos": {"line": 1, "column": 34}}],
 "messages":
 [{"severity": "warning",
   "pos": {"line": 1, "column": 4},
   "endPos": {"line": 1, "column": 5},
   "data": "declaration uses 'sorry'"}],
 "env": 0}
"""
EXPORTED = 'case "$1" in AssayofficeSolution) echo solution;; *) echo challenge;; esac'
OKAY = "echo 'Your solution is okay!'"

Fake = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not pytest's own: other users, which sandboxes run as, cannot get there.
    made = Path(tempfile.mkdtemp(prefix="assayoffice-fake-lean-"))
    made.chmod(0o755)
    (made / "bin").mkdir()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def fake(folder: Path) -> Iterator[Fake]:
    """Write a fake program of the toolchain, in sh."""

    def write(name: str, script: str) -> Path:
        program = folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    yield write
    for program in (folder / "bin").iterdir():
        if program.name != "lean":
            program.unlink()


@pytest.fixture(scope="module")
def sandbox(folder: Path) -> Iterator[Sandbox]:
    (folder / "bin" / "lean").touch()
    header = Header("fake", folder, "", repl=folder / "bin" / "repl")
    with toolchain.sandbox_for(header, SandboxSettings()) as made:
        yield made


def test_programs_find_the_toolchain_and_the_modules():
    header = headers()["assay"]
    source = b"prelude\nimport Assay\n#print axioms And.intro\n"
    with toolchain.sandbox_for(header, SandboxSettings()) as real:
        result = tools.run(
            real,
            ["/bin/sh", "-c", "[ -x $LEAN_SYSROOT/bin/lean ] && lean A.lean"],
            LIMITS,
            path=toolchain.places(header),
            files={"A.lean": source},
        )
    assert b"'And.intro' does not depend on any axioms" in result.stdout


class TestRepl:
    @pytest.fixture
    def objection(self, sandbox: Sandbox, fake: Fake) -> Callable[..., str]:
        def say(script: str, **limits: float) -> str:
            first_pass = ReplFirstPass(sandbox, fake("repl", script), ("/lean-path/0",))
            return first_pass.objection(SOURCE, replace(LIMITS, **limits))

        return say

    def test_error_is_told_with_its_line(self, objection):
        assert objection(f"cat <<'END'\n{ERROR}END").startswith("line 3: type mismatch\n  rfl")

    def test_sorry_is_no_proof(self, objection):
        assert objection(f"cat <<'END'\n{SORRY}END") == "line 1: the proof uses sorry"

    def test_nothing_is_said_against_a_proof(self, objection):
        assert objection("echo '{\"env\": 0}'") == ""

    def test_warnings_are_no_objection(self, objection):
        reply = {"messages": [{"severity": "warning", "data": "unused variable"}], "env": 0}
        assert objection(f"echo '{json.dumps(reply)}'") == ""

    def test_error_is_found_between_what_the_source_prints(self, objection):
        noise = "echo 'Processing {'; echo '{'; echo '{\"a\": 1}'; echo '[1]'"
        assert objection(f"{noise}\ncat <<'END'\n{ERROR}END").startswith("line 3: type mismatch")

    @pytest.mark.parametrize(
        "script",
        [
            "exit 0",
            "echo nonsense",
            'echo \'{"messages": 1, "sorries": {}}\'',
            'echo \'{"messages": ["error", {"severity": ["error"]}], "sorries": [1]}\'',
            'echo \'{"message": "unknown package"}\'',
            "head -c 900000 /dev/zero | tr '\\0' '{'",
            "yes '{\"a\":' | head -c 900000",
            "yes '{' | head -c 4000000",
            "kill -9 $$",
            f"cat <<'END'\n{ERROR}END\nexit 1",
        ],
    )
    def test_what_cannot_be_understood_is_no_objection(self, objection, script):
        assert objection(script) == ""

    def test_hanging_is_no_objection(self, objection):
        script = f"cat <<'END'\n{ERROR}END\nsleep 60"
        started = time.monotonic()
        assert objection(script, wall_seconds=0.3) == ""
        assert 0.3 <= time.monotonic() - started < 30

    def test_is_given_the_source_and_the_modules_and_then_the_end_of_input(self, objection):
        expected = json.dumps({"cmd": SOURCE})
        script = f"""[ "$(cat)" = '{expected}' ] && [ "$LEAN_PATH" = /tmp:/lean-path/0 ] &&
            echo '{{"messages": [{{"severity": "error", "data": "seen"}}]}}'"""
        assert objection(script) == "seen"

    def test_missing_program(self, sandbox, folder):
        with pytest.raises(LeanUnavailable, match=r"bin/repl is not there; build the REPL"):
            ReplFirstPass(sandbox, folder / "bin" / "repl").objection(SOURCE, LIMITS)

    def test_program_that_does_not_start(self, sandbox, fake):
        program = fake("repl", "")
        program.chmod(0o644)
        with pytest.raises(LeanUnavailable, match="repl does not start: .*Permission denied"):
            ReplFirstPass(sandbox, program).objection(SOURCE, LIMITS)


class TestLeanChecker:
    @pytest.fixture
    def objection(self, sandbox: Sandbox, folder: Path, fake: Fake) -> Callable[..., str]:
        def say(script: str, **limits: float) -> str:
            fake("leanchecker", script)
            return LeanChecker(sandbox, folder).objection(PROOF, replace(LIMITS, **limits))

        return say

    def test_accepts_the_module_that_was_compiled(self, objection):
        script = """[ "$(cat /tmp/AssayofficeSolution.olean)" = 'olean of the proof' ] &&
            [ "$*" = '--verbose AssayofficeSolution' ] && echo "replaying $2" """
        assert objection(script) == ""

    def test_rejects_what_the_kernel_does(self, objection):
        script = """echo 'replaying AssayofficeSolution'
            echo 'leanchecker found a problem in AssayofficeSolution' >&2
            echo 'uncaught exception: (kernel) declaration type mismatch' >&2; exit 1"""
        assert objection(script) == "(kernel) declaration type mismatch"

    def test_death_is_no_acceptance(self, objection):
        script = "echo 'replaying AssayofficeSolution'; kill -SEGV $$"
        assert objection(script) == "leanchecker died of signal 11"

    def test_being_killed_is_neither(self, objection):
        with pytest.raises(SandboxFailure, match="leanchecker died of signal 9"):
            objection("echo 'replaying AssayofficeSolution'; kill -KILL $$")

    def test_limit_that_is_used_up_is_told_by_its_name(self, objection):
        with pytest.raises(ReplayLimit) as error:
            objection("while :; do :; done", cpu_seconds=0.2)
        assert error.value.limit == "CPU_TIME"

    @pytest.mark.parametrize("script", ["exit 0", "echo 'replaying Another'", "exit 1"])
    def test_what_it_does_not_say_is_neither(self, objection, script):
        with pytest.raises(LeanUnavailable, match="leanchecker is not the program we know"):
            objection(script)

    def test_missing_program(self, sandbox, folder):
        with pytest.raises(LeanUnavailable, match=r"no bin/leanchecker; it comes with Lean 4\.28"):
            LeanChecker(sandbox, folder).objection(PROOF, LIMITS)


class TestComparator:
    @pytest.fixture
    def objection(self, sandbox: Sandbox, folder: Path, fake: Fake) -> Callable[..., str]:
        def say(lake: str, leanexport: str = EXPORTED) -> str:
            for name, script in (
                ("lake", lake),
                ("leanexport", leanexport),
                ("leanchecker", "exit 1"),
            ):
                fake(name, script)
            return Comparator(sandbox, folder, (), STANDARD_AXIOMS).objection(PROOF, LIMITS)

        return say

    def test_compares_the_two_exports(self, objection):
        lake = f"""[ "$*" = 'comparator --config=comparator.json \
--challenge-from-export=challenge.ndjson --solution-from-export=solution.ndjson \
--inadvisably-no-sandbox' ] && grep -q challenge challenge.ndjson &&
            grep -q solution solution.ndjson && {OKAY}"""
        assert objection(lake) == ""

    def test_names_the_theorem_and_the_axioms(self, objection):
        wanted = {
            "challenge_module": "AssayofficeChallenge",
            "solution_module": "AssayofficeSolution",
            "theorem_names": ["Assay.t"],
            "permitted_axioms": list(STANDARD_AXIOMS),
        }
        assert objection(f"[ \"$(cat comparator.json)\" = '{json.dumps(wanted)}' ] && {OKAY}") == ""

    def test_exports_what_the_statement_and_the_kernel_rest_on(self, objection):
        leanexport = 'cat "/tmp/$1.olean"; echo; shift; echo "$*"'
        lake = f"""grep -q 'olean of the statement' challenge.ndjson &&
            grep -q 'olean of the proof' solution.ndjson &&
            grep -q -e '-- Quot Quot.mk .*Assay.t Classical.choice .*Nat.add' solution.ndjson &&
            {OKAY}"""
        assert objection(lake, leanexport) == ""

    def test_rejects_with_its_error(self, objection):
        lake = "echo \"error: Illegal axiom 'sorryAx'\" >&2; exit 1"
        assert objection(lake) == "Illegal axiom 'sorryAx'"

    def test_cannot_run_is_no_rejection(self, objection):
        lake = "echo 'error: `lake comparator` needs `git` on PATH' >&2; exit 2"
        with pytest.raises(LeanUnavailable, match="needs `git` on PATH"):
            objection(lake)

    def test_exit_code_without_the_words_is_no_acceptance(self, objection):
        with pytest.raises(LeanUnavailable, match="lake comparator cannot be used"):
            objection("exit 0")

    def test_export_that_fails_is_no_rejection(self, objection):
        with pytest.raises(LeanUnavailable, match="leanexport fails: unknown constant"):
            objection(OKAY, "echo 'uncaught exception: unknown constant' >&2; exit 1")

    def test_death_of_the_exporter_is_no_acceptance(self, objection):
        assert objection(OKAY, "kill -SEGV $$") == "leanexport died of signal 11"

    def test_missing_program(self, sandbox, folder, fake):
        fake("lake", OKAY)
        with pytest.raises(LeanUnavailable, match=r"no bin/leanexport; it comes with Lean 4\.35"):
            Comparator(sandbox, folder).objection(PROOF, LIMITS)
