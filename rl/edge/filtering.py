"""The whole way: from files of problems to the rows at the edge of what a model can do.

The folder of the work holds what is dear, and a run goes on with what is there::

    WORK/tasks.json              which tasks can be judged by
         stronger/answers.jsonl  samples of the stronger model, for problems without a reference
         stronger/judged.jsonl   how they are grouped
         answers.jsonl           samples of the model itself
         judged.jsonl            how they are judged

All that follows is a function of these and of the band, and is made anew by every run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.edge.band import Band
from assayoffice.rl.edge.deciding import Findings, decision_on
from assayoffice.rl.edge.errors import EdgeError
from assayoffice.rl.edge.looking import unscorable
from assayoffice.rl.edge.outputs import Names, rows_of, write_lines, write_rows
from assayoffice.rl.edge.references import NoPlurality, Reference, Stronger, reference_of
from assayoffice.rl.edge.result import EdgeResult, result_of
from assayoffice.rl.edge.rows import read_rows
from assayoffice.rl.judging.errors import ChangedJudgementsError
from assayoffice.rl.judging.journal import Judged
from assayoffice.rl.judging.judge import Through, judge_answers
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.results import ItemError
from assayoffice.rl.sampling.engine import Start
from assayoffice.rl.sampling.errors import ChangedAnswersError
from assayoffice.rl.sampling.models import Model
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sampling.sampling import sample

#: Is told a stage, and how many of its problems are done, of how many.
Progress = Callable[[str, int, int], None]


def quiet(stage: str, done: int, total: int) -> None:
    """Progress that nobody is told of."""


@dataclass(frozen=True, slots=True)
class _Means:
    """What samples and judges, wherever it does so."""

    client: Client
    timeout: float
    concurrency: int
    ray: str | None
    through: Through | None
    start: Start | None
    progress: Progress


def edge(
    files: Sequence[str],
    model: Model,
    request: SamplingRequest,
    band: Band,
    client: Client,
    *,
    work: Path,
    output: Path,
    dropped: Path | None = None,
    stronger: Stronger | None = None,
    verifier: str | None = None,
    name: str | None = None,
    timeout: float = 600.0,
    concurrency: int = 4,
    ray: str | None = None,
    through: Through | None = None,
    start: Start | None = None,
    progress: Progress = quiet,
) -> EdgeResult:
    """Keep the problems of ``files`` that lie in ``band`` for ``model``, as rows of verl.

    ``output`` is parquet, or JSON lines where its name ends in .jsonl; ``dropped`` gets the other
    rows with their reasons, as JSON lines. ``verifier`` judges rows that name none. ``stronger``
    answers problems without a reference. ``name`` is what rows call the model, for one whose path
    means nothing elsewhere.

    At most ``concurrency`` calls ask the service at once, each for ``timeout`` seconds. Samples and
    verdicts stay in ``work``, and are not asked for again. ``ray`` is a cluster to sample on,
    ``through`` where else than through ``client`` answers are judged. ``start`` runs the processes
    of engines for callers with a way of their own.

    Raises EdgeError, UnreadableFileError, SamplingError, JudgingError, EndpointUnavailableError,
    ServiceError and OSError. Whatever is raised, the same call goes on from there.
    """
    if not band.reachable(request.samples):
        raise EdgeError(
            f"no solve rate of {request.samples} samples lies from {band.min_solve_rate:g} to "
            f"{band.max_solve_rate:g}; draw more samples, or widen the band"
        )
    rows = read_rows(files, verifier)
    problems = [each for each in rows if isinstance(each, Problem)]
    means = _Means(client, timeout, concurrency, ray, through, start, progress)
    faults = unscorable(
        client,
        problems,
        work / "tasks.json",
        timeout=timeout,
        progress=partial(progress, "tasks"),
    )
    usable = [each for each in problems if each.id not in faults]
    references = _references(usable, stronger, work / "stronger", means)
    # Those without a plurality are sampled, too: another --min-plurality must not change what is.
    wanted = [each for each in usable if each.has_reference or stronger is not None]
    answers = {id: each.answer for id, each in references.items() if isinstance(each, Reference)}
    judged = _judged(wanted, model, request, work, answers, means)

    judgements = {each.problem: each for each in judged.problems}
    findings = Findings(faults, references, judgements, judged.errors, stronger is not None)
    decisions = [decision_on(each, findings, band) for each in rows]
    names = Names(name or model.name, stronger.model.name if stronger else "")
    kept, others = rows_of(rows, decisions, findings, names)
    write_rows(kept, output)
    if dropped is not None:
        write_lines(others, dropped)
    return result_of(decisions, output, judged)


def _references(
    usable: Sequence[Problem], stronger: Stronger | None, work: Path, means: _Means
) -> Mapping[str, Reference | NoPlurality | ItemError]:
    """The references of problems without one, by id; an error where that is not known yet."""
    bare = [each for each in usable if not each.has_reference]
    if stronger is None or not bare:
        return {}
    answered = _judged(bare, stronger.model, stronger.request, work, {}, means, "stronger ")
    found: dict[str, Reference | NoPlurality | ItemError] = dict(answered.errors)
    for each in answered.problems:
        found[each.problem] = reference_of(each, stronger.min_plurality)
    return found


def _judged(
    problems: Sequence[Problem],
    model: Model,
    request: SamplingRequest,
    work: Path,
    references: Mapping[str, str],
    means: _Means,
    stage: str = "",
) -> Judged:
    if not problems:
        return Judged((), {})
    answers, journal = work / "answers.jsonl", work / "judged.jsonl"
    told = partial(means.progress, f"{stage}answers")
    try:
        sample(problems, model, request, answers, progress=told, ray=means.ray, start=means.start)
    except ChangedAnswersError as error:
        raise ChangedAnswersError(f"{error} by another --work") from None
    judge = partial(
        judge_answers,
        means.client,
        answers,
        problems,
        journal,
        progress=partial(means.progress, f"{stage}verdicts"),
        references=references,
        timeout=means.timeout,
        concurrency=means.concurrency,
        through=means.through,
    )
    try:
        return judge()
    except ChangedJudgementsError:
        # There are more answers now, or other references. Verdicts are cheap where samples are not.
        journal.unlink()
        return judge()
