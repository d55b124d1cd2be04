"""Rows that say exactly what another row says, or what their original says.

Exactly means: the same words, numbers and signs in the same order, as ``words.py`` reads them.
"""

from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.seen import Seen
from assayoffice.rl.rewrites.sets.set_report import Conclusion, Place, SetFinding, of_rows


class Duplicates:
    """Problems that stand in the set again. Where references differ, one of them is wrong."""

    def __init__(self) -> None:
        self._first: dict[bytes, Seen] = {}
        self._found: list[SetFinding] = []
        self._conflicts = 0

    def add(self, row: Seen) -> bool:
        """Whether an earlier row has the same problem."""
        first = self._first.setdefault(row.words, row)
        if first is row:
            return False
        detail = f"the same problem as {first.place}"
        if differing := row.beside(first):
            self._conflicts += 1
            detail += f", with another answer: {differing}"
        self._found.append(SetFinding.at(row.place, detail))
        return True

    def conclude(self) -> Conclusion:
        """What was found."""
        figures = {"rows": len(self._found), "conflicting_references": self._conflicts}
        if not self._found:
            said = "No problem stands in the set twice."
            return Conclusion(CheckState.PASSED, "DISTINCT", said, figures)
        said = f"{of_rows(len(self._found))} with the problem of an earlier row; remove them."
        if self._conflicts:
            said += (
                f" In {self._conflicts} of these pairs the references differ: one of them is wrong."
            )
        reason = "CONFLICTING_REFERENCES" if self._conflicts else "REPEATED"
        return Conclusion(CheckState.FAILED, reason, said, figures, self._found)


class Unchanged:
    """Rewrites whose problem is that of their original, so that nothing was rewritten."""

    def __init__(self) -> None:
        self._found: list[SetFinding] = []

    def add(self, place: Place) -> None:
        """Note such a row."""
        self._found.append(SetFinding.at(place, "says what its original says, word for word"))

    def conclude(self) -> Conclusion:
        """What was found."""
        figures = {"rows": len(self._found)}
        if not self._found:
            said = "Every rewrite differs from its original."
            return Conclusion(CheckState.PASSED, "CHANGED", said, figures)
        said = (
            f"{of_rows(len(self._found))} with the problem of the original; remove them or rewrite "
            'it. A problem that is meant to stay as it was has the provenance "real".'
        )
        return Conclusion(CheckState.FAILED, "UNCHANGED", said, figures, self._found)
