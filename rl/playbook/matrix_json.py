"""The regression matrix as a file, for programs and for the report."""

from pathlib import Path

from assayoffice.rl.mixes.combination import Combination
from assayoffice.rl.playbook.matrix import Matrix, Row
from assayoffice.rl.playbook.recording import difference_as_json
from assayoffice.rl.playbook.results import estimate_as_json
from assayoffice.rl.training.folder import write_json

_FORMAT = 1


def write_matrix(path: Path, matrix: Matrix, combination: Combination) -> None:
    """Write a matrix, with the mixes that were trained on."""
    mixes = {
        each.mix: {
            "domain": each.domain,
            "digest": each.digest,
            "weight": each.weight,
            "rows": each.rows,
        }
        for each in combination.members
    }
    write_json(
        path,
        {
            "format": _FORMAT,
            "combination": {"name": combination.name, "digest": combination.digest},
            "mixes": mixes,
            **matrix_as_json(matrix),
        },
    )


def matrix_as_json(matrix: Matrix) -> dict[str, object]:
    """A matrix as an object; accuracies and differences are in shares."""
    return {
        "checkpoints": list(matrix.checkpoints),
        "tolerance": matrix.tolerance,
        "level": matrix.level,
        "without_evidence": list(matrix.without_evidence),
        "lost": list(matrix.lost),
        "domains": [_row_as_json(each) for each in matrix.rows],
    }


def _row_as_json(row: Row) -> dict[str, object]:
    return {
        "domain": row.domain,
        "against_start": row.against_start.value,
        "against_best": None if row.against_best is None else row.against_best.value,
        "best": row.best,
        "best_accuracy": row.best_accuracy,
        "sentence": row.sentence,
        "checkpoints": {
            name: {
                "accuracy": estimate_as_json(cell.accuracy),
                "to_start": difference_as_json(cell.to_start),
                "to_best": difference_as_json(cell.to_best),
            }
            for name, cell in row.cells.items()
        },
    }
