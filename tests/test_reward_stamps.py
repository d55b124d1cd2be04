"""Rewards for admitted rows only: the stamp of a row, demanded by clients, verl and the command."""

import hashlib
import json
import subprocess
import sys

import grpc
import pytest
from fake_rewarder import RECIPE, FakeService, error_of, rollout_of

from assayoffice import AsyncClient, Client
from assayoffice.rl import ItemError, Recipe, Reward, Rollout, Submission
from assayoffice.rl.sources import UnusableRow
from assayoffice.rl.stamps import Stamp, stamp_of
from assayoffice.rl.verl.scoring import NoRewardError, Scoring
from assayoffice.rl.verl.settings import FailurePolicy, Settings

ACCURACY = Recipe("accuracy", "1")
TASK = {"reference": "1/2", "min_decimal_digits": 4}
OTHER_DIGEST = "0" * 64


@pytest.fixture(scope="module")
def digest(endpoint) -> str:
    with Client(endpoint) as client:
        listed = client.list_verifiers(timeout=30)
    (found,) = [each.hallmark.digest for each in listed if each.name == "numeric"]
    return found


def content(task: dict[str, object]) -> str:
    """What the wire contract says a stamp is struck over, computed here by itself."""
    names = {"reference": "reference", "min_decimal_digits": "minDecimalDigits"}
    written = {names[name]: value for name, value in task.items()}
    text = json.dumps(["numeric", "numeric", written], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def rollout(stamp: Stamp | None, task: dict[str, object] = TASK) -> Rollout:
    return Rollout(Submission("a", "numeric", r"\boxed{0.5}", task), stamp=stamp)


def test_a_row_that_was_admitted_is_rewarded(endpoint, digest):
    with Client(endpoint, require_stamps=True) as client:
        (reward,) = client.compute_rewards(
            [rollout(Stamp(digest, content(TASK)))], ACCURACY, timeout=30
        )
    assert isinstance(reward, Reward) and reward.total == 1.0


@pytest.mark.parametrize(
    ("stamp", "task", "what"),
    [
        (None, TASK, "is missing"),
        (Stamp(OTHER_DIGEST, content(TASK)), TASK, "is in service"),
        (Stamp("", content({"reference": "1/3"})), TASK, "another task"),
        (Stamp("", content(TASK)), {"reference": "1/2"}, "another task"),
        (Stamp("", content(TASK)), {**TASK, "min_decimal_digits": 5}, "another task"),
    ],
)
def test_any_other_row_is_refused_without_a_reward(endpoint, digest, stamp, task, what):
    if stamp is not None and not stamp.hallmark:
        stamp = Stamp(digest, stamp.content)
    admitted = rollout(Stamp(digest, content(TASK)))
    with Client(endpoint, require_stamps=True) as client:
        error, neighbour = client.compute_rewards(
            [rollout(stamp, task), admitted], ACCURACY, timeout=30
        )
    assert isinstance(error, ItemError)
    assert (error.code, error.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STAMP_MISMATCH")
    assert what in error.message
    assert [each.field for each in error.violations] == ["stamp"]
    assert isinstance(neighbour, Reward)


def test_nobody_looks_at_stamps_unless_told(endpoint):
    with Client(endpoint) as client:
        results = client.compute_rewards(
            [rollout(None), rollout(Stamp(OTHER_DIGEST, OTHER_DIGEST))], ACCURACY, timeout=30
        )
    assert all(isinstance(each, Reward) for each in results)


async def test_streams_look_at_every_stamp(endpoint, digest):
    good, bad = rollout(Stamp(digest, content(TASK))), rollout(None)
    asked = [
        Rollout(Submission(str(index), "numeric", r"\boxed{0.5}", TASK), stamp=each.stamp)
        for index, each in enumerate([bad, good, bad, good])
    ]
    async with AsyncClient(endpoint, require_stamps=True) as client:
        results = {
            each.id: each async for each in client.stream_rewards(asked, ACCURACY, timeout=30)
        }
    refused = {id for id, each in results.items() if isinstance(each, ItemError)}
    assert refused == {"0", "2"} and len(results) == 4


@pytest.mark.parametrize("column", ["", "reward_model", "extra_info"])
def test_the_stamp_of_a_row_is_found_in_each_of_its_places(column):
    stamp = {"hallmark": "a" * 64, "content": "b" * 64}
    row = {column: {"stamp": stamp}} if column else {"stamp": stamp}
    assert stamp_of(row) == Stamp("a" * 64, "b" * 64)
    assert stamp_of({"reward_model": {"stamp": None}, "extra_info": None}) is None


@pytest.mark.parametrize(
    "written", ["x", 3, {}, {"hallmark": "a" * 64}, {"hallmark": "A" * 64, "content": "b" * 64}]
)
def test_what_is_no_stamp_is_named(written):
    with pytest.raises(UnusableRow, match=r"reward_model\.stamp: must be an object"):
        stamp_of({"reward_model": {"stamp": written}})


async def test_training_stops_whatever_the_policy():
    settings = Settings(
        ["127.0.0.1:1"],
        RECIPE,
        failure_policy=FailurePolicy.GROUP_NEUTRAL,
        gather_milliseconds=1.0,
        require_stamps=True,
    )
    mismatch = grpc.StatusCode.FAILED_PRECONDITION
    service = FakeService(lambda rollout, _: error_of(rollout.id, mismatch, "STAMP_MISMATCH"))
    with pytest.raises(NoRewardError, match="STAMP_MISMATCH"):
        await Scoring(settings, service).score(rollout_of("1"))


def test_the_command_refuses_rows_that_were_not_stamped(endpoint, digest, tmp_path):
    stamp = {"hallmark": digest, "content": content(TASK)}
    rows = [
        {"id": "a", "verifier": "numeric", "task": TASK, "response": r"\boxed{0.5}", "stamp": each}
        for each in (stamp, None)
    ]
    file = tmp_path / "rollouts.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    command = [
        sys.executable,
        "-c",
        "from assayoffice.cli import main; main()",
        "reward",
        str(file),
    ]
    flags = ["--json", "--recipe", "accuracy@1", "--endpoint", endpoint, "--require-stamps"]
    done = subprocess.run([*command, *flags], stdout=subprocess.PIPE, text=True, check=False)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["total"] == 1.0
    assert second["error"]["reason"] == "STAMP_MISMATCH"
    assert done.returncode == 3
