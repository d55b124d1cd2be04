"""Where the time of a playbook went."""

from collections.abc import Iterable, Mapping

from assayoffice.rl.playbook import voting
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.page.files import Left
from assayoffice.rl.training import page
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.stages import Stages

_TRAINED = ("sft", "grpo")


def times(left: Left) -> Iterable[str]:
    """A table of stages, each with the time of the attempt that finished it."""
    found = {name: seconds for name, seconds in _seconds(left).items() if seconds > 0}
    whole = sum(found.values())
    if not whole:
        return
    yield page.heading("Where the time went")
    rows = [
        (name, f"{seconds / 60:.1f}", f"{100 * seconds / whole:.0f} %")
        for name, seconds in found.items()
    ]
    rows.append(("all", f"{whole / 60:.1f}", "100 %"))
    yield page.table(["stage", "minutes", "share"], rows, 1, strong=lambda row: row[0] == "all")


def _seconds(left: Left) -> Mapping[str, float]:
    """By stage, in the order they are done in."""
    folder = PlaybookFolder(left.run)
    prepared = _finished(RunFolder(left.run))
    votes = prepared.pop(voting.STAGE, 0.0)
    found = dict(prepared)
    for domain in left.domains:
        found[f"base model on {domain}"] = sum(_finished(folder.base(domain)).values())
        experiments = _finished(folder.domain(domain))
        found[f"experiments on {domain}"] = sum(experiments.values())
    scaled = _finished(folder.scaled)
    for name in (each for each in _TRAINED if each in scaled):
        found[f"scaling: {name.upper()}"] = scaled[name]
    measured = sum(seconds for name, seconds in scaled.items() if name not in _TRAINED)
    found["scaling: evaluations and the rest"] = measured
    return {**found, voting.STAGE: votes}


def _finished(folder: RunFolder) -> dict[str, float]:
    return {name: each.seconds for name, each in Stages(folder).finished.items()}
