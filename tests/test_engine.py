"""The engine: what becomes of work, whoever harms it, withdraws it or asks for it twice."""

import asyncio
import hashlib
import logging
import math
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assayoffice.sandbox.programs.settings import SandboxSettings, TierChoice
from assayoffice.server.cache import FindingCache
from assayoffice.server.deadlines import Deadlines
from assayoffice.server.engine import (
    Engine,
    EngineError,
    EngineSettings,
    Failed,
    Judged,
    LimitExceeded,
    Troubled,
    Work,
    WorkLimits,
)
from assayoffice.server.fair_queue import FairQueue

MIB = 1024 * 1024
LIMITS = WorkLimits(
    cpu_seconds=0.3, wall_seconds=0.4, memory_bytes=128 * MIB, quick_cpu_seconds=0.05
)
SANDBOXED = WorkLimits(
    cpu_seconds=0.3, wall_seconds=60, memory_bytes=128 * MIB, quick_cpu_seconds=0.05, sandboxed=True
)
SETTINGS = EngineSettings(
    handler_path="engine_handlers:make_handler",
    quick_workers=1,
    full_workers=1,
    sandboxed_workers=1,
    queue_items=10_000,
    queue_bytes=64 * MIB,
    cache_bytes=MIB,
)


def settings(**changes: object) -> EngineSettings:
    values = {name: getattr(SETTINGS, name) for name in EngineSettings.__slots__}
    return EngineSettings(**{**values, **changes})


def work(
    text: str,
    *,
    limits: WorkLimits = LIMITS,
    seconds: float = math.inf,
    flow: object = "a call",
    key: str | None = None,
) -> Work:
    digest = hashlib.sha256((key or text).encode()).digest()
    return Work(digest, text.encode(), limits, time.monotonic() + seconds, flow)


@pytest.fixture(autouse=True)
def handlers_importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    made = Engine(SETTINGS)
    await made.start()
    yield made
    await made.close()


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the engine has no use for such an event
            await asyncio.sleep(0.002)


async def pid_of(engine: Engine, name: str) -> int:
    """The worker that does the next quick work; ``name`` makes the question a new one."""
    finding = await engine.submit(work(f"pid #{name}"))
    assert isinstance(finding, Judged)
    return int(finding.reply[1:])


class TestAnswers:
    async def test_verdict_comes_back_as_the_worker_wrote_it(self, engine):
        finding = await engine.submit(work("echo gold"))
        assert isinstance(finding, Judged)
        assert finding.reply == b"Aecho gold"
        assert not finding.cached
        assert finding.queue_seconds > 0

    async def test_fact_about_the_task_is_an_answer_too(self, engine):
        finding = await engine.submit(work("fact #1"))
        assert isinstance(finding, Judged)
        assert finding.reply == b"Efact #1"

    async def test_fresh_work_is_done_again_and_not_remembered(self, engine):
        def fresh(key: str) -> Work:
            return replace(work("count #x", key=key), fresh=True)

        known = await engine.submit(work("count #x"))
        again = await engine.submit(fresh("a"))
        assert (known.reply, again.reply, again.cached) == (b"A1", b"A2", False)
        assert (await engine.submit(work("count #x"))).reply == b"A1"
        assert (await engine.submit(work("count #x", key="a"))).reply == b"A3"

    async def test_fresh_work_that_is_reduced_is_still_fresh(self, engine):
        known = await engine.submit(work("reduce count"))
        again = await engine.submit(replace(work("reduce count", key="a"), fresh=True))
        later = await engine.submit(work("reduce count #in other words"))
        assert [each.reply for each in (known, again, later)] == [b"A1", b"A2", b"A1"]

    async def test_large_batch_is_answered_in_full(self, engine):
        futures = [engine.submit(work(f"echo {number}")) for number in range(3000)]
        replies = [(await future).reply for future in futures]
        assert replies == [b"Aecho %d" % number for number in range(3000)]

    async def test_work_that_asks_for_full_effort_gets_it(self, engine):
        assert (await engine.submit(work("full"))).reply == b"AF"

    async def test_defect_of_a_verifier_is_an_error_that_says_where(self, engine):
        finding = await engine.submit(work("raise"))
        assert isinstance(finding, Failed)
        assert finding.reason == "VERIFIER_DEFECT"
        assert "ValueError: a defect (engine_handlers.py" in finding.message
        assert "/" not in finding.message

    async def test_answer_that_is_none_is_a_defect(self, engine):
        assert (await engine.submit(work("nonsense"))).reason == "VERIFIER_DEFECT"

    async def test_time_used_outside_of_the_worker_counts_for_the_work_that_used_it(self, engine):
        assert (await engine.submit(work("charge 7"))).cpu_seconds > 7
        assert (await engine.submit(work("echo"))).cpu_seconds < 7

    async def test_question_is_answered_beside_the_queue(self, engine):
        busy = engine.submit(work("sleep 0.35"))
        assert await engine.ask(b"Decho who") == b"Aecho who"
        assert not busy.done()

    @pytest.mark.parametrize("command", ["raise", "exit 1"])
    async def test_question_that_cannot_be_answered_is_an_error(self, engine, command):
        with pytest.raises(EngineError):
            await engine.ask(b"D" + command.encode())


