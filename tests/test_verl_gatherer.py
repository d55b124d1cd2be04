"""Rewards asked for one by one are computed together, and no waiter pays for another."""

import asyncio
from collections.abc import Callable

import grpc
import pytest
from fake_rewarder import RECIPE, FakeService, error_of, reward_for, rollout_of

from assayoffice.rl.errors import ErrorDetails, ServiceError, service_error
from assayoffice.rl.results import ItemError
from assayoffice.rl.rewards import Reward, RewardResult, Rollout
from assayoffice.rl.verl.gatherer import Call, Gatherer


def _gatherer(
    service: FakeService,
    *,
    batch_size: int = 256,
    in_flight: int = 1000,
    timeout_seconds: float = 30.0,
    ended: Callable[[Call], None] = lambda call: None,
) -> Gatherer:
    return Gatherer(
        service,
        RECIPE,
        gather_seconds=0.001,
        batch_size=batch_size,
        in_flight=in_flight,
        timeout_seconds=timeout_seconds,
        ended=ended,
    )


async def _all(gatherer: Gatherer, count: int) -> list[RewardResult]:
    asked = [gatherer.reward(rollout_of(str(number))) for number in range(count)]
    return await asyncio.gather(*asked)


async def test_concurrent_waiters_share_a_call_and_get_their_own_rewards() -> None:
    service = FakeService()
    results = await _all(_gatherer(service), 100)
    assert [each.id for each in results] == [str(number) for number in range(100)]
    assert len(service.calls) == 1


async def test_a_full_batch_does_not_wait_for_more() -> None:
    service = FakeService()
    await _all(_gatherer(service, batch_size=10), 35)
    assert [len(each) for each in service.calls] == [10, 10, 10, 5]


async def test_no_more_are_in_flight_than_allowed_and_none_is_lost() -> None:
    service = FakeService()
    results = await _all(_gatherer(service, batch_size=4, in_flight=8), 100)
    assert service.most_under_way == 8
    assert all(isinstance(each, Reward) for each in results)
    assert len({each.id for each in results}) == 100


async def test_a_cancelled_waiter_harms_no_other() -> None:
    service = FakeService()
    service.hold = asyncio.Event()
    gatherer = _gatherer(service, in_flight=3)
    waiters = [asyncio.create_task(gatherer.reward(rollout_of(str(n)))) for n in range(4)]
    await service.called.wait()
    waiters[1].cancel()
    service.hold.set()
    others = await asyncio.gather(waiters[0], waiters[2], waiters[3])
    assert [each.id for each in others] == ["0", "2", "3"]
    assert all(isinstance(each, Reward) for each in others)
    assert waiters[1].cancelled()


async def test_one_that_gave_up_before_it_was_sent_is_not_sent() -> None:
    service = FakeService()
    gatherer = _gatherer(service)
    waiters = [asyncio.create_task(gatherer.reward(rollout_of(str(n)))) for n in range(3)]
    await asyncio.sleep(0)
    waiters[1].cancel()
    await asyncio.gather(waiters[0], waiters[2])
    assert service.calls == [["0", "2"]]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, "SANDBOX_FAILED"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
        (grpc.StatusCode.INTERNAL, "WORKER_CRASHED"),
    ],
)
async def test_what_may_pass_is_asked_again_without_the_siblings(
    code: grpc.StatusCode, reason: str
) -> None:
    def answer(rollout: Rollout, seen: int) -> RewardResult:
        lost = rollout.id == "1" and seen == 1
        return error_of(rollout.id, code, reason, after=0.001) if lost else reward_for(rollout)

    service = FakeService(answer)
    results = await _all(_gatherer(service), 3)
    assert all(isinstance(each, Reward) for each in results)
    assert service.calls == [["0", "1", "2"], ["1"]]


@pytest.mark.parametrize(
    ("code", "reason", "asked"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SUBMISSION", 1),
        (grpc.StatusCode.NOT_FOUND, "UNKNOWN_VERIFIER", 1),
        (grpc.StatusCode.UNAVAILABLE, "VERIFIER_UNAVAILABLE", 1),
        (grpc.StatusCode.INTERNAL, "VERIFIER_DEFECT", 1),
        (grpc.StatusCode.INTERNAL, "BROKEN_CONTRACT", 1),
        (grpc.StatusCode.INTERNAL, "WORKER_CRASHED", 2),
    ],
)
async def test_what_does_not_pass_is_not_asked_again(
    code: grpc.StatusCode, reason: str, asked: int
) -> None:
    service = FakeService(lambda rollout, seen: error_of(rollout.id, code, reason, after=0.001))
    (result,) = await _all(_gatherer(service), 1)
    assert isinstance(result, ItemError)
    assert result.reason == reason
    assert len(service.calls) == asked


