"""A chat completion, read from what a server answered."""

import json
from dataclasses import dataclass

from assayoffice.rl.endpoints.errors import NoCompletionError

_CUT_OFF = "length"
#: Ends that were the engine's doing, or that of a filter between the model and us. What there is up
#: to then is not what the model answers.
BROKEN_OFF = frozenset({"abort", "error", "content_filter"})
_REASON_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, which model the endpoint says it was, and why it ended.

    ``tokens`` is how many were written, 0 where the endpoint does not say. ``finish_reason`` is
    "stop", "length" or another word of the endpoint's, empty where it says none.
    """

    text: str
    model: str
    tokens: int
    finish_reason: str

    @property
    def cut_off(self) -> bool:
        """Whether it ended at the limit of tokens."""
        return self.finish_reason == _CUT_OFF


def completion_of(content: bytes, asked_model: str) -> Completion:
    """Read the body of an answer. Raises NoCompletionError."""
    try:
        answer = json.loads(content)
        choice = answer["choices"][0]
        text = choice["message"]["content"]
        model = answer.get("model", asked_model)
        reason = choice.get("finish_reason")
        usage = answer.get("usage")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise NoCompletionError("the answer is not a chat completion") from None
    if isinstance(reason, str) and reason in BROKEN_OFF:
        raise NoCompletionError(f"the answer was broken off: finish_reason {reason!r}")
    if text is None and reason == _CUT_OFF:
        # Servers that put reasoning aside: all tokens went there, and that is the model's doing.
        text = ""
    if not isinstance(text, str) or not isinstance(model, str):
        raise NoCompletionError("the answer is a chat completion without text")
    ended = reason[:_REASON_CHARACTERS] if isinstance(reason, str) else ""
    return Completion(_whole(text), _whole(model), _tokens(usage), _whole(ended))


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which are no text to keep or to send."""
    return text.encode(errors="replace").decode()


def _tokens(usage: object) -> int:
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0
