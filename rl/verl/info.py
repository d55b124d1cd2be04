"""What verl is told about a sample besides its score: numbers, under names that never differ.

verl takes the names from the first sample of a batch and looks them up in all others, so a sample
without a reward has every one of them, too. What has no value then is NaN, which no mean can hide;
it is not 0, which would be a value.
"""

import math
from collections.abc import Mapping, Sequence

from assayoffice.rl.results import Outcome
from assayoffice.rl.rewards import Reward

Info = Mapping[str, float]


def component_names(reward: Reward) -> tuple[str, ...]:
    """The names of a reward's components; those of a recipe are the same for every reward."""
    return tuple(each.name for each in reward.components)


def reward_info(reward: Reward) -> Info:
    """What is known about a sample that was rewarded.

    ``acc`` is what verl takes for the accuracy of a validation. ``extracted_length`` counts
    characters; seconds are those of the verifier's CPU and of the queue before it.
    """
    verdict = reward.verdict
    return {
        "score": reward.total,
        "acc": float(verdict.outcome is Outcome.CORRECT),
        **{_component(each.name): each.value for each in reward.components},
        **{_outcome(each): float(verdict.outcome is each) for each in Outcome},
        "extracted_length": float(len(verdict.extracted)),
        "token_count": float(reward.token_count),
        "verifier_seconds": verdict.timing.cpu_seconds,
        "queue_seconds": verdict.timing.queue_seconds,
        "infra_error": 0.0,
    }


def error_info(components: Sequence[str], token_count: int) -> Info:
    """The same names for a sample that got no reward."""
    return {
        "score": math.nan,
        "acc": math.nan,
        **{_component(each): math.nan for each in components},
        **{_outcome(each): 0.0 for each in Outcome},
        "extracted_length": math.nan,
        "token_count": float(token_count),
        "verifier_seconds": math.nan,
        "queue_seconds": math.nan,
        "infra_error": 1.0,
    }


def _component(name: str) -> str:
    return f"component/{name}"


def _outcome(outcome: Outcome) -> str:
    return outcome.value.lower()
