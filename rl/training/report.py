"""The report of a run, or of the runs of several seeds: one HTML file that needs nothing else.

What is on it: accuracies with intervals, the curves of training, where time went, answers that
became right or wrong, and all that was pinned.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from assayoffice.rl.training import evaluation, metrics, page, svg
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.evaluation import OVERALL, Evaluation
from assayoffice.rl.training.examples import Flip, flips
from assayoffice.rl.training.folder import RunFolder, write_whole
from assayoffice.rl.training.intervals import Estimate, mean
from assayoffice.rl.training.metrics import Step
from assayoffice.rl.training.pins import Pins, read_pins
from assayoffice.rl.training.summary import TITLES, percent

_SHOWN_FLIPS = 6
_SHOWN_CHARACTERS = 1200
# The phases of a step that are worth a color, as verl names them, and as people would.
_PHASES = {
    "gen": "generation, rewards within it",
    "old_log_prob": "log-probabilities",
    "update_actor": "update",
    "update_weights": "weights to rollouts",
    "save_checkpoint": "checkpoint",
}
_OTHER = "other"
_SMOOTH = 5

Value = Callable[[Step], float | None]


@dataclass(frozen=True, slots=True)
class _Run:
    folder: RunFolder
    pins: Pins
    evaluations: Mapping[str, Evaluation]
    steps: Sequence[Step]

    @property
    def name(self) -> str:
        return f"seed {self.pins.seed}"

    def of(self, stage: str) -> list[Step]:
        return [each for each in self.steps if each.stage == stage]


def write(folders: Sequence[RunFolder], output: Path) -> None:
    """Write the report of runs. Raises TrainingError where a folder holds no evaluation yet."""
    runs = [_read(folder) for folder in folders]
    several = len(runs) > 1
    name = runs[0].folder.path.name
    title = f"{len(runs)} runs: {', '.join(each.name for each in runs)}" if several else name
    body = [
        f"<h1>{page.text(title)}</h1>",
        page.paragraph(_subtitle(runs), "soft"),
        page.cards(_cards(runs)),
        _accuracy_chart(runs),
        page.heading("Held-out accuracy"),
        page.table(*_accuracy_table(runs)),
        page.paragraph(
            "Percent of samples that the service judged correct, with 95 % intervals over problems "
            "(samples of one problem are not independent); greedy: one answer per problem. Gains "
            "are paired over problems, in points."
            + (" Means over seeds have Student's interval over seeds." if several else ""),
            "soft",
        ),
        *_errors(runs),
        page.heading("Training"),
        page.charts(_curves(runs)),
        *_cost(runs),
        *(_examples(runs[0]) if not several else ()),
        page.heading("What was pinned"),
        *(part for each in runs for part in _pinned(each, several)),
        "<footer>Made by assay train. Nothing on this page is loaded from elsewhere.</footer>",
    ]
    write_whole(output, page.page(title, body))


def _read(folder: RunFolder) -> _Run:
    evaluations = {
        name: evaluation.read(folder.evaluation(name))
        for name in TITLES
        if folder.evaluation(name).exists()
    }
    if not evaluations:
        raise TrainingError(f"{folder.path}: no evaluation yet; `assay train` makes some")
    return _Run(folder, read_pins(folder), evaluations, metrics.read(folder.metrics))


def _subtitle(runs: Sequence[_Run]) -> str:
    pins = runs[0].pins
    problems = len(runs[0].evaluations[next(iter(runs[0].evaluations))].results)
    parts = [
        f"Model: {pins.model}",
        *(f"{each.upper()}: {count} steps" for each, count in pins.steps.items()),
        f"rewards: {pins.recipe}",
        f"{problems} held-out problems",
        f"{sum(each.pins.seconds for each in runs) / len(runs) / 60:.0f} minutes"
        + (" per run" if len(runs) > 1 else ""),
    ]
    return " · ".join(parts)


# Accuracy


def _overall(run: _Run, name: str) -> float | None:
    sampled = run.evaluations[name].accuracies()[OVERALL].sampled
    return None if sampled is None else sampled.value


def _names(runs: Sequence[_Run]) -> list[str]:
    """The evaluations that every run has."""
    return [each for each in TITLES if all(each in run.evaluations for run in runs)]


def _domains(runs: Sequence[_Run]) -> list[str]:
    first = runs[0].evaluations[next(iter(runs[0].evaluations))]
    return list(first.accuracies())


def _cards(runs: Sequence[_Run]) -> Iterable[tuple[str, str, str]]:
    names = _names(runs)
    for name in names:
        estimate = _across([_sampled(run, name, OVERALL) for run in runs])
        yield f"Accuracy {TITLES[name]}", _figure(estimate), _below(estimate)
    if len(names) > 1 and names[-1] == "grpo":
        gains = [_gained(run, names[-2], OVERALL) for run in runs]
        gained = _across(gains)
        sign = "+" if gained is not None and gained.value >= 0 else ""
        below = _below(gained)
        if len(runs) > 1:
            below += "; each " + ", ".join(f"{100 * each.value:+.1f}" for each in gains if each)
        yield "GRPO gained, points", sign + _figure(gained, ""), below


def _sampled(run: _Run, name: str, domain: str) -> Estimate | None:
    accuracy = run.evaluations[name].accuracies().get(domain)
    return None if accuracy is None else accuracy.sampled


def _gained(run: _Run, before: str, domain: str) -> Estimate | None:
    return evaluation.uplift(run.evaluations[before], run.evaluations["grpo"]).get(domain)


def _across(estimates: Sequence[Estimate | None]) -> Estimate | None:
    """Of one run its estimate; of several the mean over them, with the interval over seeds."""
    found = [each for each in estimates if each is not None]
    if len(found) != len(estimates):
        return None
    return found[0] if len(found) == 1 else mean([each.value for each in found])


def _figure(estimate: Estimate | None, unit: str = " %") -> str:
    return "–" if estimate is None else f"{100 * estimate.value:.1f}{unit}"


def _below(estimate: Estimate | None) -> str:
    if estimate is None:
        return "nothing was judged"
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f} (95 %)"


def _accuracy_chart(runs: Sequence[_Run]) -> str:
    names = _names(runs)
    rows = []
    for domain in _domains(runs):
        dots = []
        for color, name in enumerate(names, start=1):
            estimates = [_sampled(run, name, domain) for run in runs]
            # Of several runs each seed is shown: three points are no distribution.
            dots += [svg.Dot(TITLES[name], each, color) for each in estimates if each is not None]
        rows.append(("all problems" if domain == OVERALL else domain, dots))
    return svg.dots("Sampled accuracy on held-out problems", rows)


def _accuracy_table(runs: Sequence[_Run]) -> tuple[Sequence[str], list[Sequence[str]]]:
    names = _names(runs)
    gains = len(names) > 1 and names[-1] == "grpo"
    head = ["domain", *(["run"] if len(runs) > 1 else []), "problems"]
    head += [TITLES[each] for each in names]
    head += (["GRPO gained"] if gains else []) + [f"greedy {TITLES[each]}" for each in names[-2:]]
    rows: list[Sequence[str]] = []
    for domain in _domains(runs):
        label = "all" if domain == OVERALL else domain
        for run in runs:
            found = {name: run.evaluations[name].accuracies().get(domain) for name in names}
            known = [each for each in found.values() if each is not None]
            row = [label, *([run.name] if len(runs) > 1 else [])]
            row.append(str(known[0].problems) if known else "0")
            row += [percent(each.sampled if each else None) for each in found.values()]
            row += [percent(_gained(run, names[-2], domain))] if gains else []
            row += [percent(each.greedy if each else None) for each in list(found.values())[-2:]]
            rows.append(row)
        if len(runs) > 1:
            means = [_across([_sampled(run, name, domain) for run in runs]) for name in names]
            if gains:
                means.append(_across([_gained(run, names[-2], domain) for run in runs]))
            shown = [percent(each) for each in means]
            rows.append([label, "mean of seeds", "", *shown, *("" for _ in names[-2:])])
    return head, rows


def _errors(runs: Sequence[_Run]) -> Iterable[str]:
    """What had no verdict or no reward; said also when there was none."""
    lines = [
        f"{run.name}, evaluation {TITLES[name]}: {count} answers without a verdict ({reason})"
        for run in runs
        for name, found in run.evaluations.items()
        for reason, count in found.errors.items()
    ]
    lost = sum(each.rewards.get("errors", 0) for run in runs for each in run.of("grpo"))
    failed = sum(each.rewards.get("failed_calls", 0) for run in runs for each in run.of("grpo"))
    if lost or failed:
        lines.append(
            f"In training, {lost:.0f} errors instead of rewards and {failed:.0f} failed calls. "
            "Those were sent again, and what had no reward then was left to the failure policy."
        )
    if not lines:
        lines = [
            "Every answer got a verdict and every rollout its reward: no infrastructure errors."
        ]
    return [page.paragraph(each, "soft") for each in lines]


# Training


def _curves(runs: Sequence[_Run]) -> Iterable[str]:
    yield _chart(runs, "sft", "SFT: loss", "loss", lambda step: step.loss, from_zero=True)
    yield _chart(runs, "grpo", "GRPO: mean reward", "reward", lambda step: step.reward)
    yield _chart(
        runs,
        "grpo",
        "GRPO: accuracy of the rollouts",
        "share",
        lambda step: step.rewards.get("accuracy"),
    )
    yield _components(runs)
    yield _chart(runs, "grpo", "GRPO: response length", "tokens", lambda step: step.tokens)
    if len(runs) == 1:
        yield _phases(runs[0])


def _chart(
    runs: Sequence[_Run], stage: str, title: str, y: str, value: Value, *, from_zero: bool = False
) -> str:
    series = []
    for color, run in enumerate(runs, start=1):
        points = _points(run.of(stage), value)
        series += _smoothed(run.name if len(runs) > 1 else y, points, color)
    return svg.lines(title, series, x="step", y=y, from_zero=from_zero)


def _points(steps: Iterable[Step], value: Value) -> list[svg.Point]:
    return [(step.step, found) for step in steps if (found := value(step)) is not None]


def _smoothed(name: str, points: Sequence[svg.Point], color: int) -> list[svg.Line]:
    """The series, and a running mean over it where it is long enough to need one."""
    if len(points) < 4 * _SMOOTH:
        return [svg.Line(name, points, color)] if points else []
    means = [
        (points[index][0], fmean(y for _, y in points[max(0, index - _SMOOTH + 1) : index + 1]))
        for index in range(len(points))
    ]
    return [svg.Line(name, points, color, faint=True), svg.Line(name, means, color)]


def _components(runs: Sequence[_Run]) -> str:
    """The parts of the reward, of several runs their mean."""
    prefix = "component/"
    names = {
        name: None for run in runs for step in run.of("grpo") for name in step.rewards
        if name.startswith(prefix)
    }  # fmt: skip
    if len(names) < 2:
        return ""
    series = []
    for color, name in enumerate(names, start=1):
        by_step: dict[int, list[float]] = {}
        for run in runs:
            for step in run.of("grpo"):
                if name in step.rewards:
                    by_step.setdefault(step.step, []).append(step.rewards[name])
        points = [(step, fmean(values)) for step, values in sorted(by_step.items())]
        series += _smoothed(name.removeprefix(prefix), points, color)
    return svg.lines("GRPO: components of the reward", series, x="step", y="value", from_zero=False)


def _phases(run: _Run) -> str:
    bars = []
    for step in run.of("grpo"):
        whole = step.seconds.get("step", 0.0)
        parts = [step.seconds.get(each, 0.0) for each in _PHASES]
        bars.append((float(step.step), [*parts, max(0.0, whole - sum(parts))]))
    names = [*_PHASES.values(), _OTHER]
    return svg.stacks("GRPO: seconds of a step", names, bars, x="step", y="seconds")


def _cost(runs: Sequence[_Run]) -> Iterable[str]:
    """What rewards cost, in shares of the steps' time."""
    steps = [each for run in runs for each in run.of("grpo") if "wait_share" in each.rewards]
    whole = sum(each.seconds["step"] for each in steps)
    if not whole:
        return
    wait = sum(each.rewards["wait_seconds"] for each in steps)
    busy = sum(each.rewards["busy_seconds"] for each in steps)
    samples = sum(each.rewards["samples"] for each in steps)
    yield page.paragraph(
        f"Rewards: {samples:,.0f} in {len(steps)} steps. Training waited for them "
        f"{100 * wait / whole:.2f} % of the time (from the last rollout's end to its reward); "
        f"calls were under way {100 * busy / whole:.1f} % of it, while others still generated.",
        "soft",
    )


