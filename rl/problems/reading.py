"""Problems of a file, in any of the three forms of row that are known.

- verl's data set, recognised by ``reward_model``: ``prompt`` (messages or text), ``data_source``,
  and what judges as ``rl/verl/rows.py`` reads it. ``id``, ``origin``, ``generator``, ``original``
  and ``demonstration`` may be columns or fields of ``extra_info``.
- Rewrites as ``assay rewrites check --stamp`` writes them, recognised by ``kind``.
- Ours: ``id``, ``domain``, ``prompt`` (messages or text), ``verifier``, ``task`` or ``reference``,
  and the fields above.

A row without a right answer is a problem all the same: a stronger model may answer it.
"""

import json
from collections.abc import Iterator, Mapping

import grpc

from assayoffice.rl.problems.problem import Message, Origin, Problem
from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.rows import from_parquet, row_of, without_nulls
from assayoffice.rl.sources import UnusableRow, open_source
from assayoffice.rl.stamps import stamp_of
from assayoffice.rl.verl.rows import kind, object_of, verifier_and_task

# Judged by what they do, so that a task without a reference is whole.
_BY_ANSWER = ("numeric", "choice")
_ROLES = ("system", "user", "assistant", "tool")
_LONGEST_ID = 200
_DEFAULT = "numeric"


def read_problems(file: str, *, verifier: str | None = None) -> Iterator[Problem | ItemError]:
    """The problems of a file in its order; what is wrong with a row is an error in its place.

    ``verifier`` judges rows that name none ("numeric" where it is None). JSON lines or parquet.
    Raises UnreadableFileError, when it is iterated.
    """
    ids: dict[str, int] = {}
    with open_source(file) as source:
        for record in source.records:
            where = f"{file} row {record.number}"
            id = str(record.number)
            try:
                if isinstance(record.content, UnusableRow):
                    raise record.content
                content = _of_parquet(record.content) if source.parquet else record.content
                problem = problem_of(content, file, record.number, verifier or _DEFAULT)
                id = problem.id
                if id in ids:
                    raise UnusableRow(
                        f"id: {id[:60]!r} is also that of row {ids[id]}; give each problem its own"
                    )
            except UnusableRow as unusable:
                said = f"{where}: {unusable}"
                yield ItemError(id, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ROW", said)
            else:
                ids[id] = record.number
                yield problem


def problem_of(row: Mapping[str, object], file: str, number: int, verifier: str) -> Problem:
    """Read a row. Raises UnusableRow, which names the field and the remedy."""
    said: Mapping[str, object]
    if _is_rewrite(row):
        return _rewrite(row, file, number)
    if "reward_model" in row:
        extra = object_of(row.get("extra_info") or {}, "extra_info")
        # Columns go before, so that a table can be corrected without rewriting a nested one.
        said = {**extra, **{name: value for name, value in row.items() if value is not None}}
        named, task = _task_of_verl(row, verifier)
        domain = said.get("data_source", "")
    else:
        said = row
        named, task = _our_task(row, verifier)
        domain = said.get("domain", "")
    if named not in _BY_ANSWER and not task:
        raise UnusableRow(
            f"task: missing; {named!r} judges by tests or a statement, not by answers"
        )
    _text(json.dumps(task, ensure_ascii=False, default=str), "task")
    provenance = object_of(said.get("provenance") or {}, "provenance")
    origin = said.get("origin", provenance.get("source"))
    return Problem(
        id=_id(said, number),
        domain=_text(domain, "data_source" if "reward_model" in row else "domain"),
        messages=_messages(row.get("prompt")),
        verifier=named,
        task=task,
        has_reference=named not in _BY_ANSWER or bool(task.get("reference")),
        demonstration=_text(said.get("demonstration", ""), "demonstration"),
        origin=_origin(origin),
        generator=_text(said.get("generator", provenance.get("generator", "")), "generator"),
        original=_text(said.get("original", ""), "original"),
        stamp=stamp_of(row),
        file=file,
        number=number,
        row=row,
    )


def _is_rewrite(row: Mapping[str, object]) -> bool:
    return "kind" in row and "problem" in row


def _of_parquet(content: Mapping[str, object]) -> Mapping[str, object]:
    if _is_rewrite(content):
        return from_parquet(content)
    written = {name: value for name, value in content.items() if value is not None}
    return {name: without_nulls(value, name) for name, value in written.items()}


def _rewrite(row: Mapping[str, object], file: str, number: int) -> Problem:
    read = row_of(row, file, number)
    submission, stamp = read.rewrite.submission, stamp_of(row)
    task = submission.task
    assert isinstance(task, Mapping)  # As rows are read.
    return Problem(
        id=read.id,
        domain=read.domain,
        messages=(Message("user", read.problem),),
        verifier=submission.verifier,
        task=task,
        has_reference=True,
        demonstration=read.rewrite.reference_solution,
        origin=Origin(read.source.value),
        generator=_text(
            object_of(row["provenance"], "provenance").get("generator", ""), "generator"
        ),
        original=read.original_id,
        stamp=stamp,
        file=file,
        number=number,
        row=row,
    )


def _task_of_verl(row: Mapping[str, object], verifier: str) -> tuple[str, Mapping[str, object]]:
    model = object_of(row.get("reward_model"), "reward_model")
    extra = row.get("extra_info")
    tasks = [model.get("task"), extra.get("task") if isinstance(extra, dict) else None]
    if model.get("ground_truth", "") != "" or any(each is not None for each in tasks):
        return verifier_and_task(row, default=verifier)
    named, _ = verifier_and_task(
        {**row, "reward_model": {**model, "ground_truth": {}}}, default=verifier
    )
    return named, {}


def _our_task(row: Mapping[str, object], default: str) -> tuple[str, Mapping[str, object]]:
    verifier = row.get("verifier", default)
    if not isinstance(verifier, str):
        raise UnusableRow(f"verifier: must be text, not {kind(verifier)}")
    task, reference = row.get("task"), row.get("reference")
    match task, reference:
        case None, None:
            return verifier, {}
        case dict(), None:
            return verifier, object_of(task, "task")
        case None, str():
            return verifier, {"reference": reference}
        case None, _:
            raise UnusableRow(f"reference: must be text, not {kind(reference)}; put it in quotes")
        case _, None:
            raise UnusableRow(f"task: must be an object, not {kind(task)}")
    raise UnusableRow("task, reference: only one of them may be given")


def _id(said: Mapping[str, object], number: int) -> str:
    for name in ("id", "uid", "index"):
        value = said.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value):
            if len(str(value)) > _LONGEST_ID:
                raise UnusableRow(f"{name}: longer than {_LONGEST_ID} characters; shorten it")
            return _text(str(value), name)
        if value is not None:
            raise UnusableRow(f"{name}: must be text or an integer, not {kind(value)}")
    return str(number)


