"""Sample answers to problems into a file, or go on where that was left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.endpoints.errors import EndpointError
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.sampling import endpoint, engine
from assayoffice.rl.sampling.answers import Drawn, Header, answer_row, question_row
from assayoffice.rl.sampling.engine import Start
from assayoffice.rl.sampling.errors import SamplingError
from assayoffice.rl.sampling.journal import Journal, digest_of
from assayoffice.rl.sampling.models import EndpointModel, LocalModel, Model
from assayoffice.rl.sampling.request import SamplingRequest


@dataclass(frozen=True, slots=True)
class Sampled:
    """What came of it: how many problems were finished ``before`` and are ``finished`` now.

    ``failures`` says of each other problem, by its id, why it got no answer. That is the doing of
    the engine or endpoint and says nothing about the model; sampling again asks again.
    """

    before: int
    finished: int
    failures: Mapping[str, str]


def sample(
    problems: Sequence[Problem],
    model: Model,
    request: SamplingRequest,
    output: Path,
    *,
    progress: Callable[[int, int], None],
    ray: str | None = None,
    start: Start | None = None,
) -> Sampled:
    """Have a model answer problems; what ``output`` holds already is not asked again.

    ``progress`` is told how many problems are finished, of how many. ``ray`` is the address of a
    cluster whose engines sample, or "local" for one that is started here; an endpoint is asked from
    here all the same. ``start`` runs the process of an engine for callers with a way of their own.

    Raises SamplingError, EndpointUnavailableError and OSError. Whatever is raised, what was
    finished is in the file.
    """
    ids = [each.id for each in problems]
    if len(set(ids)) < len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise SamplingError(f"two problems are called {twice!r}; give each an id of its own")
    if isinstance(model, LocalModel):
        model.check()
    header = Header(request, model.facts(), digest_of(problems))
    with Journal(output, header) as journal:
        before = len(journal.finished)
        progress(before, len(problems))
        left = [each for each in problems if each.id not in journal.finished]
        match model:
            case _ if not left:
                pass
            case EndpointModel():
                _from_endpoint(left, model, request, journal, progress, len(problems))
            case LocalModel():
                run = engine.Run(output, journal, progress, len(problems), start)
                engine.draw(left, model, request, run, ray)
        journal.finish(ids)
        return Sampled(before, len(journal.finished), dict(journal.failures))


def _from_endpoint(
    left: Sequence[Problem],
    model: EndpointModel,
    request: SamplingRequest,
    journal: Journal,
    progress: Callable[[int, int], None],
    total: int,
) -> None:
    def keep(problem: Problem, drawn: Mapping[int | None, Drawn]) -> None:
        question = question_row(problem)
        journal.write(
            problem.id,
            [
                answer_row(question, each, drawn[each], request.seed_of(problem.id, each))
                for each in request.indices
            ],
        )
        progress(len(journal.finished), total)

    def fail(problem: Problem, error: EndpointError) -> None:
        journal.fail(problem.id, str(error))

    endpoint.draw(left, model, request, keep, fail)
