"""Edits of an open mix; each leaves what it did in the mix's history."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from assayoffice.rl.mixes.adding import refuse_frozen
from assayoffice.rl.mixes.description import MAX_WEIGHT, Description, described, is_weight
from assayoffice.rl.mixes.draws import drawn
from assayoffice.rl.mixes.errors import MixError
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.mixes.tally import Tally
from assayoffice.rl.problems.problem import Origin


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is to become of a mix; the edits are made in this order.

    ``drop`` are ids. Rows whose solve rate is known and outside of ``min_solve_rate`` to
    ``max_solve_rate`` are dropped; of the others nothing is known, and they stay. Beyond ``limit``,
    and beyond a ``max_synthetic_share`` of rows that models or programs wrote (0 to 1), rows are
    dropped by a draw that ``seed`` decides. ``weight`` is how often a row comes in an epoch.
    """

    drop: frozenset[str] = frozenset()
    min_solve_rate: float | None = None
    max_solve_rate: float | None = None
    limit: int | None = None
    max_synthetic_share: float | None = None
    weight: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: what stands in the history, and the rows it dropped."""

    said: Mapping[str, object]
    dropped: int


@dataclass(frozen=True, slots=True)
class TuneReport:
    """What became of a mix. ``unrated`` rows have no solve rate, so a band let them be."""

    mix: str
    before: int
    rows: int
    unrated: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class _Brief:
    """What decides over a row."""

    id: str
    synthetic: bool
    solve_rate: float | None


def tune(store: Store, mix: str, tuning: Tuning) -> TuneReport:
    """Make the edits. Within ``store.locked``.

    Raises FrozenMixError, and MixError for edits that cannot be made; then nothing is changed.
    """
    description = store.description(mix)
    refuse_frozen(description)
    _refuse_nonsense(tuning)
    rows = [
        _Brief(each.id, each.origin is Origin.SYNTHETIC, each.solve_rate)
        for each in store.rows(mix, description)
    ]
    kept: Sequence[_Brief] = rows
    edits = list[Edit]()
    for named, after in _steps(mix, tuning, rows):
        edits.append(Edit({**named, "dropped": len(kept) - len(after)}, len(kept) - len(after)))
        kept = after
        if not kept:
            raise MixError(f"{mix}: no row would be left after {named['edit']}; nothing was done")
    if not edits:
        raise MixError(f"{mix}: nothing to do; say what to drop, or give --weight")
    new_rows = {each.id for each in kept} if len(kept) < len(rows) else None
    _write(store, description, new_rows, tuning.weight, edits)
    unrated = 0
    if tuning.min_solve_rate is not None or tuning.max_solve_rate is not None:
        unrated = sum(each.solve_rate is None for each in rows)
    return TuneReport(mix, len(rows), len(kept), unrated, tuple(edits))


def _steps(
    mix: str, tuning: Tuning, rows: Sequence[_Brief]
) -> Iterator[tuple[dict[str, object], Sequence[_Brief]]]:
    """Each edit that is asked for, with the rows that it leaves."""
    kept = rows
    if tuning.drop:
        there = {each.id for each in kept}
        if missing := sorted(tuning.drop - there):
            shown = ", ".join(each[:40] for each in missing[:5])
            raise MixError(f"{mix}: has no rows {shown} ({len(missing):,} in all); nothing dropped")
        kept = [each for each in kept if each.id not in tuning.drop]
        yield {"edit": "drop", "ids": sorted(tuning.drop)}, kept
    low, high = tuning.min_solve_rate, tuning.max_solve_rate
    if low is not None or high is not None:
        kept = [each for each in kept if _within(each.solve_rate, low, high)]
        yield {"edit": "band", "min_solve_rate": low, "max_solve_rate": high}, kept
    if tuning.limit is not None:
        chosen = drawn((each.id for each in kept), tuning.limit, seed=tuning.seed, purpose="limit")
        kept = [each for each in kept if each.id in chosen]
        yield {"edit": "limit", "rows": tuning.limit, "seed": tuning.seed}, kept
    if (share := tuning.max_synthetic_share) is not None:
        kept = _balanced(mix, kept, share, tuning.seed)
        yield {"edit": "max_synthetic_share", "share": float(share), "seed": tuning.seed}, kept
    if tuning.weight is not None:
        yield {"edit": "weight", "weight": float(tuning.weight)}, kept


def _balanced(mix: str, rows: Sequence[_Brief], share: float, seed: int) -> Sequence[_Brief]:
    """The rows without so many synthetic ones that these are at most a share of what is left."""
    synthetic = [each.id for each in rows if each.synthetic]
    real = len(rows) - len(synthetic)
    if share >= 1.0:
        return rows
    if not real:
        raise MixError(
            f"{mix}: all of its rows are synthetic, so no share of them is small enough; add real "
            "ones first"
        )
    # synthetic / (synthetic + real) <= share, for the share as it is written.
    part = Fraction(repr(float(share)))
    most = math.floor(part / (1 - part) * real)
    chosen = drawn(synthetic, most, seed=seed, purpose="synthetic")
    return [each for each in rows if not each.synthetic or each.id in chosen]


def _within(rate: float | None, low: float | None, high: float | None) -> bool:
    if rate is None:
        return True
    return (low is None or rate >= low) and (high is None or rate <= high)


def _write(
    store: Store,
    old: Description,
    kept: set[str] | None,
    weight: float | None,
    edits: Sequence[Edit],
) -> None:
    """Write what is left; ``kept`` are the ids of the rows that are, None where all are."""
    history = (*old.history, *(each.said for each in edits))
    new_weight = old.weight if weight is None else float(weight)
    if kept is None:
        store.write_description(replace(old, weight=new_weight, history=history))
        return
    tally = Tally()
    rows = (row for row in store.rows(old.name, old) if row.id in kept)
    store.write_rows(
        old.name,
        tally.counted(rows),
        lambda sha256: described(old.name, old.domain, new_weight, sha256, tally, history),
    )


def _refuse_nonsense(tuning: Tuning) -> None:
    """Raises MixError for what no mix can be tuned to."""
    for name in ("min_solve_rate", "max_solve_rate", "max_synthetic_share"):
        value: float | None = getattr(tuning, name)
        if value is not None and not 0.0 <= value <= 1.0:
            raise MixError(f"{name}: must be from 0 to 1, not {value}")
    low, high = tuning.min_solve_rate, tuning.max_solve_rate
    if low is not None and high is not None and low > high:
        raise MixError(f"min_solve_rate: {low} is above max_solve_rate, {high}")
    if tuning.limit is not None and tuning.limit < 1:
        raise MixError(f"limit: must be at least 1, not {tuning.limit}")
    if tuning.weight is not None and not is_weight(tuning.weight):
        raise MixError(f"weight: must be above 0 and at most {MAX_WEIGHT}, not {tuning.weight}")
