"""The recipes that are served."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from assayoffice.server.rewards import repetition
from assayoffice.server.rewards.components import (
    Accuracy,
    Component,
    Format,
    LengthAwareAccuracy,
    Overlong,
    Repetition,
    Unit,
)
from assayoffice.server.rewards.options import ContradictionError, Options, PositiveTokens, Weight

_MAX_COMPONENTS = 16

ComponentT = TypeVar("ComponentT", bound=Component)


@dataclass(frozen=True, slots=True)
class Part:
    """A component with its weight in the total."""

    component: Component
    weight: float


class RecipeOptions(Options, ABC):
    """The options of a recipe, which know what it is made of."""

    @abstractmethod
    def parts(self) -> Sequence[Part]:
        """Its components, in the order in which they are summed up and answered."""


class AccuracyRecipe(RecipeOptions, Accuracy):
    """The verdict's score, and nothing else."""

    def parts(self) -> Sequence[Part]:
        return [Part(_own(Accuracy, self), 1.0)]


class R1Recipe(RecipeOptions, Format):
    """Correct or not, plus well-formed or not, in equal parts.

    Source: DeepSeek-R1 (arXiv:2501.12948), section 2.2: accuracy and format rewards are added.
    """

    accuracy_weight: Weight = 1.0
    """Weight of the accuracy."""
    format_weight: Weight = 1.0
    """Weight of the format."""

    def parts(self) -> Sequence[Part]:
        return [
            Part(Accuracy(partial_credit=False), self.accuracy_weight),
            Part(_own(Format, self), self.format_weight),
        ]


class DapoRecipe(RecipeOptions, Overlong):
    """1 or -1 by the outcome, less the penalty of long generations.

    Source: DAPO (arXiv:2503.14476), section 2.4, equation 7, and section 3.4, equation 13.
    """

    overlong_weight: Weight = 1.0
    """Weight of the penalty."""

    def parts(self) -> Sequence[Part]:
        return [
            Part(Accuracy(correct=1.0, incorrect=-1.0, partial_credit=False), 1.0),
            Part(_own(Overlong, self), self.overlong_weight),
        ]


class Phi4ReasoningPlusRecipe(RecipeOptions, LengthAwareAccuracy):
    """Length-aware accuracy, less a little for repetition.

    Source: Phi-4-reasoning Technical Report (arXiv:2504.21318), section 4.1.
    """

    repetition_ngram: Annotated[int, Field(ge=1, le=64)] = 5
    """Units in an n-gram."""
    repetition_max_frequency: PositiveTokens = 5
    """How often an n-gram may occur."""
    repetition_denominator: repetition.Denominator = repetition.Denominator.TYPES
    """Whether repeated n-grams are a share of the different ones or of all."""
    repetition_unit: Unit = Unit.TOKENS
    """Token ids, or words of the response."""
    accuracy_weight: Weight = 8 / 13
    """Weight of the length-aware accuracy."""
    repetition_weight: Weight = 1 / 13
    """Weight of the penalty."""

    def parts(self) -> Sequence[Part]:
        repeated = Repetition(
            ngram=self.repetition_ngram,
            max_frequency=self.repetition_max_frequency,
            denominator=self.repetition_denominator,
            unit=self.repetition_unit,
        )
        return [
            Part(_own(LengthAwareAccuracy, self), self.accuracy_weight),
            Part(repeated, self.repetition_weight),
        ]


class _Weighted(Options):
    weight: Weight
    """Factor of the component in the total."""


class WeightedAccuracy(_Weighted, Accuracy):
    """Accuracy, with a weight."""

    component: Literal["accuracy"]


class WeightedLengthAwareAccuracy(_Weighted, LengthAwareAccuracy):
    """Length-aware accuracy, with a weight."""

    component: Literal["length_aware_accuracy"]


class WeightedRepetition(_Weighted, Repetition):
    """Repetition, with a weight."""

    component: Literal["repetition"]


class WeightedOverlong(_Weighted, Overlong):
    """Overlong, with a weight."""

    component: Literal["overlong"]


class WeightedFormat(_Weighted, Format):
    """Format, with a weight."""

    component: Literal["format"]


AnyWeighted = Annotated[
    WeightedAccuracy
    | WeightedLengthAwareAccuracy
    | WeightedRepetition
    | WeightedOverlong
    | WeightedFormat,
    Field(discriminator="component"),
]


class WeightedRecipe(RecipeOptions):
    """Components of your choice, each with its weight."""

    components: Annotated[tuple[AnyWeighted, ...], Field(min_length=1, max_length=_MAX_COMPONENTS)]

    @model_validator(mode="after")
    def _are_different(self) -> "WeightedRecipe":
        seen: set[str] = set()
        for index, each in enumerate(self.components):
            if each.component in seen:
                raise ContradictionError(
                    f"components[{index}].component",
                    f"{each.component!r} stands there already; give each component once",
                )
            seen.add(each.component)
        return self

    def parts(self) -> Sequence[Part]:
        return [Part(each, each.weight) for each in self.components]


def _own(component: type[ComponentT], options: ComponentT) -> ComponentT:
    """Those of a recipe's options that are its component's."""
    return component(**{name: getattr(options, name) for name in component.model_fields})
