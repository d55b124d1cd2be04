"""The labelled rows that the benchmarks judge.

A file holds one JSON object a line: ``gold``, and either a whole ``response`` or an ``answer`` that
is written into one; ``label`` 1 or 0; optionally ``id``, ``source`` and ``question``.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assayoffice.verifiers import registry
from assayoffice.verifiers.base import Outcome
from assayoffice.verifiers.numeric.task import NumericTask


@dataclass(frozen=True, slots=True)
class Row:
    """A response to be judged against a reference, and whether it is right."""

    id: str
    source: str
    prompt: str
    response: str
    reference: str
    right: bool


def from_file(path: Path) -> list[Row]:
    """All rows of a file, which may be compressed."""
    with _open(path) as lines:
        return [
            _row(json.loads(line), f"{path.stem}/{number}") for number, line in enumerate(lines)
        ]


def beside(path: Path, name: str) -> list[Row]:
    """The rows of ``name`` in the folder of ``path``; none where there is no such file."""
    file = path.parent / name
    return from_file(file) if file.exists() else []


def shipped() -> list[Row]:
    """The verifier's own cases, as far as they ask for nothing but its defaults."""
    numeric = registry.load()["numeric"]
    if isinstance(numeric, registry.Unloadable):
        raise SystemExit(f"the numeric verifier cannot be loaded: {numeric.reason}")
    return list(_from_cases(numeric.cases()))


def _from_cases(cases: list[registry.Case]) -> Iterator[Row]:
    for case in cases:
        task = case.submission.task
        if case.outcome is not None and task == NumericTask(task.reference):
            yield Row(
                id=case.id,
                source=case.kind,
                prompt=case.submission.prompt,
                response=case.submission.response,
                reference=task.reference,
                right=case.outcome is Outcome.CORRECT,
            )


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _row(written: dict[str, str | int | None], id: str) -> Row:
    response = written.get("response")
    if response is None:
        response = f"Therefore, the final answer is $\\boxed{{{written['answer']}}}$."
    return Row(
        id=str(written.get("id") or id),
        source=str(written.get("source") or "rows"),
        prompt=str(written.get("question") or ""),
        response=str(response),
        reference=str(written["gold"]),
        right=bool(written["label"]),
    )
