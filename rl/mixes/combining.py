"""Combinations: frozen mixes, each with a weight, and nothing else.

A combination holds no rows. It names its mixes by their digests, so it stays what it was, or breaks
when one of them is gone or changed.
"""

from collections.abc import Iterator, Mapping, Sequence

from assayoffice.rl.mixes.combination import Combination, Member, Share, read
from assayoffice.rl.mixes.description import MAX_WEIGHT, Description, is_weight
from assayoffice.rl.mixes.draws import drawn, times
from assayoffice.rl.mixes.errors import BrokenMixError, MixError
from assayoffice.rl.mixes.rows import MixRow
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.mixes.tally import Tally


def combine(
    store: Store, name: str, weights: Mapping[str, float | None], *, seed: int, max_domains: int
) -> Combination:
    """Combine mixes; one without a weight has its own. Within ``store.locked``.

    Raises MixError where a mix is open, a row is in two of them, or the name is taken by something
    else.
    """
    if not weights:
        raise MixError(f"{name}: a combination is of at least one mix; give --of MIX=WEIGHT")
    chosen = [_chosen(store, mix, weight) for mix, weight in sorted(weights.items())]
    _refuse_overlap(store, [description for description, _ in chosen])
    members, tallies = list[Member](), dict[str, Tally]()
    for description, weight in chosen:
        member = Member(description.name, description.digest, description.domain, weight, 0)
        tally = Tally()
        for row, count in _weighted(store, description, weight, seed):
            tally.add(row, count)
            tallies.setdefault(member.domain, Tally()).add(row, count)
        members.append(Member(member.mix, member.digest, member.domain, weight, tally.rows))
    shares = tuple(
        Share(domain, each.rows, each.real, each.synthetic, each.demonstrations)
        for domain, each in sorted(tallies.items())
    )
    warning = ""
    if len(shares) > max_domains:
        warning = (
            f"{len(shares)} domains are combined, and that gains add up is only known of a few: "
            f"evaluate every domain before and after, or combine at most {max_domains}"
        )
    combination = Combination(name, tuple(members), seed, shares, warning)
    if not combination.rows:
        raise MixError(f"{name}: the weights are so small that no row would be left")
    if store.is_taken(name):
        # The command may be given again, e.g. after a kill, but not for something else.
        if store.combination_file(name).exists() and read(store, name) == combination:
            return combination
        raise MixError(f"{name}: there is something else of that name; take another")
    store.write_combination(name, combination.json())
    return combination


def read_combination(store: Store, name: str) -> Combination:
    """A combination, its mixes verified. Raises MixError and BrokenMixError."""
    combination = read(store, name)
    for _ in members(store, combination):
        pass
    return combination


def members(store: Store, combination: Combination) -> Iterator[tuple[Member, Description]]:
    """The mixes of a combination. Raises BrokenMixError where one is not what was combined."""
    for member in combination.members:
        try:
            description = store.description(member.mix)
        except MixError as error:
            raise BrokenMixError(f"{combination.name}: of its mixes, {error}") from None
        if description.digest != member.digest or not description.frozen:
            raise BrokenMixError(
                f"{combination.name}: its mix {member.mix} has changed (digest "
                f"{description.digest[:12]}, and {member.digest[:12]} was combined); restore it, "
                "e.g. with git checkout, or combine anew under another name"
            )
        yield member, description


def weighted_rows(
    store: Store, combination: Combination
) -> Iterator[tuple[Member, Iterator[tuple[MixRow, int]]]]:
    """Each mix with its rows, by id, and how often each comes in an epoch."""
    for member, description in members(store, combination):
        yield member, _weighted(store, description, member.weight, combination.seed)


def _weighted(
    store: Store, description: Description, weight: float, seed: int
) -> Iterator[tuple[MixRow, int]]:
    ids = [row.id for row in store.rows(description.name, description)]
    whole, more = times(len(ids), weight)
    extra = drawn(ids, more, seed=seed, purpose="weight")
    for row in store.rows(description.name, description):
        if count := whole + (row.id in extra):
            yield row, count


def _chosen(store: Store, mix: str, weight: float | None) -> tuple[Description, float]:
    description = store.description(mix)
    if not description.frozen:
        raise MixError(f"{mix}: is open and may yet change; freeze it: `assay mix freeze {mix}`")
    if weight is not None and not is_weight(weight):
        raise MixError(f"{mix}: weight: must be above 0 and at most {MAX_WEIGHT}, not {weight}")
    return description, description.weight if weight is None else float(weight)


def _refuse_overlap(store: Store, mixes: Sequence[Description]) -> None:
    """Raises MixError for a row that two mixes have."""
    ids: dict[str, str] = {}
    asked: dict[str, tuple[str, str]] = {}
    found: list[str] = []
    for mix in mixes:
        for row in store.rows(mix.name, mix):
            if (other := ids.setdefault(row.id, mix.name)) != mix.name:
                found.append(f"{row.id[:60]!r} is an id of {other} and of {mix.name}")
            elif (there := asked.setdefault(row.asked, (mix.name, row.id)))[0] != mix.name:
                found.append(
                    f"{row.id[:60]!r} of {mix.name} asks what {there[1][:60]!r} of {there[0]} asks"
                )
    if found:
        raise MixError(
            f"the mixes overlap in {len(found):,} rows: {'; '.join(found[:3])}; drop them from "
            "copies of a mix (`assay mix copy`, `assay mix tune --drop`), or give files ids of "
            "their own with `assay mix add --prefix`"
        )
