"""What is rewarded, by which recipe, and what comes of it: a ``Reward``, or an ``ItemError``.

A reward is the total that a trainer uses, with the components it was made of and the verdict it
rests on. Where there is no verdict there is no reward, and an ``ItemError`` has no ``total``.
"""

import enum
import math
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from assayoffice.rl.errors import SubmissionError
from assayoffice.rl.results import (
    ItemError,
    Verdict,
    broken_contract,
    status_error,
    verdict_from_proto,
)
from assayoffice.rl.stamps import Stamp, stamp_to_proto
from assayoffice.rl.submissions import Submission, struct_from_json
from assayoffice.rl.submissions import to_proto as submission_to_proto
from assayoffice.v1 import reward_pb2

_LARGEST_UINT32 = 2**32 - 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_VERSION = re.compile(r"[0-9]{1,9}")
# Of the largest part: room for rounding as one adds up in another way, and no more.
_ROUNDING = 1e-9


class FinishReason(enum.Enum):
    """Why a generation ended."""

    UNKNOWN = "UNSPECIFIED"
    #: The model ended it, with its end token.
    STOP = "STOP"
    #: It was cut off at the longest allowed response.
    LENGTH = "LENGTH"
    #: It was stopped from outside.
    ABORTED = "ABORTED"


_FINISH_REASONS = {
    each: reward_pb2.FinishReason.Value(f"FINISH_REASON_{each.value}") for each in FinishReason
}


@dataclass(frozen=True, slots=True)
class Generation:
    """What is known about a generation besides its text.

    ``token_ids`` are the sampled tokens, the end token included, prompt and padding excluded;
    ``token_count`` is their number, for those who do not have or send them; None is not known, and
    0 a generation that was stopped before its first token. A recipe says which it needs, and the
    error of an item without it names it.
    """

    token_ids: Sequence[int] = ()
    token_count: int | None = None
    finish_reason: FinishReason = FinishReason.UNKNOWN


@dataclass(frozen=True, slots=True)
class Rollout:
    """A submission whose response is to be rewarded. The text is without the end token.

    ``stamp`` is that of the row that its task is from.
    """

    submission: Submission
    generation: Generation = Generation()
    stamp: Stamp | None = None

    @property
    def id(self) -> str:
        """The id of the submission, echoed in the result."""
        return self.submission.id


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe of the service, with the options that differ from its defaults.

    ``list_recipes`` shows what there is. Raises SubmissionError for a name or version that cannot
    be one.
    """

    name: str
    version: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SubmissionError(
                f"recipe.name: {self.name!r} is no name; lower case letters, digits and _, "
                "e.g. 'accuracy'"
            )
        if not _VERSION.fullmatch(self.version):
            raise SubmissionError(
                f"recipe.version: {self.version!r} is no version; it is a number, e.g. '1'"
            )

    @classmethod
    def parse(cls, written: str, options: Mapping[str, object] | None = None) -> "Recipe":
        """Read ``"name@version"``. Raises SubmissionError."""
        name, at, version = written.partition("@")
        if not at:
            raise SubmissionError(
                f"recipe: {written!r} names no version; write name@version, e.g. 'accuracy@1'"
            )
        return cls(name, version, options or {})

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a reward. ``rule`` says what decided ``value``, where the formula has cases."""

    name: str
    value: float
    weight: float
    rule: str


@dataclass(frozen=True, slots=True)
class Reward:
    """``total`` is the sum of value times weight over the components.

    ``token_count`` is 0 also where the length was not given.
    """

    id: str
    total: float
    components: tuple[Component, ...]
    verdict: Verdict
    token_count: int


RewardResult: TypeAlias = Reward | ItemError


@dataclass(frozen=True, slots=True)
class RecipeInfo:
    """A recipe of the service; ``options_schema`` is JSON schema.

    ``default_digest`` identifies the recipe with default options; it is empty where some option
    has no default.
    """

    name: str
    version: str
    summary: str
    options_schema: str
    default_digest: str


