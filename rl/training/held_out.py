"""The problems that a run is measured on."""

from itertools import islice
from pathlib import Path

from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.results import ItemError
from assayoffice.rl.sources import UnreadableFileError
from assayoffice.rl.training.errors import TrainingError


def held_out(file: Path, count: int, verifier: str) -> list[Problem]:
    """The first ``count`` problems of a file (0: all); ``verifier`` judges rows that name none.

    Raises TrainingError, which says what to do, where a row cannot be measured on.
    """
    try:
        rows = read_problems(str(file), verifier=verifier)
        problems = [_usable(each) for each in islice(rows, count or None)]
    except UnreadableFileError as error:
        raise TrainingError(str(error)) from None
    if not problems:
        raise TrainingError(f"{file}: no rows; an evaluation needs one problem at least")
    return problems


def _usable(found: Problem | ItemError) -> Problem:
    if isinstance(found, ItemError):
        raise TrainingError(found.message)
    for lacks, column in (
        (not found.domain, "data_source"),
        (not found.has_reference, "reward_model.ground_truth"),
    ):
        if lacks:
            raise TrainingError(
                f"{found.file} row {found.number}: {column}: missing; an evaluation needs it"
            )
    return found
