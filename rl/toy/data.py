"""The toy problems as the parquet files that verl's trainers read.

Three files: ``sft.parquet`` with demonstrations (a column ``messages``), ``grpo.parquet`` and
``held_out.parquet`` with problems in the schema of verl's reinforcement learning. Both
domains are in each, half and half. No question of ``held_out.parquet`` is in the others, whatever
the seeds. The files to train on may have a question several times; the held-out file never has.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow
import pyarrow.parquet

from assayoffice.rl.toy import fractions, programs
from assayoffice.rl.toy.problems import Problem, demonstration, held_out

_DOMAINS = (fractions.problems, programs.problems)
_ABILITY = {fractions.DOMAIN: "math", programs.DOMAIN: "code"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of each file, half of them of each domain. Even numbers."""

    demonstrations: int
    prompts: int
    held_out: int


def write(folder: Path, *, seed: int, sizes: Sizes) -> None:
    """Write the three files; a seed and sizes always give the same rows.

    Raises ``ValueError`` where more is to be held out than there is, and for odd sizes.
    """
    chance = random.Random(seed)
    kept = _mixed(chance, sizes.held_out, _evaluated)
    prompts = _mixed(chance, sizes.prompts, _trained)
    shown = _mixed(chance, sizes.demonstrations, _trained)
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder / "sft.parquet", [_lesson(each, chance) for each in shown])
    _save(folder / "grpo.parquet", [_row(each, i, "train") for i, each in enumerate(prompts)])
    _save(folder / "held_out.parquet", [_row(each, i, "test") for i, each in enumerate(kept)])


def _evaluated(chance: random.Random, problems: Sequence[Problem], rows: int) -> list[Problem]:
    kept = [each for each in problems if held_out(each)]
    if rows > len(kept):
        raise ValueError(
            f"sizes.held_out: {rows} rows of {kept[0].domain} are wanted and {len(kept)} are "
            f"there; ask for at most {len(_DOMAINS) * len(kept)} in all"
        )
    return chance.sample(kept, rows)


def _trained(chance: random.Random, problems: Sequence[Problem], rows: int) -> list[Problem]:
    return chance.choices([each for each in problems if not held_out(each)], k=rows)


def _mixed(
    chance: random.Random,
    rows: int,
    drawn: Callable[[random.Random, Sequence[Problem], int], list[Problem]],
) -> list[Problem]:
    """``rows`` problems in random order, as many of each domain."""
    share, rest = divmod(rows, len(_DOMAINS))
    if rest:
        raise ValueError(f"sizes: {rows} rows cannot be shared among {len(_DOMAINS)} domains")
    mixed = [each for domain in _DOMAINS for each in drawn(chance, domain(), share)]
    chance.shuffle(mixed)
    return mixed


def _lesson(problem: Problem, chance: random.Random) -> dict[str, object]:
    """A demonstration: worked or not, and its answer copied from the work or in any form."""
    answer = chance.choice((problem.answers[0], chance.choice(problem.answers)))
    response = demonstration(problem, answer, worked=chance.random() < 0.5)
    return {
        "messages": [
            {"role": "user", "content": problem.question},
            {"role": "assistant", "content": response},
        ]
    }


def _row(problem: Problem, index: int, split: str) -> dict[str, object]:
    return {
        "data_source": problem.domain,
        "prompt": [{"role": "user", "content": problem.question}],
        "ability": _ABILITY[problem.domain],
        "reward_model": {
            "style": "rule",
            "ground_truth": problem.ground_truth,
            "verifier": problem.verifier,
        },
        "extra_info": {"index": index, "split": split},
    }


def _save(file: Path, rows: Sequence[dict[str, object]]) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), file)
