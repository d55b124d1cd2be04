"""Answers from an endpoint: many requests at once, each for one answer with its own seed.

What an endpoint does wrong is no answer. A request that brings no completion is made again; a
problem that stays without one is given up, and an endpoint that gives none at all ends the run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from assayoffice.rl.endpoints.address import Address
from assayoffice.rl.endpoints.endpoint import Endpoint, Sampling
from assayoffice.rl.endpoints.errors import (
    EndpointError,
    EndpointUnavailableError,
    NoCompletionError,
    RefusedRequestError,
)
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.sampling.answers import Drawn
from assayoffice.rl.sampling.errors import UnusableModelError
from assayoffice.rl.sampling.models import EndpointModel
from assayoffice.rl.sampling.request import SamplingRequest

_COMPLETION_ATTEMPTS = 3
# Problems without an answer in a row, after which an endpoint is taken to be out of order.
_OUT_OF_ORDER = 20


@dataclass(slots=True)
class _Begun:
    """A problem whose answers are being waited for."""

    problem: Problem
    pending: int
    drawn: dict[int | None, Drawn] = field(default_factory=dict)
    error: EndpointError | None = None


def draw(
    problems: Sequence[Problem],
    model: EndpointModel,
    request: SamplingRequest,
    keep: Callable[[Problem, Mapping[int | None, Drawn]], None],
    fail: Callable[[Problem, EndpointError], None],
) -> None:
    """Ask about problems; ``keep`` and ``fail`` are called as each is finished, by this thread.

    Raises EndpointUnavailableError once all that was finished has been kept, UnusableModelError for
    what is no address, and whatever ``keep`` raises.
    """
    endpoint = _endpoint(model, request)
    pool = ThreadPoolExecutor(model.concurrency, thread_name_prefix="sample")
    waiting: dict[Future[Drawn], tuple[_Begun, int | None]] = {}
    remaining = iter(problems)
    in_a_row = 0
    try:
        while _submit(waiting, remaining, pool, endpoint, model, request):
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            down: EndpointUnavailableError | None = None
            for future in done:
                begun, sample = waiting.pop(future)
                begun.pending -= 1
                try:
                    begun.drawn[sample] = future.result()
                except EndpointUnavailableError as error:
                    down = error
                except EndpointError:
                    pass  # As ``begun`` knows.
                if begun.pending or isinstance(begun.error, EndpointUnavailableError):
                    continue
                if begun.error is None:
                    keep(begun.problem, begun.drawn)
                    in_a_row = 0
                    continue
                fail(begun.problem, begun.error)
                # What is refused is the request, by an endpoint that works.
                in_a_row += not isinstance(begun.error, RefusedRequestError)
                if in_a_row == _OUT_OF_ORDER:
                    down = EndpointUnavailableError(
                        f"{in_a_row} problems in a row got no answer; the last: {begun.error}"
                    )
            if down is not None:
                raise down
    finally:
        for future in waiting:
            future.cancel()
        endpoint.close()
        pool.shutdown(wait=True, cancel_futures=True)


def _submit(
    waiting: dict[Future[Drawn], tuple[_Begun, int | None]],
    remaining: Iterator[Problem],
    pool: ThreadPoolExecutor,
    endpoint: Endpoint,
    model: EndpointModel,
    request: SamplingRequest,
) -> bool:
    """Keep all threads busy; whether there is anything to wait for."""
    # Twice as many, so that no thread waits for us; not all, which may be millions.
    while len(waiting) < 2 * model.concurrency:
        problem = next(remaining, None)
        if problem is None:
            break
        begun = _Begun(problem, len(request.indices))
        for sample in request.indices:
            future = pool.submit(_ask, endpoint, begun, sample, request)
            waiting[future] = begun, sample
    return bool(waiting)


def _ask(endpoint: Endpoint, begun: _Begun, sample: int | None, request: SamplingRequest) -> Drawn:
    if begun.error is not None:
        raise begun.error  # The others are of no use without the one that failed.
    problem = begun.problem
    messages = [{"role": each.role, "content": each.content} for each in problem.messages]
    sampling = endpoint.sampling
    if sample is None:
        sampling = Sampling(0.0, 1.0, request.max_tokens)
    more = {"chat_template_kwargs": dict(request.template)} if request.template else {}
    seed = request.seed_of(problem.id, sample)
    for attempt in range(1, _COMPLETION_ATTEMPTS + 1):
        try:
            found = endpoint.chat(messages, sampling, seed=seed, more=more)
        except EndpointError as error:
            if isinstance(error, NoCompletionError) and attempt < _COMPLETION_ATTEMPTS:
                continue
            begun.error = error
            raise
        else:
            return Drawn(found.text, found.tokens, found.finish_reason)
    raise AssertionError("at least one attempt is made")


def _endpoint(model: EndpointModel, request: SamplingRequest) -> Endpoint:
    try:
        address = Address.of(model.url)
    except ValueError as error:
        raise UnusableModelError(f"{model.url}: {error}") from None
    sampling = Sampling(request.temperature, request.top_p, request.max_tokens)
    return Endpoint(address, model.model, sampling, model.patience, model.api_key, model.ca_file)
