"""The line that a journal of judgements has for a problem."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import grpc

from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.results import ItemError, Outcome
from assayoffice.rl.sources import UnusableRow
from assayoffice.rl.verl.rows import kind

_CODES = {each.name: each for each in grpc.StatusCode}
_OUTCOMES = {each.value: each for each in Outcome}


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a problem: it is judged, or has an error whose id is that of the problem.

    ``index`` is its place among the problems, ``digest`` that of its answers. ``by_answer`` is as a
    ``Grouping`` has it, False for an error.
    """

    index: int
    problem: str
    domain: str
    verifier: str
    digest: str
    result: JudgedProblem | ItemError
    by_answer: bool = False


def line_as_json(line: Line) -> dict[str, object]:
    """As ``line_of`` reads it."""
    head = {
        "problem": line.problem,
        "index": line.index,
        "domain": line.domain,
        "verifier": line.verifier,
        "digest": line.digest,
    }
    match line.result:
        case ItemError() as error:
            said = {"code": error.code.name, "reason": error.reason, "message": error.message}
            return {**head, "error": said}
        case judged:
            return {
                **head,
                "by_answer": line.by_answer,
                "outcomes": [_name(each) for each in judged.outcomes],
                "classes": list(judged.classes),
                "answers": list(judged.answers),
                "tokens": list(judged.tokens),
                "cut_off": list(judged.cut_off),
                "greedy": _name(judged.greedy),
                "hallmark": judged.hallmark,
                "content": judged.content,
            }


def line_of(content: Mapping[str, object]) -> Line:
    """Read a line. Raises UnusableRow, which names the field."""
    line = Line(
        index=_whole(content.get("index"), "index"),
        problem=_text(content.get("problem"), "problem"),
        domain=_text(content.get("domain"), "domain"),
        verifier=_text(content.get("verifier"), "verifier"),
        digest=_text(content.get("digest"), "digest"),
        result=_UNREAD,
    )
    if "error" in content:
        return replace(line, result=_error(line.problem, content["error"]))
    return replace(
        line,
        by_answer=_flag(content.get("by_answer"), "by_answer"),
        result=_judged(line, content),
    )


def _judged(line: Line, content: Mapping[str, object]) -> JudgedProblem:
    answers = tuple(_text(each, "answers") for each in _list(content, "answers"))
    classes = tuple(_class(each, len(answers)) for each in _list(content, "classes"))
    judged = JudgedProblem(
        problem=line.problem,
        domain=line.domain,
        outcomes=tuple(_outcome(each, "outcomes") for each in _list(content, "outcomes")),
        classes=classes,
        answers=answers,
        tokens=tuple(_whole(each, "tokens") for each in _list(content, "tokens")),
        cut_off=tuple(_flag(each, "cut_off") for each in _list(content, "cut_off")),
        greedy=_outcome(content.get("greedy"), "greedy"),
        hallmark=_text(content.get("hallmark"), "hallmark"),
        content=_text(content.get("content"), "content"),
    )
    for name in ("classes", "tokens", "cut_off"):
        if len(getattr(judged, name)) != len(judged.outcomes):
            raise UnusableRow(f"{name}: has not as many entries as outcomes")
    return judged


def _error(problem: str, written: object) -> ItemError:
    fields = written if isinstance(written, dict) else {}
    code = _text(fields.get("code"), "error.code")
    if code not in _CODES:
        raise UnusableRow("error.code: no status code of gRPC")
    reason = _text(fields.get("reason"), "error.reason")
    return ItemError(problem, _CODES[code], reason, _text(fields.get("message"), "error.message"))


def _name(outcome: Outcome | None) -> str | None:
    return None if outcome is None else outcome.value


def _outcome(written: object, path: str) -> Outcome | None:
    if written is None:
        return None
    if not isinstance(written, str) or written not in _OUTCOMES:
        raise UnusableRow(f"{path}: must be one of {', '.join(_OUTCOMES)} or null")
    return _OUTCOMES[written]


def _class(written: object, answers: int) -> int | None:
    if written is None:
        return None
    place = _whole(written, "classes")
    if place >= answers:
        raise UnusableRow(f"classes: {place} is the index of no answer")
    return place


def _list(content: Mapping[str, object], name: str) -> list[object]:
    value = content.get(name)
    if not isinstance(value, list):
        raise UnusableRow(f"{name}: must be a list, not {kind(value)}")
    return cast(list[object], value)


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise UnusableRow(f"{path}: must be text, not {kind(value)}")
    return value


def _whole(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnusableRow(f"{path}: must be a whole number, not {kind(value)}")
    return value


def _flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise UnusableRow(f"{path}: must be true or false, not {kind(value)}")
    return value


_UNREAD = ItemError("", grpc.StatusCode.UNKNOWN, "", "")
