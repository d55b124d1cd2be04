"""Student's distribution, without numpy: quantiles and probabilities to about twelve digits."""

import functools
import math

_LEVEL = 0.95
_TERMS = 10_000
_PRECISION = 1e-15
_TINY = 1e-300


@functools.cache
def student_quantile(freedom: float, level: float = _LEVEL) -> float:
    """The t that a share ``level`` of Student's distribution lies within, from -t to t.

    ``freedom`` need not be whole. Found by bisection. Raises ValueError unless it is positive and
    ``level`` is in [0, 1).
    """
    if not (freedom > 0 and 0 <= level < 1):
        raise ValueError(f"no quantile for {freedom} degrees of freedom at level {level}")
    low, high = 0.0, 1.0
    while student_outside(high, freedom) > 1 - level:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        beyond = student_outside(middle, freedom) > 1 - level
        low, high = (middle, high) if beyond else (low, middle)


def student_outside(bound: float, freedom: float) -> float:
    """The probability that Student's t is at least as far from 0 as ``bound``.

    It is I_x(freedom / 2, 1 / 2) with x = freedom / (freedom + bound^2), I being the regularised
    incomplete beta function (M. Abramowitz and I. A. Stegun, 26.5.27).
    """
    if math.isinf(bound):
        return 0.0
    square = bound * bound
    x, rest = freedom / (freedom + square), square / (freedom + square)
    return _beta(x, rest, freedom / 2, 0.5)


def _beta(x: float, rest: float, a: float, b: float) -> float:
    """I_x(a, b), given x and 1 - x, by the continued fraction of DLMF 8.17.22."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # Where the fraction of the complement converges faster.
        return 1 - _beta(rest, x, b, a)
    log_scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    scale = math.exp(log_scale + a * math.log(x) + b * math.log(rest)) / a
    # Lentz's method: products of ratios of successive numerators and denominators.
    numerator, denominator, value = 1.0, 0.0, 1.0
    for term in range(_TERMS):
        half = term // 2
        if term == 0:
            step = 1.0
        elif term % 2:
            step = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            step = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        denominator = 1 / _away_from_zero(1 + step * denominator)
        numerator = _away_from_zero(1 + step / numerator)
        value *= numerator * denominator
        if abs(1 - numerator * denominator) < _PRECISION:
            break
    return scale * (value - 1)


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
