"""Proves with balls that a box holds exactly one zero of as many functions as unknowns, or none.

Source: R. Krawczyk, "Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken",
Computing 4 (1969): if K(X) = m - Y f(m) + (1 - Y f'(X)) (X - m) is inside X, then X holds exactly
one zero, and K(X) holds it; all zeros in X are in K(X).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flint import arb, arb_mat

from assayoffice.verifiers.rewrites.premises import balls
from assayoffice.verifiers.rewrites.premises.derivatives import derivative
from assayoffice.verifiers.rewrites.premises.expression import Node

_ROUNDS: Final = 60
#: A ball this small is small enough.
_TINY: Final = arb(2) ** -180


class Existence(enum.Enum):
    ONE = 1
    NONE = 2
    OPEN = 3


@dataclass(frozen=True, slots=True)
class Zero:
    """``at`` holds a zero, the only one in ``alone_in``."""

    at: tuple[arb, ...]
    alone_in: tuple[arb, ...]


class Functions:
    """``terms`` over the unknowns ``names``. Raises TooMuchError where one has no derivative."""

    def __init__(self, terms: Sequence[Node], names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.terms = tuple(terms)
        self._slopes = [[derivative(term, name) for name in names] for term in terms]

    def values(self, point: Sequence[arb]) -> list[arb]:
        named = self._named(point)
        return [balls.ball(term, named) for term in self.terms]

    def slopes(self, point: Sequence[arb]) -> list[list[arb]]:
        named = self._named(point)
        return [[balls.ball(each, named) for each in row] for row in self._slopes]

    def chosen(self, point: Sequence[arb]) -> "Functions | None":
        """As many of the functions as unknowns, independent of each other near ``point``."""
        count = len(self.names)
        if len(self.terms) == count:
            return self
        rows = [[float(x.mid()) if x.is_finite() else 0.0 for x in r] for r in self.slopes(point)]
        picked: list[int] = []
        left = set(range(count))
        for _ in range(count):
            best = max(
                (
                    (abs(row[c]), -i, c)
                    for i, row in enumerate(rows)
                    if i not in picked
                    for c in left
                ),
                default=(0.0, 0, 0),
            )
            if best[0] < 1e-9:
                return None
            index, column = -best[1], best[2]
            picked.append(index)
            left.discard(column)
            for i, row in enumerate(rows):
                if i not in picked:
                    share = row[column] / rows[index][column]
                    rows[i] = [a - share * b for a, b in zip(row, rows[index], strict=True)]
        some = object.__new__(Functions)
        some.names = self.names
        some.terms = tuple(self.terms[i] for i in sorted(picked))
        some._slopes = [self._slopes[i] for i in sorted(picked)]
        return some

    def _named(self, point: Sequence[arb]) -> Mapping[str, arb]:
        return dict(zip(self.names, point, strict=True))

    def zero(self, box: Sequence[arb]) -> tuple[Existence, Zero | None]:
        """What is known about zeros in ``box``, whose balls are finite."""
        some = self.chosen([each.mid() for each in box])
        if some is None:
            return Existence.OPEN, None
        image = some._image(box)
        if image is None:
            return Existence.OPEN, None
        if any(not a.overlaps(b) for a, b in zip(image, box, strict=True)):
            return Existence.NONE, None
        if not all(b.contains_interior(a) for a, b in zip(image, box, strict=True)):
            return Existence.OPEN, None
        at = image
        for _ in range(_ROUNDS):
            if all(each.rad() < _TINY * (1 + abs(each.mid())) for each in at):
                break
            nearer = some._image(at)
            if nearer is None:
                break
            at = [a.intersection(b) for a, b in zip(nearer, at, strict=True)]
        return Existence.ONE, Zero(tuple(at), tuple(box))

    def _image(self, box: Sequence[arb]) -> list[arb] | None:
        middle = [each.mid() for each in box]
        at = self.values(middle)
        slopes, near = self.slopes(box), self.slopes(middle)
        flat = [x for row in (*slopes, *near) for x in row]
        if not all(each.is_finite() for each in (*at, *flat)):
            return None
        try:
            inverse = arb_mat([[x.mid() for x in row] for row in near]).inv()
        except ZeroDivisionError:
            return None
        count = len(box)
        rows = [[inverse[i, j].mid() for j in range(count)] for i in range(count)]
        image = []
        for i in range(count):
            total = middle[i]
            for j in range(count):
                total = total - rows[i][j] * at[j]
            for k in range(count):
                share = arb(1 if i == k else 0)
                for j in range(count):
                    share = share - rows[i][j] * slopes[j][k]
                total = total + share * (box[k] - middle[k])
            image.append(total)
        return image if all(each.is_finite() for each in image) else None
