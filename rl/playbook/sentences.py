"""What the gate found, in sentences with their numbers. Accuracies are in points of percent."""

import math
from collections.abc import Mapping

from assayoffice.rl.playbook.differences import Difference
from assayoffice.rl.playbook.plan import GateConfig

NOTHING_FROZEN = "No mix is trained on besides, so no frozen domain can lose."
_MORE_PROBLEMS = "ask more held-out problems (or more samples of each)"


def points(share: float) -> str:
    """A difference of shares as signed points of percent: ``+1.5``."""
    shown = f"{100 * share:+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown


def interval(found: Difference) -> str:
    """``+1.5 points (+0.5 to +2.5)``."""
    return f"{points(found.value)} points ({points(found.low)} to {points(found.high)})"


def uplift(found: Difference | None, gate: GateConfig, level: float) -> str:
    """What became of the uplift."""
    if found is None:
        return "Uplift: fewer than two problems have verdicts before and after."
    sides = {1: "above", -1: "not above", 0: "on both sides of"}
    compared = sides[_side(found, gate.minimum_uplift)]
    return (
        f"Uplift: {interval(found)}, {_level(level)} interval over {_basis(found)}: {compared} "
        f"{points(gate.minimum_uplift)}.{_few(found, gate)}"
    )


def uplift_remedy(found: Difference | None, gate: GateConfig) -> str:
    """What to do about an uplift that is not shown."""
    if found is None or found.problems < gate.minimum_problems:
        return f"To decide at all, {_MORE_PROBLEMS}."
    if found.value > gate.minimum_uplift:
        needed = _needed(found, found.value - gate.minimum_uplift)
        return (
            f"It may be real: {_MORE_PROBLEMS}; with this spread about {needed:,} problems would "
            "tell, if the value stays. Or make the mix stronger."
        )
    return (
        "Refine the mix: more problems at the edge of what the model can do, better "
        "demonstrations, or more steps; see which kinds of problems stay wrong."
    )


def trend(
    found: Difference | None, falls: Mapping[str, Difference | None], gate: GateConfig
) -> str:
    """What became of the trend."""
    if found is None:
        return "Trend: nothing to compare."
    runs = len(found.by_run)
    better = sum(each > 0 for each in found.by_run)
    said = f"Trend: {better} of {_counted(runs, 'run')} improved"
    if runs > 1:
        listed = ", ".join(points(each) for each in found.by_run)
        said += f" ({listed}), standard deviation {100 * found.deviation:.1f} points"
        if found.value > 0:
            said += f", {found.deviation / found.value:.2g} of the uplift"
    for name, fall in falls.items():
        said += f"; {name}: {'unknown' if fall is None else interval(fall)}"
    if runs < gate.minimum_runs:
        said += f". That is fewer than the {gate.minimum_runs} runs that show a trend"
    return f"{said}."


def trend_remedy(
    found: Difference | None, falls: Mapping[str, Difference | None], gate: GateConfig
) -> str:
    """What to do about runs that do not agree."""
    if found is None:
        return f"To decide at all, {_MORE_PROBLEMS}."
    if len(found.by_run) < gate.minimum_runs:
        return f"Set runs = {gate.minimum_runs}; finished ones are kept."
    if min(found.by_run) <= 0 or found.deviation > gate.spread * found.value:
        return "Runs disagree: a lower rate of learning, more steps or more data make them alike."
    worse = [name for name, fall in falls.items() if fall is None or fall.low <= -gate.tolerance]
    return (
        f"From {', '.join(worse)} accuracy may fall by more than {100 * gate.tolerance:g} points: "
        "train that part for fewer steps or with a lower rate, or ask more problems to tell."
    )


def regression(
    domain: str, reference: str, found: Difference | None, gate: GateConfig, level: float
) -> str:
    """What became of a frozen domain."""
    if found is None:
        return f"{domain}: fewer than two problems have verdicts before and after."
    state = {1: "not worse", -1: "worse", 0: "cannot be told to be no worse"}
    return (
        f"{domain}: {interval(found)} against {reference}, {_level(level)} interval over "
        f"{_basis(found)}: {state[_side(found, -gate.tolerance)]} by more than "
        f"{100 * gate.tolerance:g} points.{_few(found, gate)}"
    )


def regression_remedy(domain: str, found: Difference | None, gate: GateConfig) -> str:
    """What to do about a frozen domain that may have lost."""
    if found is None or found.problems < gate.minimum_problems:
        return f"To decide at all, {_MORE_PROBLEMS} of {domain}."
    if found.value > -gate.tolerance:
        needed = _needed(found, found.value + gate.tolerance)
        return (
            f"It may be no worse: {_MORE_PROBLEMS} of {domain}; with this spread about {needed:,} "
            "problems would tell, if the value stays."
        )
    return (
        f"Give {domain} more weight beside the new mix, or the new mix fewer rows; a lower rate of "
        "learning forgets less."
    )


def _side(found: Difference, bound: float) -> int:
    return 1 if found.low > bound else -1 if found.high <= bound else 0


def _level(level: float) -> str:
    return f"{100 * level:.4g} %"


def _basis(found: Difference) -> str:
    return f"{found.problems:,} problems and {_counted(len(found.by_run), 'run')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _few(found: Difference, gate: GateConfig) -> str:
    if found.problems >= gate.minimum_problems:
        return ""
    return f" That is fewer than the {gate.minimum_problems} problems that a decision needs."


def _needed(found: Difference, distance: float) -> int:
    """Problems for an interval that ends before ``distance``: widths go with their root."""
    half = (found.high - found.low) / 2
    return math.ceil(found.problems * (half / distance) ** 2)
