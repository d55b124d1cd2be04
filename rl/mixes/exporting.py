"""Writes a mix, or a combination, as the parquet files that verl's trainers read."""

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assayoffice.rl.mixes.combining import read_combination, weighted_rows
from assayoffice.rl.mixes.draws import rank
from assayoffice.rl.mixes.errors import ForeignHallmarkError, MixError
from assayoffice.rl.mixes.rows import MixRow, canonical
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.verl_rows import sft_row, verl_row, write_parquet

_SPLIT = "train"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """How many rows were written to each of the files; 0 where a file was not asked for."""

    name: str
    digest: str
    sft: int
    rl: int


@dataclass(frozen=True, slots=True)
class _Copy:
    """A row as it comes in an epoch, and the mix that it is of."""

    id: str
    row: MixRow
    mix: str
    digest: str


def export(
    store: Store,
    name: str,
    *,
    sft: Path | None,
    rl: Path | None,
    seed: int,
    require_hallmarks: Mapping[str, str],
) -> ExportReport:
    """Write an epoch, shuffled by ``seed``: equal content and seed give equal bytes.

    ``sft`` gets the rows that have demonstrations, ``rl`` all of them. A row that comes more than
    once has an id of its own each time. Raises ForeignHallmarkError for rows of a verifier whose
    hallmark is another than demanded, or not demanded at all where some are; MixError; OSError.
    """
    if sft is None and rl is None:
        raise MixError("say what to write: --sft FILE, --rl FILE, or both")
    if importlib.util.find_spec("pyarrow") is None:
        raise MixError("parquet needs pyarrow; pip install 'assayoffice[parquet]'")
    digest, copies = _epoch(store, name)
    _refuse_hallmarks(name, copies, require_hallmarks)
    copies.sort(key=lambda each: (rank(seed, "shuffle", each.id), each.id))
    shown = [each for each in copies if each.row.demonstration]
    if sft is not None and not shown:
        raise MixError(f"{name}: has no demonstrations to fine-tune on; leave --sft out")
    if sft is not None:
        write_parquet([_sft(each, digest) for each in shown], sft)
    if rl is not None:
        rows = [
            verl_row(_problem(each), index=index, split=_SPLIT, facts=_facts(each, digest))
            for index, each in enumerate(copies)
        ]
        write_parquet(rows, rl)
    return ExportReport(
        name, digest, 0 if sft is None else len(shown), 0 if rl is None else len(copies)
    )


def _epoch(store: Store, name: str) -> tuple[str, list[_Copy]]:
    """The digest of what is exported, and its rows as often as they come."""
    ids: set[str] = set()
    if not store.combination_file(name).exists():
        description = store.description(name)
        own = description.digest
        return own, [_Copy(row.id, row, name, own) for row in store.rows(name, description)]
    combination = read_combination(store, name)
    weighted: list[tuple[MixRow, int, str, str]] = []
    for member, rows in weighted_rows(store, combination):
        weighted += [(row, count, member.mix, member.digest) for row, count in rows]
    ids.update(row.id for row, *_ in weighted)
    copies = [
        _Copy(id, row, mix, own)
        for row, count, mix, own in weighted
        for id in _ids(row.id, count, ids)
    ]
    return combination.digest, copies


def _ids(id: str, count: int, taken: set[str]) -> Iterator[str]:
    """An id for each time that a row comes: its own, then with the number of the copy."""
    yield id
    for number in range(2, count + 1):
        copy = f"{id}#{number}"
        while copy in taken:
            copy += "#"
        taken.add(copy)
        yield copy


def _refuse_hallmarks(name: str, copies: list[_Copy], required: Mapping[str, str]) -> None:
    """Raises ForeignHallmarkError unless every row was admitted by what is required."""
    if not required:
        return
    found = sorted({(each.row.verifier, each.row.stamp.hallmark) for each in copies})
    for verifier, hallmark in found:
        wanted = required.get(verifier)
        if wanted is None:
            raise ForeignHallmarkError(
                f"{name}: has rows for {verifier!r}, of which no hallmark is required; give "
                f"--require-hallmark {verifier}=DIGEST too"
            )
        if wanted != hallmark:
            raise ForeignHallmarkError(
                f"{name}: has rows that {verifier} admitted under hallmark {hallmark[:12]}, and "
                f"{wanted[:12]} is required; make the mix anew with a service of that hallmark"
            )


def _problem(copy: _Copy) -> Problem:
    return replace(copy.row.problem(copy.mix, copy.row.lineage.row), id=copy.id)


def _sft(copy: _Copy, digest: str) -> dict[str, object]:
    extra = {"id": copy.id, "verifier": copy.row.verifier, **_facts(copy, digest)}
    return {**sft_row(_problem(copy)), "data_source": copy.row.domain, "extra_info": extra}


def _facts(copy: _Copy, digest: str) -> dict[str, object]:
    """What ``extra_info`` tells of where a row comes from."""
    lineage = copy.row.lineage
    return {
        "mix": {"name": copy.mix, "digest": copy.digest, "exported": digest, "id": copy.row.id},
        "lineage": {
            "file": lineage.file,
            "sha256": lineage.sha256,
            "row": lineage.row,
            "admitted_by": lineage.admitted_by.value,
        },
        # As text, because parquet has one schema and what was sampled may differ by row.
        "edge": canonical(copy.row.edge) if copy.row.edge else "",
    }
