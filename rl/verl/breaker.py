"""The circuit breaker: from when on missing rewards are no longer an exception to live with."""

from collections import deque


class Breaker:
    """Watches how many of the latest samples had no reward.

    It trips when more than ``share`` of the last ``window`` samples had none (of all samples so
    far, while they are fewer), and at least ``minimum``, so that a single failure among the first
    few stops nothing. Once tripped it stays so.
    """

    def __init__(self, *, share: float, window: int, minimum: int) -> None:
        self._share = share
        self._minimum = minimum
        self._latest: deque[bool] = deque(maxlen=window)
        self._failed = 0
        self._tripped = ""

    def record(self, *, failed: bool) -> str:
        """Take note of a sample. Returns why training must not go on; empty while it may."""
        if len(self._latest) == self._latest.maxlen:
            self._failed -= self._latest[0]
        self._latest.append(failed)
        self._failed += failed
        seen = len(self._latest)
        if self._failed >= self._minimum and self._failed > self._share * seen:
            self._tripped = self._tripped or (
                f"{self._failed} of the last {seen} samples have no reward "
                f"({self._failed / seen:.0%}; at most {self._share:.0%} may)"
            )
        return self._tripped
