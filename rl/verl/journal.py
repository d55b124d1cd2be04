"""A file beside the run that tells what rewards cost and what became of them.

verl shows what comes with a reward in validation, not in training. So each reward worker appends
JSON lines to ``metrics_file``: one for each call to the service and one for each sample that got no
reward. Lines are short and written in one piece, so workers of a machine may share the file.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewards import Reward
from assayoffice.rl.verl.gatherer import Call


class Journal:
    """Appends to the file; without a path it writes nothing."""

    def __init__(self, path: str) -> None:
        self._path = path
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)

    def call(self, call: Call) -> None:
        """A call ended. Times are seconds since the epoch; sums and counts are over its samples."""
        rewards = [each for each in call.results if isinstance(each, Reward)]
        errors = Counter(each.reason for each in call.results if isinstance(each, ItemError))
        outcomes = Counter(each.verdict.outcome.value.lower() for each in rewards)
        reasons = Counter(each.verdict.reason for each in rewards)
        components: dict[str, float] = defaultdict(float)
        for reward in rewards:
            for part in reward.components:
                components[part.name] += part.value
        self._write(
            {
                "event": "call",
                "step": max(call.steps),
                "asked": call.asked,
                "sent": call.sent,
                "answered": call.answered,
                "samples": len(call.steps),
                "rewards": len(rewards),
                "errors": errors,
                "failure": call.failure,
                "outcomes": outcomes,
                "reasons": reasons,
                "score_sum": sum(each.total for each in rewards),
                "component_sums": components,
                "token_count_sum": sum(each.token_count for each in rewards),
                "cached": sum(each.verdict.timing.cached for each in rewards),
                "verifier_seconds_sum": sum(each.verdict.timing.cpu_seconds for each in rewards),
                "queue_seconds_max": max(
                    (each.verdict.timing.queue_seconds for each in rewards), default=0.0
                ),
            }
        )

    def lost(self, step: int, error: ItemError, time: float) -> None:
        """A sample got no reward, after all retries."""
        self._write(
            {
                "event": "lost",
                "step": step,
                "time": time,
                "sample": error.id,
                "code": error.code.name,
                "reason": error.reason,
                "message": error.message[:1000],
            }
        )

    def _write(self, event: Mapping[str, object]) -> None:
        if not self._path:
            return
        line = json.dumps({**event, "process": os.getpid()}).encode() + b"\n"
        # Opened each time, so that a file that was moved away is written anew.
        with open(self._path, "ab", buffering=0) as file:
            file.write(line)