def _messages(prompt: object) -> tuple[Message, ...]:
    match prompt:
        case str() if prompt.strip():
            return (Message("user", prompt),)
        case list() if prompt:
            return tuple(_message(each, f"prompt[{index}]") for index, each in enumerate(prompt))
    held = "nothing" if prompt in (None, "", []) else kind(prompt)
    raise UnusableRow(f"prompt: must be text or a list of chat messages, not {held}")


def _message(written: object, path: str) -> Message:
    fields = object_of(written, path)
    role, content = fields.get("role"), fields.get("content")
    if role not in _ROLES or not isinstance(role, str):
        raise UnusableRow(f"{path}.role: must be one of {', '.join(_ROLES)}, not {kind(role)}")
    return Message(role, _text(content, f"{path}.content"))


def _origin(written: object) -> Origin | None:
    if written is None:
        return None
    if isinstance(written, str) and written in {each.value for each in Origin}:
        return Origin(written)
    shown = repr(written[:40]) if isinstance(written, str) else kind(written)
    raise UnusableRow(f"origin: must be one of {', '.join(Origin)}, not {shown}")


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise UnusableRow(f"{path}: must be text, not {kind(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnusableRow(
            f"{path}: holds half a surrogate pair, which UTF-8 cannot carry; replace it"
        ) from None
    return value
