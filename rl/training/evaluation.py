"""How good a model is on held-out problems, by the verdicts of the service that also rewards.

An answer without a verdict is neither right nor wrong: it is counted by itself, and when there are
more than a few the evaluation fails instead of reporting on the rest.
"""

import collections
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.results import ItemError, Outcome, Verdict
from assayoffice.rl.rows import RowForm, rows
from assayoffice.rl.sampling.answers import read_failures, read_header
from assayoffice.rl.scoring import judge
from assayoffice.rl.sources import UnusableRow, open_source
from assayoffice.rl.statistics.intervals import (
    Estimate,
    Tally,
    accuracy,
    paired_difference,
    wilson,
)
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.folder import write_json

OVERALL = "all"
_CALL_SECONDS = 120.0
_CALLS = 4
_SHOWN_ERRORS = 3


@dataclass(frozen=True, slots=True)
class ProblemResult:
    """What a model made of one problem: of its samples, and greedily (None without a verdict).

    ``tokens`` is the mean length of the samples.
    """

    problem: str
    domain: str
    samples: Tally
    greedy: bool | None
    tokens: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Accuracy on the problems of a domain, sampled and greedy, with 95 % intervals.

    None where no answer of the kind has a verdict. ``tokens`` is the mean length of the samples.
    """

    problems: int
    sampled: Estimate | None
    greedy: Estimate | None
    tokens: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model, measured. ``errors`` counts the answers without a verdict by reason."""

    results: tuple[ProblemResult, ...]
    errors: Mapping[str, int]
    hallmarks: tuple[str, ...]

    def accuracies(self) -> Mapping[str, Accuracy]:
        """By domain, in alphabetical order, after all of them under ``OVERALL``."""
        domains = sorted({each.domain for each in self.results})
        named = {OVERALL: self.results} | {
            domain: tuple(each for each in self.results if each.domain == domain)
            for domain in domains
        }
        return {name: _accuracy(results) for name, results in named.items()}


def evaluate(
    client: Client, completions: Path, max_error_share: float, judged: Callable[[int], None]
) -> Evaluation:
    """Have the answers of a file judged; ``judged`` is told how many are so far.

    Raises TrainingError when more than ``max_error_share`` of them have no verdict, and
    ServiceError when the service is gone.
    """
    problems: dict[str, _Problem] = {}
    errors: collections.Counter[str] = collections.Counter()
    messages: list[str] = []
    hallmarks = set()
    with open_source(str(completions)) as source:
        facts: collections.deque[Mapping[str, object]] = collections.deque()
        # Rows are judged in their order, so what else is known about them waits in a queue.
        records = (each for each in source.records if _remember(each.content, facts))
        results = judge(
            client,
            rows(records, RowForm(source.name)),
            timeout=_CALL_SECONDS,
            concurrency=_CALLS,
        )
        for count, (_, result) in enumerate(results, start=1):
            row = facts.popleft()
            match result:
                case Verdict():
                    hallmarks.add(str(result.hallmark))
                    problem = problems.setdefault(problem_of(row), _Problem(_domain(row)))
                    problem.add(row, result.outcome is Outcome.CORRECT)
                case ItemError():
                    errors[result.reason] += 1
                    messages.append(f"{result.reason}: {result.message}")
            judged(count)
    header = read_header(completions)
    for id, said in read_failures(completions).items():
        errors["NOT_SAMPLED"] += 1 if header is None else len(header.request.indices)
        messages.append(f"NOT_SAMPLED: {id}: {said}")
    total = errors.total() + sum(each.judged for each in problems.values())
    if not problems or errors.total() > max_error_share * total:
        raise TrainingError(
            f"{completions}: {errors.total()} of {total} answers have no verdict, more than the "
            f"share evaluation.max_error_share = {max_error_share:g} that an accuracy may leave "
            "out. The first:\n" + "\n".join(messages[:_SHOWN_ERRORS])
        )
    return Evaluation(
        tuple(each.result(name) for name, each in problems.items()),
        dict(errors),
        tuple(sorted(hallmarks)),
    )


