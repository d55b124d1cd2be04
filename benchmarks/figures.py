"""Figures out of measurements, and the tables they are shown in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

_Z95 = 1.959964  # quantile of the normal distribution


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``total``, with the 95 % interval of Wilson (1927)."""

    count: int
    total: int

    @property
    def percent(self) -> float:
        """The share itself; NaN of nothing."""
        return 100 * self.count / self.total if self.total else math.nan

    @property
    def interval_percent(self) -> tuple[float, float]:
        """Where the true share lies, with a confidence of 95 %."""
        if not self.total:
            return 0.0, 100.0
        share, n = self.count / self.total, self.total
        middle = share + _Z95**2 / (2 * n)
        spread = _Z95 * math.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n**2))
        scale = 1 + _Z95**2 / n
        return 100 * (middle - spread) / scale, 100 * (middle + spread) / scale

    def __str__(self) -> str:
        if not self.total:
            return "-"
        low, high = self.interval_percent
        return f"{self.percent:.2f} % ({max(0.0, low):.2f}-{high:.2f})"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least ``percent`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def table(title: str, *headings: str, caption: str | None = None) -> Table:
    """An empty table of figures with a column of names before them."""
    empty = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption=caption,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    empty.add_column("", no_wrap=True)
    for heading in headings:
        empty.add_column(heading, justify="right")
    return empty
