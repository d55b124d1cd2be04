"""Linear inequalities with rational coefficients: Fourier and Motzkin's elimination.

Source: G. B. Dantzig, "Fourier-Motzkin elimination and its dual", J. Combin. Theory A 14 (1973).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError

_MAX_ROWS: Final = 400


@dataclass(frozen=True, slots=True)
class Row:
    """sum of coefficients times variables + constant > 0, or >= 0 unless ``strict``."""

    coefficients: Mapping[int, Fraction]
    constant: Fraction
    strict: bool


@dataclass(frozen=True, slots=True)
class Range:
    """An interval of the reals; None: no bound."""

    low: Fraction | None
    low_open: bool
    high: Fraction | None
    high_open: bool

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    @property
    def single(self) -> bool:
        return not self.empty and self.low is not None and self.low == self.high

    def inside(self, way: int) -> Fraction:
        """A number in the range, which is not empty; others for other ways."""
        share = Fraction(way + 1, way + 2 + way % 3)
        if self.low is not None and self.high is not None:
            if self.low == self.high:
                return self.low
            return self.low + (self.high - self.low) * share
        if self.low is not None:
            return self.low + 1 + way
        if self.high is not None:
            return self.high - 1 - way
        return Fraction(way + 1)


class Polyhedron:
    """The points where all ``rows`` hold."""

    def __init__(self, rows: Iterable[Row], keep: int | None) -> None:
        """Eliminates all variables but ``keep``. Raises TooMuchError."""
        current = list(rows)
        self._order: list[int] = []
        self._stages: list[list[Row]] = []
        self.keep = keep
        while True:
            left = {v for row in current for v in row.coefficients} - {keep}
            if not left:
                break
            variable = min(left, key=lambda v: (_products(current, v), v))
            self._order.append(variable)
            self._stages.append(current)
            current = _without(current, variable)
            if len(current) > _MAX_ROWS:
                raise TooMuchError
        self._last = current
        fixed = [row for row in current if not row.coefficients]
        self.feasible = all(
            row.constant > 0 or (row.constant == 0 and not row.strict) for row in fixed
        )
        self.range = (
            _range(current, keep, {}) if keep is not None else Range(None, False, None, False)
        )
        if self.range.empty:
            self.feasible = False

    def point(self, kept: Fraction | None, way: int) -> dict[int, Fraction]:
        """A point of it, with this value of the variable kept."""
        point: dict[int, Fraction] = {}
        if self.keep is not None and kept is not None:
            point[self.keep] = kept
        for variable, rows in zip(reversed(self._order), reversed(self._stages), strict=True):
            point[variable] = _range(rows, variable, point).inside(way)
        return point


def _products(rows: Sequence[Row], variable: int) -> int:
    ups = sum(1 for row in rows if row.coefficients.get(variable, 0) > 0)
    downs = sum(1 for row in rows if row.coefficients.get(variable, 0) < 0)
    return ups * downs - ups - downs


def _without(rows: Sequence[Row], variable: int) -> list[Row]:
    ups = [row for row in rows if row.coefficients.get(variable, 0) > 0]
    downs = [row for row in rows if row.coefficients.get(variable, 0) < 0]
    kept = [row for row in rows if variable not in row.coefficients]
    seen = {_key(row) for row in kept}
    for up in ups:
        for down in downs:
            row = _combined(up, down, variable)
            if _key(row) not in seen:
                seen.add(_key(row))
                kept.append(row)
    return kept


def _combined(up: Row, down: Row, variable: int) -> Row:
    first, second = -down.coefficients[variable], up.coefficients[variable]
    total: dict[int, Fraction] = {}
    for scale, row in ((first, up), (second, down)):
        for each, coefficient in row.coefficients.items():
            total[each] = total.get(each, Fraction(0)) + scale * coefficient
    constant = first * up.constant + second * down.constant
    return Row({v: c for v, c in total.items() if c}, constant, up.strict or down.strict)


def _key(row: Row) -> tuple[object, ...]:
    scale = max((abs(c) for c in row.coefficients.values()), default=Fraction(1))
    return (
        tuple(sorted((v, c / scale) for v, c in row.coefficients.items())),
        row.constant / scale,
        row.strict,
    )


def _range(rows: Sequence[Row], variable: int, point: Mapping[int, Fraction]) -> Range:
    low: Fraction | None = None
    high: Fraction | None = None
    low_open = high_open = False
    for row in rows:
        slope = row.coefficients.get(variable)
        if slope is None:
            continue
        rest = row.constant
        for each, coefficient in row.coefficients.items():
            if each != variable:
                # A variable that no bound remained for may be anything.
                rest += coefficient * point.get(each, Fraction(0))
        bound = -rest / slope
        if slope > 0 and (low is None or bound > low or (bound == low and row.strict)):
            low, low_open = bound, row.strict
        if slope < 0 and (high is None or bound < high or (bound == high and row.strict)):
            high, high_open = bound, row.strict
    return Range(low, low_open, high, high_open)
