"""What everything was made from, so that it can be made again."""

import json
from collections.abc import Iterable

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
        rows += [(f"hallmark of {name}", digest) for name, digest in pins.hallmarks.items()]
    rows += [
        (f"stage {name}", f"{each.seconds:.0f} s, from {each.digest[:16]}")
        for name, each in Stages(folder).finished.items()
    ]
    yield page.folded("Versions, digests and hallmarks", page.table(["", ""], rows, 2))
    if folder.config.exists():
        text = folder.config.read_text("utf-8")
        command = f"assay playbook CONFIG --seed {left.seed}, with this configuration:"
        yield page.folded("Configuration", page.paragraph(command) + page.preformatted(text))


def unverified() -> Iterable[str]:
    """What a page like this does not show."""
    yield page.heading("What this does not show")
    yield page.paragraph(
        "The scaled model was trained once: its interval is over problems, and of the luck of a "
        "run it knows only what exploring showed. Held-out problems are of the same kind as those "
        "trained on. Evasive answers are those whose verdict says so (docs/training.md lists the "
        "reasons); a way round that no verifier knows is not among them."
    )
