"""The service over gRPC: throughput cold and cached, and latency alone and beside hostile input.

    python benchmarks/service.py DATA.jsonl

A real server process, the real client and, beside them, math-verify behind the same RPCs in verl's
arrangement (peer.py); client, server and workers share the cores of this machine. DATA is read as
in numeric.py. Submissions are the rows' responses behind a paragraph or two of reasoning, each one
unlike all others, except where the cache is measured.

Latency is measured in open loop: calls start by the clock, whether or not earlier ones have been
answered, single ones and batches of eight side by side. Healthy calls are measured alone, and then
beside as many hostile submissions as make one in ten.
"""

import asyncio
import collections
import contextlib
import enum
import itertools
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import load
import processes
import protovalidate
import rows
import typer
from figures import percentile, table
from rich.console import Console
from rich.table import Table
from rows import Row

from assayoffice import AsyncClient, Client
from assayoffice.rl import ItemError, Result, ServiceError, Submission, Verdict
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.submissions import to_proto
from assayoffice.server.validation import Rules
from assayoffice.v1 import verifier_pb2

#: math-verify in the place of the service.
PEER = (sys.executable, str(Path(__file__).with_name("peer.py")))
_BATCH_SECONDS = 300.0
# Longer than any healthy call should wait, and shorter than anyone would.
_CALL_SECONDS = 20.0
_BATCH = 8
# As much as the peer can bear alone: about half of two cores.
_SINGLES_PER_SECOND, _BATCHES_PER_SECOND, _HOSTILE_PER_SECOND = 16.0, 2.0, 3.5


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    warm_items: int
    cold_items: int
    peer_items: int
    latency_seconds: float
    peer_latency_seconds: float


_WHOLE = Size(
    warm_items=400, cold_items=10_000, peer_items=1_000, latency_seconds=25, peer_latency_seconds=12
)
_QUICK = Size(
    warm_items=8, cold_items=200, peer_items=8, latency_seconds=1, peer_latency_seconds=0.2
)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Items per second, and where the CPU time of an item goes."""

    items: int
    items_per_second: float
    client_cpu_us: float
    service_cpu_us: float
    workers_cpu_us: float
    errors: int


class Kind(enum.Enum):
    """What is sent in the measurement of latency."""

    SINGLE = enum.auto()
    BATCH = enum.auto()
    HOSTILE = enum.auto()


@dataclass(frozen=True, slots=True)
class Call:
    """One call: how long it took, and what it brought; nothing when it failed."""

    seconds: float
    results: Sequence[Result]


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from sending a call to having its answer, or to giving it up."""

    calls: int
    p50_ms: float
    p99_ms: float
    failed: int


@dataclass(frozen=True, slots=True)
class Latencies:
    """Healthy calls of both kinds, and what became of the hostile submissions beside them."""

    singles: Latency
    batches: Latency
    hostile: dict[str, int]


@dataclass(frozen=True, slots=True)
class Validation:
    """Microseconds to check the field rules of one submission."""

    ours_us: float
    protovalidate_us: float


