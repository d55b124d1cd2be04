"""Combinations: frozen mixes, each with a weight, and nothing else.

A combination holds no rows. It names its mixes by their digests, so it stays what it was, or breaks
when one of them is gone or changed.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assayoffice.rl.mixes.description import (
    FORMAT,
    MAX_WEIGHT,
    Description,
    is_weight,
    read_object,
    weight_of,
)
from assayoffice.rl.mixes.draws import drawn, times
from assayoffice.rl.mixes.errors import BrokenMixError, MixError
from assayoffice.rl.mixes.rows import MixRow, canonical
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.mixes.tally import Tally
from assayoffice.rl.rewrites.fields import Fields
from assayoffice.rl.sources import UnusableRow


@dataclass(frozen=True, slots=True)
class Member:
    """A mix of a combination; ``rows`` is how many rows an epoch has of it."""

    mix: str
    digest: str
    domain: str
    weight: float
    rows: int


@dataclass(frozen=True, slots=True)
class Share:
    """What an epoch has of a domain. Rows count as often as they come."""

    domain: str
    rows: int
    real: int
    synthetic: int
    demonstrations: int


@dataclass(frozen=True, slots=True)
class Combination:
    """Frozen mixes with weights; ``seed`` decides which rows a fraction of a weight adds.

    ``shares`` tell of each domain what an epoch has of it. ``warning`` is empty, or what speaks
    against it.
    """

    name: str
    members: tuple[Member, ...]
    seed: int
    shares: tuple[Share, ...]
    warning: str

    @property
    def rows(self) -> int:
        """The rows of an epoch."""
        return sum(each.rows for each in self.members)

    @property
    def digest(self) -> str:
        """What identifies the content: mixes by digest, weights and the seed; no name."""
        members = sorted((each.digest, each.weight) for each in self.members)
        content = {"format": FORMAT, "of": members, "seed": self.seed}
        return hashlib.sha256(canonical(content).encode()).hexdigest()


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
        if store.combination_file(name).exists() and _read(store, name) == combination:
            return combination
        raise MixError(f"{name}: there is something else of that name; take another")
    store.write_combination(name, _json(combination))
    return combination


def read_combination(store: Store, name: str) -> Combination:
    """A combination, its mixes verified. Raises MixError and BrokenMixError."""
    combination = _read(store, name)
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
    whole, more = times(description.rows, weight)
    ids = (row.id for row in store.rows(description.name, description)) if more else iter(())
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


def _json(combination: Combination) -> dict[str, object]:
    return {
        "format": FORMAT,
        "name": combination.name,
        "state": "frozen",
        "digest": combination.digest,
        "seed": combination.seed,
        "of": [
            {
                "mix": each.mix,
                "digest": each.digest,
                "domain": each.domain,
                "weight": each.weight,
                "rows": each.rows,
            }
            for each in combination.members
        ],
        "domains": [
            {
                "domain": each.domain,
                "rows": each.rows,
                "share": round(each.rows / max(1, combination.rows), 6),
                "real": each.real,
                "synthetic": each.synthetic,
                "demonstrations": each.demonstrations,
            }
            for each in combination.shares
        ],
        "warning": combination.warning,
    }


def _read(store: Store, name: str) -> Combination:
    file = store.combination_file(name)
    try:
        content = read_object(file)
    except FileNotFoundError:
        raise MixError(f"{store.path}: there is no combination {name!r}") from None
    try:
        combination = _combination(Fields(content))
        if content.get("digest") != combination.digest:
            raise UnusableRow("digest: is not that of what it combines")
    except UnusableRow as unusable:
        raise BrokenMixError(
            f"{file}: {unusable}; it was edited by hand: restore it, e.g. with git checkout, or "
            "combine anew under another name"
        ) from None
    return combination


def _combination(fields: Fields) -> Combination:
    return Combination(
        name=fields.text("name"),
        members=tuple(_member(each) for each in _objects(fields, "of")),
        seed=_number(fields, "seed"),
        shares=tuple(_share(each) for each in _objects(fields, "domains")),
        warning=fields.text("warning"),
    )


def _member(fields: Fields) -> Member:
    return Member(
        mix=fields.text("mix"),
        digest=fields.text("digest"),
        domain=fields.text("domain"),
        weight=weight_of(fields.mapping, "of"),
        rows=_number(fields, "rows"),
    )


def _share(fields: Fields) -> Share:
    numbers = ("rows", "real", "synthetic", "demonstrations")
    return Share(fields.text("domain"), *(_number(fields, name) for name in numbers))


def _objects(fields: Fields, name: str) -> list[Fields]:
    held = fields.mapping.get(name)
    if not isinstance(held, list) or not all(isinstance(each, dict) for each in held):
        raise UnusableRow(f"{name}: must be a list of objects")
    return [Fields(each, f"{name}[{index}]") for index, each in enumerate(held)]


def _number(fields: Fields, name: str) -> int:
    value = fields.mapping.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnusableRow(f"{name}: must be a whole number")
    return value
