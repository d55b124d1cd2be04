"""From what a model answered to a row that can be checked, or the reason why there is none.

The model writes the fields that the prompt's recipe names, and no others: an id, a stamp, a
provenance or solutions of its own are passed over. Neither does it choose options of the verifier,
since a tolerance would let anything pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.endpoints.completion import Completion
from assayoffice.rl.rewrites.propose.answers import UnreadableAnswerError, object_in
from assayoffice.rl.rewrites.propose.evidence import has_evidence
from assayoffice.rl.rewrites.propose.lineage import Source
from assayoffice.rl.rewrites.propose.prompts import Recipe
from assayoffice.rl.rewrites.propose.values import changed_values
from assayoffice.rl.rewrites.rows import RewriteRow, row_of
from assayoffice.rl.sources import UnusableRow

_PROBLEM_CHARACTERS = 20_000
#: What makes the answer of a row, and what is known about it apart from how it is asked.
_OF_TASK = (
    "task",
    "reference",
    "premises",
    "key",
    "wrong_answers",
    "reference_solution",
)


@dataclass(frozen=True, slots=True)
class Parent:
    """What proposals are made from: a row, or an original that is none yet.

    ``content`` is the row as it was read, ``number`` its place in the file. An original has an id
    and a problem and no task; ``row`` is None for it.
    """

    number: int
    id: str
    problem: str
    domain: str
    digest: str
    content: Mapping[str, object]
    row: RewriteRow | None
    original_id: str
    original_problem: str


class RejectedError(Exception):
    """A proposal that is not taken; ``reason`` is a stable code."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def row_from(
    completion: Completion,
    parent: Parent,
    recipe: Recipe,
    source: Source,
    provenance: Mapping[str, object],
) -> RewriteRow:
    """The row of an answer. Raises RejectedError."""
    try:
        answered = object_in(completion.text, completion.cut_off)
    except UnreadableAnswerError as error:
        raise RejectedError(error.reason, str(error)) from None
    content = _content(answered, parent, recipe, source, provenance)
    try:
        row = row_of(content, "proposal", 1)
    except UnusableRow as error:
        raise RejectedError("INVALID_ROW", str(error)) from None
    if len(row.problem) > _PROBLEM_CHARACTERS:
        raise RejectedError("TOO_LONG", f"problem: over {_PROBLEM_CHARACTERS} characters")
    if recipe.keeps_task and (said := changed_values(parent.problem, row.problem)):
        raise RejectedError("VALUES_CHANGED", f"problem: {said}")
    if recipe.one_of and not any(name in content for name in recipe.one_of):
        wanted = " or ".join(recipe.one_of)
        raise RejectedError(
            "NO_EVIDENCE", f"the answer has no {wanted}, so nothing establishes its reference"
        )
    if recipe.one_of and not has_evidence(row.rewrite):
        given = " and ".join(name for name in ("premises", "key") if name in content)
        raise RejectedError(
            "NO_EVIDENCE", f"{given}: say what the answer is, and nothing that it follows from"
        )
    return row


def _content(
    answered: Mapping[str, object],
    parent: Parent,
    recipe: Recipe,
    source: Source,
    provenance: Mapping[str, object],
) -> dict[str, object]:
    content: dict[str, object] = {"id": source.id, "kind": recipe.kind.value}
    if parent.domain:
        content["domain"] = parent.domain
    # Models write null for what they leave out.
    written = {name: answered[name] for name in recipe.fields if answered.get(name) is not None}
    if recipe.keeps_task:
        inherited = {name: parent.content[name] for name in _OF_TASK if name in parent.content}
        written = {**written, **inherited}
        content["verifier"] = parent.content["verifier"]
    else:
        content["verifier"] = "numeric"
    if recipe.from_row:
        content["original"] = {"id": parent.id, "problem": parent.problem}
    else:
        content["original"] = {"id": parent.original_id, "problem": parent.original_problem}
    return {**content, **written, "provenance": dict(provenance)}
