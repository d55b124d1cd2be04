"""Worker processes: limits, deaths, what is left behind."""

import asyncio
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from assayoffice.sandbox import workers as workers_module
from assayoffice.sandbox.frames import MAX_REPLY_BYTES, FrameError, Job, Reply, ReplyReader, Status
from assayoffice.sandbox.workers import Death, SandboxError, Worker, Workers

TESTS = Path(__file__).parent
HANDLER = "engine_handlers:make_handler"
MIB = 1024 * 1024

Hire = Callable[[], Awaitable[tuple[Worker, "Records"]]]


class Records:
    """An owner that keeps what it hears."""

    def __init__(self) -> None:
        self.replies: asyncio.Queue[Reply] = asyncio.Queue()
        self.death: asyncio.Future[Death] = asyncio.get_running_loop().create_future()

    def replied(self, replies: list[Reply]) -> None:
        assert not self.death.done(), "a reply after the death"
        for reply in replies:
            self.replies.put_nowait(reply)

    def died(self, death: Death) -> None:
        self.death.set_result(death)


def job(text: str, *, id: int = 0, memory_bytes: int = 256 * MIB) -> Job:
    return Job(id, b"Q" + text.encode(), 5.0, memory_bytes)


@pytest.fixture(autouse=True)
def handlers_importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(HANDLER)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
def hire(workers: Workers) -> Hire:
    async def fork() -> tuple[Worker, Records]:
        records = Records()
        return await workers.fork(records), records

    return fork


async def ended(pid: int) -> None:
    """Return when a process is gone, or dead and left to whoever adopted it."""
    async with asyncio.timeout(30):
        while _state(pid) not in ("", "Z"):  # noqa: ASYNC110 - the kernel sets no event
            await asyncio.sleep(0.01)


def _read(path: str) -> str:
    return Path(path).read_text()


def _state(pid: int) -> str:
    try:
        return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _parent(pid: int) -> int:
    return int(_read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])


def open_files() -> set[str]:
    links = set()
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            links.add(f"{fd} {os.readlink(f'/proc/self/fd/{fd}')}")
    return links


def children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


async def test_what_a_killed_worker_has_started_is_buried(hire):
    worker, records = await hire()
    worker.send([job("start 0.2")])
    started = int((await records.replies.get()).body[1:])
    worker.kill()
    await records.death
    async with asyncio.timeout(30):
        while _state(started):  # noqa: ASYNC110 - the kernel sets no event
            await asyncio.sleep(0.01)


class TestJobs:
    async def test_replies_come_in_the_order_of_the_jobs(self, hire):
        worker, records = await hire()
        worker.send([job(f"echo {id}", id=id) for id in range(50)])
        replies = [await records.replies.get() for _ in range(50)]
        assert [reply.job_id for reply in replies] == list(range(50))
        assert replies[7].body == b"Aecho 7"

    async def test_exception_of_the_handler_is_reported_and_the_worker_goes_on(self, hire):
        worker, records = await hire()
        worker.send([job("raise"), job("echo", id=1)])
        raised, after = await records.replies.get(), await records.replies.get()
        assert raised.status is Status.RAISED
        assert raised.body.endswith(b"ValueError: a defect\n")
        assert after.status is Status.DONE

    async def test_memory_limit_ends_the_job_with_out_of_memory_and_then_the_worker(self, hire):
        worker, records = await hire()
        worker.send([job(f"allocate {64 * MIB}", memory_bytes=32 * MIB)])
        assert (await records.replies.get()).status is Status.OUT_OF_MEMORY
        death = await records.death
        assert (death.exit_code, death.signal) == (0, 0)

    async def test_memory_left_behind_is_not_charged_to_the_next_job(self, hire):
        worker, records = await hire()
        leaks = [job(f"leak {24 * MIB}", id=id, memory_bytes=64 * MIB) for id in range(5)]
        worker.send([*leaks, job(f"allocate {32 * MIB}", id=5, memory_bytes=64 * MIB)])
        replies = [await records.replies.get() for _ in range(6)]
        assert {reply.status for reply in replies} == {Status.DONE}

    async def test_reply_beyond_the_limit_is_a_defect_not_a_death(self, hire):
        worker, records = await hire()
        worker.send([job(f"big {MAX_REPLY_BYTES}"), job("echo", id=1)])
        assert (await records.replies.get()).status is Status.RAISED
        assert (await records.replies.get()).status is Status.DONE

    async def test_kernel_limits_back_up_the_services_own(self, hire):
        worker, records = await hire()
        worker.send([job("limits", memory_bytes=64 * MIB)])
        limits = json.loads((await records.replies.get()).body[1:])
        assert limits["RLIMIT_CORE"] == [0, 0]
        assert limits["RLIMIT_NOFILE"] == [256, 256]
        assert limits["RLIMIT_CPU"][0] == 5 + 1 + 2
        assert 64 * MIB < limits["RLIMIT_AS"][0] < 2**40

    async def test_worker_yields_to_the_service_in_need_of_memory_or_cpu(self, workers):
        records = Records()
        worker = await workers.fork(records, niceness=7)
        worker.send([job("echo")])
        await records.replies.get()
        assert _read(f"/proc/{worker.pid}/oom_score_adj") == "900\n"
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 7

    async def test_what_a_verifier_prints_stays_out_of_the_services_output(self, capfd):
        workers = Workers(HANDLER)
        await workers.start()
        records = Records()
        worker = await workers.fork(records)
        worker.send([job("print")])
        await records.replies.get()
        await workers.close()
        assert capfd.readouterr() == ("", "a verifier prints\n")


