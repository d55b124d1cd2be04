"""Advantages within groups some of whose members have no reward."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

# What verl adds to the deviation, so that a group of equal rewards gives zeros.
_EPSILON = 1e-6


def group_advantages(
    scores: Sequence[float], groups: Sequence[Hashable], *, normalize: bool
) -> list[float]:
    """GRPO's advantage of each row over the rows of its group that have a reward.

    With m and s the mean and the sample deviation over the rows of a group whose score is a number,
    ``(score - m) / (s + 1e-6)``, or ``score - m`` without ``normalize`` (Dr. GRPO,
    arXiv 2503.20783). For groups in which every row has a reward that is GRPO (arXiv 2402.03300) as
    verl computes it; for groups of one, verl takes m = 0 and s = 1.

    A score that is not finite marks a row without a reward. It gets exactly 0 and does not move the
    others. A group that is left with one reward of several gets 0, too, because one says nothing
    about how the group does on average.
    """
    members: dict[Hashable, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    advantages = [0.0] * len(scores)
    for group_rows in members.values():
        rows = [row for row in group_rows if math.isfinite(scores[row])]
        if len(rows) > 1:
            mean = math.fsum(scores[row] for row in rows) / len(rows)
            squares = math.fsum((scores[row] - mean) ** 2 for row in rows)
            deviation = math.sqrt(squares / (len(rows) - 1))
        elif len(group_rows) == 1:
            mean, deviation = 0.0, 1.0
        else:
            continue
        scale = deviation + _EPSILON if normalize else 1.0
        for row in rows:
            advantages[row] = (scores[row] - mean) / scale
    return advantages
