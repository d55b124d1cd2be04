"""How shares and differences of shares are written on the page."""

from collections.abc import Mapping
from typing import Any

from assayoffice.rl.playbook.sentences import points
from assayoffice.rl.statistics.intervals import Estimate


def share(found: Mapping[str, Any] | Estimate | None) -> str:
    """``32.1 (28.4 to 36.0)``, in percent."""
    if found is None:
        return "–"
    value = found if isinstance(found, Estimate) else Estimate(**_three(found))
    return f"{100 * value.value:.1f} ({100 * value.low:.1f} to {100 * value.high:.1f})"


def gain(found: Mapping[str, Any] | None) -> str:
    """``+3.1 (+0.4 to +5.8)``, in points of percent."""
    if found is None:
        return "–"
    return f"{points(found['value'])} ({points(found['low'])} to {points(found['high'])})"


def estimate(found: Mapping[str, Any]) -> Estimate:
    """An estimate as it was written."""
    return Estimate(**_three(found))


def _three(found: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(found[name]) for name in ("value", "low", "high")}