class TestClocks:
    async def test_cpu_clock_counts_work_and_not_waiting(self, hire):
        worker, records = await hire()
        before = worker.cpu_seconds()
        worker.send([job("burn 0.2")])
        await records.replies.get()
        burnt = worker.cpu_seconds() - before
        worker.send([job("sleep 0.2", id=1)])
        await records.replies.get()
        assert burnt >= 0.2
        assert worker.cpu_seconds() - before - burnt < 0.1
        assert worker.resident_bytes() > MIB

    async def test_clocks_of_the_dead_stand_still(self, hire):
        worker, records = await hire()
        worker.kill()
        await records.death
        assert (worker.cpu_seconds(), worker.delayed_seconds(), worker.resident_bytes()) == (
            0,
            0,
            0,
        )


class TestDeath:
    async def test_kill_ends_a_worker_in_the_middle_of_a_job(self, hire):
        worker, records = await hire()
        worker.send([job("wedge")])
        worker.kill()
        assert (await records.death).signal == signal.SIGKILL

    @pytest.mark.parametrize(
        ("command", "exit_code", "signal_number"),
        [("exit 3", 3, 0), ("segfault", 0, signal.SIGSEGV)],
    )
    async def test_death_says_how(self, hire, command, exit_code, signal_number):
        worker, records = await hire()
        worker.send([job(command)])
        death = await records.death
        assert (death.exit_code, death.signal) == (exit_code, signal_number)
        assert death.peak_memory_bytes > MIB

    async def test_replies_written_before_the_death_arrive_before_it(self, hire, monkeypatch):
        monkeypatch.setattr(workers_module, "_LAST_REPLIES_SECONDS", 60)
        worker, records = await hire()
        worker._transport.pause_reading()
        worker.send([job("echo last words"), job("exit 0", id=1)])
        await ended(worker.pid)
        await asyncio.sleep(0)
        assert not records.death.done()
        worker._transport.resume_reading()
        await records.death
        assert records.replies.get_nowait().body == b"Aecho last words"

    async def test_death_of_the_zygote_is_the_death_of_its_workers(self, workers, hire):
        idle, of_idle = await hire()
        idle._transport.pause_reading()  # it is heard of all the same, and without delay
        busy, of_busy = await hire()
        busy.send([job("kill-zygote")])
        assert await of_idle.death == await of_busy.death == Death(-1, -1, 0)
        await asyncio.gather(ended(idle.pid), ended(busy.pid))

    async def test_next_fork_replaces_a_dead_zygote(self, hire):
        worker, records = await hire()
        worker.send([job("kill-zygote")])
        await records.death
        worker, records = await hire()
        worker.send([job("echo")])
        assert (await records.replies.get()).status is Status.DONE


