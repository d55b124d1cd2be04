"""What is counted of outcomes while they stream by, and its charts and tables."""

from collections import Counter
from collections.abc import Mapping, Sequence

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.page.bars import bars, most_frequent
from assayoffice.rl.rewrites.page.prose import cut, visible
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.answer_types import answer_type
from assayoffice.rl.rewrites.sets.balance import NO_DOMAIN
from assayoffice.rl.training import page

_ASKED = {
    "round_trip": "The reference can be read and is accepted in all its usual renderings.",
    "discrimination": "Wrong answers are rejected, right ones accepted however they are written.",
    "premises": "The premises agree with each other and allow one answer, the reference.",
    "leak": "The reference does not stand in the problem.",
    "wording": "The problem asks for one answer, of the kind that the verifier reads.",
    "solutions": "Independent solutions agree, and on the reference.",
    "key": "A program computes the reference by itself.",
    "tests": "The reference solution passes its tests, and mutated solutions fail them.",
    "statement": "The statement elaborates, is neither trivial nor false, and its proof holds.",
}
_FATES = ("admitted", "kept out", "error")
_GREEN, _RED, _GRAY = 3, 5, 6
_SCORE_BINS = 10


class Counts:
    """How many rows had which fate, by all that the page tells about them."""

    def __init__(self) -> None:
        self.admitted = self.kept_out = self.errors = 0
        self._states: dict[str, Counter[CheckState]] = {}
        self._barred: Counter[str] = Counter()
        self._scores = [[0, 0] for _ in range(_SCORE_BINS + 1)]
        self._reasons: Counter[str] = Counter()
        self._kinds: dict[str, list[int]] = {}
        self._domains: dict[str, list[int]] = {}
        self._answers: dict[str, list[int]] = {}

    @property
    def rows(self) -> int:
        """All rows."""
        return self.admitted + self.kept_out + self.errors

    def add(self, outcome: RowOutcome) -> None:
        """Count an outcome."""
        if isinstance(outcome.result, ItemError):
            self.errors += 1
            self._reasons[f"error: {outcome.result.reason}"] += 1
            self._count(outcome, 2)
            return
        self.admitted += outcome.admitted
        self.kept_out += not outcome.admitted
        self._count(outcome, 0 if outcome.admitted else 1)
        # A bin of its own for the full score, which most rows are to have.
        self._scores[int(outcome.result.score * _SCORE_BINS)][not outcome.admitted] += 1
        self._barred.update(outcome.failed)
        self._reasons.update(f"{each.check}: {each.reason}" for each in outcome.findings())
        for check in outcome.result.checks:
            self._states.setdefault(check.name, Counter())[check.state] += 1

    def _count(self, outcome: RowOutcome, fate: int) -> None:
        if (row := outcome.row) is None:
            return
        verifier = row.rewrite.submission.verifier
        for counts, value in (
            (self._kinds, row.kind.value),
            (self._domains, row.domain or NO_DOMAIN),
            (self._answers, answer_type(verifier, row.reference)),
        ):
            counts.setdefault(value, [0, 0, 0])[fate] += 1

    def checks_table(self) -> str:
        """What each check found, and how many rows it kept out."""
        names = [*self._states, *(each for each in self._barred if each not in self._states)]
        rows = [
            (
                visible(cut(name, 60)),
                _ASKED.get(name, "Asked for by the policy."),
                *(f"{self._states.get(name, Counter())[state]:,}" for state in CheckState),
                f"{self._barred[name]:,}",
            )
            for name in names
        ]
        head = (
            "check",
            "what it asks",
            "passed",
            "failed",
            "undecided",
            "does not apply",
            "kept out",
        )
        return f'<div class="checks">{page.table(head, rows, numbers_from=2)}</div>'

    def charts(self) -> str:
        """Scores, reasons, kinds, domains and types of answers."""
        fates, colors = _FATES, (_GREEN, _RED, _GRAY)
        return page.charts(
            [
                bars("Verifiability score", fates[:2], colors[:2], self._score_rows()),
                bars("Why rows are not admitted", ("rows",), (_RED,), _single(self._reasons)),
                bars("Kinds", fates, colors, most_frequent(self._kinds)),
                bars("Types of answers", fates, colors, most_frequent(self._answers)),
                bars("Domains", fates, colors, most_frequent(self._domains)),
            ]
        )

    def _score_rows(self) -> Sequence[tuple[str, Sequence[int]]]:
        if not self.admitted + self.kept_out:
            return []
        names = [f"{low / 10:.1f} to {(low + 1) / 10:.1f}" for low in range(_SCORE_BINS)]
        return list(zip(["1", *reversed(names)], reversed(self._scores), strict=True))


def _single(counts: Mapping[str, int]) -> list[tuple[str, Sequence[int]]]:
    return most_frequent({name: [count] for name, count in counts.items()}, most=20)
