"""The sandbox as its callers know it: what runs, how it ends, what it leaves.

For what attackers try see the battery.
"""

import contextlib
import dataclasses
import errno
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from process_tree import running_below

from assayoffice.sandbox import usage
from assayoffice.sandbox.programs import (
    Blob,
    Command,
    Folder,
    PythonProgram,
    Run,
    RunLimits,
    RunResult,
    Sandbox,
    SandboxFailure,
    SandboxSettings,
    SandboxUnavailable,
    Status,
    Tier,
    TierChoice,
    blob,
    cgroups,
    interpreter,
    sandbox,
    slot,
)
from assayoffice.sandbox.programs.leases import Lease

MIB = 1 << 20


@pytest.fixture(scope="module", params=[TierChoice.NAMESPACES, TierChoice.LANDLOCK])
def any_box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(tier=request.param)) as made:
        yield made


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(tier=TierChoice.NAMESPACES)) as made:
        yield made


def python(source: str) -> PythonProgram:
    return PythonProgram(Blob(textwrap.dedent(source).encode()))


def run(made: Sandbox, source: str, **limits: float) -> RunResult:
    return made.run(Run(python(source), limits=RunLimits(**limits)))  # type: ignore[arg-type]


def pids_of(made: Sandbox) -> set[int]:
    """Processes of the slots, as the host sees them."""
    found = {slot._launched.process.pid for slot in made._slots}
    for pid in list(found):
        found |= set(running_below(pid))
    return found


