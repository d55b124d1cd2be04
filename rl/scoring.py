"""Judges the rows of a file: many calls at once, results in row order, memory bounded."""

import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from assayoffice.rl.client import Client
from assayoffice.rl.errors import DeadlineError, OverloadedError
from assayoffice.rl.results import ItemError, Result, item_error
from assayoffice.rl.rows import Row
from assayoffice.rl.submissions import Submission

ROWS_PER_CALL = 64


def judge(
    client: Client, rows: Iterable[Row], *, timeout: float, concurrency: int
) -> Generator[tuple[Row, Result], None, None]:
    """Yield each row with its result, in order.

    At most ``concurrency`` calls of ``ROWS_PER_CALL`` rows are under way, each for ``timeout``
    seconds. A call that is too late or shed gives its rows errors. Raises ServiceError when the
    service is gone or refuses the calls: the rows so far have been yielded and stay true.
    """
    waiting: deque[tuple[list[Row], Future[list[Result]]]] = deque()
    calls = _calls(rows)
    with ThreadPoolExecutor(concurrency) as pool:
        try:
            while True:
                for call in itertools.islice(calls, concurrency - len(waiting)):
                    waiting.append((call, pool.submit(_judge_call, client, call, timeout)))
                if not waiting:
                    return
                call, future = waiting[0]
                results = future.result()
                waiting.popleft()
                yield from zip(call, results, strict=True)
        finally:
            for _, future in waiting:
                future.cancel()
            if waiting:
                # Nobody wants these answers: do not sit out their deadlines.
                client.close()


def _calls(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while call := list(itertools.islice(remaining, ROWS_PER_CALL)):
        yield call


def _judge_call(client: Client, call: list[Row], timeout: float) -> list[Result]:
    submissions = [row.submission for row in call if isinstance(row.submission, Submission)]
    try:
        results = client.verify_batch(submissions, timeout=timeout)
    except (DeadlineError, OverloadedError) as failure:
        results = [item_error(each.id, failure.details) for each in submissions]
    judged = iter(results)
    return [
        row.submission if isinstance(row.submission, ItemError) else next(judged) for row in call
    ]
