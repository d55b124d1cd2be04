"""Evaluations of the scaled checkpoints as ``assay eval`` makes them: pass@k, and majority votes.

The answers are those that the run sampled; nothing is sampled again.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.evaluating.evaluation import FILE, save_evaluation
from assayoffice.rl.evaluating.measuring import evaluate
from assayoffice.rl.evaluating.running import JUDGED, problems_of
from assayoffice.rl.judging.judge import judge_answers
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.sampling.answers import read_header
from assayoffice.rl.training.config import MOMENTS

STAGE = "majority votes"
_CALL_SECONDS = 600.0


def evaluations(run: Path) -> dict[str, Path]:
    """The evaluations of a playbook's scaled checkpoints that are there, by moment."""
    places = {each: run / "evaluation" / each / FILE for each in MOMENTS}
    return {each: path for each, path in places.items() if path.exists()}


def vote(run: Path, client: Client, progress: Callable[[str, int, int], None]) -> tuple[Path, ...]:
    """Judge and group the answers of every checkpoint, and write an evaluation of each.

    Raises EvaluationError, JudgingError, ServiceError and OSError.
    """
    folder = PlaybookFolder(run)
    problems = problems_of(str(folder.scale.data / "held_out.parquet"), None)
    made = []
    for moment in MOMENTS:
        answers = folder.scaled.completions(moment)
        if not answers.exists():
            continue
        place = run / "evaluation" / moment
        judged = judge_answers(
            client,
            answers,
            problems,
            place / JUDGED,
            progress=partial(progress, moment),
            timeout=_CALL_SECONDS,
        )
        header = read_header(answers)
        found = evaluate(
            judged,
            problems,
            model={"name": moment, **({"path": header.model["name"]} if header else {})},
            request=header.request.as_json() if header else {},
        )
        save_evaluation(found, place / FILE)
        made.append(place / FILE)
    return tuple(made)
