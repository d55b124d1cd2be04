"""The report of a playbook: one HTML file that needs nothing else."""

from pathlib import Path

from assayoffice.rl.playbook.page.data_path import data_path
from assayoffice.rl.playbook.page.exploring import exploring
from assayoffice.rl.playbook.page.files import read
from assayoffice.rl.playbook.page.headline import headline
from assayoffice.rl.playbook.page.pinned import pinned, unverified
from assayoffice.rl.playbook.page.scaling import scaling
from assayoffice.rl.playbook.page.times import times
from assayoffice.rl.playbook.page.training import training
from assayoffice.rl.training import page
from assayoffice.rl.training.folder import write_whole

_STYLE = """
.headline { font-size: 19px; max-width: 70ch; }
table.matrix td { white-space: nowrap; }
"""


def write(run: Path, domains: tuple[str, ...], seed: int, output: Path) -> None:
    """Write the report of the playbook in ``run``, of whatever there is of it so far."""
    left = read(run, domains, seed)
    title = f"Playbook: {run.name}"
    body = [
        f"<h1>{page.text(title)}</h1>",
        *headline(left),
        *data_path(left),
        *exploring(left),
        *scaling(left),
        *training(left),
        *times(left),
        *unverified(left),
        *pinned(left),
        "<footer>Made by assay playbook. Nothing on this page is loaded from elsewhere.</footer>",
    ]
    write_whole(output, page.page(title, body, _STYLE))
