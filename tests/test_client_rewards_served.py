"""Rewards from a real server, as the clients see them: published values, facts that are missing."""

import asyncio

import pytest

from assayoffice import AsyncClient, Client
from assayoffice.rl import (
    FinishReason,
    Generation,
    ItemError,
    Outcome,
    Recipe,
    Reward,
    Rollout,
    Submission,
)
from assayoffice.rl.errors import HallmarkMismatchError, InvalidRequestError

PHI4 = Recipe("phi4_reasoning_plus", "1")
STOP, LENGTH = FinishReason.STOP, FinishReason.LENGTH


@pytest.fixture
def client(endpoint):
    with Client(endpoint) as client:
        yield client


def rollout(answer: str, tokens: int, reason: FinishReason = STOP, id: str = "a") -> Rollout:
    response = rf"<think>Half of it.</think> \boxed{{{answer}}}"
    submission = Submission(id, "numeric", response, {"reference": "1/2"})
    return Rollout(submission, Generation(range(tokens), None, reason))


class TestPhi4:
    @pytest.mark.parametrize(
        ("answer", "tokens", "accuracy", "total"),
        [
            ("0.5", 25600, 1.0, 0.615385),
            ("0.5", 28672, 0.75, 0.461538),
            ("0.5", 30000, 0.592988, 0.364916),
            ("0.5", 31744, 0.5, 0.307692),
            ("0.3", 1000, -0.915255, -0.563234),
            ("0.3", 1851, -0.75, -0.461538),
            ("0.3", 3702, -0.5, -0.307692),
            ("0.3", 9000, -0.5, -0.307692),
        ],
    )
    def test_published_values_arrive(self, client, answer, tokens, accuracy, total):
        (reward,) = client.compute_rewards([rollout(answer, tokens)], PHI4, timeout=30)
        assert isinstance(reward, Reward)
        assert reward.total == pytest.approx(total, abs=1e-6)
        length_aware, repetition = reward.components
        assert length_aware.value == pytest.approx(accuracy, abs=1e-6)
        assert (length_aware.weight, repetition.weight) == (8 / 13, 1 / 13)
        assert repetition.value == 0.0
        assert reward.token_count == tokens

    def test_cut_off_is_told_by_its_rule_and_keeps_its_verdict(self, client):
        (reward,) = client.compute_rewards([rollout("0.5", 9, LENGTH)], PHI4, timeout=30)
        assert isinstance(reward, Reward)
        assert reward.components[0].rule == "no_end_token"
        assert reward.total == pytest.approx(8 / 13 * -0.5)
        assert reward.verdict.outcome is Outcome.CORRECT

    def test_options_scale_the_formula(self, client):
        options = {"max_tokens": 64, "correct_control_tokens": 32}
        recipe = Recipe("phi4_reasoning_plus", "1", options)
        (reward,) = client.compute_rewards([rollout("0.5", 48)], recipe, timeout=30)
        assert isinstance(reward, Reward)
        assert reward.total == pytest.approx(8 / 13 * 0.75)


@pytest.mark.parametrize(
    ("generation", "missing"),
    [
        (Generation(), {"generation.token_ids", "generation.finish_reason"}),
        (Generation(token_count=5, finish_reason=STOP), {"generation.token_ids"}),
        (Generation(token_ids=[1, 2]), {"generation.finish_reason"}),
    ],
)
def test_missing_fact_is_an_error_that_names_it_and_harms_nobody(client, generation, missing):
    asked = [
        rollout("0.5", 5),
        Rollout(rollout("0.5", 5).submission, generation),
        rollout("0.5", 5),
    ]
    before, bad, after = client.compute_rewards(asked, PHI4, timeout=30)
    assert isinstance(before, Reward) and isinstance(after, Reward)
    assert isinstance(bad, ItemError) and bad.reason == "INVALID_SUBMISSION"
    assert {each.field for each in bad.violations} == missing
    assert "rollouts[" not in bad.message


def test_unreadable_reference_is_an_error_and_no_reward(client):
    bad = Rollout(Submission("b", "numeric", "7", {"reference": "\\frac{1"}))
    good = Rollout(Submission("g", "numeric", r"\boxed{7}", {"reference": "7"}))
    first, second = client.compute_rewards([bad, good], Recipe("accuracy", "1"), timeout=30)
    assert isinstance(first, ItemError) and first.reason == "UNSCORABLE_REFERENCE"
    assert isinstance(second, Reward) and second.total == 1.0


def test_every_listed_recipe_can_be_asked_for(client):
    weighted = {"components": [{"component": "accuracy", "weight": 0.5}]}
    for each in client.list_recipes(timeout=30):
        recipe = Recipe(each.name, each.version, weighted if each.name == "weighted" else {})
        (reward,) = client.compute_rewards([rollout("0.5", 9)], recipe, timeout=30)
        assert isinstance(reward, Reward), each
        applied = client.applied_recipe(recipe, timeout=30)
        assert (applied.name, applied.version) == (each.name, each.version)
        assert each.default_digest == ("" if each.name == "weighted" else applied.digest)


@pytest.mark.parametrize(
    ("recipe", "field"),
    [
        (Recipe("phi5", "1"), "recipe.name"),
        (Recipe("accuracy", "2"), "recipe.version"),
        (Recipe("dapo", "1", {"max_token": 5}), "recipe.options.max_token"),
        (Recipe("dapo", "1", {"max_tokens": 1.5}), "recipe.options.max_tokens"),
        (Recipe("weighted", "1"), "recipe.options.components"),
    ],
)
def test_recipe_that_cannot_be_used_is_raised_with_its_field(client, recipe, field):
    with pytest.raises(InvalidRequestError) as caught:
        client.compute_rewards([rollout("0.5", 9)], recipe, timeout=30)
    assert caught.value.reason == "INVALID_RECIPE"
    assert [each.field for each in caught.value.violations] == [field]
    with pytest.raises(InvalidRequestError):
        list(client.stream_rewards([rollout("0.5", 9)], recipe, timeout=30))


def test_demanded_hallmark_holds_for_rewards(endpoint, client):
    hallmarks = {each.name: each.hallmark for each in client.list_verifiers(timeout=30)}
    demanded = {"numeric": hallmarks["numeric"].digest}
    with Client(endpoint, required_hallmarks=demanded) as strict:
        (reward,) = strict.compute_rewards([rollout("0.5", 9)], PHI4, timeout=30)
        assert isinstance(reward, Reward) and reward.verdict.hallmark == hallmarks["numeric"]
    with Client(endpoint, required_hallmarks={"numeric": "0" * 64}) as strict:
        with pytest.raises(HallmarkMismatchError):
            strict.compute_rewards([rollout("0.5", 9)], PHI4, timeout=30)


async def test_batch_and_stream_agree_for_both_clients(endpoint, client):
    asked = [rollout(f"0.{n % 7}", 5 + n, id=f"{n}") for n in range(200)]
    batch = client.compute_rewards(asked, PHI4, timeout=60)
    assert len({each.total for each in batch}) > 10
    streamed = {each.id: each for each in client.stream_rewards(asked, PHI4, timeout=60)}
    assert [streamed[each.id] for each in batch] == batch
    async with AsyncClient(endpoint, batch_size=16) as other:
        assert await other.compute_rewards(asked, PHI4, timeout=60) == batch
        stream = other.stream_rewards(asked, PHI4, timeout=60)
        assert {each.id: each async for each in stream} == streamed
        together = (other.compute_rewards([each], PHI4, timeout=60) for each in asked)
        assert [one for (one,) in await asyncio.gather(*together)] == batch
