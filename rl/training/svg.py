"""Small charts as inline SVG. Colours are classes of the page's style, so both its themes fit.

Every function returns markup in which all texts are escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from assayoffice.rl.statistics.intervals import Estimate
from assayoffice.rl.training.frame import BOTTOM, HEIGHT, RIGHT, TOP, WIDTH, Frame, Point, ticks

_MOST_MARKS = 60
_ROW = 30.0
_LABEL_CHARACTERS = 32
_CHARACTER = 8.5

#: x, and from where to where its interval reaches.
Reach = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A named series of (x, y), in the order of x. ``color`` is the number of a class, from 1.

    ``intervals`` are drawn as a band around the line, or as a bar at each x if ``bars``.
    """

    name: str
    points: Sequence[Point]
    color: int
    faint: bool = False
    intervals: Sequence[Reach] = ()
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A value with its interval. ``color`` as in Line."""

    name: str
    estimate: Estimate
    color: int


def lines(title: str, series: Sequence[Line], *, x: str, y: str, from_zero: bool = True) -> str:
    """Lines over steps. ``x`` and ``y`` name the axes."""
    points = [point for each in series for point in each.points]
    if not points:
        return ""
    reached = [(at, end) for each in series for at, *ends in each.intervals for end in ends]
    frame = Frame.around([*points, *reached], from_zero)
    parts = [frame.axes(x, y), *(part for each in series for part in _intervals(frame, each))]
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
    frame = Frame.around([*((at, 0.0) for at, _ in bars), (bars[0][0], highest)], True, half=0.5)
    width = max(1.0, 0.8 * (frame.x(1.0) - frame.x(0.0)))
    parts = [frame.axes(x, y), *_stacked(frame, names, bars, width)]
    return _chart(title, parts, [(name, color) for color, name in enumerate(names, start=1)])


def histogram(
    title: str, names: Sequence[str], bars: Sequence[tuple[float, Sequence[float]]], x: str, y: str
) -> str:
    """Stacked bars over percent: for each place one count per name, from the bottom up."""
    frame = Frame.around([(0.0, 0.0), (100.0, max((sum(b) for _, b in bars), default=0))], True, 6)
    width = 0.8 * (frame.x(100 / max(1, len(bars) - 1)) - frame.x(0.0))
    parts = [frame.axes(x, y), *_stacked(frame, names, bars, min(width, 40.0))]
    return _chart(title, parts, [(name, color) for color, name in enumerate(names, start=1)])


def dots(title: str, rows: Sequence[tuple[str, Sequence[Dot]]]) -> str:
    """Shares with their intervals on one axis of percent, from 0: a row for each name."""
    gap = 13.0
    names = [_cut(name) for name, _ in rows]
    labels = 24 + _CHARACTER * max(map(len, names), default=0)
    heights = [max(_ROW, gap * len(each) + 12) for _, each in rows]
    height = sum(heights) + BOTTOM + TOP
    ends = [100 * dot.estimate.high for _, row in rows for dot in row]
    percents = ticks(0.0, min(100.0, max(ends, default=100.0)))
    # The last label is centered on its end.
    scale = (WIDTH - labels - 2 * RIGHT) / percents[-1]

    def at(share: float) -> float:
        return labels + 100 * share * scale

    parts = []
    for percent in percents:
        place = at(percent / 100)
        parts.append(
            f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" '
            f'y2="{height - BOTTOM:.1f}"/><text class="tick" text-anchor="middle" '
            f'x="{place:.1f}" y="{height - BOTTOM + 16:.1f}">{percent:g} %</text>'
        )
    top = TOP
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


def _stacked(
    frame: Frame,
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


def _intervals(frame: Frame, series: Line) -> list[str]:
    if series.bars:
        return [
            f'<line class="line c{series.color}" x1="{frame.x(at):.1f}" x2="{frame.x(at):.1f}" '
            f'y1="{frame.y(low):.1f}" y2="{frame.y(high):.1f}"/>'
            for at, low, high in series.intervals
        ]
    if not series.intervals:
        return []
    there = [(at, high) for at, _, high in series.intervals]
    back = [(at, low) for at, low, _ in reversed(series.intervals)]
    corners = " ".join(f"{frame.x(at):.1f},{frame.y(end):.1f}" for at, end in [*there, *back])
    return [f'<polygon class="fill band c{series.color}" points="{corners}"/>']


def _mark(frame: Frame, series: Line, point: Point) -> str:
    x, y = point
    return (
        f'<circle class="mark c{series.color}" r="3" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}">'
        f"<title>{escape(series.name)}: {y:.4g} at {x:g}</title></circle>"
    )


def _chart(
    title: str, parts: Sequence[str], named: Sequence[tuple[str, int]], height: float = HEIGHT
) -> str:
    keys = "".join(
        f'<span><i class="key c{color}"></i>{escape(name)}</span>' for name, color in named
    )
    legend = f'<div class="legend">{keys}</div>' if len(named) > 1 else ""
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>{legend}"
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg></figure>"
    )
