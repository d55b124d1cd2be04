"""From judged problems to an evaluation."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist, fmean
from typing import Literal

from assayoffice.rl.evaluating.errors import EvaluationError
from assayoffice.rl.evaluating.evaluation import (
    OVERALL,
    AtK,
    Evaluation,
    Figures,
    Measure,
    ProblemCounts,
    RunSpread,
    Unjudged,
)
from assayoffice.rl.judging.asking import problems_digest
from assayoffice.rl.judging.journal import Judged
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.results import Outcome
from assayoffice.rl.statistics.intervals import Estimate, mean_share, wilson
from assayoffice.rl.statistics.majority import Counts, counts_of, majority_at_k, takes_long
from assayoffice.rl.statistics.passing import pass_at_k
from assayoffice.rl.statistics.runs import draws_for, error_over_runs, luck, runs_of

_Z = NormalDist().inv_cdf(0.975)
_DIGITS = 16
# Beyond, majority@k takes long to count.
_LARGEST_USUAL = 64
# A sample: the class of its answer, None where it gives none, and whether it is right.
_Sample = tuple[int | None, bool]


@dataclass(frozen=True, slots=True)
class _Valued:
    """A figure of one problem, with the variances of its luck and of drawing where not counted."""

    value: float
    luck: float | None
    drawn: float = 0.0


@dataclass(frozen=True, slots=True)
class _Measured:
    """A judged problem with its figures, by k."""

    judged: JudgedProblem
    right: tuple[bool, ...]
    passed: Mapping[int, _Valued]
    majority: Mapping[int, _Valued]


def evaluate(
    judged: Judged,
    problems: Sequence[Problem],
    *,
    ks: Sequence[int] = (),
    model: Mapping[str, object] | None = None,
    request: Mapping[str, object] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Evaluate what was judged of ``problems``, with pass@k and majority@k for each of ``ks``.

    By default they are the powers of two up to the number of samples and 64, and that number.
    ``seed`` decides over what is drawn: intervals over runs, and majority@k where it cannot be
    counted. A problem without a verdict, or without a reference to be right by, is neither right
    nor wrong; it is named with its reason. Raises EvaluationError where there are no problems, or a
    domain has the name that all of them have together.
    """
    if not problems:
        raise EvaluationError("there are no problems; an evaluation needs one at least")
    known = {each.problem: each for each in judged.problems}
    unjudged = [_why(each, judged) for each in problems if not _has_verdicts(known.get(each.id))]
    without = {each.problem for each in unjudged}
    counted = [known[each.id] for each in problems if each.id not in without]
    chosen = sorted(set(ks)) or _usual(counted)
    draws = draws_for(len(counted))
    measured: list[_Measured] = []
    for each in counted:
        by_behaviour = each.problem in judged.by_behaviour
        measured.append(_measured(each, chosen, by_behaviour, draws, seed))
        progress(len(measured), len(counted))
    names = sorted({each.domain for each in problems})
    if OVERALL in names:
        raise EvaluationError(
            f"a domain is called {OVERALL!r}, as all problems together are; give it another name"
        )
    domains = {
        name: _figures(
            [each for each in measured if name in (OVERALL, each.judged.domain)],
            sum(name in (OVERALL, each.domain) for each in unjudged),
            chosen,
        )
        for name in (OVERALL, *names)
    }
    digests = {each.id: problems_digest([each])[:_DIGITS] for each in problems}
    return Evaluation(
        model=dict(model or {}),
        request=dict(request or {}),
        problem_set=problems_digest(problems),
        hallmarks=dict(judged.hallmarks),
        domains=domains,
        problems=tuple(_counts(each, digests[each.judged.problem]) for each in measured),
        unjudged=tuple(unjudged),
    )


def _has_verdicts(judged: JudgedProblem | None) -> bool:
    return judged is not None and None not in judged.outcomes


def _why(problem: Problem, judged: Judged) -> Unjudged:
    error = judged.errors.get(problem.id)
    if error is not None:
        return Unjudged(problem.id, problem.domain, error.reason, error.message)
    if problem.id in judged.domains:
        said = "its task has no reference, so that nothing is right or wrong; give it one"
        return Unjudged(problem.id, problem.domain, "NO_REFERENCE", said)
    return Unjudged(problem.id, problem.domain, "NOT_JUDGED", "it was not judged; judge again")


def _usual(judged: Sequence[JudgedProblem]) -> list[int]:
    most = max((len(each.outcomes) for each in judged), default=0)
    powers = {2**each for each in range(1, most.bit_length()) if 2**each <= _LARGEST_USUAL}
    return sorted(powers | ({most} if most > 1 else set[int]()))


