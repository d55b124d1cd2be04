"""The file that answers go to: JSON lines, one for each answer, and a header beside it.

Lines have the form of verl's rows with the answer beside them, so ``assay verify`` reads the file::

    {"id": "PROBLEM/0", "problem": "PROBLEM", "sample": 0, "data_source": "...", "prompt": [...],
     "reward_model": {"style", "ground_truth", "verifier", "task"}, "response": "...",
     "token_count": 12, "finish_reason": "stop", "greedy": false, "seed": 1}

A greedy answer is ``PROBLEM/greedy`` and its ``sample`` null. Answers to a problem stand together.
``FILE.header.json`` says what the file was made from, and ``FILE.failed.jsonl`` names problems that
got no answer; of those nothing stands in the file itself. See ``journal.py`` for how it is written.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.problems.problem import Message, Problem
from assayoffice.rl.problems.verl_rows import verl_row
from assayoffice.rl.sampling.errors import SamplingError
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sources import UnusableRow
from assayoffice.rl.verl.rows import kind, verifier_and_task

_GREEDY = "greedy"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What an engine or endpoint gives; as the fields of ``Answer``."""

    response: str
    token_count: int
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a problem.

    ``sample`` is its index, None for the greedy one. ``token_count`` is 0 where nobody counted, and
    ``finish_reason`` what the engine or endpoint said: "length" for one that was cut off.
    """

    problem: str
    sample: int | None
    domain: str
    messages: tuple[Message, ...]
    verifier: str
    task: Mapping[str, object]
    response: str
    token_count: int
    finish_reason: str
    seed: int

    @property
    def id(self) -> str:
        """Its name: that of the problem, and of the sample."""
        return f"{self.problem}/{_GREEDY if self.sample is None else self.sample}"

    @property
    def greedy(self) -> bool:
        """Whether it was drawn at temperature 0."""
        return self.sample is None

    @property
    def cut_off(self) -> bool:
        """Whether it ended at the limit of tokens."""
        return self.finish_reason == "length"


@dataclass(frozen=True, slots=True)
class Header:
    """What a file of answers was made from.

    ``model`` are the facts of the model, its ``name`` among them. ``problems`` is the SHA-256 of
    the ids and messages of all problems that are asked, in their order.
    """

    request: SamplingRequest
    model: Mapping[str, object]
    problems: str


def header_path(answers: Path) -> Path:
    """Where the header of a file of answers lies."""
    return answers.with_name(answers.name + ".header.json")


def failures_path(answers: Path) -> Path:
    """Where the problems are named that got no answer."""
    return answers.with_name(answers.name + ".failed.jsonl")


def read_header(answers: Path) -> Header | None:
    """What a file of answers was made from, None where there is no header. Raises SamplingError."""
    path = header_path(answers)
    try:
        return header_of(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError):
        raise SamplingError(
            f"{path}: not the header of answers that were sampled; delete it with {answers.name} "
            "and sample again"
        ) from None


def header_of(written: Mapping[str, object]) -> Header:
    """Read a header. Raises ValueError, LookupError and TypeError for what is none."""
    if written["assay"] != "answers" or written["format"] != 1:
        raise ValueError("of another format")
    request, model, problems = written["request"], written["model"], written["problems"]
    if not (isinstance(request, dict) and isinstance(model, dict) and isinstance(problems, str)):
        raise TypeError("fields of another kind")
    return Header(SamplingRequest.from_json(request), model, problems)


def discard(answers: Path) -> None:
    """Remove a file of answers and what lies beside it."""
    for each in (answers, failures_path(answers), header_path(answers)):
        each.unlink(missing_ok=True)


def read_answers(path: Path) -> Iterator[Answer]:
    """The answers of a file; a last line that was never finished is left out.

    Raises SamplingError, which names the row and the field, and OSError.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                content = json.loads(line)
                if not isinstance(content, dict):
                    raise UnusableRow("not a JSON object")
                yield answer_of(content)
            except UnusableRow as error:
                raise SamplingError(f"{path} row {number}: {error}") from None
            except (ValueError, RecursionError) as error:
                raise SamplingError(f"{path} row {number}: not JSON: {error}") from None


def read_failures(answers: Path) -> Mapping[str, str]:
    """Why problems got no answer, by id; they are asked again when sampling goes on."""
    try:
        with failures_path(answers).open("rb") as lines:  # Text may hold other ends of lines.
            written = [json.loads(line) for line in lines if line.endswith(b"\n")]
    except FileNotFoundError:
        return {}
    return {str(each["problem"]): str(each["error"]) for each in written}


def answer_of(content: Mapping[str, object]) -> Answer:
    """Read a line. ``problem`` and ``sample`` may be left to the id, and the seed left out.

    Raises UnusableRow, which names the field.
    """

    def text(name: str) -> str:
        value = content.get(name)
        if not isinstance(value, str):
            raise UnusableRow(f"{name}: must be text, not {kind(value)}")
        return value

    def integer(name: str, otherwise: int) -> int:
        value = content.get(name, otherwise)
        if not isinstance(value, int) or isinstance(value, bool):
            raise UnusableRow(f"{name}: must be an integer, not {kind(value)}")
        return value

    problem, _, last = text("id").rpartition("/")
    if last != _GREEDY and not (last.isdecimal() and last.isascii()):
        raise UnusableRow("id: must be PROBLEM/NUMBER or PROBLEM/greedy")
    verifier, task = verifier_and_task(content)
    return Answer(
        problem=text("problem") if "problem" in content else problem,
        sample=None if last == _GREEDY else int(last),
        domain=text("data_source"),
        messages=_messages(content.get("prompt")),
        verifier=verifier,
        task=task,
        response=text("response"),
        token_count=integer("token_count", 0),
        finish_reason=text("finish_reason") if "finish_reason" in content else "",
        seed=integer("seed", 0),
    )


def question_row(problem: Problem) -> dict[str, object]:
    """What all answers to a problem have in common in their lines."""
    as_verl = verl_row(problem, index=0, split="", facts={})
    model = as_verl["reward_model"]
    assert isinstance(model, dict)  # As verl_row writes it.
    return {
        "problem": problem.id,
        "data_source": problem.domain,
        "prompt": as_verl["prompt"],
        "reward_model": {**model, "verifier": problem.verifier, "task": dict(problem.task)},
    }


def answer_row(
    question: Mapping[str, object], sample: int | None, drawn: Drawn, seed: int
) -> dict[str, object]:
    """The line of an answer; ``question`` is the ``question_row`` of its problem."""
    name = _GREEDY if sample is None else sample
    return {
        "id": f"{question['problem']}/{name}",
        "sample": sample,
        **question,
        "response": drawn.response,
        "token_count": drawn.token_count,
        "finish_reason": drawn.finish_reason,
        "greedy": sample is None,
        "seed": seed,
    }


def _messages(prompt: object) -> tuple[Message, ...]:
    if isinstance(prompt, list):
        turns = [each for each in prompt if isinstance(each, dict)]
        return tuple(Message(str(each.get("role")), str(each.get("content"))) for each in turns)
    return (Message("user", prompt),) if isinstance(prompt, str) else ()
