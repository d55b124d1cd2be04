"""Whether two models differ on the same problems, or only seem to."""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# 2^14 ways to flip signs are counted in milliseconds.
_MOST_COUNTED = 14
_DRAWS = 20_000
# Sums of the same differences in another order differ by rounding.
_SAME = 1e-9
_SIGN = bytes(each & 1 for each in range(256))


@dataclass(frozen=True, slots=True)
class Test:
    """``p`` is the probability of what was seen, or more, where nothing differs.

    ``exact`` says that all ways were counted, and not some of them drawn.
    """

    p: float
    exact: bool


def sign_flip(differences: Sequence[float], *, seed: int = 0) -> Test:
    """Two-sided test that paired differences are as likely to have either sign.

    Where the two models do not differ, each difference could as well have been its negative: ``p``
    is the share of the 2^n ways to choose signs whose sum is at least as far from 0 (R. A. Fisher,
    "The Design of Experiments", 1935, 21). Nothing is assumed about their distribution. Up to 14
    that are not 0 are counted; beyond, 20,000 ways are drawn, which ``seed`` decides, and p is
    (1 + as far) / (1 + drawn), never too small (B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol.
    Biol. 9, 2010).
    """
    sizes = [abs(each) for each in differences if each]
    bound = abs(math.fsum(differences)) - _SAME
    if len(sizes) <= _MOST_COUNTED:
        sums = [0.0]
        for each in sizes:
            sums = [total + signed for total in sums for signed in (each, -each)]
        return Test(sum(abs(each) >= bound for each in sums) / len(sums), exact=True)
    total = math.fsum(sizes)
    far = sum(abs(total - 2 * flipped) >= bound for flipped in _flipped(sizes, seed))
    return Test((1 + far) / (1 + _DRAWS), exact=False)


def mcnemar(lost: int, won: int) -> Test:
    """Exact two-sided test of paired right and wrong answers.

    ``lost`` problems were right only before, ``won`` only after; others say nothing. p is the
    probability that so many fair coins fall so unequally (Q. McNemar, Psychometrika 12, 1947, with
    the binomial distribution instead of its approximation).
    """
    coins = lost + won
    tail = sum(math.comb(coins, heads) for heads in range(min(lost, won) + 1))
    return Test(min(1.0, 2 * tail / 2**coins), exact=True)


def holm(ps: Mapping[str, float]) -> Mapping[str, float]:
    """Each p, corrected for how many were looked at: what is below 0.05 still is significant.

    The chance of one false finding among all stays 5 % (S. Holm, Scand. J. Stat. 6, 1979): sorted,
    the i-th smallest of m is multiplied by m - i + 1, and none is below the one before it.
    """
    corrected: dict[str, float] = {}
    least = 0.0
    ordered = sorted(ps, key=lambda name: (ps[name], name))
    for place, name in enumerate(ordered):
        least = max(least, min(1.0, (len(ps) - place) * ps[name]))
        corrected[name] = least
    return {name: corrected[name] for name in ps}


def _flipped(sizes: Sequence[float], seed: int) -> Iterator[float]:
    """Sums of what is negative in each of the ways that are drawn."""
    chance = random.Random(f"{seed} {len(sizes)}")
    for _ in range(_DRAWS):
        yield sum(itertools.compress(sizes, chance.randbytes(len(sizes)).translate(_SIGN)))
