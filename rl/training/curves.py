"""The part of a report that says how training went, and where its time."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from assayoffice.rl.statistics.intervals import mean
from assayoffice.rl.training import page, svg
from assayoffice.rl.training.frame import Point
from assayoffice.rl.training.metrics import Step
from assayoffice.rl.training.runs import Run
from assayoffice.rl.training.summary import TITLES

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
_LONG = 4 * _SMOOTH
_ANY = (-math.inf, math.inf)

Value = Callable[[Step], float | None]


def curves(runs: Sequence[Run]) -> Iterable[str]:
    """The charts; empty where there is nothing to draw."""
    yield _chart(runs, "sft", "SFT: loss", "loss", lambda step: step.loss, from_zero=True)
    yield _chart(runs, "grpo", "GRPO: mean reward", "reward", lambda step: step.reward)
    yield _chart(
        runs,
        "grpo",
        "GRPO: accuracy of the rollouts",
        "share",
        lambda step: step.rewards.get("accuracy"),
        ends=(0.0, 1.0),
    )
    yield _components(runs)
    yield _chart(runs, "grpo", "GRPO: response length", "tokens", lambda step: step.tokens)
    yield _troubles(runs)
    if len(runs) == 1:
        yield _phases(runs[0])


def reading(runs: Sequence[Run]) -> Iterable[str]:
    """How the charts are to be read, where one of them has means."""
    if any(len(run.of(stage)) >= _LONG for run in runs for stage in ("sft", "grpo")):
        yield page.paragraph(
            f"Faint: each step. Strong: the mean of the last {_SMOOTH} steps, and around it its "
            "95 % interval over these steps (Student's; what changes within them widens it).",
            "soft",
        )


def _chart(
    runs: Sequence[Run],
    stage: str,
    title: str,
    y: str,
    value: Value,
    *,
    from_zero: bool = False,
    ends: tuple[float, float] = _ANY,
) -> str:
    series = []
    for index, run in enumerate(runs):
        points = _points(run.of(stage), value)
        name = run.name if len(runs) > 1 else y
        series += _smoothed(name, points, 1 + index % page.COLORS, ends)
    return svg.lines(title, series, x="step", y=y, from_zero=from_zero)


def _points(steps: Iterable[Step], value: Value) -> list[Point]:
    return [(step.step, found) for step in steps if (found := value(step)) is not None]


def _smoothed(
    name: str, points: Sequence[Point], color: int, ends: tuple[float, float] = _ANY
) -> list[svg.Line]:
    """The series, and a running mean over it where it is long enough to need one.

    Its intervals end at ``ends``, beyond which there is nothing.
    """
    if len(points) < _LONG:
        return [svg.Line(name, points, color)] if points else []
    means, intervals = [], []
    for index, (at, _) in enumerate(points):
        window = [y for _, y in points[max(0, index - _SMOOTH + 1) : index + 1]]
        means.append((at, fmean(window)))
        # Over fewer steps an interval is wider than anything else in the chart.
        if len(window) == _SMOOTH:
            over = mean(window)
            intervals.append((at, max(ends[0], over.low), min(ends[1], over.high)))
    return [
        svg.Line(name, points, color, faint=True),
        svg.Line(name, means, color, intervals=intervals),
    ]


def _components(runs: Sequence[Run]) -> str:
    """The parts of the reward, of several runs their mean."""
    prefix = "component/"
    steps = [step for run in runs for step in run.of("grpo")]
    found = dict.fromkeys(name for step in steps for name in step.rewards)
    names = [each for each in found if each.startswith(prefix)]
    if len(names) < 2:
        return ""
    series = []
    for index, name in enumerate(names):
        by_step: dict[int, list[float]] = {}
        for step in steps:
            if name in step.rewards:
                by_step.setdefault(step.step, []).append(step.rewards[name])
        points = [(step, fmean(values)) for step, values in sorted(by_step.items())]
        series += _smoothed(name.removeprefix(prefix), points, 1 + index % page.COLORS)
    return svg.lines("GRPO: components of the reward", series, x="step", y="value", from_zero=False)


def _troubles(runs: Sequence[Run]) -> str:
    """What a reward could be hacked by, and what got none; of several runs their mean."""
    names: Mapping[str, Callable[[Mapping[str, float]], float | None]] = {
        "evasive answers": lambda rewards: rewards.get("evasive"),
        "over limits": lambda rewards: rewards.get("over_limits"),
        "without a reward": _without_reward,
    }
    series = []
    for color, (name, value) in enumerate(names.items(), start=1):
        by_step: dict[int, list[float]] = {}
        for step in (step for run in runs for step in run.of("grpo")):
            if (found := value(step.rewards)) is not None:
                by_step.setdefault(step.step, []).append(found)
        if by_step:
            points = [(step, fmean(values)) for step, values in sorted(by_step.items())]
            series.append(svg.Line(name, points, color))
    return svg.lines("GRPO: answers to look at", series, x="step", y="share")


def _without_reward(rewards: Mapping[str, float]) -> float | None:
    asked = rewards.get("samples", 0.0) + rewards.get("errors", 0.0)
    return rewards.get("errors", 0.0) / asked if asked else None


def _phases(run: Run) -> str:
    bars = []
    for step in run.of("grpo"):
        whole = step.seconds.get("step", 0.0)
        parts = [step.seconds.get(each, 0.0) for each in _PHASES]
        bars.append((float(step.step), [*parts, max(0.0, whole - sum(parts))]))
    names = [*_PHASES.values(), _OTHER]
    return svg.stacks("GRPO: seconds of a step", names, bars, "step", "seconds")


def cost(runs: Sequence[Run]) -> Iterable[str]:
    """What rewards cost, in shares of the steps' time."""
    steps = [each for run in runs for each in run.of("grpo") if "wait_share" in each.rewards]
    whole = sum(each.seconds["step"] for each in steps)
    if not whole:
        return
    wait = sum(each.rewards["wait_seconds"] for each in steps)
    busy = sum(each.rewards["busy_seconds"] for each in steps)
    samples = sum(each.rewards["samples"] for each in steps)
    yield page.paragraph(
        f"Rewards: {samples:,.0f} in {len(steps)} steps. Training waited for them at most "
        f"{100 * wait / whole:.2f} % of the time (from the end of the last rollout to the last "
        f"reward); calls were under way {100 * busy / whole:.1f} % of it, most of that while other "
        "rollouts were still generated.",
        "soft",
    )


def errors(runs: Sequence[Run]) -> Iterable[str]:
    """What had no verdict or no reward; said also when there was none."""
    lines = [
        f"{run.name}, evaluation {TITLES[name]}: {count} answers without a verdict ({reason})"
        for run in runs
        for name, found in run.evaluations.items()
        for reason, count in found.errors.items()
    ]
    steps = [each.rewards for run in runs for each in run.of("grpo")]
    lost = sum(each.get("errors", 0) for each in steps)
    failed = sum(each.get("failed_calls", 0) for each in steps)
    unknown = sum("samples" not in each for each in steps)
    if lost or failed:
        lines.append(
            f"In training, {lost:.0f} errors instead of rewards and {failed:.0f} failed calls. "
            "Those were sent again, and what had no reward then was left to the failure policy."
        )
    if unknown:
        lines.append(f"Of {unknown} steps, nothing is known about the rewards.")
    if not lines:
        lines = [
            "Every answer got a verdict and every rollout its reward: no infrastructure errors."
        ]
    return [page.paragraph(each, "soft") for each in lines]
