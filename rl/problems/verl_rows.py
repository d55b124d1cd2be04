"""Problems as rows that verl's trainers read, and that everything here reads again as problems."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from assayoffice.rl.problems.problem import Problem

_UNFINISHED = ".unfinished"


def verl_row(
    problem: Problem, *, index: int, split: str, facts: Mapping[str, object]
) -> dict[str, object]:
    """A row of verl's reinforcement learning; ``facts`` are put beside the rest of ``extra_info``.

    What judges is in ``extra_info``, which verl hands to everything that rewards: the verifier, the
    stamp and, where a reference is not all there is to it, the task as JSON text. Rows have the
    same fields, whatever their verifier, because parquet has one schema.
    """
    stamp = problem.stamp
    return {
        "data_source": problem.domain,
        "prompt": [{"role": each.role, "content": each.content} for each in problem.messages],
        "ability": problem.domain,
        "reward_model": {"style": "rule", "ground_truth": _ground_truth(problem)},
        "extra_info": {
            "index": index,
            "split": split,
            "id": problem.id,
            "verifier": problem.verifier,
            "task": json.dumps(problem.task, sort_keys=True, ensure_ascii=False),
            "stamp": None if stamp is None else _stamp(stamp.hallmark, stamp.content),
            "origin": None if problem.origin is None else problem.origin.value,
            "generator": problem.generator,
            "original": problem.original,
            "demonstration": problem.demonstration,
            **facts,
        },
    }


def sft_row(problem: Problem) -> dict[str, object]:
    """A row of verl's supervised fine-tuning: the conversation, ended by the demonstration.

    Raises ValueError for a problem without one.
    """
    if not problem.demonstration:
        raise ValueError(f"{problem.file} row {problem.number}: there is no demonstration")
    turns = [{"role": each.role, "content": each.content} for each in problem.messages]
    return {"messages": [*turns, {"role": "assistant", "content": problem.demonstration}]}


def write_parquet(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write rows so that the file is there only when it is whole. Equal rows give equal bytes.

    Raises ValueError for no rows, which have no schema, and OSError.
    """
    import pyarrow
    import pyarrow.parquet

    if not rows:
        raise ValueError(f"{path}: there are no rows to write")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + _UNFINISHED)
    table = pyarrow.Table.from_pylist([dict(each) for each in rows])
    try:
        with unfinished.open("wb") as file:
            pyarrow.parquet.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _ground_truth(problem: Problem) -> str:
    """The reference for people and other tools; what judges reads ``extra_info.task``."""
    reference = problem.task.get("reference")
    if isinstance(reference, str):
        return reference
    return json.dumps(problem.task, sort_keys=True, ensure_ascii=False) if problem.task else ""


def _stamp(hallmark: str, content: str) -> dict[str, str]:
    return {"hallmark": hallmark, "content": content}
