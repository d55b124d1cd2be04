"""Stamps of rows: what says that a task was admitted to a data set, and under which hallmark."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.sources import UnusableRow
from assayoffice.v1 import verdict_pb2

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """``hallmark`` is the digest its verifier had then, ``content`` that of verifier and task.

    Struck by the service when a rewrite is checked. Not a signature: it tells apart what was
    checked from what was changed since.
    """

    hallmark: str
    content: str


def stamp_of(row: Mapping[str, object]) -> Stamp | None:
    """The stamp of a row, None without one.

    It is the row's ``stamp``; in verl's data set, ``reward_model.stamp`` or ``extra_info.stamp``,
    the latter for reward functions, which see no more. Raises UnusableRow for what is none.
    """
    path, written = "stamp", row.get("stamp")
    for name in ("reward_model", "extra_info"):
        column = row.get(name)
        if written is None and isinstance(column, dict):
            path, written = f"{name}.stamp", column.get("stamp")
    if written is None:
        return None
    if isinstance(written, dict):
        hallmark, content = written.get("hallmark"), written.get("content")
        if _is_digest(hallmark) and _is_digest(content):
            return Stamp(str(hallmark), str(content))
    raise UnusableRow(
        f"{path}: must be an object with hallmark and content, 64 hexadecimal digits each; "
        "take it from what `assay rewrites check --stamp` writes"
    )


def stamp_to_proto(stamp: Stamp) -> verdict_pb2.Stamp:
    """Write a stamp for the wire."""
    return verdict_pb2.Stamp(hallmark=stamp.hallmark, content=stamp.content)


def stamp_from_proto(message: verdict_pb2.Stamp) -> Stamp:
    """Read a stamp that a service struck."""
    return Stamp(message.hallmark, message.content)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
