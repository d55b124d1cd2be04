"""What a combination is, and the file that it stands in."""

import hashlib
from dataclasses import dataclass

from assayoffice.rl.mixes.description import FORMAT, read_object, weight_of
from assayoffice.rl.mixes.errors import BrokenMixError, MixError
from assayoffice.rl.mixes.rows import canonical
from assayoffice.rl.mixes.store import Store
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

    def json(self) -> dict[str, object]:
        """What is written."""
        return {
            "format": FORMAT,
            "name": self.name,
            "state": "frozen",
            "digest": self.digest,
            "seed": self.seed,
            "of": [
                {
                    "mix": each.mix,
                    "digest": each.digest,
                    "domain": each.domain,
                    "weight": each.weight,
                    "rows": each.rows,
                }
                for each in self.members
            ],
            "domains": [
                {
                    "domain": each.domain,
                    "rows": each.rows,
                    "share": round(each.rows / max(1, self.rows), 6),
                    "real": each.real,
                    "synthetic": each.synthetic,
                    "demonstrations": each.demonstrations,
                }
                for each in self.shares
            ],
            "warning": self.warning,
        }


def read(store: Store, name: str) -> Combination:
    """A combination as it is written. Raises MixError and BrokenMixError."""
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
