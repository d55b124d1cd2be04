"""Has rows checked: many calls at once, outcomes in the order of the rows, memory bounded."""

import re
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from assayoffice.rl.client import Client
from assayoffice.rl.errors import DeadlineError, OverloadedError
from assayoffice.rl.results import ItemError, item_error
from assayoffice.rl.rewrites.caching import Cache, content_of, key_of
from assayoffice.rl.rewrites.gates import failed
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.policy import Policy
from assayoffice.rl.rewrites.reading import Read
from assayoffice.rl.rewrites.reports import Report, ReportResult
from assayoffice.rl.rewrites.rewrite import Rewrite, Thresholds

# A rewrite is some forty verdicts. Small calls are answered soon, and what they found is kept.
_CHECKED_PER_CALL = 16
_ROWS_PER_CALL = 256
_BYTES_PER_CALL = 2 * 1024 * 1024
# So that one slow call does not have the others wait until its answer can be handed on.
_CALLS_AHEAD = 4

# Fields of the wire at the start of what is said about them, and what rows call them.
_WIRE_FIELD = re.compile(r"(?:^|(?<=; ))(?:prompt|numeric|choice|code|lean|custom)(?=[.:\[])")
_TASKS = ("numeric", "choice", "code", "lean", "custom")
_ROW_FIELDS = {"prompt": "problem", **dict.fromkeys(_TASKS, "task")}


@dataclass
class _Call:
    """Rows that follow each other, what is known of them, and the rest, which is asked for."""

    rows: list[Read] = field(default_factory=list[Read])
    #: By place in ``rows``.
    known: dict[int, ReportResult] = field(default_factory=dict[int, ReportResult])
    asked: list[tuple[int, Rewrite, bytes | None]] = field(
        default_factory=list[tuple[int, Rewrite, bytes | None]]
    )
    size: int = 0

    def is_full(self) -> bool:
        """Whether the next row belongs to another call."""
        return (
            len(self.asked) >= _CHECKED_PER_CALL
            or len(self.rows) >= _ROWS_PER_CALL
            or self.size >= _BYTES_PER_CALL
        )


@dataclass(frozen=True)
class Checker:
    """Checks rows by a policy. ``digests`` are those that the client told."""

    client: Client
    policy: Policy
    digests: Mapping[str, str]
    cache: Cache | None
    timeout: float
    concurrency: int

    def outcomes(self, rows: Iterable[Read]) -> Generator[tuple[Read, RowOutcome], None, None]:
        """Yield each row with its outcome, in order.

        At most ``concurrency`` calls are under way, each for ``timeout`` seconds. A call that is
        too late or shed gives its rows errors. Raises ServiceError when the service is gone or
        refuses the calls: what was found so far has been yielded and kept.
        """
        calls = self._calls(rows)
        waiting: deque[tuple[_Call, Future[list[ReportResult]]]] = deque()
        with ThreadPoolExecutor(self.concurrency) as pool:
            try:
                while True:
                    while len(waiting) < self.concurrency * _CALLS_AHEAD:
                        if (call := next(calls, None)) is None:
                            break
                        waiting.append((call, pool.submit(self._ask, call)))
                    if not waiting:
                        return
                    call, future = waiting[0]
                    results = future.result()
                    waiting.popleft()
                    yield from self._concluded(call, results)
            finally:
                for _, future in waiting:
                    future.cancel()
                if waiting:
                    # Nobody wants these answers: do not sit out their deadlines.
                    self.client.close()

    def _calls(self, rows: Iterable[Read]) -> Iterator[_Call]:
        call = _Call()
        for read in rows:
            place = len(call.rows)
            call.rows.append(read)
            if isinstance(read.row, ItemError):
                call.known[place] = read.row
            else:
                rewrite = read.row.rewrite
                content = content_of(rewrite)
                call.size += len(content)
                key = self._key(rewrite, content)
                cached = self.cache.get(key, read.id) if self.cache and key else None
                if cached is not None:
                    call.known[place] = cached
                else:
                    call.asked.append((place, rewrite, key))
            if call.is_full():
                yield call
                call = _Call()
        if call.rows:
            yield call

    def _key(self, rewrite: Rewrite, content: str) -> bytes | None:
        digest = self.digests.get(rewrite.submission.verifier)
        return key_of(digest, self._thresholds, content) if digest else None

    def _ask(self, call: _Call) -> list[ReportResult]:
        rewrites = [rewrite for _, rewrite, _ in call.asked]
        if not rewrites:
            return []
        try:
            return self.client.check_rewrites(
                rewrites, thresholds=self._thresholds, timeout=self.timeout
            )
        except (DeadlineError, OverloadedError) as failure:
            return [item_error(each.id, failure.details) for each in rewrites]

    def _concluded(
        self, call: _Call, results: list[ReportResult]
    ) -> Iterator[tuple[Read, RowOutcome]]:
        known = dict(call.known)
        new: list[tuple[bytes, Report]] = []
        for (place, _, key), result in zip(call.asked, results, strict=True):
            known[place] = result
            if key is not None and isinstance(result, Report):
                new.append((key, result))
        if self.cache is not None:
            self.cache.put(new)
        for place, read in enumerate(call.rows):
            result, row = known[place], read.row
            cached = place in call.known and isinstance(result, Report)
            if isinstance(row, ItemError):
                yield read, RowOutcome(None, read.file, read.number, read.id, row)
                continue
            if isinstance(result, ItemError):
                result = _placed(result, f"{read.file} row {read.number}: ")
            kept_out = failed(self.policy, row, result)
            yield (
                read,
                RowOutcome(row, read.file, read.number, read.id, result, kept_out, cached),
            )

    @property
    def _thresholds(self) -> Thresholds:
        return self.policy.thresholds


def _placed(error: ItemError, place: str) -> ItemError:
    """The error of a row, with the names that fields have in rows."""
    message = _WIRE_FIELD.sub(lambda found: _ROW_FIELDS[found[0]], error.message)
    return ItemError(error.id, error.code, error.reason, place + message)
