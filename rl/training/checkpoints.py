"""Checkpoints as verl leaves them, and what a kill in the middle of one leaves behind."""

import re
import shutil
from pathlib import Path

from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.folder import write_whole

# verl/utils/checkpoint/checkpoint_manager.py: the number of the newest whole checkpoint.
_NEWEST = "latest_checkpointed_iteration.txt"
_NAME = re.compile(r"global_step_(\d+)")


def newest_step(folder: Path) -> int:
    """The step of the newest whole checkpoint, 0 where there is none."""
    try:
        written = (folder / _NEWEST).read_text()
    except FileNotFoundError:
        return 0
    # verl empties the file before it writes the number; by then the newest checkpoint is whole.
    step = int(written) if written.strip().isdecimal() else max(_steps(folder), default=0)
    return step if step in _steps(folder) else 0


def tidy(folder: Path) -> int:
    """Make a folder of checkpoints one that verl resumes from; returns the step it resumes after.

    Removes what a kill left unfinished: checkpoints after the newest whole one, and a number that
    was not written to its end.
    """
    newest = newest_step(folder)
    for step, path in _steps(folder).items():
        if step > newest:
            shutil.rmtree(path)
    if newest:
        write_whole(folder / _NEWEST, str(newest))
    else:
        (folder / _NEWEST).unlink(missing_ok=True)
    return newest


def weights(folder: Path, step: int, within: str) -> Path:
    """The model of a checkpoint, as transformers and vLLM load it.

    ``within`` is the folder verl's trainer puts it in. Raises TrainingError where it is not.
    """
    path = folder / f"global_step_{step}" / within
    if not any(path.glob("*.safetensors")):
        raise TrainingError(
            f"{path}: no weights; the checkpoint must contain hf_model "
            "(checkpoint.save_contents, or actor_rollout_ref.actor.checkpoint.save_contents)"
        )
    return path


def _steps(folder: Path) -> dict[int, Path]:
    found = {_NAME.fullmatch(path.name): path for path in folder.glob("global_step_*")}
    return {int(match[1]): path for match, path in found.items() if match}
