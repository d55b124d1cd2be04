"""An evaluation: how good a model is on a set of problems, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assayoffice.rl.evaluating.errors import EvaluationError
from assayoffice.rl.statistics.intervals import Estimate, Tally
from assayoffice.rl.training.folder import write_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter

OVERALL = "all"
FILE = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure over ``problems`` problems, in [0, 1].

    ``over_problems`` has the interval for other problems of the kind, which also holds the luck of
    samples, and ``over_runs`` the one for another luck on the same problems; None where a problem
    has one sample, or its figure takes so long that nobody computes it thousands of times.
    ``drawn_error`` is the standard error where the figure was drawn, not counted.
    """

    problems: int
    over_problems: Estimate
    over_runs: Estimate | None
    drawn_error: float = 0.0


@dataclass(frozen=True, slots=True)
class AtK:
    """pass@k and majority@k, of the problems that have k samples.

    ``majority`` is None where answers cannot be told apart, because the verifier judges by what a
    response does.
    """

    k: int
    passed: Measure
    majority: Measure | None


@dataclass(frozen=True, slots=True)
class RunSpread:
    """Accuracies of the runs, run r being the r-th sample of every problem.

    ``sd`` is their standard deviation. Two evaluations like this one differ by up to
    ``repeatability`` by luck alone in 95 % of cases, two single runs by up to ``of_single_runs``.
    All three are None for one run.
    """

    accuracies: tuple[float, ...]
    sd: float | None
    repeatability: float | None
    of_single_runs: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of the problems of a domain. ``unjudged`` of them have no verdict.

    The others count: ``pass_at_1`` is the mean over problems of the share of right samples. It is
    None, like ``runs`` and ``at_k``, where no problem has a judged sample. ``greedy`` is the share
    of right answers at temperature 0. ``tokens`` is the mean length of a sample (None where nobody
    counted), ``cut_off`` the share that ended at the limit.
    """

    problems: int
    unjudged: int
    samples: int
    pass_at_1: Measure | None
    runs: RunSpread | None
    at_k: tuple[AtK, ...]
    greedy: Estimate | None
    tokens: float | None
    cut_off: float | None


@dataclass(frozen=True, slots=True)
class ProblemCounts:
    """What was counted of one problem. ``digest`` is of its question and of what judges.

    ``correct`` of ``judged`` samples are right; ``greedy`` is None without a verdict.
    """

    problem: str
    domain: str
    digest: str
    correct: int
    judged: int
    greedy: bool | None
    tokens: float

    @property
    def samples(self) -> Tally:
        """Its samples, as statistics want them."""
        return Tally(self.correct, self.judged)


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A problem without a verdict, and why."""

    problem: str
    domain: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model, measured.

    ``model`` are its facts, ``name`` among them, and ``request`` how it was sampled; empty where
    nobody knows. ``problem_set`` is a digest of all problems, ``hallmarks`` has that of each
    verifier that judged. ``domains`` are in alphabetical order, after ``OVERALL``.
    """

    model: Mapping[str, object]
    request: Mapping[str, object]
    problem_set: str
    hallmarks: Mapping[str, str]
    domains: Mapping[str, Figures]
    problems: tuple[ProblemCounts, ...]
    unjudged: tuple[Unjudged, ...]
    assay: Literal["evaluation"] = "evaluation"
    format: Literal[1] = 1

    @property
    def name(self) -> str:
        """What the model is called."""
        return str(self.model.get("name", "model"))


def save_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation. Raises OSError."""
    write_json(path, evaluation_as_json(evaluation))


def evaluation_as_json(evaluation: Evaluation) -> object:
    """As ``read_evaluation`` reads it."""
    return _adapter().dump_python(evaluation, mode="json")


def read_evaluation(path: Path) -> Evaluation:
    """Read an evaluation, from its file or the folder that ``assay eval`` wrote it to.

    Raises EvaluationError, which names the field, and OSError.
    """
    from pydantic import ValidationError

    file = path / FILE if path.is_dir() else path
    if not file.exists():
        raise EvaluationError(
            f"{file}: there is no such file; `assay eval run` and `assay eval score` make one"
        )
    try:
        return _adapter().validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise EvaluationError(
            f"{file}: not an evaluation that this version reads: {where}: {first['msg']}; make it "
            "again with `assay eval score`"
        ) from None


@cache
def _adapter() -> "TypeAdapter[Evaluation]":
    # Here, because it takes longer to load than most commands run.
    from pydantic import TypeAdapter

    return TypeAdapter(Evaluation)