class TestHostileWork:
    async def test_quick_overrun_is_judged_again_alone(self, engine):
        finding = await engine.submit(work("burn 0.1"))
        assert isinstance(finding, Judged)
        assert finding.reply == b"AF"
        assert finding.cpu_seconds > 0.15  # both runs
        assert engine.stats().kills == {"overran": 1}

    async def test_full_overrun_is_a_verdict(self, engine):
        finding = await engine.submit(work("burn 60"))
        assert isinstance(finding, LimitExceeded)
        assert finding.reason == "CPU_TIME"
        assert finding.explanation == "judging it takes more than 0.3 s of CPU time"

    async def test_kernels_stop_for_cpu_time_is_that_verdict_as_well(self, engine):
        finding = await engine.submit(work(f"signal {signal.SIGXCPU:d}"))
        assert isinstance(finding, LimitExceeded)
        assert finding.reason == "CPU_TIME"

    async def test_out_of_memory_twice_is_a_verdict(self, engine):
        finding = await engine.submit(work(f"allocate {512 * MIB}"))
        assert isinstance(finding, LimitExceeded)
        assert finding.reason == "MEMORY"
        assert finding.explanation == "judging it takes more than 128 MiB of memory"

    @pytest.mark.parametrize("command", ["segfault", "exit 0", "exit 3"])
    async def test_crash_is_tried_again_and_then_an_error(self, engine, command):
        finding = await engine.submit(work(command))
        assert isinstance(finding, Failed)
        assert finding.reason == "WORKER_CRASHED"

    @pytest.mark.parametrize("effort", ["any", "full"])
    async def test_crash_is_tried_exactly_once_more(self, engine, tmp_path, effort):
        diary = tmp_path / "diary"
        finding = await engine.submit(work(f"crash {diary} {effort}"))
        assert finding.reason == "WORKER_CRASHED"
        assert len(diary.read_bytes()) == 2

    async def test_crash_that_does_not_repeat_harms_nobody(self, engine):
        finding = await engine.submit(work("suicide-quick"))
        assert isinstance(finding, Judged)
        assert finding.reply == b"AF"

    async def test_waiting_for_nothing_is_an_error_not_a_verdict(self, engine):
        finding = await engine.submit(work("wedge"))
        assert isinstance(finding, Failed)
        assert finding.reason == "WALL_TIMEOUT"
        assert engine.stats().kills == {"waited": 2}

    async def test_stopped_worker_is_replaced(self, engine):
        os.kill(await pid_of(engine, "1"), signal.SIGSTOP)
        assert isinstance(await engine.submit(work("echo")), Judged)

    @pytest.mark.parametrize(
        "culprit",
        ["burn 60", "segfault", "exit 1", f"allocate {512 * MIB}", "wedge", "kill-zygote", "raise"],
    )
    async def test_culprit_alone_pays(self, engine, culprit):
        futures = [engine.submit(work(f"echo {number}")) for number in range(40)]
        hostile = engine.submit(work(culprit))
        futures += [engine.submit(work(f"echo {number}")) for number in range(40, 80)]
        replies = [(await future).reply for future in futures]
        assert replies == [b"Aecho %d" % number for number in range(80)]
        assert not isinstance(await hostile, Judged)

    async def test_neighbours_of_a_crash_run_one_by_one_from_then_on(self, engine):
        patient = WorkLimits(60, 60, 128 * MIB, 60)
        hostile = engine.submit(work("exit 1"))
        # In the same turn of the loop, so in the same chunk.
        others = [engine.submit(work(f"sleep 60 #{n}", limits=patient)) for n in range(3)]
        assert (await hostile).reason == "WORKER_CRASHED"
        await until(lambda: engine.stats().running == 1 and engine.stats().queued == 2)
        assert engine.stats().kills == {}  # not yet moved to the full lane for their waiting
        for other in others:
            other.cancel()

    async def test_cheap_work_does_not_wait_behind_expensive(self, engine):
        long = WorkLimits(60, 60, 128 * MIB, 0.05)
        expensive = [engine.submit(work(f"burn 50 #{i}", limits=long)) for i in range(5)]
        await until(lambda: engine.stats().kills.get("overran") == 5)
        assert isinstance(await engine.submit(work("echo")), Judged)
        assert not any(future.done() for future in expensive)
        for future in expensive:
            future.cancel()


