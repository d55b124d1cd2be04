"""The rows of a mix, and the lines they are.

A line is our form of row (``rl/problems/reading.py``), so that ``rows.jsonl`` can be read wherever
problems are: canonical JSON with sorted keys and no blanks, besides::

    origin     "real" or "synthetic"; generator and original may be empty
    stamp      what the service struck when the row was admitted
    edge       what was sampled about it, where something was
    lineage    {"file": its name, "sha256": of the file, "row": from 1,
                "admitted_by": "its stamp" or "mix add", which struck one}
"""

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.problems.problem import Message, Origin, Problem
from assayoffice.rl.problems.reading import problem_of
from assayoffice.rl.rewrites.fields import Fields
from assayoffice.rl.sources import UnusableRow
from assayoffice.rl.stamps import Stamp


class AdmittedBy(enum.StrEnum):
    """What speaks for a row."""

    #: It came with a stamp, and the service strikes the same.
    STAMP = "its stamp"
    #: It came without, and was given one.
    MIX_ADD = "mix add"


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a row was read. ``row`` counts from 1."""

    file: str
    sha256: str
    row: int
    admitted_by: AdmittedBy


@dataclass(frozen=True, slots=True)
class MixRow:
    """A row of a mix; the fields are those of a ``Problem``. ``edge`` is empty without one."""

    id: str
    domain: str
    messages: tuple[Message, ...]
    verifier: str
    task: Mapping[str, object]
    demonstration: str
    origin: Origin
    generator: str
    original: str
    stamp: Stamp
    edge: Mapping[str, object]
    lineage: Lineage

    @property
    def asked(self) -> str:
        """A digest of what is asked and how it is judged; rows that share it are duplicates."""
        turns = [[each.role, each.content] for each in self.messages]
        return hashlib.sha256(canonical([self.stamp.content, turns]).encode()).hexdigest()

    @property
    def solve_rate(self) -> float | None:
        """The share of sampled answers that were right, None where nobody sampled."""
        rate = self.edge.get("solve_rate")
        return None if isinstance(rate, bool) or not isinstance(rate, (int, float)) else float(rate)

    def is_same(self, other: "MixRow") -> bool:
        """Whether the two say the same; a task is what its stamp says, lineage does not matter."""
        return _apart_from_lineage(self) == _apart_from_lineage(other)

    def problem(self, file: str, number: int) -> Problem:
        """The row as a problem that stands at ``number`` of ``file``."""
        return Problem(
            id=self.id,
            domain=self.domain,
            messages=self.messages,
            verifier=self.verifier,
            task=self.task,
            has_reference=True,
            demonstration=self.demonstration,
            origin=self.origin,
            generator=self.generator,
            original=self.original,
            stamp=self.stamp,
            file=file,
            number=number,
            row=_fields(self),
        )


def canonical(value: object) -> str:
    """JSON of one form for equal values. Raises ValueError for numbers that JSON has not."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def line_of(row: MixRow) -> bytes:
    """The line of a row, its end included. Raises ValueError for what has none."""
    return (canonical(_fields(row)) + "\n").encode()


def row_of(line: bytes, file: str, number: int) -> MixRow:
    """Read a line that ``line_of`` wrote. Raises UnusableRow for any other."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableRow(f"not JSON: {error}") from None
    if not isinstance(content, dict):
        raise UnusableRow("not a JSON object")
    problem = problem_of(content, file, number, "")
    lineage = Fields(content).fields("lineage")
    row = lineage.mapping.get("row")
    if problem.stamp is None or problem.origin is None or not isinstance(row, int):
        raise UnusableRow("stamp, origin or lineage.row: missing")
    return MixRow(
        id=problem.id,
        domain=problem.domain,
        messages=problem.messages,
        verifier=problem.verifier,
        task=problem.task,
        demonstration=problem.demonstration,
        origin=problem.origin,
        generator=problem.generator,
        original=problem.original,
        stamp=problem.stamp,
        edge=edge_of(content),
        lineage=Lineage(
            file=lineage.text("file"),
            sha256=lineage.text("sha256"),
            row=row,
            admitted_by=AdmittedBy(lineage.choice("admitted_by", tuple(AdmittedBy))),
        ),
    )


def edge_of(row: Mapping[str, object]) -> Mapping[str, object]:
    """What was sampled about a row that was read, empty where nothing was. Raises UnusableRow."""
    extra = row.get("extra_info")
    written = row.get("edge", extra.get("edge") if isinstance(extra, dict) else None)
    if written is None or written == "":
        return {}
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise UnusableRow(f"edge: not JSON: {error}") from None
    if not isinstance(written, dict):
        raise UnusableRow("edge: must be an object, as `assay edge` writes it")
    edge = {str(name): each for name, each in written.items() if each is not None}
    rate = edge.get("solve_rate", 0.0)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0.0 <= rate <= 1.0:
        raise UnusableRow("edge.solve_rate: must be a number from 0 to 1")
    return edge


def _fields(row: MixRow) -> dict[str, object]:
    fields: dict[str, object] = {
        "id": row.id,
        "domain": row.domain,
        "prompt": [{"role": each.role, "content": each.content} for each in row.messages],
        "verifier": row.verifier,
        "task": row.task,
        "demonstration": row.demonstration,
        "origin": row.origin.value,
        "generator": row.generator,
        "original": row.original,
        "stamp": {"hallmark": row.stamp.hallmark, "content": row.stamp.content},
        "lineage": {
            "file": row.lineage.file,
            "sha256": row.lineage.sha256,
            "row": row.lineage.row,
            "admitted_by": row.lineage.admitted_by.value,
        },
    }
    return {**fields, "edge": row.edge} if row.edge else fields


def _apart_from_lineage(row: MixRow) -> tuple[object, ...]:
    return (
        row.id,
        row.domain,
        row.messages,
        row.verifier,
        row.demonstration,
        row.origin,
        row.generator,
        row.original,
        row.stamp,
        canonical(row.edge),
    )
