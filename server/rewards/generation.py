"""The words rewards are made with: what is known of a generation and of its answer."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass


class Need(enum.Enum):
    """A fact that some generations come without and some components cannot do without."""

    #: The tokens themselves.
    TOKEN_IDS = "token ids"
    #: How many tokens there are.
    LENGTH = "length"
    #: Why the generation ended.
    FINISH_REASON = "finish reason"


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation, apart from what its answer is worth.

    ``response`` is its text without the end token. ``token_ids`` are as they were sampled, the end
    token included, the prompt and padding excluded; they may be empty where only ``token_count``,
    their number, is known. ``is_finished`` says that the model ended it, with its end token.
    """

    response: str
    token_ids: Sequence[int]
    token_count: int
    is_finished: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a verdict says of the answer: whether it is CORRECT, and its score in [0, 1]."""

    is_correct: bool
    score: float


@dataclass(frozen=True, slots=True)
class Rated:
    """What a component is worth, and which of its rules decided."""

    value: float
    rule: str


#: Rates a generation once its answer has been judged.
Rate = Callable[[Judgement], Rated]
