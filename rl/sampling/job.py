"""What a process that samples is told: a file of JSON, written for it and removed after its end."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from assayoffice.rl.sampling.answers import failures_path
from assayoffice.rl.sampling.journal import append_whole, lines_of
from assayoffice.rl.sampling.request import SamplingRequest

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Job:
    """Problems to be answered by an engine.

    ``model`` and ``engine`` are as LocalModel has them, ``request`` is the JSON form of the
    SamplingRequest and ``questions`` are question rows (``answers.py``). Lines are appended to
    ``output``. ``ray`` is the address of a cluster, "local", or None for an engine in the process.
    """

    model: str
    engine: Row
    request: Row
    questions: Sequence[Row]
    output: str
    ray: str | None

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what ``written`` wrote."""
        return cls(**json.loads(file.read_text("utf-8")))

    @contextmanager
    def written(self, file: Path) -> Iterator[Path]:
        """The file, while it is needed."""
        try:
            file.write_text(json.dumps(asdict(self)), "utf-8")
            yield file
        finally:
            file.unlink(missing_ok=True)

    def sampling_request(self) -> SamplingRequest:
        """The request."""
        return SamplingRequest.from_json(self.request)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an engine made of a problem: the rows of its answers, or why there are none."""

    problem: str
    rows: Sequence[Row]
    error: str = ""


def append(output: Path, answered: Iterable[Answered]) -> None:
    """Append answers to their file and failures to theirs; all answers or none. Raises OSError."""
    rows: list[Row] = []
    failures: list[Row] = []
    for each in answered:
        if each.error:
            failures.append({"problem": each.problem, "error": each.error})
        rows += each.rows
    for path, lines in ((output, rows), (failures_path(output), failures)):
        if lines:
            with path.open("ab", buffering=0) as raw:
                append_whole(raw, lines_of(lines), raw.seek(0, 2))
