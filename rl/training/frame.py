"""Where values stand in a chart, and the axes around them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

#: Of a chart, in units of its drawing.
WIDTH, HEIGHT = 640.0, 256.0
#: What is left free at its sides.
RIGHT, TOP, BOTTOM = 12.0, 18.0, 40.0
_LEFT = 52.0
_TICKS = 5
_SAME = 1e-6

Point = tuple[float, float]


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers from ``low`` to ``high``, both within or at the ends.

    What differs by less than anyone could read is taken for equal: means of the same values, added
    up in another order, differ in their last digits.
    """
    size = max(abs(low), abs(high))
    if high - low <= _SAME * size:
        high = low + (size or 1.0)
    rough = (high - low) / _TICKS
    unit = 10 ** math.floor(math.log10(rough))
    step = next(each * unit for each in (1, 2, 2.5, 5, 10) if each * unit >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [float(f"{number * step:.10g}") for number in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where values stand in a chart."""

    x_ticks: Sequence[float]
    y_ticks: Sequence[float]
    x_low: float
    x_high: float

    @classmethod
    def around(cls, points: Sequence[Point], from_zero: bool, half: float = 0.0) -> "Frame":
        """A frame that has all points in it, and ``half`` a unit of x beside the outermost."""
        xs, ys = [each for each, _ in points], [each for _, each in points]
        y_ticks = ticks(min(0.0, *ys) if from_zero else min(ys), max(ys))
        low, high = min(xs) - half, max(xs) + half
        high = high if high > low else low + 1
        x_ticks = [each for each in ticks(low, high) if low <= each <= high and each == int(each)]
        return cls(x_ticks, y_ticks, low, high)

    def x(self, value: float) -> float:
        """Where a value of x stands."""
        span = self.x_high - self.x_low
        return _LEFT + (value - self.x_low) / span * (WIDTH - _LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Where a value of y stands."""
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def axes(self, x: str, y: str) -> str:
        """Grid, numbers and names of both axes."""
        parts = []
        for value in self.y_ticks:
            level = self.y(value)
            parts.append(
                f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" '
                f'y2="{level:.1f}"/><text class="tick" text-anchor="end" x="{_LEFT - 6}" '
                f'y="{level + 4:.1f}">{value:g}</text>'
            )
        for value in self.x_ticks:
            parts.append(
                f'<text class="tick" text-anchor="middle" x="{self.x(value):.1f}" '
                f'y="{HEIGHT - BOTTOM + 18}">{value:g}</text>'
            )
        parts.append(
            f'<text class="tick" text-anchor="end" x="{WIDTH - RIGHT}" y="{HEIGHT - 3}">'
            f'{escape(x)}</text><text class="tick" x="{_LEFT}" y="{TOP - 6}">'
            f"{escape(y)}</text>"
        )
        return "".join(parts)
