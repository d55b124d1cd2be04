"""Rewards for the clients: against a scripted service, over real sockets."""

from collections.abc import Iterator

import grpc
import pytest
from fake_service import (
    DIGEST,
    MIB,
    FakeRewardService,
    abort,
    reward,
    reward_error,
    serving,
    spin_until,
    status,
)
from google.protobuf import json_format

from assayoffice import AsyncClient, Client
from assayoffice.rl.batches import Batch
from assayoffice.rl.dialects import RewardDialect
from assayoffice.rl.errors import (
    HallmarkMismatchError,
    InvalidRequestError,
    OverloadedError,
    ServiceError,
    SubmissionError,
)
from assayoffice.rl.results import ItemError, Outcome
from assayoffice.rl.rewards import (
    AppliedRecipe,
    Component,
    FinishReason,
    Generation,
    Recipe,
    Reward,
    Rollout,
    rollout_to_proto,
)
from assayoffice.rl.submissions import Submission
from assayoffice.v1 import reward_pb2

RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
RECIPE = Recipe("accuracy", "1")


def rollout(id: str, response: str = "7", **generation: object) -> Rollout:
    submission = Submission(id, "numeric", response, {"reference": "7"})
    return Rollout(submission, Generation(**generation))


class NoIndex:
    """As an array is, such as a row of a batch of token ids: it might be one number, and is not."""

    def __index__(self) -> int:
        raise TypeError("only integer scalar arrays can be converted to a scalar index")


def rejecting(code: grpc.StatusCode, reason: str, *, times: int = 10**9, field: str = ""):
    """A before_call that aborts the first ``times`` calls."""
    left = [times]

    def before_call(context: grpc.ServicerContext) -> None:
        if left[0] > 0:
            left[0] -= 1
            abort(context, status(code, reason, "as scripted", field))

    return before_call


