"""What ``assay eval run`` and ``assay eval score`` do once there are answers."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from assayoffice.rl.client import Client
from assayoffice.rl.evaluating.errors import EvaluationError
from assayoffice.rl.evaluating.evaluation import (
    FILE,
    Evaluation,
    evaluation_as_json,
    save_evaluation,
)
from assayoffice.rl.evaluating.measuring import evaluate
from assayoffice.rl.evaluating.options import tell
from assayoffice.rl.evaluating.tables import evaluation_table
from assayoffice.rl.judging.judge import Through, judge_answers
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.results import ItemError
from assayoffice.rl.sampling.answers import read_header

ANSWERS, JUDGED = "answers.jsonl", "judged.jsonl"
_SHOWN = 3


def problems_of(file: str, verifier: str | None) -> list[Problem]:
    """The problems of a file, all of them: an evaluation on the rest would be another one.

    Raises EvaluationError where a row cannot be used, and UnreadableFileError.
    """
    problems: list[Problem] = []
    errors: list[ItemError] = []
    for each in read_problems(file, verifier=verifier):
        if isinstance(each, ItemError):
            errors.append(each)
        else:
            problems.append(each)
    if errors:
        first = "\n".join(f"  {each.message}" for each in errors[:_SHOWN])
        raise EvaluationError(
            f"{file}: {len(errors)} of {len(errors) + len(problems)} rows cannot be used; correct "
            f"or remove them. The first:\n{first}"
        )
    if not problems:
        raise EvaluationError(f"{file}: there are no problems; an evaluation needs one at least")
    return problems


@dataclass(frozen=True, slots=True)
class Scoring:
    """How answers are judged and measured, and what is shown of it."""

    output: Path
    ks: Sequence[int]
    name: str | None
    timeout: float
    concurrency: int
    as_json: bool

    def score(
        self,
        client: Client,
        answers: Path,
        problems: Sequence[Problem],
        bar: Callable[[str], Callable[[int, int], None]],
        through: Through | None = None,
    ) -> Evaluation:
        """Judge the answers, measure the model and write it down.

        Raises what ``judge_answers`` and ``evaluate`` raise.
        """
        judged = judge_answers(
            client,
            answers,
            problems,
            self.output / JUDGED,
            progress=bar("judged"),
            timeout=self.timeout,
            concurrency=self.concurrency,
            through=through,
        )
        header = read_header(answers)
        model = dict(header.model) if header else {"name": str(answers)}
        if self.name is not None:
            model = {**model, "name": self.name, "path": model["name"]}
        evaluation = evaluate(
            judged,
            problems,
            ks=self.ks,
            model=model,
            request=header.request.as_json() if header else {},
            progress=bar("measured"),
        )
        save_evaluation(evaluation, self.output / FILE)
        return evaluation

    def show(self, evaluation: Evaluation, console: Console) -> None:
        """Print it, as JSON or for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(evaluation_as_json(evaluation)) + "\n")
            return
        tell(evaluation_table(evaluation))
        console.print(f"Evaluation: {self.output / FILE}", markup=False, soft_wrap=True)
