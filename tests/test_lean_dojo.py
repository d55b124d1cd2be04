"""Sessions with lean-dojo: their framing, and the end of all that they start.

lean-dojo is not installed where these tests run. Fakes stand for it: of the worker where the
framing is tested, and of the library below the real worker for the rest.
"""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assayoffice.verifiers.lean.backends import dojo
from assayoffice.verifiers.lean.backends.dojo import (
    DojoFailed,
    DojoSettings,
    StepKind,
    StepResult,
    TacticSession,
    TracedTheorem,
)
from assayoffice.verifiers.lean.backends.protocols import LeanUnavailable

THEOREM = TracedTheorem("https://example.org/proofs", "c" * 40, "Proofs/A.lean", "Proofs.a")

FAKE_WORKER = """
import json, os, sys, time
def ask():
    return json.loads(sys.stdin.readline())
def say(request, kind, text="", **other):
    print(json.dumps({"id": request["id"], "kind": kind, "text": text} | other), flush=True)
request = ask()
start = request["start"]
"""
# Below the real worker. What a tactic says is what it does.
FAKE_LIBRARY = """
import os, time
from pathlib import Path
class TacticState:
    def __init__(self, pp): self.pp = pp
class ProofFinished: pass
class ProofGivenUp: pass
class LeanError:
    def __init__(self, error): self.error = error
class LeanGitRepo:
    def __init__(self, url, commit): self.url, self.commit = url, commit
class Theorem:
    def __init__(self, repo, file_path, full_name): self.name = full_name
def is_available_in_cache(repo):
    return "untraced" not in repo.url
class Dojo:
    def __init__(self, theorem, timeout): self.theorem = theorem
    def __enter__(self): return self, TacticState(f"goal of {self.theorem.name}")
    def run_tac(self, state, tactic):
        verb, _, rest = tactic.partition(" ")
        if verb == "state": return TacticState(rest)
        if verb == "done": return ProofFinished()
        if verb == "sorry": return ProofGivenUp()
        if verb == "print": print('{"kind": "finished"}', flush=True)
        if verb == "variables": return TacticState(repr(sorted(os.environ.items())))
        if verb == "again": return TacticState(state.pp)
        if verb == "detach":
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    Path(rest).write_text(str(os.getpid()))
                    time.sleep(600)
                os._exit(0)
            while not Path(rest).exists() or not Path(rest).read_text(): time.sleep(0.01)
        if verb == "fill": self.filled = bytearray(int(rest)); time.sleep(600)
        if verb == "hang": time.sleep(600)
        if verb == "exit": os._exit(1)
        if verb == "raise": raise AssertionError("what lean-dojo asserts")
        return LeanError("no such tactic")
"""


@pytest.fixture
def settings(tmp_path: Path) -> DojoSettings:
    (tmp_path / "home").mkdir()
    return DojoSettings(
        cache=tmp_path / "cache",
        home=tmp_path / "home",
        programs=tmp_path / "bin",
        python=Path(sys.executable),
        start_seconds=20.0,
        step_seconds=20.0,
    )


@pytest.fixture
def framed(tmp_path: Path, settings: DojoSettings) -> Callable[..., TacticSession]:
    """A session with a fake worker that goes on with a script."""

    def start(script: str, **changes: float) -> TacticSession:
        worker = tmp_path / "fake_worker.py"
        worker.write_text(FAKE_WORKER + textwrap.dedent(script))
        return TacticSession(THEOREM, replace(settings, **changes), worker=worker)

    return start