class TestSharing:
    async def test_equal_work_is_computed_once(self, engine):
        futures = [engine.submit(work("count #1")) for _ in range(20)]
        findings = [await future for future in futures]
        assert {finding.reply for finding in findings} == {b"A1"}
        assert [finding.cached for finding in findings] == [False] + [True] * 19
        later = engine.submit(work("count #1"))
        assert later.done()
        assert later.result() == Judged(b"A1", findings[0].cpu_seconds, 0.0, cached=True)
        assert (await engine.submit(work("count #2"))).reply == b"A2"

    async def test_burnt_allowance_is_remembered(self, engine):
        await engine.submit(work("burn 60"))
        again = engine.submit(work("burn 60"))
        assert again.done()
        assert again.result().reason == "CPU_TIME"
        assert again.result().cached

    @pytest.mark.parametrize("command", ["exit 1", "raise", "trouble"])
    async def test_trouble_is_not_remembered(self, engine, command):
        await engine.submit(work(command))
        assert not engine.submit(work(command)).done()

    async def test_withdrawn_caller_does_not_harm_others(self, engine):
        first = engine.submit(work("sleep 0.3"))
        second = engine.submit(work("sleep 0.3", flow="another"))
        await until(lambda: engine.stats().running == 1)
        first.cancel()
        assert isinstance(await second, Judged)
        assert engine.stats().kills == {}

    async def test_deadline_of_one_does_not_end_the_work_of_another(self, engine):
        hurried = engine.submit(work("sleep 0.3", seconds=0.05))
        patient = engine.submit(work("sleep 0.3", seconds=60))
        assert (await hurried).reason == "DEADLINE_EXCEEDED"
        assert isinstance(await patient, Judged)


