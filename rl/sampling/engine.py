"""The process of an engine, as seen from here: started under a keeper, and watched to its end."""

import importlib.util
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.sampling.answers import question_row, read_failures
from assayoffice.rl.sampling.errors import EngineError, MissingEngineError
from assayoffice.rl.sampling.job import Job
from assayoffice.rl.sampling.journal import Journal
from assayoffice.rl.sampling.models import LocalModel
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.training import children
from assayoffice.rl.training.errors import ChildError

_JOB = ".job.json"
_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",  # its log is read while it is written
    "RAY_USAGE_STATS_ENABLED": "0",
}
_ADVICE = "run the same command again to go on with what is left"
# What logs say, and what to do about it.
_OUT_OF_MEMORY = (
    "it ran out of memory: let it have less at once (engine arguments max_model_len, max_num_seqs, "
    "gpu_memory_utilization; on CPUs the variable VLLM_CPU_KVCACHE_SPACE, in GiB), or share the "
    "model among accelerators (tensor_parallel_size)"
)
_REMEDIES = {
    "OutOfMemoryError": _OUT_OF_MEMORY,
    "out of memory": _OUT_OF_MEMORY,
    "No available memory for the cache blocks": _OUT_OF_MEMORY,
    "available KV cache memory": _OUT_OF_MEMORY,
    "bad_alloc": _OUT_OF_MEMORY,
    "exit code 137": "it was killed, as the machine does when memory runs out; " + _OUT_OF_MEMORY,
    "is not a valid model identifier": "name a folder that holds a model, or a model on the hub",
    "LocalEntryNotFoundError": "the hub cannot be reached from here; name a folder with the model",
    "unexpected keyword argument": "an engine argument is none of vllm.LLM's",
    "No space left on device": "the disk is full; make room",
}


class Start(Protocol):
    """Runs the process that does a job to its end, and calls ``look`` while it does.

    Its keeper is to inherit the descriptors ``held``. Raises ChildError.
    """

    def __call__(self, job: Path, look: Callable[[], None], held: Sequence[int]) -> None: ...


@dataclass(frozen=True, slots=True)
class Run:
    """Where answers go, who is told of progress towards ``total`` problems, and what is started.

    Without ``start`` it is an engine of ours, under a keeper.
    """

    output: Path
    journal: Journal
    progress: Callable[[int, int], None]
    total: int
    start: Start | None


def command(job: Path) -> Sequence[str]:
    """The command of the process that does a job."""
    return (sys.executable, "-P", "-m", "assayoffice.rl.sampling.engine_process", str(job))


def under_keeper(
    arguments: Sequence[str],
    job: Path,
    look: Callable[[], None],
    held: Sequence[int],
    environment: Mapping[str, str],
) -> None:
    """Run a command that does a job, its log beside the job. Raises ChildError."""
    log = job.with_name(job.name.removesuffix(_JOB) + ".log")
    # From here, because a model may be named by a relative path.
    told = {**_ENVIRONMENT, **environment}
    children.run(children.Command(arguments, told, Path.cwd(), log, _ADVICE), look, held)


def _ours(job: Path, look: Callable[[], None], held: Sequence[int]) -> None:
    under_keeper(command(job), job, look, held, {})


def draw(
    problems: Sequence[Problem],
    model: LocalModel,
    request: SamplingRequest,
    run: Run,
    ray: str | None,
) -> None:
    """Have an engine answer problems into the journal. Raises EngineError and SamplingError."""
    if run.start is None:
        require("vllm", *(("ray",) if ray is not None else ()))
    job = Job(
        model=model.path,
        engine=model.engine,
        request=request.as_json(),
        questions=[question_row(each) for each in problems],
        output=str(run.output.absolute()),
        ray=ray,
    )

    def look() -> None:
        run.journal.catch_up()
        run.progress(len(run.journal.finished), run.total)

    with job.written(run.output.absolute().with_name(run.output.name + _JOB)) as file:
        try:
            (run.start or _ours)(file, look, (run.journal.lock,))
        except ChildError as error:
            raise EngineError(_explained(str(error))) from None
    look()
    for problem, said in read_failures(run.output).items():
        run.journal.fail(problem, said)
    finished, failed = run.journal.finished, run.journal.failures
    if lost := [each.id for each in problems if each.id not in finished and each.id not in failed]:
        raise EngineError(
            f"{run.output}: the engine ended without an error and left {len(lost)} problems "
            f"unanswered, {json.dumps(lost[0])} first; {_ADVICE}"
        )


def _explained(said: str) -> str:
    remedy = next((each for sign, each in _REMEDIES.items() if sign in said), None)
    return said if remedy is None else f"{remedy}.\n{said}"


def require(*packages: str) -> None:
    """Raise MissingEngineError, with what to install, unless packages of the engine are there."""
    if missing := [each for each in packages if importlib.util.find_spec(each) is None]:
        raise MissingEngineError(
            f"{' and '.join(missing)}: not installed. vLLM and Ray come with one of two extras, in "
            "an environment of its own:\n"
            "  pip install 'assayoffice[train-cpu]'   for a machine without an accelerator\n"
            "  pip install 'assayoffice[train-gpu]'   for NVIDIA GPUs\n"
            "Without them, a model behind an endpoint can be asked: --endpoint-url"
        )
