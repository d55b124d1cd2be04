"""Steps are gathered from what verl and the reward manager wrote, over all attempts."""

import json
from pathlib import Path

import pytest

from assayoffice.rl.training import metrics
from assayoffice.rl.training.metrics import Attempt, Reading, Step, reward_facts


def call(sent: float, answered: float, **more: object) -> dict[str, object]:
    base = {"event": "call", "step": 1, "asked": sent, "sent": sent, "samples": 4}
    base |= {
        "answered": answered,
        "rewards": 4,
        "errors": {},
        "failure": "",
        "outcomes": {"correct": 3, "no_answer": 1},
    }
    return base | {"component_sums": {"accuracy": 3.0}, "verifier_seconds_sum": 0.25} | more


@pytest.fixture
def attempt(tmp_path):
    def write(number: int, steps: list[object], rewards: list[object] = ()) -> Attempt:
        paths = [tmp_path / f"{kind}-{number}.jsonl" for kind in ("steps", "rewards")]
        for path, lines in zip(paths, (steps, rewards), strict=True):
            texts = (each if isinstance(each, str) else json.dumps(each) for each in lines)
            path.write_text("\n".join([*texts, ""]))
        return Attempt(*paths)

    return write


def steps_of(stage: str, *attempts: Attempt) -> list[Step]:
    return metrics.steps(Reading(stage, each) for each in attempts)


def step(number: int, **data: float) -> dict[str, object]:
    return {"step": number, "data": {"actor/pg_loss": 0.5, "timing_s/step": 10.0, **data}}


class TestSteps:
    def test_step_has_what_verl_and_the_manager_say_of_it(self, attempt):
        line = step(1, **{"critic/score/mean": 0.75, "response_length/mean": 9, "timing_s/gen": 4})
        (found,) = steps_of("grpo", attempt(1, [line], [call(0, 1)]))
        assert (found.stage, found.step, found.loss) == ("grpo", 1, 0.5)
        assert (found.reward, found.tokens) == (0.75, 9)
        assert found.seconds == {"step": 10.0, "gen": 4}
        assert found.rewards["accuracy"] == 0.75

    def test_step_that_was_lost_and_done_again_counts_once(self, attempt):
        killed = attempt(1, [step(1), step(2), step(3, **{"critic/score/mean": 0.1})])
        resumed = attempt(2, [step(3, **{"critic/score/mean": 0.2}), step(4)])
        found = steps_of("grpo", killed, resumed)
        assert [each.step for each in found] == [1, 2, 3, 4]
        assert found[2].reward == 0.2

    def test_half_a_line_and_lines_that_are_no_steps_are_passed_over(self, attempt):
        validation = {"step": 1, "data": {"val/loss": 3}}
        sft = {"step": 1, "data": {"train/loss": 2.5}}
        begun = attempt(1, [sft, validation, '{"step": 2, "da'])
        (found,) = steps_of("sft", begun)
        assert (found.step, found.loss) == (1, 2.5)

    def test_what_was_read_is_kept_and_what_was_half_is_read_when_it_is_whole(self, attempt):
        growing = attempt(1, [], [call(0, 1)])
        reading = Reading("grpo", growing)
        first, second = (json.dumps(step(number)) + "\n" for number in (1, 2))
        growing.steps.write_text(first + second[:20])
        (found,) = metrics.steps([reading])
        # Not read twice: what is written over it does not count.
        growing.steps.write_text("x" * (len(first) - 1) + "\n" + second)
        growing.rewards.write_text(json.dumps(call(0, 9, step=2)).rjust(500) + "\n")
        assert metrics.steps([reading])[0] == found
        assert [each.step for each in metrics.steps([reading])] == [1, 2]

    def test_no_file_is_no_step(self, tmp_path):
        assert steps_of("sft", Attempt(tmp_path / "a", tmp_path / "b")) == []

    def test_what_is_saved_is_read_again(self, attempt, tmp_path: Path):
        found = steps_of("grpo", attempt(1, [step(1), step(2)], [call(0, 1)]))
        metrics.save(tmp_path / "metrics.jsonl", found)
        assert metrics.read(tmp_path / "metrics.jsonl") == found


class TestRewardFacts:
    def test_calls_side_by_side_cover_their_union(self):
        facts = reward_facts([call(0, 2), call(1, 3), call(5, 6)], 10)
        assert facts["busy_seconds"] == 4 and facts["busy_share"] == 0.4

    def test_call_within_another_covers_nothing_more(self):
        assert reward_facts([call(0, 4), call(1, 2), call(3, 5)], 10)["busy_seconds"] == 5

    def test_waiting_is_from_when_the_last_asked_to_the_last_answer(self):
        facts = reward_facts([call(0, 7), call(5, 6)], 10)
        assert facts["wait_seconds"] == 2 and facts["wait_share"] == 0.2

    def test_retries_and_waiting_for_room_are_waiting(self):
        facts = reward_facts([call(0, 1), call(8, 9, asked=1)], 10)
        assert facts["wait_seconds"] == 8

    def test_means_are_over_what_was_rewarded(self):
        lost = call(0, 1, rewards=0, errors={"WORKER_CRASHED": 4}, outcomes={}, component_sums={})
        facts = reward_facts([call(0, 1), lost], None)
        assert (facts["samples"], facts["errors"]) == (4, 4)
        assert facts["accuracy"] == facts["component/accuracy"] == 0.75
        assert "busy_share" not in facts

    def test_nothing_rewarded_has_no_accuracy(self):
        failed = call(0, 1, rewards=0, failure="UNAVAILABLE", outcomes={}, component_sums={})
        facts = reward_facts([failed], 10)
        assert facts["failed_calls"] == 1 and "accuracy" not in facts

    def test_answers_to_look_at_are_shares_of_what_was_rewarded(self):
        facts = reward_facts(
            [
                call(0, 1, outcomes={"limit_exceeded": 1}, reasons={"HEDGED": 1, "DIFFERENT": 2}),
                call(1, 2, reasons={"ECHO": 1, "EQUAL": 3}),
            ],
            None,
        )
        assert (facts["evasive"], facts["over_limits"]) == (0.25, 0.125)
