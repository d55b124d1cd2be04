"""Programs that want a reward for what they have not solved, before the verifier that gives it."""

import subprocess
import sys
from dataclasses import replace

import pytest
from battery import foreign, hacking
from battery.foreign import Script
from battery.hacking import Cheat

from assayoffice.sandbox.programs import Tier
from assayoffice.sandbox.programs.toolchains import found
from assayoffice.verifiers.base import (
    Effort,
    InvalidTaskError,
    Outcome,
    Submission,
    Verdict,
    VerifierUnavailableError,
)
from assayoffice.verifiers.code.task import CallTest, CodeTask, StdioTest
from assayoffice.verifiers.code.verifier import CodeVerifier

# Long enough for starting and ending a program to be a small part of it.
_CPU_SECONDS = 0.1


class Assay:
    """A verifier, and whether the sandbox it has is still the one it began with."""

    def __init__(self) -> None:
        self._verifier = CodeVerifier()
        for mode in hacking.TASKS:
            self.assert_honest_passes(mode)
        machine = self._verifier._machine
        assert machine is not None
        self.sandbox = machine.sandbox
        self._slots = self.sandbox.slots_started

    def verdict(self, source: str, task: CodeTask) -> Verdict:
        response = f"So:\n````{task.language}\n{source}\n````\n"
        return self._verifier.verify(Submission(response, task), Effort.FULL)

    def assert_honest_passes(self, mode: str) -> None:
        verdict = self.verdict(hacking.HONEST[mode], hacking.TASKS[mode])
        assert verdict.outcome is Outcome.CORRECT, verdict

    def assert_unharmed(self, mode: str) -> None:
        assert self.sandbox.slots_started == self._slots, "a slot had to be replaced"
        self.assert_honest_passes(mode)


@pytest.fixture(scope="module")
def assay():
    made = Assay()
    yield made
    made.sandbox.close()


_TRIALS = [(cheat, mode) for cheat in hacking.CHEATS for mode in cheat.modes]


@pytest.mark.parametrize(("cheat", "mode"), _TRIALS, ids=str)
def test_program_that_solves_nothing_gains_nothing(assay: Assay, cheat: Cheat, mode: str) -> None:
    verdict = assay.verdict(cheat.source, hacking.TASKS[mode])
    assert verdict.outcome in (Outcome.INCORRECT, Outcome.LIMIT_EXCEEDED), verdict
    assert verdict.score == 0
    assert len(verdict.explanation) < 10_000
    # Twice the same, or the program has influenced more than itself.
    assert assay.verdict(cheat.source, hacking.TASKS[mode]) == verdict
    assay.assert_unharmed(mode)


@pytest.mark.parametrize(
    ("language", "cheat"), foreign.STDIO_CHEATS, ids=lambda text: text.split("\n")[0][:24]
)
def test_program_in_another_language_gains_nothing(assay: Assay, language: str, cheat: str) -> None:
    task = replace(
        hacking.TASKS["stdio"], language=language, cpu_seconds=5.0, memory_bytes=512 << 20
    )
    if language not in found() or assay.sandbox.tier is Tier.LANDLOCK:
        with pytest.raises(VerifierUnavailableError):
            assay.verdict(cheat, task)
        return
    verdict = assay.verdict(cheat, task)
    assert verdict.outcome is Outcome.INCORRECT, verdict
    assert verdict.score == 0
    assay.assert_unharmed("stdio")


@pytest.mark.parametrize("script", foreign.SCRIPTS, ids=str)
def test_program_does_not_pass_a_script_by_ending_it(assay: Assay, script: Script) -> None:
    task = CodeTask(script=script.test, language=script.language, cpu_seconds=5.0)
    if script.language not in found() or assay.sandbox.tier is Tier.LANDLOCK:
        with pytest.raises(VerifierUnavailableError):
            assay.verdict(script.honest, task)
        return
    assert assay.verdict(script.honest, task).outcome is Outcome.CORRECT
    for cheat in script.cheats:
        verdict = assay.verdict(cheat, task)
        assert verdict.outcome is Outcome.INCORRECT, (cheat, verdict)
        assert verdict.integrity == "in_process"
    assay.assert_unharmed("stdio")


@pytest.mark.parametrize("mode", ["stdio", "calls"])
def test_no_tests_are_no_pass(assay: Assay, mode: str) -> None:
    with pytest.raises(InvalidTaskError):
        assay.verdict(hacking.HONEST[mode], replace(hacking.TASKS[mode], **{mode: ()}))


def test_argument_that_is_to_be_changed_is_compared_itself(assay: Assay) -> None:
    task = CodeTask(
        calls=(CallTest("[[2, 1, 3], 0]", "[1, 2, 3]"),), entry_point="f", compare_argument=0
    )
    assert assay.verdict("def f(x, y):\n    x.sort()", task).outcome is Outcome.CORRECT
    for body in (
        "return [1, 2, 3]",
        "x = [1, 2, 3]",
        "x.clear()",
        "x[:] = type('All', (list,), {'__eq__': lambda *_: True})()",
    ):
        verdict = assay.verdict(f"def f(x, y):\n    {body}", task)
        assert verdict.outcome is Outcome.INCORRECT, verdict


def test_every_test_is_judged_by_itself(assay: Assay) -> None:
    source = "import os\nif '20' in input():\n    os.abort()\nprint(3)"
    task = replace(
        hacking.TASKS["stdio"],
        run_all=True,
        stdio=(
            StdioTest("1 2\n", "3\n"),
            StdioTest("20 22\n", "42\n"),
            StdioTest("-5 5\n", "0\n"),
        ),
    )
    verdict = assay.verdict(source, task)
    assert verdict.outcome is Outcome.INCORRECT
    assert verdict.reason == "RUNTIME_ERROR"
    assert [check.passed for check in verdict.checks] == [True, False, False]
    assert "RUNTIME_ERROR" in verdict.checks[1].detail
    assert "WRONG_ANSWER" in verdict.checks[2].detail


@pytest.fixture
def busy_host():
    """A host on which every program has to share its processor."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for burner in burners:
        burner.kill()
        burner.wait()


@pytest.mark.heavy
def test_time_limit_is_one_of_cpu_time_however_busy_the_host_is(
    assay: Assay, busy_host: None
) -> None:
    task = CodeTask(stdio=(StdioTest("1 2\n", "3\n"),), cpu_seconds=_CPU_SECONDS)
    seen: dict[float, set[str]] = {}
    for share in (0.9, 1.1, 3.0):
        source = (
            "import time\n"
            f"while time.process_time() < {share * _CPU_SECONDS}:\n    pass\n"
            "print(sum(map(int, input().split())))"
        )
        seen[share] = {assay.verdict(source, task).reason for _ in range(20)}
    assert seen == {0.9: {"PASSED"}, 1.1: {"CPU_TIME"}, 3.0: {"CPU_TIME"}}
    assay.assert_unharmed("stdio")
