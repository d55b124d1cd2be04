"""Horizontal bars as inline SVG, in the classes of the page's style."""

from collections.abc import Mapping, Sequence
from html import escape

from assayoffice.rl.rewrites.page.prose import visible

_WIDTH, _ROW, _TOP = 640.0, 26.0, 4.0
_LABEL_CHARACTERS, _CHARACTER = 38, 7.0
_COUNT_WIDTH = 64.0


def bars(
    title: str,
    names: Sequence[str],
    colors: Sequence[int],
    rows: Sequence[tuple[str, Sequence[int]]],
) -> str:
    """For each row a name and a bar of parts, which ``names`` call and ``colors`` color.

    Empty where there are no rows.
    """
    if not rows:
        return ""
    labels = [_label(name) for name, _ in rows]
    left = 14 + _CHARACTER * max(map(len, labels))
    longest = max(sum(parts) for _, parts in rows) or 1
    scale = (_WIDTH - left - _COUNT_WIDTH) / longest
    drawn: list[str] = []
    for index, (label, (name, parts)) in enumerate(zip(labels, rows, strict=True)):
        top = _TOP + index * _ROW
        drawn.append(
            f'<text class="label" text-anchor="end" x="{left - 10:.1f}" y="{top + 16:.1f}">'
            f"{escape(label)}</text>"
        )
        at = left
        for called, color, count in zip(names, colors, parts, strict=True):
            if not count:
                continue
            drawn.append(
                f'<rect class="fill c{color}" x="{at:.1f}" y="{top + 3:.1f}" rx="2" '
                f'width="{max(1.5, count * scale):.1f}" height="{_ROW - 8:.1f}">'
                f"<title>{escape(visible(name))}, {escape(called)}: {count:,}</title></rect>"
            )
            at += max(1.5, count * scale)
        drawn.append(
            f'<text class="tick" x="{at + 6:.1f}" y="{top + 16:.1f}">{sum(parts):,}</text>'
        )
    height = 2 * _TOP + len(rows) * _ROW
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>{_legend(names, colors)}"
        f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{''.join(drawn)}</svg></figure>"
    )


def most_frequent(
    counts: Mapping[str, Sequence[int]], most: int = 12
) -> list[tuple[str, Sequence[int]]]:
    """The rows with the longest bars first, and the others as one."""
    ordered = sorted(counts.items(), key=lambda each: (-sum(each[1]), each[0]))
    if len(ordered) <= most:
        return ordered
    others = ordered[most - 1 :]
    together = [sum(parts) for parts in zip(*(each for _, each in others), strict=True)]
    return [*ordered[: most - 1], (f"{len(others)} others", together)]


def _label(name: str) -> str:
    shown = visible(name[: _LABEL_CHARACTERS + 1])
    return shown if len(shown) <= _LABEL_CHARACTERS else f"{shown[: _LABEL_CHARACTERS - 1]}…"


def _legend(names: Sequence[str], colors: Sequence[int]) -> str:
    if len(names) < 2:
        return ""
    keys = "".join(
        f'<span><i class="key c{color}"></i>{escape(name)}</span>'
        for name, color in zip(names, colors, strict=True)
    )
    return f'<div class="legend">{keys}</div>'
