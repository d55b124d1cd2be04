"""Rows of rewrites: read one by one, each either whole or an error that says what to repair.

``rewrite.schema.json`` beside this file is the same as JSON schema, and docs/rewrites.md explains
the fields. A field that is not known is an error, because ``wrong_answer`` for ``wrong_answers``
would else switch off a check without a word; what belongs to the row and not to us goes into
``provenance``, which is free.

Parquet has the same columns. What is an object or a list in JSON is a struct, a map or a list
there, or JSON text, and nulls are left out.
"""

import enum
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.rewrites.fields import Fields
from assayoffice.rl.rewrites.rewrite import Domain, Key, Premises, Rewrite, Unknown
from assayoffice.rl.sources import UnusableRow, unambiguous_json
from assayoffice.rl.stamps import stamp_of
from assayoffice.rl.submissions import Submission

MAX_TEXTS = 256
_MAX_UNKNOWNS, _MAX_CONSTRAINTS, _MAX_DEGENERATE, _MAX_EXPRESSION = 64, 128, 32, 2000
_MAX_ID, _MAX_LANGUAGE, _MAX_DOMAIN = 256, 32, 200
_VERIFIER = re.compile(r"[a-z][a-z0-9_]{0,63}")
_UNKNOWN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_DOMAINS = {each.value.lower(): each for each in Domain}
# What is easily taken for a file of rewrites, by a field that only it has.
_OF_OTHERS = {
    "reward_model": "a row of a data set for verl",
    "response": "a row for `assay verify`",
    "responses": "a row for `assay verify`",
}
_NESTED = (
    "task",
    "original",
    "provenance",
    "premises",
    "solutions",
    "wrong_answers",
    "key",
    "stamp",
)


class Kind(enum.StrEnum):
    """What was done to the original."""

    PROOF_TO_NUMERIC = "proof_to_numeric"
    CODE_TO_PUZZLE = "code_to_puzzle"
    PROOF_TO_SUB_ANSWERS = "proof_to_sub_answers"
    PARAPHRASE = "paraphrase"
    VARIATION = "variation"


class Provenance(enum.StrEnum):
    """Who wrote the problem."""

    #: People, for people.
    REAL = "real"
    #: A model or a program.
    SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class RewriteRow:
    """A row of a file. ``number`` is its line, or its row in parquet, from 1.

    ``content`` is the row as it was read. ``reference`` is what is shown of the task: its reference
    answer, the statement of a Lean task, and nothing of a code task. ``domain`` and
    ``original_problem`` are empty where the row has none.
    """

    file: str
    number: int
    content: Mapping[str, object]
    id: str
    kind: Kind
    domain: str
    problem: str
    reference: str
    original_id: str
    original_problem: str
    source: Provenance
    rewrite: Rewrite


def row_of(content: Mapping[str, object], file: str, number: int) -> RewriteRow:
    """Read a row. Raises UnusableRow, which names the field and the remedy."""
    row = Fields(content)
    for name, whose in _OF_OTHERS.items():
        if name in content and "kind" not in content:
            raise UnusableRow(
                f"{name}: this is {whose}, not a rewrite; docs/rewrites.md tells what a row of "
                "rewrites holds, and `assay rewrites schema` prints it"
            )
    id = row.text("id", min_length=1, max_length=_MAX_ID)
    kind = Kind(row.choice("kind", tuple(Kind)))
    problem = row.text("problem", pattern=re.compile(r"\S"), says="holds nothing but blanks")
    verifier = row.text(
        "verifier",
        pattern=re.compile(rf"\A{_VERIFIER.pattern}\Z"),
        says='is no name of a verifier, e.g. "numeric"',
    )
    task = _task(row)
    original = row.fields("original")
    original_id = original.text("id", min_length=1)
    original_problem = original.text("problem", default="")
    original.refuse_others()
    provenance = row.fields("provenance")
    source = Provenance(provenance.choice("source", tuple(Provenance)))
    provenance.text("generator", default="")
    domain = row.text("domain", default="", max_length=_MAX_DOMAIN)
    rewrite = Rewrite(
        Submission(id, verifier, "", task, problem),
        premises=_premises(row.fields("premises")) if row.has("premises") else None,
        solutions=row.texts("solutions", max_items=MAX_TEXTS),
        wrong_answers=row.texts("wrong_answers", max_items=MAX_TEXTS),
        key=_key(row.fields("key")) if row.has("key") else None,
        reference_solution=row.text("reference_solution", default=""),
    )
    if row.has("stamp"):
        stamp_of({"stamp": row.fields("stamp").mapping})
    row.refuse_others()
    return RewriteRow(
        file=file,
        number=number,
        content=content,
        id=id,
        kind=kind,
        domain=domain,
        problem=problem,
        reference=_shown(task),
        original_id=original_id,
        original_problem=original_problem,
        source=source,
        rewrite=rewrite,
    )


