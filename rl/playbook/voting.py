"""Evaluations of the base model and of scaled checkpoints as ``assay eval`` makes them.

They have pass@k and majority votes, too.

The answers are those that the run sampled; nothing is sampled again.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.evaluating.evaluation import FILE, save_evaluation
from assayoffice.rl.evaluating.measuring import evaluate
from assayoffice.rl.evaluating.running import JUDGED, problems_of
from assayoffice.rl.judging.judge import judge_answers
from assayoffice.rl.playbook.folder import PlaybookFolder, name_of
from assayoffice.rl.sampling.answers import read_header

STAGE = "majority votes"
_CALL_SECONDS = 600.0


def evaluations(run: Path, domains: Sequence[str]) -> dict[str, Path]:
    """The evaluations that are there, by name: "start DOMAIN" of the base model, "sft", "grpo"."""
    places = {name: run / "evaluation" / name_of(name) / FILE for name in _names(domains)}
    return {name: path for name, path in places.items() if path.exists()}


def vote(
    run: Path, domains: Sequence[str], client: Client, progress: Callable[[str, int, int], None]
) -> tuple[Path, ...]:
    """Judge and group the answers of every checkpoint, and write an evaluation of each.

    Raises EvaluationError, JudgingError, ServiceError and OSError.
    """
    folder = PlaybookFolder(run)
    made = []
    for name in _names(domains):
        moment, _, domain = name.partition(" ")
        trained = folder.baseline(domain) if domain else folder.scaled
        asked = folder.held_out(domain) if domain else folder.scale.data / "held_out.parquet"
        answers = trained.completions(moment)
        if not answers.exists():
            continue
        problems = problems_of(str(asked), None)
        place = run / "evaluation" / name_of(name)
        judged = judge_answers(
            client,
            answers,
            problems,
            place / JUDGED,
            progress=partial(progress, name),
            timeout=_CALL_SECONDS,
        )
        header = read_header(answers)
        found = evaluate(
            judged,
            problems,
            model={"name": name, **({"path": header.model["name"]} if header else {})},
            request=header.request.as_json() if header else {},
        )
        save_evaluation(found, place / FILE)
        made.append(place / FILE)
    return tuple(made)


def _names(domains: Sequence[str]) -> list[str]:
    return [*(f"start {each}" for each in domains), "sft", "grpo"]
