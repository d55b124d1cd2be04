"""Checks of a set of rewrites as a whole, made while its rows stream by.

Of each row some kilobytes are kept, whatever its length. All of it is deterministic: the same rows
in the same order give the same report in every process.
"""

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.rows import Provenance, RewriteRow
from assayoffice.rl.rewrites.sets.balance import Balance
from assayoffice.rl.rewrites.sets.contamination import Contamination
from assayoffice.rl.rewrites.sets.near_duplicates import NearDuplicates
from assayoffice.rl.rewrites.sets.repeats import Duplicates, Unchanged
from assayoffice.rl.rewrites.sets.seen import Seen
from assayoffice.rl.rewrites.sets.set_report import Conclusion, SetCheck, SetReport
from assayoffice.rl.rewrites.sets.templates import Templates
from assayoffice.rl.rewrites.sets.words import words


class SetChecks:
    """Takes the rows of a set one by one, and concludes when it has seen all."""

    def __init__(self, policy: SetPolicy) -> None:
        """Reads the lists of the policy. Raises UnreadableFileError."""
        self._policy = policy
        self._duplicates = Duplicates()
        self._near = NearDuplicates(policy)
        self._unchanged = Unchanged()
        self._templates = Templates(policy)
        self._contamination = Contamination(policy)
        self._balance = Balance(policy)

    def add(self, row: RewriteRow) -> None:
        """Take a row, admitted or not."""
        problem = words(row.problem)
        original = words(row.original_problem)
        seen = Seen.of(row, problem)
        if not self._duplicates.add(seen):
            self._near.add(seen, problem)
        # Real problems are their own originals.
        if row.source is not Provenance.REAL and problem == original:
            self._unchanged.add(seen.place)
        self._templates.add(seen)
        self._contamination.add(seen, problem, original)
        self._balance.add(row, seen.place)

    def finish(self) -> SetReport:
        """What was found out about the rows so far."""
        concluded = {
            "duplicates": self._duplicates.conclude(),
            "near_duplicates": self._near.conclude(),
            "unchanged": self._unchanged.conclude(),
            "templates": self._templates.conclude(),
            "contamination": self._contamination.conclude(),
            "balance": self._balance.conclude(),
        }
        checks = tuple(self._check(name, each) for name, each in concluded.items())
        return SetReport(checks, self._balance.histograms())

    def _check(self, name: str, found: Conclusion) -> SetCheck:
        gating = self._policy.gates.get(name) != "report"
        return SetCheck(
            name,
            found.state,
            found.reason,
            found.explanation,
            gating,
            tuple(found.rows),
            found.figures,
        )