class TestWhatIsSent:
    def test_generation_and_recipe_arrive_whole(self):
        service = FakeRewardService()
        recipe = Recipe.parse("shaped@3", {"max_tokens": 64, "components": [{"weight": 0.5}]})
        facts = Generation(token_ids=[0, 2**32 - 1], finish_reason=FinishReason.LENGTH)
        asked = Rollout(Submission("a", "numeric", "7", {"reference": "7"}, "3 + 4?"), facts)
        with (
            serving(service) as endpoint,
            Client(endpoint, required_hallmarks={"numeric": DIGEST}) as client,
        ):
            client.compute_rewards([asked], recipe, timeout=20)
        (request,) = service.batches
        assert (request.recipe.name, request.recipe.version) == ("shaped", "3")
        assert json_format.MessageToDict(request.recipe.options) == recipe.options
        assert dict(request.required_hallmarks) == {"numeric": DIGEST}
        (sent,) = request.rollouts
        assert (sent.submission.id, sent.submission.prompt) == ("a", "3 + 4?")
        assert list(sent.generation.token_ids) == [0, 2**32 - 1]
        assert sent.generation.token_count == 0
        assert sent.generation.finish_reason == reward_pb2.FINISH_REASON_LENGTH

    @pytest.mark.parametrize("reason", FinishReason)
    def test_every_finish_reason_has_its_place_on_the_wire(self, reason):
        sent = rollout_to_proto(rollout("a", finish_reason=reason, token_count=5))
        name = reward_pb2.FinishReason.Name(sent.generation.finish_reason)
        assert name == f"FINISH_REASON_{reason.value}"
        assert sent.generation.token_count == 5

    def test_no_tokens_are_told_apart_from_tokens_that_are_not_told(self):
        for generation, told in (({}, False), ({"token_count": 0}, True)):
            sent = rollout_to_proto(rollout("a", **generation))
            assert sent.generation.HasField("token_count") is told

    @pytest.mark.parametrize(
        ("generation", "message"),
        [
            ({"token_ids": [1, -1]}, "generation.token_ids[1]: -1 is not in [0, 2**32)"),
            ({"token_ids": [2**32]}, "generation.token_ids[0]: 4294967296 is not in"),
            ({"token_ids": [1, 2, "3"]}, "generation.token_ids[2]: must be an integer, not str"),
            ({"token_ids": [1.0]}, "generation.token_ids[0]: must be an integer, not float"),
            ({"token_ids": [[1, 2]]}, "generation.token_ids[0]: must be an integer, not list"),
            ({"token_ids": [NoIndex()]}, "generation.token_ids[0]: must be an integer, not NoI"),
            ({"finish_reason": "stop"}, "generation.finish_reason: must be a FinishReason, not"),
            ({"token_count": -1}, "generation.token_count: -1 is not in"),
            ({"token_count": 2.5}, "generation.token_count: must be an integer, not float"),
            (
                {"token_ids": [1, 2], "token_count": 3},
                "generation.token_count: 3, but there are 2 token_ids; leave it out",
            ),
        ],
    )
    def test_what_cannot_be_sent_names_the_field_and_harms_nobody(self, generation, message):
        service = FakeRewardService()
        asked = [rollout("x"), rollout("bad", **generation), rollout("y")]
        with serving(service) as endpoint, Client(endpoint) as client:
            first, bad, last = client.compute_rewards(asked, RECIPE, timeout=20)
            streamed = {each.id: each for each in client.stream_rewards(asked, RECIPE, timeout=20)}
        assert isinstance(first, Reward) and isinstance(last, Reward)
        assert isinstance(bad, ItemError) and bad.reason == "INVALID_SUBMISSION"
        assert message in bad.message
        assert streamed == {"x": first, "bad": bad, "y": last}

    def test_bad_submission_within_a_rollout_is_an_error_of_its_own(self):
        bad = Rollout(Submission("b", "numeric", "7", {"referense": "7"}))
        with serving(FakeRewardService()) as endpoint, Client(endpoint) as client:
            good, named = client.compute_rewards([rollout("a"), bad], RECIPE, timeout=20)
        assert isinstance(good, Reward)
        assert isinstance(named, ItemError) and "did you mean 'reference'" in named.message

    def test_token_ids_count_towards_the_size_of_a_call(self):
        service = FakeRewardService()
        # Five bytes each on the wire: 12 rollouts of 6 MiB do not fit below 64 MiB.
        ids = [2**32 - 1] * (6 * MIB // 5)
        with serving(service) as endpoint, Client(endpoint) as client:
            results = client.compute_rewards(
                [rollout(f"{n}", token_ids=ids) for n in range(12)], RECIPE, timeout=60
            )
        assert [each.id for each in results] == [f"{n}" for n in range(12)]
        assert all(isinstance(each, Reward) for each in results)
        assert sorted(len(each.rollouts) for each in service.batches) == [3, 9]

    def test_rollout_beyond_every_limit_is_an_error_of_its_own(self):
        asked = [rollout("a"), rollout("b", token_ids=range(1000))]
        batch = Batch(asked, RewardDialect(RECIPE, {}, {}, require_stamps=False), 256, 200)
        (chunk,) = batch.chunks()
        assert [each.submission.id for each in chunk.request.rollouts] == ["a"]
        assert batch.results()[1].reason == "INVALID_SUBMISSION"


class TestRecipe:
    def test_written_form_is_read_and_shown(self):
        recipe = Recipe.parse("phi4_reasoning_plus@1", {"max_tokens": 64})
        assert (recipe.name, recipe.version) == ("phi4_reasoning_plus", "1")
        assert recipe.options == {"max_tokens": 64}
        assert str(recipe) == "phi4_reasoning_plus@1"

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("accuracy", "names no version; write name@version"),
            ("", "names no version"),
            ("@1", "recipe.name: '' is no name"),
            ("Accuracy@1", "recipe.name: 'Accuracy' is no name"),
            ("accuracy@", "recipe.version: '' is no version"),
            ("accuracy@v1", "recipe.version: 'v1' is no version; it is a number"),
            ("accuracy@1@2", "recipe.version: '1@2'"),
            ("accuracy@1\n", "recipe.version: '1\\n'"),
            ("accuracy@\u0661", "recipe.version"),
        ],
    )
    def test_what_is_no_recipe_is_refused_where_it_is_written(self, written, message):
        with pytest.raises(SubmissionError) as caught:
            Recipe.parse(written)
        assert message in str(caught.value)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"max_tokens": 2**53 + 1}, "recipe.options.max_tokens: integers above 2**53"),
            ({"weights": [1, {"x": float("nan")}]}, "recipe.options.weights[1].x: nan is no"),
            ({"x": float("-inf")}, "recipe.options.x: -inf is no"),
            ({"x": object()}, "recipe.options: "),
        ],
    )
    def test_options_that_would_not_arrive_as_they_are_are_refused(self, options, message):
        service = FakeRewardService()
        with serving(service) as endpoint, Client(endpoint) as client:
            for call in (client.compute_rewards, client.stream_rewards):
                with pytest.raises(SubmissionError) as caught:
                    call([rollout("a")], Recipe("accuracy", "1", options), timeout=20)
                assert message in str(caught.value)
        assert service.calls == 0

    def test_recipe_that_the_service_refuses_is_raised_with_the_field(self):
        refusal = rejecting(grpc.StatusCode.INVALID_ARGUMENT, "NO_RECIPE", field="recipe.name")
        service = FakeRewardService(before_call=refusal)
        with serving(service) as endpoint, Client(endpoint, batch_size=1) as client:
            with pytest.raises(InvalidRequestError) as caught:
                client.compute_rewards([rollout("a"), rollout("b")], RECIPE, timeout=20)
            with pytest.raises(InvalidRequestError):
                list(client.stream_rewards([rollout("a")], RECIPE, timeout=20))
        assert caught.value.violations[0].field == "recipe.name"

    def test_recipes_are_listed(self):
        with serving(FakeRewardService()) as endpoint, Client(endpoint) as client:
            accuracy, shaped = client.list_recipes(timeout=20)
        assert (accuracy.name, accuracy.version) == ("accuracy", "1")
        assert accuracy.default_digest == DIGEST and shaped.default_digest == ""
        assert "max_tokens" in shaped.options_schema

    def test_recipe_can_be_tried_without_a_rollout(self):
        service = FakeRewardService()
        with serving(service) as endpoint, Client(endpoint) as client:
            applied = client.applied_recipe(RECIPE, timeout=20)
            service.applied = "dapo"
            with pytest.raises(ServiceError, match=r"BROKEN_CONTRACT.*applied dapo@1"):
                client.applied_recipe(RECIPE, timeout=20)
        assert applied == AppliedRecipe("accuracy", "1", "{}", DIGEST)

    def test_endpoint_with_other_code_is_noticed_within_a_batch(self):
        services = FakeRewardService(), FakeRewardService(digest="cd" * 32)
        asked = [rollout(f"{n}") for n in range(40)]
        results = []
        with serving(services[0]) as one, serving(services[1]) as other:
            with Client([one, other], batch_size=4, calls_in_flight=1) as client:

                def both_were_asked() -> bool:
                    results.extend(client.compute_rewards(asked, RECIPE, timeout=20))
                    return all(each.batches for each in services)

                spin_until(both_were_asked)
        refused = [each for each in results if isinstance(each, ItemError)]
        assert 0 < len(refused) < len(results)
        assert {each.reason for each in refused} == {"RECIPE_CHANGED"}
        assert "have all endpoints serve one release" in refused[0].message

    def test_update_of_the_service_is_noticed_by_the_client_it_had(self):
        service = FakeRewardService()
        other = Recipe("dapo", "1")
        with serving(service) as endpoint, Client(endpoint) as client:
            assert isinstance(client.compute_rewards([rollout("a")], RECIPE, timeout=20)[0], Reward)
            service.digest = "cd" * 32
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
            streamed = list(client.stream_rewards([rollout("a"), rollout("b")], RECIPE, timeout=20))
            with pytest.raises(ServiceError, match="RECIPE_CHANGED"):
                client.applied_recipe(RECIPE, timeout=20)
            # Of another recipe there was none before.
            assert isinstance(client.compute_rewards([rollout("a")], other, timeout=20)[0], Reward)
            with Client(endpoint) as new:
                assert isinstance(
                    new.compute_rewards([rollout("a")], RECIPE, timeout=20)[0], Reward
                )
        assert isinstance(result, ItemError) and result.reason == "RECIPE_CHANGED"
        assert [(each.id, each.reason) for each in streamed] == [
            ("a", "RECIPE_CHANGED"),
            ("b", "RECIPE_CHANGED"),
        ]

    def test_stream_by_another_recipe_is_not_believed(self):
        service = FakeRewardService(applied="dapo")
        with serving(service) as endpoint, Client(endpoint) as client:
            streamed = list(client.stream_rewards([rollout("a"), rollout("b")], RECIPE, timeout=20))
        assert [(each.id, each.reason) for each in streamed] == [
            ("a", "BROKEN_CONTRACT"),
            ("b", "BROKEN_CONTRACT"),
        ]

    async def test_asyncio_tries_it_alike(self):
        with serving(FakeRewardService()) as endpoint:
            async with AsyncClient(endpoint) as client:
                applied = await client.applied_recipe(RECIPE, timeout=20)
        assert applied.digest == DIGEST


