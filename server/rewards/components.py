"""What rewards are made of: each a set of options that rates generations.

Rating has two steps, because what a generation looks like is known before its answer is judged, and
need not be kept while that takes its time.
"""

import enum
from abc import ABC, abstractmethod
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from assayoffice.server.rewards import formulas, markup, repetition
from assayoffice.server.rewards.generation import Generation, Judgement, Need, Rate, Rated
from assayoffice.server.rewards.options import (
    ContradictionError,
    Options,
    PositiveTokens,
    Score,
    Tokens,
)


class Component(Options, ABC):
    """One part of a reward. ``NAME`` is what it is called in recipes and answers."""

    NAME: ClassVar[str]

    def needs(self) -> frozenset[Need]:
        """What it cannot do without."""
        return frozenset()

    @abstractmethod
    def rate(self, generation: Generation) -> Rate:
        """Look at a generation, and say what it is worth once its answer has been judged."""


class Accuracy(Component):
    """What the verdict says: ``correct`` or ``incorrect``, and what lies between for part of it.

    NO_ANSWER and LIMIT_EXCEEDED are ``incorrect``. With ``partial_credit`` the verdict's score
    decides, without it only whether the outcome is CORRECT.
    """

    NAME = "accuracy"

    correct: Score = 1.0
    """For a CORRECT answer, or one with the score 1."""
    incorrect: Score = 0.0
    """For every other."""
    partial_credit: bool = True
    """Whether the verdict's score counts, or only its outcome."""

    @model_validator(mode="after")
    def _is_in_order(self) -> "Accuracy":
        if self.correct < self.incorrect:
            raise ContradictionError("correct", f"must be at least incorrect, {self.incorrect:g}")
        return self

    def rate(self, generation: Generation) -> Rate:
        return self._rated

    def _rated(self, judgement: Judgement) -> Rated:
        if not self.partial_credit:
            share = 1.0 if judgement.is_correct else 0.0
        else:
            share = judgement.score
        # Written so that 0 and 1 give exactly the two options; nor must rounding carry what lies
        # between beyond them.
        value = self.incorrect * (1.0 - share) + self.correct * share
        value = max(self.incorrect, min(self.correct, value))
        rule = "correct" if judgement.is_correct else "partly_correct" if share else "incorrect"
        return Rated(value, rule)


class Think(enum.Enum):
    """What a response must look like; ``markup.answer_after_thoughts`` says it exactly."""

    #: It brings its whole block of thoughts.
    REQUIRED = "required"
    #: The prompt ends with <think>, and the response brings the rest.
    OPENED_BY_PROMPT = "opened_by_prompt"
    #: As it likes.
    IGNORED = "ignored"


class LengthAwareAccuracy(Component):
    """Phi-4-reasoning-plus: correct answers should be short, wrong ones well thought about.

    Two rules come first, in this order: a block of thoughts that is not as ``think`` wants it gets
    ``no_think_block``, and a generation that the model did not end itself gets ``no_end_token``,
    correct or not. The source has both but not their order: a generation that is cut off amid its
    thoughts breaks both and gets the first. Part of the credit counts as incorrect.

    Source: Phi-4-reasoning Technical Report (arXiv:2504.21318), section 4.1.
    """

    NAME = "length_aware_accuracy"

    max_tokens: PositiveTokens = 31_744
    """Length from which on a correct answer gets correct_min."""
    correct_control_tokens: Tokens = 25_600
    """Length up to which a correct answer gets correct_max; below max_tokens."""
    incorrect_control_tokens: PositiveTokens = 3_702
    """Length from which on a wrong answer gets incorrect_max."""
    correct_min: Score = 0.5
    """Least that a correct answer gets."""
    correct_max: Score = 1.0
    """Most that a correct answer gets."""
    incorrect_min: Score = -1.0
    """Least that a wrong answer gets."""
    incorrect_max: Score = -0.5
    """Most that a wrong answer gets; at most correct_min."""
    no_end_token: Score = -0.5
    """For a generation that the model did not end itself."""
    no_think_block: Score = -1.0
    """For a response without a correct block of thoughts."""
    think: Think = Think.REQUIRED
    """The block of thoughts that a response must have."""

    @model_validator(mode="after")
    def _is_in_order(self) -> "LengthAwareAccuracy":
        if self.correct_control_tokens >= self.max_tokens:
            raise ContradictionError(
                "correct_control_tokens", f"must be below max_tokens, {self.max_tokens}"
            )
        in_order = ("incorrect_min", "incorrect_max", "correct_min", "correct_max")
        for lower, higher in zip(in_order, in_order[1:], strict=False):
            bound = getattr(self, lower)
            if getattr(self, higher) < bound:
                raise ContradictionError(higher, f"must be at least {lower}, {bound:g}")
        return self

    def needs(self) -> frozenset[Need]:
        return frozenset({Need.LENGTH, Need.FINISH_REASON})

    def rate(self, generation: Generation) -> Rate:
        opened = self.think is Think.OPENED_BY_PROMPT
        response = generation.response
        if self.think is not Think.IGNORED and (
            markup.answer_after_thoughts(response, opened_by_prompt=opened) is None
        ):
            return _always(self.no_think_block, "no_think_block")
        if not generation.is_finished:
            return _always(self.no_end_token, "no_end_token")
        return partial(self._rated, generation.token_count)

    def _rated(self, tokens: int, judgement: Judgement) -> Rated:
        if judgement.is_correct:
            value = formulas.correct_by_length(
                tokens,
                control_tokens=self.correct_control_tokens,
                max_tokens=self.max_tokens,
                low=self.correct_min,
                high=self.correct_max,
            )
            return Rated(value, "correct")
        value = formulas.incorrect_by_length(
            tokens,
            control_tokens=self.incorrect_control_tokens,
            low=self.incorrect_min,
            high=self.incorrect_max,
        )
        return Rated(value, "incorrect")


