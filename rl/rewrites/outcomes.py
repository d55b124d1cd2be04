"""What came of a row: its report or its error, and whether it may be trained on."""

import json
from dataclasses import dataclass

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.report_json import report_as_json
from assayoffice.rl.rewrites.reports import CheckState, Report, ReportResult
from assayoffice.rl.rewrites.rows import RewriteRow
from assayoffice.rl.rewrites.sets.set_report import SetReport


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a row is not admitted, in the words of a check or of the policy."""

    check: str
    reason: str
    explanation: str


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """A row and what came of it. ``row`` is None where it could not be read.

    ``failed`` names what kept the row out, as ``gates.failed`` tells. ``cached`` says that the
    report is one that an earlier run got.
    """

    row: RewriteRow | None
    file: str
    number: int
    id: str
    result: ReportResult
    failed: tuple[str, ...] = ()
    cached: bool = False

    @property
    def admitted(self) -> bool:
        """Whether the row may be trained on."""
        return isinstance(self.result, Report) and not self.failed

    @property
    def place(self) -> str:
        """Where the row stands, e.g. ``rewrites.jsonl:7``."""
        return f"{self.file}:{self.number}"

    def findings(self) -> list[Finding]:
        """What kept the row out, in the order of the checks; empty for an error."""
        if isinstance(self.result, ItemError):
            return []
        return [_finding(self.result, name) for name in self.failed]


def set_as_json(sets: SetReport) -> str:
    """What was found out about the set, as one line of JSON, pure ASCII: ``{"set": {...}}``."""
    return _line({"set": sets.json()})


def outcome_as_json(outcome: RowOutcome) -> str:
    """One line of JSON, pure ASCII; the same for the same row, wherever its report came from.

    An error has no keys ``score`` and ``admitted``.
    """
    place: dict[str, object] = {
        "file": outcome.file,
        "row": outcome.number,
        "id": outcome.id,
    }
    if (row := outcome.row) is not None:
        place |= {
            "kind": row.kind.value,
            "domain": row.domain,
            "verifier": row.rewrite.submission.verifier,
        }
    result = outcome.result
    if isinstance(result, ItemError):
        details = {"reason": result.reason, "code": result.code.name, "message": result.message}
        return _line({**place, "error": details})
    report = report_as_json(result)
    return _line({**place, "admitted": outcome.admitted, "failed": list(outcome.failed), **report})


def _line(written: dict[str, object]) -> str:
    # The runner of GitHub Actions obeys ##[ wherever it stands in a line of a log.
    return json.dumps(written).replace("##[", "#\\u0023[")


def _finding(report: Report, name: str) -> Finding:
    check = report.check(name)
    if check is not None and check.state is not CheckState.NOT_APPLICABLE:
        return Finding(name, check.reason or check.state.value, check.explanation)
    if name == "score":
        return Finding(name, "SCORE", f"the score {report.score:.3g} is below the policy's minimum")
    names = name.split("|")
    wanted = f"one of the checks {', '.join(names)}" if len(names) > 1 else f"the check {name}"
    said = f": {check.explanation}" if check is not None and check.explanation else ""
    return Finding(
        name,
        "NOT_CHECKED",
        f"the policy asks for {wanted}, and the row has nothing that could be checked so{said}",
    )