@dataclass(frozen=True, slots=True)
class AppliedRecipe:
    """A recipe as a service applies it; ``options`` are all of them, as JSON with sorted keys.

    Equal generations and verdicts get equal rewards under equal digests.
    """

    name: str
    version: str
    options: str
    digest: str


def rollout_to_proto(rollout: Rollout) -> reward_pb2.Rollout:
    """Write a rollout for the wire. Raises SubmissionError, as ``submissions.to_proto`` does."""
    generation = rollout.generation
    message = reward_pb2.Rollout(submission=submission_to_proto(rollout.submission))
    if rollout.stamp is not None:
        message.stamp.CopyFrom(stamp_to_proto(rollout.stamp))
    reason = _FINISH_REASONS.get(generation.finish_reason)
    if reason is None:
        raise SubmissionError(
            f"generation.finish_reason: must be a FinishReason, not {generation.finish_reason!r}"
        )
    message.generation.finish_reason = reason
    try:
        message.generation.token_ids.extend(generation.token_ids)
    except (TypeError, ValueError):
        raise _no_token_ids(generation.token_ids) from None
    if (count := generation.token_count) is not None:
        ids = len(message.generation.token_ids)
        if ids and count != ids:
            raise SubmissionError(
                f"generation.token_count: {count}, but there are {ids} token_ids; leave it out"
            )
        message.generation.token_count = _uint32(count, "generation.token_count")
    return message


def recipe_to_proto(recipe: Recipe) -> reward_pb2.RewardRecipe:
    """Write a recipe for the wire. Raises SubmissionError where the options have no form there."""
    return reward_pb2.RewardRecipe(
        name=recipe.name,
        version=recipe.version,
        options=struct_from_json(recipe.options, "recipe.options"),
    )


def reward_from_proto(message: reward_pb2.RewardResult) -> RewardResult:
    """Read one result. What breaks the contract becomes an ItemError, never a guess at a reward."""
    match message.WhichOneof("result"):
        case "reward":
            return _reward(message.id, message.reward)
        case "error":
            return status_error(message.id, message.error)
    return broken_contract(message.id, "the service answered neither a reward nor an error")


def recipe_from_proto(message: reward_pb2.RecipeInfo) -> RecipeInfo:
    """Read one entry of ListRecipes."""
    return RecipeInfo(
        name=message.name,
        version=message.version,
        summary=message.summary,
        options_schema=message.options_schema,
        default_digest=message.default_digest,
    )


def applied_from_proto(message: reward_pb2.AppliedRecipe) -> AppliedRecipe:
    """Read what the service says it applied."""
    return AppliedRecipe(message.name, message.version, message.options, message.digest)


def _reward(id: str, message: reward_pb2.Reward) -> RewardResult:
    verdict = verdict_from_proto(id, message.verdict)
    if isinstance(verdict, ItemError):
        return verdict
    components = tuple(
        Component(each.name, each.value, each.weight, each.rule) for each in message.components
    )
    # Without this, an empty message would be a reward of 0.
    if not components:
        return broken_contract(id, "the reward has no components")
    if len({each.name for each in components}) < len(components):
        return broken_contract(id, "two components of the reward have the same name")
    parts = [each.value * each.weight for each in components]
    total, largest = sum(parts), max(map(abs, parts))
    if not math.isfinite(message.total):
        return broken_contract(id, f"total {message.total} is no number to train on")
    if not math.isclose(message.total, total, abs_tol=_ROUNDING * largest):
        return broken_contract(
            id, f"total {message.total} is not {total}, the sum of its components"
        )
    return Reward(id, message.total, components, verdict, message.token_count)


def _no_token_ids(token_ids: Sequence[int]) -> SubmissionError:
    """Which token id protobuf, which does not tell, refused."""
    for index, each in enumerate(token_ids):
        try:
            _uint32(each, f"generation.token_ids[{index}]")
        except SubmissionError as error:
            return error
    raise AssertionError("protobuf takes every sequence of integers below 2**32")


def _uint32(value: Any, path: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise SubmissionError(f"{path}: must be an integer, not {type(value).__name__}") from None
    if not 0 <= number <= _LARGEST_UINT32:
        raise SubmissionError(f"{path}: {number} is not in [0, 2**32)")
    return number
