"""What is counted of rows: for ``mix.json``, so that a diff of it shows what became of the mix."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assayoffice.rl.mixes.rows import AdmittedBy, MixRow
from assayoffice.rl.problems.problem import Origin

#: Solve rates are counted in so many bins of equal width; 1.0 is in the last.
BINS = 10


@dataclass(slots=True)
class Tally:
    """Counts of rows. ``files`` counts by name and sha256 of the file."""

    rows: int = 0
    demonstrations: int = 0
    origins: Counter[str] = field(default_factory=Counter)
    verifiers: Counter[str] = field(default_factory=Counter)
    generators: Counter[str] = field(default_factory=Counter)
    hallmarks: Counter[tuple[str, str]] = field(default_factory=Counter)
    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    struck: int = 0
    solve_rates: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, row: MixRow, times: int = 1) -> None:
        """Count a row, which comes so many times."""
        self.rows += times
        self.demonstrations += times * bool(row.demonstration)
        self.origins[row.origin.value] += times
        self.verifiers[row.verifier] += times
        if row.generator:
            self.generators[row.generator] += times
        self.hallmarks[(row.verifier, row.stamp.hallmark)] += times
        self.files[(row.lineage.file, row.lineage.sha256)] += times
        self.struck += times * (row.lineage.admitted_by is AdmittedBy.MIX_ADD)
        if (rate := row.solve_rate) is not None:
            self.solve_rates[min(int(rate * BINS), BINS - 1)] += times

    def counted(self, rows: Iterable[MixRow]) -> Iterator[MixRow]:
        """The rows, each counted as it is taken."""
        for row in rows:
            self.add(row)
            yield row

    @property
    def synthetic(self) -> int:
        """Rows that a model or a program wrote."""
        return self.origins[Origin.SYNTHETIC.value]

    @property
    def real(self) -> int:
        """Rows that people wrote."""
        return self.origins[Origin.REAL.value]

    def counts(self) -> dict[str, object]:
        """The numbers of rows, as JSON."""
        return {
            "rows": self.rows,
            "demonstrations": self.demonstrations,
            "origins": _sorted(self.origins),
            "verifiers": _sorted(self.verifiers),
            "generators": _sorted(self.generators),
            "solve_rates": self.solve_rates,
        }

    def lineage(self) -> dict[str, object]:
        """Where the rows come from, and what admitted them, as JSON."""
        return {
            "files": [
                {"name": name, "sha256": sha256, "rows": rows}
                for (name, sha256), rows in sorted(self.files.items())
            ],
            "hallmarks": [
                {"verifier": verifier, "hallmark": hallmark, "rows": rows}
                for (verifier, hallmark), rows in sorted(self.hallmarks.items())
            ],
            "struck_by_mix_add": self.struck,
        }


def _sorted(counter: Counter[str]) -> Mapping[str, int]:
    return {name: counter[name] for name in sorted(counter)}
