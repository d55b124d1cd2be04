"""What programs say about rewrites, from trials to conclusions, in real sandboxes."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from assayoffice.sandbox.programs import SandboxFailure, SandboxUnavailable
from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.server.rewrites import program_checks
from assayoffice.server.rewrites.tried import Concluded, Tried
from assayoffice.v1 import rewrite_pb2
from assayoffice.verifiers.base import (
    Effort,
    SandboxFailedError,
    Submission,
    VerifierUnavailableError,
)
from assayoffice.verifiers.code import CallTest, CodeTask, CodeVerifier, StdioTest
from assayoffice.verifiers.extract import MAX_RESPONSE_CHARACTERS
from assayoffice.verifiers.rewrites import key, program_trials
from assayoffice.verifiers.rewrites.key import KeyRun, KeyStatus
from assayoffice.verifiers.rewrites.rewrite import Key
from assayoffice.verifiers.rewrites.trials import Part, Trial

PASSED = rewrite_pb2.CHECK_STATE_PASSED
FAILED = rewrite_pb2.CHECK_STATE_FAILED
UNDECIDED = rewrite_pb2.CHECK_STATE_UNDECIDED
NOT_APPLICABLE = rewrite_pb2.CHECK_STATE_NOT_APPLICABLE

CLAMP = """Values beyond the bounds become the bounds.
```python
def clamp(value, low, high):
    if value < low:
        return low
    if value > high:
        return high
    return value
```
"""
WELL_TESTED = CodeTask(
    entry_point="clamp",
    calls=(
        CallTest("[5, 0, 9]", "5"),
        CallTest("[-1, 0, 9]", "0"),
        CallTest("[12, 0, 9]", "9"),
        CallTest("[0, 0, 9]", "0"),
        CallTest("[9, 0, 9]", "9"),
    ),
)
POORLY_TESTED = replace(WELL_TESTED, calls=(*WELL_TESTED.calls[:1], CallTest("[6, 0, 9]", "6")))
TESTED_ONCE = replace(WELL_TESTED, calls=WELL_TESTED.calls[:1])
SQUARES = "```python\nn = int(input())\nfor i in range(1, n + 1):\n    print(i * i)\n```"
PRINTS = CodeTask(stdio=(StdioTest("3\n", "1\n4\n9\n"), StdioTest("0\n", ""), StdioTest("1", "1")))


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with closing(CodeVerifier()) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def the_sandbox_of_keys_ends_with_the_tests() -> Iterator[None]:
    yield
    key.close()


@pytest.fixture(scope="module")
def tests_of(verifier):
    """The check of a task and a reference solution, as the service makes it."""

    def check(task: CodeTask, solution: str, mutation_score: float = 0.8) -> Concluded:
        tried = [
            judged(verifier, task, trial) for trial in program_trials.trials(task, solution, ())
        ]
        return program_checks.tests("code", tried, bool(solution), mutation_score)

    return check


def judged(verifier: CodeVerifier, task: CodeTask, trial: Trial) -> Tried:
    verdict = verifier.verify(Submission(trial.response, trial.task or task), Effort.FULL)
    return Tried(
        trial.part.value,
        trial.label,
        trial.text,
        trial.accepted,
        verdict.outcome.value,
        verdict.reason,
        verdict.explanation,
    )


def survivors(concluded: Concluded) -> set[str]:
    return {each.text for each in concluded.check.evidence}


class TestTests:
    def test_good_ones_fail_all_mutants(self, tests_of):
        concluded = tests_of(WELL_TESTED, CLAMP)
        assert (concluded.check.name, concluded.check.state) == ("tests", PASSED)
        assert concluded.check.reason == "MUTANTS_KILLED"
        assert concluded.value == concluded.check.figures["mutation_score"] == 1.0
        assert concluded.check.figures["mutants"] == concluded.check.figures["killed"] >= 6
        assert not concluded.check.evidence

    def test_weak_ones_let_mutants_through_which_are_listed(self, tests_of):
        concluded = tests_of(POORLY_TESTED, CLAMP)
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "MUTANTS_SURVIVE")
        assert concluded.value == concluded.check.figures["mutation_score"] < 0.8
        assert "return low  ->  return None" in survivors(concluded)
        assert {each.label for each in concluded.check.evidence} >= {"return, line 3"}
        assert not any(each.expected for each in concluded.check.evidence)
        assert "less than 80%" in concluded.check.explanation

    def test_what_the_solution_asserts_of_itself_makes_no_tests_good(self, tests_of):
        own = "assert [clamp(n, 0, 9) for n in (-1, 0, 9, 10)] == [0, 0, 9, 9]"
        careful = CLAMP.replace("return value\n", f"return value\n{own}\n")
        plain, checked = tests_of(POORLY_TESTED, CLAMP), tests_of(POORLY_TESTED, careful)
        assert checked.check.reason == "MUTANTS_SURVIVE"
        assert checked.value == plain.value

    def test_how_many_must_fail_is_for_the_caller_to_say(self, tests_of):
        assert tests_of(POORLY_TESTED, CLAMP, mutation_score=0.3).check.state == PASSED

    def test_one_that_a_constant_passes_is_none_whatever_the_score(self, tests_of):
        concluded = tests_of(TESTED_ONCE, CLAMP, mutation_score=0.0)
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "MUTANTS_SURVIVE")
        assert "first answer" in {each.label for each in concluded.check.evidence}
        assert "whatever it is asked" in concluded.check.explanation

    def test_of_what_is_printed(self, tests_of):
        assert tests_of(PRINTS, SQUARES).value == 1.0
        same = replace(PRINTS, stdio=(StdioTest("2", "1\n4"), StdioTest("2\n", "1\n4")))
        assert "first answer" in {each.label for each in tests_of(same, SQUARES).check.evidence}

    def test_of_a_method_of_a_class(self, tests_of):
        solution = CLAMP.replace("def clamp(", "class Solution:\n  def clamp(self, ")
        solution = solution.replace("\n    ", "\n      ")
        task = replace(WELL_TESTED, entry_point="Solution().clamp")
        concluded = tests_of(task, solution)
        assert concluded.value == 1.0
        assert concluded.check.figures["mutants"] >= 6

    @pytest.mark.parametrize("prefix", ["def double(n):\n    '''Twice n.'''\n", "import math\n"])
    def test_of_assertions_after_a_prefix(self, tests_of, prefix):
        own = "" if "def" in prefix else "def double(n):\n"
        task = CodeTask(
            asserts="assert double(3) == 6\nassert double(-1) == -2",
            entry_point="double",
            prefix=prefix,
        )
        concluded = tests_of(task, f"```python\n{own}    return n + n\n```")
        assert (concluded.check.state, concluded.value) == (PASSED, 1.0)
        assert concluded.check.figures["mutants"] >= 2

    def test_that_the_solution_fails(self, tests_of):
        concluded = tests_of(WELL_TESTED, CLAMP.replace("return low", "return high"))
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "SOLUTION_FAILS")
        assert concluded.value == 0.0
        assert "test 2: WRONG_ANSWER" in concluded.check.explanation

    @pytest.mark.parametrize("solution", ["No program.", "```python\ndef clamp(:\n```"])
    def test_solution_that_is_no_program(self, tests_of, solution):
        assert tests_of(WELL_TESTED, solution).check.reason == "SOLUTION_FAILS"

    def test_solution_that_needs_its_time_says_nothing_of_mutants(self, verifier):
        slow = "import time\nwhile time.process_time() < 1.5: pass\nprint(int(input()) ** 2)"
        task = CodeTask(stdio=(StdioTest("3", "9"), StdioTest("2", "4")), cpu_seconds=4.0)
        trials = program_trials.trials(task, f"```python\n{slow}\n```", ())
        mutants = [trial for trial in trials if trial.part is Part.MUTATED_SOLUTION]
        tried = [judged(verifier, task, trial) for trial in trials if trial not in mutants]
        assert [each.reason for each in tried] == ["PASSED", "CPU_TIME"]
        # They would fail as the control does.
        tried += [
            Tried(mutant.part.value, mutant.label, mutant.text, False, "LIMIT_EXCEEDED", "CPU_TIME")
            for mutant in mutants
        ]
        concluded = program_checks.tests("code", tried, True, 0.8)
        assert (concluded.check.state, concluded.check.reason) == (UNDECIDED, "NO_MUTANTS")
        assert concluded.value == 0.5
        assert "a fifth of the CPU time" in concluded.check.explanation

    @pytest.mark.heavy
    def test_program_in_a_language_like_c(self, tests_of):
        solution = """```cpp
#include <cstdio>
#include <vector> // 1 + 1 == 2
int main() {
    int n;
    if (scanf("%d", &n) != 1) return 1;
    std::vector<int> found;
    for (int i = 1; i <= n; i++) found.push_back(i * i);
    for (int each : found) printf("%d\\n", each);
}
```"""
        concluded = tests_of(replace(PRINTS, language="cpp"), solution, mutation_score=0.6)
        assert (concluded.check.state, concluded.check.reason) == (PASSED, "MUTANTS_KILLED")
        assert 5 <= concluded.check.figures["killed"] <= concluded.check.figures["mutants"] <= 13

    def test_what_does_not_compile_is_no_mutant(self):
        tried = [
            Tried("SOLUTION", "solution", "", True, "CORRECT", "PASSED"),
            Tried("MUTATED_SOLUTION", "constant, line 1", "", False, "INCORRECT", "COMPILE_ERROR"),
            Tried("MUTATED_SOLUTION", "constant, line 2", "", False, "INCORRECT", "WRONG_ANSWER"),
            Tried("MUTATED_SOLUTION", "constant, line 3", "", False, "CORRECT", "PASSED"),
        ]
        figures = program_checks.tests("code", tried, True, 0.8).check.figures
        assert dict(figures) == {"mutants": 2, "killed": 1, "mutation_score": 0.5}

    def test_program_in_another_language_has_no_mutants(self, tests_of):
        task = replace(PRINTS, language="bash")
        solution = "```bash\nread n\nfor ((i = 1; i <= n; i++)); do echo $((i * i)); done\n```"
        concluded = tests_of(task, solution)
        assert (concluded.check.state, concluded.check.reason) == (UNDECIDED, "NO_MUTANTS")
        assert concluded.value == 0.5

    def test_a_constant_is_one_in_any_language(self, tests_of):
        task = replace(PRINTS, language="bash", stdio=PRINTS.stdio[:1])
        solution = "```bash\nread n\nfor ((i = 1; i <= n; i++)); do echo $((i * i)); done\n```"
        assert tests_of(task, solution).check.reason == "MUTANTS_SURVIVE"

    def test_without_a_solution(self, tests_of):
        concluded = tests_of(WELL_TESTED, "")
        assert (concluded.check.state, concluded.check.reason) == (UNDECIDED, "NO_SOLUTION")
        assert concluded.value == 0.5

    def test_that_could_not_be_tried_are_not_passed(self):
        assert program_checks.tests("code", [], True, 0.0).check.reason == "SOLUTION_FAILS"

    def test_other_verifiers_have_none(self):
        concluded = program_checks.tests("numeric", [], False, 0.8)
        assert (concluded.check.state, concluded.value) == (NOT_APPLICABLE, 1.0)


class TestTrials:
    def test_are_the_same_each_time(self):
        first = program_trials.trials(WELL_TESTED, CLAMP, ("```python\n1\n```",))
        assert first == program_trials.trials(WELL_TESTED, CLAMP, ("```python\n1\n```",))
        assert [trial.accepted for trial in first if trial.part is Part.WRONG_ANSWER] == [False]
        assert sum(trial.part is Part.MUTATED_SOLUTION for trial in first) <= 25

    def test_endless_mutants_have_less_time_and_stop_at_the_first_failure(self):
        task = replace(WELL_TESTED, cpu_seconds=10.0, partial_credit=True, run_all=True)
        solution, *others = program_trials.trials(task, CLAMP, ())
        assert solution.task is None and solution.response == CLAMP
        for trial in others:
            assert trial.task.cpu_seconds == 2.0
            assert not trial.task.partial_credit and not trial.task.run_all
        least = program_trials.trials(replace(WELL_TESTED, cpu_seconds=0.5), CLAMP, ())
        assert least[-1].task.cpu_seconds == 0.5

    def test_an_endless_mutant_is_killed_soon(self, verifier):
        count = "```python\nn = int(input())\ni = 0\nwhile i < n:\n    i += 1\nprint(i)\n```"
        task = CodeTask(stdio=tuple(StdioTest(f"{n}", f"{n}") for n in range(1, 9)))
        trials = program_trials.trials(task, count, ())
        endless = next(trial for trial in trials if trial.text == "i += 1  ->  pass")
        started = time.monotonic()
        assert judged(verifier, task, endless).reason == "CPU_TIME"
        assert time.monotonic() - started < 8.0

    @pytest.mark.parametrize(
        "solution",
        [
            "x" * (MAX_RESPONSE_CHARACTERS + 1),
            "```python\n" + "(" * 400_000 + "\n```",
            "```python\nx = " + "-" * 20_000 + "1\n```",
            "```python\n" + "n += 1\n" * 5000 + "```",
        ],
        ids=["too long", "unbalanced", "nested", "long"],
    )
    def test_hostile_solutions_cost_little(self, solution):
        started = time.process_time()
        trials = program_trials.trials(WELL_TESTED, solution, ())
        assert {trial.label for trial in trials} <= {"solution", program_trials.CONSTANT}
        assert time.process_time() - started < 1.0

    @pytest.mark.parametrize("entry_point", ["f; import os", "a.b.c", "", "1", "f("])
    def test_hostile_entry_points_make_no_program(self, entry_point):
        task = replace(WELL_TESTED, entry_point=entry_point)
        labels = {trial.label for trial in program_trials.trials(task, CLAMP, ())}
        assert program_trials.CONSTANT not in labels


class TestKey:
    @pytest.mark.parametrize(
        ("source", "language", "output"),
        [
            ("print(sum(range(5)) + 3)", "python", "13"),
            ("import sys\nprint(repr(sys.stdin.read()), 13)", "python", "'' 13"),
            ("print(' 1\\n2 ' + '\\n')", "python", "1\n2"),
            ("echo $((6 + 7))", "bash", "13"),
            ('#include <cstdio>\nint main() { puts("13"); }', "cpp", "13"),
        ],
    )
    def test_prints_its_answer(self, source, language, output):
        assert key.run(Key(source, language)) == KeyRun(KeyStatus.OK, output)

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("print(13); raise SystemExit(1)", "exit code 1"),
            ("1 / 0", "ZeroDivisionError"),
            ("def f(:", "SyntaxError"),
            ("pass", "prints nothing"),
            ("print(' ' + '\\n')", "prints nothing"),
            ("print(13)", "computes nothing"),
            ('"Of 6 and 7."\nanswer = -13\nprint("The answer is", answer)', "computes nothing"),
            ("import sys; sys.stdout.buffer.write(b'\\xff')", "not UTF-8"),
            ("import os\nwhile True: os.fork()", "PermissionError"),
            ("import socket; socket.create_connection(('127.0.0.1', 80), 1)", "Error"),
            ("print(open('/etc/shadow').read())", "FileNotFoundError"),
            ("open('/etc/passwd', 'w')", "Error"),
            ("int main({", "SyntaxError"),
        ],
    )
    def test_that_fails(self, source, said):
        ran = key.run(Key(source))
        assert (ran.status, ran.output) == (KeyStatus.FAILED, "")
        assert said in ran.detail

    @pytest.mark.parametrize(
        "source",
        [
            "while True: pass",
            "print('1' * 10_000_000)",
            "while True: print(13)",
            "(" * (1 << 20),
        ],
        ids=["endless", "much", "endless output", "nested"],
    )
    def test_that_takes_too_much(self, source, monkeypatch):
        monkeypatch.setattr(key, "LIMITS", replace(key.LIMITS, cpu_seconds=1.0))
        assert key.run(Key(source)).status is KeyStatus.LIMIT

    def test_limits(self):
        limits = key.LIMITS
        assert (limits.cpu_seconds, limits.memory_bytes) == (10.0, 512 << 20)
        assert (limits.output_bytes, limits.processes) == (64 << 10, 1)

    def test_source_that_does_not_compile(self):
        ran = key.run(Key("int main() { return x; }", "cpp"))
        assert ran.status is KeyStatus.FAILED
        assert "does not compile" in ran.detail and "\n" not in ran.detail

    @pytest.mark.parametrize(
        ("language", "said"),
        [("cobol", "use one of bash, c, cpp"), ("Python3", "write 'python'"), ("\n" * 99, "known")],
    )
    def test_language_that_is_not_known_is_the_rows_fault(self, language, said):
        ran = key.run(Key("print(6 + 7)", language))
        assert ran.status is KeyStatus.FAILED
        assert said in ran.detail and len(ran.detail) < 300

    def test_runs_in_the_sandbox_of_the_run_before(self):
        key.run(Key("print(6 + 7)"))
        started = key._machine().sandbox.slots_started
        key.run(Key("raise SystemExit(1)"))
        key.run(Key("print(6 + 7)"))
        assert key._machine().sandbox.slots_started == started

    @pytest.mark.parametrize(
        ("trouble", "raised"),
        [
            (SandboxFailure("the disk is full"), SandboxFailedError),
            (SandboxUnavailable("no namespaces"), VerifierUnavailableError),
        ],
    )
    def test_trouble_of_ours_is_no_finding(self, trouble, raised, monkeypatch):
        def run(*_: object) -> None:
            raise trouble

        monkeypatch.setattr(Sandbox, "run", run)
        with pytest.raises(raised, match=str(trouble)):
            key.run(Key("print(6 + 7)"))

    def test_language_that_this_host_lacks_is_no_finding(self, monkeypatch):
        monkeypatch.setattr(key.toolchains, "found", lambda: {})
        monkeypatch.setattr(key.toolchains, "missing", lambda: {"rust": "install rustc"})
        with pytest.raises(VerifierUnavailableError, match="install rustc"):
            key.run(Key("fn main() {}", "rust"))


class TestKeyCheck:
    def test_no_key(self):
        concluded = program_checks.key(None)
        assert (concluded.check.name, concluded.check.state) == ("key", NOT_APPLICABLE)
        assert concluded.value == 1.0

    def test_agrees(self):
        tried = Tried("RENDERING", "key", "13", True, "CORRECT", "EQUAL", "")
        concluded = program_checks.key(program_checks.KeyRan("OK", "13", "", tried))
        assert (concluded.check.state, concluded.check.reason) == (PASSED, "AGREES")
        assert concluded.value == 1.0

    def test_disagrees_and_shows_what_was_printed(self):
        tried = Tried("RENDERING", "key", "12", True, "INCORRECT", "NOT_EQUAL", "12 is not 13.")
        concluded = program_checks.key(program_checks.KeyRan("OK", "12" * 5000, "", tried))
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "DISAGREES")
        assert concluded.value == 0.0
        (evidence,) = concluded.check.evidence
        assert evidence.text.startswith("1212") and len(evidence.text) <= 2000
        assert (evidence.detail, evidence.expected) == ("12 is not 13.", False)

    @pytest.mark.parametrize(
        ("status", "reason"), [("FAILED", "PROGRAM_FAILED"), ("LIMIT", "LIMIT")]
    )
    def test_gives_no_answer(self, status, reason):
        concluded = program_checks.key(program_checks.KeyRan(status, "", "used up its memory"))
        assert (concluded.check.state, concluded.check.reason) == (FAILED, reason)
        assert "used up its memory." in concluded.check.explanation
        assert concluded.value == 0.0
