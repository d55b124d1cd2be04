"""Whether one of two evaluations shows a better model, and what it would take to see it."""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from assayoffice.rl.evaluating.errors import IncomparableError
from assayoffice.rl.evaluating.evaluation import OVERALL, Evaluation, ProblemCounts
from assayoffice.rl.statistics.intervals import Estimate, mean_share, paired_difference
from assayoffice.rl.statistics.paired import holm, mcnemar, sign_flip
from assayoffice.rl.statistics.power import detectable, problems_needed, runs_needed, variances

_LEVEL = 0.05
# What of a request is not about how an answer is drawn, but how many are.
_AMOUNTS = ("samples", "seed", "greedy")


class Aspect(enum.StrEnum):
    """In what two evaluations may differ only where it is said so."""

    PROBLEMS = "problems"
    HALLMARKS = "hallmarks"
    SAMPLING = "sampling"


class Finding(enum.StrEnum):
    """What a comparison shows of the later model."""

    BETTER = "better"
    WORSE = "worse"
    NOT_DISTINGUISHABLE = "not distinguishable"


@dataclass(frozen=True, slots=True)
class Greedy:
    """Answers at temperature 0: ``lost`` problems were right only before, ``won`` only after."""

    problems: int
    lost: int
    won: int
    p: float


@dataclass(frozen=True, slots=True)
class Needed:
    """What would make a difference of ``claim`` detectable: as many runs of each, or problems.

    ``runs`` is None where no number of runs is enough or it is not known, see ``runs_known``.
    ``problems`` is None beyond a billion.
    """

    claim: float
    runs: int | None
    runs_known: bool
    problems: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """pass@1 of two evaluations on the same ``problems``, in [0, 1], and their difference.

    ``runs`` are the samples per problem of each, the smallest number there is. ``interval`` is None
    for a single problem. ``p`` is that of the sign-flip test, ``corrected`` for how many domains
    were looked at. ``detectable`` is what such a comparison finds in 80 % of cases, None where no
    two problems differ by different amounts, so that there is nothing to tell it by.
    """

    problems: int
    runs: tuple[int, int]
    before: Estimate
    after: Estimate
    difference: float
    interval: Estimate | None
    p: float
    exact: bool
    corrected: float
    finding: Finding
    detectable: float | None
    needed: Needed | None
    greedy: Greedy | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two evaluations, compared by domain, after ``OVERALL``.

    ``left_out`` problems are in one of them only, or have no verdict in one. ``differing`` is in
    what they differ although it was allowed, ``unknown`` what cannot be said to be the same.
    """

    before: str
    after: str
    domains: Mapping[str, Difference]
    left_out: int
    differing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def overall(self) -> Difference:
        """Of all problems."""
        return self.domains[OVERALL]

    @property
    def worse(self) -> tuple[str, ...]:
        """Where the later model is shown to be worse, all problems together included."""
        return tuple(name for name, each in self.domains.items() if each.finding is Finding.WORSE)


def compare(
    before: Evaluation,
    after: Evaluation,
    *,
    allowed: Collection[Aspect] = (),
    claim: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two evaluations, problem by problem.

    ``claim`` is a difference, in [0, 1], that one would like to see. ``seed`` decides over signs
    that are drawn. Raises IncomparableError where they differ in an aspect that is not allowed, and
    where they have no judged problem in common.
    """
    differing = _differing(before, after)
    for aspect, said in differing.items():
        if aspect not in allowed:
            raise IncomparableError(f"{said}; allow it with --allow {aspect}, if it is meant")
    pairs = _pairs(before, after)
    if not pairs:
        raise IncomparableError("no problem has judged samples in both evaluations")
    names = sorted({early.domain for early, _ in pairs})
    found = {
        name: _difference(
            [each for each in pairs if name in (OVERALL, each[0].domain)], claim, seed
        )
        for name in (OVERALL, *names)
    }
    corrected = {OVERALL: found[OVERALL].p, **holm({name: found[name].p for name in names})}
    problems = {each.problem for each in (*before.problems, *after.problems)}
    problems |= {each.problem for each in (*before.unjudged, *after.unjudged)}
    return Comparison(
        before=before.name,
        after=after.name,
        domains={name: _concluded(each, corrected[name]) for name, each in found.items()},
        left_out=len(problems) - len(pairs),
        differing=tuple(differing.values()),
        unknown=_unknown(before, after),
    )


