"""Judging through a cluster of Ray: Ray Data hands problems to actors, each with a client.

What judges are the service's workers, as ever; the cluster reads the answers, sends them and waits.
That is for answers too many for one machine's client, and for a service on several machines. The
endpoints must be reachable from every node.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from assayoffice.rl.client import Client
from assayoffice.rl.errors import ErrorDetails, ServiceError, service_error
from assayoffice.rl.judging.asking import Asked, ask
from assayoffice.rl.judging.lines import Line
from assayoffice.rl.sampling.engine import require
from assayoffice.rl.sampling.on_ray import connect

if TYPE_CHECKING:
    import numpy

_PROBLEMS_PER_CALL = 32
# Handed to the cluster together: what it is given, it holds in memory.
_PROBLEMS_AT_ONCE = 4096
# Of a processor. Clients wait more than they work.
_SHARE = 0.25
# An actor takes seconds to start, so it is to have something to do.
_CALLS_PER_ACTOR = 8
_MOST_ACTORS = 16


@dataclass(frozen=True, slots=True)
class Service:
    """Where verdicts come from, as ``Client`` takes it; ``ca`` are certificates (PEM) to trust."""

    endpoints: tuple[str, ...]
    token: str | None = field(default=None, repr=False)
    ca: bytes | None = None
    required_hallmarks: Mapping[str, str] = field(default_factory=dict)

    def client(self) -> Client:
        """A client of it."""
        import grpc

        credentials = None if self.ca is None else grpc.ssl_channel_credentials(self.ca)
        return Client(
            list(self.endpoints),
            credentials=credentials,
            token=self.token,
            required_hallmarks=dict(self.required_hallmarks),
        )


class JudgeActor:
    """A client on a node, for ``map_batches``. Columns are pickles, which only we write."""

    def __init__(self, service: Service, timeout: float) -> None:
        self._client = service.client()
        self._timeout = timeout

    def __call__(self, batch: Mapping[str, "numpy.ndarray"]) -> Mapping[str, list[bytes]]:
        asked: list[Asked] = [pickle.loads(each) for each in batch["asked"]]
        try:
            answered: list[Line | ErrorDetails] = [*ask(self._client, asked, self._timeout)]
        except ServiceError as error:
            # Its kind would not survive the way back as an exception.
            answered = [error.details]
        return {"answered": [pickle.dumps(each) for each in answered]}


def through_ray(
    client: Client,
    address: str,
    timeout: float,
    token_file: Path | None,
    ca_file: Path | None,
    demands: Mapping[str, str],
) -> Callable[[Iterable[Asked]], Iterator[Line]]:
    """``on_ray`` with the service that a command's client asks. Raises as it, and OSError."""
    token = token_file.read_text().strip() if token_file is not None else None
    ca = ca_file.read_bytes() if ca_file is not None else None
    return on_ray(Service(client.endpoints, token, ca, demands), address, timeout)


def on_ray(
    service: Service, address: str, timeout: float
) -> Callable[[Iterable[Asked]], Iterator[Line]]:
    """What ``judge_answers`` takes as ``through``; ``address`` "local" starts a cluster here.

    Raises MissingEngineError without Ray. What it returns raises ServiceError.
    """
    require("ray")

    def through(problems: Iterable[Asked]) -> Iterator[Line]:
        import ray

        remaining = iter(problems)
        connected = False
        try:
            while part := list(islice(remaining, _PROBLEMS_AT_ONCE)):
                if not connected:
                    connect(address)
                    connected = True
                yield from _judged(part, service, timeout)
        finally:
            if connected:
                ray.shutdown()

    return through


def _judged(part: list[Asked], service: Service, timeout: float) -> Iterator[Line]:
    import ray

    blocks = -(-len(part) // _PROBLEMS_PER_CALL)
    processors = int(ray.cluster_resources().get("CPU", 1))
    actors = min(-(-blocks // _CALLS_PER_ACTOR), processors, _MOST_ACTORS)
    answered = ray.data.from_items(
        [{"asked": pickle.dumps(each)} for each in part], override_num_blocks=blocks
    ).map_batches(
        JudgeActor,
        batch_size=_PROBLEMS_PER_CALL,
        concurrency=max(1, actors),
        num_cpus=_SHARE,
        fn_constructor_args=(service, timeout),
    )
    for batch in answered.iter_batches(batch_size=None, batch_format="numpy"):
        for each in batch["answered"]:
            line = pickle.loads(each)
            if isinstance(line, ErrorDetails):
                raise service_error(line)
            yield line
