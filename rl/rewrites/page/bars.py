"""Horizontal bars, whose names and counts are text of the page and so of its size on any screen."""

from collections.abc import Mapping, Sequence
from html import escape

from assayoffice.rl.rewrites.page.prose import plain

_LABEL_CHARACTERS = 60


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
    longest = max(sum(parts) for _, parts in rows) or 1
    drawn = "".join(_row(name, parts, names, colors, longest) for name, parts in rows)
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>{_legend(names, colors)}"
        f'<div class="bars">{drawn}</div></figure>'
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


def _row(
    name: str, parts: Sequence[int], names: Sequence[str], colors: Sequence[int], longest: int
) -> str:
    told = ", ".join(f"{called} {count:,}" for called, count in zip(names, parts, strict=True))
    pieces = "".join(
        f'<i class="key c{color}" style="width:{100 * count / longest:.2f}%"></i>'
        for color, count in zip(colors, parts, strict=True)
        if count
    )
    return (
        f"<span>{plain(name, _LABEL_CHARACTERS)}</span>"
        f'<span class="bar" role="img" aria-label="{told}" title="{told}">{pieces}</span>'
        f"<span>{sum(parts):,}</span>"
    )


def _legend(names: Sequence[str], colors: Sequence[int]) -> str:
    if len(names) < 2:
        return ""
    keys = "".join(
        f'<span><i class="key c{color}"></i>{escape(name)}</span>'
        for name, color in zip(names, colors, strict=True)
    )
    return f'<div class="legend">{keys}</div>'
