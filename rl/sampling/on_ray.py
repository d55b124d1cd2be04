"""Answers by engines on a cluster of Ray: Ray Data hands problems to all that there is room for.

Each engine is an actor that loads the model once. The package, its extra and the model must be on
every node. What is answered is written as it comes, by the process that asks.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from assayoffice.rl.sampling.job import Answered, Job, Row, append
from assayoffice.rl.sampling.vllm_engine import PROBLEMS_PER_CALL, Engine

if TYPE_CHECKING:
    import numpy

LOCAL = "local"
# Of a cluster that is started here; its processes mostly wait for each other.
_FEWEST_CPUS = 4
_MEBIBYTE = 1024 * 1024
_OBJECT_STORE_BYTES = 256 * _MEBIBYTE


class EngineActor:
    """An engine, for ``map_batches``. Columns are JSON: Arrow has one type for a field, and tasks
    of different verifiers do not.
    """

    def __init__(self, model: str, arguments: Row, request: Row) -> None:
        job = Job(model, arguments, request, (), "", None)
        self._engine = Engine(model, arguments, job.sampling_request())

    def __call__(self, batch: Mapping[str, "numpy.ndarray"]) -> Mapping[str, list[str]]:
        questions = [json.loads(each) for each in batch["question"]]
        return {"answered": [json.dumps(asdict(each)) for each in self._engine.answer(questions)]}


def connect(address: str) -> None:
    """Connect this process to a cluster, or start one here that ends with it."""
    import ray

    if address != LOCAL:
        ray.init(address=address, log_to_driver=False)
        return
    ray.init(
        num_cpus=max(_FEWEST_CPUS, os.cpu_count() or 1),
        object_store_memory=_OBJECT_STORE_BYTES,
        include_dashboard=False,
    )


def answer_on_ray(job: Job) -> None:
    """Have a cluster answer the questions of a job."""
    import ray

    assert job.ray is not None  # Or another would do it.
    connect(job.ray)
    questions = [{"question": json.dumps(each)} for each in job.questions]
    blocks = -(-len(questions) // PROBLEMS_PER_CALL)
    actors, accelerators = _room(job.engine)
    answered = ray.data.from_items(questions, override_num_blocks=blocks).map_batches(
        EngineActor,
        batch_size=PROBLEMS_PER_CALL,
        concurrency=min(actors, blocks),
        num_gpus=accelerators or None,
        fn_constructor_args=(job.model, dict(job.engine), dict(job.request)),
    )
    finished = 0
    for batch in answered.iter_batches(batch_size=None, batch_format="numpy"):
        rows = [Answered(**json.loads(each)) for each in batch["answered"]]
        append(Path(job.output), rows)
        finished += len(rows)
        sys.stdout.write(f"sampled {finished} of {len(questions)} problems\n")
        sys.stdout.flush()


def _room(engine: Row) -> tuple[int, int]:
    """How many engines there is room for, and how many accelerators each takes."""
    import ray

    there = int(ray.cluster_resources().get("GPU", 0))
    if not there:
        return 1, 0
    sizes = (engine.get(f"{kind}_parallel_size", 1) for kind in ("tensor", "pipeline"))
    each = 1
    for size in sizes:
        each *= size if isinstance(size, int) else 1
    return max(1, there // each), each
