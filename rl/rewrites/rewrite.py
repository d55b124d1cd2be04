"""A rewritten problem as it is sent to be checked, and what the graded checks ask for."""

import enum
from collections.abc import Iterable, MutableSequence
from dataclasses import dataclass

from assayoffice.rl.errors import SubmissionError
from assayoffice.rl.submissions import Submission
from assayoffice.rl.submissions import to_proto as submission_to_proto
from assayoffice.v1 import rewrite_pb2


class Domain(enum.Enum):
    """The values an unknown may have. All are finite."""

    REAL = "REAL"
    POSITIVE = "POSITIVE"
    NONNEGATIVE = "NONNEGATIVE"
    INTEGER = "INTEGER"
    NATURAL = "NATURAL"
    POSITIVE_INTEGER = "POSITIVE_INTEGER"


_DOMAINS = {each: rewrite_pb2.Domain.Value(f"DOMAIN_{each.value}") for each in Domain}


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that the premises speak of and do not give."""

    name: str
    domain: Domain = Domain.REAL


@dataclass(frozen=True, slots=True)
class Premises:
    """What a problem says, as mathematics; docs/rewrites.md has the grammar of the texts.

    ``asked`` is an expression over the unknowns. A solution in which one of ``degenerate`` holds
    does not count.
    """

    unknowns: tuple[Unknown, ...]
    constraints: tuple[str, ...]
    asked: str
    degenerate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """A program that computes the answer by itself and prints it. It runs in a sandbox."""

    source: str
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A problem that was rewritten, and what else is known about it.

    ``submission`` has the task, the problem as its prompt and no response. ``solutions`` are
    responses of models, each independent of the others. ``wrong_answers`` are what stands in the
    box or, for code and Lean, a whole response. ``reference_solution`` is a response that passes,
    for code and Lean.
    """

    submission: Submission
    premises: Premises | None = None
    solutions: tuple[str, ...] = ()
    wrong_answers: tuple[str, ...] = ()
    key: Key | None = None
    reference_solution: str = ""

    @property
    def id(self) -> str:
        """The id of the submission, echoed in the result."""
        return self.submission.id


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares in [0, 1] that the graded checks ask for; None is the service's strict default.

    Of wrong answers rejected, of right ones accepted, of mutated programs that fail their tests,
    and of independent solutions that agree on the reference.
    """

    kill_rate: float | None = None
    acceptance_rate: float | None = None
    mutation_score: float | None = None
    agreement: float | None = None


def rewrite_to_proto(rewrite: Rewrite) -> rewrite_pb2.Rewrite:
    """Write a rewrite for the wire. Raises SubmissionError, as ``submissions.to_proto`` does."""
    message = rewrite_pb2.Rewrite(submission=submission_to_proto(rewrite.submission))
    _fill(message.solutions, rewrite.solutions, "solutions")
    _fill(message.wrong_answers, rewrite.wrong_answers, "wrong_answers")
    if (premises := rewrite.premises) is not None:
        written = message.premises
        written.SetInParent()
        for index, unknown in enumerate(premises.unknowns):
            name = _text(unknown.name, f"premises.unknowns[{index}]")
            written.unknowns.add(name=name, domain=_DOMAINS[unknown.domain])
        _fill(written.constraints, premises.constraints, "premises.constraints")
        written.asked = _text(premises.asked, "premises.asked")
        _fill(written.degenerate, premises.degenerate, "premises.degenerate")
    if (key := rewrite.key) is not None:
        message.key.source = _text(key.source, "key.source")
        message.key.language = _text(key.language, "key.language")
    message.reference_solution = _text(rewrite.reference_solution, "reference_solution")
    return message


def thresholds_to_proto(thresholds: Thresholds) -> rewrite_pb2.RewriteThresholds:
    """Write thresholds for the wire; what is None stays unset."""
    return rewrite_pb2.RewriteThresholds(
        kill_rate=thresholds.kill_rate,
        acceptance_rate=thresholds.acceptance_rate,
        mutation_score=thresholds.mutation_score,
        agreement=thresholds.agreement,
    )


def _fill(into: MutableSequence[str], texts: Iterable[str], path: str) -> None:
    for index, each in enumerate(texts):
        into.append(_text(each, f"{path}[{index}]"))


def _text(value: object, path: str) -> str:
    """``value``, if it is text that UTF-8 can carry."""
    if not isinstance(value, str):
        raise SubmissionError(f"{path}: must be text, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SubmissionError(
            f"{path}: holds half a surrogate pair, which UTF-8 cannot carry; replace it"
        ) from None
    return value