def is_alive(pid: int) -> bool:
    """Whether a process is there, and more than an entry that its new parent has yet to read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def all_gone(pids: set[int], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_runs_a_program_on_its_input(any_box):
    result = any_box.run(Run(python("print(input()[::-1])"), stdin=Blob(b"abc\n")))
    assert (result.status, result.stdout, result.stderr) == (Status.OK, b"cba\n", b"")
    assert result.tier is any_box.tier


def test_input_is_read_from_its_start_by_every_run(any_box):
    stdin = Blob(b"one\ntwo\n")
    outputs = {any_box.run(Run(python("print(input())"), stdin=stdin)).stdout for _ in range(3)}
    assert outputs == {b"one\n"}


def test_without_input_a_program_reads_nothing(any_box):
    assert run(any_box, "import sys; print(repr(sys.stdin.read()))").stdout == b"''\n"


def test_data_and_answer_have_descriptors_of_their_own(any_box):
    source = "import os; print('said'); os.write(4, os.read(3, 100).upper())"
    result = any_box.run(Run(python(source), data=Blob(b"given"), answer=True))
    assert (result.answer, result.stdout) == (b"GIVEN", b"said\n")


@pytest.mark.parametrize(
    ("source", "limits", "status", "exit_code", "signaled"),
    [
        ("pass", {}, Status.OK, 0, 0),
        ("import sys; sys.exit()", {}, Status.OK, 0, 0),
        ("import sys; sys.exit(7)", {}, Status.NONZERO_EXIT, 7, 0),
        ("import sys; sys.exit('why')", {}, Status.NONZERO_EXIT, 1, 0),
        ("import os; os._exit(3)", {}, Status.NONZERO_EXIT, 3, 0),
        ("1 / 0", {}, Status.NONZERO_EXIT, 1, 0),
        ("def f(:", {}, Status.NONZERO_EXIT, 1, 0),
        ("import os; os.abort()", {}, Status.SIGNALED, 0, signal.SIGABRT),
        ("while True: pass", {"cpu_seconds": 0.2}, Status.CPU_LIMIT, 0, signal.SIGKILL),
        (
            "import time; time.sleep(60)",
            {"wall_seconds": 0.2},
            Status.WALL_LIMIT,
            0,
            signal.SIGKILL,
        ),
        ("while True: print('x' * 999)", {"output_bytes": 1 << 16}, Status.OUTPUT_LIMIT, 1, 0),
    ],
)
def test_how_a_program_ends(any_box, source, limits, status, exit_code, signaled):
    result = run(any_box, source, **limits)
    assert (result.status, result.exit_code, result.signal) == (status, exit_code, signaled)


def test_memory_that_creeps_up_to_its_limit_is_a_memory_limit(any_box):
    source = "kept = []\nwhile True: kept.append(bytearray(1 << 20))"
    result = run(any_box, source, memory_bytes=64 * MIB)
    assert result.status is Status.MEMORY_LIMIT
    assert result.peak_memory_bytes < 120 * MIB


def test_output_is_cut_at_its_limit(any_box):
    result = run(any_box, "print('x' * 100_000)", output_bytes=1000)
    assert (result.status, result.stdout) == (Status.OUTPUT_LIMIT, b"x" * 1000)


def test_a_traceback_is_that_of_the_program_alone(any_box):
    stderr = run(any_box, "def f():\n    raise ValueError('no')\nf()").stderr.decode()
    assert stderr.splitlines() == [
        "Traceback (most recent call last):",
        '  File "solution.py", line 3, in <module>',
        '  File "solution.py", line 2, in f',
        "ValueError: no",
    ]


def test_what_a_program_prints_when_it_ends_is_kept(any_box):
    source = """
        import atexit, sys, threading, time
        atexit.register(print, "registered")
        threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
        sys.stdout.write("main ")
    """
    assert run(any_box, source).stdout == b"main thread\nregistered\n"


def test_a_program_finds_what_a_fresh_interpreter_would_have(any_box):
    source = """
        import sys
        deepest = 0
        def dive(depth):
            global deepest
            deepest = depth
            dive(depth + 1)
        try:
            dive(1)
        except RecursionError:
            print(deepest >= 997, __name__, __file__, sys.argv)
        quit(3)
    """
    result = run(any_box, source)
    assert result.stdout == b"True __main__ solution.py ['solution.py']\n"
    assert result.exit_code == 3
    assert run(any_box, "raise SystemExit(2 ** 64)").exit_code == 255


def test_threads_fit_into_little_memory(any_box):
    source = """
        import threading, time
        threads = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(20)]
        for each in threads: each.start()
        for each in threads: each.join()
        print("joined")
    """
    assert run(any_box, source, memory_bytes=256 * MIB).stdout == b"joined\n"


def test_work_in_a_thread_is_no_waiting_on_a_busy_host(any_box):
    """The main thread waits, and what the other one does not get is not its fault."""
    source = """
        import threading, time
        def work():
            while time.thread_time() < 0.3: pass
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """
    spin = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
    busy = [  # in sessions of their own, between which the scheduler is fair
        subprocess.Popen(spin, stdout=subprocess.PIPE, start_new_session=True)
        for _ in range(6 * len(os.sched_getaffinity(0)))
    ]
    try:
        for each in busy:
            assert each.stdout is not None
            with each.stdout as told:
                told.readline()
        result = run(any_box, source, cpu_seconds=0.6, wall_seconds=0.6)
    finally:
        for each in busy:
            each.kill()
            each.wait()
    assert (result.status, result.wall_seconds > 0.6) == (Status.OK, True)


def test_what_one_run_has_written_is_no_burden_to_the_next(box):
    fill = "for name in ('/tmp/a', '/dev/shm/b'): open(name, 'wb').write(bytes(60 << 20))"
    assert run(box, fill, output_bytes=64 * MIB).status is Status.OK
    after = run(box, "print(42)", memory_bytes=32 * MIB)
    assert (after.status, after.stdout) == (Status.OK, b"42\n")


def test_the_dead_do_not_count_as_processes_of_the_program(box):
    source = """
        import os
        for _ in range(400):
            if os.fork() == 0:
                if os.fork() == 0: os._exit(0)
                os._exit(0)
            os.wait()
        print("done")
    """
    result = run(box, source, processes=4)
    assert (result.status, result.stdout) == (Status.OK, b"done\n")


def test_a_program_cannot_choose_to_outlive_process_1():
    """Where only that keeps it from outliving the slot."""
    source = "import ctypes; print(ctypes.CDLL(None).prctl(1, 0, 0, 0, 0))"
    with Sandbox(SandboxSettings(tier=TierChoice.LANDLOCK)) as made:
        assert run(made, source).stdout == b"-1\n"


def test_a_closed_slot_leaves_nothing_to_reap(any_box):
    source = f"""
        import ctypes, os
        from assayoffice.sandbox.programs import *
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # as process 1 of a container, orphans come to it
        with Sandbox(SandboxSettings(tier=TierChoice("{any_box.tier.value}"))) as made:
            made.run(Run(PythonProgram(Blob(b"pass"))))
        try:
            print(os.waitpid(-1, 0))
        except ChildProcessError:
            print("nothing")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("nothing\n", "")


def test_the_same_program_does_the_same_again(any_box):
    source = "import random; print(random.random(), hash('a'), list({'x', 'y', 'z'}))"
    assert len({run(any_box, source).stdout for _ in range(3)}) == 1


