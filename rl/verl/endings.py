"""How a generation ended, and its text, read from the tokens that were sampled."""

from collections.abc import Sequence
from dataclasses import dataclass

from assayoffice.rl.rewards import FinishReason

# The longest text that a submission may hold, in bytes of UTF-8.
_MAX_TEXT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endings:
    """What is known about where generations end.

    ``end_ids`` are the tokens with which the model ends one, ``pad_id`` fills up behind it.
    ``response_length`` and ``context_length`` (prompt included) are the limits in tokens at which
    the rollout engine cuts off.
    """

    end_ids: frozenset[int]
    pad_id: int | None
    response_length: int
    context_length: int

    def finish_reason(self, token_ids: Sequence[int], prompt_tokens: int) -> FinishReason:
        """Why the generation ended, as far as its tokens tell.

        An end token tells more than a length: a response that ends with its last allowed token has
        ended. UNKNOWN where the engine stopped for a reason of its own, such as a stop string.
        """
        if not token_ids:
            return FinishReason.ABORTED
        if token_ids[-1] in self.end_ids:
            return FinishReason.STOP
        if len(token_ids) >= self.response_length:
            return FinishReason.LENGTH
        if prompt_tokens + len(token_ids) >= self.context_length:
            return FinishReason.LENGTH
        return FinishReason.UNKNOWN

    def spoken(self, token_ids: Sequence[int]) -> Sequence[int]:
        """The tokens without the end and the padding that may follow it."""
        end = len(token_ids)
        while end and (token_ids[end - 1] in self.end_ids or token_ids[end - 1] == self.pad_id):
            end -= 1
        return token_ids[:end]


def sendable(text: str) -> str:
    """The text, or its beginning and its end where it is longer than a submission may be.

    A few tens of thousands of tokens can be megabytes of blanks. That is the model's doing, so it
    must get a verdict; and what a verdict rests on, the think block's opening and the answer,
    stands at the ends.
    """
    if len(text) * 4 <= _MAX_TEXT_BYTES:
        return text
    encoded = text.encode(errors="replace")
    if len(encoded) <= _MAX_TEXT_BYTES:
        return text
    half = _MAX_TEXT_BYTES // 2
    # Cutting through a character leaves bytes that are none.
    return encoded[:half].decode(errors="ignore") + encoded[-half:].decode(errors="ignore")
