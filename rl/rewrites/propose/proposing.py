"""Has a model propose rewrites, checks each as any other, and keeps those that pass.

For each parent, prompt and number one answer is asked for. What comes back passes three gates: it
can be read as a row (``proposals.py``), the service's report of it satisfies the policy, and the
set does not hold it yet. Nothing that a model says about its own work counts.

Results come in the order of the parents, whatever answers first, so that equal answers give equal
files. A request that fails for a reason of the endpoint's, or a check that fails for one of the
service's, is trouble: it says nothing about the proposal, is written nowhere, and is asked again by
the next run.
"""

import enum
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import grpc

from assayoffice.rl.client import Client
from assayoffice.rl.endpoints.endpoint import Endpoint
from assayoffice.rl.endpoints.errors import EndpointError, EndpointUnavailableError
from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.gates import failed
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.policy import Policy
from assayoffice.rl.rewrites.propose.lineage import Source, provenance
from assayoffice.rl.rewrites.propose.prompts import Prompt
from assayoffice.rl.rewrites.propose.proposals import Parent, RejectedError, row_from
from assayoffice.rl.rewrites.reports import Report, ReportResult
from assayoffice.rl.rewrites.rows import RewriteRow, row_of

if TYPE_CHECKING:
    from assayoffice.rl.rewrites.propose.known import KnownProblems

# Of each, how many may wait for an earlier one that is slow.
_WAITING = 4
_CHECKED_TOGETHER = 32
_KEPT_CHARACTERS = 20_000
_SOLVED = frozenset({"numeric", "choice"})
_SOLVER = (
    "Solve the problem. Reason step by step, and end with the final answer in \\boxed{}. For "
    "multiple choice, box the letter or letters."
)


