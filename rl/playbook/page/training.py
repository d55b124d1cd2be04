"""The training of the combination on the page: its curves, and the answers it changed."""

from collections.abc import Iterable

from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.page.files import Left
from assayoffice.rl.training import curves, flipped, page
from assayoffice.rl.training.examples import Answered, Flip, flips
from assayoffice.rl.training.runs import Run
from assayoffice.rl.training.summary import TITLES


def training(left: Left) -> Iterable[str]:
    """Charts, errors and examples; nothing where nothing was scaled."""
    run = left.scaled
    if run is None:
        return
    yield page.heading("Training of the combination")
    yield page.charts(curves.curves([run]))
    yield from curves.reading([run])
    if run.of("grpo"):
        yield page.paragraph(
            "Answers to look at: evasive are those that a careless judge would take for right "
            "(several values for one, the question repeated, work left to the reader); over limits "
            "used up their time or memory; without a reward are failures of the infrastructure, "
            "which were never scored.",
            "soft",
        )
    yield from curves.errors([run])
    yield from curves.cost([run])
    last = list(run.evaluations)[-1]
    found = [flip for domain in left.domains for flip in _flips(left, domain, run, last)]
    yield from flipped.examples(found, "base model", f"scaled, {TITLES[last]}")


def _flips(left: Left, domain: str, run: Run, last: str) -> Iterable[Flip]:
    base = Answered(PlaybookFolder(left.run).baseline(domain), "start")
    if base.folder.evaluation(base.name).exists():
        yield from flips(base, Answered(run.folder, last))