def _measured(
    judged: JudgedProblem, ks: Sequence[int], by_behaviour: bool, draws: int, seed: int
) -> _Measured:
    right = tuple(each is Outcome.CORRECT for each in judged.outcomes)
    samples = list(zip(judged.classes, right, strict=True))
    chance = f"{seed} {judged.problem}"
    passed: dict[int, _Valued] = {}
    majority: dict[int, _Valued] = {}
    for k in (each for each in {1, *ks} if each <= len(right)):
        share = partial(_passed, k=k)
        passed[k] = _Valued(share(right), luck(right, share, draws=draws, seed=chance))
        if by_behaviour or k == 1:
            continue
        counts = _counts_of(samples)
        drawn = majority_at_k(counts, k, seed=seed)
        assert drawn is not None  # There are k samples.
        won = partial(_won, k=k, seed=seed)
        # Nobody waits for thousands of values that take long: their luck stays unknown.
        spread = None
        if not takes_long(counts, k):
            spread = luck(samples, won, draws=draws, seed=chance)
        majority[k] = _Valued(drawn.value, spread, drawn.error**2)
    return _Measured(judged, right, passed, majority)


def _passed(right: Sequence[bool], k: int) -> float:
    share = pass_at_k(len(right), sum(right), k)
    assert share is not None  # As in _measured.
    return share


def _won(samples: Sequence[_Sample], k: int, seed: int) -> float:
    majority = majority_at_k(_counts_of(samples), k, seed=seed)
    assert majority is not None  # As in _measured.
    return majority.value


def _counts_of(samples: Sequence[_Sample]) -> Counts:
    return counts_of([each for each, _ in samples], [right for _, right in samples])


def _figures(measured: Sequence[_Measured], unjudged: int, ks: Sequence[int]) -> Figures:
    sampled = [each for each in measured if each.right]
    greedy = [each.judged.greedy for each in measured if each.judged.greedy is not None]
    tokens = [each for problem in sampled for each in problem.judged.tokens]
    cut_off = [each for problem in sampled for each in problem.judged.cut_off]
    at_k = []
    for k in ks:
        passed = _measure(sampled, "passed", k)
        if k > 1 and passed is not None:
            at_k.append(AtK(k, passed, _measure(sampled, "majority", k)))
    return Figures(
        problems=len(measured) + unjudged,
        unjudged=unjudged,
        samples=len(tokens),
        pass_at_1=_measure(sampled, "passed", 1),
        runs=_runs([each.right for each in sampled]),
        at_k=tuple(at_k),
        greedy=wilson(sum(each is Outcome.CORRECT for each in greedy), len(greedy))
        if greedy
        else None,
        # Where nobody counted, there are zeros.
        tokens=fmean(tokens) if any(tokens) else None,
        cut_off=fmean(cut_off) if cut_off else None,
    )


def _measure(
    problems: Sequence[_Measured], what: Literal["passed", "majority"], k: int
) -> Measure | None:
    having = [each for each in problems if k in _by_k(each, what)]
    if not having:
        return None
    valued = [_by_k(each, what)[k] for each in having]
    samples = sum(len(each.right) for each in having)
    middle = mean_share([each.value for each in valued], samples)
    error = error_over_runs([each.luck for each in valued])
    over_runs = None
    if error is not None:
        low, high = middle.value - _Z * error, middle.value + _Z * error
        over_runs = Estimate(middle.value, max(0.0, low), min(1.0, high))
    drawn = math.sqrt(math.fsum(each.drawn for each in valued)) / len(valued)
    return Measure(len(valued), middle, over_runs, drawn)


def _by_k(problem: _Measured, what: Literal["passed", "majority"]) -> Mapping[int, _Valued]:
    return problem.passed if what == "passed" else problem.majority


def _runs(problems: Sequence[tuple[bool, ...]]) -> RunSpread | None:
    runs = runs_of(problems)
    if runs is None:
        return None
    return RunSpread(
        runs.accuracies,
        runs.sd,
        runs.repeatability(len(runs.accuracies)),
        runs.repeatability(1),
    )


def _counts(measured: _Measured, digest: str) -> ProblemCounts:
    judged = measured.judged
    return ProblemCounts(
        problem=judged.problem,
        domain=judged.domain,
        digest=digest,
        correct=sum(measured.right),
        judged=len(measured.right),
        greedy=None if judged.greedy is None else judged.greedy is Outcome.CORRECT,
        tokens=round(fmean(judged.tokens), 2) if judged.tokens else 0.0,
    )
