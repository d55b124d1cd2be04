"""What became of the rows, and its counts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.edge.band import Dropped, Kept, Reason
from assayoffice.rl.edge.figures import Figures
from assayoffice.rl.judging.journal import Judged
from assayoffice.rl.results import ItemError


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a row. With an ItemError nothing was found out: it is tried again.

    ``domain`` is empty where the row could not be read.
    """

    id: str
    domain: str
    decision: Kept | Dropped | ItemError

    @property
    def figures(self) -> Figures | None:
        """What its samples say, None where there are none, or no verdicts on them."""
        return None if isinstance(self.decision, ItemError) else self.decision.figures

    @property
    def error(self) -> ItemError | None:
        """Why nothing is known about it, None where something is."""
        return self.decision if isinstance(self.decision, ItemError) else None


@dataclass(frozen=True, slots=True)
class DomainCount:
    """The rows of a domain. ``problems`` is the sum of the kept, the dropped and the errors.

    ``solve_rates`` are those of all problems that were judged, ``kept_solve_rates`` of those kept.
    """

    problems: int
    kept: int
    dropped: Mapping[Reason, int]
    errors: int
    solve_rates: tuple[float, ...]
    kept_solve_rates: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EdgeResult:
    """What became of all rows.

    ``domains`` has the counts of each, ``total`` of all. ``output`` is None where nothing is kept:
    then there is no file. ``decisions`` are in the order of the rows.
    """

    domains: Mapping[str, DomainCount]
    total: DomainCount
    output: Path | None
    judged: Judged
    decisions: tuple[Decided, ...]

    @property
    def kept(self) -> int:
        """How many problems are in the band."""
        return self.total.kept


def result_of(decisions: Iterable[Decided], output: Path, judged: Judged) -> EdgeResult:
    """Count decisions."""
    decided = tuple(decisions)
    of_domain: dict[str, list[Decided]] = {}
    for each in decided:
        of_domain.setdefault(each.domain, []).append(each)
    total = _count(decided)
    return EdgeResult(
        domains={domain: _count(of_domain[domain]) for domain in sorted(of_domain)},
        total=total,
        output=output if total.kept else None,
        judged=judged,
        decisions=decided,
    )


def _count(decided: Iterable[Decided]) -> DomainCount:
    kept: list[float] = []
    rates: list[float] = []
    dropped: Counter[Reason] = Counter()
    problems = errors = 0
    for each in decided:
        problems += 1
        if each.figures is not None:
            rates.append(each.figures.solve_rate.value)
        match each.decision:
            case Kept(figures):
                kept.append(figures.solve_rate.value)
            case Dropped(reason):
                dropped[reason] += 1
            case ItemError():
                errors += 1
    return DomainCount(
        problems=problems,
        kept=len(kept),
        dropped={reason: dropped[reason] for reason in Reason},
        errors=errors,
        solve_rates=tuple(rates),
        kept_solve_rates=tuple(kept),
    )
