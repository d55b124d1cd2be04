"""The part of a report that says how good the models were."""

from collections.abc import Iterable, Sequence

from assayoffice.rl.statistics.intervals import Estimate, mean
from assayoffice.rl.training import evaluation, page, svg
from assayoffice.rl.training.evaluation import OVERALL, Accuracy
from assayoffice.rl.training.runs import Run, common_evaluations
from assayoffice.rl.training.summary import TITLES, measured_around_grpo, percent

_MEAN = "mean of seeds"


def cards(runs: Sequence[Run]) -> str:
    """The accuracies over all problems as big figures, and what GRPO gained."""
    return page.cards(_cards(runs))


def chart(runs: Sequence[Run]) -> str:
    """Sampled accuracy by domain, with intervals; of several runs each by itself."""
    names = common_evaluations(runs)
    rows = []
    for domain in _domains(runs):
        dots = []
        for color, name in enumerate(names, start=1):
            # A dot for each seed: three points are no distribution.
            estimates = [_sampled(run, name, domain) for run in runs]
            dots += [svg.Dot(TITLES[name], each, color) for each in estimates if each is not None]
        rows.append(("all problems" if domain == OVERALL else domain, dots))
    return page.alone(svg.dots("Sampled accuracy on held-out problems", rows))


def tables(runs: Sequence[Run]) -> Iterable[str]:
    """Every accuracy with its interval: sampled, then greedy."""
    names = common_evaluations(runs)
    several = len(runs) > 1
    gains = _gains(runs, names)
    first = ["domain", *(["run"] if several else []), "problems"]
    head = [*first, *(TITLES[each] for each in names), *(["GRPO gained"] if gains else [])]
    sampled, greedy = [], []
    for domain in _domains(runs):
        label = "all" if domain == OVERALL else domain
        for run in runs:
            start = [label, *([run.name] if several else []), _problems(run, domain)]
            values = [_sampled(run, name, domain) for name in names]
            if gains:
                values.append(_gained(run, names, domain))
            sampled.append([*start, *map(percent, values)])
            greedy.append([*start, *(percent(_greedy(run, name, domain)) for name in names)])
        if several:
            means = [_across([_sampled(run, name, domain) for run in runs]) for name in names]
            if gains:
                means.append(_across([_gained(run, names, domain) for run in runs], least=-1.0))
            sampled.append([label, _MEAN, "", *map(percent, means)])
    yield page.table(head, sampled, len(first) - 1, strong=lambda row: _MEAN in row)
    yield page.paragraph(
        "Percent of samples that the service judged correct, with 95 % intervals over problems "
        "(samples of one problem are not independent). Gains are paired over problems, in points."
        + (" Means over seeds have Student's interval over seeds." if several else ""),
        "soft",
    )
    head = [*first, *(f"greedy, {TITLES[each]}" for each in names)]
    yield page.folded("Greedy answers, one per problem", page.table(head, greedy, len(first) - 1))


def _cards(runs: Sequence[Run]) -> Iterable[tuple[str, str, str]]:
    names = common_evaluations(runs)
    for name in names:
        estimate = _across([_sampled(run, name, OVERALL) for run in runs])
        yield f"Accuracy {TITLES[name]}", _figure(estimate, " %"), _below(estimate)
    if _gains(runs, names):
        gains = [_gained(run, names, OVERALL) for run in runs]
        gained = _across(gains, least=-1.0)
        sign = "+" if gained is not None and gained.value >= 0 else ""
        below = _below(gained) if gained else "too few problems have verdicts to compare"
        if len(runs) > 1:
            below += "; each " + ", ".join(f"{100 * each.value:+.1f}" for each in gains if each)
        yield "GRPO gained, points", sign + _figure(gained, ""), below


def _domains(runs: Sequence[Run]) -> list[str]:
    first = runs[0].evaluations[common_evaluations(runs)[0]]
    return list(first.accuracies())


def _gains(runs: Sequence[Run], names: Sequence[str]) -> bool:
    return all(measured_around_grpo(names, "sft" in run.pins.steps) for run in runs)


def _gained(run: Run, names: Sequence[str], domain: str) -> Estimate | None:
    before, after = (run.evaluations[each] for each in names[-2:])
    return evaluation.uplift(before, after).get(domain)


def _at(run: Run, name: str, domain: str) -> Accuracy | None:
    return run.evaluations[name].accuracies().get(domain)


def _sampled(run: Run, name: str, domain: str) -> Estimate | None:
    found = _at(run, name, domain)
    return None if found is None else found.sampled


def _greedy(run: Run, name: str, domain: str) -> Estimate | None:
    found = _at(run, name, domain)
    return None if found is None else found.greedy


def _problems(run: Run, domain: str) -> str:
    found = _at(run, next(iter(run.evaluations)), domain)
    return "0" if found is None else str(found.problems)


def _across(estimates: Sequence[Estimate | None], least: float = 0.0) -> Estimate | None:
    """Of one run its estimate; of several the mean over them, with the interval over seeds.

    Few seeds have intervals that reach beyond what there can be, ``least`` to 1; they end there.
    """
    found = [each for each in estimates if each is not None]
    if len(found) != len(estimates):
        return None
    if len(found) == 1:
        return found[0]
    over = mean([each.value for each in found])
    return Estimate(over.value, max(least, over.low), min(1.0, over.high))


def _figure(estimate: Estimate | None, unit: str) -> str:
    return "–" if estimate is None else f"{100 * estimate.value:.1f}{unit}"


def _below(estimate: Estimate | None) -> str:
    if estimate is None:
        return "nothing was judged"
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f} (95 %)"
