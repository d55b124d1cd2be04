"""What makes one mix another."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.mixes.description import Description
from assayoffice.rl.mixes.rows import MixRow
from assayoffice.rl.mixes.store import Store


@dataclass(frozen=True, slots=True)
class Difference:
    """From mix ``a`` to mix ``b``.

    ``changed`` tells for each id that both have which fields differ; lineage is one of them.
    ``settings`` tells domain and weight where they differ: what ``a`` has, and what ``b`` has.
    """

    a: str
    b: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, tuple[str, ...]], ...]
    settings: tuple[tuple[str, str, str], ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two have the same content."""
        return not (self.added or self.removed or self.changed or self.settings)


def difference(a: tuple[Path, str], b: tuple[Path, str]) -> Difference:
    """Compare two mixes, each the folder of its ledger and a name. Raises MixError."""
    stores = Store(a[0]), Store(b[0])
    before, after = stores[0].description(a[1]), stores[1].description(b[1])
    added, removed = list[str](), list[str]()
    changed = list[tuple[str, tuple[str, ...]]]()
    both = _paired(stores[0].rows(a[1], before), stores[1].rows(b[1], after))
    for one, other in both:
        if one is None and other is not None:
            added.append(other.id)
        elif other is None and one is not None:
            removed.append(one.id)
        elif one is not None and other is not None and (names := _differing(one, other)):
            changed.append((one.id, names))
    settings = _settings(before, after)
    return Difference(a[1], b[1], tuple(added), tuple(removed), tuple(changed), settings)


def _paired(
    a: Iterator[MixRow], b: Iterator[MixRow]
) -> Iterator[tuple[MixRow | None, MixRow | None]]:
    """Rows of one id together, of two runs of rows that are sorted by id."""
    one, other = next(a, None), next(b, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.id < other.id):
            yield one, None
            one = next(a, None)
        elif one is None or other.id < one.id:
            yield None, other
            other = next(b, None)
        else:
            yield one, other
            one, other = next(a, None), next(b, None)


def _differing(one: MixRow, other: MixRow) -> tuple[str, ...]:
    return tuple(
        each.name
        for each in dataclasses.fields(MixRow)
        if getattr(one, each.name) != getattr(other, each.name)
    )


def _settings(a: Description, b: Description) -> tuple[tuple[str, str, str], ...]:
    pairs = (("domain", a.domain, b.domain), ("weight", f"{a.weight:g}", f"{b.weight:g}"))
    return tuple(each for each in pairs if each[1] != each[2])