def test_cpu_time_is_charged_to_the_job(any_box):
    usage.take()
    result = run(any_box, "for _ in range(10 ** 6): pass")
    assert usage.take() == result.cpu_seconds > 0


def test_files_are_in_the_working_directory_of_one_run_only(box):
    source = "import os; print(os.getcwd(), open('a.txt').read(), open('new', 'w').write('x'))"
    result = box.run(Run(python(source), files={"a.txt": Blob(b"text")}))
    assert result.stdout == b"/tmp text 1\n"
    assert run(box, "import os; print(os.listdir('/tmp'))").stdout == b"[]\n"


def test_runs_a_command_of_the_host(box):
    command = Command(("/usr/bin/env",))
    result = box.run(Run(command))
    assert result.status is Status.OK
    assert b"HOME=/tmp" in result.stdout.splitlines()


def test_runs_an_executable_that_was_never_a_file_of_the_host(box):
    echo = Blob(Path("/usr/bin/echo").read_bytes())
    result = box.run(Run(Command(("echo", "hello"), executable=echo)))
    assert result.stdout == b"hello\n"


def test_a_command_that_is_gone_is_trouble_of_ours(box):
    with pytest.raises(SandboxFailure, match="no-such-program is not there"):
        box.run(Run(Command(("/usr/bin/no-such-program",))))


def test_children_are_allowed_where_asked_for_and_end_with_the_run(box):
    source = """
        import os, time
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                time.sleep(60)
    """
    assert b"PermissionError" in run(box, source).stderr
    result = run(box, source, processes=5)
    assert (result.status, result.leaked_processes) == (Status.OK, 3)


def test_cpu_time_of_children_counts(box):
    source = """
        import os
        for _ in range(100):
            if os.fork() == 0:
                for _ in range(10 ** 6): pass
                os._exit(0)
            os.wait()
    """
    assert run(box, source, processes=5, cpu_seconds=0.5).status is Status.CPU_LIMIT


def test_two_programs_talk_over_a_channel(any_box):
    ask = "import socket; s = socket.socket(fileno=5); s.sendall(b'ping'); print(s.recv(9))"
    answer = "import socket; s = socket.socket(fileno=5); s.sendall(s.recv(9)[::-1])"
    first, second = any_box.run_pair(Run(python(ask)), Run(python(answer)))
    assert (first.stdout, second.status) == (b"b'gnip'\n", Status.OK)


def test_the_end_of_one_program_is_an_end_of_file_for_the_other(any_box):
    wait = "import socket; print(socket.socket(fileno=5).recv(9))"
    first, second = any_box.run_pair(Run(python(wait)), Run(python("import os; os._exit(1)")))
    assert (first.stdout, second.exit_code) == (b"b''\n", 1)


def test_a_pair_is_limited_one_by_one(any_box):
    wait = "import socket; print(socket.socket(fileno=5).recv(9))"
    spin = Run(python("while True: pass"), limits=RunLimits(cpu_seconds=0.2))
    first, second = any_box.run_pair(Run(python(wait)), spin)
    assert (first.status, second.status) == (Status.OK, Status.CPU_LIMIT)


def test_a_slot_killed_between_runs_is_replaced(any_box):
    run(any_box, "pass")
    started, pids = any_box.slots_started, pids_of(any_box)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # it has died with the one before
            os.kill(pid, signal.SIGKILL)
    assert all_gone(pids)
    assert run(any_box, "print(1)").stdout == b"1\n"
    assert any_box.slots_started > started


def test_a_slot_killed_during_a_run_is_a_failure_and_replaced(any_box):
    run(any_box, "pass")
    killer = threading.Timer(0.2, any_box._slots[0]._launched.process.kill)
    killer.start()
    with pytest.raises(SandboxFailure, match="killed"):
        run(any_box, "while True: pass")
    killer.join()
    assert run(any_box, "print(1)").stdout == b"1\n"


def test_without_a_proc_of_its_own_a_slot_does_with_less(monkeypatch, box):
    plan = dataclasses.replace(box._plan, proc=False)
    monkeypatch.setattr(sandbox.probe, "plan", lambda _: plan)
    with Sandbox() as made:
        assert run(made, "import os; print(os.path.exists('/proc/self'))").stdout == b"False\n"
        assert run(made, "while True: pass", cpu_seconds=0.2).status is Status.CPU_LIMIT
        assert run(made, "kept = bytearray(10 << 30)").status is Status.NONZERO_EXIT


