"""The rows of all files, in their order, under ids that are unique among all of them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import grpc

from assayoffice.rl.edge.errors import EdgeError
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.results import ItemError


def read_rows(files: Sequence[str], verifier: str | None) -> list[Problem | ItemError]:
    """Read files; a row that cannot be used is an error in its place.

    Files often number their rows alike. An id that an earlier file has is given the name of its own
    file, ``FILE/id``. Raises EdgeError where there are no rows at all, and UnreadableFileError.
    """
    rows: list[Problem | ItemError] = []
    taken: set[str] = set()
    for file in files:
        of_file = list(read_problems(file, verifier=verifier))
        for each in of_file:
            row = each
            if isinstance(row, Problem) and row.id in taken:
                row = _renamed(row, taken)
            rows.append(row)
        taken.update(each.id for each in rows if isinstance(each, Problem))
    if not rows:
        raise EdgeError(f"{', '.join(files)}: no rows; there is nothing to sample for")
    return rows


def _renamed(problem: Problem, taken: set[str]) -> Problem | ItemError:
    id = f"{Path(problem.file).stem}/{problem.id}"
    if id not in taken:
        return dataclasses.replace(problem, id=id)
    said = (
        f"{problem.file} row {problem.number}: id: {problem.id[:60]!r} and {id[:60]!r} are both "
        "taken by rows of other files; give each problem its own"
    )
    return ItemError(problem.id, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ROW", said)
