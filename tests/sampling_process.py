"""``python sampling_process.py URL OUTPUT COUNT``: samples from an endpoint until it is killed."""

import sys
from pathlib import Path

from judging_answers import problem

from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.sampling.models import EndpointModel
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sampling.sampling import sample

REQUEST = SamplingRequest(3, temperature=1.0, top_p=0.9, max_tokens=8, seed=1, greedy=True)


def problems(count: int) -> list[Problem]:
    return [problem(f"sets/{number}", str(number)) for number in range(count)]


if __name__ == "__main__":
    sample(
        problems(int(sys.argv[3])),
        EndpointModel(sys.argv[1], "tiny", concurrency=2),
        REQUEST,
        Path(sys.argv[2]),
        progress=lambda done, total: None,
    )