class Unit(enum.Enum):
    """What n-grams are made of."""

    TOKENS = "tokens"
    WORDS = "words"


class Repetition(Component):
    """Phi-4-reasoning-plus: the penalty of ``repetition.penalty``, at most 0.

    Over token ids, in which the source measures lengths, or over the words of the response.
    """

    NAME = "repetition"

    ngram: Annotated[int, Field(ge=1, le=64)] = 5
    """Units in an n-gram."""
    max_frequency: PositiveTokens = 5
    """How often an n-gram may occur."""
    denominator: repetition.Denominator = repetition.Denominator.TYPES
    """Whether repeated n-grams are a share of the different ones or of all."""
    unit: Unit = Unit.TOKENS
    """Token ids, or words of the response."""

    def needs(self) -> frozenset[Need]:
        return frozenset({Need.TOKEN_IDS} if self.unit is Unit.TOKENS else ())

    def rate(self, generation: Generation) -> Rate:
        if self.unit is Unit.TOKENS:
            units = generation.token_ids
        else:
            units = repetition.words(generation.response)
        value = repetition.penalty(
            units,
            ngram=self.ngram,
            max_frequency=self.max_frequency,
            denominator=self.denominator,
        )
        return _always(value, "repeated" if value else "not_repeated")


class Overlong(Component):
    """DAPO: the penalty of ``formulas.soft_overlong``, in [-1, 0]."""

    NAME = "overlong"

    max_tokens: PositiveTokens = 20_480
    """Length from which on the penalty is -1."""
    cache_tokens: PositiveTokens = 4_096
    """Over so many tokens below max_tokens the penalty grows."""

    @model_validator(mode="after")
    def _is_in_order(self) -> "Overlong":
        if self.cache_tokens > self.max_tokens:
            raise ContradictionError(
                "cache_tokens", f"must be at most max_tokens, {self.max_tokens}"
            )
        return self

    def needs(self) -> frozenset[Need]:
        return frozenset({Need.LENGTH})

    def rate(self, generation: Generation) -> Rate:
        value = formulas.soft_overlong(
            generation.token_count, max_tokens=self.max_tokens, cache_tokens=self.cache_tokens
        )
        if generation.token_count > self.max_tokens:
            return _always(value, "too_long")
        return _always(value, "long" if value else "within_length")


class FormatThink(enum.Enum):
    """The kinds of ``Think`` that ask for something."""

    REQUIRED = "required"
    OPENED_BY_PROMPT = "opened_by_prompt"


class Format(Component):
    """DeepSeek-R1: 1 for a response in the form that was asked for, else 0.

    That is a block of thoughts and, with ``answer_tags``, one ``<answer>`` block after it.

    Source: DeepSeek-R1 (arXiv:2501.12948), section 2.2.
    """

    NAME = "format"

    think: FormatThink = FormatThink.REQUIRED
    """The block of thoughts that a response must have."""
    answer_tags: bool = False
    """Whether an <answer> block must follow, and nothing else."""

    def rate(self, generation: Generation) -> Rate:
        answer = markup.answer_after_thoughts(
            generation.response, opened_by_prompt=self.think is FormatThink.OPENED_BY_PROMPT
        )
        if answer is None:
            return _always(0.0, "no_think_block")
        if self.answer_tags and not markup.is_in_answer_tags(answer):
            return _always(0.0, "no_answer_tags")
        return _always(1.0, "well_formed")


def _always(value: float, rule: str) -> Rate:
    rated = Rated(value, rule)
    return lambda judgement: rated
