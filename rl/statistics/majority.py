"""majority@k: the probability that the most frequent of k answers is right.

k samples are drawn of the n without replacement and their answers counted by class. The class with
most of them wins; of several, one that is drawn by lot. Samples that give no answer are no class
and never win, so k silent samples are not right. This is the share of subsets of k samples whose
plurality is right, so it is unbiased for what k fresh samples would give.
"""

import functools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

# Half a second of counting.
_MOST_STEPS = 20_000_000
_QUICK_STEPS = 1_000_000
_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Samples of one problem by class: of each class with a right answer, of each with a wrong one.

    ``silent`` samples give no answer. In sorted order, because which class is which does not
    matter.
    """

    right: tuple[int, ...]
    wrong: tuple[int, ...]
    silent: int

    @property
    def samples(self) -> int:
        """How many there are in all."""
        return sum(self.right) + sum(self.wrong) + self.silent


def counts_of(classes: Sequence[int | None], right: Sequence[bool]) -> Counts:
    """Count samples by the class of each, None for a silent one; ``right`` says what each is."""
    sizes: dict[tuple[bool, int], int] = {}
    for each, is_right in zip(classes, right, strict=True):
        if each is not None:
            sizes[is_right, each] = sizes.get((is_right, each), 0) + 1
    return Counts(
        right=tuple(sorted(size for (is_right, _), size in sizes.items() if is_right)),
        wrong=tuple(sorted(size for (is_right, _), size in sizes.items() if not is_right)),
        silent=sum(each is None for each in classes),
    )


@dataclass(frozen=True, slots=True)
class Majority:
    """``value`` is majority@k, and ``error`` the standard error of drawing: 0 where it is exact."""

    value: float
    error: float


def majority_at_k(counts: Counts, k: int, *, seed: int = 0) -> Majority | None:
    """majority@k, exactly where counting is feasible, else of 20,000 draws, which ``seed`` decides.

    None where there are fewer than ``k`` samples. Raises ValueError for k below 1.
    """
    if k < 1:
        raise ValueError(f"k = {k}: must be 1 at least")
    if k > counts.samples:
        return None
    if _steps(counts, k) <= _MOST_STEPS:
        return Majority(_exact(counts, k), 0.0)
    return _drawn(counts, k, seed)


def takes_long(counts: Counts, k: int) -> bool:
    """Whether one value takes more than hundredths of a second, so that thousands are too many."""
    return _steps(counts, k) > _QUICK_STEPS


def _steps(counts: Counts, k: int) -> float:
    if k == counts.samples:
        return 0  # There is one way to draw all.
    classes = len(counts.right) + len(counts.wrong) + 1
    return (counts.samples + classes) * k * k * (1 + math.log(k)) * len(set(counts.right))


@functools.lru_cache(maxsize=65536)
def _exact(counts: Counts, k: int) -> float:
    """Count the draws that each right class wins; of one tied with s others, a part 1 / (1 + s)."""
    if k == counts.samples:
        sizes = (*counts.right, *counts.wrong)
        most = max(sizes, default=0)
        return counts.right.count(most) / sizes.count(most) if sizes else 0.0
    total = 0.0
    ways_of_all = math.comb(counts.samples, k)
    for size in set(counts.right):
        others = [*counts.right, *counts.wrong]
        others.remove(size)
        for most in range(1, min(size, k) + 1):
            tied_ways = _ways_of_others(others, counts.silent, k - most, most)
            # Ties make fractions: each is one division of exact integers.
            for tied, ways in enumerate(tied_ways):
                won = math.comb(size, most) * ways * counts.right.count(size)
                total += won / ((1 + tied) * ways_of_all)
    return min(1.0, total)


def _ways_of_others(sizes: Sequence[int], silent: int, left: int, most: int) -> list[int]:
    """Ways to draw ``left`` of the other samples with none of their classes above ``most``.

    By how many classes reach it.
    """
    # ways[tied][drawn]
    ways = [[0] * (left + 1) for _ in range(left // most + 1)]
    ways[0][0] = 1
    for size in sizes:
        new = [[0] * (left + 1) for _ in ways]
        for tied, row in enumerate(ways):
            for drawn, count in enumerate(row):
                if not count:
                    continue
                for more in range(min(size, most, left - drawn) + 1):
                    new[tied + (more == most)][drawn + more] += count * math.comb(size, more)
        ways = new
    return [
        sum(
            count * math.comb(silent, left - drawn)
            for drawn, count in enumerate(row)
            if left - drawn <= silent
        )
        for row in ways
    ]


def _drawn(counts: Counts, k: int, seed: int) -> Majority:
    chance = random.Random(f"{seed} {k} {counts}")
    sizes = [*counts.right, *counts.wrong]
    population: list[int] = []
    for index, size in enumerate(sizes):
        population += [index] * size
    population += [-1] * counts.silent
    won = squares = 0.0
    for _ in range(_DRAWS):
        drawn = [0] * len(sizes)
        for each in chance.sample(population, k):
            if each >= 0:
                drawn[each] += 1
        most = max(drawn, default=0)
        if most:
            part = drawn[: len(counts.right)].count(most) / drawn.count(most)
            won += part
            squares += part * part
    value = won / _DRAWS
    return Majority(value, math.sqrt(max(0.0, squares / _DRAWS - value * value) / _DRAWS))