def main(
    data: Annotated[
        Path | None, typer.Argument(help="Labelled rows.", envvar="BENCH_DATA", exists=True)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A little of everything.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as one object.")] = False,
) -> None:
    """Measure the service, and math-verify in its place."""
    console = Console(highlight=False, stderr=as_json)
    if data is None:
        console.print("No DATA (nor BENCH_DATA): sending the verifier's own few cases.\n")
    size = _QUICK if quick else _WHOLE
    labelled = rows.from_file(data) if data else rows.shipped()
    random.Random(0).shuffle(labelled)  # Else a part of them would be one kind of row.
    warm, batch = (
        list(itertools.islice(load.healthy(labelled, seed=seed), items))
        for seed, items in ((0, size.warm_items), (1, size.cold_items))
    )
    with EmbeddedServer(start_seconds=60) as server:
        _throughput(server.endpoint, warm)
        cold = _throughput(server.endpoint, batch)
        cached = _throughput(server.endpoint, batch)
        alone = asyncio.run(
            _latencies(server.endpoint, labelled, size.latency_seconds, beside_hostile=False)
        )
        beside = asyncio.run(
            _latencies(server.endpoint, labelled, size.latency_seconds, beside_hostile=True)
        )
    with EmbeddedServer(start_seconds=60, command=PEER) as server:
        _throughput(server.endpoint, warm)
        peer = _throughput(server.endpoint, batch[: size.peer_items])
        peer_alone = asyncio.run(
            _latencies(server.endpoint, labelled, size.peer_latency_seconds, beside_hostile=False)
        )
        peer_beside = asyncio.run(
            _latencies(server.endpoint, labelled, size.peer_latency_seconds, beside_hostile=True)
        )
    validation = _validation(batch[:200])

    console.print(_throughput_table(cold, cached, peer))
    console.print(_latency_table("assayoffice", alone, beside))
    console.print(_latency_table("math-verify, as verl runs it", peer_alone, peer_beside))
    console.print(_validation_table(validation, cold))
    if as_json:
        measured = {
            "cores": len(os.sched_getaffinity(0)),
            "throughput": {"cold": asdict(cold), "cached": asdict(cached), "peer": asdict(peer)},
            "latency": {"alone": asdict(alone), "beside_hostile": asdict(beside)},
            "peer_latency": {"alone": asdict(peer_alone), "beside_hostile": asdict(peer_beside)},
            "validation": asdict(validation),
        }
        print(json.dumps(measured))


def _throughput(endpoint: str, batch: Sequence[Submission]) -> Throughput:
    with Client(endpoint) as client:
        client.verify_batch(batch[:1], timeout=_BATCH_SECONDS)  # Opens the connection.
        client_before, before = time.process_time(), processes.cpu_below()
        start = time.perf_counter()
        results = client.verify_batch(batch, timeout=_BATCH_SECONDS)
        seconds = time.perf_counter() - start
        client_after, after = time.process_time(), processes.cpu_below()
    return Throughput(
        items=len(batch),
        items_per_second=len(batch) / seconds,
        client_cpu_us=1e6 * (client_after - client_before) / len(batch),
        service_cpu_us=1e6 * (after.children_seconds - before.children_seconds) / len(batch),
        workers_cpu_us=1e6 * (after.deeper_seconds - before.deeper_seconds) / len(batch),
        errors=sum(not isinstance(each, Verdict) for each in results),
    )


async def _latencies(
    endpoint: str, labelled: Sequence[Row], seconds: float, *, beside_hostile: bool
) -> Latencies:
    healthy = load.healthy(labelled, seed=3 if beside_hostile else 2)
    bombs = load.hostile(seed=1)
    singles: list[asyncio.Task[Call]] = []
    batches: list[asyncio.Task[Call]] = []
    attacks: list[asyncio.Task[Call]] = []
    async with AsyncClient(endpoint) as client:
        start = time.perf_counter()
        for moment, kind in _timetable(seconds, beside_hostile):
            await asyncio.sleep(start + moment - time.perf_counter())
            match kind:
                case Kind.SINGLE:
                    singles.append(_start(client, healthy, 1))
                case Kind.BATCH:
                    batches.append(_start(client, healthy, _BATCH))
                case Kind.HOSTILE:
                    attacks.append(_start(client, bombs, 1))
        return Latencies(
            singles=_latency(await asyncio.gather(*singles)),
            batches=_latency(await asyncio.gather(*batches)),
            hostile=_fates(await asyncio.gather(*attacks)),
        )


def _timetable(seconds: float, beside_hostile: bool) -> list[tuple[float, Kind]]:
    per_second = {
        Kind.SINGLE: _SINGLES_PER_SECOND,
        Kind.BATCH: _BATCHES_PER_SECOND,
        Kind.HOSTILE: _HOSTILE_PER_SECOND if beside_hostile else 0,
    }
    calls = [
        (number / rate, kind)
        for kind, rate in per_second.items()
        for number in range(math.ceil(rate * seconds))
    ]
    return sorted(calls, key=lambda call: call[0])


def _start(client: AsyncClient, source: Iterator[Submission], size: int) -> asyncio.Task[Call]:
    submissions = list(itertools.islice(source, size))
    # From here on, and not from when the event loop comes to it: else a busy client hides a wait.
    return asyncio.create_task(_call(client, submissions, time.perf_counter()))


async def _call(client: AsyncClient, submissions: list[Submission], start: float) -> Call:
    results: list[Result] = []
    with contextlib.suppress(ServiceError):
        if len(submissions) == 1:
            results = [await client.verify(submissions[0], timeout=_CALL_SECONDS)]
        else:
            results = await client.verify_batch(submissions, timeout=_CALL_SECONDS)
    return Call(time.perf_counter() - start, results)


def _latency(calls: Sequence[Call]) -> Latency:
    milliseconds = [1000 * call.seconds for call in calls]
    return Latency(
        calls=len(calls),
        p50_ms=percentile(milliseconds, 50),
        p99_ms=percentile(milliseconds, 99),
        failed=sum(
            not call.results or any(isinstance(each, ItemError) for each in call.results)
            for call in calls
        ),
    )


def _fates(calls: Sequence[Call]) -> dict[str, int]:
    fates = collections.Counter[str]()
    for call in calls:
        for result in call.results:
            match result:
                case Verdict(outcome=outcome):
                    fates[outcome.value] += 1
                case ItemError(reason=reason):
                    fates[f"error {reason}"] += 1
        if not call.results:
            fates["unanswered"] += 1
    return dict(fates.most_common())


def _validation(batch: Sequence[Submission]) -> Validation:
    messages = [to_proto(each) for each in batch]
    own = Rules(verifier_pb2.Submission.DESCRIPTOR)
    peer = protovalidate.Validator()
    peer.collect_violations(messages[0])  # Compiles the rules.
    return Validation(
        ours_us=_cpu_us_each(own.violations, messages),
        protovalidate_us=_cpu_us_each(peer.collect_violations, messages),
    )


def _cpu_us_each(
    check: Callable[[verifier_pb2.Submission], object], messages: Sequence[verifier_pb2.Submission]
) -> float:
    start = time.process_time()
    for message in messages:
        check(message)
    return 1e6 * (time.process_time() - start) / len(messages)


def _throughput_table(cold: Throughput, cached: Throughput, peer: Throughput) -> Table:
    throughput = table(
        f"VerifyBatch, {len(os.sched_getaffinity(0))} cores for client and service",
        *("items", "items/s", "ratio", "client", "service", "workers", "errors"),
        caption="client, service, workers: CPU µs per item",
    )
    for name, each in (("cold", cold), ("cached", cached), ("math-verify", peer)):
        throughput.add_row(
            name,
            f"{each.items:,}",
            f"{each.items_per_second:,.0f}",
            f"{each.items_per_second / peer.items_per_second:.0f} x",
            f"{each.client_cpu_us:.0f}",
            f"{each.service_cpu_us:.0f}",
            f"{each.workers_cpu_us:,.0f}",
            f"{each.errors}",
        )
    return throughput


def _latency_table(name: str, alone: Latencies, beside: Latencies) -> Table:
    attacks = sum(beside.hostile.values())
    fates = ", ".join(f"{count} {fate}" for fate, count in beside.hostile.items())
    latency = table(
        f"{name}: healthy calls alone, and beside {attacks} hostile ones",
        *("calls", "p50 ms", "p99 ms", "failed", "p99 beside/alone"),
        caption=f"the hostile: {fates or 'none'}",
    )
    for kind, quiet, loud in (
        ("one", alone.singles, beside.singles),
        (f"batch of {_BATCH}", alone.batches, beside.batches),
    ):
        for where, each in (("alone", quiet), ("beside", loud)):
            latency.add_row(
                f"{kind}, {where}",
                f"{each.calls}",
                f"{each.p50_ms:,.1f}",
                f"{each.p99_ms:,.1f}",
                f"{each.failed}",
                f"{loud.p99_ms / quiet.p99_ms:.1f} x" if each is loud else "",
            )
    return latency


def _validation_table(validation: Validation, cold: Throughput) -> Table:
    item_us = cold.client_cpu_us + cold.service_cpu_us + cold.workers_cpu_us
    rules = table("Field rules of one submission", "CPU µs", "share of a cold item")
    for name, each in (
        ("compiled", validation.ours_us),
        ("protovalidate", validation.protovalidate_us),
    ):
        rules.add_row(name, f"{each:,.1f}", f"{100 * each / item_us:.1f} %")
    return rules


if __name__ == "__main__":
    typer.run(main)
