"""Which problems may become rows: those whose stamp and demonstration the service confirms.

A stamp tells that a task was admitted under a hallmark. It is believed when the service strikes the
same one now: then neither the task nor what judges by it has changed since.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import grpc

from assayoffice.rl.client import Client
from assayoffice.rl.groups import GroupingResult, ResponseSet
from assayoffice.rl.mixes.rows import AdmittedBy, Lineage, MixRow, edge_of, line_of
from assayoffice.rl.problems.problem import Origin, Problem
from assayoffice.rl.results import ItemError, Outcome, Result
from assayoffice.rl.sources import UnusableRow
from assayoffice.rl.stamps import Stamp
from assayoffice.rl.submissions import Submission

_AT_ONCE = 256
# Copies of a row in an export get a suffix, and readers take ids of 200 characters.
_LONGEST_ID = 180
# Of these the row itself is the cause, whoever judges it and whenever.
_FAULTS = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that did not get in.

    ``reason`` is a stable code, ``message`` names the remedy. ``unknown`` says that nothing was
    found out about the row, because the service had trouble: that is no fact about it.
    """

    file: str
    row: int
    id: str
    reason: str
    message: str
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What rows must fulfil, and what is assumed of those that do not say.

    ``domain`` is that of the mix, ``origin`` who wrote rows that do not say; ``prefix`` is put
    before every id. With ``strike``, rows without a stamp are given one.
    """

    domain: str
    origin: Origin | None = None
    prefix: str = ""
    strike: bool = False


class Refused(Exception):
    """This row is refused, for this reason."""

    def __init__(self, reason: str, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.unknown = unknown


def admitted(
    problems: Sequence[Problem],
    digests: Mapping[str, str],
    terms: Terms,
    client: Client,
    *,
    timeout: float,
    progress: Callable[[int, int], None],
) -> Iterator[MixRow | Refusal]:
    """Each problem as a row or a refusal, in order.

    ``digests`` are the sha256 of the files that the problems stand in. Every call takes up to
    ``timeout`` seconds. Raises ServiceError.
    """
    done = 0
    for some in _batches(problems):
        progress(done, len(problems))
        sets = [ResponseSet(each.id, each.verifier, each.task) for each in some]
        looks = client.group_responses(sets, timeout=timeout)
        verdicts = _verdicts(some, client, timeout)
        for problem, look in zip(some, looks, strict=True):
            lineage = (digests[problem.file], verdicts.get(problem.number))
            try:
                yield _row(problem, look, terms, *lineage)
            except Refused as refused:
                yield refusal(problem, refused)
        done += len(some)
    progress(done, len(problems))


def refusal(problem: Problem, refused: Refused) -> Refusal:
    """A refusal of the row that a problem stands in."""
    return Refusal(
        problem.file, problem.number, problem.id, refused.reason, str(refused), refused.unknown
    )


def _batches(problems: Sequence[Problem]) -> Iterator[Sequence[Problem]]:
    """Some problems at a time, all of one file, within which row numbers are unique."""
    for _, of_file in itertools.groupby(problems, lambda each: each.file):
        remaining = iter(of_file)
        while some := list(itertools.islice(remaining, _AT_ONCE)):
            yield some


def _verdicts(some: Iterable[Problem], client: Client, timeout: float) -> dict[int, Result]:
    """What the demonstrations are judged to be, by row number."""
    shown = [each for each in some if each.demonstration and each.has_reference]
    submissions = [
        Submission(each.id, each.verifier, each.demonstration, each.task, each.question)
        for each in shown
    ]
    verdicts = client.verify_batch(submissions, timeout=timeout)
    return {each.number: verdict for each, verdict in zip(shown, verdicts, strict=True)}


def _row(
    problem: Problem, look: GroupingResult, terms: Terms, sha256: str, verdict: Result | None
) -> MixRow:
    """The row of a problem. Raises Refused."""
    if problem.domain not in ("", terms.domain):
        raise Refused(
            "WRONG_DOMAIN",
            f"its domain is {problem.domain[:80]!r}, that of the mix {terms.domain[:80]!r}; "
            "add it to another mix",
        )
    origin = problem.origin or terms.origin
    if origin is None:
        raise Refused(
            "NO_ORIGIN", "it does not say who wrote it; give --origin real or --origin synthetic"
        )
    if not problem.has_reference:
        raise Refused(
            "NO_REFERENCE", "it has no right answer to reward by; give it a reference or a task"
        )
    if len(terms.prefix + problem.id) > _LONGEST_ID:
        raise Refused("LONG_ID", f"its id has more than {_LONGEST_ID} characters; shorten it")
    stamp, admitted_by = _stamp(problem, look, terms.strike)
    _confirm(verdict)
    try:
        row = MixRow(
            id=terms.prefix + problem.id,
            domain=terms.domain,
            messages=problem.messages,
            verifier=problem.verifier,
            task={name: each for name, each in problem.task.items() if each is not None},
            demonstration=problem.demonstration,
            origin=origin,
            generator=problem.generator,
            original=problem.original,
            stamp=stamp,
            edge=edge_of(problem.row),
            lineage=Lineage(_name(problem.file), sha256, problem.number, admitted_by),
        )
        line_of(row)
    except (UnusableRow, ValueError, RecursionError) as error:
        raise Refused("INVALID_ROW", f"it cannot be written as JSON: {error}") from None
    return row


def _name(file: str) -> str:
    """A file without its folder, which differs from machine to machine."""
    return file.rpartition("/")[2]


def _stamp(problem: Problem, look: GroupingResult, strike: bool) -> tuple[Stamp, AdmittedBy]:
    """The stamp of a row, and what speaks for it. Raises Refused."""
    if isinstance(look, ItemError):
        raise _trouble(look, "its task")
    if problem.stamp is None:
        if strike:
            return look.stamp, AdmittedBy.MIX_ADD
        raise Refused(
            "NO_STAMP",
            "it has no stamp; take it from what `assay edge` or `assay rewrites check --stamp` "
            "writes, or give --strike to have one struck here",
        )
    if problem.stamp.content != look.stamp.content:
        raise Refused(
            "CHANGED_TASK",
            f"its stamp is of another task (content {problem.stamp.content[:12]}, and the row's is "
            f"{look.stamp.content[:12]}): the row was changed since it was stamped; have it "
            "checked and stamped again",
        )
    if problem.stamp.hallmark != look.stamp.hallmark:
        raise Refused(
            "OTHER_HALLMARK",
            f"it was stamped by {problem.verifier} with hallmark {problem.stamp.hallmark[:12]}, "
            f"and {look.stamp.hallmark[:12]} is in service; ask a service of that hallmark, or "
            "have the row checked and stamped again",
        )
    return look.stamp, AdmittedBy.STAMP


def _confirm(verdict: Result | None) -> None:
    """Raises Refused for a demonstration that is not right."""
    if isinstance(verdict, ItemError):
        raise _trouble(verdict, "its demonstration")
    if verdict is not None and verdict.outcome is not Outcome.CORRECT:
        raise Refused(
            "WRONG_DEMONSTRATION",
            f"its demonstration is {verdict.outcome.value} ({verdict.reason}): "
            f"{verdict.explanation}; correct it, or leave it out",
        )


def _trouble(error: ItemError, what: str) -> Refused:
    unknown = error.code not in _FAULTS
    again = "; nothing is known about the row, add it again" if unknown else ""
    said = f"{what} got no verdict: {error.reason}: {error.message}{again}"
    return Refused(error.reason, said, unknown=unknown)
