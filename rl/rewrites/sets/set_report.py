"""What is found out about a set of rewrites as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assayoffice.rl.rewrites.reports import CheckState

_MOST_ID_CHARACTERS = 120


class Place(NamedTuple):
    """Where a row stands; ``number`` is its line or row, from 1. A long id is cut."""

    file: str
    number: int
    id: str

    @classmethod
    def of(cls, file: str, number: int, id: str) -> "Place":
        """The place of a row, of bounded size."""
        return cls(file, number, id if len(id) <= _MOST_ID_CHARACTERS else f"{id[:120]}…")

    def __str__(self) -> str:
        return f"{self.file} row {self.number} ({self.id})"


@dataclass(frozen=True, slots=True)
class SetFinding:
    """A row that a set-level check names, and what it found about it, for people."""

    file: str
    number: int
    id: str
    detail: str

    @classmethod
    def at(cls, place: Place, detail: str) -> "SetFinding":
        """A finding about the row at ``place``."""
        return cls(place.file, place.number, place.id, detail)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a set-level check established; the fields are as in SetCheck."""

    state: CheckState
    reason: str
    explanation: str
    figures: Mapping[str, float]
    rows: Sequence[SetFinding] = ()


@dataclass(frozen=True, slots=True)
class SetCheck:
    """One check of the set.

    ``reason`` is a stable code in upper case and ``explanation`` the same for people, with what to
    change. ``gating`` says whether the run fails where the check does. ``rows`` are in the order of
    the files; of a pair the later is named, and its detail names the earlier.
    """

    name: str
    state: CheckState
    reason: str
    explanation: str
    gating: bool
    rows: tuple[SetFinding, ...]
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SetReport:
    """All checks of a set, in a fixed order, and what it is made of.

    ``histograms``: sources, kinds, domains, verifiers, answer_types -> value -> count of rows, the
    most frequent first.
    """

    checks: tuple[SetCheck, ...]
    histograms: Mapping[str, Mapping[str, int]]

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the gating checks that failed; where there are some, the run fails."""
        return tuple(
            each.name for each in self.checks if each.gating and each.state is CheckState.FAILED
        )

    def json(self) -> dict[str, object]:
        """The report as JSON would hold it."""
        checks = [
            {
                "name": each.name,
                "state": each.state.value,
                "reason": each.reason,
                "explanation": each.explanation,
                "gating": each.gating,
                "figures": dict(each.figures),
                "rows": [
                    {"file": row.file, "row": row.number, "id": row.id, "detail": row.detail}
                    for row in each.rows
                ],
            }
            for each in self.checks
        ]
        counts = {name: dict(values) for name, values in self.histograms.items()}
        return {"failed": list(self.failed), "checks": checks, "histograms": counts}


def of_rows(count: int) -> str:
    """A count of rows, for a sentence."""
    return "1 row" if count == 1 else f"{count} rows"
