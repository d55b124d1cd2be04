"""Files of problems and answers for tests, and a fake of the client that groups answers."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import grpc

from assayoffice.rl.groups import Grouping, GroupingResult, ResponseGroup, ResponseSet
from assayoffice.rl.problems.problem import Message, Problem
from assayoffice.rl.results import Hallmark, ItemError, Outcome, VerifierInfo
from assayoffice.rl.sampling.answers import Drawn, answer_row, header_path, question_row
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.stamps import Stamp

DIGEST = "ab" * 32


def problem(id: str, reference: str = "7", domain: str = "sums", **more: object) -> Problem:
    fields: dict[str, object] = {
        "id": id,
        "domain": domain,
        "messages": (Message("user", f"How many are there in {id}?"),),
        "verifier": "numeric",
        "task": {"reference": reference} if reference else {},
        "has_reference": bool(reference),
        "demonstration": "",
        "origin": None,
        "generator": "",
        "original": "",
        "stamp": None,
        "file": "problems.jsonl",
        "number": 1,
        "row": {},
        **more,
    }
    return Problem(**fields)  # type: ignore[arg-type]


def lines(
    problem: Problem,
    responses: Sequence[str],
    greedy: str | None = None,
    tokens: Sequence[int] = (),
    finish: Sequence[str] = (),
) -> list[str]:
    """The lines of a problem in a file of answers."""
    question = question_row(problem)
    rows = [
        answer_row(
            question,
            index,
            Drawn(
                response,
                tokens[index] if tokens else len(response),
                finish[index] if finish else "stop",
            ),
            seed=index,
        )
        for index, response in enumerate(responses)
    ]
    if greedy is not None:
        rows.append(answer_row(question, None, Drawn(greedy, len(greedy), "stop"), seed=0))
    return [json.dumps(each) + "\n" for each in rows]


def write_answers(path: Path, answered: Iterable[tuple[Problem, Sequence[str]]]) -> Path:
    path.write_text("".join(line for each, said in answered for line in lines(each, said)))
    return path


def write_header(answers: Path, model: str = "m", **request: object) -> None:
    """Say what answers were made from, as sampling does."""
    fields = {"samples": 2, "temperature": 1.0, "top_p": 1.0, "max_tokens": 9, "seed": 0, **request}
    header = {
        "assay": "answers",
        "format": 1,
        "request": SamplingRequest(**fields).as_json(),  # type: ignore[arg-type]
        "model": {"name": model},
        "problems": "ef" * 32,
    }
    header_path(answers).write_text(json.dumps(header))


class FakeClient:
    """Groups answers by their text: equal to the reference is right, and "" gives no answer.

    ``failing`` maps ids of problems to what they get instead. ``calls`` are the sets of each call.
    """

    def __init__(self, digest: str = DIGEST, by_answer: bool = True) -> None:
        self.digest = digest
        self.by_answer = by_answer
        self.failing: dict[str, ItemError | Exception] = {}
        self.calls: list[list[ResponseSet]] = []
        self.closed = False

    def list_verifiers(self, *, timeout: float) -> list[VerifierInfo]:
        hallmark = Hallmark("numeric", "1", self.digest)
        return [VerifierInfo("numeric", "", hallmark, True, "", "numeric", "", {}, ())]

    def group_responses(
        self, sets: Iterable[ResponseSet], *, timeout: float
    ) -> list[GroupingResult]:
        several = list(sets)
        self.calls.append(several)
        return [self._group(each) for each in several]

    def close(self) -> None:
        self.closed = True

    def _group(self, item: ResponseSet) -> GroupingResult:
        failure = self.failing.get(item.id)
        if isinstance(failure, Exception):
            raise failure
        if failure is not None:
            return failure
        reference = item.task.get("reference")
        places: dict[str, list[int]] = {}
        for place, response in enumerate(item.responses):
            places.setdefault(response.strip(), []).append(place)
        silent = places.pop("", [])
        groups = []
        for answer, members in places.items():
            right = Outcome.CORRECT if answer == reference else Outcome.INCORRECT
            groups.append(ResponseGroup(answer, tuple(members), right if reference else None))
        hallmark = Hallmark(item.verifier, "1", self.digest)
        stamp = Stamp(self.digest, "cd" * 32)
        return Grouping(item.id, tuple(groups), tuple(silent), self.by_answer, hallmark, stamp)


def shed(id: str) -> ItemError:
    return ItemError(id, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", "the queue is full")