async def test_a_crash_after_having_been_shed_is_the_first_crash() -> None:
    errors = [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"),
        (grpc.StatusCode.INTERNAL, "WALL_TIMEOUT"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"),
    ]

    def answer(rollout: Rollout, seen: int) -> RewardResult:
        if seen > len(errors):
            return reward_for(rollout)
        return error_of(rollout.id, *errors[seen - 1], after=0.001)

    (result,) = await _all(_gatherer(FakeService(answer)), 1)
    assert isinstance(result, Reward)


async def test_a_service_that_is_down_for_a_while_costs_no_sample() -> None:
    service = FakeService()
    down = service_error(ErrorDetails(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", "refused"))
    service.failures = [down, down, down]
    calls: list[Call] = []
    results = await _all(_gatherer(service, ended=calls.append), 20)
    assert all(isinstance(each, Reward) for each in results)
    assert [bool(each.failure) for each in calls[:1]] == [True]
    assert sum(len(each.results) for each in calls) == 20


async def test_the_last_error_is_left_when_the_time_is_up() -> None:
    service = FakeService(
        lambda rollout, seen: error_of(
            rollout.id, grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", 0.01
        )
    )
    (result,) = await _all(_gatherer(service, timeout_seconds=1.0), 1)
    assert isinstance(result, ItemError)
    assert result.reason == "SHUTTING_DOWN"
    assert len(service.calls) > 1


async def test_a_service_that_never_answers_is_an_error_in_time() -> None:
    service = FakeService()
    service.hold = asyncio.Event()
    (result,) = await _all(_gatherer(service, timeout_seconds=0.1), 1)
    assert isinstance(result, ItemError)
    assert result.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "0.1 seconds" in result.message
    service.hold.set()


async def test_waiting_for_room_does_not_use_up_the_time() -> None:
    service = FakeService()
    service.hold = asyncio.Event()
    gatherer = _gatherer(service, in_flight=1, timeout_seconds=1.0)
    first = asyncio.create_task(gatherer.reward(rollout_of("first")))
    second = asyncio.create_task(gatherer.reward(rollout_of("second")))
    assert isinstance(await first, ItemError)
    service.hold.set()
    assert isinstance(await second, Reward)


async def test_a_refused_call_is_raised_for_each_waiter() -> None:
    service = FakeService()
    details = ErrorDetails(grpc.StatusCode.INVALID_ARGUMENT, "INVALIDRECIPE", "recipe.name: none")
    service.failures = [service_error(details)]
    gatherer = _gatherer(service)
    asked = [gatherer.reward(rollout_of(str(number))) for number in range(3)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, ServiceError) for each in results)
    assert len(service.calls) == 1


async def test_a_defect_of_the_client_reaches_the_waiters() -> None:
    service = FakeService()
    service.failures = [TypeError("a defect")]
    with pytest.raises(TypeError, match="a defect"):
        await _gatherer(service).reward(rollout_of("1"))


async def test_calls_are_told_with_their_times_and_steps() -> None:
    calls: list[Call] = []
    gatherer = _gatherer(FakeService(), ended=calls.append)
    await asyncio.gather(gatherer.reward(rollout_of("1"), 7), gatherer.reward(rollout_of("2"), 8))
    (call,) = calls
    assert call.steps == [7, 8]
    assert 0 <= call.answered - call.sent < 10
    assert len(call.results) == 2


async def test_a_call_gets_the_time_that_its_samples_have_left() -> None:
    def answer(rollout: Rollout, seen: int) -> RewardResult:
        if seen > 1:
            return reward_for(rollout)
        return error_of(rollout.id, grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", 0.2)

    service = FakeService(answer)
    await _all(_gatherer(service, timeout_seconds=30.0), 1)
    first, second = service.timeouts
    assert 20 < first <= 30
    assert 10 < second < first - 0.2


async def test_a_call_tells_when_its_rollouts_asked_first_whatever_kept_them_waiting() -> None:
    def answer(rollout: Rollout, seen: int) -> RewardResult:
        shed = error_of(rollout.id, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", 0.05)
        return shed if (rollout.id, seen) == ("0", 1) else reward_for(rollout)

    calls: list[Call] = []
    await _all(_gatherer(FakeService(answer), in_flight=1, ended=calls.append), 2)
    refused, again, waited_for_room = calls
    assert refused.asked <= refused.sent
    assert again.asked == refused.asked and again.sent >= refused.answered + 0.05
    assert waited_for_room.asked <= refused.sent
