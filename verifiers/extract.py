"""Finds the one answer a response commits to.

In this order: the last box; without any box, an explicit final-answer form (see final_forms.py).
Never the last number anywhere, because a response that only mentions a number has not answered.

Time is linear in the length of the response, and only its end is searched.
"""

import enum
import re
from dataclasses import dataclass

from assayoffice.verifiers import boxes, final_forms
from assayoffice.verifiers.text import visible

MAX_RESPONSE_CHARACTERS = 1_000_000
#: An answer that begins further than this from the end of a response is not looked for.
SEARCH_CHARACTERS = 20_000
MAX_ANSWER_CHARACTERS = 20_000

# What ends a turn in the usual chat templates; what a model writes after it answers nobody.
_END_OF_TURN = (
    "<|im_end|>",
    "<|im_start|>user",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|end_of_text|>",
    "<｜end▁of▁sentence｜>",
)
_ABBREVIATION = re.compile(r"[A-Za-z]\.[A-Za-z]\.$")


class Extraction(enum.Enum):
    """Where the answer of a response is looked for."""

    #: The last box; without one, an explicit final-answer form. Never "the last number anywhere".
    BOXED_OR_FINAL = "BOXED_OR_FINAL"
    #: The last box and nothing else.
    BOXED = "BOXED"
    #: The whole response is the answer.
    WHOLE = "WHOLE"


class Method(enum.Enum):
    """Where an answer was found."""

    BOX = "BOX"
    #: "The answer is 7", "#### 7", "7 is the answer".
    FINAL_FORM = "FINAL_FORM"
    #: What the last line ends in: display mathematics, bold text, a conclusion.
    LAST_LINE = "LAST_LINE"
    WHOLE = "WHOLE"


@dataclass(frozen=True, slots=True)
class Extracted:
    """An answer as it was written, without the markup around it.

    ``flags`` are for the verdict: MULTIPLE_BOXES (several boxes on one line were joined to one
    answer) and LENIENT_EXTRACTION (there was no box).
    """

    text: str
    method: Method
    flags: tuple[str, ...] = ()


class TooLargeError(Exception):
    """The text or its evaluation is beyond what one verdict may cost; ``reason`` names the cap."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def extract(
    response: str,
    extraction: Extraction = Extraction.BOXED_OR_FINAL,
    reasoning_end: str = "</think>",
) -> Extracted | None:
    """The answer ``response`` commits to, or None if it commits to none.

    ``reasoning_end`` is the delimiter that ends hidden reasoning: only what follows its last
    occurrence is searched. If it looks like a closing tag and its opening tag comes after that, the
    reasoning never ended and nothing is committed. "" searches the whole response.

    Raises TooLargeError (RESPONSE_LENGTH, ANSWER_LENGTH) for texts beyond the caps.
    """
    if len(response) > MAX_RESPONSE_CHARACTERS:
        raise TooLargeError("RESPONSE_LENGTH")
    answer = _after_reasoning(_first_turn(response), reasoning_end)
    if answer is None:
        return None
    found = _find(answer, extraction)
    if found is None:
        return None
    if len(found.text) > MAX_ANSWER_CHARACTERS:
        raise TooLargeError("ANSWER_LENGTH")
    text = _bare(visible(found.text))
    return Extracted(text, found.method, found.flags) if text else None


def _first_turn(response: str) -> str:
    for token in _END_OF_TURN:
        # A template's own opening at the very start ends nothing.
        if (position := response.find(token, 1)) > 0:
            response = response[:position]
    return response


def _after_reasoning(response: str, reasoning_end: str) -> str | None:
    if not reasoning_end:
        return response
    answer = response.rpartition(reasoning_end)[2]
    if reasoning_end.startswith("</") and "<" + reasoning_end[2:] in answer:
        return None
    return answer


def _find(answer: str, extraction: Extraction) -> Extracted | None:
    if extraction is Extraction.WHOLE:
        return Extracted(answer.strip(), Method.WHOLE)
    searched = answer.rstrip()[-SEARCH_CHARACTERS:]
    boxed = boxes.last(searched)
    if boxed is not None:
        flags = ("MULTIPLE_BOXES",) if boxed.joined else ()
        return Extracted(boxed.text, Method.BOX, flags)
    if extraction is Extraction.BOXED:
        return None
    method, value = Method.FINAL_FORM, final_forms.explicit(searched)
    if value is None:
        method, value = Method.LAST_LINE, final_forms.last_line(searched)
    if value is None or boxes.mentioned(value):  # a box that was never closed
        return None
    return Extracted(value, method, ("LENIENT_EXTRACTION",))


def _bare(text: str) -> str:
    """``text`` without the full stop, comma or dollar signs that belong to its surroundings."""
    text = text.strip()
    if text.endswith((",", ";", ":")) or (
        text.endswith(".")
        and not text.endswith("..")
        and not _ABBREVIATION.search(text, len(text) - 4)
    ):
        text = text[:-1].rstrip()
    for delimiter in ("$$", "$"):
        inside = text.removeprefix(delimiter).removesuffix(delimiter)
        if len(inside) == len(text) - 2 * len(delimiter) and "$" not in inside:
            return inside.strip()
    return text
