"""The rows that proposals are made from, read from a file.

A row of rewrites is one, and so is an original that is none yet: ``{"id", "problem"}``, with its
``domain`` if it has one. Of a row, a prompt takes the row itself or the original that it names.
"""

from collections.abc import Iterator, Mapping

import grpc

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.propose.lineage import digest_of
from assayoffice.rl.rewrites.propose.proposals import Parent
from assayoffice.rl.rewrites.rows import from_parquet, row_of
from assayoffice.rl.sources import Record, Source, UnusableRow

_MAX_PROBLEM = 20_000


def parents(source: Source) -> Iterator[Parent | ItemError]:
    """The parents of a file, in its order; a row that cannot be used is an error in its place."""
    for record in source.records:
        try:
            yield _parent(record, source.name, source.parquet)
        except UnusableRow as error:
            message = f"{source.name} row {record.number}: {error}"
            code = grpc.StatusCode.INVALID_ARGUMENT
            yield ItemError(_name(record), code, "INVALID_ROW", message)


def _parent(record: Record, file: str, parquet: bool) -> Parent:
    if isinstance(record.content, UnusableRow):
        raise record.content
    content = from_parquet(record.content) if parquet else record.content
    if "kind" in content or "verifier" in content:
        row = row_of(content, file, record.number)
        return Parent(
            number=record.number,
            id=row.id,
            problem=_short(row.problem),
            domain=row.domain,
            digest=digest_of(content),
            content=content,
            row=row,
            original_id=row.original_id,
            original_problem=_short(row.original_problem),
        )
    id, problem = _text(content, "id"), _short(_text(content, "problem"))
    domain = _text(content, "domain") if "domain" in content else ""
    digest = digest_of(content)
    return Parent(record.number, id, problem, domain, digest, content, None, id, problem)


def _text(content: Mapping[str, object], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value.strip():
        raise UnusableRow(
            f"{name}: must be a text that is not empty; a row is a rewrite, or an original of the "
            'form {"id", "problem"}'
        )
    return value


def _short(problem: str) -> str:
    if len(problem) > _MAX_PROBLEM:
        raise UnusableRow(
            f"problem: {len(problem)} characters; rewrites are asked for of at most {_MAX_PROBLEM}"
        )
    return problem


def _name(record: Record) -> str:
    if not isinstance(record.content, UnusableRow):
        id = record.content.get("id")
        if isinstance(id, str) and id:
            return id
    return str(record.number)
