"""``python -m assayoffice.rl.sampling.engine_process FILE`` does the job that the file describes.

A process of its own, because an engine keeps its memory until its end.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from assayoffice.rl.sampling.job import Job, append


def main(arguments: Sequence[str]) -> None:
    """The process. See the module's docstring."""
    job = Job.read(Path(arguments[0]))
    if job.ray is not None:
        from assayoffice.rl.sampling.on_ray import answer_on_ray

        answer_on_ray(job)
        return

    from assayoffice.rl.sampling.vllm_engine import PROBLEMS_PER_CALL, Engine

    engine = Engine(job.model, job.engine, job.sampling_request())
    remaining = iter(job.questions)
    finished = 0
    while part := list(islice(remaining, PROBLEMS_PER_CALL)):
        append(Path(job.output), engine.answer(part))
        finished += len(part)
        sys.stdout.write(f"sampled {finished} of {len(job.questions)} problems\n")
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Exception:  # noqa: BLE001 - it ends the process, as it would have anyway
        # Said here and now: the libraries of an engine have so much to say at the interpreter's end
        # that the reason would drown in it.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