class TestResults:
    def test_reward_arrives_typed_and_whole(self):
        with serving(FakeRewardService()) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a", token_ids=[5, 6])], RECIPE, timeout=20)
        assert isinstance(result, Reward)
        assert (result.id, result.total, result.token_count) == ("a", 0.98, 2)
        assert result.components == (
            Component("accuracy", 1.0, 1.0, "equal"),
            Component("length", -2.0, 0.01, ""),
        )
        assert result.verdict.outcome is Outcome.CORRECT and result.verdict.id == "a"

    def test_rounding_of_parts_that_cancel_is_no_other_sum(self):
        # Newer Pythons' sum() would keep the digits of the small one.
        values = [("accuracy", 1e12), ("repetition", 0.1), ("overlong", -1e12)]

        def rewarded(asked):
            result = reward(asked)
            del result.reward.components[:]
            total = 0.0
            for name, value in values:
                result.reward.components.add(name=name, value=value, weight=1.0)
                total += value
            result.reward.total = total
            return result

        with serving(FakeRewardService(rewarded)) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, Reward)
        assert result.total == 1e12 + 0.1 - 1e12 != 0.1

    def test_error_has_no_total_and_names_the_field_without_its_place_in_a_call(self):
        def rewarded(asked):
            message = "rollouts[0].generation.token_ids: missing; rollouts[0].submission.prompt: x"
            return reward_error(asked, grpc.StatusCode.INVALID_ARGUMENT, "INVALID", message)

        with serving(FakeRewardService(rewarded)) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, ItemError) and not hasattr(result, "total")
        assert result.message == "generation.token_ids: missing; prompt: x"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"total": 0.5}, "total 0.5 is not 1.0, the sum of its components"),
            ({"total": 1.0 + 1e-6}, "the sum of its components"),
            ({"total": float("nan")}, "total nan is no number to train on"),
            ({"total": float("inf")}, "total inf is no number"),
            ({"components": []}, "no components"),
            ({"components": [("accuracy", 0.5, 1.0), ("accuracy", 0.5, 1.0)]}, "same name"),
            ({"components": [("accuracy", float("nan"), 1.0)]}, "the sum of its components"),
            ({"components": [("accuracy", 1e300, 1e300)], "total": 1e300}, "the sum of its"),
            ({"outcome": 0}, "outcome 0 is unknown"),
            ({"outcome": 77}, "outcome 77 is unknown"),
            ({"score": float("nan")}, "score nan is not in [0, 1]"),
        ],
    )
    def test_reward_that_breaks_the_contract_is_an_error(self, changes, message):
        def rewarded(asked: reward_pb2.Rollout) -> reward_pb2.RewardResult:
            result = reward(asked)
            if asked.submission.id != "bad":
                return result
            answer = result.reward
            if "components" in changes:
                del answer.components[:]
                for name, value, weight in changes["components"]:
                    answer.components.add(name=name, value=value, weight=weight)
            answer.total = changes.get("total", answer.total)
            answer.verdict.outcome = changes.get("outcome", answer.verdict.outcome)
            answer.verdict.score = changes.get("score", answer.verdict.score)
            return result

        with serving(FakeRewardService(rewarded)) as endpoint, Client(endpoint) as client:
            asked = [rollout("x"), rollout("bad"), rollout("y")]
            first, bad, last = client.compute_rewards(asked, RECIPE, timeout=20)
            (streamed,) = client.stream_rewards([rollout("bad")], RECIPE, timeout=20)
        assert isinstance(first, Reward) and isinstance(last, Reward)
        assert isinstance(bad, ItemError)
        assert (bad.id, bad.reason) == ("bad", "BROKEN_CONTRACT")
        assert message in bad.message
        assert streamed == bad

    @pytest.mark.parametrize(
        "answer",
        [
            reward_pb2.RewardResult(id="a"),
            reward_pb2.RewardResult(id="a", reward={}),
            reward_pb2.RewardResult(id="a", reward={"total": 0.0, "components": [{"name": "x"}]}),
            reward_pb2.RewardResult(id="a", error={}),
        ],
        ids=["neither", "empty reward", "no verdict", "error OK"],
    )
    def test_answer_that_says_nothing_is_no_reward_of_0(self, answer):
        with serving(FakeRewardService(lambda _: answer)) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, ItemError) and result.reason == "BROKEN_CONTRACT"

    def test_answers_to_other_ids_are_not_believed(self):
        def rewarded(asked):
            result = reward(asked)
            result.id = {"a": "b", "b": "a"}[result.id]
            return result

        with serving(FakeRewardService(rewarded)) as endpoint, Client(endpoint) as client:
            results = client.compute_rewards([rollout("a"), rollout("b")], RECIPE, timeout=20)
            stream = client.stream_rewards([rollout("a")], RECIPE, timeout=20)
            strange = next(stream)
            with pytest.raises(ServiceError, match="BROKEN_CONTRACT") as caught:
                next(stream)
        assert [(each.id, each.reason) for each in (*results, strange)] == [
            ("a", "BROKEN_CONTRACT"),
            ("b", "BROKEN_CONTRACT"),
            ("b", "BROKEN_CONTRACT"),
        ]
        assert caught.value.unanswered == ("a",)

    def test_rewards_of_another_recipe_are_not_believed(self):
        service = FakeRewardService(applied="dapo")
        with serving(service) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, ItemError) and result.reason == "BROKEN_CONTRACT"
        assert "applied dapo@1" in result.message

    def test_rounding_of_a_long_sum_is_no_breach(self):
        def rewarded(asked):
            result = reward(asked)
            del result.reward.components[:]
            for number in range(1000):
                result.reward.components.add(name=f"{number}", value=0.1, weight=1 / 3)
            result.reward.total = 1000 * 0.1 / 3
            return result

        with serving(FakeRewardService(rewarded)) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, Reward)


