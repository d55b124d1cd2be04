"""What a client of the wire sees of rewards: values, errors, streams, overload, hostile options.

Against real server processes. What the two services share is tested with the other one.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import grpc
import pytest
from fake_service import spin_until
from google.protobuf import json_format, struct_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from process_tree import is_named_below
from toy_service import Details, call_details, reason, sleeper, toy, toy_server

from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.v1 import reward_pb2, task_pb2, verdict_pb2, verifier_pb2
from assayoffice.v1.reward_pb2_grpc import RewardServiceStub
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

SECONDS = 30
STOP, LENGTH = reward_pb2.FINISH_REASON_STOP, reward_pb2.FINISH_REASON_LENGTH


@pytest.fixture
def channel(server: tuple[str, int]) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server[0]) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> RewardServiceStub:
    return RewardServiceStub(channel)


def recipe(name: str, version: str = "1", **options: object) -> reward_pb2.RewardRecipe:
    message = reward_pb2.RewardRecipe(name=name, version=version)
    json_format.ParseDict(options, message.options)
    return message


ACCURACY, PHI4 = recipe("accuracy"), recipe("phi4_reasoning_plus")


def rollout(
    submission: verifier_pb2.Submission, tokens: Sequence[int] = (), **facts: int
) -> reward_pb2.Rollout:
    facts = {"finish_reason": STOP, **facts}
    return reward_pb2.Rollout(
        submission=submission, generation=reward_pb2.Generation(token_ids=tokens, **facts)
    )


def halved(answer: str, tokens: int, *, think: bool = True, **facts: int) -> reward_pb2.Rollout:
    """A generation that gives one half as the answer, or something else."""
    thoughts = "<think>Half of one.</think> " if think else ""
    submission = verifier_pb2.Submission(
        id=f"{answer}/{tokens}",
        verifier="numeric",
        response=thoughts + rf"So it is \boxed{{{answer}}}.",
        numeric=task_pb2.NumericTask(reference="1/2"),
    )
    return rollout(submission, range(tokens), **facts)


def compute(
    stub: RewardServiceStub,
    recipe: reward_pb2.RewardRecipe,
    *rollouts: reward_pb2.Rollout,
    seconds: float = SECONDS,
    **envelope: object,
) -> reward_pb2.ComputeRewardsResponse:
    request = reward_pb2.ComputeRewardsRequest(rollouts=rollouts, recipe=recipe, **envelope)
    return stub.ComputeRewards(request, timeout=seconds)


def stream(
    recipe: reward_pb2.RewardRecipe, *rollouts: reward_pb2.Rollout
) -> Iterator[reward_pb2.StreamRewardsRequest]:
    requests = [reward_pb2.StreamRewardsRequest(rollout=each) for each in rollouts]
    requests[0].recipe.CopyFrom(recipe)
    return iter(requests)


class TestRewards:
    @pytest.mark.parametrize(
        ("answer", "tokens", "total"),
        [
            ("0.5", 25_600, 0.615385),
            ("1/2", 28_672, 0.461538),
            (r"\frac{2}{4}", 30_000, 0.364916),
            ("0.5", 31_744, 0.307692),
            ("0.4", 1_000, -0.563234),
            ("2", 1_851, -0.461538),
            ("0.51", 3_702, -0.307692),
        ],
    )
    def test_published_values_of_phi4(self, stub, answer, tokens, total):
        [result] = compute(stub, PHI4, halved(answer, tokens)).results
        reward = result.reward
        assert result.id == f"{answer}/{tokens}"
        assert reward.total == pytest.approx(total, abs=5e-7)
        assert reward.token_count == tokens
        assert [(part.name, part.weight) for part in reward.components] == [
            ("length_aware_accuracy", 8 / 13),
            ("repetition", 1 / 13),
        ]
        assert reward.verdict.hallmark.verifier == "numeric"
        assert reward.components[0].rule == (
            "correct" if reward.verdict.outcome == verdict_pb2.OUTCOME_CORRECT else "incorrect"
        )

    def test_total_is_the_sum_of_its_parts_in_their_order(self, stub):
        [result] = compute(stub, PHI4, halved("0.5", 30_000)).results
        total = 0.0
        for part in result.reward.components:
            total += part.value * part.weight
        assert result.reward.total == total

    @pytest.mark.parametrize(
        ("facts", "total", "rule"),
        [
            ({"finish_reason": LENGTH}, -0.5 * 8 / 13, "no_end_token"),
            ({"finish_reason": reward_pb2.FINISH_REASON_ABORTED}, -0.5 * 8 / 13, "no_end_token"),
            ({"think": False}, -8 / 13, "no_think_block"),
            ({"think": False, "finish_reason": LENGTH}, -8 / 13, "no_think_block"),
        ],
    )
    def test_overrides_and_their_order(self, stub, facts, total, rule):
        [result] = compute(stub, PHI4, halved("0.5", 100, **facts)).results
        assert result.reward.total == pytest.approx(total)
        assert result.reward.components[0].rule == rule
        # Which the verdict does not show.
        assert result.reward.verdict.outcome == verdict_pb2.OUTCOME_CORRECT

    def test_length_may_be_given_without_the_tokens(self, stub):
        facts = {"token_count": 18_432}
        [result] = compute(stub, recipe("dapo"), rollout(toy("gold"), **facts)).results
        assert (result.reward.total, result.reward.token_count) == (0.5, 18_432)

    @pytest.mark.parametrize(
        ("asked", "value"),
        [
            (recipe("dapo"), -1.0),
            (recipe("phi4_reasoning_plus", think="ignored"), -0.5 * 8 / 13),
            (PHI4, -8 / 13),
        ],
    )
    def test_generation_stopped_before_its_first_token_has_a_reward(self, stub, asked, value):
        nothing = rollout(toy(""), token_count=0, finish_reason=reward_pb2.FINISH_REASON_ABORTED)
        [result] = compute(stub, asked, nothing).results
        assert (result.reward.total, result.reward.token_count) == (pytest.approx(value), 0)

    def test_other_outcomes_are_incorrect(self, stub):
        rollouts = [rollout(toy(response), token_count=1) for response in ("", "burn", "lead")]
        results = compute(stub, recipe("dapo"), *rollouts).results
        assert [reason(each) for each in results] == ["EMPTY", "CPU_TIME", "OTHER"]
        assert [each.reward.total for each in results] == [-1.0, -1.0, -1.0]

    def test_recipe_is_answered_as_it_was_applied(self, stub):
        response = compute(stub, recipe("dapo", max_tokens=100, cache_tokens=20))
        applied = response.recipe
        assert (applied.name, applied.version, response.results) == ("dapo", "1", [])
        assert applied.options == '{"cache_tokens":20,"max_tokens":100,"overlong_weight":1.0}'
        other = compute(stub, recipe("dapo")).recipe
        assert len({applied.digest, other.digest}) == 2

    def test_recipes_are_listed_with_their_options(self, stub):
        listed = stub.ListRecipes(reward_pb2.ListRecipesRequest(), timeout=SECONDS).recipes
        names = ["accuracy", "dapo", "phi4_reasoning_plus", "r1", "weighted"]
        assert [each.name for each in listed] == names
        assert all('"properties"' in each.options_schema for each in listed)
        digests = {each.name: each.default_digest for each in listed}
        assert digests["phi4_reasoning_plus"] == compute(stub, PHI4).recipe.digest
        assert digests["weighted"] == ""

    def test_batch_is_answered_in_its_order(self, stub):
        rollouts = [rollout(toy(f"{n}", id=f"{n}", word="7")) for n in range(600)]
        results = compute(stub, ACCURACY, *rollouts).results
        assert [each.id for each in results] == [f"{n}" for n in range(600)]
        assert [n for n, each in enumerate(results) if each.reward.total == 1] == [7]


class TestItemErrors:
    def test_bad_rollouts_harm_no_neighbour(self, stub):
        rollouts = [
            rollout(toy("gold"), [1]),
            rollout(toy("segfault"), [1]),
            rollout(verifier_pb2.Submission(), [1]),
            reward_pb2.Rollout(),
            rollout(toy("gold"), [1], finish_reason=9),
            rollout(toy("raise"), [1]),
            rollout(toy("gold", word=""), [1]),
            rollout(toy("gold"), [1, 2], token_count=3),
            rollout(toy("gold"), [1]),
        ]
        results = compute(stub, recipe("phi4_reasoning_plus", think="ignored"), *rollouts).results
        assert [reason(each) for each in results] == [
            "SAME",
            "WORKER_CRASHED",
            "INVALID_SUBMISSION",
            "INVALID_SUBMISSION",
            "INVALID_SUBMISSION",
            "VERIFIER_DEFECT",
            "UNSCORABLE_REFERENCE",
            "INVALID_SUBMISSION",
            "SAME",
        ]
        assert [each.HasField("reward") for each in results] == [True, *[False] * 7, True]

    @pytest.mark.parametrize(
        ("bad", "field", "said"),
        [
            (reward_pb2.Rollout(), "submission", "must be set"),
            (halved("1", 0), "generation.token_ids", "send the tokens"),
            (halved("1", 0, token_count=5), "generation.token_ids", "send the tokens"),
            (halved("1", 5, finish_reason=0), "generation.finish_reason", "say why"),
            (halved("1", 5, token_count=4), "generation.token_count", "is 4, but there are 5"),
            (halved("1", 5, token_count=0), "generation.token_count", "is 0, but there are 5"),
            (
                rollout(toy("gold", word=""), [1]),
                "submission.custom.word",
                "give a word",
            ),
        ],
    )
    def test_error_names_the_field_and_the_remedy(self, stub, bad, field, said):
        results = compute(stub, PHI4, halved("1/2", 9), bad).results
        assert results[0].HasField("reward")
        assert results[1].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        assert Details(results[1].error).fields == [f"rollouts[1].{field}"]
        assert said in results[1].error.message

    def test_length_alone_is_not_enough_for_what_counts_tokens(self, stub):
        short = rollout(toy("gold"))
        [result] = compute(stub, recipe("dapo"), short).results
        assert Details(result.error).fields == ["rollouts[0].generation.token_ids"]
        assert "or their number as token_count" in result.error.message

    def test_verifier_out_of_service_rewards_nothing(self, stub):
        # Without headers, which this server was given none of, nothing in Lean can be checked.
        proof = task_pb2.LeanTask(statement="theorem t : True")
        submission = verifier_pb2.Submission(verifier="lean", response="trivial", lean=proof)
        [result] = compute(stub, ACCURACY, rollout(submission)).results
        assert reason(result) == "VERIFIER_UNAVAILABLE"
        assert not result.HasField("reward")

    def test_work_that_never_ends_rewards_nothing(self, stub):
        rollouts = [rollout(toy(response), [1]) for response in ("gold", "sleep")]
        results = compute(stub, ACCURACY, *rollouts, seconds=2).results
        assert [reason(each) for each in results] == ["SAME", "DEADLINE_EXCEEDED"]
        assert not results[1].HasField("reward")


class TestCallErrors:
    @pytest.mark.parametrize(
        ("asked", "field", "said"),
        [
            (recipe("phi4_reasoning"), "recipe.name", "did you mean 'phi4_reasoning_plus'?"),
            (recipe("r1", "2"), "recipe.version", "served in version '1', not in '2'"),
            (recipe("r1", zeal=1), "recipe.options.zeal", "there are think"),
            (recipe("dapo", max_tokens=0.5), "recipe.options.max_tokens", "integer"),
            (
                recipe("weighted", components=[{"component": "format", "weight": -1}]),
                "recipe.options.components[0].weight",
                "not -1",
            ),
        ],
    )
    def test_recipe_that_cannot_be_used_fails_the_call(self, stub, asked, field, said):
        for call in (
            lambda: compute(stub, asked, halved("1", 5)),
            lambda: list(stub.StreamRewards(stream(asked, halved("1", 5)), timeout=SECONDS)),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call()
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            details = call_details(caught.value)
            assert (details.info.reason, details.fields) == ("INVALID_RECIPE", [field])
            assert said in str(caught.value.details())

    def test_missing_recipe_is_refused(self, stub):
        with pytest.raises(grpc.RpcError) as caught:
            stub.ComputeRewards(reward_pb2.ComputeRewardsRequest(), timeout=SECONDS)
        assert call_details(caught.value).fields == ["recipe"]
        requests = iter([reward_pb2.StreamRewardsRequest(rollout=halved("1", 5))])
        with pytest.raises(grpc.RpcError) as caught:
            list(stub.StreamRewards(requests, timeout=SECONDS))
        assert call_details(caught.value).fields == ["recipe"]

    def test_other_hallmark_fails_the_call(self, stub):
        hallmarks = {"toy": "0" * 64}
        with pytest.raises(grpc.RpcError) as caught:
            compute(stub, ACCURACY, rollout(toy("gold")), required_hallmarks=hallmarks)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert call_details(caught.value).info.reason == "HALLMARK_MISMATCH"
        [result] = compute(stub, ACCURACY, rollout(toy("gold"))).results
        served = {"toy": result.reward.verdict.hallmark.digest}
        [again] = compute(stub, ACCURACY, rollout(toy("gold")), required_hallmarks=served).results
        assert again.reward.total == 1.0

    def test_oversized_batch_is_refused_as_a_whole(self, stub):
        with pytest.raises(grpc.RpcError) as caught:
            compute(stub, ACCURACY, *[rollout(toy("gold"))] * 4097)
        assert call_details(caught.value).fields == ["rollouts"]


def nested(depth: int) -> struct_pb2.Value:
    value = struct_pb2.Value(number_value=1)
    for _ in range(depth):
        value = struct_pb2.Value(struct_value=struct_pb2.Struct(fields={"a": value}))
    return value


def components(count: int) -> struct_pb2.Value:
    fields = {
        "component": struct_pb2.Value(string_value="format"),
        "weight": struct_pb2.Value(number_value=1),
    }
    one = struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[one] * count))


class TestHostileOptions:
    @pytest.mark.parametrize(
        ("name", "option", "value", "field", "said"),
        [
            ("dapo", "overlong_weight", float("nan"), ".overlong_weight", "finite"),
            ("dapo", "overlong_weight", float("inf"), ".overlong_weight", "finite"),
            ("dapo", "max_tokens", -float("inf"), ".max_tokens", "finite"),
            ("dapo", "max_tokens", 1e308, ".max_tokens", "must"),
            ("dapo", "overlong_weight", 1e308, ".overlong_weight", "less than or equal"),
            ("dapo", "max_tokens", struct_pb2.Value(), ".max_tokens", "integer"),
            ("dapo", "x" * 60_000, 1.0, "." + "x" * 200, "no option"),
            ("weighted", "components", nested(25), ".components", "array"),
            ("weighted", "components", components(100_000), "", "at most 65536 bytes"),
            ("weighted", "components", components(1_000), ".components", "at most 16 items"),
        ],
        ids=lambda value: None if isinstance(value, str) and len(value) < 99 else "",
    )
    def test_hostile_option_is_refused_by_name(self, stub, name, option, value, field, said):
        if isinstance(value, float):
            value = struct_pb2.Value(number_value=value)
        asked = reward_pb2.RewardRecipe(name=name, version="1")
        asked.options.fields[option].CopyFrom(value)
        started = time.monotonic()
        with pytest.raises(grpc.RpcError) as caught:
            compute(stub, asked, halved("1", 5))
        assert time.monotonic() - started < 10
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        [named] = call_details(caught.value).fields
        # A path that is very long is cut.
        assert f"recipe.options{field}".startswith(named.rstrip("…"))
        assert said in str(caught.value.details())
        # And the server is none the worse for it.
        assert compute(stub, ACCURACY, rollout(toy("gold"))).results[0].reward.total == 1.0

    @pytest.mark.parametrize("letter", ["x", "\u00e9", "\U0001d54f"])
    def test_many_mistakes_in_any_letters_are_told_as_they_are(self, stub, letter):
        # gRPC makes of trailing metadata that is too long, now and then or always, that the server
        # is overloaded.
        asked = recipe("dapo", **{f"{letter * 150}{n}": 1 for n in range(20)})
        for _ in range(5):
            with pytest.raises(grpc.RpcError) as caught:
                compute(stub, asked)
            details = call_details(caught.value)
            assert (details.info.reason, len(details.fields)) == ("INVALID_RECIPE", 10)

    def test_thousands_of_mistakes_hold_up_nobody(self, stub):
        nothing = struct_pb2.ListValue(values=[struct_pb2.Value()] * 30_000)
        asked = reward_pb2.RewardRecipe(name="weighted", version="1")
        asked.options.fields["components"].list_value.CopyFrom(nothing)
        started = time.monotonic()
        with pytest.raises(grpc.RpcError) as caught:
            compute(stub, asked)
        assert call_details(caught.value).info.reason == "INVALID_RECIPE"
        assert time.monotonic() - started < 10


class TestStream:
    def test_recipe_is_told_once_as_it_was_applied(self, stub):
        rollouts = [rollout(toy("gold", id=f"{n}"), token_count=5) for n in range(3)]
        asked = recipe("dapo", max_tokens=100, cache_tokens=20)
        first, *others = stub.StreamRewards(stream(asked, *rollouts), timeout=SECONDS)
        assert first.recipe == compute(stub, asked).recipe
        assert not any(each.HasField("recipe") for each in others)

    def test_rewards_come_as_they_finish(self, stub):
        slow, quick = rollout(toy("burn", id="slow", word="s")), rollout(toy("gold", id="quick"))
        responses = list(stub.StreamRewards(stream(ACCURACY, slow, quick), timeout=SECONDS))
        assert [each.result.id for each in responses] == ["quick", "slow"]
        assert [each.result.reward.total for each in responses] == [1.0, 0.0]

    def test_bad_rollout_gets_an_error_and_the_stream_goes_on(self, stub):
        bad = rollout(toy("gold", id="bad"), [1], finish_reason=0)
        good = rollout(toy("gold", id="good"), [1])
        asked = recipe("phi4_reasoning_plus", think="ignored")
        responses = list(stub.StreamRewards(stream(asked, bad, good, bad), timeout=SECONDS))
        assert sorted((each.result.id, reason(each.result)) for each in responses) == [
            ("bad", "INVALID_SUBMISSION"),
            ("bad", "INVALID_SUBMISSION"),
            ("good", "SAME"),
        ]
        failed = [each.result for each in responses if each.result.id == "bad"]
        assert Details(failed[0].error).fields == ["rollout.generation.finish_reason"]

    def test_id_under_way_cannot_be_used_again(self, stub):
        first, second = rollout(toy("burn", id="x", word="t")), rollout(toy("gold", id="x"))
        responses = list(stub.StreamRewards(stream(ACCURACY, first, second), timeout=SECONDS))
        assert [reason(each.result) for each in responses] == ["DUPLICATE_ID", "CPU_TIME"]
        assert "rollout.submission.id" in responses[0].result.error.message

    def test_empty_stream_gets_an_empty_answer(self, stub):
        assert list(stub.StreamRewards(iter(()), timeout=SECONDS)) == []

    def test_long_stream_is_answered_whole(self, stub):
        rollouts = [
            rollout(toy(f"{n % 40}", id=f"{n}", word="7"), range(n % 50)) for n in range(3000)
        ]
        responses = list(stub.StreamRewards(stream(ACCURACY, *rollouts), timeout=SECONDS))
        assert {each.result.id for each in responses} == {f"{n}" for n in range(3000)}
        assert sum(each.result.reward.total for each in responses) == 75


class TestClientsThatGoAway:
    def test_cancelling_a_batch_kills_its_work(self, server, stub):
        request = reward_pb2.ComputeRewardsRequest(
            rollouts=[rollout(sleeper("r-batch"))], recipe=ACCURACY
        )
        call = stub.ComputeRewards.future(request, timeout=SECONDS)
        spin_until(lambda: is_named_below(server[1], "r-batch"))
        call.cancel()
        spin_until(lambda: not is_named_below(server[1], "r-batch"))

    def test_cancelling_a_stream_kills_its_work(self, server, stub):
        rollouts = rollout(sleeper("r-stream", id="1")), rollout(toy("gold", id="2"))
        call = stub.StreamRewards(stream(ACCURACY, *rollouts), timeout=SECONDS)
        assert next(call).result.id == "2"
        spin_until(lambda: is_named_below(server[1], "r-stream"))
        call.cancel()
        spin_until(lambda: not is_named_below(server[1], "r-stream"))


class TestLongGenerations:
    def test_other_calls_are_answered_while_tokens_are_counted(self, channel, stub):
        """A million tokens a rollout take the better part of a second each."""
        long = [
            rollout(toy("gold", id=f"{n}"), range(n, n + 2**20), finish_reason=STOP)
            for n in range(6)
        ]
        asked = recipe("phi4_reasoning_plus", think="ignored")
        call = stub.ComputeRewards.future(
            reward_pb2.ComputeRewardsRequest(rollouts=long, recipe=asked), timeout=2 * SECONDS
        )
        waits = health_waits_while(channel, lambda: not call.done())
        assert [each.reward.token_count for each in call.result().results] == [2**20] * 6
        assert len(waits) > 10
        assert sorted(waits)[len(waits) // 2] < 0.2

    def test_longest_generation_and_no_longer(self, stub):
        tokens = rollout(toy("gold"), range(2**20 + 1))
        [result] = compute(stub, recipe("dapo"), tokens).results
        assert Details(result.error).fields == ["rollouts[0].generation.token_ids"]


def health_waits_while(channel: grpc.Channel, goes_on: Callable[[], bool]) -> list[float]:
    """Seconds that health checks took, one after the other, until something is over."""
    health = health_pb2_grpc.HealthStub(channel)
    waits = []
    while goes_on():
        started = time.monotonic()
        health.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        waits.append(time.monotonic() - started)
    return waits


@pytest.mark.heavy
class TestOverload:
    def test_full_queue_sheds_rewards_as_it_sheds_verdicts(self):
        with (
            toy_server("--workers", "1", "--queue-items", "2") as (endpoint, _),
            grpc.insecure_channel(endpoint) as channel,
        ):
            stub = RewardServiceStub(channel)
            sleeping = [rollout(toy("sleep", word=f"{n}", id=f"{n}")) for n in range(3)]
            results = compute(stub, ACCURACY, *sleeping, seconds=2).results
            assert [reason(each) for each in results] == [
                "DEADLINE_EXCEEDED",
                "DEADLINE_EXCEEDED",
                "OVERLOADED",
            ]
            assert not any(each.HasField("reward") for each in results)
            rollouts = [rollout(toy(f"{n}", id=f"{n}")) for n in range(50)]
            responses = list(stub.StreamRewards(stream(ACCURACY, *rollouts), timeout=SECONDS))
            assert [reason(each.result) for each in responses] == ["OTHER"] * 50


@pytest.mark.heavy
class TestDraining:
    def test_stopping_server_answers_what_it_took_and_takes_no_more(self):
        embedded = EmbeddedServer(start_seconds=60)
        more = threading.Event()

        def requests() -> Iterator[reward_pb2.StreamRewardsRequest]:
            yield from stream(ACCURACY, halved("0.5", 5))
            more.wait()

        with embedded as ready, grpc.insecure_channel(ready.endpoint) as channel:
            call = RewardServiceStub(channel).StreamRewards(requests(), timeout=SECONDS)
            assert next(call).result.reward.total == 1.0
            embedded._process.terminate()
            with pytest.raises(grpc.RpcError) as caught:
                next(call)
            more.set()
            assert call_details(caught.value).info.reason == "SHUTTING_DOWN"
        lines = [json.loads(each) for each in embedded._stderr_tail]
        [line] = [each for each in lines if each.get("method") == "StreamRewards"]
        assert (line["status"], line["recipe"]) == ("SHUTTING_DOWN", "accuracy@1")
        assert line["results"] == {"correct": 1}


def test_verdict_of_a_reward_is_that_of_the_verifier_service(channel, stub):
    submission = halved("0.5", 5).submission
    request = verifier_pb2.VerifyRequest(submission=submission)
    verdict = VerifierServiceStub(channel).Verify(request, timeout=SECONDS).result.verdict
    [result] = compute(stub, ACCURACY, rollout(submission)).results
    # Judged once for both.
    assert result.reward.verdict.timing.cached
    verdict.ClearField("timing")
    result.reward.verdict.ClearField("timing")
    assert result.reward.verdict == verdict
