"""Has the answers of a file judged and grouped: many calls at once, memory bounded, resumable."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.judging.asking import Asked, ask, asked, problems_digest, unanswered
from assayoffice.rl.judging.errors import JudgingError
from assayoffice.rl.judging.journal import Journal, Judged
from assayoffice.rl.judging.lines import Line
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.sampling.answers import read_failures, read_header

# Long answers fill a call by their size, short ones by their number. Small calls are answered soon,
# and what they found is kept.
_PROBLEMS_PER_CALL = 32
_CHARACTERS_PER_CALL = 4_000_000
_LIST_SECONDS = 60.0

#: Has problems judged somewhere, and yields what became of them in any order.
Through = Callable[[Iterable[Asked]], Iterator[Line]]


def judge_answers(
    client: Client,
    answers: Path,
    problems: Sequence[Problem],
    output: Path,
    *,
    progress: Callable[[int, int], None],
    references: Mapping[str, str] | None = None,
    timeout: float = 600.0,
    concurrency: int = 4,
    through: Through | None = None,
) -> Judged:
    """Judge the answers to ``problems``; what was judged before stays in the journal ``output``.

    ``references`` are the answers to judge by for problems without one, by id. ``progress`` is told
    how many problems are finished, of how many. At most ``concurrency`` calls are under way, each
    for ``timeout`` seconds; a call that is too late or shed gives its problems errors, which are
    tried again by the next run. ``through`` may have them judged elsewhere.

    Raises JudgingError, SamplingError for answers that cannot be read, OSError, and ServiceError
    when the service is gone or refuses the calls: what was judged by then is in the journal.
    """
    references = references or {}
    facts = {
        "answers": _made_by(answers),
        "problems": problems_digest(problems),
        "references": _digest(dict(references)),
    }
    with Journal(output, facts) as journal:
        _same_verifiers(client, journal, output)
        done, found, before = 0, set[str](), set[str]()

        def remaining() -> Iterator[Asked]:
            for each in asked(answers, problems, references):
                found.add(each.responses.id)
                if journal.has(each.responses.id, each.digest):
                    before.add(each.responses.id)
                else:
                    yield each

        progress(0, len(problems))
        send = through or (lambda each: _through(client, each, timeout, concurrency))
        for line in send(remaining()):
            journal.write(line)
            done += 1
            progress(len(before) + done, len(problems))
        for line in unanswered(problems, found, read_failures(answers)):
            journal.write(line)
        progress(len(problems), len(problems))
        return journal.judged()


def _through(
    client: Client, problems: Iterable[Asked], timeout: float, concurrency: int
) -> Iterator[Line]:
    calls = _calls(problems)
    waiting: set[Future[list[Line]]] = set()
    with ThreadPoolExecutor(concurrency) as pool:
        try:
            while True:
                for call in itertools.islice(calls, concurrency - len(waiting)):
                    waiting.add(pool.submit(ask, client, call, timeout))
                if not waiting:
                    return
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for each in finished:
                    yield from each.result()
        finally:
            for left in waiting:
                left.cancel()
            if waiting:
                # Nobody wants these answers: do not sit out their deadlines.
                client.close()


def _calls(problems: Iterable[Asked]) -> Iterator[list[Asked]]:
    call: list[Asked] = []
    characters = 0
    for each in problems:
        call.append(each)
        characters += sum(map(len, each.responses.responses))
        if len(call) == _PROBLEMS_PER_CALL or characters >= _CHARACTERS_PER_CALL:
            yield call
            call, characters = [], 0
    if call:
        yield call


def _same_verifiers(client: Client, journal: Journal, output: Path) -> None:
    """Nobody there, or others than before? Say so before anything is judged."""
    serving = {
        each.name: each.hallmark.digest
        for each in client.list_verifiers(timeout=_LIST_SECONDS)
        if each.serving
    }
    for name, digest in journal.hallmarks.items():
        if name in serving and serving[name] != digest:
            raise JudgingError(
                f"{output}: {name} judged under the hallmark {digest[:16]}, and the one in service "
                f"has {serving[name][:16]}; have the former serve, or judge all into another file"
            )


def _made_by(answers: Path) -> str:
    """A digest of what answers were made from; of the answers themselves, where nobody knows.

    Sampling again may give answers to problems that had none, and those of the others stay.
    """
    header = read_header(answers)
    if header is not None:
        return _digest([header.request.as_json(), dict(header.model), header.problems])
    with answers.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
