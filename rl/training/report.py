"""The report of a run, or of the runs of several seeds: one HTML file that needs nothing else.

What is on it: accuracies with intervals, the curves of training, where time went, answers that
became right or wrong, and all that was pinned.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from assayoffice.rl.training import accuracies, curves, flipped, page
from assayoffice.rl.training.folder import RunFolder, write_whole
from assayoffice.rl.training.runs import Run, common_evaluations, read_run
from assayoffice.rl.training.stages import changes


def write(folders: Sequence[RunFolder], output: Path) -> None:
    """Write the report of runs. Raises TrainingError where a folder holds no evaluation yet."""
    runs = [read_run(folder) for folder in folders]
    several = len(runs) > 1
    name = runs[0].folder.path.name
    title = f"{len(runs)} runs: {', '.join(each.name for each in runs)}" if several else name
    body = [
        f"<h1>{page.text(title)}</h1>",
        page.paragraph(_subtitle(runs), "soft"),
        *_differences(runs),
        accuracies.cards(runs),
        accuracies.chart(runs),
        page.heading("Held-out accuracy"),
        *accuracies.tables(runs),
        *curves.errors(runs),
        page.heading("Training"),
        page.charts(curves.curves(runs)),
        *curves.reading(runs),
        *curves.cost(runs),
        *(() if several else flipped.within(runs[0])),
        page.heading("What was pinned"),
        *(part for each in runs for part in _pinned(each, several)),
        "<footer>Made by assay train. Nothing on this page is loaded from elsewhere.</footer>",
    ]
    write_whole(output, page.page(title, body))


def _subtitle(runs: Sequence[Run]) -> str:
    pins = runs[0].pins
    problems = len(runs[0].evaluations[common_evaluations(runs)[0]].results)
    minutes = sum(each.pins.seconds for each in runs) / len(runs) / 60
    parts = [
        f"Model: {pins.model}",
        *(f"{each.upper()}: {count} steps" for each, count in pins.steps.items()),
        f"rewards: {pins.recipe}",
        f"{problems} held-out problems",
        f"{minutes:.0f} minutes" + (" per run" if len(runs) > 1 else ""),
    ]
    return " · ".join(parts)


def _differences(runs: Sequence[Run]) -> Iterable[str]:
    """In what runs differ besides their seeds: then they are not what their means say."""
    first = runs[0].pins.configuration
    for run in runs[1:]:
        found = changes({**first, "seed": 0}, {**run.pins.configuration, "seed": 0})
        if found:
            yield page.paragraph(f"{run.name} differs from {runs[0].name} in more than its seed:")
            yield page.preformatted(found)


def _pinned(run: Run, several: bool) -> Iterable[str]:
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
