"""What everything was made from, so that it can be made again."""

import json
from collections.abc import Iterable, Mapping

from assayoffice.rl.playbook.page.files import Left
from assayoffice.rl.training import page
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.stages import Stages


def pinned(left: Left) -> Iterable[str]:
    """Versions, seeds, digests and hallmarks, and the configuration as it was written."""
    folder = RunFolder(left.run)
    yield page.heading("What was pinned")
    rows = [("seed", str(left.seed))]
    if folder.versions.exists():
        rows += list(json.loads(folder.versions.read_text("utf-8")).items())
    rows += [(f"mix {name}", mix.digest) for name, mix in left.mixes.items()]
    if left.matrix is not None:
        rows.append(("combination", left.matrix["combination"]["digest"]))
    if left.scaled is not None:
        pins = left.scaled.pins
        rows.append(("recipe", f"{pins.recipe} {pins.recipe_digest}".strip()))
    rows += [(f"hallmark of {name}", digest) for name, digest in _hallmarks(left).items()]
    rows += [(f"made from: {name}", each.digest) for name, each in Stages(folder).finished.items()]
    yield page.folded("Versions, digests and hallmarks", page.table(["", ""], rows, 2))
    if folder.config.exists():
        text = folder.config.read_text("utf-8")
        command = f"assay playbook CONFIG --seed {left.seed}, with this configuration:"
        yield page.folded("Configuration", page.paragraph(command) + page.preformatted(text))


def _hallmarks(left: Left) -> Mapping[str, str]:
    """Those of the verifiers that judged."""
    found: dict[str, str] = {}
    for each in left.experiments.values():
        for experiment in each["experiments"]:
            found |= experiment["hallmarks"]
    return {**found, **(left.scaled.pins.hallmarks if left.scaled is not None else {})}


def unverified(left: Left) -> Iterable[str]:
    """What a page like this does not show."""
    yield page.heading("What this does not show")
    if left.scaled is not None:
        yield page.paragraph(
            "The scaled model was trained once: its interval is over problems, and of the luck of "
            "a run it knows only what exploring showed."
        )
    yield page.paragraph(
        "Held-out problems are of the same kind as those trained on. Evasive answers are those "
        "whose verdict says so (docs/training.md lists the reasons); a way round that no verifier "
        "knows is not among them."
    )
