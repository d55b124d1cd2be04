"""Intervals with outward rounding: every operation contains all that it can give.

Sums, products, quotients and square roots are rounded to the next float outward; powers and the
elementary functions are enclosed by FLINT. ``None`` is the empty interval: defined nowhere.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final, TypeAlias

from flint import arb

from assayoffice.verifiers.rewrites.premises import rationals

Interval: TypeAlias = tuple[float, float]
INF: Final = math.inf
REALS: Final[Interval] = (-INF, INF)
_HALF_PI: Final = math.nextafter(math.pi / 2, INF)


def down(value: float) -> float:
    return math.nextafter(value, -INF)


def up(value: float) -> float:
    return math.nextafter(value, INF)


def enclosing(value: Fraction) -> Interval:
    """The floats next to ``value``, or itself where it is one."""
    try:
        near = value.numerator / value.denominator
    except OverflowError:
        return (1.7e308, INF) if value > 0 else (-INF, -1.7e308)
    if Fraction(near) == value:
        return near, near
    return down(near), up(near)


def meet(first: Interval, second: Interval) -> Interval | None:
    low, high = max(first[0], second[0]), min(first[1], second[1])
    return (low, high) if low <= high else None


def hull(first: Interval, second: Interval) -> Interval:
    return min(first[0], second[0]), max(first[1], second[1])


def add(a: Interval, b: Interval) -> Interval:
    return down(a[0] + b[0]), up(a[1] + b[1])


def negate(a: Interval) -> Interval:
    return -a[1], -a[0]


def subtract(a: Interval, b: Interval) -> Interval:
    return down(a[0] - b[1]), up(a[1] - b[0])


def multiply(a: Interval, b: Interval) -> Interval:
    products = [x * y if x and y else 0.0 for x in a for y in b]
    return down(min(products)), up(max(products))


def divide(a: Interval, b: Interval) -> Interval | None:
    """All quotients; those by zero do not exist."""
    low, high = b
    if low == 0 == high:
        return None
    if low < 0 < high:
        return REALS
    if low >= 0:
        return multiply(a, (max(down(1 / high), 0.0), INF if low == 0 else up(1 / low)))
    return multiply(a, (-INF if high == 0 else down(1 / high), min(up(1 / low), 0.0)))


def _at(function: Callable[[arb], arb], value: float) -> Interval:
    """``function`` at a finite float."""
    result = function(arb(value))
    if not result.is_finite():
        return REALS
    return down(float(result.lower())), up(float(result.upper()))


def power(a: Interval, exponent: int) -> Interval | None:
    """``a`` to an integer exponent."""
    if exponent < 0:
        under = power(a, -exponent)
        return None if under is None else divide((1.0, 1.0), under)
    if exponent == 0:
        return 1.0, 1.0
    if exponent == 1:
        return a
    ends = [_end_power(x, exponent) for x in a]
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    if exponent % 2 == 0:
        low = 0.0 if a[0] <= 0 <= a[1] else max(low, 0.0)
    return low, high


def _end_power(x: float, exponent: int) -> Interval:
    if math.isinf(x):
        return (x, x) if exponent % 2 else (INF, INF)
    if exponent == 2:
        return down(x * x), up(x * x)
    result = arb(x) ** exponent
    return down(float(result.lower())), up(float(result.upper()))


def root(a: Interval, index: int) -> Interval | None:
    """Roots: of an even index the nonnegative ones, of an odd one the real one."""
    if index % 2 == 0:
        if a[1] < 0:
            return None
        a = max(a[0], 0.0), a[1]
    low, high = (_end_root(x, index) for x in a)
    return (max(low[0], 0.0) if index % 2 == 0 else low[0]), high[1]


def _end_root(x: float, index: int) -> Interval:
    if math.isinf(x) or x == 0:
        return x, x
    if index == 2:
        return down(math.sqrt(x)), up(math.sqrt(x))
    size = _at(lambda of: of.root(index), abs(x))
    return size if x > 0 else negate(size)


def absolute(a: Interval) -> Interval:
    if a[0] >= 0:
        return a
    if a[1] <= 0:
        return negate(a)
    return 0.0, max(-a[0], a[1])


def exponential(a: Interval) -> Interval:
    low = 0.0 if a[0] < -800 else max(0.0, _at(arb.exp, a[0])[0]) if a[0] < 709 else 8e307
    high = INF if a[1] > 709 else _at(arb.exp, max(a[1], -745.0))[1]
    return low, high


def logarithm(a: Interval) -> Interval | None:
    if a[1] <= 0:
        return None
    low = -INF if a[0] <= 0 else INF if math.isinf(a[0]) else _at(arb.log, a[0])[0]
    high = INF if math.isinf(a[1]) else _at(arb.log, a[1])[1]
    return (low, high) if low < INF else (700.0, INF)


def _wave(function: Callable[[arb], arb], a: Interval, peak: float) -> Interval:
    """A sine whose maximum is at ``peak``."""
    if not (math.isfinite(a[0]) and math.isfinite(a[1])) or a[1] - a[0] > 6.4:
        return -1.0, 1.0
    if max(abs(a[0]), abs(a[1])) > 1e9:
        return -1.0, 1.0
    ends = [_at(function, x) for x in a]
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    # Some 1e-6 beside an extremum do no harm: its value is taken although it is not reached.
    for extreme, offset in ((1.0, 0.0), (-1.0, math.pi)):
        start = (a[0] - peak - offset) / (2 * math.pi) - 1e-6
        end = (a[1] - peak - offset) / (2 * math.pi) + 1e-6
        if math.floor(end) >= math.ceil(start):
            low, high = min(low, extreme), max(high, extreme)
    return max(low, -1.0), min(high, 1.0)


def sine(a: Interval) -> Interval:
    return _wave(arb.sin, a, math.pi / 2)


def cosine(a: Interval) -> Interval:
    return _wave(arb.cos, a, 0.0)


def tangent(a: Interval) -> Interval | None:
    return divide(sine(a), cosine(a)) if not _between_poles(a) else _monotone(arb.tan, a)


def _between_poles(a: Interval) -> bool:
    if not (math.isfinite(a[0]) and math.isfinite(a[1])) or max(map(abs, a)) > 1e9:
        return False
    start, end = (x / math.pi - 0.5 for x in a)
    return math.floor(start - 1e-6) == math.floor(end + 1e-6)


def _monotone(function: Callable[[arb], arb], a: Interval) -> Interval:
    return _at(function, a[0])[0], _at(function, a[1])[1]


def arcsine(a: Interval) -> Interval | None:
    inside = meet(a, (-1.0, 1.0))
    return None if inside is None else _monotone(arb.asin, inside)


def arccosine(a: Interval) -> Interval | None:
    inside = meet(a, (-1.0, 1.0))
    if inside is None:
        return None
    return max(0.0, _at(arb.acos, inside[1])[0]), _at(arb.acos, inside[0])[1]


def arctangent(a: Interval) -> Interval:
    low = -_HALF_PI if math.isinf(a[0]) else _at(arb.atan, a[0])[0]
    return low, _HALF_PI if math.isinf(a[1]) else _at(arb.atan, a[1])[1]


def floor(a: Interval) -> Interval:
    return _rounded(a, math.floor)


def ceiling(a: Interval) -> Interval:
    return _rounded(a, math.ceil)


def _rounded(a: Interval, function: Callable[[float], int]) -> Interval:
    low, high = (x if math.isinf(x) else float(function(x)) for x in a)
    return low, high


def whole(a: Interval) -> Interval | None:
    """The whole numbers in ``a``, from the least to the greatest."""
    low, high = ceiling(a)[0], floor(a)[1]
    return (low, high) if low <= high else None


def remainder(a: Interval, b: Interval) -> Interval | None:
    if b[1] <= 0:
        return None
    if a[0] >= 0 and a[1] < b[0]:
        return a
    return 0.0, b[1]


def fractional_power(a: Interval, b: Interval) -> Interval | None:
    """Powers of nonnegative numbers."""
    if a[1] < 0:
        return None
    logarithms = logarithm(a)
    if logarithms is None:  # zero alone
        return 0.0, 1.0
    found = exponential(multiply(b, logarithms))
    return (0.0, found[1] if b[0] > 0 else INF) if a[0] <= 0 else found


def of_integers(name: str, arguments: list[Interval]) -> Interval | None:
    """gcd, lcm, factorial, binomial: exact at points, loose elsewhere."""
    if all(low == high and math.isfinite(low) for low, high in arguments):
        try:
            value = rationals.RULES[name](*(Fraction(low) for low, _ in arguments))
            return enclosing(value)
        except rationals.UndefinedError:
            return None
        except rationals.InexactError:
            return 0.0, INF
    if name == "gcd":
        sizes = [absolute(each) for each in arguments]
        positive = [high for low, high in sizes if low > 0]
        return (1.0 if positive else 0.0), min(positive, default=max(high for _, high in sizes))
    if name in ("factorial", "binomial"):
        if any(high < 0 for _, high in arguments):
            return None
        if name == "factorial":
            return _factorials(arguments[0])
    return 0.0, INF


def _factorials(a: Interval) -> Interval:
    low, high = max(0.0, math.ceil(a[0]) if math.isfinite(a[0]) else a[0]), a[1]
    least = 1.0 if low <= 1 else float(math.factorial(int(low))) if low <= 20 else 2e18
    most = float(math.factorial(int(high))) if high <= 20 else INF
    return least, up(most)
