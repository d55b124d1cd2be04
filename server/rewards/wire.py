"""Between rollouts, verdicts and rewards on the wire and the words of recipes."""

from assayoffice.server.rewards.generation import Generation, Judgement, Need
from assayoffice.server.rewards.recipes import RatedPart, total
from assayoffice.server.validation import Violation
from assayoffice.v1 import reward_pb2, verdict_pb2

_OUTCOMES = frozenset(verdict_pb2.Outcome.values()) - {verdict_pb2.OUTCOME_UNSPECIFIED}


def lacking(rollout: reward_pb2.Rollout, needs: frozenset[Need], path: str) -> list[Violation]:
    """What a rollout, to which ``path`` leads, contradicts or does not say though it is needed."""
    given, path = rollout.generation, f"{path}.generation"
    found = []
    tokens, is_counted = len(given.token_ids), given.HasField("token_count")
    is_empty = is_counted and given.token_count == 0
    if tokens and is_counted and tokens != given.token_count:
        description = f"is {given.token_count}, but there are {tokens} token ids; leave one out"
        found.append(Violation(f"{path}.token_count", "agreement", description))
    if Need.TOKEN_IDS in needs and not tokens and not is_empty:
        description = "the recipe needs them; send the tokens as they were sampled"
        found.append(Violation(f"{path}.token_ids", "needed", description))
    elif Need.LENGTH in needs and not tokens and not is_counted:
        description = "the recipe needs the length; send these, or their number as token_count"
        found.append(Violation(f"{path}.token_ids", "needed", description))
    if Need.FINISH_REASON in needs and not given.finish_reason:
        description = "the recipe needs it; say why the generation ended"
        found.append(Violation(f"{path}.finish_reason", "needed", description))
    return found


def generation(rollout: reward_pb2.Rollout) -> Generation:
    """What is known of the generation of a rollout that lacks nothing."""
    given = rollout.generation
    return Generation(
        response=rollout.submission.response,
        token_ids=given.token_ids,
        token_count=len(given.token_ids) or given.token_count,
        is_finished=given.finish_reason == reward_pb2.FINISH_REASON_STOP,
    )


def judgement(verdict: verdict_pb2.Verdict) -> Judgement:
    """What a verdict says. Raises ValueError where its outcome or its score is none."""
    if verdict.outcome not in _OUTCOMES:
        raise ValueError(f"the verdict's outcome is {verdict.outcome}, which is none")
    if not 0.0 <= verdict.score <= 1.0:
        raise ValueError(f"the verdict's score is {verdict.score}, not in [0, 1]")
    return Judgement(verdict.outcome == verdict_pb2.OUTCOME_CORRECT, verdict.score)


def write(reward: reward_pb2.Reward, parts: list[RatedPart]) -> None:
    """Fill in the total and the components."""
    reward.total = total(parts)
    for part in parts:
        reward.components.add(
            name=part.name,
            value=part.rated.value,
            weight=part.weight,
            rule=part.rated.rule,
        )
