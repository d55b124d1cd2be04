"""What verl is told about a sample, and when training must not go on."""

import asyncio
import json
import math
from pathlib import Path

import grpc
import pytest
from fake_rewarder import RECIPE, FakeService, error_of, reward_for, rollout_of

from assayoffice.rl.errors import ErrorDetails, service_error
from assayoffice.rl.results import Outcome
from assayoffice.rl.rewards import RewardResult, Rollout
from assayoffice.rl.verl.info import Info
from assayoffice.rl.verl.scoring import NoRewardError, Scoring
from assayoffice.rl.verl.settings import FailurePolicy, Settings

_NEUTRAL = Settings(
    ["127.0.0.1:1"],
    RECIPE,
    failure_policy=FailurePolicy.GROUP_NEUTRAL,
    error_share=0.5,
    error_window=10,
    error_minimum=3,
    gather_milliseconds=1.0,
)
_ABORT = Settings(["127.0.0.1:1"], RECIPE, gather_milliseconds=1.0)


def _lost(rollout: Rollout, _: int) -> RewardResult:
    return error_of(rollout.id, grpc.StatusCode.NOT_FOUND, "UNKNOWN_VERIFIER")


def _lost_but_probe(rollout: Rollout, _: int) -> RewardResult:
    return reward_for(rollout) if rollout.id == "probe" else _lost(rollout, 1)


async def test_a_reward_is_told_as_numbers() -> None:
    info = await Scoring(_ABORT, FakeService()).score(rollout_of("1"))
    assert info == {
        "score": 1.0,
        "acc": 1.0,
        "component/accuracy": 1.0,
        "correct": 1.0,
        "incorrect": 0.0,
        "no_answer": 0.0,
        "limit_exceeded": 0.0,
        "extracted_length": 1.0,
        "token_count": 3.0,
        "verifier_seconds": 0.5,
        "queue_seconds": 0.25,
        "infra_error": 0.0,
    }


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_each_outcome_has_a_number_of_its_own(outcome: Outcome) -> None:
    service = FakeService(lambda rollout, _: reward_for(rollout, outcome))
    info = await Scoring(_ABORT, service).score(rollout_of("1"))
    assert [name for name in ("correct", "incorrect", "no_answer", "limit_exceeded") if info[name]]
    assert info[outcome.value.lower()] == 1.0


async def test_abort_names_the_cause() -> None:
    with pytest.raises(NoRewardError, match=r"sample 7 .* NOT_FOUND \(UNKNOWN_VERIFIER\): as told"):
        await Scoring(_ABORT, FakeService(_lost)).score(rollout_of("7"))


async def test_a_sample_without_a_reward_has_the_same_names_and_no_score() -> None:
    def answer(rollout: Rollout, seen: int) -> RewardResult:
        return _lost(rollout, seen) if rollout.id == "2" else reward_for(rollout)

    scoring = Scoring(_NEUTRAL, FakeService(answer))
    rewarded = await scoring.score(rollout_of("1"))
    lost = await scoring.score(rollout_of("2"))
    assert list(lost) == list(rewarded)
    assert math.isnan(lost["score"])
    assert lost["infra_error"] == 1.0
    assert lost["correct"] == lost["incorrect"] == 0.0
    assert all(isinstance(each, float) for each in lost.values())


async def test_the_names_are_known_when_the_very_first_samples_have_no_reward() -> None:
    service = FakeService(_lost_but_probe)
    scoring = Scoring(_NEUTRAL, service)
    infos: list[Info] = await asyncio.gather(
        *[scoring.score(rollout_of(str(number))) for number in range(2)]
    )
    assert all("component/accuracy" in each for each in infos)
    # One of our own asked, and asked once.
    assert sum(call == ["probe"] for call in service.calls) == 1


async def test_training_does_not_start_where_nothing_can_be_rewarded() -> None:
    with pytest.raises(NoRewardError, match="nor has a right answer to 1 = 1"):
        await Scoring(_NEUTRAL, FakeService(_lost)).score(rollout_of("1"))


async def test_the_breaker_stops_what_the_policy_would_bear() -> None:
    scoring = Scoring(_NEUTRAL, FakeService(_lost_but_probe))
    for number in range(2):
        await scoring.score(rollout_of(str(number)))
    with pytest.raises(NoRewardError, match="3 of the last 3 samples .* the latest: sample 2 has"):
        await scoring.score(rollout_of("2"))


async def test_rewards_count_against_the_breaker() -> None:
    def answer(rollout: Rollout, seen: int) -> RewardResult:
        return reward_for(rollout) if rollout.id == "good" else _lost(rollout, seen)

    scoring = Scoring(_NEUTRAL, FakeService(answer))
    for id in ("good", "good", "good", "1", "2", "3"):
        await scoring.score(rollout_of(id))
    with pytest.raises(NoRewardError, match="4 of the last 7"):
        await scoring.score(rollout_of("4"))


@pytest.mark.parametrize("settings", [_ABORT, _NEUTRAL])
async def test_a_refused_call_stops_training_under_every_policy(settings: Settings) -> None:
    service = FakeService()
    details = ErrorDetails(grpc.StatusCode.UNAUTHENTICATED, "BAD_TOKEN", "the token is wrong")
    service.failures = [service_error(details)]
    with pytest.raises(NoRewardError, match="the service refuses to reward: .* the token is wrong"):
        await Scoring(settings, service).score(rollout_of("1"))


async def test_two_servers_that_name_components_differently_stop_training() -> None:
    def answer(rollout: Rollout, _: int) -> RewardResult:
        return reward_for(rollout, components=("accuracy", "format")[: int(rollout.id)])

    scoring = Scoring(_NEUTRAL, FakeService(answer))
    await scoring.score(rollout_of("1"))
    with pytest.raises(NoRewardError, match="components accuracy, format, but .* had accuracy"):
        await scoring.score(rollout_of("2"))


async def test_the_journal_tells_of_calls_and_of_what_was_lost(tmp_path: Path) -> None:
    def answer(rollout: Rollout, seen: int) -> RewardResult:
        return _lost(rollout, seen) if rollout.id == "2" else reward_for(rollout)

    path = tmp_path / "run" / "rewards.jsonl"
    settings = Settings(
        _NEUTRAL.endpoints,
        RECIPE,
        failure_policy=FailurePolicy.GROUP_NEUTRAL,
        metrics_file=str(path),
    )
    scoring = Scoring(settings, FakeService(answer))
    await asyncio.gather(*[scoring.score(rollout_of(each), step=5) for each in "123"])
    call, lost = map(json.loads, path.read_text().splitlines())
    assert call["event"] == "call"
    assert (call["step"], call["samples"], call["rewards"]) == (5, 3, 2)
    assert call["asked"] <= call["sent"] <= call["answered"]
    assert call["errors"] == {"UNKNOWN_VERIFIER": 1}
    assert call["outcomes"] == {"correct": 2}
    assert call["component_sums"] == {"accuracy": 2.0}
    assert call["verifier_seconds_sum"] == 1.0
    assert (lost["event"], lost["step"], lost["sample"]) == ("lost", 5, "2")
    assert lost["reason"] == "UNKNOWN_VERIFIER"
