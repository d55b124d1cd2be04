"""Whatever a command starts ends with it, wherever it went; and its log says why it failed."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_service import spin_until
from process_tree import children as started_by
from process_tree import running_below

from assayoffice.rl.training import children
from assayoffice.rl.training.children import Command
from assayoffice.rl.training.errors import ChildError

# A daemon as Ray's are: in a session of its own, its parent gone, deaf to polite requests.
DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(1000)
    os._exit(0)
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
"""


@pytest.fixture
def command(tmp_path):
    def make(program: str, *arguments: str) -> Command:
        return Command(
            (sys.executable, "-c", program, *arguments),
            {},
            tmp_path,
            tmp_path / "log",
            "look at it",
        )

    return make


def nothing() -> None:
    pass


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


class TestEnding:
    def test_daemons_end_with_the_command_that_started_them(self, command, tmp_path):
        children.run(command(DAEMON, str(tmp_path / "pid")), nothing)
        assert gone(int((tmp_path / "pid").read_text()))

    def test_interruption_ends_command_and_daemons_at_once(self, command, tmp_path):
        def interrupt() -> None:
            if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
                raise KeyboardInterrupt

        before = started_by(os.getpid())
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            children.run(command(DAEMON + "time.sleep(1000)", str(tmp_path / "pid")), interrupt)
        assert gone(int((tmp_path / "pid").read_text()))
        assert started_by(os.getpid()) <= before  # others may have a server there
        assert time.monotonic() - start < 30

    def test_daemons_end_though_a_supervisor_asked_every_process_to(self, command, tmp_path):
        before = started_by(os.getpid())  # others may have a server there

        def interrupt() -> None:
            if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
                for keeper in started_by(os.getpid()) - before:
                    for pid in {keeper, *running_below(keeper)}:
                        os.kill(pid, signal.SIGTERM)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            children.run(command(DAEMON + "time.sleep(1000)", str(tmp_path / "pid")), interrupt)
        assert gone(int((tmp_path / "pid").read_text()))

    def test_interruption_of_a_terminal_does_not_reach_the_command(self, command, tmp_path):
        children.run(command("import os; print(os.getpgrp())"), nothing)
        assert int((tmp_path / "log").read_text()) != os.getpgrp()

    def test_command_may_say_its_last_words(self, command, tmp_path):
        program = (
            "import signal, sys, time\n"
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('farewell')))\n"
            "print('ready', flush=True)\ntime.sleep(1000)"
        )

        def interrupt() -> None:
            if children.last_line(tmp_path / "log") == "ready":
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            children.run(command(program), interrupt)
        assert (tmp_path / "log").read_text() == "ready\nfarewell\n"

    def test_keeper_that_is_killed_takes_the_command_along(self, tmp_path):
        program = "import os, time; print(os.environ['TMPDIR'], flush=True); time.sleep(1000)"
        log = tmp_path / "log"
        with log.open("wb") as output:
            keeper = subprocess.Popen(
                [*children._KEEPER, sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=output,
            )
        spin_until(lambda: children.last_line(log) != "")
        started = running_below(keeper.pid)
        keeper.kill()
        keeper.communicate()
        spin_until(lambda: all(gone(pid) for pid in started))
        os.rmdir(children.last_line(log))  # the one thing that it leaves behind

    def test_temporary_files_go_where_they_are_removed(self, command, tmp_path, monkeypatch):
        (tmp_path / ("long" * 20)).mkdir()
        monkeypatch.setenv("TMPDIR", str(tmp_path / ("long" * 20)))
        program = "import os, tempfile; print(tempfile.mkdtemp(), os.environ['RAY_TMPDIR'])"
        children.run(command(program), nothing)
        made, ray = children.last_line(tmp_path / "log").split()
        assert made.startswith(ray) and not Path(ray).exists()
        assert len(ray) < 30  # a socket below it must fit into 107 bytes

    def test_shared_memory_that_a_killed_command_left_is_removed(self, command, tmp_path):
        program = (
            "from multiprocessing.shared_memory import SharedMemory; import signal, time\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print(SharedMemory(create=True, size=10).name, flush=True); time.sleep(1000)"
        )

        def interrupt() -> None:
            if children.last_line(tmp_path / "log"):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            children.run(command(program), interrupt)
        name = (tmp_path / "log").read_text().split()[0]
        assert not Path("/dev/shm", name).exists()


class TestFailing:
    @pytest.mark.parametrize(
        ("program", "code"),
        [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL)],
    )
    def test_exit_code_is_the_commands(self, command, program, code):
        with pytest.raises(ChildError, match=f"ended with exit code {code}; look at it"):
            children.run(command(program), nothing)

    def test_first_traceback_is_shown_with_the_last_lines(self, command):
        program = (
            "print('Traceback (most recent call last):\\n  File 1\\nValueError: the cause')\n"
            "print('noise\\n' * 100)\n"
            "raise RuntimeError('a worker failed')"
        )
        with pytest.raises(ChildError) as caught:
            children.run(command(program), nothing)
        assert "ValueError: the cause" in str(caught.value)
        assert "RuntimeError: a worker failed" in str(caught.value)

    def test_traceback_of_a_worker_of_ray_is_found_below_its_prefix(self, command):
        prefix = "\\x1b[36m(Task pid=1)\\x1b[0m "
        program = (
            f"print('{prefix}Traceback (most recent call last):\\n{prefix}  File 1\\n"
            f"{prefix}ValueError: the cause\\n' + 'noise\\n' * 100)\nraise SystemExit(1)"
        )
        with pytest.raises(ChildError, match="ValueError: the cause"):
            children.run(command(program), nothing)

    def test_what_cannot_be_started_is_named(self, command, capfd):
        missing = dataclasses.replace(command(""), arguments=("no-such-program",))
        with pytest.raises(ChildError, match="(?s)look at it.*No such file.*no-such-program"):
            children.run(missing, nothing)
        assert capfd.readouterr() == ("", "")

    def test_nothing_that_was_printed_moves_the_cursor_or_paints(self, command, tmp_path):
        program = r"print('\x1b[2J\x1b]0;title\x07\x1b[31m\tred \u202e')" "\nraise SystemExit(1)"
        with pytest.raises(ChildError) as caught:
            children.run(command(program), nothing)
        shown = children.last_line(tmp_path / "log")
        assert "red" in shown and str(caught.value).endswith(shown)
        assert all(char.isprintable() for char in shown)

    def test_log_of_an_earlier_attempt_is_not_blamed(self, command):
        with pytest.raises(ChildError):
            children.run(command("raise ValueError('before')"), nothing)
        with pytest.raises(ChildError) as caught:
            children.run(command("raise ValueError('now')"), nothing)
        assert "now" in str(caught.value) and "before" not in str(caught.value)

    def test_progress_bars_are_one_line(self, command, tmp_path):
        children.run(command("print('10%\\r50%\\r100%', end='')"), nothing)
        assert children.last_line(tmp_path / "log") == "100%"
