"""A file of parents, read whole and checked: rewrites are asked for of rows that passed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.gates import failed
from assayoffice.rl.rewrites.propose.parents import parents
from assayoffice.rl.rewrites.propose.proposals import Parent
from assayoffice.rl.rewrites.propose.proposing import Checking
from assayoffice.rl.rewrites.reports import ReportResult
from assayoffice.rl.sources import Source

_TOGETHER = 256


@dataclass(slots=True)
class ParentSet:
    """The parents that may be used, and what became of the others.

    ``refused`` are rows that the policy does not admit; ``errors`` are rows that cannot be read or
    about which nothing was found out.
    """

    usable: list[Parent] = field(default_factory=list[Parent])
    refused: Counter[str] = field(default_factory=Counter[str])
    errors: list[ItemError] = field(default_factory=list[ItemError])


def read_parents(source: Source, checking: Checking) -> ParentSet:
    """Read and check a file; its rows are known from then on. Raises ServiceError."""
    found = ParentSet()
    batch: list[Parent] = []
    for each in parents(source):
        if isinstance(each, ItemError):
            found.errors.append(each)
            continue
        batch.append(each)
        if len(batch) == _TOGETHER:
            _sort(batch, found, checking)
            batch = []
    _sort(batch, found, checking)
    return found


def _sort(batch: Sequence[Parent], found: ParentSet, checking: Checking) -> None:
    reports = iter(_reports(batch, checking))
    for parent in batch:
        if parent.row is None:
            found.usable.append(parent)
            continue
        checking.known.add(parent.row)
        result = next(reports)
        if isinstance(result, ItemError):
            found.errors.append(result)
        elif findings := failed(checking.policy, parent.row, result):
            found.refused[findings[0]] += 1
        else:
            found.usable.append(parent)


def _reports(batch: Sequence[Parent], checking: Checking) -> Iterator[ReportResult]:
    rewrites = [each.row.rewrite for each in batch if each.row is not None]
    if rewrites:
        yield from checking.client.check_rewrites(
            rewrites, thresholds=checking.policy.thresholds, timeout=checking.timeout_seconds
        )
