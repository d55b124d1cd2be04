"""metrics.jsonl: one object per training step, from what verl and the reward manager wrote.

verl begins its file anew with each process, so each attempt at a stage has its own; of a step that
was done twice, because a kill lost it, the last one counts. A large run writes megabytes of calls
with each step, so what has been read is not read again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assayoffice.rl.training.folder import write_whole

# What verl calls them (verl/trainer/ppo/metric_utils.py, verl/trainer/sft_trainer.py).
_LOSS = {"sft": "train/loss", "grpo": "actor/pg_loss"}
_REWARD = "critic/score/mean"
_LENGTH = "response_length/mean"
_SECONDS = "timing_s/"
#: Reasons of verdicts on answers that would be right by a careless judge: several values for one,
#: the question repeated, the work left to the reader, what is always true, a variable for a
#: constant; of proofs, what no proof may use.
EVASIVE = (
    "AXIOM_NOT_ALLOWED",
    "ECHO",
    "FREE_VARIABLE",
    "HEDGED",
    "SCREENED",
    "TRIVIAL",
    "UNEVALUATED",
)


@dataclass(frozen=True, slots=True)
class Step:
    """A training step; None and empty where its trainer says nothing.

    ``reward`` and ``tokens`` are means over the rollouts of the step, ``seconds`` are by phase, the
    whole under "step". ``rewards`` is what the reward manager says of the step: see
    ``reward_facts``. ``verl`` is all that verl wrote.
    """

    stage: str
    step: int
    loss: float | None
    reward: float | None
    tokens: float | None
    seconds: Mapping[str, float]
    rewards: Mapping[str, float] = field(default_factory=dict)
    verl: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The files of one process that trained: verl's steps, and the reward manager's calls."""

    steps: Path
    rewards: Path


class Reading:
    """The steps of an attempt, read while its files grow: a look reads what is new."""

    def __init__(self, stage: str, attempt: Attempt) -> None:
        self._stage = stage
        self._verl = _Growing(attempt.steps)
        self._rewards = _Growing(attempt.rewards)
        self._calls: dict[int, list[Mapping[str, Any]]] = {}
        self._steps: dict[int, Step] = {}

    def steps(self) -> Mapping[int, Step]:
        """The steps that have ended, by number."""
        # verl's lines first: the calls of a step are written before it ends.
        ended = list(self._verl.objects())
        for call in self._rewards.objects():
            step = call.get("step")
            if call.get("event") == "call" and isinstance(step, int):
                self._calls.setdefault(step, []).append(call)
        for line in ended:
            step, data = line.get("step"), line.get("data")
            # What is logged besides, validation for one, has no loss.
            if isinstance(step, int) and isinstance(data, dict) and _LOSS[self._stage] in data:
                calls = self._calls.pop(step, [])
                self._steps[step] = _step(self._stage, step, _numbers(data), calls)
        return self._steps


def steps(attempts: Iterable[Reading]) -> list[Step]:
    """The steps of a stage, in order, from its attempts in theirs."""
    found: dict[int, Step] = {}
    for attempt in attempts:
        found |= attempt.steps()
    return [found[step] for step in sorted(found)]


def _step(
    stage: str, step: int, data: Mapping[str, float], calls: Sequence[Mapping[str, Any]]
) -> Step:
    seconds = {
        key.removeprefix(_SECONDS): value for key, value in data.items() if key.startswith(_SECONDS)
    }
    return Step(
        stage,
        step,
        data.get(_LOSS[stage]),
        data.get(_REWARD),
        data.get(_LENGTH),
        seconds,
        reward_facts(calls, seconds.get("step")) if calls else {},
        data,
    )


def reward_facts(
    calls: Sequence[Mapping[str, Any]], step_seconds: float | None
) -> Mapping[str, float]:
    """What the calls of a step say about its rewards (rl/verl/journal.py has their form).

    ``accuracy`` and ``component/...`` are means over the samples that got a reward, ``evasive`` is
    the share of them whose verdict says that they look for a way round (``EVASIVE``) and
    ``over_limits`` of those that used up an allowance. ``errors`` counts answers without a reward,
    retried ones included. ``busy_seconds`` is how long at least one
    call was under way; most of it passes while others still generate. ``wait_seconds`` is from when
    the last rollout asked for its reward, when generation is over, to the last answer, retries
    included. Both are also given as shares of the step.
    """
    rewarded = sum(call["rewards"] for call in calls)
    facts = {
        "samples": rewarded,
        "errors": sum(sum(call["errors"].values()) for call in calls),
        "failed_calls": sum(bool(call["failure"]) for call in calls),
        "verifier_seconds": sum(call["verifier_seconds_sum"] for call in calls),
        "busy_seconds": _covered((call["sent"], call["answered"]) for call in calls),
        "wait_seconds": max(call["answered"] for call in calls)
        - max(call["asked"] for call in calls),
    }
    if rewarded:
        facts["accuracy"] = sum(call["outcomes"].get("correct", 0) for call in calls) / rewarded
        facts["over_limits"] = (
            sum(call["outcomes"].get("limit_exceeded", 0) for call in calls) / rewarded
        )
        facts["evasive"] = (
            sum(call.get("reasons", {}).get(each, 0) for call in calls for each in EVASIVE)
            / rewarded
        )
        for name in {name: None for call in calls for name in call["component_sums"]}:
            total = sum(call["component_sums"].get(name, 0.0) for call in calls)
            facts[f"component/{name}"] = total / rewarded
    if step_seconds:
        facts["busy_share"] = facts["busy_seconds"] / step_seconds
        facts["wait_share"] = facts["wait_seconds"] / step_seconds
    return facts


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """Length of the union of intervals."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered


class _Growing:
    """A file of JSON lines that is being written, or is not there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def objects(self) -> Iterator[Mapping[str, Any]]:
        """The objects that are new since the last look.

        A line that is not whole, as a kill or a process that still writes leaves the last one, is
        not there yet.
        """
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                try:
                    value = json.loads(line)
                except ValueError:
                    continue
                if isinstance(value, dict):
                    yield value


def objects(path: Path) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a file of lines; none where there is no file."""
    return _Growing(path).objects()


def save(path: Path, every: Iterable[Step]) -> None:
    """Write metrics.jsonl."""
    lines = (
        {
            "stage": each.stage,
            "step": each.step,
            "loss": each.loss,
            "reward": each.reward,
            "response_tokens": each.tokens,
            "seconds": dict(each.seconds),
            "rewards": dict(each.rewards),
            "verl": dict(each.verl),
        }
        for each in every
    )
    write_whole(path, "".join(f"{json.dumps(line)}\n" for line in lines))


def read(path: Path) -> list[Step]:
    """Read what ``save`` wrote; empty where there is no file."""
    return [
        Step(
            str(line["stage"]),
            int(str(line["step"])),
            _number(line["loss"]),
            _number(line["reward"]),
            _number(line["response_tokens"]),
            _numbers(line["seconds"]),
            _numbers(line["rewards"]),
            _numbers(line["verl"]),
        )
        for line in objects(path)
    ]


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) else None


def _numbers(value: object) -> Mapping[str, float]:
    if not isinstance(value, dict):
        return {}
    return {key: each for key, each in value.items() if isinstance(each, (int, float))}