class TestReducedWork:
    """Works that ask for full effort with the same words are one work from there on."""

    async def test_equal_work_in_other_words_is_computed_once(self, engine):
        futures = [
            engine.submit(work(f"reduce count #{number}", limits=SANDBOXED)) for number in range(64)
        ]
        findings = [await future for future in futures]
        assert {finding.reply for finding in findings} == {b"A1"}
        assert Counter(finding.cached for finding in findings) == {False: 1, True: 63}
        later = await engine.submit(work("reduce count #again", limits=SANDBOXED))
        assert later == Judged(b"A1", later.cpu_seconds, 0.0, cached=True)
        stats = engine.stats()
        assert (stats.cache_misses, stats.shared + stats.cache_hits) == (65, 64)
        assert engine.room() == SETTINGS.queue_items

    async def test_different_work_stays_different(self, engine):
        futures = [
            engine.submit(work(f"reduce echo {number} #x", limits=SANDBOXED)) for number in range(9)
        ]
        assert [(await each).reply for each in futures] == [b"Aecho %d" % n for n in range(9)]

    async def test_withdrawn_caller_does_not_harm_those_who_joined(self, engine):
        futures = await self.joined(engine, "sleep 0.2", 3)
        futures[0].cancel()
        assert [(await each).reply for each in futures[1:]] == [b"AF", b"AF"]
        assert engine.stats().kills == {}

    async def test_last_one_to_withdraw_kills(self, engine):
        futures = await self.joined(engine, "sleep 60", 3)
        for number, future in enumerate(futures):
            assert engine.stats().kills == {}
            assert engine.room() == SETTINGS.queue_items - 3 + number
            future.cancel()
        assert engine.stats().kills == {"withdrawn": 1}
        assert engine.room() == SETTINGS.queue_items
        again = engine.submit(work("reduce echo #1", limits=SANDBOXED))
        assert (await again).reply == b"Aecho"

    async def test_deadline_of_one_does_not_end_the_work_of_another(self, engine):
        hurried = engine.submit(work("reduce sleep 0.3 #1", limits=SANDBOXED, seconds=0.1))
        patient = engine.submit(work("reduce sleep 0.3 #2", limits=SANDBOXED, seconds=60))
        assert (await hurried).reason == "DEADLINE_EXCEEDED"
        assert (await patient).reply == b"AF"

    async def test_trouble_reaches_all_and_is_not_remembered(self, engine):
        futures = await self.joined(engine, "trouble 1", 3, until_running=False)
        assert {await each for each in futures} == {Troubled(b"trouble 1")}
        assert not engine.submit(work("reduce trouble 1 #0", limits=SANDBOXED)).done()

    async def test_crash_is_tried_exactly_once_more(self, engine, tmp_path):
        diary = tmp_path / "diary"
        futures = await self.joined(engine, f"crash {diary} any", 3, until_running=False)
        assert {(await each).reason for each in futures} == {"WORKER_CRASHED"}
        assert len(diary.read_bytes()) == 2

    async def test_what_it_was_reduced_to_is_what_takes_room(self):
        engine = Engine(settings(queue_bytes=1000))
        await engine.start()
        first = engine.submit(work("reduce sleep 0.3 #".ljust(1000, "x"), limits=SANDBOXED))
        assert engine.room() == 0
        await until(lambda: engine.room() > 0)
        assert not first.done()
        assert isinstance(await engine.submit(work("echo #".ljust(900, "x"))), Judged)
        assert isinstance(await first, Judged)
        assert isinstance(await engine.submit(work("echo #".ljust(1000, "y"))), Judged)
        await engine.close()

    @pytest.mark.parametrize("words", ["same", "others"])
    async def test_shared_work_is_done_as_early_as_the_small_call_would_have_it(
        self, engine, words
    ):
        large = [
            engine.submit(work(f"reduce sleep 0.005 {n} #same", limits=SANDBOXED, flow="large"))
            for n in range(100)
        ]
        await engine.submit(work(f"reduce sleep 0.005 99 #{words}", limits=SANDBOXED, flow="small"))
        assert not large[50].done()
        await asyncio.gather(*large)

    async def test_programs_and_other_expensive_work_do_not_wait_for_each_other(self, engine):
        long = WorkLimits(60, 60, 128 * MIB, 0.05)
        expensive = [engine.submit(work(f"burn 50 #{i}", limits=long)) for i in range(5)]
        programs = [engine.submit(work(f"reduce sleep 60 {i}", limits=SANDBOXED)) for i in range(5)]
        await until(lambda: engine.stats().running == 2 and engine.stats().queued == 8)
        for future in expensive:
            future.cancel()
        assert (await engine.submit(work("full"))).reply == b"AF"
        for future in programs:
            future.cancel()

    async def joined(self, engine, command, count, *, until_running=True):
        """Works with other words for one command, all of them waiting for its one run."""
        futures = [
            engine.submit(work(f"reduce {command} #{number}", limits=SANDBOXED))
            for number in range(count)
        ]
        if until_running:
            await until(lambda: engine.stats().shared == count - 1 and engine.stats().running == 1)
        return futures