def test_slots_are_replaced_after_many_runs(monkeypatch):
    monkeypatch.setattr(sandbox, "_MAX_RUNS", 2)
    with Sandbox() as made:
        for _ in range(5):
            assert run(made, "pass").status is Status.OK
        assert made.slots_started == 3


@pytest.mark.parametrize("tier", [TierChoice.NAMESPACES, TierChoice.LANDLOCK])
def test_nothing_outlives_the_process_of_a_sandbox(tier):
    """Killed in the middle of a run, as a worker is when its call is cancelled."""
    source = f"""
        import sys
        from assayoffice.sandbox.programs import *
        from assayoffice.sandbox.programs import sandbox
        made = Sandbox(SandboxSettings(tier=TierChoice("{tier.value}")))
        made._slot(0)
        print(made._slots[0]._launched.process.pid, flush=True)
        made.run(Run(PythonProgram(Blob(b"while True: pass"))))
    """
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner.stdout as told:
        slot = int(told.readline())
        pids = {slot, *running_below(slot)}
        deadline = time.monotonic() + 10
        while len(pids) < (3 if tier is TierChoice.NAMESPACES else 2):
            assert time.monotonic() < deadline, f"the program has not started: {pids}"
            pids = {slot, *running_below(slot)}
        owner.kill()
        owner.wait()
    assert all_gone(pids)


def test_cgroups_of_a_killed_process_are_swept():
    source = """
        import os, signal
        from assayoffice.sandbox.programs import *
        made = Sandbox()
        made._slot(0)
        cgroup = made._slots[0]._launched.cgroup
        print(*(cgroup._folders.values() if cgroup else ()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    owner = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)], stdout=subprocess.PIPE, text=True
    )
    folders = [Path(folder) for folder in owner.stdout.split()]
    # Another slot may take over the number, and the cgroups with it, at any time.
    cgroups.sweep(10.0)
    number = int(folders[0].name.rpartition("-")[2]) if folders else 0
    lease = Lease.claim(number)
    if lease is not None:
        assert not [folder for folder in folders if folder.exists()]
        lease.release()


def test_a_slot_that_dies_while_a_pair_is_started_is_closed_once(monkeypatch, any_box):
    """Closed twice, it would close descriptors that are others' by then."""
    closed = []
    close = slot.Slot.close
    monkeypatch.setattr(slot.Slot, "close", lambda each: (closed.append(each), close(each)))
    idle = Run(python("pass"))
    with Sandbox(SandboxSettings(tier=TierChoice(any_box.tier.value))) as made:
        provide = made._slot

        def provide_and_kill(index):
            provided = provide(index)
            if index == 0:
                pids = pids_of(made)
                provided._launched.process.kill()
                assert all_gone(pids)
            return provided

        monkeypatch.setattr(made, "_slot", provide_and_kill)
        with pytest.raises(SandboxFailure):
            made.run_pair(idle, idle)
    assert closed
    assert len(closed) == len(set(closed))


def test_close_ends_everything(any_box):
    with Sandbox(SandboxSettings(tier=TierChoice(any_box.tier.value))) as made:
        run(made, "pass")
        pids = pids_of(made)
        assert pids
    assert not [pid for pid in pids if is_alive(pid)]


def test_a_host_without_room_is_a_failure(monkeypatch, any_box):
    program = python("pass")

    def full(*_: object) -> int:
        raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))

    monkeypatch.setattr(blob.os, "memfd_create", full)
    with pytest.raises(SandboxFailure, match="Too many open files"):
        Blob(b"x")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(SandboxFailure, match="Too many open files"):
        any_box.run(Run(program))
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_blob_cannot_be_changed():
    kept = Blob(b"content")
    with pytest.raises(OSError, match="not permitted"):
        os.pwrite(kept.fd, b"x", 0)
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(kept.fd, 0)
    assert kept.read() == b"content"


def test_packages_of_the_operator_can_be_imported(tmp_path_factory):
    folder = Path("/var/tmp") / f"assay-packages-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "extra.py").write_text("VALUE = 42")
        settings = SandboxSettings(packages=folder, preload=("extra",))
        with Sandbox(settings) as made:
            assert run(made, "import extra; print(extra.VALUE)").stdout == b"42\n"
        with Sandbox() as made:
            assert b"ModuleNotFoundError" in run(made, "import extra").stderr
    finally:
        (folder / "extra.py").unlink()
        folder.rmdir()


