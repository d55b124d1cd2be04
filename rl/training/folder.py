"""The folder of a run: where everything lies, and how it is written so that no kill corrupts it.

::

    RUN/config.toml           as it was given
        versions.json         of what was installed when it began
        stages.json           what is finished, and what it was made from
        model/ data/          what was built; absent where the configuration names others'
        sft/ grpo/            checkpoints, as verl writes them
        completions/*.jsonl   what the model answered to the held-out problems
        evaluations/*.json    how that was judged
        metrics.jsonl         one object per training step
        report.html
        logs/                 of every process that was started

Files appear under their name only when they are whole.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.training.errors import TrainingError

_LOCK_SECONDS = 30.0
_LOOK_SECONDS = 0.2
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths within the folder of a run."""

    path: Path

    @property
    def config(self) -> Path:
        """The configuration that the run was begun with."""
        return self.path / "config.toml"

    @property
    def versions(self) -> Path:
        """Versions of what was installed when the run began."""
        return self.path / "versions.json"

    @property
    def stages(self) -> Path:
        """The record of stages, see ``stages.py``."""
        return self.path / "stages.json"

    @property
    def model(self) -> Path:
        """The model that was built."""
        return self.path / "model"

    @property
    def data(self) -> Path:
        """The data that were written."""
        return self.path / "data"

    @property
    def metrics(self) -> Path:
        """One JSON object per training step."""
        return self.path / "metrics.jsonl"

    @property
    def report(self) -> Path:
        """The report."""
        return self.path / "report.html"

    @property
    def logs(self) -> Path:
        """The folder of logs."""
        return self.path / "logs"

    def checkpoints(self, trainer: str) -> Path:
        """The folder of a trainer's checkpoints."""
        return self.path / trainer

    def completions(self, name: str) -> Path:
        """What was answered in an evaluation."""
        return self.path / "completions" / f"{name}.jsonl"

    def evaluation(self, name: str) -> Path:
        """How the answers of an evaluation were judged."""
        return self.path / "evaluations" / f"{name}.json"

    @contextlib.contextmanager
    def locked(self, waiting: Callable[[], None]) -> Iterator[int]:
        """Keep other runs out of the folder; yields the descriptor that holds the lock.

        Keepers inherit it, so the lock lasts until the last process of the run is gone. ``waiting``
        is called when it is held still. Raises TrainingError when it stays so.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        end = time.monotonic() + _LOCK_SECONDS
        told = False
        with (self.path / "lock").open("w") as file:
            while not _lock(file.fileno()):
                if not told:
                    told = True
                    waiting()
                if time.monotonic() > end:
                    raise TrainingError(
                        f"{self.path}: another command is at work in this folder; wait for its "
                        "end, stop it, or give another one with --run"
                    )
                time.sleep(_LOOK_SECONDS)
            yield file.fileno()


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it holds either what it held or all of ``text``, whenever killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + _UNFINISHED)
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def write_json(path: Path, value: object) -> None:
    """As ``write_whole``, for JSON that people read."""
    write_whole(path, json.dumps(value, indent=2) + "\n")


def write_folder(path: Path, fill: Callable[[Path], None]) -> None:
    """Have a folder filled so that it is there only when it is whole; replaces what was there."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    for each in (unfinished, path):
        if each.exists():
            shutil.rmtree(each)
    unfinished.mkdir(parents=True)
    fill(unfinished)
    unfinished.rename(path)
