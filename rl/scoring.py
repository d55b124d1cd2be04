"""Has the rows of a file judged or rewarded: many calls at once, results in row order, memory
bounded.
"""

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from assayoffice.rl.client import Client
from assayoffice.rl.dialects import FactT, ItemT
from assayoffice.rl.errors import DeadlineError, OverloadedError
from assayoffice.rl.results import ItemError, Result, item_error
from assayoffice.rl.rewards import Recipe, RewardResult
from assayoffice.rl.rollout_rows import RolloutRow
from assayoffice.rl.rows import Row

ROWS_PER_CALL = 64

RowT = TypeVar("RowT")


def judge(
    client: Client, rows: Iterable[Row], *, timeout: float, concurrency: int
) -> Generator[tuple[Row, Result], None, None]:
    """Yield each row with its result, in order.

    At most ``concurrency`` calls of ``ROWS_PER_CALL`` rows are under way, each for ``timeout``
    seconds. A call that is too late or shed gives its rows errors. Raises ServiceError when the
    service is gone or refuses the calls: the rows so far have been yielded and stay true.
    """
    asked = ((row, row.submission) for row in rows)
    return _answered(
        client, asked, lambda items: client.verify_batch(items, timeout=timeout), concurrency
    )


def reward(
    client: Client, rows: Iterable[RolloutRow], recipe: Recipe, *, timeout: float, concurrency: int
) -> Generator[tuple[RolloutRow, RewardResult], None, None]:
    """Yield each row with its reward, in order, under the terms of ``judge``.

    Raises SubmissionError, too, where the recipe's options have no form on the wire.
    """
    asked = ((row, row.rollout) for row in rows)
    return _answered(
        client,
        asked,
        lambda items: client.compute_rewards(items, recipe, timeout=timeout),
        concurrency,
    )


def _answered(
    client: Client,
    asked: Iterable[tuple[RowT, ItemT | ItemError]],
    ask: Callable[[list[ItemT]], list[FactT | ItemError]],
    concurrency: int,
) -> Generator[tuple[RowT, FactT | ItemError], None, None]:
    waiting: deque[tuple[list[RowT], Future[list[FactT | ItemError]]]] = deque()
    calls = _calls(asked)
    with ThreadPoolExecutor(concurrency) as pool:
        try:
            while True:
                for call in itertools.islice(calls, concurrency - len(waiting)):
                    rows, items = [row for row, _ in call], [item for _, item in call]
                    waiting.append((rows, pool.submit(_answers, items, ask)))
                if not waiting:
                    return
                rows, future = waiting[0]
                results = future.result()
                waiting.popleft()
                yield from zip(rows, results, strict=True)
        finally:
            for _, future in waiting:
                future.cancel()
            if waiting:
                # Nobody wants these answers: do not sit out their deadlines.
                client.close()


def _calls(asked: Iterable[tuple[RowT, ItemT]]) -> Iterator[list[tuple[RowT, ItemT]]]:
    remaining = iter(asked)
    while call := list(itertools.islice(remaining, ROWS_PER_CALL)):
        yield call


def _answers(
    items: list[ItemT | ItemError], ask: Callable[[list[ItemT]], list[FactT | ItemError]]
) -> list[FactT | ItemError]:
    usable = [item for item in items if not isinstance(item, ItemError)]
    try:
        results = ask(usable)
    except (DeadlineError, OverloadedError) as failure:
        results = [item_error(each.id, failure.details) for each in usable]
    answered = iter(results)
    return [item if isinstance(item, ItemError) else next(answered) for item in items]
