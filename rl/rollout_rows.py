"""Rows of a data set as rollouts: the submissions of ``rows.py``, with facts of their generation.

The columns beside those of a submission are all optional: ``token_ids``, a list of integers, or
``token_count``, how many they were, and ``finish_reason``: "stop", "length" or "aborted". Where the
column of responses holds a list, these hold one value for each. A ``stamp`` (see
``stamps.py``) goes with each rollout of its row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewards import FinishReason, Generation, Rollout
from assayoffice.rl.rows import RowForm, each_usable, submissions
from assayoffice.rl.sources import Record, UnusableRow
from assayoffice.rl.stamps import stamp_of
from assayoffice.rl.verl.rows import kind

_FINISH_REASONS = {
    each.value.lower(): each for each in FinishReason if each is not FinishReason.UNKNOWN
}


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A rollout of a file, or the error that stands for its result; the rest is as in ``Row``."""

    number: int
    offset: int
    rollout: Rollout | ItemError


def rollout_rows(records: Iterator[Record], form: RowForm) -> Iterator[RolloutRow]:
    """The rollouts of a file, in its order."""
    for record, found in each_usable(records, form, _rollouts):
        yield RolloutRow(record.number, record.offset, found)


def _rollouts(row: Mapping[str, object], number: str, form: RowForm) -> list[Rollout]:
    found = submissions(row, number, form)
    stamp = stamp_of(row)
    if not isinstance(row[form.response_column], list):
        (submission,) = found
        facts = (row.get("token_ids"), row.get("token_count"), row.get("finish_reason"))
        return [Rollout(submission, _generation(*facts, place=""), stamp)]
    columns = (
        _each_of(row, "token_ids", len(found)),
        _each_of(row, "token_count", len(found)),
        _each_of(row, "finish_reason", len(found)),
    )
    return [
        Rollout(submission, _generation(*facts, place=f"[{index}]"), stamp)
        for index, (submission, *facts) in enumerate(zip(found, *columns, strict=True))
    ]


def _each_of(row: Mapping[str, object], column: str, count: int) -> Sequence[object]:
    """The values of a column for each of the responses."""
    values = row.get(column)
    if values is None:
        return [None] * count
    if not isinstance(values, list) or len(values) != count:
        held = f"{len(values)} values" if isinstance(values, list) else kind(values)
        raise UnusableRow(f"{column}: must be a list of {count}, as many as responses, not {held}")
    return values


def _generation(
    token_ids: object, token_count: object, finish_reason: object, *, place: str
) -> Generation:
    if token_count is not None and type(token_count) is not int:
        raise UnusableRow(f"token_count{place}: must be an integer, not {kind(token_count)}")
    return Generation(
        _token_ids(token_ids, f"token_ids{place}"),
        token_count,
        _finish_reason(finish_reason, f"finish_reason{place}"),
    )


def _token_ids(written: object, path: str) -> Sequence[int]:
    if written is None:
        return ()
    if not isinstance(written, list):
        raise UnusableRow(f"{path}: must be a list of integers, not {kind(written)}")
    for index, each in enumerate(written):
        if type(each) is not int:
            raise UnusableRow(f"{path}[{index}]: must be an integer, not {kind(each)}")
    return written


def _finish_reason(written: object, path: str) -> FinishReason:
    if written is None:
        return FinishReason.UNKNOWN
    reason = _FINISH_REASONS.get(written) if isinstance(written, str) else None
    if reason is None:
        shown = repr(written[:40]) if isinstance(written, str) else kind(written)
        raise UnusableRow(
            f"{path}: must be one of {', '.join(_FINISH_REASONS)}, or left out, not {shown}"
        )
    return reason