class TestGivingUp:
    async def test_cancelling_kills_running_work_at_once(self, engine):
        running = engine.submit(work("burn 60", limits=WorkLimits(60, 60, 128 * MIB, 60)))
        await until(lambda: engine.stats().running == 1)
        running.cancel()
        assert engine.stats().kills == {"withdrawn": 1}
        assert isinstance(await engine.submit(work("echo")), Judged)

    async def test_chunk_mates_of_withdrawn_work_are_judged(self, engine):
        first = engine.submit(work("sleep 0.3"))
        others = [engine.submit(work(f"echo {number}")) for number in range(5)]
        await until(lambda: engine.stats().running == 6)
        first.cancel()
        assert [(await other).reply for other in others] == [b"Aecho %d" % n for n in range(5)]

    async def test_cancelling_drops_queued_work(self, engine):
        futures = [engine.submit(work(f"sleep 0.2 #{number}")) for number in range(100)]
        for future in futures:
            future.cancel()
        assert engine.stats().queued == 0
        assert engine.room() == SETTINGS.queue_items
        assert isinstance(await engine.submit(work("echo")), Judged)

    async def test_task_that_is_cancelled_withdraws_what_it_awaits(self, engine):
        async def caller() -> None:
            await engine.submit(work("wedge"))

        task = asyncio.create_task(caller())
        await until(lambda: engine.stats().running == 1)
        task.cancel()
        await until(lambda: engine.stats().kills == {"withdrawn": 1})

    async def test_deadline_is_an_error_and_kills(self, engine):
        finding = await engine.submit(work("burn 60", seconds=0.2))
        assert finding == Failed("DEADLINE_EXCEEDED", finding.message, None)
        assert engine.stats().running == 0
        assert not engine.submit(work("burn 60")).done()  # nothing was concluded from it

    async def test_deadline_of_finished_work_leaves_no_timer(self):
        loop, trouble, passed = asyncio.get_running_loop(), [], asyncio.Event()
        loop.set_exception_handler(lambda _, context: trouble.append(context))
        deadlines = Deadlines(loop, trouble.append)
        deadline = loop.time() + 0.02
        deadlines.add("finished", deadline)
        deadlines.discard("finished", deadline)
        loop.call_at(deadline + 0.01, passed.set)
        await passed.wait()
        assert trouble == []

    async def test_deadline_that_has_passed_costs_nothing(self, engine):
        assert engine.submit(work("echo", seconds=-1)).result().reason == "DEADLINE_EXCEEDED"
        assert engine.stats().cache_misses == 0


class TestFairness:
    async def test_small_call_does_not_wait_for_a_large_one(self, engine):
        done: list[str] = []
        large = [engine.submit(work(f"sleep 0.002 #{n}", flow="large")) for n in range(200)]
        large[-1].add_done_callback(lambda _: done.append("large"))
        small = [engine.submit(work(f"echo #{n}", flow="small")) for n in range(3)]
        small[-1].add_done_callback(lambda _: done.append("small"))
        await asyncio.gather(*large, *small)
        assert done == ["small", "large"]

    async def test_shared_work_is_done_as_early_as_the_small_call_would_have_it(self, engine):
        large = [engine.submit(work(f"sleep 0.002 #{n}", flow="large")) for n in range(200)]
        await engine.submit(work("sleep 0.002 #199", flow="small"))
        assert not large[100].done()
        await asyncio.gather(*large)

    def test_flows_are_served_in_turn_and_in_order(self):
        queue: FairQueue[str] = FairQueue()
        for item in ["a1", "a2", "a3", "b1", "b2", "c1"]:
            queue.push(item, item[0])
        order = [queue.pop() for _ in range(len(queue))]
        assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]

    def test_shared_item_is_served_by_the_first_flow_that_comes_to_it(self):
        queue: FairQueue[str] = FairQueue()
        for item in ["a1", "a2", "shared"]:
            queue.push(item, "a")
        queue.push("shared", "b")
        assert [queue.pop() for _ in range(len(queue))] == ["a1", "shared", "a2"]

    def test_item_put_back_is_next(self):
        queue: FairQueue[str] = FairQueue()
        for item in ["a1", "a2", "b1"]:
            queue.push(item, item[0])
        queue.push_front(queue.pop(), "a")
        assert [queue.pop() for _ in range(len(queue))] == ["a1", "b1", "a2"]

    def test_removed_item_leaves_no_trace(self):
        queue: FairQueue[str] = FairQueue()
        queue.push("only", "a")
        queue.push("only", "b")
        queue.remove("only")
        assert len(queue) == 0
        with pytest.raises(KeyError):
            queue.pop()