class TestBatches:
    async def test_both_clients_keep_the_order_over_several_calls(self):
        asked = [rollout(f"{n}", "7" if n % 3 else "8") for n in range(50)]
        service = FakeRewardService()
        with serving(service) as endpoint:
            with Client(endpoint, batch_size=7) as client:
                results = client.compute_rewards(asked, RECIPE, timeout=20)
            async with AsyncClient(endpoint, batch_size=7) as client:
                assert await client.compute_rewards(iter(asked), RECIPE, timeout=20) == results
                assert len(await client.list_recipes(timeout=20)) == 2
        assert [(each.id, each.total) for each in results] == [
            (f"{n}", float(n % 3 > 0)) for n in range(50)
        ]
        assert len(service.batches) == 16

    def test_empty_batch_needs_no_service(self):
        with Client("127.0.0.1:1") as client:
            assert client.compute_rewards([], RECIPE, timeout=1) == []

    @pytest.mark.parametrize("kind", ["blocking", "asyncio"])
    async def test_shed_item_is_sent_again_and_alone(self, kind):
        shed = {"1", "2"}

        def rewarded(asked):
            if asked.submission.id in shed:
                shed.discard(asked.submission.id)
                return reward_error(asked, RESOURCE_EXHAUSTED, "OVERLOADED")
            return reward(asked)

        service = FakeRewardService(rewarded)
        asked = [rollout(f"{n}") for n in range(4)]
        with serving(service) as endpoint:
            if kind == "blocking":
                with Client(endpoint) as client:
                    results = client.compute_rewards(asked, RECIPE, timeout=20)
            else:
                async with AsyncClient(endpoint) as client:
                    results = await client.compute_rewards(asked, RECIPE, timeout=20)
        assert all(isinstance(result, Reward) for result in results)
        assert [[each.submission.id for each in batch.rollouts] for batch in service.batches] == [
            ["0", "1", "2", "3"],
            ["1", "2"],
        ]

    def test_shed_items_are_not_sent_again_past_the_deadline(self):
        service = FakeRewardService(lambda each: reward_error(each, UNAVAILABLE, "DRAINING"))
        with serving(service) as endpoint, Client(endpoint, shed_attempts=10_000) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=1.5)
        assert isinstance(result, ItemError) and result.reason == "DRAINING"
        assert 1 < service.calls < 8

    def test_verifier_out_of_service_is_not_asked_again(self):
        service = FakeRewardService(
            lambda each: reward_error(each, UNAVAILABLE, "VERIFIER_UNAVAILABLE")
        )
        with serving(service) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, ItemError) and service.calls == 1

    def test_failed_call_gives_its_items_errors_and_leaves_the_others_their_rewards(self):
        service = FakeRewardService()
        service.before_call = rejecting(grpc.StatusCode.INTERNAL, "BUG", times=1)
        with (
            serving(service) as endpoint,
            Client(endpoint, batch_size=2, calls_in_flight=1) as client,
        ):
            results = client.compute_rewards(
                [rollout(f"{n}") for n in range(6)], RECIPE, timeout=20
            )
        assert [type(each) for each in results] == [ItemError] * 2 + [Reward] * 4
        assert results[0].reason == "BUG"

    @pytest.mark.parametrize("code", [UNAVAILABLE, RESOURCE_EXHAUSTED])
    def test_call_is_retried_until_it_is_answered(self, code):
        service = FakeRewardService(before_call=rejecting(code, "BUSY", times=2))
        with serving(service) as endpoint, Client(endpoint) as client:
            (result,) = client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, Reward)
        assert service.calls == 3

    def test_retries_end(self):
        service = FakeRewardService(before_call=rejecting(RESOURCE_EXHAUSTED, "BUSY"))
        with serving(service) as endpoint, Client(endpoint) as client:
            with pytest.raises(OverloadedError, match="BUSY"):
                client.compute_rewards([rollout("a")], RECIPE, timeout=30)
        assert service.calls == 5

    def test_other_hallmark_than_demanded_is_raised(self):
        mismatch = rejecting(grpc.StatusCode.FAILED_PRECONDITION, "HALLMARK_MISMATCH")
        with (
            serving(FakeRewardService(before_call=mismatch)) as endpoint,
            Client(endpoint) as client,
        ):
            with pytest.raises(HallmarkMismatchError):
                client.compute_rewards([rollout("a")], RECIPE, timeout=20)