def _differing(before: Evaluation, after: Evaluation) -> Mapping[Aspect, str]:
    found: dict[Aspect, str] = {}
    if before.problem_set != after.problem_set:
        found[Aspect.PROBLEMS] = "they are of different problems"
    for name in sorted(before.hallmarks.keys() & after.hallmarks.keys()):
        early, late = before.hallmarks[name], after.hallmarks[name]
        if early != late:
            found[Aspect.HALLMARKS] = (
                f"{name} judged under the hallmark {early[:16]} before and {late[:16]} after; "
                "judge both with the same verifier"
            )
            break
    names = [
        each
        for each in before.request.keys() & after.request.keys()
        if each not in _AMOUNTS and before.request[each] != after.request[each]
    ]
    if names:
        changes = ", ".join(
            f"{each} {before.request[each]} before and {after.request[each]} after"
            for each in sorted(names)
        )
        found[Aspect.SAMPLING] = f"they were sampled differently: {changes}"
    return found


def _unknown(before: Evaluation, after: Evaluation) -> tuple[str, ...]:
    if before.request and after.request:
        return ()
    return ("how the answers were sampled is not recorded in both evaluations",)


def _pairs(before: Evaluation, after: Evaluation) -> Sequence[tuple[ProblemCounts, ProblemCounts]]:
    """The problems that both have judged samples of, if what is asked and judged by is the same."""
    early = {each.problem: each for each in before.problems if each.judged}
    return [
        (early[each.problem], each)
        for each in after.problems
        if each.judged and each.problem in early and early[each.problem].digest == each.digest
    ]


def _difference(
    pairs: Sequence[tuple[ProblemCounts, ProblemCounts]], claim: float | None, seed: int
) -> Difference:
    early = [each.samples for each, _ in pairs]
    late = [each.samples for _, each in pairs]
    shares = [each.share for each in early], [each.share for each in late]
    differences = [after - before for before, after in zip(*shares, strict=True)]
    test = sign_flip(differences, seed=seed)
    middle = sum(differences) / len(differences)
    interval, seen, needed = None, None, None
    if len(pairs) > 1:
        interval = paired_difference(*shares)
        parts = variances(early, late)
        if parts.total > 1e-12:
            seen = detectable(parts)
            if claim is not None and seen > claim:
                known = parts.within is not None
                runs = runs_needed(parts, claim)
                needed = Needed(claim, runs, known, problems_needed(parts, claim))
    return Difference(
        problems=len(pairs),
        runs=(min(each.judged for each in early), min(each.judged for each in late)),
        before=mean_share(shares[0], sum(each.judged for each in early)),
        after=mean_share(shares[1], sum(each.judged for each in late)),
        difference=middle,
        interval=interval,
        p=test.p,
        exact=test.exact,
        corrected=test.p,
        finding=Finding.NOT_DISTINGUISHABLE,
        detectable=seen,
        needed=needed,
        greedy=_greedy(pairs),
    )


def _greedy(pairs: Sequence[tuple[ProblemCounts, ProblemCounts]]) -> Greedy | None:
    both = [
        (early.greedy, late.greedy)
        for early, late in pairs
        if early.greedy is not None and late.greedy is not None
    ]
    if not both:
        return None
    lost, won = both.count((True, False)), both.count((False, True))
    return Greedy(len(both), lost, won, mcnemar(lost, won).p)


def _concluded(difference: Difference, corrected: float) -> Difference:
    """With the finding: the test and the interval have to agree that there is a difference."""
    finding, interval = Finding.NOT_DISTINGUISHABLE, difference.interval
    if corrected <= _LEVEL and interval is not None:
        if interval.low > 0:
            finding = Finding.BETTER
        elif interval.high < 0:
            finding = Finding.WORSE
    return replace(difference, corrected=corrected, finding=finding)