def test_numpy_can_be_there_before_programs_start():
    spec = importlib.util.find_spec("numpy")
    assert spec is not None and spec.origin is not None
    settings = SandboxSettings(packages=Path(spec.origin).parents[1], preload=("numpy",))
    source = "import sys; there = 'numpy' in sys.modules; import numpy; print(there, numpy.eye(2))"
    with Sandbox(settings) as made:
        for _ in range(2):
            assert run(made, source).stdout == b"True [[1. 0.]\n [0. 1.]]\n"


def test_without_an_interpreter_the_message_says_what_was_tried_and_what_to_do(tmp_path):
    with pytest.raises(SandboxUnavailable) as caught:
        Sandbox(SandboxSettings(python=tmp_path / "python"))
    message = str(caught.value)
    assert str(tmp_path / "python") in message
    assert "What to do" in message


def test_a_folder_closed_to_others_is_named(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = interpreter.unreachable(closed / "python")
    assert found is not None
    assert closed.is_relative_to(found)


def test_this_host_has_the_strongest_tier(box):
    assert box.tier is Tier.NAMESPACES
    assert {"namespaces", "seccomp", "capabilities"} <= set(box.enforced)


@pytest.mark.parametrize(
    "beyond",
    [
        Run(Command(("/usr/bin/true",))),
        Run(python("pass"), files={"a": Blob(b"")}),
        Run(python("pass"), limits=RunLimits(processes=2)),
    ],
)
def test_a_tier_says_what_it_does_not_have(beyond):
    with Sandbox(SandboxSettings(tier=TierChoice.LANDLOCK)) as made:
        with pytest.raises(SandboxUnavailable, match="assay doctor"):
            made.run(beyond)
        with pytest.raises(SandboxUnavailable, match="assay doctor"):
            made.run_pair(Run(python("pass")), beyond)


def test_leases_are_of_one_holder_and_free_when_given_back():
    first, second = Lease.take(), Lease.take()
    assert first.number != second.number
    assert Lease.claim(first.number) is None
    first.release()
    again = Lease.claim(first.number)
    assert again is not None
    again.release()
    second.release()


class TestReservedMemory:
    """Runtimes that claim gigabytes and use megabytes, such as Lean."""

    @pytest.fixture(params=["counted", "watched"])
    def reserving(self, request, monkeypatch) -> Iterator[Sandbox]:
        if request.param == "watched":  # as on a host whose cgroups are not ours to make
            monkeypatch.setattr(cgroups.Cgroup, "make", lambda _: None)
        with Sandbox(SandboxSettings(tier=TierChoice.NAMESPACES)) as made:
            yield made

    def test_what_is_reserved_is_not_what_is_used(self, reserving):
        source = "import mmap, time\nroom = mmap.mmap(-1, 4 << 30)\ntime.sleep(0.2)\nprint('fits')"
        result = run(reserving, source, memory_bytes=64 * MIB, reserved_bytes=8 << 30)
        assert (result.status, result.stdout) == (Status.OK, b"fits\n")
        assert run(reserving, source, memory_bytes=64 * MIB).status is not Status.OK

    @pytest.mark.parametrize("processes", [1, 3])
    def test_what_is_used_is_bounded(self, reserving, processes):
        # Slowly, so that a look every now and then is enough to see it.
        source = """
            import os, time
            if {processes} > 1:
                os.fork()
            held = []
            for _ in range(400):
                held.append(bytearray(1 << 20))
                time.sleep(0.005)
        """
        source = textwrap.dedent(source).format(processes=processes)
        limits = {"memory_bytes": 96 * MIB, "reserved_bytes": 8 << 30, "processes": processes}
        assert run(reserving, source, **limits).status is Status.MEMORY_LIMIT


def test_a_folder_is_shown_where_it_is_said_to_be_and_cannot_be_written(open_folder):
    (open_folder / "known").write_text("to all")
    shown = SandboxSettings(
        tier=TierChoice.NAMESPACES, folders=(Folder(open_folder, "/shown/here"),)
    )
    source = """
        import os
        print(open("/shown/here/known").read(), os.listdir("/shown"))
        open("/shown/here/new", "w")
    """
    with Sandbox(shown) as made:
        result = run(made, textwrap.dedent(source))
    assert result.stdout == b"to all ['here']\n"
    assert b"Read-only file system" in result.stderr