class TestStreams:
    def test_every_rollout_is_answered_once_and_the_recipe_goes_first(self):
        service = FakeRewardService()
        asked = [rollout(f"{n}") for n in range(300)]
        with (
            serving(service) as endpoint,
            Client(endpoint, required_hallmarks={"numeric": DIGEST}) as client,
        ):
            results = list(client.stream_rewards(iter(asked), RECIPE, timeout=60))
        assert sorted(each.id for each in results) == sorted(each.id for each in asked)
        first, *others = service.stream_requests
        assert first.recipe.name == "accuracy" and dict(first.required_hallmarks)
        assert not any(each.HasField("recipe") or each.required_hallmarks for each in others)

    async def test_asyncio_takes_both_kinds_of_source(self):
        async def source():
            for n in range(3):
                yield rollout(f"{n}")

        with serving(FakeRewardService()) as endpoint:
            async with AsyncClient(endpoint) as client:
                for asked in (source(), [rollout(f"{n}") for n in range(3)]):
                    stream = client.stream_rewards(asked, RECIPE, timeout=20)
                    assert {each.id async for each in stream} == {"0", "1", "2"}

    def test_shed_item_is_handed_on_at_once(self):
        service = FakeRewardService(lambda each: reward_error(each, UNAVAILABLE, "DRAINING"))
        with serving(service) as endpoint, Client(endpoint) as client:
            (result,) = client.stream_rewards([rollout("a")], RECIPE, timeout=20)
        assert isinstance(result, ItemError) and result.reason == "DRAINING"
        assert service.calls == 1

    def test_broken_stream_raises_and_lists_the_unanswered(self):
        def rewarded(asked):
            assert asked.submission.id == "a"
            return reward(asked)

        results = []
        with serving(FakeRewardService(rewarded)) as endpoint, Client(endpoint) as client:
            with pytest.raises(ServiceError) as caught:
                for result in client.stream_rewards(
                    [rollout("a"), rollout("b")], RECIPE, timeout=20
                ):
                    results.append(result.id)
        assert (results, caught.value.unanswered) == (["a"], ("b",))

    def test_failure_of_the_source_is_raised_as_it_is(self):
        def source() -> Iterator[Rollout]:
            yield rollout("a")
            raise LookupError("no more data")

        with serving(FakeRewardService()) as endpoint, Client(endpoint) as client:
            with pytest.raises(LookupError, match="no more data"):
                list(client.stream_rewards(source(), RECIPE, timeout=20))


def test_verdicts_and_rewards_share_one_connection():
    with serving(FakeRewardService()) as endpoint, Client(endpoint) as client:
        client.compute_rewards([rollout("a")], RECIPE, timeout=20)
        opened = vars(client)["_opened_channel"]
        with pytest.raises(ServiceError, match="UNIMPLEMENTED"):
            client.list_verifiers(timeout=20)
        assert vars(client)["_opened_channel"] is opened
