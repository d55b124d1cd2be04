"""The files that runs of a playbook train on and are measured by."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.problems.verl_rows import verl_row, write_parquet
from assayoffice.rl.results import ItemError
from assayoffice.rl.sources import UnreadableFileError
from assayoffice.rl.training.errors import ConfigError

_SHOWN_ERRORS = 3
_UNFINISHED = ".unfinished"


def held_out_problems(domain: str, files: Sequence[Path], limit: int) -> list[Problem]:
    """The problems to ask about a domain, the first ``limit`` of them (0: all).

    Their domain is this one, whatever rows say, and their ids begin with it, so that they are the
    same in every run however many domains it is measured on. Raises ConfigError for rows that
    cannot be read, have no right answer or an id twice, and for no rows.
    """
    found: dict[str, Problem] = {}
    wrong: list[str] = []
    for file in files:
        for each in _read(domain, file):
            if isinstance(each, ItemError):
                wrong.append(each.message)
                continue
            id = f"{domain}:{file.stem}:{each.id}" if len(files) > 1 else f"{domain}:{each.id}"
            if not each.has_reference:
                wrong.append(f"{file} row {each.number}: has no right answer to compare with")
            elif id in found:
                wrong.append(f"{file} row {each.number}: id: {each.id[:60]!r} is in two files")
            else:
                found[id] = replace(each, id=id, domain=domain)
    if wrong:
        more = len(wrong) - _SHOWN_ERRORS
        shown = "\n".join(wrong[:_SHOWN_ERRORS]) + (f"\nand {more} more" if more > 0 else "")
        raise ConfigError(
            f"explore.{domain}.held_out: rows cannot be used; correct them or leave them out:\n"
            f"{shown}"
        )
    if not found:
        raise ConfigError(f"explore.{domain}.held_out: the files hold no problems")
    return list(islice(found.values(), limit or None))


def _read(domain: str, file: Path) -> Iterator[Problem | ItemError]:
    try:
        yield from read_problems(str(file))
    except UnreadableFileError as error:
        raise ConfigError(f"explore.{domain}.held_out: {error}") from None


def write_held_out(problems: Sequence[Problem], path: Path) -> None:
    """Write problems for evaluations to read."""
    rows = [
        verl_row(each, index=index, split="test", facts={}) for index, each in enumerate(problems)
    ]
    write_parquet(rows, path)


def write_training(
    ledger: Ledger,
    mixes: Sequence[str],
    files: Mapping[str, Path],
    *,
    seed: int,
    hallmarks: Mapping[str, str],
) -> None:
    """Write the rows of mixes or combinations to ``files``, one for each of some trainers.

    Rows come in an order drawn by ``seed``: verl's SFT trainer has no seed of its own, so this is
    what sets its runs apart. Raises MixError, also for rows that other verifiers than those of
    ``hallmarks`` admitted.
    """
    parts: dict[str, list[Path]] = {each: [] for each in files}
    for number, mix in enumerate(mixes):
        paths = {
            each: file.with_name(f"{file.name}-{number}{_UNFINISHED}")
            for each, file in files.items()
        }
        ledger.export(
            mix,
            sft=paths.get("sft"),
            rl=paths.get("grpo"),
            seed=seed,
            require_hallmarks=hallmarks,
        )
        for trainer, path in paths.items():
            parts[trainer].append(path)
    for trainer, file in files.items():
        _join(parts[trainer], file, seed)


def _join(parts: Sequence[Path], file: Path, seed: int) -> None:
    """Put files together, their rows shuffled, and remove them."""
    if len(parts) == 1:
        parts[0].rename(file)
        return
    import pyarrow.parquet

    rows = [row for each in parts for row in pyarrow.parquet.read_table(each).to_pylist()]
    random.Random(seed).shuffle(rows)
    write_parquet(rows, file)
    for each in parts:
        each.unlink()
