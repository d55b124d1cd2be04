"""Small charts as inline SVG. Colours are classes of the page's style, so both its themes fit.

Every function returns markup in which all texts are escaped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from assayoffice.rl.statistics.intervals import Estimate

_WIDTH, _HEIGHT = 640.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 18.0, 34.0
_TICKS = 5
_SAME = 1e-6
_MOST_MARKS = 60
_ROW = 30.0
_LABEL_CHARACTERS = 32
_CHARACTER = 8.5

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A named series of (x, y), in the order of x. ``color`` is the number of a class, from 1."""

    name: str
    points: Sequence[Point]
    color: int
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A value with its interval. ``color`` as in Line."""

    name: str
    estimate: Estimate
    color: int


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


def lines(title: str, series: Sequence[Line], *, x: str, y: str, from_zero: bool = True) -> str:
    """Lines over steps. ``x`` and ``y`` name the axes."""
    points = [point for each in series for point in each.points]
    if not points:
        return ""
    frame = _Frame.around(points, from_zero)
    parts = [frame.axes(x, y)]
    # The faint first, so that they stay behind.
    for each in sorted(series, key=lambda one: not one.faint):
        path = " ".join(f"{frame.x(one):.1f},{frame.y(two):.1f}" for one, two in each.points)
        kind = f"line c{each.color}" + (" faint" if each.faint else "")
        parts.append(f'<polyline class="{kind}" points="{path}"/>')
        if not each.faint and len(each.points) <= _MOST_MARKS:
            parts += [_mark(frame, each, point) for point in each.points]
    named = [(each.name, each.color) for each in series if not each.faint]
    return _chart(title, parts, named)


def stacks(
    title: str, names: Sequence[str], bars: Sequence[tuple[float, Sequence[float]]], x: str, y: str
) -> str:
    """Stacked bars: for each x one height per name, from the bottom up."""
    if not bars:
        return ""
    highest = max(sum(heights) for _, heights in bars)
    frame = _Frame.around([*((at, 0.0) for at, _ in bars), (bars[0][0], highest)], True, half=0.5)
    width = max(1.0, 0.8 * (frame.x(1.0) - frame.x(0.0)))
    parts = [frame.axes(x, y), *_stacked(frame, names, bars, width)]
    return _chart(title, parts, [(name, color) for color, name in enumerate(names, start=1)])


def histogram(
    title: str, names: Sequence[str], bars: Sequence[tuple[float, Sequence[float]]], x: str, y: str
) -> str:
    """Stacked bars over percent: for each place one count per name, from the bottom up."""
    frame = _Frame.around([(0.0, 0.0), (100.0, max((sum(b) for _, b in bars), default=0))], True, 6)
    width = 0.8 * (frame.x(100 / max(1, len(bars) - 1)) - frame.x(0.0))
    parts = [frame.axes(x, y), *_stacked(frame, names, bars, min(width, 40.0))]
    return _chart(title, parts, [(name, color) for color, name in enumerate(names, start=1)])


def dots(title: str, rows: Sequence[tuple[str, Sequence[Dot]]]) -> str:
    """Shares with their intervals on one axis of percent: a row for each name."""
    gap = 13.0
    names = [_cut(name) for name, _ in rows]
    labels = 24 + _CHARACTER * max(map(len, names), default=0)
    heights = [max(_ROW, gap * len(each) + 12) for _, each in rows]
    height = sum(heights) + _BOTTOM + _TOP
    scale = (_WIDTH - labels - 2 * _RIGHT) / 100  # the last label is centered on its end

    def at(share: float) -> float:
        return labels + 100 * share * scale

    parts = []
    for percent in range(0, 101, 20):
        place = at(percent / 100)
        parts.append(
            f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="{_TOP}" '
            f'y2="{height - _BOTTOM:.1f}"/><text class="tick" text-anchor="middle" '
            f'x="{place:.1f}" y="{height - _BOTTOM + 16:.1f}">{percent} %</text>'
        )
    top = _TOP
    for name, (_, row), room in zip(names, rows, heights, strict=True):
        parts.append(
            f'<text class="label" text-anchor="end" x="{labels - 12:g}" '
            f'y="{top + room / 2 + 4:.1f}">{escape(name)}</text>'
        )
        for index, dot in enumerate(row):
            level = top + room / 2 + gap * (index - (len(row) - 1) / 2)
            found = dot.estimate
            parts.append(
                f'<line class="line c{dot.color}" x1="{at(found.low):.1f}" '
                f'x2="{at(found.high):.1f}" y1="{level:.1f}" y2="{level:.1f}"/>'
                f'<circle class="fill c{dot.color}" r="5" cx="{at(found.value):.1f}" '
                f'cy="{level:.1f}"><title>{escape(name)}, {escape(dot.name)}: '
                f"{100 * found.value:.1f} % ({100 * found.low:.1f} to {100 * found.high:.1f})"
                "</title></circle>"
            )
        top += room
    named = dict.fromkeys((dot.name, dot.color) for _, row in rows for dot in row)
    return _chart(title, parts, list(named), height)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values stand in a chart."""

    x_ticks: Sequence[float]
    y_ticks: Sequence[float]
    x_low: float
    x_high: float

    @classmethod
    def around(cls, points: Sequence[Point], from_zero: bool, half: float = 0.0) -> "_Frame":
        xs, ys = [each for each, _ in points], [each for _, each in points]
        y_ticks = ticks(min(0.0, *ys) if from_zero else min(ys), max(ys))
        low, high = min(xs) - half, max(xs) + half
        high = high if high > low else low + 1
        x_ticks = [each for each in ticks(low, high) if low <= each <= high and each == int(each)]
        return cls(x_ticks, y_ticks, low, high)

    def x(self, value: float) -> float:
        span = self.x_high - self.x_low
        return _LEFT + (value - self.x_low) / span * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self, x: str, y: str) -> str:
        parts = []
        for value in self.y_ticks:
            level = self.y(value)
            parts.append(
                f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{level:.1f}" '
                f'y2="{level:.1f}"/><text class="tick" text-anchor="end" x="{_LEFT - 6}" '
                f'y="{level + 4:.1f}">{value:g}</text>'
            )
        for value in self.x_ticks:
            parts.append(
                f'<text class="tick" text-anchor="middle" x="{self.x(value):.1f}" '
                f'y="{_HEIGHT - _BOTTOM + 15}">{value:g}</text>'
            )
        parts.append(
            f'<text class="tick" text-anchor="end" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 4}">'
            f'{escape(x)}</text><text class="tick" x="{_LEFT}" y="{_TOP - 6}">'
            f"{escape(y)}</text>"
        )
        return "".join(parts)