class TestStartAndEnd:
    @pytest.mark.parametrize("path", ["engine_handlers:make_dying_handler", "no_such:thing"])
    async def test_handler_that_cannot_be_loaded_is_named(self, path, capfd):
        workers = Workers(path)
        with pytest.raises(SandboxError, match=path):
            await workers.start()
        await workers.close()

    async def test_current_directory_is_not_searched_for_modules(self, tmp_path, monkeypatch):
        (tmp_path / "ctypes.py").write_text("raise SystemExit('the wrong ctypes')")
        monkeypatch.chdir(tmp_path)
        workers = Workers(HANDLER)
        await workers.start()
        await workers.close()

    async def test_nothing_is_left_after_close(self):
        files, before = open_files(), children()
        workers = Workers(HANDLER)
        await workers.start()
        records = [Records() for _ in range(3)]
        made = [await workers.fork(each) for each in records]
        made[0].send([job("wedge")])
        made[1].send([job("burn 60")])
        await workers.close()
        await asyncio.gather(*(each.death for each in records))
        assert [_state(worker.pid) for worker in made] == ["", "", ""]
        assert children() == before
        await asyncio.sleep(0)  # transports close their sockets one turn later
        assert open_files() == files

    async def test_cancelled_fork_leaves_no_process(self, workers):
        task = asyncio.create_task(workers.fork(Records()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await workers.close()

    async def test_zygote_that_is_stuck_is_replaced(self, workers, monkeypatch):
        monkeypatch.setattr(workers_module, "_FORK_SECONDS", 0.2)
        first = await workers.fork(Records())
        zygote = _parent(first.pid)
        os.kill(zygote, signal.SIGSTOP)
        with pytest.raises(SandboxError, match="has not forked"):
            await workers.fork(Records())
        monkeypatch.undo()
        monkeypatch.setenv("PYTHONPATH", str(TESTS))
        records = Records()
        worker = await workers.fork(records)
        worker.send([job("echo")])
        assert (await records.replies.get()).status is Status.DONE
        await ended(zygote)

    async def test_closed_workers_fork_no_more(self, workers):
        await workers.close()
        with pytest.raises(SandboxError, match="closed"):
            await workers.fork(Records())

    async def test_workers_die_when_the_service_is_killed(self):
        code = (
            "import asyncio, test_workers as t\n"
            "async def main():\n"
            "    workers = t.Workers(t.HANDLER)\n"
            "    await workers.start()\n"
            "    made = [await workers.fork(t.Records()) for _ in range(3)]\n"
            "    made[0].send([t.job('burn 600')])\n"
            "    made[1].send([t.job('wedge')])\n"
            "    print(workers._process.pid, *(each.pid for each in made), flush=True)\n"
            "    await asyncio.sleep(600)\n"
            "asyncio.run(main())\n"
        )
        with subprocess.Popen(  # noqa: ASYNC220 - nothing else runs here
            [sys.executable, "-c", code], stdout=subprocess.PIPE
        ) as service:
            assert service.stdout is not None
            pids = [int(word) for word in service.stdout.readline().split()]
            assert len(pids) == 4
            service.kill()
        await asyncio.gather(*(ended(pid) for pid in pids))


class TestFrames:
    def test_replies_are_cut_out_of_any_pieces(self):
        replies = [Reply(id, Status.DONE, b"x" * id, 0.5) for id in range(5)]
        stream = b"".join(reply.encode() for reply in replies)
        reader = ReplyReader()
        cut = [reply for at in range(len(stream)) for reply in reader.feed(stream[at : at + 1])]
        assert cut == replies

    @pytest.mark.parametrize(
        ("length", "status", "cpu_seconds"),
        [
            (MAX_REPLY_BYTES + 1, 0, 0.0),
            (0, 3, 0.0),
            (0, 0, float("nan")),
            (0, 0, float("inf")),
            (0, 0, -1.0),
        ],
    )
    def test_what_cannot_be_a_reply_is_refused_by_its_header(self, length, status, cpu_seconds):
        with pytest.raises(FrameError):
            ReplyReader().feed(struct.pack("!IQBd", length, 0, status, cpu_seconds))

    async def test_worker_that_sends_nonsense_is_killed(self, hire):
        worker, records = await hire()
        worker.data_received(b"\xff" * 100)
        assert (await records.death).signal == signal.SIGKILL
