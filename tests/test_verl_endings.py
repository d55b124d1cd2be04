"""How a generation ended, read from its tokens, and the text that is sent of it."""

import pytest

from assayoffice.rl.rewards import FinishReason
from assayoffice.rl.verl.endings import Endings, sendable

_ENDINGS = Endings(frozenset({2, 3}), pad_id=0, response_length=5, context_length=10)


@pytest.mark.parametrize(
    ("token_ids", "prompt_tokens", "reason"),
    [
        ([7, 2], 3, FinishReason.STOP),
        ([7, 3], 3, FinishReason.STOP),  # the other end token of the model
        ([7, 7, 7, 7, 2], 3, FinishReason.STOP),  # with the last token that it had
        ([7, 7, 7, 7, 7], 3, FinishReason.LENGTH),
        ([7, 7, 7], 7, FinishReason.LENGTH),  # the context was full
        ([7, 2, 7], 3, FinishReason.UNKNOWN),
        ([7, 7], 3, FinishReason.UNKNOWN),
        ([], 3, FinishReason.ABORTED),
    ],
)
def test_finish_reason(token_ids: list[int], prompt_tokens: int, reason: FinishReason) -> None:
    assert _ENDINGS.finish_reason(token_ids, prompt_tokens) is reason


@pytest.mark.parametrize(
    ("token_ids", "spoken"),
    [
        ([7, 8, 2], [7, 8]),
        ([7, 2, 8, 2, 0, 0], [7, 2, 8]),
        ([7, 8], [7, 8]),
        ([2, 0], []),
        ([], []),
    ],
)
def test_the_end_is_not_spoken(token_ids: list[int], spoken: list[int]) -> None:
    assert _ENDINGS.spoken(token_ids) == spoken


def test_a_text_that_fits_is_sent_whole() -> None:
    text = "\x00 \N{GREEK SMALL LETTER PI}\u2028" * 1000
    assert sendable(text) is text
    just = "a" * 1024 * 1024
    assert sendable(just) is just


@pytest.mark.parametrize(
    "filling", [" ", "\N{GREEK SMALL LETTER PI}", "\N{MATHEMATICAL BOLD CAPITAL A}"]
)
def test_of_a_text_that_does_not_its_ends_are_sent(filling: str) -> None:
    sent = sendable("<think>" + filling * 2_000_001 + r"</think>\boxed{1}")
    assert len(sent.encode()) <= 1024 * 1024
    assert sent.startswith("<think>")
    assert sent.endswith(r"</think>\boxed{1}")
    assert set(sent[7:-18]) == {filling}
