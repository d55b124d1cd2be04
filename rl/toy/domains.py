"""The toy problems as a team would have them: a file of candidates for each domain.

::

    FOLDER/DOMAIN/candidates.jsonl    problems with demonstrations, to be filtered and mixed
                  held_out.jsonl      problems to measure by
           demonstrations.parquet     of all domains, what the base model learns from
           held_out.parquet           of all domains, as verl reads them

No question is in two of them. The domains are called "fractions" and "programs", because their
names are folders, too.
"""

import dataclasses
import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow
import pyarrow.parquet

from assayoffice.rl.problems.problem import Problem as Held
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.problems.verl_rows import verl_row, write_parquet
from assayoffice.rl.toy import fractions, programs
from assayoffice.rl.toy.problems import Problem, demonstration, held_out

# More programs than the demo has, whose questions are as long.
DOMAINS: Mapping[str, Callable[[], list[Problem]]] = {
    "fractions": fractions.problems,
    "programs": partial(programs.problems, range(7)),
}
_CANDIDATES_OF_256 = 154  # six in ten of what may be trained on
_GENERATOR = "assayoffice toy"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of a domain: ``candidates``, ``held_out``; ``demonstrations`` for the base model.

    Demonstrations show a question several times.
    """

    candidates: int
    held_out: int
    demonstrations: int


def write(folder: Path, *, seed: int, sizes: Sizes) -> None:
    """Write the files; a seed and sizes always give the same rows.

    Raises ValueError where a domain has fewer problems than are wanted.
    """
    chance = random.Random(seed)
    lessons: list[dict[str, object]] = []
    for domain, problems in DOMAINS.items():
        kept = [each for each in problems() if held_out(each)]
        rest = [each for each in problems() if not held_out(each)]
        candidates = [each for each in rest if _is_candidate(each)]
        shown = [each for each in rest if not _is_candidate(each)]
        place = folder / domain
        place.mkdir(parents=True, exist_ok=True)
        drawn = _drawn(chance, domain, "held_out", kept, sizes.held_out)
        _save(place / "held_out.jsonl", [_row(domain, f"h{i}", p, "") for i, p in drawn])
        drawn = _drawn(chance, domain, "candidates", candidates, sizes.candidates)
        rows = [_row(domain, f"c{i}", p, _worked(p)) for i, p in drawn]
        _save(place / "candidates.jsonl", rows)
        for each in chance.choices(shown, k=sizes.demonstrations):
            lessons.append(_lesson(each, _any_form(each, chance)))
    chance.shuffle(lessons)
    pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist(lessons), folder / "demonstrations.parquet"
    )
    _write_held_out(folder)


def _write_held_out(folder: Path) -> None:
    problems = [
        dataclasses.replace(each, id=f"{domain}:{each.id}")
        for domain in DOMAINS
        for each in read_problems(str(folder / domain / "held_out.jsonl"))
        if isinstance(each, Held)
    ]
    rows = [verl_row(each, index=i, split="test", facts={}) for i, each in enumerate(problems)]
    write_parquet(rows, folder / "held_out.parquet")


def _is_candidate(problem: Problem) -> bool:
    digest = hashlib.sha256(b"candidate\n" + problem.question.encode()).digest()
    return digest[0] < _CANDIDATES_OF_256


def _drawn(
    chance: random.Random, domain: str, what: str, problems: Sequence[Problem], rows: int
) -> list[tuple[int, Problem]]:
    if rows > len(problems):
        raise ValueError(
            f"sizes.{what}: {rows} rows of {domain} are wanted and {len(problems)} are there"
        )
    return list(enumerate(chance.sample(problems, rows)))


def _worked(problem: Problem) -> str:
    """As a stronger model would show it: worked out, the answer copied from the work."""
    return demonstration(problem, problem.answers[0], worked=True)


def _any_form(problem: Problem, chance: random.Random) -> str:
    """Worked or not, and its answer copied from the work or in any form."""
    answer = chance.choice((problem.answers[0], chance.choice(problem.answers)))
    return demonstration(problem, answer, worked=chance.random() < 0.5)


def _row(domain: str, id: str, problem: Problem, shown: str) -> dict[str, object]:
    by_answer = problem.verifier == "numeric"
    task = {"reference": problem.ground_truth} if by_answer else json.loads(problem.ground_truth)
    return {
        "id": id,
        "domain": domain,
        "prompt": problem.question,
        "verifier": problem.verifier,
        "task": task,
        "origin": "synthetic",
        "generator": _GENERATOR,
        "demonstration": shown,
    }


def _lesson(problem: Problem, shown: str) -> dict[str, object]:
    return {
        "messages": [
            {"role": "user", "content": problem.question},
            {"role": "assistant", "content": shown},
        ]
    }


def _save(file: Path, rows: Sequence[dict[str, object]]) -> None:
    file.write_text("".join(f"{json.dumps(each)}\n" for each in rows), "utf-8")
