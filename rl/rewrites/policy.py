"""What a data set asks of its rows and of itself: a TOML file, ``strict.toml`` by default.

``strict.toml`` says what each key means. A policy is whole by itself: what it leaves out has the
values that the classes here give, which are those of ``strict.toml``.
"""

import enum
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from assayoffice.rl.rewrites.policy_values import one_of, share, similarity, unknown, whole
from assayoffice.rl.rewrites.rewrite import Thresholds
from assayoffice.rl.rewrites.rows import Kind
from assayoffice.rl.submissions import BUILT_IN
from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.tables import Table

STRICT = Path(__file__).with_name("strict.toml")
#: The checks of a report, in its order.
CHECKS = (
    "round_trip",
    "discrimination",
    "premises",
    "leak",
    "wording",
    "solutions",
    "key",
    "tests",
    "statement",
)
SET_CHECKS = (
    "duplicates",
    "near_duplicates",
    "unchanged",
    "templates",
    "contamination",
    "balance",
)
# What shares may be asked of: of real rows in a domain, and of the rows with some value.
_SHARES = ("real", "kind", "domain", "verifier", "answer_type")

#: The smallest and the largest share, both in [0, 1].
Bounds: TypeAlias = tuple[float, float]


class PolicyError(ConfigError):
    """The policy cannot be used; the message names the file, the key and the remedy."""


class Gate(enum.Enum):
    """What a check means for whether a row is admitted."""

    #: It must pass; a row to which it does not apply is kept out.
    REQUIRED = "required"
    #: Where it applies, it must pass: failed and undecided keep a row out.
    APPLICABLE = "applicable"
    #: It is reported and keeps nothing out.
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Checks that must apply to the rows of a kind and a verifier; None is any. ``name`` is ours.

    All of ``checks``, and at least one of ``one_of`` where there are some.
    """

    name: str
    kind: Kind | None
    verifier: str | None
    checks: tuple[str, ...]
    one_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """What is asked of the set as a whole. Shares are in [0, 1].

    ``gates`` maps names of set checks to ``"required"``, which each is without it, or
    ``"report"``. Two similarities are of the sets of ``shingle_words`` words: from which rewrites
    of different originals, and of one original, are near-duplicates. ``shares`` holds, for
    ``"real"``, the bounds of the share of real rows in each domain, and for the others the bounds
    of the share of rows with each value; ``"*"`` is every value that is not named. Sets of fewer
    than ``min_rows_for_shares`` rows fail no share.
    """

    gates: Mapping[str, str] = field(default_factory=dict[str, str])
    near_duplicate_similarity: float = 0.8
    same_original_similarity: float = 0.95
    shingle_words: int = 3
    max_template_share: float = 0.2
    min_rows_for_shares: int = 50
    decontaminate: tuple[str, ...] = ()
    decontaminate_column: str = ""
    ngram_words: int = 13
    short_ngram_words: int = 8
    shares: Mapping[str, Mapping[str, Bounds]] = field(
        default_factory=dict[str, Mapping[str, Bounds]]
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy. ``gates`` has every check of a report; the score is in [0, 1]."""

    gates: Mapping[str, Gate]
    requirements: tuple[Requirement, ...]
    thresholds: Thresholds
    minimum_score: float
    sets: SetPolicy


def read_policy(file: Path = STRICT) -> Policy:
    """Read a policy. Raises PolicyError, and OSError where the file cannot be read."""
    try:
        written = tomllib.loads(file.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise PolicyError(f"{file}: byte {error.start} is not UTF-8; re-encode it") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"{file}: not TOML: {error}") from None
    try:
        top = Table(file, "", written)
        policy = Policy(
            gates=_gates(top.table("gates")),
            requirements=tuple(_requirement(top, file, name) for name in top.mapping("require")),
            thresholds=_thresholds(top.table("thresholds")),
            minimum_score=share(top, "minimum_score", 0.0),
            sets=_sets(file, top.table("sets")),
        )
        top.refuse_others()
    except ConfigError as error:
        raise PolicyError(str(error)) from None
    return policy