class Fate(enum.Enum):
    """What became of a proposal."""

    ADMITTED = "admitted"
    #: It was asked for and is no row that may be trained on.
    REJECTED = "rejected"
    #: Nothing was found out about it.
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal and what became of it.

    ``content`` is the row, stamped, if it was admitted; what there is of it if it was rejected.
    ``reason`` is a stable code, with the check before it where one failed: ``premises:UNDECIDED``.
    """

    source: Source
    fate: Fate
    reason: str
    message: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """An answer to ask for."""

    source: Source
    parent: Parent
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Asking:
    """How answers are asked for.

    ``solutions`` is how many independent ones each proposal gets, whose agreement is then checked.
    ``response_format`` is "text", "json_object" or "json_schema".
    """

    endpoint: Endpoint
    seed: int
    response_format: str
    solutions: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Checking:
    """What proposals are checked with."""

    client: Client
    policy: Policy
    known: "KnownProblems"
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class _Answered:
    request: Request
    text: str
    provenance: Mapping[str, object]
    row: RewriteRow | RejectedError | EndpointError


def requests(parent: Parent, prompts: Sequence[Prompt], count: int) -> Iterator[Request]:
    """What to ask about a parent: ``count`` proposals by each prompt that can use it."""
    for prompt in prompts:
        if missing(parent, prompt):
            continue
        for index in range(count):
            source = Source(parent.id, parent.digest, str(prompt), prompt.digest, index)
            yield Request(source, parent, prompt)


def missing(parent: Parent, prompt: Prompt) -> str:
    """What a parent lacks for a prompt, for people; empty if nothing."""
    if prompt.recipe.from_row and parent.row is None:
        return "a row with a verifier and a task"
    if not prompt.recipe.from_row and not parent.original_problem:
        return "original.problem"
    return ""


def propose(
    wanted: Iterable[Request], asking: Asking, checking: Checking
) -> Generator[Proposal, None, None]:
    """Ask for proposals and check them; they come in the order of ``wanted``.

    Raises EndpointUnavailableError and ServiceError, once all that was finished has been yielded.
    Closing the iterator breaks off what is under way.
    """
    remaining = iter(wanted)
    pool = ThreadPoolExecutor(asking.concurrency, thread_name_prefix="propose")
    futures: deque[Future[_Answered]] = deque()
    try:
        while True:
            room = asking.concurrency * _WAITING - len(futures)
            futures.extend(pool.submit(_answer, each, asking) for each in islice(remaining, room))
            if not futures:
                return
            answered: list[_Answered] = []
            down: EndpointUnavailableError | None = None
            while futures and len(answered) < _CHECKED_TOGETHER:
                if answered and not futures[0].done():
                    break
                each = futures.popleft().result()
                if isinstance(each.row, EndpointUnavailableError):
                    down = each.row
                    break
                answered.append(each)
            yield from _checked(answered, checking)
            if down is not None:
                raise down
    finally:
        for future in futures:
            future.cancel()
        asking.endpoint.close()
        pool.shutdown(wait=True, cancel_futures=True)


def _answer(request: Request, asking: Asking) -> _Answered:
    source, parent, prompt = request.source, request.parent, request.prompt
    recipe = prompt.recipe
    if recipe.from_row and parent.row is not None:
        problem, reference = parent.problem, parent.row.reference
    else:
        problem, reference = parent.original_problem, ""
    try:
        completion = asking.endpoint.ask(
            prompt.system,
            prompt.asked(problem, reference, source.index + 1),
            seed=source.seed(asking.seed),
            response_format=_format(asking.response_format, prompt),
        )
    except EndpointError as error:
        return _Answered(request, "", {}, error)
    sampling, model = asking.endpoint.sampling, asking.endpoint.model
    lineage = provenance(source, model, completion.model, sampling, asking.seed)
    try:
        row = row_from(completion, parent, recipe, source, lineage)
        row = _solved(row, source, asking)
    except (RejectedError, EndpointError) as error:
        return _Answered(request, completion.text, lineage, error)
    return _Answered(request, completion.text, lineage, row)


def _solved(row: RewriteRow, source: Source, asking: Asking) -> RewriteRow:
    """The row with solutions that were sampled one by one."""
    if not asking.solutions or row.rewrite.submission.verifier not in _SOLVED:
        return row
    solutions = [
        asking.endpoint.ask(
            _SOLVER, row.problem, seed=replace(source, index=sample).seed(asking.seed + 1)
        ).text
        for sample in range(asking.solutions)
    ]
    return row_of({**row.content, "solutions": solutions}, row.file, row.number)


def _format(name: str, prompt: Prompt) -> Mapping[str, object] | None:
    match name:
        case "json_object":
            return {"type": "json_object"}
        case "json_schema":
            schema = {"name": prompt.name, "schema": prompt.schema}
            return {"type": "json_schema", "json_schema": schema}
    return None


def _checked(answered: Sequence[_Answered], checking: Checking) -> Iterator[Proposal]:
    rows = [each.row for each in answered if isinstance(each.row, RewriteRow)]
    results: Iterator[ReportResult] = iter(())
    if rows:
        results = iter(
            checking.client.check_rewrites(
                [each.rewrite for each in rows],
                thresholds=checking.policy.thresholds,
                timeout=checking.timeout_seconds,
            )
        )
    for each in answered:
        yield _concluded(
            each, next(results) if isinstance(each.row, RewriteRow) else None, checking
        )


def _concluded(answered: _Answered, result: ReportResult | None, checking: Checking) -> Proposal:
    row, source = answered.row, answered.request.source
    match row:
        case RejectedError():
            return _rejected(answered, row.reason, str(row))
        case EndpointError():
            return Proposal(source, Fate.TROUBLE, "ENDPOINT", str(row), {})
    assert isinstance(row, RewriteRow) and result is not None
    if isinstance(result, ItemError):
        if result.code is grpc.StatusCode.INVALID_ARGUMENT:
            return _rejected(answered, result.reason, result.message)
        return Proposal(source, Fate.TROUBLE, result.reason, result.message, {})
    outcome = RowOutcome(
        row, row.file, row.number, row.id, result, failed(checking.policy, row, result)
    )
    if findings := outcome.findings():
        first = findings[0]
        said = "; ".join(f"{each.check}: {each.explanation}" for each in findings)
        return _rejected(answered, f"{first.check}:{first.reason}", said)
    if (repeats := checking.known.repeats(row)) is not None:
        return _rejected(answered, *repeats)
    return Proposal(source, Fate.ADMITTED, "ADMITTED", "", _stamped(row, result))


def _stamped(row: RewriteRow, report: Report) -> Mapping[str, object]:
    stamp = {"hallmark": report.stamp.hallmark, "content": report.stamp.content}
    return {**row.content, "stamp": stamp}


def _rejected(answered: _Answered, reason: str, message: str) -> Proposal:
    content: dict[str, object] = {
        "id": answered.request.source.id,
        "reason": reason,
        "message": message,
        "answer": answered.text[:_KEPT_CHARACTERS],
        "provenance": answered.provenance,
    }
    if isinstance(answered.row, RewriteRow):
        content["row"] = answered.row.content
    return Proposal(answered.request.source, Fate.REJECTED, reason, message, content)
