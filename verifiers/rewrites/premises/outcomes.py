"""What the ways of deciding find out about a system."""

import enum
from collections.abc import Hashable
from dataclasses import dataclass, field

from flint import arb


class Method(enum.Enum):
    """How a system was decided."""

    #: Exact arithmetic on rational and algebraic numbers, or all cases tried.
    EXACT = "exact"
    #: Interval arithmetic with error bounds, which proves what it finds.
    RIGOROUS = "rigorous"
    #: Searching with many digits from many starts, which proves nothing.
    NUMERICAL = "numerical"


class TooMuchError(Exception):
    """The counted budget of a way of deciding is spent, or something is beyond it."""


class Budget:
    """Counted steps: the same system takes the same way however fast the machine is."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Raises TooMuchError when nothing is left."""
        self._left -= steps
        if self._left < 0:
            raise TooMuchError


@dataclass(frozen=True, slots=True)
class Value:
    """A real number, contained in ``ball``.

    ``named``: values with the same key are the same number; ``proper``: with another, another.
    """

    key: Hashable
    text: str
    ball: arb
    named: bool = True
    proper: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A solution: the value of what is asked and, as texts, those of the unknowns."""

    asked: Value
    point: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The values of the unknowns."""
        return ", ".join(f"{name} = {value}" for name, value in self.point)


@dataclass(slots=True)
class Outcome:
    """Solutions with different values of what is asked, and whether they are all.

    ``complete``: what is asked takes no other value. ``endless``: it is known to take infinitely
    many. ``blurred``: values that as far as digits tell are the same were taken for one.
    """

    found: dict[Hashable, Found] = field(default_factory=dict)
    complete: bool = True
    endless: bool = False
    method: Method = Method.EXACT
    blurred: bool = False

    def add(self, found: Found) -> None:
        """Keeps ``found`` unless its value is there already, or may be: that is no proof."""
        new = found.asked
        for each in self.found.values():
            old = each.asked
            if old.key == new.key and old.named and new.named:
                return
            if not (old.proper and new.proper) and old.ball.overlaps(new.ball):
                self.blurred = True
                return
        self.found[new.key] = found

    @property
    def several(self) -> bool:
        """Whether two different values are certain."""
        values = [each.asked for each in self.found.values()]
        if len(values) < 2:
            return False
        if all(each.proper for each in values):
            return True
        return any(
            not first.ball.overlaps(second.ball)
            for position, first in enumerate(values)
            for second in values[:position]
        )

    @property
    def settled(self) -> bool:
        """Whether more work could not change the verdict."""
        return self.complete or self.several