@pytest.fixture
def real(tmp_path: Path, settings: DojoSettings) -> DojoSettings:
    """What makes the real worker find the fake library."""
    (tmp_path / "lean_dojo.py").write_text(FAKE_LIBRARY)
    python = tmp_path / "python"
    # Without -I, with which it would not look there.
    python.write_text(f'#!/bin/sh\nshift\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return replace(settings, python=python)


def ended(pid: int) -> bool:
    """Whether a process is no more, or soon."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


class TestFraming:
    def test_session_from_start_to_finish(self, framed):
        script = """
            say(request, "state", start["name"] + " of " + start["file"])
            request = ask()
            say(request, "state", "after " + request["step"])
            say(ask(), "error", "unknown identifier")
            say(ask(), "finished")
        """
        with framed(script) as session:
            assert session.state == "Proofs.a of Proofs/A.lean"
            assert session.step("intro h") == StepResult(StepKind.STATE, "after intro h")
            assert session.step("exact x") == StepResult(StepKind.ERROR, "unknown identifier")
            assert session.state == "after intro h"
            assert session.step("exact h") == StepResult(StepKind.FINISHED)
            with pytest.raises(ValueError, match="come to its end"):
                session.step("rfl")
        assert session.closed

    def test_failure_at_the_start_is_told(self, framed):
        with pytest.raises(DojoFailed, match="LookupError: it is not traced"):
            framed('say(request, "failed", "LookupError: it is not traced")')

    @pytest.mark.parametrize(
        ("script", "why"),
        [
            ("print('garbage', flush=True)", "cannot be read"),
            ("print('[' * 100_000, flush=True)", "cannot be read"),
            ("print('{}', flush=True)", "cannot be read"),
            ("sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.flush()", "cannot be read"),
            ('say(request, "accepted")', "cannot be read"),
            ('say(request, "state", "x" * 2_000_000)', "too long"),
            ("print('x' * 2_000_000, end='', flush=True); sys.stdin.read()", "too long"),
            ('say(request, "failed", "AssertionError")', "AssertionError"),
            # Forged: somebody else than the worker speaks, before or instead of it.
            ('say({"id": "0" * 16}, "finished")', "to another request"),
            ('print(\'REPL> {"tacticState": "no goals"}\', flush=True)', "cannot be read"),
            ("print(json.dumps(dict(request, kind='state', text='')) * 2)", "cannot be read"),
            (
                "line = json.dumps(request); print(line + '\\n' + line, flush=True)",
                "cannot be read",
            ),
            ("print('{\"id\": ', end='', flush=True); os._exit(0)", "the worker has ended"),
            ("os._exit(0)", "the worker has ended"),
            ("os.kill(os.getpid(), 9)", "the worker has ended"),
        ],
    )
    def test_reply_that_is_none_ends_the_session(self, framed, script, why):
        session = framed(f"say(request, 'state', 'goal')\nrequest = ask()\n{script}")
        with pytest.raises(DojoFailed, match=why):
            session.step("simp")
        assert session.closed
        with pytest.raises(ValueError, match="come to its end"):
            session.step("simp")

    def test_reply_before_the_request_is_none(self, framed):
        script = """
            say(request, "state", "goal")
            say({"id": "0" * 16}, "finished")
            sys.stdin.read()
        """
        with pytest.raises(DojoFailed):
            framed(script).step("simp")

    def test_worker_that_hangs_is_given_up(self, framed):
        session = framed("say(request, 'state', 'goal'); sys.stdin.read()", step_seconds=0.2)
        assert session.step("simp") == StepResult(StepKind.TIMEOUT)
        assert session.closed

    def test_worker_that_will_not_end_is_killed(self, framed, monkeypatch):
        monkeypatch.setattr(dojo, "_END_SECONDS", 0.2)
        session = framed("say(request, 'state', str(os.getpid())); time.sleep(600)")
        session.close()
        assert ended(int(session.state))

    def test_worker_that_hangs_at_the_start(self, framed):
        with pytest.raises(DojoFailed, match=r"no session with Proofs\.a: timeout at its start"):
            framed("sys.stdin.read()", start_seconds=0.2)

    def test_worker_that_ends_while_it_is_asked(self, framed):
        session = framed("say(request, 'state', 'goal'); os.close(0); os.close(1); os._exit(0)")
        with pytest.raises(DojoFailed, match="the worker has ended"):
            session.step("simp")

    @pytest.mark.parametrize("tactic", ["x" * 4000, "\u2200" * 1400, "\n" * 2000, "\ud800"])
    def test_tactic_that_cannot_be_sent_is_an_error_of_its_own(self, framed, tactic):
        script = "say(request, 'state', 'goal'); say(ask(), 'finished')"
        with framed(script) as session:
            assert session.step(tactic).kind is StepKind.ERROR
            assert session.step("rfl").kind is StepKind.FINISHED

    def test_without_lean_dojo_there_are_no_sessions(self, settings):
        with pytest.raises(LeanUnavailable, match=r"pip install 'assayoffice\[dojo\]'"):
            TacticSession(THEOREM, replace(settings, python=None))

    def test_python_that_is_not_there(self, settings, tmp_path):
        with pytest.raises(LeanUnavailable, match="nowhere cannot be run"):
            TacticSession(THEOREM, replace(settings, python=tmp_path / "nowhere"))


class TestWorker:
    def test_repository_that_is_not_traced_is_not_traced_now(self, real):
        theorem = replace(THEOREM, repository="/untraced")
        with pytest.raises(DojoFailed, match="LookupError: /untraced at c+ is not traced"):
            TacticSession(theorem, real)

    def test_what_steps_come_to(self, real):
        with TacticSession(THEOREM, real) as session:
            assert session.state == "goal of Proofs.a"
            assert session.step("state two goals") == StepResult(StepKind.STATE, "two goals")
            assert session.step("nonsense") == StepResult(StepKind.ERROR, "no such tactic")
            assert session.step("sorry").kind is StepKind.GAVE_UP
            assert session.step("again") == StepResult(StepKind.STATE, "two goals")
            assert session.step("done").kind is StepKind.FINISHED

    def test_what_libraries_print_is_no_reply(self, real):
        with TacticSession(THEOREM, real) as session:
            assert session.step("print").kind is StepKind.ERROR

    def test_what_lean_dojo_raises_is_no_result(self, real):
        with pytest.raises(DojoFailed, match="AssertionError: what lean-dojo asserts"):
            TacticSession(THEOREM, real).step("raise")

    def test_its_variables_are_not_ours(self, real, monkeypatch):
        monkeypatch.setenv("GITHUB_ACCESS_TOKEN", "a secret")
        with TacticSession(THEOREM, real) as session:
            variables = session.step("variables").text
        assert "GITHUB" not in variables
        for name, value in (
            ("HOME", real.home),
            ("CACHE_DIR", real.cache),
            ("DISABLE_REMOTE_CACHE", "1"),
            ("PYTHON_DOTENV_DISABLED", "1"),
        ):
            assert f"('{name}', '{value}')" in variables

    def test_what_has_detached_itself_ends_as_well(self, real, tmp_path):
        with TacticSession(THEOREM, real) as session:
            session.step(f"detach {tmp_path / 'pid'}")
            pid = int((tmp_path / "pid").read_text())
            assert Path(f"/proc/{pid}").exists()
        assert ended(pid)

    def test_hanging_tactic_ends_with_its_session(self, real):
        session = TacticSession(THEOREM, replace(real, step_seconds=0.3))
        assert session.step("hang").kind is StepKind.TIMEOUT

    def test_memory_that_all_hold_together_is_bounded(self, real):
        session = TacticSession(THEOREM, replace(real, memory_bytes=200 << 20))
        assert session.step(f"fill {400 << 20}").kind is StepKind.OUT_OF_MEMORY

    def test_everything_ends_with_who_started_it(self, real, tmp_path):
        script = f"""
            import os
            from pathlib import Path
            from assayoffice.verifiers.lean.backends.dojo import *
            theorem = {THEOREM!r}
            settings = {real!r}
            session = TacticSession(theorem, settings)
            session.step("detach {tmp_path / "pid"}")
            os._exit(0)
        """
        script = script.replace("PosixPath", "Path")
        subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)
        assert ended(int((tmp_path / "pid").read_text()))


class TestCredit:
    @pytest.mark.parametrize(
        ("tactics", "credit"),
        [
            (["state a", "state b", "done"], 1.0),
            (["state a", "nonsense", "state b", "done"], 0.25),
            (["nonsense", "done"], 0.0),
            (["state a", "sorry"], 0.5),
            # Steps that lead nowhere are worth nothing, and neither is what comes after the end.
            (["again", "again", "again", "nonsense"], 0.0),
            (["state a", "state goal of Proofs.a", "state a", "nonsense"], 0.25),
            (["done", "state a"], 0.5),
            ([], 0.0),
        ],
    )
    def test_share_of_the_steps_that_lead_on(self, real, tactics, credit):
        with TacticSession(THEOREM, real) as session:
            assert session.credit(tactics) == credit

    def test_steps_of_a_session_that_fails_are_worth_nothing_known(self, real):
        with pytest.raises(DojoFailed, match="the worker has ended"):
            TacticSession(THEOREM, real).credit(["state a", "exit", "done"])
