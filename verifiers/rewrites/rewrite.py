"""A rewritten problem, as it is examined."""

import enum
from dataclasses import dataclass
from typing import Any


class Domain(enum.Enum):
    """The values an unknown may have. All are finite."""

    REAL = "REAL"
    POSITIVE = "POSITIVE"
    NONNEGATIVE = "NONNEGATIVE"
    INTEGER = "INTEGER"
    NATURAL = "NATURAL"
    POSITIVE_INTEGER = "POSITIVE_INTEGER"


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
    """A program that computes the answer by itself and prints it."""

    source: str
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A problem, the task its answers are judged by, and what else is known about it.

    ``task`` is of the type that ``verifier`` reads. ``solutions`` are responses of models, each
    independent of the others. ``wrong_answers`` are what stands in the box or, for code and Lean, a
    whole response. ``reference_solution`` is a response that passes, for code and Lean.
    """

    verifier: str
    task: Any
    problem: str
    solutions: tuple[str, ...] = ()
    wrong_answers: tuple[str, ...] = ()
    reference_solution: str = ""
