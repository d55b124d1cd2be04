"""Rewards a second of a training step, through the reward manager's own path and over gRPC.

    python benchmarks/rewards.py DATA.jsonl

A step is 4,096 samples, whose rewards are asked for one by one and at once, as if all rollouts of a
trainer ended together: the worst case, since real ones end one after another. What is measured is
the way of a sample behind verl's door: gathering into calls, the service with its verifiers and the
recipe, and what verl is told. Each sample brings its token ids.

Measured are one endpoint and two, which on one machine share its cores, and in the same run
math-verify in the service's place, as in service.py. DATA is read as in numeric.py.
"""

import asyncio
import contextlib
import itertools
import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import load
import processes
import rows
import typer
from figures import table
from rich.console import Console
from rich.table import Table
from service import PEER

from assayoffice import AsyncClient
from assayoffice.rl import FinishReason, Generation, Recipe, Rollout, Submission, Verdict
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.verl.scoring import Scoring
from assayoffice.rl.verl.settings import FailurePolicy, Settings

_WARM = 8
_TIMEOUT_SECONDS = 600.0
_VOCABULARY = 150_000
_RECIPE = Recipe("phi4_reasoning_plus", "1", {"think": "ignored"})


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    samples: int
    tokens: int
    peer_samples: int


_WHOLE = Size(samples=4096, tokens=1000, peer_samples=1024)
_QUICK = Size(samples=64, tokens=100, peer_samples=8)


@dataclass(frozen=True, slots=True)
class Step:
    """The rewards of one step. CPU time is by sample, of all processes of a kind together."""

    samples: int
    seconds: float
    client_cpu_us: float
    service_cpu_us: float
    workers_cpu_us: float
    errors: int

    @property
    def per_second(self) -> float:
        """Samples a second by the clock."""
        return self.samples / self.seconds


def main(
    data: Annotated[
        Path | None, typer.Argument(help="Labelled rows.", envvar="BENCH_DATA", exists=True)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A little of everything.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as one object.")] = False,
) -> None:
    """Measure the rewards of a training step, and math-verify in the service's place."""
    console = Console(highlight=False, stderr=as_json)
    if data is None:
        console.print("No DATA (nor BENCH_DATA): sending the verifier's own few cases.\n")
    size = _QUICK if quick else _WHOLE
    labelled = rows.from_file(data) if data else rows.shipped()
    random.Random(0).shuffle(labelled)
    source = _rollouts(load.healthy(labelled, seed=4), size.tokens)
    warm, first, second = (
        list(itertools.islice(source, count)) for count in (_WARM, size.samples, size.samples)
    )
    measured = {}
    for name, servers, step in (("one endpoint", 1, first), ("two endpoints", 2, second)):
        with contextlib.ExitStack() as stack:
            endpoints = [
                stack.enter_context(EmbeddedServer(start_seconds=60)).endpoint
                for _ in range(servers)
            ]
            asyncio.run(_step(endpoints, warm))
            measured[name] = asyncio.run(_step(endpoints, step))
    with EmbeddedServer(start_seconds=60, command=PEER) as server:
        asyncio.run(_verdicts(server.endpoint, warm))
        peer = asyncio.run(_verdicts(server.endpoint, first[: size.peer_samples]))
    console.print(_table(measured, peer, size))
    if as_json:
        steps = {name: asdict(step) for name, step in (*measured.items(), ("peer", peer))}
        print(json.dumps({"cores": len(os.sched_getaffinity(0)), "steps": steps}))


def _rollouts(submissions: Iterator[Submission], tokens: int) -> Iterator[Rollout]:
    """The submissions with as many tokens as a short answer has; no two are equal."""
    chance = random.Random(5)
    for submission in submissions:
        ids = [chance.randrange(_VOCABULARY) for _ in range(chance.randrange(tokens // 2, tokens))]
        yield Rollout(submission, Generation(token_ids=ids, finish_reason=FinishReason.STOP))


async def _step(endpoints: Sequence[str], rollouts: Sequence[Rollout]) -> Step:
    settings = Settings(
        endpoints,
        _RECIPE,
        timeout_seconds=_TIMEOUT_SECONDS,
        # Rows may have references that no verifier can read: they are counted, and end nothing.
        failure_policy=FailurePolicy.GROUP_NEUTRAL,
        error_share=1.0,
    )
    scoring = Scoring(settings)
    before, start = _Clock.now(), time.perf_counter()
    infos = await asyncio.gather(*(scoring.score(each) for each in rollouts))
    seconds = time.perf_counter() - start
    errors = sum(info["infra_error"] > 0 for info in infos)
    return _Clock.now().since(before, len(rollouts), seconds, errors)


async def _verdicts(endpoint: str, rollouts: Sequence[Rollout]) -> Step:
    """The same samples judged by the peer, which knows no rewards: its verdicts alone."""
    async with AsyncClient(endpoint) as client:
        before, start = _Clock.now(), time.perf_counter()
        results = await client.verify_batch(
            [each.submission for each in rollouts], timeout=_TIMEOUT_SECONDS
        )
        seconds = time.perf_counter() - start
    errors = sum(not isinstance(each, Verdict) for each in results)
    return _Clock.now().since(before, len(rollouts), seconds, errors)


@dataclass(frozen=True, slots=True)
class _Clock:
    """CPU seconds of this process, of the servers below it, and of what is below them."""

    client: float
    service: float
    workers: float

    @classmethod
    def now(cls) -> "_Clock":
        below = processes.cpu_below()
        return cls(time.process_time(), below.children_seconds, below.deeper_seconds)

    def since(self, before: "_Clock", samples: int, seconds: float, errors: int) -> Step:
        return Step(
            samples=samples,
            seconds=seconds,
            client_cpu_us=1e6 * (self.client - before.client) / samples,
            service_cpu_us=1e6 * (self.service - before.service) / samples,
            workers_cpu_us=1e6 * (self.workers - before.workers) / samples,
            errors=errors,
        )


def _table(measured: dict[str, Step], peer: Step, size: Size) -> Table:
    shown = table(
        f"Rewards of a step, {len(os.sched_getaffinity(0))} cores for manager and service",
        *("samples", "seconds", "samples/s", "ratio", "manager", "service", "workers", "errors"),
        caption=f"manager, service, workers: CPU µs per sample of {size.tokens // 2:,} to "
        f"{size.tokens:,} tokens; math-verify: verdicts alone",
    )
    for name, each in (*measured.items(), ("math-verify", peer)):
        shown.add_row(
            name,
            f"{each.samples:,}",
            f"{each.seconds:.2f}",
            f"{each.per_second:,.0f}",
            f"{each.per_second / peer.per_second:.0f} x",
            f"{each.client_cpu_us:.0f}",
            f"{each.service_cpu_us:.0f}",
            f"{each.workers_cpu_us:,.0f}",
            f"{each.errors}",
        )
    return shown


if __name__ == "__main__":
    typer.run(main)
