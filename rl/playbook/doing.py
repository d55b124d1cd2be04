"""A stage of the whole playbook, recorded in a folder and told of while it is done."""

import time
from collections.abc import Callable
from pathlib import Path

from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.progress import Progress
from assayoffice.rl.training.stages import Facts, Stages


def do_stage(
    folder: RunFolder,
    progress: Progress,
    name: str,
    facts: Facts,
    work: Callable[[], tuple[Path, ...]],
) -> None:
    """Do a stage that is recorded in a folder, unless it is finished, and tell of it.

    Raises ChangedRunError where it was made from something else, and what ``work`` raises.
    """
    stages = Stages(folder)
    if stages.is_finished(name, facts):
        progress.end(name, "before", stages.finished[name].seconds)
        return
    progress.begin(name)
    start = time.monotonic()
    try:
        stages.run(name, facts, work)
    except BaseException as error:
        state = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        progress.end(name, state, time.monotonic() - start)
        raise
    progress.end(name, "finished", time.monotonic() - start)