def from_parquet(content: Mapping[str, object]) -> Mapping[str, object]:
    """A row of parquet as it would stand in JSON lines. Raises UnusableRow."""
    row: dict[str, object] = {}
    for name, value in content.items():
        if value is None:
            continue
        if name in _NESTED and isinstance(value, str):
            try:
                value = unambiguous_json(value)
            except UnusableRow as unusable:
                raise UnusableRow(f"{name}: {unusable}") from None
            except (ValueError, RecursionError) as error:
                raise UnusableRow(f"{name}: not JSON: {error}") from None
        row[name] = without_nulls(value, name)
    return row


def without_nulls(value: object, name: str) -> object:
    """A value of parquet as JSON would have it. Raises UnusableRow for what JSON has not."""
    match value:
        case dict():
            kept = {key: each for key, each in value.items() if each is not None}
            return {key: without_nulls(each, f"{name}.{key}") for key, each in kept.items()}
        case list() if value and all(isinstance(each, tuple) for each in value):
            return without_nulls(_of_map(value, name), name)
        case list():
            return [without_nulls(each, f"{name}[{index}]") for index, each in enumerate(value)]
        case float() if not math.isfinite(value):
            raise UnusableRow(f"{name}: holds {value}, which JSON has not; write it as text")
        case str() | bool() | int() | float() | None:
            return value
    raise UnusableRow(f"{name}: holds {type(value).__name__}, which JSON has not; write it as text")


def _of_map(pairs: list[tuple[object, object]], name: str) -> dict[str, object]:
    """A map of parquet, which may hold a key twice."""
    content: dict[str, object] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise UnusableRow(f"{name}: the keys of a map must be text, not {type(key).__name__}")
        if key in content:
            raise UnusableRow(f"{name}.{key[:40]}: given twice in one map; keep one")
        content[key] = value
    return content


def _task(row: Fields) -> Mapping[str, object]:
    match row.has("task"), row.has("reference"):
        case True, True:
            raise UnusableRow("task, reference: only one of them may be given")
        case True, False:
            return row.fields("task").mapping
        case False, True:
            return {"reference": row.text("reference")}
    raise UnusableRow('task: missing; add "task": {...} or "reference": "..." to the row')


def _premises(fields: Fields) -> Premises:
    unknowns = fields.fields("unknowns")
    if not 1 <= len(unknowns.mapping) <= _MAX_UNKNOWNS:
        raise UnusableRow(
            f"premises.unknowns: must name 1 to {_MAX_UNKNOWNS} unknowns, "
            f"not {len(unknowns.mapping)}"
        )
    for name in unknowns.mapping:
        if not _UNKNOWN.fullmatch(name):
            raise UnusableRow(
                f"premises.unknowns: {name[:40]!r} is no name; a letter, followed by at most 31 "
                "letters, digits and underscores"
            )
    premises = Premises(
        tuple(
            Unknown(name, _DOMAINS[unknowns.choice(name, tuple(_DOMAINS))])
            for name in unknowns.mapping
        ),
        fields.texts("constraints", max_items=_MAX_CONSTRAINTS, max_length=_MAX_EXPRESSION),
        fields.text("asked", min_length=1, max_length=_MAX_EXPRESSION),
        fields.texts("degenerate", max_items=_MAX_DEGENERATE, max_length=_MAX_EXPRESSION),
    )
    fields.refuse_others()
    return premises


def _key(fields: Fields) -> Key:
    key = Key(
        fields.text("source", min_length=1),
        fields.text("language", default="python", min_length=1, max_length=_MAX_LANGUAGE),
    )
    fields.refuse_others()
    return key


def _shown(task: Mapping[str, object]) -> str:
    for name in ("reference", "statement"):
        if isinstance(value := task.get(name), str):
            return value
    return ""
