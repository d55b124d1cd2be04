"""What a finished run says on the terminal: its accuracies."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

from assayoffice.rl.statistics.intervals import Estimate
from assayoffice.rl.terminal import plain
from assayoffice.rl.training import evaluation
from assayoffice.rl.training.folder import RunFolder

TITLES = {"start": "before", "sft": "after SFT", "grpo": "after GRPO"}


def accuracy_table(folder: RunFolder) -> Table:
    """Sampled accuracy by domain and evaluation, with 95 % intervals, and the uplift of GRPO."""
    found = {
        name: evaluation.read(folder.evaluation(name))
        for name in TITLES
        if folder.evaluation(name).exists()
    }
    table = Table(title="Sampled accuracy, % with 95 % intervals", box=box.SIMPLE)
    table.add_column("domain")
    for name in found:
        table.add_column(TITLES[name], justify="right")
    names = list(found)
    gained: Mapping[str, Estimate] | None = None
    if measured_around_grpo(names, folder.checkpoints("sft").exists()):
        gained = evaluation.uplift(found[names[-2]], found["grpo"])
        table.add_column("GRPO gained, points", justify="right")
    accuracies = {name: each.accuracies() for name, each in found.items()}
    for domain in next(iter(accuracies.values())):
        of_domain = [each.get(domain) for each in accuracies.values()]
        cells = [percent(None if each is None else each.sampled) for each in of_domain]
        if gained is not None:
            cells.append(percent(gained.get(domain)))
        table.add_row(plain(domain), *cells)
    return table


def measured_around_grpo(evaluations: Sequence[str], sft: bool) -> bool:
    """Whether the last two of a run's evaluations are from before and after GRPO, and nothing else.

    ``sft`` is whether there was SFT; a run that was not measured after it cannot tell them apart.
    """
    last = list(evaluations[-2:])
    return last == ["sft", "grpo"] or (not sft and last == ["start", "grpo"])


def percent(estimate: Estimate | None) -> str:
    """``12.3 (10.0 to 14.9)``, a dash where there is none."""
    if estimate is None:
        return "–"
    value, low, high = (100 * each for each in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"
