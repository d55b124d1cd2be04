"""pass@k: the probability that one of k answers is right."""

import math


def pass_at_k(samples: int, correct: int, k: int) -> float | None:
    """The unbiased estimate of the probability that at least one of ``k`` samples is right.

    It is 1 - C(n - c, k) / C(n, k) for c right ones of n: the share of the subsets of k samples
    that hold a right one (M. Chen et al., arXiv:2107.03374, eq. 1). None where there are fewer than
    ``k`` samples. Raises ValueError for counts that contradict each other, and k below 1.
    """
    if not (0 <= correct <= samples and k >= 1):
        raise ValueError(f"{correct} of {samples} samples cannot be right for k = {k}")
    if k > samples:
        return None
    return 1 - math.comb(samples - correct, k) / math.comb(samples, k)