def refuse_unknown_verifiers(policy: Policy, served: Collection[str]) -> None:
    """Raise PolicyError for a requirement of a verifier that is neither ours nor ``served``.

    It would be a requirement of no row: a name that was mistyped would admit what it is to keep
    out.
    """
    known = sorted({*BUILT_IN, *served})
    for each in policy.requirements:
        if each.verifier is not None and each.verifier not in known:
            said = unknown(each.verifier, known)
            raise PolicyError(f"require.{each.name}.verifier: {said}")


def _gates(table: Table) -> Mapping[str, Gate]:
    gates = {
        name: Gate(one_of(table, name, [each.value for each in Gate], Gate.APPLICABLE.value))
        for name in CHECKS
    }
    table.refuse_others()
    return gates


def _requirement(top: Table, file: Path, name: str) -> Requirement:
    written = top.mapping("require")[name]
    if not isinstance(written, dict):
        raise top.wrong(f"require.{name}", "must be a table")
    table = Table(file, f"require.{name}", written)
    requirement = Requirement(
        name=name,
        kind=Kind(one_of(table, "kind", list(Kind))) if table.has("kind") else None,
        verifier=table.text("verifier") if table.has("verifier") else None,
        checks=_checks(table, "checks"),
        one_of=_checks(table, "one_of"),
    )
    table.refuse_others()
    return requirement


def _checks(table: Table, key: str) -> tuple[str, ...]:
    names = table.texts(key)
    for name in names:
        if name not in CHECKS:
            raise table.wrong(key, unknown(name, CHECKS))
    return names


def _thresholds(table: Table) -> Thresholds:
    thresholds = Thresholds(
        kill_rate=share(table, "kill_rate", 1.0),
        acceptance_rate=share(table, "acceptance_rate", 1.0),
        mutation_score=share(table, "mutation_score", 0.8),
        agreement=share(table, "agreement", 0.5),
    )
    table.refuse_others()
    return thresholds


def _sets(file: Path, table: Table) -> SetPolicy:
    default = SetPolicy()
    gates = table.table("gates")
    grams = whole(table, "ngram_words", default.ngram_words, 1, 100)
    short = min(grams, default.short_ngram_words)
    policy = SetPolicy(
        gates={
            name: one_of(gates, name, [Gate.REQUIRED.value, Gate.REPORT.value])
            for name in SET_CHECKS
            if gates.has(name)
        },
        near_duplicate_similarity=similarity(
            table, "near_duplicate_similarity", default.near_duplicate_similarity
        ),
        same_original_similarity=similarity(
            table, "same_original_similarity", default.same_original_similarity
        ),
        shingle_words=whole(table, "shingle_words", default.shingle_words, 1, 10),
        max_template_share=share(table, "max_template_share", default.max_template_share),
        min_rows_for_shares=whole(
            table, "min_rows_for_shares", default.min_rows_for_shares, 1, None
        ),
        decontaminate=tuple(str(file.parent / each) for each in table.texts("decontaminate")),
        decontaminate_column=(
            table.text("decontaminate_column") if table.has("decontaminate_column") else ""
        ),
        ngram_words=grams,
        short_ngram_words=whole(table, "short_ngram_words", short, 1, grams),
        shares=_shares(file, table.table("shares")),
    )
    gates.refuse_others()
    table.refuse_others()
    return policy


def _shares(file: Path, table: Table) -> Mapping[str, Mapping[str, Bounds]]:
    shares = {}
    for name in _SHARES:
        bounds = {}
        for value, pair in table.mapping(name).items():
            numbers = [each for each in _list(pair) if _is_share(each)]
            if len(numbers) != 2 or len(_list(pair)) != 2 or numbers[0] > numbers[1]:
                raise table.wrong(
                    f"{name}.{value}",
                    "must be the smallest and the largest share, e.g. [0.2, 0.9]",
                )
            bounds[value] = (float(numbers[0]), float(numbers[1]))
        if bounds:
            shares[name] = bounds
    table.refuse_others()
    return shares


def _list(value: object) -> list[float]:
    return value if isinstance(value, list) else []


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