class TestBounds:
    async def test_work_beyond_the_queue_is_shed_with_a_time_to_retry(self):
        engine = Engine(settings(queue_items=2))
        await engine.start()
        taken = [engine.submit(work(f"sleep 0.1 #{number}")) for number in range(2)]
        assert engine.room() == 0
        shed = engine.submit(work("echo"))
        assert shed.done()
        assert shed.result() == Failed("OVERLOADED", "the queue is full", retry_after_seconds=0.1)
        assert all([isinstance(await future, Judged) for future in taken])
        assert engine.room() == 2
        await engine.close()

    async def test_bytes_bound_the_queue_as_well(self):
        engine = Engine(settings(queue_bytes=1000))
        await engine.start()
        taken = engine.submit(work("sleep 0.1 #" + "x" * 900))
        assert engine.submit(work("echo #" + "x" * 900)).result().reason == "OVERLOADED"
        assert isinstance(await taken, Judged)
        assert isinstance(await engine.submit(work("echo #" + "x" * 900)), Judged)
        await engine.close()

    async def test_leaking_worker_is_replaced(self, engine):
        first = await pid_of(engine, "first")
        for number in range(4):
            limits = WorkLimits(60, 60, 1024 * MIB, 60)
            await engine.submit(work(f"leak {100 * MIB} #{number}", limits=limits))
        await engine.submit(work("echo"))
        assert engine.stats().kills == {"worn": 1}
        assert await pid_of(engine, "second") != first

    def test_cache_forgets_what_was_asked_for_the_longest_ago(self):
        cache = FindingCache(max_bytes=3 * 600)
        for key in (b"a", b"b", b"c"):
            cache.put(key, Judged(b"A", 0.1, 0.1, cached=False))
        assert cache.get(b"a") is not None
        cache.put(b"d", Judged(b"A", 0.1, 0.1, cached=False))
        assert cache.get(b"b") is None
        assert cache.get(b"a") is not None

    def test_cache_of_no_size_keeps_nothing(self):
        cache = FindingCache(max_bytes=0)
        cache.put(b"a", Judged(b"A", 0.1, 0.1, cached=False))
        assert cache.get(b"a") is None

    def test_cache_entry_that_is_too_large_is_not_kept(self):
        cache = FindingCache(max_bytes=1000)
        cache.put(b"a", Judged(b"A" * 2000, 0.1, 0.1, cached=False))
        assert cache.get(b"a") is None


class TestBookkeeping:
    @pytest.mark.parametrize("seed", range(2))
    async def test_nothing_is_left_whatever_becomes_of_work_and_workers(self, seed):
        chance = random.Random(seed)
        engine = Engine(settings(quick_workers=2, sandboxed_workers=2, queue_bytes=100_000))
        await engine.start()
        commands = ["echo", "sleep 0.005", "burn 0.02", "trouble", "raise", "exit 1"]
        asked = []
        for _ in range(600):
            command = f"{chance.choice(commands)} {chance.randrange(20)}"
            if chance.random() < 0.8:
                command = f"reduce {command} #{chance.randrange(50)}"
            seconds, flow = chance.choice([0.05, 0.5, 60, math.inf]), chance.randrange(5)
            future = engine.submit(work(command, limits=SANDBOXED, seconds=seconds, flow=flow))
            asked.append((command, future))
            if chance.random() < 0.2:
                chance.choice(asked[-20:])[1].cancel()
            if chance.random() < 0.1:
                await asyncio.sleep(chance.random() / 50)
        async with asyncio.timeout(60):
            findings = await asyncio.gather(*(each for _, each in asked), return_exceptions=True)
        for (command, _), finding in zip(asked, findings, strict=True):
            if "echo" in command and isinstance(finding, Judged):
                said = command.removeprefix("reduce ").partition(" #")[0]
                assert finding.reply == b"A" + said.encode()
        assert engine.room() == SETTINGS.queue_items
        assert engine.stats().queued == 0
        assert isinstance(await engine.submit(work("echo #".ljust(100_000, "x"))), Judged)
        await engine.drain(0)
        await engine.close()