def uplift(before: Evaluation, after: Evaluation) -> Mapping[str, Estimate]:
    """How much more of its samples the later model gets right, by domain, after ``OVERALL``.

    In shares, over the problems that both have judged samples of; domains with fewer than two such
    problems are left out.
    """
    early = {each.problem: each for each in before.results if each.samples.judged}
    late = {each.problem: each for each in after.results if each.samples.judged}
    both = [problem for problem in early if problem in late]
    found = {}
    for name in (OVERALL, *sorted({early[each].domain for each in both})):
        chosen = [each for each in both if name in (OVERALL, early[each].domain)]
        if len(chosen) > 1:
            found[name] = paired_difference(
                [early[each].samples.share for each in chosen],
                [late[each].samples.share for each in chosen],
            )
    return found


def problem_of(row: Mapping[str, object]) -> str:
    """The name of the problem that a row of completions answers."""
    return str(row.get("problem", str(row["id"]).rpartition("/")[0]))


def save(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation, with what follows from it for those who only read JSON."""
    write_json(
        path,
        {
            "accuracy": {
                name: {
                    "problems": each.problems,
                    "sampled": _interval(each.sampled),
                    "greedy": _interval(each.greedy),
                    "tokens": each.tokens,
                }
                for name, each in evaluation.accuracies().items()
            },
            "errors": dict(evaluation.errors),
            "hallmarks": list(evaluation.hallmarks),
            "problems": [
                {
                    "problem": each.problem,
                    "domain": each.domain,
                    "correct": each.samples.correct,
                    "judged": each.samples.judged,
                    "greedy": each.greedy,
                    "tokens": each.tokens,
                }
                for each in evaluation.results
            ],
        },
    )


def read(path: Path) -> Evaluation:
    """Read what ``save`` wrote."""
    written = json.loads(path.read_text("utf-8"))
    return Evaluation(
        tuple(
            ProblemResult(
                each["problem"],
                each["domain"],
                Tally(each["correct"], each["judged"]),
                each["greedy"],
                each["tokens"],
            )
            for each in written["problems"]
        ),
        written["errors"],
        tuple(written["hallmarks"]),
    )


def _domain(row: Mapping[str, object]) -> str:
    domain = str(row["data_source"])
    if domain == OVERALL:
        raise TrainingError(
            f"data_source: {OVERALL!r} is what all problems together are called; give the rows of "
            "the held-out file another"
        )
    return domain


class _Problem:
    """Gathers the verdicts on the answers to one problem."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._correct = self._samples = self._tokens = 0
        self._greedy: bool | None = None

    @property
    def judged(self) -> int:
        return self._samples + (self._greedy is not None)

    def add(self, row: Mapping[str, object], correct: bool) -> None:
        if row["greedy"]:
            self._greedy = correct
            return
        tokens = row["token_count"]
        assert isinstance(tokens, int)  # Sampling wrote it.
        self._samples += 1
        self._correct += correct
        self._tokens += tokens

    def result(self, problem: str) -> ProblemResult:
        return ProblemResult(
            problem,
            self._domain,
            Tally(self._correct, self._samples),
            self._greedy,
            round(self._tokens / max(1, self._samples), 2),
        )


def _remember(
    content: Mapping[str, object] | UnusableRow, facts: collections.deque[Mapping[str, object]]
) -> bool:
    if isinstance(content, UnusableRow):
        raise TrainingError(f"a row of our own completions cannot be read: {content}")
    facts.append(content)
    return True


def _accuracy(results: Iterable[ProblemResult]) -> Accuracy:
    results = list(results)
    sampled = [each for each in results if each.samples.judged]
    greedy = [each.greedy for each in results if each.greedy is not None]
    tokens = sum(each.tokens * each.samples.judged for each in sampled)
    samples = sum(each.samples.judged for each in sampled)
    return Accuracy(
        problems=len(results),
        sampled=accuracy([each.samples for each in sampled]) if sampled else None,
        greedy=wilson(sum(greedy), len(greedy)) if greedy else None,
        tokens=round(tokens / max(1, samples), 2),
    )


def _interval(estimate: Estimate | None) -> Mapping[str, float] | None:
    if estimate is None:
        return None
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
