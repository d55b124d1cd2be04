"""Draws that depend on a seed and on what is drawn from, and on no order of it.

Each row has a rank, a hash of the seed, of what the draw is for and of its id; the rows of the
lowest ranks are drawn. So a row that is added changes the draw by at most one row.
"""

import hashlib
from collections.abc import Iterable
from fractions import Fraction


def rank(seed: int, purpose: str, id: str) -> bytes:
    """Where an id stands in a draw."""
    return hashlib.sha256(f"{seed}\0{purpose}\0{id}".encode()).digest()


def drawn(ids: Iterable[str], count: int, *, seed: int, purpose: str) -> frozenset[str]:
    """``count`` of the ids, all of them where there are no more."""
    return frozenset(sorted(ids, key=lambda id: rank(seed, purpose, id))[:count])


def times(rows: int, weight: float) -> tuple[int, int]:
    """How often every one of ``rows`` comes in an epoch, and how many come once more.

    2.25 means that each comes twice, and a quarter of them, rounded half up, a third time. The
    weight counts as the decimal number it is written as.
    """
    whole, part = divmod(Fraction(repr(float(weight))), 1)
    return int(whole), int(part * rows + Fraction(1, 2))
