"""From answers to what is asked of the service, and from what it says to judgements."""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from assayoffice.rl.client import Client
from assayoffice.rl.errors import DeadlineError, OverloadedError
from assayoffice.rl.groups import Grouping, GroupingResult, ResponseSet
from assayoffice.rl.judging.errors import JudgingError
from assayoffice.rl.judging.lines import Line
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.results import ItemError, Outcome, item_error
from assayoffice.rl.sampling.answers import Answer, read_answers

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A problem with its answers: the samples and, last where ``greedy``, the greedy one.

    ``tokens`` and ``cut_off`` are those of the samples. ``has_reference`` says that answers can be
    right or wrong. ``digest`` is of all that is known of the answers.
    """

    index: int
    domain: str
    responses: ResponseSet
    tokens: tuple[int, ...]
    cut_off: tuple[bool, ...]
    greedy: bool
    has_reference: bool
    digest: str


def asked(
    answers: Path, problems: Sequence[Problem], references: Mapping[str, str]
) -> Iterator[Asked]:
    """What is to be judged, problem by problem, in the order of the file.

    Problems without a reference get that of ``references``. Raises SamplingError for a file that
    cannot be read, JudgingError for one whose answers are not to these problems, and OSError.
    """
    known = {each.id: (index, each) for index, each in enumerate(problems)}
    seen: set[str] = set()
    for id, group in itertools.groupby(read_answers(answers), lambda each: each.problem):
        of_problem = list(group)
        if id not in known:
            raise JudgingError(
                f"{answers}: answers a problem {id[:60]!r}, which is not among the problems; give "
                "the file of problems that it was sampled from"
            )
        index, problem = known[id]
        if of_problem[0].messages != problem.messages:
            raise JudgingError(
                f"{answers}: problem {id[:60]!r} was another question when it was answered, see "
                f"{problem.file} row {problem.number}; give the file it was sampled from, or "
                "sample again"
            )
        if id in seen or len({each.sample for each in of_problem}) < len(of_problem):
            raise JudgingError(
                f"{answers}: the answers to problem {id[:60]!r} stand in several places, or one "
                "stands there twice; put lines of one problem together, each sample once"
            )
        seen.add(id)
        yield _asked(index, problem, of_problem, references.get(id))


def ask(client: Client, several: Sequence[Asked], timeout: float) -> list[Line]:
    """Have problems judged, in one call, which may take ``timeout`` seconds.

    A call that is too late or shed gives its problems errors. Raises ServiceError when the service
    is gone or refuses the call.
    """
    sets = [each.responses for each in several]
    results: Sequence[GroupingResult]
    try:
        results = client.group_responses(sets, timeout=timeout)
    except (DeadlineError, OverloadedError) as failure:
        results = [item_error(each.id, failure.details) for each in sets]
    return [_line(each, result) for each, result in zip(several, results, strict=True)]


def unanswered(
    problems: Sequence[Problem], judged: set[str], failures: Mapping[str, str]
) -> Iterator[Line]:
    """Errors for the problems that there is no answer to; ``failures`` says why, where known."""
    for index, problem in enumerate(problems):
        if problem.id not in judged:
            why = failures.get(problem.id, "the file of answers has none to it; sample again")
            error = ItemError(problem.id, grpc.StatusCode.UNAVAILABLE, "NO_ANSWERS", why)
            yield Line(index, problem.id, problem.domain, problem.verifier, "", error)


def problems_digest(problems: Sequence[Problem]) -> str:
    """SHA-256 over what is asked, how it is judged, and under which ids and domains."""
    digest = hashlib.sha256()
    for each in problems:
        messages = [[turn.role, turn.content] for turn in each.messages]
        facts = [each.id, each.domain, messages, each.verifier, each.task]
        digest.update(json.dumps(facts, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _asked(index: int, problem: Problem, answers: list[Answer], reference: str | None) -> Asked:
    samples = sorted(
        (each for each in answers if not each.greedy), key=lambda each: each.sample or 0
    )
    greedy = [each for each in answers if each.greedy]
    task = dict(problem.task)
    if not problem.has_reference and reference is not None:
        task["reference"] = reference
    return Asked(
        index=index,
        domain=problem.domain,
        responses=ResponseSet(
            id=problem.id,
            verifier=problem.verifier,
            task=task,
            responses=tuple(each.response for each in (*samples, *greedy)),
            prompt=problem.question,
        ),
        tokens=tuple(each.token_count for each in samples),
        cut_off=tuple(each.cut_off for each in samples),
        greedy=bool(greedy),
        has_reference=problem.has_reference or reference is not None,
        digest=_digest([*samples, *greedy]),
    )


def _digest(answers: Sequence[Answer]) -> str:
    facts = [[each.sample, each.response, each.token_count, each.cut_off] for each in answers]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_DIGITS]


def _line(asked: Asked, result: GroupingResult) -> Line:
    item = asked.responses
    place = (asked.index, item.id, asked.domain, item.verifier, asked.digest)
    if isinstance(result, Grouping):
        judged = _judged(asked, result)
        return Line(*place, judged, result.by_answer)
    # When to ask again, and which field of the wire it was, are of no use in a file.
    error = ItemError(item.id, result.code, result.reason, result.message)
    return Line(*place, error)


def _judged(asked: Asked, grouping: Grouping) -> JudgedProblem:
    samples = len(asked.tokens)
    silent = Outcome.NO_ANSWER if asked.has_reference else None
    outcomes: list[Outcome | None] = [silent] * len(asked.responses.responses)
    classes: list[int | None] = [None] * samples
    answers: list[str] = []
    for group in grouping.groups:
        for place in group.responses:
            outcomes[place] = group.outcome
        # The greedy answer, which comes last, is none of the samples.
        sampled = [place for place in group.responses if place < samples]
        for place in sampled:
            classes[place] = len(answers)
        if sampled:
            answers.append(group.answer)
    return JudgedProblem(
        problem=asked.responses.id,
        domain=asked.domain,
        outcomes=tuple(outcomes[:samples]),
        classes=tuple(classes),
        answers=tuple(answers),
        tokens=asked.tokens,
        cut_off=asked.cut_off,
        greedy=outcomes[samples] if asked.greedy else None,
        hallmark=grouping.hallmark.digest,
        content=grouping.stamp.content,
    )
