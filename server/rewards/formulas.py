"""The formulas of rewards by length. All lengths are in tokens; scores have no unit."""

import math


def correct_by_length(
    tokens: int, *, control_tokens: int, max_tokens: int, low: float, high: float
) -> float:
    """Score of a correct answer: ``high`` up to ``control_tokens``, then down to ``low``.

    The way down is half a cosine and ends at ``max_tokens``, beyond which it stays ``low``::

        rho = min(1, max(tokens - control_tokens, 0) / (max_tokens - control_tokens))
        low + (high - low) * (1 + cos(pi * rho)) / 2

    In [low, high]. Wants ``control_tokens < max_tokens``.

    Source: Phi-4-reasoning Technical Report (arXiv:2504.21318), section 4.1.
    """
    excess = max(tokens - control_tokens, 0)
    return _half_cosine(excess / (max_tokens - control_tokens), start=high, end=low)


def incorrect_by_length(tokens: int, *, control_tokens: int, low: float, high: float) -> float:
    """Score of a wrong answer: ``low`` at length 0, up to ``high`` from ``control_tokens`` on.

    So a wrong answer that was thought about costs less than one that was not::

        rho = min(1, tokens / control_tokens)
        high + (low - high) * (1 + cos(pi * rho)) / 2

    In [low, high]. Wants ``control_tokens > 0``.

    Source: Phi-4-reasoning Technical Report (arXiv:2504.21318), section 4.1.
    """
    return _half_cosine(tokens / control_tokens, start=low, end=high)


def soft_overlong(tokens: int, *, max_tokens: int, cache_tokens: int) -> float:
    """Penalty of a long generation: 0 up to ``max_tokens - cache_tokens``, -1 at ``max_tokens``.

    Linear between the two, and -1 beyond. In [-1, 0]. Wants ``0 < cache_tokens <= max_tokens``.

    Source: DAPO (arXiv:2503.14476), section 3.4, equation 13.
    """
    excess = tokens - (max_tokens - cache_tokens)
    # Subtracted, because the negative of 0.0 is -0.0.
    return 0.0 - min(max(excess, 0) / cache_tokens, 1.0)


def _half_cosine(progress: float, *, start: float, end: float) -> float:
    value = end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * min(1.0, progress)))
    # Rounding must not carry a wrong answer above a correct one.
    return max(min(start, end), min(max(start, end), value))
