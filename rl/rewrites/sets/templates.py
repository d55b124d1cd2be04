"""Rows that differ in nothing but numbers.

These are different problems, and so no duplicates: a variation is often made by changing numbers.
But a set that is filled from one template teaches that template, so the share of each is bounded.
"""

from collections import Counter

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.seen import Seen
from assayoffice.rl.rewrites.sets.set_report import Conclusion, Place, SetFinding, of_rows


class Templates:
    """Counts rows by their words without numbers."""

    def __init__(self, policy: SetPolicy) -> None:
        self._limit = policy.max_template_share
        self._enough = policy.min_rows_for_shares
        self._rows: list[tuple[Place, bytes]] = []

    def add(self, row: Seen) -> None:
        """Count a row."""
        self._rows.append((row.place, row.template))

    def conclude(self) -> Conclusion:
        """What was found. The rows named are those beyond the share that a template may have."""
        counts = Counter(template for _, template in self._rows)
        total, largest = len(self._rows), max(counts.values(), default=0)
        share = largest / total if total else 0.0
        figures = {
            "templates": len(counts),
            "largest_template": largest,
            "largest_share": round(share, 6),
        }
        if total < self._enough:
            said = f"{len(counts)} templates in {of_rows(total)}, too few to judge shares."
            return Conclusion(CheckState.NOT_APPLICABLE, "SMALL_SET", said, figures)
        if share <= self._limit:
            said = f"{len(counts)} templates; the most frequent has {share:.1%} of the rows."
            return Conclusion(CheckState.PASSED, "VARIED", said, figures)
        said = (
            f"{share:.1%} of the rows differ from each other in nothing but numbers, where at most "
            f"{self._limit:.1%} may. Remove the rows named, or add other problems."
        )
        found = self._beyond(counts, self._limit * total)
        return Conclusion(CheckState.FAILED, "ONE_TEMPLATE", said, figures, found)

    def _beyond(self, counts: Counter[bytes], allowed: float) -> list[SetFinding]:
        seen: Counter[bytes] = Counter()
        found: list[SetFinding] = []
        for place, template in self._rows:
            seen[template] += 1
            if seen[template] > allowed:
                detail = (
                    f"number {seen[template]} of {counts[template]} that differ only in numbers"
                )
                found.append(SetFinding.at(place, detail))
        return found
