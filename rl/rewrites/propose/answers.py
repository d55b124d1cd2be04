"""What a model answered, read as a JSON object: hostile text, of which only the known is taken."""

import json
import re
from collections.abc import Iterator, Mapping

_LONGEST = 200_000
_PLACES = 16
_DEEPEST = 12
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n", re.MULTILINE)
_LINE = re.compile(r"^[ \t]*(?=\{)", re.MULTILINE)
# JSON reads the beginning of \frac, \beta, \rho and \times as a control character and a word.
_EATEN = re.compile("[\x00-\x08\x0b-\x1f\x7f]|\t(?=imes|ext|an\\b|heta|au\\b|frac|riangle|o\\b)")
_PROGRAMS = frozenset({"source"})


class UnreadableAnswerError(Exception):
    """Nothing can be made of an answer; ``reason`` is a stable code."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def object_in(text: str, cut_off: bool) -> Mapping[str, object]:
    """The JSON object of an answer: alone, within a fence, or after reasoning that was shown.

    Raises UnreadableAnswerError.
    """
    # What is thought aloud may hold drafts.
    answer = text.rpartition("</think>")[2]
    if len(answer) > _LONGEST:
        raise UnreadableAnswerError("TOO_LONG", f"the answer has over {_LONGEST} characters")
    for place in _places(answer):
        try:
            found, _ = _DECODER.raw_decode(answer, place)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            _refuse_what_json_ate(found, "", 0)
            return found
    if cut_off:
        raise UnreadableAnswerError("CUT_OFF", "the answer ended at --max-tokens, unfinished")
    raise UnreadableAnswerError("NOT_JSON", "the answer holds no JSON object that can be read")


def _places(text: str) -> Iterator[int]:
    """Where an object may begin, the likeliest first; few, so that reading stays linear."""
    seen: set[int] = set()
    after_fences = (match.end() for match in _FENCE.finditer(text))
    lines = (match.end() for match in _LINE.finditer(text))
    for start in (0, *_first(after_fences), *_first(lines)):
        place = text.find("{", start)
        if place >= 0 and place not in seen and len(seen) < _PLACES:
            seen.add(place)
            yield place


def _first(places: Iterator[int]) -> Iterator[int]:
    return (place for place, _ in zip(places, range(_PLACES), strict=False))


def _refuse_what_json_ate(value: object, path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise UnreadableAnswerError("NOT_JSON", f"{path}: nested deeper than {_DEEPEST} levels")
    if isinstance(value, dict):
        for name, each in value.items():
            if name not in _PROGRAMS:
                _refuse_what_json_ate(each, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _refuse_what_json_ate(each, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str) and (eaten := _EATEN.search(value)):
        raise UnreadableAnswerError(
            "ESCAPES",
            f"{path}: holds the control character U+{ord(eaten[0][0]):04X}, which is what a single "
            "backslash makes of LaTeX",
        )


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
