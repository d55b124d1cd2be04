"""What a set is made of, and whether its shares are within the bounds of the policy."""

from collections import Counter
from collections.abc import Iterator, Mapping

from assayoffice.rl.rewrites.policy import Bounds, SetPolicy
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.rows import Provenance, RewriteRow
from assayoffice.rl.rewrites.sets.answer_types import answer_type
from assayoffice.rl.rewrites.sets.set_report import Conclusion, Place, SetFinding

#: What is said of a row that names no domain.
NO_DOMAIN = "(none)"
_OTHERS = "*"
_SHOWN = 5
_HISTOGRAMS = {
    "sources": "source",
    "kinds": "kind",
    "domains": "domain",
    "verifiers": "verifier",
    "answer_types": "answer_type",
}


class Balance:
    """Counts rows by what they are."""

    def __init__(self, policy: SetPolicy) -> None:
        self._policy = policy
        self._total = 0
        self._counts: dict[str, Counter[str]] = {each: Counter() for each in _HISTOGRAMS.values()}
        self._real: Counter[str] = Counter()
        self._first: dict[tuple[str, str], Place] = {}

    def add(self, row: RewriteRow, place: Place) -> None:
        """Count a row."""
        verifier = row.rewrite.submission.verifier
        values = {
            "source": row.source.value,
            "kind": row.kind.value,
            "domain": row.domain or NO_DOMAIN,
            "verifier": verifier,
            "answer_type": answer_type(verifier, row.reference),
        }
        self._total += 1
        self._real[values["domain"]] += row.source is Provenance.REAL
        for name, value in values.items():
            self._counts[name][value] += 1
            self._first.setdefault((name, value), place)

    def histograms(self) -> dict[str, dict[str, int]]:
        """Counts of rows, the most frequent first, ties by name."""
        return {
            shown: dict(sorted(self._counts[name].items(), key=lambda each: (-each[1], each[0])))
            for shown, name in _HISTOGRAMS.items()
        }

    def conclude(self) -> Conclusion:
        """Whether shares are within their bounds. Named is the first row with what is not."""
        real = sum(self._real.values())
        figures = {"rows": self._total, "real": real, "synthetic": self._total - real}
        if not any(self._policy.shares.values()):
            said = "The policy bounds no shares; [sets.shares] would."
            return Conclusion(CheckState.NOT_APPLICABLE, "NO_BOUNDS", said, figures)
        if self._total < self._policy.min_rows_for_shares:
            said = f"{self._total} rows are too few to judge shares."
            return Conclusion(CheckState.NOT_APPLICABLE, "SMALL_SET", said, figures)
        details: list[str] = []
        found: list[SetFinding] = []
        for name, bounds in self._policy.shares.items():
            for value, detail in self._out_of_bounds(name, bounds):
                details.append(detail)
                place = self._first.get(("domain" if name == "real" else name, value))
                if place is not None:
                    found.append(SetFinding.at(place, detail))
        if not details:
            said = "All shares are within the bounds of the policy."
            return Conclusion(CheckState.PASSED, "BALANCED", said, figures)
        more = f"; and {len(details) - _SHOWN} more" if len(details) > _SHOWN else ""
        said = f"{'; '.join(details[:_SHOWN])}{more}. Add or remove rows."
        return Conclusion(CheckState.FAILED, "OUT_OF_BOUNDS", said, figures, found)

    def _out_of_bounds(self, name: str, bounds: Mapping[str, Bounds]) -> Iterator[tuple[str, str]]:
        what = "real rows in domain" if name == "real" else f"rows of {name}"
        for value, count, total in self._shares(name, bounds):
            low, high = bounds.get(value, bounds.get(_OTHERS, (0.0, 1.0)))
            share = count / total
            if not low <= share <= high:
                asked = f"at least {low:.1%}" if share < low else f"at most {high:.1%}"
                told = f"{share:.1%} {what} {value!r} ({count} of {total})"
                yield value, f"{told}, where {asked} are asked for"

    def _shares(self, name: str, bounds: Mapping[str, Bounds]) -> Iterator[tuple[str, int, int]]:
        """The values that bounds speak of: each with its rows, and of how many."""
        counts = self._counts["domain" if name == "real" else name]
        named = [each for each in bounds if each != _OTHERS]
        others = sorted(set(counts) - set(named)) if _OTHERS in bounds else []
        for value in (*named, *others):
            if name != "real":
                yield value, counts[value], self._total
            elif counts[value]:
                yield value, self._real[value], counts[value]
