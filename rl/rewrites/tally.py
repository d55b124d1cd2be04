"""What is counted of outcomes as they come."""

from collections import Counter
from dataclasses import dataclass, field

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.reports import CheckState


@dataclass
class FileTally:
    """Rows of one file, by what came of them."""

    admitted: int = 0
    failed: int = 0
    errors: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.admitted + self.failed + self.errors


@dataclass
class Tally:
    """Rows by what came of them, and checks by their states."""

    files: dict[str, FileTally] = field(default_factory=dict[str, FileTally])
    states: dict[str, Counter[CheckState]] = field(default_factory=dict[str, Counter[CheckState]])
    #: How often each kept a row out; names as in RowOutcome.failed.
    kept_out: Counter[str] = field(default_factory=Counter[str])
    errors: Counter[str] = field(default_factory=Counter[str])
    cached: int = 0
    hallmarks: set[str] = field(default_factory=set[str])

    @property
    def admitted(self) -> int:
        """Rows that may be trained on."""
        return sum(each.admitted for each in self.files.values())

    @property
    def failed(self) -> int:
        """Rows that are kept out."""
        return sum(each.failed for each in self.files.values())

    @property
    def rows(self) -> int:
        """All rows, those with errors among them."""
        return sum(each.rows for each in self.files.values())

    def add(self, outcome: RowOutcome) -> None:
        """Count an outcome."""
        file = self.files.setdefault(outcome.file, FileTally())
        if isinstance(outcome.result, ItemError):
            file.errors += 1
            self.errors[outcome.result.reason] += 1
            return
        if outcome.admitted:
            file.admitted += 1
        else:
            file.failed += 1
        self.kept_out.update(outcome.failed)
        self.cached += outcome.cached
        self.hallmarks.add(str(outcome.result.hallmark))
        for check in outcome.result.checks:
            self.states.setdefault(check.name, Counter())[check.state] += 1
