"""Rows of a data set, read one by one and turned into submissions.

Two forms of row are known. Ours::

    {"id": "1", "verifier": "numeric", "response": "...", "task": {"reference": "1/2"}}

where ``"reference": "1/2"`` may stand for a task of one string and ``"prompt"`` may be added; and
verl's data set as it is, recognised by its ``reward_model``, with a column of responses beside it.
Its ``ground_truth`` is the reference, or the task as an object, which for "code" and "lean" may be
JSON text. A column may hold a list of responses to one task: each is judged, as ``id/0``,
``id/1`` ...

A row that cannot be used is no reason to stop: it becomes an ``ItemError`` that names the file, the
row, the field and the remedy, in its place among the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import grpc

from assayoffice.rl.results import ItemError
from assayoffice.rl.sources import Record, UnusableRow
from assayoffice.rl.submissions import Submission
from assayoffice.rl.verl.rows import kind, object_of, question, verifier_and_task

FoundT = TypeVar("FoundT")


@dataclass(frozen=True, slots=True)
class RowForm:
    """How rows are read: what the caller's flags say overrides what a row says.

    ``task`` holds fields that are laid over each row's task. ``verifier`` None leaves the choice to
    the row, and ``numeric`` where a verl row names none.
    """

    file: str
    verifier: str | None = None
    task: Mapping[str, object] | None = None
    response_column: str = "response"


@dataclass(frozen=True, slots=True)
class Row:
    """A submission of a file, or the error that stands for its result.

    ``offset`` says how far into the file the row ends, in the unit of ``Source.total``.
    """

    number: int
    offset: int
    submission: Submission | ItemError


def rows(records: Iterator[Record], form: RowForm) -> Iterator[Row]:
    """The submissions of a file, in its order."""
    for record, found in each_usable(records, form, submissions):
        yield Row(record.number, record.offset, found)


def each_usable(
    records: Iterator[Record],
    form: RowForm,
    read: Callable[[Mapping[str, object], str, RowForm], Sequence[FoundT]],
) -> Iterator[tuple[Record, FoundT | ItemError]]:
    """Everything that ``read`` finds in the rows of a file, in its order.

    ``read`` is given a row, its number as text, and the form. Where it raises UnusableRow, the row
    becomes an error.
    """
    for record in records:
        where = f"{form.file} row {record.number}"
        try:
            if isinstance(record.content, UnusableRow):
                raise record.content
            found = read(record.content, str(record.number), form)
        except UnusableRow as unusable:
            id = _name(record.content, str(record.number))
            error = ItemError(
                id, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ROW", f"{where}: {unusable}"
            )
            yield record, error
        else:
            for each in found:
                yield record, each


def submissions(row: Mapping[str, object], number: str, form: RowForm) -> list[Submission]:
    """The submissions of a row, one for each of its responses. Raises UnusableRow."""
    id = _name(row, number)
    response = row.get(form.response_column)
    if form.response_column not in row:
        raise UnusableRow(
            f"{form.response_column}: missing; --response-column names another column "
            f"(this row has {', '.join(map(str, row)) or 'none'})"
        )
    if "reward_model" in row:
        verifier, task = verifier_and_task(row, override=form.verifier)
    else:
        verifier, task = _ours(row, form)
    task = {**task, **(form.task or {})}
    prompt = question(row.get("prompt"))
    match response:
        case str():
            return [Submission(id, verifier, response, task, prompt)]
        case list() if all(isinstance(each, str) for each in response):
            return [
                Submission(f"{id}/{index}", verifier, each, task, prompt)
                for index, each in enumerate(response)
            ]
    raise UnusableRow(
        f"{form.response_column}: must be text or a list of texts, not {kind(response)}"
    )


def _ours(row: Mapping[str, object], form: RowForm) -> tuple[str, Mapping[str, object]]:
    verifier = form.verifier or row.get("verifier")
    if verifier is None:
        raise UnusableRow(
            'verifier: missing; add it to the row, e.g. "numeric", or pass --verifier'
        )
    if not isinstance(verifier, str):
        raise UnusableRow(f"verifier: must be text, not {kind(verifier)}")
    task, reference = row.get("task"), row.get("reference")
    match task, reference:
        case None, None if form.task is None:
            raise UnusableRow('task: missing; add "task": {...} or "reference": "..." to the row')
        case None, None:
            return verifier, {}
        case (dict(), None):
            return verifier, object_of(task, "task")
        case (None, str()):
            return verifier, {"reference": reference}
        case (None, _):
            raise UnusableRow(f"reference: must be text, not {kind(reference)}; put it in quotes")
        case (_, None):
            raise UnusableRow(f"task: must be an object, not {kind(task)}")
    raise UnusableRow("task, reference: only one of them may be given")


def _name(row: Mapping[str, object] | UnusableRow, number: str) -> str:
    """The id of a row; its number where it has none that can be used."""
    if isinstance(row, UnusableRow):
        return number
    candidates = [row.get("id"), row.get("uid")]
    extra = row.get("extra_info")
    if isinstance(extra, dict):
        candidates.append(extra.get("index"))
    for candidate in candidates:
        if isinstance(candidate, (str, int)) and not isinstance(candidate, bool):
            return str(candidate)
    return number
