"""The files that come of it: kept rows for a trainer, dropped rows for people and other models."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.edge.band import Dropped, Kept
from assayoffice.rl.edge.deciding import Findings
from assayoffice.rl.edge.figures import Figures
from assayoffice.rl.edge.references import Reference
from assayoffice.rl.edge.result import Decided
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.verl_rows import verl_row, write_parquet
from assayoffice.rl.results import ItemError
from assayoffice.rl.stamps import Stamp
from assayoffice.rl.training.folder import write_whole

PARQUET, JSON_LINES = ".parquet", ".jsonl"
_SPLIT = "train"
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Names:
    """The model that was sampled, and the one that gave references, empty without one."""

    model: str
    stronger: str


def rows_of(
    rows: Sequence[Problem | ItemError],
    decisions: Sequence[Decided],
    found: Findings,
    names: Names,
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The rows that are kept, and those that are dropped, which other models may yet want.

    Each has its figures in ``extra_info.edge``. A kept one has the reference that it was judged by
    and the stamp of that task; a dropped one is as it was, and says in ``dropped`` why it is. A row
    that could not be read has nothing but that.
    """
    kept: list[dict[str, object]] = []
    others: list[dict[str, object]] = []
    for row, decided in zip(rows, decisions, strict=True):
        match decided.decision:
            case Kept(figures):
                assert isinstance(row, Problem)  # Nothing else has figures.
                reference = found.reference(row)
                judged = _as_judged(row, found.judgements[row.id], reference)
                kept.append(_row(judged, len(kept), _facts(figures, names, reference)))
            case Dropped(reason, detail, figures):
                why = {"reason": reason.value, "detail": detail}
                if isinstance(row, ItemError):
                    others.append({"id": row.id, "dropped": why})
                    continue
                edge = None if figures is None else _facts(figures, names, found.reference(row))
                place = {"file": row.file, "row": row.number}
                others.append({**_row(row, len(others), edge), "dropped": {**why, **place}})
            case ItemError():
                pass  # Nothing is known about it yet.
    return kept, others


def write_rows(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write rows as parquet, or JSON lines where the name ends so; none leave no file. Whole.

    Raises OSError.
    """
    if not rows:
        # What stood there was the result of another band, and is not that of this one.
        path.unlink(missing_ok=True)
    elif path.suffix == JSON_LINES:
        write_lines(rows, path)
    else:
        write_parquet(rows, path)


def write_lines(rows: Iterable[Mapping[str, object]], path: Path) -> None:
    """Write rows as JSON lines, whole. Raises OSError."""
    write_whole(path, "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows))


def _row(problem: Problem, index: int, edge: Mapping[str, object] | None) -> dict[str, object]:
    return verl_row(problem, index=index, split=_SPLIT, facts={"edge": edge} if edge else {})


def _as_judged(problem: Problem, judged: JudgedProblem, reference: Reference | None) -> Problem:
    stamp = Stamp(judged.hallmark, judged.content)
    if reference is None:
        return dataclasses.replace(problem, stamp=stamp)
    task = {**problem.task, "reference": reference.answer}
    return dataclasses.replace(problem, task=task, has_reference=True, stamp=stamp)


def _facts(figures: Figures, names: Names, reference: Reference | None) -> dict[str, object]:
    consensus, rate = figures.consensus, figures.solve_rate
    return {
        "samples": figures.samples,
        "correct": figures.correct,
        "solve_rate": rate.value,
        "solve_rate_low": rate.low,
        "solve_rate_high": rate.high,
        "agreement": consensus.agreement,
        "disagreement": consensus.disagreement,
        "answers": consensus.answers,
        "silent": consensus.silent,
        "cut_off": figures.cut_off,
        # A program that is right may be long, and is of no use here.
        "plurality": figures.plurality[:_SHOWN_CHARACTERS],
        "plurality_is_right": figures.plurality_is_right,
        "mean_tokens": figures.mean_tokens,
        "model": names.model,
        "reference_from": "row"
        if reference is None
        else f"plurality of {names.stronger} ({reference.agreeing} of {reference.samples})",
    }
