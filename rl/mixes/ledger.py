"""A ledger: mixes of problems, a folder each, as plain files that git can tell apart.

::

    ledger = Ledger(Path("mixes"))
    ledger.add("fractions", ["edge.parquet"], client, origin=Origin.SYNTHETIC)
    ledger.tune("fractions", Tuning(limit=1000))
    ledger.freeze("fractions")
    ledger.combine("both", {"fractions": 1.0, "programs": 0.5})
    ledger.export("both", sft=Path("sft.parquet"), rl=Path("rl.parquet"), seed=1)

A mix is of one domain. Every row in it was admitted by a verifier: its stamp is what the service
struck when it was added, and its demonstration was right. Several processes may use one ledger, and
each may be killed at any moment. What raises OSError has not changed the mix.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.mixes import adding, combining, exporting, tuning
from assayoffice.rl.mixes.adding import AddReport
from assayoffice.rl.mixes.admission import Refusal, Terms, admitted
from assayoffice.rl.mixes.combination import Combination
from assayoffice.rl.mixes.description import Description
from assayoffice.rl.mixes.differing import Difference, difference
from assayoffice.rl.mixes.errors import MixError
from assayoffice.rl.mixes.exporting import ExportReport
from assayoffice.rl.mixes.rows import MixRow
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.mixes.tuning import TuneReport, Tuning
from assayoffice.rl.problems.problem import Origin, Problem


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix as it was when it was read. ``file`` holds its rows."""

    description: Description
    file: Path
    _store: Store

    @property
    def name(self) -> str:
        """Its name."""
        return self.description.name

    @property
    def domain(self) -> str:
        """The domain of all of its rows."""
        return self.description.domain

    @property
    def digest(self) -> str:
        """What identifies its rows, domain and settings, frozen or not."""
        return self.description.digest

    @property
    def is_frozen(self) -> bool:
        """Whether it will stay as it is."""
        return bool(self.description.frozen)

    def rows(self) -> Iterator[MixRow]:
        """Its rows, by id. Raises BrokenMixError where they are not these any more."""
        return self._store.rows(self.name, self.description)

    def problems(self) -> Iterator[Problem]:
        """Its rows as problems, which stand in ``file``."""
        for number, row in enumerate(self.rows(), 1):
            yield row.problem(str(self.file), number)


class Ledger:
    """The mixes in a folder, which need not exist yet.

    Methods raise MixError, whose message names the remedy; of it, FrozenMixError where a mix may
    not be changed and BrokenMixError where files were edited or lost. A mix that is read is
    verified: what is recorded of it, and the sha256 of its rows.
    """

    def __init__(self, path: Path) -> None:
        self._store = Store(path)

    @property
    def path(self) -> Path:
        """The folder."""
        return self._store.path

    def names(self) -> list[str]:
        """The names of all mixes and combinations, sorted."""
        return self._store.names()

    def is_combination(self, name: str) -> bool:
        """Whether that is the name of a combination."""
        return self._store.combination_file(name).exists()

    def mix(self, name: str) -> Mix:
        """A mix."""
        return Mix(self._store.description(name), self._store.rows_file(name), self._store)

    def combination(self, name: str) -> Combination:
        """A combination, whose mixes are verified, too."""
        return combining.read_combination(self._store, name)

    def add(
        self,
        mix: str,
        files: Sequence[str],
        client: Client,
        *,
        domain: str = "",
        origin: Origin | None = None,
        verifier: str | None = None,
        prefix: str = "",
        strike: bool = False,
        strict: bool = False,
        timeout: float = 600.0,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> AddReport:
        """Add the rows of files that can be admitted, all at once; makes the mix if need be.

        ``domain``, ``origin`` and ``verifier`` are those of rows that name none; without a domain a
        new mix gets that of its rows. ``prefix`` is put before every id. ``strike`` has stamps
        struck for rows that have none. With ``strict``, nothing is added if a row is refused.
        ``progress`` is called with how many rows of how many are judged; the ledger is not held
        meanwhile. Raises UnreadableFileError, ServiceError, and OSError, too.
        """
        there: Description | None = None
        if self._store.is_taken(mix):
            there = self._store.description(mix)
            adding.refuse_frozen(there)
            if domain not in ("", there.domain):
                raise MixError(f"{mix}: is of domain {there.domain!r}, not {domain!r}")
        reading = adding.read(files, verifier)
        domain = there.domain if there is not None else adding.domain_of(reading, domain)
        terms = Terms(domain, origin, prefix, strike)
        rows, refused = list[MixRow](), list[Refusal](reading.refused)
        for each in admitted(
            reading.problems, reading.digests, terms, client, timeout=timeout, progress=progress
        ):
            if isinstance(each, Refusal):
                refused.append(each)
            else:
                rows.append(each)
        if not rows:
            count = 0 if there is None else there.rows
            return AddReport(mix, domain, count, 0, 0, tuple(refused), written=False)
        with self._store.locked():
            return adding.merge(
                self._store, mix, domain, rows, refused, reading.digests, strict=strict
            )

    def tune(self, mix: str, edits: Tuning) -> TuneReport:
        """Edit an open mix; nothing is changed where an edit cannot be made."""
        with self._writing(mix):
            return tuning.tune(self._store, mix, edits)

    def freeze(self, mix: str) -> str:
        """Freeze a mix, which may be so already, and return its digest."""
        with self._writing(mix):
            description = self._store.description(mix)
            if not description.frozen:
                description = replace(description, frozen=description.digest)
                self._store.write_description(description)
            return description.frozen

    def copy(self, mix: str, new: str) -> Mix:
        """Begin an open mix with the rows of another."""
        with self._writing(mix):
            old = self._store.description(mix)
            if self._store.is_taken(new):
                raise MixError(f"{new}: there is something of that name already; take another")
            said = {"edit": "copy", "mix": mix, "digest": old.digest}
            self._store.write_rows(
                new,
                self._store.rows(mix, old),
                lambda sha256: replace(
                    old, name=new, frozen="", rows_sha256=sha256, history=(*old.history, said)
                ),
            )
        return self.mix(new)

    def combine(
        self,
        name: str,
        weights: Mapping[str, float | None],
        *,
        seed: int = 0,
        max_domains: int = 4,
    ) -> Combination:
        """Combine frozen mixes: each row of a mix comes ``weight`` times in an epoch.

        A mix without a weight has the one that it was tuned to. What a fraction adds is drawn by
        ``seed``. More than ``max_domains`` domains get a warning.
        """
        with self._writing(*weights):
            return combining.combine(self._store, name, weights, seed=seed, max_domains=max_domains)

    def export(
        self,
        name: str,
        *,
        sft: Path | None = None,
        rl: Path | None = None,
        seed: int = 0,
        require_hallmarks: Mapping[str, str] | None = None,
    ) -> ExportReport:
        """Write an epoch of a mix or a combination for verl: see ``exporting.export``."""
        return exporting.export(
            self._store,
            name,
            sft=sft,
            rl=rl,
            seed=seed,
            require_hallmarks=require_hallmarks or {},
        )

    def diff(self, a: str, b: str, *, ledger_of_b: Path | None = None) -> Difference:
        """What makes mix ``a`` mix ``b``, which may be of another ledger."""
        return difference((self.path, a), (ledger_of_b or self.path, b))

    @contextlib.contextmanager
    def _writing(self, *mixes: str) -> Iterator[None]:
        """Hold the ledger, unless a mix is missing: then there may be no ledger to hold."""
        for each in mixes:
            self._store.description(each)
        with self._store.locked():
            yield