class TestStartAndEnd:
    async def test_handler_that_cannot_be_loaded_is_reported(self, capfd):
        engine = Engine(settings(handler_path="engine_handlers:make_dying_handler"))
        with pytest.raises(EngineError, match="make_dying_handler"):
            await engine.start()
        await engine.close()

    async def test_drain_finishes_what_was_taken_and_takes_no_more(self, engine):
        taken = engine.submit(work("sleep 0.2"))
        drain = asyncio.create_task(engine.drain(30))
        await asyncio.sleep(0)
        assert engine.submit(work("echo")).result().reason == "SHUTTING_DOWN"
        await drain
        assert isinstance(taken.result(), Judged)

    async def test_drain_ends_with_its_grace(self, engine, caplog):
        with caplog.at_level(logging.CRITICAL):
            engine.submit(work("wedge"))
            await engine.drain(0.05)

    async def test_close_fails_what_is_unfinished(self):
        engine = Engine(SETTINGS)
        await engine.start()
        futures = [engine.submit(work(f"sleep 1 #{number}")) for number in range(5)]
        await engine.close()
        assert {(await future).reason for future in futures} == {"SHUTTING_DOWN"}

    async def test_replies_that_come_during_the_close_change_nothing(self):
        engine = Engine(SETTINGS)
        await engine.start()
        futures = [engine.submit(work(f"echo {number}")) for number in range(2000)]
        await until(futures[0].done)
        await engine.close()
        assert all(future.done() for future in futures)
        assert engine.room() == SETTINGS.queue_items

    async def test_work_survives_the_death_of_the_zygote(self, engine):
        finding = await engine.submit(work("kill-zygote"))
        assert finding.reason == "WORKER_CRASHED"
        assert isinstance(await engine.submit(work("echo")), Judged)

    async def test_workers_know_what_sandboxes_are_made_with(self):
        sandbox = SandboxSettings(
            tier=TierChoice.LANDLOCK,
            python=Path("/opt/python"),
            packages=Path("/opt/packages"),
            preload=("numpy", "math"),
            first_uid=70_000,
        )
        engine = Engine(settings(sandbox=sandbox))
        await engine.start()
        assert (await engine.submit(work("sandbox"))).reply == b"A" + repr(sandbox).encode()
        await engine.close()

    async def test_killed_worker_is_replaced(self, engine):
        for number in range(5):
            os.kill(await pid_of(engine, str(number)), signal.SIGKILL)
            await until(lambda: engine.stats().restarts == number + 1)  # noqa: B023 - called at once
            await until(lambda: engine.stats().workers_alive == 6)
        assert isinstance(await engine.submit(work("echo")), Judged)

    async def test_waiting_work_fails_while_workers_cannot_be_had(self, engine, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setenv("PYTHONPATH", "")  # the next zygote finds no handler
            hostile = engine.submit(work("kill-zygote"))
            finding = await engine.submit(work("echo"))
            assert finding.reason == "WORKER_CRASHED"
            assert "no worker can be started" in finding.message
            assert finding.retry_after_seconds is not None
            assert (await hostile).reason == "WORKER_CRASHED"
        async with asyncio.timeout(30):
            while not isinstance(await engine.submit(work("echo")), Judged):
                pass
        assert (await engine.submit(work("full"))).reply == b"AF"
        assert (await engine.submit(work("reduce pid", limits=SANDBOXED))).reply != b"A"
        await until(lambda: engine.stats().workers_alive == 6)