def _stacked(
    frame: _Frame,
    names: Sequence[str],
    bars: Sequence[tuple[float, Sequence[float]]],
    width: float,
) -> list[str]:
    parts = []
    for at, heights in bars:
        bottom = 0.0
        for color, (name, height) in enumerate(zip(names, heights, strict=True), start=1):
            top = frame.y(bottom + height)
            parts.append(
                f'<rect class="fill c{color}" x="{frame.x(at) - width / 2:.1f}" y="{top:.1f}" '
                f'width="{width:.1f}" height="{frame.y(bottom) - top:.1f}">'
                f"<title>{escape(name)}: {height:.4g} at {at:g}</title></rect>"
            )
            bottom += height
    return parts


def _cut(name: str) -> str:
    """A name that leaves room for what it names; data sets say most at their ends."""
    return name if len(name) <= _LABEL_CHARACTERS else f"…{name[1 - _LABEL_CHARACTERS :]}"


def _mark(frame: _Frame, series: Line, point: Point) -> str:
    x, y = point
    return (
        f'<circle class="mark c{series.color}" r="3" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}">'
        f"<title>{escape(series.name)}: {y:.4g} at {x:g}</title></circle>"
    )


def _chart(
    title: str, parts: Sequence[str], named: Sequence[tuple[str, int]], height: float = _HEIGHT
) -> str:
    keys = "".join(
        f'<span><i class="key c{color}"></i>{escape(name)}</span>' for name, color in named
    )
    legend = f'<div class="legend">{keys}</div>' if len(named) > 1 else ""
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>{legend}"
        f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg></figure>"
    )
