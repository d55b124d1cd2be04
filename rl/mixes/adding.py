"""Adds rows to a mix: all that can be admitted, at once, or none."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assayoffice.rl.mixes.admission import Refusal
from assayoffice.rl.mixes.description import Description, described
from assayoffice.rl.mixes.errors import FrozenMixError, MixError
from assayoffice.rl.mixes.merging import Merging
from assayoffice.rl.mixes.rows import MixRow
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.mixes.tally import Tally
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.results import ItemError
from assayoffice.rl.sources import UnreadableFileError


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the rows of the files.

    ``added`` are new, ``known`` were there already; ``refused`` are the others. ``written`` is
    False where nothing has changed: nothing was new, or ``--strict`` wanted all or none.
    ``domain`` and ``rows`` are those of the mix afterwards, empty and 0 where there is none.
    """

    mix: str
    domain: str
    rows: int
    added: int
    known: int
    refused: tuple[Refusal, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files hold, with the sha256 of each file, in order."""

    digests: dict[str, str]
    problems: tuple[Problem, ...]
    refused: tuple[Refusal, ...]


def read(files: Sequence[str], verifier: str | None) -> Reading:
    """Read the files. Raises UnreadableFileError, and MixError for standard input."""
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    refused: list[Refusal] = []
    for file in dict.fromkeys(files):
        digests[file] = _sha256(file)
        for number, each in enumerate(read_problems(file, verifier=verifier), 1):
            if isinstance(each, ItemError):
                refused.append(Refusal(file, number, each.id, each.reason, each.message))
            else:
                problems.append(each)
        if _sha256(file) != digests[file]:
            raise MixError(f"{file}: was changed while it was read; add it again")
    return Reading(digests, tuple(problems), tuple(refused))


def domain_of(reading: Reading, given: str) -> str:
    """The domain of a mix that is made of the files. Raises MixError where it is not clear."""
    named = Counter(each.domain for each in reading.problems if each.domain)
    if given:
        return given
    if len(named) == 1:
        (domain,) = named
        return domain
    if not named:
        raise MixError("the rows name no domain; give --domain")
    shown = ", ".join(f"{name[:40]} ({count:,})" for name, count in named.most_common(8))
    raise MixError(f"the rows are of {len(named)} domains: {shown}; give --domain to take one")


def refuse_frozen(description: Description) -> None:
    """Raises FrozenMixError for a mix that may not be changed."""
    if description.frozen:
        raise FrozenMixError(
            f"{description.name}: is frozen (digest {description.frozen[:12]}) and stays as it is; "
            f"`assay mix copy {description.name} NEW` begins an open one from it"
        )


def merge(
    store: Store,
    mix: str,
    domain: str,
    rows: Sequence[MixRow],
    refused: Sequence[Refusal],
    digests: dict[str, str],
    *,
    strict: bool,
) -> AddReport:
    """Put admitted rows beside those that are there. Within ``store.locked``.

    Raises FrozenMixError, and MixError where the mix has come to be of another domain.
    """
    old: Description | None = None
    if store.is_taken(mix):
        old = store.description(mix)
        refuse_frozen(old)
        if old.domain != domain:
            raise MixError(f"{mix}: has domain {old.domain!r} by now; add the rows again")
    names = {sha256: file for file, sha256 in digests.items()}
    merging = Merging(_there(store, mix, old), rows, names)
    all_refused = (*refused, *merging.refused)
    unchanged = not merging.fresh and not merging.replaced
    if unchanged or (strict and all_refused):
        count = 0 if old is None else old.rows
        return AddReport(mix, domain, count, 0, merging.known, all_refused, written=False)
    reasons = Counter(each.reason for each in all_refused)
    edit = {
        "edit": "add",
        "files": [
            {"name": name.rpartition("/")[2], "sha256": sha256} for name, sha256 in digests.items()
        ],
        "added": len(merging.fresh),
        "refused": dict(sorted(reasons.items())),
    }
    tally = Tally()
    weight, history = (1.0, ()) if old is None else (old.weight, old.history)
    new = store.write_rows(
        mix,
        tally.counted(merging.rows(_there(store, mix, old))),
        lambda sha256: described(mix, domain, weight, sha256, tally, (*history, edit)),
    )
    return AddReport(
        mix, domain, new.rows, len(merging.fresh), merging.known, all_refused, written=True
    )


def _there(store: Store, mix: str, old: Description | None) -> Iterator[MixRow]:
    return iter(()) if old is None else store.rows(mix, old)


def _sha256(file: str) -> str:
    if file == "-":
        raise MixError("-: rows are traced to the file they come from; write them to one")
    try:
        with open(file, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFileError(f"{file}: {error.strerror}") from None