# Examples and pins


def _examples(run: _Run) -> Iterable[str]:
    names = _names([run])
    if len(names) < 2:
        return
    before, after = names[-2], names[-1]
    found = flips(run.folder, before, after)
    for right, title in ((True, "became right"), (False, "became wrong")):
        chosen = [each for each in found if each.became_right is right]
        if not chosen:
            continue
        yield page.heading(f"Greedy answers that {title} ({len(chosen)})")
        shown = _spread(chosen)
        yield "".join(_example(each, TITLES[before], TITLES[after]) for each in shown)


def _spread(found: Sequence[Flip]) -> list[Flip]:
    """A few examples, of each domain in turn."""
    by_domain: dict[str, list[Flip]] = {}
    for each in found:
        by_domain.setdefault(each.domain, []).append(each)
    shown: list[Flip] = []
    while by_domain and len(shown) < _SHOWN_FLIPS:
        for domain in list(by_domain):
            shown.append(by_domain[domain].pop(0))
            if not by_domain[domain]:
                del by_domain[domain]
    return shown[:_SHOWN_FLIPS]


def _example(flip: Flip, before: str, after: str) -> str:
    answers = "".join(
        f"<div>{page.paragraph(title, 'soft')}{page.preformatted(_cut(text))}</div>"
        for title, text in ((before, flip.before), (after, flip.after))
    )
    return (
        f'<div class="example">{page.paragraph(flip.domain, "soft")}'
        f'{page.preformatted(_cut(flip.prompt))}<div class="pair">{answers}</div></div>'
    )


def _cut(text: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]} … ({len(text)} characters in all)"


def _pinned(run: _Run, several: bool) -> Iterable[str]:
    pins = run.pins
    rows = [("seed", str(pins.seed)), ("recipe", f"{pins.recipe} {pins.recipe_digest}".strip())]
    rows += [(f"hallmark of {name}", digest) for name, digest in pins.hallmarks.items()]
    rows += list(pins.versions.items())
    rows += [
        (f"stage {name}", f"{seconds:.0f} s, from {digest[:16]}")
        for name, (seconds, digest) in pins.stages.items()
    ]
    parts = page.table(("what", "value"), rows, numbers_from=2)
    parts += page.folded("The configuration, as it was written", page.preformatted(pins.config))
    yield page.folded(run.name, parts) if several else parts
